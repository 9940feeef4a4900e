//! 打印结算单: what stands on the paper of a settlement, and in which order: everything that its digest
//! is made from too. Pure; it decides no amount.

mod paper;

use crate::domain::{Receipt, masked, receipt_digest};
use kernel::{Fen, PersonName};
use paper::{MARGIN, Paper, RIGHT};
use policy::Payer;

/// Explanations on paper at most; the rest can be read on a screen.
const REASONS_MAX: usize = 500;

const TITLE: i16 = 16;
const HEAD: i16 = 11;
const BODY: i16 = 9;
const SMALL: i16 = 8;
/// Where the second column begins.
const MIDDLE: i16 = 300;
/// Where the names of funds end when amounts stand beside them.
const NAMES: i16 = 240;
/// Where columns of amounts end.
const COLUMNS: [i16; 3] = [330, 440, RIGHT];

/// The receipt on A4. The name is printed and kept nowhere.
pub fn receipt(receipt: &Receipt, name: Option<&PersonName>) -> Vec<u8> {
    let mut paper = Paper::new();
    paper.centred(TITLE, "医疗保险费用结算单");
    paper.down(BODY);
    if receipt.posted.reversed_at.is_some() {
        paper.down(HEAD);
        paper.centred(HEAD, "【本结算已撤销，不作为报销凭据】");
    }
    head(&mut paper, receipt, name);
    amounts(&mut paper, receipt);
    funds(&mut paper, receipt);
    remarks(&mut paper, receipt);
    reasons(&mut paper, receipt);
    proof(&mut paper, receipt);
    paper.finish()
}

fn head(paper: &mut Paper, receipt: &Receipt, name: Option<&PersonName>) {
    let posted = &receipt.posted;
    let bill = &posted.evidence.bill;
    let days = match bill.begin == bill.end {
        true => bill.begin.to_string(),
        false => format!("{} 至 {}", bill.begin, bill.end),
    };
    // 分段结算: several receipts have one visit number.
    let part = bill
        .part
        .map_or_else(String::new, |part| match part.continues {
            true => format!("（中途结算，第{}段）", part.number),
            false => format!("（出院结算，第{}段）", part.number),
        });
    let institution = match receipt.institution_name.as_str() {
        "" => "（未登记名称）",
        name => name,
    };
    let person = name.map_or("（未提供）", PersonName::expose);
    let left_right = [
        (
            format!("姓名：{person}"),
            format!("人员编号：{}", masked(bill.person)),
        ),
        (
            format!("险种：{} {}", bill.scheme, bill.scheme.term()),
            format!("医疗类别：{} {}", bill.med_type, bill.med_type.term()),
        ),
        (
            format!("就诊日期：{days}"),
            format!("就诊号：{}{part}", bill.visit),
        ),
        (
            format!("诊断代码：{}", bill.diagnosis),
            format!("结算时间：{}", posted.posted_at.in_shanghai()),
        ),
    ];
    paper.wrapped(
        MARGIN,
        BODY,
        &format!("定点医药机构：{institution}（{}）", bill.institution),
    );
    for (left, right) in left_right {
        paper.down(BODY);
        paper.at(MARGIN, BODY, &left);
        paper.at(MIDDLE, BODY, &right);
    }
    paper.rule();
}

fn heading(paper: &mut Paper, text: &str) {
    paper.down(SMALL);
    paper.down(HEAD);
    paper.at(MARGIN, HEAD, text);
    paper.rule();
}

fn yuan(amount: Fen) -> String {
    format!("{amount} 元")
}

fn amounts(paper: &mut Paper, receipt: &Receipt) {
    let amounts = &receipt.posted.amounts;
    heading(paper, "费用与支付");
    let rows = [
        ("医疗费总额", "medfee_sumamt", amounts.total),
        ("其中：全自费", "fulamt_ownpay_amt", amounts.own_pay),
        ("　　　超限价自费", "overlmt_selfpay", amounts.over_limit),
        ("　　　先行自付", "preselfpay_amt", amounts.first_pay),
        ("　　　符合政策范围", "inscp_scp_amt", amounts.in_scope),
        ("实际支付起付线", "act_pay_dedc", amounts.deductible),
        ("基金支付总额", "fund_pay_sumamt", amounts.funds()),
        ("个人账户支出", "acct_pay", amounts.account),
        (
            "其中：家庭共济支付",
            "acct_mulaid_pay",
            amounts.account_shared,
        ),
        ("账户余额", "balc", amounts.balance),
        ("医院负担", "hosp_part_amt", amounts.hospital),
        ("个人现金支出", "psn_cash_pay", amounts.cash),
    ];
    for (term, field, amount) in rows {
        paper.down(BODY);
        paper.at(MARGIN, BODY, term);
        paper.at(MIDDLE - 100, SMALL, field);
        paper.ending(RIGHT, BODY, &yuan(amount));
    }
    paper.rule();
}

fn funds(paper: &mut Paper, receipt: &Receipt) {
    heading(paper, "谁支付：基金支付明细（setldetail）");
    let [base, deductible, paid] = COLUMNS;
    paper.down(SMALL);
    paper.at(MARGIN, SMALL, "基金支付类型");
    paper.ending(base, SMALL, "进入本基金");
    paper.ending(deductible, SMALL, "本次起付线");
    paper.ending(paid, SMALL, "基金支付金额");
    let shares = receipt.posted.amounts.shares.iter();
    for share in shares.filter(|share| share.payer == Payer::Fund) {
        let name = format!("{} {} {}", share.fund, share.rule, share.layer);
        paper.down(BODY);
        paper.at(MARGIN, BODY, &name);
        // A long name has a line of its own.
        if !Paper::fits(MARGIN, NAMES, BODY, &name) {
            paper.down(BODY);
        }
        paper.ending(base, BODY, &yuan(share.base));
        paper.ending(deductible, BODY, &yuan(share.deductible));
        paper.ending(paid, BODY, &yuan(share.paid));
    }
    paper.rule();
}

fn remarks(paper: &mut Paper, receipt: &Receipt) {
    let findings = &receipt.posted.amounts.findings;
    if findings.is_empty() {
        return;
    }
    heading(paper, "提示");
    for finding in findings.iter().take(REASONS_MAX) {
        paper.wrapped(MARGIN, BODY, &finding.text);
    }
}

fn reasons(paper: &mut Paper, receipt: &Receipt) {
    heading(paper, "金额说明");
    for (number, reason) in (1..).zip(receipt.reasons.iter().take(REASONS_MAX)) {
        paper.wrapped(MARGIN, BODY, &format!("{number}. {}", reason.text()));
    }
    let rest = receipt.reasons.len().saturating_sub(REASONS_MAX);
    if rest > 0 {
        let told = format!("其余 {rest} 条说明未打印，可凭核验码向经办机构查询。");
        paper.wrapped(MARGIN, BODY, &told);
    }
}

fn proof(paper: &mut Paper, receipt: &Receipt) {
    let (posted, basis) = (&receipt.posted, &receipt.posted.basis);
    heading(paper, "依据与核验");
    for line in [
        format!("政策包：{}（{}）", receipt.package_title, basis.package),
        format!("政策包摘要：{}", basis.package_digest),
        format!("目录版本：{}", basis.catalogue),
        format!("金额摘要：{}", basis.amounts_digest),
        format!("结算时间（UTC）：{}", posted.posted_at),
        format!("核验码（结算ID）：{}", posted.id),
        format!("结算单摘要（SM3）：{}", receipt_digest(posted)),
    ] {
        paper.wrapped(MARGIN, SMALL, &line);
    }
}
