//! 情形: sets of cases as boxes over the dimensions of a condition, so that "no row for this" and
//! "this row never counts" are found by taking boxes from boxes, not by trying claims.
//!
//! A person may have several identities. Two of them are enough to tell rows apart: the one by
//! which a layer admits the person, and the one by which a row does; each is a dimension. Schemes
//! that cover besides are the same.

/// The dimensions of a condition, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dim {
    Care,
    Tier,
    Kind,
    Place,
    Filing,
    Contracted,
    /// The identity by which the layer admits.
    LayerIdentity,
    /// The identity by which the row admits.
    RowIdentity,
    Person,
    Age,
    LayerCover,
    RowCover,
    Disease,
    Diagnosis,
    SameYear,
}

pub(super) const DIMS: [Dim; 15] = [
    Dim::Care,
    Dim::Tier,
    Dim::Kind,
    Dim::Place,
    Dim::Filing,
    Dim::Contracted,
    Dim::LayerIdentity,
    Dim::RowIdentity,
    Dim::Person,
    Dim::Age,
    Dim::LayerCover,
    Dim::RowCover,
    Dim::Disease,
    Dim::Diagnosis,
    Dim::SameYear,
];

/// Values of one dimension at most; a package with more is not looked at in this way.
pub(super) const VALUES_MAX: usize = 64 * WORDS;
const WORDS: usize = 8;
/// Pieces of one subtraction at most.
const PIECES_MAX: usize = 2_000;
/// A set of values of one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Values([u64; WORDS]);

impl Values {
    const NONE: Values = Values([0; WORDS]);

    pub fn first(count: usize) -> Values {
        Values::of((0..count).map(|index| (index, true)))
    }

    pub fn of(values: impl Iterator<Item = (usize, bool)>) -> Values {
        let mut set = Values::NONE;
        for (index, _) in values.filter(|(_, is)| *is) {
            if let Some(word) = set.0.get_mut(index / 64) {
                *word |= 1 << (index % 64);
            }
        }
        set
    }

    pub fn has(&self, index: usize) -> bool {
        self.0
            .get(index / 64)
            .is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    fn join(self, other: Values, join: impl Fn(u64, u64) -> u64) -> Values {
        let mut joined = self;
        for (one, other) in joined.0.iter_mut().zip(other.0) {
            *one = join(*one, other);
        }
        joined
    }

    pub fn and(self, other: Values) -> Values {
        self.join(other, |one, other| one & other)
    }

    pub fn without(self, other: Values) -> Values {
        self.join(other, |one, other| one & !other)
    }

    pub fn is_empty(&self) -> bool {
        *self == Values::NONE
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..VALUES_MAX).filter(|index| self.has(*index))
    }
}

/// A box: every case whose value in each dimension is one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Region {
    dims: [Values; DIMS.len()],
}

impl Region {
    pub fn of(values: impl Fn(Dim) -> Values) -> Region {
        Region {
            dims: DIMS.map(values),
        }
    }

    pub fn get(&self, dim: Dim) -> Values {
        self.dims.get(dim as usize).copied().unwrap_or(Values::NONE)
    }

    fn set(&mut self, dim: Dim, values: Values) {
        if let Some(slot) = self.dims.get_mut(dim as usize) {
            *slot = values;
        }
    }

    pub fn narrow(&mut self, dim: Dim, values: Values) {
        self.set(dim, self.get(dim).and(values));
    }

    /// True when no case is inside.
    pub fn is_empty(&self) -> bool {
        self.dims.iter().any(Values::is_empty)
    }

    /// The cases in both.
    pub fn and(&self, other: &Region) -> Region {
        let mut both = self.clone();
        for (one, other) in both.dims.iter_mut().zip(&other.dims) {
            *one = one.and(*other);
        }
        both
    }

    /// The cases of this one that are not in the other, as boxes apart from each other.
    fn without(&self, other: &Region) -> Vec<Region> {
        if self.and(other).is_empty() {
            return vec![self.clone()];
        }
        let mut rest = self.clone();
        let mut pieces = Vec::new();
        for dim in DIMS {
            let outside = rest.get(dim).without(other.get(dim));
            if !outside.is_empty() {
                let mut piece = rest.clone();
                piece.set(dim, outside);
                pieces.push(piece);
            }
            rest.narrow(dim, other.get(dim));
        }
        pieces
    }
}

/// The cases in a box of one list and in a box of the other.
pub(super) fn crossed(one: &[Region], other: &[Region]) -> Vec<Region> {
    let both = one.iter().flat_map(|a| other.iter().map(move |b| a.and(b)));
    both.filter(|region| !region.is_empty()).collect()
}

/// The cases of `targets` that none of `covers` has; nothing when that takes too many boxes.
pub(super) fn uncovered(targets: Vec<Region>, covers: &[Region]) -> Option<Vec<Region>> {
    let mut left = targets;
    left.retain(|region| !region.is_empty());
    for cover in covers {
        left = left
            .iter()
            .flat_map(|region| region.without(cover))
            .collect();
        if left.len() > PIECES_MAX {
            return None;
        }
    }
    Some(left)
}

/// How two rows overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overlap {
    None,
    /// Only for people with an identity, or another scheme, for each of them.
    ByTwoIdentities,
    Plain,
}
