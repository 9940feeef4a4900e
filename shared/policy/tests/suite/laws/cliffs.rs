//! Each feature that `fen` calls a cliff, shown to be one: a package that is level but for it, in
//! which one more fen lowers a share.

use super::fen::first_fall;
use policy::Package;

/// The head of every package here: two groups of lines, a layer before what is shown.
const HEAD: &str = r#"
title = "陡坎"
area = "999999"
scheme = "390"
from = "2017-01-01"
document = "算例"

[[lines]]
name = "tcm"
title = "蒙药中药"
marks = ["ethnic"]
source = "第一条"
"#;

/// A layer of one band; what is to be said besides goes in the middle.
fn layer(rule: &str, rate: &str, besides: &str) -> String {
    format!(
        r#"
[[layer]]
rule = "{rule}"
name = "层"
fund = "390100"
trace = "unlisted"
{besides}
source = "第二条"
[[layer.schedule]]
[[layer.schedule.band]]
from = "0"
rate = "{rate}"
source = "第三条"
"#
    )
}

/// Rows behind a layer.
fn behind(layer: String, rows: &str) -> String {
    format!("{layer}\n{rows}\nsource = \"第四条\"\n")
}

/// A claim with a line of class A and one of the group, as an example writes it.
fn claim(besides: &str) -> String {
    format!(
        r#"
[[example]]
name = "一笔"
source = "算例"
day = "2017-05-10"
care = "21"
tier = "3"
kind = "A1"
{besides}
[[example.line]]
class = "01"
price = "7.5"
quantity = "1"
[[example.line]]
class = "01"
price = "3"
quantity = "1"
marks = ["ethnic"]
"#
    )
}

/// A schedule of two bands that meet at ten yuan.
fn bent(rule: &str, low: &str, high: &str, besides: &str) -> String {
    let one = format!("from = \"0\"\nrate = \"{low}\"");
    let two = format!("from = \"0\"\nto = \"10\"\nrate = \"{low}\"");
    let last =
        format!("[[layer.schedule.band]]\nfrom = \"10\"\nrate = \"{high}\"\nsource = \"第三条\"\n");
    layer(rule, low, besides).replace(&one, &two) + &last
}

struct Cliff {
    /// What makes it one.
    feature: &'static str,
    layers: String,
    /// Of the claim, besides its lines.
    claim: &'static str,
    /// What falls.
    falls: &'static str,
}

/// A cliff that any claim falls off.
fn cliff(feature: &'static str, layers: &[String], falls: &'static str) -> Cliff {
    Cliff {
        feature,
        layers: layers.concat(),
        claim: "",
        falls,
    }
}

/// Layers that look at one another.
fn between_layers() -> Vec<Cliff> {
    let late = "[[layer.deductible]]\nyuan = \"9\"";
    let bucket = "[[layer.cap]]\non = \"fund\"\nbucket = \"both\"\nyuan = \"11\"";
    let other = "[[alternative]]\nname = \"other\"\ntitle = \"另一套\"\nsource = \"第五条\"\n";
    let elsewhere = layer("elsewhere", "80%", "").replace("[[layer", "[[alternative.layer");
    let difference = "difference = { with = \"other\", of = [\"first\"] }";
    let difference = layer("topped", "0%", difference);
    let (difference, _) = difference.split_once("[[layer.schedule]]").unwrap();
    let current = "payer = \"account\"\naccount = [\"current\"]\ntrace = \"account\"";
    let account = |rule, rate| layer(rule, rate, current).replace("trace = \"unlisted\"\n", "");
    let either = [
        layer("first", "60%", "either = \"one\""),
        behind(layer("second", "100%", "either = \"one\""), late),
    ];
    let topped = [
        bent("first", "50%", "100%", ""),
        difference.to_string(),
        other.to_string(),
        elsewhere,
    ];
    let buckets = [
        behind(layer("first", "60%", ""), bucket),
        behind(layer("second", "60%", ""), bucket),
    ];
    let accounts = [account("first", "60%"), account("second", "60%")];
    vec![
        cliff("either", &either, "first"),
        cliff("difference", &topped, "topped"),
        cliff("a bucket of two layers", &buckets, "second"),
        Cliff {
            claim: "account = { current = \"11\" }",
            ..cliff("an account two layers draw on", &accounts, "second")
        },
    ]
}

/// What a layer makes of its base, or of more than its base.
fn within_a_layer() -> Vec<Cliff> {
    let cheaper = "[[layer.adjust]]\nlines = [\"tcm\"]\nfactor = \"0%\"";
    let floor = "[[layer.floor]]\nrate = \"30%\"\nof = \"total\"";
    let part = |of: &str| format!("[[layer.deductible]]\nof = \"{of}\"\nrate = \"50%\"");
    let whole = [
        bent("first", "0%", "60%", ""),
        layer("second", "60%", "base = \"whole\""),
    ];
    let floored = [
        bent("first", "0%", "80%", ""),
        behind(layer("second", "0%", ""), floor),
    ];
    let of_base = bent("first", "90%", "0%", "origin = \"from_zero\"");
    let of_total = [
        bent("first", "0%", "80%", ""),
        behind(layer("second", "80%", ""), &part("total")),
    ];
    let scoped = [behind(bent("first", "50%", "0%", ""), cheaper)];
    let of_base = [behind(of_base, &part("base"))];
    vec![
        cliff("lines of an adjustment", &scoped, "first"),
        cliff("base = whole", &whole, "cash"),
        cliff("floor of total", &floored, "cash"),
        cliff("a deductible of the base", &of_base, "first"),
        cliff("a deductible of the total", &of_total, "second"),
    ]
}

