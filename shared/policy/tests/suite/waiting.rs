//! The day from which a payment counts: windows, natural months, newborns, arrears, broken and
//! repaid years; and the years without a break.

use crate::subsidies::{E1, SUMS, SV7};
use crate::{erenhot, variant};
use kernel::{Day, Fen, IdentityKind};
use policy::{
    BenefitStart, EnrolmentFacts, EnrolmentWay, FeeFacts, InsuredHistory, Package, Transferred,
    benefit_start,
};
use serde_json::Value;

const E2: &str = include_str!("../../vectors/packages-enrolment/e2-qingdao-2025.toml");
const ZHEJIANG: &str = include_str!("../../vectors/packages-enrolment/zhejiang.toml");
const SEEDS: &str = include_str!("../../vectors/seeds.jsonl");
const PUBLISHED: &str = include_str!("../../vectors/published.jsonl");

/// One row of the vectors.
pub fn vector(id: &str) -> Value {
    let rows = SEEDS.lines().chain(PUBLISHED.lines());
    let mut rows = rows.map(|row| serde_json::from_str::<Value>(row).unwrap());
    rows.find(|row| row["id"] == id).unwrap()
}

fn result<'a>(row: &'a Value, name: &str) -> &'a Value {
    let mut steps = row["calc"].as_array().unwrap().iter();
    &steps.find(|step| step[0] == name).unwrap()[2]
}

/// An amount a row of the vectors comes to.
pub fn yuan(row: &Value, name: &str) -> Fen {
    Fen::parse_yuan(&result(row, name).to_string()).unwrap()
}

/// Checks where the error points after the first `from` became `to`, and what it says.
pub fn refused(text: &str, from: &str, to: &str, place: &str, message: &str) {
    assert!(text.contains(from), "{from}");
    let text = text.replacen(from, to, 1);
    let error = Package::parse("e.toml", &text).unwrap_err();
    let line = text.lines().nth(error.line - 1).unwrap();
    let rest: String = line.chars().skip(error.column - 1).collect();
    assert!(
        rest.starts_with(place),
        "{to:?} refused at {rest:?}: {error}"
    );
    assert!(error.message.contains(message), "{to:?}: {error}");
}

