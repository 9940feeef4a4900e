//! 待遇检查: may the funds pay for a person on a day, and if not, why.

use crate::domain::{
    Filed, FiledDisease, InsuranceYear, Standing, TransferCertificate, kinds_on, standing,
};
use kernel::{Day, IdentityKind, Period, PersonId, Scheme, Sex, SuspensionId};
use policy::{InsuredHistory, Package};
use std::collections::BTreeSet;

/// Years insured that are told of at most: nobody lives to see more.
const INSURED_YEARS_MAX: usize = 100;

/// 待遇暂停: days on which the funds do not pay for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Its id.
    pub id: SuspensionId,
    /// The days.
    pub period: Period,
    /// Why, in Chinese.
    pub reason: String,
}

/// Benefits to suspend.
#[derive(Clone, Debug)]
pub struct NewSuspension {
    /// Whose.
    pub person: PersonId,
    /// The days.
    pub period: Period,
    /// Why, in Chinese.
    pub reason: String,
}

/// What is recorded of a person, as far as a day's eligibility by one scheme needs it.
#[derive(Clone, Debug)]
pub struct Record {
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// Version of the person's data.
    pub version: i64,
    /// 性别 (gend).
    pub sex: Sex,
    /// 出生日期 (brdy).
    pub birth_day: Day,
    /// 死亡日期: the last day on which the funds may pay.
    pub death_day: Option<Day>,
    /// Identities and when they are valid.
    pub identities: Vec<(IdentityKind, Period)>,
    /// Coverages by the scheme, of all years.
    pub covers: Vec<Cover>,
    /// 参保口径变更 up to the day, of all years.
    pub changes: Vec<(Day, Standing)>,
    /// When benefits are suspended.
    pub suspensions: Vec<Period>,
    /// Filed diseases by the scheme.
    pub filings: Vec<Filed>,
    /// 关系转移接续: what other areas certified, and this one accepted.
    pub elsewhere: Vec<TransferCertificate>,
}

/// A coverage as far as eligibility needs it.
#[derive(Clone, Debug)]
pub struct Cover {
    /// The year paid for.
    pub year: InsuranceYear,
    /// 待遇起始日.
    pub benefit_from: Day,
    /// The first day after the coverage.
    pub until: Day,
    /// In what standing, on its first day.
    pub standing: Standing,
}

/// 参保人员待遇信息: what enrollment says of a person on a day.
#[derive(Clone, Debug)]
pub struct Member {
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// Version of the person's data.
    pub version: i64,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// The day.
    pub day: Day,
    /// Why the funds may not pay, in order of weight; empty when they may.
    pub ineligibilities: Vec<Ineligibility>,
    /// 性别 (gend).
    pub sex: Sex,
    /// 出生日期 (brdy).
    pub birth_day: Day,
    /// 人员身份类别 (psn_idet_type) valid on the day, highest first.
    pub identities: Vec<IdentityKind>,
    /// 连续参保年数, with the year of the day; zero when that is not insured.
    pub continuous_years: u32,
    /// 参保口径 on the day, of the coverage whose year it is in.
    pub standing: Standing,
    /// 参保年度 of the scheme, the newest first, those insured elsewhere included.
    pub insured_years: Vec<i32>,
    /// 门诊慢特病备案 that stand on the day or shortly before it.
    pub filed_diseases: Vec<FiledDisease>,
    /// Those of them in which a fund elsewhere paid, for all that was certified.
    pub elsewhere_claim_years: Vec<i32>,
}

/// One reason why the funds may not pay, the heaviest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ineligibility {
    /// 死亡: the person had died before the day.
    Dead,
    /// 未参保: the day is in no year paid for by the scheme.
    NotInsured {
        /// The first day of the next year that is paid for.
        until: Option<Day>,
    },
    /// 等待期: paid for, but benefits begin later.
    Waiting {
        /// When they begin, or when the year ends.
        until: Day,
    },
    /// 暂停.
    Suspended {
        /// When benefits go on.
        until: Option<Day>,
    },
}

