//! Layers that are none, and parts of a layer that do not go together.

use super::{Case, all_refused};
use crate::keys::EVERY;
use crate::waiting::refused;

#[rustfmt::skip]
const LAYERS: &[Case] = &[
    ("rule = \"critical\"", "rule = \"basic\"", "\"basic\"", "expected a rule no other layer has"),
    ("rule = \"other_basic\"", "rule = \"critical\"", "\"critical\"", "a rule no other layer has"),
    ("rule = \"critical\"", "rule = \"大病\"", "\"大病\"", "expected 1 to 32 characters of"),
    ("rule = \"critical\"", "rule = \"bill\"", "\"bill\"", "not bill, line or deductible"),
    ("rule = \"critical\"", "rule = \"line\"", "\"line\"", "not bill, line or deductible"),
    ("rule = \"critical\"", "rule = \"deductible\"", "\"deductible\"", "not bill, line or"),
    ("rule = \"critical\"", "rule = \"critical2\"", "\"critical2\"", "letters of [a-z_]"),
    ("trace = \"large\"", "trace = \"big\"", "\"big\"", "expected one of `pool`, `outpatient`"),
    ("payer = \"hospital\"", "payer = \"clinic\"", "\"clinic\"", "`fund`, `account`, `hospital`"),
    ("fund = \"330100\"", "fund = \"大额\"", "\"大额\"", "expected"),
    // What enters.
    ("payer = \"account\"\naccount = [\"current\"]", "payer = \"account\"", "[[layer]]",
        "expected account = [\"current\", …] beside payer = \"account\" only"),
    ("payer = \"account\"\naccount = [\"current\"]", "account = [\"current\"]", "[[layer]]",
        "expected trace = \"account\" beside payer = \"account\", and only there"),
    ("trace = \"unlisted\"\npayer = \"hospital\"", "trace = \"account\"\npayer = \"hospital\"",
        "[[layer]]", "expected trace = \"account\" beside payer = \"account\", and only there"),
    ("payer = \"hospital\"", "payer = \"hospital\"\naccount = [\"past\"]", "[[layer]]",
        "expected account = [\"current\", …] beside payer = \"account\" only"),
    ("account = [\"past\", \"shared\"]", "account = [\"past\", \"past\"]", "[[layer]]",
        "expected each part of the account once"),
    ("account = [\"past\", \"shared\"]", "account = []", "[]", "expected at least one value"),
    ("account = [\"past\", \"shared\"]", "account = [\"saved\"]", "\"saved\"", "`current`, `past`"),
    ("enters = [\"own_pay\"]", "enters = []", "[]", "expected at least one kind of cost"),
    ("enters = [\"own_pay\"]", "enters = [\"cash\"]", "\"cash\"", "`in_scope`, `first_pay`"),
    ("lines = [\"others\", \"tcm\"]", "lines = []", "[]", "expected at least one group of lines"),
    ("lines = [\"others\", \"tcm\"]", "lines = [\"other\"]", "\"other\"", "expected \"others\" or"),
    ("enters = [\"in_scope\"]\nlines", "enters = [\"own_pay\"]\nlines", "[\"own_pay\"]",
        "expected \"in_scope\" beside lines"),
    ("base = \"whole\"", "base = \"all\"", "\"all\"", "unknown variant `all`"),
    ("only_above_cap_of = [\"basic\"]", "only_above_cap_of = [\"critical\"]", "\"critical\"",
        "expected the rule of an earlier layer"),
    ("only_above_cap_of = [\"basic\"]", "only_above_cap_of = [\"large\"]", "\"large\"",
        "expected the rule of an earlier layer"),
    ("excludes_above_cap_of = [\"basic\"]", "excludes_above_cap_of = [\"basics\"]", "\"basics\"",
        "expected the rule of an earlier layer"),
    ("only_above_cap_of = [\"basic\"]",
        "excludes_above_cap_of = [\"basic\"]\nonly_above_cap_of = [\"basic\"]", "\"basic\"",
        "expected only one of excludes_above_cap_of and only_above_cap_of"),
    ("only_above_cap_of = [\"basic\"]", "only_above_cap_of = [\"basic\", \"basic\"]", "\"basic\"]",
        "expected the rule of an earlier layer, each once"),
    ("only_above_cap_of = [\"basic\"]", "only_above_cap_of = []", "[]", "at least one value"),
    ("excludes_above_cap_of = [\"basic\"]", "excludes_above_cap_of = []", "[]", "at least one"),
    // One of several, and the difference of two schemes.
    ("base = \"whole\"\neither = \"aid\"", "base = \"whole\"", "\"aid\"",
        "expected another layer of this name beside this one"),
    ("only_above_cap_of = [\"basic\"]", "either = \"aid\"", "\"aid\"",
        "expected another layer of this name beside this one"),
    ("difference = { with = \"employee\", of = [\"basic\", \"critical\"] }",
        "difference = { with = \"employee\", of = [\"basic\", \"hospital\"] }", "\"hospital\"",
        "expected the rule of an earlier layer"),
    ("source = \"第十九条\"\n", "source = \"第十九条\"\n[[layer.floor]]\nrate = \"1%\"\n\
        of = \"base\"\nsource = \"x\"\n", "{ with",
        "expected nothing of deductible, schedule, adjust and floor beside difference"),
    ("difference = { with", "max_rate = \"50%\"\ndifference = { with", "{ with",
        "expected nothing of deductible, schedule, adjust and floor beside difference"),
    ("difference = { with", "bands_over = \"year\"\ndifference = { with", "{ with",
        "expected nothing of deductible, schedule, adjust and floor beside difference"),
    ("of = [\"basic\", \"critical\"] }", "of = [\"basic\", \"basic\"] }", "\"basic\"] }",
        "expected the rule of an earlier layer, each once"),
    ("of = [\"basic\", \"critical\"] }", "of = [] }", "[] }", "expected at least one value"),
    ("of = [\"basic\", \"critical\"] }", "out = [] }", "out",
        "unknown field `out`, expected `with`"),
];

