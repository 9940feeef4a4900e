//! The service as its callers see it, through the same layers as from the network.

use kernel::{AreaCode, Clock, Digest, Instant, Principal, Role};
use proto::common::finding::Effect;
use proto::common::{Claim, ClaimLine, Finding, Member, PastClaim};
use proto::inspection::inspection_service_client::InspectionServiceClient;
use proto::inspection::{ListRulesRequest, ListRulesResponse, ScreenRequest, ScreenResponse};
use runtime::clock::ManualClock;
use runtime::{Context, Settings, Wire, fault_of};
use std::sync::Arc;
use std::time::Duration;
use tonic::Status;

const PERSON: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";
const SETTLEMENT: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c073990";
const HERE: &str = "H15250100001";
const THERE: &str = "H15250100002";
/// 2026-10-01 in Shanghai.
const NOW: Instant = Instant::from_micros(1_790_812_800_000_000);

struct Caller {
    client: InspectionServiceClient<Wire>,
    context: Context,
}

fn caller(role: Role) -> Caller {
    let area = AreaCode::parse("152501").unwrap();
    let listen = "127.0.0.1:0".parse().unwrap();
    let settings = Settings::embedded(listen, area.clone(), String::new());
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(NOW));
    let service = inspection::build(&settings, clock).unwrap();
    let principal = Principal {
        caller: "orchestrator".into(),
        on_behalf_of: None,
        area,
        roles: vec![role],
    };
    Caller {
        client: InspectionServiceClient::new(service.wire()),
        context: Context::of(principal, Duration::from_secs(10)),
    }
}

impl Caller {
    async fn screen(&mut self, message: ScreenRequest) -> Result<ScreenResponse, Status> {
        let answer = self.client.screen(self.context.own(message)).await;
        answer.map(tonic::Response::into_inner)
    }

    async fn list(&mut self, as_of_day: &str) -> Result<ListRulesResponse, Status> {
        let message = ListRulesRequest {
            as_of_day: as_of_day.into(),
        };
        let answer = self.client.list_rules(self.context.own(message)).await;
        answer.map(tonic::Response::into_inner)
    }
}

fn fingerprint(text: &str) -> String {
    Digest::of(text.as_bytes()).to_string()
}

fn line(number: i32, item_code: &str) -> ClaimLine {
    ClaimLine {
        number,
        item_code: item_code.into(),
        ..ClaimLine::default()
    }
}

/// A man's stay in 2017, with a woman's examination in it.
fn stay() -> ScreenRequest {
    ScreenRequest {
        claim: Some(Claim {
            person_id: PERSON.into(),
            institution_code: HERE.into(),
            visit_number: "Z1".into(),
            scheme: "390".into(),
            med_type: "21".into(),
            begin_day: "2017-03-10".into(),
            end_day: "2017-03-20".into(),
            diagnosis_code: "I63.900".into(),
            lines: vec![line(1, "S-BED"), line(7, "S-FEMALE-US")],
            ..Claim::default()
        }),
        member: Some(Member {
            person_id: PERSON.into(),
            sex: "1".into(),
            birth_day: "1950-01-01".into(),
            ..Member::default()
        }),
        history: vec![past("this", HERE), past("that", THERE)],
        fingerprint: fingerprint("this"),
    }
}

fn past(bill: &str, institution_code: &str) -> PastClaim {
    PastClaim {
        settlement_id: SETTLEMENT.into(),
        institution_code: institution_code.into(),
        visit_number: "Z1".into(),
        med_type: "21".into(),
        begin_day: "2017-03-12".into(),
        end_day: "2017-03-15".into(),
        fingerprint: fingerprint(bill),
    }
}

fn shown(finding: &Finding) -> (&str, Effect, i32, &str) {
    let other = finding.other_settlement_id.as_str();
    let rule = finding.rule_code.as_str();
    (rule, finding.effect(), finding.line_number, other)
}

