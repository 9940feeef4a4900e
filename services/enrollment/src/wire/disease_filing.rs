//! 门诊慢特病备案: the public interface's messages, and the pieces that go into a snapshot.

use crate::domain::{DiseaseFiling, FiledDisease, INSTITUTIONS_MAX, NewFiling};
use kernel::refusal::invalid;
use kernel::{Day, DiseaseCode, FilingId, FilingKind, InstitutionCode, Period, Refusal};
use proto::common;
use proto::orchestrator as pb;
use runtime::{parse, render};
use std::collections::BTreeSet;

/// The longest 病种名称 (opsp_dise_name).
const NAME_MAX: usize = 100;
/// The longest 认定材料.
const MATERIAL_MAX: usize = 200;

/// A filing that is named.
pub fn filing_id(text: &str) -> Result<FilingId, Refusal> {
    parse::field("filing_id", FilingId::parse(text))
}

/// A person to file.
pub fn new_filing(message: &pb::FileDiseaseRequest) -> Result<NewFiling, Refusal> {
    let first = parse::day("first_day", &message.first_day)?;
    let last = parse::optional_day("last_day", &message.last_day)?;
    let period = Period::new(first, last.map(Day::next));
    let disease = DiseaseCode::parse(&message.disease_code);
    Ok(NewFiling {
        person: super::person_id(&message.person_id)?,
        scheme: super::scheme(&message.scheme)?,
        kind: kind(message.kind)?,
        disease: parse::field("disease_code", disease)?,
        disease_name: parse::text("disease_name", &message.disease_name, NAME_MAX)?,
        period: parse::wanted("last_day", period, "不早于 first_day 的日期,或不填")?,
        institutions: institutions(&message.institution_codes)?,
        material: parse::text("material", &message.material, MATERIAL_MAX)?,
    })
}

/// 定点.
pub fn institutions(codes: &[String]) -> Result<Vec<InstitutionCode>, Refusal> {
    if codes.len() > INSTITUTIONS_MAX {
        let expected = format!("至多{INSTITUTIONS_MAX}家机构");
        return Err(invalid("institution_codes", expected));
    }
    let mut seen = BTreeSet::new();
    let mut parsed = Vec::with_capacity(codes.len());
    for (index, code) in codes.iter().enumerate() {
        let path = format!("institution_codes[{index}]");
        let code = parse::field(path.clone(), InstitutionCode::parse(code))?;
        if !seen.insert(code.clone()) {
            return Err(invalid(path, "不重复的机构"));
        }
        parsed.push(code);
    }
    Ok(parsed)
}

fn kind(number: i32) -> Result<FilingKind, Refusal> {
    use pb::disease_filing::Kind as Told;
    let kind = match Told::try_from(number) {
        Ok(Told::Chronic) => Some(FilingKind::Chronic),
        Ok(Told::TwoDiseases) => Some(FilingKind::TwoDiseases),
        Ok(Told::Unspecified) | Err(_) => None,
    };
    parse::wanted("kind", kind, "KIND_CHRONIC、KIND_TWO_DISEASES 之一")
}

/// A filing as the bureau sees it.
pub fn filing(filing: DiseaseFiling) -> pb::DiseaseFiling {
    let pieces = filing.filed.pieces().into_iter();
    let places = pieces.map(|piece| pb::disease_filing::Places {
        first_day: piece.period.from.to_string(),
        institution_codes: codes(&piece.institutions),
    });
    let places = places.collect();
    let end_reason = filing.end_reason.clone().unwrap_or_default();
    pb::DiseaseFiling {
        places,
        end_reason,
        material: filing.material.clone(),
        filed_time: Some(render::timestamp(filing.filed_at)),
        ..qualification(&filing)
    }
}

/// A filing as an institution sees it: not where else the patient goes.
pub fn filing_for(filing: DiseaseFiling, own: &InstitutionCode, today: Day) -> pb::DiseaseFiling {
    let day = today.max(filing.filed.period().from);
    let mut pieces = filing.filed.pieces().into_iter();
    let fixed = pieces.find(|piece| piece.period.contains(day));
    let fixed_here = fixed
        .is_some_and(|piece| piece.institutions.is_empty() || piece.institutions.contains(own));
    pb::DiseaseFiling {
        fixed_here,
        ..qualification(&filing)
    }
}

/// Who is filed with what, and how long.
fn qualification(filing: &DiseaseFiling) -> pb::DiseaseFiling {
    use pb::disease_filing::Kind;
    let filed = &filing.filed;
    let kind = match filed.kind {
        FilingKind::Chronic => Kind::Chronic,
        FilingKind::TwoDiseases => Kind::TwoDiseases,
    };
    let period = filed.period();
    pb::DiseaseFiling {
        filing_id: filed.id.to_string(),
        person_id: filing.person.to_string(),
        scheme: filing.scheme.to_string(),
        kind: kind.into(),
        disease_code: filed.disease.to_string(),
        disease_name: filing.disease_name.clone(),
        first_day: period.from.to_string(),
        last_day: last_day(period),
        ..pb::DiseaseFiling::default()
    }
}

/// A piece as a snapshot carries it.
pub fn filed_disease(piece: FiledDisease) -> common::FiledDisease {
    use common::filed_disease::Kind;
    let kind = match piece.kind {
        FilingKind::Chronic => Kind::Chronic,
        FilingKind::TwoDiseases => Kind::TwoDiseases,
    };
    common::FiledDisease {
        filing_id: piece.filing.to_string(),
        kind: kind.into(),
        disease_code: piece.disease.to_string(),
        first_day: piece.period.from.to_string(),
        last_day: last_day(piece.period),
        institution_codes: codes(&piece.institutions),
        elsewhere: false,
    }
}

fn last_day(period: Period) -> String {
    render::optional_day(period.until.map(|until| until.minus_days(1)))
}

fn codes(institutions: &[InstitutionCode]) -> Vec<String> {
    institutions.iter().map(ToString::to_string).collect()
}
