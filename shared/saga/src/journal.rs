//! What a saga has behind it, and where that is kept.

use kernel::{Refusal, ToldRefusal};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

/// A future in a box.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One line of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The step's number in the body, from 0.
    pub step: u32,
    /// The step's name.
    pub name: Cow<'static, str>,
    /// What happened to it.
    pub what: What,
}

/// What happened to a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// It was answered; the answer as JSON.
    Answered(String),
    /// It was refused for good.
    Refused(ToldRefusal),
    /// Nobody knows what became of it; it was given up.
    Unanswered(ToldRefusal),
    /// It was taken back.
    Undone,
    /// Of a pivot: it was reversed.
    Reversed,
}

/// What the saga's row shall say besides the new lines. All of one write is durable or nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It begins: the row does not stand yet.
    Begin,
    /// It goes on.
    Go,
    /// It rests: the step has been asked so often, and this was heard last.
    Rest {
        /// The step's number.
        step: u32,
        /// How often it was asked.
        attempts: u32,
        /// What was heard last.
        heard: Refusal,
    },
    /// It is done, and made the thing of this id; unless its owner wants it withdrawn: then the lines
    /// are kept and it goes on.
    Done(String),
    /// It was refused, and everything is taken back.
    Refused(Refusal),
    /// It was withdrawn, and everything is taken back.
    Withdrawn,
    /// It was to be withdrawn, and its reversal was refused: it is done, made the thing of this id, and
    /// stays so.
    Stands(String, Refusal),
    /// A person must look.
    Stuck(Refusal),
}

/// Why a saga can go no further here: somebody else has it, or the journal cannot be reached, or its
/// key is taken. Nothing may be concluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The journal is another executor's now, or is silent.
    Gone,
    /// Of a beginning: the key has a saga already.
    Taken,
}

/// What the owner of the saga wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wish {
    /// That it comes to its end.
    #[default]
    GoOn,
    /// That it is withdrawn.
    Withdraw,
}

/// One saga's journal and the time it is given.
pub trait Journal: Send {
    /// Appends lines and changes the row, durably and in one, if the saga is still ours and its
    /// journal as long as we know it; answers what its owner wants.
    fn write<'a>(&'a mut self, lines: &'a [Entry], change: Change)
    -> Boxed<'a, Result<Wish, Lost>>;

    /// Makes sure that the saga stays ours for the length of one call.
    fn hold(&mut self) -> Boxed<'_, Result<(), Lost>>;

    /// Waits before a step is asked again; false when the saga shall rest instead.
    fn pause(&mut self, attempts: u32) -> Boxed<'_, bool>;
}

/// What a saga has behind it when it is taken up.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// The lines of its journal.
    pub lines: Vec<Entry>,
    /// What its owner wants.
    pub wish: Wish,
    /// The step it rested at, and how often that was asked.
    pub rested: Option<(u32, u32)>,
    /// How often it was to be withdrawn and stood: each time is another request for its reversal.
    pub stood: u32,
    /// True when it has come to its end: it is told again, and nothing is written.
    pub ended: bool,
}

impl Past {
    /// What a step was answered, if it was. The last answer counts: a pivot that could not be read
    /// may be found to have happened.
    pub(crate) fn answer(&self, step: u32) -> Option<&Entry> {
        let answers = |entry: &&Entry| {
            entry.step == step && !matches!(entry.what, What::Undone | What::Reversed)
        };
        self.lines.iter().rfind(answers)
    }

    pub(crate) fn has(&self, step: u32, what: &What) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|entry| entry.step == step && entry.what == *what)
    }
}
