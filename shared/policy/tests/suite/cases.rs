//! 案例: claims in files of their own, whatever the files hold.

use kernel::{AreaCode, Fen};
use policy::{Package, settle, skeleton};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const SEED: [u8; 32] = *b"yibao policy cases, a fixed seed";

/// A claim like the skeleton's first example, but without name, source and expectation.
const CASE: &str = "\
day = \"2025-05-10\"
care = \"21\"
tier = \"3\"
kind = \"A1\"
identities = [\"2303\"]
account = { current = \"300\" }
prior = { \"critical.base_fen\" = 900000 }

[[line]]
class = \"02\"
price = \"105.00\"
quantity = \"200\"
first_pay = \"5%\"
limit = \"100\"
";

fn package() -> Package {
    Package::parse(
        "skeleton.toml",
        &skeleton(&AreaCode::parse("999999").unwrap()),
    )
    .unwrap()
}

#[test]
fn a_claim_needs_no_name_and_may_follow_an_example() {
    let package = package();
    let claim = package.case("case.toml", CASE).unwrap();
    let settlement = settle(&package, &claim);
    // 200 × 100 within the limit, 5 % first pay, a deductible of 1,000, 65 %.
    assert_eq!(settlement.over_limit, Fen::yuan(1_000));
    assert_eq!(settlement.shares[0].paid, Fen::yuan(11_700));
    let followed = CASE.replace(
        "prior = { \"critical.base_fen\" = 900000 }",
        "follows = \"三级医院\"",
    );
    let after = package.case("case.toml", &followed).unwrap();
    assert_eq!(after.accumulators().get("critical.base_fen"), 900_000);
    // A copied example is a claim as well, its name and expectation without meaning.
    let copied = format!("name = \"三级医院\"\nsource = \"x\"\n{CASE}\n[expect]\ncash = \"1\"\n");
    assert_eq!(package.case("case.toml", &copied).unwrap(), claim);
    assert!(package.example("三级医院").is_some() && package.example("四级医院").is_none());
}

/// What stands in the claim, what it becomes, the line and column, what is said.
#[rustfmt::skip]
const REFUSED: &[(&str, &str, (usize, usize), &str)] = &[
    ("tier = \"3\"", "tiers = \"3\"", (3, 1), "unknown field `tiers`"),
    ("day = \"2025-05-10\"", "day = \"2024-05-10\"", (1, 7), "a day on which the package holds"),
    ("day = \"2025-05-10\"", "day = \"2025-02-30\"", (1, 7), "expected a day"),
    ("care = \"21\"\n", "", (1, 1), "missing field `care`"),
    ("first_pay = \"5%\"", "first_pay = \"105%\"", (13, 13), "a rate from 0% to 100%"),
    ("[[line]]", "bill = \"1\"\n[[line]]", (1, 1), "either bill or"),
    ("prior = { ", "follows = \"无\"\nprior = { ", (7, 11), "the name of an earlier example"),
    ("= 900000", "= -1", (1, 1), "a value from 0"),
];

#[test]
fn a_claim_says_what_is_wrong_and_where() {
    let package = package();
    for (from, to, place, said) in REFUSED {
        assert!(CASE.contains(from), "{from}");
        let error = package
            .case("case.toml", &CASE.replacen(from, to, 1))
            .unwrap_err();
        assert_eq!(
            (error.file.as_str(), (error.line, error.column)),
            ("case.toml", *place),
            "{error}"
        );
        assert!(error.message.contains(said), "{error}");
    }
    let large = " ".repeat(policy::PACKAGE_BYTES_MAX + 1);
    assert!(
        package
            .case("x", &large)
            .unwrap_err()
            .message
            .contains("at most")
    );
}

#[test]
fn no_text_of_a_claim_makes_anything_panic() {
    let package = package();
    let tokens = vec![
        "",
        "\"",
        "[",
        "]",
        "[[line]]",
        "{",
        "}",
        "=",
        "\n",
        "0",
        "-1",
        "1e9",
        "99%",
        "\"0\"",
        "\"100000000000\"",
        "\"0.000001\"",
        "\"999999999.9999\"",
        "元",
        "\u{0}",
        "9223372036854775807",
        "diseases = [\"M1\"]\n",
        "ordinal = 3\n",
        "continues = { deductible = \"1\" }\n",
        "third_party = \"100%\"\n",
        "age = 200\n",
        "age = 4294967295\n",
        "payable = false\n",
        "begin = \"1900-01-01\"\n",
        "applied = \"2999-12-31\"\n",
        "income = \"0\"\n",
    ];
    let edit = (any::<Index>(), 0usize..12, select(tokens));
    let config = Config {
        cases: 2_000,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let law = TestRunner::new_with_rng(config, rng).run(
        &proptest::collection::vec(edit, 1..4),
        |edits| {
            let mut text: Vec<char> = CASE.chars().collect();
            for (at, length, token) in edits {
                let at = at.index(text.len());
                let end = (at + length).min(text.len());
                text.splice(at..end, token.chars());
            }
            let text: String = text.into_iter().collect();
            if let Ok(claim) = package.case("fuzz", &text) {
                let settlement = settle(&package, &claim);
                prop_assert_eq!(settlement.check(), Ok(()));
                let said = settlement.reasons.iter().map(|reason| reason.text().len());
                prop_assert!(said.sum::<usize>() > 0 || settlement.total == Fen::ZERO);
            }
            Ok(())
        },
    );
    if let Err(error) = law {
        panic!("seed {:?}: {error}", String::from_utf8_lossy(&SEED));
    }
}