impl Record {
    /// What to say of the person on a day, on which this package holds.
    pub fn on(self, scheme: Scheme, day: Day, package: Option<&Package>) -> Member {
        let insured_years = self.insured_years(&scheme);
        let continuous_years =
            package.map_or(0, |package| continuous_years(day, package, &insured_years));
        let claimed = self
            .elsewhere
            .iter()
            .flat_map(|one| one.claim_years(&scheme));
        let elsewhere_claim_years = newest(claimed.collect());
        let reasons = [
            self.dead(day),
            self.uncovered(day),
            self.waiting(day),
            self.suspended(day),
        ];
        let held = self.identities.iter().map(|(kind, period)| (kind, *period));
        let standing = self.standing_on(day).cloned();
        let filings = self.filings.iter();
        let filed_diseases = filings.flat_map(|filing| filing.around(day)).collect();
        Member {
            person: self.person,
            version: self.version,
            scheme,
            day,
            ineligibilities: reasons.into_iter().flatten().collect(),
            sex: self.sex,
            birth_day: self.birth_day,
            identities: kinds_on(held, day),
            continuous_years,
            standing: standing.unwrap_or_default(),
            insured_years,
            filed_diseases,
            elsewhere_claim_years,
        }
    }

    fn insured_years(&self, scheme: &Scheme) -> Vec<i32> {
        let own = self.covers.iter().map(|cover| cover.year.number);
        let elsewhere = self
            .elsewhere
            .iter()
            .flat_map(|one| one.years(Some(scheme)));
        newest(own.chain(elsewhere).collect())
    }

    /// The day of death itself is still paid for.
    fn dead(&self, day: Day) -> Option<Ineligibility> {
        let dead = self.death_day.is_some_and(|death| death < day);
        dead.then_some(Ineligibility::Dead)
    }

    fn uncovered(&self, day: Day) -> Option<Ineligibility> {
        let covered = self.cover_on(day).is_some();
        let years = self.covers.iter().map(|cover| cover.year.first);
        let until = years.filter(|first| day < *first).min();
        (!covered).then_some(Ineligibility::NotInsured { until })
    }

    /// A wait that outlasts the year it was paid for ends with it.
    fn waiting(&self, day: Day) -> Option<Ineligibility> {
        let cover = self.cover_on(day)?;
        let until = cover.benefit_from.min(cover.until);
        (day < cover.benefit_from).then_some(Ineligibility::Waiting { until })
    }

    /// Suspensions that overlap or touch are one to somebody who waits for the end.
    fn suspended(&self, day: Day) -> Option<Ineligibility> {
        let over = |day: Day| self.suspensions.iter().find(|period| period.contains(day));
        let mut until = over(day)?.until;
        while let Some(next) = until.and_then(over) {
            until = next.until;
        }
        Some(Ineligibility::Suspended { until })
    }

    /// A year has one coverage, so a change within the year is one of it.
    fn standing_on(&self, day: Day) -> Option<&Standing> {
        let cover = self.cover_on(day)?;
        let of_year = self
            .changes
            .iter()
            .filter(|(from, _)| cover.year.first <= *from);
        let changes = of_year.map(|(from, standing)| (*from, standing));
        Some(standing::on(day, &cover.standing, changes))
    }

    /// The coverage whose year the day is in, whether or not its benefits have begun.
    fn cover_on(&self, day: Day) -> Option<&Cover> {
        self.covers
            .iter()
            .find(|cover| cover.year.first <= day && day < cover.until)
    }
}

fn newest(years: BTreeSet<i32>) -> Vec<i32> {
    years.into_iter().rev().take(INSURED_YEARS_MAX).collect()
}

/// Which years had no claim is not known here, and does not change the count.
fn continuous_years(day: Day, package: &Package, insured_years: &[i32]) -> u32 {
    let history = InsuredHistory {
        year: day.year(),
        insured_years,
        zero_claim_years: &[],
        reward_used: None,
    };
    policy::continuity(package, &history).continuous_years
}

impl Ineligibility {
    /// The first day on which the reason no longer holds, where known.
    pub fn until(&self) -> Option<Day> {
        match self {
            Ineligibility::Dead => None,
            Ineligibility::NotInsured { until } | Ineligibility::Suspended { until } => *until,
            Ineligibility::Waiting { until } => Some(*until),
        }
    }

