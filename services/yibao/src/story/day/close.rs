//! 对账与日结: every institution sends its books of the day; what differs is found, told with its cause,
//! mended by asking the bureau, or explained by somebody who answers for it; then the day is closed.

use super::claims::{Planned, TODAY};
use super::kinds::{COUNTY_HOSPITAL, PHARMACY, TOWNSHIP};
use super::{CountyDay, books, hour, patient, ways};
use crate::area::{COUNTY, institution_name};
use crate::story::Halted;
use crate::story::sheet::{Side, yuan};
use proto::common::outcome::State;
use proto::common::settlement::State as Standing;
use proto::orchestrator as pb;
use proto::orchestrator::{
    InstitutionRow, ReconciliationDifference, ReconciliationRowKind as Kind,
    ReconciliationVerdict as Verdict,
};

/// 院端账 of a day.
type Rows = Vec<InstitutionRow>;
/// 错账: whose books are spoilt, what the comparison is to find, and how.
type Plant = (&'static str, Verdict, fn(Rows, &[Planned]) -> Rows);

/// One of each kind; the last one stays as it is and is explained.
const PLANTS: [Plant; 7] = [
    (COUNTY_HOSPITAL, Verdict::OnlyAtBureau, lost_answer),
    (TOWNSHIP, Verdict::OnlyAtInstitution, booked_a_refusal),
    ("H99999900007", Verdict::AmountDiffers, typed_wrong),
    ("H99999900008", Verdict::StatusDiffers, struck_off_alone),
    (PHARMACY, Verdict::SignDiffers, refund_without_minus),
    ("P99999900002", Verdict::Duplicate, booked_twice),
    (EXPLAINED, Verdict::AmountDiffers, rounded_up),
];
/// Whose difference is explained.
const EXPLAINED: &str = "H99999900002";
/// Sums are closed soon after midnight.
const AFTER_MIDNIGHT: i64 = 25;
/// Days on a page.
const PAGE: i32 = 500;

/// 院端少账: an answer that got lost, and was never written down.
fn lost_answer(mut rows: Rows, _: &[Planned]) -> Rows {
    rows.pop();
    rows
}

/// 院端多账: booked before the bureau refused it.
fn booked_a_refusal(mut rows: Rows, refused: &[Planned]) -> Rows {
    let of_here = refused.iter().find(|one| one.sender() == TOWNSHIP);
    let (Some(refused), Some(row)) = (of_here, rows.last().cloned()) else {
        return rows;
    };
    rows.push(InstitutionRow {
        settlement_id: String::new(),
        request_id: refused.request_id.clone(),
        ..row
    });
    rows
}

/// 金额不符: typed by hand, ten yuan too much in cash.
fn typed_wrong(mut rows: Rows, _: &[Planned]) -> Rows {
    let amounts = rows.first_mut().and_then(|row| row.amounts.as_mut());
    amounts
        .into_iter()
        .for_each(|amounts| amounts.cash_fen += 1_000);
    rows
}

/// 状态不符: taken back at the institution and not at the bureau.
fn struck_off_alone(mut rows: Rows, _: &[Planned]) -> Rows {
    let Some(mut row) = rows.first().cloned() else {
        return rows;
    };
    row.kind = Kind::Reversal.into();
    books::opposite(&mut row);
    rows.push(row);
    rows
}

/// 符号不符: a refund that was booked like a sale.
fn refund_without_minus(mut rows: Rows, _: &[Planned]) -> Rows {
    let refund = rows.iter_mut().find(|row| row.kind() == Kind::Reversal);
    refund.into_iter().for_each(books::opposite);
    rows
}

/// 重复: one settlement, booked twice.
fn booked_twice(mut rows: Rows, _: &[Planned]) -> Rows {
    rows.extend(rows.first().cloned());
    rows
}

/// 金额不符: a cent that the till rounds up.
fn rounded_up(mut rows: Rows, _: &[Planned]) -> Rows {
    let amounts = rows.first_mut().and_then(|row| row.amounts.as_mut());
    amounts
        .into_iter()
        .for_each(|amounts| amounts.cash_fen += 1);
    rows
}

/// 险种 of what differs: as the bureau has it, else the institution.
fn scheme_of(one: &ReconciliationDifference) -> &str {
    let own = one.institution.as_ref().map(|row| row.scheme.as_str());
    let ours = one.bureau.as_ref().map(|row| row.scheme.as_str());
    ours.or(own).unwrap_or_default()
}

/// 类别 in words.
fn term(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::OnlyAtBureau => "院端少账",
        Verdict::OnlyAtInstitution => "院端多账",
        Verdict::AmountDiffers => "金额不符",
        Verdict::StatusDiffers => "状态不符",
        Verdict::SignDiffers => "符号不符",
        Verdict::Duplicate => "重复",
        Verdict::Match => "相符",
        Verdict::Unspecified => "",
    }
}

