//! 余额与累计: what nobody has paid yet of a bill, part by part, and what the year has used, while
//! layer after layer is priced. It moves amounts; it decides none.

use crate::accumulators::Accumulators;
use crate::claim::{AccountFacts, ClaimFacts};
use crate::package::Slots;
use crate::schedule::divide;
use crate::terms::{Counter, Draw, POTS, Per, Pots};
use kernel::Fen;
use std::sync::Arc;

/// Layers of one package at most, those of alternatives not counted.
pub(crate) const LAYERS_MAX: usize = 20;

/// What is left of a bill, and what each layer paid or cut.
#[derive(Clone)]
pub(crate) struct Till {
    rest: [Fen; POTS],
    /// What a cap of the layer kept from being paid.
    pub cuts: [Fen; LAYERS_MAX],
    pub paid: [Fen; LAYERS_MAX],
    /// 当年, 历年, 共济.
    account: [Fen; 3],
}

impl Till {
    pub fn new(whole: [Fen; POTS], facts: &ClaimFacts) -> Till {
        let account = &facts.account;
        Till {
            rest: whole,
            cuts: [Fen::ZERO; LAYERS_MAX],
            paid: [Fen::ZERO; LAYERS_MAX],
            account: [account.current, account.past, account.shared],
        }
    }

    /// What is left in these pots.
    pub fn rest(&self, pots: Pots) -> Fen {
        pots.iter().map(|pot| self.pot(pot)).sum()
    }

    /// What is left in one pot.
    pub fn pot(&self, pot: usize) -> Fen {
        self.rest.get(pot).copied().unwrap_or_default()
    }

    /// Takes what was paid from the pots, in proportion to what is left in them.
    pub fn take(&mut self, pots: Pots, paid: Fen) {
        if paid == Fen::ZERO {
            return;
        }
        let before = self.rest;
        let left = pots
            .iter()
            .map(|pot| before.get(pot).copied().unwrap_or_default());
        for (pot, part) in pots.iter().zip(divide(paid, left)) {
            if let Some(rest) = self.rest.get_mut(pot) {
                *rest -= part;
            }
        }
    }

    /// What the account has left for these draws.
    pub fn balance(&self, draws: &[Draw]) -> Fen {
        draws
            .iter()
            .filter_map(|draw| self.account.get(*draw as usize))
            .copied()
            .sum()
    }

    /// What is left of each part of the account.
    pub fn account(&self) -> AccountFacts {
        let [current, past, shared] = self.account;
        AccountFacts {
            current,
            past,
            shared,
        }
    }

    /// Everything the account has left.
    pub fn whole_balance(&self) -> Fen {
        self.account.iter().copied().sum()
    }

    /// Draws from the account in the order of the draws; answers what a relative's account paid.
    pub fn draw(&mut self, draws: &[Draw], paid: Fen) -> Fen {
        let (mut left, mut shared) = (paid, Fen::ZERO);
        for draw in draws {
            if let Some(balance) = self.account.get_mut(*draw as usize) {
                let drawn = left.min(*balance);
                *balance -= drawn;
                left -= drawn;
                if *draw == Draw::Shared {
                    shared += drawn;
                }
            }
        }
        shared
    }
}

impl Counter {
    /// Whether a claim may give it this name.
    pub fn may_be(&self, name: &str, slots: &Slots) -> bool {
        match self {
            Counter::Slot(slot) => slots.name(*slot) == name,
            Counter::Named {
                stem,
                per_disease,
                per,
                unit,
            } => {
                let middle = name.strip_prefix(&**stem);
                let middle = middle.and_then(|rest| rest.strip_suffix(*unit)?.strip_suffix('.'));
                middle.is_some_and(|middle| fits(middle, *per_disease, *per))
            }
        }
    }
}

