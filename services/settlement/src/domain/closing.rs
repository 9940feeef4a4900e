//! 日结与月结: what is frozen, and from when on.

use super::reconcile::{BothSums, Row, Sums};
use crate::refusal::{DAY_NOT_OVER, MONTH_NOT_OVER};
use kernel::{Day, Digest, Digester, Fen, Instant, InstitutionCode, Refusal};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// After a day or a month, until it can be closed: requests that came before midnight have ended, and
/// no replica's clock lags so far.
pub const SETTLING_MILLIS: i64 = 10 * 60 * 1_000;

/// Rows of one institution and day at most.
pub const DAY_ROWS_MAX: u64 = 50_000;

/// 清算期 (clr_ym).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(Day);

impl Month {
    /// Reads `YYYY-MM` and nothing else.
    pub fn parse(text: &str) -> Option<Month> {
        (text.len() == 7)
            .then(|| Day::parse(&format!("{text}-01")).ok())
            .flatten()
            .map(Month)
    }

    /// Its first day.
    pub fn first(self) -> Day {
        self.0
    }

    /// The first day after it.
    pub fn after(self) -> Day {
        self.0.plus_months(1)
    }

    /// It must be over.
    pub fn is_over(self, now: Instant) -> Result<(), Refusal> {
        let from = closable_from(self.after());
        match now >= from {
            true => Ok(()),
            false => Err(MONTH_NOT_OVER
                .refuse()
                .at("month")
                .with("month", self)
                .with("from", from.in_shanghai())),
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

/// A day must be over.
pub fn day_is_over(day: Day, now: Instant) -> Result<(), Refusal> {
    let from = closable_from(day.next());
    match now >= from {
        true => Ok(()),
        false => Err(DAY_NOT_OVER
            .refuse()
            .at("day")
            .with("day", day)
            .with("from", from.in_shanghai())),
    }
}

fn closable_from(after: Day) -> Instant {
    Instant::beginning_of(after).plus_millis(SETTLING_MILLIS)
}

/// An institution's comparison of a day, without its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    /// Its id.
    pub id: String,
    /// The institution.
    pub institution: InstitutionCode,
    /// The day.
    pub day: Day,
    /// How many rows were sent.
    pub sent: i64,
    /// How many rows the bureau had.
    pub rows: i64,
    /// Digest over the bureau's rows.
    pub digest: Digest,
    /// Sums by scheme.
    pub schemes: BTreeMap<String, BothSums>,
    /// How many differences were found.
    pub differences: i64,
    /// When.
    pub at: Instant,
}

/// Sums of one scheme and clearing type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// 险种 (insutype).
    pub scheme: String,
    /// 清算类别 (clr_type), by the medical category.
    pub clr_type: String,
    /// Count and sums.
    pub sums: Sums,
}

/// Sums by scheme and clearing type.
pub type Groups = BTreeMap<(String, String), Sums>;

/// Counts rows into their groups.
pub fn group(groups: &mut Groups, rows: &[Row]) {
    for row in rows {
        let key = (row.scheme.to_string(), row.med_type.to_string());
        groups.entry(key).or_default().count(row.amounts);
    }
}

/// A day's sums.
pub fn frozen(rows: &[Row]) -> Vec<Frozen> {
    let mut groups = Groups::new();
    group(&mut groups, rows);
    let one = |((scheme, clr_type), sums)| Frozen {
        scheme,
        clr_type,
        sums,
    };
    groups.into_iter().map(one).collect()
}

/// A closed day of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedDay {
    /// Its id.
    pub id: String,
    /// The institution.
    pub institution: InstitutionCode,
    /// The day.
    pub day: Day,
    /// How many rows it has.
    pub rows: i64,
    /// Their sums.
    pub sums: Vec<Frozen>,
    /// Digest over them.
    pub digest: Digest,
    /// The comparison it rests on.
    pub reconciliation: Option<String>,
    /// Why there is none.
    pub reason: Option<String>,
    /// Who closed it.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// What a month moved on one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The account.
    pub account: String,
    /// The sum of the month's postings.
    pub moved: Fen,
    /// 以前月份: the part that corrects what was posted in an earlier month.
    pub of_earlier: Fen,
}

/// A closed month of the area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedMonth {
    /// Its id.
    pub id: String,
    /// Which month.
    pub month: Month,
    /// How many days of institutions it closes.
    pub days: i64,
    /// What moved.
    pub accounts: Vec<Moved>,
    /// Digest over the accounts and the days.
    pub digest: Digest,
    /// Who closed it.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// Digest over a month's accounts and days.
pub fn month_digest(month: Month, accounts: &[Moved], days: &[ClosedDay]) -> Digest {
    let mut digester = Digester::new();
    digester.part(month.to_string().as_bytes());
    for one in accounts {
        digester.part(one.account.as_bytes());
        digester.number(one.moved.0).number(one.of_earlier.0);
    }
    for day in days {
        digester.part(day.institution.as_str().as_bytes());
        digester.part(day.day.to_string().as_bytes());
        digester.part(&day.digest.0);
    }
    digester.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Posting time is always now, and a day is closed only when now lies behind its end: no row can
    /// come to a closed day.
    #[test]
    fn no_row_comes_to_a_closed_day() {
        let day = Day::new(2018, 3, 1).unwrap();
        let midnight = Instant::beginning_of(day.next());
        for millis in -2_000..2_000 {
            let now = midnight.plus_millis(millis * 1_000);
            let closable = day_is_over(day, now).is_ok();
            assert_eq!(closable, millis >= SETTLING_MILLIS / 1_000);
            // What is posted now, or was asked for up to ten minutes ago, is of a later day.
            let earliest = now.plus_millis(-SETTLING_MILLIS);
            assert!(!closable || earliest.day() > day);
        }
    }

    #[test]
    fn months_are_read_and_end() {
        for bad in [
            "",
            "2018-3",
            "2018-13",
            "2018-03-01",
            "201803",
            "２０１８-03",
        ] {
            assert_eq!(Month::parse(bad), None, "{bad}");
        }
        let month = Month::parse("2018-12").unwrap();
        assert_eq!(month.to_string(), "2018-12");
        assert_eq!(month.after(), Day::new(2019, 1, 1).unwrap());
        let end = Instant::beginning_of(month.after());
        assert!(month.is_over(end).is_err());
        assert!(month.is_over(end.plus_millis(SETTLING_MILLIS)).is_ok());
    }
}
