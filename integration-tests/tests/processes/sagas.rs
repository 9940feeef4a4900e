//! Sagas through six processes: a claim with a referral, a coordinator killed between two steps, and
//! two of them on one database.

use crate::{Fleet, furnish, insure, is_shared, orchestrator, service};
use integration_tests::{PATIENCE, admission, code, patient, referral_to_hospital, stay};
use proto::common::Filing;
use proto::common::outcome::State;
use proto::orchestrator as pb;
use proto::orchestrator::get_outcome_request::Method;
use proto::orchestrator::orchestrator_service_client::OrchestratorServiceClient;
use proto::referral::referral::State as Standing;
use proto::referral::referral_service_client::ReferralServiceClient;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use proto::{referral, settlement};
use runtime::Wire;
use sea_orm::{ConnectionTrait, Database, QueryResult, Statement};
use std::time::Instant;

impl Fleet {
    fn referrals(&self) -> ReferralServiceClient<Wire> {
        ReferralServiceClient::new(self.wire("referral"))
    }

    /// A referral of a person to the hospital, approved.
    pub(crate) async fn referred(&self, person: &str) -> String {
        let mut client = self.referrals();
        let request = referral_to_hospital("referral", person);
        let requested = client.request_referral(service().own(request)).await;
        let referral_id = requested
            .unwrap()
            .into_inner()
            .referral
            .unwrap()
            .referral_id;
        let request = referral::ApproveReferralRequest {
            request_id: "approval".into(),
            referral_id: referral_id.clone(),
            opinion: "同意".into(),
        };
        client
            .approve_referral(service().own(request))
            .await
            .unwrap();
        referral_id
    }

    /// What a saga made, and the numbers and writers of its journal's lines.
    async fn journal(&self, request_id: &str) -> (String, Vec<(i32, String)>) {
        let url = self.database.url("orchestrator");
        let database = Database::connect(url).await.unwrap();
        let asked = |what: String| Statement::from_string(database.get_database_backend(), what);
        let saga = asked(format!(
            "SELECT saga_id, subject FROM orchestrator.saga WHERE request_id = '{request_id}'"
        ));
        let saga = database.query_one_raw(saga).await.unwrap().unwrap();
        let id: String = saga.try_get("", "saga_id").unwrap();
        let lines = asked(format!(
            "SELECT number, written_by FROM orchestrator.saga_line WHERE saga_id = '{id}' \
             ORDER BY number"
        ));
        let lines = database.query_all_raw(lines).await.unwrap();
        let line = |row: &QueryResult| {
            let number = row.try_get("", "number").unwrap();
            (number, row.try_get("", "written_by").unwrap())
        };
        // Nothing while it runs.
        let subject: Option<String> = saga.try_get("", "subject").unwrap();
        let lines = lines.iter().map(line).collect();
        database.close().await.unwrap();
        (subject.unwrap_or_default(), lines)
    }

    pub(crate) async fn standing(&self, referral_id: &str) -> Standing {
        let request = referral::GetReferralRequest {
            referral_id: referral_id.into(),
        };
        let found = self.referrals().get_referral(service().own(request)).await;
        found.unwrap().into_inner().referral.unwrap().state()
    }
}

