//! 演示地区: 二连浩特 (152501) with institutions of every tier, a catalogue in two versions, three
//! hundred synthetic residents and two participants, and 安吉 (330523) with the institutions and the
//! catalogue its five-in-one settlement needs; loaded by the same calls anybody would make.
//!
//! Both lie in the same databases, every row under its area's code. Every request has a fixed id,
//! so that loading twice loads nothing twice and a load that was interrupted goes on where it
//! stopped.

use crate::catalogue::{self, Offer};
use crate::desk::Desk;
use crate::people::{Population, Resident, YEAR};
use crate::progress::Progress;
use futures_util::{StreamExt, TryStreamExt, stream};
use kernel::{AreaCode, Scheme};
use proto::common::Place;
use proto::enrollment as pb;
use proto::interregional::{ListParticipantsRequest, RegisterParticipantRequest};
use proto::settlement::{Institution, PublishCatalogueRequest, RegisterInstitutionRequest};
use std::fmt::Display;
use std::future::Future;
use tonic::{Response, Status};

/// 统筹区: Erenhot.
pub const AREA: &str = "152501";
/// Its name.
pub const AREA_NAME: &str = "二连浩特市";
/// The clerk who loads the areas.
pub const LOADER: &str = "demo-loader";
/// Requests under way at once: enough to keep a database busy, few enough to wait briefly.
const AT_ONCE: usize = 16;

/// 三级综合医院.
pub const GENERAL_HOSPITAL: &str = "H15250100001";
/// 蒙医医院.
pub const MONGOLIAN_HOSPITAL: &str = "H15250100003";
/// 乡镇卫生院.
pub const TOWNSHIP_CENTRE: &str = "H15250100005";
/// 安吉的县级医院.
pub const COUNTY_HOSPITAL: &str = "H33052300001";
/// 省内异地的三级医院, which settles for Anji as well.
pub const PROVINCIAL_HOSPITAL: &str = "H33010000001";
/// 本区县, which nobody has to say.
const HERE: Place = Place::Unspecified;

/// 定点医药机构: code, name, 起付线医院等级, 机构类别, 就医地 seen from the area.
pub type Site = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Place,
);

/// 统筹区 of the demonstration.
pub struct Area {
    /// 医保区划.
    pub code: &'static str,
    /// Its name.
    pub name: &'static str,
    /// 定点医药机构.
    pub institutions: &'static [Site],
    /// 协议起始日 of every institution.
    agreement_from: &'static str,
    /// 目录: what is sold.
    offer: Offer,
    /// 参与方: the last one registered also marks the area's load as complete.
    participants: &'static [(&'static str, &'static str)],
    /// From when they take part.
    participants_from: &'static str,
}

/// 二连浩特市.
pub const ERENHOT: Area = Area {
    code: AREA,
    name: AREA_NAME,
    institutions: &[
        (GENERAL_HOSPITAL, "演示市中心医院", "3", "A1", HERE),
        ("H15250100002", "演示市第二医院", "2", "A1", HERE),
        (MONGOLIAN_HOSPITAL, "演示蒙医医院", "2", "A3", HERE),
        ("H15250100004", "演示中医医院", "2", "A2", HERE),
        (TOWNSHIP_CENTRE, "演示苏木卫生院", "1", "B1", HERE),
        ("H15250100006", "演示社区卫生服务中心", "1", "B1", HERE),
        ("H15250100007", "演示嘎查卫生室", "1", "B2", HERE),
        ("H15250100008", "演示眼科专科医院", "2", "A4", HERE),
        ("P15250100001", "演示口岸大药房", "9", "C1", HERE),
    ],
    agreement_from: "2016-01-01",
    offer: catalogue::ERENHOT,
    participants: &[("310000", "上海市"), ("330000", "浙江省")],
    participants_from: "2017-01-01",
};

