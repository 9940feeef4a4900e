//! 职工: who has a personal account, what is put into it, and who lets a relative draw.

use super::claims::{Insured, Patient};
use super::kinds::{KINDS, Whose};
use super::{CountyDay, patient};
use crate::story::Halted;
use crate::story::sheet::yuan;
use kernel::Scheme;
use proto::enrollment::{EnrolPersonRequest, QuoteSubsidyRequest};
use proto::orchestrator as pb;
use proto::orchestrator::family_authorization::Relation;

/// 划入 of somebody who pays by themselves, of a relative, of a holder.
const CREDIT_FEN: i64 = 60_000;
const SMALL_CREDIT_FEN: i64 = 2_000;
const LARGE_CREDIT_FEN: i64 = 150_000;
/// Of which month.
const PERIOD: &str = "2017-11";

impl CountyDay<'_> {
    /// 职工参保, 个人账户划入, 家庭共济授权.
    pub(super) async fn employ(&mut self, people: &[Patient]) -> Result<(), Halted> {
        let mut holders = Vec::new();
        let mut relatives = Vec::new();
        for one in people {
            let fen = match one.insured {
                Insured::Resident => continue,
                Insured::Employee => CREDIT_FEN,
                Insured::Relative => SMALL_CREDIT_FEN,
                Insured::Holder => LARGE_CREDIT_FEN,
            };
            self.enrol(&one.person_id).await?;
            self.credit(&one.person_id, fen).await?;
            match one.insured {
                Insured::Relative => relatives.push(&one.person_id),
                Insured::Holder => holders.push(&one.person_id),
                _ => {}
            }
        }
        for (holder, relative) in holders.iter().zip(&relatives) {
            self.let_draw(holder, relative).await?;
        }
        let all = people.iter().filter(|one| one.insured != Insured::Resident);
        let told = format!(
            "职工 {} 人已参保，个人账户划入 {} 元，{} 人授权一名亲属共济",
            all.count(),
            yuan(self.credited),
            holders.len()
        );
        let paired = !holders.is_empty() && holders.len() == relatives.len();
        self.story.expect(paired, told)
    }

    /// Who has an account pays from it, and whose own is not enough, from the relative's too.
    pub(super) fn look_at_accounts(&mut self) -> Result<(), Halted> {
        let (mut own, mut shared, mut whole) = (0, 0, true);
        for one in &self.settled {
            let kind = KINDS.get(one.planned.kind).map(|kind| kind.whose);
            let amounts = one.settlement.amounts.clone().unwrap_or_default();
            own += amounts.account_fen - amounts.account_shared_fen;
            shared += amounts.account_shared_fen;
            whole &= match kind {
                Some(Whose::Employee) => amounts.account_fen > 0 && amounts.account_shared_fen == 0,
                Some(Whose::Relative) => amounts.account_shared_fen > 0,
                _ => amounts.account_fen == 0,
            };
        }
        let told = format!(
            "职工本人账户支付 {} 元，家庭共济支付 {} 元，居民没有账户支付",
            yuan(own),
            yuan(shared)
        );
        self.story.expect(whole && own > 0 && shared > 0, told)
    }

    async fn enrol(&mut self, person_id: &str) -> Result<(), Halted> {
        let mut enrollment = self.desk.enrollment();
        let request = QuoteSubsidyRequest {
            person_id: person_id.into(),
            scheme: Scheme::Employee.to_string(),
            year: self.story.stage.year,
            paid_day: self.story.stage.paid_day.into(),
            ..QuoteSubsidyRequest::default()
        };
        let answer = enrollment.quote_subsidy(patient(request)).await;
        let quoted = self.story.granted("QuoteSubsidy", answer)?.subsidy;
        let request = EnrolPersonRequest {
            request_id: format!("day-employee-{person_id}"),
            person_id: person_id.into(),
            scheme: Scheme::Employee.to_string(),
            year: self.story.stage.year,
            paid_day: self.story.stage.paid_day.into(),
            paid_fen: quoted.unwrap_or_default().to_pay_fen,
            ..EnrolPersonRequest::default()
        };
        let answer = enrollment.enrol_person(patient(request)).await;
        self.story.granted("EnrolPerson", answer).map(drop)
    }

    /// 个人账户划入.
    async fn credit(&mut self, person_id: &str, amount_fen: i64) -> Result<(), Halted> {
        let request = pb::CreditAccountRequest {
            request_id: format!("day-credit-{person_id}"),
            person_id: person_id.into(),
            scheme: Scheme::Employee.to_string(),
            amount_fen,
            period: PERIOD.into(),
            reason: "按月划入".into(),
            ..Default::default()
        };
        let answer = self.desk.accounts().credit_account(patient(request)).await;
        self.story.granted("CreditAccount", answer)?;
        self.credited += amount_fen;
        Ok(())
    }

    /// 家庭共济授权.
    async fn let_draw(&mut self, holder: &str, relative: &str) -> Result<(), Halted> {
        let request = pb::AuthorizeFamilyMemberRequest {
            request_id: format!("day-family-{holder}"),
            holder_id: holder.into(),
            member_id: relative.into(),
            relation: Relation::Child.into(),
            from_day: self.story.stage.known_from.into(),
            until_day: String::new(),
            limit_fen: None,
        };
        let mut bureau = self.desk.accounts();
        let answer = bureau.authorize_family_member(patient(request)).await;
        let what = "AuthorizeFamilyMember";
        self.story.granted(what, answer).map(drop)
    }
}
