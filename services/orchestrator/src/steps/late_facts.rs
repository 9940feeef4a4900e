//! 待遇追溯: what is asked of settlement about facts that became known late.

use super::settlement::{burn, client, in_the_way};
use super::{Kept, Ports, carried, present};
use crate::wire::{LateFacts, Member};
use kernel::{Day, Fault};
use proto::settlement as pb;
use saga::{Burned, Pivot, Step};
use std::sync::Arc;

/// The previews of a long year may be larger than tonic's 4 MiB.
const MESSAGE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What facts would move.
pub type Previewed = pb::PriceLateFactsResponse;
/// What facts moved, now or by an earlier attempt.
pub type Corrected = pb::PostLateFactsResponse;

/// The days on which the person's entitlement decided.
pub struct ListSettledDays(pub Arc<LateFacts>);

impl Step for ListSettledDays {
    const NAME: &'static str = "settlement.list_settled_days";
    type Ports = Ports;
    type Output = Vec<Day>;

    async fn run(&self, ports: &Ports, _: &str) -> Result<Vec<Day>, Fault> {
        let request = pb::ListSettledDaysRequest {
            person_id: self.0.person.to_string(),
            scheme: self.0.scheme.to_string(),
            year: self.0.year,
        };
        let mut settlement = client(ports);
        let answer = ports.ask(request, |request| settlement.list_settled_days(request));
        let days = answer.await?.end_day;
        let days = days.iter().map(|day| Day::parse(day).ok()).collect();
        present(days, "end_day")
    }
}

/// What the facts would move.
pub struct PriceLateFacts {
    /// Whose year.
    pub facts: Arc<LateFacts>,
    /// What enrollment says, for each of its days.
    pub members: Vec<Kept<Member>>,
}

impl Step for PriceLateFacts {
    const NAME: &'static str = "settlement.price_late_facts";
    type Ports = Ports;
    type Output = Kept<Previewed>;

    async fn run(&self, ports: &Ports, _: &str) -> Result<Kept<Previewed>, Fault> {
        let request = pb::PriceLateFactsRequest {
            person_id: self.facts.person.to_string(),
            scheme: self.facts.scheme.to_string(),
            year: self.facts.year,
            members: messages(&self.members),
        };
        let mut settlement = client(ports).max_decoding_message_size(MESSAGE_BYTES_MAX);
        let answer = ports.ask(request, |request| settlement.price_late_facts(request));
        answer.await.map(Kept)
    }
}

/// 待遇追溯 (pivot): settles what the facts move.
pub struct PostLateFacts {
    /// What the caller asked.
    pub facts: Arc<LateFacts>,
    /// What enrollment says, for each day of the year that decided. Without it only the key is asked.
    pub members: Vec<Kept<Member>>,
}

impl PostLateFacts {
    /// The method's name, part of its keys.
    pub const METHOD: &'static str = "PostLateFacts";
}

impl Step for PostLateFacts {
    const NAME: &'static str = "settlement.post_late_facts";
    type Ports = Ports;
    type Output = Kept<Corrected>;

    async fn run(&self, ports: &Ports, key: &str) -> Result<Kept<Corrected>, Fault> {
        let request = pb::PostLateFactsRequest {
            request_id: key.to_string(),
            origin: carried(self.facts.origin),
            person_id: self.facts.person.to_string(),
            scheme: self.facts.scheme.to_string(),
            year: self.facts.year,
            members: messages(&self.members),
            preview_digest: self.facts.shown.clone(),
            approval_id: self.facts.approval.clone(),
        };
        let mut settlement = client(ports).max_decoding_message_size(MESSAGE_BYTES_MAX);
        let answer = ports.change(request, |request| settlement.post_late_facts(request));
        answer.await.map(Kept)
    }
}

impl Pivot for PostLateFacts {
    fn subject(corrected: &Kept<Corrected>) -> String {
        corrected.correction_id.clone()
    }

    async fn burn(&self, ports: &Ports, key: &str) -> Result<Burned, Fault> {
        burn(ports, Self::METHOD, key).await
    }

    async fn reverse(
        &self,
        ports: &Ports,
        _: &str,
        own_key: &str,
        subject: &str,
    ) -> Result<(), Fault> {
        cancel(ports, carried(self.facts.origin), own_key, subject).await
    }
}

/// Takes a correction back because the request for it is withdrawn.
pub(super) async fn cancel(
    ports: &Ports,
    origin: Vec<u8>,
    own_key: &str,
    correction_id: &str,
) -> Result<(), Fault> {
    let request = pb::CancelCorrectionRequest {
        request_id: own_key.to_string(),
        origin,
        correction_id: correction_id.to_string(),
    };
    let mut settlement = client(ports);
    let answer = ports.change(request, |request| settlement.cancel_correction(request));
    answer.await.map(drop).map_err(in_the_way)
}

fn messages(members: &[Kept<Member>]) -> Vec<Member> {
    members.iter().map(|member| member.0.clone()).collect()
}
