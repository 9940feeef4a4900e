//! Every schedule of a few faults: a generator of all sequences of choices.
//!
//! A test asks [`Choices`] wherever something can go wrong, and runs again until all has gone wrong
//! in every way. It knows nothing of sagas, peers or time.
//!
//! ```
//! # use saga::testing::Choices;
//! let mut choices = Choices::upto(1);
//! let mut seen = Vec::new();
//! loop {
//!     seen.push([choices.fault(2), choices.fault(3)]);
//!     if !choices.next_schedule() {
//!         break;
//!     }
//! }
//! assert_eq!(seen, [[0, 0], [0, 1], [0, 2], [1, 0]]);
//! ```

use std::collections::HashMap;

/// One schedule after the other, in order, without a repeat.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    faults_max: usize,
    /// What was chosen so far, of how many, and whether all but 0 are faults.
    path: Vec<(usize, usize, bool)>,
    /// How much of the path this run has walked.
    at: usize,
    /// Faults on the way walked.
    faults: usize,
    /// States met, and how many faults were left there.
    met: HashMap<u64, usize>,
}

impl Choices {
    /// All schedules of at most so many faults.
    pub fn upto(faults_max: usize) -> Choices {
        Choices {
            faults_max,
            ..Choices::default()
        }
    }

    /// What happens here, of so many ways: 0 is what should, everything else is a fault. Always 0
    /// when there were faults enough.
    pub fn fault(&mut self, ways: usize) -> usize {
        match self.faults < self.faults_max {
            true => self.choose(ways, true),
            false => 0,
        }
    }

    /// What happens here, of so many ways that are all in order.
    pub fn either(&mut self, ways: usize) -> usize {
        self.choose(ways, false)
    }

    fn choose(&mut self, ways: usize, costs: bool) -> usize {
        if ways < 2 {
            return 0;
        }
        if self.is_new() {
            self.path.push((0, ways, costs));
        }
        let chosen = self.path.get(self.at).map_or(0, |(chosen, ..)| *chosen);
        self.at += 1;
        self.faults += usize::from(costs && chosen > 0);
        chosen
    }

    /// True past what the schedule before had in common with this one.
    fn is_new(&self) -> bool {
        self.at == self.path.len()
    }

    /// How many faults there were up to here.
    pub fn faults(&self) -> usize {
        self.faults
    }

    /// True when this state was met before on another way, with at least as many faults left: all
    /// that can follow was or will be seen from there, and this run may be dropped. Two states are
    /// the same when nothing that follows can differ, choices included.
    pub fn been_at(&mut self, state: u64) -> bool {
        if !self.is_new() {
            // On the way to a choice that is still open.
            return false;
        }
        let left = self.faults_max - self.faults;
        match self.met.get(&state) {
            Some(met) if *met >= left => true,
            _ => {
                self.met.insert(state, left);
                false
            }
        }
    }

    /// Back to the start of the same schedule, to be told what happens in it.
    pub fn rewind(&mut self) {
        (self.at, self.faults) = (0, 0);
        self.met.clear();
    }

    /// On to the next schedule; false when there is none.
    pub fn next_schedule(&mut self) -> bool {
        (self.at, self.faults) = (0, 0);
        while let Some((chosen, ways, _)) = self.path.last_mut() {
            *chosen += 1;
            if chosen < ways {
                return true;
            }
            self.path.pop();
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The schedules of `points` choices between `ways`, and how many runs it took.
    fn count(faults_max: usize, points: usize, ways: usize) -> usize {
        let mut choices = Choices::upto(faults_max);
        let mut runs = 0;
        loop {
            runs += 1;
            (0..points).for_each(|_| {
                choices.fault(ways);
            });
            assert!(choices.faults() <= faults_max);
            if !choices.next_schedule() {
                return runs;
            }
        }
    }

    #[test]
    fn every_schedule_comes_once() {
        // 1 + 5 × 2 + C(5, 2) × 2².
        assert_eq!(count(2, 5, 3), 1 + 10 + 40);
        assert_eq!(count(0, 5, 3), 1);
        assert_eq!(count(5, 5, 2), 32);
        assert_eq!(count(3, 0, 2), 1);
    }

    #[test]
    fn a_state_met_twice_is_left() {
        let mut choices = Choices::upto(2);
        let (mut whole, mut left) = (0, 0);
        loop {
            // Whatever happened first, only the number of faults is left of it.
            let mut ended = false;
            for point in 0..3 {
                choices.fault(3);
                let faults = choices.faults() as u64;
                if choices.been_at(point * 10 + faults) {
                    ended = true;
                    break;
                }
            }
            match ended {
                true => left += 1,
                false => whole += 1,
            }
            if !choices.next_schedule() {
                break;
            }
        }
        assert_eq!((whole, left), (3, 8));
    }
}
