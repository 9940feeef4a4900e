//! The service as its callers see it, through the same layers as from the network.

use futures_util::future::join_all;
use kernel::{AreaCode, Instant, Principal, Role};
use proto::common::outcome::State as Told;
use proto::referral::referral::State;
use proto::referral::referral_service_client::ReferralServiceClient;
use proto::referral::{
    ApproveReferralRequest, BurnRequest, GetOutcomeRequest, GetReferralRequest, Referral,
    RequestReferralRequest, UseReferralRequest, WithdrawApproveReferralRequest,
    WithdrawRequestReferralRequest, WithdrawUseReferralRequest,
};
use runtime::clock::ManualClock;
use runtime::{Context, Settings, Wire, fault_of};
use std::sync::Arc;
use std::time::Duration;
use store::testing::TestDatabase;
use store::{Db, event};
use tonic::{Request, Status};

const PERSON: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";
const NOBODY: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c073990";
const TOWNSHIP: &str = "H15250100002";
const COUNTY: &str = "H15250100001";
/// 2017-03-10 in Shanghai.
const NOW: Instant = Instant::from_micros(1_489_110_000_000_000);

/// Somebody who calls it.
struct Caller {
    client: ReferralServiceClient<Wire>,
    context: Context,
}

/// The service over a database of its own.
struct House {
    wire: Wire,
    db: Db,
    clock: Arc<ManualClock>,
    _database: TestDatabase,
}

#[path = "service/bars.rs"]
mod bars;
#[path = "service/releases.rs"]
mod releases;

impl House {
    async fn open() -> House {
        let database = TestDatabase::open().await.unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let settings = Settings::embedded(listen, area("152501"), database.url(referral::NAME));
        let clock = Arc::new(ManualClock::at(NOW));
        let db = referral::open(&settings).await.unwrap();
        let service = referral::build(db.clone(), &settings, clock.clone());
        House {
            wire: service.wire(),
            db,
            clock,
            _database: database,
        }
    }

    fn caller(&self, name: &str, area_code: &str, role: Role) -> Caller {
        let principal = Principal {
            caller: name.into(),
            on_behalf_of: None,
            area: area(area_code),
            roles: vec![role],
        };
        Caller {
            client: ReferralServiceClient::new(self.wire.clone()),
            context: Context::of(principal, Duration::from_secs(30)),
        }
    }

    /// How many events of a kind were told.
    async fn told(&self, kind: &str) -> usize {
        while event::seal(&self.db, NOW).await.unwrap() > 0 {}
        let here = area("152501");
        let events = event::list(&self.db, &here, 0, 500).await.unwrap();
        events.iter().filter(|event| event.kind == kind).count()
    }

    fn clerk(&self) -> Caller {
        self.caller("clerk-1", "152501", Role::Clerk)
    }
}

fn area(text: &str) -> AreaCode {
    AreaCode::parse(text).unwrap()
}

fn wanted(request_id: &str) -> RequestReferralRequest {
    RequestReferralRequest {
        request_id: request_id.into(),
        person_id: PERSON.into(),
        from_institution_code: TOWNSHIP.into(),
        to_institution_code: COUNTY.into(),
        referral_type: "1".into(),
        diagnosis_code: "I63.900".into(),
        reason: "本院条件所限,需进一步诊治".into(),
        from_day: "2017-03-10".into(),
    }
}

fn stay(request_id: &str, referral_id: &str, visit_number: &str) -> UseReferralRequest {
    UseReferralRequest {
        request_id: request_id.into(),
        referral_id: referral_id.into(),
        person_id: PERSON.into(),
        institution_code: COUNTY.into(),
        visit_number: visit_number.into(),
        admission_day: "2017-03-12".into(),
        origin: Vec::new(),
    }
}

/// A refusal's code, and whether a repeat will be refused alike.
fn no(status: Status) -> (String, bool) {
    let refusal = fault_of(status, false).into_refusal();
    assert!(!refusal.sentence().is_empty() && !refusal.remedy.is_empty());
    (refusal.code.to_string(), refusal.remembered)
}

fn remembered(code: &str) -> Result<(State, bool), (String, bool)> {
    Err((code.into(), true))
}

fn passing(code: &str) -> Result<(State, bool), (String, bool)> {
    Err((code.into(), false))
}

/// Where the referral stands after a change and whether it was a replay; or the refusal.
type Changed = Result<(State, bool), (String, bool)>;

impl Caller {
    fn ask<T>(&self, message: T) -> Request<T> {
        self.context.own(message)
    }

    async fn request(&mut self, message: RequestReferralRequest) -> Result<Referral, Status> {
        let answer = self.client.request_referral(self.context.own(message));
        Ok(answer.await?.into_inner().referral.unwrap())
    }

