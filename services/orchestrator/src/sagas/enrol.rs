//! 参保缴费: a year of coverage, and the subsidy of its fee paid from the ledger.

use super::Told;
use crate::steps::enrollment::{Coverage, EnrolPerson};
use crate::steps::subsidy::{PostSubsidy, Posted};
use crate::steps::{Kept, Ports};
use crate::wire::Enrol;
use saga::{Body, Halt, Saga};
use std::sync::Arc;

/// 参保缴费 with 资助.
pub struct EnrolWithSubsidy(Arc<Enrol>);

/// A person enrolled.
pub struct Enrolled {
    /// The coverage; known from the journal.
    pub coverage: Option<Kept<Coverage>>,
    /// The subsidy in the ledger.
    pub posted: Kept<Posted>,
}

impl EnrolWithSubsidy {
    /// Of this request.
    pub fn new(enrol: Enrol) -> EnrolWithSubsidy {
        EnrolWithSubsidy(Arc::new(enrol))
    }
}

impl Body for EnrolWithSubsidy {
    const KIND: &'static str = "enrol.v1";
    type Ports = Ports;
    type Pivot = PostSubsidy;
    type Output = Enrolled;

    fn bare(&self) -> PostSubsidy {
        PostSubsidy {
            enrol: self.0.clone(),
            coverage: None,
        }
    }

    fn told(&self, posted: Kept<Posted>) -> Enrolled {
        let coverage = None;
        Enrolled { coverage, posted }
    }

    async fn steps<'a>(&'a self, saga: Saga<'a, Ports>) -> Result<Enrolled, Halt> {
        enrol(saga, self.0.clone()).await
    }
}

impl Told for Enrolled {
    fn is_replayed(&self) -> bool {
        self.posted.replayed
    }
}

async fn enrol(mut saga: Saga<'_, Ports>, enrol: Arc<Enrol>) -> Result<Enrolled, Halt> {
    let coverage = Some(saga.run(EnrolPerson(enrol.clone())).await?);
    let post = PostSubsidy {
        enrol,
        coverage: coverage.clone(),
    };
    let posted = saga.conclude(post).await?;
    Ok(Enrolled { coverage, posted })
}
