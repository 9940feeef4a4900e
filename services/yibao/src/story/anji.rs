//! 五位一体: the chapters of Anji. One stay of one person is paid by five funds in their fixed order,
//! explained, reversed, and priced again as it would have been elsewhere or for somebody else.

use super::bill::PSYCHIATRIC_STAY;
use super::sheet::{Side, yuan};
use super::show::account_name;
use super::{ANJI_2020, Halted, Newcomer, Story, adds_up};
use crate::area::{PROVINCIAL_HOSPITAL, institution_name};
use kernel::{IdentityKind, Sex};
use proto::common::settlement::State as Standing;
use proto::common::{Amounts, Change, Claim, Comparison, IdentityKinds, Place, Settlement};
use proto::orchestrator as desk;
use proto::settlement::GetTrialBalanceResponse;

const PATIENT: Newcomer = Newcomer {
    role: "five-in-one",
    name: "沈雪梅",
    sex: Sex::Female,
    born: (1972, 11, 5),
};
/// 低保, 优抚, 精神残疾.
const IDENTITIES: [IdentityKind; 3] = [
    IdentityKind::MinimumLiving,
    IdentityKind::KeyEntitled,
    IdentityKind::MentalPatient,
];

/// Fund, what enters and what it pays in fen, worked out by hand from 96,132.00 in scope:
/// (96,132 − 600) × (70 % + 15 %); (14,929.80 − 10,000) × (60 % + 5 %); 11,725.43 × 80 %;
/// 95,532 × 90 % as an employee, less what the first two paid; 772.86 × 50 %.
const BY_HAND: [(&str, i64, i64); 5] = [
    ("390100", 9_613_200, 8_120_220),
    ("390200", 1_492_980, 320_437),
    ("610100", 1_172_543, 938_034),
    ("610200", 234_509, 157_223),
    ("640101", 77_286, 38_643),
];
/// What the patient pays in cash away from home, by hand: at the third tier no price is over its
/// limit; 20 % of 97,332.00 first, then 60 % above 1,000.00, and the other four layers of the rest.
const CASH_AWAY: i64 = 2_285_649;
/// And without 低保: 70 %, 60 % above 20,000.00, no assistance, the difference to an employee, 50 %.
const CASH_WITHOUT: i64 = 852_460;

