//! One subsidy a year for the highest identity, and the day from which a payment counts.

use crate::{erenhot, variant};
use kernel::{Day, Fen, IdentityKind, Rate};
use policy::{EnrolmentFacts, benefit_start, subsidy};

#[test]
fn the_highest_identity_counts_once() {
    use IdentityKind::*;
    let cases: [(&[IdentityKind], Option<IdentityKind>, i64); 8] = [
        (&[], None, 0),
        (&[ExtremelyPoor], Some(ExtremelyPoor), 18_000),
        (&[MinimumLiving], Some(MinimumLiving), 16_200),
        (&[SeverelyDisabled], Some(SeverelyDisabled), 12_600),
        (
            &[SeverelyDisabled, MinimumLiving],
            Some(MinimumLiving),
            16_200,
        ),
        (
            &[MinimumLiving, ExtremelyPoor, MinimumLiving],
            Some(ExtremelyPoor),
            18_000,
        ),
        // An identity without a row neither gives nor hides.
        (&[Disabled], Some(Disabled), 0),
        (
            &[Disabled, PoorThroughIllness],
            Some(PoorThroughIllness),
            12_600,
        ),
    ];
    for (identities, counted, aid) in cases {
        let got = subsidy(&erenhot(), 2017, identities).unwrap();
        assert_eq!(
            (got.identity, got.subsidy),
            (counted, Fen(aid)),
            "{identities:?}"
        );
        assert_eq!(got.personal_fee, Fen::yuan(180));
        assert_eq!(got.to_pay, got.personal_fee - got.subsidy);
        assert!(got.reason.assumed);
    }
    assert_eq!(subsidy(&erenhot(), 2014, &[ExtremelyPoor]), None);
}

#[test]
fn seed_vector_sv7_of_two_rates_and_a_fixed_amount() {
    // A fee of 400: all of it, 70 % of it, and never more than it.
    let package = variant("yuan = \"180\"", "yuan = \"400\"");
    let whole = subsidy(&package, 2017, &[IdentityKind::ExtremelyPoor]).unwrap();
    assert_eq!((whole.subsidy, whole.to_pay), (Fen::yuan(400), Fen::ZERO));
    let part = subsidy(&package, 2017, &[IdentityKind::DocumentedPoor]).unwrap();
    assert_eq!(
        (part.subsidy, part.to_pay),
        (Fen::yuan(280), Fen::yuan(120))
    );
    assert_eq!(part.reason.rate, Some(Rate(7_000)));
    let package = variant("rate = \"100%\"\nassumed", "yuan = \"200\"\nassumed");
    let fixed = subsidy(&package, 2017, &[IdentityKind::ExtremelyPoor]).unwrap();
    assert_eq!((fixed.subsidy, fixed.to_pay), (Fen::yuan(180), Fen::ZERO));
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
    for (year, paid, exempt, day, months) in cases {
        let facts = EnrolmentFacts {
            year,
            paid_day: Day::parse(paid).unwrap(),
            exempt,
        };
        let got = benefit_start(&erenhot(), &facts);
        assert_eq!(
            (got.day.to_string(), got.waiting_months),
            (day.to_string(), months),
            "{paid}"
        );
    }
}

#[test]
fn a_window_may_close_in_the_year_before() {
    let package = variant(
        "closes = \"02-28\"\ncloses_in = \"same\"",
        "closes = \"12-31\"\ncloses_in = \"previous\"",
    );
    let start = |paid: Day| {
        let facts = EnrolmentFacts {
            year: 2017,
            paid_day: paid,
            exempt: false,
        };
        benefit_start(&package, &facts).day
    };
    let day = |year, month, day| Day::new(year, month, day).unwrap();
    assert_eq!(start(day(2016, 12, 31)), day(2017, 1, 1));
    assert_eq!(start(day(2017, 1, 1)), day(2017, 4, 1));
    let least = EnrolmentFacts {
        year: i32::MIN,
        paid_day: day(2017, 1, 1),
        exempt: false,
    };
    assert_eq!(benefit_start(&package, &least).day, day(2017, 1, 1));
}
