//! What the tills ask for: one table. A further kind of request is one line of it, with how it is
//! drawn and where it is sent.

use super::furnish::{SPARE, payment};
use super::record::{Bill, Made};
use super::town::{Known, Town};
use crate::patient;
use futures_util::future::BoxFuture;
use prost::Message;
use proto::common::{Claim, Settlement};
use proto::orchestrator as pb;
use proto::orchestrator::get_outcome_request::Method;
use proto::orchestrator::orchestrator_service_client::OrchestratorServiceClient;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use runtime::Wire;
use std::time::Duration;
use tonic::Status;

/// A client of the orchestrator.
pub type Client = OrchestratorServiceClient<Wire>;

/// What an answer that holds for ever says: what was made.
pub type Told = Result<Made, Status>;

/// What a request does to the books when it takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Settlements stand that did not before.
    Settles,
    /// A settlement stands no more.
    Reverses,
    /// A guarantee is open.
    Admits,
    /// A coverage, and the subsidy of its fee.
    Enrols,
    /// Somebody is suspended.
    Suspends,
}

/// A method of the orchestrator's.
pub struct Door {
    /// What it does to the books.
    pub effect: Effect,
    /// The method, as GetOutcome and Withdraw know it.
    pub method: Method,
    /// The method of settlement whose key has the request's own id.
    pub pivot: &'static str,
    /// Refusals that the withdrawal of a done request may meet.
    pub may_stand: &'static [&'static str],
    /// The claims of a request.
    pub claims: fn(&[u8]) -> Vec<Claim>,
    /// Sends one, and waits no longer than this.
    pub send: fn(Client, Vec<u8>, Duration) -> BoxFuture<'static, Told>,
}

/// One kind of request.
pub struct Kind {
    /// Its name in the record.
    pub name: &'static str,
    /// How often it is drawn, beside the others.
    pub weight: u32,
    /// Where it is sent.
    pub door: &'static Door,
    /// True when it may take effect.
    pub may_succeed: bool,
    /// Refusals that it may meet: any other is a wrong answer.
    pub may_meet: &'static [&'static str],
    /// Draws one: the request as it goes over the wire. None when there is nothing to draw from.
    pub draw: for<'a> fn(Draw<'a>) -> BoxFuture<'a, Option<Vec<u8>>>,
}

/// 结算.
static SETTLE: Door = Door {
    effect: Effect::Settles,
    method: Method::Settle,
    pivot: "PostSettlement",
    may_stand: &["NOT_NEWEST", "ALREADY_REVERSED"],
    claims: |message| {
        decoded::<pb::SettleRequest>(message)
            .claim
            .into_iter()
            .collect()
    },
    send: |mut client, message, patience| {
        Box::pin(async move {
            let request: pb::SettleRequest = decoded(&message);
            let answer = client.settle(within(request, patience)).await?.into_inner();
            Ok(made(answer.settlement))
        })
    },
};

/// 整批结算.
static TOGETHER: Door = Door {
    effect: Effect::Settles,
    method: Method::SettleTogether,
    pivot: "PostHolds",
    may_stand: &["NOT_NEWEST", "ALREADY_REVERSED"],
    claims: |message| decoded::<pb::SettleTogetherRequest>(message).claims,
    send: |mut client, message, patience| {
        Box::pin(async move {
            let request: pb::SettleTogetherRequest = decoded(&message);
            let answer = client.settle_together(within(request, patience)).await?;
            Ok(made(answer.into_inner().settlements))
        })
    },
};

/// 撤销.
static REVERSE: Door = Door {
    effect: Effect::Reverses,
    method: Method::Reverse,
    pivot: "ReverseSettlement",
    may_stand: &["REVERSAL_STANDS"],
    claims: |_| Vec::new(),
    send: |mut client, message, patience| {
        Box::pin(async move {
            let request: pb::ReverseRequest = decoded(&message);
            let answer = client
                .reverse(within(request, patience))
                .await?
                .into_inner();
            Ok(made(answer.settlement))
        })
    },
};

/// 先诊疗后付费.
static ADMIT: Door = Door {
    effect: Effect::Admits,
    method: Method::Admit,
    pivot: "OpenGuarantee",
    may_stand: &["GUARANTEE_CLOSED"],
    claims: |_| Vec::new(),
    send: |mut client, message, patience| {
        Box::pin(async move {
            let request: pb::AdmitRequest = decoded(&message);
            let answer = client.admit(within(request, patience)).await?.into_inner();
            Ok(Made {
                subject: answer.guarantee.unwrap_or_default().guarantee_id,
                ..Default::default()
            })
        })
    },
};

