//! Registrations withdrawn, and the same number registered again.

use super::*;
use tokio::task::JoinSet;

/// A person with a coverage, an identity and a suspension, withdrawn: each is gone and told of once,
/// and stays gone when the person comes back under their old id.
#[tokio::test]
async fn who_is_registered_again_is_the_same_person() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let low = identity("I-1", &person, "2303", "2024-01-01");
    call!(suite, record_identity(low.clone())).unwrap();
    let payment = enrol("E-1", &person, "2024-01-05", 4_000);
    call!(suite, enrol_person(payment.clone())).unwrap();
    let suspend = pb::SuspendBenefitRequest {
        request_id: "S-1".into(),
        person_id: person.clone(),
        from_day: "2024-05-01".into(),
        until_day: String::new(),
        reason: "重复参保核查".into(),
    };
    call!(suite, suspend_benefit(suspend)).unwrap();
    assert_eq!(suite.withdraw_person("P-1").await, State::Withdrawn);
    let kinds = [
        "person.withdrawn",
        "coverage.withdrawn",
        "identity.withdrawn",
        "benefit.suspension_withdrawn",
    ];
    for kind in kinds {
        assert_eq!(suite.told(kind).await, 1, "{kind}");
    }

    let mut again = register("P-2", "99999919800101001", "");
    again.name = "试验乙".into();
    again.sex = "1".into();
    again.birth_day = "1980-01-02".into();
    let made = call!(suite, register_person(again.clone())).unwrap();
    let back = made.person.unwrap();
    assert_eq!(back.person_id, person);
    assert_eq!(
        (back.masked_name.as_str(), back.sex.as_str()),
        ("试**", "1")
    );
    assert_eq!((back.birth_day.as_str(), back.version), ("1980-01-02", 6));
    assert_eq!(suite.told("person.registered").await, 2);
    let asked = pb::GetPersonRequest {
        person_id: person.clone(),
    };
    let file = call!(suite, get_person(asked)).unwrap();
    assert!(file.coverages.is_empty() && file.identities.is_empty());
    assert!(file.suspensions.is_empty());

    // The year is paid for again without the identity's subsidy, for the first is withdrawn.
    let second = enrol("E-2", &person, "2024-01-05", 40_000);
    call!(suite, enrol_person(second)).unwrap();
    let third = enrol("E-3", &person, "2024-01-05", 40_000);
    let no = call!(suite, enrol_person(third)).unwrap_err();
    assert_eq!(no, "ALREADY_INSURED");
    assert_eq!(suite.told("coverage.enrolled").await, 2);

    // What went with the person is not withdrawn, nor told, a second time.
    let undone = pb::WithdrawEnrolPersonRequest {
        original_request_id: "E-1".into(),
    };
    let outcome = call!(suite, withdraw_enrol_person(undone)).unwrap().outcome;
    assert_eq!(state(outcome), State::Withdrawn);
    let undone = pb::WithdrawRecordIdentityRequest {
        original_request_id: "I-1".into(),
    };
    call!(suite, withdraw_record_identity(undone)).unwrap();
    for kind in kinds {
        assert_eq!(suite.told(kind).await, 1, "{kind}");
    }
    let member = suite.member(&person, "2024-07-01").await;
    assert!(member.eligible);
    assert_eq!(member.person_version, 7);
}

#[tokio::test]
async fn each_key_undoes_its_own_registration() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    assert_eq!(suite.withdraw_person("P-1").await, State::Withdrawn);
    let again = register("P-2", "99999919800101001", "");
    let made = call!(suite, register_person(again.clone())).unwrap();
    assert!(!made.replayed && made.person.as_ref().unwrap().person_id == person);

    // The first key late and again: it has nothing left to undo.
    assert_eq!(suite.withdraw_person("P-1").await, State::Withdrawn);
    let late = register("P-1", "99999919800101001", "");
    let no = call!(suite, register_person(late)).unwrap_err();
    assert_eq!(no, "REQUEST_WITHDRAWN");
    suite.member(&person, "2024-05-01").await;
    let repeat = call!(suite, register_person(again)).unwrap();
    assert!(repeat.replayed && repeat.person == made.person);
    let other = register("P-3", "99999919800101001", "");
    let no = call!(suite, register_person(other)).unwrap_err();
    assert_eq!(no, "ID_NUMBER_TAKEN");

    assert_eq!(suite.withdraw_person("P-2").await, State::Withdrawn);
    let gone = call!(suite, check_eligibility(check(&person, "2024-05-01")));
    assert_eq!(gone.unwrap_err(), "PERSON_UNKNOWN");
    assert_eq!(suite.told("person.withdrawn").await, 2);
}

