//! How steps reach the toy peers, and everything that can happen on the way.

use crate::promises::{confused, subject_of};
use crate::world::{Call, Flaw, PIVOT_KEY, Reply, Shared, Until, fate, lock};
use kernel::refusal::{OVERLOADED, PERMISSION_DENIED, UNAVAILABLE};
use kernel::{Fault, refusal};
use saga::{Burned, Pivot, Step, Undo};
use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;

/// What can happen to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Served,
    CallLost,
    AnswerLost,
    Late(Until),
    /// A no that is remembered.
    Refused,
    /// No permission, or overload: nothing was done.
    Passing,
    /// The peer cannot read it.
    Unread,
    /// The peer is away, however often it is asked in this life.
    Away,
    /// It is served, and nobody is left to hear the answer.
    Crash,
    /// Whoever wants to call sleeps, and somebody else takes over; it wakes then.
    Sleep(Until),
}

/// The way of one life to its peers.
pub struct Peers {
    pub world: Shared,
    pub life: u32,
    attempts: AtomicU32,
    silences: AtomicU32,
}

impl Peers {
    pub fn new(world: Shared, life: u32) -> Peers {
        Peers {
            world,
            life,
            attempts: AtomicU32::new(0),
            silences: AtomicU32::new(0),
        }
    }

    async fn call(&self, call: Call) -> Result<Reply, Fault> {
        let fates = self.fates(&call);
        let fate = match self.is_away(&call) {
            true => Fate::CallLost,
            false if self.is_unreadable(&call) => Fate::Unread,
            false => fate(&self.world, &fates).await,
        };
        match fate {
            Fate::Sleep(until) => sleep(&self.world, self.life, until).await,
            Fate::Crash => {
                let _nobody_hears = lock(&self.world).serve(&call, false);
                pending().await
            }
            _ => {}
        }
        self.answer(&call, fate)
    }

    fn answer(&self, call: &Call, fate: Fate) -> Result<Reply, Fault> {
        let mut world = lock(&self.world);
        world.calls += 1;
        let earlier_are_due = !matches!(fate, Fate::Late(_) | Fate::CallLost | Fate::Away);
        let silent = || Err(Fault::Unknown(UNAVAILABLE.refuse().with("part", "toy")));
        let reply = match fate {
            Fate::Served | Fate::Sleep(_) | Fate::Crash => world.serve(call, false),
            Fate::Refused => world.serve(call, true),
            Fate::CallLost => silent(),
            Fate::AnswerLost => {
                let _lost = world.serve(call, false);
                silent()
            }
            Fate::Late(until) => {
                world.send_later(until, call.clone());
                silent()
            }
            Fate::Passing => Err(passing(call, world.flaw)),
            Fate::Unread => Err(Fault::Unknown(refusal::invalid("toy", "可读"))),
            Fate::Away => {
                world.state.away = Some(key_of(call).into());
                silent()
            }
        };
        world.tell(|| format!("{}: {call:?} → {reply:?}", self.life));
        if earlier_are_due {
            world.deliver_late(Until::NextCall);
        }
        if world.state.lives.get(&self.life).is_some_and(|l| l.is_lost) {
            world.break_promise(format!("calls after it was lost: {call:?}"));
        }
        match &reply {
            Ok(answer) => world.heard(self.life, answer),
            Err(Fault::Refused(no)) => world.heard(self.life, &no.code),
            Err(Fault::Unknown(no)) if no.kind.is_passing() => world.waited(self.life, &no.code),
            Err(Fault::Unknown(no)) => world.heard(self.life, (&no.code, "unread")),
        }
        reply
    }

    fn is_away(&self, call: &Call) -> bool {
        let mut world = lock(&self.world);
        let is_away = world.state.away.as_deref() == Some(key_of(call));
        if !is_away {
            world.state.away = None;
        }
        is_away
    }

    fn is_unreadable(&self, call: &Call) -> bool {
        let is_request = matches!(call, Call::Do { .. } | Call::Reverse { .. });
        is_request && lock(&self.world).unreadable.as_deref() == Some(key_of(call))
    }

    /// What can happen to this call, first what should.
    fn fates(&self, call: &Call) -> Vec<Fate> {
        let world = lock(&self.world);
        let mut fates = vec![Fate::Served, Fate::CallLost, Fate::Passing];
        let (is_question, name) = match call {
            Call::Ask { .. } => (true, "ask"),
            Call::Do { name, .. } => (false, *name),
            _ => (false, ""),
        };
        if !is_question {
            fates.push(Fate::AnswerLost);
            fates.extend([Until::NextCall, Until::NextLife, Until::End].map(Fate::Late));
        }
        if matches!(name, "ask" | "run" | "commit") {
            fates.extend([Fate::Refused, Fate::Unread]);
        }
        if matches!(call, Call::Reverse { .. }) {
            fates.push(Fate::Refused);
        }
        if matches!(name, "ask" | "run") {
            fates.push(Fate::Away);
        }
        if world.state.row.is_none() {
            fates.push(Fate::Crash);
        }
        if world.may_sleep(self.life) {
            fates.extend([Until::NextLife, Until::End].map(Fate::Sleep));
        }
        fates
    }

    fn flaw(&self) -> Flaw {
        lock(&self.world).flaw
    }

