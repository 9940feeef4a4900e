//! The answer: who pays what of a bill, and why. Amounts are exact; the sentences are for people
//! and are computed again whenever they are wanted, so that no digest is taken over them.

use crate::claim::Accumulators;
use kernel::{Digest, Digester, Fen, Fund, Rate};
use serde::{Deserialize, Serialize};

/// 结算结果 (setlinfo): what one claim costs whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// 医疗费总额 (medfee_sumamt).
    pub total: Fen,
    /// 全自费 (fulamt_ownpay_amt): out of scope altogether.
    pub own_pay: Fen,
    /// 超限价自费 (overlmt_selfpay): above the price limit.
    pub over_limit: Fen,
    /// 先行自付 (preselfpay_amt): the first-pay part of class B.
    pub first_pay: Fen,
    /// 符合政策范围 (inscp_scp_amt): what the funds look at.
    pub in_scope: Fen,
    /// 实际支付起付线 (act_pay_dedc): the deductible of the basic pool charged this time.
    pub deductible: Fen,
    /// 基金分项 (setldetail): one per layer of the package, in its order, also when zero.
    pub shares: Vec<Share>,
    /// 个人账户 (acct_pay): residents have none.
    pub account: Fen,
    /// 个人现金 (psn_cash_pay): the exact remainder.
    pub cash: Fen,
    /// 医院负担 (hosp_part_amt).
    pub hospital: Fen,
    /// 明细分割 (detlcutinfo): each line, in the order of the numbers.
    pub lines: Vec<LineShare>,
    /// 计算过程 (setl_proc_info): a reason per amount.
    pub reasons: Vec<Reason>,
    /// 提示: what a person should know though it is no error.
    pub findings: Vec<Finding>,
    /// 年度累计变化 (cum): what this settlement adds to the accumulators.
    pub deltas: Accumulators,
}

/// 基金分项 (setldetail): what one layer of the package pays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// 基金支付类型 (fund_pay_type).
    pub fund: Fund,
    /// 基金支付类型名称 (fund_pay_type_name): the layer's name in the package.
    pub layer: String,
    /// 层代号: the stable id of the layer, the first part of its rules and accumulators.
    pub rule: String,
    /// 进入本基金的金额 (inscp_scp_amt).
    pub base: Fen,
    /// 基金支付金额 (fund_payamt).
    pub paid: Fen,
}

/// 明细分割 (detlcutinfo): how one line divides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineShare {
    /// 明细序号 (feedetl_sn).
    pub number: u32,
    /// 金额 (det_item_fee_sumamt).
    pub amount: Fen,
    /// 全自费 (fulamt_ownpay_amt).
    pub own_pay: Fen,
    /// 超限价 (overlmt_amt).
    pub over_limit: Fen,
    /// 先行自付 (preselfpay_amt).
    pub first_pay: Fen,
    /// 符合政策范围 (inscp_scp_amt).
    pub in_scope: Fen,
}

/// 计算依据: why one amount is what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// What it is about: `line 3`, `bill`, or the name of a layer.
    pub subject: String,
    /// A stable id such as `basic.deductible`.
    pub rule: String,
    /// 条款: the words of the source, or the name of the assumption that stands in for them.
    pub clause: String,
    /// 政策项目代码 (polItemCode), where the national list has one.
    pub item_code: Option<String>,
    /// The amount the rule was applied to.
    pub input: Fen,
    /// The rate it was applied at.
    pub rate: Option<Rate>,
    /// What came out; zero where the rule moves no money itself, negative where it takes away.
    pub output: Fen,
    /// One plain Chinese sentence.
    pub text: String,
    /// True when no public source states the number or its reading.
    pub assumed: bool,
}

/// 提示: something a person should know, with a stable code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The code, one of those below.
    pub code: String,
    /// One plain Chinese sentence.
    pub text: String,
    /// The number of the line it is about.
    pub line: Option<u32>,
}

impl Finding {
    /// 不享受待遇: eligibility says no, so nothing is paid by any fund.
    pub const NOT_PAYABLE: &'static str = "NOT_PAYABLE";
    /// 政策包不适用: the package is not of the claim's scheme and day.
    pub const PACKAGE_NOT_APPLICABLE: &'static str = "PACKAGE_NOT_APPLICABLE";
    /// 审核扣除: a screening rule denies the line.
    pub const LINE_DENIED: &'static str = "LINE_DENIED";
    /// 项目等级不明: the line's class is not known, so it is own-pay.
    pub const CLASS_UNKNOWN: &'static str = "CLASS_UNKNOWN";
    /// 医院等级不明: the institution's tier is not known.
    pub const TIER_UNKNOWN: &'static str = "TIER_UNKNOWN";
    /// 无适用待遇: no layer of the package covers this kind of care at such an institution.
    pub const NO_LAYER: &'static str = "NO_LAYER";
    /// 无适用比例: a layer covers the care but states no ratio for this institution.
    pub const NO_RATE: &'static str = "NO_RATE";
    /// 达到封顶线: the fund has paid all it may in the year.
    pub const FUND_CAP_REACHED: &'static str = "FUND_CAP_REACHED";
    /// 达到费用封顶线: the year's expenses are all that may enter the fund.
    pub const EXPENSE_CAP_REACHED: &'static str = "EXPENSE_CAP_REACHED";

    pub(crate) fn new(code: &str, text: String) -> Finding {
        Finding {
            code: code.to_string(),
            text,
            line: None,
        }
    }

    pub(crate) fn of_line(code: &str, number: u32, text: String) -> Finding {
        Finding {
            line: Some(number),
            ..Finding::new(code, text)
        }
    }
}

