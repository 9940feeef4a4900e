//! What a till knows of its requests: a file that only grows. A request is written before it is
//! sent and every word about it after it was heard, so that nothing that was told can be denied.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

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
    /// Its id.
    pub subject: String,
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
    /// The answers, as they came; all of them ought to be one.
    pub answers: Vec<Answer>,
    /// What was said while nobody knew.
    pub silences: Vec<String>,
}

impl Entry {
    /// The answer, if there is one.
    pub fn answer(&self) -> Option<&Answer> {
        self.answers.first()
    }

    /// What it made, if it took effect.
    pub fn made(&self) -> Option<&Made> {
        match self.answer() {
            Some(Answer::Yes(made)) => Some(made),
            _ => None,
        }
    }
}

/// Every request of a record by its id.
pub type Entries = BTreeMap<String, Entry>;

/// Reads a record from its file: what is judged is what was written.
pub fn read(path: &Path) -> io::Result<Entries> {
    let mut entries = Entries::new();
    for line in BufReader::new(File::open(path)?).lines() {
        match serde_json::from_str(&line?)? {
            Said::Order(order) => {
                let entry = Entry {
                    order,
                    answers: Vec::new(),
                    silences: Vec::new(),
                };
                entries.insert(entry.order.id.clone(), entry);
            }
            Said::Answer { id, answer } => {
                if let Some(entry) = entries.get_mut(&id) {
                    entry.answers.push(answer);
                }
            }
            Said::Silence { id, code } => {
                if let Some(entry) = entries.get_mut(&id) {
                    entry.silences.push(code);
                }
            }
        }
    }
    Ok(entries)
}