fn package(text: &str) -> Package {
    let package = Package::parse("enrolment.toml", text).unwrap();
    assert_eq!(package.check_examples(), []);
    package
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn parts(start: &BenefitStart) -> Vec<(&str, i64)> {
    let parts = start.parts.iter();
    parts
        .map(|part| (part.rule.as_str(), part.months))
        .collect()
}

#[test]
fn a_benefit_starts_with_the_year_or_after_the_wait() {
    let cases = [
        // (year, paid, exempt) → (day, months)
        (2017, "2016-10-08", false, "2017-01-01", 0),
        (2017, "2017-01-01", false, "2017-01-01", 0),
        (2017, "2017-02-28", false, "2017-02-28", 0),
        (2017, "2017-03-01", false, "2017-06-01", 3),
        (2017, "2017-11-30", false, "2018-02-28", 3),
        (2017, "2017-08-15", true, "2017-08-15", 0),
        (2017, "2016-12-15", true, "2017-01-01", 0),
        // A year no calendar of ours has: the payment counts from its day.
        (i32::MAX, "2017-08-15", false, "2017-08-15", 0),
    ];
    for (year, paid, exempt, from, months) in cases {
        let facts = EnrolmentFacts {
            exempt,
            ..EnrolmentFacts::of(year, day(paid))
        };
        let got = benefit_start(&erenhot(), &facts);
        assert_eq!(
            (got.day.to_string(), got.waiting_months),
            (from.to_string(), months),
            "{paid}"
        );
        assert_eq!((got.broken_years, got.repair), (0, None));
    }
}

#[test]
fn a_window_may_close_in_the_year_before() {
    let package = variant(
        "closes = \"02-28\"\ncloses_in = \"same\"",
        "closes = \"12-31\"\ncloses_in = \"previous\"",
    );
    let start = |paid: &str| benefit_start(&package, &EnrolmentFacts::of(2017, day(paid))).day;
    assert_eq!(start("2016-12-31"), day("2017-01-01"));
    assert_eq!(start("2017-01-01"), day("2017-04-01"));
    let least = EnrolmentFacts::of(i32::MIN, day("2017-01-01"));
    assert_eq!(benefit_start(&package, &least).day, day("2017-01-01"));
}

#[test]
fn published_vector_e2_of_broken_and_repaid_years() {
    let (package, row) = (package(E2), vector("E2"));
    let uninsured: Vec<i32> =
        serde_json::from_value(row["input"]["uninsured_years"].clone()).unwrap();
    let years = row["input"]["enrol_window"].as_str().unwrap();
    let year: i32 = years.strip_prefix("for ").unwrap().parse().unwrap();
    // Insured in all years the vector does not name, and paid in the window.
    let insured: Vec<i32> = (2020..year).filter(|y| !uninsured.contains(y)).collect();
    let note = row["note"].as_str().unwrap();
    let days = note
        .strip_prefix("benefit from ")
        .unwrap()
        .split(';')
        .next();
    let mut days = days.unwrap().split(" / ").map(day);
    for (name, repaid_years) in [("months", 0), ("after_one_repaid", 1)] {
        let facts = EnrolmentFacts {
            insured_years: &insured,
            repaid_years,
            ..EnrolmentFacts::of(year, day("2026-10-15"))
        };
        let got = benefit_start(&package, &facts);
        assert_eq!(
            u64::from(got.waiting_months),
            result(&row, name).as_u64().unwrap()
        );
        assert_eq!(got.day, days.next().unwrap(), "{name}");
        let sum: i64 = got.parts.iter().map(|part| part.months).sum();
        assert_eq!(sum, i64::from(got.waiting_months));
    }
}

#[test]
fn a_wait_says_what_it_is_made_of() {
    let package = package(E2);
    let wait = |insured: &[i32], year, repaid_years| {
        let facts = EnrolmentFacts {
            insured_years: insured,
            repaid_years,
            ..EnrolmentFacts::of(year, day("2026-10-15"))
        };
        benefit_start(&package, &facts)
    };
    let got = wait(&[2024], 2027, 1);
    assert_eq!(parts(&got), [("fixed", 3), ("variable", 1), ("repaid", -1)]);
    assert_eq!(
        got.reason.text(),
        "未连续参保，固定 3 个月，断保 2 年增加 1 个月，缴费修复减少 1 个月，共等待 3 个月，\
         待遇自 2027-04-01 起享受。"
    );
    let repair = got.repair.unwrap();
    assert_eq!((repair.repairable_years, repair.repaid_years), (1, 1));
    assert_eq!(
        (repair.fee_per_year, repair.fee),
        (Some(Fen::yuan(400)), Some(Fen::yuan(400)))
    );
    assert_eq!(&*repair.reason.rule, "enrolment.repair");
    // One broken year is the fixed wait; years before the count began are no break.
    assert_eq!(parts(&wait(&[2025], 2027, 5)), [("fixed", 3)]);
    assert_eq!(&*wait(&[2010], 2025, 0).reason.rule, "enrolment.late");
    // Never insured is no break, unless the package says so; nobody is before birth.
    assert_eq!(&*wait(&[], 2027, 0).reason.rule, "enrolment.window");
    let broken = E2.replace(
        "broken_from_year",
        "never_insured = \"broken\"\nbroken_from_year",
    );
    let broken = Package::parse("never.toml", &broken).unwrap();
    let first = EnrolmentFacts::of(2027, day("2026-10-15"));
    assert_eq!(benefit_start(&broken, &first).broken_years, 2);
    let young = EnrolmentFacts {
        birth_day: Some(day("2024-12-31")),
        ..first
    };
    assert_eq!(benefit_start(&broken, &young).broken_years, 2);
    let younger = EnrolmentFacts {
        birth_day: Some(day("2026-01-01")),
        ..first
    };
    assert_eq!(benefit_start(&broken, &younger).broken_years, 1);
}

#[test]
fn broken_and_repaid_years_in_a_table() {
    let package = package(E2);
    // (broken years, repaid) → (months, years it helps to repay)
    let table = [
        (1, 0, 3, 0),
        (2, 0, 4, 1),
        (2, 1, 3, 1),
        (2, 9, 3, 1),
        (3, 0, 5, 2),
        (3, 1, 4, 2),
        (3, 2, 3, 2),
        (4, 0, 6, 0),
        (4, 4, 6, 0),
        (5, 0, 7, 1),
        (5, 5, 6, 1),
        (9, 0, 11, 5),
        (9, 3, 8, 5),
    ];
    for (broken, repaid_years, months, repairable) in table {
        let facts = EnrolmentFacts {
            insured_years: &[2024],
            repaid_years,
            ..EnrolmentFacts::of(2025 + broken, day("2025-01-01"))
        };
        let got = benefit_start(&package, &facts);
        assert_eq!(i64::from(got.broken_years), i64::from(broken));
        let repair = got.repair.unwrap();
        assert_eq!(
            (got.waiting_months, repair.repairable_years),
            (months, repairable),
            "{broken} broken, {repaid_years} repaid"
        );
    }
}

#[test]
fn natural_months_of_two_countings() {
    let start = |text: &str, paid: &str| {
        let facts = EnrolmentFacts {
            insured_years: &[2023],
            ..EnrolmentFacts::of(2024, day(paid))
        };
        benefit_start(&Package::parse("n.toml", text).unwrap(), &facts).day
    };
    assert_eq!(start(ZHEJIANG, "2024-03-01"), day("2024-05-01"));
    assert_eq!(start(ZHEJIANG, "2024-03-31"), day("2024-05-01"));
    assert_eq!(start(ZHEJIANG, "2024-12-31"), day("2025-02-01"));
    let following = ZHEJIANG.replace("first = \"payment_month\"", "first = \"following_month\"");
    assert_eq!(start(&following, "2024-03-31"), day("2024-06-01"));
    package(ZHEJIANG);
}

#[test]
fn a_window_that_has_not_opened() {
    let early = "[[enrolment.start]]\nrule = \"early\"\ntitle = \"集中参保期前缴费\"\n\
        when = { payment = [\"early\"] }\nmonths = 1\nsource = \"x\"\n\n[[enrolment.start]]";
    let text = E2.replacen("[[enrolment.start]]", early, 1);
    let package = package(&text);
    let rule = |paid: &str| {
        let facts = EnrolmentFacts::of(2027, day(paid));
        benefit_start(&package, &facts).reason.rule.to_string()
    };
    assert_eq!(rule("2026-08-31"), "enrolment.early");
    assert_eq!(rule("2026-09-01"), "enrolment.window");
    assert_eq!(rule("2026-12-31"), "enrolment.window");
    assert_eq!(rule("2027-01-01"), "enrolment.late");
}

#[test]
fn years_without_a_break_and_without_a_claim() {
    let package = package(E2);
    let count = |year, insured: &[i32], zero: &[i32], used| {
        let history = InsuredHistory {
            year,
            insured_years: insured,
            zero_claim_years: zero,
            reward_used: used,
        };
        let got = policy::continuity(&package, &history);
        (got.continuous_years, got.zero_claim_years)
    };
    let five = [2029, 2027, 2028, 2025, 2026];
    assert_eq!(count(2029, &five, &[], None), (5, 0));
    assert_eq!(count(2027, &five, &[2026, 2025, 2025], None), (3, 2));
    // The year itself is not over; a year not insured, or said twice, is none.
    assert_eq!(count(2027, &five, &[2027, 2024], None), (3, 0));
    // The count begins in 2025, a break begins it anew, and nothing is nothing.
    assert_eq!(count(2026, &[2024, 2025, 2026], &[2024], None), (2, 0));
    assert_eq!(
        count(2029, &[2025, 2026, 2028, 2029], &[2025, 2028], None),
        (2, 1)
    );
    assert_eq!(count(2030, &five, &[2028], None), (0, 0));
    assert_eq!(count(2029, &five, &[2025, 2026, 2028], Some(2026)), (5, 1));
    // Erenhot says nothing of it: every year counts.
    let history = InsuredHistory {
        year: 2019,
        insured_years: &[2017, 2018, 2019],
        zero_claim_years: &[2018],
        reward_used: None,
    };
    let got = policy::continuity(&erenhot(), &history);
    assert_eq!((got.continuous_years, got.zero_claim_years), (3, 1));
    // Where a break leaves the years without a claim as they are.
    let keeps = E2.replace(
        "from_year = 2025\nsource = \"断保",
        "break_keeps_zero_claim = true\nsource = \"断保",
    );
    let broken = InsuredHistory {
        year: 2029,
        insured_years: &[2025, 2026, 2028, 2029],
        zero_claim_years: &[2025, 2028],
        reward_used: None,
    };
    let got = policy::continuity(&Package::parse("k.toml", &keeps).unwrap(), &broken);
    assert_eq!((got.continuous_years, got.zero_claim_years), (2, 2));
}

/// Whatever is asked of whatever package, there is an answer, and it keeps its promises.
#[test]
fn every_question_has_an_answer() {
    let years = [
        i32::MIN,
        i32::MIN + 1,
        -1,
        0,
        1899,
        1900,
        2025,
        2999,
        3000,
        i32::MAX - 1,
        i32::MAX,
    ];
    let many: Vec<i32> = (0..5_000).collect();
    let histories: [&[i32]; 4] = [&[], &years, &many, &[i32::MIN]];
    let kinds = [IdentityKind::ExtremelyPoor, IdentityKind::MinimumLiving];
    let packages = [
        erenhot().as_ref().clone(),
        package(E1),
        package(SV7),
        package(SUMS),
        package(E2),
        package(ZHEJIANG),
    ];
    for package in &packages {
        for year in years {
            for (insured_years, repaid_years) in histories.iter().zip([0, 1, 7, u32::MAX]) {
                for paid_day in [day("1900-01-01"), day("2025-06-30"), day("2999-12-31")] {
                    let facts = EnrolmentFacts {
                        identities: &kinds[..1],
                        birth_day: Some(day("2999-12-31")),
                        way: EnrolmentWay::Flexible,
                        insured_years,
                        repaid_years,
                        arrears_from: Some(day("1900-01-01")),
                        ..EnrolmentFacts::of(year, paid_day)
                    };
                    let plain = EnrolmentFacts {
                        identities: &[],
                        ..facts
                    };
                    for facts in [facts, plain] {
                        let got = benefit_start(package, &facts);
                        assert!(Day::first_of(year).is_none_or(|first| first <= got.day));
                        let sum: i64 = got.parts.iter().map(|part| part.months).sum();
                        assert_eq!(sum, i64::from(got.waiting_months));
                    }
                }
                let history = InsuredHistory {
                    year,
                    insured_years,
                    zero_claim_years: insured_years,
                    reward_used: Some(i32::MIN),
                };
                let got = policy::continuity(package, &history);
                assert!(got.continuous_years <= 5_000 && got.zero_claim_years <= 5_000);
            }
            let facts = FeeFacts {
                year,
                tier: None,
                identities: &kinds,
            };
            if let Some(got) = policy::subsidy(package, &facts) {
                assert!(Fen::ZERO <= got.subsidy && got.subsidy <= got.personal_fee);
                assert!(got.to_pay <= got.pay_now && got.pay_now <= got.personal_fee);
            }
        }
    }
}

#[test]
fn an_example_that_does_not_hold_is_told() {
    let failing = |text: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let package = Package::parse("x.toml", &text.replacen(from, to, 1)).unwrap();
        let failures = package.check_examples();
        assert_eq!(failures.len(), 1, "{failures:?}");
        assert!(policy::Library::new(vec![package]).is_err());
        failures[0].what.clone()
    };
    assert_eq!(
        failing(E2, "\"2027-05-01\", months", "\"2027-05-02\", months"),
        "benefit_from"
    );
    assert_eq!(failing(E2, "months = 4", "months = 5"), "months");
    assert_eq!(
        failing(E2, "repair_fee = \"800\"", "repair_fee = \"801\""),
        "repair_fee"
    );
    assert_eq!(
        failing(E2, "continuous_years = 6", "continuous_years = 5"),
        "continuous_years"
    );
    assert_eq!(
        failing(E2, "rule = \"late\", cont", "rule = \"window\", cont"),
        "rule"
    );
    assert_eq!(
        failing(E1, "to_pay = \"375\"", "to_pay = \"374\""),
        "to_pay"
    );
    assert_eq!(
        failing(E1, "change = \"none\"", "change = \"next_year\""),
        "change"
    );
    assert_eq!(
        failing(SUMS, "timing = \"afterwards\" }", "timing = \"at_once\" }"),
        "timing"
    );
    let unpriced = E1.replacen(
        "year = 2025\ntier = \"2\"\nidentities",
        "year = 2024\ntier = \"2\"\nidentities",
        1,
    );
    let unpriced = Package::parse("x.toml", &unpriced)
        .unwrap()
        .check_examples();
    assert_eq!(
        unpriced[0].to_string(),
        "example \"烈属，二档\": fee expected a fee for 2024 2, got none"
    );
}

