//! Drives a toy saga from life to life to its end, and looks at what is left of it.

use crate::bodies::Toy;
use crate::book::{Book, past, wish};
use crate::peers::Peers;
use crate::world::{PIVOT_KEY, Row, RowState, Shared, Until, lock};
use saga::{Boxed, End, Run, drive, withdraw_unbegun};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// More lives than any few faults can cost.
const LIVES_MAX: u32 = 40;

/// What one life of the saga came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Came {
    Done(u32),
    Refused(String),
    Withdrawn,
    Stands,
    /// Nothing that is meant to last.
    Open,
    Stuck(String),
}

impl Came {
    fn of(end: End<u32>) -> Came {
        match end {
            End::Done(value) => Came::Done(value),
            End::Refused(no) => Came::Refused(no.code.to_string()),
            End::Withdrawn => Came::Withdrawn,
            End::Stands(..) => Came::Stands,
            End::Told(_) | End::Rests(_) | End::Taken | End::Lost => Came::Open,
            End::Stuck(no) => Came::Stuck(no.to_string()),
        }
    }

    /// The same without its particulars: a saga without a row may be refused for another reason
    /// the next time, but not be done.
    fn class(&self) -> &'static str {
        match self {
            Came::Done(_) => "done",
            Came::Refused(_) => "refused",
            Came::Withdrawn => "withdrawn",
            Came::Stands => "stands",
            Came::Open | Came::Stuck(_) => "open",
        }
    }
}

type Living = Boxed<'static, Came>;

/// One life of a saga that has this behind it, and no faults.
pub fn live_once<T: Toy>(world: &Shared) -> Came {
    let mut office = Office {
        world: world.clone(),
        asleep: None,
    };
    office.live::<T>().expect("nobody sleeps or crashes")
}

/// One schedule of one saga.
struct Office {
    world: Shared,
    asleep: Option<Living>,
}

/// Plays one schedule to its end. The world says what did not hold.
pub fn play<T: Toy>(world: &Shared) {
    let mut office = Office {
        world: world.clone(),
        asleep: None,
    };
    office.play::<T>();
}

impl Office {
    fn play<T: Toy>(&mut self) {
        self.live_to_the_end::<T>();
        if self.is_over() {
            return;
        }
        lock(&self.world).calm = true;
        self.wake();
        self.live_to_the_end::<T>();
        lock(&self.world).deliver_late(Until::End);
        self.inspect::<T>();
        if !self.is_over() {
            self.ask_again::<T>();
            self.inspect::<T>();
        }
    }

    /// The run is dropped, or lost already.
    fn is_over(&self) -> bool {
        let world = lock(&self.world);
        world.merged || world.broken.is_some()
    }

    /// Life after life, until there is an end and its owner leaves it at that.
    fn live_to_the_end<T: Toy>(&mut self) {
        loop {
            let mut world = lock(&self.world);
            match world.wish_now() {
                None => return,
                Some(true) => wish(&mut world),
                Some(false) if self.is_ended(&world.state) => return,
                Some(false) => {}
            }
            let is_tombstone = world.state.row.as_ref().is_some_and(|row| row.is_ended());
            if is_tombstone {
                // It was refused before it was withdrawn.
                return;
            }
            if world.state.born > LIVES_MAX {
                world.break_promise("it never ends".into());
                return;
            }
            drop(world);
            let slept = self.asleep.is_some();
            if let Some(came) = self.live::<T>() {
                self.hear(came, false);
            }
            let mut world = lock(&self.world);
            world.state.away = None;
            if world.merged || world.broken.is_some() {
                return;
            }
            world.deliver_late(Until::NextLife);
            let wakes = matches!(world.state.sleeper, Some((_, Until::NextLife)));
            drop(world);
            if slept && wakes {
                self.wake();
            }
            if self.is_over() {
                return;
            }
        }
    }

    fn is_ended(&self, state: &crate::world::State) -> bool {
        match &state.row {
            Some(row) => row.is_ended(),
            None => state.told.is_some(),
        }
    }

    /// One life from what is durable. None: it crashed, sleeps or is dropped.
    fn live<T: Toy>(&mut self) -> Option<Came> {
        let mut living = self.born::<T>();
        match poll(&mut living) {
            Poll::Ready(came) => Some(came),
            Poll::Pending => {
                let mut world = lock(&self.world);
                let current = world.state.current;
                match world.state.sleeper {
                    Some((life, _)) if life == current && !world.merged => {
                        world.tell(|| format!("{life}: sleeps"));
                        drop(world);
                        self.asleep = Some(living);
                    }
                    _ => {
                        world.state.lives.remove(&current);
                    }
                }
                None
            }
        }
    }

