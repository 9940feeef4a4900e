//! What the sagas ask of settlement.

use super::{GET_SETTLEMENT, NOBODY, good, institution, posted_before, posting, whole};
use crate::bench::{Bench, Good, No, SUBJECT};
use kernel::Role::{Clerk, Service};
use serde_json::json;

pub async fn guarantee(bench: &Bench) -> Good {
    let mut content = posting(bench).await.content;
    let claim = content["claim"].take();
    let stay = json!({
        "person_id": claim["person_id"],
        "institution_code": claim["institution_code"],
        "visit_number": claim["visit_number"],
        "scheme": claim["scheme"],
        "med_type": "21",
        // The day the person's snapshot is of.
        "begin_day": claim["end_day"],
        "diagnosis_code": claim["diagnosis_code"],
    });
    let content = json!({ "stay": stay, "estimate_fen": 500_000, "member": content["member"] });
    let good = good(content, "/estimate_fen", json!(600_000));
    let asked = ("settlement", "GetGuarantee");
    good.seen(asked, json!({ "guarantee_id": SUBJECT }), "STATE_OPEN")
}

pub async fn cancellation(bench: &Bench) -> Good {
    let content = guarantee(bench).await.content;
    let asked = ("settlement", "OpenGuarantee");
    let (_, opened) = bench.done(Service, asked, &content).await;
    let id = &opened["guarantee"]["guarantee_id"];
    let content = json!({ "guarantee_id": id, "reason": "测试撤回" });
    let good = good(content, "/reason", json!("其他原因"));
    let asked = ("settlement", "GetGuarantee");
    good.seen(asked, json!({ "guarantee_id": SUBJECT }), "STATE_WITHDRAWN")
}

pub async fn holding(bench: &Bench) -> Good {
    let held = posting(bench).await.content;
    let other = "/claims/0/claim/visit_number";
    let good = good(json!({ "claims": [held] }), other, json!("OTHER"));
    let open = json!({ "page_size": 500, "open_only": true });
    good.seen(("settlement", "ListHolds"), open, SUBJECT)
}

/// The same bill under another visit number.
pub async fn held_after_posting(bench: &Bench) -> No {
    let No { content, mend } = posted_before(bench).await;
    No {
        content: json!({ "claims": [content] }),
        mend,
    }
}

pub async fn batch(bench: &Bench) -> Good {
    let content = holding(bench).await.content;
    let asked = ("settlement", "HoldClaims");
    let (_, held) = bench.done(Service, asked, &content).await;
    let id = &held["hold"]["settlements"][0]["settlement_id"];
    let content = json!({ "hold_ids": [held["hold"]["hold_id"]] });
    let good = good(content, "/hold_ids/0", json!(NOBODY));
    good.seen(
        GET_SETTLEMENT,
        json!({ "settlement_id": id }),
        "STATE_POSTED",
    )
}

pub async fn batch_reversal(bench: &Bench) -> Good {
    let mut content = batch(bench).await.content;
    let asked = ("settlement", "PostHolds");
    let (_, posted) = bench.done(Service, asked, &content).await;
    let id = &posted["settlements"][0]["settlement_id"];
    content["reason"] = json!("测试撤销");
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(
        GET_SETTLEMENT,
        json!({ "settlement_id": id }),
        "STATE_REVERSED",
    )
}

pub async fn subsidy(bench: &Bench) -> Good {
    let content = json!({
        "person_id": bench.world.person().await,
        "scheme": "390",
        "year": 2017,
        "identity_kind": "2303",
        "subsidy_fen": 18_000,
        "coverage_id": NOBODY,
    });
    good(content, "/subsidy_fen", json!(9_000))
}

pub async fn subsidy_cancellation(bench: &Bench) -> Good {
    let content = subsidy(bench).await.content;
    let asked = ("settlement", "PostSubsidy");
    let (_, posted) = bench.done(Service, asked, &content).await;
    let id = &posted["subsidy"]["subsidy_id"];
    // Its own content is that id alone: another request is about another subsidy.
    good(json!({ "subsidy_id": id }), "/subsidy_id", json!(NOBODY))
}

/// Of an institution that nobody else suspends, long after all that is settled.
pub async fn online_suspension(bench: &Bench) -> Good {
    let registered = institution(bench).await.content;
    let asked = ("settlement", "RegisterInstitution");
    bench.done(Clerk, asked, &registered).await;
    let content = json!({
        "institution_code": registered["institution"]["institution_code"],
        "from_day": "2030-01-01",
        "until_day": "2030-07-01",
        "decision_number": "测试决定1号",
        "reason": "测试暂停",
    });
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(("settlement", "ListSuspensions"), whole(), SUBJECT)
}
