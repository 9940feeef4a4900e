//! 批量结算: the generated trait of a stream of claims. Each is settled as a request of its own; this
//! decides how many are under way, in which order they are told, and when the stream ends.
//!
//! The layers before the handler see the head of the answer only, which goes out at once: places and
//! patience of what follows are given here.

mod places;
mod stream;
mod tally;
mod together;
mod window;

use crate::executor::Executor;
use crate::wire::batch::{Item, Mode};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, unfold};
use kernel::refusal::{INTERNAL, OVERLOADED};
use kernel::{Principal, Role};
use places::Places;
use proto::orchestrator as pb;
use proto::orchestrator::batch_service_server::BatchService;
use proto::orchestrator::settle_batch_response::Told;
use runtime::Does::Changes;
use runtime::{
    Access, Answer, Context, Witness, answer_streaming, purpose_of, seen_in_stream, status_of,
};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use stream::Intake;
use tally::{Whose, ask};
use tokio::sync::{mpsc, watch};
use tonic::{Request, Status, Streaming};
use tracing::Instrument;

/// Who may call what.
pub const ACCESS: Access = &[(
    "SettleBatch",
    &[Role::Institution, Role::Clerk, Role::Service],
    Changes,
)];

/// What a price that is told in the stream is written down as: it is read by this method.
const METHOD: &str = "/yibao.orchestrator.v1.BatchService/SettleBatch";
/// Answers that wait to be sent, of one stream.
const ANSWERS_MAX: usize = 1;

/// The service over its executor.
pub struct Rpc {
    executor: Executor,
    places: Arc<Places>,
    /// Writes down who was told a price, which is known of a person.
    witness: Witness,
    /// Closed when the service is about to stop.
    ending: watch::Receiver<()>,
}

impl Rpc {
    /// With all places free; and what must stand while it serves. Streams may last for long: they end
    /// when that ends, so that a drain has not to wait for them.
    pub fn over(
        executor: Executor,
        witness: Witness,
    ) -> (Rpc, impl Future<Output = ()> + Send + 'static) {
        let (serving, ending) = watch::channel(());
        let while_serving = async move {
            let _serving = serving;
            std::future::pending().await
        };
        let places = Arc::default();
        let rpc = Rpc {
            executor,
            places,
            witness,
            ending,
        };
        (rpc, while_serving)
    }
}

#[tonic::async_trait]
impl BatchService for Rpc {
    type SettleBatchStream = BoxStream<'static, Result<pb::SettleBatchResponse, Status>>;

    async fn settle_batch(
        &self,
        request: Request<Streaming<pb::SettleBatchRequest>>,
    ) -> Answer<Self::SettleBatchStream> {
        let purpose = purpose_of(request.metadata()).map_err(|no| status_of(&no))?;
        answer_streaming(request, |context, messages| async move {
            let place = Places::take(&self.places, &context.principal);
            let place = place.ok_or_else(|| OVERLOADED.refuse())?;
            let desk = Desk {
                executor: self.executor.clone(),
                patience: context.left(),
                principal: context.principal,
                witness: self.witness.clone(),
                purpose,
            };
            let (answers, told) = mpsc::channel(ANSWERS_MAX);
            let ending = self.ending.clone();
            let work = async move {
                let intake = Intake { messages, ending };
                stream::serve(desk, intake, answers).await;
                drop(place);
            };
            tokio::spawn(work.in_current_span());
            let next =
                |mut told: mpsc::Receiver<_>| async move { Some((told.recv().await?, told)) };
            Ok(unfold(told, next).boxed())
        })
        .await
    }
}

/// Settles for whoever opened the stream.
#[derive(Clone)]
struct Desk {
    executor: Executor,
    principal: Principal,
    witness: Witness,
    /// 查阅目的 of the whole stream.
    purpose: String,
    /// How long each claim may take.
    patience: Duration,
}

impl Desk {
    fn context(&self) -> Context {
        Context::of(self.principal.clone(), self.patience)
    }

    /// Settles or prices one claim.
    async fn attempt(self, item: Item, mode: Mode) -> pb::SettleBatchResponse {
        let whose = Whose::from(&item);
        match mode {
            Mode::PreFlight => self.price(whose, item).await,
            _ => self.settle(whose, item, mode).await,
        }
    }

    async fn price(&self, whose: Whose, item: Item) -> pb::SettleBatchResponse {
        let request = pb::PreSettleRequest {
            claim: item.claim,
            visit_id: item.visit_id,
            // 中途结算 is settled by itself, and so is what shows a check.
            ..Default::default()
        };
        let asked = request.clone();
        let priced = super::price(&self.executor, &self.context(), request).await;
        let reads = (&self.principal, METHOD, self.purpose.as_str());
        if let Some(seen) = seen_in_stream(reads, &asked, priced.as_ref())
            && let Err(no) = (self.witness)(seen).await
        {
            return whose.not_settled(&no, None);
        }
        match priced {
            Ok(priced) => whose.told(Told::Priced(priced)),
            Err(no) => whose.not_settled(&no, None),
        }
    }

    async fn settle(&self, whose: Whose, item: Item, mode: Mode) -> pb::SettleBatchResponse {
        let ask = ask(mode, item.request_id.as_str());
        let request = pb::SettleRequest {
            request_id: item.request_id.to_string(),
            claim: item.claim,
            basis: item.basis,
            visit_id: item.visit_id,
            // 中途结算 is settled by itself, and so is what shows a check.
            ..Default::default()
        };
        let settled = super::settle(&self.executor, &self.context(), request).await;
        let whole = settled.and_then(|told| {
            let settlement = told.settlement.ok_or_else(|| INTERNAL.refuse())?;
            Ok((settlement, told.replayed))
        });
        match whole {
            Ok((settlement, replayed)) => whose.settled(settlement, replayed),
            Err(no) => whose.not_settled(&no, ask),
        }
    }
}