/// 安吉县.
pub const ANJI: Area = Area {
    code: "330523",
    name: "安吉县",
    institutions: &[
        (COUNTY_HOSPITAL, "演示县人民医院", "2", "A1", HERE),
        (
            PROVINCIAL_HOSPITAL,
            "演示省城医院",
            "3",
            "A1",
            Place::Province,
        ),
    ],
    agreement_from: "2019-01-01",
    offer: catalogue::ANJI,
    participants: &[("310000", "上海市")],
    participants_from: "2020-01-01",
};

/// 演示县, which does not exist: where the story of a day plays, in a suite of its own.
pub const COUNTY: Area = Area {
    code: "999999",
    name: "演示县",
    institutions: &[
        ("H99999900001", "演示县人民医院", "2", "A1", HERE),
        ("H99999900002", "演示县中医院", "2", "A2", HERE),
        ("H99999900003", "演示县妇幼保健院", "2", "A4", HERE),
        ("H99999900004", "演示县精神病院", "2", "A4", HERE),
        ("H99999900005", "演示市中心医院", "3", "A1", Place::City),
        ("H99999900006", "演示镇中心卫生院", "1", "B1", HERE),
        ("H99999900007", "演示乡卫生院", "1", "B1", HERE),
        ("H99999900008", "演示社区卫生服务站", "1", "B2", HERE),
        ("P99999900001", "演示大药房", "9", "C1", HERE),
        ("P99999900002", "演示平价药店", "9", "C1", HERE),
    ],
    agreement_from: "2016-01-01",
    offer: catalogue::ERENHOT,
    participants: &[],
    participants_from: "2017-01-01",
};
/// Its townships.
pub const COUNTY_TOWNSHIPS: &[&str] = &["999999001", "999999002", "999999003"];

/// What is loaded for `cargo run`, in this order.
const AREAS: [&Area; 2] = [&ERENHOT, &ANJI];

/// The code of the area callers work in who name none.
pub fn code() -> AreaCode {
    AreaCode::parse(AREA).unwrap_or_else(|_| unreachable!("six digits"))
}

/// The name of an institution of the demonstration.
pub fn institution_name(code: &str) -> &str {
    let areas = AREAS.into_iter().chain([&COUNTY]);
    let mut all = areas.flat_map(|area| area.institutions);
    all.find(|institution| institution.0 == code)
        .map_or(code, |institution| institution.1)
}

/// What was loaded of Erenhot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// 定点医药机构.
    pub institutions: usize,
    /// 目录项 in each version.
    pub items: usize,
    /// 家庭.
    pub households: usize,
    /// 居民.
    pub residents: usize,
    /// 参保.
    pub insured: usize,
    /// 异地参与方.
    pub participants: usize,
}

/// A request of the load that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot load the demonstration area: {what} failed: {status}")]
pub struct LoadError {
    /// The request, by its id.
    pub what: String,
    /// The answer.
    pub status: Status,
}

