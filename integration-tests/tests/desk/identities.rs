//! 人证核验: who is at the desk is checked before money moves; an impersonation is held.

use integration_tests::{
    CLINIC, HOSPITAL, World, admission, code, id_number, patient, remembered, stay, visit,
};
use kernel::Clock;
use proto::common::{Claim, Settlement};
use proto::orchestrator::identity_check::{Manner, Purpose, Result as Seen};
use proto::orchestrator::{self as pb, IdentityCheck};
use tonic::{Code, Status};
use tonic_types::StatusExt;

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;
/// What every synthetic person is called.
const NAME: &str = "测试人员";

/// An institution's desk, and the bureau behind it.
struct Front<'a> {
    world: &'a World,
    institution: &'a str,
}

/// A check by a certificate of this kind, by the certificate alone.
fn asked(id: &str, visit: &str, kind: &str, number: &str) -> pb::VerifyIdentityRequest {
    pb::VerifyIdentityRequest {
        request_id: id.into(),
        visit_number: visit.into(),
        purpose: Purpose::Settle.into(),
        certificate_type: kind.into(),
        certificate_number: number.into(),
        name: NAME.into(),
        manner: Manner::Query.into(),
        operator_code: "op-1".into(),
        ..Default::default()
    }
}

/// Likewise, but somebody looked.
fn looked(
    asked: pb::VerifyIdentityRequest,
    manner: Manner,
    seen: Seen,
) -> pb::VerifyIdentityRequest {
    pb::VerifyIdentityRequest {
        manner: manner.into(),
        seen: seen.into(),
        ..asked
    }
}

fn field(no: &Status) -> String {
    let details = no.get_error_details();
    let violation = details
        .bad_request()
        .and_then(|bad| bad.field_violations.first());
    violation.map(|one| one.field.clone()).unwrap_or_default()
}

impl Front<'_> {
    fn of<'a>(world: &'a World, institution: &'a str) -> Front<'a> {
        Front { world, institution }
    }

    async fn verify(&self, asked: pb::VerifyIdentityRequest) -> Result<IdentityCheck, Status> {
        let mut client = self.world.suite.desk(self.institution).identities();
        let answer = client.verify_identity(patient(asked)).await?;
        Ok(answer.into_inner().check.unwrap())
    }

    async fn checked(&self, asked: pb::VerifyIdentityRequest) -> String {
        self.verify(asked).await.unwrap().identity_check_id
    }

    async fn refused(&self, asked: pb::VerifyIdentityRequest) -> String {
        code(&self.verify(asked).await.unwrap_err())
    }

    async fn get(&self, id: &str) -> Result<IdentityCheck, Status> {
        let mut client = self.world.suite.desk(self.institution).identities();
        let identity_check_id = id.into();
        let request = pb::GetIdentityCheckRequest { identity_check_id };
        let answer = client.get_identity_check(patient(request)).await?;
        Ok(answer.into_inner().check.unwrap())
    }

    async fn settle(&self, id: &str, claim: &Claim, check: &str) -> Result<Settlement, Status> {
        let request = pb::SettleRequest {
            request_id: id.into(),
            claim: Some(claim.clone()),
            identity_check_id: check.into(),
            ..Default::default()
        };
        let mut client = self.world.suite.desk(self.institution).orchestrator();
        let answer = client.settle(patient(request)).await?;
        Ok(answer.into_inner().settlement.unwrap())
    }

    async fn unsettled(&self, id: &str, claim: &Claim, check: &str) -> String {
        code(&self.settle(id, claim, check).await.unwrap_err())
    }

    async fn pre_settle(&self, claim: &Claim, check: &str) -> Result<(), Status> {
        let request = pb::PreSettleRequest {
            claim: Some(claim.clone()),
            identity_check_id: check.into(),
            ..Default::default()
        };
        let mut client = self.world.suite.desk(self.institution).orchestrator();
        client.pre_settle(patient(request)).await.map(drop)
    }

    async fn settle_together(&self, id: &str, claims: &[Claim]) -> Result<(), Status> {
        let request = pb::SettleTogetherRequest {
            request_id: id.into(),
            claims: claims.to_vec(),
        };
        let mut client = self.world.suite.desk(self.institution).orchestrator();
        client.settle_together(patient(request)).await.map(drop)
    }
}

