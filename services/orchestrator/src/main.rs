//! The orchestrator as a process of its own.

use orchestrator::Peers;
use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::run(orchestrator::NAME, Peers::NEEDS, |settings| async move {
        let peers = Peers::connect(&settings)?;
        Ok(orchestrator::build(&settings, peers))
    })
}