impl CountyDay<'_> {
    /// All of it.
    pub(super) async fn close(&mut self) -> Result<(), Halted> {
        self.clock.set(hour(TODAY, AFTER_MIDNIGHT));
        self.story
            .sheet
            .line("院端的账由各机构按自己收到的答复记录；其中七处是演示故意记错的。")?;
        for (institution, _, spoil) in PLANTS {
            let rows = self.books.of(institution);
            *rows = spoil(std::mem::take(rows), &self.refused);
        }
        let found = self.compare_all("first").await?;
        let mut expected: Vec<_> = PLANTS.map(|plant| (plant.0, plant.1)).to_vec();
        expected.sort_by_key(|plant| plant.0);
        let mut told: Vec<_> = found
            .iter()
            .map(|one| (one.0.as_str(), one.1.verdict()))
            .collect();
        told.sort_by_key(|one| one.0);
        self.show_differences(&found)?;
        let same = told == expected;
        self.story
            .expect(same, "七处错账全部查出，类别都对，没有一处误报")?;
        let answer = self.close_day(COUNTY_HOSPITAL, "early").await;
        self.story.refused(answer, "DIFFERENCES_OPEN")?;
        for (institution, difference) in &found {
            match institution == EXPLAINED {
                true => self.explain(institution, difference).await?,
                false => self.mend(institution, difference).await?,
            }
        }
        let left = self.compare_all("mended").await?;
        let explained = left.iter().all(|one| one.0 == EXPLAINED && !one.1.open);
        self.story.expect(
            left.len() == 1 && explained,
            "六处经查询更正，一处由责任人说明：再对一次，没有未了的差异",
        )?;
        self.close_all().await
    }

    /// 对明细账 of every institution: how it compares, and what differs.
    async fn compare_all(
        &mut self,
        name: &str,
    ) -> Result<Vec<(String, ReconciliationDifference)>, Halted> {
        let (mut rows, mut found) = (Vec::new(), Vec::new());
        for site in COUNTY.institutions {
            let institution = site.0;
            let request = pb::ReconcileLinesRequest {
                request_id: format!("day-compare-{name}"),
                institution_code: institution.into(),
                day: TODAY.into(),
                rows: self.books.of(institution).clone(),
            };
            let mut desk = self.desk.of(institution).reconciliations();
            let answer = desk.reconcile_lines(patient(request)).await;
            let compared = self.story.granted("ReconcileLines", answer)?;
            rows.extend(compared.schemes.iter().map(|scheme| {
                let own = scheme.institution.unwrap_or_default();
                let ours = scheme.bureau.unwrap_or_default();
                let differing = compared.differences.iter();
                let differing = differing.filter(|one| scheme_of(one) == scheme.scheme);
                vec![
                    institution_name(institution).to_string(),
                    scheme.scheme.clone(),
                    scheme.institution_rows.to_string(),
                    yuan(own.medfee_fen),
                    scheme.bureau_rows.to_string(),
                    yuan(ours.medfee_fen),
                    yuan(ours.funds_fen),
                    match differing.count() {
                        0 => "相符".into(),
                        count => format!("{count} 处"),
                    },
                ]
            }));
            let named = compared.differences.into_iter();
            found.extend(named.map(|one| (institution.to_string(), one)));
        }
        let headings = [
            ("机构", Side::Left),
            ("险种", Side::Left),
            ("院端行", Side::Right),
            ("院端总额", Side::Right),
            ("局端行", Side::Right),
            ("局端总额", Side::Right),
            ("应付基金", Side::Right),
            ("差异", Side::Right),
        ];
        self.story.sheet.table(&headings, &rows)?;
        self.story.sheet.gap()?;
        Ok(found)
    }

    fn show_differences(
        &mut self,
        found: &[(String, ReconciliationDifference)],
    ) -> Result<(), Halted> {
        let row = |(institution, one): &(String, ReconciliationDifference)| {
            vec![
                institution_name(institution).to_string(),
                term(one.verdict()).to_string(),
                one.cause.clone(),
                one.repair.clone(),
            ]
        };
        let rows: Vec<Vec<String>> = found.iter().map(row).collect();
        let headings = [
            ("机构", Side::Whole),
            ("差异", Side::Whole),
            ("可能原因", Side::Left),
            ("处理建议", Side::Left),
        ];
        Ok(self.story.sheet.grid(&headings, &rows)?)
    }

    /// Mends the institution's books by what the bureau answers when it is asked.
    async fn mend(
        &mut self,
        institution: &str,
        one: &ReconciliationDifference,
    ) -> Result<(), Halted> {
        let place = usize::try_from(one.row_number)
            .ok()
            .and_then(|n| n.checked_sub(1));
        let place = place.unwrap_or(usize::MAX);
        match one.verdict() {
            Verdict::OnlyAtBureau => self.ask_again(institution, one).await,
            Verdict::OnlyAtInstitution => {
                let state = self.outcome(institution, &one.row_key).await?;
                let never = [State::Refused, State::UnknownHere].contains(&state);
                self.strike(institution, place, never)
            }
            Verdict::StatusDiffers => {
                let standing = self.receipt(institution, &one.row_key).await?;
                let stands = standing.state() == Standing::Posted;
                let reversal = self.books.of(institution).iter();
                let place = reversal
                    .enumerate()
                    .find(|(_, row)| {
                        row.settlement_id == one.row_key && row.kind() == Kind::Reversal
                    })
                    .map_or(usize::MAX, |(place, _)| place);
                self.strike(institution, place, stands)
            }
            Verdict::AmountDiffers => {
                let right = self.receipt(institution, &one.row_key).await?;
                let cash = right.amounts.unwrap_or_default().cash_fen;
                let row = self.books.of(institution).get_mut(place);
                let amounts = row.and_then(|row| row.amounts.as_mut());
                amounts
                    .into_iter()
                    .for_each(|amounts| amounts.cash_fen = cash);
                Ok(())
            }
            Verdict::SignDiffers => {
                let row = self.books.of(institution).get_mut(place);
                row.into_iter().for_each(books::opposite);
                Ok(())
            }
            Verdict::Duplicate => self.strike(institution, place, true),
            Verdict::Match | Verdict::Unspecified => Ok(()),
        }
    }

    /// Strikes a row off, when the bureau's answer allows it.
    fn strike(&mut self, institution: &str, place: usize, allowed: bool) -> Result<(), Halted> {
        let rows = self.books.of(institution);
        if allowed && place < rows.len() {
            rows.remove(place);
            return Ok(());
        }
        self.story.expect(false, "局端的答复允许冲销院端的这一行")
    }

    /// The same request again: its first answer comes again, and is written down now.
    async fn ask_again(
        &mut self,
        institution: &str,
        one: &ReconciliationDifference,
    ) -> Result<(), Halted> {
        let found = self.settled.iter().find(|known| {
            known.settlement.settlement_id == one.row_key && known.planned.sender() == institution
        });
        let Some(found) = found.cloned() else {
            return self.story.expect(false, "院端有这笔请求的编号和内容");
        };
        let desk = self.desk.of(institution);
        let kind = one.bureau.as_ref();
        if kind.is_none_or(|row| row.kind() != Kind::Settlement) {
            return self.story.expect(false, "少记的是一笔结算");
        }
        let again = ways::bring(&desk, &found.planned).await;
        let again = self.heard("Settle", again)?;
        let again = again
            .iter()
            .find(|part| part.1.settlement_id == one.row_key);
        let same = again.is_some();
        again
            .into_iter()
            .for_each(|(id, part)| self.books.settled(id, part));
        self.story
            .expect(same, "按原请求编号再问一次，得到的是第一次的答复，没有再付")
    }

    /// What became of a request of the institution's.
    async fn outcome(&mut self, institution: &str, request_id: &str) -> Result<State, Halted> {
        let request = pb::GetOutcomeRequest {
            request_id: request_id.into(),
            method: pb::get_outcome_request::Method::Settle.into(),
        };
        let mut desk = self.desk.of(institution).orchestrator();
        let answer = desk.get_outcome(patient(request)).await;
        let outcome = self.story.granted("GetOutcome", answer)?.outcome;
        Ok(outcome.unwrap_or_default().state())
    }

    /// The settlement as the bureau has it.
    pub(super) async fn receipt(
        &mut self,
        institution: &str,
        settlement_id: &str,
    ) -> Result<proto::common::Settlement, Halted> {
        let request = pb::ReceiptServiceGetSettlementRequest {
            settlement_id: settlement_id.into(),
        };
        let mut desk = self.desk.of(institution).receipts();
        let answer = desk.get_settlement(patient(request)).await;
        let found = self.story.granted("GetSettlement", answer)?;
        Ok(found.settlement.unwrap_or_default())
    }

    /// 差异说明.
    async fn explain(
        &mut self,
        institution: &str,
        one: &ReconciliationDifference,
    ) -> Result<(), Halted> {
        let request = pb::ExplainDifferenceRequest {
            request_id: "day-explained".into(),
            institution_code: institution.into(),
            day: TODAY.into(),
            row_key: one.row_key.clone(),
            owner: "收费处".into(),
            reason: "收银尾数多记一分，已登记长款，次日冲平".into(),
        };
        let mut desk = self.desk.of(institution).reconciliations();
        let answer = desk.explain_difference(patient(request)).await;
        self.story.granted("ExplainDifference", answer).map(drop)
    }

    async fn close_day(
        &self,
        institution: &str,
        name: &str,
    ) -> Result<tonic::Response<pb::CloseDayResponse>, tonic::Status> {
        let request = pb::CloseDayRequest {
            request_id: format!("day-close-{name}"),
            institution_code: institution.into(),
            day: TODAY.into(),
            unreconciled_reason: String::new(),
        };
        let mut desk = self.desk.of(institution).reconciliations();
        desk.close_day(patient(request)).await
    }

    /// 日结 of every institution; what is frozen is what the books say.
    async fn close_all(&mut self) -> Result<(), Halted> {
        for site in COUNTY.institutions {
            let answer = self.close_day(site.0, "final").await;
            self.story.granted("CloseDay", answer)?;
        }
        let request = pb::ListDaysRequest {
            institution_code: String::new(),
            from_day: TODAY.into(),
            to_day: TODAY.into(),
            page_size: PAGE,
            page_token: String::new(),
        };
        let answer = self
            .desk
            .reconciliations()
            .list_days(patient(request))
            .await;
        let days = self.story.granted("ListDays", answer)?.days;
        let closed = days.iter().all(|day| {
            let sums = day.sums.iter().filter_map(|sum| sum.amounts.as_ref());
            let funds: i64 = sums.map(|amounts| amounts.funds_fen).sum();
            let (rows, own) = self.books.sums(&day.institution_code);
            let rows = i64::try_from(rows).unwrap_or(i64::MAX);
            day.digest.len() == 64 && day.rows == rows && funds == own.funds_fen
        });
        let all = days.len() == COUNTY.institutions.len();
        let told = format!(
            "{} 家机构全部日结，冻结的笔数与基金支付额同院端的账",
            days.len()
        );
        self.story.expect(closed && all, told)
    }
}