/// A token of a person for an institution and a purpose.
async fn token(world: &World, id: &str, person: &str, to: (&str, Purpose)) -> String {
    let request = pb::IssueTokenRequest {
        request_id: id.into(),
        person_id: person.into(),
        institution_code: to.0.into(),
        purpose: to.1.into(),
        lifetime_seconds: 0,
    };
    let answer = world.clerk().identities().issue_token(request).await;
    let answer = answer.unwrap().into_inner();
    assert_eq!(answer.token.len(), 40);
    answer.token
}

async fn card(world: &World, person: &str, number: &str) {
    let request = pb::RegisterCardRequest {
        request_id: format!("card-{number}"),
        person_id: person.into(),
        card_number: number.into(),
    };
    let answer = world.clerk().identities().register_card(request).await;
    let card = answer.unwrap().into_inner().card.unwrap();
    assert!(card.masked_card_number.starts_with('*'), "{card:?}");
}

async fn revoke(world: &World, id: &str, number: &str) {
    let request = pb::RevokeCardRequest {
        request_id: id.into(),
        card_number: number.into(),
        reason: "挂失".into(),
    };
    let answer = world.clerk().identities().revoke_card(request).await;
    assert_eq!(
        answer.unwrap().into_inner().card.unwrap().state(),
        pb::card::State::Revoked
    );
}

async fn doubts(world: &World, with_cleared: bool) -> Vec<String> {
    let request = pb::ListDoubtsRequest {
        with_cleared,
        ..Default::default()
    };
    let answer = world.clerk().identities().list_doubts(request).await;
    let checks = answer.unwrap().into_inner().checks.into_iter();
    checks.map(|check| check.identity_check_id).collect()
}

#[tokio::test]
async fn a_token_is_checked_once_and_settles_its_visit() {
    let world = World::open().await;
    let (desk, other) = (Front::of(&world, CLINIC), Front::of(&world, HOSPITAL));
    let person = world.insured(None).await;
    let text = token(&world, "T-1", &person, (CLINIC, Purpose::Settle)).await;
    // A repeat of the issue is the same token; another is another.
    assert_eq!(
        token(&world, "T-1", &person, (CLINIC, Purpose::Settle)).await,
        text
    );
    assert_ne!(
        token(&world, "T-2", &person, (CLINIC, Purpose::Settle)).await,
        text
    );

    // For another institution the token does not exist, and stays unused.
    assert_eq!(
        other.refused(asked("C-0", "V-1", "01", &text)).await,
        "CREDENTIAL_UNKNOWN"
    );
    let admitting = pb::VerifyIdentityRequest {
        purpose: Purpose::Admit.into(),
        ..asked("C-0", "V-1", "01", &text)
    };
    assert_eq!(desk.refused(admitting).await, "CREDENTIAL_PURPOSE");
    let check = desk.verify(asked("C-1", "V-1", "01", &text)).await.unwrap();
    let seen = check.person.clone().unwrap();
    assert_eq!(
        (seen.person_id.as_str(), seen.masked_name.as_str()),
        (person.as_str(), "测***")
    );
    assert_eq!(check.result(), Seen::Matched);
    // The repeat is the same check; a second use is refused.
    let again = desk.verify(asked("C-1", "V-1", "01", &text)).await;
    assert_eq!(again.unwrap(), check);
    assert_eq!(
        desk.refused(asked("C-2", "V-2", "01", &text)).await,
        "CREDENTIAL_USED"
    );

    let id = check.identity_check_id.as_str();
    assert!(desk.get(id).await.is_ok());
    assert_eq!(
        code(&other.get(id).await.unwrap_err()),
        "IDENTITY_CHECK_UNKNOWN"
    );
    // It is of this person, institution and visit, and of no other.
    let claim = visit(&person, "V-1", "2017-05-04", 5_000);
    let stranger = world.insured(None).await;
    let elsewhere = Claim {
        institution_code: HOSPITAL.into(),
        ..claim.clone()
    };
    for (id_of, desk, wrong) in [
        ("S-1", &desk, visit(&person, "V-2", "2017-05-04", 5_000)),
        ("S-2", &desk, visit(&stranger, "V-1", "2017-05-04", 5_000)),
        ("S-3", &other, elsewhere),
    ] {
        let no = desk.settle(id_of, &wrong, id).await.unwrap_err();
        assert_eq!(
            (code(&no).as_str(), field(&no).as_str()),
            ("IDENTITY_MISMATCH", "identity_check_id")
        );
    }
    desk.pre_settle(&claim, id).await.unwrap();
    let settled = desk.settle("S-4", &claim, id).await.unwrap();
    // The answer was lost: by now the check is withdrawn, and the settlement stands.
    let undo = pb::WithdrawVerifyIdentityRequest {
        original_request_id: "C-1".into(),
    };
    let mut client = world.suite.desk(CLINIC).identities();
    client.withdraw_verify_identity(undo).await.unwrap();
    assert_eq!(
        code(&desk.get(id).await.unwrap_err()),
        "IDENTITY_CHECK_UNKNOWN"
    );
    let again = desk.settle("S-4", &claim, id).await.unwrap();
    assert_eq!(again.settlement_id, settled.settlement_id);
    let unlike = desk.settle("S-4", &claim, "").await.unwrap_err();
    assert_eq!(code(&unlike), "REQUEST_ID_REUSED");
}

