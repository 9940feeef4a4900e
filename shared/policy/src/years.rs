//! 跨年住院与撤销: what a stay over 31 December becomes, and what taking a settlement back means
//! for those behind it. The readings are the package's; the amounts are the engine's.

use crate::accumulators::Accumulators;
use crate::claim::{AccountFacts, BadClaim, Claim, ClaimFacts, Line};
use crate::package::Package;
use crate::settle::settle_amounts;
use crate::settlement::Settlement;
use crate::shape::{CrossYear, Refund};
use kernel::{Day, Fen, MedType};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A part of a stay that is settled by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// 年度: whose accumulators the part moves.
    pub year: i32,
    /// The claim, without the accumulators of its year.
    pub facts: ClaimFacts,
    /// Whether the stay goes on from the part before.
    pub goes_on: bool,
}

/// 归属年度: the year whose accumulators a bill moves, which is of the days `first` to `last` of what
/// began on the day of `admission`; nothing when the package divides such a bill at 31 December.
/// `insured_on` says whether the person is insured on the last day in the same standing.
pub fn year_of(
    package: &Package,
    med_type: &MedType,
    (admission, first, last): (Day, Day, Day),
    insured_on: bool,
) -> Option<i32> {
    if !med_type.is_stay() {
        return Some(last.year());
    }
    match package.cross_year() {
        CrossYear::Admission => Some(admission.year()),
        CrossYear::Discharge => Some(last.year()),
        CrossYear::SettleAtYearEnd if insured_on => Some(last.year()),
        _ => (first.year() == last.year()).then_some(last.year()),
    }
}

/// 跨年住院: the parts of a stay by the package's reading, in the order in which they are settled.
/// A stay within one year is one part.
pub fn parts(package: &Package, facts: &ClaimFacts, insured_on: bool) -> Vec<Part> {
    let days = (facts.begin, facts.begin, facts.day);
    match year_of(package, &facts.med_type, days, insured_on) {
        None => split(facts),
        Some(year) => vec![Part {
            year,
            facts: facts.clone(),
            goes_on: false,
        }],
    }
}

/// The stay cut at every 31 December, lines by the days of their costs; what was spent before
/// admission or after discharge belongs to the first or the last day. A year without a line has no
/// part.
fn split(facts: &ClaimFacts) -> Vec<Part> {
    let (first, last) = (facts.begin.year(), facts.day.year());
    let mut parts: Vec<Part> = Vec::new();
    for year in first..=last {
        let (Some(begin), Some(end)) = (Day::first_of(year), Day::new(year, 12, 31)) else {
            continue;
        };
        let spent = |line: &Line| line.day.unwrap_or(facts.day).clamp(facts.begin, facts.day);
        let of_year = |line: &&Line| spent(line).year() == year;
        let lines: Vec<Line> = facts.lines.iter().filter(of_year).cloned().collect();
        if lines.is_empty() {
            continue;
        }
        parts.push(Part {
            year,
            facts: ClaimFacts {
                begin: facts.begin.max(begin),
                day: facts.day.min(end),
                decided: facts.decided,
                lines,
                ..facts.clone()
            },
            goes_on: !parts.is_empty(),
        });
    }
    parts
}

/// Why the parts of a stay cannot be settled; none of them is then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotSettled {
    /// No package holds on the last day of a part.
    NoPackage(Day),
    /// A part is no claim.
    Bad(BadClaim),
}

/// Settles the parts of a stay one after another. `package_of` and `before` give the package of a
/// part's last day and the accumulators of its year. What an earlier part drew from the account a
/// later one does not have.
pub fn settle_parts<'p>(
    parts: Vec<Part>,
    package_of: impl Fn(Day) -> Option<&'p Package>,
    before: impl Fn(i32) -> Accumulators,
) -> Result<Vec<(i32, Settlement)>, NotSettled> {
    let mut settled: Vec<(i32, Settlement)> = Vec::new();
    let mut stay: Option<Stay> = None;
    for part in parts {
        let mut facts = part.facts;
        let package = package_of(facts.day).ok_or(NotSettled::NoPackage(facts.day))?;
        facts.accumulators = before(part.year);
        let mut so_far = match stay.take().filter(|_| part.goes_on) {
            Some(stay) => {
                facts.account = stay.account;
                let so_far = stay.so_far(package, part.year);
                facts = facts.going_on(so_far);
                stay
            }
            None => Stay::begun(part.year, &facts),
        };
        let claim = Claim::new(facts).map_err(NotSettled::Bad)?;
        let settlement = settle_amounts(package, &claim);
        so_far.see(part.year, &settlement);
        stay = Some(so_far);
        settled.push((part.year, settlement));
    }
    Ok(settled)
}

