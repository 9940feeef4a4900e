//! What hospitals and the bureau ask of several services at once.

use super::{
    GET_REFERRAL, GET_SETTLEMENT, NOBODY, SETTLE, claim, covering, good, identity, no,
    online_suspension, referral, reversing, settled_before, visit, whole,
};
use crate::bench::{Bench, Good, Mend, No, SUBJECT};
use kernel::Role::Clerk;
use serde_json::{Value, json};

/// A claim of somebody who was referred.
async fn claim_referred(bench: &Bench) -> Value {
    let mut claim = claim(bench).await;
    let person = claim["person_id"].as_str().unwrap_or_default();
    claim["referral_id"] = json!(bench.world.referred(person).await);
    claim["filing"] = json!("FILING_REFERRED");
    claim
}

pub async fn settle_referred(bench: &Bench) -> Good {
    let claim = claim_referred(bench).await;
    let used = json!({ "referral_id": claim["referral_id"] });
    let good = good(
        json!({ "claim": claim }),
        "/claim/visit_number",
        json!("OTHER"),
    );
    good.seen(GET_REFERRAL, used, "STATE_USED")
}

/// Its referral is only requested.
pub async fn unapproved(bench: &Bench) -> No {
    let mut claim = claim(bench).await;
    let mut wanted = referral(bench).await.content;
    wanted["person_id"] = claim["person_id"].clone();
    let asked = ("referral", "RequestReferral");
    let (_, requested) = bench.done(Clerk, asked, &wanted).await;
    let id = &requested["referral"]["referral_id"];
    claim["referral_id"] = id.clone();
    claim["filing"] = json!("FILING_REFERRED");
    let approve = Mend {
        role: Clerk,
        asked: ("referral", "ApproveReferral".into()),
        content: json!({ "request_id": bench.id(), "referral_id": id, "opinion": "同意" }),
    };
    no(json!({ "claim": claim }), approve)
}

/// Of two people; the second brings two bills of different days.
pub async fn together(bench: &Bench) -> Good {
    let (first, second) = (claim(bench).await, claim(bench).await);
    let mut later = second.clone();
    later["visit_number"] = visit(bench);
    later["begin_day"] = json!("2017-06-01");
    later["end_day"] = json!("2017-06-09");
    let content = json!({ "claims": [second, first, later] });
    let good = good(content, "/claims/1/visit_number", json!("OTHER"));
    let asked = json!({ "settlement_id": SUBJECT });
    good.seen(GET_SETTLEMENT, asked, "STATE_POSTED")
}

/// The first of its claims; the other is the same person's, so that nothing is held before the no.
pub async fn one_settled_before(bench: &Bench) -> No {
    let No { content, mend } = settled_before(bench).await;
    let mut other = claim(bench).await;
    other["person_id"] = content["claim"]["person_id"].clone();
    other["begin_day"] = json!("2017-04-01");
    other["end_day"] = json!("2017-04-10");
    No {
        content: json!({ "claims": [content["claim"], other] }),
        mend,
    }
}

/// What used a referral, which its reversal frees.
pub async fn reversal_referred(bench: &Bench) -> Good {
    let content = settle_referred(bench).await.content;
    let (_, settled) = bench.done(Clerk, SETTLE, &content).await;
    let reverse = reversing(&settled["settlement"]["settlement_id"]);
    let freed = json!({ "referral_id": content["claim"]["referral_id"] });
    good(reverse, "/reason", json!("其他原因")).seen(GET_REFERRAL, freed, "STATE_APPROVED")
}

/// By another request; which stands.
pub async fn reversed_before(bench: &Bench) -> No {
    let content = reversal_referred(bench).await.content;
    bench
        .done(Clerk, ("orchestrator", "Reverse"), &content)
        .await;
    No {
        content,
        mend: None,
    }
}

pub fn admitted(claim: &Value) -> Good {
    let content = json!({ "admission": {
        "person_id": claim["person_id"],
        "institution_code": claim["institution_code"],
        "visit_number": claim["visit_number"],
        "scheme": claim["scheme"],
        "med_type": claim["med_type"],
        "begin_day": claim["begin_day"],
        "diagnosis_code": claim["diagnosis_code"],
        "referral_id": claim["referral_id"],
        "estimate_fen": 500_000,
    }});
    let good = good(content, "/admission/estimate_fen", json!(600_000));
    let asked = json!({ "guarantee_id": SUBJECT });
    good.seen(("settlement", "GetGuarantee"), asked, "STATE_OPEN")
}

pub async fn admission(bench: &Bench) -> Good {
    admitted(&claim(bench).await)
}

pub async fn admission_referred(bench: &Bench) -> Good {
    admitted(&claim_referred(bench).await)
}

/// Nobody can be made known: people's ids are ours to give.
pub async fn admission_of_nobody(bench: &Bench) -> No {
    let mut content = admission_referred(bench).await.content;
    content["admission"]["person_id"] = json!(NOBODY);
    No {
        content,
        mend: None,
    }
}

pub async fn enrolment(bench: &Bench) -> Good {
    let content = identity(bench).await.content;
    let asked = ("enrollment", "RecordIdentity");
    bench.done(Clerk, asked, &content).await;
    let person = json!({ "person_id": content["person_id"] });
    let content = covering(bench, &content["person_id"]).await;
    let good = good(content, "/exempt_from_waiting", json!(true));
    good.seen(("enrollment", "ListCoverages"), person, "coverage_id")
}

pub async fn of_institution(bench: &Bench) -> Good {
    let content = online_suspension(bench).await.content;
    let barred = json!({ "institution_code": content["institution_code"] });
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(("referral", "ListBars"), barred, "bar_id")
}

pub async fn of_person(bench: &Bench) -> Good {
    let mut content = online_suspension(bench).await.content;
    content["institution_code"] = json!("");
    content["person_id"] = json!(bench.world.person().await);
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(("settlement", "ListSuspensions"), whole(), SUBJECT)
}
