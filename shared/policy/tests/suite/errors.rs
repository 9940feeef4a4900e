//! What is refused, where it is said to be, and what is said to be expected. One line per case.

use crate::{ERENHOT, line, stay};
use kernel::*;
use policy::{Accumulators, BadClaim, Claim, ClaimFacts, Library, PACKAGE_BYTES_MAX, Package};

/// The error after the first `from` became `to`: where, in terms of the changed text, and what.
fn refused(from: &str, to: &str) -> (String, String) {
    assert!(ERENHOT.contains(from), "{from}");
    let text = ERENHOT.replacen(from, to, 1);
    let error = Package::parse("152501.toml", &text).unwrap_err();
    assert_eq!(error.file, "152501.toml");
    let line = text.lines().nth(error.line - 1).unwrap();
    let rest: String = line.chars().skip(error.column - 1).collect();
    (rest, error.message)
}

/// What stands in the package, what it becomes, where the error points, what it says.
#[rustfmt::skip]
const REFUSED: &[(&str, &str, &str, &str)] = &[
    // An unknown key, a missing one, a wrong type, an unknown word.
    ("bands_over = \"stay\" ", "band_over = \"stay\" ", "band_over", "unknown field"),
    ("title = ", "# title = ", "", "missing field `title`"),
    ("waiting_months = 3", "waiting_months = \"3\"", "\"3\"", "invalid type"),
    ("from_zero\"\nsource", "zero\"\nsource", "\"zero\"", "unknown variant"),
    // Amounts, rates, days, codes.
    ("\"229000\"\nsource", "\"22.9万\"\nsource", "\"22.9万\"", "expected yuan from 0"),
    ("yuan = \"350\"", "yuan = 350.0", "350.0", "invalid type"),
    ("yuan = \"350\"", "yuan = \"-350\"", "\"-350\"", "expected yuan from 0"),
    ("rate = \"65%\"", "rate = \"100.01%\"", "\"100.01%\"", "expected a rate from 0% to"),
    ("rate = \"65%\"", "rate = \"65\"", "\"65\"", "expected a rate from 0% to"),
    ("from = \"2017-01-01\"", "from = \"2017-1-1\"", "\"2017-1-1\"", "expected a day"),
    ("from = \"2017-01-01\"", "from = \"2017-01-01\"\nuntil = \"2016-12-31\"",
        "\"2016-12-31\"", "expected a day not before 2017-01-01"),
    ("area = \"152501\"", "area = \"1525\"", "\"1525\"", "expected 六位数字"),
    ("\"2307\", \"2303\"", "\"低保\"", "[\"低保\"]", "expected 1至12个"),
    ("closes = \"02-28\"", "closes = \"02-29\"", "\"02-29\"", "expected a month and a day"),
    ("waiting_months = 3", "waiting_months = 25", "25", "expected at most 24 months"),
    // References.
    ("\nassumed = \"basic_rates\"", "\nassumed = \"rates\"", "\"rates\"",
        "expected the name of an [[assumption]], got \"rates\""),
    ("[\"basic_special\",", "[\"special\",", "\"special\"",
        "expected the name of a [[group]], got \"special\""),
    ("name = \"basic_rates\"", "name = \"basic_deductible\"", "\"basic_deductible\"",
        "expected a name no other assumption has"),
    ("name = \"minimum_living\"", "name = \"destitute\"", "\"destitute\"",
        "expected a name no other group has"),
    // Where numbers come from.
    ("from = \"0\"\nrate = \"75%\"\nassumed = \"basic_rates\"", "from = \"0\"\nrate = \"75%\"",
        "[[layer.schedule.band]]", "expected source ="),
    ("source = \"在政策范围内个人自付累计超出10000元以上\"", "source = \" \"",
        "[[layer.deductible]]", "expected source ="),
    // Bands.
    ("from = \"30000\"", "from = \"30001\"", "\"30001\"", "expected the band to begin at 30,000"),
    ("from = \"30000\"", "from = \"20000\"", "\"20000\"", "expected the band to begin at 30,000"),
    ("to = \"30000\"\n", "", "[[layer.schedule.band]]", "expected no band after one without"),
    ("from = \"0\"\nto = \"30000\"", "from = \"0\"\nto = \"0\"", "\"0\"", "expected more than 0"),
    ("from = \"0\"\nto = \"30000\"", "from = \"1\"\nto = \"30000\"", "\"1\"",
        "expected the band to begin at 0.00"),
    // Layers.
    ("rule = \"critical\"", "rule = \"basic\"", "\"basic\"", "expected a rule no other layer has"),
    ("rule = \"critical\"", "rule = \"大病\"", "\"大病\"", "expected 1 to 32 characters"),
    ("rule = \"critical\"", "rule = \"bill\"", "\"bill\"", "neither \"bill\" nor"),
    ("deductible_per = \"year\"\norigin", "deductible_per = \"stay\"\norigin", "\"from_zero\"",
        "expected \"above_deductible\""),
    ("when = { kinds = [\"A2\", \"A3\"], tiers = [\"3\"] }\n", "", "[[layer.deductible]]",
        "expected the row without conditions to be the last"),
    ("points = \"5%\"\nmax_rate", "max_rate", "[[layer.tilt]]", "expected points beside max_rate"),
    ("on = \"fund\"\nyuan = \"80000\"", "on = \"expense\"\nyuan = \"80000\"", "[[layer]]",
        "expected cap_plus only beside caps on = \"fund\""),
    ("rate = \"75%\"\nassumed", "to = \"9\"\nrate = \"75%\"\nassumed", "[layer.line_uplift]",
        "expected bands_over = \"stay\" and schedules of one open band"),
    // Fees, subsidies, examples.
    ("year = 2018", "year = 2017", "[[fee]]", "expected a year from 1900 to 2999 that no other"),
    ("rate = \"100%\"\nassumed", "assumed", "[[subsidy]]", "expected either rate or yuan"),
    ("bill = \"38500\"", "", "[[example]]", "expected either bill or [[example.line]]"),
    ("\"basic.paid_fen\" = 22800000", "\"basic.paid_fen\" = -1", "[[example]]",
        "accumulators[basic.paid_fen]: expected a value from 0"),
    ("base = { critical", "base = { serious", "serious", "expected the rule of a [[layer]]"),
];

