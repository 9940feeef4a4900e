//! 指标: which visits are counted, and the shares.

use crate::domain::indicator::{CareClass, DEFINITION, IdentityClass, Share, Shares};
use crate::store::{CountedVisit, VisitFilter};
use kernel::refusal::invalid;
use kernel::{InstitutionCode, InstitutionTier, Refusal, Scheme};
use pb::in_county_row::Dimension;
use proto::orchestrator as pb;
use runtime::parse;
use std::collections::BTreeMap;

/// Days one indicator covers at most.
const DAYS_MAX: i64 = 366;

/// Which visits are counted.
pub fn visit_filter(
    message: Option<&pb::VisitFilter>,
    in_county: Option<bool>,
) -> Result<VisitFilter, Refusal> {
    let message = parse::message("filter", message)?;
    let from = parse::day("filter.from_day", &message.from_day)?;
    let to = parse::day("filter.to_day", &message.to_day)?;
    if !(0..DAYS_MAX).contains(&from.days_until(to)) {
        let expected = format!("不早于 from_day,且共不超过 {DAYS_MAX} 天");
        return Err(invalid("filter.to_day", expected));
    }
    Ok(VisitFilter {
        days: (from, to),
        scheme: code("filter.scheme", &message.scheme, Scheme::parse)?,
        identity: identity(message.identity)?,
        tier: code("filter.tier", &message.tier, InstitutionTier::parse)?,
        institution: match message.institution_code.as_str() {
            "" => None,
            code => {
                let code = InstitutionCode::parse(code);
                Some(parse::field("filter.institution_code", code)?)
            }
        },
        care: care(message.care)?,
        in_county,
    })
}

fn code<T>(path: &str, text: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
    match text {
        "" => Ok(None),
        text => parse::code(path, read(text)).map(Some),
    }
}

fn identity(number: i32) -> Result<Option<IdentityClass>, Refusal> {
    use pb::IdentityClass as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Ok(None),
        Ok(Wire::Ordinary) => Ok(Some(IdentityClass::Ordinary)),
        Ok(Wire::Poor) => Ok(Some(IdentityClass::Poor)),
        Ok(Wire::Other) => Ok(Some(IdentityClass::Other)),
        Err(_) => Err(invalid("filter.identity", "ORDINARY、POOR、OTHER 或空")),
    }
}

fn care(number: i32) -> Result<Option<CareClass>, Refusal> {
    use pb::CareClass as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Ok(None),
        Ok(Wire::Outpatient) => Ok(Some(CareClass::Outpatient)),
        Ok(Wire::Inpatient) => Ok(Some(CareClass::Inpatient)),
        Err(_) => Err(invalid("filter.care", "OUTPATIENT、INPATIENT 或空")),
    }
}

/// Where the visits were that a list is of.
pub fn within(number: i32) -> Result<Option<bool>, Refusal> {
    use pb::list_in_county_visits_request::Where as Wire;
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Ok(None),
        Ok(Wire::InCounty) => Ok(Some(true)),
        Ok(Wire::Away) => Ok(Some(false)),
        Err(_) => Err(invalid("where", "IN_COUNTY、AWAY 或空")),
    }
}

/// The shares as the wire shows them.
pub fn in_county(shares: &Shares) -> pb::GetInCountyShareResponse {
    let coded = |dimension, by: &BTreeMap<String, Share>, term: fn(&str) -> String| {
        let row =
            move |(value, share): (&String, &Share)| row(dimension, value, term(value), *share);
        by.iter().map(row).collect::<Vec<_>>()
    };
    let scheme = |code: &str| Scheme::parse(code).map_or_else(String::new, |one| one.term().into());
    let tier =
        |code: &str| InstitutionTier::parse(code).map_or_else(String::new, |one| one.term().into());
    let mut rows = coded(Dimension::Scheme, &shares.schemes, scheme);
    rows.extend(shares.identities.iter().map(|(class, share)| {
        let value = class.name().to_ascii_uppercase();
        row(Dimension::Identity, &value, class.term().into(), *share)
    }));
    rows.extend(coded(Dimension::Tier, &shares.tiers, tier));
    rows.extend(coded(Dimension::Institution, &shares.institutions, |_| {
        String::new()
    }));
    rows.extend(shares.care.iter().map(|(class, share)| {
        let value = match class {
            CareClass::Outpatient => "OUTPATIENT",
            CareClass::Inpatient => "INPATIENT",
        };
        row(Dimension::Care, value, class.term().into(), *share)
    }));
    pb::GetInCountyShareResponse {
        definition: DEFINITION.to_string(),
        all: Some(share(shares.all)),
        poor: Some(share(shares.poor)),
        rows,
    }
}

fn row(dimension: Dimension, value: &str, term: String, of: Share) -> pb::InCountyRow {
    pb::InCountyRow {
        dimension: dimension.into(),
        value: value.to_string(),
        term,
        share: Some(share(of)),
    }
}

fn share(share: Share) -> pb::InCountyShare {
    pb::InCountyShare {
        visit_count: share.visits,
        in_county_count: share.in_county,
        share_bp: share.basis_points(),
    }
}

/// A visit as the wire shows it.
pub fn counted_visit(one: CountedVisit) -> pb::InCountyVisit {
    use pb::IdentityClass as Wire;
    let identity = match one.cell.identity {
        IdentityClass::Ordinary => Wire::Ordinary,
        IdentityClass::Poor => Wire::Poor,
        IdentityClass::Other => Wire::Other,
    };
    pb::InCountyVisit {
        settlement_id: one.settlement,
        person_id: one.person,
        institution_code: one.cell.institution,
        visit_number: one.visit,
        scheme: one.cell.scheme,
        med_type: one.med_type,
        tier: one.cell.tier,
        identity: identity.into(),
        in_county: one.cell.in_county,
        end_day: one.end,
        reimbursed: one.reimbursed,
    }
}
