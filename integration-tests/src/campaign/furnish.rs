//! What a town has before anything goes wrong: institutions, a catalogue, insured people.

use super::books::auditor;
use super::fleet::{Fleet, SECRET};
use crate::{CLINIC, DRUG, HOSPITAL, id_number};
use proto::enrollment::enrollment_service_client::EnrollmentServiceClient;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use proto::{enrollment, settlement};
use runtime::{Wire, connect};

/// Furnishes the services; answers the people.
pub async fn all(fleet: &Fleet, people: u32) -> Vec<String> {
    let wire = |service| {
        let endpoint = fleet.line(service).endpoint();
        connect(&endpoint, SECRET).expect("an endpoint of ours")
    };
    institutions(wire("settlement")).await;
    let mut insured = Vec::new();
    for n in 0..people {
        insured.push(person(wire("enrollment"), n).await);
    }
    insured
}

async fn institutions(wire: Wire) {
    let mut client = SettlementServiceClient::new(wire);
    for (code, tier) in [(HOSPITAL, "2"), (CLINIC, "1")] {
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
async fn person(wire: Wire, n: u32) -> String {
    let mut client = EnrollmentServiceClient::new(wire);
    let request = enrollment::RegisterPersonRequest {
        request_id: format!("town-person-{n}"),
        name: "测试人员".into(),
        id_number: id_number(n),
        sex: "2".into(),
        birth_day: "1980-01-01".into(),
        household_id: String::new(),
    };
    let answer = client.register_person(auditor().own(request)).await;
    let person = answer.expect("a person").into_inner().person;
    let person_id = person.expect("a person").person_id;
    let (scheme, paid_day) = ("390".to_string(), "2016-11-15".to_string());
    let quote = enrollment::QuoteSubsidyRequest {
        person_id: person_id.clone(),
        scheme: scheme.clone(),
        year: 2017,
        paid_day: paid_day.clone(),
        ..Default::default()
    };
    let quoted = client.quote_subsidy(auditor().own(quote)).await;
    let subsidy = quoted.expect("a subsidy").into_inner().subsidy;
    let request = enrollment::EnrolPersonRequest {
        request_id: format!("town-payment-{n}"),
        person_id: person_id.clone(),
        scheme,
        year: 2017,
        paid_day,
        paid_fen: subsidy.expect("a subsidy").to_pay_fen,
        ..Default::default()
    };
    let enrolled = client.enrol_person(auditor().own(request)).await;
    enrolled.expect("a coverage");
    person_id
}
