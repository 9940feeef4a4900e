//! 合成居民: residents who never existed, the same ones on every machine.
//!
//! Id numbers carry the region 999999, which no real one has. The numbers of the [`Population`] end
//! in serials up to 899, so that [`id_number`] with a serial from 900 never meets one of them.

use kernel::{Day, Digest, Digester, IdNumber, IdentityKind, Period, PersonName, Sex};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::collections::BTreeSet;

/// The seed of the demonstration's population.
pub const SEED: u64 = 15_250_120_170_101;
/// How many residents there are.
pub const COUNT: usize = 300;
/// The insurance year they are registered for.
pub const YEAR: i32 = 2017;

/// The largest serial of an id number given to a resident.
const SERIAL_MAX: u16 = 899;
/// One household in so many has Mongolian names.
const MONGOLIAN_ONE_IN: u32 = 4;
/// How many residents of [`COUNT`] bear each identity.
const BEARERS: usize = 2;
/// How many bear those that are more common.
const BEARERS_COMMON: usize = 6;

const SURNAMES: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "胡", "郭", "何",
    "高", "林", "郑", "梁", "谢", "宋", "唐", "韩", "冯", "董", "程", "曹", "袁", "邓",
];
const GIVEN_MALE: &[&str] = &[
    "伟", "强", "磊", "军", "勇", "杰", "涛", "明", "超", "建国", "建军", "志强", "志刚", "文斌",
    "俊杰", "浩然", "子轩", "宇航", "国庆", "永福", "德胜", "广林", "海涛", "家明", "立新", "少华",
];
const GIVEN_FEMALE: &[&str] = &[
    "芳", "娜", "敏", "静", "丽", "艳", "娟", "霞", "燕", "秀英", "秀兰", "桂英", "玉兰", "淑珍",
    "雅婷", "雨桐", "欣怡", "诗涵", "春梅", "红梅", "凤英", "晓丽", "佳慧", "婉清", "金凤", "慧敏",
];
const MONGOLIAN_MALE: &[&str] = &[
    "巴特尔",
    "朝鲁",
    "苏和",
    "阿古拉",
    "宝音",
    "那顺",
    "格日勒图",
    "毕力格",
    "额尔敦",
    "满都拉",
    "呼格吉勒",
    "布仁",
    "达来",
    "孟和",
];
const MONGOLIAN_FEMALE: &[&str] = &[
    "其其格",
    "乌云",
    "娜仁",
    "萨仁",
    "高娃",
    "斯琴",
    "通拉嘎",
    "苏日娜",
    "敖登",
    "塔娜",
    "乌日娜",
    "阿茹娜",
    "图雅",
    "格根",
];
const TOWNSHIPS: &[&str] = &["152501001", "152501002", "152501003", "152501100"];

/// 家庭: a household to register.
#[derive(Clone, Debug)]
pub struct Household {
    /// 户号.
    pub register_number: String,
    /// 所属区划: nine digits.
    pub township: &'static str,
}

/// 缴费: how a resident came to be insured.
#[derive(Clone, Copy, Debug)]
pub struct Payment {
    /// 缴费日期.
    pub paid: Day,
    /// 新生儿免等待.
    pub exempt: bool,
}

/// 居民: one synthetic resident.
#[derive(Clone, Debug)]
pub struct Resident {
    /// Place of the household in the population.
    pub household: usize,
    /// 姓名.
    pub name: PersonName,
    /// 证件号码.
    pub id_number: IdNumber,
    /// 性别.
    pub sex: Sex,
    /// 出生日期.
    pub birth: Day,
    /// 人员身份类别 with their days.
    pub identities: Vec<(IdentityKind, Period)>,
    /// 参保缴费; most have paid, some late, some not at all.
    pub payment: Option<Payment>,
    /// 待遇暂停.
    pub suspended: Option<Period>,
    /// 死亡日期.
    pub death: Option<Day>,
}

/// 合成人群: households and residents.
#[derive(Clone, Debug)]
pub struct Population {
    /// The households.
    pub households: Vec<Household>,
    /// The residents, household by household.
    pub residents: Vec<Resident>,
}

