//! The chapters of a year in Erenhot, in the order in which they happen.

use super::bill::{Bill, MONGOLIAN_STAY, OUTPATIENT, STAY, WRONG_SEX};
use super::sheet::{Side, yuan};
use super::show::{account_name, pays};
use super::{ERENHOT_2017, Halted, Newcomer, Story, adds_up};
use kernel::{IdentityKind, Scheme, Sex};
use proto::common::finding::Effect;
use proto::common::outcome::State;
use proto::common::settlement::State as Standing;
use proto::common::{Amounts, Basis, Claim, Reason, Settlement};
use proto::enrollment as pb;
use proto::orchestrator as desk;
use proto::settlement::{
    ExplainSettlementRequest, ExplainSettlementResponse, GetAccumulatorsRequest,
    GetAccumulatorsResponse, GetTrialBalanceRequest, GetTrialBalanceResponse,
};

const HEROINE: Newcomer = Newcomer {
    role: "heroine",
    name: "王秀兰",
    sex: Sex::Female,
    born: (1958, 3, 12),
};
const HERO: Newcomer = Newcomer {
    role: "hero",
    name: "李建国",
    sex: Sex::Male,
    born: (1975, 8, 20),
};

impl Story<'_> {
    /// All of it; answers the settlement of the large stay and who was settled.
    pub(super) async fn tell_a_year(&mut self) -> Result<(String, String), Halted> {
        self.enter(&ERENHOT_2017, "医保一站式结算演示")?;
        self.chapter("① 参保与资助")?;
        let heroine = self.register(&HEROINE).await?;
        let identities = [IdentityKind::Disabled, IdentityKind::MinimumLiving];
        self.insure_with_subsidy(&heroine, &identities, OUTPATIENT.days.0)
            .await?;

        self.chapter("② 普通门诊")?;
        let visit = self.claim(&OUTPATIENT, &heroine, 1);
        self.show_bill(&visit)?;
        let settled = self.settle("outpatient", &visit, None).await?;
        self.show_amounts(&settled.amounts.unwrap_or_default())?;

        self.chapter("③ 住院一站式结算：居民医保 → 大病保险 → 医疗救助")?;
        let stay = self.claim(&STAY, &heroine, 2);
        let stay = self.settle_through_three_layers(&stay).await?;

        self.chapter("④ 先预结算，再按预结算的依据结算")?;
        let before = self.accumulators(&heroine).await?;
        let second = self.claim(&MONGOLIAN_STAY, &heroine, 3);
        let (settled, basis) = self.settle_as_quoted(&second).await?;
        let after = self.accumulators(&heroine).await?;

        self.chapter("⑤ 同一请求再发一次")?;
        self.repeat(&second, &basis, &settled, &after).await?;

        self.chapter("⑥ 同一请求编号，另一张费用单")?;
        let mut other = second.clone();
        other.lines.pop();
        let request = self.settle_request("second-stay", &other, Some(basis));
        let answer = self.hospital(&other).orchestrator().settle(request).await;
        self.refused(answer, "REQUEST_ID_REUSED")?;

        self.chapter("⑦ 撤销：年度累计逐项复原")?;
        self.reverse(&heroine, &stay, &settled, [&before, &after])
            .await?;

        self.chapter("⑧ 智能审核与备案：限女性的项目出现在男性的费用单上；没有备案的慢特病")?;
        let hero = self.screen().await?;
        self.file_a_disease(&hero).await?;

        self.chapter("⑨ 基金账试算平衡")?;
        self.balance().await?;

        Ok((stay.settlement_id, heroine))
    }

    pub(super) fn claim(&self, bill: &Bill, person_id: &str, visit: u32) -> Claim {
        bill.claim(person_id, format!("STORY-{}-{visit}", self.number))
    }

    /// 认定、资助、参保 of somebody whose highest identity is 低保; by `day` benefits have begun.
    pub(super) async fn insure_with_subsidy(
        &mut self,
        person_id: &str,
        identities: &[IdentityKind],
        day: &str,
    ) -> Result<(), Halted> {
        let known_from = self.stage.known_from;
        for kind in identities {
            self.sheet.line(&format!(
                "认定  {}（{kind}），自 {known_from} 起",
                kind.term()
            ))?;
            let request = pb::RecordIdentityRequest {
                request_id: self.request(&format!("identity-{kind}")),
                person_id: person_id.into(),
                kind: kind.to_string(),
                from_day: known_from.into(),
                until_day: String::new(),
            };
            let answer = self.clerk.enrollment().record_identity(request).await;
            self.granted("RecordIdentity", answer)?;
        }
        let subsidy = self.enrol(person_id).await?;
        let reason = subsidy.reason.unwrap_or_default();
        let rows = [
            ("个人缴费标准", subsidy.personal_fee_fen),
            ("资助金额", subsidy.subsidy_fen),
            ("个人实缴", subsidy.to_pay_fen),
        ];
        let rows = rows.map(|(name, fen)| vec![name.to_string(), yuan(fen)]);
        let year = format!("{} 年度", self.stage.year);
        self.sheet
            .table(&[(&year, Side::Left), ("元", Side::Right)], &rows)?;
        self.sheet.hanging("依据  ", &reason.sentence)?;
        match reason.assumed {
            true => self.show_assumptions(self.stage.package, std::slice::from_ref(&reason))?,
            false => self.show_clause("      ", &reason)?,
        }
        let highest = IdentityKind::MinimumLiving;
        let expected = format!("几种身份只按最高的{}资助一次（就高不就低）", highest.term());
        self.expect(subsidy.identity_kind == highest.as_str(), expected)?;
        let paid = subsidy.subsidy_fen + subsidy.to_pay_fen == subsidy.personal_fee_fen;
        self.expect(
            paid && subsidy.subsidy_fen > 0,
            "资助 + 个人实缴 = 缴费标准",
        )?;
        let request = pb::CheckEligibilityRequest {
            person_id: person_id.into(),
            scheme: Scheme::Resident.to_string(),
            as_of_day: day.into(),
            ..Default::default()
        };
        let answer = self.clerk.enrollment().check_eligibility(request).await;
        let member = self.granted("CheckEligibility", answer)?.member;
        let expected = format!("待遇检查：{day} 可享受待遇");
        self.expect(member.is_some_and(|member| member.eligible), expected)
    }

    /// 参保缴费 of what is left to pay after the subsidy, which goes to the ledger in the same saga;
    /// answers the quote that gives the reason.
    pub(super) async fn enrol(&mut self, person_id: &str) -> Result<pb::Subsidy, Halted> {
        let request = pb::QuoteSubsidyRequest {
            person_id: person_id.into(),
            scheme: Scheme::Resident.to_string(),
            year: self.stage.year,
            paid_day: self.stage.paid_day.into(),
            ..Default::default()
        };
        let answer = self.clerk.enrollment().quote_subsidy(request).await;
        let quoted = self
            .granted("QuoteSubsidy", answer)?
            .subsidy
            .unwrap_or_default();
        let request = desk::EnrolRequest {
            request_id: self.request(&format!("enrol-{person_id}")),
            person_id: person_id.into(),
            scheme: Scheme::Resident.to_string(),
            year: self.stage.year,
            paid_day: self.stage.paid_day.into(),
            paid_fen: quoted.to_pay_fen,
            ..Default::default()
        };
        let answer = self.clerk.orchestrator().enrol(request).await;
        let enrolled = self.granted("Enrol", answer)?;
        self.sheet.line(&format!(
            "参保  {}，{} 缴费 {} 元，待遇自 {} 起",
            Scheme::Resident.term(),
            self.stage.paid_day,
            yuan(quoted.to_pay_fen),
            enrolled.benefit_from_day
        ))?;
        self.expect_subsidy_posted(&quoted, &enrolled).await?;
        Ok(quoted)
    }

    async fn settle_through_three_layers(&mut self, claim: &Claim) -> Result<Settlement, Halted> {
        self.show_bill(claim)?;
        let settled = self.settle("stay", claim, None).await?;
        let amounts = settled.amounts.clone().unwrap_or_default();
        self.show_amounts(&amounts)?;
        let explained = self.explained(&settled).await?;
        self.sheet.gap()?;
        self.show_calculations(&explained.reasons)?;
        self.sheet
            .line("全部理由与依据见 settlement/ExplainSettlement；怎样读，见 ⑫。")?;
        for fund in ["390100", "390200", "610100"] {
            let paid = amounts
                .shares
                .iter()
                .find(|share| share.fund == fund && share.paid_fen > 0);
            let name = paid.map_or(fund, |share| share.layer.as_str()).to_string();
            let fen = paid.map_or(0, |share| share.paid_fen);
            self.expect(
                paid.is_some(),
                format!("{name}支付 {} 元，不为零", yuan(fen)),
            )?;
        }
        self.expect_reasons(&amounts, &explained.reasons)?;
        Ok(settled)
    }

    /// Every amount with its reason.
    pub(super) async fn explained(
        &mut self,
        settled: &Settlement,
    ) -> Result<ExplainSettlementResponse, Halted> {
        let request = ExplainSettlementRequest {
            settlement_id: settled.settlement_id.clone(),
        };
        let answer = self.clerk.settlement().explain_settlement(request).await;
        self.granted("ExplainSettlement", answer)
    }

    /// The reasons add up to what every layer pays, and those assumed say so.
    pub(super) fn expect_reasons(
        &mut self,
        amounts: &Amounts,
        reasons: &[Reason],
    ) -> Result<(), Halted> {
        let told = |layer: &str| {
            let of_layer = reasons.iter().filter(|reason| reason.subject == layer);
            of_layer
                .filter(|reason| pays(reason))
                .map(|reason| reason.output_fen)
                .sum::<i64>()
        };
        let mut shares = amounts.shares.iter();
        let explained_all = shares.all(|share| told(&share.layer) == share.paid_fen);
        self.expect(explained_all, "每一层的支付额都等于其各项理由之和")?;
        let assumed = reasons.iter().filter(|reason| reason.assumed).count();
        self.expect(
            assumed > 0,
            format!("{assumed} 项理由所用的数字未见公开文件，已标明“假定”"),
        )
    }

    async fn settle_as_quoted(&mut self, claim: &Claim) -> Result<(Settlement, Basis), Halted> {
        self.show_bill(claim)?;
        let request = desk::PreSettleRequest {
            claim: Some(claim.clone()),
            ..Default::default()
        };
        let answer = self
            .hospital(claim)
            .orchestrator()
            .pre_settle(request)
            .await;
        let quote = self.granted("PreSettle", answer)?.quote.unwrap_or_default();
        let basis = quote.basis.unwrap_or_default();
        self.sheet.line(&format!(
            "预结算依据  政策包 {}（SM3 {}…）",
            basis.package_name,
            basis.package_digest.get(..12).unwrap_or_default()
        ))?;
        self.sheet.line(&format!(
            "            参保信息第 {} 版，年度累计第 {} 版；基金 {} 元，现金 {} 元",
            basis.person_version,
            basis.accumulator_version,
            yuan(basis.funds_fen),
            yuan(basis.cash_fen)
        ))?;
        let settled = self
            .settle("second-stay", claim, Some(basis.clone()))
            .await?;
        self.show_amounts(&settled.amounts.clone().unwrap_or_default())?;
        self.expect(
            settled.amounts == quote.amounts,
            "结算的每一项金额都与预结算相同",
        )?;
        Ok((settled, basis))
    }

    async fn repeat(
        &mut self,
        claim: &Claim,
        basis: &Basis,
        first: &Settlement,
        accumulators: &GetAccumulatorsResponse,
    ) -> Result<(), Halted> {
        let request = self.settle_request("second-stay", claim, Some(basis.clone()));
        self.sheet
            .line(&format!("请求编号  {}", request.request_id))?;
        let asked = desk::GetOutcomeRequest {
            request_id: request.request_id.clone(),
            method: desk::get_outcome_request::Method::Settle.into(),
        };
        let mut hospital = self.hospital(claim).orchestrator();
        let again = self.granted("Settle", hospital.settle(request).await)?;
        let same = again.settlement.as_ref() == Some(first);
        self.expect(
            again.replayed && same,
            "答复与第一次相同，并注明是重放（replayed）",
        )?;
        let now = self.accumulators(&claim.person_id).await?;
        self.expect(&now == accumulators, "年度累计没有变化：没有重复支付")?;
        let outcome = self
            .granted("GetOutcome", hospital.get_outcome(asked).await)?
            .outcome;
        let outcome = outcome.unwrap_or_default();
        let known = outcome.state() == State::Done && outcome.subject_id == first.settlement_id;
        self.expect(known, "按请求编号查询（GetOutcome）：已办结，结算编号相同")
    }

    async fn reverse(
        &mut self,
        person_id: &str,
        older: &Settlement,
        newest: &Settlement,
        [before, after]: [&GetAccumulatorsResponse; 2],
    ) -> Result<(), Halted> {
        let request = |story: &Story<'_>, name: &str, of: &Settlement| desk::ReverseRequest {
            request_id: story.request(name),
            settlement_id: of.settlement_id.clone(),
            reason: "患者要求退费重结".into(),
        };
        self.sheet.line("先试撤销较早的一笔（③）")?;
        let mut clerk = self.clerk.orchestrator();
        let answer = clerk.reverse(request(self, "reverse-older", older)).await;
        self.refused(answer, "NOT_NEWEST")?;
        self.sheet.line("再撤销最新的一笔（④）")?;
        let answer = clerk.reverse(request(self, "reverse", newest)).await;
        let reversed = self
            .granted("Reverse", answer)?
            .settlement
            .unwrap_or_default();
        self.expect(reversed.state() == Standing::Reversed, "结算状态为已撤销")?;
        let now = self.accumulators(person_id).await?;
        self.show_accumulators(before, after, &now)?;
        let changed = before.accumulators != after.accumulators;
        self.expect(
            changed && now.accumulators == before.accumulators,
            "撤销后每一项累计都与再住院前相同",
        )?;
        self.sheet.line("同一笔再撤销一次")?;
        let answer = clerk.reverse(request(self, "reverse-again", newest)).await;
        self.refused(answer, "ALREADY_REVERSED")
    }

    /// Answers who it was.
    async fn screen(&mut self) -> Result<String, Halted> {
        let hero = self.register(&HERO).await?;
        self.enrol(&hero).await?;
        let claim = self.claim(&WRONG_SEX, &hero, 4);
        self.show_bill(&claim)?;
        let settled = self.settle("wrong-sex", &claim, None).await?;
        for finding in &settled.findings {
            let found = format!("规则 {}：{}", finding.rule_code, finding.sentence);
            self.sheet.hanging("审核  ", &found)?;
        }
        self.show_amounts(&settled.amounts.clone().unwrap_or_default())?;
        let denied = |line: i32| {
            let of_line = settled
                .findings
                .iter()
                .filter(|finding| finding.line_number == line);
            of_line
                .clone()
                .any(|finding| finding.effect() == Effect::DenyLine)
        };
        let refused: i64 = claim
            .lines
            .iter()
            .filter(|line| denied(line.number))
            .map(|line| line.amount_fen)
            .sum();
        let own_pay = settled.amounts.unwrap_or_default().own_pay_fen;
        self.expect(
            denied(2) && own_pay == refused,
            format!("违规的第 2 行 {} 元由个人承担，其余照常结算", yuan(refused)),
        )?;
        Ok(hero)
    }

    pub(super) async fn trial_balance(&mut self) -> Result<GetTrialBalanceResponse, Halted> {
        let request = GetTrialBalanceRequest {};
        let answer = self.clerk.settlement().get_trial_balance(request).await;
        self.granted("GetTrialBalance", answer)
    }

    async fn balance(&mut self) -> Result<(), Halted> {
        let balance = self.trial_balance().await?;
        let mut rows: Vec<Vec<String>> = balance
            .accounts
            .iter()
            .map(|account| {
                let name = account_name(&account.account);
                let postings = account.postings.to_string();
                vec![
                    account.account.clone(),
                    name,
                    postings,
                    yuan(account.balance_fen),
                ]
            })
            .collect();
        rows.push(vec![
            "Σ".into(),
            "合计".into(),
            String::new(),
            yuan(balance.sum_fen),
        ]);
        let headings = [
            ("科目", Side::Left),
            ("名称", Side::Left),
            ("笔数", Side::Right),
            ("余额（元）", Side::Right),
        ];
        self.sheet.table(&headings, &rows)?;
        let sum: i64 = balance
            .accounts
            .iter()
            .map(|account| account.balance_fen)
            .sum();
        let posted = !balance.accounts.is_empty();
        self.expect(
            posted && sum == 0 && balance.sum_fen == 0,
            "所有科目余额之和为零",
        )
    }

    pub(super) fn settle_request(
        &self,
        name: &str,
        claim: &Claim,
        basis: Option<Basis>,
    ) -> desk::SettleRequest {
        desk::SettleRequest {
            request_id: self.request(name),
            claim: Some(claim.clone()),
            basis,
            ..Default::default()
        }
    }

    /// Settles as the hospital would; the answer must be a first one and must add up.
    pub(super) async fn settle(
        &mut self,
        name: &str,
        claim: &Claim,
        basis: Option<Basis>,
    ) -> Result<Settlement, Halted> {
        let request = self.settle_request(name, claim, basis);
        let answer = self.hospital(claim).orchestrator().settle(request).await;
        let settled = self.granted("Settle", answer)?;
        let settlement = settled.settlement.unwrap_or_default();
        if settled.replayed || !adds_up(&settlement.amounts.clone().unwrap_or_default()) {
            self.expect(false, "首次办理，且费用、支付各自相加都等于总额")?;
        }
        Ok(settlement)
    }

    pub(super) async fn accumulators(
        &mut self,
        person_id: &str,
    ) -> Result<GetAccumulatorsResponse, Halted> {
        let request = GetAccumulatorsRequest {
            person_id: person_id.into(),
            scheme: Scheme::Resident.to_string(),
            year: self.stage.year,
        };
        let answer = self.clerk.settlement().get_accumulators(request).await;
        self.granted("GetAccumulators", answer)
    }
}