    /// A new referral's id.
    async fn requested(&mut self, request_id: &str) -> String {
        let referral = self.request(wanted(request_id)).await.unwrap();
        assert_eq!(referral.state(), State::Requested);
        referral.referral_id
    }

    /// A new approved referral's id, approved by a request of the same id.
    async fn approved(&mut self, request_id: &str) -> String {
        let id = self.requested(request_id).await;
        assert_eq!(
            self.approve(request_id, &id).await,
            Ok((State::Approved, false))
        );
        id
    }

    async fn approve(&mut self, request_id: &str, id: &str) -> Changed {
        let message = ApproveReferralRequest {
            request_id: request_id.into(),
            referral_id: id.into(),
            opinion: "同意转诊".into(),
        };
        let answer = self.client.approve_referral(self.context.own(message));
        let answer = answer.await.map_err(no)?.into_inner();
        Ok((answer.referral.unwrap().state(), answer.replayed))
    }

    async fn put_to_use(&mut self, message: UseReferralRequest) -> Changed {
        let answer = self.client.use_referral(self.context.own(message));
        let answer = answer.await.map_err(no)?.into_inner();
        Ok((answer.referral.unwrap().state(), answer.replayed))
    }

    async fn get(&mut self, id: &str) -> Result<Referral, Status> {
        let message = GetReferralRequest {
            referral_id: id.into(),
        };
        let answer = self.client.get_referral(self.context.own(message)).await?;
        Ok(answer.into_inner().referral.unwrap())
    }

    async fn state(&mut self, id: &str) -> State {
        self.get(id).await.unwrap().state()
    }

    async fn withdraw_request(&mut self, original: &str) -> Told {
        let message = WithdrawRequestReferralRequest {
            original_request_id: original.into(),
        };
        let asked = self.ask(message);
        let answer = self.client.withdraw_request_referral(asked).await.unwrap();
        answer.into_inner().outcome.unwrap().state()
    }

    async fn withdraw_approve(&mut self, original: &str) -> Told {
        let message = WithdrawApproveReferralRequest {
            original_request_id: original.into(),
        };
        let asked = self.ask(message);
        let answer = self.client.withdraw_approve_referral(asked).await.unwrap();
        answer.into_inner().outcome.unwrap().state()
    }

    async fn withdraw_use(&mut self, original: &str) -> Told {
        let message = WithdrawUseReferralRequest {
            original_request_id: original.into(),
        };
        let asked = self.ask(message);
        let answer = self.client.withdraw_use_referral(asked).await.unwrap();
        answer.into_inner().outcome.unwrap().state()
    }

    async fn outcome(&mut self, method: &str, request_id: &str) -> (Told, String) {
        let message = GetOutcomeRequest {
            request_id: request_id.into(),
            method: method.into(),
        };
        let asked = self.ask(message);
        let answer = self.client.get_outcome(asked).await.unwrap();
        let outcome = answer.into_inner().outcome.unwrap();
        (outcome.state(), outcome.subject_id)
    }

    async fn burn(&mut self, method: &str, original: &str) -> Told {
        let message = BurnRequest {
            original_request_id: original.into(),
            method: method.into(),
        };
        let asked = self.ask(message);
        let answer = self.client.burn(asked).await.unwrap();
        answer.into_inner().outcome.unwrap().state()
    }
}

#[tokio::test]
async fn from_request_to_use() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    let made = clerk.request(wanted("R1")).await.unwrap();
    assert_eq!(
        (made.from_day.as_str(), made.until_day.as_str()),
        ("2017-03-10", "2017-06-10")
    );
    assert_eq!(
        (made.referral_type.as_str(), made.diagnosis_code.as_str()),
        ("1", "I63.900")
    );
    let id = made.referral_id;
    assert_eq!(
        clerk.put_to_use(stay("U0", &id, "Z0")).await,
        remembered("REFERRAL_NOT_APPROVED")
    );
    assert_eq!(clerk.approve("A1", &id).await, Ok((State::Approved, false)));
    assert_eq!(
        clerk.approve("A2", &id).await,
        remembered("REFERRAL_NOT_REQUESTED")
    );
    assert_eq!(
        clerk.put_to_use(stay("U1", &id, "Z1")).await,
        Ok((State::Used, false))
    );
    assert_eq!(clerk.get(&id).await.unwrap().used_by_visit_number, "Z1");
    // One stay only; and the no given before the approval is the answer for ever.
    assert_eq!(
        clerk.put_to_use(stay("U2", &id, "Z2")).await,
        remembered("REFERRAL_USED")
    );
    assert_eq!(
        clerk.put_to_use(stay("U0", &id, "Z0")).await,
        remembered("REFERRAL_NOT_APPROVED")
    );
}

