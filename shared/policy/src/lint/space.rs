//! 值域: the values a package tells apart, and its conditions as boxes of them.

use super::region::{DIMS, Dim, Overlap, Region, VALUES_MAX, Values, crossed, uncovered};
use crate::claim::{Filing, Place};
use crate::outline;
use crate::package::Package;
use crate::terms::When;
use kernel::{
    DiagnosisCode, DiseaseCode, IdentityKind, InstitutionKind, InstitutionTier, MedType,
    PersonType, Scheme,
};

mod told;

#[cfg(test)]
mod tests;

/// The oldest age told apart.
const AGE_MAX: u32 = 200;

const PLACES: [Place; 4] = [
    Place::District,
    Place::City,
    Place::Province,
    Place::Outside,
];
const FILINGS: [Filing; 4] = [
    Filing::None,
    Filing::Referred,
    Filing::Emergency,
    Filing::Resident,
];

/// The values a package tells apart, by dimension. Where a dimension may be unknown or another
/// value than those, that is its last value.
pub(super) struct Space {
    care: Vec<MedType>,
    tiers: Vec<InstitutionTier>,
    kinds: Vec<InstitutionKind>,
    identities: Vec<IdentityKind>,
    persons: Vec<PersonType>,
    covers: Vec<Scheme>,
    diseases: Vec<DiseaseCode>,
    diagnoses: Vec<DiagnosisCode>,
    /// The first year of each age that is told apart.
    ages: Vec<u32>,
}

impl Space {
    /// The space of a package; nothing when it tells too many values apart.
    pub fn of(package: &Package) -> Option<Space> {
        let tables = outline::tables(package);
        let rows = tables.iter().flat_map(|table| &table.rows);
        let layers = outline::all_layers(package).map(|layer| &layer.when);
        Space::knowing(layers.chain(rows.map(|row| row.when)))
    }

