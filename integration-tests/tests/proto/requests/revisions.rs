//! Sound requests of what is corrected after it was settled.

use super::{Ground, ask, member};
use integration_tests::{World, stay};
use proto::common::ClaimLine;
use serde_json::{Value, json};

/// What corrections are about.
pub struct Revised {
    /// A settlement of two lines.
    refundable: String,
    /// A refund that stands.
    correction: String,
    /// Who is known better now at settlement, and of whom enrollment knows more; each with the digest
    /// of what that moves.
    late: [(String, String); 2],
}

/// Settlements to correct, and one that was.
pub async fn revised(world: &World) -> Revised {
    let clerk = world.service();
    let mut settled = Vec::new();
    for n in 0..4 {
        let person = world.insured(None).await;
        let mut claim = stay(&person, &format!("REVISED-{n}"), 8_000);
        claim.lines.push(ClaimLine {
            number: 2,
            ..claim.lines[0].clone()
        });
        let settlement = world.settle(&format!("revised-{n}"), claim).await.unwrap();
        settled.push((person, settlement.settlement_id));
    }
    let request = json!({"request_id": "ground", "settlement_id": settled[1].1,
        "lines": [{"number": 1, "quantity_e4": 0}], "reason": "测试"});
    let refunded = ask(world, &clerk, "revision/RefundLines", &request).await;
    let correction = refunded.unwrap()["revisions"][0]["correctionId"].take();
    let text = |value: &Value| value.as_str().unwrap().to_string();

    let (better, more) = (settled[2].0.clone(), settled[3].0.clone());
    let mut asked = of_year(&better);
    asked["members"] = json!([known(&better)]);
    let shown = ask(world, &clerk, "settlement/PriceLateFacts", &asked).await;
    let at_settlement = text(&shown.unwrap()["previewDigest"]);
    let identity = json!({"request_id": "ground-late", "person_id": more, "kind": "2303",
        "from_day": "2016-01-01"});
    let recorded = ask(world, &clerk, "enrollment/RecordIdentity", &identity).await;
    recorded.unwrap();
    let shown = ask(
        world,
        &clerk,
        "orchestrator/PreviewLateFacts",
        &of_year(&more),
    )
    .await;
    let everywhere = text(&shown.unwrap()["previewDigest"]);
    Revised {
        refundable: settled[0].1.clone(),
        correction: text(&correction),
        late: [(better, at_settlement), (more, everywhere)],
    }
}

fn of_year(person: &str) -> Value {
    json!({"person_id": person, "scheme": "390", "year": 2017})
}

fn known(person: &str) -> Value {
    member(person, "2017-03-10")
}

impl Ground {
    /// Refunds, findings and late facts.
    pub(super) fn correcting(&self) -> Vec<(&'static str, Value)> {
        let Revised {
            refundable,
            correction,
            late: [(better, at_settlement), (more, everywhere)],
        } = &self.revised;
        let with = |mut request: Value, more: Value| {
            let more = more.as_object().unwrap().clone();
            request.as_object_mut().unwrap().extend(more);
            request
        };
        let denied = json!([{"number": 1, "rule_code": "R-1", "sentence": "与病历不符。"}]);
        vec![
            (
                "revision/RefundLines",
                json!({"request_id": "S", "settlement_id": refundable, "reason": "测试",
                "lines": [{"number": 2, "quantity_e4": 10}]}),
            ),
            (
                "revision/PreviewFinding",
                json!({"settlement_id": refundable, "lines": denied}),
            ),
            (
                "revision/PostFinding",
                json!({"request_id": "S", "settlement_id": refundable, "lines": denied,
                "recovered_from": "PAYEE_PERSON", "reason": "测试", "case_reference": "案1"}),
            ),
            (
                "revision/ListRevisions",
                json!({"settlement_id": refundable, "page_size": 1, "page_token": ""}),
            ),
            ("settlement/ListSettledDays", of_year(better)),
            (
                "settlement/PriceLateFacts",
                with(of_year(better), json!({"members": [known(better)]})),
            ),
            (
                "settlement/PostLateFacts",
                with(
                    of_year(better),
                    json!({"request_id": "S", "origin": "", "members": [known(better)],
                    "preview_digest": at_settlement}),
                ),
            ),
            (
                "settlement/CancelCorrection",
                json!({"request_id": "S", "origin": "", "correction_id": correction}),
            ),
            ("orchestrator/PreviewLateFacts", of_year(more)),
            (
                "orchestrator/PostLateFacts",
                with(
                    of_year(more),
                    json!({"request_id": "S-late", "preview_digest": everywhere}),
                ),
            ),
        ]
    }
}
