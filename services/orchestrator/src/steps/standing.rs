//! 先看账: which peer remembers which step under which key, and what the ledger says. Nothing is
//! changed by it.

use super::enrollment::{Coverage, EnrolPerson};
use super::guarantee::OpenGuarantee;
use super::holds::{HoldClaims, PostHolds, Posted};
use super::late_facts::PostLateFacts;
use super::referral::{BarInstitution, ReleaseReferral, UseReferral};
use super::settlement::{PostSettlement, Quote, ReverseSettlement, client};
use super::subsidy::PostSubsidy;
use super::suspension::SuspendOnline;
use super::{Kept, Ports, present};
use crate::sagas::Asked;
use crate::wire::{self, Claim, Enrol};
use kernel::{Fault, Fen, Outcome};
use proto::enrollment::enrollment_service_client::EnrollmentServiceClient;
use proto::referral::referral_service_client::ReferralServiceClient;
use proto::{enrollment, referral, settlement};
use saga::{Entry, Step, What};

/// 医疗救助基金 pays every subsidy, as settlement's ledger has it.
const ASSISTANCE: &str = "fund:610100";

/// A step with an effect, as its peer's keys know it.
pub struct Effect {
    /// The step's name in a journal.
    pub name: &'static str,
    /// The method, part of its keys.
    pub method: &'static str,
    /// Who remembers it.
    peer: Peer,
    /// Where it stands in its saga.
    pub place: Place,
}

/// Who remembers a step.
#[derive(Clone, Copy)]
enum Peer {
    Enrollment,
    Referral,
    Settlement,
}

/// Where a step stands in its saga.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before the pivot.
    Run,
    /// It is the pivot.
    Pivot,
    /// After the pivot.
    Finish,
}

const fn effect(name: &'static str, method: &'static str, peer: Peer, place: Place) -> Effect {
    Effect {
        name,
        method,
        peer,
        place,
    }
}

/// A pivot: settlement remembers them all.
const fn pivot(name: &'static str, method: &'static str) -> Effect {
    effect(name, method, Peer::Settlement, Place::Pivot)
}

/// Every step with an effect.
static EFFECTS: [Effect; 12] = [
    effect(UseReferral::NAME, "UseReferral", Peer::Referral, Place::Run),
    effect(
        BarInstitution::NAME,
        "BarInstitution",
        Peer::Referral,
        Place::Run,
    ),
    effect(
        EnrolPerson::NAME,
        "EnrolPerson",
        Peer::Enrollment,
        Place::Run,
    ),
    effect(HoldClaims::NAME, "HoldClaims", Peer::Settlement, Place::Run),
    effect(
        ReleaseReferral::NAME,
        "ReleaseReferral",
        Peer::Referral,
        Place::Finish,
    ),
    pivot(PostSettlement::NAME, PostSettlement::METHOD),
    pivot(ReverseSettlement::NAME, ReverseSettlement::METHOD),
    pivot(PostHolds::NAME, PostHolds::METHOD),
    pivot(OpenGuarantee::NAME, OpenGuarantee::METHOD),
    pivot(PostSubsidy::NAME, PostSubsidy::METHOD),
    pivot(SuspendOnline::NAME, SuspendOnline::METHOD),
    pivot(PostLateFacts::NAME, PostLateFacts::METHOD),
];

impl Effect {
    /// The one of a line of a journal; none of a question.
    pub fn named(name: &str) -> Option<&'static Effect> {
        EFFECTS.iter().find(|effect| effect.name == name)
    }

    /// The pivot of a request.
    pub fn pivot_of(asked: Asked) -> Option<&'static Effect> {
        EFFECTS.iter().find(|effect| effect.method == asked.pivot())
    }

    /// What a request does besides its pivot, if anything.
    pub fn beside(asked: Asked) -> Option<&'static Effect> {
        Effect::named(match asked {
            Asked::Settle | Asked::Admit => UseReferral::NAME,
            Asked::Reverse => ReleaseReferral::NAME,
            Asked::SettleTogether => HoldClaims::NAME,
            Asked::Enrol => EnrolPerson::NAME,
            Asked::SuspendOnlineSettlement => BarInstitution::NAME,
            Asked::PostLateFacts => return None,
        })
    }

    /// What its peer says of a key.
    pub async fn outcome(&self, ports: &Ports, key: &str) -> Result<Outcome, Fault> {
        let (request_id, method) = (key.to_string(), self.method.to_string());
        let outcome = match self.peer {
            Peer::Enrollment => {
                let wire = ports.peers.enrollment.clone();
                let mut peer = EnrollmentServiceClient::new(wire);
                let asked = enrollment::GetOutcomeRequest { request_id, method };
                ports
                    .ask(asked, |request| peer.get_outcome(request))
                    .await?
                    .outcome
            }
            Peer::Referral => {
                let mut peer = ReferralServiceClient::new(ports.peers.referral.clone());
                let asked = referral::GetOutcomeRequest { request_id, method };
                ports
                    .ask(asked, |request| peer.get_outcome(request))
                    .await?
                    .outcome
            }
            Peer::Settlement => {
                let mut peer = client(ports);
                let asked = settlement::GetOutcomeRequest { request_id, method };
                ports
                    .ask(asked, |request| peer.get_outcome(request))
                    .await?
                    .outcome
            }
        };
        present(outcome, "outcome").map(wire::outcome)
    }
}

