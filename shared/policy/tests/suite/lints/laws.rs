//! What holds of random packages: where no gap is told, no claim falls into one; two packages are
//! compared, whatever they say.

use crate::slow::random::{Dice, package, person};
use policy::{Claim, Finding, Lint, Package, diff, lint, settle};
use toml::Table;

const SEED: u64 = 20_250_711;
const CASES: u64 = 6;
const CLAIMS: usize = 12;

/// A random package and claims of it.
fn case(number: u64) -> Option<(Package, Vec<Claim>)> {
    let mut dice = Dice::of(SEED, number);
    let root = package(&mut dice);
    let text = toml::to_string(&root).unwrap();
    let parsed = Package::parse("random.toml", &text).ok()?;
    let mut claims = Vec::new();
    for _ in 0..CLAIMS {
        let mut facts: Table = person(&mut dice, &root).next_claim(&mut dice, &root);
        facts.remove("expect");
        claims.extend(parsed.case("claim.toml", &toml::to_string(&facts).unwrap()));
    }
    Some((parsed, claims))
}

#[test]
fn no_claim_falls_into_a_gap_that_is_not_told() {
    let mut fallen = 0;
    for number in 0..CASES {
        let Some((package, claims)) = case(number) else {
            continue;
        };
        let told = lint(&package).iter().any(|lint| lint.code == Lint::NO_RATE);
        let falls = |claim: &&Claim| {
            let findings = settle(&package, claim).findings;
            findings
                .iter()
                .any(|finding| finding.code == Finding::NO_RATE)
        };
        let falling = claims.iter().filter(falls).count();
        assert!(told || falling == 0, "{number}: {falling} claims");
        fallen += falling;
    }
    assert!(fallen > 0, "only {fallen} claims");
}

#[test]
fn random_packages_are_compared() {
    let packages: Vec<Package> = (0..20)
        .filter_map(|n| case(n).map(|(package, _)| package))
        .collect();
    for pair in packages.windows(2) {
        assert_ne!(diff(&pair[0], &pair[1]).changes, vec![]);
        assert_eq!(diff(&pair[0], &pair[0]).changes, vec![]);
    }
}
