//! 差错与更正: what is refused, and what is undone or corrected of what was settled.

use super::claims::Planned;
use super::kinds::KINDS;
use super::{CountyDay, Settled, books, patient, ways};
use crate::story::Halted;
use crate::told::Told;
use kernel::IdentityKind;
use proto::orchestrator as pb;
use std::fmt::Display;
use tonic::Status;

/// 被拒绝: the codes that the day's mistakes are refused with, and what was wrong.
pub const REFUSED: [(&str, &str); 9] = [
    ("CLAIM_DENIED", "同一张费用单换了就诊号再报（重复结算）"),
    ("DUPLICATE_CLAIM", "零星报销的费用已在医院结算"),
    ("IDENTITY_DOUBTED", "人证核验不符，疑似冒名就医"),
    ("LINE_AMOUNT_WRONG", "明细金额不等于单价乘数量"),
    ("PERSON_UNKNOWN", "人员编号不存在"),
    ("RECEIPT_USED", "零星报销的票据已经报过"),
    ("REIMBURSEMENT_SAME_PERSON", "零星报销由受理人自己复核"),
    ("REIMBURSEMENT_UNAPPROVED", "零星报销未经第二人复核"),
    ("VISIT_SETTLED", "同一就诊号再结算"),
];
/// A person nobody registered.
const NOBODY: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";
/// How many of each are sent.
const MISTAKES: usize = 3;
/// How many settlements are reversed.
const REVERSED: usize = 12;
/// How many have a line refunded.
const REFUNDED: usize = 16;
/// Whose identity becomes known late.
const LATE: usize = 6;
/// One unit.
const UNIT_E4: i64 = 10_000;

/// The rows of the summary.
const REVERSALS: &str = "撤销";
const REFUNDS: &str = "部分退费（差额）";
const LATE_FACTS: &str = "待遇追溯（差额）";

