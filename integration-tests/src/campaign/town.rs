//! The people of the campaign, and what is known to have been made for them: what a till may ask
//! for next.

use super::furnish;
use super::kinds::{Door, Effect};
use super::record::{Answer, Made, WITHDRAWN};
use crate::{HOSPITAL, claim, visit};
use prost::Message;
use proto::common::{Claim, Filing};
use proto::orchestrator::{Admission, AdmitRequest};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use runtime::Wire;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The months in which a new referral counts.
const REFERRED: Range<u32> = 3..5;

/// The services that the bureau's clerks ask before a till can ask for something.
#[derive(Clone)]
pub struct Bureau {
    /// 参保.
    pub enrollment: Wire,
    /// 转诊.
    pub referral: Wire,
}

/// 结算 that a till knows to have been made.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its id.
    pub settlement_id: String,
    /// Its claim.
    pub claim: Claim,
}

/// The people, and what is known.
pub struct Town {
    people: Vec<String>,
    registered: AtomicU32,
    bureau: Bureau,
    known: Mutex<Knowledge>,
}

#[derive(Default)]
struct Knowledge {
    /// Settlements by person, oldest first.
    settled: BTreeMap<String, Vec<Known>>,
    /// Claims that used a referral or a guarantee, by settlement.
    backed: BTreeMap<String, Claim>,
    /// Approved referrals that nothing uses: person and id.
    referrals: Vec<(String, String)>,
    /// Stays with an open guarantee.
    admitted: Vec<Claim>,
}

impl Knowledge {
    /// What a claim used can be used again.
    fn give_back(&mut self, claim: Claim) {
        if !claim.referral_id.is_empty() {
            let free = (claim.person_id.clone(), claim.referral_id.clone());
            self.referrals.push(free);
        }
        if !claim.guarantee_id.is_empty() {
            self.admitted.push(claim);
        }
    }
}

impl Town {
    /// A town of these people.
    pub fn of(people: Vec<String>, bureau: Bureau) -> Town {
        let registered = u32::try_from(people.len()).unwrap_or(u32::MAX);
        Town {
            people,
            registered: AtomicU32::new(registered),
            bureau,
            known: Mutex::default(),
        }
    }

    /// Takes note of what became of a request.
    pub fn learn(&self, door: &Door, message: &[u8], answer: &Answer) {
        let mut known = self.known();
        match (door.effect, answer) {
            (Effect::Settles, Answer::Yes(made)) => {
                for (claim, bill) in (door.claims)(message).into_iter().zip(&made.bills) {
                    let settlement_id = bill.settlement_id.clone();
                    if !claim.referral_id.is_empty() || !claim.guarantee_id.is_empty() {
                        known.backed.insert(settlement_id.clone(), claim.clone());
                    }
                    let of_person = known.settled.entry(claim.person_id.clone()).or_default();
                    of_person.push(Known {
                        settlement_id,
                        claim,
                    });
                }
            }
            (Effect::Settles, Answer::No(code)) if code == WITHDRAWN => {
                for claim in (door.claims)(message) {
                    known.give_back(claim);
                }
            }
            (Effect::Reverses, Answer::Yes(made)) => {
                for of_person in known.settled.values_mut() {
                    of_person.retain(|known| known.settlement_id != made.subject);
                }
                if let Some(claim) = known.backed.remove(&made.subject) {
                    known.give_back(claim);
                }
            }
            (Effect::Admits, answer) => {
                let request = AdmitRequest::decode(message).unwrap_or_default();
                let admission = request.admission.unwrap_or_default();
                match answer {
                    Answer::Yes(made) => known.admitted.push(discharge(admission, made)),
                    Answer::No(code) if code == WITHDRAWN => known.give_back(Claim {
                        person_id: admission.person_id,
                        referral_id: admission.referral_id,
                        ..Default::default()
                    }),
                    Answer::No(_) => {}
                }
            }
            _ => {}
        }
    }

    fn known(&self) -> MutexGuard<'_, Knowledge> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody.
    pub fn anybody(&self, rng: &mut StdRng) -> String {
        self.people.choose(rng).expect("people").clone()
    }

    /// A bill nobody has seen: a visit or a stay.
    pub fn claim(&self, rng: &mut StdRng, id: &str) -> Claim {
        let person = self.anybody(rng);
        let (begin, end) = days(rng, 2..12);
        let fen = rng.random_range(100..200_000);
        if rng.random() {
            return visit(&person, id, &begin, fen);
        }
        claim(&person, HOSPITAL, "21", id, (&begin, &end), fen * 10)
    }