impl Population {
    /// The population of this seed.
    pub fn generate(seed: u64) -> Population {
        Population::sized(seed, COUNT, TOWNSHIPS)
    }

    /// So many residents of these townships.
    pub fn sized(seed: u64, count: usize, townships: &'static [&'static str]) -> Population {
        let mut maker = Maker {
            rng: StdRng::seed_from_u64(seed),
            numbers: BTreeSet::new(),
            count,
            townships,
        };
        let mut population = Population {
            households: Vec::new(),
            residents: Vec::new(),
        };
        while population.residents.len() < count {
            maker.add_household(&mut population);
        }
        maker.give_identities(&mut population.residents);
        maker.insure(&mut population.residents);
        population
    }

    /// The digest over everything: a population that changes is another population.
    pub fn digest(&self) -> Digest {
        let mut digester = Digester::new();
        for household in &self.households {
            digester.part(household.register_number.as_bytes());
            digester.part(household.township.as_bytes());
        }
        let day = |day: Day| day.to_string();
        let period = |period: &Period| {
            format!(
                "{} {}",
                period.from,
                period.until.map(day).unwrap_or_default()
            )
        };
        for resident in &self.residents {
            let household = self.households.get(resident.household);
            let household = household.map_or("", |household| &household.register_number);
            digester.part(household.as_bytes());
            digester.part(resident.name.expose().as_bytes());
            digester.part(resident.id_number.expose().as_bytes());
            for (kind, days) in &resident.identities {
                digester.part(format!("{kind} {}", period(days)).as_bytes());
            }
            let payment = resident.payment.map(|p| format!("{} {}", p.paid, p.exempt));
            let suspended = resident.suspended.as_ref().map(period);
            for part in [payment, suspended, resident.death.map(day)] {
                digester.part(part.unwrap_or_default().as_bytes());
            }
        }
        digester.finish()
    }
}

/// The id number of somebody born on this day; an even `serial` is a woman's, an odd one a man's.
/// Nothing when the serial has more than three digits.
pub fn id_number(birth: Day, serial: u16) -> Option<IdNumber> {
    let birth = birth.to_string().replace('-', "");
    let digits = format!("999999{birth}{serial:03}");
    let check = IdNumber::check_character(&digits)?;
    IdNumber::parse(&format!("{digits}{check}"))
}

/// A day of the insurance year.
fn day(month: u32, day: u32) -> Day {
    Day::new(YEAR, month, day).unwrap_or_else(|| unreachable!("a day of the calendar"))
}

struct Maker {
    rng: StdRng,
    numbers: BTreeSet<String>,
    count: usize,
    townships: &'static [&'static str],
}

/// Somebody to be: sex and the years in which they may be born.
type Part = (Sex, std::ops::RangeInclusive<i32>);

impl Maker {
    fn add_household(&mut self, population: &mut Population) {
        let number = population.households.len() + 1;
        population.households.push(Household {
            register_number: format!("HH-{number:04}"),
            township: self.one_of(self.townships),
        });
        let mongolian = self.rng.random_ratio(1, MONGOLIAN_ONE_IN);
        let surname = self.one_of(SURNAMES);
        let room = self.count - population.residents.len();
        for (part, of_family) in self.parts().into_iter().take(room) {
            let own = self.one_of(SURNAMES);
            let surname = if of_family { surname } else { own };
            let resident = self.resident(number - 1, part, surname, mongolian);
            population.residents.push(resident);
        }
    }

    /// Who lives together: one to five people, and whether each bears the family's name.
    fn parts(&mut self) -> Vec<(Part, bool)> {
        let size = match self.rng.random_range(0..100) {
            0..12 => 1,
            12..32 => 2,
            32..64 => 3,
            64..86 => 4,
            _ => 5,
        };
        let head = self.rng.random_range(1950..=1988);
        let child = head + 23..=(head + 34).min(2016);
        let mut parts = vec![
            ((Sex::Male, head..=head), true),
            ((Sex::Female, head - 2..=head + 4), false),
            ((self.sex(), child.clone()), true),
        ];
        let grandmother = (Sex::Female, (head - 30).max(1930)..=(head - 18).max(1931));
        match self.rng.random_bool(0.5) {
            true => parts.push((grandmother.clone(), false)),
            false => parts.push(((self.sex(), child.clone()), true)),
        }
        parts.push(((self.sex(), child), true));
        if size == 1 && self.rng.random_bool(0.5) {
            parts = vec![(grandmother, false)];
        }
        parts.truncate(size);
        parts
    }

