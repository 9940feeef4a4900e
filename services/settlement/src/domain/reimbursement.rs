//! 零星报销: a bill the patient paid, with its receipts, from its submission to its payment.
//!
//! It decides what a submission must hold, who may approve it and when it may be paid. What the bill
//! comes to is decided when it is settled, like any other.

use super::{Bill, Institution};
use crate::refusal::{
    RECEIPTS_DIFFER, REIMBURSEMENT_CHANGED, REIMBURSEMENT_ENDED, REIMBURSEMENT_NOT_SUBMITTED,
    REIMBURSEMENT_SAME_PERSON, REIMBURSEMENT_UNAPPROVED,
};
use kernel::refusal::invalid;
use kernel::{
    Day, Digest, Digester, Fen, Instant, Refusal, ReimbursementId, SettlementId, person_behind,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Receipts of one reimbursement at most.
pub const RECEIPTS_MAX: usize = 100;

/// 医疗收费票据: a receipt the patient brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpenseReceipt {
    /// 票据代码.
    pub code: String,
    /// 票据号码.
    pub number: String,
    /// 开票日期.
    pub issued: Day,
    /// 金额.
    pub amount: Fen,
}

/// What is submitted.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The bill.
    pub bill: Bill,
    /// Its receipts.
    pub receipts: Vec<ExpenseReceipt>,
    /// The institution, where the area has not registered it.
    pub outside: Option<Institution>,
}

/// Where a reimbursement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReimbursementState {
    /// 已受理.
    Submitted,
    /// 已复核.
    Approved,
    /// 已支付.
    Paid,
    /// 已退回.
    Rejected,
    /// 已撤回.
    Withdrawn,
}

/// 零星报销.
#[derive(Clone, Debug)]
pub struct Reimbursement {
    /// Its id.
    pub id: ReimbursementId,
    /// What was submitted.
    pub submission: Submission,
    /// Whether another person must approve it.
    pub needs_second: bool,
    /// Who submitted it, and when.
    pub submitted: (String, Instant),
    /// Who approved it, and when.
    pub approved: Option<(String, Instant)>,
    /// Why it was sent back.
    pub rejection: Option<String>,
    /// When its request was withdrawn.
    pub withdrawn_at: Option<Instant>,
    /// The settlement that paid it, while that stands.
    pub settlement: Option<SettlementId>,
}

impl Submission {
    /// Every receipt once, none from the future, and together what the bill comes to.
    pub fn is_sound(&self, today: Day) -> Result<(), Refusal> {
        let mut seen = BTreeSet::new();
        for (place, receipt) in self.receipts.iter().enumerate() {
            if receipt.issued > today {
                let field = format!("receipts[{place}].issued_day");
                return Err(invalid(field, "不晚于今天的日期"));
            }
            if !seen.insert((&receipt.code, &receipt.number)) {
                let field = format!("receipts[{place}].receipt_number");
                return Err(invalid(field, "不重复的票据"));
            }
        }
        let receipts: Fen = self.receipts.iter().map(|receipt| receipt.amount).sum();
        match receipts == self.total() {
            true => Ok(()),
            false => {
                let no = RECEIPTS_DIFFER.refuse().at("receipts");
                let no = no.with("receipts_fen", receipts.0);
                Err(no.with("total_fen", self.total().0))
            }
        }
    }

    /// 医疗费总额 (medfee_sumamt).
    pub fn total(&self) -> Fen {
        self.bill.lines.iter().map(|line| line.amount).sum()
    }

    /// Over all that a second person approves.
    pub fn digest(&self) -> Digest {
        let mut digester = Digester::new();
        let bill = &self.bill;
        digester.part(bill.fingerprint().to_string().as_bytes());
        for text in [bill.scheme.as_str(), bill.med_type.as_str(), &bill.visit] {
            digester.part(text.as_bytes());
        }
        for receipt in &self.receipts {
            digester.part(receipt.code.as_bytes());
            digester.part(receipt.number.as_bytes());
            digester.number(receipt.amount.0);
        }
        if let Some(outside) = &self.outside {
            digester.part(outside.tier.as_str().as_bytes());
            digester.part(outside.kind.as_str().as_bytes());
        }
        digester.finish()
    }
}

impl Reimbursement {
    /// Where it stands.
    pub fn state(&self) -> ReimbursementState {
        use ReimbursementState::{Approved, Paid, Rejected, Submitted, Withdrawn};
        match self {
            _ if self.settlement.is_some() => Paid,
            _ if self.withdrawn_at.is_some() => Withdrawn,
            _ if self.rejection.is_some() => Rejected,
            _ if self.approved.is_some() => Approved,
            _ => Submitted,
        }
    }

    /// Only what waits for it is approved, as it was seen, and by another person.
    pub fn approvable(&self, by: &str, seen: Digest) -> Result<(), Refusal> {
        if self.state() != ReimbursementState::Submitted {
            return Err(self.refuse(&REIMBURSEMENT_NOT_SUBMITTED));
        }
        if self.submission.digest() != seen {
            return Err(self.refuse(&REIMBURSEMENT_CHANGED).at("digest"));
        }
        match person_behind(&self.submitted.0) == person_behind(by) {
            true => Err(self
                .refuse(&REIMBURSEMENT_SAME_PERSON)
                .with("by", person_behind(by))),
            false => Ok(()),
        }
    }

    /// What is not paid and not ended can be sent back.
    pub fn rejectable(&self) -> Result<(), Refusal> {
        use ReimbursementState::{Approved, Submitted};
        match self.state() {
            Submitted | Approved => Ok(()),
            _ => Err(self.refuse(&REIMBURSEMENT_ENDED)),
        }
    }

    /// It may be paid once, and above the threshold only when it is approved.
    pub fn payable(&self) -> Result<(), Refusal> {
        self.rejectable()?;
        match self.needs_second && self.approved.is_none() {
            true => Err(self.refuse(&REIMBURSEMENT_UNAPPROVED)),
            false => Ok(()),
        }
    }

    /// The same, paid by a settlement.
    pub fn paid(self, settlement: SettlementId) -> Reimbursement {
        Reimbursement {
            settlement: Some(settlement),
            ..self
        }
    }

    fn refuse(&self, spec: &'static kernel::Spec) -> Refusal {
        let no = spec.refuse().at("reimbursement_id");
        no.with("reimbursement_id", self.id)
    }
}