#[tokio::test]
async fn tokens_and_checks_end() {
    let world = World::open().await;
    let (desk, hospital) = (Front::of(&world, CLINIC), Front::of(&world, HOSPITAL));
    let person = world.insured(None).await;
    let later = |millis| world.clock.set(world.clock.now().plus_millis(millis));
    let text = token(&world, "T-1", &person, (CLINIC, Purpose::Settle)).await;
    let last = token(&world, "T-2", &person, (CLINIC, Purpose::Settle)).await;
    later(300 * SECOND - 1);
    let check = desk.checked(asked("C-1", "V-1", "01", &last)).await;
    later(1);
    assert_eq!(
        desk.refused(asked("C-2", "V-1", "01", &text)).await,
        "CREDENTIAL_EXPIRED"
    );

    // A check settles for a day, and what it has settled stays.
    let claim = visit(&person, "V-1", "2017-05-04", 5_000);
    let kept = visit(&person, "V-2", "2017-05-05", 5_000);
    let number = id_number(0);
    let second = desk.checked(asked("C-3", "V-2", "02", &number)).await;
    desk.settle("S-1", &kept, &second).await.unwrap();
    later(24 * HOUR);
    assert_eq!(
        desk.unsettled("S-2", &claim, &check).await,
        "IDENTITY_EXPIRED"
    );
    desk.settle("S-1", &kept, &second).await.unwrap();

    // Registration settles nothing; admission settles its stay, weeks later too.
    let of = |id: &str, purpose: Purpose, number: &str| pb::VerifyIdentityRequest {
        purpose: purpose.into(),
        ..asked(id, "V-3", "02", number)
    };
    let registered = hospital
        .checked(of("C-4", Purpose::Register, &number))
        .await;
    let admitted = hospital.checked(of("C-5", Purpose::Admit, &number)).await;
    let stay = stay(&person, "V-3", 1_000);
    assert_eq!(
        hospital.unsettled("S-3", &stay, &registered).await,
        "IDENTITY_MISMATCH"
    );
    later(40 * 24 * HOUR);
    hospital.settle("S-4", &stay, &admitted).await.unwrap();

    // The dead are not at the desk.
    let death = proto::enrollment::RecordDeathRequest {
        request_id: "D-1".into(),
        person_id: person.clone(),
        death_day: "2018-04-01".into(),
    };
    let mut client = world.clerk().enrollment();
    client.record_death(death).await.unwrap();
    assert_eq!(
        desk.refused(asked("C-6", "V-4", "02", &number)).await,
        "PERSON_DEAD"
    );
}

