//! A toy journal: one row that is fenced by its owner, and its lines.

use crate::peers::sleep;
use crate::world::{Flaw, Row, RowState, Shared, Until, World, fate, hash, lock};
use saga::{Boxed, Change, Entry, Journal, Lost, Past, What, Wish};
use std::future::pending;

/// What can happen to one write.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Written,
    CrashBefore,
    CrashAfter,
    Sleep(Until),
}

/// The journal in the hands of one life.
pub struct Book {
    pub world: Shared,
    pub life: u32,
    pub id: String,
    /// Of flawed journals: what was promised and is not written yet.
    pub owed: Vec<Entry>,
    pub owes_row: bool,
}

impl Journal for Book {
    fn write<'a>(
        &'a mut self,
        lines: &'a [Entry],
        change: Change,
    ) -> Boxed<'a, Result<Wish, Lost>> {
        Box::pin(async move {
            let Some(is_wished) = lock(&self.world).wish_now() else {
                return pending().await;
            };
            if is_wished {
                wish(&mut lock(&self.world));
            }
            let fates = self.fates();
            let fate = fate(&self.world, &fates).await;
            if let Fate::Sleep(until) = fate {
                sleep(&self.world, self.life, until).await;
            }
            let world = self.world.clone();
            let mut world = lock(&world);
            let written = match fate {
                Fate::CrashBefore => Err(Lost::Gone),
                Fate::CrashAfter => self
                    .write_now(&mut world, lines, &change)
                    .and(Err(Lost::Gone)),
                Fate::Written | Fate::Sleep(_) => self.write_now(&mut world, lines, &change),
            };
            world.tell(|| format!("{}: writes {lines:?} {change:?} → {written:?}", self.life));
            self.hear(&mut world, written.map(|wish| wish == Wish::Withdraw));
            if written.is_ok() {
                world.wrote(self.life, std::mem::discriminant(&change));
            }
            written
        })
    }

    fn hold(&mut self) -> Boxed<'_, Result<(), Lost>> {
        Box::pin(async move {
            let is_crash = fate(&self.world, &[false, true]).await;
            let world = self.world.clone();
            let mut world = lock(&world);
            let held = match is_crash || !self.is_ours(&world) {
                true => Err(Lost::Gone),
                false => Ok(()),
            };
            self.hear(&mut world, held.map(|()| false));
            held
        })
    }

    fn pause(&mut self, _: u32) -> Boxed<'_, bool> {
        Box::pin(async move {
            let goes_on = fate(&self.world, &[true, false]).await;
            lock(&self.world).waited(self.life, goes_on);
            goes_on
        })
    }
}

impl Book {
    fn fates(&self) -> Vec<Fate> {
        let world = lock(&self.world);
        let mut fates = vec![Fate::Written, Fate::CrashBefore, Fate::CrashAfter];
        if world.may_sleep(self.life) {
            fates.extend([Until::NextLife, Until::End].map(Fate::Sleep));
        }
        fates
    }

    fn is_ours(&self, world: &World) -> bool {
        let row = world.state.row.as_ref();
        world.flaw == Flaw::LateRow || row.is_some_and(|row| row.owner == self.life)
    }

    fn hear(&self, world: &mut World, heard: Result<bool, Lost>) {
        let was_lost = world
            .state
            .lives
            .get(&self.life)
            .is_some_and(|life| life.is_lost);
        if was_lost {
            world.break_promise("writes or holds after it was lost".into());
        }
        world.heard(self.life, (heard.is_ok(), heard == Ok(true)));
        if heard.is_err() {
            world.state.lives.entry(self.life).or_default().is_lost = true;
        }
    }

    fn write_now(
        &mut self,
        world: &mut World,
        lines: &[Entry],
        change: &Change,
    ) -> Result<Wish, Lost> {
        let mut lines = lines.to_vec();
        if world.flaw == Flaw::LateAnswers {
            let is_last = !matches!(change, Change::Begin | Change::Go | Change::Rest { .. });
            let fresh = std::mem::take(&mut lines);
            lines.append(&mut self.owed);
            match is_last {
                true => lines.extend(fresh),
                false => self.owed = fresh,
            }
        }
        if *change == Change::Begin {
            if world.state.row.is_some() {
                return Err(Lost::Taken);
            }
            if world.flaw == Flaw::LateRow {
                (self.owed, self.owes_row) = (lines, true);
                return Ok(Wish::GoOn);
            }
            begin(world, self.id.clone(), self.life, false);
        } else if std::mem::take(&mut self.owes_row) {
            if world.state.row.is_some() {
                return Err(Lost::Taken);
            }
            begin(world, self.id.clone(), self.life, false);
            lines.splice(0..0, self.owed.drain(..));
        }
        let Some(row) = &mut world.state.row else {
            return Err(Lost::Gone);
        };
        let is_ours = row.owner == self.life || world.flaw == Flaw::LostFence;
        if !is_ours || row.is_ended() && world.flaw != Flaw::LostFence {
            return Err(Lost::Gone);
        }
        world.writes += 1;
        for line in lines {
            row.lines = hash((row.lines, line.step, mark(&line.what)));
            world.lines.push(line);
        }
        apply(row, change);
        match row.is_withdrawn {
            true => Ok(Wish::Withdraw),
            false => Ok(Wish::GoOn),
        }
    }
}

/// What tells one line from another where states are compared.
fn mark(what: &What) -> (u8, &str) {
    match what {
        What::Answered(json) => (0, json),
        What::Refused(no) => (1, &no.code),
        What::Unanswered(no) => (2, &no.code),
        What::Undone => (3, ""),
        What::Reversed => (4, ""),
    }
}

fn apply(row: &mut Row, change: &Change) {
    match change {
        Change::Begin | Change::Go => {}
        Change::Rest { step, attempts, .. } => row.rested = Some((*step, *attempts)),
        Change::Done(_) if row.is_withdrawn => {}
        Change::Done(_) => row.state = RowState::Done,
        Change::Refused(no) => row.state = RowState::Refused(no.code.to_string()),
        Change::Withdrawn => row.state = RowState::Withdrawn,
        Change::Stands(..) => {
            row.state = RowState::Done;
            row.is_withdrawn = false;
            row.stood += 1;
        }
        Change::Stuck(_) => row.state = RowState::Stuck,
    }
}

fn begin(world: &mut World, id: String, owner: u32, is_tombstone: bool) {
    world.lines.clear();
    world.state.row = Some(Row {
        id,
        owner,
        state: RowState::Open,
        is_withdrawn: is_tombstone,
        is_tombstone,
        rested: None,
        stood: 0,
        lines: 0,
    });
}

/// The owner wants the saga withdrawn: the row says so from now on.
pub fn wish(world: &mut World) {
    match &mut world.state.row {
        None => begin(world, "W".into(), 0, true),
        Some(row) if matches!(row.state, RowState::Open | RowState::Done) => {
            row.is_withdrawn = true;
            row.state = RowState::Open;
        }
        // Nothing of it stands.
        Some(_) => {}
    }
}

/// What a saga that is taken up has behind it.
pub fn past(world: &World, row: &Row) -> Past {
    Past {
        lines: world.lines.clone(),
        wish: match row.is_withdrawn {
            true => Wish::Withdraw,
            false => Wish::GoOn,
        },
        rested: row.rested,
        stood: row.stood,
        ended: row.is_ended(),
    }
}