/// Costs above a cap.
fn above_caps() -> Vec<Cliff> {
    let paid = "[[layer.cap]]\non = \"fund\"\nyuan = \"2\"";
    let first = || behind(layer("first", "10%", ""), paid);
    let kept_out = |rule, rate| behind(layer(rule, rate, ""), EXPENSES);
    let without = |rule| layer(rule, "100%", "excludes_above_cap_of = [\"first\"]");
    let only = layer("second", "100%", "only_above_cap_of = [\"first\"]");
    let of_two = "only_above_cap_of = [\"first\", \"second\"]";
    let between = [
        kept_out("first", "10%"),
        layer("second", "50%", ""),
        without("third"),
    ];
    let two = [
        kept_out("first", "0%"),
        kept_out("second", "0%"),
        layer("third", "100%", of_two),
    ];
    let of_tcm = behind(layer("first", "0%", "lines = [\"tcm\"]"), EXPENSES);
    let of_others = "lines = [\"others\"]\nonly_above_cap_of = [\"first\"]";
    let apart = [
        of_tcm.replace("15", "0"),
        layer("second", "100%", of_others),
        layer("third", "100%", "lines = [\"others\"]"),
    ];
    vec![
        cliff("only what is above a layer of other costs", &apart, "third"),
        cliff(
            "without what is above payments",
            &[first(), without("second")],
            "second",
        ),
        cliff("only what is above payments", &[first(), only], "cash"),
        cliff("without what is above an earlier layer", &between, "third"),
        cliff("only what is above two layers", &two, "cash"),
    ]
}

/// A part of costs that were taken from in proportion.
fn parts_of_costs() -> Vec<Cliff> {
    let others = || layer("second", "100%", "lines = [\"others\"]");
    let referral = "[[referral]]\nfirst_pay = \"33%\"\nsource = \"第六条\"\n".to_string();
    let layers = [bent("first", "0%", "100%", ""), others()];
    vec![
        cliff("what another layer took from", &layers, "second"),
        cliff("what a referral took from", &[others(), referral], "second"),
        Cliff {
            claim: "third_party = \"33%\"",
            ..cliff("what a third party answers for", &[others()], "second")
        },
    ]
}

/// A cap on expenses.
const EXPENSES: &str = "[[layer.cap]]\non = \"expense\"\nyuan = \"15\"";

#[test]
fn every_cliff_is_one() {
    let cliffs = [
        between_layers(),
        within_a_layer(),
        above_caps(),
        parts_of_costs(),
    ];
    for cliff in cliffs.into_iter().flatten() {
        let text = HEAD.to_string() + &cliff.layers + &claim(cliff.claim);
        let package =
            Package::parse(cliff.feature, &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let claim = package.examples()[0].claim();
        let fall = first_fall(&package, claim, 3_000);
        let fall = fall.unwrap_or_else(|| panic!("{} is no cliff", cliff.feature));
        assert!(
            fall.starts_with(&format!("{} falls", cliff.falls)),
            "{}: {fall}",
            cliff.feature
        );
    }
}

#[test]
fn what_is_no_cliff_is_none() {
    let unfinished = "count_unfinished_stay = false\n";
    let rows = [
        "[[layer.deductible]]\nyuan = \"15\"\nordinal_factors = [\"100%\", \"50%\"]",
        "[[layer.floor]]\nrate = \"70%\"\nof = \"net\"",
        "[[layer.floor]]\nrate = \"70%\"\nof = \"base\"",
        "[[layer.cap]]\non = \"expense\"\nyuan = \"15\"",
        "[[layer.cap]]\non = \"fund\"\nper = \"day\"\nyuan = \"3\"",
        "[[layer.adjust]]\nfactor = \"130%\"\nmax_rate = \"95%\"",
    ];
    for row in rows {
        let two = [
            behind(
                bent("first", "90%", "20%", "origin = \"above_deductible\""),
                row,
            ),
            behind(bent("second", "10%", "80%", "origin = \"from_zero\""), row),
        ];
        let text = unfinished.to_string() + HEAD + &two.concat() + &claim("");
        let package = Package::parse("level", &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(
            first_fall(&package, package.examples()[0].claim(), 3_000),
            None,
            "{row}"
        );
    }
    for key in ["excludes_above_cap_of", "only_above_cap_of"] {
        let two = [
            behind(layer("first", "60%", ""), EXPENSES),
            layer("second", "90%", &format!("{key} = [\"first\"]")),
        ];
        let text = HEAD.to_string() + &two.concat() + &claim("");
        let package = Package::parse("level", &text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        assert_eq!(
            first_fall(&package, package.examples()[0].claim(), 3_000),
            None,
            "{key}"
        );
    }
}