    /// The reason as a Chinese sentence (trt_chk_rslt).
    pub fn sentence(&self, scheme: &Scheme) -> String {
        let scheme = scheme.term();
        match self {
            Ineligibility::Dead => "参保人在该日之前已死亡。".to_string(),
            Ineligibility::NotInsured { until: None } => format!("该日未参加{scheme}。"),
            Ineligibility::NotInsured { until: Some(day) } => {
                format!("该日未参加{scheme},参保年度自 {day} 开始。")
            }
            Ineligibility::Waiting { until } => {
                format!("已参加{scheme},{until} 以前处于待遇等待期。")
            }
            Ineligibility::Suspended { until: None } => "待遇已暂停,恢复日期未定。".to_string(),
            Ineligibility::Suspended { until: Some(day) } => {
                format!("待遇已暂停,自 {day} 起恢复。")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn period(from: &str, until: &str) -> Period {
        Period::new(day(from), (!until.is_empty()).then(|| day(until))).unwrap()
    }

    fn cover(year: i32, benefit_from: &str) -> Cover {
        let year = InsuranceYear::new(year).unwrap();
        Cover {
            year,
            benefit_from: day(benefit_from),
            until: year.after,
            standing: Standing::default(),
        }
    }

    /// Covered for 2023 at once, for 2024 after a wait until April, for 2026 after one that
    /// outlasts it; suspended in May and June 2024 by two periods that touch, from 2027 on without
    /// an end.
    fn record(death_day: &str) -> Record {
        Record {
            person: PersonId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f").unwrap(),
            version: 7,
            sex: Sex::Female,
            birth_day: day("1980-01-01"),
            death_day: (!death_day.is_empty()).then(|| day(death_day)),
            identities: Vec::new(),
            covers: vec![
                cover(2026, "2027-02-10"),
                cover(2024, "2024-04-01"),
                cover(2023, "2023-01-01"),
            ],
            changes: Vec::new(),
            suspensions: vec![
                period("2024-06-01", "2024-07-01"),
                period("2024-05-01", "2024-06-01"),
                period("2027-01-01", ""),
            ],
            filings: Vec::new(),
            elsewhere: Vec::new(),
        }
    }

    fn not_insured(until: &str) -> Ineligibility {
        let until = Day::parse(until).ok();
        Ineligibility::NotInsured { until }
    }

    fn waiting(until: &str) -> Ineligibility {
        let until = day(until);
        Ineligibility::Waiting { until }
    }

    fn suspended(until: &str) -> Ineligibility {
        let until = Day::parse(until).ok();
        Ineligibility::Suspended { until }
    }

    /// Death, day: the reasons in order of weight, each with its end.
    #[test]
    fn reasons_in_order_of_weight() {
        use Ineligibility::Dead;
        let table: &[(&str, &str, &[Ineligibility])] = &[
            ("", "2022-12-31", &[not_insured("2023-01-01")]),
            ("", "2023-01-01", &[]),
            ("", "2023-12-31", &[]),
            ("", "2024-01-01", &[waiting("2024-04-01")]),
            ("", "2024-03-31", &[waiting("2024-04-01")]),
            ("", "2024-04-01", &[]),
            ("", "2024-04-30", &[]),
            ("", "2024-05-01", &[suspended("2024-07-01")]),
            ("", "2024-06-30", &[suspended("2024-07-01")]),
            ("", "2024-07-01", &[]),
            ("", "2025-01-01", &[not_insured("2026-01-01")]),
            ("", "2026-12-31", &[waiting("2027-01-01")]),
            ("", "2027-02-10", &[not_insured(""), suspended("")]),
            ("2024-08-01", "2024-08-01", &[]),
            ("2024-08-01", "2024-08-02", &[Dead]),
            ("2023-08-01", "2024-02-01", &[Dead, waiting("2024-04-01")]),
            (
                "2023-08-01",
                "2027-02-10",
                &[Dead, not_insured(""), suspended("")],
            ),
        ];
        for (death, on, expected) in table {
            let member = record(death).on(Scheme::Resident, day(on), None);
            assert_eq!(member.ineligibilities, *expected, "dead {death:?}, on {on}");
        }
    }

    #[test]
    fn sentences_end() {
        let day = "2024-04-01";
        let all = [
            Ineligibility::Dead,
            not_insured(""),
            not_insured(day),
            waiting(day),
            suspended(""),
            suspended(day),
        ];
        for reason in all {
            let sentence = reason.sentence(&Scheme::Resident);
            assert!(sentence.ends_with('。'), "{sentence}");
        }
    }
}
