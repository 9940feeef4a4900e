//! One subsidy a year, of the tier chosen, by what is highest; and what a later change of identity
//! brings.

use crate::waiting::{vector, yuan};
use crate::{erenhot, variant};
use kernel::{Fen, IdentityKind, Rate};
use policy::{AidTiming, ChangeEffect, FeeFacts, Package, Subsidy, subsidy_after_change};

pub const E1: &str = include_str!("../../vectors/packages-enrolment/e1-yubei-2025.toml");
pub const SV7: &str = include_str!("../../vectors/packages-enrolment/sv7-tongliang-2021.toml");
pub const SUMS: &str = include_str!("../../vectors/packages-enrolment/fixed-sums.toml");

fn subsidy(package: &Package, year: i32, identities: &[IdentityKind]) -> Option<Subsidy> {
    of_tier(package, year, None, identities)
}

fn of_tier(
    package: &Package,
    year: i32,
    tier: Option<&str>,
    identities: &[IdentityKind],
) -> Option<Subsidy> {
    let facts = FeeFacts {
        year,
        tier,
        identities,
    };
    policy::subsidy(package, &facts)
}

fn kinds(codes: &[&str]) -> Vec<IdentityKind> {
    let parsed = codes.iter().map(|code| IdentityKind::parse(code).unwrap());
    parsed.collect()
}

fn package(text: &str) -> Package {
    let package = Package::parse("enrolment.toml", text).unwrap();
    assert_eq!(package.check_examples(), []);
    assert!(package.enrolment_examples().count() > 0);
    package
}

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
        // The package says nothing of tiers and timing: the rest is paid at once.
        assert_eq!((got.tier, got.pay_now), (None, got.to_pay));
        assert!(got.reason.assumed.is_some());
    }
    assert_eq!(subsidy(&erenhot(), 2014, &[ExtremelyPoor]), None);
    assert_eq!(of_tier(&erenhot(), 2017, Some("2"), &[]), None);
}

#[test]
fn a_fixed_amount_is_never_more_than_the_fee() {
    let package = variant("rate = \"100%\"\nassumed", "yuan = \"200\"\nassumed");
    let fixed = subsidy(&package, 2017, &[IdentityKind::ExtremelyPoor]).unwrap();
    assert_eq!((fixed.subsidy, fixed.to_pay), (Fen::yuan(180), Fen::ZERO));
    assert_eq!(fixed.reason.rate, None);
}

#[test]
fn seed_vector_sv7_lifted_and_not() {
    let (package, row) = (package(SV7), vector("SV7"));
    let result = |name: &str| yuan(&row, name);
    let not_yet = subsidy(&package, 2021, &kinds(&["2302"])).unwrap();
    assert_eq!(not_yet.subsidy, result("not_yet_out_of_poverty"));
    let lifted = subsidy(&package, 2021, &kinds(&["236099"])).unwrap();
    assert_eq!(lifted.subsidy, result("already_out"));
    assert_eq!(lifted.to_pay, result("already_out_pays"));
    assert_eq!(lifted.reason.rate, Some(Rate(7_000)));
    assert_eq!(
        lifted.reason.text(),
        "236099：2021 年一档个人缴费 400.00 元，资助 280.00 元。"
    );
    // Who is also 低保 goes by that, though 未脱贫 would give more: the rows stand in that order.
    let both = subsidy(&package, 2021, &kinds(&["2302", "2303"])).unwrap();
    assert_eq!(both.identity, Some(IdentityKind::MinimumLiving));
    assert_eq!(both.subsidy, Fen::yuan(360));
}

