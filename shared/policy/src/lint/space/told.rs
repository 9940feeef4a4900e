//! A box told: in words, and as the plainest claim that lies in it.

use super::{DIMS, Dim, FILINGS, PLACES, Region, Space, Values};
use crate::claim::{ClaimFacts, Line};
use crate::words;
use kernel::{Day, InstitutionKind, InstitutionTier, MedType, PersonType, Scheme};

/// The age of somebody of whose age nothing is asked.
const AGE_PLAIN: u32 = 40;

impl Space {
    /// What a box says beyond what every case of `outer` has anyway, in words.
    pub fn words(&self, region: &Region, outer: &[Region]) -> String {
        let told = |dim: &Dim| {
            let values = region.get(*dim);
            let known = outer.iter().all(|outer| outer.get(*dim) == values);
            (!known).then(|| self.values_words(*dim, values)).flatten()
        };
        let words: Vec<String> = DIMS.iter().filter_map(told).collect();
        match words.is_empty() {
            true => "全部情形".to_string(),
            false => words.join("，"),
        }
    }

    fn values_words(&self, dim: Dim, values: Values) -> Option<String> {
        if dim == Dim::RowIdentity || dim == Dim::RowCover {
            return None;
        }
        let count = self.count(dim);
        let picked: Vec<String> = values.iter().map(|index| self.value(dim, index)).collect();
        match picked.len() == count {
            true => None,
            false if picked.len() > 6 && picked.len() * 2 > count => {
                let others = Values::first(count).without(values);
                let others: Vec<String> = others.iter().map(|i| self.value(dim, i)).collect();
                Some(format!("除{}以外", others.join("、")))
            }
            false => Some(picked.join("、")),
        }
    }

    /// One value in words.
    fn value(&self, dim: Dim, index: usize) -> String {
        fn at<T>(list: &[T], index: usize, word: impl Fn(&T) -> String, other: &str) -> String {
            list.get(index).map_or(other.to_string(), word)
        }
        match dim {
            Dim::Care => at(
                &self.care,
                index,
                |c| words::coded(c.as_str(), c.term()),
                "",
            ),
            Dim::Tier => at(
                &self.tiers,
                index,
                |t| format!("{}医疗机构({})", t.term(), t.as_str()),
                "",
            ),
            Dim::Kind => at(
                &self.kinds,
                index,
                |k| words::coded(k.as_str(), k.term()),
                "",
            ),
            Dim::Place => at(&PLACES, index, |p| p.term().to_string(), ""),
            Dim::Filing => at(&FILINGS, index, |f| f.term().to_string(), ""),
            Dim::Contracted => if index == 1 {
                "协议机构"
            } else {
                "非协议机构"
            }
            .to_string(),
            Dim::SameYear => if index == 1 {
                "当年申请"
            } else {
                "跨年申请"
            }
            .to_string(),
            Dim::LayerIdentity | Dim::RowIdentity => {
                at(&self.identities, index, words::identity, "没有身份的人")
            }
            Dim::Person => {
                let word = |p: &PersonType| words::coded(p.as_str(), p.term());
                at(&self.persons, index, word, "人员类别不明")
            }
            Dim::LayerCover | Dim::RowCover => at(
                &self.covers,
                index,
                |s| format!("另参加{}", s.term()),
                "没有另参加险种",
            ),
            Dim::Disease => at(&self.diseases, index, |d| format!("病种 {d}"), "其他病种"),
            Dim::Diagnosis => at(&self.diagnoses, index, |d| format!("诊断 {d}"), "其他诊断"),
            Dim::Age => match (self.ages.get(index), self.ages.get(index + 1)) {
                (Some(from), Some(next)) => words::ages((*from, next - 1)),
                (Some(from), None) => words::ages((*from, u32::MAX)),
                (None, _) => "年龄不明".to_string(),
            },
        }
    }

    /// A claim of a case of this box: the plainest there is, of these lines.
    pub fn claim(
        &self,
        region: &Region,
        day: Day,
        scheme: &Scheme,
        lines: Vec<Line>,
    ) -> ClaimFacts {
        fn pick<'a, T: PartialEq>(list: &'a [T], values: Values, plain: &[T]) -> Option<&'a T> {
            let has = |value: &T| list.iter().position(|one| one == value);
            let plain = plain
                .iter()
                .filter_map(has)
                .find(|index| values.has(*index));
            list.get(plain.or_else(|| values.iter().next())?)
        }
        let get = |dim| region.get(dim);
        let optional = |dim: Dim| {
            let last = self.count(dim) - 1;
            let values = get(dim);
            match values.has(last) {
                true => None,
                false => values.iter().next(),
            }
        };
        let care = pick(
            &self.care,
            get(Dim::Care),
            &[MedType::Inpatient, MedType::Outpatient],
        );
        let tiers = [InstitutionTier::Third, InstitutionTier::Second];
        let tier = pick(&self.tiers, get(Dim::Tier), &tiers);
        let kind = pick(&self.kinds, get(Dim::Kind), &[InstitutionKind::General]);
        let mut facts = ClaimFacts::new(
            day,
            scheme.clone(),
            care.cloned().unwrap_or(MedType::Inpatient),
            tier.cloned().unwrap_or(InstitutionTier::Third),
            kind.cloned().unwrap_or(InstitutionKind::General),
            lines,
        );
        facts.place = pick(&PLACES, get(Dim::Place), &PLACES)
            .copied()
            .unwrap_or_default();
        facts.filing = pick(&FILINGS, get(Dim::Filing), &FILINGS)
            .copied()
            .unwrap_or_default();
        facts.contracted = get(Dim::Contracted).has(1);
        for dim in [Dim::LayerIdentity, Dim::RowIdentity] {
            facts
                .identities
                .extend(optional(dim).and_then(|i| self.identities.get(i)).cloned());
        }
        for dim in [Dim::LayerCover, Dim::RowCover] {
            facts
                .covered_by
                .extend(optional(dim).and_then(|i| self.covers.get(i)).cloned());
        }
        facts.identities.dedup();
        facts.covered_by.dedup();
        facts.person = optional(Dim::Person)
            .and_then(|i| self.persons.get(i))
            .cloned();
        facts.diseases.extend(
            optional(Dim::Disease)
                .and_then(|i| self.diseases.get(i))
                .cloned(),
        );
        facts.diagnosis = optional(Dim::Diagnosis)
            .and_then(|i| self.diagnoses.get(i))
            .cloned();
        facts.age = self.an_age(get(Dim::Age));
        if !get(Dim::SameYear).has(1) {
            facts.decided = day.plus_months(12);
        }
        facts
    }

    /// The plain age where it is among these, else the youngest.
    fn an_age(&self, values: Values) -> Option<u32> {
        let plain = self.ages.iter().rposition(|from| *from <= AGE_PLAIN);
        match plain.is_some_and(|index| values.has(index)) {
            true => Some(AGE_PLAIN),
            false => values
                .iter()
                .find_map(|index| self.ages.get(index))
                .copied(),
        }
    }
}
