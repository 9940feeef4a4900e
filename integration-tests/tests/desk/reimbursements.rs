//! 零星报销: what the patient paid is kept, approved by two, and reimbursed once.

use crate::all_packed;
use integration_tests::{HOSPITAL, World, claim, code, patient, stay};
use proto::common::{Claim, Place, Settlement};
use proto::orchestrator::reimbursement::State;
use proto::orchestrator::{
    ApproveReimbursementRequest, ExpenseReceipt, GetReimbursementRequest, OutsideInstitution,
    PreSettleRequest, ReceiptServiceGetSettlementRequest, Reimbursement,
    RejectReimbursementRequest, ReverseRequest, SubmitReimbursementRequest,
    SuspendOnlineSettlementRequest, WithdrawSubmitReimbursementRequest,
};
use tonic::Status;

/// A hospital in another province that the area has not registered.
pub const ELSEWHERE: &str = "H31010100001";

pub fn receipt(number: &str, fen: i64) -> ExpenseReceipt {
    ExpenseReceipt {
        receipt_code: "R-2017".into(),
        receipt_number: number.into(),
        issued_day: "2017-03-10".into(),
        amount_fen: fen,
    }
}

pub fn submission(
    id: &str,
    claim: &Claim,
    receipts: Vec<ExpenseReceipt>,
) -> SubmitReimbursementRequest {
    SubmitReimbursementRequest {
        request_id: id.into(),
        claim: Some(claim.clone()),
        receipts,
        outside_institution: None,
    }
}

pub async fn submit(
    world: &World,
    request: SubmitReimbursementRequest,
) -> Result<Reimbursement, Status> {
    let mut desk = world.clerk().reimbursements();
    let answer = desk.submit_reimbursement(patient(request)).await?;
    Ok(answer.into_inner().reimbursement.expect("a reimbursement"))
}

pub async fn approve(
    world: &World,
    who: &str,
    of: &Reimbursement,
) -> Result<Reimbursement, Status> {
    let request = ApproveReimbursementRequest {
        request_id: format!("approve-{who}"),
        reimbursement_id: of.reimbursement_id.clone(),
        digest: of.digest.clone(),
    };
    let mut desk = world.suite.desk(who).reimbursements();
    let answer = desk.approve_reimbursement(patient(request)).await?;
    Ok(answer.into_inner().reimbursement.expect("a reimbursement"))
}

async fn get(world: &World, of: &Reimbursement) -> Reimbursement {
    let request = GetReimbursementRequest {
        reimbursement_id: of.reimbursement_id.clone(),
    };
    let mut desk = world.clerk().reimbursements();
    let answer = desk.get_reimbursement(request).await;
    let answer = answer.expect("a reimbursement").into_inner();
    answer.reimbursement.expect("a reimbursement")
}

pub async fn pay(world: &World, id: &str, of: &Reimbursement) -> Result<Settlement, Status> {
    world.settle(id, of.claim.clone().expect("a claim")).await
}

