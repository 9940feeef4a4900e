//! The settlement service as a process of its own.

use mimalloc::MiMalloc;
use runtime::Needs;
use runtime::clock::SystemClock;
use std::process::ExitCode;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    runtime::run(settlement::NAME, Needs::DATABASE, |settings| async move {
        let library = Arc::new(policy::Library::builtin()?);
        let db = settlement::open(&settings).await?;
        Ok(settlement::build(
            db,
            &settings,
            Arc::new(SystemClock),
            library,
        ))
    })
}
