//! Worked examples that are none.

use super::{Case, all_refused};
use crate::keys::EVERY;
use crate::waiting::refused;

#[rustfmt::skip]
const EXAMPLES: &[Case] = &[
    ("name = \"退休，三级医院\"\n", "", "[[example]]", "expected name and source"),
    ("name = \"退休，三级医院\"\nsource = \"手算\"\n", "name = \"退休，三级医院\"\n", "[[example]]",
        "expected name and source"),
    ("source = \"手算\"", "source = \" \"", "[[example]]", "expected words in name and source"),
    ("name = \"退休，三级医院\"", "name = \"\"", "[[example]]", "expected words in name and source"),
    ("name = \"再次住院，第三方先行\"", "name = \"退休，三级医院\"", "\"退休，三级医院\"",
        "expected a name no other example has"),
    ("day = \"2017-06-10\"", "day = \"2016-12-31\"", "\"2016-12-31\"",
        "expected a day on which the package holds"),
    ("day = \"2017-06-10\"", "day = \"2028-01-01\"", "\"2028-01-01\"",
        "expected a day on which the package holds"),
    ("begin = \"2017-05-01\"", "begin = \"2017-05-11\"", "[[example]]",
        "begin: expected a day not after the claim's day"),
    ("follows = \"退休，三级医院\"", "follows = \"退休\"", "\"退休\"",
        "expected the name of an earlier example"),
    ("follows = \"退休，三级医院\"", "follows = \"再次住院，第三方先行\"", "\"再次住院，第三方先行\"",
        "expected the name of an earlier example"),
    ("bill = \"10000\"", "", "[[example]]", "expected either bill or [[example.line]]"),
    ("income = \"40000\"", "income = \"40000\"\nbill = \"1\"", "[[example]]",
        "expected either bill or [[example.line]]"),
    ("bill = \"10000\"", "bill = \"100000000001\"", "\"100000000001\"", "expected yuan from 0"),
    ("price = \"20000\"", "price = \"20000.0000001\"", "\"20000.0000001\"",
        "expected a price in yuan with at most six decimals"),
    ("price = \"20000\"", "price = \"-1\"", "[[example]]", "lines[0].unit_price: expected zero or"),
    ("price = \"20000\"", "price = \"200000000000\"", "[[example]]",
        "lines[0].amount: expected at"),
    ("quantity = \"100\"", "quantity = \"1.00001\"", "\"1.00001\"",
        "expected a quantity with at most four decimals"),
    ("quantity = \"100\"", "quantity = \"-1\"", "[[example]]",
        "lines[1].quantity: expected zero or"),
    ("limit = \"4.00\"", "limit = \"-4.00\"", "[[example]]", "lines[1].price_limit: expected zero"),
    ("first_pay = \"5%\"", "first_pay = \"105%\"", "\"105%\"", "expected a rate from 0% to 100%"),
    ("restricted = \"approved\"", "restricted = \"yes\"", "\"yes\"", "unknown variant `yes`"),
    ("item = \"T0001\"", "item = \"草药\"", "\"草药\"", "expected"),
    ("age = 72", "age = 201", "[[example]]", "age: expected at most 200 years"),
    ("age = 72", "age = -1", "-1", "invalid value"),
    ("ordinal = 2", "ordinal = 0", "[[example]]", "ordinal: expected"),
    ("continuous_years = 6", "continuous_years = 201", "[[example]]", "continuous_years: expected"),
    ("zero_claim_years = 1\n", "zero_claim_years = 201\n", "[[example]]", "zero_claim_years: "),
    ("third_party = \"70%\"", "third_party = \"170%\"", "\"170%\"", "expected a rate from 0% to"),
    ("account = { current = \"300\"", "account = { current = \"-300\"", "\"-300\"",
        "expected yuan"),
    ("\"basic.paid_fen\" = 1000000", "\"basic.paid_fen\" = -1", "[[example]]",
        "accumulators[basic.paid_fen]: expected a value from 0 to"),
    ("\"basic.paid_fen\" = 1000000", "\"basic.paid_fen\" = \"1\"", "\"1\"", "invalid type"),
    // Names of what nobody keeps or charges.
    ("\"basic.paid_fen\" = 1000000", "\"basc.paid_fen\" = 1000000", "\"basc.paid_fen\"",
        "expected the name of an accumulator, got \"basc.paid_fen\""),
    ("\"basic.paid_fen\" = 1000000", "\"basic-m13.base_fen\" = 1", "\"basic-m13.base_fen\"",
        "expected the name of an accumulator"),
    ("\"basic.paid_fen\" = 1000000", "\"chronic.paid_fen\" = 1", "\"chronic.paid_fen\"",
        "expected the name of an accumulator"),
    ("\"basic.base_fen\" = 3038000", "\"basic.base\" = 3038000", "\"basic.base\"",
        "expected the name of an accumulator, got \"basic.base\""),
    ("continues = { deductible", "continues = { deductable", "deductable",
        "expected \"deductible\" or the rule of a layer"),
    ("base = { basic = \"10000\" }", "base = { basics = \"10000\" }", "basics",
        "expected the rule of a [[layer]], got \"basics\""),
    ("net = { basic = \"9800\" }", "net = { basics = \"9800\" }", "basics",
        "expected the rule of a [[layer]], got \"basics\""),
    ("paid = { basic = \"8820\" }", "paid = { other_basic = \"8820\" }", "other_basic",
        "expected the rule of a [[layer]], got \"other_basic\""),
    ("pool_rate = \"88.2%\"", "pool_rate = \"101%\"", "\"101%\"",
        "expected a rate from 0% to 100%"),
    ("findings = [\"THIRD", "findings = [1, \"THIRD", "1", "invalid type"),
];

