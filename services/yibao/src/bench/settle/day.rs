//! 一日: what is asked of the suite, mixed as on a real day. The `n`-th request is the same in every run.

use super::town::{CLINIC, DISEASE, HOSPITAL, PHARMACY, SCHEME, STAY, Town, item};
use crate::desk::{Desk, Wires};
use crate::told::Told;
use kernel::Day;
use proto::common::{Claim, ClaimLine, Filing};
use proto::orchestrator::{ReverseRequest, SettleRequest};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tonic::Request;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// 门诊 and 购药 of a year spread over so many days.
const DAYS: usize = 330;
/// A step that visits every place of a hundred once.
const STRIDE: usize = 37;

/// What kinds there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// 药店购药: two lines.
    Pharmacy,
    /// 普通门诊: four lines.
    Outpatient,
    /// 门诊慢特病: four lines.
    Chronic,
    /// 住院 with a referral: forty lines.
    Stay,
    /// 撤销 of an outpatient visit that was settled a moment ago.
    Reversal,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 5] = [
        Kind::Pharmacy,
        Kind::Outpatient,
        Kind::Chronic,
        Kind::Stay,
        Kind::Reversal,
    ];

    /// Of a hundred requests so many: 80 from pharmacy and clinic, 15, 4 and 1.
    pub fn of_hundred(self) -> usize {
        match self {
            Kind::Pharmacy => 20,
            Kind::Outpatient => 60,
            Kind::Chronic => 15,
            Kind::Stay => 4,
            Kind::Reversal => 1,
        }
    }

    /// Its name in the tables.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Pharmacy => "pharmacy",
            Kind::Outpatient => "outpatient",
            Kind::Chronic => "chronic",
            Kind::Stay => "stay, referred",
            Kind::Reversal => "reversal",
        }
    }

    /// The kind of the `n`-th request: the kinds are spread evenly over each hundred.
    pub fn of(n: usize) -> Kind {
        let mut place = n * STRIDE % 100;
        for kind in Kind::ALL {
            match place.checked_sub(kind.of_hundred()) {
                Some(rest) => place = rest,
                None => return kind,
            }
        }
        Kind::Outpatient
    }
}

/// What became of one request: the settlement's id, or the code of the "no".
pub type Answer = Result<String, String>;

/// Who asks, and what has been asked already.
pub struct Hand {
    desks: Vec<BTreeMap<&'static str, Desk>>,
    town: Arc<Town>,
    /// Settled outpatient visits that may be reversed, newest last.
    settled: Mutex<Vec<String>>,
    asked: [AtomicUsize; 5],
    turn: AtomicUsize,
}

impl Hand {
    /// Through these wires in turn.
    pub fn new(wires: &[Wires], town: Arc<Town>) -> Hand {
        Hand {
            desks: wires.iter().map(desks).collect(),
            town,
            settled: Mutex::default(),
            asked: Default::default(),
            turn: AtomicUsize::new(0),
        }
    }

    /// The same hand, going on through other wires.
    pub fn through(self, wires: &[Wires]) -> Hand {
        Hand {
            desks: wires.iter().map(desks).collect(),
            ..self
        }
    }

    /// Goes on with the first person of a kind once more, who has been treated before.
    pub fn again(&self, kind: Kind) {
        let people = match kind {
            Kind::Chronic => self.town.chronic.len(),
            Kind::Pharmacy | Kind::Outpatient => self.town.patients.len(),
            Kind::Stay | Kind::Reversal => return,
        };
        let place = Kind::ALL.iter().position(|one| *one == kind);
        if let Some(count) = place.and_then(|place| self.asked.get(place)) {
            count.fetch_max(people, Ordering::Relaxed);
        }
    }

    /// How many requests of a kind were made.
    fn next(&self, kind: Kind) -> usize {
        let place = Kind::ALL.iter().position(|one| *one == kind);
        let count = place.and_then(|place| self.asked.get(place));
        count.map_or(0, |count| count.fetch_add(1, Ordering::Relaxed))
    }

    /// Asks for one of a kind. What cannot be had, a stay when all referrals are used or a reversal before
    /// anything is settled, is an outpatient visit instead.
    pub async fn ask(&self, kind: Kind, request_id: String) -> (Kind, Answer) {
        match kind {
            Kind::Reversal => {
                let newest = self.newest();
                match newest {
                    Some(settled) => (kind, self.reverse(request_id, settled).await),
                    None => self.settle(Kind::Outpatient, request_id).await,
                }
            }
            _ => self.settle(kind, request_id).await,
        }
    }

    fn newest(&self) -> Option<String> {
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        settled.pop()
    }

