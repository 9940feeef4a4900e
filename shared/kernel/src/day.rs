//! Days, periods and instants. A [`Day`] is a calendar day in Asia/Shanghai, made once at the edge;
//! an [`Instant`] is UTC cut to microseconds, so that both databases give back what they got.

use chrono::{
    DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat,
    TimeDelta, Utc,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A calendar day in Asia/Shanghai, from 1900-01-01 to 2999-12-31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

/// A text that is not a day between 1900-01-01 and 2999-12-31 written `YYYY-MM-DD`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a day as YYYY-MM-DD between 1900-01-01 and 2999-12-31, got {0:?}")]
pub struct BadDay(pub String);

impl Day {
    /// The day with these numbers, if there is one.
    pub fn new(year: i32, month: u32, day: u32) -> Option<Day> {
        NaiveDate::from_ymd_opt(year, month, day).and_then(Day::within)
    }

    /// Reads `YYYY-MM-DD` and nothing else.
    pub fn parse(text: &str) -> Result<Day, BadDay> {
        let bad = || BadDay(text.chars().take(20).collect());
        let shaped = text.len() == 10
            && text.bytes().enumerate().all(|(i, b)| match i {
                4 | 7 => b == b'-',
                _ => b.is_ascii_digit(),
            });
        if !shaped {
            return Err(bad());
        }
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| bad())?;
        Day::within(date).ok_or_else(bad)
    }

    fn within(date: NaiveDate) -> Option<Day> {
        (1900..3000).contains(&date.year()).then_some(Day(date))
    }

    /// The calendar year: accumulators run by it.
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// The month, 1 to 12.
    pub fn month(self) -> u32 {
        self.0.month()
    }

    /// The first day of the year, which must be one this type can hold.
    pub fn first_of(year: i32) -> Option<Day> {
        Day::new(year, 1, 1)
    }

    /// The day after, or itself at the end of the range.
    pub fn next(self) -> Day {
        self.plus_days(1)
    }

    /// `days` later, stopping at the end of the range.
    pub fn plus_days(self, days: u32) -> Day {
        let later = self.0.checked_add_days(Days::new(u64::from(days)));
        later.and_then(Day::within).unwrap_or(Day::last())
    }

    /// `days` earlier, stopping at the beginning of the range.
    pub fn minus_days(self, days: u32) -> Day {
        let earlier = self.0.checked_sub_days(Days::new(u64::from(days)));
        earlier.and_then(Day::within).unwrap_or(Day::first())
    }

    /// `months` later; the 31st becomes the last day of a shorter month.
    pub fn plus_months(self, months: u32) -> Day {
        let later = self.0.checked_add_months(Months::new(months));
        later.and_then(Day::within).unwrap_or(Day::last())
    }

    /// Days from `self` until `later`; negative when it lies before.
    pub fn days_until(self, later: Day) -> i64 {
        (later.0 - self.0).num_days()
    }

    /// Completed years at `on` of somebody born on this day; zero before birth.
    pub fn age_on(self, on: Day) -> u32 {
        on.0.years_since(self.0).unwrap_or(0)
    }

    fn first() -> Day {
        Day(NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or(NaiveDate::MIN))
    }

    fn last() -> Day {
        Day(NaiveDate::from_ymd_opt(2999, 12, 31).unwrap_or(NaiveDate::MAX))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        let text = String::deserialize(deserializer)?;
        Day::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Days from `from` up to but not including `until`; open when `until` is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Period {
    /// The first day inside.
    pub from: Day,
    /// The first day after, if there is an end.
    pub until: Option<Day>,
}

impl Period {
    /// A period with at least one day in it.
    pub fn new(from: Day, until: Option<Day>) -> Option<Period> {
        until
            .is_none_or(|until| from < until)
            .then_some(Period { from, until })
    }

    /// Both days inside, as laws write it ("自…起至…止").
    pub fn inclusive(from: Day, to: Day) -> Option<Period> {
        (from <= to).then_some(Period {
            from,
            until: Some(to.next()),
        })
    }

    /// A whole calendar year.
    pub fn of_year(year: i32) -> Option<Period> {
        Period::new(Day::first_of(year)?, Day::first_of(year + 1))
    }

    /// True when `day` lies inside.
    pub fn contains(&self, day: Day) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }

    /// True when the two share a day.
    pub fn overlaps(&self, other: &Period) -> bool {
        let before = |a: &Period, b: &Period| a.until.is_some_and(|until| until <= b.from);
        !before(self, other) && !before(other, self)
    }
}

/// Asia/Shanghai is UTC+8, without daylight saving since 1991.
const SHANGHAI: TimeDelta = TimeDelta::hours(8);

/// A moment in UTC, cut to microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

impl Instant {
    /// 1900-01-01 in Asia/Shanghai: no instant of insurance is earlier.
    pub const EARLIEST: Instant = Instant(-2_209_017_600_000_000);
    /// The last microsecond of 2999 in Asia/Shanghai.
    pub const LATEST: Instant = Instant(32_503_651_199_999_999);

    /// Microseconds since 1970-01-01T00:00:00Z, which is also how it is stored.
    pub const fn from_micros(micros: i64) -> Instant {
        Instant(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The calendar day in Asia/Shanghai.
    pub fn day(self) -> Day {
        let local = self.shanghai();
        let beyond = match local.year() < 1900 {
            true => Day::first(),
            false => Day::last(),
        };
        Day::within(local.date_naive()).unwrap_or(beyond)
    }

    /// The first instant of a day in Asia/Shanghai.
    pub fn beginning_of(day: Day) -> Instant {
        let midnight = day.0.and_time(NaiveTime::MIN) - SHANGHAI;
        Instant(midnight.and_utc().timestamp_micros())
    }

    /// `millis` later.
    pub fn plus_millis(self, millis: i64) -> Instant {
        Instant(self.0.saturating_add(millis.saturating_mul(1_000)))
    }

    /// Reads RFC 3339 (`2018-01-01T00:00:00+08:00`), or a time of day in Asia/Shanghai
    /// (`2018-01-01 00:00`, with or without seconds), and nothing else.
    pub fn parse(text: &str) -> Option<Instant> {
        let zoned = DateTime::parse_from_rfc3339(text).ok();
        let local = || {
            let read = |format| NaiveDateTime::parse_from_str(text, format).ok();
            let local = read("%Y-%m-%d %H:%M").or_else(|| read("%Y-%m-%d %H:%M:%S"))?;
            // The first moment of the calendar's type has none eight hours before it.
            Some(local.checked_sub_signed(SHANGHAI)?.and_utc())
        };
        let read = zoned.map(|zoned| zoned.to_utc()).or_else(local)?;
        let read = Instant(read.timestamp_micros());
        (Instant::EARLIEST..=Instant::LATEST)
            .contains(&read)
            .then_some(read)
    }

    /// The time of day in Asia/Shanghai, cut to seconds: `2018-01-01 00:00:00`.
    pub fn in_shanghai(self) -> String {
        let local = self.shanghai();
        local.format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The time of day in Asia/Shanghai, where the calendar's type has it.
    fn shanghai(self) -> DateTime<Utc> {
        let utc = self.utc();
        utc.checked_add_signed(SHANGHAI).unwrap_or(utc)
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }
}

/// RFC 3339 in UTC.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.utc().to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

/// The only way to learn the time. The real one lives in `runtime`; tests have their own.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Instant;

    /// The present day in Asia/Shanghai.
    fn today(&self) -> Day {
        self.now().day()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn reads_days_strictly() {
        assert_eq!(day("2017-02-28").next(), day("2017-03-01"));
        assert_eq!(day("2016-03-07").minus_days(7), day("2016-02-29"));
        assert_eq!(day("1900-01-03").minus_days(7), day("1900-01-01"));
        for bad in [
            "2017-2-28",
            "2017-02-29",
            "1899-12-31",
            "3000-01-01",
            "20170228",
            "２017-02-2",
        ] {
            assert!(Day::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_shanghai() {
        // 2017-03-01T16:00:00Z is 2017-03-02 00:00 in Shanghai.
        let midnight = Instant::from_micros(1_488_384_000_000_000);
        assert_eq!(midnight.to_string(), "2017-03-01T16:00:00.000000Z");
        assert_eq!(midnight.day(), day("2017-03-02"));
        assert_eq!(midnight.plus_millis(-1).day(), day("2017-03-01"));
    }

    #[test]
    fn instants_are_read_with_a_zone_or_in_shanghai() {
        let midnight = Instant::from_micros(1_488_384_000_000_000);
        for text in [
            "2017-03-02 00:00",
            "2017-03-02 00:00:00",
            "2017-03-02T00:00:00+08:00",
            "2017-03-01T16:00:00Z",
        ] {
            assert_eq!(Instant::parse(text), Some(midnight), "{text}");
        }
        assert_eq!(midnight.in_shanghai(), "2017-03-02 00:00:00");
        let ends = (Instant::EARLIEST, Instant::LATEST);
        assert_eq!(ends.0.in_shanghai(), "1900-01-01 00:00:00");
        assert_eq!(ends.1.in_shanghai(), "2999-12-31 23:59:59");
        for end in [ends.0, ends.1] {
            assert_eq!(Instant::parse(&end.to_string()), Some(end));
        }
        // Beyond what the calendar's type holds nothing is added.
        assert_eq!(Instant(8_210_266_876_799_999_999).day(), Day::last());
        assert_eq!(Instant(-8_334_601_228_800_000_000).day(), Day::first());
        let bad = [
            "",
            "2017-03-02",
            "2017-03-02T00:00:00",
            "0001-01-01 00:00",
            "-262143-01-01 00:00",
            "3000-01-01T00:00:00+08:00",
        ];
        for text in bad {
            assert_eq!(Instant::parse(text), None, "{text}");
        }
    }

    #[test]
    fn periods_are_half_open() {
        let spring = Period::inclusive(day("2017-01-01"), day("2017-03-31")).unwrap();
        assert!(spring.contains(day("2017-03-31")) && !spring.contains(day("2017-04-01")));
        let later = Period::new(day("2017-04-01"), None).unwrap();
        assert!(!spring.overlaps(&later));
        assert!(later.overlaps(&Period::of_year(2020).unwrap()));
        assert_eq!(
            Period::new(day("2017-01-01"), Some(day("2017-01-01"))),
            None
        );
    }

    #[test]
    fn ages_turn_on_the_birthday() {
        let born = day("2010-06-15");
        assert_eq!(born.age_on(day("2024-06-14")), 13);
        assert_eq!(born.age_on(day("2024-06-15")), 14);
        assert_eq!(born.age_on(day("2000-01-01")), 0);
        assert_eq!(day("2017-01-31").plus_months(1), day("2017-02-28"));
    }
}
