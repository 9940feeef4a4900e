//! 演示故事: one year of two residents of Erenhot, from enrolment to the balanced ledger, then one
//! stay of a resident of Anji whom five funds pay for, then what takes several services and is done
//! whole or not at all; told as it happens.
//!
//! It is a check that can fail: every expectation is looked at, and the first that does not hold
//! ends the story. It can be told any number of times over the same data: every telling has a
//! number of its own, which names its requests, visits and people.

mod anji;
mod bill;
mod chapters;
mod compare;
pub mod day;
mod filing;
mod sagas;
pub(crate) mod sheet;
mod show;

use crate::area::{ANJI, Area, ERENHOT};
use crate::desk::{Desk, Wires};
use crate::people::id_number;
use crate::told::Told;
use kernel::{Day, Sex};
use policy::Library;
use proto::common::outcome::State;
use proto::common::{Amounts, Claim};
use proto::enrollment as pb;
use sheet::Sheet;
use std::fmt::Display;
use std::io;
use tonic::{Response, Status};

/// The clerk of the story.
const CLERK: &str = "demo-clerk";
/// Serials of id numbers from here on are the story's, below they are the residents'.
const SERIAL_FROM: u32 = 900;
/// People of one birth day and sex before the birth day moves on.
const PER_BIRTH_DAY: u32 = 50;
/// Tellings over one data folder at most.
const TELLINGS_MAX: u32 = 10_000;

/// 何地何年: where and when a part of the story plays.
struct Stage {
    area: &'static Area,
    year: i32,
    /// The package of the year.
    package: &'static str,
    /// From when identities are recorded.
    known_from: &'static str,
    /// 缴费日期.
    paid_day: &'static str,
}

/// The first part.
const ERENHOT_2017: Stage = Stage {
    area: &ERENHOT,
    year: 2017,
    package: "152501/2017-01-01",
    known_from: "2017-01-01",
    paid_day: "2017-01-09",
};
/// The second.
const ANJI_2020: Stage = Stage {
    area: &ANJI,
    year: 2020,
    package: "330523/2020-01-01",
    known_from: "2019-01-01",
    paid_day: "2019-12-12",
};

/// Why a story ended early.
#[derive(Debug, thiserror::Error)]
pub enum Halted {
    /// An expectation did not hold.
    #[error("the story failed in {chapter}: expected: {expected}")]
    Broken {
        /// Where.
        chapter: String,
        /// What should have been.
        expected: String,
    },
    /// A call was refused that should not have been.
    #[error("the story failed in {chapter}: {what} was refused: {told}")]
    Refused {
        /// Where.
        chapter: String,
        /// The call.
        what: String,
        /// The answer.
        told: Box<Told>,
    },
    /// The story cannot be printed.
    #[error("the story cannot be printed: {0}")]
    Print(#[from] io::Error),
}

/// What a told story leaves behind, to look at.
#[derive(Clone, Debug)]
pub struct Played {
    /// Which telling it was, from 1.
    pub number: u32,
    /// How many expectations were looked at, all of which held.
    pub expectations: u32,
    /// 住院结算 that went through three layers.
    pub settlement_id: String,
    /// 人员编号 of the one who was settled.
    pub person_id: String,
}

/// Tells the story over these wires and prints it; `library` has the words of the assumptions its
/// reasons name.
pub async fn play(
    wires: &Wires,
    library: &Library,
    out: &mut dyn io::Write,
) -> Result<Played, Halted> {
    let mut story = Story {
        sheet: Sheet::new(out),
        wires,
        library,
        stage: &ERENHOT_2017,
        clerk: Desk::new(wires, CLERK),
        number: 0,
        chapter: "the beginning".into(),
        expectations: 0,
    };
    story.number = story.next_number().await?;
    let (settlement_id, person_id) = story.tell_a_year().await?;
    story.tell_five_in_one().await?;
    story.tell_all_or_nothing().await?;
    Ok(Played {
        number: story.number,
        expectations: story.expectations,
        settlement_id,
        person_id,
    })
}

/// A story while it is told.
struct Story<'a> {
    sheet: Sheet<'a>,
    wires: &'a Wires,
    library: &'a Library,
    stage: &'static Stage,
    clerk: Desk,
    number: u32,
    chapter: String,
    expectations: u32,
}

/// Somebody of the story, before they exist.
struct Newcomer {
    role: &'static str,
    name: &'static str,
    sex: Sex,
    born: (i32, u32, u32),
}

