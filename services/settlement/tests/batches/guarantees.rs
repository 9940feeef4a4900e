//! 先诊疗后付费: the life of a guarantee.

use crate::desk::{Desk, OTHER_HOSPITAL, code, member, no, of, person, stay, three};
use proto::common::{self, Ineligibility};
use proto::settlement as pb;
use proto::settlement::guarantee::State;
use tonic::Status;

/// The admission to the stay that this claim is of.
fn admission(desk: &mut Desk, claim: &common::Claim) -> pb::OpenGuaranteeRequest {
    let on_begin = common::Claim {
        end_day: claim.begin_day.clone(),
        ..claim.clone()
    };
    pb::OpenGuaranteeRequest {
        request_id: desk.id(),
        origin: vec![],
        stay: Some(pb::Stay {
            person_id: claim.person_id.clone(),
            institution_code: claim.institution_code.clone(),
            visit_number: claim.visit_number.clone(),
            scheme: claim.scheme.clone(),
            med_type: claim.med_type.clone(),
            begin_day: claim.begin_day.clone(),
            diagnosis_code: claim.diagnosis_code.clone(),
            referral_id: String::new(),
        }),
        estimate_fen: 500_000,
        member: Some(member(&on_begin)),
    }
}

impl Desk {
    async fn admit(&mut self, claim: &common::Claim) -> Result<pb::Guarantee, Status> {
        let request = admission(self, claim);
        let answer = self.client.open_guarantee(of(request)).await?;
        Ok(answer.into_inner().guarantee.unwrap())
    }

    async fn guarantee(&mut self, id: &str) -> pb::Guarantee {
        let asked = pb::GetGuaranteeRequest {
            guarantee_id: id.into(),
        };
        let told = self.client.get_guarantee(of(asked)).await.unwrap();
        told.into_inner().guarantee.unwrap()
    }

    async fn open_guarantees(&mut self) -> usize {
        let asked = pb::ListGuaranteesRequest {
            open_only: true,
            ..Default::default()
        };
        let told = self.client.list_guarantees(of(asked)).await.unwrap();
        told.into_inner().guarantees.len()
    }
}

/// The claim of a stay that the guarantee stands for.
fn guaranteed(claim: &common::Claim, guarantee: &pb::Guarantee) -> common::Claim {
    common::Claim {
        guarantee_id: guarantee.guarantee_id.clone(),
        ..claim.clone()
    }
}

#[tokio::test]
async fn a_settlement_closes_it_and_its_reversal_opens_it_again() {
    let mut desk = Desk::open().await;
    let claim = stay(1, "V1", "2017-03-10", 8_000);
    let opened = desk.admit(&claim).await.unwrap();
    assert_eq!(
        (opened.state(), opened.estimate_fen),
        (State::Open, 500_000)
    );
    assert_eq!(desk.open_guarantees().await, 1);
    let settled = desk.post(&guaranteed(&claim, &opened)).await.unwrap();
    assert_eq!(settled.guarantee_id, opened.guarantee_id);
    let closed = desk.guarantee(&opened.guarantee_id).await;
    assert_eq!(closed.state(), State::Closed);
    assert_eq!(closed.settlement_id, settled.settlement_id);
    assert!(closed.closed_time.is_some());
    assert_eq!(desk.open_guarantees().await, 0);

    desk.reverse(&settled.settlement_id).await.unwrap();
    assert_eq!(desk.guarantee(&opened.guarantee_id).await, opened);
    desk.post(&guaranteed(&claim, &opened)).await.unwrap();
}

