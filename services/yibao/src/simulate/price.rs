//! 重算: a block of people priced under a package, beside what was paid.
//!
//! Each person's year is run from its beginning: every claim sees what those before it come to now, and
//! every part of a stay what the parts before it were charged now. What a claim saw besides when it was
//! paid it sees again. Accounts are not followed: a claim is offered what its accounts offered it then.
//! In which year a claim counts, and where a stay was divided, stays as it was.

use super::block::{Block, Packed};
use super::sums::{By, Hit, MONTHS, Near, Pair, Sums};
use kernel::{Fen, Period, VisitId};
use policy::{
    Accumulators, Claim, ClaimFacts, Cliff, Package, PartsMoved, Payer, SoFar, cliffs,
    settle_amounts,
};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// A package under which a year is priced.
pub struct Pricer {
    package: Package,
    year: i32,
    /// Its cliffs, by their cost.
    pub cliffs: Vec<Cliff>,
    reach: Fen,
}

/// 支付方 of the national interface that is no fund.
const ACCOUNT: &str = "个人账户";
const HOSPITAL: &str = "医院负担";
const CASH: &str = "个人现金";

/// Sums of one payer by month.
type Months = [i128; MONTHS];

/// What is counted of a block while it is priced.
struct Count<'b> {
    block: &'b Block,
    sums: Sums,
    /// By layer of the block, as it was paid.
    paid: Vec<Months>,
    /// By layer of the package, with its payer.
    simulated: Vec<(String, Months)>,
    /// 个人现金, before and now.
    cash: [Months; 2],
    /// By head of the block.
    heads: Vec<Pair>,
}

/// A person's year under way.
#[derive(Default)]
struct Run {
    carried: Accumulators,
    stays: BTreeMap<VisitId, PartsMoved>,
    before: i64,
    after: i64,
    claims: u32,
    /// The settlement with the greatest difference.
    worst: Option<(i64, kernel::SettlementId)>,
    /// By cliff: whether a bill stands before it or behind it.
    near: BTreeMap<u32, Near>,
}

impl Pricer {
    /// The package as if it held in the year and those beside it: stays reach over its ends.
    pub fn new(package: &Package, year: i32, reach: Fen) -> Option<Pricer> {
        let days = Period::new(
            kernel::Day::first_of(year.checked_sub(1)?)?,
            kernel::Day::first_of(year.checked_add(2)?),
        )?;
        Some(Pricer {
            package: package.during(days),
            year,
            cliffs: cliffs(package),
            reach,
        })
    }

    /// What a block comes to; nothing when it is none of ours.
    pub fn block(&self, block: &Block) -> Option<Sums> {
        let mut count = Count {
            block,
            sums: Sums::default(),
            paid: vec![[0; MONTHS]; block.layers.len()],
            simulated: Vec::new(),
            cash: [[0; MONTHS]; 2],
            heads: vec![Pair::default(); block.heads.len()],
        };
        for person in &block.people {
            self.person(person, &mut count)?;
        }
        Some(count.finish())
    }

    fn person(&self, claims: &[Packed], count: &mut Count<'_>) -> Option<()> {
        let mut run = Run::default();
        for packed in claims {
            let head = count.block.heads.get(usize::try_from(packed.head).ok()?)?;
            match head.scheme == *self.package.scheme() {
                true => self.claim(packed, &mut run, count)?,
                false => count.sums.untouched += 1,
            }
        }
        let Some((_, settlement)) = run.worst else {
            return Some(());
        };
        for (cliff, near) in run.near {
            let sum = count.sums.near.entry(cliff).or_default();
            sum.before += near.before;
            sum.behind += near.behind;
        }
        count.sums.person(Hit {
            more: Reverse(run.after - run.before),
            settlement,
            before: run.before,
            after: run.after,
            claims: run.claims,
        });
        Some(())
    }

    fn claim(&self, packed: &Packed, run: &mut Run, count: &mut Count<'_>) -> Option<()> {
        let mut facts = packed.facts(count.block)?;
        let rare = packed.rare.as_deref();
        let visit = rare.and_then(|rare| rare.part_of);
        if let (Some(visit), Some(charged)) = (visit, facts.continues.clone()) {
            let mut so_far = SoFar {
                begin: facts.begin,
                charged,
                ordinal: facts.ordinal,
                counts: facts.counts,
            };
            if let Some(moved) = run.stays.get(&visit) {
                moved.carry(&mut so_far);
            }
            facts = facts.going_on(so_far);
        }
        facts.accumulators = match rare.filter(|rare| !rare.besides.is_empty()) {
            Some(rare) => within(&run.carried.plus(&rare.besides)),
            None => run.carried.clone(),
        };
        self.look(&facts, run);
        let (month, first) = (self.month(&facts), facts.continues.is_none());
        let claim = Claim::new(facts).ok()?;
        let now = settle_amounts(&self.package, &claim);
        if let (Some(visit), Some(rare)) = (visit, rare) {
            let moved = run.stays.entry(visit).or_default();
            if first {
                moved.begin(run.carried.get("stays_count"));
            }
            let layers = &count.block.layers;
            let charged = packed.paid.iter().filter_map(|(layer, _, charged)| {
                let layer = layers.get(usize::try_from(*layer).ok()?)?;
                Some((layer.rule.as_str(), Fen(*charged)))
            });
            moved.was(charged, rare.stays);
            moved.is(now.charged(), now.deltas.get("stays_count"));
        }
        run.carried = run.carried.plus(&now.deltas);
        count.see(packed, month, &now, run)?;
        count.sums.differing += u64::from(rare.is_some_and(|rare| rare.differs));
        count.sums.besides += u64::from(rare.is_some_and(|rare| !rare.besides.is_empty()));
        let asked = self.package.rewards_no_claim() && !packed.past_asked;
        count.sums.past_unknown += u64::from(asked);
        Some(())
    }

