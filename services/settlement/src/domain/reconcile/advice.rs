//! 可能原因与处理建议: what probably happened to a row that differs, and what to do about it.

use super::{Difference, RowKind, Verdict};
use kernel::Day;
use serde::{Deserialize, Serialize};

/// What the bureau knows of a settlement beyond the day that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// The day on which it was posted.
    pub posted: Day,
    /// The day on which it was reversed.
    pub reversed: Option<Day>,
}

/// What is said of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// 可能原因.
    pub cause: String,
    /// 处理建议.
    pub repair: String,
}

const ASK: &str = "以原请求编号查询 GetOutcome,如为 UNKNOWN_HERE 则 Withdraw";

/// What is said of a difference, knowing what became of the settlement on other days.
pub fn advise(difference: &Difference, elsewhere: Option<Elsewhere>) -> Advice {
    let (cause, repair) = match difference.verdict {
        Verdict::Match => ("两端一致".into(), "无需处理".into()),
        Verdict::OnlyAtBureau => only_at_bureau(difference),
        Verdict::OnlyAtInstitution => only_at_institution(difference.kind(), elsewhere),
        Verdict::AmountDiffers => (
            "院端记录的金额与经办端结算不一致,见不符字段".into(),
            "以 GetSettlement 查得的结算信息为准更正院端记录;对结算金额有异议的,撤销后重新结算"
                .into(),
        ),
        Verdict::StatusDiffers => status_differs(difference),
        Verdict::SignDiffers => (
            "退费行的正负号或退费标志有误".into(),
            "院端更正该行:结算记正向行,退费记负向行,两行并报".into(),
        ),
        Verdict::Duplicate => (
            "同一结算在院端重复记账".into(),
            "院端删除重复的行;如确为另一笔费用,查明其结算编号后更正".into(),
        ),
    };
    Advice { cause, repair }
}

fn only_at_bureau(difference: &Difference) -> (String, String) {
    if !difference.open {
        let cause = "结算未在院端入账且已撤销或冲正,两行相抵";
        return (cause.into(), "无需处理;需留痕的,院端可补记正负两行".into());
    }
    match difference.kind() {
        RowKind::Settlement => {
            let visit = difference.ours.as_ref().map(|row| row.visit.as_str());
            let visit = visit.unwrap_or_default();
            let cause = format!("院端未收到结算结果或漏记,就诊号 {visit}");
            let repair =
                "以 GetSettlement 取回结算信息,补记正向行;费用并未发生的,办理撤销(Reverse)";
            (cause, repair.into())
        }
        RowKind::Reversal => ("院端漏记退费".into(), "补记负向行".into()),
        RowKind::Revision => ("院端漏记更正".into(), "补记更正行".into()),
    }
}

fn only_at_institution(kind: RowKind, elsewhere: Option<Elsewhere>) -> (String, String) {
    let on_day = |day: Day| {
        let cause = format!("跨日:经办端于 {day} 入账");
        (cause, format!("该行归入 {day} 对账"))
    };
    match (kind, elsewhere) {
        (RowKind::Settlement, Some(known)) => on_day(known.posted),
        (
            RowKind::Reversal,
            Some(Elsewhere {
                reversed: Some(day),
                ..
            }),
        ) => on_day(day),
        (RowKind::Reversal, Some(_)) => ("撤销未到账,经办端结算仍有效".into(), ASK.into()),
        (RowKind::Settlement, None) => (
            "结算未到账,经办端没有该结算".into(),
            format!("{ASK},再以新的请求编号结算"),
        ),
        (RowKind::Reversal, None) => (
            "退费所对应的结算不在经办端".into(),
            format!("核对结算编号;{ASK}"),
        ),
        (RowKind::Revision, _) => ("经办端没有该更正".into(), "核对更正通知后删除该行".into()),
    }
}

fn status_differs(difference: &Difference) -> (String, String) {
    match difference.ours {
        Some(_) => ("经办端已撤销,院端漏记退费".into(), "补记负向行".into()),
        None => ("院端已退费,撤销未到账".into(), ASK.into()),
    }
}
