//! The answer: who pays what of a bill, and why. Amounts are exact; the sentences are for people
//! and are computed again whenever they are wanted, so that no digest is taken over them.

use crate::accumulators::Accumulators;
use crate::claim::AccountFacts;
use crate::reason::Reason;
use crate::terms::Payer;
use kernel::{Digest, Digester, Fen, Fund, Rate};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

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
    /// 个人账户 (acct_pay).
    pub account: Fen,
    /// 家庭共济 (acct_mulaid_pay): of which a relative's account paid.
    #[serde(default)]
    pub account_shared: Fen,
    /// 账户余额 (balc): what the account may still pay.
    #[serde(default)]
    pub balance: Fen,
    /// What is left of each part of the account.
    #[serde(default)]
    pub account_left: AccountFacts,
    /// 个人现金 (psn_cash_pay): the exact remainder.
    pub cash: Fen,
    /// 医院负担 (hosp_part_amt).
    pub hospital: Fen,
    /// 明细分割 (detlcutinfo): each line, in the order of the numbers.
    pub lines: Vec<LineShare>,
    /// 计算过程 (setl_proc_info): a reason per amount. They are computed again whenever they are
    /// wanted, and not stored.
    #[serde(skip)]
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
    /// 支付方: whose money it is.
    #[serde(default)]
    pub payer: Payer,
    /// 基本统筹: whether it is part of the basic pool (hifp_pay).
    #[serde(default)]
    pub basic: bool,
    /// 基金支付类型名称 (fund_pay_type_name): the layer's name in the package.
    pub layer: Arc<str>,
    /// 层代号: the stable id of the layer, the first part of its rules and accumulators.
    pub rule: Arc<str>,
    /// 进入本基金的金额 (inscp_scp_amt).
    pub base: Fen,
    /// 本次起付线 (crt_dedc): charged by this layer.
    #[serde(default)]
    pub deductible: Fen,
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
    /// 家庭收入不明: a layer looks at the household's income, and nobody said what it is.
    pub const INCOME_UNKNOWN: &'static str = "INCOME_UNKNOWN";
    /// 不享受待遇: eligibility says no, so nothing is paid by any fund.
    pub const NOT_PAYABLE: &'static str = "NOT_PAYABLE";
    /// 政策包不适用: the package is not of the claim's scheme and day.
    pub const PACKAGE_NOT_APPLICABLE: &'static str = "PACKAGE_NOT_APPLICABLE";
    /// 审核扣除: a screening rule denies the line.
    pub const LINE_DENIED: &'static str = "LINE_DENIED";
    /// 限制使用: the item is restricted and not approved, or the hospital bills it as own-pay.
    pub const LINE_RESTRICTED: &'static str = "LINE_RESTRICTED";
    /// 先行支付: the fund pays first what a third party answers for, and must recover it.
    pub const THIRD_PARTY_ADVANCE: &'static str = "THIRD_PARTY_ADVANCE";
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

/// 结算总额 of the national interface: what has to agree in every settlement, whoever made it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// 医疗费总额 (medfee_sumamt).
    pub total: Fen,
    /// 全自费 (fulamt_ownpay_amt).
    pub own_pay: Fen,
    /// 超限价自费 (overlmt_selfpay).
    pub over_limit: Fen,
    /// 先行自付 (preselfpay_amt).
    pub first_pay: Fen,
    /// 符合政策范围 (inscp_scp_amt).
    pub in_scope: Fen,
    /// 基金支付总额 (fund_pay_sumamt).
    pub funds: Fen,
    /// 个人账户 (acct_pay).
    pub account: Fen,
    /// 个人现金 (psn_cash_pay).
    pub cash: Fen,
    /// 医院负担 (hosp_part_amt).
    pub hospital: Fen,
}

impl Totals {
    /// The official identities: total = own-pay + over-limit + first-pay + in-scope = funds +
    /// account + cash + hospital, nothing negative. The first that does not hold is the error.
    pub fn check(&self) -> Result<(), String> {
        let classes = self.own_pay + self.over_limit + self.first_pay + self.in_scope;
        equal("total and its classes", self.total, classes)?;
        let payers = self.funds + self.account + self.cash + self.hospital;
        equal("total and its payers", self.total, payers)?;
        let amounts = [
            self.own_pay,
            self.over_limit,
            self.first_pay,
            self.in_scope,
            self.funds,
            self.account,
            self.cash,
            self.hospital,
        ];
        match amounts.iter().any(|amount| amount.is_negative()) {
            true => Err("an amount is negative".to_string()),
            false => Ok(()),
        }
    }
}

impl Settlement {
    /// 基金支付总额 (fund_pay_sumamt).
    pub fn funds(&self) -> Fen {
        self.paid_by(Payer::Fund)
    }