    /// The column of a claim's month.
    fn month(&self, facts: &ClaimFacts) -> usize {
        match facts.day.year().cmp(&self.year) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => usize::try_from(facts.day.month()).unwrap_or(0),
            std::cmp::Ordering::Greater => MONTHS - 1,
        }
    }

    /// How near the cliffs a bill stands.
    fn look(&self, facts: &ClaimFacts, run: &mut Run) {
        let total: Fen = facts.lines.iter().map(|line| line.amount).sum();
        let first = self
            .cliffs
            .partition_point(|cliff| cliff.cost < total - self.reach);
        for (number, cliff) in (0..).zip(&self.cliffs).skip(first) {
            if cliff.cost > total + self.reach {
                break;
            }
            if cliff.is_of(facts) {
                let near = run.near.entry(number).or_default();
                // A person counts once on each side.
                match total < cliff.cost {
                    true => near.before = 1,
                    false => near.behind = 1,
                }
            }
        }
    }
}

/// Accumulators as a claim may have them: what was taken back since may be more than there is now.
fn within(sums: &Accumulators) -> Accumulators {
    let positive = sums.iter().filter(|(_, value)| *value > 0);
    positive.collect()
}

impl Count<'_> {
    fn see(
        &mut self,
        packed: &Packed,
        month: usize,
        now: &policy::Settlement,
        run: &mut Run,
    ) -> Option<()> {
        let cash = Fen(packed.cash);
        let (mut funds, mut own) = (Fen::ZERO, cash);
        for (layer, paid, _) in &packed.paid {
            let index = usize::try_from(*layer).ok()?;
            match self.block.layers.get(index)?.payer {
                Payer::Fund => funds += Fen(*paid),
                Payer::Account => own += Fen(*paid),
                Payer::Hospital => {}
            }
            add(self.paid.get_mut(index), month, Fen(*paid));
        }
        if self.simulated.is_empty() {
            let row = |share: &policy::Share| (row_of(share.payer, &share.fund), [0; MONTHS]);
            self.simulated = now.shares.iter().map(row).collect();
        }
        for (share, (_, months)) in now.shares.iter().zip(&mut self.simulated) {
            add(Some(months), month, share.paid);
        }
        let [before, after] = &mut self.cash;
        add(Some(before), month, cash);
        add(Some(after), month, now.cash);
        let own_now = now.account + now.cash;
        let pair = Pair {
            claims: 1,
            paid: funds.0.into(),
            simulated: now.funds().0.into(),
            own_paid: own.0.into(),
            own_simulated: own_now.0.into(),
        };
        self.heads
            .get_mut(usize::try_from(packed.head).ok()?)?
            .add(&pair);
        self.sums.claims += 1;
        run.claims = run.claims.saturating_add(1);
        run.before += own.0;
        run.after += own_now.0;
        let more = (own_now - own).0;
        if run.worst.is_none_or(|(most, _)| more > most) {
            run.worst = Some((more, packed.id));
        }
        Some(())
    }

    fn finish(mut self) -> Sums {
        let mut rows = Vec::new();
        for (layer, months) in self.block.layers.iter().zip(&self.paid) {
            rows.push((row_of(layer.payer, &layer.fund), months, true));
        }
        rows.extend(
            self.simulated
                .iter()
                .map(|(row, months)| (row.clone(), months, false)),
        );
        let [before, after] = &self.cash;
        rows.extend([
            (CASH.to_string(), before, true),
            (CASH.to_string(), after, false),
        ]);
        for (row, months, before) in rows {
            for (month, sum) in (0..).zip(months).filter(|(_, sum)| **sum != 0) {
                let pair = self
                    .sums
                    .rows
                    .entry((By::Payer, row.clone(), month))
                    .or_default();
                match before {
                    true => pair.paid += sum,
                    false => pair.simulated += sum,
                }
            }
        }
        for (head, pair) in self.block.heads.iter().zip(&self.heads) {
            if pair.claims == 0 {
                continue;
            }
            for (by, row) in [
                (By::Care, head.med_type.term().to_string()),
                (By::Identity, identities(head)),
                (By::Tier, head.tier.term().to_string()),
            ] {
                self.sums.rows.entry((by, row, 0)).or_default().add(pair);
            }
        }
        self.sums
    }
}

fn add(months: Option<&mut Months>, month: usize, fen: Fen) {
    if let Some(sum) = months.and_then(|months| months.get_mut(month)) {
        *sum += i128::from(fen.0);
    }
}

/// 支付方: the fund by its code, so that funds stand in the order of the codes.
fn row_of(payer: Payer, fund: &kernel::Fund) -> String {
    match payer {
        Payer::Fund => format!("{} {}", fund.as_str(), fund.term()),
        Payer::Account => ACCOUNT.to_string(),
        Payer::Hospital => HOSPITAL.to_string(),
    }
}

/// All identities of a person, so that everybody stands in one row.
fn identities(head: &ClaimFacts) -> String {
    let mut terms: Vec<&str> = head.identities.iter().map(|kind| kind.term()).collect();
    terms.sort_unstable();
    terms.dedup();
    match terms.is_empty() {
        true => "普通".to_string(),
        false => terms.join("、"),
    }
}
