//! One method per RPC: load, decide, store. The changes of registrations and of insurance and the
//! reads each have a file.

mod credentials;
mod filings;
mod identity_checks;
mod insure;
mod read;
mod register;
mod standings;
mod transfers;

pub use identity_checks::Shown;

use crate::domain::TokenKey;
use crate::refusal;
use crate::store::recorded::{self, Recorded};
use ::store::access;
use ::store::chain::Checked;
use ::store::document::{Documents, Register};
use ::store::event::{self, Event};
use ::store::{Db, Key, Stop, Tx};
use kernel::{
    AccessEntry, AccessFilter, AreaCode, Clock, Instant, Outcome, Refusal, SealedEvent, Spec,
};
use policy::{Law, Library};
use serde_json::{Value, json};
use std::sync::Arc;

/// Refusals that may stand in this service's key rows.
pub const LISTS: &[&[&Spec]] = &[
    refusal::ALL,
    policy::refusal::ALL,
    ::store::refusal::ALL,
    kernel::refusal::ALL,
];

/// What the policy packages are called among the service's documents.
pub const PACKAGE: &str = "package";

/// The service's decisions over its store.
pub struct App {
    db: Db,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// 政策包: proposed and activated at run time; which one decides is [`policy::Law`]'s to say.
    pub packages: Register<Law>,
    /// What tokens are made with; none where the system gave no random bytes.
    token_key: Option<TokenKey>,
}

impl App {
    /// The service's decisions over `db`; `library` has the packages that come with the suite, and
    /// tokens are made with `token_key`.
    pub fn new(
        db: Db,
        clock: Arc<dyn Clock>,
        library: Arc<Library>,
        token_key: Option<TokenKey>,
    ) -> App {
        let documents = Documents {
            db: db.clone(),
            kind: PACKAGE,
            lists: LISTS,
        };
        App {
            db,
            clock,
            packages: Register::new(documents, Law::new(library)),
            token_key,
        }
    }

    /// Withdraws what a request made: `undo` gets its id and answers the facts to tell, or none
    /// where nothing stood any more.
    async fn undo<F, Fut>(&self, key: &Key, kind: &'static str, undo: F) -> Result<Outcome, Refusal>
    where
        F: Fn(Tx, String, Instant) -> Fut,
        Fut: Future<Output = Result<Option<Value>, Stop>>,
    {
        let now = self.clock.now();
        let undo = &undo;
        let work = |tx: Tx, id: String| async move {
            match undo(tx.clone(), id.clone(), now).await? {
                Some(facts) => tell(&tx, &key.area, now, (kind, id), facts).await,
                None => Ok(()),
            }
        };
        self.db.withdraw(key, now, LISTS, work).await
    }

    /// Withdraws what a request recorded of a person; nothing where it went with the person.
    async fn undo_recorded(&self, key: &Key, what: Recorded) -> Result<Outcome, Refusal> {
        let undo = |tx, id: String, now| async move {
            let person = recorded::withdraw(&tx, &key.area, what, &id, now).await?;
            Ok(person.map(|person| json!({ "person_id": person })))
        };
        self.undo(key, withdrawn(what), undo).await
    }

    /// What became of a request.
    pub async fn outcome(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.db.outcome(key, LISTS).await
    }

    /// Burns a key.
    pub async fn burn(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.db.burn(key, self.clock.now(), LISTS).await
    }

    /// Sealed events.
    pub async fn events(
        &self,
        area: &AreaCode,
        after: i64,
        size: u64,
    ) -> Result<Vec<SealedEvent>, Refusal> {
        event::list(&self.db, area, after, size).await
    }

    /// 访问记录: who read what is known of people.
    pub async fn accesses(
        &self,
        area: &AreaCode,
        filter: &AccessFilter,
        place: (u64, &str),
    ) -> Result<(Vec<AccessEntry>, String), Refusal> {
        access::page(&self.db, area, filter, place).await
    }

    /// 验链: how far the chain of events holds.
    pub async fn chain(&self, after: i64, blocks: u64) -> Result<Checked, Refusal> {
        event::check(&self.db, after, blocks).await
    }
}

/// What is told when something recorded of a person is withdrawn.
fn withdrawn(what: Recorded) -> &'static str {
    match what {
        Recorded::Coverage => "coverage.withdrawn",
        Recorded::Identity => "identity.withdrawn",
        Recorded::Suspension => "benefit.suspension_withdrawn",
        Recorded::Card => "card.withdrawn",
        Recorded::Filing => "disease_filing.withdrawn",
        Recorded::Standing => "standing.change_withdrawn",
        Recorded::TransferCertificate => "transfer.certificate_withdrawn",
        Recorded::Transfer => "transfer.withdrawn",
    }
}

/// Tells what happened to what, in its transaction.
async fn tell(
    tx: &Tx,
    area: &AreaCode,
    now: Instant,
    (kind, subject): (&'static str, String),
    facts: Value,
) -> Result<(), Stop> {
    let told = Event {
        area: area.clone(),
        kind,
        subject,
        facts,
    };
    Ok(event::record(tx, now, told).await?)
}
