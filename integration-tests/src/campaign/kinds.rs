//! What the tills ask for: one table. A further kind of request is one line of it, with how it is
//! drawn and how it is sent.

use super::record::Made;
use crate::{claim, patient, visit};
use futures_util::future::BoxFuture;
use prost::Message;
use proto::common::{Claim, Settlement};
use proto::orchestrator::get_outcome_request::Method;
use proto::orchestrator::orchestrator_service_client::OrchestratorServiceClient;
use proto::orchestrator::{PreSettleRequest, ReverseRequest, SettleRequest};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use runtime::Wire;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tonic::Status;

/// A client of the orchestrator.
pub type Client = OrchestratorServiceClient<Wire>;

/// What an answer that holds for ever says: what was made.
pub type Told = Result<Made, Status>;

/// What a kind does to the books when it takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A settlement stands that did not before.
    Settles,
    /// A settlement stands no more.
    Reverses,
    /// Nothing: what it does is in other books.
    Elsewhere,
}

/// One kind of request.
pub struct Kind {
    /// Its name in the record.
    pub name: &'static str,
    /// How often it is drawn, beside the others.
    pub weight: u32,
    /// What it does to the books.
    pub effect: Effect,
    /// The method that GetOutcome is asked for.
    pub method: Method,
    /// The method of settlement whose key has the request's own id; none where a saga names it.
    pub pivot: Option<&'static str>,
    /// True when it may take effect.
    pub may_succeed: bool,
    /// Refusals that it may meet: any other is a wrong answer.
    pub may_meet: &'static [&'static str],
    /// Draws one: the request as it goes over the wire. None when there is nothing to draw from.
    pub draw: for<'a> fn(Draw<'a>) -> BoxFuture<'a, Option<Vec<u8>>>,
    /// Sends one, and waits no longer than this.
    pub send: fn(Client, Vec<u8>, Duration) -> BoxFuture<'static, Told>,
}

/// What a fresh claim may meet: others of its person and year.
const CLASHES: &[&str] = &["CLAIM_DENIED", "DUPLICATE_CLAIM"];

/// Every kind of request.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "settle",
        weight: 60,
        effect: Effect::Settles,
        method: Method::Settle,
        pivot: Some("PostSettlement"),
        may_succeed: true,
        may_meet: CLASHES,
        draw: |draw| {
            Box::pin(async move { Some(settle(&draw.id, draw.town.claim(draw.rng, &draw.id))) })
        },
        send: send_settle,
    },
    Kind {
        name: "settle-quoted",
        weight: 10,
        effect: Effect::Settles,
        method: Method::Settle,
        pivot: Some("PostSettlement"),
        may_succeed: true,
        may_meet: &["CLAIM_DENIED", "DUPLICATE_CLAIM", "BASIS_CHANGED"],
        draw: |draw| Box::pin(quoted(draw)),
        send: send_settle,
    },
    Kind {
        name: "settle-again",
        weight: 6,
        effect: Effect::Settles,
        method: Method::Settle,
        pivot: Some("PostSettlement"),
        // The first one may have been reversed meanwhile.
        may_succeed: true,
        may_meet: &["CLAIM_DENIED", "DUPLICATE_CLAIM", "VISIT_SETTLED"],
        draw: |draw| {
            Box::pin(async move { Some(settle(&draw.id, draw.town.any(draw.rng)?.claim)) })
        },
        send: send_settle,
    },
    Kind {
        name: "settle-nobody",
        weight: 4,
        effect: Effect::Settles,
        method: Method::Settle,
        pivot: Some("PostSettlement"),
        may_succeed: false,
        may_meet: &["PERSON_UNKNOWN"],
        draw: |draw| Box::pin(async move { Some(nobody(draw)) }),
        send: send_settle,
    },
    Kind {
        name: "reverse",
        weight: 14,
        effect: Effect::Reverses,
        method: Method::Reverse,
        pivot: Some("ReverseSettlement"),
        may_succeed: true,
        may_meet: &["NOT_NEWEST"],
        draw: |draw| Box::pin(async move { Some(reverse(&draw.id, draw.town.newest(draw.rng)?)) }),
        send: send_reverse,
    },
    Kind {
        name: "reverse-any",
        weight: 4,
        effect: Effect::Reverses,
        method: Method::Reverse,
        pivot: Some("ReverseSettlement"),
        may_succeed: true,
        may_meet: &["NOT_NEWEST", "ALREADY_REVERSED"],
        draw: |draw| Box::pin(async move { Some(reverse(&draw.id, draw.town.any(draw.rng)?)) }),
        send: send_reverse,
    },
];

/// The kind of this name.
pub fn named(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// A kind at random, by weight.
pub fn drawn(rng: &mut StdRng) -> &'static Kind {
    let chosen = KINDS.choose_weighted(rng, |kind| kind.weight);
    chosen.expect("the table has weights")
}

/// What a request is drawn from.
pub struct Draw<'a> {
    /// The id that it will have.
    pub id: String,
    /// Chance.
    pub rng: &'a mut StdRng,
    /// What there is to ask for.
    pub town: &'a Town,
    /// For asking what something would cost first.
    pub client: Client,
}

