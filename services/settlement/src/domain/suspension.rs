//! 暂停联网结算: on which days an institution or a person is not settled for online. Why, whoever
//! decided it knows (条例第30、38、40、41条).

use crate::refusal::{ONLINE_SUSPENDED, SUSPENSION_DAYS, SUSPENSION_OVERLAPS};
use kernel::{Day, Instant, InstitutionCode, OnlineSuspensionId, PersonId, Refusal};
use std::fmt;

/// The longest there is: 条例第38、40条 allow six to twelve months for an institution's department,
/// 第41条 three to twelve for a person. There is no shortest: 第30条 suspends while a suspicion is
/// looked into.
const MONTHS_MAX: u32 = 12;

/// Who is suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// 定点医药机构.
    Institution(InstitutionCode),
    /// 参保人员.
    Person(PersonId),
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Whom::Institution(code) => code.fmt(f),
            Whom::Person(id) => id.fmt(f),
        }
    }
}

/// 暂停联网结算.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Its id.
    pub id: OnlineSuspensionId,
    /// Who is suspended.
    pub whom: Whom,
    /// First day.
    pub from: Day,
    /// The first day after it.
    pub until: Day,
    /// 处理决定书文号.
    pub decision: String,
    /// Why.
    pub reason: String,
    /// When it was recorded.
    pub recorded_at: Instant,
}

impl Suspension {
    /// It must have a day, not be longer than the law allows, and not be over: the day of settling
    /// counts, so that one that is over would stop nothing.
    pub fn has_lawful_days(&self, today: Day) -> Result<(), Refusal> {
        let lawful = self.from < self.until && self.until <= self.from.plus_months(MONTHS_MAX);
        if lawful && self.until > today {
            return Ok(());
        }
        let no = SUSPENSION_DAYS.refuse().at("until_day");
        let no = no.with("from_day", self.from);
        let no = no.with("until_day", self.until);
        Err(no.with("max_months", MONTHS_MAX).with("today", today))
    }

    /// Why it cannot stand beside `other` of the same.
    pub fn overlapping(other: &str) -> Refusal {
        let no = SUSPENSION_OVERLAPS.refuse().at("from_day");
        no.with("suspension_id", other)
    }
}

/// Until when those of a claim are suspended today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Suspended {
    /// The institution: the first day on which it is settled with again.
    pub institution: Option<Day>,
    /// The person likewise.
    pub person: Option<Day>,
}

impl Suspended {
    /// Nothing is settled online for who is suspended.
    pub fn check(&self) -> Result<(), Refusal> {
        let (who, until) = match (self.institution, self.person) {
            (Some(until), _) => ("该定点医药机构", until),
            (None, Some(until)) => ("该参保人", until),
            (None, None) => return Ok(()),
        };
        let no = ONLINE_SUSPENDED.refuse().with("who", who);
        Err(no.with("until_day", until))
    }
}
