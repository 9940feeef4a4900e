//! The vectors of the seeds and of published examples, reproduced by settling claims.

use crate::{ERENHOT, erenhot, line, paid, settled, stay, variant};
use kernel::*;
use policy::{ClaimFacts, Package};
use serde_json::Value;

const SEEDS: &str = include_str!("../../vectors/seeds.jsonl");
const PUBLISHED: &str = include_str!("../../vectors/published.jsonl");

/// The steps of one vector: names and results.
fn steps(file: &str, id: &str) -> Vec<(String, Fen)> {
    let rows = file
        .lines()
        .map(|row| serde_json::from_str::<Value>(row).unwrap());
    let row = rows.into_iter().find(|row| row["id"] == id).unwrap();
    let steps = row["calc"].as_array().unwrap().iter();
    steps
        .map(|step| (step[0].as_str().unwrap().to_string(), yuan(&step[2])))
        .collect()
}

fn yuan(number: &Value) -> Fen {
    // The file's decimals have at most two places and print as they were written.
    let text = number.to_string();
    Fen::parse_yuan(text.strip_suffix(".0").unwrap_or(&text)).unwrap()
}

fn step(file: &str, id: &str, name: &str) -> Fen {
    let found = steps(file, id).into_iter().find(|(step, _)| step == name);
    found.unwrap().1
}

/// A stay whose burden after the basic pool is exactly `burden`: the pool has paid its cap.
fn burden(burden: Fen) -> ClaimFacts {
    let mut facts = stay(vec![line(1, burden.0)]);
    facts
        .accumulators
        .0
        .insert("basic.paid_fen".to_string(), 22_900_000);
    facts
}

fn critical(package: &Package, of: Fen, identities: &[IdentityKind]) -> Fen {
    let mut facts = burden(of);
    facts.identities = identities.to_vec();
    let settlement = settled(package, facts);
    let share = settlement
        .shares
        .iter()
        .find(|share| share.rule == "critical")
        .unwrap();
    assert_eq!((share.base, &share.fund), (of, &Fund::CriticalIllness));
    share.paid
}

fn burden_of(step: &str) -> Fen {
    let digits = step.rsplit(['b', '_']).next().unwrap();
    Fen::parse_yuan(digits).unwrap()
}

#[test]
fn sv1_ordinary_critical_illness() {
    let package = erenhot();
    for (name, expected) in steps(SEEDS, "SV1") {
        if name.starts_with("alt_") {
            continue;
        }
        assert_eq!(
            critical(&package, burden_of(&name), &[]),
            expected,
            "{name}"
        );
    }
}

#[test]
fn sv1_the_other_reading_is_a_parameter() {
    let package = variant("origin = \"from_zero\"", "origin = \"above_deductible\"");
    let expected = step(SEEDS, "SV1", "alt_above_ded_50000");
    assert_eq!(critical(&package, Fen::yuan(50_000), &[]), expected);
    // And a package whose examples are of the other reading is not accepted.
    assert!(!package.check_examples().is_empty());
    assert!(policy::Library::new(vec![package]).is_err());
}

#[test]
fn sv2_critical_illness_of_special_groups() {
    let package = erenhot();
    use IdentityKind::*;
    for identity in [
        DocumentedPoor,
        FiveGuarantees,
        MinimumLiving,
        Disabled,
        ExtremelyPoor,
    ] {
        for (name, expected) in steps(SEEDS, "SV2") {
            let identities = [identity.clone()];
            let got = critical(&package, burden_of(&name), &identities);
            assert_eq!(got, expected, "{name} {identity}");
        }
    }
}

#[test]
fn sv4_mongolian_medicine() {
    let package = erenhot();
    let basic = |ethnic: bool| {
        let mut facts = stay(vec![line(1, 2_000_000)]);
        facts.kind = InstitutionKind::MongolianMedicine;
        facts.lines[0].ethnic_medicine = ethnic;
        paid(&settled(&package, facts), "basic")
    };
    assert_eq!(basic(false), step(SEEDS, "SV4", "gen_part"));
    assert_eq!(basic(true), step(SEEDS, "SV4", "with_all_tcm"));
}

#[test]
fn golden_caps_of_the_checklist() {
    let package = erenhot();
    let poor = [IdentityKind::MinimumLiving];
    let at = |text: &str, identities: &[IdentityKind]| {
        critical(&package, Fen::parse_yuan(text).unwrap(), identities)
    };
    assert_eq!(at("119333.34", &[]), Fen::yuan(80_000));
    assert_eq!(at("119333.32", &[]), Fen(7_999_999));
    assert_eq!(at("133125", &poor), Fen::yuan(100_000));
    assert_eq!(at("133124.99", &poor), Fen(9_999_999));
    assert_eq!(at("1000000", &poor), Fen::yuan(100_000));
}