/// 同一次住院: what the parts of a stay that are settled have used up, one after another.
#[derive(Clone, Debug)]
pub struct Stay {
    /// In which year it began, and on which day.
    began: (i32, Day),
    /// 已付起付线, by the rule of the layer.
    charged: BTreeMap<String, Fen>,
    ordinal: Option<u32>,
    /// The year in which it was counted last.
    counted: Option<i32>,
    account: AccountFacts,
}

/// 续前次结算: what the next part of a stay finds of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoFar {
    /// From which day the length of the stay counts.
    pub begin: Day,
    /// 已付起付线 that counts as charged before, by the rule of the layer.
    pub charged: BTreeMap<String, Fen>,
    /// 住院次序 of the year in which it began.
    pub ordinal: Option<u32>,
    /// 住院次数: whether the part counts as a stay of its year.
    pub counts: bool,
}

impl Stay {
    /// Begun on a day, in this year, which had as many stays before.
    pub fn first(year: i32, begin: Day, stays: i64) -> Stay {
        Stay {
            began: (year, begin),
            charged: BTreeMap::new(),
            ordinal: u32::try_from(stays.saturating_add(1)).ok(),
            counted: None,
            account: AccountFacts::default(),
        }
    }

    /// Begun by a first part, before it is settled, in this year.
    fn begun(year: i32, facts: &ClaimFacts) -> Stay {
        let stays = facts.accumulators.get("stays_count");
        let before = match facts.continues {
            Some(_) => stays.max(1) - 1,
            None => stays,
        };
        let stay = Stay::first(year, facts.begin, before);
        Stay {
            charged: facts.continues.clone().unwrap_or_default(),
            ordinal: facts.ordinal.or(stay.ordinal),
            account: facts.account,
            ..stay
        }
    }

    /// One more part is settled, in this year.
    pub fn see(&mut self, year: i32, settlement: &Settlement) {
        for share in &settlement.shares {
            let basic = self
                .charged
                .get("deductible")
                .filter(|_| share.basic)
                .copied();
            let charged = self.charged.entry(share.rule.to_string());
            let charged = charged.or_insert(basic.unwrap_or_default());
            *charged = (*charged + share.deductible).min(kernel::CLAIM_FEN_MAX);
        }
        if settlement.deltas.get("stays_count") > 0 {
            self.counted = Some(year);
        }
        self.account = settlement.account_left;
    }

    /// What the next part finds, which is of this year. In a later one than the stay began in it goes by
    /// the package: a person who was made to settle at the year's end is admitted again without a
    /// deductible; a bill that is divided begins with the year; and only where the count of stays goes
    /// on too is it no stay of the new year. Settling by choice at the year's end is not charged twice.
    pub fn so_far(&self, package: &Package, year: i32) -> SoFar {
        let (began_in, began) = self.began;
        let reading = Some(package.cross_year()).filter(|_| year != began_in);
        let charged = match reading {
            Some(CrossYear::SettleAtYearEnd) => {
                let rules = package.layers().iter().map(|layer| layer.rule.to_string());
                rules.map(|rule| (rule, kernel::CLAIM_FEN_MAX)).collect()
            }
            _ => self.charged.clone(),
        };
        let begin = match reading {
            None | Some(CrossYear::Discharge | CrossYear::Admission) => began,
            Some(_) => Day::first_of(year).unwrap_or(began).max(began),
        };
        SoFar {
            begin,
            charged,
            ordinal: self.ordinal,
            counts: self.counted != Some(year) && reading != Some(CrossYear::SplitAsOneStay),
        }
    }
}

/// 分段重算: by how much the parts of a stay that were priced again differ from what they came to; the
/// later parts of the same stay rest on it.
#[derive(Clone, Debug, Default)]
pub struct PartsMoved {
    /// 住院次序, where the first part is among them.
    ordinal: Option<u32>,
    /// 起付线, by the rule of the layer.
    charged: BTreeMap<String, i64>,
    /// 住院次数.
    stays: i64,
}

impl PartsMoved {
    /// What a part finds, after those before it.
    pub fn carry(&self, stay: &mut SoFar) {
        stay.ordinal = self.ordinal.or(stay.ordinal);
        for (rule, more) in self.charged.iter().filter(|(_, more)| **more != 0) {
            let charged = stay.charged.entry(rule.clone()).or_default();
            // Where everything counts as charged, it does whatever was charged.
            if *charged < kernel::CLAIM_FEN_MAX {
                let moved = Fen(charged.0.saturating_add(*more));
                *charged = moved.clamp(Fen::ZERO, kernel::CLAIM_FEN_MAX);
            }
        }
        match self.stays {
            0 => {}
            more => stay.counts = more < 0,
        }
    }