    /// A key as this life's steps write it.
    fn key(&self, key: &str) -> String {
        match self.flaw() {
            Flaw::KeyPerAttempt => {
                let attempt = self.attempts.fetch_add(1, Ordering::Relaxed);
                format!("{key}#{attempt}")
            }
            _ => key.into(),
        }
    }

    async fn value(&self, call: Call) -> Result<u32, Fault> {
        match self.call(call).await? {
            Reply::Value(value) => Ok(value),
            _ => Err(confused()),
        }
    }
}

/// Sleeps before a call or a write, until somebody else has taken over.
pub async fn sleep(world: &Shared, life: u32, until: Until) {
    lock(world).state.sleeper = Some((life, until));
    let mut is_awake = false;
    poll_fn(|_| match std::mem::replace(&mut is_awake, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

/// Both kinds of no that pass.
fn passing(call: &Call, flaw: Flaw) -> Fault {
    let no = match call {
        Call::Do { key, .. } if key != PIVOT_KEY => OVERLOADED.refuse(),
        _ => PERMISSION_DENIED.refuse().with("method", "toy"),
    };
    match flaw {
        Flaw::PassingMarkedRemembered => Fault::Refused(no.remember()),
        _ => Fault::Unknown(no),
    }
}

fn key_of(call: &Call) -> &str {
    match call {
        Call::Ask { key } | Call::Undo { key } | Call::Burn { key } => key,
        Call::Do { key, .. } => key,
        Call::Reverse { own_key, .. } => own_key,
    }
}

/// Asks for a value that another life is answered otherwise.
pub struct Ask;

/// Makes something, before the pivot.
pub struct Make {
    pub value: u32,
}

/// Commits.
pub struct Commit {
    pub value: u32,
}

/// Makes something, after the pivot.
pub struct Follow {
    pub value: u32,
}

impl Step for Ask {
    const NAME: &'static str = "ask";
    type Ports = Peers;
    type Output = u32;

    async fn run(&self, peers: &Peers, key: &str) -> Result<u32, Fault> {
        peers.value(Call::Ask { key: key.into() }).await
    }
}

impl Step for Make {
    const NAME: &'static str = "run";
    type Ports = Peers;
    type Output = u32;

    async fn run(&self, peers: &Peers, key: &str) -> Result<u32, Fault> {
        let (name, key) = (Self::NAME, peers.key(key));
        let value = self.value;
        let heard = peers.value(Call::Do { name, key, value }).await;
        let silences = &peers.silences;
        match heard {
            Err(Fault::Unknown(no)) if peers.flaw() == Flaw::PassingBelieved => {
                Err(Fault::Refused(no))
            }
            Err(Fault::Unknown(no)) => {
                silences.fetch_add(1, Ordering::Relaxed);
                Err(Fault::Unknown(no))
            }
            heard => {
                silences.store(0, Ordering::Relaxed);
                heard
            }
        }
    }
}

impl Undo for Make {
    async fn undo(&self, peers: &Peers, key: &str) -> Result<(), Fault> {
        let was_silent = peers.silences.swap(0, Ordering::Relaxed) > 0;
        if was_silent && peers.flaw() == Flaw::UnansweredNotTakenBack {
            return Ok(());
        }
        undo(peers, key).await
    }
}

async fn undo(peers: &Peers, key: &str) -> Result<(), Fault> {
    let heard = peers.call(Call::Undo { key: key.into() }).await;
    match peers.flaw() {
        Flaw::UndoGivenUp => Ok(()),
        _ => heard.map(|_| ()),
    }
}

impl Step for Follow {
    const NAME: &'static str = "finish";
    type Ports = Peers;
    type Output = u32;

    async fn run(&self, peers: &Peers, key: &str) -> Result<u32, Fault> {
        let (name, key, value) = (Self::NAME, key.into(), self.value);
        match peers.value(Call::Do { name, key, value }).await {
            Err(Fault::Unknown(_)) if peers.flaw() == Flaw::FinishGivenUp => Ok(value),
            heard => heard,
        }
    }
}

impl Undo for Follow {
    async fn undo(&self, peers: &Peers, key: &str) -> Result<(), Fault> {
        undo(peers, key).await
    }
}

impl Step for Commit {
    const NAME: &'static str = "commit";
    type Ports = Peers;
    type Output = u32;

    async fn run(&self, peers: &Peers, key: &str) -> Result<u32, Fault> {
        let (name, key, value) = (Self::NAME, key.into(), self.value);
        peers.value(Call::Do { name, key, value }).await
    }
}

impl Pivot for Commit {
    fn subject(output: &u32) -> String {
        subject_of(*output)
    }

    async fn burn(&self, peers: &Peers, key: &str) -> Result<Burned, Fault> {
        if peers.flaw() == Flaw::PivotNotBurned {
            return Ok(Burned::Never);
        }
        match peers.call(Call::Burn { key: key.into() }).await? {
            Reply::Burned(burned) => Ok(burned),
            _ => Err(confused()),
        }
    }

    async fn reverse(
        &self,
        peers: &Peers,
        key: &str,
        own_key: &str,
        subject: &str,
    ) -> Result<(), Fault> {
        let call = Call::Reverse {
            key: key.into(),
            own_key: own_key.into(),
            subject: subject.into(),
        };
        peers.call(call).await.map(|_| ())
    }
}
