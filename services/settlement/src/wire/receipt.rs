//! 结算单、对账单与复算: what is read back of settlements.

use super::amounts::{reason, settlement};
use crate::app::{Differing, Replayed, StatementPage};
use crate::domain::{
    Flaw, FlawCause, Mismatch, Receipt, Sums, Verdict, masked, receipt_digest, receipt_text,
};
use crate::store::Which;
use kernel::{Fund, Instant, InstitutionCode, PersonId, Refusal, SettlementId};
use proto::orchestrator as pb;
use runtime::parse;

/// The years there are settlements of.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// A receipt as the wire shows it.
pub fn receipt(receipt: Receipt) -> pb::Receipt {
    let posted = &receipt.posted;
    let bill = &posted.evidence.bill;
    pb::Receipt {
        verification_number: posted.id.to_string(),
        receipt_digest: receipt_digest(posted).to_string(),
        digest_text: receipt_text(posted),
        settlement: Some(settlement(posted)),
        institution_name: receipt.institution_name,
        masked_person_number: masked(bill.person),
        scheme_name: bill.scheme.term().to_string(),
        med_type_name: bill.med_type.term().to_string(),
        package_title: receipt.package_title,
        reasons: receipt.reasons.into_iter().map(reason).collect(),
    }
}

/// What a receipt is worth.
pub fn verdict(verdict: Verdict) -> pb::VerifyReceiptResponse {
    use pb::verify_receipt_response::Verdict as Wire;
    let verdict = match verdict {
        Verdict::Matches => Wire::Matches,
        Verdict::Differs => Wire::Differs,
        Verdict::Reversed => Wire::Reversed,
        Verdict::Unknown => Wire::Unknown,
    };
    pb::VerifyReceiptResponse {
        verdict: verdict.into(),
    }
}

/// A page of a statement as the wire shows it.
pub fn statement(page: StatementPage) -> pb::GetStatementResponse {
    let statement = page.statement;
    let (kept, folded) = (&page.year.accumulators, &statement.folded);
    let mut names: Vec<&str> = kept.iter().chain(folded.iter()).map(|(n, _)| n).collect();
    names.sort_unstable();
    names.dedup();
    let accumulator = |name: &str| pb::StatementAccumulator {
        name: name.to_string(),
        value: kept.get(name),
        folded_value: folded.get(name),
    };
    let fund = |(code, paid): (&String, &kernel::Fen)| pb::FundSum {
        fund: code.clone(),
        name: Fund::parse(code).map_or_else(String::new, |fund| fund.term().to_string()),
        paid_fen: paid.0,
    };
    let month = |(month, sums): (&u32, &Sums)| pb::MonthSums {
        month: i32::try_from(*month).unwrap_or(0),
        sums: Some(sums_message(sums)),
    };
    let mismatch = |mismatch: Mismatch| pb::StatementMismatch {
        name: mismatch.name,
        kept_value: mismatch.kept,
        summed_value: mismatch.summed,
    };
    pb::GetStatementResponse {
        settlements: page.posted.iter().map(settlement).collect(),
        next_page_token: page.next,
        standing: Some(sums_message(&statement.standing)),
        reversed: Some(sums_message(&statement.reversed)),
        funds: statement.funds.iter().map(fund).collect(),
        months: statement.months.iter().map(month).collect(),
        accumulators: names.into_iter().map(accumulator).collect(),
        agrees: page.mismatches.is_empty(),
        mismatches: page.mismatches.into_iter().map(mismatch).collect(),
    }
}

fn sums_message(sums: &Sums) -> pb::StatementSums {
    pb::StatementSums {
        count: sums.count,
        total_fen: sums.total.0,
        in_scope_fen: sums.in_scope.0,
        funds_fen: sums.funds.0,
        account_fen: sums.account.0,
        cash_fen: sums.cash.0,
        hospital_fen: sums.hospital.0,
        account_shared_fen: sums.account_shared.0,
    }
}

/// Which settlements to compute again.
pub fn replayed_settlements(message: &pb::ReplaySettlementsRequest) -> Result<Which, Refusal> {
    let settlement = optional(&message.only_settlement_id, |id| {
        parse::field("only_settlement_id", SettlementId::parse(id))
    })?;
    let person = optional(&message.only_person_id, |id| {
        parse::field("only_person_id", PersonId::parse(id))
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

/// A year of settlements.
pub fn year(year: i32) -> Result<i32, Refusal> {
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
        revision_count: count(replayed.revisions),
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
        FlawCause::Unreadable => Wire::Unreadable,
        FlawCause::PackageMissing => Wire::PackageMissing,
        FlawCause::CatalogueMissing => Wire::CatalogueMissing,
        FlawCause::Refused => Wire::Refused,
        FlawCause::Amounts => Wire::Amounts,
        FlawCause::Basis => Wire::Basis,
        FlawCause::Digest => Wire::Digest,
        FlawCause::Column => Wire::Column,
        FlawCause::Ledger => Wire::Ledger,
    };
    pb::Flaw {
        cause: cause.into(),
        name: flaw.name,
        stored_fen: flaw.stored.map(|amount| amount.0),
        expected_fen: flaw.expected.map(|amount| amount.0),
        sentence: flaw.text,
        revision: flaw.revision,
    }
}
