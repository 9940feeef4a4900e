//! Releases: never refused, and undone as long as nobody else uses the referral.

use super::*;
use proto::referral::{ReleaseReferralRequest, WithdrawReleaseReferralRequest};

fn release(request_id: &str, referral_id: &str, visit_number: &str) -> ReleaseReferralRequest {
    ReleaseReferralRequest {
        request_id: request_id.into(),
        referral_id: referral_id.into(),
        visit_number: visit_number.into(),
        origin: Vec::new(),
    }
}

/// Where the referral stands, whether it was released by this request, whether it is a replay.
type Let = Result<(Option<State>, bool, bool), (String, bool)>;

impl Caller {
    async fn release(&mut self, message: ReleaseReferralRequest) -> Let {
        let answer = self.client.release_referral(self.context.own(message));
        let answer = answer.await.map_err(no)?.into_inner();
        let state = answer.referral.map(|referral| referral.state());
        Ok((state, answer.released, answer.replayed))
    }

    async fn withdraw_release(&mut self, original: &str) -> Told {
        let message = WithdrawReleaseReferralRequest {
            original_request_id: original.into(),
        };
        let asked = self.ask(message);
        let answer = self.client.withdraw_release_referral(asked).await.unwrap();
        answer.into_inner().outcome.unwrap().state()
    }

    async fn used_by(&mut self, id: &str) -> String {
        self.get(id).await.unwrap().used_by_visit_number
    }
}

const APPROVED: Option<State> = Some(State::Approved);
const USED: Option<State> = Some(State::Used);

#[tokio::test]
async fn what_a_stay_used_is_free_for_another() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    let id = clerk.approved("R1").await;
    clerk.put_to_use(stay("U1", &id, "Z1")).await.unwrap();
    let released = clerk.release(release("L1", &id, "Z1")).await;
    assert_eq!(released, Ok((APPROVED, true, false)));
    assert_eq!(clerk.used_by(&id).await, "");
    let again = clerk.release(release("L1", &id, "Z1")).await;
    assert_eq!(again, Ok((APPROVED, true, true)));
    let other = clerk.release(release("L1", &id, "Z2")).await;
    assert_eq!(other, Err(("REQUEST_ID_REUSED".into(), false)));
    clerk.put_to_use(stay("U2", &id, "Z2")).await.unwrap();
    // The repeat shows what stands and takes nothing from the second stay.
    let again = clerk.release(release("L1", &id, "Z1")).await;
    assert_eq!(again, Ok((USED, true, true)));
    assert_eq!(clerk.used_by(&id).await, "Z2");
    let (told, subject) = clerk.outcome("ReleaseReferral", "L1").await;
    assert_eq!((told, subject), (Told::Done, id));
    assert_eq!(house.told("referral.released").await, 1);
}

#[tokio::test]
async fn nothing_to_release_is_no_refusal() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    let id = clerk.approved("R1").await;
    let nothing = |state, replayed| Ok((state, false, replayed));
    for (n, referral, state) in [(1, NOBODY, None), (2, id.as_str(), APPROVED)] {
        let message = release(&format!("L{n}"), referral, "Z1");
        assert_eq!(clerk.release(message.clone()).await, nothing(state, false));
        assert_eq!(clerk.release(message).await, nothing(state, true));
    }
    clerk.put_to_use(stay("U1", &id, "Z1")).await.unwrap();
    let others = clerk.release(release("L3", &id, "Z2")).await;
    assert_eq!(others, nothing(USED, false));
    // Asked too early, it released nothing; the repeat releases nothing either.
    let early = clerk.release(release("L2", &id, "Z1")).await;
    assert_eq!(early, nothing(USED, true));
    let mut elsewhere = house.caller("clerk-1", "152502", Role::Clerk);
    let told = elsewhere.release(release("L1", &id, "Z1")).await;
    assert_eq!(told, nothing(None, false));
    for original in ["L1", "L2", "L3"] {
        let told = clerk.withdraw_release(original).await;
        assert_eq!(told, Told::Withdrawn, "{original}");
    }
    assert_eq!(clerk.used_by(&id).await, "Z1");
    // A request withdrawn goes on showing who had used the referral.
    clerk.withdraw_request("R1").await;
    let told = clerk.release(release("L4", &id, "Z1")).await;
    assert_eq!(told, nothing(Some(State::Withdrawn), false));
    assert_eq!(clerk.used_by(&id).await, "Z1");
    assert_eq!(house.told("referral.released").await, 0);
    assert_eq!(house.told("referral.release_withdrawn").await, 0);
}

