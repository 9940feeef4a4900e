//! 差额结算复算: a stored revision against itself, against what it took the place of, and against the
//! ledger, which has the difference between the two.

use super::{FLAWS_MAX, Flaw, FlawCause, content, ledger};
use crate::domain::{Basis, Cause, Evidence, Posted, Priced, Revised, Revision};
use crate::ledger::{self as books, Entry, Transaction};

/// What is stored of a revision, and around it.
pub struct Found<'a> {
    /// The revision.
    pub revision: &'a Revision,
    /// The settlement as the revision found it; nothing where that cannot be read.
    pub before: Option<Posted>,
    /// Whether neither it was withdrawn nor its settlement reversed.
    pub stands: bool,
    /// What the ledger has of it.
    pub entries: &'a [Entry],
}

/// All in which a revision differs from its price computed again, from what its cause explains and from
/// what the ledger has of it; empty when it is what it was.
pub fn revision_flaws(found: &Found<'_>, again: &Priced) -> Vec<Flaw> {
    let revision = found.revision;
    let mut flaws = content(&revision.basis, &revision.amounts, again);
    match &found.before {
        Some(before) => flaws.extend(beside(found, before)),
        None => flaws.push(Flaw::told(
            FlawCause::Unreadable,
            "replaces",
            "所替代的结算信息缺失或无法读取，无法核对差额",
        )),
    }
    // Posted in the transaction that made the year this version.
    if revision.basis.accumulator_version != revision.year.0.saturating_sub(1) {
        let text = "依据中的 accumulator_version 不是差额结算入账时的年度版本";
        flaws.push(Flaw::told(FlawCause::Basis, "accumulator_version", text));
    }
    flaws.truncate(FLAWS_MAX);
    let numbered = |flaw: Flaw| flaw.of_revision(revision.number);
    flaws.into_iter().map(numbered).collect()
}

/// What it rests on, and what it moved, beside the settlement before it.
fn beside(found: &Found<'_>, before: &Posted) -> Vec<Flaw> {
    let revision = found.revision;
    let mut flaws = unexplained(revision, &before.evidence, &before.basis);
    let revised = Revised {
        before: before.clone(),
        was: before.amounts.clone(),
        evidence: revision.evidence.clone(),
        basis: revision.basis.clone(),
        settlement: revision.amounts.clone(),
    };
    let bears = (
        revision.hospital_moved,
        revised.hospital_moved(revision.payee),
    );
    if bears.0 != bears.1 {
        let (cause, name) = (FlawCause::Column, "hospital_moved_fen");
        flaws.push(Flaw::of_amount(cause, name, bears, "医院负担的变化"));
    }
    let postings = books::revision(&revised, revision.payee);
    let moved = Transaction::new(revision.id.to_string(), postings);
    flaws.extend(ledger(&moved, found.stands, found.entries, "差额"));
    flaws
}

/// What is otherwise than before though the revision's cause does not explain it. The first of a
/// correction is what the cause is about; the others follow from their place in the year.
fn unexplained(revision: &Revision, before: &Evidence, was: &Basis) -> Vec<Flaw> {
    let (now, basis) = (&revision.evidence, &revision.basis);
    let about = |cause: Cause| revision.cause == cause && revision.correction.1 == 1;
    let late = revision.cause == Cause::LateFact;
    let mut bill = now.bill.clone();
    if about(Cause::RefundLines) {
        bill.lines.clone_from(&before.bill.lines);
    }
    if about(Cause::ThirdParty) {
        bill.third_party = before.bill.third_party;
    }
    let found = match about(Cause::Finding) {
        true => now.findings.starts_with(&before.findings),
        false => now.findings == before.findings,
    };
    let version = (basis.person_version, was.person_version);
    let explained = [
        ("bill", bill == before.bill),
        ("member", late || now.member == before.member),
        ("findings", found),
        ("dedc_hosp_lv", now.tier == before.tier),
        ("kind", now.kind == before.kind),
        ("refl_type", now.place == before.place),
        ("contracted", now.contracted == before.contracted),
        ("past", late || now.past == before.past),
        ("package_digest", basis.package_digest == was.package_digest),
        ("catalogue_id", basis.catalogue == was.catalogue),
        ("person_version", late || version.0 == version.1),
    ];
    let told = |(name, _): (&str, bool)| {
        let text = format!("依据中的 {name} 与更正前不同，更正原因不能说明");
        Flaw::told(FlawCause::Basis, name, text)
    };
    let open = explained.into_iter().filter(|(_, explained)| !explained);
    open.map(told).collect()
}

/// 更正序号: whether the numbers of a settlement's revisions, with whether each was withdrawn and which
/// one it took the place of, and the number of the newest that stands fit together. Corrections are
/// withdrawn newest first: what stands took the place of the newest that stands before it.
pub fn numbering(newest: i64, revisions: &[(i64, bool, Option<i64>)]) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    let mut standing = 0;
    for ((number, withdrawn, replaces), right) in revisions.iter().zip(1..) {
        let mut differs = |name: &str, text: String| {
            let flaw = Flaw::told(FlawCause::Column, name, text);
            flaws.push(flaw.of_revision(*number));
        };
        if *number != right {
            differs("number", format!("更正序号 {number} 不连续，应为 {right}"));
        }
        if *withdrawn {
            continue;
        }
        if let Some(replaces) = replaces.filter(|replaces| *replaces != standing) {
            let text = format!("所替代的更正序号 {replaces}，应为 {standing}");
            differs("replaces", text);
        }
        standing = *number;
    }
    if newest != standing {
        let text = format!("结算所指的更正序号 {newest}，应为 {standing}");
        flaws.push(Flaw::told(FlawCause::Column, "revision", text));
    }
    flaws
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_do_not_fit_together_are_named() {
        let names = |newest, revisions: &[(i64, bool, Option<i64>)]| {
            let flaws = numbering(newest, revisions);
            let name = |flaw: Flaw| (flaw.name, flaw.revision);
            flaws.into_iter().map(name).collect::<Vec<_>>()
        };
        let (one, withdrawn) = ((1, false, Some(0)), (2, true, Some(1)));
        let three = (3, false, Some(1));
        assert_eq!(names(0, &[]), []);
        assert_eq!(names(1, &[one]), []);
        assert_eq!(names(3, &[one, withdrawn, three]), []);
        // One that cannot be read says nothing of what it replaced.
        assert_eq!(names(1, &[(1, false, None)]), []);
        let found = |name: &str, revision| vec![(name.to_string(), revision)];
        assert_eq!(names(1, &[]), found("revision", 0));
        assert_eq!(names(0, &[one]), found("revision", 0));
        assert_eq!(names(2, &[one, withdrawn]), found("revision", 0));
        assert_eq!(names(2, &[one, (2, false, Some(0))]), found("replaces", 2));
        assert_eq!(names(3, &[one, three]), found("number", 3));
    }
}
