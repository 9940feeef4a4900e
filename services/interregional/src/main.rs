//! The interregional service as a process of its own.

use mimalloc::MiMalloc;
use runtime::Needs;
use runtime::clock::SystemClock;
use std::process::ExitCode;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    runtime::run(
        interregional::NAME,
        Needs::DATABASE,
        |settings| async move {
            let db = interregional::open(&settings).await?;
            Ok(interregional::build(db, &settings, Arc::new(SystemClock)))
        },
    )
}
