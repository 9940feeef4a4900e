//! Stays over 31 December, and settlements taken back, in each of the readings a package may have.

use crate::{line, settled};
use kernel::*;
use policy::{
    Accumulators, Claim, ClaimFacts, CrossYear, NotTaken, Package, Refund, Settlement, Stay, parts,
    settle, settle_parts, take_back, year_of,
};

const PLACE: &str = r#"
title = "试例"
area = "999999"
scheme = "390"
from = "2020-01-01"
document = "benefits.md 4.2"
@
[[layer]]
rule = "basic"
name = "居民基本医保"
fund = "390100"
trace = "pool"
source = "试例"
deductible = [{ yuan = "500", ordinal_factors = ["100%", "50%"], source = "试例" }]
[[layer.schedule]]
band = [{ from = "0", rate = "70%", source = "试例" }]

[[layer]]
rule = "aid"
name = "医疗救助"
fund = "610100"
trace = "unlisted"
source = "试例"
cap = [{ on = "fund", yuan = "2000", source = "试例" }]
[[layer.schedule]]
band = [{ from = "0", rate = "80%", source = "试例" }]
"#;

fn place(keys: &str) -> Package {
    Package::parse("place", &PLACE.replace('@', keys)).unwrap_or_else(|error| panic!("{error}"))
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// A stay of 20 December to 10 January: 6,000 in the old year, 4,000 in the new one.
fn over_new_year() -> ClaimFacts {
    let (tier, kind) = (InstitutionTier::Second, InstitutionKind::General);
    let mut lines = vec![line(1, 600_000), line(2, 400_000)];
    lines[0].day = Some(day("2020-12-25"));
    lines[1].day = Some(day("2021-01-05"));
    ClaimFacts {
        begin: day("2020-12-20"),
        ..ClaimFacts::new(
            day("2021-01-10"),
            Scheme::Resident,
            MedType::Inpatient,
            tier,
            kind,
            lines,
        )
    }
}

/// Year, total, deductible, pool and stays of every part, after one earlier stay in each year.
fn settled_in(cross_year: &str, insured_on: bool) -> Vec<(i32, i64, i64, i64, i64)> {
    let package = place(&format!("cross_year = {cross_year:?}\n"));
    let before: Accumulators = [("stays_count", 1)].into_iter().collect();
    let parts = parts(&package, &over_new_year(), insured_on);
    let settled = settle_parts(parts, |_| Some(&package), |_| before.clone()).unwrap();
    let told = |(year, settlement): &(i32, Settlement)| {
        let stays = settlement.deltas.get("stays_count");
        let pool = settlement.shares[0].paid.0;
        (
            *year,
            settlement.total.0,
            settlement.deductible.0,
            pool,
            stays,
        )
    };
    settled.iter().map(told).collect()
}

#[test]
fn a_stay_over_new_year_in_five_readings() {
    // The second stay of a year has a deductible of 250.
    let one = |year| vec![(year, 1_000_000, 25_000, 682_500, 1)];
    let two = |stays| {
        vec![
            (2020, 600_000, 25_000, 402_500, 1),
            (2021, 400_000, 0, 280_000, stays),
        ]
    };
    assert_eq!(settled_in("discharge", true), one(2021));
    assert_eq!(settled_in("admission", true), one(2020));
    assert_eq!(settled_in("split_deductible_once", true), two(1));
    assert_eq!(settled_in("split_as_one_stay", true), two(0));
    assert_eq!(settled_in("settle_at_year_end", true), one(2021));
    assert_eq!(settled_in("settle_at_year_end", false), two(1));
    assert_eq!(place("").cross_year(), CrossYear::Discharge);
}

#[test]
fn a_stay_of_one_year_is_one_part_and_keeps_all_lines() {
    let package = place("cross_year = \"split_as_one_stay\"\n");
    let mut facts = over_new_year();
    facts.begin = day("2021-01-02");
    let whole = parts(&package, &facts, true);
    assert_eq!((whole.len(), &whole[0].facts), (1, &facts));
    let cut = parts(&package, &over_new_year(), true);
    let days: Vec<_> = cut.iter().map(|p| (p.facts.begin, p.facts.day)).collect();
    let expected = [
        (day("2020-12-20"), day("2020-12-31")),
        (day("2021-01-01"), day("2021-01-10")),
    ];
    assert_eq!(days, expected);
}

#[test]
fn the_year_of_a_bill_is_the_packages_to_say() {
    let days = |first: &str, last: &str| (day("2020-12-20"), day(first), day(last));
    let (over, rest) = (
        days("2020-12-20", "2021-01-10"),
        days("2021-01-01", "2021-01-10"),
    );
    let (stay, visit) = (MedType::Inpatient, MedType::parse("11").unwrap());
    for (reading, insured_on, whole, part) in [
        ("discharge", true, Some(2021), Some(2021)),
        ("admission", true, Some(2020), Some(2020)),
        ("split_deductible_once", true, None, Some(2021)),
        ("split_as_one_stay", true, None, Some(2021)),
        ("settle_at_year_end", true, Some(2021), Some(2021)),
        ("settle_at_year_end", false, None, Some(2021)),
    ] {
        let package = place(&format!("cross_year = {reading:?}\n"));
        let year = |med_type, days| year_of(&package, med_type, days, insured_on);
        assert_eq!(year(&stay, over), whole, "{reading}");
        assert_eq!(year(&stay, rest), part, "{reading}");
        assert_eq!(year(&visit, over), Some(2021), "{reading}");
    }
}

/// A stay of June in parts, its first of 300 yuan: what the next one finds in its year and in the next.
#[test]
fn the_next_part_finds_what_the_parts_before_used_up() {
    let of_june = |fen, stays: i64| {
        let accumulators: Accumulators = [("stays_count", stays)].into_iter().collect();
        let (tier, kind) = (InstitutionTier::Second, InstitutionKind::General);
        let lines = vec![line(1, fen)];
        ClaimFacts {
            begin: day("2020-06-01"),
            accumulators,
            ..ClaimFacts::new(
                day("2020-06-10"),
                Scheme::Resident,
                MedType::Inpatient,
                tier,
                kind,
                lines,
            )
        }
    };
    for (reading, begin, charged, counts) in [
        ("discharge", "2020-06-01", 30_000, true),
        ("admission", "2020-06-01", 30_000, true),
        ("split_deductible_once", "2021-01-01", 30_000, true),
        ("split_as_one_stay", "2021-01-01", 30_000, false),
        (
            "settle_at_year_end",
            "2021-01-01",
            kernel::CLAIM_FEN_MAX.0,
            true,
        ),
    ] {
        let package = place(&format!("cross_year = {reading:?}\n"));
        let first = settled(&package, of_june(30_000, 0));
        assert_eq!(first.deductible, Fen(30_000));
        let mut stay = Stay::first(2020, day("2020-06-01"), 0);
        stay.see(2020, &first);
        let same = stay.so_far(&package, 2020);
        assert_eq!((same.begin, same.ordinal), (day("2020-06-01"), Some(1)));
        assert_eq!((same.charged["basic"], same.counts), (Fen(30_000), false));
        let next = stay.so_far(&package, 2021);
        assert_eq!(
            (next.begin, next.ordinal),
            (day(begin), Some(1)),
            "{reading}"
        );
        assert_eq!(
            (next.charged["basic"].0, next.counts),
            (charged, counts),
            "{reading}"
        );
        // The second part is charged the rest, at the ordinal of the first, and is no stay more.
        let second = settled(&package, of_june(1_000_000, 1).going_on(same));
        assert_eq!(second.deductible, Fen(20_000), "{reading}");
        assert_eq!(second.deltas.get("stays_count"), 0);
    }
}

/// A stay is counted by the part that uses the deductible up, where the package counts no other.
#[test]
fn a_stay_in_parts_is_counted_once() {
    let package = place("count_unfinished_stay = false\n");
    let part = |fen| {
        let (tier, kind) = (InstitutionTier::Second, InstitutionKind::General);
        let lines = vec![line(1, fen)];
        let day = day("2020-06-10");
        ClaimFacts::new(day, Scheme::Resident, MedType::Inpatient, tier, kind, lines)
    };
    let mut stay = Stay::first(2020, day("2020-06-10"), 0);
    let mut counted = Vec::new();
    for fen in [30_000, 100_000, 100_000] {
        let so_far = stay.so_far(&package, 2020);
        let settled = settled(&package, part(fen).going_on(so_far));
        stay.see(2020, &settled);
        counted.push(settled.deltas.get("stays_count"));
    }
    assert_eq!(counted, [0, 1, 0]);
}

/// Three stays of one year, as they were settled.
fn year(package: &Package) -> Vec<(Claim, Settlement)> {
    let mut state = Accumulators::default();
    let mut settled_claims = Vec::new();
    for fen in [500_000, 300_000, 400_000] {
        let facts = ClaimFacts {
            accumulators: state.clone(),
            ..ClaimFacts::new(
                day("2020-05-10"),
                Scheme::Resident,
                MedType::Inpatient,
                InstitutionTier::Second,
                InstitutionKind::General,
                vec![line(1, fen)],
            )
        };
        let settlement = settled(package, facts.clone());
        state = state.plus(&settlement.deltas);
        settled_claims.push((Claim::new(facts).unwrap(), settlement));
    }
    settled_claims
}

#[test]
fn only_the_newest_is_taken_back_unless_the_package_says_otherwise() {
    let package = place("");
    let year = year(&package);
    let of = |_| Some(&package);
    assert_eq!(package.refund(), Refund::NewestFirst);
    let not = take_back(package.refund(), of, &year, 0);
    assert_eq!(not, Err(NotTaken::NotNewest { newest: 2 }));
    assert_eq!(
        take_back(Refund::Accept, of, &year, 3),
        Err(NotTaken::Unknown)
    );
    let newest = take_back(Refund::NewestFirst, of, &year, 2).unwrap();
    assert_eq!(&newest.accumulators, year[2].0.accumulators());
    assert_eq!(newest.again, []);
}

#[test]
fn taking_an_older_one_back_is_accepted_or_replayed() {
    // 医疗救助 of 1,480, then the last 520 of the cap, then nothing.
    let package = place("");
    let year = year(&package);
    let aid: Vec<i64> = year.iter().map(|(_, s)| s.shares[1].paid.0).collect();
    assert_eq!(aid, [148_000, 52_000, 0]);
    let of = |_| Some(&package);
    let accepted = take_back(Refund::Accept, of, &year, 0).unwrap();
    assert_eq!(accepted.accumulators.get("aid.paid_fen"), 52_000);
    assert_eq!(accepted.again, []);

    let replayed = take_back(Refund::Replay, of, &year, 0).unwrap();
    // The second stay is now the first, with the whole deductible: (3000 − 500) × 70 %.
    let places: Vec<usize> = replayed.again.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [1, 2]);
    let pool: Vec<i64> = replayed
        .again
        .iter()
        .map(|(_, s)| s.shares[0].paid.0)
        .collect();
    assert_eq!(pool, [175_000, 262_500]);
    let aid: Vec<i64> = replayed
        .again
        .iter()
        .map(|(_, s)| s.shares[1].paid.0)
        .collect();
    assert_eq!(aid, [100_000, 100_000]);
    let mut state = Accumulators::default();
    for (_, settlement) in &replayed.again {
        state = state.plus(&settlement.deltas);
    }
    assert_eq!(replayed.accumulators, state);
    // A settlement nothing behind it depends on changes nothing but the year.
    let last = take_back(Refund::Replay, of, &year, 2).unwrap();
    assert_eq!(
        (last.again.len(), &last.accumulators),
        (0, year[2].0.accumulators())
    );
    assert_eq!(settle(&package, &year[2].0), year[2].1);
}
