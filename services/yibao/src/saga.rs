//! 长事务运维: lists, shows and directs the sagas of a running suite. What a saga would do with money
//! is shown before anybody decides about it, and many are only counted unless `--go` is said.

mod age;
mod show;

use crate::call::CallError;
use crate::cli::{ENDPOINT, Trouble};
use crate::reach::Reach;
use crate::told::Told;
use clap::{Args, Subcommand, ValueEnum};
use kernel::Clock;
use proto::orchestrator as pb;
use proto::orchestrator::saga::State;
use proto::orchestrator::saga_service_client::SagaServiceClient;
use runtime::Wire;
use runtime::clock::SystemClock;
use std::io::Write;
use std::time::Duration;
use tonic::{Request, Response, Status};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Who asks unless told otherwise.
const OPERATOR: &str = "operator";
/// Why sagas are only counted, which nobody notes.
const TO_COUNT: &str = "仅计数";

/// What can be done about sagas while the suite runs.
#[derive(Debug, Subcommand)]
pub enum Operation {
    /// List sagas, oldest first; above them how many of each kind and version are in each state.
    List {
        #[command(flatten)]
        asked: Asked,
        /// Where they stand; several are said one by one.
        #[arg(long, value_enum)]
        state: Vec<Standing>,
        #[command(flatten)]
        which: Which,
        /// How many to list, at most 500.
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: i32,
    },
    /// Show a saga with its journal.
    Show {
        #[command(flatten)]
        asked: Asked,
        /// The saga's id.
        saga: String,
    },
    /// See the money first: what stands at the services under each step's key, what the ledger has
    /// posted, and what it would post if the saga came to its end now.
    Reckon {
        #[command(flatten)]
        asked: Asked,
        /// The saga's id.
        saga: String,
    },
    /// Take up now a saga that rests.
    Retry(One),
    /// Let a stuck saga go on where it stopped.
    Resume(One),
    /// Propose to leave a stuck saga as it stands; another person must approve.
    ProposeAbandon(One),
    /// Approve what another person proposed: the saga is left as it stands, for ever.
    ApproveAbandon {
        #[command(flatten)]
        asked: Asked,
        #[command(flatten)]
        naming: Naming,
        /// The saga's id.
        saga: String,
    },
    /// Retry all resting, or resume all stuck sagas that meet the filter; without --go they are only
    /// counted.
    Bulk {
        #[command(flatten)]
        asked: Asked,
        #[command(flatten)]
        naming: Naming,
        #[command(flatten)]
        which: Which,
        /// What to do.
        action: Action,
        /// Why, at most 200 characters; needed with --go.
        #[arg(long, value_name = "TEXT", required_if_eq("go", "true"))]
        reason: Option<String>,
        /// Do it.
        #[arg(long)]
        go: bool,
    },
}

/// Who asks, and whom.
#[derive(Debug, Args)]
pub struct Asked {
    #[command(flatten)]
    reach: Reach,
    /// Who asks; @330523 behind the name is the area.
    #[arg(long = "as", value_name = "CALLER", default_value = OPERATOR)]
    caller: String,
}

/// Under which name.
#[derive(Debug, Args)]
pub struct Naming {
    /// The request's id, to repeat it by; a new one unless it is given.
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// What is done about one saga.
#[derive(Debug, Args)]
pub struct One {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    naming: Naming,
    /// The saga's id.
    saga: String,
    /// Why, at most 200 characters.
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Which sagas.
#[derive(Debug, Args)]
pub struct Which {
    /// Their body and version, such as settle.v1, or settle for every version.
    #[arg(long, value_name = "KIND", default_value = "")]
    kind: String,
    /// Only those that began at least so long ago: 90s, 15m, 2h, 3d.
    #[arg(long, value_name = "AGE", default_value = "0s", value_parser = age::parse)]
    older_than: i64,
    /// The code of the last fault, such as PROMISE_BROKEN.
    #[arg(long, value_name = "CODE", default_value = "")]
    fault: String,
    /// Who asked for them, such as H15250100001. (The one who asks now is --as.)
    #[arg(long = "caller", value_name = "NAME", default_value = "")]
    of_caller: String,
    /// Their caller's name for the request.
    #[arg(long = "request", value_name = "ID", default_value = "")]
    of_request: String,
}

/// Where a saga stands.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Standing {
    /// Under way, or resting.
    Running,
    /// Done.
    Done,
    /// Refused, and all of it taken back.
    Refused,
    /// Withdrawn, and all of it taken back.
    Withdrawn,
    /// A person must look.
    Stuck,
    /// Left as it stands by two people.
    Abandoned,
}

/// What to do with sagas.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Action {
    /// Those that rest are taken up now.
    Retry,
    /// Those that are stuck go on where they stopped.
    Resume,
}

impl Action {
    fn wire(self) -> i32 {
        match self {
            Action::Retry => pb::SagaAction::Retry.into(),
            Action::Resume => pb::SagaAction::Resume.into(),
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Action::Retry => "重试",
            Action::Resume => "恢复",
        }
    }
}

impl Standing {
    fn wire(self) -> i32 {
        let state = match self {
            Standing::Running => State::Running,
            Standing::Done => State::Done,
            Standing::Refused => State::Refused,
            Standing::Withdrawn => State::Withdrawn,
            Standing::Stuck => State::Stuck,
            Standing::Abandoned => State::Abandoned,
        };
        state.into()
    }
}

