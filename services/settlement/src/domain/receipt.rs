//! 结算单: what is printed of a settlement, and the digest by which anybody can tell a receipt that
//! was changed. Pure; it knows no person's name.

use super::Posted;
use kernel::{Digest, PersonId};
use policy::{Payer, Reason};
use std::fmt::Write;

/// The first line of the text that is digested: how the lines below it are made.
const FORM: &str = "yibao-receipt-1";

/// 结算单: a settlement with all that its paper says besides.
pub struct Receipt {
    /// The settlement.
    pub posted: Posted,
    /// 定点医药机构名称 (fixmedins_name).
    pub institution_name: String,
    /// The title of the package.
    pub package_title: String,
    /// Why each amount is what it is.
    pub reasons: Vec<Reason>,
}

/// What became of a receipt that somebody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It says what was settled.
    Matches,
    /// It says something else.
    Differs,
    /// It says what was settled, and that was reversed since.
    Reversed,
    /// There is no such settlement.
    Unknown,
}

/// What a receipt with this digest is worth. Of a receipt that was changed not even the reversal is
/// told.
pub fn verdict(posted: &Posted, digest: Digest) -> Verdict {
    match (receipt_digest(posted) == digest, posted.reversed_at) {
        (false, _) => Verdict::Differs,
        (true, None) => Verdict::Matches,
        (true, Some(_)) => Verdict::Reversed,
    }
}

/// The person's number as a receipt shows it: its first and last four characters.
pub fn masked(person: PersonId) -> String {
    let text = person.to_string();
    let tail = text.len().saturating_sub(4);
    let (first, last) = (text.get(..4), text.get(tail..));
    format!(
        "{}****{}",
        first.unwrap_or_default(),
        last.unwrap_or_default()
    )
}

/// The digest over what a receipt says.
pub fn receipt_digest(posted: &Posted) -> Digest {
    Digest::of(receipt_text(posted).as_bytes())
}

/// What is digested: a line for each thing the receipt says, `name=value`, each ended by a line
/// feed. Its form is told in the interface and never changes: another one has another first line.
pub fn receipt_text(posted: &Posted) -> String {
    let (bill, amounts) = (&posted.evidence.bill, &posted.amounts);
    let mut text = format!("{FORM}\n");
    let mut line = |name: &str, value: &dyn std::fmt::Display| {
        // Writing to a string does not fail.
        writeln!(text, "{name}={value}").ok();
    };
    line("setl_id", &posted.id);
    line("psn_no", &masked(bill.person));
    line("fixmedins_code", &bill.institution);
    line("mdtrt_id", &bill.visit);
    line("insutype", &bill.scheme);
    line("med_type", &bill.med_type);
    line("begndate", &bill.begin);
    line("enddate", &bill.end);
    line("setl_time", &posted.posted_at);
    line("medfee_sumamt", &amounts.total.0);
    line("fulamt_ownpay_amt", &amounts.own_pay.0);
    line("overlmt_selfpay", &amounts.over_limit.0);
    line("preselfpay_amt", &amounts.first_pay.0);
    line("inscp_scp_amt", &amounts.in_scope.0);
    line("act_pay_dedc", &amounts.deductible.0);
    line("fund_pay_sumamt", &amounts.funds().0);
    line("acct_pay", &amounts.account.0);
    line("acct_mulaid_pay", &amounts.account_shared.0);
    line("balc", &amounts.balance.0);
    line("hosp_part_amt", &amounts.hospital.0);
    line("psn_cash_pay", &amounts.cash.0);
    for share in amounts
        .shares
        .iter()
        .filter(|share| share.payer == Payer::Fund)
    {
        let (base, deductible, paid) = (share.base.0, share.deductible.0, share.paid.0);
        let value = format!("{}|{}|{base}|{deductible}|{paid}", share.fund, share.rule);
        line("setldetail", &value);
    }
    line("package_digest", &posted.basis.package_digest);
    line("catalogue_id", &posted.basis.catalogue);
    line("amounts_digest", &posted.basis.amounts_digest);
    text
}