/// A package of one layer, for the numbers of other places.
fn place(layer: &str) -> Package {
    let text = format!(
        "title = \"试例\"\narea = \"999999\"\nscheme = \"390\"\nfrom = \"2017-01-01\"\n\
         document = \"vectors/published.jsonl\"\n[[layer]]\nrule = \"basic\"\nname = \"基金\"\n\
         fund = \"390100\"\ntrace = \"pool\"\nsource = \"试例\"\n{layer}"
    );
    Package::parse("place", &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn layer(over: &str, origin: &str, deductible: &str, bands: &[(&str, &str)]) -> String {
    let mut text = format!(
        "bands_over = \"{over}\"\ndeductible_per = \"{over}\"\norigin = \"{origin}\"\n\
         deductible = [{{ yuan = \"{deductible}\", source = \"试例\" }}]\n\
         [[layer.schedule]]\n"
    );
    let mut from = "0";
    for (to, rate) in bands {
        text += &format!("[[layer.schedule.band]]\nfrom = \"{from}\"\nrate = \"{rate}\"\n");
        text += "source = \"试例\"\n";
        if !to.is_empty() {
            text += &format!("to = \"{to}\"\n");
        }
        from = to;
    }
    text
}

#[test]
fn published_bands_of_both_origins() {
    let bands = [("30000", "60%"), ("100000", "65%"), ("", "75%")];
    let package = place(&layer("year", "from_zero", "12000", &bands));
    let settlement = settled(&package, stay(vec![line(1, 15_000_000)]));
    assert_eq!(settlement.funds(), step(PUBLISHED, "B4", "sum"));
    for (code, name) in [("C001", "b1"), ("C002", "b2"), ("C003", "b3")] {
        let code = Some(code.to_string());
        let reason = settlement
            .reasons
            .iter()
            .find(|reason| reason.item_code == code);
        assert_eq!(reason.unwrap().output, step(PUBLISHED, "B4", name));
    }
    let bands = [
        ("20000", "30%"),
        ("50000", "40%"),
        ("100000", "50%"),
        ("", "60%"),
    ];
    let package = place(&layer("year", "above_deductible", "20000", &bands));
    let settlement = settled(&package, stay(vec![line(1, 5_000_000)]));
    assert_eq!(settlement.funds(), step(PUBLISHED, "B5", "sum"));
}

#[test]
fn published_deductible_own_pay_and_first_pay() {
    let package = place(&layer("stay", "above_deductible", "1200", &[("", "70%")]));
    let mut lines = vec![line(1, 1_550_000), line(2, 150_000), line(3, 500_000)];
    lines[1].class = ItemClass::C;
    lines[2].class = ItemClass::B;
    lines[2].first_pay = Rate(1_000);
    let settlement = settled(&package, stay(lines));
    assert_eq!(settlement.own_pay, Fen::yuan(1_500));
    assert_eq!(settlement.first_pay, Fen::yuan(500));
    assert_eq!(settlement.deductible, Fen::yuan(1_200));
    assert_eq!(settlement.funds(), step(PUBLISHED, "C1", "fund"));
    assert_eq!(settlement.cash, step(PUBLISHED, "C1", "self"));
}

#[test]
fn published_cap_on_expenses() {
    let cap = "[[layer.cap]]\non = \"expense\"\nyuan = \"3000\"\nsource = \"试例\"\n";
    let package = place(&(layer("stay", "above_deductible", "0", &[("", "60%")]) + cap));
    let mut lines = vec![line(1, 205_000), line(2, 5_000), line(3, 100_000)];
    lines[1].class = ItemClass::C;
    lines[2].class = ItemClass::B;
    lines[2].first_pay = Rate(100);
    let settlement = settled(&package, stay(lines));
    assert_eq!(settlement.first_pay, step(PUBLISHED, "C2", "pre"));
    assert_eq!(settlement.in_scope, step(PUBLISHED, "C2", "elig"));
    assert_eq!(settlement.funds(), step(PUBLISHED, "C2", "fund"));
    assert_eq!(settlement.cash, step(PUBLISHED, "C2", "self"));
    assert_eq!(
        settlement.findings[0].code,
        policy::Finding::EXPENSE_CAP_REACHED
    );
}

#[test]
fn recorded_lines() {
    // A1: an outpatient line of class B that does not reach the deductible. A5: at the limit.
    let package = place(&layer("stay", "above_deductible", "50", &[("", "60%")]));
    let mut lines = vec![line(1, 452), line(2, 200), line(3, 150)];
    lines[0].first_pay = Rate(500);
    lines[0].class = ItemClass::B;
    lines[1].quantity = Quantity::whole(3);
    lines[1].amount = Fen(600);
    lines[1].price_limit = Some(UnitPrice::fen(200));
    lines[2].class = ItemClass::C;
    let settlement = settled(&package, stay(lines));
    let shares = &settlement.lines;
    assert_eq!(shares[0].first_pay, step(PUBLISHED, "A1", "preself"));
    assert_eq!(shares[0].in_scope, step(PUBLISHED, "A1", "inscp"));
    assert_eq!(shares[1].in_scope, step(PUBLISHED, "A5", "A_inscp"));
    assert_eq!(shares[1].over_limit, step(PUBLISHED, "A5", "A_over"));
    assert_eq!(shares[2].own_pay, step(PUBLISHED, "A5", "C_ownpay"));
    assert_eq!(settlement.deductible, settlement.in_scope);
    assert_eq!(settlement.funds(), Fen::ZERO);
}

#[test]
fn the_copied_vectors_are_whole() {
    assert_eq!(SEEDS.lines().count(), 8);
    assert_eq!(PUBLISHED.lines().count(), 23);
    assert!(ERENHOT.contains("SV1") && ERENHOT.contains("SV2"));
}
