//! What each rule finds, one line per case, and laws that hold for any claim.

use super::*;
use crate::rules::RuleBook;
use proptest::prelude::*;

const HERE: &str = "H15250100001";
const THERE: &str = "H15250100002";

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn days(begin: &str, end: &str) -> Days {
    Days {
        begin: day(begin),
        end: day(end),
    }
}

fn rules() -> Rules {
    let book = RuleBook::builtin().unwrap();
    book.on(day("2017-03-10")).unwrap().clone()
}

fn claim(med_type: MedType, days: Days, items: &[&str]) -> Claim {
    let lines = (1..).zip(items).map(|(number, item)| Line {
        number,
        item: ItemCode::parse(item).unwrap(),
    });
    Claim {
        institution: InstitutionCode::parse(HERE).unwrap(),
        visit_number: "Z1".into(),
        med_type,
        days,
        lines: lines.collect(),
        fingerprint: Digest::of(b"this"),
    }
}

fn past(institution: &str, visit_number: &str, med_type: MedType, days: Days) -> PastClaim {
    let settlement = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";
    PastClaim {
        settlement: SettlementId::parse(settlement).unwrap(),
        institution: InstitutionCode::parse(institution).unwrap(),
        visit_number: visit_number.into(),
        med_type,
        days,
        fingerprint: Digest::of(b"that"),
    }
}

fn woman() -> Member {
    Member {
        sex: Sex::Female,
        birth: day("1980-05-05"),
    }
}

/// Rules and lines that a claim on 2017-03-10 hits.
fn hits(member: &Member, items: &[&str]) -> Vec<(String, Option<i32>)> {
    let claim = claim(MedType::Outpatient, days("2017-03-10", "2017-03-10"), items);
    let found = screen(&rules(), &claim, member, &History::default());
    found.into_iter().map(|f| (f.rule, f.line_number)).collect()
}

#[test]
fn limited_items() {
    const US: &str = "S-FEMALE-US";
    const SYRUP: &str = "D-CHILD-SYRUP";
    let hit = |rule: &str, line| (rule.to_string(), Some(line));
    let cases = [
        (Sex::Female, "1980-05-05", &[US, "S-CT"][..], vec![]),
        (Sex::Male, "1980-05-05", &["S-CT", US], vec![hit("A02", 2)]),
        (
            Sex::Male,
            "2010-01-01",
            &["D-FEMALE-PESSARY"],
            vec![hit("A01", 1)],
        ),
        (Sex::Unknown, "1980-05-05", &[US], vec![]),
        (Sex::Unstated, "1980-05-05", &[US], vec![]),
        (Sex::Female, "2003-03-11", &[SYRUP], vec![]),
        (Sex::Female, "2003-03-10", &[SYRUP], vec![hit("A03", 1)]),
        (Sex::Female, "2017-03-10", &[SYRUP], vec![]),
        (
            Sex::Male,
            "1980-05-05",
            &[SYRUP, US, SYRUP],
            vec![hit("A02", 2), hit("A03", 1), hit("A03", 3)],
        ),
    ];
    for (sex, born, items, expected) in cases {
        let member = Member {
            sex: sex.clone(),
            birth: day(born),
        };
        assert_eq!(hits(&member, items), expected, "{sex} {born} {items:?}");
    }
}

#[test]
fn a_stay_counts_at_the_age_of_its_first_day() {
    let child = Member {
        birth: day("2003-03-12"),
        ..woman()
    };
    let stay = claim(
        MedType::Inpatient,
        days("2017-03-10", "2017-03-20"),
        &["D-CHILD-SYRUP"],
    );
    assert_eq!(screen(&rules(), &stay, &child, &History::default()), []);
}

#[test]
fn stays_overlap_beyond_the_day_of_transfer() {
    use MedType::{DaySurgery, Inpatient, Outpatient};
    // The claim is a stay here from the 10th to the 20th, visit Z1.
    let cases = [
        (THERE, "Z9", Inpatient, "2017-03-01", "2017-03-10", false),
        (THERE, "Z9", Inpatient, "2017-03-01", "2017-03-11", true),
        (THERE, "Z9", Inpatient, "2017-03-20", "2017-03-25", false),
        (THERE, "Z9", Inpatient, "2017-03-19", "2017-03-25", true),
        (THERE, "Z9", Inpatient, "2017-03-01", "2017-03-31", true),
        (THERE, "Z9", DaySurgery, "2017-03-15", "2017-03-15", true),
        (THERE, "Z9", DaySurgery, "2017-03-10", "2017-03-10", false),
        (THERE, "Z9", DaySurgery, "2017-03-20", "2017-03-20", false),
        (THERE, "Z9", Outpatient, "2017-03-15", "2017-03-15", false),
        (THERE, "Z1", Inpatient, "2017-03-12", "2017-03-18", true),
        (HERE, "Z2", Inpatient, "2017-03-12", "2017-03-18", true),
        (HERE, "Z1", Inpatient, "2017-03-12", "2017-03-18", false),
    ];
    let stay = claim(Inpatient, days("2017-03-10", "2017-03-20"), &[]);
    for (institution, visit, med_type, begin, end, expected) in cases {
        let other = past(institution, visit, med_type, days(begin, end));
        let label = format!("{other:?}");
        let found = screen(&rules(), &stay, &woman(), &History(vec![other]));
        let noted = |f: &Finding| f.rule == "C07" && f.effect == Effect::Note;
        assert_eq!(found.iter().any(noted), expected, "{label}");
        assert_eq!(found.len(), usize::from(expected), "{label}");
    }
    let visit = claim(Outpatient, days("2017-03-15", "2017-03-15"), &[]);
    let other = past(THERE, "Z9", Inpatient, days("2017-03-10", "2017-03-20"));
    assert_eq!(
        screen(&rules(), &visit, &woman(), &History(vec![other])),
        []
    );
}