#[tokio::test]
async fn a_repeat_shows_the_referral_as_it_is_now() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    let id = clerk.approved("R1").await;
    let again = clerk.request(wanted("R1")).await.unwrap();
    assert_eq!(
        (&again.referral_id, again.state()),
        (&id, State::Approved),
        "made once"
    );
    assert_eq!(
        clerk.put_to_use(stay("U1", &id, "Z1")).await,
        Ok((State::Used, false))
    );
    assert_eq!(
        clerk.put_to_use(stay("U1", &id, "Z1")).await,
        Ok((State::Used, true))
    );
    assert_eq!(clerk.approve("R1", &id).await, Ok((State::Used, true)));
    let done = (Told::Done, id.clone());
    assert_eq!(clerk.outcome("RequestReferral", "R1").await, done);
    assert_eq!(clerk.outcome("UseReferral", "U1").await, done);
    assert_eq!(clerk.burn("UseReferral", "U1").await, Told::Done);
    assert_eq!(clerk.state(&id).await, State::Used);
    // Other content under a used id; another caller's ids are his own.
    assert_eq!(
        clerk.put_to_use(stay("U1", &id, "Z9")).await,
        passing("REQUEST_ID_REUSED")
    );
    let mut other = house.caller("clerk-2", "152501", Role::Clerk);
    assert_ne!(other.requested("R1").await, id);
}

#[tokio::test]
async fn a_saga_s_origin_decides_what_is_the_same_request() {
    let house = House::open().await;
    let mut saga = house.caller("orchestrator", "152501", Role::Service);
    let id = saga.approved("R1").await;
    let carried = |origin: Vec<u8>| UseReferralRequest {
        origin,
        ..stay("S-1", &id, "Z1")
    };
    assert_eq!(
        saga.put_to_use(carried(vec![1; 31])).await,
        passing("INVALID_FIELD")
    );
    let used = saga.put_to_use(carried(vec![1; 32])).await;
    assert_eq!(used, Ok((State::Used, false)));
    let again = saga.put_to_use(carried(vec![1; 32])).await;
    assert_eq!(again, Ok((State::Used, true)));
    let other = saga.put_to_use(carried(vec![2; 32])).await;
    assert_eq!(other, passing("REQUEST_ID_REUSED"));
}

#[tokio::test]
async fn each_withdrawal_takes_away_its_own_and_no_more() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    let id = clerk.approved("R1").await;
    // A use withdrawn can be made by another stay, and the late repeat takes nothing from it.
    clerk.put_to_use(stay("U1", &id, "Z1")).await.unwrap();
    assert_eq!(clerk.withdraw_use("U1").await, Told::Withdrawn);
    let free = clerk.get(&id).await.unwrap();
    assert_eq!(
        (free.state(), free.used_by_visit_number.as_str()),
        (State::Approved, "")
    );
    clerk.put_to_use(stay("U2", &id, "Z2")).await.unwrap();
    assert_eq!(clerk.withdraw_use("U1").await, Told::Withdrawn);
    assert_eq!(clerk.get(&id).await.unwrap().used_by_visit_number, "Z2");
    assert_eq!(
        clerk.put_to_use(stay("U1", &id, "Z1")).await,
        remembered("REQUEST_WITHDRAWN")
    );
    // An approval withdrawn behind a use leaves the use; without it the referral waits again.
    assert_eq!(clerk.withdraw_approve("R1").await, Told::Withdrawn);
    assert_eq!(clerk.state(&id).await, State::Used);
    assert_eq!(clerk.withdraw_use("U2").await, Told::Withdrawn);
    assert_eq!(clerk.state(&id).await, State::Requested);
    assert_eq!(clerk.approve("A2", &id).await, Ok((State::Approved, false)));
    assert_eq!(clerk.withdraw_approve("R1").await, Told::Withdrawn);
    assert_eq!(
        clerk.state(&id).await,
        State::Approved,
        "A2's approval stands"
    );
    // The request withdrawn is the end, whatever rested on it; the stay is still shown.
    clerk.put_to_use(stay("U3", &id, "Z3")).await.unwrap();
    assert_eq!(clerk.withdraw_request("R1").await, Told::Withdrawn);
    let gone = clerk.get(&id).await.unwrap();
    assert_eq!(
        (gone.state(), gone.used_by_visit_number.as_str()),
        (State::Withdrawn, "Z3")
    );
    assert_eq!(clerk.withdraw_use("U3").await, Told::Withdrawn);
    assert_eq!(clerk.withdraw_approve("A2").await, Told::Withdrawn);
    assert_eq!(clerk.state(&id).await, State::Withdrawn);
    assert_eq!(
        clerk.approve("A3", &id).await,
        remembered("REFERRAL_NOT_REQUESTED")
    );
    let late = clerk.request(wanted("R1")).await.map_err(no).unwrap_err();
    assert_eq!(late, ("REQUEST_WITHDRAWN".into(), true));
}

