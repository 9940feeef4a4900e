//! One saga under way: its past, what is not durable yet, and what could be taken back.

use crate::insist::{No, Silence};
use crate::journal::{Boxed, Change, Entry, Journal, Lost, Past, What, Wish};
use crate::refusal::{JOURNAL_DIFFERS, STEP_UNANSWERED};
use crate::step::{Pivot, Undo};
use crate::verbs::{Halt, Why};
use crate::{ATTEMPTS_MAX, QUESTIONS_MAX};
use kernel::refusal::INTERNAL;
use kernel::{Fault, Kind, Refusal};
use serde::{Serialize, de::DeserializeOwned};
use std::borrow::Cow;
use std::sync::Arc;

/// One saga under way.
pub struct Run<P> {
    pub(crate) id: String,
    pub(crate) pivot_key: String,
    pub(crate) ports: Arc<P>,
    pub(crate) journal: Box<dyn Journal>,
    pub(crate) past: Past,
    /// True when its row stands.
    pub(crate) begun: bool,
    /// Its pivot has happened: it goes on to its end, whatever its owner wants.
    pub(crate) committed: bool,
    /// Lines that are not durable yet.
    pub(crate) fresh: Vec<Entry>,
    pub(crate) undoable: Vec<(u32, Box<dyn Undoable<P>>)>,
    pub(crate) pivot: Option<(u32, Box<dyn Reversible<P>>)>,
    /// The id of what the pivot made.
    pub(crate) subject: String,
    attempts_max: u32,
    next: u32,
}

/// What a step was answered in an earlier life.
pub(crate) struct Answer {
    json: String,
    step: u32,
}

impl Answer {
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Halt> {
        // What was written cannot be read: somebody edited the journal, or the answer's type.
        serde_json::from_str(&self.json).map_err(|_| {
            let no = JOURNAL_DIFFERS.refuse().with("number", self.step);
            Halt(Why::Stuck(no.with("journaled", "?").with("written", "?")))
        })
    }
}