/// What stands in a package, what it becomes, where the error points, what it says.
#[rustfmt::skip]
const REFUSED: &[(&str, &str, &str, &str, &str)] = &[
    (E2, "closes_in = \"previous\"\n", "", "[enrolment]", "expected opens with opens_in"),
    (E2, "closes = \"12-31\"\ncloses_in = \"previous\"\n", "", "[enrolment]",
        "expected closes beside opens"),
    (E2, "broken_from_year = 2025\n", "", "[[enrolment.start]]", "expected broken_from_year"),
    (E2, "broken_from_year", "waiting_months = 3\nbroken_from_year", "[enrolment]",
        "expected either waiting_months or"),
    (E2, "when = { payment = [\"window\"] }\n", "", "[[enrolment.start]]", "this one never counts"),
    (E2, "title = \"未在集中参保期内参保\"\n", "title = \"x\"\nwhen = { payment = [\"late\"] }\n",
        "[[enrolment.start]]", "expected a last row without conditions"),
    (E2, "when = { age_days = { to = 90 } }\n", "when = { exempt = false }\n", "\"birth\"",
        "expected age_days in when"),
    (E2, "{ from = 91, to = 365 }", "{ from = 91, to = 90 }", "[[enrolment.start]]",
        "expected from not above to"),
    (E2, "days = 1\n", "days = 1\nmonths = 1\n", "[[enrolment.start]]", "expected one of days"),
    (E2, "days = 1\n", "days = 367\n", "[[enrolment.start]]", "expected at most 366 days"),
    (E2, "broken = { months_per_further_year = 1", "broken = { months_per_further_year = 25",
        "{ months_per", "expected at most 24 months"),
    (E2, "months = 3\nsource", "months = 25\nsource", "25", "expected at most 24 months"),
    (E2, "rule = \"late\"\n", "rule = \"LATE\"\n", "\"LATE\"", "expected 1 to 32 characters"),
    (E2, "history = [\"broken\"]", "history = [\"断保\"]", "\"断保\"", "unknown variant"),
    (ZHEJIANG, "number = 2", "number = 0", "{ number", "expected a number from 1 to 24"),
    (ZHEJIANG, "\"payment_month\"", "\"payment\"", "\"payment\"", "unknown variant"),
    (ZHEJIANG, "arrears_days = { to = 60 }", "payment = [\"late\"]", "\"arrears\"",
        "expected arrears_days in when"),
    (ZHEJIANG, "closes = \"12-31\"\ncloses_in = \"previous\"\n", "", "[[enrolment.start]]",
        "expected closes beside payment"),
];