    async fn settle(&self, kind: Kind, request_id: String) -> (Kind, Answer) {
        let k = self.next(kind);
        let claim = self.claim(kind, k, &request_id);
        let (kind, claim) = match claim {
            Some(claim) => (kind, claim),
            None => {
                let k = self.next(Kind::Outpatient);
                let claim = self.claim(Kind::Outpatient, k, &request_id);
                (Kind::Outpatient, claim.unwrap_or_default())
            }
        };
        let caller = claim.institution_code.clone();
        let mut request = Request::new(SettleRequest {
            request_id,
            claim: Some(claim),
            ..SettleRequest::default()
        });
        request.set_timeout(PATIENCE);
        let Some(desk) = self.desk(&caller) else {
            return (kind, Err("NO_DESK".into()));
        };
        let answer = match desk.orchestrator().settle(request).await {
            Ok(answer) => Ok(answer.into_inner().settlement.unwrap_or_default()),
            Err(status) => Err(code(&status)),
        };
        let answer = answer.map(|settled| settled.settlement_id);
        if let (Kind::Outpatient, Ok(id)) = (kind, &answer) {
            let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
            settled.push(id.clone());
        }
        (kind, answer)
    }

    async fn reverse(&self, request_id: String, settlement_id: String) -> Answer {
        let mut request = Request::new(ReverseRequest {
            request_id,
            settlement_id,
            reason: "测速撤销".into(),
        });
        request.set_timeout(PATIENCE);
        let desk = self.desk(CLINIC).ok_or("NO_DESK")?;
        match desk.orchestrator().reverse(request).await {
            Ok(answer) => Ok(answer
                .into_inner()
                .settlement
                .unwrap_or_default()
                .settlement_id),
            Err(status) => Err(code(&status)),
        }
    }

    fn desk(&self, caller: &str) -> Option<&Desk> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let desks = self.desks.get(turn % self.desks.len().max(1))?;
        desks.get(caller)
    }

    /// The `k`-th claim of a kind.
    fn claim(&self, kind: Kind, k: usize, visit: &str) -> Option<Claim> {
        let town = &self.town;
        let of = |people: &[String]| {
            let person = people.get(k % people.len().max(1))?;
            Some((person.clone(), day(k / people.len().max(1))))
        };
        let (lines, institution, med_type) = match kind {
            Kind::Pharmacy => (2, PHARMACY, "41"),
            Kind::Outpatient | Kind::Reversal => (4, CLINIC, "11"),
            Kind::Chronic => (4, HOSPITAL, "14"),
            Kind::Stay => (40, HOSPITAL, "21"),
        };
        let (person, referral, days) = match kind {
            Kind::Stay => {
                let (person, referral) = town.referred.get(k)?;
                let days = (STAY.0.to_string(), STAY.1.to_string());
                (person.clone(), referral.clone(), days)
            }
            Kind::Chronic => {
                let (person, day) = of(&town.chronic)?;
                (person, String::new(), (day.clone(), day))
            }
            _ => {
                let (person, day) = of(&town.patients)?;
                (person, String::new(), (day.clone(), day))
            }
        };
        let diseases = (kind == Kind::Chronic).then(|| DISEASE.to_string());
        Some(Claim {
            person_id: person,
            institution_code: institution.into(),
            visit_number: visit.into(),
            scheme: SCHEME.into(),
            med_type: med_type.into(),
            begin_day: days.0,
            end_day: days.1,
            diagnosis_code: "J18.900".into(),
            disease_codes: diseases.into_iter().collect(),
            filing: match referral.is_empty() {
                true => Filing::Unspecified.into(),
                false => Filing::Referred.into(),
            },
            referral_id: referral,
            lines: (0..lines).map(|line| self::line(line, k)).collect(),
            ..Claim::default()
        })
    }
}

fn desks(wires: &Wires) -> BTreeMap<&'static str, Desk> {
    let codes = [HOSPITAL, CLINIC, PHARMACY];
    codes.map(|code| (code, Desk::new(wires, code))).into()
}

/// A line that no other bill of the person has.
fn line(number: usize, k: usize) -> ClaimLine {
    let fen = i64::try_from(300 + k % 997 + number * 11).unwrap_or(300);
    ClaimLine {
        number: i32::try_from(number + 1).unwrap_or(1),
        item_code: item(k + number),
        unit_price_micro_yuan: fen * 10_000,
        quantity_e4: 10_000,
        amount_fen: fen,
        ..ClaimLine::default()
    }
}

fn day(number: usize) -> String {
    let number = u32::try_from(number % DAYS).unwrap_or(0);
    let first = Day::new(2017, 1, 2).map(|first| first.plus_days(number));
    first.map_or_else(String::new, |day| day.to_string())
}

/// The code in the trailers, or that of gRPC where there is none.
fn code(status: &tonic::Status) -> String {
    let told = Told::of(status);
    match told.code.as_str() {
        "" => told.status.to_string(),
        _ => told.code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_requests_are_mixed_as_on_a_real_day() {
        for kind in Kind::ALL {
            let count = (700..800).filter(|n| Kind::of(*n) == kind).count();
            assert_eq!(count, kind.of_hundred(), "{}", kind.name());
        }
    }
}