#[test]
fn the_same_bill_is_not_settled_twice() {
    let visit = claim(MedType::Outpatient, days("2017-03-10", "2017-03-10"), &[]);
    let other = past(HERE, "Z2", MedType::Outpatient, visit.days);
    let same = PastClaim {
        fingerprint: visit.fingerprint,
        ..other.clone()
    };
    let found = screen(
        &rules(),
        &visit,
        &woman(),
        &History(vec![other, same.clone()]),
    );
    let [finding] = &found[..] else {
        panic!("{found:?}")
    };
    let told = (finding.rule.as_str(), finding.effect, finding.other);
    assert_eq!(told, ("A19", Effect::DenyClaim, Some(same.settlement)));
    assert_eq!(
        finding.sentence,
        "本次费用(2017-03-10,机构 H15250100001)与已结算的 \
         0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f 机构、日期、明细均相同,属重复结算;\
         本次费用不予结算。"
    );
}

fn any_days() -> impl Strategy<Value = Days> {
    (0..20u32, 0..10u32).prop_map(|(begin, length)| {
        let begin = day("2017-03-01").plus_days(begin);
        Days {
            begin,
            end: begin.plus_days(length),
        }
    })
}

fn any_past() -> impl Strategy<Value = PastClaim> {
    let places = prop::sample::select(vec![HERE, THERE]);
    let visits = prop::sample::select(vec!["Z1", "Z2"]);
    let types = prop::sample::select(MedType::KNOWN.to_vec());
    (places, visits, types, any_days(), any::<bool>()).prop_map(
        |(place, visit, med_type, days, same)| PastClaim {
            fingerprint: Digest::of(if same { b"this" } else { b"that" }),
            ..past(place, visit, med_type, days)
        },
    )
}

proptest! {
    /// Counting the days the two share is the slow, obvious way.
    #[test]
    fn overlap_is_sharing_two_days_or_lying_inside(a in any_days(), b in any_days()) {
        let first = a.begin.max(b.begin);
        let last = a.end.min(b.end);
        let inside = |x: &Days, y: &Days| {
            x.begin == x.end && y.begin < x.begin && x.begin < y.end
        };
        let expected = first.days_until(last) >= 1 || inside(&a, &b) || inside(&b, &a);
        prop_assert_eq!(a.overlap(&b), expected);
        prop_assert_eq!(b.overlap(&a), expected);
    }

    #[test]
    fn every_finding_is_whole_and_rests_on_what_was_given(
        med_type in prop::sample::select(MedType::KNOWN.to_vec()),
        days in any_days(),
        items in prop::collection::vec(
            prop::sample::select(vec!["S-FEMALE-US", "D-CHILD-SYRUP", "S-CT"]), 0..6),
        history in prop::collection::vec(any_past(), 0..6),
        sex in prop::sample::select(Sex::KNOWN.to_vec()),
    ) {
        let claim = claim(med_type, days, &items);
        let member = Member { sex, ..woman() };
        let history = History(history);
        let found = screen(&rules(), &claim, &member, &history);
        let same = |past: &&PastClaim| past.fingerprint == claim.fingerprint;
        let denied = found.iter().filter(|f| f.effect == Effect::DenyClaim).count();
        prop_assert_eq!(denied, history.0.iter().filter(same).count());
        for finding in &found {
            prop_assert!(finding.sentence.ends_with('。'), "{}", finding.sentence);
            prop_assert_eq!(finding.line_number.is_some(), finding.effect == Effect::DenyLine);
            prop_assert_eq!(finding.other.is_some(), finding.line_number.is_none());
        }
        let nothing = screen(&rules(), &claim, &member, &History::default());
        prop_assert!(nothing.iter().all(|f| found.contains(f)));
    }
}
