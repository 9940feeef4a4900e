//! A toy world: peers that keep the promises, a journal row, and everything that is under way.

use crate::promises::Standing;
use saga::testing::Choices;
use saga::{Burned, Entry};
use std::collections::BTreeMap;
use std::future::pending;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};

/// The caller's own request id, which is the key of the pivot.
pub const PIVOT_KEY: &str = "K";

/// A promise broken on purpose. The exploration must find each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flaw {
    #[default]
    None,
    // Of peers.
    NotOnce,
    NoTombstone,
    NoBurn,
    ForgottenRefusal,
    PassingMarkedRemembered,
    ReversalNotOnce,
    // Of steps.
    PassingBelieved,
    KeyPerAttempt,
    FinishGivenUp,
    UndoGivenUp,
    UnansweredNotTakenBack,
    PivotNotBurned,
    // Of journals.
    LateRow,
    LateAnswers,
    LostFence,
}

/// What may happen besides faults.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scope {
    pub name: &'static str,
    /// The owner may want it withdrawn, at any moment.
    pub wishes: bool,
    /// A life may sleep, and wake when another has taken over.
    pub sleepers: bool,
    /// States are the same when they differ in what was heard before the last write: a life knows
    /// what is durable by then, and nothing else.
    pub is_quick: bool,
}

/// When a late call arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Until {
    /// After the next call that is served.
    NextCall,
    /// Between two lives of the saga.
    NextLife,
    /// After everything.
    End,
}

/// A call on its way to a peer.
#[derive(Clone, Debug, Hash)]
pub enum Call {
    Ask {
        key: String,
    },
    Do {
        name: &'static str,
        key: String,
        value: u32,
    },
    Undo {
        key: String,
    },
    Burn {
        key: String,
    },
    Reverse {
        key: String,
        own_key: String,
        subject: String,
    },
}

/// What a peer answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Value(u32),
    Done,
    Burned(Burned),
}

impl Hash for Reply {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        match self {
            Reply::Value(value) => (0, value).hash(hasher),
            Reply::Done => 1.hash(hasher),
            Reply::Burned(Burned::Never) => 2.hash(hasher),
            Reply::Burned(Burned::Refused) => 3.hash(hasher),
            Reply::Burned(Burned::Done(subject)) => (4, subject).hash(hasher),
        }
    }
}

/// What came of a key.
#[derive(Clone, Debug, Hash)]
pub struct Effect {
    pub name: &'static str,
    pub value: u32,
    pub stands: bool,
    pub times: u32,
}

/// What is durable of a saga besides its lines.
#[derive(Clone, Debug, Hash)]
pub struct Row {
    pub id: String,
    pub owner: u32,
    pub state: RowState,
    pub is_withdrawn: bool,
    /// It was made to be withdrawn.
    pub is_tombstone: bool,
    pub rested: Option<(u32, u32)>,
    pub stood: u32,
    /// Stands for the lines where states are compared.
    pub lines: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowState {
    Open,
    Done,
    Refused(String),
    Withdrawn,
    Stuck,
}

impl Row {
    fn essence(&self) -> u64 {
        let told = (
            self.is_withdrawn,
            self.is_tombstone,
            self.rested,
            self.stood,
        );
        hash((&self.id, &self.state, told, self.lines))
    }

    pub fn is_ended(&self) -> bool {
        !matches!(self.state, RowState::Open | RowState::Stuck)
    }
}

/// One life of the saga, as far as its process knows.
#[derive(Clone, Copy, Debug, Default, Hash)]
pub struct Life {
    /// Everything it was told, in order. The engine knows nothing else.
    pub heard: u64,
    /// Silences since, which it forgets as soon as it is answered.
    waited: u64,
    /// It lost its saga, and must do nothing any more.
    pub is_lost: bool,
}

/// Everything that decides what can happen from here on.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub keys: BTreeMap<String, Standing>,
    pub effects: BTreeMap<String, Effect>,
    late: Vec<(Until, Call)>,
    pub row: Option<Row>,
    pub lives: BTreeMap<u32, Life>,
    /// The life under way.
    pub current: u32,
    /// How many lives there were.
    pub born: u32,
    pub sleeper: Option<(u32, Until)>,
    /// The step whose peer is away.
    pub away: Option<String>,
    pub wants_withdrawal: bool,
    /// What the caller was told for good.
    pub told: Option<String>,
}

#[derive(Debug, Default)]
pub struct World {
    pub choices: Choices,
    pub flaw: Flaw,
    pub state: State,
    pub lines: Vec<Entry>,
    pub scope: Scope,
    /// The key of a call that its peer cannot read.
    pub unreadable: Option<String>,
    /// No more faults.
    pub calm: bool,
    /// This state was met before.
    pub merged: bool,
    pub calls: usize,
    pub writes: usize,
    /// The first promise that did not hold.
    pub broken: Option<String>,
    /// What happened, when somebody wants to read it.
    pub story: Option<Vec<String>>,
}

pub type Shared = Arc<Mutex<World>>;