    fn resident(
        &mut self,
        household: usize,
        (sex, years): Part,
        surname: &str,
        mongolian: bool,
    ) -> Resident {
        let (names, given) = match sex {
            Sex::Male => (MONGOLIAN_MALE, GIVEN_MALE),
            _ => (MONGOLIAN_FEMALE, GIVEN_FEMALE),
        };
        let name = match mongolian {
            true => self.one_of(names).to_string(),
            false => format!("{surname}{}", self.one_of(given)),
        };
        let year = self.rng.random_range(years);
        let first = Day::first_of(year).unwrap_or(day(1, 1));
        let birth = first.plus_days(self.rng.random_range(0..365));
        Resident {
            household,
            name: PersonName::parse(&name).unwrap_or_else(|| unreachable!("a plain name")),
            id_number: self.unused_number(birth, &sex),
            sex,
            birth,
            identities: Vec::new(),
            payment: None,
            suspended: None,
            death: None,
        }
    }

    fn unused_number(&mut self, birth: Day, sex: &Sex) -> IdNumber {
        loop {
            let serial =
                self.rng.random_range(1..SERIAL_MAX / 2) * 2 + u16::from(*sex == Sex::Male);
            if let Some(number) = id_number(birth, serial)
                && self.numbers.insert(number.expose().to_string())
            {
                return number;
            }
        }
    }

    /// Every identity there is has a few bearers; the poorest of them are often disabled as well.
    fn give_identities(&mut self, residents: &mut [Resident]) {
        use IdentityKind::{Disabled, DocumentedPoor, MinimumLiving};
        for kind in IdentityKind::KNOWN {
            let common = matches!(kind, MinimumLiving | DocumentedPoor | Disabled);
            let bearers = if common { BEARERS_COMMON } else { BEARERS };
            let bearers = bearers * self.count.div_ceil(COUNT);
            for _ in 0..bearers {
                let fit =
                    |resident: &Resident| resident.identities.is_empty() && suits(kind, resident);
                let fitting: Vec<usize> = (0..residents.len())
                    .filter(|&i| fit(&residents[i]))
                    .collect();
                let Some(&chosen) = fitting.choose(&mut self.rng) else {
                    continue;
                };
                let days = self.identity_days();
                residents[chosen].identities.push((kind.clone(), days));
                if *kind == MinimumLiving && self.rng.random_bool(0.5) {
                    residents[chosen].identities.push((Disabled, days));
                }
            }
        }
    }

    /// Most identities are open; some ended before the year, some begin in it.
    fn identity_days(&mut self) -> Period {
        let old = Day::new(YEAR - 1, 1, 1).unwrap_or(day(1, 1));
        let (from, until) = match self.rng.random_range(0..10) {
            0 => (old, Some(day(1, 1))),
            1 => (day(5, 1), None),
            _ => (old, None),
        };
        Period { from, until }
    }

    /// Most pay in the window, some late, some never; newborns pay late without waiting. One is
    /// suspended and one, the oldest, dies.
    fn insure(&mut self, residents: &mut [Resident]) {
        let newborn_from = Day::new(YEAR - 1, 10, 1).unwrap_or(day(1, 1));
        for resident in residents.iter_mut() {
            let (month, latest) = match self.rng.random_range(0..100) {
                0..4 => continue,
                4..7 => (4, 28),
                _ => (self.rng.random_range(1..=2), 28),
            };
            let exempt = resident.birth >= newborn_from;
            let month = if exempt { 3 } else { month };
            let paid = day(month, self.rng.random_range(2..=latest));
            resident.payment = Some(Payment { paid, exempt });
        }
        let in_window = |resident: &&mut Resident| {
            resident
                .payment
                .is_some_and(|payment| payment.paid < day(3, 1))
        };
        if let Some(oldest) = residents
            .iter_mut()
            .filter(in_window)
            .min_by_key(|r| r.birth)
        {
            oldest.death = Some(day(4, 18));
        }
        let living = |resident: &&mut Resident| in_window(resident) && resident.death.is_none();
        if let Some(resident) = residents.iter_mut().find(living) {
            resident.suspended = Period::new(day(3, 1), Some(day(7, 1)));
        }
    }

