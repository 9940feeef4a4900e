//! 结算单、对账单与复算: what is read back of settlements.

use crate::app::{Differing, Replayed};
use crate::domain::{Cause, Flaw};
use crate::store::Which;
use kernel::{Instant, InstitutionCode, PersonId, Refusal, SettlementId};
use proto::orchestrator as pb;
use runtime::parse;

/// The years there are settlements of.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// Which settlements to compute again.
pub fn replayed_settlements(message: &pb::ReplaySettlementsRequest) -> Result<Which, Refusal> {
    let settlement = optional(&message.settlement_id, |id| {
        parse::field("settlement_id", SettlementId::parse(id))
    })?;
    let person = optional(&message.person_id, |id| {
        parse::field("person_id", PersonId::parse(id))
    })?;
    let institution = optional(&message.institution_code, |code| {
        parse::field("institution_code", InstitutionCode::parse(code))
    })?;
    let from = parse::optional_day("from_day", &message.from_day)?;
    let to = parse::optional_day("to_day", &message.to_day)?;
    let year = match message.year {
        0 => None,
        year => Some(self::year(year)?),
    };
    Ok(Which {
        settlement,
        person,
        year,
        institution,
        posted: (
            from.map(Instant::beginning_of),
            to.map(|to| Instant::beginning_of(to.next())),
        ),
    })
}

fn year(year: i32) -> Result<i32, Refusal> {
    let expected = format_args!("{}至{}的年度", YEARS.start(), YEARS.end());
    parse::wanted("year", YEARS.contains(&year).then_some(year), expected)
}

fn optional<T>(
    text: &str,
    read: impl FnOnce(&str) -> Result<T, Refusal>,
) -> Result<Option<T>, Refusal> {
    match text {
        "" => Ok(None),
        text => read(text).map(Some),
    }
}

/// What a page of settlements was found to be.
pub fn replayed(replayed: Replayed) -> pb::ReplaySettlementsResponse {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    pb::ReplaySettlementsResponse {
        equal_count: count(replayed.equal),
        differing: replayed.differing.into_iter().map(differing).collect(),
        remaining_count: replayed.remaining.map_or(0, count),
        next_page_token: replayed.next,
    }
}

fn differing(differing: Differing) -> pb::DifferingSettlement {
    pb::DifferingSettlement {
        settlement_id: differing.id,
        institution_code: differing.institution,
        flaws: differing.flaws.into_iter().map(flaw).collect(),
    }
}

fn flaw(flaw: Flaw) -> pb::Flaw {
    use pb::flaw::Cause as Wire;
    let cause = match flaw.cause {
        Cause::Unreadable => Wire::Unreadable,
        Cause::PackageMissing => Wire::PackageMissing,
        Cause::CatalogueMissing => Wire::CatalogueMissing,
        Cause::Refused => Wire::Refused,
        Cause::Amounts => Wire::Amounts,
        Cause::Basis => Wire::Basis,
        Cause::Digest => Wire::Digest,
        Cause::Column => Wire::Column,
        Cause::Ledger => Wire::Ledger,
    };
    pb::Flaw {
        cause: cause.into(),
        name: flaw.name,
        stored_fen: flaw.stored.map(|amount| amount.0),
        expected_fen: flaw.expected.map(|amount| amount.0),
        sentence: flaw.text,
    }
}