    /// The first part of the stay is priced again in a year that had so many stays before.
    pub fn begin(&mut self, stays: i64) {
        self.ordinal = u32::try_from(stays.saturating_add(1)).ok();
    }

    /// A part came to these deductibles and counted so many stays.
    pub fn was<'a>(&mut self, charged: impl Iterator<Item = (&'a str, Fen)>, stays: i64) {
        self.see(charged, stays, -1);
    }

    /// It comes to these now.
    pub fn is<'a>(&mut self, charged: impl Iterator<Item = (&'a str, Fen)>, stays: i64) {
        self.see(charged, stays, 1);
    }

    fn see<'a>(&mut self, charged: impl Iterator<Item = (&'a str, Fen)>, stays: i64, sign: i64) {
        for (rule, fen) in charged {
            *self.charged.entry(rule.to_string()).or_default() += sign * fen.0;
        }
        self.stays += sign * stays;
    }
}

impl Settlement {
    /// 本次起付线 of every layer, by its rule.
    pub fn charged(&self) -> impl Iterator<Item = (&str, Fen)> {
        let shares = self.shares.iter();
        shares.map(|share| (&*share.rule, share.deductible))
    }
}

impl ClaimFacts {
    /// The same of a part of a stay that goes on.
    pub fn going_on(self, stay: SoFar) -> ClaimFacts {
        ClaimFacts {
            begin: stay.begin,
            continues: Some(stay.charged),
            ordinal: stay.ordinal.or(self.ordinal),
            counts: stay.counts,
            ..self
        }
    }
}

/// 撤销: what taking one settlement of a person-year back does to the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The accumulators afterwards.
    pub accumulators: Accumulators,
    /// Later settlements that come out differently, by their place, with their new amounts.
    pub again: Vec<(usize, Settlement)>,
}

/// Why a settlement cannot be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// There is no settlement at this place.
    Unknown,
    /// 只能从最近一笔撤销: this one is newer.
    NotNewest {
        /// The newest.
        newest: usize,
    },
    /// A later one is of the same stay: what it was charged rests on this one.
    GoesOn {
        /// The later one.
        later: usize,
    },
    /// No package holds on the day of a later one, which would have to be priced again.
    NoPackage(Day),
}

/// 撤销: takes the settlement at `place` back in the given way; later ones are priced again by the
/// package of their own day. `year` are the claims of a
/// person-year in the order in which they were settled, each with the accumulators it was priced
/// with, and what it came to. Accounts are not followed: a later claim is priced again with the
/// balance it was priced with.
pub fn take_back<'p>(
    refund: Refund,
    package_of: impl Fn(Day) -> Option<&'p Package>,
    year: &[(Claim, Settlement)],
    place: usize,
) -> Result<Taken, NotTaken> {
    let Some((claim, settlement)) = year.get(place) else {
        return Err(NotTaken::Unknown);
    };
    let newest = year.len() - 1;
    let after =
        |(claim, settlement): &(Claim, Settlement)| claim.accumulators().plus(&settlement.deltas);
    let end = year.last().map(after).unwrap_or_default();
    let later = year.iter().enumerate().skip(place + 1);
    let mut going_on = later.filter(|(_, (claim, _))| claim.facts().continues.is_some());
    if let Some((later, _)) = going_on.next().filter(|_| refund != Refund::NewestFirst) {
        return Err(NotTaken::GoesOn { later });
    }
    match refund {
        Refund::NewestFirst if place != newest => Err(NotTaken::NotNewest { newest }),
        Refund::NewestFirst | Refund::Accept => Ok(Taken {
            accumulators: end.minus(&settlement.deltas),
            again: Vec::new(),
        }),
        Refund::Replay => {
            let mut accumulators = claim.accumulators().clone();
            let mut again = Vec::new();
            for (index, (claim, was)) in year.iter().enumerate().skip(place + 1) {
                let facts = ClaimFacts {
                    accumulators: accumulators.clone(),
                    ..claim.facts().clone()
                };
                let package = package_of(claim.day()).ok_or(NotTaken::NoPackage(claim.day()))?;
                // It was a claim before, and accumulators only shrink when one is taken away.
                let Ok(claim) = Claim::new(facts) else {
                    continue;
                };
                let is = settle_amounts(package, &claim);
                accumulators = accumulators.plus(&is.deltas);
                if is.digest() != without_reasons(was).digest() {
                    again.push((index, is));
                }
            }
            Ok(Taken {
                accumulators,
                again,
            })
        }
    }
}

fn without_reasons(settlement: &Settlement) -> Settlement {
    Settlement {
        reasons: Vec::new(),
        ..settlement.clone()
    }
}
