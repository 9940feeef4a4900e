//! 基金账: subsidies, accounts and entries.

use super::claim::optional_id;
use crate::domain::{Grant, Subsidy};
use crate::ledger::Entry;
use crate::store::Account;
use kernel::{CLAIM_FEN_MAX, CoverageId, Fen, IdentityKind, PersonId, Refusal, Scheme};
use proto::settlement as pb;
use runtime::{parse, render};

/// A subsidy to post.
pub fn grant(message: &pb::PostSubsidyRequest) -> Result<Grant, Refusal> {
    let year = (2000..=2100)
        .contains(&message.year)
        .then_some(message.year);
    let amount = Fen(message.subsidy_fen);
    let fits = (Fen::ZERO..=CLAIM_FEN_MAX).contains(&amount);
    let expected = format_args!("0至{CLAIM_FEN_MAX}元的金额(以分计)");
    let identity = match message.identity_kind.as_str() {
        "" => None,
        kind => Some(parse::code("identity_kind", IdentityKind::parse(kind))?),
    };
    Ok(Grant {
        person: parse::field("person_id", PersonId::parse(&message.person_id))?,
        scheme: parse::code("scheme", Scheme::parse(&message.scheme))?,
        year: parse::wanted("year", year, "2000至2100的年份")?,
        identity,
        amount: parse::wanted("subsidy_fen", fits.then_some(amount), expected)?,
        coverage: optional_id("coverage_id", &message.coverage_id, CoverageId::parse)?,
    })
}

/// A subsidy as the wire shows it.
pub fn subsidy(subsidy: Subsidy) -> pb::Subsidy {
    let identity = subsidy.identity.map(|kind| kind.to_string());
    pb::Subsidy {
        subsidy_id: subsidy.id.to_string(),
        person_id: subsidy.person.to_string(),
        scheme: subsidy.scheme.to_string(),
        year: subsidy.year,
        identity_kind: identity.unwrap_or_default(),
        subsidy_fen: subsidy.amount.0,
        coverage_id: subsidy.coverage.to_string(),
        posted_time: Some(render::timestamp(subsidy.posted_at)),
        withdrawn_time: subsidy.withdrawn_at.map(render::timestamp),
    }
}

/// An entry as the wire shows it.
pub fn entry(entry: Entry) -> pb::get_ledger_entries_response::Entry {
    pb::get_ledger_entries_response::Entry {
        transaction_id: entry.transaction,
        number: entry.number,
        account: entry.posting.account,
        amount_fen: entry.posting.amount.0,
        reverses: entry.reverses.unwrap_or_default(),
        posted_time: Some(render::timestamp(entry.posted_at)),
    }
}

/// The ledger's accounts as the wire shows them.
pub fn trial_balance(accounts: Vec<Account>) -> pb::GetTrialBalanceResponse {
    use pb::get_trial_balance_response::Account as Wire;
    let sum_fen = accounts.iter().map(|account| account.balance.0).sum();
    let account = |account: Account| Wire {
        account: account.name,
        balance_fen: account.balance.0,
        postings: account.postings,
    };
    pb::GetTrialBalanceResponse {
        accounts: accounts.into_iter().map(account).collect(),
        sum_fen,
    }
}