#[tokio::test]
async fn a_revoked_card_settles_nothing_until_it_is_restored() {
    let world = World::open().await;
    let desk = Front::of(&world, CLINIC);
    let person = world.insured(None).await;
    card(&world, &person, "SYN0000001").await;
    let check = desk.checked(asked("C-1", "V-1", "03", "SYN0000001")).await;
    revoke(&world, "R-1", "SYN0000001").await;
    assert_eq!(
        desk.refused(asked("C-2", "V-1", "03", "SYN0000001")).await,
        "CREDENTIAL_REVOKED"
    );
    let claim = visit(&person, "V-1", "2017-05-04", 5_000);
    let no = desk.settle("S-1", &claim, &check).await.unwrap_err();
    assert_eq!(code(&no), "CREDENTIAL_REVOKED");
    assert!(world.ledger().await.accounts.is_empty());

    let restore = pb::RestoreCardRequest {
        request_id: "R-2".into(),
        card_number: "SYN0000001".into(),
    };
    let mut client = world.clerk().identities();
    client.restore_card(restore).await.unwrap();
    // What was refused stays refused under its id, as every "no" of a settlement does.
    assert_eq!(
        desk.unsettled("S-1", &claim, &check).await,
        "CREDENTIAL_REVOKED"
    );
    desk.settle("S-2", &claim, &check).await.unwrap();

    // A token that is withdrawn after its check settles nothing either.
    let text = token(&world, "T-1", &person, (CLINIC, Purpose::Settle)).await;
    let check = desk.checked(asked("C-3", "V-2", "01", &text)).await;
    let undo = pb::WithdrawIssueTokenRequest {
        original_request_id: "T-1".into(),
    };
    client.withdraw_issue_token(undo).await.unwrap();
    let claim = visit(&person, "V-2", "2017-05-05", 5_000);
    assert_eq!(
        desk.unsettled("S-3", &claim, &check).await,
        "CREDENTIAL_REVOKED"
    );
}

