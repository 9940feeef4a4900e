//! How toy peers keep the promises: once by key, a remembered no, withdraw and burn before, after or
//! instead; or how they break them.

use crate::world::{Call, Effect, Flaw, Reply, World};
use kernel::refusal::{INTERNAL, REQUEST_WITHDRAWN};
use kernel::{Fault, Refusal};
use saga::Burned;

kernel::refusals! {
    /// What a toy peer says when it says no.
    TOY_REFUSED: Precondition, "不可以。", "请更换玩具。";
}

/// What a peer keeps under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    Done,
    Refused,
    Withdrawn,
}

impl World {
    /// A peer takes a call. `refuses`: it says no, if it has not said yes.
    pub fn serve(&mut self, call: &Call, refuses: bool) -> Result<Reply, Fault> {
        match call {
            Call::Ask { .. } if refuses => refused(TOY_REFUSED.refuse()),
            // The world changes: another life is answered otherwise.
            Call::Ask { .. } => Ok(Reply::Value(self.state.born)),
            Call::Do { name, key, value } => self.serve_do(name, key, *value, refuses),
            Call::Undo { key } => Ok(self.serve_undo(key)),
            Call::Burn { key } => Ok(Reply::Burned(self.serve_burn(key))),
            Call::Reverse {
                key,
                own_key,
                subject,
            } => self.serve_reverse(key, own_key, subject, refuses),
        }
    }

    fn serve_do(
        &mut self,
        name: &'static str,
        key: &str,
        value: u32,
        refuses: bool,
    ) -> Result<Reply, Fault> {
        match self.state.keys.get(key) {
            Some(Standing::Refused) => return refused(TOY_REFUSED.refuse()),
            Some(Standing::Withdrawn) => return refused(REQUEST_WITHDRAWN.refuse()),
            Some(Standing::Done) if self.flaw != Flaw::NotOnce => {
                let effect = self.state.effects.get(key);
                return Ok(Reply::Value(effect.map_or(0, |effect| effect.value)));
            }
            None if refuses => {
                if self.flaw != Flaw::ForgottenRefusal {
                    self.state.keys.insert(key.into(), Standing::Refused);
                }
                return refused(TOY_REFUSED.refuse());
            }
            Some(Standing::Done) | None => {}
        }
        let effect = self.state.effects.entry(key.into()).or_insert(Effect {
            name,
            value,
            stands: true,
            times: 0,
        });
        effect.times += 1;
        let value = effect.value;
        self.state.keys.insert(key.into(), Standing::Done);
        Ok(Reply::Value(value))
    }

    fn serve_undo(&mut self, key: &str) -> Reply {
        match self.state.keys.get(key) {
            None if self.flaw == Flaw::NoTombstone => return Reply::Done,
            Some(Standing::Refused | Standing::Withdrawn) => return Reply::Done,
            None | Some(Standing::Done) => {}
        }
        self.state.keys.insert(key.into(), Standing::Withdrawn);
        if let Some(effect) = self.state.effects.get_mut(key) {
            effect.stands = false;
        }
        Reply::Done
    }

    fn serve_burn(&mut self, key: &str) -> Burned {
        match self.state.keys.get(key) {
            Some(Standing::Refused) => Burned::Refused,
            Some(Standing::Done) => Burned::Done(subject_of(self.state.effects[key].value)),
            Some(Standing::Withdrawn) => Burned::Never,
            None => {
                if self.flaw != Flaw::NoBurn {
                    self.state.keys.insert(key.into(), Standing::Withdrawn);
                }
                Burned::Never
            }
        }
    }

    fn serve_reverse(
        &mut self,
        key: &str,
        own_key: &str,
        subject: &str,
        refuses: bool,
    ) -> Result<Reply, Fault> {
        match self.state.keys.get(own_key) {
            Some(Standing::Done) => return Ok(Reply::Done),
            Some(Standing::Refused | Standing::Withdrawn) => return refused(TOY_REFUSED.refuse()),
            None if refuses => {
                if self.flaw != Flaw::ReversalNotOnce {
                    self.state.keys.insert(own_key.into(), Standing::Refused);
                }
                return refused(TOY_REFUSED.refuse());
            }
            None => {}
        }
        self.state.keys.insert(own_key.into(), Standing::Done);
        let effect = self.state.effects.get_mut(key);
        match effect.filter(|effect| subject_of(effect.value) == subject && effect.stands) {
            Some(effect) => effect.stands = false,
            None => self.break_promise(format!("reverses what does not stand: {subject}")),
        }
        Ok(Reply::Done)
    }
}

/// The id of what a pivot made.
pub fn subject_of(value: u32) -> String {
    format!("made-{value}")
}

fn refused(no: Refusal) -> Result<Reply, Fault> {
    Err(Fault::Refused(no.remember()))
}

/// A reply that is not of the kind that was asked for.
pub fn confused() -> Fault {
    Fault::Refused(INTERNAL.refuse())
}
