//! What became of each claim as a message, and the count of all.

use crate::wire::batch::{Item, Mode};
use kernel::{Kind, Refusal};
use proto::common;
use proto::common::settlement::State;
use proto::orchestrator as pb;
use proto::orchestrator::get_outcome_request::Method;
use proto::orchestrator::settle_batch_response::Told;
use runtime::render;

/// Whom an answer is about.
#[derive(Clone, Debug, Default)]
pub struct Whose {
    /// 批内序号.
    pub number: i32,
    /// The request id; empty when it cannot be read.
    pub request_id: String,
}

impl From<&Item> for Whose {
    fn from(item: &Item) -> Whose {
        Whose {
            number: item.number,
            request_id: item.request_id.to_string(),
        }
    }
}

impl Whose {
    /// This became of it.
    pub fn told(self, told: Told) -> pb::SettleBatchResponse {
        pb::SettleBatchResponse {
            request_id: self.request_id,
            number: self.number,
            told: Some(told),
            replayed: false,
        }
    }

    /// A settlement of now or of before.
    pub fn settled(
        self,
        settlement: common::Settlement,
        replayed: bool,
    ) -> pb::SettleBatchResponse {
        let told = self.told(Told::Settlement(settlement));
        pb::SettleBatchResponse { replayed, ..told }
    }

    /// A "no", or nothing known: then `ask` says under which request something may be heard.
    pub fn not_settled(
        self,
        no: &Refusal,
        ask: Option<pb::GetOutcomeRequest>,
    ) -> pb::SettleBatchResponse {
        let refused = Some(render::refused(no));
        let told = match is_unknown(no) {
            true => Told::Unknown(pb::BatchUnknown {
                ask,
                heard: refused,
            }),
            false => Told::Refused(pb::BatchRefusal {
                refused,
                remembered: no.remembered,
            }),
        };
        self.told(told)
    }

    /// Not tried, because of the claim of this number.
    pub fn not_tried(self, number: i32) -> pb::SettleBatchResponse {
        self.told(Told::NotTried(pb::BatchNotTried { number }))
    }
}

/// Where to ask for what became of a claim.
pub fn ask(mode: Mode, request_id: &str) -> Option<pb::GetOutcomeRequest> {
    let method = match mode {
        Mode::Continue | Mode::Stop => Method::Settle,
        Mode::AllOrNothing(_) => Method::SettleTogether,
        Mode::PreFlight => return None,
    };
    Some(pb::GetOutcomeRequest {
        request_id: request_id.into(),
        method: method.into(),
    })
}

/// True of what says nothing about the claim: it may have been settled, or may still be.
fn is_unknown(no: &Refusal) -> bool {
    let silent = [
        Kind::Busy,
        Kind::Unavailable,
        Kind::Exhausted,
        Kind::Deadline,
        Kind::Internal,
    ];
    !no.remembered && silent.contains(&no.kind)
}

/// The count of all claims.
#[derive(Debug, Default)]
pub struct Tally(pb::BatchSummary);

impl Tally {
    /// Counts an answer. True when it is of a claim that was tried and is not done.
    pub fn count(&mut self, answer: &pb::SettleBatchResponse) -> bool {
        let sums = &mut self.0;
        match &answer.told {
            Some(Told::Settlement(settlement)) => {
                match answer.replayed {
                    true => sums.replayed_claims += 1,
                    false => sums.settled_claims += 1,
                }
                if settlement.state() != State::Reversed {
                    self.add(settlement.amounts.as_ref());
                }
                false
            }
            Some(Told::Priced(priced)) => {
                sums.priced_claims += 1;
                let quote = priced.quote.as_ref();
                self.add(quote.and_then(|quote| quote.amounts.as_ref()));
                false
            }
            Some(Told::Refused(_)) => {
                sums.refused_claims += 1;
                true
            }
            Some(Told::Unknown(_)) => {
                sums.unknown_claims += 1;
                true
            }
            Some(Told::NotTried(_)) => {
                sums.untried_claims += 1;
                false
            }
            Some(Told::Summary(_)) | None => false,
        }
    }

    /// At most 10,000 claims of at most 10¹³ fen: it fits.
    fn add(&mut self, amounts: Option<&common::Amounts>) {
        let (sums, Some(amounts)) = (&mut self.0, amounts) else {
            return;
        };
        for (sum, fen) in [
            (&mut sums.total_fen, amounts.total_fen),
            (&mut sums.funds_fen, amounts.funds_fen),
            (&mut sums.account_fen, amounts.account_fen),
            (&mut sums.cash_fen, amounts.cash_fen),
        ] {
            *sum += fen;
        }
    }

    /// The last message.
    pub fn summary(self, request_id: String) -> pb::SettleBatchResponse {
        let whose = Whose {
            number: 0,
            request_id,
        };
        whose.told(Told::Summary(self.0))
    }
}