impl Which {
    fn filter(self, states: &[Standing]) -> pb::SagaFilter {
        pb::SagaFilter {
            states: states.iter().map(|state| state.wire()).collect(),
            kind: self.kind,
            older_than_seconds: self.older_than,
            fault_code: self.fault,
            caller: self.of_caller,
            request_id: self.of_request,
        }
    }
}

impl Asked {
    /// A command to go on with, at the same place and in the same area.
    fn follow(&self, what: &str, saga: &str, name: &str) -> String {
        let mut told = format!("yibao saga {what} {saga}");
        if self.reach.endpoint != ENDPOINT {
            told.push_str(&format!(" --endpoint {}", self.reach.endpoint));
        }
        let area = self.caller.split_once('@').map(|(_, area)| area);
        match area {
            Some(area) => told.push_str(&format!(" --as {name}@{area}")),
            None if name == OPERATOR => {}
            None => told.push_str(&format!(" --as {name}")),
        }
        told
    }
}

impl Naming {
    fn request_id(&self) -> String {
        let fresh = || format!("saga-{}", store::new_id(SystemClock.now()));
        self.request_id.clone().unwrap_or_else(fresh)
    }
}

/// Does what the command line says, and prints to `out`.
pub async fn obey(operation: Operation, out: &mut dyn Write) -> Result<(), Trouble> {
    match operation {
        Operation::List {
            asked,
            state,
            which,
            limit,
        } => {
            let request = pb::ListSagasRequest {
                filter: Some(which.filter(&state)),
                page_size: limit,
                page_token: String::new(),
            };
            let page = heard(client(&asked).await?.list_sagas(patient(request)).await)?;
            Ok(show::page(&page, SystemClock.now(), out)?)
        }
        Operation::Show { asked, saga } => {
            let request = pb::GetSagaRequest { saga_id: saga };
            let told = heard(client(&asked).await?.get_saga(patient(request)).await)?;
            Ok(show::saga(&told, SystemClock.now(), out)?)
        }
        Operation::Reckon { asked, saga } => {
            let request = pb::ReckonSagaRequest { saga_id: saga };
            let told = heard(client(&asked).await?.reckon_saga(patient(request)).await)?;
            Ok(show::reckoning(&told, out)?)
        }
        Operation::Retry(one) => direct(one, Action::Retry, out).await,
        Operation::Resume(one) => direct(one, Action::Resume, out).await,
        Operation::ProposeAbandon(one) => propose(one, out).await,
        Operation::ApproveAbandon {
            asked,
            naming,
            saga,
        } => {
            let request_id = naming.request_id();
            let request = pb::ApproveAbandonmentRequest {
                request_id: request_id.clone(),
                saga_id: saga,
            };
            let told = heard(
                client(&asked)
                    .await?
                    .approve_abandonment(patient(request))
                    .await,
            )?;
            let done = ("已放弃：该长事务按现状终止，不再处理", told.replayed);
            Ok(show::directed(done, &request_id, told.saga.as_ref(), out)?)
        }
        Operation::Bulk {
            asked,
            naming,
            which,
            action,
            reason,
            go,
        } => {
            let request = pb::DirectSagasRequest {
                request_id: naming.request_id(),
                // Of all that meet it the suite takes those in the state the action fits.
                filter: Some(which.filter(&[])),
                action: action.wire(),
                reason: reason.unwrap_or_else(|| TO_COUNT.to_string()),
                dry_run: !go,
            };
            let id = request.request_id.clone();
            let told = heard(client(&asked).await?.direct_sagas(patient(request)).await)?;
            let done = go.then_some(id.as_str());
            Ok(show::many(&told, action.verb(), done, out)?)
        }
    }
}

async fn direct(one: One, action: Action, out: &mut dyn Write) -> Result<(), Trouble> {
    let request = pb::DirectSagaRequest {
        request_id: one.naming.request_id(),
        saga_id: one.saga,
        action: action.wire(),
        reason: one.reason,
    };
    let id = request.request_id.clone();
    let told = heard(
        client(&one.asked)
            .await?
            .direct_saga(patient(request))
            .await,
    )?;
    let done = match action {
        Action::Retry => "已安排重试",
        Action::Resume => "已恢复：从中断处继续",
    };
    Ok(show::directed(
        (done, told.replayed),
        &id,
        told.saga.as_ref(),
        out,
    )?)
}

async fn propose(one: One, out: &mut dyn Write) -> Result<(), Trouble> {
    let request = pb::ProposeAbandonmentRequest {
        request_id: one.naming.request_id(),
        saga_id: one.saga,
        reason: one.reason,
    };
    let id = request.request_id.clone();
    let told = heard(
        client(&one.asked)
            .await?
            .propose_abandonment(patient(request))
            .await,
    )?;
    let done = ("已申请放弃：由另一人核对账务后同意", told.replayed);
    show::directed(done, &id, told.saga.as_ref(), out)?;
    let saga = told.saga.unwrap_or_default().saga_id;
    writeln!(out, "{}", one.asked.follow("reckon", &saga, OPERATOR))?;
    let approve = one.asked.follow("approve-abandon", &saga, "另一人");
    Ok(writeln!(out, "{approve}")?)
}

async fn client(asked: &Asked) -> Result<SagaServiceClient<Wire>, Trouble> {
    Ok(asked.reach.desk(&asked.caller).await?.sagas())
}

/// The answer, or the "no" in words.
pub(crate) fn heard<T>(answer: Result<Response<T>, Status>) -> Result<T, CallError> {
    let told = |status: Status| CallError::Refused(Box::new(Told::of(&status)));
    answer.map(Response::into_inner).map_err(told)
}

/// A request that waits as long as an operator does.
pub(crate) fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}
