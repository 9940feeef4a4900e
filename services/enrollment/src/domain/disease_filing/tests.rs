//! What stands on which day, and what may be changed.

use super::*;

const ID: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn at(digit: u8) -> InstitutionCode {
    InstitutionCode::parse(&format!("H1525010000{digit}")).unwrap()
}

fn change(number: u8, from: &str, what: Otherwise) -> FilingChange {
    let id = format!("0190d6b2-5f5e-7cc3-98c4-dc0c0c07390{number}");
    FilingChange {
        id: FilingChangeId::parse(&id).unwrap(),
        from: day(from),
        what,
    }
}

/// Filed for 2017 at the first hospital, with these changes.
fn filed(changes: Vec<FilingChange>) -> DiseaseFiling {
    let new = NewFiling {
        person: PersonId::parse(ID).unwrap(),
        scheme: Scheme::Resident,
        kind: FilingKind::Chronic,
        disease: DiseaseCode::parse("M03900").unwrap(),
        disease_name: "高血压".into(),
        period: Period::of_year(2017).unwrap(),
        institutions: vec![at(1)],
        material: "诊断证明".into(),
    };
    let made = new.made(FilingId::parse(ID).unwrap(), Instant::EARLIEST);
    changes
        .into_iter()
        .fold(made, |filing, change| filing.changed(change, "原因"))
}

/// Each piece as first day, first day after, institutions.
fn pieces(filing: &DiseaseFiling) -> Vec<(String, String, Vec<InstitutionCode>)> {
    let text = |day: Option<Day>| day.map_or_else(String::new, |day| day.to_string());
    let pieces = filing.filed.pieces().into_iter();
    pieces
        .map(|one| {
            let Period { from, until } = one.period;
            (from.to_string(), text(until), one.institutions)
        })
        .collect()
}

#[test]
fn pieces_follow_each_other() {
    let row = |from: &str, until: &str, fixed: Vec<InstitutionCode>| {
        (from.to_string(), until.to_string(), fixed)
    };
    let whole = row("2017-01-01", "2018-01-01", vec![at(1)]);
    assert_eq!(pieces(&filed(vec![])), [whole]);
    let moved = || Otherwise::Institutions(vec![at(2)]);
    let anywhere = Otherwise::Institutions(vec![]);
    // Told in another order than that of the days.
    let changed = filed(vec![
        change(1, "2017-08-01", anywhere),
        change(2, "2017-04-01", moved()),
        change(3, "2017-10-01", Otherwise::Ended),
    ]);
    let expected = [
        row("2017-01-01", "2017-04-01", vec![at(1)]),
        row("2017-04-01", "2017-08-01", vec![at(2)]),
        row("2017-08-01", "2017-10-01", vec![]),
    ];
    assert_eq!(pieces(&changed), expected);
    // A change of behind the end moves nothing.
    let ended = filed(vec![
        change(1, "2017-08-01", moved()),
        change(2, "2017-06-01", Otherwise::Ended),
    ]);
    assert_eq!(
        pieces(&ended),
        [row("2017-01-01", "2017-06-01", vec![at(1)])]
    );
}

/// A bill of 31 days may reach back thirty.
#[test]
fn around_a_day_is_a_month() {
    let filing = filed(vec![change(
        1,
        "2017-05-01",
        Otherwise::Institutions(vec![at(2)]),
    )]);
    for (on, expected) in [
        ("2016-12-31", 0),
        ("2017-01-01", 1),
        ("2017-04-30", 1),
        ("2017-05-01", 2),
        ("2017-05-30", 2),
        ("2017-05-31", 1),
        ("2018-01-30", 1),
        ("2018-01-31", 0),
    ] {
        assert_eq!(filing.filed.around(day(on)).count(), expected, "{on}");
    }
}

#[test]
fn what_may_change_and_end() {
    let code = |answer: Result<(), Refusal>| {
        let code = answer.err().map(|no| no.code.to_string());
        code.unwrap_or_default()
    };
    let moved = Otherwise::Institutions(vec![at(2)]);
    let filing = filed(vec![
        change(1, "2017-05-01", moved),
        change(2, "2017-10-01", Otherwise::Ended),
    ]);
    for (from, expected) in [
        ("2017-01-01", "FILING_DAY_OUTSIDE"),
        ("2017-01-02", ""),
        ("2017-05-01", "FILING_CHANGED_ON_DAY"),
        ("2017-09-30", ""),
        ("2017-10-01", "FILING_DAY_OUTSIDE"),
    ] {
        let answer = filing.filed.changeable(day(from));
        assert_eq!(code(answer), expected, "{from}");
    }
    for (last, expected) in [
        ("2016-12-31", "FILING_DAY_OUTSIDE"),
        ("2017-01-01", ""),
        ("2017-09-29", ""),
        ("2017-09-30", "FILING_DAY_OUTSIDE"),
    ] {
        assert_eq!(code(filing.filed.endable(day(last))), expected, "{last}");
    }
    let many = (0..CHANGES_MAX).map(|_| change(3, "2017-03-01", Otherwise::Ended));
    let full = filed(many.collect());
    assert_eq!(
        code(full.filed.endable(day("2017-02-01"))),
        "FILING_CHANGES_MAX"
    );
}

/// An end that is taken back stops where another filing has begun by now.
#[test]
fn an_end_taken_back_leaves_others_alone() {
    let end = change(1, "2017-06-01", Otherwise::Ended);
    let ended = filed(vec![end.clone()]);
    assert_eq!(ended.ends_before(&end.id.to_string(), &[]), None);
    let mut other = filed(vec![]);
    other.filed.id = FilingId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c073990").unwrap();
    other.filed.days.from = day("2017-09-01");
    let all = [ended.clone(), other.clone()];
    let until = ended.ends_before(&end.id.to_string(), &all);
    assert_eq!(until, Some(day("2017-09-01")));
    other.filed.disease = DiseaseCode::parse("M01600").unwrap();
    assert_eq!(ended.ends_before(&end.id.to_string(), &[other]), None);
}
