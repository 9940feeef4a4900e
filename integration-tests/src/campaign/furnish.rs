//! What a town has before anything goes wrong: institutions, a catalogue, insured people; and what
//! the bureau's clerks do for it while it does.

use super::books::auditor;
use super::fleet::Fleet;
use super::town::Bureau;
use crate::{CLINIC, DRUG, HOSPITAL, id_number, referral_to_hospital};
use kernel::Principal;
use proto::enrollment::enrollment_service_client::EnrollmentServiceClient;
use proto::referral::referral_service_client::ReferralServiceClient;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use proto::{enrollment, referral, settlement};
use runtime::{Context, Wire, connect};
use std::time::Duration;
use tonic::Status;

/// Institutions where nobody is treated: they can be suspended and nobody minds.
pub const SPARE: &[&str] = &[
    "H15250100011",
    "H15250100012",
    "H15250100013",
    "H15250100014",
];

/// 居民医保, and the year in which everybody is insured.
const COVER: (&str, i32) = ("390", 2017);
/// The day on which everybody pays for it.
const PAID_DAY: &str = "2016-11-15";
/// How long a clerk waits for an answer while things go wrong.
const PATIENCE: Duration = Duration::from_secs(10);

/// The wires of the bureau's clerks.
pub fn bureau(fleet: &Fleet) -> Bureau {
    Bureau {
        enrollment: wire(fleet, "enrollment"),
        referral: wire(fleet, "referral"),
    }
}

fn wire(fleet: &Fleet, service: &str) -> Wire {
    let endpoint = fleet.line(service).endpoint();
    connect(&endpoint, Some(&fleet.certificates().service())).expect("an endpoint of ours")
}

/// Furnishes the services; answers the people.
pub async fn all(fleet: &Fleet, people: u32) -> Vec<String> {
    institutions(wire(fleet, "settlement")).await;
    let enrollment = wire(fleet, "enrollment");
    let mut insured = Vec::new();
    for n in 0..people {
        let person = person(&enrollment, n).await;
        insured.push(person.expect("an insured person"));
    }
    insured
}

async fn institutions(wire: Wire) {
    let mut client = SettlementServiceClient::new(wire);
    let spare = SPARE.iter().map(|code| (*code, "2"));
    for (code, tier) in [(HOSPITAL, "2"), (CLINIC, "1")].into_iter().chain(spare) {
        let institution = settlement::Institution {
            institution_code: code.into(),
            name: "测试机构".into(),
            tier: tier.into(),
            kind: "A1".into(),
            agreement_from_day: "2010-01-01".into(),
            ..Default::default()
        };
        let request = settlement::RegisterInstitutionRequest {
            request_id: format!("town-{code}"),
            institution: Some(institution),
        };
        let registered = client.register_institution(auditor().own(request)).await;
        registered.expect("an institution");
    }
    let item = settlement::CatalogueItem {
        item_code: DRUG.into(),
        name: "甲类药品".into(),
        item_class: "01".into(),
        ..Default::default()
    };
    let request = settlement::PublishCatalogueRequest {
        request_id: "town-catalogue".into(),
        effective_day: "2010-01-01".into(),
        items: vec![item],
    };
    let published = client.publish_catalogue(auditor().own(request)).await;
    published.expect("a catalogue");
}

/// Somebody insured for 2017.
async fn person(wire: &Wire, n: u32) -> Result<String, Status> {
    let id = format!("town-{n}");
    let person_id = registered(wire, &id, n).await?;
    let (scheme, year) = COVER;
    let request = enrollment::EnrolPersonRequest {
        request_id: format!("{id}-payment"),
        person_id: person_id.clone(),
        scheme: scheme.into(),
        year,
        paid_day: PAID_DAY.into(),
        paid_fen: fee(wire, &person_id).await?,
        ..Default::default()
    };
    let mut client = EnrollmentServiceClient::new(wire.clone());
    client.enrol_person(clerk().own(request)).await?;
    Ok(person_id)
}

/// The `n`-th person, registered.
pub async fn registered(wire: &Wire, id: &str, n: u32) -> Result<String, Status> {
    let request = enrollment::RegisterPersonRequest {
        request_id: format!("{id}-person"),
        name: "测试人员".into(),
        id_number: id_number(n),
        sex: "2".into(),
        birth_day: "1980-01-01".into(),
        household_id: String::new(),
    };
    let mut client = EnrollmentServiceClient::new(wire.clone());
    let answer = client.register_person(clerk().own(request)).await?;
    Ok(answer.into_inner().person.unwrap_or_default().person_id)
}

/// 低保对象: their fee is subsidised.
pub async fn poor(wire: &Wire, id: &str, person_id: &str) -> Result<(), Status> {
    let request = enrollment::RecordIdentityRequest {
        request_id: format!("{id}-identity"),
        person_id: person_id.into(),
        kind: "2303".into(),
        from_day: "2016-01-01".into(),
        until_day: String::new(),
    };
    let mut client = EnrollmentServiceClient::new(wire.clone());
    client.record_identity(clerk().own(request)).await.map(drop)
}

/// What a person pays for the year.
pub async fn fee(wire: &Wire, person_id: &str) -> Result<i64, Status> {
    let request = enrollment::QuoteSubsidyRequest {
        person_id: person_id.into(),
        scheme: COVER.0.into(),
        year: COVER.1,
        paid_day: PAID_DAY.into(),
        ..Default::default()
    };
    let mut client = EnrollmentServiceClient::new(wire.clone());
    let quoted = client.quote_subsidy(clerk().own(request)).await?;
    Ok(quoted.into_inner().subsidy.unwrap_or_default().to_pay_fen)
}

/// The payment of that fee.
pub fn payment(
    request_id: String,
    person_id: String,
    paid_fen: i64,
) -> proto::orchestrator::EnrolRequest {
    proto::orchestrator::EnrolRequest {
        request_id,
        person_id,
        scheme: COVER.0.into(),
        year: COVER.1,
        paid_day: PAID_DAY.into(),
        paid_fen,
        ..Default::default()
    }
}

/// A referral of a person to the hospital, approved.
pub async fn referral(wire: &Wire, id: &str, person: &str) -> Result<String, Status> {
    let mut client = ReferralServiceClient::new(wire.clone());
    let request = referral_to_hospital(&format!("{id}-referral"), person);
    let requested = client.request_referral(clerk().own(request)).await?;
    let referral = requested.into_inner().referral.unwrap_or_default();
    let request = referral::ApproveReferralRequest {
        request_id: format!("{id}-approval"),
        referral_id: referral.referral_id.clone(),
        opinion: "同意".into(),
    };
    client.approve_referral(clerk().own(request)).await?;
    Ok(referral.referral_id)
}

fn clerk() -> Context {
    let principal = Principal {
        caller: "clerk".into(),
        ..auditor().principal
    };
    Context::of(principal, PATIENCE)
}
