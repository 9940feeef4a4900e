//! The inspection service as a process of its own.

use runtime::Needs;
use runtime::clock::SystemClock;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    runtime::run(inspection::NAME, Needs::default(), |settings| async move {
        Ok(inspection::build(&settings, Arc::new(SystemClock))?)
    })
}