/// A death is the human's: a new registration does not undo it, the death's own key does.
#[tokio::test]
async fn a_new_registration_raises_nobody_from_the_dead() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let death = pb::RecordDeathRequest {
        request_id: "D-1".into(),
        person_id: person.clone(),
        death_day: "2024-05-10".into(),
    };
    call!(suite, record_death(death)).unwrap();
    suite.withdraw_person("P-1").await;
    let again = register("P-2", "99999919800101001", "");
    let back = call!(suite, register_person(again))
        .unwrap()
        .person
        .unwrap();
    assert_eq!(back.death_day, "2024-05-10");
    let undone = pb::WithdrawRecordDeathRequest {
        original_request_id: "D-1".into(),
    };
    call!(suite, withdraw_record_death(undone)).unwrap();
    let member = suite.member(&person, "2024-06-01").await;
    assert_eq!(reasons(&member), [(Reason::NotInsured, "")]);
}

/// Eight at once for one number, with the withdrawal of the standing registration among them: at
/// most one wins while it lasts, and nobody ever gets another person.
#[tokio::test]
async fn of_concurrent_registrations_one_wins() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    suite.withdraw_person("P-1").await;
    let mut winner = String::new();
    for round in 0..8 {
        let mut all = JoinSet::new();
        if round > 0 {
            let mut client = suite.client.clone();
            let undone = suite.ask(pb::WithdrawRegisterPersonRequest {
                original_request_id: winner.clone(),
            });
            all.spawn(async move {
                let outcome = told(client.withdraw_register_person(undone).await);
                outcome.map(|_| None).map_err(|no| (no, String::new()))
            });
        }
        for n in 0..8 {
            let mut client = suite.client.clone();
            let id = format!("R-{round}-{n}");
            let asked = suite.ask(register(&id, "99999919800101001", ""));
            all.spawn(async move {
                match told(client.register_person(asked).await) {
                    Ok(made) => Ok(Some((id, made.person.unwrap().person_id))),
                    Err(no) => Err((no, id)),
                }
            });
        }
        let mut won = Vec::new();
        for result in all.join_all().await {
            match result {
                Ok(made) => won.extend(made),
                Err((no, id)) => assert_eq!(no, "ID_NUMBER_TAKEN", "{id}"),
            }
        }
        if won.is_empty() {
            let id = format!("R-{round}");
            let asked = register(&id, "99999919800101001", "");
            let made = call!(suite, register_person(asked)).unwrap();
            won.push((id, made.person.unwrap().person_id));
        }
        assert_eq!(won.len(), 1, "round {round}");
        let (id, whom) = won.remove(0);
        assert_eq!(whom, person, "round {round}");
        winner = id;
    }
}

/// The remembered no is repeated to its request id, and the remedy says so.
#[tokio::test]
async fn what_was_unknown_is_asked_for_again_under_a_new_id() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    suite.withdraw_person("P-1").await;
    let first = identity("I-1", &person, "2303", "2024-01-01");
    let no = call!(suite, record_identity(first.clone())).unwrap_err();
    assert_eq!(no, "PERSON_UNKNOWN");
    let again = register("P-2", "99999919800101001", "");
    call!(suite, register_person(again)).unwrap();
    let no = call!(suite, record_identity(first)).unwrap_err();
    assert_eq!(no, "PERSON_UNKNOWN");
    let second = identity("I-2", &person, "2303", "2024-01-01");
    call!(suite, record_identity(second)).unwrap();
}
