//! One stream: its first message, then claim by claim, then the summary. Nothing is read ahead of what
//! is under way, and nothing is settled for a caller who takes no answers.

use super::Desk;
use super::tally::{Tally, Whose, ask};
use super::window::Window;
use crate::refusal::{BATCH_ENDING, BATCH_FULL, BATCH_ID_TWICE, BATCH_IDLE};
use crate::wire::batch::{self as wire, Item, Mode, Opening};
use kernel::refusal::{INTERNAL, invalid};
use kernel::{Refusal, RequestId};
use prost::Message;
use proto::orchestrator as pb;
use runtime::{parse, status_of, unread};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::mpsc::Sender;
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::{Status, Streaming};

/// Claims of one stream.
const CLAIMS_MAX: usize = 10_000;
/// Bytes of one stream's messages, in MiB.
const MEBIBYTES_MAX: usize = 256;
/// Claims of one stream that are begun and not told.
const UNDER_WAY_MAX: usize = 4;
/// How long the next message is waited for, and an answer to be taken.
const IDLE_MAX: Duration = Duration::from_secs(120);

/// Why a stream ends before its summary.
pub(super) enum Cut {
    /// Nobody listens.
    Gone,
    /// This is told last.
    Because(Box<Status>),
}

impl From<Refusal> for Cut {
    fn from(no: Refusal) -> Cut {
        Cut::Because(Box::new(status_of(&no)))
    }
}

/// What comes in.
pub(super) struct Intake {
    pub messages: Streaming<pb::SettleBatchRequest>,
    /// Closed when the service is about to stop.
    pub ending: watch::Receiver<()>,
}

/// A stream under way.
pub(super) struct Batch {
    pub desk: Desk,
    intake: Intake,
    answers: Sender<Result<pb::SettleBatchResponse, Status>>,
    /// The claims' request ids.
    seen: BTreeSet<RequestId>,
    /// Claims and bytes read.
    read: (usize, usize),
    tally: Tally,
    /// 批内序号 of the claim that ended a batch that stops.
    stopped_by: Option<i32>,
}

/// Serves a stream to its end.
pub(super) async fn serve(
    desk: Desk,
    intake: Intake,
    answers: Sender<Result<pb::SettleBatchResponse, Status>>,
) {
    let mut batch = Batch {
        desk,
        intake,
        answers,
        seen: BTreeSet::new(),
        read: (0, 0),
        tally: Tally::default(),
        stopped_by: None,
    };
    if let Err(Cut::Because(status)) = batch.run().await {
        batch.send(Err(*status)).await.ok();
    }
}

impl Batch {
    async fn run(&mut self) -> Result<(), Cut> {
        let first = self.next().await?;
        let first = first.ok_or_else(|| invalid("options", "必填:首条消息说明办理方式"))?;
        let Opening { request_id, mode } = wire::opening(first)?;
        match mode {
            Mode::AllOrNothing(claims) => self.together(&request_id, claims).await?,
            mode => self.one_by_one(mode).await?,
        }
        let tally = std::mem::take(&mut self.tally);
        self.send(Ok(tally.summary(request_id.to_string()))).await
    }

    async fn one_by_one(&mut self, mode: Mode) -> Result<(), Cut> {
        // One that stops must know what became of a claim before it begins the next.
        let width = if mode == Mode::Stop { 1 } else { UNDER_WAY_MAX };
        let (mut window, mut open, mut cut) = (Window::new(), true, None);
        while open || !window.is_empty() {
            let room = open && window.len() < width;
            tokio::select! {
                () = self.answers.closed() => return Err(Cut::Gone),
                Some(told) = window.next(), if !window.is_empty() => self.tell(told, mode).await?,
                message = self.intake.next(), if room => match message {
                    Ok(Some(message)) => open = self.take(message, mode, &mut window),
                    Ok(None) => open = false,
                    // What is under way is told first.
                    Err(why) => (open, cut) = (false, Some(why)),
                },
            }
        }
        cut.map_or(Ok(()), Err)
    }

