//! The crate as its users see it: packages in, settlements out.

mod answers;
mod builtin;
mod cases;
mod diffs;
mod errors;
mod fuzz;
mod keys;
mod laws;
mod lints;
mod readme;
mod second;
mod sentences;
mod slow;
mod subsidies;
mod vectors;
mod waiting;
mod what_if;
mod years;

use kernel::*;
use policy::{Claim, ClaimFacts, Library, Line, Package, Restriction, Settlement};
use std::sync::Arc;

/// The text of a place that is none: what its numbers are, no policy changes.
pub const PLACE: &str = include_str!("place.toml");

/// The package of that place.
pub fn place() -> Package {
    Package::parse("place.toml", PLACE).unwrap()
}

/// The text of the package of Erenhot.
pub const ERENHOT: &str = include_str!("../../packages/152501/2017-01-01.toml");

/// The package of Erenhot.
pub fn erenhot() -> Arc<Package> {
    let library = Library::builtin().unwrap();
    let area = AreaCode::parse("152501").unwrap();
    let day = Day::new(2017, 5, 10).unwrap();
    library
        .select(&area, &Scheme::Resident, day)
        .unwrap()
        .clone()
}

/// A variant of its text.
pub fn variant(from: &str, to: &str) -> Package {
    assert!(ERENHOT.contains(from), "{from}");
    Package::parse("variant", &ERENHOT.replace(from, to)).unwrap()
}

/// A line of class A of this amount.
pub fn line(number: u32, fen: i64) -> Line {
    Line {
        number,
        item: ItemCode::parse("A001").unwrap(),
        class: ItemClass::A,
        first_pay: Rate::ZERO,
        price_limit: None,
        unit_price: UnitPrice::fen(fen),
        quantity: Quantity::whole(1),
        amount: Fen(fen),
        marks: vec![],
        restriction: Restriction::None,
        day: None,
        denied: None,
    }
}

/// An ordinary person's stay in a general hospital of tier 3, of these lines.
pub fn stay(lines: Vec<Line>) -> ClaimFacts {
    let day = Day::new(2017, 5, 10).unwrap();
    let (tier, kind) = (InstitutionTier::Third, InstitutionKind::General);
    ClaimFacts::new(day, Scheme::Resident, MedType::Inpatient, tier, kind, lines)
}

/// Settles and checks the identities.
pub fn settled(package: &Package, facts: ClaimFacts) -> Settlement {
    let settlement = policy::settle(package, &Claim::new(facts).unwrap());
    assert_eq!(settlement.check(), Ok(()));
    settlement
}

/// What the layer of this rule pays.
pub fn paid(settlement: &Settlement, rule: &str) -> Fen {
    let share = settlement.shares.iter().find(|share| *share.rule == *rule);
    share.unwrap().paid
}