#[tokio::test]
async fn screens_a_claim_by_the_rules_of_its_last_day() {
    let mut saga = caller(Role::Service);
    let answer = saga.screen(stay()).await.unwrap();
    let found: Vec<_> = answer.findings.iter().map(shown).collect();
    assert_eq!(
        found,
        [
            ("A02", Effect::DenyLine, 7, ""),
            ("A19", Effect::DenyClaim, 0, SETTLEMENT),
            ("C07", Effect::Note, 0, SETTLEMENT),
        ]
    );
    let told = &answer.findings[2].sentence;
    // Where and when else the person lay is not for this hospital to read.
    assert!(told.contains("另一机构"), "{told}");
    assert!(
        !told.contains("2017-03-12") && !told.contains(THERE) && !told.contains(SETTLEMENT),
        "{told}"
    );
    let rules = saga.list("2017-03-20").await.unwrap();
    assert_eq!(answer.rules_digest, rules.rules_digest);
    let mut clean = stay();
    clean.history.clear();
    clean.member.as_mut().unwrap().sex = "2".into();
    assert_eq!(saga.screen(clean).await.unwrap().findings, []);
}

#[tokio::test]
async fn lists_the_rules_of_a_day() {
    let mut hospital = caller(Role::Institution);
    let then = hospital.list("2014-06-30").await.unwrap();
    let now = hospital.list("").await.unwrap();
    for answer in [&then, &now] {
        let codes: Vec<_> = answer.rules.iter().map(|rule| rule.code.as_str()).collect();
        assert_eq!(codes, ["A01", "A02", "A03", "A19", "C07"]);
        assert!(answer.rules.iter().all(|rule| !rule.basis.is_empty()));
    }
    assert_ne!(then.rules_digest, now.rules_digest);
    assert!(now.rules[3].basis.contains("第四十一条"), "{now:?}");
    assert_eq!(now.rules[3].effect(), Effect::DenyClaim);
}

#[tokio::test]
async fn refuses_what_it_cannot_read() {
    type Spoil = fn(&mut ScreenRequest);
    let cases: [(Spoil, &str, &str); 9] = [
        (|r| r.claim = None, "INVALID_FIELD", "claim"),
        (|r| r.member = None, "INVALID_FIELD", "member"),
        (
            |r| r.member.as_mut().unwrap().person_id = SETTLEMENT.into(),
            "INVALID_FIELD",
            "member.person_id",
        ),
        (
            |r| r.claim.as_mut().unwrap().lines[1].number = 0,
            "INVALID_FIELD",
            "claim.lines[1].number",
        ),
        (
            |r| r.claim.as_mut().unwrap().lines = vec![line(1, "S-CT"); 10_001],
            "INVALID_FIELD",
            "claim.lines",
        ),
        (
            |r| r.history = vec![past("that", THERE); 501],
            "INVALID_FIELD",
            "history",
        ),
        (
            |r| r.history[1].begin_day = "2017-02-29".into(),
            "INVALID_FIELD",
            "history[1].begin_day",
        ),
        (
            |r| r.fingerprint = "00".into(),
            "INVALID_FIELD",
            "fingerprint",
        ),
        (
            |r| r.claim.as_mut().unwrap().end_day = "2009-12-31".into(),
            "NO_RULES_ON_DAY",
            "claim.end_day",
        ),
    ];
    let mut saga = caller(Role::Service);
    for (spoil, code, field) in cases {
        let mut message = stay();
        spoil(&mut message);
        let status = saga.screen(message).await.unwrap_err();
        let refusal = fault_of(status, true).into_refusal();
        let told = (refusal.code.as_ref(), refusal.field.as_deref());
        assert_eq!(told, (code, Some(field)));
    }
    let status = saga.list("2009-12-31").await.unwrap_err();
    let refusal = fault_of(status, true).into_refusal();
    let told = (refusal.code.as_ref(), refusal.field.as_deref());
    assert_eq!(told, ("NO_RULES_ON_DAY", Some("as_of_day")));
    let mut hospital = caller(Role::Institution);
    let status = hospital.screen(stay()).await.unwrap_err();
    let refusal = fault_of(status, true).into_refusal();
    assert_eq!(refusal.code, "PERMISSION_DENIED");
}