/// What became of a request. Who waits for it asks as fast as it is answered, which may be too fast.
pub(crate) async fn outcome(
    clerk: &mut OrchestratorServiceClient<Wire>,
    id: &str,
    method: Method,
) -> State {
    let request = pb::GetOutcomeRequest {
        request_id: id.into(),
        method: method.into(),
    };
    loop {
        match clerk.get_outcome(patient(request.clone())).await {
            Ok(told) => return told.into_inner().outcome.unwrap().state(),
            Err(no) => assert_eq!(code(&no), "CALLER_RATE_EXCEEDED", "{no}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn six_processes_use_a_referral_and_free_it() {
    if !is_shared() {
        return;
    }
    let fleet = Fleet::start().await;
    furnish(fleet.wire("settlement")).await;
    let person = insure(fleet.wire("enrollment")).await;
    let referral_id = fleet.referred(&person).await;
    let mut claim = stay(&person, "V-1", 10_000);
    claim.referral_id = referral_id.clone();
    claim.set_filing(Filing::Referred);
    let (settled, replayed) = fleet.settle("settle-1", &claim).await;
    assert_eq!((&settled.referral_id, replayed), (&referral_id, false));
    assert_eq!(fleet.standing(&referral_id).await, Standing::Used);
    assert_eq!(fleet.settle("settle-1", &claim).await, (settled, true));

    let withdraw = pb::WithdrawRequest {
        original_request_id: "settle-1".into(),
        method: Method::Settle.into(),
    };
    let gone = fleet.clerk().withdraw(patient(withdraw)).await.unwrap();
    let gone = gone.into_inner().outcome.unwrap();
    assert_eq!(gone.state(), State::Withdrawn, "{gone:?}");
    assert_eq!(fleet.standing(&referral_id).await, Standing::Approved);
    fleet.orchestrator.stop("orchestrator");
}

/// Between the use of the referral and the guarantee: settlement does not answer, and then nobody
/// has the saga any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_coordinator_left_is_brought_to_its_end() {
    if !is_shared() {
        return;
    }
    let mut fleet = Fleet::start().await;
    furnish(fleet.wire("settlement")).await;
    let person = insure(fleet.wire("enrollment")).await;
    let referral_id = fleet.referred(&person).await;
    let mut claim = stay(&person, "V-1", 10_000);
    claim.referral_id = referral_id.clone();
    let admit = pb::AdmitRequest {
        request_id: "admit-1".into(),
        admission: Some(admission(&claim)),
    };
    let replica = orchestrator(&fleet.database, &fleet.inner);
    let address = fleet.inner.remove("settlement").unwrap().kill();
    let (mut clerk, asked) = (fleet.clerk(), patient(admit.clone()));
    let waiting = tokio::spawn(async move { clerk.admit(asked).await });
    let limit = Instant::now() + PATIENCE;
    while fleet.standing(&referral_id).await != Standing::Used {
        assert!(Instant::now() < limit, "the referral is not used");
    }
    std::mem::replace(&mut fleet.orchestrator, replica).kill();
    waiting.await.unwrap().unwrap_err();

    let mut clerk = fleet.clerk();
    assert_eq!(
        outcome(&mut clerk, "admit-1", Method::Admit).await,
        State::Pending
    );
    fleet.restart("settlement", &address);
    let limit = Instant::now() + PATIENCE;
    while outcome(&mut clerk, "admit-1", Method::Admit).await != State::Done {
        assert!(Instant::now() < limit, "nobody takes it up");
    }
    let told = clerk.admit(patient(admit)).await.unwrap().into_inner();
    assert!(told.replayed);
    assert_eq!(
        told.guarantee.unwrap().admission.unwrap().referral_id,
        referral_id
    );
    fleet.orchestrator.stop("orchestrator");
}

/// A coordinator is stopped while it waits for settlement, and wakes when another has brought the saga
/// to its end: it finds that the saga is not its own any more, and tells what the other did.
#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_wakes_late_cannot_write() {
    if !is_shared() {
        return;
    }
    let fleet = Fleet::start().await;
    furnish(fleet.wire("settlement")).await;
    let person = insure(fleet.wire("enrollment")).await;
    let referral_id = fleet.referred(&person).await;
    let mut claim = stay(&person, "V-1", 10_000);
    claim.referral_id = referral_id.clone();
    let admit = pb::AdmitRequest {
        request_id: "admit-1".into(),
        admission: Some(admission(&claim)),
    };
    let other = orchestrator(&fleet.database, &fleet.inner);
    fleet.inner["settlement"].child.signal("STOP");
    let (mut clerk, asked) = (fleet.clerk(), patient(admit));
    let waiting = tokio::spawn(async move { clerk.admit(asked).await });
    let limit = Instant::now() + PATIENCE;
    while fleet.standing(&referral_id).await != Standing::Used {
        assert!(Instant::now() < limit, "the referral is not used");
    }
    // Stopped between its writes: within one it would keep the saga's row locked for as long as it sleeps.
    while fleet.journal("admit-1").await.1.len() < 2 {
        assert!(
            Instant::now() < limit,
            "the referral's use is not in the journal"
        );
    }
    fleet.orchestrator.child.signal("STOP");
    fleet.inner["settlement"].child.signal("CONT");
    let mut clerk = other.clerk();
    let limit = Instant::now() + PATIENCE;
    while outcome(&mut clerk, "admit-1", Method::Admit).await != State::Done {
        assert!(Instant::now() < limit, "nobody takes it up");
    }
    let journal = fleet.journal("admit-1").await;
    fleet.orchestrator.child.signal("CONT");
    let told = waiting.await.unwrap().unwrap().into_inner();
    let subject = told.guarantee.unwrap().guarantee_id;
    assert_eq!(fleet.journal("admit-1").await, journal);
    assert_eq!(journal.0, subject);
    // Begun by one, ended by the other, every line written once.
    let (first, last) = (journal.1.first().unwrap(), journal.1.last().unwrap());
    assert_ne!(first.1, last.1);
    assert!((0..).zip(&journal.1).all(|(n, line)| line.0 == n));
    other.stop("orchestrator");
    fleet.orchestrator.stop("orchestrator");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_coordinators_answer_one_key_once() {
    const SUSPENSIONS: usize = 12;
    if !is_shared() {
        return;
    }
    let fleet = Fleet::start().await;
    let other = orchestrator(&fleet.database, &fleet.inner);
    let mut settlement = SettlementServiceClient::new(fleet.wire("settlement"));
    for n in 0..SUSPENSIONS {
        let institution_code = format!("H1525017{n:04}");
        let institution = settlement::Institution {
            institution_code: institution_code.clone(),
            name: "测试机构".into(),
            tier: "2".into(),
            kind: "A1".into(),
            agreement_from_day: "2010-01-01".into(),
            ..Default::default()
        };
        let request = settlement::RegisterInstitutionRequest {
            request_id: format!("institution-{n}"),
            institution: Some(institution),
        };
        let registered = settlement.register_institution(service().own(request));
        registered.await.unwrap();
        let suspend = pb::SuspendOnlineSettlementRequest {
            request_id: format!("suspend-{n}"),
            institution_code,
            from_day: "2130-01-01".into(),
            until_day: "2130-07-01".into(),
            decision_number: "测试决定1号".into(),
            reason: "测试暂停".into(),
            ..Default::default()
        };
        let (mut first, mut second) = (fleet.clerk(), other.clerk());
        let (one, two) = tokio::join!(
            first.suspend_online_settlement(patient(suspend.clone())),
            second.suspend_online_settlement(patient(suspend)),
        );
        let (one, two) = (one.unwrap().into_inner(), two.unwrap().into_inner());
        assert_eq!(one.suspension_id, two.suspension_id);
        assert!(one.replayed || two.replayed, "suspension {n}");
    }
    let request = referral::ListBarsRequest::default();
    let bars = fleet.referrals().list_bars(service().own(request)).await;
    assert_eq!(bars.unwrap().into_inner().bars.len(), SUSPENSIONS);
    let mut books = SettlementServiceClient::new(fleet.wire("settlement"));
    let request = settlement::ListSuspensionsRequest::default();
    let listed = books.list_suspensions(service().own(request)).await;
    assert_eq!(listed.unwrap().into_inner().suspensions.len(), SUSPENSIONS);
    other.stop("orchestrator");
    fleet.orchestrator.stop("orchestrator");
}