#[test]
fn layers_are_checked() {
    all_refused(LAYERS);
    let more = |number: u8| {
        let letter = char::from(b'a' + number);
        format!(
            "[[layer]]\nrule = \"more_{letter}\"\nname = \"x\"\nfund = \"1\"\n\
             trace = \"unlisted\"\n\
             source = \"x\"\n[[layer.schedule]]\n[[layer.schedule.band]]\nfrom = \"0\"\n\
             rate = \"1%\"\nsource = \"x\"\n"
        )
    };
    let more = (0..20).map(more).collect::<String>() + "[[alternative]]";
    refused(
        EVERY,
        "[[alternative]]",
        &more,
        "[[layer]]",
        "expected at most 20 layers",
    );
    let own = "source = \"第二十条\"\n\n[[layer.schedule]]\n\n[[layer.schedule.band]]\nfrom = \"0\"\n\
               rate = \"50%\"\nsource = \"第二十条\"\n";
    let none = "source = \"第二十条\"\n";
    refused(
        EVERY,
        own,
        none,
        "[[layer]]",
        "expected at least one [[layer.schedule]]",
    );
}

#[rustfmt::skip]
const DEDUCTIBLES: &[Case] = &[
    ("deductible_per = \"stay\"\norigin", "deductible_per = \"visit\"\norigin", "\"visit\"",
        "unknown variant `visit`"),
    ("deductible_split = \"others_first\"", "deductible_split = \"first\"", "\"first\"",
        "`proportional` or `others_first`"),
    ("origin = \"above_deductible\"\n", "", "\"basic\"",
        "expected origin = \"above_deductible\" or \"from_zero\""),
    ("origin = \"above_deductible\"\n", "origin = \"zero\"\n", "\"zero\"",
        "unknown variant `zero`"),
    ("deductible_from = \"payment\"", "deductible_from = \"pay\"", "\"pay\"", "unknown variant"),
    ("deductible_from = \"payment\"", "deductible_from = \"payment\"\norigin = \"from_zero\"",
        "\"from_zero\"", "expected no origin beside deductible_from = \"payment\""),
    ("bands_over = \"stay\"\ndeductible_per = \"year\"", "bands_over = \"year\"", "\"payment\"",
        "expected bands_over = \"stay\" beside deductible_from = \"payment\""),
    ("bands_over = \"year\"\ndeductible_per = \"year\"", "bands_over = \"year\"", "\"charged\"",
        "expected bands_over and deductible_per = \"year\" beside deductible_as"),
    ("bands_over = \"stay\"\ndeductible_per = \"stay\"", "bands_over = \"year\"\n\
        deductible_per = \"year\"", "[[layer.deductible_year_max]]",
        "expected no deductible_year_max where bands and deductible run over the year"),
    ("yuan = \"1200\"\n", "", "[[layer.deductible]]", "expected either yuan, or figure and rate"),
    ("yuan = \"1200\"\n", "yuan = \"1200\"\nfigure = \"wage\"\nrate = \"1%\"\n",
        "[[layer.deductible]]", "expected either yuan, or figure and rate"),
    ("yuan = \"1200\"\n", "yuan = \"1200\"\nat_most = \"2000\"\n", "[[layer.deductible]]",
        "or of and rate with at_least ≤ at_most"),
    ("figure = \"wage\"\nrate = \"5%\"", "figure = \"wage\"", "[[layer.deductible]]",
        "expected either yuan, or figure and rate"),
    ("at_least = \"2000\"", "at_least = \"10000.01\"", "[[layer.deductible]]",
        "with at_least ≤ at_most"),
    ("of = \"income\"", "of = \"wage\"", "\"wage\"", "unknown variant `wage`"),
    ("per_days = 180", "per_days = 0", "0", "expected 1 to 366 days"),
    ("per_days = 180", "per_days = 367", "367", "expected 1 to 366 days"),
    ("ordinal_factors = [\"100%\"", "ordinal_factors = [\"101%\"", "[\"101%\"",
        "expected a rate from 0% to 100%"),
    ("ordinal_factors = [\"100%\", \"50%\", \"0%\"]", "ordinal_factors = []", "[]",
        "expected at least one value"),
    ("when = { tiers = [\"3\"] }\nyuan = \"1200\"", "yuan = \"1200\"", "[[layer.deductible]]",
        "expected the row without conditions to be the last: this one never counts"),
    ("when = { persons = [\"12\"] }\nyuan = \"2000\"", "yuan = \"2000\"",
        "[[layer.deductible_year_max]]", "expected the row without conditions to be the last"),
];

