//! What a till knows of its requests: a file that only grows. A request is written before it is
//! sent and every word about it after it was heard, so that nothing that was told can be denied.

use super::kinds::{Effect, named};
use kernel::refusal::REQUEST_WITHDRAWN;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What is told of a request that was withdrawn, or whose key was burned.
pub const WITHDRAWN: &str = REQUEST_WITHDRAWN.code;

/// A request on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its `request_id`.
    pub id: String,
    /// Which caller sends it.
    pub till: usize,
    /// Its kind: a name in [`super::kinds::KINDS`].
    pub kind: String,
    /// The request as it goes over the wire, hexadecimal.
    pub message: String,
}

/// What a till was told for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// It took effect.
    Yes(Made),
    /// It never will: the code of the refusal.
    No(String),
}

/// What a request made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Its id, as GetOutcome tells it.
    pub subject: String,
    /// The settlements, in the order of the claims.
    pub bills: Vec<Bill>,
    /// 资助金额 of an enrolment.
    pub subsidy_fen: i64,
}

/// 结算, as far as a till keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    /// Its id.
    pub settlement_id: String,
    /// 医疗费总额.
    pub total_fen: i64,
    /// 基金支付总额.
    pub funds_fen: i64,
    /// 个人现金支出.
    pub cash_fen: i64,
    /// Digest over all amounts and codes.
    pub digest: String,
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
enum Said {
    /// Before it is sent for the first time.
    Order(Order),
    /// After an answer that holds for ever.
    Answer { id: String, answer: Answer },
    /// After anything else: nobody knows, and this is all that was said.
    Silence { id: String, code: String },
    /// Before its withdrawal is sent, each time.
    Withdrawal { id: String },
    /// After its withdrawal was refused.
    Stands { id: String, code: String },
}

/// The file, open for writing.
pub struct Record(Mutex<File>);

impl Record {
    /// Begins a record; there must be none yet.
    pub fn begin(path: &Path) -> io::Result<Record> {
        let file = File::options().create_new(true).append(true).open(path)?;
        Ok(Record(Mutex::new(file)))
    }

    /// Before a request is sent.
    pub fn order(&self, order: &Order) {
        self.write(&Said::Order(order.clone()));
    }

    /// After an answer.
    pub fn answer(&self, id: &str, answer: &Answer) {
        let (id, answer) = (id.to_string(), answer.clone());
        self.write(&Said::Answer { id, answer });
    }

    /// After a silence.
    pub fn silence(&self, id: &str, code: &str) {
        let (id, code) = (id.to_string(), code.to_string());
        self.write(&Said::Silence { id, code });
    }

    /// Before a withdrawal is sent.
    pub fn withdrawal(&self, id: &str) {
        self.write(&Said::Withdrawal { id: id.to_string() });
    }

    /// After a withdrawal was refused.
    pub fn stands(&self, id: &str, code: &str) {
        let (id, code) = (id.to_string(), code.to_string());
        self.write(&Said::Stands { id, code });
    }

    fn write(&self, said: &Said) {
        let mut line = serde_json::to_vec(said).expect("plain values");
        line.push(b'\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line).expect("the record can be written");
    }
}

/// A request, and everything that was said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The request.
    pub order: Order,
    /// The answers, as they came; all of them ought to be one, or one and that it was withdrawn.
    pub answers: Vec<Answer>,
    /// What was said while nobody knew.
    pub silences: Vec<String>,
    /// How often its withdrawal was sent.
    pub withdrawals: usize,
    /// Why its withdrawal was refused, each time.
    pub stood: Vec<String>,
}

impl Entry {
    /// The last word, if there is one.
    pub fn answer(&self) -> Option<&Answer> {
        let withdrawn = |answer: &&Answer| match answer {
            Answer::No(code) => self.withdrawals > 0 && code == WITHDRAWN,
            Answer::Yes(_) => false,
        };
        self.answers.iter().find(withdrawn).or(self.answers.first())
    }

    /// What it made, if anybody was told that it took effect, whether that was taken back or not.
    pub fn made(&self) -> Option<&Made> {
        self.answers.iter().find_map(|answer| match answer {
            Answer::Yes(made) => Some(made),
            Answer::No(_) => None,
        })
    }

    /// What it made, if that was not taken back.
    pub fn stands(&self) -> Option<&Made> {
        match self.answer() {
            Some(Answer::Yes(made)) => Some(made),
            _ => None,
        }
    }

    /// The settlements it made; none when it is of another kind.
    pub fn bills(&self) -> &[Bill] {
        let settles =
            named(&self.order.kind).is_some_and(|kind| kind.door.effect == Effect::Settles);
        let made = self.made().filter(|_| settles);
        made.map(|made| made.bills.as_slice()).unwrap_or_default()
    }

    /// True when its till withdrew it.
    pub fn is_withdrawn(&self) -> bool {
        let told = |code: &str| self.withdrawals > 0 && code == WITHDRAWN;
        matches!(self.answer(), Some(Answer::No(code)) if told(code))
    }

    /// True when its withdrawal was refused, and an earlier one may still have been on its way.
    pub fn wavers(&self) -> bool {
        !self.stood.is_empty() && self.withdrawals > 1
    }
}

/// Every request of a record by its id.
pub type Entries = BTreeMap<String, Entry>;

/// Reads a record from its file: what is judged is what was written.
pub fn read(path: &Path) -> io::Result<Entries> {
    let mut entries = Entries::new();
    let about = |entries: &mut Entries, id: &str, note: &dyn Fn(&mut Entry)| {
        entries.get_mut(id).into_iter().for_each(note);
    };
    for line in BufReader::new(File::open(path)?).lines() {
        match serde_json::from_str(&line?)? {
            Said::Order(order) => {
                let entry = Entry {
                    order,
                    answers: Vec::new(),
                    silences: Vec::new(),
                    withdrawals: 0,
                    stood: Vec::new(),
                };
                entries.insert(entry.order.id.clone(), entry);
            }
            Said::Answer { id, answer } => {
                about(&mut entries, &id, &|entry| {
                    entry.answers.push(answer.clone())
                });
            }
            Said::Silence { id, code } => {
                about(&mut entries, &id, &|entry| {
                    entry.silences.push(code.clone())
                });
            }
            Said::Withdrawal { id } => about(&mut entries, &id, &|entry| entry.withdrawals += 1),
            Said::Stands { id, code } => {
                about(&mut entries, &id, &|entry| entry.stood.push(code.clone()));
            }
        }
    }
    Ok(entries)
}
