//! 条件: section 3 of the format document, one `if` per key.

use super::claim::Claim;
use super::read::*;

/// True when every condition that is written holds.
pub fn holds(package: &Row, when: Option<&Row>, claim: &Claim) -> bool {
    let Some(when) = when else {
        return true;
    };
    when.keys().all(|key| one_holds(package, when, key, claim))
}

/// The first row of a table whose `when` holds.
pub fn first<'a>(package: &Row, rows: Vec<&'a Row>, claim: &Claim) -> Option<&'a Row> {
    let holds = |line: &&Row| holds(package, row(line, "when"), claim);
    rows.into_iter().find(holds)
}

fn one_holds(package: &Row, when: &Row, key: &str, claim: &Claim) -> bool {
    let listed = |value: &str| {
        let list = texts(when, key).unwrap();
        assert!(!list.is_empty(), "{key}: a list of nothing");
        list.contains(&value)
    };
    let any_listed = |values: &[String]| values.iter().any(|value| listed(value));
    match key {
        "not" => !holds(package, row(when, key), claim),
        "care" => listed(&claim.care),
        "tiers" => listed(&claim.tier),
        "kinds" => listed(&claim.kind),
        "places" => listed(&claim.place),
        "filing" => listed(&claim.filing),
        "contracted" => flag(when, key).unwrap() == claim.contracted,
        "groups" => {
            let named = rows(package, "group");
            let mut named = named
                .into_iter()
                .filter(|group| listed(name(group, "name")));
            named.any(|group| {
                let identities = words(group, "identities");
                identities.iter().any(|one| claim.identities.contains(one))
            })
        }
        "persons" => claim.person.as_deref().is_some_and(listed),
        "ages" => {
            let ages = row(when, key).unwrap();
            let from = whole(ages, "from").unwrap_or(0);
            let to = whole(ages, "to").unwrap_or(i128::MAX);
            claim.age.is_some_and(|age| from <= age && age <= to)
        }
        "covered_by" => any_listed(&claim.covered_by),
        // The first is the one the claim is for.
        "diseases" => claim
            .diseases
            .first()
            .is_some_and(|disease| listed(disease)),
        "diagnoses" => {
            let beginnings = texts(when, key).unwrap();
            let begins = |code: &str| beginnings.iter().any(|start| code.starts_with(start));
            claim.diagnosis.as_deref().is_some_and(begins)
        }
        "same_year" => {
            let same = year_month_date(&claim.applied).0 == year_month_date(&claim.day).0;
            flag(when, key).unwrap() == same
        }
        other => panic!("{other} is no condition of section 3"),
    }
}
