//! 批量: the day's claims as their institutions' systems send them, a stream for each institution,
//! all institutions at once.

use super::claims::Planned;
use super::patient;
use crate::Progress;
use crate::desk::Desk;
use futures_util::{StreamExt, stream};
use proto::common::Settlement;
use proto::orchestrator::batch_options::Mode;
use proto::orchestrator::settle_batch_request::Part;
use proto::orchestrator::settle_batch_response::Told as Answer;
use proto::orchestrator::{BatchOptions, BatchSummary, SettleBatchRequest, SettleBatchResponse};
use std::collections::BTreeMap;
use tonic::Status;

/// Streams at once: enough for the county's institutions.
const STREAMS: usize = 16;

/// What became of one claim.
#[derive(Clone, Debug)]
pub struct Brought {
    /// The claim as it was planned.
    pub planned: Planned,
    /// Its settlement; the code of the refusal where there is none.
    pub became: Result<Settlement, String>,
}

/// Sends these claims, each institution its own in their order; answers what became of each, by
/// institution, and what the summaries say.
pub async fn send(
    desk: &Desk,
    planned: Vec<Planned>,
    progress: &Progress,
) -> Result<(Vec<Brought>, Vec<BatchSummary>), Status> {
    let mut lanes: BTreeMap<String, Vec<Planned>> = BTreeMap::new();
    for one in planned {
        let sender = one.sender().to_string();
        lanes.entry(sender).or_default().push(one);
    }
    let sent = lanes.into_iter().map(|(sender, lane)| async move {
        let desk = desk.of(&sender);
        lane_of(&desk, lane, progress).await
    });
    let mut told = stream::iter(sent).buffered(STREAMS);
    let (mut brought, mut summaries) = (Vec::new(), Vec::new());
    while let Some(lane) = told.next().await {
        let (of_lane, summary) = lane?;
        brought.extend(of_lane);
        summaries.push(summary);
    }
    Ok((brought, summaries))
}

async fn lane_of(
    desk: &Desk,
    lane: Vec<Planned>,
    progress: &Progress,
) -> Result<(Vec<Brought>, BatchSummary), Status> {
    let options = BatchOptions {
        mode: Mode::Continue.into(),
        claims: 0,
    };
    let opening = SettleBatchRequest {
        request_id: "day-batch".into(),
        part: Some(Part::Options(options)),
        ..SettleBatchRequest::default()
    };
    let claim = |(number, one): (i32, &Planned)| SettleBatchRequest {
        request_id: one.request_id.clone(),
        part: Some(Part::Claim(one.claim.clone())),
        number,
        basis: None,
    };
    let messages: Vec<_> = std::iter::once(opening)
        .chain((1..).zip(&lane).map(claim))
        .collect();
    let request = patient(stream::iter(messages));
    let mut answers = desk.batches().settle_batch(request).await?.into_inner();
    let (mut brought, mut lane) = (Vec::new(), lane.into_iter());
    while let Some(answer) = answers.message().await? {
        if let Some(Answer::Summary(summary)) = answer.told {
            return Ok((brought, summary));
        }
        progress.step();
        // Answers come in the order in which the claims went.
        brought.extend(lane.next().map(|planned| Brought {
            planned,
            became: became(answer),
        }));
    }
    Err(Status::aborted("the stream ended without a summary"))
}

fn became(answer: SettleBatchResponse) -> Result<Settlement, String> {
    match answer.told {
        Some(Answer::Settlement(settlement)) => Ok(settlement),
        Some(Answer::Refused(no)) => Err(no.refused.unwrap_or_default().code),
        _ => Err("UNKNOWN".into()),
    }
}