    fn sex(&mut self) -> Sex {
        match self.rng.random_bool(0.5) {
            true => Sex::Male,
            false => Sex::Female,
        }
    }

    fn one_of(&mut self, texts: &[&'static str]) -> &'static str {
        texts.choose(&mut self.rng).copied().unwrap_or_default()
    }
}

/// Whether an identity makes sense for somebody of this age and sex.
fn suits(kind: &IdentityKind, resident: &Resident) -> bool {
    use IdentityKind::*;
    let age = resident.birth.age_on(day(1, 1));
    match kind {
        Orphan | DeFactoOrphan => age < 18,
        ThreeNos | ExtremelyPoor | FiveGuarantees => age >= 55,
        DisabledVeteran => age >= 25 && resident.sex == Sex::Male,
        OnePlanFamily | FamilyOfMartyr | KeyEntitled => age >= 25,
        MentalPatient => age >= 16,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn population() -> Population {
        Population::generate(SEED)
    }

    #[test]
    fn the_population_is_frozen() {
        // Data folders hold these people under fixed request ids: whoever changes the generator
        // makes another population, and changes the seed and this digest together.
        let frozen = "737610310b28056516617846de42d8ebf7d3f36f2b859692eab001eb93726888";
        assert_eq!(population().digest().to_string(), frozen);
        assert_ne!(
            population().digest(),
            Population::generate(SEED + 1).digest()
        );
    }

    #[test]
    fn id_numbers_are_unique_right_and_nobodys() {
        let residents = population().residents;
        assert_eq!(residents.len(), COUNT);
        let mut seen = BTreeSet::new();
        for resident in &residents {
            let number = resident.id_number.expose();
            assert!(seen.insert(number.to_string()));
            assert_eq!(IdNumber::parse(number).as_ref(), Some(&resident.id_number));
            assert!(number.starts_with("999999"));
            assert_eq!(number[6..14], resident.birth.to_string().replace('-', ""));
            let serial: u16 = number[14..17].parse().unwrap();
            assert!((1..=SERIAL_MAX).contains(&serial));
            assert_eq!(serial % 2 == 1, resident.sex == Sex::Male);
        }
    }

    #[test]
    fn every_kind_of_resident_occurs() {
        let Population {
            households,
            residents,
        } = population();
        for kind in IdentityKind::KNOWN {
            let bears = |r: &Resident| r.identities.iter().any(|(held, _)| held == kind);
            assert!(residents.iter().any(bears), "{kind:?}");
        }
        let count = |fits: &dyn Fn(&Resident) -> bool| residents.iter().filter(|r| fits(r)).count();
        assert!(count(&|r| r.identities.is_empty()) > COUNT * 3 / 4);
        assert!(count(&|r| r.sex == Sex::Male).abs_diff(COUNT / 2) < COUNT / 10);
        assert!(count(&|r| r.payment.is_none()) > 0);
        assert!(count(&|r| r.payment.is_some_and(|p| !p.exempt && p.paid >= day(3, 1))) > 0);
        assert!(count(&|r| r.payment.is_some_and(|p| p.exempt)) > 0);
        assert_eq!(
            (
                count(&|r| r.suspended.is_some()),
                count(&|r| r.death.is_some())
            ),
            (1, 1)
        );
        assert!(
            residents
                .iter()
                .all(|r| (1930..=2016).contains(&r.birth.year()))
        );
        for number in 0..households.len() {
            let size = residents.iter().filter(|r| r.household == number).count();
            assert!((1..=5).contains(&size), "household {number}: {size}");
        }
    }
}
