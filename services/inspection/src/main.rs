//! The inspection service as a process of its own.

use runtime::clock::SystemClock;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    runtime::run(inspection::NAME, |settings| async move {
        Ok(inspection::build(&settings, Arc::new(SystemClock))?)
    })
}