#[tokio::test]
async fn a_stay_elsewhere_is_reimbursed_by_two_people_and_owed_to_the_patient() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let days = ("2017-03-01", "2017-03-10");
    let bill = claim(&person, ELSEWHERE, "21", "V-1", days, 2_000_000);
    let receipts = || vec![receipt("1", 1_500_000), receipt("2", 500_000)];

    // Nobody knows the hospital until the clerk says what it is.
    let no = submit(&world, submission("s-0", &bill, receipts())).await;
    assert_eq!(code(&no.unwrap_err()), "INSTITUTION_UNKNOWN");
    let mut request = submission("s-1", &bill, receipts());
    request.outside_institution = Some(OutsideInstitution {
        name: "外省三级医院".into(),
        tier: "3".into(),
        kind: "A1".into(),
        place: Place::Outside.into(),
        contracted: false,
    });
    let kept = submit(&world, request.clone()).await.unwrap();
    assert_eq!(kept.state(), State::Submitted);
    assert!(kept.needs_second_person);
    assert_eq!(submit(&world, request).await.unwrap(), kept);

    // Above the threshold: not before somebody else has approved what they saw.
    let no = pay(&world, "p-0", &kept).await.unwrap_err();
    assert_eq!(code(&no), "REIMBURSEMENT_UNAPPROVED");
    let no = approve(&world, "clerk-1", &kept).await.unwrap_err();
    assert_eq!(code(&no), "REIMBURSEMENT_SAME_PERSON");
    let seen = Reimbursement {
        digest: "00".repeat(32),
        ..kept.clone()
    };
    let no = approve(&world, "clerk-2", &seen).await.unwrap_err();
    assert_eq!(code(&no), "REIMBURSEMENT_CHANGED");
    let approved = approve(&world, "clerk-3", &kept).await.unwrap();
    assert_eq!(
        (approved.state(), approved.approved_by.as_str()),
        (State::Approved, "clerk-3")
    );

    // By the same engine, and the same amounts as quoted.
    let quote = PreSettleRequest {
        claim: approved.claim.clone(),
        ..Default::default()
    };
    let quoted = world
        .clerk()
        .orchestrator()
        .pre_settle(patient(quote))
        .await;
    let quoted = quoted.unwrap().into_inner().quote.unwrap();
    let paid = pay(&world, "p-1", &approved).await.unwrap();
    assert_eq!(paid.amounts, quoted.amounts);
    assert_eq!(paid.reimbursement_id, kept.reimbursement_id);
    let funds = paid.amounts.as_ref().unwrap().funds_fen;
    assert!(funds > 0);
    let owed = async || {
        let account = format!("payable:person:{person}");
        let accounts = world.ledger().await.accounts;
        let found = accounts.iter().find(|found| found.account == account);
        found.map(|found| found.balance_fen)
    };
    assert_eq!(owed().await, Some(funds));
    let settled = get(&world, &kept).await;
    assert_eq!(
        (settled.state(), &settled.settlement_id),
        (State::Paid, &paid.settlement_id)
    );

    // Never twice.
    let no = pay(&world, "p-2", &approved).await.unwrap_err();
    assert!(
        ["VISIT_SETTLED", "CLAIM_DENIED"].contains(&code(&no).as_str()),
        "{no}"
    );

    // One reversal takes it back, and it can be paid again.
    all_packed(&world).await;
    world.reverse("r-1", &paid.settlement_id).await.unwrap();
    assert_eq!(owed().await, Some(0));
    assert_eq!(get(&world, &kept).await.state(), State::Approved);
    let again = pay(&world, "p-3", &approved).await.unwrap();
    assert_eq!(again.amounts, paid.amounts);
}

#[tokio::test]
async fn what_was_settled_at_the_hospital_is_not_reimbursed_again() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let settled = stay(&person, "V-1", 1_000);
    world.settle("s-1", settled.clone()).await.unwrap();
    let no = submit(
        &world,
        submission("m-1", &settled, vec![receipt("1", 100_000)]),
    )
    .await;
    assert_eq!(code(&no.unwrap_err()), "VISIT_SETTLED");
    let other = stay(&person, "V-2", 1_000);
    let no = submit(
        &world,
        submission("m-2", &other, vec![receipt("1", 100_000)]),
    )
    .await;
    assert_eq!(code(&no.unwrap_err()), "DUPLICATE_CLAIM");

    // And the other way round: settled at the hospital while the reimbursement waits.
    let day = ("2017-05-01", "2017-05-10");
    let late = claim(&person, HOSPITAL, "21", "V-3", day, 100_000);
    let kept = submit(
        &world,
        submission("m-3", &late, vec![receipt("3", 100_000)]),
    )
    .await;
    let kept = kept.unwrap();
    assert!(!kept.needs_second_person);
    world.settle("s-3", late).await.unwrap();
    let no = pay(&world, "p-3", &kept).await.unwrap_err();
    assert!(
        ["VISIT_SETTLED", "CLAIM_DENIED"].contains(&code(&no).as_str()),
        "{no}"
    );
}

