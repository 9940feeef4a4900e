//! The whole suite in one process: see `yibao --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    yibao::cli::run()
}