#[test]
fn published_vector_e1_of_the_chosen_tier() {
    let (package, row) = (package(E1), vector("E1"));
    let cases = [
        ("martyr_t2_pays", "2101", "2"),
        ("destitute_t1_pays", "2304", "1"),
        ("destitute_t2_pays", "2304", "2"),
    ];
    for (name, code, tier) in cases {
        let got = of_tier(&package, 2025, Some(tier), &kinds(&[code])).unwrap();
        assert_eq!(got.to_pay, yuan(&row, name), "{name}");
        assert_eq!(got.tier.as_deref(), Some(tier));
        let fee = &row["policy"][format!("tier{tier}")];
        assert_eq!(got.personal_fee.to_string(), format!("{fee}.00"));
    }
    // The first tier of the year is the one of who names none.
    let got = subsidy(&package, 2025, &[]).unwrap();
    assert_eq!(got.tier.as_deref(), Some("1"));
    assert_eq!(of_tier(&package, 2025, Some("3"), &[]), None);
}

#[test]
fn what_is_highest_is_a_parameter() {
    let held = kinds(&["2302", "2303"]);
    for (choose, code, yuan) in [("row", "2303", 360), ("identity", "2303", 360)] {
        let text = SV7.replace("choose = \"row\"", &format!("choose = \"{choose}\""));
        let got = subsidy(&package(&text), 2021, &held).unwrap();
        assert_eq!(got.identity, kinds(&[code]).pop(), "{choose}");
        assert_eq!(got.subsidy, Fen::yuan(yuan), "{choose}");
    }
    let text = SV7.replace("choose = \"row\"", "choose = \"amount\"");
    let amount = Package::parse("amount.toml", &text).unwrap();
    let got = subsidy(&amount, 2021, &held).unwrap();
    assert_eq!(got.subsidy, Fen::yuan(400));
    assert_eq!(got.identity, Some(IdentityKind::DocumentedPoor));
    // Of equal amounts the first row.
    let got = subsidy(&amount, 2021, &kinds(&["2302", "2304"])).unwrap();
    assert_eq!(got.identity, Some(IdentityKind::ExtremelyPoor));
}

#[test]
fn fixed_sums_years_and_when_they_are_paid() {
    let package = package(SUMS);
    let paid = |year, code: &str| subsidy(&package, year, &kinds(&[code])).unwrap();
    let margin = paid(2022, "236074");
    assert_eq!(margin.timing, AidTiming::Afterwards);
    assert_eq!(
        (margin.pay_now, margin.to_pay),
        (Fen::yuan(350), Fen::yuan(105))
    );
    assert!(
        margin
            .reason
            .text()
            .contains("事后资助，个人先缴 350.00 元")
    );
    assert!(paid(2022, "2303").reason.text().contains("同缴同补"));
    assert_eq!(paid(2022, "236098").subsidy, Fen::yuan(50));
    assert_eq!(&*paid(2023, "236098").reason.rule, "subsidy.none");
}

#[test]
fn a_change_after_payment_is_a_parameter() {
    let paid = kinds(&["236098"]);
    let facts = FeeFacts {
        year: 2022,
        tier: None,
        identities: &paid,
    };
    let cases = [
        ("none", ChangeEffect::None, 0),
        ("difference", ChangeEffect::Difference, 265),
        ("next_year", ChangeEffect::NextYear, 0),
    ];
    for (word, effect, top_up) in cases {
        let text = SUMS.replace("payment = \"next_year\"", &format!("payment = \"{word}\""));
        let package = Package::parse("change.toml", &text).unwrap();
        let got = subsidy_after_change(&package, &facts, &kinds(&["2303"])).unwrap();
        assert_eq!(
            (got.effect, got.top_up),
            (effect, Fen::yuan(top_up)),
            "{word}"
        );
        // A lower identity takes nothing back, whatever the parameter.
        let lower = subsidy_after_change(&package, &facts, &[]).unwrap();
        assert_eq!(
            (lower.effect, lower.top_up),
            (ChangeEffect::None, Fen::ZERO)
        );
    }
    let unpriced = FeeFacts {
        year: i32::MIN,
        ..facts
    };
    assert_eq!(subsidy_after_change(&package(SUMS), &unpriced, &[]), None);
}

