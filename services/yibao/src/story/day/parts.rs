//! 中途结算: what must hold of the stays that were settled in parts.

use super::kinds::{KINDS, Way};
use super::{CountyDay, Settled};
use crate::story::Halted;
use proto::common::Settlement;
use std::collections::BTreeMap;

/// The layer whose deductible a stay is charged once.
const BASIC: &str = "basic";

impl CountyDay<'_> {
    /// Each stay has two settlements, and one deductible.
    pub(super) fn look_at_parts(&mut self) -> Result<(), Halted> {
        let in_parts = |one: &&Settled| {
            let kind = KINDS.get(one.planned.kind);
            kind.is_some_and(|kind| kind.way == Way::Parts)
        };
        let mut stays: BTreeMap<&str, Vec<&Settlement>> = BTreeMap::new();
        for one in self.settled.iter().filter(in_parts) {
            let stay = stays.entry(&one.planned.request_id).or_default();
            stay.push(&one.settlement);
        }
        let whole = stays.values().all(|parts| {
            let places = parts
                .iter()
                .map(|one| (one.part_number, one.part_continues));
            places.eq([(1, true), (2, false)])
        });
        let charged: Vec<i64> = stays.values().map(|parts| deductible(parts)).collect();
        let once = charged.iter().all(|fen| charged.first() == Some(fen));
        let told = format!(
            "中途结算 {} 次住院，一次两笔，共 {} 笔：起付线只收一次",
            stays.len(),
            stays.values().map(Vec::len).sum::<usize>()
        );
        let any = charged.first().is_some_and(|fen| *fen > 0);
        self.story.expect(whole && once && any, told)
    }
}

/// 起付线 charged in all parts.
fn deductible(parts: &[&Settlement]) -> i64 {
    let amounts = parts.iter().filter_map(|part| part.amounts.as_ref());
    let shares = amounts.flat_map(|amounts| &amounts.shares);
    let basic = shares.filter(|share| share.rule == BASIC);
    basic.map(|share| share.deductible_fen).sum()
}
