//! 参保口径: in what standing somebody is insured, and how it changes within a year.

use crate::domain::{Coverage, Person};
use crate::refusal::{STANDING_CHANGED_THEN, STANDING_NOT_INSURED, STANDING_UNCHANGED};
use kernel::refusal::invalid;
use kernel::{CoverageId, Day, PersonId, PersonType, Refusal, Scheme, StandingChangeId};
use serde::{Deserialize, Serialize};

/// What may supplement a coverage at most.
pub const SUPPLEMENTS_MAX: usize = 10;

/// 参保口径: in what standing somebody is insured by a coverage; empty when nobody said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// 人员类别 (psn_type).
    pub person_type: Option<PersonType>,
    /// 另参加的险种 (insutype, cvlserv_flag): what supplements the scheme. A supplement has no fee and
    /// no year of its own: it holds while the coverage does.
    pub covered_by: Vec<Scheme>,
}

/// 参保口径变更: in what standing a coverage insures from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingChange {
    /// Its id.
    pub id: StandingChangeId,
    /// Which coverage.
    pub coverage: CoverageId,
    /// The first day.
    pub from: Day,
    /// The standing.
    pub standing: Standing,
}

/// A change to record.
#[derive(Clone, Debug)]
pub struct NewStanding {
    /// Whose.
    pub person: PersonId,
    /// The first day, which says which coverage.
    pub from: Day,
    /// The standing.
    pub standing: Standing,
}

impl NewStanding {
    /// Which coverage is changed. A change states the whole standing, so that one learnt later of an
    /// earlier day changes nothing of what follows: on a day the latest change up to it holds.
    pub fn decide(
        &self,
        person: &Person,
        coverages: &[Coverage],
        changes: &[StandingChange],
    ) -> Result<CoverageId, Refusal> {
        if person.death_day.is_some_and(|death| death < self.from) {
            return Err(person.dead());
        }
        let contains = |one: &&Coverage| one.year.first <= self.from && self.from < one.terms.until;
        let no = || STANDING_NOT_INSURED.refuse().with("day", self.from);
        let coverage = coverages.iter().find(contains);
        let coverage = coverage.ok_or_else(|| no().at("from_day"))?;
        if let Some(place) = self.place_of(&coverage.scheme) {
            let path = format!("covered_by[{place}]");
            return Err(invalid(path, "与所参险种不同的险种"));
        }
        let of_it = || changes.iter().filter(|one| one.coverage == coverage.id);
        if let Some(other) = of_it().find(|one| one.from == self.from) {
            return Err(changed_then(self.from).with("standing_change_id", other.id));
        }
        let earlier = of_it().map(|one| (one.from, &one.standing));
        match *on(self.from, &coverage.standing, earlier) == self.standing {
            true => Err(STANDING_UNCHANGED.refuse().with("day", self.from)),
            false => Ok(coverage.id),
        }
    }

    fn place_of(&self, scheme: &Scheme) -> Option<usize> {
        let mut schemes = self.standing.covered_by.iter();
        schemes.position(|one| one == scheme)
    }
}

/// The refusal that another change begins on the day.
pub fn changed_then(day: Day) -> Refusal {
    let no = STANDING_CHANGED_THEN.refuse().at("from_day");
    no.with("day", day)
}

/// The standing on a day: of the latest change up to it, or else that of the first day.
pub fn on<'a>(
    day: Day,
    first: &'a Standing,
    changes: impl Iterator<Item = (Day, &'a Standing)>,
) -> &'a Standing {
    let until_then = changes.filter(|(from, _)| *from <= day);
    let last = until_then.max_by_key(|(from, _)| *from);
    last.map_or(first, |(_, standing)| standing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn standing(kind: &str) -> Standing {
        Standing {
            person_type: PersonType::parse(kind),
            covered_by: Vec::new(),
        }
    }

    /// Working on the first day, retired from 1 June, and in March for two weeks something else: day
    /// and what holds on it.
    #[test]
    fn the_latest_change_up_to_a_day_holds() {
        let first = standing("11");
        let changes = [
            (day("2017-06-01"), standing("12")),
            (day("2017-03-01"), standing("13")),
            (day("2017-03-15"), standing("11")),
        ];
        let table = [
            ("2017-01-01", "11"),
            ("2017-02-28", "11"),
            ("2017-03-01", "13"),
            ("2017-03-14", "13"),
            ("2017-03-15", "11"),
            ("2017-05-31", "11"),
            ("2017-06-01", "12"),
            ("2017-12-31", "12"),
        ];
        for (of, expected) in table {
            let all = changes.iter().map(|(from, standing)| (*from, standing));
            assert_eq!(*on(day(of), &first, all), standing(expected), "{of}");
        }
    }
}