#[tokio::test]
async fn it_is_opened_for_those_entitled_once_at_a_time() {
    let mut desk = Desk::open().await;
    let claim = stay(1, "V1", "2017-03-10", 8_000);
    let mut request = admission(&mut desk, &claim);
    let snapshot = request.member.as_mut().unwrap();
    snapshot.eligible = false;
    snapshot.ineligibilities = vec![Ineligibility {
        sentence: "待遇等待期未满。".into(),
        ..Default::default()
    }];
    let no_right = desk.client.open_guarantee(of(request)).await.unwrap_err();
    assert!(
        no_right.message().contains("待遇等待期未满。"),
        "{no_right}"
    );
    assert_eq!(code::<()>(Err(no_right)), "GUARANTEE_NOT_ENTITLED");
    let late = stay(1, "V1", "2018-03-10", 8_000);
    assert_eq!(code(desk.admit(&late).await), "GUARANTEE_IN_FUTURE");
    let mut nowhere = claim.clone();
    nowhere.institution_code = "H15250100009".into();
    let told = no(desk.admit(&nowhere).await);
    let expected = ("INSTITUTION_UNKNOWN", "stay.institution_code");
    assert_eq!((told.0.as_str(), told.1.as_str()), expected);
    let mut other = admission(&mut desk, &claim);
    other.member.as_mut().unwrap().as_of_day = "2017-03-09".into();
    assert_eq!(no(desk.client.open_guarantee(of(other)).await).1, "member");
    let mut visit = claim.clone();
    visit.med_type = "11".into();
    assert_eq!(no(desk.admit(&visit).await).1, "stay.med_type");

    desk.admit(&claim).await.unwrap();
    let elsewhere = common::Claim {
        institution_code: OTHER_HOSPITAL.into(),
        ..stay(1, "V2", "2017-04-01", 100)
    };
    assert_eq!(code(desk.admit(&elsewhere).await), "GUARANTEE_EXISTS");
    let same_visit = stay(2, "V1", "2017-04-01", 100);
    assert_eq!(code(desk.admit(&same_visit).await), "GUARANTEE_EXISTS");
    desk.admit(&stay(2, "V2", "2017-04-01", 100)).await.unwrap();
}

#[tokio::test]
async fn only_its_own_stay_may_close_it() {
    let mut desk = Desk::open().await;
    let claim = stay(1, "V1", "2017-03-10", 8_000);
    let opened = desk.admit(&claim).await.unwrap();
    let field = "claim.guarantee_id".to_string();
    for other in [
        stay(2, "V1", "2017-03-10", 8_000),
        stay(1, "V2", "2017-03-10", 8_000),
        common::Claim {
            institution_code: OTHER_HOSPITAL.into(),
            ..claim.clone()
        },
    ] {
        let told = no(desk.post(&guaranteed(&other, &opened)).await);
        assert_eq!(told, ("GUARANTEE_FOR_OTHERS".into(), field.clone()));
    }
    let mut unknown = claim.clone();
    unknown.guarantee_id = person(9);
    let told = no(desk.post(&unknown).await);
    assert_eq!(told, ("GUARANTEE_UNKNOWN".into(), field.clone()));
    // Nothing of what was refused is left.
    assert_eq!(desk.guarantee(&opened.guarantee_id).await, opened);
    let settled = desk.post(&guaranteed(&claim, &opened)).await.unwrap();
    let mut again = guaranteed(&claim, &opened);
    again.lines[0].quantity_e4 *= 2;
    again.lines[0].amount_fen *= 2;
    assert_eq!(
        no(desk.post(&again).await),
        ("GUARANTEE_CLOSED".into(), field)
    );
    desk.reverse(&settled.settlement_id).await.unwrap();
    desk.post(&guaranteed(&claim, &opened)).await.unwrap();
    assert_eq!(desk.open_guarantees().await, 0);
}

#[tokio::test]
async fn only_the_stay_it_was_opened_for_may_close_it() {
    let mut desk = Desk::open().await;
    let claim = stay(1, "V1", "2017-03-10", 8_000);
    let opened = desk.admit(&claim).await.unwrap();
    let outpatient = common::Claim {
        med_type: "11".into(),
        ..claim.clone()
    };
    let later = common::Claim {
        begin_day: "2017-03-11".into(),
        end_day: "2017-03-11".into(),
        ..claim.clone()
    };
    for other in [outpatient, later] {
        let told = no(desk.post(&guaranteed(&other, &opened)).await);
        let expected = ("GUARANTEE_FOR_OTHERS", "claim.guarantee_id");
        assert_eq!((told.0.as_str(), told.1.as_str()), expected);
    }
    assert_eq!(desk.guarantee(&opened.guarantee_id).await, opened);
    // What ends later, or turned out to be another kind of stay, is the same stay.
    let longer = common::Claim {
        end_day: "2017-03-20".into(),
        ..claim
    };
    desk.post(&guaranteed(&longer, &opened)).await.unwrap();
}

