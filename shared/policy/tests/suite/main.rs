//! The crate as its users see it: packages in, settlements out.

mod answers;
mod builtin;
mod errors;
mod laws;
mod second;
mod subsidies;
mod vectors;

use kernel::*;
use policy::{Accumulators, Claim, ClaimFacts, Library, Line, Package, Settlement};
use std::sync::Arc;

/// The text of the package of Erenhot.
pub const ERENHOT: &str = include_str!("../../packages/152501/2017-01-01.toml");

/// The package of Erenhot.
pub fn erenhot() -> Arc<Package> {
    let library = Library::builtin().unwrap();
    library.packages().next().unwrap().clone()
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
        ethnic_medicine: false,
        denied: None,
    }
}

/// An ordinary person's stay in a general hospital of tier 3, of these lines.
pub fn stay(lines: Vec<Line>) -> ClaimFacts {
    ClaimFacts {
        day: Day::new(2017, 5, 10).unwrap(),
        scheme: Scheme::Resident,
        med_type: MedType::Inpatient,
        tier: InstitutionTier::Third,
        kind: InstitutionKind::General,
        identities: vec![],
        payable: true,
        not_payable_reason: None,
        lines,
        accumulators: Accumulators::default(),
    }
}

/// Settles and checks the identities.
pub fn settled(package: &Package, facts: ClaimFacts) -> Settlement {
    let settlement = policy::settle(package, &Claim::new(facts).unwrap());
    assert_eq!(settlement.check(), Ok(()));
    settlement
}

/// What the layer of this rule pays.
pub fn paid(settlement: &Settlement, rule: &str) -> Fen {
    let share = settlement.shares.iter().find(|share| share.rule == rule);
    share.unwrap().paid
}
