//! 城镇: who is treated and where, so that there is something to settle: institutions of each kind, a
//! catalogue, insured people, those filed with a disease, and the referrals of the stays.

use crate::bench::BenchError;
use crate::desk::{Desk, Wires};
use crate::people::id_number;
use futures_util::{StreamExt, TryStreamExt, stream};
use kernel::Day;
use proto::enrollment::{EnrolPersonRequest, QuoteSubsidyRequest, RegisterPersonRequest};
use proto::orchestrator::{FileDiseaseRequest, disease_filing};
use proto::referral::{ApproveReferralRequest, RequestReferralRequest};
use proto::settlement::{
    CatalogueItem, Institution, PublishCatalogueRequest, RegisterInstitutionRequest,
};
use std::future::Future;

/// 二级综合医院.
pub const HOSPITAL: &str = "H15250100001";
/// 一级卫生院.
pub const CLINIC: &str = "H15250100002";
/// 零售药店.
pub const PHARMACY: &str = "P15250100001";
/// 居民医保 of the year everybody is insured for.
pub const SCHEME: &str = "390";
const YEAR: i32 = 2017;
/// 高血压, for which the year's package pays.
pub const DISEASE: &str = "M03900";
/// What is sold: items of class A without a price limit.
pub const ITEMS: usize = 50;
/// The day on which everybody pays.
const PAID_DAY: &str = "2016-11-15";
/// The first day of every stay, from which its referral holds.
pub const STAY: (&str, &str) = ("2017-03-01", "2017-03-10");
/// Requests under way at once while the town is built.
const AT_ONCE: usize = 16;

/// Who there is.
pub struct Town {
    /// Those who go to the clinic and the pharmacy.
    pub patients: Vec<String>,
    /// Those filed with the disease.
    pub chronic: Vec<String>,
    /// One for each stay, with the referral for it.
    pub referred: Vec<(String, String)>,
}

impl Town {
    /// Builds one in an empty suite.
    pub async fn build(
        wires: &Wires,
        (patients, chronic, stays): (usize, usize, usize),
    ) -> Result<Town, BenchError> {
        let desk = Desk::new(wires, "bench-clerk");
        institutions(&desk).await?;
        let all = several(0..patients + chronic + stays, |n| insured(&desk, n)).await?;
        let (patients, rest) = all.split_at(patients);
        let (chronic, stays) = rest.split_at(chronic);
        several(chronic.iter(), |person| filed(&desk, person)).await?;
        let referred = several(stays.iter(), |person| referred(&desk, person)).await?;
        Ok(Town {
            patients: patients.to_vec(),
            chronic: chronic.to_vec(),
            referred,
        })
    }
}

/// The code of an item.
pub fn item(n: usize) -> String {
    format!("D-{:03}", n % ITEMS)
}

/// Asks about all of them, a few at a time, and keeps their order.
async fn several<I, T, F>(
    all: impl IntoIterator<Item = I>,
    ask: impl Fn(I) -> F,
) -> Result<Vec<T>, BenchError>
where
    F: Future<Output = Result<T, tonic::Status>>,
{
    let asked = stream::iter(all.into_iter().map(ask)).buffered(AT_ONCE);
    let answers: Result<Vec<T>, _> = asked.try_collect().await;
    Ok(answers?)
}

async fn institutions(desk: &Desk) -> Result<(), BenchError> {
    let mut settlement = desk.settlement();
    let sites = [
        (HOSPITAL, "2", "A1"),
        (CLINIC, "1", "B1"),
        (PHARMACY, "9", "C1"),
    ];
    for (code, tier, kind) in sites {
        let request = RegisterInstitutionRequest {
            request_id: format!("bench-{code}"),
            institution: Some(Institution {
                institution_code: code.into(),
                name: "测速机构".into(),
                tier: tier.into(),
                kind: kind.into(),
                agreement_from_day: "2010-01-01".into(),
                ..Institution::default()
            }),
        };
        settlement.register_institution(request).await?;
    }
    let sold = |n| CatalogueItem {
        item_code: item(n),
        name: "测速药品".into(),
        item_class: "01".into(),
        ..CatalogueItem::default()
    };
    let request = PublishCatalogueRequest {
        request_id: "bench-catalogue".into(),
        effective_day: "2010-01-01".into(),
        items: (0..ITEMS).map(sold).collect(),
    };
    settlement.publish_catalogue(request).await?;
    Ok(())
}

/// The `n`-th person, insured for the year.
async fn insured(desk: &Desk, n: usize) -> Result<String, tonic::Status> {
    let mut enrollment = desk.enrollment();
    let (days, serial) = (n / 900, n % 900);
    let birth = Day::new(1950, 1, 1).map(|day| day.plus_days(u32::try_from(days).unwrap_or(0)));
    let serial = u16::try_from(serial).unwrap_or_default();
    let number = birth.and_then(|birth| id_number(birth, serial).zip(Some(birth)));
    let (id, birth) = number.unwrap_or_else(|| unreachable!("a number of region 999999"));
    let request = RegisterPersonRequest {
        request_id: format!("bench-person-{n}"),
        name: "测速人员".into(),
        id_number: id.expose().to_string(),
        sex: if serial % 2 == 1 { "1" } else { "2" }.into(),
        birth_day: birth.to_string(),
        household_id: String::new(),
    };
    let person = enrollment.register_person(request).await?.into_inner();
    let person = person.person.unwrap_or_default().person_id;
    let quote = QuoteSubsidyRequest {
        person_id: person.clone(),
        scheme: SCHEME.into(),
        year: YEAR,
        paid_day: PAID_DAY.into(),
        ..QuoteSubsidyRequest::default()
    };
    let quoted = enrollment.quote_subsidy(quote).await?.into_inner();
    let request = EnrolPersonRequest {
        request_id: format!("bench-payment-{n}"),
        person_id: person.clone(),
        scheme: SCHEME.into(),
        year: YEAR,
        paid_day: PAID_DAY.into(),
        paid_fen: quoted.subsidy.unwrap_or_default().to_pay_fen,
        ..EnrolPersonRequest::default()
    };
    enrollment.enrol_person(request).await?;
    Ok(person)
}

/// 门诊慢特病备案.
async fn filed(desk: &Desk, person: &str) -> Result<(), tonic::Status> {
    let request = FileDiseaseRequest {
        request_id: format!("filing-{person}"),
        person_id: person.into(),
        scheme: SCHEME.into(),
        kind: disease_filing::Kind::Chronic.into(),
        disease_code: DISEASE.into(),
        disease_name: "高血压".into(),
        first_day: "2016-01-01".into(),
        material: "诊断证明".into(),
        ..FileDiseaseRequest::default()
    };
    desk.filings().file_disease(request).await.map(drop)
}

/// 转诊: from the clinic to the hospital, approved.
async fn referred(desk: &Desk, person: &str) -> Result<(String, String), tonic::Status> {
    let mut referral = desk.referral();
    let request = RequestReferralRequest {
        request_id: format!("referral-{person}"),
        person_id: person.into(),
        from_institution_code: CLINIC.into(),
        to_institution_code: HOSPITAL.into(),
        referral_type: "1".into(),
        diagnosis_code: "J18.900".into(),
        reason: "病情需要".into(),
        from_day: STAY.0.into(),
    };
    let asked = referral.request_referral(request).await?.into_inner();
    let id = asked.referral.unwrap_or_default().referral_id;
    let request = ApproveReferralRequest {
        request_id: format!("approval-{person}"),
        referral_id: id.clone(),
        opinion: "同意".into(),
    };
    referral.approve_referral(request).await?;
    Ok((person.to_string(), id))
}
