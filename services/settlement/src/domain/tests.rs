//! What was stored before a fact was asked for still reads, and means what it meant.

use super::*;
use crate::catalogue::{Catalogue, Item};

/// Evidence as it was stored before place, referral and all that came with them.
pub(super) const OLD: &str = r#"{
    "bill": {
        "person": "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f", "institution": "H15250100001",
        "visit": "V1", "scheme": "390", "med_type": "21",
        "begin": "2017-03-01", "end": "2017-03-10", "diagnosis": "J18.900",
        "lines": [{"number": 1, "item": "D-A", "unit_price": 1000000, "quantity": 10000,
            "amount": 100}]
    },
    "member": {
        "person": "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f", "version": 3, "scheme": "390",
        "as_of": "2017-03-10", "eligible": true, "reason": null, "identities": ["2303"]
    },
    "findings": [], "tier": "2", "kind": "A1", "accumulators": {}
}"#;

#[test]
fn older_evidence_reads() {
    let evidence: Evidence = serde_json::from_str(OLD).unwrap();
    assert_eq!(
        (evidence.place, evidence.contracted),
        (Place::District, true)
    );
    let (bill, member) = (&evidence.bill, &evidence.member);
    assert_eq!(
        (bill.filing, bill.decided, bill.third_party),
        (Filing::None, None, None)
    );
    assert_eq!((&bill.diseases, bill.household_income), (&vec![], None));
    assert_eq!(
        (bill.lines[0].approval, bill.lines[0].day),
        (Approval::Unsaid, None)
    );
    assert_eq!((member.birth, member.continuous_years), (None, 0));
    assert_eq!((&member.person_type, &evidence.past), (&None, &None));
    assert!(member.covered_by.is_empty() && member.insured_years.is_empty());
    // What is stored today reads as what it was.
    let again = serde_json::to_string(&evidence).unwrap();
    assert_eq!(serde_json::from_str::<Evidence>(&again).unwrap(), evidence);
}

#[test]
fn nothing_changed_is_the_same_evidence() {
    let evidence: Evidence = serde_json::from_str(OLD).unwrap();
    assert_eq!(evidence.changed(&Change::default()), evidence);
}

#[test]
fn what_a_catalogue_says_of_marks_is_in_its_digest() {
    let old = r#"{"code": "D-A", "name": "甲类药", "class": "01", "first_pay": 0, "limits": {"2": 18},
        "ethnic_medicine": false}"#;
    let item: Item = serde_json::from_str(old).unwrap();
    let id = CatalogueId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f").unwrap();
    let first_day = Day::parse("2016-01-01").unwrap();
    let digest = |item: Item| Catalogue::new(id, first_day, vec![item]).digest();

    let mut digester = Digester::new();
    for part in ["2016-01-01", "D-A", "甲类药", "01"] {
        digester.part(part.as_bytes());
    }
    digester.number(0).number(0).part(b"2").number(18);
    assert_eq!(
        digest(item.clone()),
        digester.finish(),
        "versions published before keep theirs"
    );

    let restricted = Item {
        restricted: true,
        ..item.clone()
    };
    let marked = Item {
        marks: [kernel::ItemMark::Targeted].into(),
        ..item.clone()
    };
    let all = [digest(item), digest(restricted), digest(marked)];
    assert_eq!(std::collections::BTreeSet::from(all).len(), 3);
}
