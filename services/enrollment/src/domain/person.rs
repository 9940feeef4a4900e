//! Households and persons.

use crate::refusal::{BORN_IN_FUTURE, PERSON_DEAD};
use kernel::refusal::invalid;
use kernel::{Day, HouseholdId, IdNumber, PersonId, PersonName, Refusal, Sex};

/// 家庭: persons who are registered together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Household {
    /// Its id.
    pub id: HouseholdId,
    /// 户号: its number in the register, unique in the area.
    pub register_number: String,
    /// 所属区划: the township or street, 6 to 12 digits.
    pub township_code: String,
}

/// A household to register.
#[derive(Clone, Debug)]
pub struct NewHousehold {
    /// 户号: its number in the register.
    pub register_number: String,
    /// 所属区划: the township or street, 6 to 12 digits.
    pub township_code: String,
}

/// 人员 (baseinfo): a person of the area. Name and number print as masks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// 人员编号 (psn_no).
    pub id: PersonId,
    /// 姓名 (psn_name).
    pub name: PersonName,
    /// 证件号码 (certno), unique in the area.
    pub id_number: IdNumber,
    /// 性别 (gend).
    pub sex: Sex,
    /// 出生日期 (brdy).
    pub birth_day: Day,
    /// The household, if any.
    pub household: Option<HouseholdId>,
    /// 死亡日期: the last day on which the funds may pay.
    pub death_day: Option<Day>,
    /// Grows by one with every change of the person's data.
    pub version: i64,
}

/// A person to register.
#[derive(Clone, Debug)]
pub struct NewPerson {
    /// 姓名 (psn_name).
    pub name: PersonName,
    /// 证件号码 (certno).
    pub id_number: IdNumber,
    /// 性别 (gend).
    pub sex: Sex,
    /// 出生日期 (brdy).
    pub birth_day: Day,
    /// The household, if any.
    pub household: Option<HouseholdId>,
}

impl NewPerson {
    /// Nobody is registered before birth.
    pub fn decide(&self, today: Day) -> Result<(), Refusal> {
        match self.birth_day <= today {
            true => Ok(()),
            false => Err(BORN_IN_FUTURE.refuse().at("birth_day")),
        }
    }
}

impl Person {
    /// 死亡登记: once, between birth and today.
    pub fn decide_death(&self, death_day: Day, today: Day) -> Result<(), Refusal> {
        if self.death_day.is_some() {
            return Err(self.dead());
        }
        match self.birth_day <= death_day && death_day <= today {
            true => Ok(()),
            false => Err(invalid("death_day", "不早于出生日期、不晚于今天的日期")),
        }
    }

    /// The refusal that the person has died.
    pub fn dead(&self) -> Refusal {
        PERSON_DEAD
            .refuse()
            .with("person_id", self.id)
            .at("person_id")
    }
}
