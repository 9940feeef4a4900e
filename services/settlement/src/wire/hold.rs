//! 整批结算: claims to hold, and holds.

use super::claim::optional_id;
use super::{order, settlement};
use crate::app::{BatchReversal, Order, Set};
use crate::domain::{BATCH_MAX, Hold, HoldState, YearKey, within};
use kernel::refusal::invalid;
use kernel::{HoldId, Instant, InstitutionCode, Refusal};
use proto::{common, settlement as pb};
use runtime::{parse, render};
use std::collections::BTreeSet;

/// Claims of one person-year to hold, and whose it is.
pub fn held_claims(claims: &[pb::HeldClaim]) -> Result<(YearKey, Vec<Order>), Refusal> {
    let few = || invalid("claims", format!("1至{BATCH_MAX}张费用单"));
    if claims.len() > BATCH_MAX {
        return Err(few());
    }
    let mut orders = Vec::with_capacity(claims.len());
    for (index, held) in claims.iter().enumerate() {
        let (claim, member) = (held.claim.as_ref(), held.member.as_ref());
        let order = order(claim, member, &held.findings, held.basis.as_ref());
        let order = order.map_err(|no| within(&format!("claims[{index}]"), no))?;
        if order.bill.reimbursement.is_some() {
            let field = format!("claims[{index}].claim.reimbursement_id");
            return Err(invalid(field, "空:零星报销请单独结算"));
        }
        orders.push(order);
    }
    let whose = orders.first().map(|order| order.bill.year_key());
    let whose = whose.ok_or_else(few)?;
    let other = |order: &Order| order.bill.year_key() != whose;
    match orders.iter().position(other) {
        None => Ok((whose, orders)),
        Some(index) => Err(invalid(
            format!("claims[{index}].claim"),
            "与第一张费用单同一人员、险种与年度",
        )),
    }
}

/// Holds to reverse, and for whom.
pub fn batch_reversal(message: &pb::ReverseHoldsRequest) -> Result<BatchReversal, Refusal> {
    let holds = hold_ids(&message.hold_ids)?;
    let institution = optional_id(
        "institution_code",
        &message.institution_code,
        InstitutionCode::parse,
    )?;
    match holds.is_empty() {
        true => Err(not_so_many()),
        false => Ok(BatchReversal {
            holds,
            reason: parse::text("reason", &message.reason, 200)?,
            institution,
        }),
    }
}

fn not_so_many() -> Refusal {
    invalid("hold_ids", format!("1至{BATCH_MAX}个预留"))
}

/// Different holds; none, where only the key is asked.
pub fn hold_ids(texts: &[String]) -> Result<Vec<HoldId>, Refusal> {
    if texts.len() > BATCH_MAX {
        return Err(not_so_many());
    }
    let mut seen = BTreeSet::new();
    let mut ids = Vec::with_capacity(texts.len());
    for (index, text) in texts.iter().enumerate() {
        let path = format!("hold_ids[{index}]");
        let id = parse::field(path.as_str(), HoldId::parse(text))?;
        if !seen.insert(id) {
            return Err(invalid(path, "不重复的预留"));
        }
        ids.push(id);
    }
    Ok(ids)
}

/// A hold as the wire shows it, without its settlements.
pub fn hold(hold: &Hold, now: Instant) -> pb::Hold {
    use pb::hold::State;
    let state = match hold.state(now) {
        HoldState::Open => State::Open,
        HoldState::Posted => State::Posted,
        HoldState::Released => State::Released,
        HoldState::Expired => State::Expired,
    };
    pb::Hold {
        hold_id: hold.id.to_string(),
        state: state.into(),
        person_id: hold.whose.person.to_string(),
        scheme: hold.whose.scheme.to_string(),
        year: hold.whose.year,
        opened_time: Some(render::timestamp(hold.opened_at)),
        expires_time: Some(render::timestamp(hold.expires_at)),
        settlements: Vec::new(),
    }
}

/// A hold with its settlements. What was never posted has neither a state nor a time.
pub fn set(set: &Set, now: Instant) -> pb::Hold {
    let posted = set.hold.posted_at.is_some();
    let shown = |one| match posted {
        true => settlement(one),
        false => common::Settlement {
            state: common::settlement::State::Unspecified.into(),
            posted_time: None,
            ..settlement(one)
        },
    };
    pb::Hold {
        settlements: set.settlements.iter().map(shown).collect(),
        ..hold(&set.hold, now)
    }
}
