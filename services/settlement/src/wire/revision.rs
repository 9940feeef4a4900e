//! 差额结算: refunds, findings and revisions.

use super::amounts::{amounts, comparison};
use super::claim::third_party_of;
use super::member::member_at;
use crate::app::{FindingWanted, LateFacts, Refund, Shown, ThirdPartyFound};
use crate::domain::{Cause, Denied, Payee, RefundedLine, Revised, Revision, YearKey};
use crate::ledger::fund_differences;
use kernel::refusal::invalid;
use kernel::{Fen, InstitutionCode, Quantity, Refusal, SettlementId};
use policy::{Comparison, LINES_MAX, Settlement};
use proto::common::revision as wire;
use proto::{common, orchestrator as pb};
use runtime::{parse, render};
use std::collections::{BTreeMap, BTreeSet};

/// Days of a year at most.
const DAYS_MAX: usize = 366;

/// Lines to refund; only of a settlement of this institution, if one asks.
pub fn refund(
    message: &pb::RefundLinesRequest,
    institution: Option<InstitutionCode>,
) -> Result<Refund, Refusal> {
    let numbers = revised_lines(message.lines.iter().map(|line| line.number))?;
    let line = |(index, (number, line)): (usize, (u32, &pb::RefundedLine))| {
        let path = format!("lines[{index}].quantity_e4");
        let quantity = Some(line.quantity_e4).filter(|quantity| *quantity >= 0);
        let quantity = parse::wanted(path, quantity, "不小于零")?;
        let quantity = Some(quantity).filter(|quantity| *quantity > 0);
        Ok(RefundedLine {
            number,
            quantity: quantity.map(Quantity),
        })
    };
    let lines = numbers.into_iter().zip(&message.lines).enumerate();
    Ok(Refund {
        settlement: settlement_id(&message.settlement_id)?,
        lines: lines.map(line).collect::<Result<_, Refusal>>()?,
        reason: parse::text("reason", &message.reason, 200)?,
        institution,
    })
}

/// What enrollment says now of the person whose year it is, each day once.
pub fn late_facts(whose: YearKey, members: &[common::Member]) -> Result<LateFacts, Refusal> {
    if members.len() > DAYS_MAX {
        return Err(invalid("members", format!("至多{DAYS_MAX}天")));
    }
    let mut by_day = BTreeMap::new();
    for (index, message) in members.iter().enumerate() {
        let place = format!("members[{index}]");
        let member = member_at(&place, message)?;
        let of_year = member.person == whose.person && member.scheme == whose.scheme;
        if !of_year || by_day.insert(member.as_of, member).is_some() {
            return Err(invalid(place, "该人员该险种的参保快照,每日一份"));
        }
    }
    Ok(LateFacts {
        whose,
        members: by_day,
    })
}

/// The lines of a finding, and whom it is against.
pub fn finding_wanted(
    settlement: &str,
    lines: &[pb::DeniedLine],
) -> Result<FindingWanted, Refusal> {
    let numbers = revised_lines(lines.iter().map(|line| line.number))?;
    let denied = |(index, (number, line)): (usize, (u32, &pb::DeniedLine))| {
        let path = |field: &str| format!("lines[{index}].{field}");
        Ok(Denied {
            number,
            rule: parse::token(path("rule_code"), &line.rule_code, 20)?,
            sentence: parse::text(path("sentence"), &line.sentence, 500)?,
        })
    };
    let lines = numbers.into_iter().zip(lines).enumerate();
    Ok(FindingWanted {
        settlement: settlement_id(settlement)?,
        denied: lines.map(denied).collect::<Result<_, Refusal>>()?,
        from: Payee::Institution,
        reason: String::new(),
        case_reference: String::new(),
        shown: None,
    })
}

impl FindingWanted {
    /// All of a finding to post.
    pub fn parse(message: &pb::PostFindingRequest) -> Result<FindingWanted, Refusal> {
        use wire::Payee as Wire;
        let from = match Wire::try_from(message.recovered_from) {
            Ok(Wire::Unspecified | Wire::Institution) => Payee::Institution,
            Ok(Wire::Person) => Payee::Person,
            Err(_) => return Err(invalid("recovered_from", "已知的追回对象")),
        };
        let reference = &message.case_reference;
        let shown = match (
            message.preview_digest.as_str(),
            message.approval_id.as_str(),
        ) {
            ("", "") => None,
            // Who agreed agreed to amounts.
            (shown, _) => Some(parse::digest("preview_digest", shown)?),
        };
        Ok(FindingWanted {
            from,
            reason: parse::text("reason", &message.reason, 200)?,
            case_reference: parse::optional_text("case_reference", reference, 100)?,
            shown,
            ..finding_wanted(&message.settlement_id, &message.lines)?
        })
    }
}

fn settlement_id(text: &str) -> Result<SettlementId, Refusal> {
    parse::field("settlement_id", SettlementId::parse(text))
}