/// 分录: one entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The account.
    pub account: String,
    /// Positive adds to the account.
    pub amount: Fen,
    /// Whether it is the opposite of an earlier one.
    pub reversing: bool,
}

impl Moved {
    fn new(account: impl Into<String>, amount: Fen) -> Moved {
        Moved {
            account: account.into(),
            amount,
            reversing: false,
        }
    }

    /// What takes it back.
    pub fn opposite(&self) -> Moved {
        Moved {
            account: self.account.clone(),
            amount: -self.amount,
            reversing: true,
        }
    }
}

/// What the ledger has posted for a subject, in its order.
pub async fn posted(ports: &Ports, subject: &str) -> Result<Vec<Moved>, Fault> {
    let asked = settlement::GetLedgerEntriesRequest {
        subject_id: subject.to_string(),
    };
    let mut peer = client(ports);
    let answer = ports
        .ask(asked, |request| peer.get_ledger_entries(request))
        .await?;
    let moved = |entry: settlement::get_ledger_entries_response::Entry| Moved {
        account: entry.account,
        amount: Fen(entry.amount_fen),
        reversing: !entry.reverses.is_empty(),
    };
    Ok(answer.entries.into_iter().map(moved).collect())
}

/// What a price would move: from each fund that pays to what is owed to the institution.
pub fn priced(claim: &Claim, quote: &Quote) -> Vec<Moved> {
    let Some(amounts) = &quote.amounts else {
        return Vec::new();
    };
    let paid = amounts.shares.iter().filter(|share| share.paid_fen != 0);
    let from = |share: &proto::common::FundShare| {
        Moved::new(format!("fund:{}", share.fund), -Fen(share.paid_fen))
    };
    let mut moved: Vec<Moved> = paid.map(from).collect();
    if amounts.funds_fen != 0 {
        let payable = format!("payable:{}", claim.institution);
        moved.push(Moved::new(payable, Fen(amounts.funds_fen)));
    }
    moved
}

/// What the subsidy of an enrolment would move: as it was decided, or else as it would be.
pub async fn subsidy(ports: &Ports, enrol: &Enrol, lines: &[&Entry]) -> Result<Vec<Moved>, Fault> {
    let decided = answered::<Coverage>(lines, EnrolPerson::NAME);
    let subsidy = match decided {
        Some(coverage) => coverage.0.subsidy,
        None => quoted(ports, enrol).await?,
    };
    let amount = Fen(subsidy.map_or(0, |subsidy| subsidy.subsidy_fen));
    if amount == Fen::ZERO {
        return Ok(Vec::new());
    }
    let pool = format!("fund:{}100", enrol.message.scheme);
    Ok(vec![
        Moved::new(ASSISTANCE, -amount),
        Moved::new(pool, amount),
    ])
}

async fn quoted(ports: &Ports, enrol: &Enrol) -> Result<Option<enrollment::Subsidy>, Fault> {
    let message = &enrol.message;
    let asked = enrollment::QuoteSubsidyRequest {
        person_id: message.person_id.clone(),
        scheme: message.scheme.clone(),
        year: message.year,
        paid_day: message.paid_day.clone(),
        fee_tier: message.fee_tier.clone(),
        repaid_years: message.repaid_years,
        enrolment_way: message.enrolment_way.clone(),
        exempt_from_waiting: message.exempt_from_waiting,
    };
    let mut peer = EnrollmentServiceClient::new(ports.peers.enrollment.clone());
    let answer = ports
        .ask(asked, |request| peer.quote_subsidy(request))
        .await?;
    Ok(answer.subsidy)
}

/// The settlements of a batch, once its pivot was answered.
pub fn settlements_of(lines: &[&Entry]) -> Vec<String> {
    let posted = answered::<Posted>(lines, PostHolds::NAME).unwrap_or_default();
    let ids = posted
        .0
        .settlements
        .into_iter()
        .map(|settlement| settlement.settlement_id);
    ids.collect()
}

/// What the journal has as the answer of a step.
fn answered<M: prost::Message + Default>(lines: &[&Entry], name: &str) -> Option<Kept<M>> {
    let answer = |entry: &&Entry| match &entry.what {
        What::Answered(json) if entry.name == name => serde_json::from_str(json).ok(),
        _ => None,
    };
    lines.iter().rev().find_map(answer)
}