impl Settlement {
    /// 基金支付总额 (fund_pay_sumamt).
    pub fn funds(&self) -> Fen {
        self.shares.iter().map(|share| share.paid).sum()
    }

    /// The identities every settlement keeps; the first that does not hold is the error.
    pub fn check(&self) -> Result<(), String> {
        let classes = self.own_pay + self.over_limit + self.first_pay + self.in_scope;
        equal("total and its classes", self.total, classes)?;
        let payers = self.funds() + self.account + self.cash + self.hospital;
        equal("total and its payers", self.total, payers)?;
        let amounts = [
            self.own_pay,
            self.over_limit,
            self.first_pay,
            self.in_scope,
            self.deductible,
            self.account,
            self.cash,
            self.hospital,
        ];
        if amounts.iter().any(|amount| amount.is_negative()) {
            return Err("an amount is negative".to_string());
        }
        self.check_lines()?;
        self.shares
            .iter()
            .try_for_each(|share| self.check_share(share))?;
        self.check_reason("bill.own_pay", self.own_pay)?;
        self.check_reason("bill.over_limit", self.over_limit)?;
        self.check_reason("bill.first_pay", self.first_pay)
    }

    fn check_lines(&self) -> Result<(), String> {
        let sum = |amount: fn(&LineShare) -> Fen| self.lines.iter().map(amount).sum::<Fen>();
        equal("total and lines", self.total, sum(|line| line.amount))?;
        equal("own-pay and lines", self.own_pay, sum(|line| line.own_pay))?;
        equal(
            "over-limit and lines",
            self.over_limit,
            sum(|line| line.over_limit),
        )?;
        equal(
            "first-pay and lines",
            self.first_pay,
            sum(|line| line.first_pay),
        )?;
        equal(
            "in-scope and lines",
            self.in_scope,
            sum(|line| line.in_scope),
        )?;
        let negative = |line: &LineShare| {
            [line.own_pay, line.over_limit, line.first_pay, line.in_scope]
                .iter()
                .any(|amount| amount.is_negative())
        };
        match self.lines.iter().find(|line| negative(line)) {
            Some(line) => Err(format!("line {} has a negative part", line.number)),
            None => Ok(()),
        }
    }

    /// Between nothing and what entered; as much as its reasons say and its accumulator takes.
    fn check_share(&self, share: &Share) -> Result<(), String> {
        if share.paid.is_negative() || share.paid > share.base || share.base > self.in_scope {
            return Err(format!(
                "{}: paid {} of {}",
                share.rule, share.paid, share.base
            ));
        }
        let reasons = self
            .reasons
            .iter()
            .filter(|reason| pays(&reason.rule, &share.rule));
        let sum = reasons.map(|reason| reason.output).sum();
        equal(&format!("{} and its reasons", share.rule), share.paid, sum)?;
        let delta = Fen(self.deltas.get(&format!("{}.paid_fen", share.rule)));
        equal(
            &format!("{} and its accumulator", share.rule),
            share.paid,
            delta,
        )
    }

    fn check_reason(&self, rule: &str, amount: Fen) -> Result<(), String> {
        let reasons = self.reasons.iter().filter(|reason| reason.rule == rule);
        equal(rule, amount, reasons.map(|reason| reason.output).sum())
    }

    /// The digest over amounts and codes, without any prose: equal digests, equal answers.
    pub fn digest(&self) -> Digest {
        let mut digester = Digester::new();
        let totals = [
            self.total,
            self.own_pay,
            self.over_limit,
            self.first_pay,
            self.in_scope,
            self.deductible,
            self.account,
            self.cash,
            self.hospital,
        ];
        totals.iter().for_each(|amount| {
            digester.number(amount.0);
        });
        count(&mut digester, self.shares.len());
        for share in &self.shares {
            digester.part(share.fund.as_str().as_bytes());
            digester.part(share.rule.as_bytes());
            digester.number(share.base.0).number(share.paid.0);
        }
        count(&mut digester, self.lines.len());
        for line in &self.lines {
            digester
                .number(i64::from(line.number))
                .number(line.amount.0);
            digester.number(line.own_pay.0).number(line.over_limit.0);
            digester.number(line.first_pay.0).number(line.in_scope.0);
        }
        self.digest_codes(&mut digester);
        digester.finish()
    }

    fn digest_codes(&self, digester: &mut Digester) {
        count(digester, self.reasons.len());
        for reason in &self.reasons {
            digester.part(reason.rule.as_bytes());
            digester.part(reason.item_code.as_deref().unwrap_or("").as_bytes());
            digester.number(reason.input.0).number(reason.output.0);
            digester.number(reason.rate.map_or(-1, |rate| i64::from(rate.0)));
        }
        count(digester, self.findings.len());
        for finding in &self.findings {
            digester.part(finding.code.as_bytes());
            digester.number(finding.line.map_or(-1, i64::from));
        }
        count(digester, self.deltas.0.len());
        for (name, delta) in &self.deltas.0 {
            digester.part(name.as_bytes()).number(*delta);
        }
    }
}

/// True for the rules of a layer whose outputs add up to its share: bands, and the cap's cut.
fn pays(rule: &str, layer: &str) -> bool {
    let rest = rule
        .strip_prefix(layer)
        .and_then(|rest| rest.strip_prefix('.'));
    rest.is_some_and(|rest| rest.starts_with("band") || rest == "cap")
}

fn count(digester: &mut Digester, count: usize) {
    digester.number(i64::try_from(count).unwrap_or(i64::MAX));
}

fn equal(what: &str, left: Fen, right: Fen) -> Result<(), String> {
    match left == right {
        true => Ok(()),
        false => Err(format!("{what} differ: {left} and {right}")),
    }
}