/// The blocks of section 8 of the document, put together as an author would.
#[test]
fn the_format_document_is_right() {
    let readme = include_str!("../../README.md");
    let section = readme
        .split("\n## ")
        .find(|part| part.starts_with("8 "))
        .unwrap();
    let blocks: Vec<&str> = section
        .split("```toml\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap())
        .collect();
    let [
        fees,
        subsidies,
        short,
        long,
        rows,
        continuity,
        transfer,
        examples,
    ] = blocks[..]
    else {
        panic!("{} blocks", blocks.len());
    };
    let header = SV7.split("[[group]]").next().unwrap();
    let layer = &SV7[SV7.find("[[layer]]").unwrap()..SV7.find("[[fee]]").unwrap()];
    let group = |name: &str, code: &str| {
        format!(
            "[[group]]\nname = {name:?}\ntitle = \"x\"\nidentities = [{code:?}]\nsource = \"x\"\n"
        )
    };
    let groups = group("destitute", "2304") + &group("special", "2303");
    let fee = "[[fee]]\nyear = 2027\nyuan = \"400\"\nsource = \"x\"\n";
    let whole = format!(
        "{header}{groups}{layer}{fees}{fee}{subsidies}{long}{continuity}{transfer}{examples}"
    );
    package(&whole);
    let window = "[[enrolment.start]]\nrule = \"window\"";
    assert!(whole.contains(window));
    package(&whole.replace(window, &format!("{rows}\n{window}")));
    let plain = format!("{header}{groups}{layer}{fees}{subsidies}{short}");
    let plain = Package::parse("short.toml", &plain).unwrap();
    assert_eq!(plain.enrolment_examples().count(), 0);
}

/// What stands in a package, what it becomes, where the error points, what it says.
#[rustfmt::skip]
const REFUSED: &[(&str, &str, &str, &str, &str)] = &[
    (E1, "of = \"1\"", "of = \"3\"", "\"3\"", "expected the tier of a [[fee]], got \"3\""),
    (E1, "rate = \"100%\"\nof", "yuan = \"400\"\nof", "\"1\"", "expected of only beside rate"),
    (E1, "tier = \"1\"\ntitle", "tier = \"一\"\ntitle", "\"一\"", "expected 1 to 20 characters"),
    (E1, "tier = \"2\"\ntitle", "tier = \"1\"\ntitle", "[[fee]]", "that no other fee has with this"),
    (E1, "tier = \"2\"\ntitle", "title", "[[fee]]", "expected a tier on every fee"),
    (E1, "choose = \"identity\"", "choose = \"best\"", "\"best\"", "unknown variant"),
    (E1, "yuan = \"775\"\nsource", "yuan = \"775\"\nsauce", "sauce", "unknown field"),
    (E1, "groups = [\"martyr\"]", "groups = []", "[[subsidy]]", "expected at least one group"),
    (E1, "groups = [\"martyr\"]", "groups = [\"martyrs\"]", "\"martyrs\"", "expected the name of a"),
    (E1, "source = \"E1 martyr_t2_pays\"", "source = \"\"", "[[subsidy_example]]", "expected source"),
    (SUMS, "years = { to = 2022 }", "years = { from = 2023, to = 2022 }", "{ from",
        "expected from not above to"),
    (SUMS, "years = { to = 2022 }", "years = {}", "{}", "expected from or to"),
    (SUMS, "timing = \"afterwards\"", "timing = \"later\"", "\"later\"", "unknown variant"),
];

#[test]
fn a_package_says_what_is_wrong_with_a_subsidy() {
    for (text, from, to, place, message) in REFUSED {
        crate::waiting::refused(text, from, to, place, message);
    }
    // A tier that a row is a part of must have a fee in each of the row's years.
    let later = "[[fee]]\nyear = 2026\ntier = \"2\"\nyuan = \"800\"\nsource = \"x\"\n\n[[subsidy]]";
    crate::waiting::refused(
        E1,
        "[[subsidy]]",
        later,
        "\"1\"",
        "expected a [[fee]] of tier",
    );
}