#[test]
fn deductibles_are_checked() {
    all_refused(DEDUCTIBLES);
    // Where the deductible is a position of the year, nothing of it goes by the stay.
    let position = EVERY.replace("deductible_as = \"charged\"\n", "");
    let message = "expected neither ordinal_factors nor per_days where bands and deductible run";
    for key in ["per_days = 10", "ordinal_factors = [\"100%\"]"] {
        let row = format!("at_most = \"10000\"\n{key}");
        refused(
            &position,
            "at_most = \"10000\"",
            &row,
            "[[layer.deductible]]",
            message,
        );
    }
}

#[rustfmt::skip]
const BANDS: &[Case] = &[
    ("from = \"30000\"", "from = \"30001\"", "\"30001\"",
        "expected the band to begin at 30,000.00, where the one before it ends, got 30,001.00"),
    ("from = \"30000\"", "from = \"20000\"", "\"20000\"", "expected the band to begin at 30,000"),
    ("to = \"30000\"\n", "", "[[layer.schedule.band]]",
        "expected no band after one without \"to\""),
    ("to = \"30000\"", "to = \"0\"", "\"0\"", "expected more than 0.00"),
    ("from = \"0\"\nto = \"30000\"", "from = \"1\"\nto = \"30000\"", "\"1\"",
        "expected the band to begin at 0.00"),
    ("age_points = \"0.2%\"", "age_points = \"101%\"", "\"101%\"", "expected percentage points"),
    ("[[layer.schedule]]\nwhen = { tiers = [\"3\"] }", "[[layer.schedule]]", "[[layer.schedule]]",
        "expected the row without conditions to be the last: this one never counts"),
    ("[[layer.schedule]]\nwhen = { tiers = [\"3\"] }", "[[layer.schedule]]\nband = []\n\
        when = { tiers = [\"2\"] }\n\n[[layer.schedule]]\nwhen = { tiers = [\"3\"] }",
        "[[layer.schedule]]", "expected 1 to 50 [[layer.schedule.band]]"),
    ("own_factor = \"60%\"", "own_factor = \"60%\"\nfactor = \"110%\"", "[[layer.adjust]]",
        "expected at most one of points, factor, own_factor and rate"),
    ("rate = \"50%\"\nsource = \"第十一条\"", "rate = \"50%\"\npoints = \"1%\"\nsource = \"x\"",
        "[[layer.adjust]]", "expected at most one of points, factor, own_factor and rate"),
    ("rate = \"50%\"\nsource = \"第十一条\"", "rate = \"50%\"\nmax_rate = \"60%\"\nsource = \"x\"",
        "[[layer.adjust]]", "expected points, factor or own_factor beside max_rate"),
    ("rate = \"50%\"\nsource = \"第十一条\"", "source = \"x\"", "[[layer.adjust]]",
        "expected points, factor, own_factor, rate, deductible_factor, cap_plus or no_cap"),
    ("factor = \"110%\"", "factor = \"110%\"\ncap_plus = \"1\"", "[[layer.adjust]]",
        "expected no deductible_factor, cap_plus or no_cap beside lines"),
    ("factor = \"110%\"", "factor = \"110%\"\ndeductible_factor = \"1%\"", "[[layer.adjust]]",
        "expected no deductible_factor, cap_plus or no_cap beside lines"),
    ("name = \"tcm\"\nlines = [\"tcm\"]", "name = \"tcm\"\nlines = [\"herbs\"]", "\"herbs\"",
        "expected \"others\" or the name of a [[lines]]"),
    ("name = \"tcm\"\nlines = [\"tcm\"]", "name = \"tcm\"\nlines = []", "[]",
        "expected at least one value"),
    ("name = \"away\"", "name = \"异地\"", "\"异地\"", "expected 1 to 32 characters of [a-z0-9_]"),
    ("name = \"away\"", "name = \"tcm\"", "[[layer.adjust]]",
        "expected the row without conditions to be the last of its name"),
    ("no_cap = true", "no_cap = \"yes\"", "\"yes\"", "invalid type"),
];

