//! 个人账户与家庭共济 from protobuf and back.

use crate::app::{ShownAccount, Used};
use crate::domain::{
    Account, AccountEntry, Authorization, CREDIT_MAX, Credit, EntryKind, Relation, closing::Month,
};
use kernel::refusal::invalid;
use kernel::{CreditId, FamilyAuthorizationId, Fen, Instant, PersonId, Refusal, Scheme};
use proto::orchestrator as pb;
use proto::orchestrator::account_entry::Kind;
use proto::orchestrator::family_authorization::Relation as WireRelation;
use runtime::{parse, render};

/// A credit to post.
pub fn new_credit(
    message: &pb::CreditAccountRequest,
    id: CreditId,
    now: Instant,
) -> Result<Credit, Refusal> {
    let scheme = parse::code("scheme", Scheme::parse(&message.scheme))?;
    // Residents have none: what would be theirs by number is 大病保险基金.
    if scheme != Scheme::Employee {
        return Err(invalid("scheme", "有个人账户的险种(310)"));
    }
    let fits = (Fen(1)..=CREDIT_MAX).contains(&Fen(message.amount_fen));
    let amount = fits.then_some(Fen(message.amount_fen));
    let expected = format_args!("大于零、不超过{CREDIT_MAX}元的金额(以分计)");
    let period = parse::wanted(
        "period",
        Month::parse(&message.period),
        "YYYY-MM 格式的年月",
    )?;
    Ok(Credit {
        id,
        person: parse::field("person_id", PersonId::parse(&message.person_id))?,
        scheme,
        amount: parse::wanted("amount_fen", amount, expected)?,
        period: period.to_string(),
        reason: parse::text("reason", &message.reason, 200)?,
        posted_at: now,
        withdrawn_at: None,
        alone: false,
    })
}

/// A credit as the wire shows it.
pub fn credit(credit: Credit) -> pb::AccountCredit {
    pb::AccountCredit {
        credit_id: credit.id.to_string(),
        person_id: credit.person.to_string(),
        scheme: credit.scheme.to_string(),
        amount_fen: credit.amount.0,
        period: credit.period,
        reason: credit.reason,
        posted_time: Some(render::timestamp(credit.posted_at)),
        withdrawn_time: credit.withdrawn_at.map(render::timestamp),
    }
}

/// An account as the wire shows it.
pub fn account(shown: ShownAccount) -> pb::GetAccountResponse {
    let of = |account: Account| pb::PersonalAccount {
        person_id: account.person.to_string(),
        year: account.year,
        current_fen: account.current.0,
        past_fen: account.past.0,
        balance_fen: account.balance().0,
        version: account.version,
    };
    let all = |all: Vec<Used>| all.into_iter().map(authorization).collect();
    pb::GetAccountResponse {
        account: Some(of(shown.account)),
        shared_to: all(shown.shared_to),
        shared_from: all(shown.shared_from),
    }
}

/// An entry as the wire shows it.
pub fn account_entry(entry: AccountEntry) -> pb::AccountEntry {
    let kind = match entry.kind {
        EntryKind::Credited => Kind::Credited,
        EntryKind::CreditWithdrawn => Kind::CreditWithdrawn,
        EntryKind::Paid => Kind::Paid,
        EntryKind::GivenBack => Kind::GivenBack,
        EntryKind::Revised => Kind::Revised,
        EntryKind::Rolled => Kind::Rolled,
    };
    pb::AccountEntry {
        number: entry.number,
        kind: kind.into(),
        subject_id: entry.subject,
        member_id: entry.by.map(|by| by.member.to_string()).unwrap_or_default(),
        current_fen: entry.current.0,
        past_fen: entry.past.0,
        balance_fen: entry.balance.0,
        posted_time: Some(render::timestamp(entry.posted_at)),
    }
}

/// An authorization to give.
pub fn new_authorization(
    message: &pb::AuthorizeFamilyMemberRequest,
    id: FamilyAuthorizationId,
    now: Instant,
) -> Result<Authorization, Refusal> {
    let relation = match message.relation() {
        WireRelation::Spouse => Some(Relation::Spouse),
        WireRelation::Parent => Some(Relation::Parent),
        WireRelation::Child => Some(Relation::Child),
        WireRelation::Sibling => Some(Relation::Sibling),
        WireRelation::Grandparent => Some(Relation::Grandparent),
        WireRelation::Grandchild => Some(Relation::Grandchild),
        WireRelation::Unspecified => None,
    };
    let limit = message.limit_fen.is_none_or(|limit| limit > 0);
    parse::wanted(
        "limit_fen",
        limit.then_some(()),
        "大于零的金额(以分计),或不填",
    )?;
    Ok(Authorization {
        id,
        holder: parse::field("holder_id", PersonId::parse(&message.holder_id))?,
        member: parse::field("member_id", PersonId::parse(&message.member_id))?,
        relation: parse::wanted("relation", relation, "已知的亲属关系")?,
        from: parse::day("from_day", &message.from_day)?,
        until: parse::optional_day("until_day", &message.until_day)?,
        limit: message.limit_fen.map(Fen),
        authorized_at: now,
        ended_at: None,
    })
}

/// An authorization as the wire shows it.
pub fn authorization(shown: Used) -> pb::FamilyAuthorization {
    let one = shown.authorization;
    let relation = match one.relation {
        Relation::Spouse => WireRelation::Spouse,
        Relation::Parent => WireRelation::Parent,
        Relation::Child => WireRelation::Child,
        Relation::Sibling => WireRelation::Sibling,
        Relation::Grandparent => WireRelation::Grandparent,
        Relation::Grandchild => WireRelation::Grandchild,
    };
    pb::FamilyAuthorization {
        authorization_id: one.id.to_string(),
        holder_id: one.holder.to_string(),
        member_id: one.member.to_string(),
        relation: relation.into(),
        from_day: one.from.to_string(),
        until_day: render::optional_day(one.until),
        limit_fen: one.limit.map(|limit| limit.0),
        used_fen: shown.used.0,
        authorized_time: Some(render::timestamp(one.authorized_at)),
        ended_time: one.ended_at.map(render::timestamp),
        in_force: shown.in_force,
    }
}
