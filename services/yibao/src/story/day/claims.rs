//! 费用单: the claims of the day, made from a seed: the same ones on every machine.

use super::kinds::{KINDS, Kind, PHASES, Part, Whose};
use crate::area::COUNTY;
use crate::catalogue;
use crate::people::Resident;
use kernel::{Day, Fen, Instant, Quantity, Scheme, Sex, UnitPrice};
use proto::common::{AccountUse, Claim, ClaimLine};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use std::collections::BTreeSet;

/// The seed of the people and of their claims.
pub const SEED: u64 = 99_999_920_171_115;
/// The day.
pub const TODAY: &str = "2017-11-15";
/// A day.
const DAY_MILLIS: i64 = 86_400_000;
/// 成年.
const ADULT: u32 = 18;
/// 家庭共济: how many relatives draw on somebody's account.
const FAMILIES: usize = 4;
/// 育龄, to.
const MOTHER: u32 = 45;

/// 待办: a claim to bring.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Of which of [`KINDS`].
    pub kind: usize,
    /// In which of [`PHASES`].
    pub phase: usize,
    /// The institution's name for the request.
    pub request_id: String,
    /// The claim.
    pub claim: Claim,
}

impl Planned {
    /// Who brings it: the institution itself.
    pub fn sender(&self) -> &str {
        &self.claim.institution_code
    }
}

/// Somebody whose funds may pay.
#[derive(Clone, Debug)]
pub struct Patient {
    /// 人员编号.
    pub person_id: String,
    sex: Sex,
    age: u32,
    /// 低保, 优抚, 精神残疾 in one.
    pub all_three: bool,
    /// No identity at all.
    pub plain: bool,
    /// By which scheme, and with whose account.
    pub insured: Insured,
}

/// 险种 of somebody, and what the personal accounts do for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insured {
    /// 居民.
    Resident,
    /// 职工, who pays from the account of their own.
    Employee,
    /// 职工 who draws on a relative's account as well.
    Relative,
    /// 职工 whose account a relative draws on, and who does not come.
    Holder,
}

/// Who can come: insured since the window, alive, not suspended. The first grown-ups without an
/// identity, as many as asked for, are to have all three. Grown-ups who are not insured as residents
/// are employees: the first of them in pairs, a relative and the holder of an account.
pub fn patients(residents: &[Resident], ids: &[String], all_three: usize) -> Vec<Patient> {
    let (mut left, mut pairs) = (all_three, 0);
    let on = Day::parse(TODAY).ok();
    let all = residents.iter().zip(ids);
    let able = all.filter(|(resident, _)| {
        let here = resident.death.is_none() && resident.suspended.is_none();
        let grown = on.is_some_and(|on| resident.birth.age_on(on) >= ADULT);
        here && (resident.payment.is_some() || grown)
    });
    able.map(|(resident, id)| {
        let age = on.map_or(0, |on| resident.birth.age_on(on));
        let insured = match (resident.payment, pairs) {
            (Some(_), _) => Insured::Resident,
            (None, pair) if pair >= 2 * FAMILIES => Insured::Employee,
            (None, pair) if pair % 2 == 0 => Insured::Relative,
            (None, _) => Insured::Holder,
        };
        pairs += usize::from(insured != Insured::Resident);
        let resident_only = insured == Insured::Resident && resident.identities.is_empty();
        let chosen = left > 0 && age >= ADULT && resident_only;
        left -= usize::from(chosen);
        Patient {
            person_id: id.clone(),
            sex: resident.sex.clone(),
            age,
            all_three: chosen,
            plain: !chosen && resident_only,
            insured,
        }
    })
    .collect()
}

/// All claims of the day, phase by phase. Nobody has two in one phase: what runs side by side is of
/// different people, so that amounts are the same in every run. Nobody comes to an institution twice
/// for the same: that would be the same bill again.
pub fn plan(patients: &[Patient]) -> Vec<Planned> {
    let mut rng = StdRng::seed_from_u64(SEED);
    let (mut planned, mut been) = (Vec::new(), BTreeSet::new());
    for phase in 0..PHASES.len() {
        let mut free: Vec<&Patient> = patients.iter().collect();
        free.shuffle(&mut rng);
        // Who is hard to find is looked for first.
        let mut order: Vec<(usize, &Kind)> = KINDS.iter().enumerate().collect();
        order.sort_by_key(|(_, kind)| kind.whose == Whose::Anyone);
        for (place, kind) in order {
            for n in 0..kind.claims.get(phase).copied().unwrap_or_default() {
                let site = in_turn(kind.sites, n);
                let fits = |patient: &&Patient| {
                    let anew = !been.contains(&(place, site, &patient.person_id));
                    anew && suits(kind.whose, patient)
                };
                let Some(fitting) = free.iter().position(fits) else {
                    break;
                };
                let patient = free.swap_remove(fitting);
                been.insert((place, site, &patient.person_id));
                let visit = format!("D{phase}-{place:02}-{n:03}");
                planned.push(Planned {
                    kind: place,
                    phase,
                    request_id: format!("day-{visit}"),
                    claim: claim(kind, n, patient, &visit, &mut rng),
                });
            }
        }
    }
    planned
}