impl<P: Send + Sync + 'static> Run<P> {
    /// A saga that may begin: `id` will be its id if it needs a row, `pivot_key` is the caller's own
    /// request id.
    pub fn new(
        id: impl Into<String>,
        pivot_key: impl Into<String>,
        ports: Arc<P>,
        journal: Box<dyn Journal>,
    ) -> Run<P> {
        Run {
            id: id.into(),
            pivot_key: pivot_key.into(),
            ports,
            journal,
            past: Past::default(),
            begun: false,
            committed: false,
            fresh: Vec::new(),
            undoable: Vec::new(),
            pivot: None,
            subject: String::new(),
            attempts_max: ATTEMPTS_MAX,
            next: 0,
        }
    }

    /// The same saga taken up with what it has behind it.
    pub fn resumed(self, past: Past) -> Run<P> {
        Run {
            past,
            begun: true,
            ..self
        }
    }

    /// The same saga with another number of attempts than [`ATTEMPTS_MAX`].
    pub fn with_attempts(self, attempts_max: u32) -> Run<P> {
        Run {
            attempts_max,
            ..self
        }
    }

    /// How often a step that can be given up may be asked.
    pub(crate) fn attempts_max(&self) -> u32 {
        self.attempts_max
    }

    /// How often a question may be asked.
    pub(crate) fn questions_max(&self) -> u32 {
        match self.begun {
            true => self.attempts_max,
            false => QUESTIONS_MAX.min(self.attempts_max),
        }
    }

    /// Back to the first step, with what is known by now.
    pub(crate) fn rewind(&mut self) {
        self.past.lines.append(&mut self.fresh);
        self.undoable.clear();
        self.pivot = None;
        self.next = 0;
    }

    pub(crate) fn next(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    pub(crate) fn is_unbegun(&self) -> bool {
        !self.begun
    }

    pub(crate) fn key(&self, step: u32) -> String {
        format!("{}-{step}", self.id)
    }

    /// How often a step was asked before the saga rested at it.
    pub(crate) fn rested_at(&self, step: u32) -> u32 {
        let rested = self.past.rested.filter(|(at, _)| *at == step);
        rested.map_or(0, |(_, attempts)| attempts)
    }

    /// What an earlier life of the saga heard.
    pub(crate) fn recall(&mut self, step: u32, name: &str) -> Result<Option<Answer>, Halt> {
        let Some(entry) = self.past.answer(step) else {
            return Ok(None);
        };
        if entry.name != name {
            let no = JOURNAL_DIFFERS.refuse().with("number", step);
            let no = no.with("journaled", &entry.name).with("written", name);
            return Err(Halt(Why::Stuck(no)));
        }
        let is_pivot = self.pivot.as_ref().is_some_and(|(at, _)| *at == step);
        let (no, is_clean): (Refusal, bool) = match entry.what.clone() {
            // It had happened after all: its answer is still to be heard.
            What::Unanswered(_) if is_pivot && self.committed => return Ok(None),
            What::Refused(told) => (told.into(), true),
            What::Unanswered(told) => (told.into(), false),
            What::Answered(json) => return Ok(Some(Answer { json, step })),
            What::Undone | What::Reversed => return Ok(None),
        };
        if is_clean {
            self.forget(step);
        }
        Err(Halt(match is_pivot && is_clean {
            true => Why::Concluded(no),
            false => Why::Refused(no),
        }))
    }

    /// What its owner wants, before anything new is done.
    pub(crate) fn heed(&self) -> Result<(), Halt> {
        match self.past.wish == Wish::Withdraw && !self.committed {
            true => Err(Halt(Why::Withdrawn)),
            false => Ok(()),
        }
    }

    /// Makes durable what the body knows, before something with an effect leaves.
    pub(crate) async fn secure(&mut self) -> Result<(), Halt> {
        let change = match self.begun {
            false => Change::Begin,
            true if self.fresh.is_empty() => return Ok(()),
            true => Change::Go,
        };
        self.write(change).await.map_err(Silence::Lost)?;
        Ok(())
    }

    pub(crate) async fn write(&mut self, change: Change) -> Result<(), Lost> {
        if self.past.ended {
            // Its end is durable, and nothing comes after that.
            return Err(Lost::Gone);
        }
        self.past.wish = self.journal.write(&self.fresh, change).await?;
        self.begun = true;
        self.past.lines.append(&mut self.fresh);
        Ok(())
    }

    pub(crate) fn note(&mut self, step: u32, name: &'static str, what: What) {
        self.fresh.push(Entry {
            step,
            name: Cow::Borrowed(name),
            what,
        });
    }

    pub(crate) fn answered<T: Serialize>(
        &mut self,
        step: u32,
        name: &'static str,
        output: &T,
    ) -> Result<(), Halt> {
        let json = serde_json::to_string(output);
        let json = json.map_err(|_| Halt(Why::Stuck(INTERNAL.refuse())))?;
        self.note(step, name, What::Answered(json));
        Ok(())
    }

    /// A question that was not answered with what was asked for.
    pub(crate) fn question_failed(&mut self, step: u32, name: &'static str, no: No) -> Halt {
        Halt(match no {
            No::Silent(heard) if !self.begun => Why::Silent(Silence::Rest {
                step,
                attempts: QUESTIONS_MAX,
                heard,
                open: false,
            }),
            No::Silent(heard) => Why::Refused(self.give_up(step, name, &heard)),
            No::Remembered(no) | No::Foreign(no) | No::Unread(no) => {
                match no.kind == Kind::Invalid && !self.begun {
                    true => Why::Malformed(no),
                    false => {
                        self.note(step, name, What::Refused((&no).into()));
                        Why::Refused(no)
                    }
                }
            }
        })
    }

    /// A step that was not done, as far as anybody knows.
    pub(crate) fn step_failed(&mut self, step: u32, name: &'static str, no: No) -> Halt {
        Halt(match no {
            No::Remembered(no) => {
                // A clean no changed nothing.
                self.forget(step);
                self.note(step, name, What::Refused((&no).into()));
                Why::Refused(no)
            }
            No::Foreign(no) => Why::Stuck(no),
            No::Unread(no) => {
                self.note(step, name, What::Unanswered((&no).into()));
                Why::Refused(no)
            }
            No::Silent(heard) => Why::Refused(self.give_up(step, name, &heard)),
        })
    }

    fn give_up(&mut self, step: u32, name: &'static str, heard: &Refusal) -> Refusal {
        let no = STEP_UNANSWERED.refuse().with("step", name);
        let no = no.with("heard", &heard.code);
        self.note(step, name, What::Unanswered((&no).into()));
        no
    }

    pub(crate) fn remember<S: Undo<Ports = P>>(&mut self, step: u32, undoable: Arc<S>) {
        self.undoable.push((step, Box::new(undoable)));
    }

    pub(crate) fn forget(&mut self, step: u32) {
        self.undoable.retain(|(at, _)| *at != step);
    }
}

/// A step as far as taking it back needs it.
pub(crate) trait Undoable<P>: Send + Sync {
    fn name(&self) -> &'static str;
    fn undo(&self, ports: Arc<P>, key: String) -> Boxed<'static, Result<(), Fault>>;
}

impl<S: Undo> Undoable<S::Ports> for Arc<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn undo(&self, ports: Arc<S::Ports>, key: String) -> Boxed<'static, Result<(), Fault>> {
        let step = self.clone();
        Box::pin(async move { (*step).undo(&ports, &key).await })
    }
}

/// A pivot as far as reversing it needs it.
pub(crate) trait Reversible<P>: Send + Sync {
    fn name(&self) -> &'static str;
    fn reverse(
        &self,
        ports: Arc<P>,
        keys: (String, String),
        subject: String,
    ) -> Boxed<'static, Result<(), Fault>>;
}

impl<S: Pivot> Reversible<S::Ports> for Arc<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }

    fn reverse(
        &self,
        ports: Arc<S::Ports>,
        (key, own_key): (String, String),
        subject: String,
    ) -> Boxed<'static, Result<(), Fault>> {
        let step = self.clone();
        Box::pin(async move { (*step).reverse(&ports, &key, &own_key, &subject).await })
    }
}
