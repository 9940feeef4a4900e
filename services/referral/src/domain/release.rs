//! 释放: what becomes of a use when the settlement of its stay is reversed.
//!
//! A release ends a use and keeps it, so that withdrawing the release can bring it back. Whoever
//! has nothing to release is not refused: a saga is past its way back when it asks.

use super::referral::{Referral, State, Usage};

impl Referral {
    /// 释放: ends the use by this stay and keeps it with the release; nothing when the stay does not
    /// use it. A referral whose request was withdrawn goes on showing who had used it.
    pub fn release(&self, visit_number: &str) -> Option<(Referral, Usage)> {
        let usage = self.usage.as_ref()?;
        let own = self.state() == State::Used && usage.visit_number == visit_number;
        own.then(|| {
            let free = Referral {
                usage: None,
                ..self.clone()
            };
            (free, usage.clone())
        })
    }

    /// Brings back the use that a release had ended; nothing when another stay uses it by now.
    pub fn without_release(self, ended: Usage) -> Option<Referral> {
        self.usage.is_none().then_some(Referral {
            usage: Some(ended),
            ..self
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::referral::tests::{Act, after, by, stay};
    use super::*;
    use Act::*;

    #[test]
    fn only_the_stay_that_uses_it_releases_it() {
        // What went before, and the state a release by the stay leaves, where it ends anything.
        let table: [(&[Act], Option<State>); 5] = [
            (&[], None),
            (&[Approve], None),
            (&[Approve, Use], Some(State::Approved)),
            (&[Approve, Use, WithdrawApproval], Some(State::Requested)),
            (&[Approve, Use, WithdrawRequest], None),
        ];
        for (before, expected) in table {
            let referral = after(before);
            let left = referral.release("Z1").map(|(free, _)| free.state());
            assert_eq!(left, expected, "{before:?}");
            assert_eq!(referral.release("Z2"), None, "{before:?}");
        }
    }

    #[test]
    fn a_release_withdrawn_brings_back_the_use_unless_another_stands() {
        let used = after(&[Approve, Use]);
        let (free, ended) = used.release("Z1").unwrap();
        assert_eq!(free.clone().without_release(ended.clone()), Some(used));
        let another = free.put_to_use(by("V"), &stay(), None).unwrap();
        assert_eq!(another.without_release(ended), None);
    }
}
