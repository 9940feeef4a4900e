//! The orchestrator as a process of its own.

use mimalloc::MiMalloc;
use orchestrator::{Executor, Peers, Times};
use runtime::clock::SystemClock;
use std::process::ExitCode;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    runtime::run(orchestrator::NAME, Peers::NEEDS, |settings| async move {
        let peers = Peers::connect(&settings)?;
        let db = orchestrator::open(&settings).await?;
        let times = Times::configured(&settings);
        let executor = Executor::new(db, Arc::new(SystemClock), peers.clone(), times)
            .requiring_identity(settings.require_identity_check);
        let service = orchestrator::build(&settings, executor);
        Ok(orchestrator::passing_on(service, &peers, &settings))
    })
}
