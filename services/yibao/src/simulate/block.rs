//! 底稿块: the claims of some people, packed. What claims have in common stands once, so that a claim is
//! mostly small numbers; unpacked, it is exactly the claim that was priced.
//!
//! Kept is all that any package may look at: every line by itself, because first-pay rates and the
//! fen they are rounded to are a line's; what catalogue, prices and screening said of it; the person as
//! known then; and what was paid, by layer. Not kept: who the person is, and the visit's number.

use kernel::{Day, DiagnosisCode, Fen, Fund, Quantity, SettlementId, UnitPrice, VisitId};
use policy::{AccountFacts, Accumulators, ClaimFacts, Line, Payer};
use serde::{Deserialize, Serialize};
use settlement::year::{Saw, SettledClaim};
use std::collections::{BTreeMap, HashMap};

/// Claims of some people, and what they have in common.
#[derive(Default, Serialize, Deserialize)]
pub struct Block {
    /// 费用以外: what is the same of many claims.
    pub heads: Vec<ClaimFacts>,
    /// What catalogue, prices and screening say of a line.
    kinds: Vec<Line>,
    diagnoses: Vec<DiagnosisCode>,
    /// Layers that paid.
    pub layers: Vec<PaidLayer>,
    /// Each person's claims, in the order in which they were priced.
    pub people: Vec<Vec<Packed>>,
}

/// A layer that paid.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PaidLayer {
    /// 基金支付类型 (fund_pay_type).
    pub fund: Fund,
    /// 支付方.
    pub payer: Payer,
    /// 层代号.
    pub rule: String,
}

/// One claim.
#[derive(Serialize, Deserialize)]
pub struct Packed {
    /// 结算ID (setl_id).
    pub id: SettlementId,
    /// Its head among those of the block.
    pub head: u32,
    /// Days since 1900: of settlement, and before it of the beginning.
    day: u32,
    lasted: u32,
    decided: u32,
    diagnosis: Option<u32>,
    age: Option<u32>,
    income: Option<i64>,
    account: Option<[i64; 3]>,
    /// Kind, unit price and quantity.
    lines: Vec<(u32, i64, i64)>,
    /// Layer, what it paid, and what it charged as deductible.
    pub paid: Vec<(u32, i64, i64)>,
    /// 个人现金 that was paid.
    pub cash: i64,
    /// Whether its package asked for years without a claim.
    pub past_asked: bool,
    /// What few claims have.
    pub rare: Option<Box<Rare>>,
}

/// What few claims have.
#[derive(Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rare {
    /// 分段结算: the stay that it is a part of.
    pub part_of: Option<VisitId>,
    /// 住院次数 that it counted.
    pub stays: i64,
    continues: Option<BTreeMap<String, Fen>>,
    ordinal: Option<u32>,
    counts: bool,
    /// What it saw of its year besides what stands before it.
    pub besides: Accumulators,
    /// Its own package does not make of it what was paid.
    pub differs: bool,
}

impl Packed {
    /// The claim without the accumulators before it; nothing when the block is not one of ours.
    pub fn facts(&self, block: &Block) -> Option<ClaimFacts> {
        let head = block.heads.get(usize::try_from(self.head).ok()?)?;
        let day = Day::first_of(1900)?.plus_days(self.day);
        let mut lines = Vec::with_capacity(self.lines.len());
        for (number, (kind, price, quantity)) in (1..).zip(&self.lines) {
            let kind = block.kinds.get(usize::try_from(*kind).ok()?)?;
            let (unit_price, quantity) = (UnitPrice(*price), Quantity(*quantity));
            lines.push(Line {
                number,
                unit_price,
                quantity,
                amount: unit_price.times(quantity)?,
                ..kind.clone()
            });
        }
        let diagnosis = match self.diagnosis {
            Some(index) => Some(block.diagnoses.get(usize::try_from(index).ok()?)?.clone()),
            None => None,
        };
        let account = self.account.map(|[current, past, shared]| AccountFacts {
            current: Fen(current),
            past: Fen(past),
            shared: Fen(shared),
        });
        let mut facts = ClaimFacts {
            day,
            begin: day.minus_days(self.lasted),
            decided: Day::first_of(1900)?.plus_days(self.decided),
            diagnosis,
            age: self.age,
            household_income: self.income.map(Fen),
            account: account.unwrap_or_default(),
            lines,
            ..head.clone()
        };
        if let Some(rare) = &self.rare {
            facts.continues.clone_from(&rare.continues);
            facts.ordinal = rare.ordinal;
            facts.counts = rare.counts;
        }
        Some(facts)
    }
}

/// A block being packed.
#[derive(Default)]
pub struct Packer {
    block: Block,
    heads: HashMap<Vec<u8>, u32>,
    kinds: HashMap<Vec<u8>, u32>,
    diagnoses: HashMap<DiagnosisCode, u32>,
    layers: HashMap<PaidLayer, u32>,
    claims: usize,
}