#[tokio::test]
async fn a_visit_that_has_one_is_not_settled_without_naming_it() {
    let mut desk = Desk::open().await;
    let claim = stay(1, "V1", "2017-03-10", 8_000);
    let opened = desk.admit(&claim).await.unwrap();
    let expected = ("GUARANTEE_NOT_NAMED", "claim.guarantee_id");
    let told = no(desk.post(&claim).await);
    assert_eq!((told.0.as_str(), told.1.as_str()), expected);
    let batch = [stay(1, "V0", "2017-02-10", 700), claim.clone()];
    let told = no(desk.hold(&batch).await);
    let expected = ("GUARANTEE_NOT_NAMED", "claims[1].claim.guarantee_id");
    assert_eq!((told.0.as_str(), told.1.as_str()), expected);
    // What it would cost may be asked; other visits, and the same number elsewhere, are settled.
    desk.price(&claim).await.unwrap();
    desk.post(&batch[0]).await.unwrap();
    let elsewhere = common::Claim {
        institution_code: OTHER_HOSPITAL.into(),
        ..stay(1, "V1", "2017-03-01", 900)
    };
    desk.post(&elsewhere).await.unwrap();
    desk.post(&guaranteed(&claim, &opened)).await.unwrap();
    assert_eq!(desk.open_guarantees().await, 0);

    // Opened between hold and posting: nothing of the batch is posted.
    let claim = stay(2, "V2", "2017-03-10", 8_000);
    let (_, hold) = desk.hold(std::slice::from_ref(&claim)).await.unwrap();
    desk.admit(&claim).await.unwrap();
    let told = no(desk.post_holds(&[&hold.hold_id]).await);
    assert_eq!(told, ("GUARANTEE_NOT_NAMED".into(), "hold_ids".into()));
}

#[tokio::test]
async fn a_settled_visit_is_not_guaranteed() {
    let mut desk = Desk::open().await;
    let claim = stay(1, "V1", "2017-03-10", 8_000);
    let settled = desk.post(&claim).await.unwrap();
    let told = no(desk.admit(&claim).await);
    assert_eq!(told, ("VISIT_SETTLED".into(), "stay.visit_number".into()));
    assert_eq!(desk.open_guarantees().await, 0);
    desk.admit(&stay(1, "V2", "2017-03-10", 8_000))
        .await
        .unwrap();
    desk.reverse(&settled.settlement_id).await.unwrap();
    desk.admit(&stay(2, "V1", "2017-03-10", 8_000))
        .await
        .unwrap();
}

#[tokio::test]
async fn withdrawn_it_closes_nothing_and_never_opens_again() {
    let mut desk = Desk::open().await;
    let claim = stay(1, "V1", "2017-03-10", 8_000);
    let request = admission(&mut desk, &claim);
    let opened = desk
        .client
        .open_guarantee(of(request.clone()))
        .await
        .unwrap();
    let opened = opened.into_inner().guarantee.unwrap();
    let settled = desk.post(&guaranteed(&claim, &opened)).await.unwrap();
    let withdraw = pb::WithdrawOpenGuaranteeRequest {
        original_request_id: request.request_id,
    };
    desk.client
        .withdraw_open_guarantee(of(withdraw))
        .await
        .unwrap();
    // The settlement stands.
    assert_eq!(
        desk.guarantee(&opened.guarantee_id).await.state(),
        State::Closed
    );
    desk.reverse(&settled.settlement_id).await.unwrap();
    let withdrawn = desk.guarantee(&opened.guarantee_id).await;
    assert_eq!(withdrawn.state(), State::Withdrawn);
    assert_eq!(
        code(desk.post(&guaranteed(&claim, &opened)).await),
        "GUARANTEE_UNKNOWN"
    );
    desk.admit(&claim).await.unwrap();
}

#[tokio::test]
async fn it_stays_closed_when_another_is_open_meanwhile() {
    let mut desk = Desk::open().await;
    let claim = stay(1, "V1", "2017-03-10", 8_000);
    let first = desk.admit(&claim).await.unwrap();
    let settled = desk.post(&guaranteed(&claim, &first)).await.unwrap();
    let second = desk.admit(&stay(1, "V2", "2017-04-01", 100)).await.unwrap();
    desk.reverse(&settled.settlement_id).await.unwrap();
    assert_eq!(
        desk.guarantee(&first.guarantee_id).await.state(),
        State::Closed
    );
    assert_eq!(
        desk.guarantee(&second.guarantee_id).await.state(),
        State::Open
    );
}