/// 参保缴费.
static ENROL: Door = Door {
    effect: Effect::Enrols,
    method: Method::Enrol,
    pivot: "PostSubsidy",
    may_stand: &["BENEFITS_PAID"],
    claims: |_| Vec::new(),
    send: |mut client, message, patience| {
        Box::pin(async move {
            let request: pb::EnrolRequest = decoded(&message);
            let answer = client.enrol(within(request, patience)).await?.into_inner();
            Ok(Made {
                subject: answer.subsidy_id,
                subsidy_fen: answer.subsidy_fen,
                ..Default::default()
            })
        })
    },
};

/// 暂停联网结算.
static SUSPEND: Door = Door {
    effect: Effect::Suspends,
    method: Method::SuspendOnlineSettlement,
    pivot: "SuspendOnline",
    may_stand: &[],
    claims: |_| Vec::new(),
    send: |mut client, message, patience| {
        Box::pin(async move {
            let request: pb::SuspendOnlineSettlementRequest = decoded(&message);
            let answer = client.suspend_online_settlement(within(request, patience));
            Ok(Made {
                subject: answer.await?.into_inner().suspension_id,
                ..Default::default()
            })
        })
    },
};

/// Every kind of request. What a fresh claim may meet is others of its person and year; what has a
/// journal may be given up and taken back, when a peer is silent for too long.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "settle",
        weight: 40,
        door: &SETTLE,
        may_succeed: true,
        may_meet: &["CLAIM_DENIED", "DUPLICATE_CLAIM"],
        draw: |draw| Box::pin(async move { settle(&draw.id, draw.town.claim(draw.rng, &draw.id)) }),
    },
    Kind {
        name: "settle-quoted",
        weight: 8,
        door: &SETTLE,
        may_succeed: true,
        may_meet: &["CLAIM_DENIED", "DUPLICATE_CLAIM", "BASIS_CHANGED"],
        draw: |draw| Box::pin(quoted(draw)),
    },
    Kind {
        name: "settle-again",
        weight: 5,
        door: &SETTLE,
        // The first one may have been reversed meanwhile.
        may_succeed: true,
        may_meet: &["CLAIM_DENIED", "DUPLICATE_CLAIM", "VISIT_SETTLED"],
        draw: |draw| {
            Box::pin(async move { settle(&draw.id, draw.town.any_plain(draw.rng)?.claim) })
        },
    },
    Kind {
        name: "settle-nobody",
        weight: 4,
        door: &SETTLE,
        may_succeed: false,
        may_meet: &["PERSON_UNKNOWN"],
        draw: |draw| Box::pin(async move { nobody(draw) }),
    },
    Kind {
        name: "settle-referred",
        weight: 10,
        door: &SETTLE,
        may_succeed: true,
        may_meet: &["CLAIM_DENIED", "DUPLICATE_CLAIM", "STEP_UNANSWERED"],
        draw: |draw| {
            Box::pin(async move { settle(&draw.id, draw.town.referred(draw.rng, &draw.id).await?) })
        },
    },
    Kind {
        name: "settle-together",
        weight: 9,
        door: &TOGETHER,
        may_succeed: true,
        may_meet: &["CLAIM_DENIED", "DUPLICATE_CLAIM", "STEP_UNANSWERED"],
        draw: |draw| Box::pin(async move { together(draw) }),
    },
    Kind {
        name: "admit",
        weight: 8,
        door: &ADMIT,
        may_succeed: true,
        may_meet: &["GUARANTEE_EXISTS", "STEP_UNANSWERED"],
        draw: |draw| Box::pin(admit(draw)),
    },
    Kind {
        name: "discharge",
        weight: 8,
        door: &SETTLE,
        may_succeed: true,
        // It is not open again after a reversal while another of the person is, and its admission
        // may be withdrawn at this moment.
        may_meet: &[
            "CLAIM_DENIED",
            "DUPLICATE_CLAIM",
            "GUARANTEE_CLOSED",
            "GUARANTEE_UNKNOWN",
        ],
        draw: |draw| Box::pin(async move { settle(&draw.id, draw.town.discharged(draw.rng)?) }),
    },
    Kind {
        name: "enrol",
        weight: 6,
        door: &ENROL,
        may_succeed: true,
        may_meet: &["STEP_UNANSWERED"],
        draw: |draw| Box::pin(enrol(draw)),
    },
    Kind {
        name: "suspend",
        weight: 4,
        door: &SUSPEND,
        may_succeed: true,
        may_meet: &["SUSPENSION_OVERLAPS", "BAR_OVERLAPS", "STEP_UNANSWERED"],
        draw: |draw| Box::pin(async move { suspend(draw) }),
    },
    Kind {
        name: "reverse",
        weight: 14,
        door: &REVERSE,
        may_succeed: true,
        // Somebody may have asked for any of the person's.
        may_meet: &["NOT_NEWEST", "ALREADY_REVERSED", "STEP_UNANSWERED"],
        draw: |draw| Box::pin(async move { reverse(&draw.id, draw.town.newest(draw.rng)?) }),
    },
    Kind {
        name: "reverse-any",
        weight: 4,
        door: &REVERSE,
        may_succeed: true,
        may_meet: &["NOT_NEWEST", "ALREADY_REVERSED", "STEP_UNANSWERED"],
        draw: |draw| Box::pin(async move { reverse(&draw.id, draw.town.any(draw.rng)?) }),
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

fn settle(id: &str, claim: Claim) -> Option<Vec<u8>> {
    let request = pb::SettleRequest {
        request_id: id.into(),
        claim: Some(claim),
        basis: None,
        ..Default::default()
    };
    Some(request.encode_to_vec())
}

/// Asks the price first, and settles for that or not at all.
async fn quoted(mut draw: Draw<'_>) -> Option<Vec<u8>> {
    let claim = draw.town.claim(draw.rng, &draw.id);
    let request = pb::PreSettleRequest {
        claim: Some(claim.clone()),
        ..Default::default()
    };
    // No price, no request: nothing was asked for that could be in doubt.
    let answer = draw.client.pre_settle(patient(request)).await.ok()?;
    let request = pb::SettleRequest {
        request_id: draw.id,
        claim: Some(claim),
        basis: answer.into_inner().quote?.basis,
        ..Default::default()
    };
    Some(request.encode_to_vec())
}

fn nobody(draw: Draw<'_>) -> Option<Vec<u8>> {
    let mut claim = draw.town.claim(draw.rng, &draw.id);
    claim.person_id = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f".into();
    settle(&draw.id, claim)
}

fn together(draw: Draw<'_>) -> Option<Vec<u8>> {
    let request = pb::SettleTogetherRequest {
        claims: draw.town.claims(draw.rng, &draw.id),
        request_id: draw.id,
    };
    Some(request.encode_to_vec())
}

fn reverse(id: &str, known: Known) -> Option<Vec<u8>> {
    let request = pb::ReverseRequest {
        request_id: id.into(),
        settlement_id: known.settlement_id,
        reason: "演练撤销".into(),
    };
    Some(request.encode_to_vec())
}

async fn admit(draw: Draw<'_>) -> Option<Vec<u8>> {
    let admission = draw.town.admission(draw.rng, &draw.id).await;
    let request = pb::AdmitRequest {
        request_id: draw.id,
        admission: Some(admission?),
    };
    Some(request.encode_to_vec())
}

async fn enrol(draw: Draw<'_>) -> Option<Vec<u8>> {
    let (person, to_pay_fen) = draw.town.newcomer(&draw.id).await?;
    Some(payment(draw.id, person, to_pay_fen).encode_to_vec())
}

/// Long after the campaign, so that nobody is in the way of the other kinds.
fn suspend(draw: Draw<'_>) -> Option<Vec<u8>> {
    let (year, month) = (
        draw.rng.random_range(2040..2100),
        draw.rng.random_range(1..10),
    );
    let until = month + draw.rng.random_range(1..4);
    let mut request = pb::SuspendOnlineSettlementRequest {
        decision_number: draw.id.clone(),
        request_id: draw.id,
        from_day: format!("{year}-{month:02}-01"),
        until_day: format!("{year}-{until:02}-01"),
        reason: "演练暂停".into(),
        ..Default::default()
    };
    match draw.rng.random_range(0..4) {
        0 => request.person_id = draw.town.anybody(draw.rng),
        _ => request.institution_code = SPARE.choose(draw.rng)?.to_string(),
    }
    Some(request.encode_to_vec())
}

/// A message of ours.
pub fn decoded<M: Message + Default>(message: &[u8]) -> M {
    M::decode(message).expect("ours")
}

/// A request whose caller waits no longer than this.
pub fn within<T>(message: T, patience: Duration) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.set_timeout(patience);
    request
}

/// What a till keeps of settlements.
fn made(settlements: impl IntoIterator<Item = Settlement>) -> Made {
    let bills: Vec<Bill> = settlements.into_iter().map(bill).collect();
    let first = bills.first().map(|bill| bill.settlement_id.clone());
    Made {
        subject: first.unwrap_or_default(),
        bills,
        subsidy_fen: 0,
    }
}

/// What a till keeps of a settlement.
pub fn bill(settlement: Settlement) -> Bill {
    let amounts = settlement.amounts.unwrap_or_default();
    Bill {
        settlement_id: settlement.settlement_id,
        total_fen: amounts.total_fen,
        funds_fen: amounts.funds_fen,
        cash_fen: amounts.cash_fen,
        digest: settlement.basis.unwrap_or_default().amounts_digest,
    }
}