#[tokio::test]
async fn withdrawing_is_right_before_the_request_and_after_a_refusal() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    let id = clerk.approved("R1").await;
    assert_eq!(clerk.withdraw_request("R2").await, Told::Withdrawn);
    assert_eq!(clerk.withdraw_approve("A2").await, Told::Withdrawn);
    assert_eq!(clerk.withdraw_use("U2").await, Told::Withdrawn);
    let late = clerk.request(wanted("R2")).await.map_err(no).unwrap_err();
    assert_eq!(late, ("REQUEST_WITHDRAWN".into(), true));
    let late = remembered("REQUEST_WITHDRAWN");
    assert_eq!(clerk.approve("A2", &id).await, late);
    assert_eq!(clerk.put_to_use(stay("U2", &id, "Z2")).await, late);
    assert_eq!(
        clerk.approve("A3", &id).await,
        remembered("REFERRAL_NOT_REQUESTED")
    );
    assert_eq!(clerk.withdraw_approve("A3").await, Told::Refused);
    assert_eq!(clerk.burn("UseReferral", "U4").await, Told::Withdrawn);
    assert_eq!(clerk.put_to_use(stay("U4", &id, "Z4")).await, late);
    assert_eq!(clerk.state(&id).await, State::Approved);
    let (state, _) = clerk.outcome("UseReferral", "U9").await;
    assert_eq!(state, Told::UnknownHere);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_stays_at_once_exactly_one_uses_it() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    let id = clerk.approved("R1").await;
    let tries = (0..8).map(|n| {
        let (mut clerk, id) = (house.clerk(), &id);
        async move {
            let message = stay(&format!("U{n}"), id, &format!("Z{n}"));
            (n, clerk.put_to_use(message).await)
        }
    });
    let mut won = Vec::new();
    for (n, told) in join_all(tries).await {
        match told {
            Ok(used) => {
                assert_eq!(used, (State::Used, false));
                won.push(n);
            }
            lost => assert_eq!(lost, remembered("REFERRAL_USED")),
        }
    }
    let [winner] = won[..] else {
        panic!("won by {won:?}")
    };
    let used = clerk.get(&id).await.unwrap();
    assert_eq!(used.used_by_visit_number, format!("Z{winner}"));
}

#[tokio::test]
async fn refusals_by_field() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    let id = clerk.approved("R1").await;
    let home = RequestReferralRequest {
        to_institution_code: TOWNSHIP.into(),
        ..wanted("R2")
    };
    let told = clerk.request(home).await.map_err(no).unwrap_err();
    assert_eq!(told, ("SAME_INSTITUTION".into(), true));
    let fourth = RequestReferralRequest {
        referral_type: "4".into(),
        ..wanted("R3")
    };
    let told = clerk.request(fourth).await.map_err(no).unwrap_err();
    assert_eq!(told, ("INVALID_FIELD".into(), false));
    let late = UseReferralRequest {
        admission_day: "2017-06-10".into(),
        ..stay("U1", &id, "Z1")
    };
    assert_eq!(clerk.put_to_use(late).await, remembered("REFERRAL_EXPIRED"));
    let other = UseReferralRequest {
        person_id: NOBODY.into(),
        ..stay("U2", &id, "Z1")
    };
    assert_eq!(
        clerk.put_to_use(other).await,
        remembered("REFERRAL_FOR_OTHERS")
    );
    let elsewhere = UseReferralRequest {
        institution_code: TOWNSHIP.into(),
        ..stay("U3", &id, "Z1")
    };
    assert_eq!(
        clerk.put_to_use(elsewhere).await,
        remembered("REFERRAL_FOR_OTHERS")
    );
    assert_eq!(
        clerk.put_to_use(stay("U4", NOBODY, "Z1")).await,
        remembered("REFERRAL_UNKNOWN")
    );
}

#[tokio::test]
async fn nobody_crosses_areas_or_roles() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    let id = clerk.approved("R1").await;
    let mut elsewhere = house.caller("clerk-1", "152502", Role::Clerk);
    let told = elsewhere.get(&id).await.map_err(no).unwrap_err();
    assert_eq!(told.0, "REFERRAL_UNKNOWN");
    assert_eq!(
        elsewhere.put_to_use(stay("U1", &id, "Z1")).await,
        remembered("REFERRAL_UNKNOWN")
    );
    // The same caller name and request id in another area is another request.
    assert_eq!(elsewhere.withdraw_request("R1").await, Told::Withdrawn);
    assert_eq!(clerk.state(&id).await, State::Approved);
    let mut hospital = house.caller(COUNTY, "152501", Role::Institution);
    assert_eq!(
        hospital.approve("A1", &id).await,
        passing("PERMISSION_DENIED")
    );
}