    /// The space of these conditions.
    fn knowing<'a>(conditions: impl Iterator<Item = &'a When>) -> Option<Space> {
        let mut space = Space {
            care: MedType::KNOWN.to_vec(),
            tiers: InstitutionTier::KNOWN.to_vec(),
            kinds: InstitutionKind::KNOWN.to_vec(),
            identities: IdentityKind::KNOWN.to_vec(),
            persons: PersonType::KNOWN.to_vec(),
            covers: Scheme::KNOWN.to_vec(),
            diseases: Vec::new(),
            diagnoses: Vec::new(),
            ages: vec![0],
        };
        conditions.for_each(|when| space.learn(when));
        space.ages.retain(|age| *age <= AGE_MAX);
        space.ages.sort_unstable();
        space.ages.dedup();
        let fits = DIMS.iter().all(|dim| space.count(*dim) < VALUES_MAX);
        fits.then_some(space)
    }

    fn learn(&mut self, when: &When) {
        fn add<T: Clone + PartialEq>(known: &mut Vec<T>, values: &[T]) {
            for value in values {
                if !known.contains(value) {
                    known.push(value.clone());
                }
            }
        }
        add(&mut self.care, &when.care);
        add(&mut self.tiers, &when.tiers);
        add(&mut self.kinds, &when.kinds);
        for group in &when.groups {
            add(&mut self.identities, &group.identities);
        }
        add(&mut self.persons, &when.persons);
        add(&mut self.covers, &when.covered_by);
        add(&mut self.diseases, &when.diseases);
        add(&mut self.diagnoses, &when.diagnoses);
        if let Some((from, to)) = when.ages {
            add(&mut self.ages, &[from, to.saturating_add(1)]);
        }
        if let Some(not) = &when.not {
            self.learn(not);
        }
    }

    fn count(&self, dim: Dim) -> usize {
        match dim {
            Dim::Care => self.care.len(),
            Dim::Tier => self.tiers.len(),
            Dim::Kind => self.kinds.len(),
            Dim::Place => PLACES.len(),
            Dim::Filing => FILINGS.len(),
            Dim::Contracted | Dim::SameYear => 2,
            Dim::LayerIdentity | Dim::RowIdentity => self.identities.len() + 1,
            Dim::Person => self.persons.len() + 1,
            Dim::Age => self.ages.len() + 1,
            Dim::LayerCover | Dim::RowCover => self.covers.len() + 1,
            Dim::Disease => self.diseases.len() + 1,
            Dim::Diagnosis => self.diagnoses.len() + 1,
        }
    }

    /// Every case.
    pub fn whole(&self) -> Region {
        Region::of(|dim| Values::first(self.count(dim)))
    }

    /// The cases a layer admits.
    pub fn admitted(&self, when: &When) -> Vec<Region> {
        self.stated(when, Dim::LayerIdentity, Dim::LayerCover)
    }

    /// The cases a row asks for, of a person who has an identity for it besides the one for the
    /// layer.
    pub fn asked(&self, when: &When) -> Vec<Region> {
        self.stated(when, Dim::RowIdentity, Dim::RowCover)
    }

    fn stated(&self, when: &When, identity: Dim, cover: Dim) -> Vec<Region> {
        let mut region = self.whole();
        self.narrow(&mut region, when);
        if !when.groups.is_empty() {
            region.narrow(identity, self.members(when));
        }
        if !when.covered_by.is_empty() {
            region.narrow(cover, self.covered(when));
        }
        match &when.not {
            None => vec![region],
            Some(not) => uncovered(vec![region], &self.met(not)).unwrap_or_default(),
        }
    }

    /// The cases that surely meet a row: by either identity, by either scheme. One with an
    /// exception for identities is left out, as a third identity may fall under it.
    pub fn met(&self, when: &When) -> Vec<Region> {
        let mut region = self.whole();
        self.narrow(&mut region, when);
        let either = |regions: Vec<Region>, dims: [Dim; 2], values: Option<Values>| match values {
            None => regions,
            Some(values) => {
                let narrowed = |region: &Region, dim: Dim| {
                    let mut region = region.clone();
                    region.narrow(dim, values);
                    region
                };
                let both = regions
                    .iter()
                    .flat_map(|r| dims.map(|dim| narrowed(r, dim)));
                both.collect()
            }
        };
        let members = (!when.groups.is_empty()).then(|| self.members(when));
        let covered = (!when.covered_by.is_empty()).then(|| self.covered(when));
        let mut regions = vec![region];
        regions = either(regions, [Dim::LayerIdentity, Dim::RowIdentity], members);
        regions = either(regions, [Dim::LayerCover, Dim::RowCover], covered);
        match &when.not {
            None => regions,
            Some(not) if !not.groups.is_empty() || !not.covered_by.is_empty() => Vec::new(),
            Some(not) => uncovered(regions, &self.met(not)).unwrap_or_default(),
        }
    }

    /// Likewise for people of one identity and one scheme besides, where exceptions are exact.
    pub fn met_by_one(&self, when: &When) -> Vec<Region> {
        let plain = When {
            not: None,
            ..when.clone()
        };
        match &when.not {
            None => self.met(&plain),
            Some(not) => uncovered(self.met(&plain), &self.met(not)).unwrap_or_default(),
        }
    }

    /// Whether none of these cases is left behind these rows.
    pub fn is_taken<'a>(&self, cases: &[Region], rows: impl Iterator<Item = &'a When>) -> bool {
        let covers: Vec<Region> = rows.flat_map(|when| self.met(when)).collect();
        uncovered(cases.to_vec(), &covers).is_some_and(|left| left.is_empty())
    }

    /// Of the cases a layer admits those that meet none of these rows, for people of one identity;
    /// and the admitted ones.
    pub fn left<'a>(
        &self,
        admitted: &[Region],
        rows: impl Iterator<Item = &'a When>,
    ) -> (Vec<Region>, Vec<Region>) {
        let of_one = admitted.iter().map(|region| self.of_one(region.clone()));
        let cases: Vec<Region> = of_one.collect();
        let covers: Vec<Region> = rows.flat_map(|when| self.met_by_one(when)).collect();
        (uncovered(cases.clone(), &covers).unwrap_or_default(), cases)
    }

    /// The people who have one identity and one scheme at most.
    fn of_one(&self, mut region: Region) -> Region {
        for dim in [Dim::RowIdentity, Dim::RowCover] {
            let last = self.count(dim) - 1;
            region.narrow(dim, Values::of(std::iter::once((last, true))));
        }
        region
    }

    /// Whether two rows may fit one case, and whether only through several identities.
    pub fn overlap(&self, layer: &[Region], one: &When, other: &When) -> Overlap {
        let free = |when: &When| When {
            groups: Vec::new(),
            covered_by: Vec::new(),
            not: None,
            ..when.clone()
        };
        let visit = |when: &When| self.asked(&free(when));
        let both = crossed(&crossed(layer, &visit(one)), &visit(other));
        if both.is_empty() {
            return Overlap::None;
        }
        let apart = |one: Values, other: Values| one.and(other).is_empty();
        let groups = !one.groups.is_empty() && !other.groups.is_empty();
        if groups && apart(self.members(one), self.members(other)) {
            return Overlap::ByTwoIdentities;
        }
        let covers = !one.covered_by.is_empty() && !other.covered_by.is_empty();
        if covers && apart(self.covered(one), self.covered(other)) {
            return Overlap::ByTwoIdentities;
        }
        match crossed(&crossed(layer, &self.asked(one)), &self.asked(other)).is_empty() {
            true => Overlap::None,
            false => Overlap::Plain,
        }
    }

    fn narrow(&self, region: &mut Region, when: &When) {
        fn one_of<T: PartialEq>(region: &mut Region, dim: Dim, known: &[T], values: &[T]) {
            if !values.is_empty() {
                let of = known
                    .iter()
                    .enumerate()
                    .map(|(i, value)| (i, values.contains(value)));
                region.narrow(dim, Values::of(of));
            }
        }
        one_of(region, Dim::Care, &self.care, &when.care);
        one_of(region, Dim::Tier, &self.tiers, &when.tiers);
        one_of(region, Dim::Kind, &self.kinds, &when.kinds);
        one_of(region, Dim::Place, &PLACES, &when.places);
        one_of(region, Dim::Filing, &FILINGS, &when.filing);
        let is: Vec<bool> = when.contracted.into_iter().collect();
        one_of(region, Dim::Contracted, &[false, true], &is);
        one_of(region, Dim::Person, &self.persons, &when.persons);
        one_of(region, Dim::Disease, &self.diseases, &when.diseases);
        let is: Vec<bool> = when.same_year.into_iter().collect();
        one_of(region, Dim::SameYear, &[false, true], &is);
        if let Some((from, to)) = when.ages {
            let within = self.ages.iter().map(|age| (from..=to).contains(age));
            region.narrow(Dim::Age, Values::of(within.enumerate()));
        }
        if !when.diagnoses.is_empty() {
            let begins = |code: &DiagnosisCode| {
                let mut prefixes = when.diagnoses.iter();
                prefixes.any(|prefix| code.as_str().starts_with(prefix.as_str()))
            };
            region.narrow(
                Dim::Diagnosis,
                Values::of(self.diagnoses.iter().map(begins).enumerate()),
            );
        }
    }

    fn members(&self, when: &When) -> Values {
        let has = |kind: &IdentityKind| when.groups.iter().any(|g| g.identities.contains(kind));
        Values::of(self.identities.iter().map(has).enumerate())
    }

    fn covered(&self, when: &When) -> Values {
        Values::of(
            self.covers
                .iter()
                .map(|scheme| when.covered_by.contains(scheme))
                .enumerate(),
        )
    }
}