#[test]
fn a_package_says_what_is_wrong_with_a_wait() {
    for (text, from, to, place, message) in REFUSED {
        refused(text, from, to, place, message);
    }
}

/// A resident's payment for 2017 of somebody who comes from elsewhere, by another scheme after so many
/// years.
fn came(paid: &str, until: &str, switched: Option<u32>) -> EnrolmentFacts<'static> {
    EnrolmentFacts {
        transferred: Some(Transferred {
            until: day(until),
            switched: switched.is_some(),
            years: switched.unwrap_or(0),
        }),
        ..EnrolmentFacts::of(2017, day(paid))
    }
}

/// Paid on, insured elsewhere until, by another scheme after so many years: first day and rule. 二连浩特
/// closes on 28 February and lets the late wait for three months.
#[test]
fn who_comes_from_another_area_does_not_wait_within_three_months() {
    let stated = variant(
        "waiting_months = 3",
        "waiting_months = 3\ntransfer = { gap_months = 1, source = \"测试\" }",
    );
    type Row = (
        &'static str,
        &'static str,
        Option<u32>,
        &'static str,
        &'static str,
    );
    let cases: [Row; 9] = [
        ("2017-05-10", "2017-05-01", None, "2017-05-10", "transfer"),
        ("2017-08-01", "2017-05-01", None, "2017-08-01", "transfer"),
        ("2017-08-02", "2017-05-01", None, "2017-11-02", "waiting"),
        // Nobody has benefits of two areas on a day.
        ("2017-05-10", "2017-06-01", None, "2017-06-01", "transfer"),
        ("2017-05-10", "2017-12-01", None, "2017-12-01", "transfer"),
        ("2017-01-10", "2016-12-01", None, "2017-01-10", "window"),
        ("2017-01-10", "2017-02-01", None, "2017-02-01", "transfer"),
        (
            "2017-05-10",
            "2017-05-01",
            Some(2),
            "2017-05-10",
            "transfer",
        ),
        ("2017-05-10", "2017-05-01", Some(1), "2017-08-10", "waiting"),
    ];
    for (paid, until, switched, from, rule) in cases {
        let got = benefit_start(&erenhot(), &came(paid, until, switched));
        let seen = (got.day.to_string(), got.reason.rule.to_string());
        let expected = (from.to_string(), format!("enrolment.{rule}"));
        assert_eq!(seen, expected, "{paid} {until} {switched:?}");
    }
    let start = |paid: &str| benefit_start(&stated, &came(paid, "2017-05-01", None)).day;
    assert_eq!(start("2017-06-01"), day("2017-06-01"));
    assert_eq!(start("2017-06-02"), day("2017-09-02"));
}