/// The numbers of lines, each of them once.
fn revised_lines(numbers: impl ExactSizeIterator<Item = i32>) -> Result<Vec<u32>, Refusal> {
    if !(1..=LINES_MAX).contains(&numbers.len()) {
        return Err(invalid("lines", format!("1至{LINES_MAX}行")));
    }
    let mut seen = BTreeSet::new();
    let number = |(index, number): (usize, i32)| {
        let number = u32::try_from(number).ok().filter(|number| *number > 0);
        let new = number.filter(|number| seen.insert(*number));
        parse::wanted(
            format!("lines[{index}].number"),
            new,
            "大于零、不重复的行号",
        )
    };
    numbers.enumerate().map(number).collect()
}

/// Behind which revision a page begins.
pub fn number_after(key: &str) -> Result<i64, Refusal> {
    let bad = |_| kernel::refusal::BAD_PAGE_TOKEN.refuse().at("page_token");
    match key {
        "" => Ok(0),
        number => number.parse().map_err(bad),
    }
}

/// A revision as the wire shows it.
pub fn revision(shown: &Shown) -> common::Revision {
    let Shown { revision, before } = shown;
    let cause = match revision.cause {
        Cause::RefundLines => wire::Cause::RefundLines,
        Cause::LateFact => wire::Cause::LateFact,
        Cause::Finding => wire::Cause::Finding,
        Cause::ThirdParty => wire::Cause::ThirdParty,
    };
    let payee = match revision.payee {
        Payee::Institution => wire::Payee::Institution,
        Payee::Person => wire::Payee::Person,
    };
    common::Revision {
        revision_id: revision.id.to_string(),
        settlement_id: revision.settlement.to_string(),
        number: revision.number,
        correction_id: revision.correction.0.to_string(),
        cause: cause.into(),
        payee: payee.into(),
        reason: revision.reason.clone(),
        case_reference: revision.case_reference.clone(),
        before: Some(amounts(before)),
        after: Some(amounts(&revision.amounts)),
        funds: funds(before, &revision.amounts),
        sentence: sentence(revision, before),
        posted_time: Some(render::timestamp(revision.posted_at)),
        withdrawn_time: revision.withdrawn_at.map(render::timestamp),
    }
}

fn funds(before: &Settlement, after: &Settlement) -> Vec<wire::Fund> {
    let fund = |(fund, was, is, difference): (String, Fen, Fen, Fen)| wire::Fund {
        fund,
        before_fen: was.0,
        after_fen: is.0,
        difference_fen: difference.0,
    };
    let all = fund_differences(before, after).into_iter();
    all.map(fund).collect()
}

fn sentence(revision: &Revision, before: &Settlement) -> String {
    let cause = match (revision.cause, revision.correction.1) {
        (Cause::LateFact, _) => "参保或身份信息事后变更,待遇重新计算".to_string(),
        (_, 2..) => "同年度较早的结算已更正,本结算在年度累计中的位置随之变化".to_string(),
        (Cause::RefundLines, _) => format!("部分退费({})", revision.reason),
        (Cause::Finding, _) => format!("核查发现不予支付的费用({})", revision.reason),
        (Cause::ThirdParty, _) => format!("第三方责任事后认定({})", third_party(revision)),
    };
    let after = &revision.amounts;
    format!(
        "{cause}:基金支付由{}元变为{}元,个人现金由{}元变为{}元。",
        before.funds(),
        after.funds(),
        before.cash,
        after.cash,
    )
}

fn third_party(revision: &Revision) -> String {
    match revision.evidence.bill.third_party {
        None => "无第三方责任".to_string(),
        Some(party) if party.advance => format!("第三方应负担{},基金先行支付", party.share),
        Some(party) => format!("第三方应负担{}", party.share),
    }
}

/// 第三方责任 that became known; its document is read where it is posted.
pub fn third_party_found(
    settlement: &str,
    share_bp: i32,
    advance: bool,
) -> Result<ThirdPartyFound, Refusal> {
    Ok(ThirdPartyFound {
        settlement: settlement_id(settlement)?,
        party: third_party_of("", share_bp, advance)?,
        document: String::new(),
    })
}

/// What pricing a settlement again would move, as the wire shows it.
pub fn previewed(revised: Revised) -> common::RevisionPreview {
    let (before, after) = (&revised.was, &revised.settlement);
    let bill = &revised.evidence.bill;
    common::RevisionPreview {
        settlement_id: revised.before.id.to_string(),
        end_day: bill.end.to_string(),
        institution_code: bill.institution.to_string(),
        funds: funds(before, after),
        funds_difference_fen: (after.funds() - before.funds()).0,
        cash_difference_fen: (after.cash - before.cash).0,
        comparison: Some(comparison(
            Comparison::of(revised.was, revised.settlement),
            &revised.before.basis,
        )),
    }
}