#[tokio::test]
async fn a_receipt_serves_once_until_it_is_sent_back_or_withdrawn() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let bill = |n: u32| {
        let day = format!("2017-04-{n:02}");
        claim(
            &person,
            HOSPITAL,
            "11",
            &format!("V-{n}"),
            (&day, &day),
            10_000,
        )
    };
    let receipts = || vec![receipt("7", 10_000)];
    let first = submit(&world, submission("m-1", &bill(1), receipts()))
        .await
        .unwrap();
    let second = submission("m-2", &bill(2), receipts());
    let no = submit(&world, second).await.unwrap_err();
    assert_eq!(code(&no), "RECEIPT_USED");
    let wrong = [
        vec![],
        vec![receipt("8", 9_999)],
        vec![receipt("8", 5_000), receipt("8", 5_000)],
    ];
    for (n, wrong) in wrong.into_iter().enumerate() {
        let request = submission(&format!("wrong-{n}"), &bill(3), wrong);
        let no = submit(&world, request).await.unwrap_err();
        assert!(
            ["INVALID_FIELD", "RECEIPTS_DIFFER"].contains(&code(&no).as_str()),
            "{no}"
        );
    }

    let reject = RejectReimbursementRequest {
        request_id: "reject-1".into(),
        reimbursement_id: first.reimbursement_id.clone(),
        reason: "票据不清".into(),
    };
    let mut desk = world.clerk().reimbursements();
    let rejected = desk
        .reject_reimbursement(patient(reject))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(rejected.reimbursement.unwrap().state(), State::Rejected);
    let no = pay(&world, "p-1", &first).await.unwrap_err();
    assert_eq!(code(&no), "REIMBURSEMENT_ENDED");

    let again = submit(&world, submission("m-4", &bill(1), receipts()))
        .await
        .unwrap();
    let withdraw = WithdrawSubmitReimbursementRequest {
        original_request_id: "m-4".into(),
    };
    desk.withdraw_submit_reimbursement(patient(withdraw))
        .await
        .unwrap();
    assert_eq!(get(&world, &again).await.state(), State::Withdrawn);
    submit(&world, submission("m-5", &bill(1), receipts()))
        .await
        .unwrap();
}

#[tokio::test]
async fn only_the_bureau_reimburses_the_bill_it_kept_also_of_whom_is_suspended() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let bill = stay(&person, "V-1", 1_000);
    let kept = submit(
        &world,
        submission("m-1", &bill, vec![receipt("1", 100_000)]),
    )
    .await
    .unwrap();

    let request = proto::orchestrator::SettleRequest {
        request_id: "by-hospital".into(),
        claim: kept.claim.clone(),
        ..Default::default()
    };
    let mut hospital = world.suite.desk(HOSPITAL).orchestrator();
    let no = hospital.settle(patient(request)).await.unwrap_err();
    assert_eq!(code(&no), "INVALID_FIELD");
    let mut other = kept.clone();
    other.claim.as_mut().unwrap().diagnosis_code = "J18.901".into();
    let no = pay(&world, "p-1", &other).await.unwrap_err();
    assert_eq!(code(&no), "REIMBURSEMENT_OTHER_CLAIM");

    let suspend = SuspendOnlineSettlementRequest {
        request_id: "suspend".into(),
        person_id: person.clone(),
        from_day: "2018-03-01".into(),
        until_day: "2018-06-01".into(),
        decision_number: "D-1".into(),
        reason: "测试".into(),
        ..Default::default()
    };
    let mut clerk = world.clerk().orchestrator();
    clerk
        .suspend_online_settlement(patient(suspend))
        .await
        .unwrap();
    let online = claim(
        &person,
        HOSPITAL,
        "11",
        "V-2",
        ("2017-05-01", "2017-05-01"),
        100,
    );
    let no = world.settle("online", online).await.unwrap_err();
    assert_eq!(code(&no), "ONLINE_SUSPENDED");
    let paid = pay(&world, "p-2", &kept).await.unwrap();

    // It is not in the hospital's books: neither seen there nor taken back by it.
    let reverse = ReverseRequest {
        request_id: "by-hospital".into(),
        settlement_id: paid.settlement_id.clone(),
        reason: "测试".into(),
    };
    let no = hospital.reverse(patient(reverse)).await.unwrap_err();
    assert_eq!(code(&no), "SETTLEMENT_UNKNOWN");
    let one = ReceiptServiceGetSettlementRequest {
        settlement_id: paid.settlement_id.clone(),
    };
    let mut receipts = world.suite.desk(HOSPITAL).receipts();
    let no = receipts.get_settlement(patient(one)).await.unwrap_err();
    assert_eq!(code(&no), "SETTLEMENT_UNKNOWN");

    // Withdrawn while it is paid: once that is reversed, its receipt can be brought again.
    let withdraw = WithdrawSubmitReimbursementRequest {
        original_request_id: "m-1".into(),
    };
    let mut desk = world.clerk().reimbursements();
    desk.withdraw_submit_reimbursement(patient(withdraw))
        .await
        .unwrap();
    let again = || submission("m-2", &bill, vec![receipt("1", 100_000)]);
    let no = submit(&world, again()).await.unwrap_err();
    assert_eq!(code(&no), "VISIT_SETTLED");
    world.reverse("r-1", &paid.settlement_id).await.unwrap();
    let again = submission("m-3", &bill, vec![receipt("1", 100_000)]);
    submit(&world, again).await.unwrap();
}
