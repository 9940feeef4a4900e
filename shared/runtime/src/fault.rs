//! A wire that fails on purpose: what a test puts between two services.

use crate::status_of;
use crate::wire::{Broken, Wire};
use http::{Request, Response};
use kernel::refusal::{OVERLOADED, PERMISSION_DENIED};
use std::sync::{Arc, Mutex, PoisonError};
use tonic::body::Body;
use tower::{Service, ServiceExt};

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It arrives and is answered.
    Pass,
    /// It never arrives.
    LoseCall,
    /// It arrives and takes effect; the answer is lost.
    LoseAnswer,
    /// The caller hears nothing; the call arrives when [`Faults::deliver_late`] is called.
    Late,
    /// It never arrives, and the caller hears that the peer is too busy.
    Overload,
    /// It never arrives, and the caller hears that it may not.
    Forbid,
}

type LateCall = (Wire, Request<Body>);

/// Decides the fate of calls and keeps the late ones.
#[derive(Clone)]
pub struct Faults {
    decide: Arc<dyn Fn(&str) -> Fate + Send + Sync>,
    late: Arc<Mutex<Vec<LateCall>>>,
}

impl Faults {
    /// Faults decided by the path of each call, such as
    /// `/yibao.settlement.v1.SettlementService/PostSettlement`.
    pub fn new(decide: impl Fn(&str) -> Fate + Send + Sync + 'static) -> Faults {
        Faults {
            decide: Arc::new(decide),
            late: Arc::default(),
        }
    }

    /// `wire` behind these faults.
    pub fn over(&self, wire: Wire) -> Wire {
        let faults = self.clone();
        Wire::new(tower::service_fn(move |request: Request<Body>| {
            let (faults, wire) = (faults.clone(), wire.clone());
            async move { faults.carry(wire, request).await }
        }))
    }

    async fn carry(&self, wire: Wire, request: Request<Body>) -> Result<Response<Body>, Broken> {
        match (self.decide)(request.uri().path()) {
            Fate::Pass => wire.oneshot(request).await,
            Fate::LoseCall => Err(Broken::new("the call was lost")),
            Fate::LoseAnswer => {
                wire.oneshot(request).await?;
                Err(Broken::new("the answer was lost"))
            }
            Fate::Overload => Ok(status_of(&OVERLOADED.refuse()).into_http()),
            Fate::Forbid => {
                let no = PERMISSION_DENIED
                    .refuse()
                    .with("method", request.uri().path());
                Ok(status_of(&no).into_http())
            }
            Fate::Late => {
                let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
                late.push((wire, request));
                Err(Broken::new("the call is late"))
            }
        }
    }

    /// Delivers every late call, in order; answers how many there were.
    pub async fn deliver_late(&self) -> usize {
        let late = std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner));
        let count = late.len();
        for (mut wire, request) in late {
            if let Ok(ready) = wire.ready().await {
                // Nobody waits for the answer to a late call.
                drop(ready.call(request).await);
            }
        }
        count
    }
}
