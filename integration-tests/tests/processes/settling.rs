//! Claims through six processes: settled, repeated, reversed; a process killed; two replicas.

use crate::{Fleet, certificates, furnish, insure, is_shared, replica, service};
use integration_tests::{AREA, CLINIC, HOSPITAL, PATIENCE, code, patient, stay};
use proto::common::Member;
use proto::common::settlement::State as Standing;
use proto::inspection::inspection_service_client::InspectionServiceClient;
use proto::interregional::interregional_service_client::InterregionalServiceClient;
use proto::referral::referral_service_client::ReferralServiceClient;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use proto::{inspection, interregional, orchestrator, referral, settlement};
use std::time::Instant;
use store::testing::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn six_processes_settle_repeat_and_reverse() {
    if !is_shared() {
        return;
    }
    let fleet = Fleet::start().await;
    furnish(fleet.wire("settlement")).await;
    let person = insure(fleet.wire("enrollment")).await;
    let claim = stay(&person, "V-1", 10_000);
    let (settled, replayed) = fleet.settle("settle-1", &claim).await;
    assert!(
        !replayed && settled.amounts.as_ref().unwrap().funds_fen > 0,
        "{settled:?}"
    );
    assert_eq!(
        fleet.settle("settle-1", &claim).await,
        (settled.clone(), true)
    );

    // What one peer answers alone is answered at the orchestrator's port as well, for whoever asks.
    let one = orchestrator::ReceiptServiceGetSettlementRequest {
        settlement_id: settled.settlement_id.clone(),
    };
    let mut own = fleet.desk(HOSPITAL).receipts();
    let read = own.get_settlement(patient(one.clone())).await.unwrap();
    assert_eq!(read.into_inner().settlement.as_ref(), Some(&settled));
    let no = fleet.desk(CLINIC).receipts().get_settlement(one).await;
    assert_eq!(code(&no.unwrap_err()), "SETTLEMENT_UNKNOWN");

    let reverse = orchestrator::ReverseRequest {
        request_id: "reverse-1".into(),
        settlement_id: settled.settlement_id.clone(),
        reason: "测试撤销".into(),
    };
    let reversed = fleet
        .clerk()
        .reverse(patient(reverse.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(reversed.settlement.unwrap().state(), Standing::Reversed);
    let again = fleet
        .clerk()
        .reverse(patient(reverse))
        .await
        .unwrap()
        .into_inner();
    assert!(again.replayed);
    let mut books = SettlementServiceClient::new(fleet.wire("settlement"));
    let request = service().own(settlement::GetTrialBalanceRequest {});
    let balance = books.get_trial_balance(request).await.unwrap().into_inner();
    assert!(
        balance.accounts.len() > 1 && balance.sum_fen == 0,
        "{balance:?}"
    );

    // The other processes answer as well.
    let mut inspector = InspectionServiceClient::new(fleet.wire("inspection"));
    let request = inspection::ListRulesRequest {
        as_of_day: "2017-06-01".into(),
    };
    let rules = inspector
        .list_rules(service().own(request))
        .await
        .unwrap()
        .into_inner();
    assert!(!rules.rules.is_empty());
    let mut referrals = ReferralServiceClient::new(fleet.wire("referral"));
    let request = referral::GetReferralRequest {
        referral_id: settled.settlement_id,
    };
    let no = referrals
        .get_referral(service().own(request))
        .await
        .unwrap_err();
    assert_eq!(code(&no), "REFERRAL_UNKNOWN");
    let mut regions = InterregionalServiceClient::new(fleet.wire("interregional"));
    let request = interregional::ListParticipantsRequest::default();
    regions
        .list_participants(service().own(request))
        .await
        .unwrap();

    let Fleet {
        inner,
        orchestrator,
        ..
    } = fleet;
    orchestrator.stop("orchestrator");
    for (service, process) in inner {
        process.stop(service);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_settled_survives_a_kill() {
    if !is_shared() {
        return;
    }
    let mut fleet = Fleet::start().await;
    furnish(fleet.wire("settlement")).await;
    let person = insure(fleet.wire("enrollment")).await;
    let claim = stay(&person, "V-1", 10_000);
    let (settled, _) = fleet.settle("settle-1", &claim).await;

    let address = fleet.inner.remove("settlement").unwrap().kill();
    fleet.restart("settlement", &address);

    assert_eq!(
        fleet.settle("settle-1", &claim).await,
        (settled.clone(), true)
    );
    let mut books = SettlementServiceClient::new(fleet.wire("settlement"));
    let settlement_id = settled.settlement_id.clone();
    let request = service().own(settlement::GetSettlementRequest { settlement_id });
    let found = books.get_settlement(request).await.unwrap().into_inner();
    assert_eq!(found.settlement.unwrap(), settled);
    let (next, replayed) = fleet
        .settle("settle-2", &stay(&person, "V-2", 20_000))
        .await;
    assert_eq!((next.ordinal, replayed), (settled.ordinal + 1, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_answer_one_key_once() {
    const CLAIMS: usize = 20;
    if !is_shared() {
        return;
    }
    let database = TestDatabase::open().await.unwrap();
    let replicas = [
        replica("settlement", &database),
        replica("settlement", &database),
    ];
    let clients = || {
        replicas
            .each_ref()
            .map(|r| SettlementServiceClient::new(r.wire(&certificates().service())))
    };
    furnish(replicas[0].wire(&certificates().service())).await;
    for n in 0..CLAIMS {
        let person = format!("0190d6b2-5f5e-7cc3-98c4-dc0c0c{n:06}");
        let claim = stay(&person, &format!("V-{n}"), 1_000);
        let member = Member {
            person_id: person,
            area_code: AREA.into(),
            person_version: 1,
            scheme: "390".into(),
            as_of_day: claim.end_day.clone(),
            eligible: true,
            sex: "2".into(),
            birth_day: "1980-01-01".into(),
            ..Default::default()
        };
        let request = settlement::PostSettlementRequest {
            request_id: format!("post-{n}"),
            claim: Some(claim),
            member: Some(member),
            ..Default::default()
        };
        let [mut first, mut second] = clients();
        let (caller, other) = (service(), service());
        let (one, two) = tokio::join!(
            first.post_settlement(caller.own(request.clone())),
            second.post_settlement(other.own(request)),
        );
        let (one, two) = (one.unwrap().into_inner(), two.unwrap().into_inner());
        assert_eq!(one.settlement, two.settlement);
        assert!(
            one.replayed != two.replayed,
            "claim {n}: {} {}",
            one.replayed,
            two.replayed
        );
    }

    // Both seal; no event is lost or told twice, and positions have no gap.
    let [mut client, _] = clients();
    let limit = Instant::now() + PATIENCE;
    let events = loop {
        let request = settlement::ListEventsRequest {
            after_position: 0,
            page_size: 500,
        };
        let answer = client.list_events(service().own(request)).await.unwrap();
        let events = answer.into_inner().events;
        let posted = events
            .iter()
            .filter(|event| event.kind == "settlement.posted")
            .count();
        if posted >= CLAIMS {
            break events;
        }
        assert!(Instant::now() < limit, "{posted} of {CLAIMS} are sealed");
    };
    let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..=events.len() as i64).collect::<Vec<_>>());
    // An institution, a catalogue, and one for each claim.
    assert_eq!(events.len(), CLAIMS + 2);
    let balance = client.get_trial_balance(service().own(settlement::GetTrialBalanceRequest {}));
    assert_eq!(balance.await.unwrap().into_inner().sum_fen, 0);
    for replica in replicas {
        replica.stop("settlement");
    }
}
