//! 参保口径变更: retired, or supplemented, from a day within the year. The package is that of the engine
//! facts; every amount was reckoned by hand.

use super::{employees, enrol, explained, insured, late, paid_late, paid_of, pre_settle, stay_in};
use integration_tests::{HOSPITAL, World, claim, code};
use proto::common::{Claim, Member};
use proto::enrollment::{
    ChangeStandingRequest, CheckEligibilityRequest, GetPersonRequest, StandingChange,
    WithdrawChangeStandingRequest, WithdrawEnrolPersonRequest, WithdrawRecordDeathRequest,
};
use proto::{common::outcome::State, enrollment::RecordDeathRequest};
use tonic::Status;

/// A change of a standing from a day of 2017 on.
async fn change(
    world: &World,
    id: &str,
    person: &str,
    from_day: &str,
    kind: &str,
    besides: &[&str],
) -> Result<StandingChange, Status> {
    let request = ChangeStandingRequest {
        request_id: id.into(),
        person_id: person.into(),
        from_day: from_day.into(),
        person_type: kind.into(),
        covered_by: besides.iter().map(|code| code.to_string()).collect(),
    };
    let answer = world.clerk().enrollment().change_standing(request).await?;
    Ok(answer.into_inner().standing_change.unwrap())
}

async fn on(world: &World, person: &str, day: &str) -> Member {
    let request = CheckEligibilityRequest {
        person_id: person.into(),
        scheme: "310".into(),
        as_of_day: day.into(),
        ..Default::default()
    };
    let answer = world.clerk().enrollment().check_eligibility(request).await;
    answer.unwrap().into_inner().member.unwrap()
}

/// A stay of an employee in ten days of a month of 2017, 10,000 yuan.
fn stay_of(person: &str, month: &str) -> Claim {
    let days = (format!("2017-{month}-01"), format!("2017-{month}-10"));
    let days = (days.0.as_str(), days.1.as_str());
    let visit = format!("V-{month}-{}", person.split('-').next_back().unwrap());
    Claim {
        scheme: "310".into(),
        ..claim(person, HOSPITAL, "21", &visit, days, 1_000_000)
    }
}

#[tokio::test]
async fn who_retires_in_june_has_the_ratio_of_the_retired_from_june_on() {
    let world = employees().await;
    let person = insured(&world, "11", &[]).await;
    // 9,700 × 80 % = 7,760; of the rest the critical layer's 1,000 of the year; 1,240 in cash.
    let march = world.settle("s-3", stay_of(&person, "03")).await.unwrap();
    let working = (vec![776_000, 100_000, 0], 124_000);
    assert_eq!(paid_of(&march), working);

    let retired = change(&world, "c-1", &person, "2017-06-01", "12", &[]).await;
    let retired = retired.unwrap();
    assert_eq!(retired.person_type, "12");
    // 9,700 × 90 % = 8,730; the year's 1,000 are drawn; 1,270 in cash.
    let july = world.settle("s-7", stay_of(&person, "07")).await.unwrap();
    let afterwards = (vec![873_000, 0, 0], 127_000);
    assert_eq!(paid_of(&july), afterwards);

    // A bill of May that comes in after the change still sees the earlier standing.
    let may = world.settle("s-5", stay_of(&person, "05")).await.unwrap();
    assert_eq!(paid_of(&may), (vec![776_000, 0, 0], 224_000));
    for (settled, expected) in [(&march, working), (&july, afterwards)] {
        assert_eq!(explained(&world, settled).await, expected);
    }
    // And what was settled is moved by nothing.
    assert_eq!(late(&world, &person).await.revisions.len(), 0);

    let of = GetPersonRequest {
        person_id: person.clone(),
    };
    let file = world.clerk().enrollment().get_person(of).await.unwrap();
    let coverage = &file.into_inner().coverages[0];
    assert_eq!(coverage.person_type, "11");
    assert_eq!(coverage.standing_changes, [retired]);
    world.ledger().await;
}

#[tokio::test]
async fn a_change_that_is_learnt_late_is_settled_as_a_late_fact_and_so_is_its_withdrawal() {
    let world = employees().await;
    let person = insured(&world, "11", &[]).await;
    let july = stay_of(&person, "07");
    let settled = world.settle("s-7", july.clone()).await.unwrap();
    assert_eq!(paid_of(&settled), (vec![776_000, 100_000, 0], 124_000));
    // A civil servant since May: of 1,240 the supplement pays half.
    change(&world, "c-1", &person, "2017-05-01", "11", &["320"])
        .await
        .unwrap();
    let shown = late(&world, &person).await;
    assert_eq!(
        (shown.funds_difference_fen, shown.cash_difference_fen),
        (62_000, -62_000)
    );
    paid_late(&world, "p-1", &person).await;
    let with = (vec![776_000, 100_000, 62_000], 62_000);
    assert_eq!(explained(&world, &settled).await, with);
    assert_eq!(late(&world, &person).await.revisions.len(), 0);

    let withdraw = WithdrawChangeStandingRequest {
        original_request_id: "c-1".into(),
    };
    let mut clerk = world.clerk().enrollment();
    let withdrawn = clerk.withdraw_change_standing(withdraw).await.unwrap();
    let outcome = withdrawn.into_inner().outcome.unwrap();
    assert_eq!(outcome.state(), State::Withdrawn);
    assert!(
        on(&world, &person, "2017-07-01")
            .await
            .covered_by
            .is_empty()
    );
    assert_eq!(late(&world, &person).await.funds_difference_fen, -62_000);
    let again = change(&world, "c-1", &person, "2017-05-01", "11", &["320"]).await;
    assert_eq!(code(&again.unwrap_err()), "REQUEST_WITHDRAWN");
    world.ledger().await;
}