fn in_turn(of: &[&'static str], n: usize) -> &'static str {
    of.get(n % of.len().max(1)).copied().unwrap_or_default()
}

fn suits(whose: Whose, patient: &Patient) -> bool {
    match whose {
        Whose::Employee => patient.insured == Insured::Employee,
        Whose::Relative => patient.insured == Insured::Relative,
        _ if patient.insured != Insured::Resident => false,
        Whose::AllThree => patient.all_three,
        _ if patient.all_three => false,
        Whose::Anyone => true,
        Whose::Adult => patient.age >= ADULT,
        Whose::Mother => patient.sex == Sex::Female && (ADULT..=MOTHER).contains(&patient.age),
    }
}

fn claim(kind: &Kind, n: usize, patient: &Patient, visit: &str, rng: &mut StdRng) -> Claim {
    let site = in_turn(kind.sites, n);
    let lasted = kind
        .days
        .map_or(0, |(from, to)| rng.random_range(from..=to));
    let lines = (1..)
        .zip(kind.items)
        .map(|(number, part)| line(number, part, site, rng));
    let (scheme, account_use) = match patient.insured {
        Insured::Resident => (Scheme::Resident, AccountUse::Unspecified),
        Insured::Relative => (Scheme::Employee, AccountUse::Shared),
        Insured::Employee | Insured::Holder => (Scheme::Employee, AccountUse::Own),
    };
    Claim {
        person_id: patient.person_id.clone(),
        institution_code: site.into(),
        visit_number: visit.into(),
        scheme: scheme.to_string(),
        account_use: account_use.into(),
        med_type: kind.care.into(),
        begin_day: days_before(TODAY, lasted),
        end_day: TODAY.into(),
        diagnosis_code: in_turn(kind.diagnoses, n).into(),
        disease_codes: match kind.disease {
            "" => Vec::new(),
            disease => vec![disease.into()],
        },
        lines: lines.collect(),
        ..Claim::default()
    }
}

fn line(number: i32, Part(item, over, from, to): &Part, site: &str, rng: &mut StdRng) -> ClaimLine {
    let found = COUNTY.institutions.iter().find(|known| known.0 == site);
    let tier = found.map_or("", |known| known.2);
    let price = UnitPrice::fen(catalogue::price_at(item, tier) + over);
    let quantity = Quantity::whole(rng.random_range(*from..=*to));
    ClaimLine {
        number,
        item_code: (*item).into(),
        unit_price_micro_yuan: price.0,
        quantity_e4: quantity.0,
        amount_fen: price.times(quantity).unwrap_or(Fen::ZERO).0,
        ..ClaimLine::default()
    }
}

/// So many days before this one.
pub fn days_before(day: &str, count: u32) -> String {
    let first = Day::parse(day).map(Instant::beginning_of);
    let back = first.map(|first| first.plus_millis(-i64::from(count) * DAY_MILLIS));
    back.map_or(String::new(), |back| back.day().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::area::COUNTY_TOWNSHIPS;
    use crate::people::Population;
    use crate::story::day::{ALL_THREE, CLAIMS, PEOPLE};

    fn planned() -> Vec<Planned> {
        let population = Population::sized(SEED, PEOPLE, COUNTY_TOWNSHIPS);
        let ids: Vec<String> = (0..PEOPLE).map(|n| format!("p-{n}")).collect();
        plan(&patients(&population.residents, &ids, ALL_THREE))
    }

    #[test]
    fn every_claim_of_the_table_is_there_and_is_the_same_again() {
        let planned = planned();
        let settlements = KINDS.iter().map(Kind::settlements);
        assert_eq!(settlements.sum::<usize>(), CLAIMS);
        for (place, kind) in KINDS.iter().enumerate() {
            let of_kind = planned.iter().filter(|one| one.kind == place).count();
            assert_eq!(of_kind, kind.claims.iter().sum::<usize>(), "{}", kind.name);
        }
        let again = self::planned();
        let same = planned
            .iter()
            .zip(&again)
            .all(|(one, two)| one.claim == two.claim);
        assert!(same);
    }

    #[test]
    fn nobody_is_at_two_desks_at_once() {
        let planned = planned();
        let mut there = BTreeSet::new();
        for one in &planned {
            assert!(there.insert((one.phase, &one.claim.person_id)), "{one:?}");
            assert!(one.claim.lines.iter().all(|line| line.amount_fen > 0));
        }
    }

    #[test]
    fn a_day_is_counted_back() {
        assert_eq!(days_before(TODAY, 0), TODAY);
        assert_eq!(days_before(TODAY, 15), "2017-10-31");
    }
}
