//! Claims under way: those of different people side by side, those of one person one after another,
//! what may be anybody's alone; all told in the order in which they came.

use futures_util::future::{BoxFuture, FutureExt, Shared};
use futures_util::stream::{FuturesOrdered, StreamExt};
use kernel::PersonId;
use std::collections::BTreeMap;
use std::future::Future;
use tokio::sync::oneshot;
use tracing::Instrument;

/// Resolves when a claim has ended: nothing is ever sent, it closes.
type End = Shared<oneshot::Receiver<()>>;

/// A window over a stream of claims, each of which comes to a `T`.
pub struct Window<T> {
    under_way: FuturesOrdered<BoxFuture<'static, T>>,
    /// The end of each person's last claim so far.
    last: BTreeMap<PersonId, End>,
    /// The end of the last one that may be anybody's: `last` has those after it.
    anybodys: Option<End>,
}

impl<T: Send + 'static> Window<T> {
    /// With nothing under way.
    pub fn new() -> Window<T> {
        Window {
            under_way: FuturesOrdered::new(),
            last: BTreeMap::new(),
            anybodys: None,
        }
    }

    /// How many claims are begun and not told.
    pub fn len(&self) -> usize {
        self.under_way.len()
    }

    /// True when all are told.
    pub fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Begins a claim: in a task of its own, which goes on to its end whatever becomes of the stream.
    /// `lost` is told when the task dies.
    pub fn begin(
        &mut self,
        person: Option<PersonId>,
        work: impl Future<Output = T> + Send + 'static,
        lost: T,
    ) {
        let (ended, end) = oneshot::channel::<()>();
        let before = self.before(person, end.shared());
        let task = tokio::spawn(
            async move {
                for end in before {
                    end.await.ok();
                }
                let told = work.await;
                drop(ended);
                told
            }
            .in_current_span(),
        );
        let told = async move { task.await.unwrap_or(lost) };
        self.under_way.push_back(Box::pin(told));
    }

    /// What must have ended before a claim of this person begins, which ends with `end`.
    fn before(&mut self, person: Option<PersonId>, end: End) -> Vec<End> {
        let Some(person) = person else {
            let all = std::mem::take(&mut self.last).into_values();
            return all.chain(self.anybodys.replace(end)).collect();
        };
        let own = self.last.insert(person, end);
        own.or_else(|| self.anybodys.clone()).into_iter().collect()
    }

    /// Something to be told without work.
    pub fn tell(&mut self, told: T) {
        self.under_way.push_back(Box::pin(std::future::ready(told)));
    }

    /// The next in the order in which they came; none when nothing is under way.
    pub async fn next(&mut self) -> Option<T> {
        let told = self.under_way.next().await;
        if self.under_way.is_empty() {
            // All ended: nobody needs to wait for them.
            self.last.clear();
            self.anybodys = None;
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn person(n: u32) -> Option<PersonId> {
        let id = format!("0190d6b2-5f5e-7cc3-98c4-{n:012x}");
        Some(PersonId::parse(&id).unwrap())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn claims_of_one_person_run_in_order_and_all_are_told_in_order() {
        let (seen, mut window) = (Arc::new(Mutex::new(Vec::new())), Window::new());
        let (open, gate) = oneshot::channel::<()>();
        let mut gate = Some(gate);
        for n in 0..40_u32 {
            let (seen, gate) = (seen.clone(), gate.take());
            let work = async move {
                if let Some(gate) = gate {
                    gate.await.ok();
                }
                seen.lock().unwrap().push(n);
                n
            };
            window.begin(person(n % 4), work, u32::MAX);
        }
        // All others' come to their end while the first person's first one waits.
        while seen.lock().unwrap().len() < 30 {
            tokio::task::yield_now().await;
        }
        assert!(!seen.lock().unwrap().contains(&4));
        open.send(()).unwrap();
        for n in 0..40 {
            assert_eq!(window.next().await, Some(n));
        }
        assert_eq!(window.next().await, None);
        let seen = seen.lock().unwrap();
        for whose in 0..4 {
            let own: Vec<_> = seen.iter().filter(|n| **n % 4 == whose).collect();
            assert!(own.is_sorted(), "{own:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_may_be_anybodys_runs_alone() {
        let (seen, mut window) = (Arc::new(Mutex::new(Vec::new())), Window::new());
        for n in 0..30_u32 {
            let seen = seen.clone();
            let work = async move {
                tokio::task::yield_now().await;
                seen.lock().unwrap().push(n);
                n
            };
            // Two people, and every tenth anybody's.
            let whose = (n % 10 != 9).then(|| person(n % 2)).flatten();
            window.begin(whose, work, u32::MAX);
        }
        while window.next().await.is_some() {}
        let seen = seen.lock().unwrap();
        let places = |of: fn(&u32) -> bool| seen.iter().position(of).unwrap();
        assert_eq!((places(|n| *n == 9), places(|n| *n == 19)), (9, 19));
        assert_eq!(seen.last(), Some(&29));
    }

    #[tokio::test]
    async fn a_dead_task_holds_nobody_up_and_is_told_as_lost() {
        let mut window = Window::new();
        window.begin(person(1), async { panic!("on purpose") }, "lost");
        window.begin(person(1), async { "second" }, "lost");
        window.tell("third");
        for told in ["lost", "second", "third"] {
            assert_eq!(window.next().await, Some(told));
        }
    }
}