/// A disease and a period between stem and unit.
fn fits(middle: &str, per_disease: bool, per: Per) -> bool {
    let (disease, period) = match per {
        Per::Quarter | Per::Month => match middle.rsplit_once('-') {
            Some((disease, period)) => (disease, period),
            None => return false,
        },
        Per::Year | Per::Stay | Per::Day => (middle, ""),
    };
    let number = |from: &str, most: u32| {
        let number = period
            .strip_prefix(from)
            .and_then(|digits| digits.parse().ok());
        number.is_some_and(|number: u32| (1..=most).contains(&number))
    };
    let timed = match per {
        Per::Quarter => period.len() == 2 && number("q", 4),
        Per::Month => period.len() == 3 && number("m", 12),
        Per::Year | Per::Stay | Per::Day => true,
    };
    let told = match disease.strip_prefix('.') {
        Some(code) => per_disease && (code == "-" || kernel::DiseaseCode::parse(code).is_ok()),
        None => !per_disease && disease.is_empty(),
    };
    timed && told
}

/// The year's accumulators while a claim is priced: those before it and its own deltas.
#[derive(Clone)]
pub(crate) struct Books<'a> {
    facts: &'a ClaimFacts,
    slots: &'a Slots,
    deltas: Vec<i64>,
    /// Those whose names depend on the claim.
    named: Vec<(Arc<str>, i64)>,
}

impl<'a> Books<'a> {
    pub fn new(facts: &'a ClaimFacts, slots: &'a Slots) -> Books<'a> {
        Books {
            facts,
            slots,
            deltas: vec![0; slots.len()],
            named: Vec::new(),
        }
    }

    /// What was used so far, this claim included.
    pub fn used(&self, counter: &Counter) -> Fen {
        match counter {
            Counter::Slot(slot) => {
                let delta = self.deltas.get(*slot).copied().unwrap_or(0);
                match self.facts.accumulators.is_empty() {
                    true => Fen(delta),
                    false => {
                        let before = self.facts.accumulators.get(self.slots.name(*slot));
                        Fen(before.saturating_add(delta))
                    }
                }
            }
            Counter::Named { .. } => {
                let name = self.name(counter);
                let own = self.named.iter().find(|(entry, _)| **entry == *name);
                let before = self.facts.accumulators.get(&name);
                Fen(before.saturating_add(own.map_or(0, |(_, delta)| *delta)))
            }
        }
    }

    /// Adds to what was used.
    pub fn add(&mut self, counter: &Counter, amount: Fen) {
        if amount == Fen::ZERO {
            return;
        }
        match counter {
            Counter::Slot(slot) => {
                if let Some(delta) = self.deltas.get_mut(*slot) {
                    *delta = delta.saturating_add(amount.0);
                }
            }
            Counter::Named { .. } => {
                let name = self.name(counter);
                match self.named.iter_mut().find(|(entry, _)| **entry == *name) {
                    Some((_, delta)) => *delta = delta.saturating_add(amount.0),
                    None => self.named.push((name.into(), amount.0)),
                }
            }
        }
    }

    /// The deltas of the claim.
    pub fn deltas(self) -> Accumulators {
        let Books {
            slots,
            deltas,
            named,
            ..
        } = self;
        let mut entries = Vec::with_capacity(slots.len() + named.len());
        for slot in slots.order() {
            let delta = deltas.get(*slot).copied().unwrap_or(0);
            if delta != 0 {
                entries.push((slots.shared_name(*slot), delta));
            }
        }
        if !named.is_empty() {
            entries.extend(named.into_iter().filter(|(_, delta)| *delta != 0));
            entries.sort_unstable();
        }
        Accumulators::in_order(entries)
    }

    fn name(&self, counter: &Counter) -> String {
        let Counter::Named {
            stem,
            per_disease,
            per,
            unit,
        } = counter
        else {
            return String::new();
        };
        let mut name = stem.to_string();
        if *per_disease {
            let disease = self.facts.diseases.first();
            name.push('.');
            name.push_str(disease.map_or("-", |disease| disease.as_str()));
        }
        let month = self.facts.day.month();
        match per {
            Per::Quarter => name.push_str(&format!("-q{}", month.div_ceil(3))),
            Per::Month => name.push_str(&format!("-m{month:02}")),
            Per::Year | Per::Stay | Per::Day => {}
        }
        name.push('.');
        name.push_str(unit);
        name
    }
}