impl CountyDay<'_> {
    /// 差错: what is wrong in a last batch, made of the morning's claims.
    pub(super) fn mistakes(&self) -> Vec<Planned> {
        let taken = self.some_of("普通门诊", 4 * MISTAKES);
        let wrong = taken.chunks(MISTAKES).zip(0..);
        let wrong = wrong.flat_map(|(of_one, sort)| of_one.iter().map(move |one| (sort, one)));
        let mistake = |((sort, one), n): ((i32, &Settled), usize)| {
            let mut wrong = one.planned.clone();
            wrong.request_id = format!("day-wrong-{n:02}");
            let line = wrong.claim.lines.pop();
            match sort {
                // The same bill under a visit of its own; another bill under the same visit.
                0 => wrong.claim.lines.extend(line),
                1 => return wrong,
                2 => wrong.claim.person_id = NOBODY.into(),
                _ => {
                    let last = wrong.claim.lines.last_mut();
                    last.into_iter().for_each(|line| line.amount_fen += 1);
                }
            }
            wrong.claim.visit_number = format!("W-{n:02}");
            wrong
        };
        wrong.zip(1..).map(mistake).collect()
    }

    /// 撤销 and 部分退费 of what is the newest of its patient.
    pub(super) async fn correct(&mut self) -> Result<(), Halted> {
        let reversed = self.some_of("定点药店购药", REVERSED);
        let count = reversed.len();
        for one in reversed {
            let id = format!("{}-back", one.planned.request_id);
            let request = pb::ReverseRequest {
                request_id: id.clone(),
                settlement_id: one.settlement.settlement_id.clone(),
                reason: "患者退货".into(),
            };
            let pharmacy = self.desk.of(one.planned.sender());
            let answer = pharmacy.orchestrator().reverse(patient(request)).await;
            let reversed = self.story.granted("Reverse", answer)?.settlement;
            self.books.reversed(&id, &reversed.unwrap_or_default());
            let amounts = one.settlement.amounts.unwrap_or_default();
            self.tally.add(REVERSALS, &amounts, -1);
        }
        let told = format!("撤销 {count} 笔，累计与账目逐笔冲回");
        self.story.expect(count == REVERSED, told)?;
        let refunded = self.some_of("日间手术", REFUNDED);
        let count = refunded.len();
        for one in refunded {
            self.refund_a_unit(one).await?;
        }
        let told = format!("按明细退费 {count} 笔，只动差额");
        self.story.expect(count == REFUNDED, told)
    }

    /// 退费 of one unit of the bill's last line.
    async fn refund_a_unit(&mut self, one: Settled) -> Result<(), Halted> {
        let id = format!("{}-refund", one.planned.request_id);
        let number = one.planned.claim.lines.last().map_or(0, |line| line.number);
        let request = pb::RefundLinesRequest {
            request_id: id.clone(),
            settlement_id: one.settlement.settlement_id.clone(),
            lines: vec![pb::RefundedLine {
                number,
                quantity_e4: UNIT_E4,
            }],
            reason: "药品未用退回".into(),
        };
        let hospital = self.desk.of(one.planned.sender());
        let answer = hospital.revisions().refund_lines(patient(request)).await;
        let settlement = self.story.granted("RefundLines", answer)?.settlement;
        let settlement = settlement.unwrap_or_default();
        let before = one.settlement.amounts.unwrap_or_default();
        let after = settlement.amounts.clone().unwrap_or_default();
        self.books.refunded(&id, &settlement, &before);
        self.tally
            .add(REFUNDS, &books::difference(&before, &after), 1);
        Ok(())
    }

    /// 零星报销 that is refused: settled at the hospital, its receipt used, not approved, approved by
    /// the same person.
    pub(super) async fn refuse_reimbursements(&mut self) -> Result<(), Halted> {
        let settled = self.some_of("普通住院", 1);
        for one in settled {
            let mut claim = one.planned.claim;
            claim.visit_number = "W-90".into();
            let answer = ways::submit(&self.desk, "day-wrong-90", claim, "W-90").await;
            self.refused_with("DUPLICATE_CLAIM", answer)?;
        }
        for one in self.some_of("零星报销", 1) {
            let claim = one.planned.claim;
            // Another bill on the receipt of the one that is paid.
            let mut again = claim.clone();
            again.lines.truncate(1);
            again.visit_number = "W-91".into();
            let used = &claim.visit_number;
            let answer = ways::submit(&self.desk, "day-wrong-91", again, used).await;
            self.refused_with("RECEIPT_USED", answer)?;
        }
        for one in self.some_of("普通住院", 1) {
            let mut large = one.planned.claim;
            large.visit_number = "W-92".into();
            large.institution_code = super::kinds::CITY_HOSPITAL.into();
            for line in &mut large.lines {
                line.quantity_e4 *= 20;
                line.amount_fen *= 20;
            }
            let kept = ways::submit(&self.desk, "day-wrong-92", large, "W-92").await;
            let kept = self.heard("SubmitReimbursement", kept)?;
            let clerk = super::CLERK;
            let answer = ways::approve(&self.desk, clerk, "day-wrong-93", &kept).await;
            self.refused_with("REIMBURSEMENT_SAME_PERSON", answer)?;
            let answer = ways::pay(&self.desk, "day-wrong-94", kept).await;
            self.refused_with("REIMBURSEMENT_UNAPPROVED", answer)?;
        }
        Ok(())
    }

    /// A "no" with this code, which is counted; anything else ends the story.
    pub(super) fn refused_with<T>(
        &mut self,
        code: &str,
        answer: Result<T, Status>,
    ) -> Result<(), Halted> {
        let told = answer.err().map(|status| Told::of(&status));
        match told {
            Some(told) if told.code == code => {
                *self.refusals.entry(told.code).or_default() += 1;
                Ok(())
            }
            other => self.broken(format_args!("{code}, not {other:?}")),
        }
    }

    fn broken(&mut self, expected: impl Display) -> Result<(), Halted> {
        self.story.expect(false, expected)
    }

    /// 待遇追溯: 低保 that becomes known in the evening, from the beginning of the year.
    pub(super) async fn learn_late(&mut self) -> Result<(), Halted> {
        let mut moved = 0;
        let mut stays = self.some_of("普通住院", usize::MAX);
        stays.retain(|one| self.plain.contains(&one.settlement.person_id));
        stays.truncate(LATE);
        for one in stays {
            let person_id = one.settlement.person_id.clone();
            self.recognise(&person_id, &IdentityKind::MinimumLiving)
                .await?;
            let request = pb::PreviewLateFactsRequest {
                person_id: person_id.clone(),
                scheme: one.settlement.scheme.clone(),
                year: self.story.stage.year,
            };
            let mut clerk = self.desk.orchestrator();
            let answer = clerk.preview_late_facts(patient(request)).await;
            let preview = self.story.granted("PreviewLateFacts", answer)?;
            let request = pb::PostLateFactsRequest {
                request_id: format!("{}-late", one.planned.request_id),
                person_id,
                scheme: one.settlement.scheme.clone(),
                year: self.story.stage.year,
                preview_digest: preview.preview_digest,
                ..Default::default()
            };
            let answer = clerk.post_late_facts(patient(request)).await;
            let posted = self.story.granted("PostLateFacts", answer)?;
            for revision in posted.revisions {
                let before = revision.before.unwrap_or_default();
                let after = revision.after.unwrap_or_default();
                let difference = books::difference(&before, &after);
                moved += difference.funds_fen;
                self.tally.add(LATE_FACTS, &difference, 1);
            }
        }
        let told = format!(
            "{LATE} 人的低保身份当晚才认定、自年初起算，补付 {} 元，看过再付",
            crate::story::sheet::yuan(moved)
        );
        self.story.expect(moved > 0, told)
    }

    /// So many settlements of a kind, spread over the institutions.
    pub(super) fn some_of(&self, kind: &str, count: usize) -> Vec<Settled> {
        let of_kind = |one: &&Settled| {
            let found = KINDS.get(one.planned.kind);
            found.is_some_and(|found| found.name == kind)
        };
        let all: Vec<&Settled> = self.settled.iter().filter(of_kind).collect();
        let apart = (all.len() / count.max(1)).max(1);
        let some = all.into_iter().step_by(apart).take(count);
        some.cloned().collect()
    }
}