impl Story<'_> {
    /// All of it.
    pub(super) async fn tell_five_in_one(&mut self) -> Result<(), Halted> {
        self.enter(&ANJI_2020, "“五位一体”一站式结算演示")?;
        self.chapter("⑩ 参保与资助：一人兼有低保、优抚、精神残疾三种身份")?;
        let patient = self.register(&PATIENT).await?;
        self.insure_with_subsidy(&patient, &IDENTITIES, PSYCHIATRIC_STAY.days.0)
            .await?;

        self.chapter("⑪ 五位一体：居民医保 → 大病保险 → 医疗救助 → 优抚补助 → 精神残疾救助")?;
        let blank = self.trial_balance().await?;
        let unused = self.accumulators(&patient).await?;
        let stay = self.claim(&PSYCHIATRIC_STAY, &patient, 5);
        let settled = self.settle_through_five_layers(&stay).await?;
        let paid = self.trial_balance().await?;

        self.chapter("⑫ 每一项金额的理由：规则、条款、计算、假定")?;
        let explained = self.explained(&settled).await?;
        self.show_reasons(&explained)?;
        let amounts = settled.amounts.clone().unwrap_or_default();
        self.expect_reasons(&amounts, &explained.reasons)?;

        self.chapter("⑬ 一次撤销，五个支付方全部退回")?;
        self.undo(&settled).await?;
        let now = self.trial_balance().await?;
        self.show_accounts(&blank, &paid, &now)?;
        let undone = |code: &str| {
            let account = format!("fund:{code}");
            let [before, between, after] = [&blank, &paid, &now].map(|of| balance(of, &account));
            before != between && before == after
        };
        let all = BY_HAND.iter().all(|(fund, ..)| undone(fund));
        self.expect(
            all && now.sum_fen == 0,
            "五个基金的余额都回到结算前，所有科目之和为零",
        )?;
        let accumulators = self.accumulators(&patient).await?.accumulators;
        self.expect(
            accumulators == unused.accumulators,
            "年度累计逐项回到结算前",
        )?;

        self.chapter("⑭ 如果改变：同一张费用单，换一家医院，或者少一种身份")?;
        self.compare(&stay, &amounts).await
    }

    async fn settle_through_five_layers(&mut self, claim: &Claim) -> Result<Settlement, Halted> {
        self.show_bill(claim)?;
        let settled = self.settle("five-in-one-stay", claim, None).await?;
        let amounts = settled.amounts.clone().unwrap_or_default();
        self.show_amounts(&amounts)?;
        let paying = amounts.shares.iter().filter(|share| share.paid_fen > 0);
        let paying = paying.map(|share| (share.fund.as_str(), share.base_fen, share.paid_fen));
        self.expect(
            paying.eq(BY_HAND),
            "一次调用，五个基金按固定次序支付，进入金额与支付额都与手工算例相同",
        )?;
        let parts = |parts: [(&str, i64); 4]| {
            let parts = parts.map(|(name, fen)| format!("{name} {}", yuan(fen)));
            format!("总额 {} = {}", yuan(amounts.total_fen), parts.join(" + "))
        };
        let classes = parts([
            ("全自费", amounts.own_pay_fen),
            ("超限价", amounts.over_limit_fen),
            ("先行自付", amounts.first_pay_fen),
            ("范围内", amounts.in_scope_fen),
        ]);
        let payers = parts([
            ("基金", amounts.funds_fen),
            ("账户", amounts.account_fen),
            ("现金", amounts.cash_fen),
            ("医院", amounts.hospital_fen),
        ]);
        self.expect(adds_up(&amounts), classes)?;
        self.expect(adds_up(&amounts), payers)?;
        Ok(settled)
    }

    async fn undo(&mut self, settled: &Settlement) -> Result<(), Halted> {
        let request = desk::ReverseRequest {
            request_id: self.request("five-in-one-reverse"),
            settlement_id: settled.settlement_id.clone(),
            reason: "患者要求退费，拟转往省城医院".into(),
        };
        let answer = self.clerk.orchestrator().reverse(request).await;
        let reversed = self.granted("Reverse", answer)?.settlement;
        let state = reversed.unwrap_or_default().state();
        self.expect(state == Standing::Reversed, "结算状态为已撤销")
    }

    /// Every account before, after, and now.
    fn show_accounts(
        &mut self,
        before: &GetTrialBalanceResponse,
        after: &GetTrialBalanceResponse,
        now: &GetTrialBalanceResponse,
    ) -> Result<(), Halted> {
        let row = |account: &str| {
            let balances = [before, after, now].map(|of| yuan(balance(of, account)));
            let named = [account.to_string(), account_name(account)];
            named.into_iter().chain(balances).collect()
        };
        let accounts = after.accounts.iter();
        let rows: Vec<Vec<String>> = accounts.map(|account| row(&account.account)).collect();
        let headings = [
            ("科目", Side::Left),
            ("名称", Side::Left),
            ("结算前", Side::Right),
            ("结算后", Side::Right),
            ("撤销后", Side::Right),
        ];
        Ok(self.sheet.table(&headings, &rows)?)
    }

    async fn compare(&mut self, claim: &Claim, settled: &Amounts) -> Result<(), Halted> {
        let away = Change {
            place: Place::Province.into(),
            tier: "3".into(),
            ..Change::default()
        };
        let kept = IDENTITIES.iter().skip(1).map(IdentityKind::to_string);
        let without = Change {
            identity_kinds: Some(IdentityKinds {
                identity_kinds: kept.collect(),
            }),
            ..Change::default()
        };
        let away = self.what_would_change(claim, away).await?;
        let without = self.what_would_change(claim, without).await?;
        let [here, there] = [&claim.institution_code, PROVINCIAL_HOSPITAL].map(institution_name);
        self.sheet
            .line(&format!("本次  {here}（二级，本县），低保、优抚、精神残疾"))?;
        self.sheet.line(&format!(
            "甲    {there}（三级，省内异地），未经转诊备案，身份不变"
        ))?;
        self.sheet.line("乙    仍在本县，没有低保身份")?;
        self.sheet.gap()?;
        self.show_side_by_side(["甲 县外未转诊", "乙 无低保"], [&away, &without])?;
        let same = |of: &Comparison| of.before.as_ref() == Some(settled);
        self.expect(
            same(&away) && same(&without),
            "不作改变时，每一项金额都与已撤销的结算相同",
        )?;
        let elsewhere = Claim {
            institution_code: PROVINCIAL_HOSPITAL.into(),
            ..claim.clone()
        };
        let request = desk::PreSettleRequest {
            claim: Some(elsewhere.clone()),
            ..Default::default()
        };
        let mut hospital = self.hospital(&elsewhere).orchestrator();
        let answer = hospital.pre_settle(request).await;
        let quote = self.granted("PreSettle", answer)?.quote.unwrap_or_default();
        self.expect(
            quote.amounts.is_some() && quote.amounts == away.after,
            format!("甲与{there}自己的预结算（PreSettle）逐项相同"),
        )?;
        let cash = |of: &Comparison| {
            let mut all = of.differences.iter();
            let found = all.find(|difference| difference.name == "psn_cash_pay")?;
            Some((found.before_fen?, found.after_fen?))
        };
        let by_hand = [CASH_AWAY, CASH_WITHOUT].map(|after| Some((settled.cash_fen, after)));
        let [one, other] = [CASH_AWAY, CASH_WITHOUT].map(|after| yuan(after - settled.cash_fen));
        self.expect(
            [cash(&away), cash(&without)] == by_hand,
            format!("个人多付 {one} 元（甲）、{other} 元（乙），与手工算例相同"),
        )
    }

    async fn what_would_change(
        &mut self,
        claim: &Claim,
        change: Change,
    ) -> Result<Comparison, Halted> {
        let request = desk::WhatWouldChangeRequest {
            claim: Some(claim.clone()),
            change: Some(change),
        };
        let mut hospital = self.hospital(claim).orchestrator();
        let answer = hospital.what_would_change(request).await;
        let answer = self.granted("WhatWouldChange", answer)?;
        Ok(answer.comparison.unwrap_or_default())
    }
}

fn balance(of: &GetTrialBalanceResponse, account: &str) -> i64 {
    let mut accounts = of.accounts.iter();
    let found = accounts.find(|known| known.account == account);
    found.map_or(0, |known| known.balance_fen)
}
