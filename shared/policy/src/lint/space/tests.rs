//! Boxes against brute force: every person of a small world, every condition that a small world has.

use super::super::region::crossed;
use super::Space;
use crate::claim::ClaimFacts;
use crate::package::Place;
use crate::terms::{Clause, Group, When};
use kernel::{Day, IdentityKind, InstitutionKind, InstitutionTier, MedType, Scheme};
use std::sync::Arc;

const CASES: usize = 3_000;
const IDENTITIES: [IdentityKind; 3] = [
    IdentityKind::MinimumLiving,
    IdentityKind::ExtremelyPoor,
    IdentityKind::DisabledVeteran,
];
const CARE: [MedType; 3] = [MedType::Inpatient, MedType::Outpatient, MedType::Chronic];
const TIERS: [InstitutionTier; 3] = [
    InstitutionTier::Second,
    InstitutionTier::Third,
    InstitutionTier::First,
];
const AGES: [Option<u32>; 4] = [None, Some(5), Some(30), Some(70)];

/// A source of chances, the same on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn some<T: Clone>(&mut self, of: &[T]) -> Vec<T> {
        let first = self.below(of.len());
        let count = 1 + self.below(of.len());
        (0..count)
            .map(|step| of[(first + step) % of.len()].clone())
            .collect()
    }

    fn when(&mut self, groups: &[Arc<Group>], deep: bool) -> When {
        let mut when = When::default();
        for _ in 0..1 + self.below(2) {
            match self.below(if deep { 5 } else { 4 }) {
                0 => when.care = self.some(&CARE[..2]),
                1 => when.tiers = self.some(&TIERS[..2]),
                2 => when.groups = self.some(groups),
                3 => when.ages = Some([(0, 17), (18, 59), (60, u32::MAX)][self.below(3)]),
                _ => when.not = Some(Box::new(self.when(groups, false))),
            }
        }
        when.open = when.is_open();
        when
    }
}

fn groups() -> Vec<Arc<Group>> {
    let group = |name: &str, identities: &[IdentityKind]| {
        Arc::new(Group {
            name: name.into(),
            title: name.into(),
            identities: identities.to_vec(),
            clause: Clause::new(Some("原文"), None),
            at: Place { line: 1, column: 1 },
        })
    };
    vec![
        group("poor", &IDENTITIES[..1]),
        group("destitute", &IDENTITIES[1..2]),
        group("both", &IDENTITIES[..2]),
    ]
}

/// Everybody: every care, tier, age and set of identities, the last of each in no condition.
fn world() -> Vec<ClaimFacts> {
    let day = Day::new(2020, 7, 1).unwrap();
    let mut people = Vec::new();
    for care in &CARE {
        for tier in &TIERS {
            for age in AGES {
                for held in 0..8 {
                    let plain = ClaimFacts::new(
                        day,
                        Scheme::Resident,
                        care.clone(),
                        tier.clone(),
                        InstitutionKind::General,
                        Vec::new(),
                    );
                    let has = |(index, _): &(usize, &IdentityKind)| held & (1 << index) != 0;
                    let identities = IDENTITIES.iter().enumerate().filter(has);
                    people.push(ClaimFacts {
                        age,
                        identities: identities.map(|(_, kind)| kind.clone()).collect(),
                        ..plain
                    });
                }
            }
        }
    }
    people
}

fn excepts_people(when: &When) -> bool {
    when.not.as_ref().is_some_and(|not| !not.groups.is_empty())
}

#[test]
fn rows_are_dead_and_gaps_are_open_exactly_where_brute_force_says_so() {
    let (groups, world, mut dice) = (groups(), world(), Dice(2_025));
    let (mut dead, mut alive, mut open, mut closed) = (0, 0, 0, 0);
    for case in 0..CASES {
        let layer = match dice.below(3) {
            0 => When {
                open: true,
                ..When::default()
            },
            _ => dice.when(&groups, true),
        };
        let rows: Vec<When> = (0..1 + dice.below(4))
            .map(|_| dice.when(&groups, true))
            .collect();
        let (last, earlier) = rows.split_last().unwrap();
        let space = Space::knowing(rows.iter().chain([&layer])).unwrap();
        let admitted = space.admitted(&layer);
        let is = |when: &When, facts: &ClaimFacts| when.admits(facts).is_some();

        let target = crossed(&admitted, &space.asked(last));
        let said = space.is_taken(&target, earlier.iter());
        let reaches = |facts: &&ClaimFacts| {
            is(&layer, facts) && is(last, facts) && !earlier.iter().any(|row| is(row, facts))
        };
        let reached = world.iter().find(reaches);
        // What is said to be dead is; what is dead is said, unless an exception for identities
        // stands in the way.
        assert!(
            !said || reached.is_none(),
            "{case}: {layer:?} {rows:?} {reached:?}"
        );
        let exact = !earlier.iter().any(excepts_people);
        assert!(
            said || reached.is_some() || !exact,
            "{case}: {layer:?} {rows:?}"
        );
        if said {
            dead += 1
        } else {
            alive += 1
        }

        let (left, _) = space.left(&admitted, rows.iter());
        let falls =
            |facts: &&ClaimFacts| is(&layer, facts) && !rows.iter().any(|row| is(row, facts));
        let alone = |facts: &&ClaimFacts| facts.identities.len() <= 1 && falls(facts);
        let fallen = world.iter().find(alone);
        assert!(
            fallen.is_none() || !left.is_empty(),
            "{case}: {layer:?} {rows:?} {fallen:?}"
        );
        for region in &left {
            let day = Day::new(2020, 7, 1).unwrap();
            let facts = space.claim(region, day, &Scheme::Resident, Vec::new());
            assert!(falls(&&facts), "{case}: {layer:?} {rows:?} {facts:?}");
        }
        if left.is_empty() {
            closed += 1
        } else {
            open += 1
        }
    }
    assert!(dead > 300 && alive > 300, "{dead} {alive}");
    assert!(open > 300 && closed > 30, "{open} {closed}");
}