impl Story<'_> {
    /// The first number no earlier telling has used, found by doubling and halving: a telling
    /// begins with the registration of its heroine.
    async fn next_number(&mut self) -> Result<u32, Halted> {
        let mut free = 1;
        while free < TELLINGS_MAX && self.is_used(free).await? {
            free *= 2;
        }
        let mut used = free / 2;
        while used + 1 < free {
            let middle = used + (free - used) / 2;
            match self.is_used(middle).await? {
                true => used = middle,
                false => free = middle,
            }
        }
        Ok(free)
    }

    async fn is_used(&mut self, number: u32) -> Result<bool, Halted> {
        let request = pb::GetOutcomeRequest {
            request_id: format!("story-{number}-heroine"),
            method: "RegisterPerson".into(),
        };
        let answer = self.clerk.enrollment().get_outcome(request).await;
        let outcome = self.granted("GetOutcome", answer)?.outcome;
        Ok(outcome.unwrap_or_default().state() != State::UnknownHere)
    }

    /// The id of a request of this telling.
    fn request(&self, name: &str) -> String {
        format!("story-{}-{name}", self.number)
    }

    /// Goes to a place and a year, and says so.
    fn enter(&mut self, stage: &'static Stage, of_what: &str) -> Result<(), Halted> {
        self.stage = stage;
        self.clerk = self.desk(CLERK);
        let (name, year, number) = (stage.area.name, stage.year, self.number);
        let title = format!("{name} {year} 年 · {of_what} · 第 {number} 次");
        Ok(self.sheet.title(&title)?)
    }

    fn chapter(&mut self, heading: &str) -> Result<(), Halted> {
        self.chapter = heading.to_string();
        Ok(self.sheet.heading(heading)?)
    }

    /// An expectation: printed when it holds, the end of the story when not.
    fn expect(&mut self, holds: bool, expected: impl Display) -> Result<(), Halted> {
        if !holds {
            return Err(Halted::Broken {
                chapter: self.chapter.clone(),
                expected: expected.to_string(),
            });
        }
        self.expectations += 1;
        Ok(self.sheet.hanging("✓ ", &expected.to_string())?)
    }

    /// The message of an answer that must not be a "no".
    fn granted<T>(&self, what: &str, answer: Result<Response<T>, Status>) -> Result<T, Halted> {
        answer
            .map(Response::into_inner)
            .map_err(|status| Halted::Refused {
                chapter: self.chapter.clone(),
                what: what.to_string(),
                told: Box::new(Told::of(&status)),
            })
    }

    /// The "no" of an answer that must be one, with this code. Prints it whole.
    fn refused<T>(
        &mut self,
        answer: Result<Response<T>, Status>,
        code: &str,
    ) -> Result<(), Halted> {
        let told = answer.err().map(|status| Told::of(&status));
        if let Some(told) = &told {
            self.sheet
                .hanging("拒绝  ", &format!("{}（{}）", told.code, told.status))?;
            self.sheet.hanging("      ", &told.sentence)?;
            self.sheet.hanging("办法  ", &told.remedy)?;
        }
        let refused = told.is_some_and(|told| told.code == code);
        self.expect(refused, format_args!("被拒绝，代码为 {code}"))
    }

    /// Registers somebody with an id number nobody has had before.
    async fn register(&mut self, newcomer: &Newcomer) -> Result<String, Halted> {
        let before = self.number - 1;
        let (year, month, day) = newcomer.born;
        let first = Day::new(year, month, day);
        let birth = first.map(|first| first.plus_days(before / PER_BIRTH_DAY));
        let serial =
            SERIAL_FROM + before % PER_BIRTH_DAY * 2 + u32::from(newcomer.sex == Sex::Male);
        let serial = u16::try_from(serial).unwrap_or_default();
        let number = birth.and_then(|birth| id_number(birth, serial));
        let request = pb::RegisterPersonRequest {
            request_id: self.request(newcomer.role),
            name: newcomer.name.into(),
            id_number: number
                .map(|number| number.expose().into())
                .unwrap_or_default(),
            sex: newcomer.sex.to_string(),
            birth_day: birth.map(|birth| birth.to_string()).unwrap_or_default(),
            household_id: String::new(),
        };
        let answer = self.clerk.enrollment().register_person(request).await;
        let person = self
            .granted("RegisterPerson", answer)?
            .person
            .unwrap_or_default();
        self.sheet.line(&format!(
            "登记  {}  {}  {} 出生  证件 {}",
            person.masked_name,
            newcomer.sex.term(),
            person.birth_day,
            person.masked_id_number
        ))?;
        Ok(person.person_id)
    }

    /// A desk in the area where the story plays.
    fn desk(&self, caller: &str) -> Desk {
        Desk::new(self.wires, caller).in_area(self.stage.area.code)
    }

    /// A desk at the hospital that sends this claim.
    fn hospital(&self, claim: &Claim) -> Desk {
        self.desk(&claim.institution_code)
    }
}

/// 费用与支付 both add up to the total.
fn adds_up(amounts: &Amounts) -> bool {
    let classes =
        amounts.own_pay_fen + amounts.over_limit_fen + amounts.first_pay_fen + amounts.in_scope_fen;
    let funds: i64 = amounts.shares.iter().map(|share| share.paid_fen).sum();
    let payers = funds + amounts.account_fen + amounts.cash_fen + amounts.hospital_fen;
    amounts.total_fen == classes && amounts.total_fen == payers && funds == amounts.funds_fen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::area;
    use crate::suite::{Databases, Suite, SuiteConfig};
    use std::sync::Arc;

    #[tokio::test]
    async fn a_story_that_cannot_be_true_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let databases = Databases::Folder(folder.path().to_path_buf());
        let library = Arc::new(Library::builtin().unwrap());
        let config = SuiteConfig::new(databases, area::code(), library.clone());
        let suite = Suite::open(config).await.unwrap();
        // Nothing is loaded: the hospital of the second chapter does not exist.
        for telling in 1..=3 {
            let mut printed = Vec::new();
            let told = play(suite.wires(), &library, &mut printed).await;
            let Err(Halted::Refused { chapter, told, .. }) = told else {
                panic!("expected a refusal, got {told:?}")
            };
            assert_eq!(
                (chapter.as_str(), told.code.as_str()),
                ("② 普通门诊", "INSTITUTION_UNKNOWN")
            );
            let printed = String::from_utf8(printed).unwrap();
            assert!(printed.contains(&format!("第 {telling} 次")), "{printed}");
        }
    }
}
