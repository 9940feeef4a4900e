//! 一日: what is asked of the suite, mixed as on a real day. The `n`-th request is the same in every run.

use super::town::{CLINIC, DISEASE, HOSPITAL, PHARMACY, SCHEME, STAY, Town, item};
use crate::desk::{Desk, Wires};
use crate::told::Told;
use kernel::Day;
use proto::common::{Claim, ClaimLine, Filing, Settlement};
use proto::orchestrator::{GetOutcomeRequest, ReverseRequest, SettleRequest};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tonic::{Code, Request};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// 门诊 and 购药 of a year spread over so many days.
const DAYS: usize = 330;
/// How often an unknown one is asked again, and after what pause.
const RESOLVED_AFTER: usize = 100;
const RESOLVE_PAUSE: Duration = Duration::from_millis(100);
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

/// A request without an answer: it may have been done.
enum Unknown {
    Settle(Box<SettleRequest>),
    Reverse(ReverseRequest),
}

/// What became of one request: the settlement's id, or the code of the "no".
pub type Answer = Result<String, String>;

/// Who asks, and what has been asked already.
pub struct Hand {
    desks: Vec<BTreeMap<&'static str, Desk>>,
    town: Arc<Town>,
    /// Settled outpatient visits that may be reversed, newest last.
    settled: Mutex<Vec<String>>,
    /// Of which nobody knows what became of them.
    unknown: Mutex<Vec<Unknown>>,
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
            unknown: Mutex::default(),
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

    /// Waits until the other end answers.
    pub async fn until_it_serves(&self) {
        for desks in &self.desks {
            let Some(desk) = desks.get(CLINIC) else {
                continue;
            };
            // Whatever it answers, it came from there.
            let asked = async || {
                let mut orchestrator = desk.orchestrator();
                orchestrator.get_outcome(GetOutcomeRequest::default()).await
            };
            while asked()
                .await
                .is_err_and(|no| no.code() == Code::Unavailable)
            {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }

    /// Goes on with the first person of a kind once more, who has been treated before.
    pub fn again(&self, kind: Kind) {
        let people = people(&self.town, kind).len();
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
        locked(&self.settled).pop()
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
        let request = SettleRequest {
            request_id,
            claim: Some(claim),
            ..SettleRequest::default()
        };
        let answer = self.ask_to_settle(request.clone()).await;
        if answer.as_ref().is_err_and(|code| leaves_unknown(code)) {
            locked(&self.unknown).push(Unknown::Settle(Box::new(request)));
        }
        if let (Kind::Outpatient, Ok(id)) = (kind, &answer) {
            locked(&self.settled).push(id.clone());
        }
        (kind, answer)
    }

    async fn ask_to_settle(&self, request: SettleRequest) -> Answer {
        let claim = request.claim.as_ref();
        let caller = claim.map_or("", |claim| &claim.institution_code);
        let desk = self.desk(caller).ok_or("NO_DESK")?;
        match desk.orchestrator().settle(patient(request)).await {
            Ok(answer) => Ok(id_of(answer.into_inner().settlement)),
            Err(status) => Err(code(&status)),
        }
    }

    async fn reverse(&self, request_id: String, settlement_id: String) -> Answer {
        let request = ReverseRequest {
            request_id,
            settlement_id,
            reason: "测速撤销".into(),
        };
        let answer = self.ask_to_reverse(request.clone()).await;
        if answer.as_ref().is_err_and(|code| leaves_unknown(code)) {
            locked(&self.unknown).push(Unknown::Reverse(request));
        }
        answer
    }

    async fn ask_to_reverse(&self, request: ReverseRequest) -> Answer {
        let desk = self.desk(CLINIC).ok_or("NO_DESK")?;
        match desk.orchestrator().reverse(patient(request)).await {
            Ok(answer) => Ok(id_of(answer.into_inner().settlement)),
            Err(status) => Err(code(&status)),
        }
    }

    /// Asks again, under the same request ids, for everything of which nobody knows what became of it, as
    /// whoever asked must do: how many turn out to be settled, and reversed.
    pub async fn resolve(&self) -> (u64, u64) {
        let (mut settled, mut reversed) = (0, 0);
        let unknown = std::mem::take(&mut *locked(&self.unknown));
        for one in unknown {
            for _ in 0..RESOLVED_AFTER {
                let (answer, count) = match &one {
                    Unknown::Settle(request) => (
                        self.ask_to_settle(SettleRequest::clone(request)).await,
                        &mut settled,
                    ),
                    Unknown::Reverse(request) => {
                        (self.ask_to_reverse(request.clone()).await, &mut reversed)
                    }
                };
                match answer {
                    Ok(_) => *count += 1,
                    Err(code) if leaves_unknown(&code) || code == "OVERLOADED" => {
                        tokio::time::sleep(RESOLVE_PAUSE).await;
                        continue;
                    }
                    Err(_) => {}
                }
                break;
            }
        }
        (settled, reversed)
    }

    fn desk(&self, caller: &str) -> Option<&Desk> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let desks = self.desks.get(turn % self.desks.len().max(1))?;
        desks.get(caller)
    }

    /// The `k`-th claim of a kind.
    fn claim(&self, kind: Kind, k: usize, visit: &str) -> Option<Claim> {
        let town = &self.town;
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
            _ => {
                let people = people(town, kind);
                let person = people.get(k % people.len().max(1))?;
                let day = day(k / people.len().max(1));
                (person.clone(), String::new(), (day.clone(), day))
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

/// Whom a kind is about in turn. Who goes to the pharmacy does not go to the clinic: a visit that is taken back
/// is the person's newest.
pub fn people(town: &Town, kind: Kind) -> &[String] {
    let (clinic, pharmacy) = town.patients.split_at(town.patients.len() / 2);
    match kind {
        Kind::Pharmacy => pharmacy,
        Kind::Outpatient | Kind::Reversal => clinic,
        Kind::Chronic => &town.chronic,
        Kind::Stay => &[],
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

fn locked<T>(all: &Mutex<T>) -> MutexGuard<'_, T> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}

fn id_of(settled: Option<Settlement>) -> String {
    settled.unwrap_or_default().settlement_id
}

/// Codes after which a request may have been done all the same.
fn leaves_unknown(code: &str) -> bool {
    let codes = [
        "DEADLINE_EXCEEDED",
        "UNAVAILABLE",
        "UNKNOWN",
        "CANCELLED",
        "INTERNAL",
    ];
    codes.contains(&code)
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