    /// Takes a claim in; false when no more can be taken.
    fn take(
        &mut self,
        message: pb::SettleBatchRequest,
        mode: Mode,
        window: &mut Window<pb::SettleBatchResponse>,
    ) -> bool {
        let whose = whose(&message);
        if let Err(no) = self.weigh(&message, CLAIMS_MAX, MEBIBYTES_MAX) {
            window.tell(whose.not_settled(&no, None));
            return false;
        }
        match (self.item(message, mode), self.stopped_by) {
            (_, Some(number)) => window.tell(whose.not_tried(number)),
            (Err(no), None) => window.tell(whose.not_settled(&no, None)),
            (Ok(item), None) => {
                let ask = ask(mode, item.request_id.as_str());
                let lost = whose.not_settled(&INTERNAL.refuse(), ask);
                window.begin(item.person, self.desk.clone().attempt(item, mode), lost);
            }
        }
        true
    }

    /// Counts a claim that came, and refuses the one that is too many.
    pub(super) fn weigh(
        &mut self,
        message: &pb::SettleBatchRequest,
        claims_max: usize,
        mebibytes_max: usize,
    ) -> Result<(), Refusal> {
        let (claims, bytes) = &mut self.read;
        *claims += 1;
        *bytes += message.encoded_len();
        match *claims <= claims_max && *bytes <= mebibytes_max << 20 {
            true => Ok(()),
            false => {
                let full = BATCH_FULL.refuse().with("claims", claims_max);
                Err(full.with("mebibytes", mebibytes_max))
            }
        }
    }

    /// Reads a claim, which no other of the stream may be named like.
    pub(super) fn item(
        &mut self,
        message: pb::SettleBatchRequest,
        mode: Mode,
    ) -> Result<Item, Refusal> {
        let item = wire::item(message, mode)?;
        match self.seen.insert(item.request_id.clone()) {
            true => Ok(item),
            false => {
                let twice = BATCH_ID_TWICE.refuse().at("request_id");
                Err(twice.with("request_id", &item.request_id))
            }
        }
    }

    /// The next message; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<pb::SettleBatchRequest>, Cut> {
        self.intake.next().await
    }

    /// True when nobody listens any more.
    pub(super) fn is_gone(&self) -> bool {
        self.answers.is_closed()
    }

    /// Tells what became of a claim.
    pub(super) async fn tell(
        &mut self,
        told: pb::SettleBatchResponse,
        mode: Mode,
    ) -> Result<(), Cut> {
        let failed = self.tally.count(&told);
        if failed && mode == Mode::Stop {
            self.stopped_by.get_or_insert(told.number);
        }
        self.send(Ok(told)).await
    }

    async fn send(&self, answer: Result<pb::SettleBatchResponse, Status>) -> Result<(), Cut> {
        match timeout(IDLE_MAX, self.answers.send(answer)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Cut::Gone),
        }
    }
}

/// Whom the answer to a message is about. What is no request id is not told back.
pub(super) fn whose(message: &pb::SettleBatchRequest) -> Whose {
    let request_id = parse::request_id(&message.request_id);
    Whose {
        number: message.number,
        request_id: request_id.map(|id| id.to_string()).unwrap_or_default(),
    }
}

impl Intake {
    /// The next message; none at the end.
    async fn next(&mut self) -> Result<Option<pb::SettleBatchRequest>, Cut> {
        let Intake { messages, ending } = self;
        tokio::select! {
            message = timeout(IDLE_MAX, messages.message()) => match message {
                Ok(Ok(message)) => Ok(message),
                Ok(Err(status)) => Err(Cut::Because(Box::new(unread(status)))),
                Err(_) => Err(BATCH_IDLE.refuse().with("seconds", IDLE_MAX.as_secs()).into()),
            },
            // Nothing is sent: it closes.
            _ = ending.changed() => Err(BATCH_ENDING.refuse().into()),
        }
    }
}