#[test]
fn a_package_says_what_is_wrong_and_where() {
    for (from, to, place, message) in REFUSED {
        let (rest, said) = refused(from, to);
        assert!(
            rest.starts_with(place),
            "{to:?} refused at {rest:?}: {said}"
        );
        assert!(said.contains(message), "{to:?} refused with {said:?}");
    }
}

#[test]
fn an_error_prints_like_a_compilers() {
    let error = Package::parse("x.toml", "title = \"中\"\narea = \"1\"\n").unwrap_err();
    assert_eq!(error.to_string(), "x.toml:2:8: expected 六位数字");
    let error = Package::parse("x.toml", "title = \"中\" 文").unwrap_err();
    assert_eq!((error.line, error.column), (1, 13));
    let error = Package::parse("x.toml", &" ".repeat(PACKAGE_BYTES_MAX + 1)).unwrap_err();
    assert_eq!(error.message, "expected at most 1048576 bytes");
}

#[test]
fn a_library_refuses_overlaps_and_examples_that_do_not_hold() {
    let parse = |text: &str| Package::parse("a.toml", text).unwrap();
    let text = ERENHOT;
    let error = Library::new(vec![parse(text), parse(text)]).unwrap_err();
    assert!(error.message.contains("152501/2017-01-01"), "{error}");
    assert!(
        text.lines()
            .nth(error.line - 1)
            .unwrap()
            .starts_with("from = \"2017-01-01\"")
    );

    let wrong = text.replacen("critical = \"13000.75\"", "critical = \"13000.76\"", 1);
    let error = Library::new(vec![parse(&wrong)]).unwrap_err();
    assert!(
        error
            .message
            .contains("paid.critical expected 13,000.76, got 13,000.75"),
        "{error}"
    );
    assert_eq!(wrong.lines().nth(error.line - 1), Some("[[example]]"));

    let from = "from = \"2017-01-01\"";
    let first = text.replacen(from, "from = \"2017-01-01\"\nuntil = \"2017-12-31\"", 1);
    let second = text
        .replacen(from, "from = \"2018-01-01\"", 1)
        .replace("2017-05-10", "2018-05-10");
    let library = Library::new(vec![parse(&first), parse(&second)]).unwrap();
    let area = AreaCode::parse("152501").unwrap();
    let on = |day: &str| {
        let found = library.select(&area, &Scheme::Resident, Day::parse(day).unwrap());
        found.map(|package| package.name().to_string())
    };
    assert_eq!(on("2016-12-31"), None);
    assert_eq!(on("2017-12-31").as_deref(), Some("152501/2017-01-01"));
    assert_eq!(on("2018-01-01").as_deref(), Some("152501/2018-01-01"));
    let digest = Digest::of(first.as_bytes());
    assert_eq!(
        library.by_digest(digest).unwrap().name(),
        "152501/2017-01-01"
    );
    assert!(library.by_digest(Digest::of(b"")).is_none());
    let employee = library.select(&area, &Scheme::Employee, Day::new(2017, 5, 1).unwrap());
    assert!(employee.is_none());
}

