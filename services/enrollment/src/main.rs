//! The enrollment service as a process of its own.

use mimalloc::MiMalloc;
use runtime::Needs;
use runtime::clock::SystemClock;
use std::process::ExitCode;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    runtime::run(enrollment::NAME, Needs::DATABASE, |settings| async move {
        let library = Arc::new(policy::Library::builtin()?);
        let db = enrollment::open(&settings).await?;
        Ok(enrollment::build(
            db,
            &settings,
            Arc::new(SystemClock),
            library,
        ))
    })
}
