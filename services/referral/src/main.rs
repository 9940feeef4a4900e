//! The referral service as a process of its own.

use runtime::Needs;
use runtime::clock::SystemClock;
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    runtime::run(referral::NAME, Needs::DATABASE, |settings| async move {
        let db = referral::open(&settings).await?;
        Ok(referral::build(db, &settings, Arc::new(SystemClock)))
    })
}