/// Day, person type, supplements: the refusal. Insured for 2016 and 2017, dead on 20 November 2017,
/// retired since June.
#[tokio::test]
async fn a_change_must_be_one_and_lie_in_a_coverage_of_the_living() {
    let world = employees().await;
    let person = world.person().await;
    enrol(&world, &person, &[2016, 2017], "11", &[]).await;
    change(&world, "c-0", &person, "2017-06-01", "12", &[])
        .await
        .unwrap();
    let death = RecordDeathRequest {
        request_id: "d-1".into(),
        person_id: person.clone(),
        death_day: "2017-11-20".into(),
    };
    let mut clerk = world.clerk().enrollment();
    clerk.record_death(death).await.unwrap();
    let table: &[(&str, &str, &[&str], &str)] = &[
        ("2017-11-21", "11", &[], "PERSON_DEAD"),
        ("2015-12-31", "12", &[], "STANDING_NOT_INSURED"),
        ("2017-03-01", "12", &["310"], "INVALID_FIELD"),
        ("2017-06-01", "11", &[], "STANDING_CHANGED_THEN"),
        ("2017-06-02", "12", &[], "STANDING_UNCHANGED"),
        ("2017-05-31", "11", &[], "STANDING_UNCHANGED"),
    ];
    for (n, (from_day, kind, besides, expected)) in table.iter().enumerate() {
        let id = format!("c-{}", n + 1);
        let no = change(&world, &id, &person, from_day, kind, besides).await;
        assert_eq!(code(&no.unwrap_err()), *expected, "{from_day} {kind}");
    }
    let alive = WithdrawRecordDeathRequest {
        original_request_id: "d-1".into(),
    };
    clerk.withdraw_record_death(alive).await.unwrap();
    // Learnt later of an earlier day: holds until the change that was known before it.
    change(&world, "c-20", &person, "2017-02-01", "13", &["320"])
        .await
        .unwrap();
    change(&world, "c-21", &person, "2016-07-01", "12", &[])
        .await
        .unwrap();
    let table = [
        ("2016-06-30", "11", 0),
        ("2016-07-01", "12", 0),
        ("2017-01-31", "11", 0),
        ("2017-02-01", "13", 1),
        ("2017-05-31", "13", 1),
        ("2017-06-01", "12", 0),
        ("2017-12-31", "12", 0),
    ];
    for (day, kind, besides) in table {
        let member = on(&world, &person, day).await;
        let seen = (member.person_type.as_str(), member.covered_by.len());
        assert_eq!(seen, (kind, besides), "{day}");
    }
}

#[tokio::test]
async fn a_withdrawn_coverage_takes_the_changes_with_it() {
    let world = employees().await;
    let person = world.person().await;
    let enrolled = |id: &str| proto::enrollment::EnrolPersonRequest {
        request_id: id.into(),
        person_id: person.clone(),
        scheme: "310".into(),
        year: 2017,
        paid_day: "2017-01-01".into(),
        person_type: "11".into(),
        ..Default::default()
    };
    let mut clerk = world.clerk().enrollment();
    clerk.enrol_person(enrolled("e-1")).await.unwrap();
    change(&world, "c-1", &person, "2017-06-01", "12", &[])
        .await
        .unwrap();
    // What the orchestrator withdraws, and a clerk may.
    let withdraw = WithdrawEnrolPersonRequest {
        original_request_id: "e-1".into(),
    };
    clerk.withdraw_enrol_person(withdraw).await.unwrap();
    clerk.enrol_person(enrolled("e-2")).await.unwrap();
    assert_eq!(on(&world, &person, "2017-07-01").await.person_type, "11");
    // The change is gone; to withdraw it changes nothing, and the day is free.
    let withdraw = WithdrawChangeStandingRequest {
        original_request_id: "c-1".into(),
    };
    clerk.withdraw_change_standing(withdraw).await.unwrap();
    change(&world, "c-2", &person, "2017-06-01", "12", &[])
        .await
        .unwrap();
    assert_eq!(on(&world, &person, "2017-07-01").await.person_type, "12");
    let quote = pre_settle(&world, &stay_in(2017, &person, HOSPITAL, "V-1", 10_000)).await;
    let amounts = quote.amounts.as_ref().unwrap();
    assert_eq!(amounts.shares[0].paid_fen, 776_000);
}
