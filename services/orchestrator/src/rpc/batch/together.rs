//! 整批结算 of a stream: nothing is begun before all that was announced came and can be read.

use super::stream::{Batch, Cut, whose};
use super::tally::{Whose, ask};
use crate::refusal::BATCH_COUNT_WRONG;
use crate::wire::batch::{Item, Mode, of_one};
use kernel::refusal::INTERNAL;
use kernel::{Refusal, RequestId};
use proto::common::Settlement;
use proto::orchestrator as pb;
use tracing::Instrument;

/// Bytes of all claims, in MiB: what SettleTogether takes in one message.
const MEBIBYTES_MAX: usize = 4;

/// A claim that came: read, or why not.
type Came = (Whose, Result<Item, Refusal>);

impl Batch {
    /// Collects the claims and settles them together.
    pub(super) async fn together(
        &mut self,
        request_id: &RequestId,
        claims: usize,
    ) -> Result<(), Cut> {
        let came = self.collect(claims).await?;
        let mode = Mode::AllOrNothing(claims);
        let bad = came.iter().find(|(_, item)| item.is_err());
        let answers = match bad.map(|(whose, _)| whose.number) {
            Some(number) => refuse_unread(came, number),
            None => {
                let (whose, items): (Vec<_>, Vec<_>) = came.into_iter().unzip();
                let claims = items.into_iter().flatten().filter_map(|item| item.claim);
                let request = pb::SettleTogetherRequest {
                    request_id: request_id.to_string(),
                    claims: claims.collect(),
                };
                let settled = self.settle_all(request).await;
                tell_all(whose, settled, &ask(mode, request_id.as_str()))
            }
        };
        for answer in answers {
            self.tell(answer, mode).await?;
        }
        Ok(())
    }

    async fn collect(&mut self, claims: usize) -> Result<Vec<Came>, Cut> {
        let mut came = Vec::with_capacity(claims);
        while let Some(message) = self.next().await? {
            if came.len() == claims {
                return Err(count_wrong(claims).into());
            }
            self.weigh(&message, claims, MEBIBYTES_MAX)?;
            let whose = whose(&message);
            came.push((whose, self.item(message, Mode::AllOrNothing(claims))));
        }
        match came.len() == claims {
            _ if self.is_gone() => Err(Cut::Gone),
            true => Ok(came),
            false => Err(count_wrong(claims).into()),
        }
    }

    /// In a task of its own, which goes on to its end whatever becomes of the stream.
    async fn settle_all(
        &self,
        request: pb::SettleTogetherRequest,
    ) -> Result<pb::SettleTogetherResponse, Refusal> {
        let desk = self.desk.clone();
        let work = async move {
            let context = desk.context();
            super::super::settle_together(&desk.executor, &context, request).await
        };
        let task = tokio::spawn(work.in_current_span());
        task.await.unwrap_or_else(|_| Err(INTERNAL.refuse()))
    }
}

fn count_wrong(announced: usize) -> Refusal {
    let no = BATCH_COUNT_WRONG.refuse().at("options.claims");
    no.with("announced", announced)
}

/// Those that cannot be read are refused; the others are not tried.
fn refuse_unread(came: Vec<Came>, number: i32) -> Vec<pb::SettleBatchResponse> {
    let answer = |(whose, item): Came| match item {
        Ok(_) => whose.not_tried(number),
        Err(no) => whose.not_settled(&no, None),
    };
    came.into_iter().map(answer).collect()
}

/// What became of all. A refusal that names a claim is that claim's, and the others were not tried;
/// any other is everybody's.
fn tell_all(
    whose: Vec<Whose>,
    settled: Result<pb::SettleTogetherResponse, Refusal>,
    ask: &Option<pb::GetOutcomeRequest>,
) -> Vec<pb::SettleBatchResponse> {
    let whole = settled.and_then(|told| match told.settlements.len() == whose.len() {
        true => Ok(told),
        false => Err(INTERNAL.refuse()),
    });
    let no = match whole {
        Ok(told) => {
            let settled =
                |(whose, settlement): (Whose, Settlement)| whose.settled(settlement, told.replayed);
            return whose
                .into_iter()
                .zip(told.settlements)
                .map(settled)
                .collect();
        }
        Err(no) => no,
    };
    let Some((place, own)) = of_one(&no).filter(|(place, _)| *place < whose.len()) else {
        let all = whose.into_iter();
        return all.map(|one| one.not_settled(&no, ask.clone())).collect();
    };
    let number = whose.get(place).map_or(0, |whose| whose.number);
    let answer = |(n, whose): (usize, Whose)| match n == place {
        true => whose.not_settled(&own, None),
        false => whose.not_tried(number),
    };
    whose.into_iter().enumerate().map(answer).collect()
}