#[tokio::test]
async fn a_batch_closes_and_opens_guarantees_too() {
    let mut desk = Desk::open().await;
    let mut claims = three(1);
    claims[1].begin_day = "2016-12-30".into();
    let opened = desk.admit(&claims[1]).await.unwrap();
    claims[1].guarantee_id = opened.guarantee_id.clone();
    let mut twice = claims.clone();
    twice[2].visit_number = twice[1].visit_number.clone();
    twice[2].begin_day = twice[1].begin_day.clone();
    twice[2].guarantee_id = opened.guarantee_id.clone();
    let told = no(desk.hold(&twice).await);
    let expected = ("GUARANTEE_CLOSED", "claims[2].claim.guarantee_id");
    assert_eq!((told.0.as_str(), told.1.as_str()), expected);

    let (_, hold) = desk.hold(&claims).await.unwrap();
    // Held is not settled.
    assert_eq!(
        desk.guarantee(&opened.guarantee_id).await.state(),
        State::Open
    );
    let posted = desk.post_holds(&[&hold.hold_id]).await.unwrap().settlements;
    let closed = desk.guarantee(&opened.guarantee_id).await;
    assert_eq!(closed.state(), State::Closed);
    assert_eq!(closed.settlement_id, posted[1].settlement_id);
    desk.reverse_holds(&[&hold.hold_id]).await.unwrap();
    assert_eq!(desk.guarantee(&opened.guarantee_id).await, opened);

    // Closed between hold and posting: nothing of the batch is posted.
    let (_, hold) = desk.hold(&claims).await.unwrap();
    let mut last_year = claims[1].clone();
    last_year.end_day = "2016-12-31".into();
    desk.post(&last_year).await.unwrap();
    assert_eq!(
        code(desk.post_holds(&[&hold.hold_id]).await),
        "GUARANTEE_CLOSED"
    );
    assert!(desk.accumulators(&person(1)).await.accumulators.is_empty());
}

#[tokio::test]
async fn it_is_cancelled_unless_a_standing_settlement_closed_it() {
    let mut desk = Desk::open().await;
    let claim = stay(1, "V1", "2017-03-10", 8_000);
    let opened = desk.admit(&claim).await.unwrap();
    let settled = desk.post(&guaranteed(&claim, &opened)).await.unwrap();
    let cancel = |id: &str| pb::CancelGuaranteeRequest {
        request_id: id.into(),
        origin: Vec::new(),
        guarantee_id: opened.guarantee_id.clone(),
        reason: "测试撤回".into(),
    };
    let closed = desk.client.cancel_guarantee(of(cancel("C1"))).await;
    let told = no(closed);
    assert_eq!(told, ("GUARANTEE_CLOSED".into(), "guarantee_id".into()));
    assert_eq!(
        desk.guarantee(&opened.guarantee_id).await.state(),
        State::Closed
    );
    desk.reverse(&settled.settlement_id).await.unwrap();
    let cancelled = desk.client.cancel_guarantee(of(cancel("C2"))).await;
    let cancelled = cancelled.unwrap().into_inner().guarantee.unwrap();
    assert_eq!(cancelled.state(), State::Withdrawn);
    assert_eq!(desk.guarantee(&opened.guarantee_id).await, cancelled);
    let again = desk.client.cancel_guarantee(of(cancel("C2"))).await;
    assert!(again.unwrap().into_inner().replayed);
    let anew = desk.client.cancel_guarantee(of(cancel("C3"))).await;
    assert_eq!(code(anew), "GUARANTEE_UNKNOWN");
    // One that was not opened again, because another was open, can be cancelled too.
    let first = desk.admit(&claim).await.unwrap();
    let settled = desk.post(&guaranteed(&claim, &first)).await.unwrap();
    desk.admit(&stay(1, "V2", "2017-04-01", 100)).await.unwrap();
    desk.reverse(&settled.settlement_id).await.unwrap();
    let request = pb::CancelGuaranteeRequest {
        guarantee_id: first.guarantee_id,
        ..cancel("C4")
    };
    let cancelled = desk.client.cancel_guarantee(of(request)).await.unwrap();
    let cancelled = cancelled.into_inner().guarantee.unwrap();
    assert_eq!(cancelled.state(), State::Withdrawn);
}