    /// 统筹支付比例 (pool_prop_selfpay): what the basic pool pays of what is in scope, half-up to the
    /// basis point.
    pub fn pool_rate(&self) -> Rate {
        let pool = self.shares.iter().filter(|share| share.basic);
        let paid: Fen = pool.map(|share| share.paid).sum();
        let points = Fen(i64::from(Rate::ONE.0)).proportion(paid.min(self.in_scope), self.in_scope);
        Rate(i32::try_from(points.0).unwrap_or(0))
    }

    /// What one payer pays in all layers.
    fn paid_by(&self, payer: Payer) -> Fen {
        let shares = self.shares.iter().filter(|share| share.payer == payer);
        shares.map(|share| share.paid).sum()
    }

    /// The totals as the national interface names them.
    pub fn totals(&self) -> Totals {
        Totals {
            total: self.total,
            own_pay: self.own_pay,
            over_limit: self.over_limit,
            first_pay: self.first_pay,
            in_scope: self.in_scope,
            funds: self.funds(),
            account: self.account,
            cash: self.cash,
            hospital: self.hospital,
        }
    }

    /// The identities every settlement keeps, its reasons included; the first that does not hold is
    /// the error.
    pub fn check(&self) -> Result<(), String> {
        self.check_amounts()?;
        for share in &self.shares {
            let reasons = self
                .reasons
                .iter()
                .filter(|reason| pays(&reason.rule, &share.rule));
            let sum = reasons.map(|reason| reason.output).sum();
            equal(
                format_args!("{} and its reasons", share.rule),
                share.paid,
                sum,
            )?;
        }
        self.check_reason("bill.own_pay", self.own_pay)?;
        self.check_reason("bill.over_limit", self.over_limit)?;
        self.check_reason("bill.first_pay", self.first_pay)
    }

    /// The identities among the amounts alone.
    pub fn check_amounts(&self) -> Result<(), String> {
        self.totals().check()?;
        equal(
            "account and its layers",
            self.account,
            self.paid_by(Payer::Account),
        )?;
        equal(
            "hospital and its layers",
            self.hospital,
            self.paid_by(Payer::Hospital),
        )?;
        let bounds = self.deductible.is_negative()
            || self.account_shared.is_negative()
            || self.account_shared > self.account
            || self.balance.is_negative();
        if bounds {
            return Err("the deductible or the account is out of bounds".to_string());
        }
        self.check_lines()?;
        self.shares
            .iter()
            .try_for_each(|share| self.check_share(share))
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

    /// Between nothing and what entered.
    fn check_share(&self, share: &Share) -> Result<(), String> {
        if share.paid.is_negative() || share.paid > share.base || share.base > self.total {
            let Share {
                rule, paid, base, ..
            } = share;
            return Err(format!("{rule}: paid {paid} of {base}"));
        }
        Ok(())
    }

    fn check_reason(&self, rule: &str, amount: Fen) -> Result<(), String> {
        let reasons = self.reasons.iter().filter(|reason| &*reason.rule == rule);
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
            self.account_shared,
            self.balance,
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
            digester.number(share.base.0).number(share.deductible.0);
            digester.number(share.paid.0);
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
            digester.part(reason.item_code.unwrap_or("").as_bytes());
            digester.number(reason.input.0).number(reason.output.0);
            digester.number(reason.rate.map_or(-1, |rate| i64::from(rate.0)));
        }
        count(digester, self.findings.len());
        for finding in &self.findings {
            digester.part(finding.code.as_bytes());
            digester.number(finding.line.map_or(-1, i64::from));
        }
        count(digester, self.deltas.iter().count());
        for (name, delta) in self.deltas.iter() {
            digester.part(name.as_bytes()).number(delta);
        }
    }
}

/// True for the rules of a layer whose outputs add up to its share: bands and differences, the
/// floor, and what caps, balances and the rest of the bill cut.
fn pays(rule: &str, layer: &str) -> bool {
    let rest = rule
        .strip_prefix(layer)
        .and_then(|rest| rest.strip_prefix('.'));
    let moves = [
        "deductible_taken",
        "floor",
        "limit",
        "cap",
        "balance",
        "difference",
    ];
    rest.is_some_and(|rest| rest.starts_with("band") || moves.contains(&rest))
}

fn count(digester: &mut Digester, count: usize) {
    digester.number(i64::try_from(count).unwrap_or(i64::MAX));
}

fn equal(what: impl fmt::Display, left: Fen, right: Fen) -> Result<(), String> {
    match left == right {
        true => Ok(()),
        false => Err(format!("{what} differ: {left} and {right}")),
    }
}
