//! Laws of every settlement, whatever the package says: tried on random person-years, each a
//! random package and five claims of one person by it, one after another. A person-year that
//! breaks a law is printed small, with its seed.
//!
//! The suite tries a few hundred person-years of each law. The long form tries as many times more
//! as a variable says, from another seed if one is given:
//!
//! ```text
//! YIBAO_POLICY_CASES=100 cargo test --release -p policy --test suite -- laws
//! YIBAO_POLICY_CASES=100 YIBAO_POLICY_SEED=7 cargo test --release -p policy --test suite -- laws
//! ```

mod answers;
mod caps;
mod cliffs;
mod fen;
mod telescope;

use crate::slow::random::{self, Dice};
use crate::slow::read::Row;
use crate::slow::shrink::shrink;
use policy::{Accumulators, Claim, Package, Settlement, settle};
use toml::Value;

const CLAIMS_OF_A_YEAR: usize = 5;
/// A package that breaks a law is made smaller at most so often.
const SHRINK_TRIES: usize = 5_000;

/// A package and what a person claims by it within a year.
struct Year {
    /// The package without examples.
    table: Row,
    package: Package,
    claims: Vec<Claim>,
}

impl Year {
    /// Reads a package and its examples; or says why it is none.
    fn read(table: &Row, examples: &Row) -> Result<Year, String> {
        let mut whole = table.clone();
        whole.extend(examples.clone());
        let text = toml::to_string(&whole).unwrap();
        let package = Package::parse("random", &text).map_err(|error| error.to_string())?;
        let claims = package
            .examples()
            .iter()
            .map(|example| example.claim().clone());
        Ok(Year {
            table: table.clone(),
            claims: claims.collect(),
            package,
        })
    }

    /// Settles the claims one after another, each after what the ones before it used.
    fn settled(&self) -> Vec<(Claim, Settlement)> {
        let mut used = self
            .claims
            .first()
            .map_or_else(Accumulators::default, |claim| claim.accumulators().clone());
        let mut done = vec![];
        for claim in &self.claims {
            let claim = after(claim, &used);
            let settlement = settle(&self.package, &claim);
            used = used.plus(&settlement.deltas);
            done.push((claim, settlement));
        }
        done
    }
}

/// The same claim when so much was used before it.
fn after(claim: &Claim, used: &Accumulators) -> Claim {
    let mut facts = claim.facts().clone();
    facts.accumulators = used.clone();
    Claim::new(facts).unwrap()
}

/// What a random package and a year of examples become before the law is tried.
type Change = fn(&mut Dice, &mut Row, &mut Row);

/// As it came.
fn any(_: &mut Dice, _: &mut Row, _: &mut Row) {}

/// Tries the law on so many person-years; how many of them had something to say of it is what
/// `holds` counts.
fn law(years: u64, change: Change, holds: impl Fn(&Year) -> Result<(), String>) {
    let number = |name: &str, default| match std::env::var(name) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => default,
    };
    let seed = number("YIBAO_POLICY_SEED", 20_200_101);
    for case in 0..years * number("YIBAO_POLICY_CASES", 1) {
        let (table, examples) = draw(seed, case, change);
        let broken = |table: &Row, examples: &Row| {
            let year = Year::read(table, examples).ok()?;
            if year.claims.is_empty() {
                return None;
            }
            holds(&year).err()
        };
        if let Err(refusal) = Year::read(&table, &examples) {
            panic!(
                "seed {seed}, case {case}: {refusal}\n{}",
                written(&table, &examples)
            );
        }
        if broken(&table, &examples).is_some() {
            let pair = (table, examples);
            let still = |table: &Row, examples: &Row| broken(table, examples).is_some();
            let (table, examples) = shrink(pair, SHRINK_TRIES, still);
            let why = broken(&table, &examples).unwrap();
            panic!(
                "seed {seed}, case {case}: {why}\n{}",
                written(&table, &examples)
            );
        }
    }
}

/// The package and the examples of one case.
fn draw(seed: u64, case: u64, change: Change) -> (Row, Row) {
    let mut dice = Dice::of(seed, case);
    let mut table = random::package(&mut dice);
    let mut person = random::person(&mut dice, &table);
    let claims = (1..=CLAIMS_OF_A_YEAR).map(|number| {
        let mut claim = person.next_claim(&mut dice, &table);
        claim.insert("name".to_string(), format!("第{number}笔").into());
        claim.insert("source".to_string(), "随机".into());
        claim
    });
    let claims: Vec<Row> = claims.collect();
    let mut examples = Row::new();
    examples.insert("example".to_string(), claims.into());
    change(&mut dice, &mut table, &mut examples);
    (table, examples)
}

/// The tables of an array, to be changed.
fn tables<'a>(table: &'a mut Row, key: &str) -> impl Iterator<Item = &'a mut Row> {
    let array = table.get_mut(key).and_then(Value::as_array_mut);
    array.into_iter().flatten().filter_map(Value::as_table_mut)
}

fn written(table: &Row, examples: &Row) -> String {
    let mut whole = table.clone();
    whole.extend(examples.clone());
    toml::to_string(&whole).unwrap()
}