/// True when both areas were loaded to their end before.
pub async fn is_loaded(desk: &Desk) -> Result<bool, LoadError> {
    for area in AREAS {
        let request = ListParticipantsRequest::default();
        let mut interregional = desk.in_area(area.code).interregional();
        let answer = interregional.list_participants(request);
        let listed = asked("ListParticipants", answer).await?;
        let last = area.participants.last().map_or("", |(region, _)| region);
        if !listed.participants.iter().any(|p| p.region_code == last) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Loads both areas. Says how far it is, and in the end how much there is of Erenhot.
pub async fn load(
    desk: &Desk,
    population: &Population,
    progress: &Progress,
) -> Result<Loaded, LoadError> {
    let erenhot = desk.in_area(ERENHOT.code);
    register(&erenhot, &ERENHOT, progress).await?;
    settle_people(&erenhot, population, progress).await?;
    register_participants(&erenhot, &ERENHOT).await?;
    let anji = desk.in_area(ANJI.code);
    register(&anji, &ANJI, progress).await?;
    register_participants(&anji, &ANJI).await?;
    progress.end();
    let insured = population.residents.iter().filter(|r| r.payment.is_some());
    Ok(Loaded {
        institutions: ERENHOT.institutions.len(),
        items: catalogue::ERENHOT.len(),
        households: population.households.len(),
        residents: population.residents.len(),
        insured: insured.count(),
        participants: ERENHOT.participants.len(),
    })
}

/// Loads the county alone; answers the 人员编号 of its people, in their order.
pub async fn load_county(
    desk: &Desk,
    population: &Population,
    progress: &Progress,
) -> Result<Vec<String>, LoadError> {
    let desk = desk.in_area(COUNTY.code);
    register(&desk, &COUNTY, progress).await?;
    let people = settle_people(&desk, population, progress).await?;
    progress.end();
    Ok(people)
}

/// 机构与目录 of an area.
async fn register(desk: &Desk, area: &Area, progress: &Progress) -> Result<(), LoadError> {
    let versions = area.offer.versions;
    let stage = format!("装入{}的机构与目录", area.name);
    progress.begin(&stage, area.institutions.len() + versions.len());
    each(area.institutions.iter(), progress, |&institution| {
        register_institution(desk, institution, area.agreement_from)
    })
    .await?;
    each(versions.iter(), progress, |version| {
        publish(desk, &area.offer, version)
    })
    .await?;
    Ok(())
}

/// Households and residents; answers their 人员编号, in their order.
async fn settle_people(
    desk: &Desk,
    population: &Population,
    progress: &Progress,
) -> Result<Vec<String>, LoadError> {
    progress.begin("装入家庭", population.households.len());
    let households = each(
        population.households.iter(),
        progress,
        |household| async move {
            let request = pb::RegisterHouseholdRequest {
                request_id: format!("demo-household-{}", household.register_number),
                register_number: household.register_number.clone(),
                township_code: household.township.into(),
            };
            let what = request.request_id.clone();
            let made = asked(what, desk.enrollment().register_household(request)).await?;
            Ok(made.household.unwrap_or_default().household_id)
        },
    )
    .await?;

    progress.begin("装入居民、身份与参保", population.residents.len());
    let numbered = population.residents.iter().zip(1usize..);
    each(numbered, progress, |(resident, number)| {
        let household = households.get(resident.household).cloned();
        register_resident(desk, number, resident, household.unwrap_or_default())
    })
    .await
}

/// Does the work for each, several at once; the answers are in order.
async fn each<I, T, F, Fut>(all: I, progress: &Progress, work: F) -> Result<Vec<T>, LoadError>
where
    I: Iterator,
    F: Fn(I::Item) -> Fut,
    Fut: Future<Output = Result<T, LoadError>>,
{
    stream::iter(all)
        .map(work)
        .buffered(AT_ONCE)
        .inspect_ok(|_| progress.step())
        .try_collect()
        .await
}

/// The message of an answer, or which request failed and how.
async fn asked<T>(
    what: impl Display,
    answer: impl Future<Output = Result<Response<T>, Status>>,
) -> Result<T, LoadError> {
    answer
        .await
        .map(Response::into_inner)
        .map_err(|status| LoadError {
            what: what.to_string(),
            status,
        })
}

async fn register_institution(
    desk: &Desk,
    (code, name, tier, kind, place): Site,
    agreement_from: &str,
) -> Result<(), LoadError> {
    let request = RegisterInstitutionRequest {
        request_id: format!("demo-institution-{code}"),
        institution: Some(Institution {
            institution_code: code.into(),
            name: name.into(),
            tier: tier.into(),
            kind: kind.into(),
            agreement_from_day: agreement_from.into(),
            place: place.into(),
            ..Default::default()
        }),
    };
    let what = request.request_id.clone();
    asked(what, desk.settlement().register_institution(request)).await?;
    Ok(())
}

async fn publish(desk: &Desk, offer: &Offer, version: &str) -> Result<(), LoadError> {
    let request = PublishCatalogueRequest {
        request_id: format!("demo-catalogue-{version}"),
        effective_day: version.into(),
        items: offer.items(version),
    };
    let what = request.request_id.clone();
    asked(what, desk.settlement().publish_catalogue(request)).await?;
    Ok(())
}

/// 异地参与方, in their order: the last one is the mark.
async fn register_participants(desk: &Desk, area: &Area) -> Result<(), LoadError> {
    for (region, name) in area.participants {
        let request = RegisterParticipantRequest {
            request_id: format!("demo-participant-{region}"),
            region_code: region.to_string(),
            name: name.to_string(),
            from_day: area.participants_from.into(),
        };
        let what = request.request_id.clone();
        asked(what, desk.interregional().register_participant(request)).await?;
    }
    Ok(())
}

/// One resident: the person, then what is recorded of them, in the order in which it happened.
async fn register_resident(
    desk: &Desk,
    number: usize,
    resident: &Resident,
    household_id: String,
) -> Result<String, LoadError> {
    let mut enrollment = desk.enrollment();
    let request = pb::RegisterPersonRequest {
        request_id: format!("demo-person-{number:04}"),
        name: resident.name.expose().into(),
        id_number: resident.id_number.expose().into(),
        sex: resident.sex.to_string(),
        birth_day: resident.birth.to_string(),
        household_id,
    };
    let what = request.request_id.clone();
    let made = asked(what, enrollment.register_person(request)).await?;
    let person_id = made.person.unwrap_or_default().person_id;
    for (kind, days) in &resident.identities {
        let request = pb::RecordIdentityRequest {
            request_id: format!("demo-identity-{number:04}-{kind}"),
            person_id: person_id.clone(),
            kind: kind.to_string(),
            from_day: days.from.to_string(),
            until_day: days.until.map(|day| day.to_string()).unwrap_or_default(),
        };
        let what = request.request_id.clone();
        asked(what, enrollment.record_identity(request)).await?;
    }
    enrol(desk, number, resident, &person_id).await?;
    if let Some(days) = &resident.suspended {
        let request = pb::SuspendBenefitRequest {
            request_id: format!("demo-suspension-{number:04}"),
            person_id: person_id.clone(),
            from_day: days.from.to_string(),
            until_day: days.until.map(|day| day.to_string()).unwrap_or_default(),
            reason: "参保资格核查期间暂停待遇".into(),
        };
        let what = request.request_id.clone();
        asked(what, enrollment.suspend_benefit(request)).await?;
    }
    if let Some(day) = resident.death {
        let request = pb::RecordDeathRequest {
            request_id: format!("demo-death-{number:04}"),
            person_id: person_id.clone(),
            death_day: day.to_string(),
        };
        let what = request.request_id.clone();
        asked(what, enrollment.record_death(request)).await?;
    }
    Ok(person_id)
}

/// 参保缴费 of what is left to pay after the subsidy; nothing for those who never paid.
async fn enrol(
    desk: &Desk,
    number: usize,
    resident: &Resident,
    person_id: &str,
) -> Result<(), LoadError> {
    let Some(payment) = resident.payment else {
        return Ok(());
    };
    let mut enrollment = desk.enrollment();
    let request = pb::QuoteSubsidyRequest {
        person_id: person_id.into(),
        scheme: Scheme::Resident.to_string(),
        year: YEAR,
        paid_day: payment.paid.to_string(),
        ..Default::default()
    };
    let what = format!("QuoteSubsidy of resident {number}");
    let quoted = asked(what, enrollment.quote_subsidy(request)).await?;
    let request = pb::EnrolPersonRequest {
        request_id: format!("demo-enrolment-{number:04}"),
        person_id: person_id.into(),
        scheme: Scheme::Resident.to_string(),
        year: YEAR,
        paid_day: payment.paid.to_string(),
        paid_fen: quoted.subsidy.map_or(0, |subsidy| subsidy.to_pay_fen),
        exempt_from_waiting: payment.exempt,
        ..Default::default()
    };
    let what = request.request_id.clone();
    asked(what, enrollment.enrol_person(request)).await?;
    Ok(())
}