/// 结算 that a till knows to have been made.
#[derive(Clone, Debug)]
pub struct Known {
    settlement_id: String,
    claim: Claim,
}

/// The people of the campaign, and what is known to have been settled for them.
pub struct Town {
    people: Vec<String>,
    known: Mutex<BTreeMap<String, Vec<Known>>>,
}

impl Town {
    /// A town of these people.
    pub fn of(people: Vec<String>) -> Town {
        let known = Mutex::default();
        Town { people, known }
    }

    /// Takes note of what a request made.
    pub fn learn(&self, kind: &Kind, message: &[u8], made: &Made) {
        let mut known = self.known();
        match kind.effect {
            Effect::Settles => {
                let request = SettleRequest::decode(message).unwrap_or_default();
                let claim = request.claim.unwrap_or_default();
                let settlement_id = made.subject.clone();
                let of_person = known.entry(claim.person_id.clone()).or_default();
                of_person.push(Known {
                    settlement_id,
                    claim,
                });
            }
            Effect::Reverses => {
                for of_person in known.values_mut() {
                    of_person.retain(|known| known.settlement_id != made.subject);
                }
            }
            Effect::Elsewhere => {}
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Vec<Known>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A bill nobody has seen: a visit or a stay.
    fn claim(&self, rng: &mut StdRng, id: &str) -> Claim {
        let person = self.people.choose(rng).expect("people");
        let (month, day) = (rng.random_range(2..12), rng.random_range(1..20));
        let fen = rng.random_range(100..200_000);
        let begin = format!("2017-{month:02}-{day:02}");
        if rng.random() {
            return visit(person, id, &begin, fen);
        }
        let end = format!("2017-{month:02}-{:02}", day + rng.random_range(1..9));
        let days = (begin.as_str(), end.as_str());
        claim(person, crate::HOSPITAL, "21", id, days, fen * 10)
    }

    /// Anything known to have been settled, whoever reversed it meanwhile.
    fn any(&self, rng: &mut StdRng) -> Option<Known> {
        let known = self.known();
        let person = self.people.choose(rng)?;
        known.get(person)?.choose(rng).cloned()
    }

    /// The last one of somebody; nobody else is told of it, so that it is reversed once.
    fn newest(&self, rng: &mut StdRng) -> Option<Known> {
        let person = self.people.choose(rng)?;
        self.known().get_mut(person)?.pop()
    }
}

fn settle(id: &str, claim: Claim) -> Vec<u8> {
    let request = SettleRequest {
        request_id: id.into(),
        claim: Some(claim),
        basis: None,
    };
    request.encode_to_vec()
}

/// Asks the price first, and settles for that or not at all.
async fn quoted(mut draw: Draw<'_>) -> Option<Vec<u8>> {
    let claim = draw.town.claim(draw.rng, &draw.id);
    let request = PreSettleRequest {
        claim: Some(claim.clone()),
    };
    // No price, no request: nothing was asked for that could be in doubt.
    let answer = draw.client.pre_settle(patient(request)).await.ok()?;
    let request = SettleRequest {
        request_id: draw.id,
        claim: Some(claim),
        basis: answer.into_inner().quote?.basis,
    };
    Some(request.encode_to_vec())
}

fn nobody(draw: Draw<'_>) -> Vec<u8> {
    let mut claim = draw.town.claim(draw.rng, &draw.id);
    claim.person_id = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f".into();
    settle(&draw.id, claim)
}

fn reverse(id: &str, known: Known) -> Vec<u8> {
    let request = ReverseRequest {
        request_id: id.into(),
        settlement_id: known.settlement_id,
        reason: "演练撤销".into(),
    };
    request.encode_to_vec()
}

fn send_settle(
    mut client: Client,
    message: Vec<u8>,
    patience: Duration,
) -> BoxFuture<'static, Told> {
    Box::pin(async move {
        let request = within(SettleRequest::decode(&*message).expect("ours"), patience);
        let answer = client.settle(request).await?.into_inner();
        Ok(made(answer.settlement.unwrap_or_default()))
    })
}

fn send_reverse(
    mut client: Client,
    message: Vec<u8>,
    patience: Duration,
) -> BoxFuture<'static, Told> {
    Box::pin(async move {
        let request = within(ReverseRequest::decode(&*message).expect("ours"), patience);
        let answer = client.reverse(request).await?.into_inner();
        Ok(made(answer.settlement.unwrap_or_default()))
    })
}

/// A request whose caller waits no longer than this.
pub fn within<T>(message: T, patience: Duration) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(patience);
    request
}

/// What a till keeps of a settlement.
pub fn made(settlement: Settlement) -> Made {
    let amounts = settlement.amounts.unwrap_or_default();
    Made {
        subject: settlement.settlement_id,
        total_fen: amounts.total_fen,
        funds_fen: amounts.funds_fen,
        cash_fen: amounts.cash_fen,
        digest: settlement.basis.unwrap_or_default().amounts_digest,
    }
}
