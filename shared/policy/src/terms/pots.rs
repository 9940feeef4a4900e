//! 费用分堆: the parts of a bill that are followed from layer to layer.

/// The parts of a bill that are followed from layer to layer, as a set of places: the lines of no
/// group, the lines of each group, and what is not in scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pots(pub u32);

/// Line groups of one package at most.
pub(crate) const LINE_GROUPS_MAX: usize = 15;
/// How many pots there are.
pub(crate) const POTS: usize = LINE_GROUPS_MAX + 5;
/// The pot of each kind that is not in scope, behind the pots of the lines.
pub(crate) const FIRST_PAY: usize = LINE_GROUPS_MAX + 1;
pub(crate) const REFERRAL: usize = LINE_GROUPS_MAX + 2;
pub(crate) const OVER_LIMIT: usize = LINE_GROUPS_MAX + 3;
pub(crate) const OWN_PAY: usize = LINE_GROUPS_MAX + 4;

impl Pots {
    pub const NONE: Pots = Pots(0);
    /// All pots of lines in scope.
    pub const IN_SCOPE: Pots = Pots((1 << FIRST_PAY) - 1);

    pub const fn one(pot: usize) -> Pots {
        Pots(1 << pot)
    }

    pub fn and(self, other: Pots) -> Pots {
        Pots(self.0 | other.0)
    }

    pub fn has(self, pot: usize) -> bool {
        self.0 & (1 << pot) != 0
    }

    /// The pots of the set, in their order.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = usize> + Clone {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let pot = (left != 0).then(|| left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(pot)
        })
    }
}