    /// Bills of one to three people, to be settled together.
    pub fn claims(&self, rng: &mut StdRng, id: &str) -> Vec<Claim> {
        let few: Vec<_> = (0..rng.random_range(1..4))
            .map(|_| self.anybody(rng))
            .collect();
        let many = rng.random_range(2..6);
        let claims = (1..=many).map(|number| Claim {
            person_id: few.choose(rng).expect("somebody").clone(),
            ..self.claim(rng, &format!("{id}-{number}"))
        });
        claims.collect()
    }

    /// A stay of somebody who was referred.
    pub async fn referred(&self, rng: &mut StdRng, id: &str) -> Option<Claim> {
        let (person, referral_id) = self.referral(rng, id).await?;
        let (begin, end) = days(rng, REFERRED);
        let fen = rng.random_range(1_000..2_000_000);
        Some(Claim {
            referral_id,
            filing: Filing::Referred.into(),
            ..claim(&person, HOSPITAL, "21", id, (&begin, &end), fen)
        })
    }

    /// A stay that begins, half of them with a referral.
    pub async fn admission(&self, rng: &mut StdRng, id: &str) -> Option<Admission> {
        let stay = match rng.random() {
            true => self.referred(rng, id).await?,
            false => {
                let (begin, end) = days(rng, 2..12);
                let person = self.anybody(rng);
                claim(&person, HOSPITAL, "21", id, (&begin, &end), 0)
            }
        };
        Some(crate::admission(&stay))
    }

    /// The bill of a stay that has a guarantee; nobody else is told of it.
    pub fn discharged(&self, rng: &mut StdRng) -> Option<Claim> {
        let mut known = self.known();
        let chosen = match known.admitted.len() {
            0 => return None,
            some => rng.random_range(0..some),
        };
        let stay = known.admitted.swap_remove(chosen);
        drop(known);
        let fen = rng.random_range(1_000..2_000_000);
        let days = (stay.begin_day.as_str(), stay.end_day.as_str());
        let (person, visit) = (&stay.person_id, &stay.visit_number);
        Some(Claim {
            guarantee_id: stay.guarantee_id.clone(),
            ..claim(person, HOSPITAL, "21", visit, days, fen)
        })
    }

    /// A referral to the hospital that nothing uses: one that was freed, or a new one.
    async fn referral(&self, rng: &mut StdRng, id: &str) -> Option<(String, String)> {
        if rng.random()
            && let Some(free) = self.known().referrals.pop()
        {
            return Some(free);
        }
        let person = self.anybody(rng);
        let referral = furnish::referral(&self.bureau.referral, id, &person).await;
        Some((person, referral.ok()?))
    }

    /// Somebody new whose fee of 2017 is subsidised, and what they pay of it.
    pub async fn newcomer(&self, id: &str) -> Option<(String, i64)> {
        let number = self.registered.fetch_add(1, Ordering::Relaxed);
        let wire = &self.bureau.enrollment;
        let person = furnish::registered(wire, id, number).await.ok()?;
        furnish::poor(wire, id, &person).await.ok()?;
        let to_pay_fen = furnish::fee(wire, &person).await.ok()?;
        Some((person, to_pay_fen))
    }

    /// A settlement that used neither a referral nor a guarantee, whoever reversed it meanwhile.
    pub fn any_plain(&self, rng: &mut StdRng) -> Option<Known> {
        self.any(rng).filter(|known| {
            known.claim.referral_id.is_empty() && known.claim.guarantee_id.is_empty()
        })
    }

    /// Anything known to have been settled, whoever reversed it meanwhile.
    pub fn any(&self, rng: &mut StdRng) -> Option<Known> {
        let known = self.known();
        let person = self.people.choose(rng)?;
        known.settled.get(person)?.choose(rng).cloned()
    }

    /// The last one of somebody; nobody else is told of it, so that few ask twice for its reversal.
    pub fn newest(&self, rng: &mut StdRng) -> Option<Known> {
        let person = self.people.choose(rng)?;
        self.known().settled.get_mut(person)?.pop()
    }
}

/// First and last day of a stay in one of these months of 2017.
fn days(rng: &mut StdRng, months: Range<u32>) -> (String, String) {
    let (month, day) = (rng.random_range(months), rng.random_range(1..20));
    let last = day + rng.random_range(1..9);
    let on = |day: u32| format!("2017-{month:02}-{day:02}");
    (on(day), on(last))
}

/// The stay of an admission, to be settled under its guarantee.
fn discharge(admission: Admission, made: &Made) -> Claim {
    Claim {
        person_id: admission.person_id,
        visit_number: admission.visit_number,
        end_day: admission.begin_day.clone(),
        begin_day: admission.begin_day,
        guarantee_id: made.subject.clone(),
        ..Default::default()
    }
}
