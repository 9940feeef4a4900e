//! What a handler knows of a request besides its message: who asks, and until when.

use crate::status_of;
use crate::trace;
use crate::witness::Noted;
use kernel::refusal::{DEADLINE_EXCEEDED, UNAUTHENTICATED};
use kernel::{Principal, Refusal};
use proto::Subjects;
use std::future::Future;
use tokio::time::{Duration, Instant};
use tonic::{Request, Response, Status};

/// A principal the suite itself vouches for. It travels as an extension inside a process, where
/// nothing from the network can forge it.
#[derive(Clone, Debug)]
pub(crate) struct Trusted(pub Principal);

/// When the caller stops waiting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(pub Instant);

/// Who asks, and until when.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who asks.
    pub principal: Principal,
    deadline: Instant,
    noted: Option<Noted>,
}

/// What every RPC method answers.
pub type Answer<T> = Result<Response<T>, Status>;

impl Context {
    /// A context made in this process, for background work, demonstrations and tests.
    pub fn of(principal: Principal, patience: Duration) -> Context {
        Context {
            principal,
            deadline: Instant::now() + patience,
            noted: None,
        }
    }

    fn from_extensions(extensions: &http::Extensions) -> Result<Context, Refusal> {
        let Trusted(principal) = extensions
            .get::<Trusted>()
            .cloned()
            .ok_or_else(|| UNAUTHENTICATED.refuse())?;
        let Deadline(deadline) = extensions
            .get::<Deadline>()
            .copied()
            .ok_or_else(|| DEADLINE_EXCEEDED.refuse())?;
        Ok(Context {
            principal,
            deadline,
            noted: extensions.get::<Noted>().cloned(),
        })
    }

    /// A request to a peer in the course of this one: for the same origin, within the time left.
    pub fn through<T>(&self, service: &str, message: T) -> Request<T> {
        self.request(self.principal.through(service), message)
    }

    /// A request of the caller's own.
    pub fn own<T>(&self, message: T) -> Request<T> {
        self.request(self.principal.clone(), message)
    }

    fn request<T>(&self, principal: Principal, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(self.left());
        request.extensions_mut().insert(Trusted(principal));
        trace::tell_metadata(request.metadata_mut());
        request
    }

    /// 查阅目的: what for the caller reads, where the message says it and not a header; for the access
    /// log.
    pub fn reads_for(&self, purpose: &str) {
        if let Some(noted) = &self.noted {
            noted.state(purpose);
        }
    }

    /// The time left.
    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }
}

/// Answers a request: `work` gets context and message, and its refusal becomes a status. Whose data
/// request and answer carry is noted where somebody writes it down.
pub async fn answer<Q, A, F, Fut>(request: Request<Q>, work: F) -> Answer<A>
where
    Q: Subjects,
    A: Subjects,
    F: FnOnce(Context, Q) -> Fut,
    Fut: Future<Output = Result<A, Refusal>>,
{
    let noted = request.extensions().get::<Noted>().cloned();
    if let Some(noted) = &noted {
        noted.note(request.get_ref());
    }
    let answer = answer_streaming(request, work).await?;
    if let Some(noted) = &noted {
        noted.note(answer.get_ref());
    }
    Ok(answer)
}

/// The same for what streams in or out. Nobody can note whose data will come, so no method that
/// streams may read what is known of people; it changes something, and its events tell.
pub async fn answer_streaming<Q, A, F, Fut>(request: Request<Q>, work: F) -> Answer<A>
where
    F: FnOnce(Context, Q) -> Fut,
    Fut: Future<Output = Result<A, Refusal>>,
{
    let (_, extensions, message) = request.into_parts();
    let context = Context::from_extensions(&extensions).map_err(|no| status_of(&no))?;
    work(context, message)
        .await
        .map(Response::new)
        .map_err(|no| status_of(&no))
}