#[tokio::test]
async fn a_release_withdrawn_brings_back_the_use_where_it_still_can() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    let id = clerk.approved("R1").await;
    clerk.put_to_use(stay("U1", &id, "Z1")).await.unwrap();
    clerk.release(release("L1", &id, "Z1")).await.unwrap();
    assert_eq!(clerk.withdraw_release("L1").await, Told::Withdrawn);
    assert_eq!(clerk.used_by(&id).await, "Z1");
    let late = clerk.release(release("L1", &id, "Z1")).await;
    assert_eq!(late, Err(("REQUEST_WITHDRAWN".into(), true)));
    // Another stay uses it: withdrawing takes nothing from it, now or when it is free again.
    clerk.release(release("L2", &id, "Z1")).await.unwrap();
    clerk.put_to_use(stay("U2", &id, "Z2")).await.unwrap();
    assert_eq!(clerk.withdraw_release("L2").await, Told::Withdrawn);
    assert_eq!(clerk.used_by(&id).await, "Z2");
    clerk.release(release("L3", &id, "Z2")).await.unwrap();
    assert_eq!(clerk.withdraw_release("L2").await, Told::Withdrawn);
    assert_eq!(clerk.state(&id).await, State::Approved);
    // The stay's use comes back as that request's own, and goes with it.
    assert_eq!(clerk.withdraw_release("L3").await, Told::Withdrawn);
    assert_eq!(clerk.used_by(&id).await, "Z2");
    assert_eq!(clerk.withdraw_use("U2").await, Told::Withdrawn);
    assert_eq!(clerk.state(&id).await, State::Approved);
    assert_eq!(house.told("referral.released").await, 3);
    assert_eq!(house.told("referral.release_withdrawn").await, 2);
}

#[tokio::test]
async fn a_use_withdrawn_behind_its_release_never_comes_back() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    let id = clerk.approved("R1").await;
    clerk.put_to_use(stay("U1", &id, "Z1")).await.unwrap();
    clerk.release(release("L1", &id, "Z1")).await.unwrap();
    assert_eq!(clerk.withdraw_use("U1").await, Told::Withdrawn);
    assert_eq!(clerk.withdraw_release("L1").await, Told::Withdrawn);
    assert_eq!(clerk.state(&id).await, State::Approved);
    assert_eq!(clerk.withdraw_release("L9").await, Told::Withdrawn);
    let late = clerk.release(release("L9", &id, "Z1")).await;
    assert_eq!(late, Err(("REQUEST_WITHDRAWN".into(), true)));
}

/// A step of a saga carries the origin of the request that the saga is for.
#[tokio::test]
async fn a_saga_s_origin_decides_what_is_the_same_release() {
    let house = House::open().await;
    let mut saga = house.caller("orchestrator", "152501", Role::Service);
    let id = saga.approved("R1").await;
    saga.put_to_use(stay("S-1", &id, "Z1")).await.unwrap();
    let carried = |origin: Vec<u8>| ReleaseReferralRequest {
        origin,
        ..release("S-2", &id, "Z1")
    };
    let told = saga.release(carried(vec![1; 31])).await;
    assert_eq!(told, Err(("INVALID_FIELD".into(), false)));
    let told = saga.release(carried(vec![1; 32])).await;
    assert_eq!(told, Ok((APPROVED, true, false)));
    let told = saga.release(carried(vec![1; 32])).await;
    assert_eq!(told, Ok((APPROVED, true, true)));
    let told = saga.release(carried(vec![2; 32])).await;
    assert_eq!(told, Err(("REQUEST_ID_REUSED".into(), false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_releases_at_once_exactly_one_frees_it() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    let id = clerk.approved("R1").await;
    clerk.put_to_use(stay("U1", &id, "Z1")).await.unwrap();
    let tries = (0..8).map(|n| {
        let (mut clerk, id) = (house.clerk(), &id);
        async move { clerk.release(release(&format!("L{n}"), id, "Z1")).await }
    });
    let told = join_all(tries).await;
    let freed = told
        .iter()
        .filter(|told| **told == Ok((APPROVED, true, false)));
    assert_eq!(freed.count(), 1, "{told:?}");
    let late = told
        .iter()
        .filter(|told| **told == Ok((APPROVED, false, false)));
    assert_eq!(late.count(), 7, "{told:?}");
}