#[test]
fn bands_and_adjustments_are_checked() {
    all_refused(BANDS);
    let band = |yuan: i64| {
        let to = yuan + 1;
        format!(
            "[[layer.schedule.band]]\nfrom = \"{yuan}\"\nto = \"{to}\"\nrate = \"1%\"\n\
             source = \"x\"\n"
        )
    };
    let bands = (30_000..30_050).map(band).collect::<String>();
    let last = "[[layer.schedule.band]]\nfrom = \"30000\"\nrate = \"85%\"\nassumed = \"rates\"\n";
    refused(
        EVERY,
        last,
        &bands,
        "[[layer.schedule]]",
        "expected 1 to 50 [[layer.schedule.band]]",
    );
    let adjust = |number: usize| {
        format!("[[layer.adjust]]\nname = \"a{number}\"\npoints = \"1%\"\nsource = \"x\"\n")
    };
    let adjusts = (0..17).map(adjust).collect::<String>() + "[[layer.floor]]";
    refused(
        EVERY,
        "[[layer.floor]]",
        &adjusts,
        "[[layer.adjust]]",
        "at most 16 names of adjust",
    );
}

#[rustfmt::skip]
const CAPS: &[Case] = &[
    ("on = \"expense\"", "on = \"expenses\"", "\"expenses\"", "`fund` or `expense`"),
    ("per = \"month\"", "per = \"week\"", "\"week\"", "expected one of `year`, `quarter`, `month`"),
    ("none = true", "none = false", "[[layer.cap]]",
        "expected either yuan, or figure and rate, or"),
    ("none = true", "none = true\nyuan = \"1\"", "[[layer.cap]]",
        "expected either yuan, or figure"),
    ("rate = \"900%\"\n", "", "[[layer.cap]]", "expected either yuan, or figure and rate, or none"),
    ("when = { groups = [\"destitute\"] }\non = \"fund\"\nnone = true",
        "on = \"fund\"\nnone = true",
        "[[layer.cap]]", "expected the cap without conditions to be the last of its kind"),
    ("bucket = \"chronic_all\"", "bucket = \"basic\"", "[[layer.cap]]",
        "expected a bucket that no other layer's rule and no alternative has"),
    ("bucket = \"chronic_all\"", "bucket = \"门诊\"", "\"门诊\"", "expected 1 to 32 characters of"),
    ("per = \"year\"\nincentive", "per = \"quarter\"\nincentive", "[[layer.cap]]",
        "expected incentive at a yearly cap on = \"fund\" without a bucket"),
    ("per = \"year\"\nincentive", "bucket = \"own\"\nincentive", "[[layer.cap]]",
        "expected incentive at a yearly cap on = \"fund\" without a bucket"),
    ("per = \"year\"\nincentive", "per_disease = true\nincentive", "[[layer.cap]]",
        "expected incentive at a yearly cap on = \"fund\" without a bucket"),
    ("on = \"fund\"\nyuan = \"100000\"", "on = \"expense\"\nyuan = \"100000\"", "[[layer.cap]]",
        "expected incentive at a yearly cap on = \"fund\" without a bucket"),
    ("after_years = 4", "after_years = 201", "[[layer.cap]]",
        "expected after_years of at most 200"),
    ("max_share = \"20%\"", "max_share = \"101%\"", "\"101%\"", "expected a rate from 0% to 100%"),
    ("per_further_disease = \"500\"", "per_further_disease = \"-500\"", "\"-500\"",
        "expected yuan"),
    ("of = \"net\"", "of = \"rest\"", "\"rest\"", "expected one of `base`, `net`, `total`"),
    ("when = { tiers = [\"3\"] }\nrate = \"75%\"\nof", "rate = \"75%\"\nof", "[[layer.floor]]",
        "expected the row without conditions to be the last: this one never counts"),
];

#[test]
fn caps_and_floors_are_checked() {
    all_refused(CAPS);
    // What raises a cap needs one it can raise.
    let message = "expected cap_plus and no_cap beside a yearly cap of this layer on = \"fund\"";
    let of_stay = "yuan = \"100000\"\nper = \"stay\"";
    let cap = "yuan = \"100000\"\nper = \"year\"\nincentive = { after_years = 4, per_year = \
               \"1000\", zero_claim = \"500\", max_share = \"20%\" }";
    let open = "[[layer.cap]]\nwhen = { groups = [\"destitute\"] }\non = \"fund\"\nnone = true\n\
                source = \"第十三条\"\n";
    let text = EVERY.replace(open, "");
    refused(&text, cap, of_stay, "[[layer.adjust]]", message);
    let text = text.replace("cap_plus = \"20000\"\n", "");
    refused(&text, cap, of_stay, "[[layer.adjust]]", message);
}
