//! 演示地区: 二连浩特 (152501) with institutions of every tier, a catalogue in two versions, three
//! hundred synthetic residents and two participants, loaded by the same calls anybody would make.
//!
//! Every request has a fixed id, so that loading twice loads nothing twice and a load that was
//! interrupted goes on where it stopped.

use crate::catalogue;
use crate::desk::Desk;
use crate::people::{Population, Resident, YEAR};
use crate::progress::Progress;
use futures_util::{StreamExt, TryStreamExt, stream};
use kernel::{AreaCode, Scheme};
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
/// The clerk who loads the area.
pub const LOADER: &str = "demo-loader";
/// Requests under way at once: enough to keep a database busy, few enough to wait briefly.
const AT_ONCE: usize = 16;
/// 协议起始日 of every institution.
const AGREEMENT_FROM: &str = "2016-01-01";

/// 三级综合医院.
pub const GENERAL_HOSPITAL: &str = "H15250100001";
/// 蒙医医院.
pub const MONGOLIAN_HOSPITAL: &str = "H15250100003";
/// 乡镇卫生院.
pub const TOWNSHIP_CENTRE: &str = "H15250100005";

/// Code, name, 起付线医院等级, 机构类别.
const INSTITUTIONS: &[(&str, &str, &str, &str)] = &[
    (GENERAL_HOSPITAL, "演示市中心医院", "3", "A1"),
    ("H15250100002", "演示市第二医院", "2", "A1"),
    (MONGOLIAN_HOSPITAL, "演示蒙医医院", "2", "A3"),
    ("H15250100004", "演示中医医院", "2", "A2"),
    (TOWNSHIP_CENTRE, "演示苏木卫生院", "1", "B1"),
    ("H15250100006", "演示社区卫生服务中心", "1", "B1"),
    ("H15250100007", "演示嘎查卫生室", "1", "B2"),
    ("H15250100008", "演示眼科专科医院", "2", "A4"),
    ("P15250100001", "演示口岸大药房", "9", "C1"),
];

/// 参与方: the last one registered also marks the load as complete.
const PARTICIPANTS: &[(&str, &str)] = &[("310000", "上海市"), ("330000", "浙江省")];

/// The area's code.
pub fn code() -> AreaCode {
    AreaCode::parse(AREA).unwrap_or_else(|_| unreachable!("six digits"))
}

/// The name of an institution of the area.
pub fn institution_name(code: &str) -> &str {
    let found = INSTITUTIONS
        .iter()
        .find(|institution| institution.0 == code);
    found.map_or(code, |institution| institution.1)
}

/// What was loaded.
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

/// True when the area was loaded to its end before.
pub async fn is_loaded(desk: &Desk) -> Result<bool, LoadError> {
    let request = ListParticipantsRequest::default();
    let listed = asked(
        "ListParticipants",
        desk.interregional().list_participants(request),
    )
    .await?;
    let last = PARTICIPANTS.last().map_or("", |participant| participant.0);
    Ok(listed
        .participants
        .iter()
        .any(|known| known.region_code == last))
}

/// Loads the area. Says how far it is, and in the end how much there is.
pub async fn load(
    desk: &Desk,
    population: &Population,
    progress: &Progress,
) -> Result<Loaded, LoadError> {
    progress.begin("机构与目录", INSTITUTIONS.len() + catalogue::VERSIONS.len());
    each(INSTITUTIONS.iter(), progress, |&institution| {
        register_institution(desk, institution)
    })
    .await?;
    each(catalogue::VERSIONS.iter(), progress, |version| {
        publish(desk, version)
    })
    .await?;

    progress.begin("家庭", population.households.len());
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

    progress.begin("居民、身份与参保", population.residents.len());
    let numbered = population.residents.iter().zip(1usize..);
    each(numbered, progress, |(resident, number)| {
        let household = households.get(resident.household).cloned();
        register_resident(desk, number, resident, household.unwrap_or_default())
    })
    .await?;

    progress.begin("异地参与方", PARTICIPANTS.len());
    for participant in PARTICIPANTS {
        register_participant(desk, participant).await?;
        progress.step();
    }
    progress.end();
    Ok(Loaded {
        institutions: INSTITUTIONS.len(),
        items: catalogue::items(catalogue::VERSIONS[1]).len(),
        households: population.households.len(),
        residents: population.residents.len(),
        insured: population
            .residents
            .iter()
            .filter(|r| r.payment.is_some())
            .count(),
        participants: PARTICIPANTS.len(),
    })
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
    (code, name, tier, kind): (&str, &str, &str, &str),
) -> Result<(), LoadError> {
    let request = RegisterInstitutionRequest {
        request_id: format!("demo-institution-{code}"),
        institution: Some(Institution {
            institution_code: code.into(),
            name: name.into(),
            tier: tier.into(),
            kind: kind.into(),
            agreement_from_day: AGREEMENT_FROM.into(),
        }),
    };
    let what = request.request_id.clone();
    asked(what, desk.settlement().register_institution(request)).await?;
    Ok(())
}

async fn publish(desk: &Desk, version: &str) -> Result<(), LoadError> {
    let request = PublishCatalogueRequest {
        request_id: format!("demo-catalogue-{version}"),
        effective_day: version.into(),
        items: catalogue::items(version),
    };
    let what = request.request_id.clone();
    asked(what, desk.settlement().publish_catalogue(request)).await?;
    Ok(())
}

async fn register_participant(desk: &Desk, (region, name): &(&str, &str)) -> Result<(), LoadError> {
    let request = RegisterParticipantRequest {
        request_id: format!("demo-participant-{region}"),
        region_code: region.to_string(),
        name: name.to_string(),
        from_day: format!("{YEAR}-01-01"),
    };
    let what = request.request_id.clone();
    asked(what, desk.interregional().register_participant(request)).await?;
    Ok(())
}

/// One resident: the person, then what is recorded of them, in the order in which it happened.
async fn register_resident(
    desk: &Desk,
    number: usize,
    resident: &Resident,
    household_id: String,
) -> Result<(), LoadError> {
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
            person_id,
            death_day: day.to_string(),
        };
        let what = request.request_id.clone();
        asked(what, enrollment.record_death(request)).await?;
    }
    Ok(())
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
    };
    let what = request.request_id.clone();
    asked(what, enrollment.enrol_person(request)).await?;
    Ok(())
}
