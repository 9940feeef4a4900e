//! Stays over 31 December, and settlements taken back, in each of the readings a package may have.

use crate::{line, settled};
use kernel::*;
use policy::{
    Accumulators, Claim, ClaimFacts, CrossYear, NotTaken, Package, Refund, Settlement, parts,
    settle, settle_parts, take_back,
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
