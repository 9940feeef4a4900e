//! Bills held against filings, by day, disease, kind and institution.

use crate::domain::tests::OLD;
use crate::domain::{Bill, BillLine, Evidence, FiledDisease, Member};
use kernel::{Day, DiseaseCode, FilingId, FilingKind, InstitutionCode, MedType, Period};

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// A disease filed from one day to another at these institutions.
fn filed(disease: &str, days: (&str, &str), fixed: &[&str]) -> FiledDisease {
    FiledDisease {
        filing: FilingId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f").unwrap(),
        kind: FilingKind::Chronic,
        disease: DiseaseCode::parse(disease).unwrap(),
        period: Period::inclusive(day(days.0), day(days.1)).unwrap(),
        institutions: fixed
            .iter()
            .map(|code| InstitutionCode::parse(code).unwrap())
            .collect(),
    }
}

const HERE: &str = "H15250100001";
const THERE: &str = "H15250100002";

/// A bill of 1 to 10 March 2017 with fees of these days, of somebody with these filings.
fn of(care: &str, diseases: &[&str], fees: &[&str], filings: Vec<FiledDisease>) -> (Bill, Member) {
    let Evidence {
        mut bill,
        mut member,
        ..
    } = serde_json::from_str(OLD).unwrap();
    bill.med_type = MedType::parse(care).unwrap();
    let code = |code: &&str| DiseaseCode::parse(code).unwrap();
    bill.diseases = diseases.iter().map(code).collect();
    let line = bill.lines[0].clone();
    let fee = |fee: &&str| BillLine {
        day: Day::parse(fee).ok(),
        ..line.clone()
    };
    bill.lines = fees.iter().map(fee).collect();
    member.filed_diseases = Some(filings);
    (bill, member)
}

const ALL: (&str, &str) = ("2017-01-01", "2017-12-31");
const MISSING: &str = "CHRONIC_QUALIFICATION_MISSING";
const NOT_FIXED: &str = "CHRONIC_INSTITUTION_NOT_FIXED";

fn answer((bill, member): &(Bill, Member)) -> String {
    let no = bill.is_filed(member).err();
    no.map_or_else(String::new, |no| no.code.to_string())
}

/// What it is called, the days of its fees, who is filed with what, and the answer.
type Row = (
    &'static str,
    &'static [&'static str],
    Vec<FiledDisease>,
    &'static str,
);

#[rustfmt::skip]
fn fees_and_filings() -> Vec<Row> {
    let (march, late) = (("2017-03-01", "2017-03-09"), ("2017-03-05", "2017-12-31"));
    let early = ("2017-03-01", "2017-03-04");
    let moved = || vec![filed("M1", early, &[THERE]), filed("M1", late, &[HERE])];
    vec![
        ("nobody filed", &[""], vec![], MISSING),
        ("filed", &[""], vec![filed("M1", ALL, &[])], ""),
        ("another disease", &[""], vec![filed("M2", ALL, &[])], MISSING),
        ("over on the last day", &[""], vec![filed("M1", march, &[])], MISSING),
        ("over, but not on the fee's day", &["2017-03-09"], vec![filed("M1", march, &[])], ""),
        ("one fee before it began", &["2017-03-04", "2017-03-05"],
            vec![filed("M1", late, &[])], MISSING),
        ("filed twice, one after the other", &["2017-03-04", "2017-03-05"],
            vec![filed("M1", early, &[]), filed("M1", late, &[])], ""),
        // The visit began on 1 March: neither what is filed then nor what is not covers a fee of before.
        ("before the visit, not filed yet", &["2016-12-31"], vec![filed("M1", ALL, &[])], MISSING),
        ("before the visit, filed then", &["2017-02-28", "2017-03-01"],
            vec![filed("M1", ALL, &[])], ""),
        ("fixed here by one filing and elsewhere by another", &[""],
            vec![filed("M1", ALL, &[THERE]), filed("M1", ALL, &[HERE])], ""),
        ("fixed here", &[""], vec![filed("M1", ALL, &[THERE, HERE])], ""),
        ("fixed elsewhere", &[""], vec![filed("M1", ALL, &[THERE])], NOT_FIXED),
        ("moved here on the fifth", &["2017-03-05"], moved(), ""),
        ("moved here on the fifth, and a fee of before", &["2017-03-04", "2017-03-05"],
            moved(), NOT_FIXED),
    ]
}

#[test]
fn each_fee_needs_a_filing_on_its_own_day() {
    for (name, fees, filings, expected) in fees_and_filings() {
        assert_eq!(
            answer(&of("14", &["M1"], fees, filings)),
            expected,
            "{name}"
        );
    }
}

/// A stay counts on its last day, wherever it was; other care needs the diseases that it names.
#[test]
fn what_care_needs() {
    let late = ("2017-03-05", "2017-12-31");
    let elsewhere = || vec![filed("M1", late, &[THERE])];
    let named: &[&str] = &["M1"];
    assert_eq!(answer(&of("21", named, &["2017-03-01"], elsewhere())), "");
    assert_eq!(answer(&of("21", named, &[""], vec![])), MISSING);
    assert_eq!(answer(&of("21", &[], &[""], vec![])), "");
    assert_eq!(answer(&of("11", &[], &[""], vec![])), "");
    assert_eq!(answer(&of("11", named, &[""], vec![])), MISSING);
    assert_eq!(answer(&of("11", named, &[""], elsewhere())), NOT_FIXED);
    assert_eq!(answer(&of("14", &[], &[""], elsewhere())), "INVALID_FIELD");
}

/// 两病 is not 慢特病, and 慢特病 not 两病.
#[test]
fn kinds_are_told_apart() {
    let chronic = || vec![filed("M1", ALL, &[])];
    let two = || {
        let mut all = chronic();
        all[0].kind = FilingKind::TwoDiseases;
        all
    };
    assert_eq!(answer(&of("9901", &["M1"], &[""], two())), "");
    assert_eq!(answer(&of("9901", &["M1"], &[""], chronic())), MISSING);
    assert_eq!(answer(&of("14", &["M1"], &[""], two())), MISSING);
}

/// Diseases besides the bill's own raise a cap: they must be filed, at whichever institution.
#[test]
fn further_diseases_are_filed_too() {
    let own = filed("M1", ALL, &[HERE]);
    let both = vec![own.clone(), filed("M2", ALL, &[THERE])];
    assert_eq!(answer(&of("14", &["M1", "M2"], &[""], both)), "");
    let bill = of("14", &["M1", "M2"], &[""], vec![own]);
    let no = bill.0.is_filed(&bill.1).unwrap_err();
    assert_eq!(no.code, MISSING);
    assert_eq!(no.field.as_deref(), Some("claim.disease_codes[1]"));
}

/// Whom no fund pays for is told that; what was stored before filings were recorded stays.
#[test]
fn what_is_not_asked() {
    let mut bill = of("14", &["M1"], &[""], vec![]);
    bill.1.eligible = false;
    assert_eq!(answer(&bill), "");
    let mut bill = of("14", &["M1"], &[""], vec![]);
    bill.1.filed_diseases = None;
    assert_eq!(answer(&bill), "");
}
