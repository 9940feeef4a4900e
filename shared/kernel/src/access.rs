//! 访问记录: who read what is known of whom, or tried to. Ids and codes; never what was read.

use crate::{AreaCode, Instant, Period, Role};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenKind {
    /// 查阅: a method that answers what is known of people was answered, if only with a "no".
    Read,
    /// 拒绝: the caller was not let in: not known, or not allowed.
    Denied,
}

/// One access as the layers of a service see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// 统筹区: the caller's; the service's own where nobody knows the caller.
    pub area: AreaCode,
    /// The name that stands in request keys; empty where nobody knows the caller.
    pub caller: String,
    /// The caller's roles.
    pub roles: Vec<Role>,
    /// `/package.Service/Method`.
    pub method: String,
    /// What happened.
    pub kind: SeenKind,
    /// Whose data: ids of persons, settlements, visits and the like, at most [`SUBJECTS_MAX`].
    pub subjects: Vec<String>,
    /// How many there were, those beyond [`SUBJECTS_MAX`] too.
    pub subject_count: u32,
    /// 查阅目的: a case number or a code the caller gave; may be empty.
    pub purpose: String,
    /// `OK`, or the name of the status: `NOT_FOUND`.
    pub outcome: &'static str,
    /// The trace it belongs to; empty where none is kept.
    pub trace_id: String,
}

/// Ids of one access that are kept; of more, the number. A list's page of 500 has room for a person
/// and something of theirs in each row.
pub const SUBJECTS_MAX: usize = 1_000;

/// One access as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// A UUIDv7.
    pub id: String,
    /// 统筹区.
    pub area: AreaCode,
    /// When it was written; the answer left afterwards.
    pub at: Instant,
    /// The name that stands in request keys.
    pub caller: String,
    /// The caller's roles by name.
    pub roles: Vec<String>,
    /// `/package.Service/Method`.
    pub method: String,
    /// What happened.
    pub kind: SeenKind,
    /// Whose data.
    pub subjects: Vec<String>,
    /// How many there were.
    pub subject_count: u32,
    /// 查阅目的.
    pub purpose: String,
    /// `OK`, or the name of the status.
    pub outcome: String,
    /// The trace it belongs to.
    pub trace_id: String,
    /// How many alike this entry stands for: 1, or more where attempts were too many to write each.
    pub times: u32,
}

/// Which accesses an auditor asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessFilter {
    /// Only those of this caller.
    pub caller: Option<String>,
    /// Only those that showed this person, settlement or visit.
    pub subject: Option<String>,
    /// Only those of these days.
    pub days: Option<Period>,
}
