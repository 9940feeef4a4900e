//! The inspection service as a process of its own.

use mimalloc::MiMalloc;
use runtime::Needs;
use runtime::clock::SystemClock;
use std::process::ExitCode;
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    runtime::run(inspection::NAME, Needs::default(), |settings| async move {
        Ok(inspection::build(&settings, Arc::new(SystemClock))?)
    })
}
