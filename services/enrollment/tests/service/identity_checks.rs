//! Certificates, and who was at a visit.

use super::*;
use proto::orchestrator as desk;
use proto::orchestrator::identity_check::{Manner, Purpose};
use tokio::task::JoinSet;

const CLINIC: &str = "H15250100002";
const CARD: &str = "SYN0000001";

/// `desk!(suite, method(message))`: the answer of the public interface, or the code of the refusal.
macro_rules! desk {
    ($suite:expr, $method:ident($message:expr)) => {{
        let request = $suite.ask($message);
        told($suite.desk.$method(request).await)
    }};
}

fn card(request_id: &str, person_id: &str) -> desk::RegisterCardRequest {
    desk::RegisterCardRequest {
        request_id: request_id.into(),
        person_id: person_id.into(),
        card_number: CARD.into(),
    }
}

fn verify(request_id: &str, kind: &str, number: &str) -> desk::VerifyIdentityRequest {
    desk::VerifyIdentityRequest {
        request_id: request_id.into(),
        institution_code: CLINIC.into(),
        visit_number: "V-1".into(),
        purpose: Purpose::Settle.into(),
        certificate_type: kind.into(),
        certificate_number: number.into(),
        manner: Manner::Query.into(),
        operator_code: "op-1".into(),
        ..Default::default()
    }
}

/// A card goes with its person, and its number is free for another.
#[tokio::test]
async fn a_card_goes_with_its_person() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    desk!(suite, register_card(card("K-1", &person))).unwrap();
    let other = call!(
        suite,
        register_person(register("P-2", "99999919800101002", ""))
    );
    let other = other.unwrap().person.unwrap().person_id;
    let taken = desk!(suite, register_card(card("K-2", &other))).unwrap_err();
    assert_eq!(taken, "CARD_TAKEN");
    desk!(suite, verify_identity(verify("C-1", "03", CARD))).unwrap();
    assert_eq!(suite.withdraw_person("P-1").await, State::Withdrawn);
    assert_eq!(suite.told("card.withdrawn").await, 1);
    let gone = desk!(suite, verify_identity(verify("C-2", "03", CARD))).unwrap_err();
    assert_eq!(gone, "CREDENTIAL_UNKNOWN");
    // The check is still known, and who it was is not told any more.
    let again = desk!(suite, verify_identity(verify("C-1", "03", CARD))).unwrap();
    assert!(again.replayed && again.check.unwrap().person.is_none());

    desk!(suite, register_card(card("K-3", &other))).unwrap();
    let check = desk!(suite, verify_identity(verify("C-3", "03", CARD))).unwrap();
    let seen = check.check.unwrap().person.unwrap();
    assert_eq!(seen.person_id, other);
    let undone = desk::WithdrawRegisterCardRequest {
        original_request_id: "K-3".into(),
    };
    desk!(suite, withdraw_register_card(undone)).unwrap();
    let gone = desk!(suite, verify_identity(verify("C-4", "03", CARD))).unwrap_err();
    assert_eq!(gone, "CREDENTIAL_UNKNOWN");
}

/// A number stands for one person, whoever comes first.
#[tokio::test]
async fn of_two_who_register_a_number_at_once_one_has_it() {
    let mut suite = Suite::begin().await;
    let first = suite.person().await;
    let second = register("P-2", "99999919800101002", "");
    let second = call!(suite, register_person(second)).unwrap();
    let second = second.person.unwrap().person_id;
    let mut tasks = JoinSet::new();
    for (n, person) in [&first, &second].into_iter().cycle().take(8).enumerate() {
        let request = suite.ask(card(&format!("K-{n}"), person));
        let mut client = suite.desk.clone();
        tasks.spawn(async move { told(client.register_card(request).await).map(drop) });
    }
    let answers = tasks.join_all().await;
    let made = answers.iter().filter(|answer| answer.is_ok()).count();
    let taken = Err("CARD_TAKEN".to_string());
    let refused = answers.iter().filter(|answer| **answer == taken).count();
    assert_eq!((made, refused), (1, 7), "{answers:?}");
}

#[tokio::test]
async fn of_many_who_bring_a_token_at_once_one_is_checked() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let issue = desk::IssueTokenRequest {
        request_id: "T-1".into(),
        person_id: person,
        institution_code: CLINIC.into(),
        purpose: Purpose::Settle.into(),
        lifetime_seconds: 60,
    };
    let token = desk!(suite, issue_token(issue.clone())).unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let request = suite.ask(verify(&format!("C-{n}"), "01", &token.token));
        let mut client = suite.desk.clone();
        tasks.spawn(async move { told(client.verify_identity(request).await).map(drop) });
    }
    let answers = tasks.join_all().await;
    let checked = answers.iter().filter(|answer| answer.is_ok()).count();
    let used = Err("CREDENTIAL_USED".to_string());
    let refused = answers.iter().filter(|answer| **answer == used).count();
    assert_eq!((checked, refused), (1, 7), "{answers:?}");
    assert_eq!(suite.told("identity_check.matched").await, 1);
    // The repeat tells the same text, and that it is used by now.
    let again = desk!(suite, issue_token(issue)).unwrap();
    assert_eq!((again.replayed, &again.token), (true, &token.token));
    assert!(again.issued.unwrap().used_time.is_some());
}

/// Nothing that is told of it says whose it is but by id.
#[tokio::test]
async fn events_have_no_personal_data() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    desk!(suite, register_card(card("K-1", &person))).unwrap();
    desk!(suite, verify_identity(verify("C-1", "03", CARD))).unwrap();
    while event::seal(&suite.db, noon("2024-12-31")).await.unwrap() > 0 {}
    let events = call!(suite, list_events(pb::ListEventsRequest::default())).unwrap();
    let told = format!("{events:?}");
    assert!(told.contains("identity_check.matched"));
    for secret in [CARD, "测试甲", "99999919800101001"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

/// Asked of a visit, eligibility answers for who was there; without a visit nothing is asked.
#[tokio::test]
async fn eligibility_of_a_visit_looks_at_its_checks() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    desk!(suite, register_card(card("K-1", &person))).unwrap();
    let made = desk!(suite, verify_identity(verify("C-1", "03", CARD))).unwrap();
    let made = made.check.unwrap().identity_check_id;
    let asked = |visit: &str, check: &str, required| pb::CheckEligibilityRequest {
        institution_code: CLINIC.into(),
        visit_number: visit.into(),
        identity_check_id: check.into(),
        identity_required: required,
        ..super::check(&person, "2024-07-01")
    };
    let nobody = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";
    for (visit, check, required, expected) in [
        ("V-1", "", false, ""),
        ("V-1", "", true, "IDENTITY_REQUIRED"),
        ("V-1", made.as_str(), true, ""),
        ("V-2", made.as_str(), false, "IDENTITY_MISMATCH"),
        ("V-1", nobody, false, "IDENTITY_MISMATCH"),
    ] {
        let answer = call!(suite, check_eligibility(asked(visit, check, required)));
        let told = answer.map(drop).err().unwrap_or_default();
        assert_eq!(told, expected, "{visit} {check} {required}");
    }
    let doubted = desk::VerifyIdentityRequest {
        manner: Manner::Video.into(),
        seen: desk::identity_check::Result::NotMatched.into(),
        ..verify("C-2", "03", CARD)
    };
    desk!(suite, verify_identity(doubted)).unwrap();
    let answer = call!(suite, check_eligibility(asked("V-1", &made, true)));
    assert_eq!(answer.unwrap_err(), "IDENTITY_DOUBTED");
    suite.member(&person, "2024-07-01").await;
}
