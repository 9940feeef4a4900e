//! Who is believed at which port, over real TLS: a certificate's holder as what it is, a service for
//! whom it says, and nobody for a word.

use crate::{
    Fleet, INNER, Process, certificates, configured, furnish, insure, is_shared, service, variable,
};
use integration_tests::authority::{Certificates, service_name};
use integration_tests::{AREA, HOSPITAL, code, patient, stay};
use kernel::{Clock, Principal, Role};
use proto::common::outcome::State;
use proto::inspection::ListRulesRequest;
use proto::inspection::inspection_service_client::InspectionServiceClient;
use proto::orchestrator;
use proto::orchestrator::get_outcome_request::Method;
use proto::orchestrator::orchestrator_service_client::OrchestratorServiceClient;
use proto::orchestrator::saga_service_client::SagaServiceClient;
use proto::orchestrator::visit_service_client::VisitServiceClient;
use proto::settlement::GetTrialBalanceRequest;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use runtime::clock::SystemClock;
use runtime::{ClientTls, Wire, connect};
use std::path::Path;
use tonic::{Code, Request, Status};
use yibao::issuer::Issuer;

const DAY_MILLIS: i64 = 86_400_000;
const PRINCIPAL: &str = "yibao-principal";

/// The inspection service, which needs no database, and takes the tokens of this issuer.
fn inspection(issuer: &Issuer) -> Process {
    const NAME: &str = "inspection";
    let tokens = issuer.settings();
    let mut command = configured(NAME, "127.0.0.1:0", "");
    command
        .env(variable(NAME, "TOKENS__ISSUER"), &tokens.issuer)
        .env(variable(NAME, "TOKENS__AUDIENCE"), &tokens.audience)
        .env(variable(NAME, "TOKENS__KEYS"), &tokens.keys);
    Process::start(&mut command, NAME)
}

