//! 欠费与追偿: what patients leave unpaid at discharge, and what third parties pay back of what the funds
//! paid first.

use super::claims::TODAY;
use super::{CountyDay, Settled, patient};
use crate::story::Halted;
use crate::story::sheet::yuan;
use proto::orchestrator as pb;
use proto::orchestrator::receivable::State;

/// The kinds of whom it is told.
const GUARANTEED: &str = "先诊疗后付费";
const ADVANCED: &str = "外伤住院（先行支付）";
/// How many leave something unpaid.
const IN_ARREARS: usize = 6;
/// From how many third parties something comes back.
const RECOVERIES: usize = 6;

impl CountyDay<'_> {
    /// 欠费: half of what is the patient's is left unpaid; of that half is paid the same evening, and
    /// by the last one all of it.
    pub(super) async fn leave_unpaid(&mut self) -> Result<(), Halted> {
        let owing = self.some_of(GUARANTEED, IN_ARREARS);
        let (count, mut whole) = (owing.len(), true);
        let (mut unpaid, mut paid, mut left) = (0, 0, 0);
        for (n, one) in (1..).zip(owing) {
            let opened = self.owe(&one).await?;
            let part = match n == count {
                true => opened.remaining_fen,
                false => opened.remaining_fen / 2,
            };
            let after = self.pay_off(&one, &opened.receivable_id, part).await?;
            let state = match n == count {
                true => State::Paid,
                false => State::Open,
            };
            whole &= after.state() == state && after.paid_fen == part;
            unpaid += opened.owed_fen;
            paid += after.paid_fen;
            left += after.remaining_fen;
        }
        let told = format!(
            "{count} 笔出院时欠费 {} 元，已还 {} 元，尚欠 {} 元，一笔已还清",
            yuan(unpaid),
            yuan(paid),
            yuan(left)
        );
        let adds_up = whole && left > 0 && unpaid == paid + left;
        self.story.expect(count == IN_ARREARS && adds_up, told)
    }

    /// 欠费登记 of half the cash, as the settlement stands.
    async fn owe(&mut self, one: &Settled) -> Result<pb::Receivable, Halted> {
        let hospital = one.planned.sender();
        let settlement_id = one.settlement.settlement_id.clone();
        let standing = self.receipt(hospital, &settlement_id).await?;
        let request = pb::OpenReceivableRequest {
            request_id: format!("{}-owed", one.planned.request_id),
            settlement_id,
            unpaid_fen: standing.amounts.unwrap_or_default().cash_fen / 2,
            due_day: String::new(),
        };
        let mut cashier = self.desk.of(hospital).receivables();
        let answer = cashier.open_receivable(patient(request)).await;
        let opened = self.story.granted("OpenReceivable", answer)?;
        Ok(opened.receivable.unwrap_or_default())
    }

    /// 还款.
    async fn pay_off(
        &mut self,
        one: &Settled,
        receivable_id: &str,
        amount_fen: i64,
    ) -> Result<pb::Receivable, Halted> {
        let request = pb::RecordPaymentRequest {
            request_id: format!("{}-paid", one.planned.request_id),
            receivable_id: receivable_id.into(),
            amount_fen,
            paid_day: TODAY.into(),
        };
        let mut cashier = self.desk.of(one.planned.sender()).receivables();
        let answer = cashier.record_payment(patient(request)).await;
        let paid = self.story.granted("RecordPayment", answer)?;
        Ok(paid.receivable.unwrap_or_default())
    }

    /// 追偿: what the funds paid first comes back, of every other one only half.
    pub(super) async fn recover(&mut self) -> Result<(), Halted> {
        let (mut advanced, mut recovered, mut left) = (0, 0, 0);
        let of_third_parties = self.some_of(ADVANCED, RECOVERIES);
        let count = of_third_parties.len();
        for (n, one) in of_third_parties.into_iter().enumerate() {
            let settlement_id = one.settlement.settlement_id.clone();
            let request = pb::GetAdvanceRequest { settlement_id };
            let mut bureau = self.desk.recoveries();
            let answer = bureau.get_advance(patient(request)).await;
            let before = self.story.granted("GetAdvance", answer)?.advance;
            let before = before.unwrap_or_default();
            let request = pb::RecordRecoveryRequest {
                request_id: format!("{}-recovered", one.planned.request_id),
                settlement_id: before.settlement_id,
                payer_name: "某财产保险公司".into(),
                amount_fen: match n % 2 {
                    0 => before.advanced_fen,
                    _ => before.advanced_fen / 2,
                },
                received_day: TODAY.into(),
                document_number: format!("PAY-{n}"),
            };
            let answer = bureau.record_recovery(patient(request)).await;
            let after = self.story.granted("RecordRecovery", answer)?.advance;
            let after = after.unwrap_or_default();
            for fund in &after.funds {
                *self.recovered.entry(fund.fund.clone()).or_default() += fund.recovered_fen;
            }
            advanced += after.advanced_fen;
            recovered += after.recovered_fen;
            left += after.remaining_fen;
        }
        let told = format!(
            "{count} 笔外伤由基金先行支付 {} 元，向第三方追回 {} 元，尚待追偿 {} 元",
            yuan(advanced),
            yuan(recovered),
            yuan(left)
        );
        let of_funds: i64 = self.recovered.values().sum();
        let adds_up = advanced == recovered + left && of_funds == recovered;
        let some = recovered > 0 && left > 0;
        self.story
            .expect(count == RECOVERIES && adds_up && some, told)
    }
}