#[test]
fn examples_are_checked() {
    all_refused(EXAMPLES);
    let example = |number: usize| {
        format!(
            "[[example]]\nname = \"{number}\"\nsource = \"x\"\nday = \"2017-01-01\"\n\
             care = \"21\"\n\
             tier = \"1\"\nkind = \"A1\"\nbill = \"1\"\n"
        )
    };
    let examples = (0..999).map(example).collect::<String>() + "[[example]]";
    refused(
        EVERY,
        "[[example]]",
        &examples,
        "[[example]]",
        "expected at most 1000 examples",
    );
}

#[test]
fn the_names_of_accumulators_are_known() {
    for name in [
        "stays_count",
        "basic.deductible_fen",
        "basic-m05.base_fen",
        "chronic.M03900.paid_fen",
        "chronic.-.base_fen",
        "chronic_all.paid_fen",
        "aid_all.paid_fen",
        "other_basic.paid_fen",
    ] {
        let stated = "{ \"basic.paid_fen\" = 1000000, \"stays_count\" = 1 }";
        assert!(EVERY.contains(stated));
        let text = EVERY.replacen(stated, &format!("{{ \"{name}\" = 1 }}"), 1);
        assert!(policy::Package::parse("e.toml", &text).is_ok(), "{name}");
    }
}

/// What an example states, what it comes to in its place, what the failure says.
#[rustfmt::skip]
const FAILING: &[(&str, &str, &str)] = &[
    ("total = \"21552\"", "total = \"21553\"", "total expected 21,553.00, got 21,552.00"),
    ("own_pay = \"1100\"", "own_pay = \"0\"", "own_pay expected 0.00, got 1,100.00"),
    ("over_limit = \"52\"", "over_limit = \"51\"", "over_limit expected 51.00, got 52.00"),
    ("first_pay = \"20\"\n", "first_pay = \"21\"\n", "first_pay expected 21.00, got 20.00"),
    ("in_scope = \"20380\"", "in_scope = \"1\"", "in_scope expected 1.00, got 20,380.00"),
    ("deductible = \"200\"", "deductible = \"300\"", "deductible expected 300.00, got 200.00"),
    ("funds = \"8820\"", "funds = \"0\"", "funds expected 0.00, got 8,820.00"),
    ("account = \"0\"", "account = \"1\"", "account expected 1.00, got 0.00"),
    ("cash = \"1180\"", "cash = \"1\"", "cash expected 1.00, got 1,180.00"),
    ("hospital = \"0\"", "hospital = \"1\"", "hospital expected 1.00, got 0.00"),
    ("balance = \"0\"", "balance = \"1\"", "balance expected 1.00, got 0.00"),
    ("pool_rate = \"88.2%\"", "pool_rate = \"88%\"", "pool_rate expected 88%, got 88.2%"),
    ("base = { basic = \"10000\"", "base = { basic = \"1\"",
        "base.basic expected 1.00, got 10,000"),
    ("net = { basic = \"9800\"", "net = { basic = \"1\"", "net.basic expected 1.00, got 9,800.00"),
    ("paid = { basic = \"8820\"", "paid = { basic = \"1\"",
        "paid.basic expected 1.00, got 8,820.00"),
    ("{ \"basic.band1\" = \"8820\" }", "{ \"basic.band1\" = \"1\" }",
        "reasons.basic.band1 expected 1.00, got 8,820.00"),
    ("{ \"basic.band1\" = \"8820\" }", "{ \"basic.band9\" = \"1\" }",
        "reasons.basic.band9 expected 1.00, got no such reason"),
    ("{ \"basic.band1\" = \"90%\" }", "{ \"basic.band1\" = \"80%\" }",
        "rates.basic.band1 expected 80%, got 90%"),
    ("{ \"basic.band1\" = \"90%\" }", "{ \"basic.base\" = \"80%\" }",
        "rates.basic.base expected 80%, got no such rate"),
    ("\"basic.base_fen\" = 3038000", "\"basic.base_fen\" = 1",
        "after.basic.base_fen expected 1, got 3038000"),
    ("findings = [\"THIRD_PARTY_ADVANCE\", \"INCOME_UNKNOWN\"]", "findings = []",
        "findings expected , got THIRD_PARTY_ADVANCE, INCOME_UNKNOWN"),
];

#[test]
fn every_expectation_is_compared() {
    for (from, to, message) in FAILING {
        assert!(EVERY.contains(from), "{from}");
        let text = EVERY.replacen(from, to, 1);
        let package = policy::Package::parse("e.toml", &text).unwrap();
        let failures: Vec<String> = package
            .check_examples()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(failures.len(), 1, "{to}: {failures:?}");
        assert!(failures[0].contains(message), "{to}: {failures:?}");
    }
}