/// Nobody learns from a refusal which part of what they said was right.
#[tokio::test]
async fn what_is_not_known_is_told_alike() {
    let world = World::open().await;
    let desk = Front::of(&world, CLINIC);
    let person = world.insured(None).await;
    card(&world, &person, "SYN0000001").await;
    let text = token(&world, "T-1", &person, (HOSPITAL, Purpose::Settle)).await;
    let of = |id: &str, kind: &str, number: &str, name: &str| pb::VerifyIdentityRequest {
        name: name.into(),
        ..asked(id, "V-1", kind, number)
    };
    let guesses = [
        of("G-1", "02", &id_number(0), "测试他人"),
        of("G-2", "02", &id_number(999), NAME),
        of("G-3", "03", "SYN0000001", "测试他人"),
        of("G-4", "03", "SYN0000002", NAME),
        of("G-5", "01", &text, NAME),
        of("G-6", "01", &"0".repeat(40), NAME),
    ];
    let mut told = Vec::new();
    for guess in guesses {
        let no = desk.verify(guess.clone()).await.unwrap_err();
        assert_eq!(
            (code(&no).as_str(), remembered(&no)),
            ("CREDENTIAL_UNKNOWN", true)
        );
        for secret in [&guess.certificate_number, &guess.name] {
            assert!(!format!("{no:?}").contains(secret.as_str()));
        }
        told.push((no.code(), no.message().to_string(), field(&no)));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    desk.checked(of("C-1", "02", &id_number(0), NAME)).await;
    desk.checked(of("C-2", "03", "SYN0000001", "")).await;

    // Who goes on guessing must wait, and nobody else; what was done before is told all the same.
    for n in 7..=20 {
        let guess = of(&format!("G-{n}"), "03", "SYN0000002", NAME);
        assert_eq!(desk.refused(guess).await, "CREDENTIAL_UNKNOWN");
    }
    let no = desk.verify(of("C-3", "02", &id_number(0), NAME)).await;
    let no = no.unwrap_err();
    assert_eq!(
        (no.code(), code(&no).as_str(), remembered(&no)),
        (Code::Unavailable, "CREDENTIAL_GUESSES", false)
    );
    desk.checked(of("C-1", "02", &id_number(0), NAME)).await;
    let other = Front::of(&world, HOSPITAL);
    other.checked(of("C-1", "02", &id_number(0), NAME)).await;
    world.clock.set(world.clock.now().plus_millis(HOUR));
    desk.checked(of("C-3", "02", &id_number(0), NAME)).await;
}

#[tokio::test]
async fn an_impersonation_seen_by_video_is_held_before_money_moves() {
    let world = World::open().await;
    let desk = Front::of(&world, CLINIC);
    let (person, other) = (world.insured(None).await, world.insured(None).await);
    card(&world, &person, "SYN0000001").await;
    let by_card = |id: &str| asked(id, "V-1", "03", "SYN0000001");
    let before = desk.checked(by_card("C-0")).await;
    let doubted = looked(by_card("C-1"), Manner::Video, Seen::NotMatched);
    let doubt = desk.verify(doubted).await.unwrap();
    assert_eq!(doubt.result(), Seen::NotMatched);
    // Who the card's owner is, is not for who saw somebody else.
    assert!(doubt.person.is_none() && doubt.valid_until_time.is_none());

    let claim = visit(&person, "V-1", "2017-05-04", 5_000);
    let held = |answer: Result<(), Status>, path: &str| {
        let no = answer.unwrap_err();
        assert_eq!(
            (code(&no).as_str(), field(&no).as_str()),
            ("IDENTITY_DOUBTED", path)
        );
    };
    held(desk.pre_settle(&claim, "").await, "claim.visit_number");
    for (id, check) in [("S-1", ""), ("S-2", before.as_str())] {
        let settled = desk.settle(id, &claim, check).await.map(drop);
        held(settled, "claim.visit_number");
    }
    let clean = visit(&other, "V-9", "2017-05-04", 5_000);
    let together = [clean.clone(), claim.clone()];
    let answer = desk.settle_together("B-1", &together).await;
    held(answer, "claims[1].visit_number");
    let what_if = pb::WhatWouldChangeRequest {
        claim: Some(claim.clone()),
        change: Some(proto::common::Change::default()),
    };
    let mut client = world.suite.desk(CLINIC).orchestrator();
    let answer = client.what_would_change(patient(what_if)).await;
    held(answer.map(drop), "claim.visit_number");
    let admit = pb::AdmitRequest {
        request_id: "A-1".into(),
        admission: Some(pb::Admission {
            institution_code: CLINIC.into(),
            visit_number: "V-1".into(),
            ..admission(&stay(&person, "V-1", 1_000))
        }),
    };
    held(
        client.admit(patient(admit)).await.map(drop),
        "admission.visit_number",
    );
    assert!(world.ledger().await.accounts.is_empty());
    // Another visit of the person is settled.
    desk.settle("S-3", &visit(&person, "V-2", "2017-05-05", 5_000), "")
        .await
        .unwrap();

    // Withdrawing what was seen does not undo it, and the certificate alone clears nothing.
    let undo = pb::WithdrawVerifyIdentityRequest {
        original_request_id: "C-1".into(),
    };
    let mut checks = world.suite.desk(CLINIC).identities();
    checks.withdraw_verify_identity(undo).await.unwrap();
    desk.checked(by_card("C-2")).await;
    let open = doubts(&world, false).await.join(" ");
    assert_eq!(open, doubt.identity_check_id);
    assert_eq!(desk.unsettled("S-4", &claim, "").await, "IDENTITY_DOUBTED");
    // Nor does a look at another person at the same visit.
    let another = pb::VerifyIdentityRequest {
        certificate_number: id_number(1),
        ..asked("C-3", "V-1", "02", "")
    };
    let another = looked(another, Manner::Manual, Seen::Matched);
    desk.checked(another).await;
    assert_eq!(desk.unsettled("S-5", &claim, "").await, "IDENTITY_DOUBTED");

    // The person comes in person.
    let seen = looked(by_card("C-4"), Manner::Manual, Seen::Matched);
    let check = desk.checked(seen).await;
    assert_eq!(doubts(&world, false).await, Vec::<String>::new());
    let cleared = desk.get(&doubt.identity_check_id).await.unwrap();
    assert_eq!(cleared.clearance.unwrap().identity_check_id, check);
    assert_eq!(desk.unsettled("S-1", &claim, "").await, "IDENTITY_DOUBTED");
    desk.settle("S-6", &claim, &check).await.unwrap();
}

#[tokio::test]
async fn the_bureau_clears_a_doubt_and_takes_that_back() {
    let world = World::open().await;
    let desk = Front::of(&world, CLINIC);
    let person = world.insured(None).await;
    let number = id_number(0);
    let seen = |id: &str, seen| looked(asked(id, "V-1", "02", &number), Manner::Manual, seen);
    let doubt = desk.checked(seen("C-1", Seen::NotMatched)).await;
    let second = desk.checked(seen("C-2", Seen::NotMatched)).await;
    let claim = visit(&person, "V-1", "2017-05-04", 5_000);
    let mut client = world.clerk().identities();
    let clear = |id: &str, check: &str| pb::ClearDoubtRequest {
        request_id: id.into(),
        identity_check_id: check.into(),
        reason: "当面核实为本人".into(),
    };
    client.clear_doubt(clear("D-1", &doubt)).await.unwrap();
    // Each doubt is cleared by itself.
    assert_eq!(desk.unsettled("S-1", &claim, "").await, "IDENTITY_DOUBTED");
    client.clear_doubt(clear("D-2", &second)).await.unwrap();
    desk.pre_settle(&claim, "").await.unwrap();
    let undo = pb::WithdrawClearDoubtRequest {
        original_request_id: "D-1".into(),
    };
    client.withdraw_clear_doubt(undo).await.unwrap();
    assert_eq!(doubts(&world, false).await.join(" "), doubt);
    // They were made at one moment: their ids have no order.
    let mut both = [doubt, second.clone()];
    both.sort();
    assert_eq!(doubts(&world, true).await, both);
    assert_eq!(desk.unsettled("S-2", &claim, "").await, "IDENTITY_DOUBTED");
    // A look clears it; the look withdrawn, it is open again.
    desk.checked(seen("C-3", Seen::Matched)).await;
    desk.pre_settle(&claim, "").await.unwrap();
    let undo = pb::WithdrawVerifyIdentityRequest {
        original_request_id: "C-3".into(),
    };
    let mut own = world.suite.desk(CLINIC).identities();
    own.withdraw_verify_identity(undo).await.unwrap();
    assert_eq!(desk.unsettled("S-3", &claim, "").await, "IDENTITY_DOUBTED");
    let no = client.clear_doubt(clear("D-3", &second)).await.unwrap_err();
    assert_eq!(code(&no), "DOUBT_NOT_OPEN");
    client
        .clear_doubt(clear("D-4", &doubts(&world, false).await[0]))
        .await
        .unwrap();
    desk.settle("S-4", &claim, "").await.unwrap();
    // An institution clears nothing by its word.
    let no = own.clear_doubt(clear("D-5", &second)).await.unwrap_err();
    assert_eq!(code(&no), "PERMISSION_DENIED");
}

#[tokio::test]
async fn where_the_bureau_wants_it_every_visit_of_an_institution_is_checked() {
    let world = World::tuned(|config| config.identity_required = true).await;
    let desk = Front::of(&world, CLINIC);
    let person = world.insured(None).await;
    let claim = visit(&person, "V-1", "2017-05-04", 5_000);
    let no = desk.settle("S-1", &claim, "").await.unwrap_err();
    assert_eq!(
        (code(&no).as_str(), field(&no).as_str()),
        ("IDENTITY_REQUIRED", "identity_check_id")
    );
    let answer = desk
        .settle_together("B-1", std::slice::from_ref(&claim))
        .await;
    assert_eq!(code(&answer.unwrap_err()), "IDENTITY_REQUIRED");
    // What it would cost may be asked before the patient has shown anything.
    desk.pre_settle(&claim, "").await.unwrap();
    let check = desk.checked(asked("C-1", "V-1", "02", &id_number(0))).await;
    desk.settle("S-2", &claim, &check).await.unwrap();
    // The bureau settles what it has looked at itself.
    let claim = visit(&person, "V-2", "2017-05-05", 5_000);
    world.settle("S-3", claim).await.unwrap();
}