pub fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().expect("no test goes on after a panic")
}

/// What may happen at one point; the first is what should.
pub async fn fate<F: Copy + std::fmt::Debug>(world: &Shared, fates: &[F]) -> F {
    let chosen = lock(world).fate(fates);
    match chosen {
        Some(fate) => fate,
        // Seen before: this run is dropped here.
        None => pending().await,
    }
}

pub fn hash(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl World {
    /// A fresh world for the next schedule.
    pub fn reset(&mut self) {
        *self = World {
            choices: std::mem::take(&mut self.choices),
            flaw: self.flaw,
            scope: self.scope,
            ..World::default()
        };
    }

    pub fn tell(&mut self, what: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(what());
        }
    }

    pub fn break_promise(&mut self, what: String) {
        self.tell(|| format!("BROKEN {what}"));
        self.broken.get_or_insert(what);
    }

    fn fate<F: Copy + std::fmt::Debug>(&mut self, fates: &[F]) -> Option<F> {
        if self.calm {
            return Some(fates[0]);
        }
        if self.is_met(fates.len()) {
            return None;
        }
        let chosen = self.choices.fault(fates.len());
        if chosen > 0 {
            self.tell(|| format!("  fault: {:?}", fates[chosen]));
        }
        Some(fates[chosen])
    }

    /// True once, at some moment, when the owner wants the saga withdrawn. None: drop this run.
    pub fn wish_now(&mut self) -> Option<bool> {
        if self.calm || self.state.wants_withdrawal || !self.scope.wishes {
            return Some(false);
        }
        if self.is_met(0) {
            return None;
        }
        let is_wished = self.choices.either(2) == 1;
        if is_wished {
            self.tell(|| "  the owner wants it withdrawn".into());
            self.state.wants_withdrawal = true;
        }
        Some(is_wished)
    }

    fn is_met(&mut self, point: usize) -> bool {
        let is_met = self.choices.been_at(hash((self.essence(), point)));
        self.merged |= is_met;
        is_met
    }

    /// What decides what can happen from here on. Lives have no numbers, once their row stands.
    fn essence(&self) -> impl Hash {
        let State {
            keys,
            effects,
            late,
            row,
            lives,
            current,
            born,
            sleeper,
            away,
            wants_withdrawal,
            told,
        } = &self.state;
        let sleeper = sleeper.map(|(life, until)| (lives.get(&life).copied(), until));
        let awake = lives.get(current).copied();
        let peers = hash((keys, effects, late));
        let durable = row.as_ref().map(Row::essence);
        let owner = row.as_ref().map(|row| row.owner);
        let is_owner = (
            owner == Some(*current),
            self.sleeper_is(*current),
            self.sleeper_is_owner(),
        );
        let wanted = (wants_withdrawal, told);
        let number = row.is_none().then_some(born);
        hash((
            peers,
            durable,
            awake,
            sleeper,
            is_owner,
            (away, wanted, number),
        ))
    }

    pub fn may_sleep(&self, life: u32) -> bool {
        self.scope.sleepers && self.state.sleeper.is_none() && self.state.current == life
    }

    fn sleeper_is(&self, life: u32) -> bool {
        matches!(self.state.sleeper, Some((sleeper, _)) if sleeper == life)
    }

    fn sleeper_is_owner(&self) -> bool {
        let owner = self.state.row.as_ref().map(|row| row.owner);
        owner.is_some_and(|owner| self.sleeper_is(owner))
    }

    /// A life has written: it knows what is durable, and nothing else.
    pub fn wrote(&mut self, life: u32, what: impl Hash) {
        match (self.scope.is_quick, &self.state.row) {
            (true, Some(row)) => {
                let heard = hash((row.essence(), what));
                let life = self.state.lives.entry(life).or_default();
                (life.heard, life.waited) = (heard, 0);
            }
            _ => self.heard(life, what),
        }
    }

    /// A life is told something.
    pub fn heard(&mut self, life: u32, what: impl Hash) {
        let life = self.state.lives.entry(life).or_default();
        life.heard = hash((life.heard, what));
        life.waited = 0;
    }

    /// A life is not told anything yet.
    pub fn waited(&mut self, life: u32, what: impl Hash) {
        let life = self.state.lives.entry(life).or_default();
        match self.flaw {
            Flaw::None => life.waited = hash((life.waited, what)),
            // Flawed steps do not forget.
            _ => life.heard = hash((life.heard, what)),
        }
    }

    pub fn send_later(&mut self, until: Until, call: Call) {
        self.state.late.push((until, call));
    }

    /// What was late until now arrives.
    pub fn deliver_late(&mut self, until: Until) {
        let due = |at: &Until| *at == until || until == Until::End;
        let late = std::mem::take(&mut self.state.late);
        let (due, rest): (Vec<_>, Vec<_>) = late.into_iter().partition(|(at, _)| due(at));
        self.state.late = rest;
        for (_, call) in due {
            self.tell(|| format!("  arrives late: {call:?}"));
            let _nobody_hears = self.serve(&call, false);
        }
    }
}