    fn born<T: Toy>(&self) -> Living {
        let mut world = lock(&self.world);
        world.state.born += 1;
        let life = world.state.born;
        world.state.current = life;
        let awake = world.state.sleeper.map(|(life, _)| life);
        world.state.lives.retain(|life, _| Some(*life) == awake);
        let row = world.state.row.as_mut().map(|row| {
            row.owner = if row.is_ended() { row.owner } else { life };
            row.clone()
        });
        let id = row
            .as_ref()
            .map_or(format!("S{life}"), |row| row.id.clone());
        world.wrote(life, "taken up");
        world.tell(|| format!("{life}: lives, {row:?}"));
        let book = Book {
            world: self.world.clone(),
            life,
            id: id.clone(),
            owed: Vec::new(),
            owes_row: false,
        };
        let peers = Arc::new(Peers::new(self.world.clone(), life));
        let run = Run::new(id, PIVOT_KEY, peers, Box::new(book));
        let past = row.as_ref().map(|row: &Row| past(&world, row));
        Box::pin(async move {
            let is_tombstone = row.is_some_and(|row| row.is_tombstone);
            let run = match past {
                Some(past) => run.resumed(past),
                None => run,
            };
            match is_tombstone {
                true => match withdraw_unbegun(&T::TOY, run).await {
                    End::Stands((), _) => Came::Stands,
                    End::Withdrawn => Came::Withdrawn,
                    End::Stuck(no) => Came::Stuck(no.to_string()),
                    End::Done(()) | End::Refused(_) => Came::Stuck("no such end".into()),
                    _ => Came::Open,
                },
                false => Came::of(drive(&T::TOY, run).await),
            }
        })
    }

    /// Whoever slept goes on from where it was.
    fn wake(&mut self) {
        let Some(mut living) = self.asleep.take() else {
            return;
        };
        let mut world = lock(&self.world);
        let Some((life, _)) = world.state.sleeper.take() else {
            return;
        };
        world.tell(|| format!("{life}: wakes"));
        world.state.current = life;
        drop(world);
        if let Poll::Ready(came) = poll(&mut living) {
            self.hear(came, true);
        }
    }

    /// The caller is told, and remembers it.
    fn hear(&self, came: Came, has_slept: bool) {
        let mut world = lock(&self.world);
        world.tell(|| format!("came to {came:?}"));
        let class = came.class();
        if let Came::Stuck(why) = came {
            world.break_promise(format!("stuck: {why}"));
        }
        if class == "open" {
            return;
        }
        let wished = world.state.wants_withdrawal;
        let earlier = world.state.told.clone();
        let agrees = match (earlier.as_deref(), class) {
            (None, "withdrawn" | "stands") => wished,
            (None, _) => true,
            (Some(earlier), now) if earlier == now => true,
            (Some("done" | "refused"), "withdrawn") => wished,
            (Some("done"), "stands") | (Some("stands"), "done") => wished,
            // An answer that was on its way while its owner withdrew.
            (Some("withdrawn"), "refused" | "done") => has_slept,
            _ => false,
        };
        if !agrees {
            world.break_promise(format!("was told {earlier:?}, and then {class}"));
        }
        if earlier.as_deref() != Some("withdrawn") {
            world.state.told = Some(class.into());
        }
    }

    /// All there or all gone, nothing twice, and nobody was told otherwise.
    fn inspect<T: Toy>(&self) {
        let mut world = lock(&self.world);
        if world.broken.is_some() {
            return;
        }
        let told = world.state.told.clone();
        let all = match (&world.state.row, told.as_deref()) {
            (Some(row), _) => match row.state {
                RowState::Done => true,
                RowState::Refused(_) | RowState::Withdrawn => false,
                RowState::Open | RowState::Stuck => {
                    return world.break_promise("the row is open".into());
                }
            },
            (None, Some(told)) => told == "done",
            (None, None) => return world.break_promise("nobody was told".into()),
        };
        let agrees = match told.as_deref() {
            Some("done") => all || world.state.wants_withdrawal,
            Some("stands") => all,
            Some(_) => !all,
            // A row tells it to whoever asks.
            None => true,
        };
        if !agrees {
            world.break_promise(format!("was told {told:?}, all there: {all}"));
        }
        let effects = || world.state.effects.values();
        let twice = effects().any(|effect| effect.times != 1);
        let mut names: Vec<_> = effects().filter(|e| e.stands).map(|e| e.name).collect();
        let mut values: Vec<_> = effects().filter(|e| e.stands).map(|e| e.value).collect();
        names.sort_unstable();
        values.dedup();
        let mut expected = if all { T::EFFECTS.to_vec() } else { Vec::new() };
        expected.sort_unstable();
        if twice {
            world.break_promise("a key took effect twice".into());
        }
        if names != expected {
            world.break_promise(format!("all there: {all}, and there are {names:?}"));
        }
        if values.len() > 1 || values == [0] {
            world.break_promise(format!("effects of different answers: {values:?}"));
        }
    }

    /// The same request once more: the same end, and of a row nothing but its lines is asked.
    fn ask_again<T: Toy>(&mut self) {
        let mut world = lock(&self.world);
        let row = world.state.row.clone();
        if row.as_ref().is_some_and(|row| row.is_tombstone) {
            return;
        }
        let before = (world.calls, world.writes);
        world.tell(|| "asked again".into());
        drop(world);
        let came = self.live::<T>();
        let mut world = lock(&self.world);
        let after = (world.calls, world.writes);
        let same = match (&came, row.as_ref().map(|row| &row.state)) {
            (Some(Came::Done(_)), Some(RowState::Done)) => true,
            (Some(Came::Withdrawn), Some(RowState::Withdrawn)) => true,
            (Some(Came::Refused(code)), Some(RowState::Refused(kept))) => code == kept,
            (Some(came), None) => world.state.told.as_deref() == Some(came.class()),
            _ => false,
        };
        if !same {
            world.break_promise(format!("asked again: {came:?}, the row: {row:?}"));
        }
        if row.is_some() && before != after {
            world.break_promise("asked again, an ended saga calls or writes".into());
        }
    }
}

fn poll(living: &mut Living) -> Poll<Came> {
    living
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}
