//! Prices and settlements as the wire shows them.

use crate::domain::{Basis, Effect, Finding, Posted, Priced};
use policy::{Comparison, Difference, Differing, Reason};
use proto::common;
use runtime::render;

/// A price as the wire shows it.
pub fn quote(priced: Priced) -> common::Quote {
    common::Quote {
        amounts: Some(amounts(&priced.settlement)),
        basis: Some(basis_message(&priced.basis)),
        remarks: remarks(&priced.settlement.findings),
    }
}

/// A price beside another, and what the first rests on.
pub fn comparison(compared: Comparison, basis: &Basis) -> common::Comparison {
    common::Comparison {
        before: Some(amounts(&compared.before)),
        after: Some(amounts(&compared.after)),
        differences: compared.differences.into_iter().map(difference).collect(),
        basis: Some(basis_message(basis)),
        remarks: remarks(&compared.before.findings),
        remarks_after: remarks(&compared.after.findings),
    }
}

fn difference(difference: Difference) -> common::Difference {
    use common::difference::Of;
    let (before_rate, after_rate) = difference.rates;
    let (of, name, subject) = match difference.of {
        Differing::Total(name) => (Of::Total, name.to_string(), String::new()),
        Differing::Layer(rule) => (Of::Layer, rule.to_string(), String::new()),
        Differing::Rule(subject, rule) => (Of::Rule, rule.to_string(), subject.term()),
    };
    common::Difference {
        of: of.into(),
        name,
        subject,
        before_fen: difference.before.map(|amount| amount.0),
        after_fen: difference.after.map(|amount| amount.0),
        before_rate_bp: before_rate.map(|rate| rate.0),
        after_rate_bp: after_rate.map(|rate| rate.0),
        sentence: difference.text,
    }
}

pub fn amounts(settlement: &policy::Settlement) -> common::Amounts {
    let share = |share: &policy::Share| common::FundShare {
        fund: share.fund.to_string(),
        layer: share.layer.to_string(),
        base_fen: share.base.0,
        paid_fen: share.paid.0,
        deductible_fen: share.deductible.0,
        rule: share.rule.to_string(),
    };
    // 基金支付明细 is of funds; what account and hospital pay has fields of its own.
    let of_fund = |share: &&policy::Share| share.payer == policy::Payer::Fund;
    common::Amounts {
        total_fen: settlement.total.0,
        own_pay_fen: settlement.own_pay.0,
        over_limit_fen: settlement.over_limit.0,
        first_pay_fen: settlement.first_pay.0,
        in_scope_fen: settlement.in_scope.0,
        deductible_fen: settlement.deductible.0,
        funds_fen: settlement.funds().0,
        account_fen: settlement.account.0,
        cash_fen: settlement.cash.0,
        hospital_fen: settlement.hospital.0,
        shares: settlement
            .shares
            .iter()
            .filter(of_fund)
            .map(share)
            .collect(),
        account_shared_fen: settlement.account_shared.0,
        balance_fen: settlement.balance.0,
        pool_rate_bp: settlement.pool_rate().0,
    }
}

fn basis_message(basis: &Basis) -> common::Basis {
    common::Basis {
        package_name: basis.package.clone(),
        package_digest: basis.package_digest.clone(),
        catalogue_id: basis.catalogue.to_string(),
        person_version: basis.person_version,
        accumulator_version: basis.accumulator_version,
        day: basis.day.to_string(),
        funds_fen: basis.funds.0,
        cash_fen: basis.cash.0,
        amounts_digest: basis.amounts_digest.clone(),
        account_version: basis.account_version,
    }
}

fn remarks(findings: &[policy::Finding]) -> Vec<common::Remark> {
    let remark = |finding: &policy::Finding| common::Remark {
        code: finding.code.clone(),
        sentence: finding.text.clone(),
        line_number: finding
            .line
            .and_then(|line| i32::try_from(line).ok())
            .unwrap_or(0),
    };
    findings.iter().map(remark).collect()
}

/// A settlement as the wire shows it.
pub fn settlement(posted: &Posted) -> common::Settlement {
    use common::settlement::State;
    let bill = &posted.evidence.bill;
    let state = if posted.reversed_at.is_some() {
        State::Reversed
    } else {
        State::Posted
    };
    common::Settlement {
        settlement_id: posted.id.to_string(),
        state: state.into(),
        person_id: bill.person.to_string(),
        institution_code: bill.institution.to_string(),
        visit_number: bill.visit.clone(),
        scheme: bill.scheme.to_string(),
        med_type: bill.med_type.to_string(),
        begin_day: bill.begin.to_string(),
        end_day: bill.end.to_string(),
        ordinal: posted.ordinal,
        amounts: Some(amounts(&posted.amounts)),
        basis: Some(basis_message(&posted.basis)),
        remarks: remarks(&posted.amounts.findings),
        findings: posted
            .evidence
            .findings
            .iter()
            .map(finding_message)
            .collect(),
        posted_time: Some(render::timestamp(posted.posted_at)),
        reversed_time: posted.reversed_at.map(render::timestamp),
        part_number: bill
            .part
            .map_or(0, |part| i32::try_from(part.number).unwrap_or(i32::MAX)),
        part_continues: bill.continues(),
        year: bill.year_key().year,
        referral_id: bill.referral.map(|id| id.to_string()).unwrap_or_default(),
        guarantee_id: bill.guarantee.map(|id| id.to_string()).unwrap_or_default(),
        reimbursement_id: bill
            .reimbursement
            .map(|id| id.to_string())
            .unwrap_or_default(),
        revision: posted.revision,
    }
}

fn finding_message(finding: &Finding) -> common::Finding {
    use common::finding::Effect as Wire;
    let effect = match finding.effect {
        Effect::Note => Wire::Note,
        Effect::DenyLine => Wire::DenyLine,
        Effect::DenyClaim => Wire::DenyClaim,
    };
    common::Finding {
        rule_code: finding.rule.clone(),
        effect: effect.into(),
        line_number: i32::try_from(finding.line).unwrap_or(0),
        sentence: finding.sentence.clone(),
        other_settlement_id: finding.other.map(|id| id.to_string()).unwrap_or_default(),
    }
}

/// A reason as the wire shows it.
pub fn reason(reason: Reason) -> common::Reason {
    common::Reason {
        subject: reason.subject.to_string(),
        rule: reason.rule.to_string(),
        clause: reason.clause.to_string(),
        policy_item_code: reason.item_code.unwrap_or_default().to_string(),
        input_fen: reason.input.0,
        rate_bp: reason.rate.map(|rate| rate.0),
        output_fen: reason.output.0,
        sentence: reason.text(),
        assumed: reason.assumed.is_some(),
        assumption: reason
            .assumed
            .map(|name| name.to_string())
            .unwrap_or_default(),
    }
}