/// A change that makes a claim bad, the field it names, what is said to be expected.
type BadCase = (fn(&mut ClaimFacts), &'static str, &'static str);

#[rustfmt::skip]
const BAD_CLAIMS: &[BadCase] = &[
    (|f| f.lines.clear(), "lines", "1 to 10000 lines, got 0"),
    (|f| f.lines = (0..10_001).map(|n| line(n, 1)).collect(), "lines", "got 10001"),
    (|f| f.lines[1].number = 1, "lines[1].number", "a number no other line has"),
    (|f| f.lines[1].amount = Fen(-1), "lines[1].amount", "200.00"),
    (|f| f.lines[1].amount = Fen(19_999), "lines[1].amount", "half-up to the fen: 200.00"),
    (|f| f.lines[0].unit_price = UnitPrice(-1), "lines[0].unit_price", "zero or more"),
    (|f| f.lines[0].quantity = Quantity(-1), "lines[0].quantity", "zero or more"),
    (|f| f.lines[0].price_limit = Some(UnitPrice(-1)), "lines[0].price_limit", "zero or more"),
    (|f| f.lines[0].first_pay = Rate(10_001), "lines[0].first_pay", "from 0% to 100%"),
    (|f| f.lines[0].first_pay = Rate(-1), "lines[0].first_pay", "from 0% to 100%"),
    (|f| f.lines[0].unit_price = UnitPrice(i64::MAX), "lines[0].amount", "at most"),
    (|f| f.lines[0] = line(1, CLAIM_FEN_MAX.0), "lines", "a total of at most"),
    (|f| f.identities = vec![IdentityKind::Orphan; 101], "identities", "got 101"),
    (|f| f.accumulators = state("a_fen", -1), "accumulators[a_fen]", "from 0 to"),
    (|f| f.accumulators = state("a_fen", i64::MAX), "accumulators[a_fen]", "from 0 to"),
];

fn state(name: &str, value: i64) -> Accumulators {
    Accumulators([(name.to_string(), value)].into())
}

#[test]
fn a_bad_claim_names_the_field() {
    for (change, field, expected) in BAD_CLAIMS {
        let mut facts = stay(vec![line(1, 10_000), line(2, 20_000)]);
        change(&mut facts);
        let bad: BadClaim = Claim::new(facts).unwrap_err();
        assert_eq!(bad.field(), *field);
        assert!(bad.expected().contains(expected), "{bad}");
        assert!(bad.to_string().starts_with(field));
    }
}