impl Packer {
    /// How many claims there are.
    pub fn claims(&self) -> usize {
        self.claims
    }

    /// What was packed.
    pub fn finish(self) -> Block {
        self.block
    }

    /// A person's claims, in the order in which they were priced; nothing when one of them is no claim
    /// that can be packed.
    pub fn push(&mut self, claims: &[SettledClaim]) -> Option<()> {
        let packed: Option<Vec<Packed>> = claims.iter().map(|claim| self.pack(claim)).collect();
        self.claims += claims.len();
        self.block.people.push(packed?);
        Some(())
    }

    fn pack(&mut self, claim: &SettledClaim) -> Option<Packed> {
        let (facts, start) = (&claim.facts, Day::first_of(1900)?);
        let since = |day: Day| u32::try_from(start.days_until(day)).ok();
        let lines: Option<Vec<_>> = facts.lines.iter().map(|line| self.line(line)).collect();
        let shares = claim.paid.shares.iter();
        let moved = shares.filter(|share| (share.paid, share.deductible) != (Fen(0), Fen(0)));
        let mut paid = Vec::new();
        for share in moved {
            let layer = PaidLayer {
                fund: share.fund.clone(),
                payer: share.payer,
                rule: share.rule.to_string(),
            };
            let index = known(&mut self.layers, &mut self.block.layers, &layer)?;
            paid.push((index, share.paid.0, share.deductible.0));
        }
        let diagnosis = match &facts.diagnosis {
            Some(code) => Some(known(&mut self.diagnoses, &mut self.block.diagnoses, code)?),
            None => None,
        };
        let account = facts.account;
        let has_account = account != AccountFacts::default();
        let rare = Rare {
            part_of: claim.part_of,
            stays: claim
                .part_of
                .map_or(0, |_| claim.paid.deltas.get("stays_count")),
            continues: facts.continues.clone(),
            ordinal: facts.ordinal,
            counts: facts.counts,
            besides: match &claim.saw {
                Saw::Besides(other) => other.clone(),
                Saw::Standing | Saw::Differs => Accumulators::default(),
            },
            differs: claim.saw == Saw::Differs,
        };
        Some(Packed {
            id: claim.id,
            head: self.head(facts)?,
            day: since(facts.day)?,
            lasted: u32::try_from(facts.begin.days_until(facts.day)).ok()?,
            decided: since(facts.decided)?,
            diagnosis,
            age: facts.age,
            income: facts.household_income.map(|fen| fen.0),
            account: has_account.then_some([account.current.0, account.past.0, account.shared.0]),
            lines: lines?,
            paid,
            cash: claim.paid.cash.0,
            past_asked: claim.past_asked,
            rare: (rare != Rare::default()).then(|| Box::new(rare)),
        })
    }

    fn head(&mut self, facts: &ClaimFacts) -> Option<u32> {
        let start = Day::first_of(1900)?;
        let head = ClaimFacts {
            day: start,
            begin: start,
            decided: start,
            diagnosis: None,
            age: None,
            household_income: None,
            account: AccountFacts::default(),
            continues: None,
            ordinal: None,
            counts: false,
            lines: Vec::new(),
            accumulators: Accumulators::default(),
            ..facts.clone()
        };
        by_bytes(&mut self.heads, &mut self.block.heads, head)
    }

    fn line(&mut self, line: &Line) -> Option<(u32, i64, i64)> {
        let kind = Line {
            number: 0,
            unit_price: UnitPrice(0),
            quantity: Quantity(0),
            amount: Fen::ZERO,
            // It divides a bill at the year's end, which is done.
            day: None,
            ..line.clone()
        };
        let kind = by_bytes(&mut self.kinds, &mut self.block.kinds, kind)?;
        Some((kind, line.unit_price.0, line.quantity.0))
    }
}

/// The place of a value that can be hashed.
fn known<T: Clone + Eq + std::hash::Hash>(
    places: &mut HashMap<T, u32>,
    all: &mut Vec<T>,
    value: &T,
) -> Option<u32> {
    if let Some(place) = places.get(value) {
        return Some(*place);
    }
    let place = u32::try_from(all.len()).ok()?;
    places.insert(value.clone(), place);
    all.push(value.clone());
    Some(place)
}

/// The place of any other value, by what is written of it.
fn by_bytes<T: Serialize>(
    places: &mut HashMap<Vec<u8>, u32>,
    all: &mut Vec<T>,
    value: T,
) -> Option<u32> {
    let bytes = postcard::to_extend(&value, Vec::new()).ok()?;
    if let Some(place) = places.get(&bytes) {
        return Some(*place);
    }
    let place = u32::try_from(all.len()).ok()?;
    places.insert(bytes, place);
    all.push(value);
    Some(place)
}
