//! Who is believed at which port: services that know the secret, and nobody's word without it.

use crate::{Fleet, INNER, SECRET, furnish, insure, is_shared, service};
use integration_tests::{code, patient, stay};
use kernel::Principal;
use proto::common::outcome::State;
use proto::enrollment::enrollment_service_client::EnrollmentServiceClient;
use proto::inspection::inspection_service_client::InspectionServiceClient;
use proto::interregional::interregional_service_client::InterregionalServiceClient;
use proto::orchestrator::get_outcome_request::Method;
use proto::orchestrator::orchestrator_service_client::OrchestratorServiceClient;
use proto::referral::referral_service_client::ReferralServiceClient;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use proto::{enrollment, inspection, interregional, orchestrator, referral, settlement};
use runtime::Wire;
use tonic::{Code, Request, Status};

/// A question every inner service answers to a service, and its answer to these headers.
async fn asked(service: &str, wire: Wire, headers: &[(&'static str, &str)]) -> Result<(), Status> {
    fn with<T>(message: T, headers: &[(&'static str, &str)]) -> Request<T> {
        let mut request = patient(message);
        for (name, value) in headers {
            request.metadata_mut().insert(*name, value.parse().unwrap());
        }
        request
    }
    let (as_of_day, referral_id) = ("2017-06-01".to_string(), String::new());
    match service {
        "enrollment" => EnrollmentServiceClient::new(wire)
            .list_persons(with(enrollment::ListPersonsRequest::default(), headers))
            .await
            .map(drop),
        "inspection" => InspectionServiceClient::new(wire)
            .list_rules(with(inspection::ListRulesRequest { as_of_day }, headers))
            .await
            .map(drop),
        "interregional" => InterregionalServiceClient::new(wire)
            .list_participants(with(
                interregional::ListParticipantsRequest::default(),
                headers,
            ))
            .await
            .map(drop),
        "referral" => ReferralServiceClient::new(wire)
            .get_referral(with(referral::GetReferralRequest { referral_id }, headers))
            .await
            .map(drop),
        _ => SettlementServiceClient::new(wire)
            .get_trial_balance(with(settlement::GetTrialBalanceRequest {}, headers))
            .await
            .map(drop),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_not_believed() {
    if !is_shared() {
        return;
    }
    let fleet = Fleet::start().await;
    let forged = serde_json::to_string(&service().principal).unwrap();
    let (principal, secret) = ("yibao-principal", "yibao-service-secret");
    let attempts: &[&[(&'static str, &str)]] = &[
        &[],
        &[("yibao-caller", "clerk-1")],
        &[(principal, &forged)],
        &[(principal, &forged), (secret, "")],
        &[(principal, &forged), (secret, "known-to-the-services-alon")],
        &[(secret, SECRET)],
        &[(principal, "{}"), (secret, SECRET)],
        &[(principal, "not json"), (secret, SECRET)],
    ];
    for inner in INNER {
        for headers in attempts {
            let no = asked(inner, fleet.inner[inner].wire(""), headers)
                .await
                .unwrap_err();
            assert_eq!(
                no.code(),
                Code::Unauthenticated,
                "{inner} {headers:?}: {no}"
            );
            assert_eq!(code(&no), "UNAUTHENTICATED", "{inner} {headers:?}");
        }
        // The same headers with the secret are what a service sends.
        let believed = [(principal, forged.as_str()), (secret, SECRET)];
        let answer = asked(inner, fleet.inner[inner].wire(""), &believed).await;
        let is_known = answer
            .as_ref()
            .err()
            .is_none_or(|no| code(no) == "INVALID_FIELD");
        assert!(is_known, "{inner}: {answer:?}");
    }

    // On its development port the orchestrator believes a name, but no forged principal.
    furnish(fleet.wire("settlement")).await;
    let person = insure(fleet.wire("enrollment")).await;
    fleet.settle("settle-1", &stay(&person, "V-1", 1_000)).await;
    let outcome = |headers: Vec<(&'static str, String)>| {
        let mut client = OrchestratorServiceClient::new(fleet.orchestrator.wire(""));
        let request_id = "settle-1".to_string();
        let method = Method::Settle.into();
        let mut request = patient(orchestrator::GetOutcomeRequest { request_id, method });
        for (name, value) in headers {
            request.metadata_mut().insert(name, value.parse().unwrap());
        }
        async move {
            client
                .get_outcome(request)
                .await
                .unwrap()
                .into_inner()
                .outcome
                .unwrap()
        }
    };
    let clerk = Principal {
        caller: "clerk-1".into(),
        ..service().principal
    };
    let clerk = serde_json::to_string(&clerk).unwrap();
    let known = outcome(vec![("yibao-caller", "clerk-1".into())]).await;
    assert_eq!(known.state(), State::Done);
    let forged = outcome(vec![(principal, clerk.clone()), (secret, "guessed".into())]).await;
    assert_eq!(forged.state(), State::UnknownHere);
    // With the secret it is a principal's word, even there.
    let vouched = outcome(vec![(principal, clerk), (secret, SECRET.into())]).await;
    assert_eq!(vouched.state(), State::Done);
}