fn with<T>(message: T, headers: &[(&'static str, &str)]) -> Request<T> {
    let mut request = patient(message);
    for (name, value) in headers {
        request.metadata_mut().append(*name, value.parse().unwrap());
    }
    request
}

/// What the inspection service says to somebody who asks for its rules.
async fn asked(wire: Wire, headers: &[(&'static str, &str)]) -> String {
    let as_of_day = "2017-06-01".to_string();
    let request = with(ListRulesRequest { as_of_day }, headers);
    told(InspectionServiceClient::new(wire).list_rules(request).await)
}

fn told<T>(answer: Result<T, Status>) -> String {
    match answer {
        Ok(_) => "OK".to_string(),
        Err(no) => {
            let refusal = code(&no);
            let forbidden = refusal == "PERMISSION_DENIED";
            let expected = if forbidden {
                Code::PermissionDenied
            } else {
                Code::Unauthenticated
            };
            assert_eq!(no.code(), expected, "{no:?}");
            refusal
        }
    }
}

fn principal(caller: &str, roles: Vec<Role>) -> String {
    let who = Principal {
        caller: caller.into(),
        roles,
        ..service().principal
    };
    serde_json::to_string(&who).unwrap()
}

/// A line, headers, and what is said to them.
type Attempt<'a> = (&'a ClientTls, &'a [(&'static str, &'a str)], &'a str);

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_does_not_hold_is_refused_by_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let issuer = Issuer::of(folder.path()).unwrap();
    let process = inspection(&issuer);
    let ours = certificates();
    let foreign = Certificates::new();
    let forged = principal("clerk-1", vec![Role::Clerk]);
    let now = SystemClock.now();
    let bearer = |roles: &[Role], minutes| {
        let area = service().principal.area;
        let token = issuer.sign("li", &area, roles, (now, minutes)).unwrap();
        format!("Bearer {token}")
    };
    let clerk = bearer(&[Role::Clerk], 15);
    let (long, apart) = (
        bearer(&[Role::Clerk], 60),
        bearer(&[Role::Operator, Role::Auditor], 5),
    );
    let hospital = format!("spiffe://yibao/{AREA}/institution/{HOSPITAL}");
    let past = |days: i64| now.plus_millis(days * DAY_MILLIS);
    let expired = ours.issue_from("expired", &hospital, (past(-9), past(-1)));
    let early = ours.issue_from("early", &hospital, (past(1), past(9)));
    let elsewhere = "spiffe://yibao/330523/service/orchestrator";
    let stranger = foreign.issue("stranger", &service_name("orchestrator"), 1);

    let (nobody, trusted) = (ours.nobody(), ours.service());
    let (hospital, platform) = (
        ours.of(&hospital),
        ours.of("spiffe://yibao/152501/platform/zb"),
    );
    let region = ours.of("spiffe://yibao/330523/region/330523");
    let neighbour = ours.of(&service_name("settlement"));
    let authorization = "authorization";
    let other = bearer(&[Role::Clerk], 5).replace("Bearer ", "Bearer x");
    #[rustfmt::skip]
    let attempts: &[Attempt] = &[
        (&nobody, &[], "UNAUTHENTICATED"),
        (&nobody, &[("yibao-caller", "clerk-1")], "UNAUTHENTICATED"),
        (&nobody, &[("yibao-service-secret", "known-to-all-of-us")], "UNAUTHENTICATED"),
        (&nobody, &[(PRINCIPAL, &forged)], "PRINCIPAL_NOT_BELIEVED"),
        (&ours.shown(&stranger), &[(PRINCIPAL, &forged)], "CERTIFICATE_UNKNOWN"),
        (&ours.shown(&expired), &[], "CERTIFICATE_EXPIRED"),
        (&ours.shown(&early), &[], "CERTIFICATE_EXPIRED"),
        (&ours.of("spiffe://yibao/152501/clerk/li"), &[], "CERTIFICATE_NAMELESS"),
        (&ours.of("spiffe://other/152501/service/orchestrator"), &[], "CERTIFICATE_NAMELESS"),
        (&ours.of(elsewhere), &[(PRINCIPAL, &forged)], "CERTIFICATE_ELSEWHERE"),
        (&ours.of(elsewhere), &[], "CERTIFICATE_ELSEWHERE"),
        (&hospital, &[(PRINCIPAL, &forged)], "PRINCIPAL_NOT_BELIEVED"),
        (&platform, &[(PRINCIPAL, &forged)], "PRINCIPAL_NOT_BELIEVED"),
        (&region, &[(PRINCIPAL, &forged)], "PRINCIPAL_NOT_BELIEVED"),
        // The orchestrator alone speaks for others, and no other service may call anything.
        (&neighbour, &[(PRINCIPAL, &forged)], "PRINCIPAL_NOT_BELIEVED"),
        (&neighbour, &[], "PERMISSION_DENIED"),
        (&trusted, &[(PRINCIPAL, "not json")], "PRINCIPAL_NOT_BELIEVED"),
        (&trusted, &[(PRINCIPAL, &forged), (PRINCIPAL, &forged)], "CREDENTIALS_CONFLICT"),
        (&trusted, &[(PRINCIPAL, &forged), (authorization, &clerk)], "CREDENTIALS_CONFLICT"),
        (&nobody, &[(authorization, &long)], "TOKEN_TOO_LONG"),
        (&nobody, &[(authorization, &apart)], "TOKEN_ROLES_FORBIDDEN"),
        (&nobody, &[(authorization, "Bearer x")], "TOKEN_UNREADABLE"),
        (&nobody, &[(authorization, &other)], "TOKEN_FORGED"),
        (&hospital, &[(authorization, &clerk)], "TOKEN_NOT_YOURS"),
        (&region, &[(authorization, &clerk)], "TOKEN_NOT_YOURS"),
        // And who is believed.
        (&nobody, &[(authorization, &clerk)], "OK"),
        (&platform, &[(authorization, &clerk)], "OK"),
        (&trusted, &[(authorization, &clerk)], "OK"),
        (&trusted, &[(PRINCIPAL, &forged)], "OK"),
        (&hospital, &[], "OK"),
    ];
    for (n, (tls, headers, expected)) in attempts.iter().enumerate() {
        let said = asked(process.wire(tls), headers).await;
        assert_eq!(said, *expected, "attempt {n}: {headers:?}");
    }
    process.stop("inspection");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_speaks_tls_alone_and_a_client_believes_its_own_authority_alone() {
    let folder = tempfile::tempdir().unwrap();
    let process = inspection(&Issuer::of(folder.path()).unwrap());
    let unheard = |answer: Result<tonic::Response<_>, Status>| {
        let no = answer.map(drop).unwrap_err();
        // No answer of the server's: the line does not stand.
        assert_eq!(code(&no), "", "{no}");
    };
    let plain = process.endpoint().replace("https", "http");
    let request = || patient(ListRulesRequest::default());
    let wire = connect(&plain, None).unwrap();
    unheard(
        InspectionServiceClient::new(wire)
            .list_rules(request())
            .await,
    );
    let foreign = Certificates::new();
    let wire = process.wire(&foreign.nobody());
    unheard(
        InspectionServiceClient::new(wire)
            .list_rules(request())
            .await,
    );
    process.stop("inspection");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_exchanged_while_calls_go_on() {
    let own = Certificates::new();
    const NAME: &str = "inspection";
    let mut command = configured(NAME, "127.0.0.1:0", "");
    let [own_certificate, own_key] = own.give(&mut command, NAME);
    let process = Process::start(&mut command, NAME);
    let before = process.wire(&own.service());
    assert_eq!(asked(before.clone(), &[]).await, "OK");

    // Another authority, in the same files: who comes now is judged by it.
    let next = Certificates::new();
    let [certificate, key] = next.issue(NAME, &service_name(NAME), 1);
    let put = |from: &Path, to: &Path| {
        let fresh = to.with_extension("fresh");
        std::fs::copy(from, &fresh).unwrap();
        std::fs::rename(&fresh, to).unwrap();
    };
    let shown = own.issue("client", &service_name("orchestrator"), 1);
    let old = own.nobody();
    put(&key, &own_key);
    // Half of a change is none: the certificate does not fit the key, and the old ones stay.
    assert_eq!(asked(process.wire(&old), &[]).await, "UNAUTHENTICATED");
    put(&certificate, &own_certificate);
    put(&next.authorities(), &own.authorities());
    assert_eq!(asked(process.wire(&next.service()), &[]).await, "OK");
    assert_eq!(
        asked(process.wire(&next.shown(&shown)), &[]).await,
        "CERTIFICATE_UNKNOWN"
    );
    // The connection from before goes on.
    assert_eq!(asked(before, &[]).await, "OK");
    process.stop(NAME);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_certificate_sees_and_may_do_its_own() {
    if !is_shared() {
        return;
    }
    let fleet = Fleet::start().await;
    for inner in INNER {
        let wire = fleet.inner[inner].wire(&certificates().nobody());
        let mut client = SettlementServiceClient::new(wire);
        let answer = client
            .get_trial_balance(patient(GetTrialBalanceRequest {}))
            .await;
        let code = answer.unwrap_err().code();
        let expected = match *inner {
            "settlement" => Code::Unauthenticated,
            _ => Code::Unimplemented,
        };
        assert_eq!(code, expected, "{inner}");
    }
    furnish(fleet.wire("settlement")).await;
    let person = insure(fleet.wire("enrollment")).await;
    fleet.settle("settle-1", &stay(&person, "V-1", 1_000)).await;
    let front = |name: &str| fleet.orchestrator.wire(&certificates().of(name));
    let own = format!("spiffe://yibao/{AREA}/institution/{HOSPITAL}");
    let neighbour = format!("spiffe://yibao/{AREA}/institution/H15250100002");
    let far = format!("spiffe://yibao/330523/institution/{HOSPITAL}");
    let visit_id = registered(front(&own), &person).await;
    let get = |wire: Wire| {
        let request = orchestrator::GetVisitRequest {
            visit_id: visit_id.clone(),
        };
        async move {
            let answer = VisitServiceClient::new(wire)
                .get_visit(patient(request))
                .await;
            answer.map(drop).map_err(|no| no.code())
        }
    };
    assert_eq!(get(front(&own)).await, Ok(()));
    // Another institution's visit, and another area's, does not exist.
    assert_eq!(get(front(&neighbour)).await, Err(Code::NotFound));
    assert_eq!(get(front(&far)).await, Err(Code::NotFound));
    // What is the bureau's is no institution's.
    let request = orchestrator::GetSagaRequest::default();
    let no = SagaServiceClient::new(front(&own))
        .get_saga(patient(request))
        .await;
    assert_eq!(told(no), "PERMISSION_DENIED");

    // On its development port the orchestrator believes a word, but none against a credential.
    let outcome = |tls: ClientTls, headers: Vec<(&'static str, String)>| {
        let mut client = OrchestratorServiceClient::new(fleet.orchestrator.wire(&tls));
        let (request_id, method) = ("settle-1".to_string(), Method::Settle.into());
        let mut request = patient(orchestrator::GetOutcomeRequest { request_id, method });
        for (name, value) in headers {
            request.metadata_mut().insert(name, value.parse().unwrap());
        }
        async move {
            let answer = client.get_outcome(request).await.map_err(|no| code(&no))?;
            Ok::<_, String>(answer.into_inner().outcome.unwrap().state())
        }
    };
    let nobody = certificates().nobody();
    let clerk = principal("clerk-1", vec![Role::Clerk]);
    let word = ("yibao-caller", "clerk-1".to_string());
    assert_eq!(
        outcome(nobody.clone(), vec![word.clone()]).await,
        Ok(State::Done)
    );
    let forged = outcome(nobody, vec![word.clone(), (PRINCIPAL, clerk.clone())]).await;
    assert_eq!(forged, Err("PRINCIPAL_NOT_BELIEVED".to_string()));
    // Nobody speaks for others there: no service calls the orchestrator, nor does it call itself.
    for speaker in ["orchestrator", "inspection"] {
        let speaker = certificates().of(&service_name(speaker));
        let vouched = outcome(speaker, vec![(PRINCIPAL, clerk.clone())]).await;
        assert_eq!(vouched, Err("PRINCIPAL_NOT_BELIEVED".to_string()));
    }
    let of_hospital = outcome(certificates().of(&own), vec![word]).await;
    assert_eq!(of_hospital, Ok(State::UnknownHere));
}

/// A visit that the institution behind this wire registers.
async fn registered(wire: Wire, person: &str) -> String {
    let visit = orchestrator::Visit {
        institution_code: HOSPITAL.into(),
        visit_number: "V-2".into(),
        person_id: person.into(),
        scheme: "390".into(),
        med_type: "11".into(),
        begin_day: "2017-06-01".into(),
        diagnosis_code: "J18.900".into(),
        ..Default::default()
    };
    let request = orchestrator::RegisterVisitRequest {
        request_id: "visit".into(),
        visit: Some(visit),
    };
    let answer = VisitServiceClient::new(wire)
        .register_visit(patient(request))
        .await;
    answer.unwrap().into_inner().visit.unwrap().visit_id
}
