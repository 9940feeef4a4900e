//! 测速: what a core prices in a second, how many sagas the engine and its journal bring to their
//! end, and what a hundred thousand open ones cost an orchestrator that starts; each beside what was
//! measured before.

mod apart;
mod blank;
mod growth;
pub(crate) mod machine;
mod open_sagas;
mod overload;
mod policy;
mod saga;
mod settle;
mod simulate;
mod start;

use self::growth::GrowthBench;
use self::open_sagas::OpenSagasBench;
use self::overload::OverloadBench;
use self::policy::PolicyBench;
use self::saga::SagaBench;
use self::settle::SettleBench;
use self::simulate::SimulateBench;
use self::start::StartBench;
use crate::authority::AuthorityError;
use crate::simulate::cache::CacheError;
use crate::suite::SuiteError;
use ::policy::PackageError;
use clap::Subcommand;
use kernel::Refusal;
use runtime::{ServeError, WireError};
use std::io::{self, Write};
use std::path::PathBuf;
use tonic::Status;

/// What is measured.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Claims per second of one core: ten lines, five layers, with and without reasons.
    Policy(PolicyBench),
    /// Sagas per second: four steps that ask nobody, through the real engine and journal.
    Saga(SagaBench),
    /// Claims of a year priced again under a package: 4 million unless told, by one thread and by two.
    Simulate(SimulateBench),
    /// Settlements per second, mixed as on a real day, through gRPC; beside them pgbench with the same
    /// statements.
    Settle(SettleBench),
    /// What a settlement costs among many stored ones, and what it takes on disk.
    Growth(GrowthBench),
    /// How long the built program takes until it serves, and its memory while nobody asks it anything.
    Start(StartBench),
    /// What many open sagas cost: an orchestrator starts among them, and takes up those due.
    OpenSagas(OpenSagasBench),
    /// Overload: goodput, what is shed, how long it takes, and how soon it is over.
    Overload(OverloadBench),
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The suite's packages do not hold.
    #[error("{0}")]
    Package(#[from] PackageError),
    /// No example of the package lets five layers pay.
    #[error("no built-in package has an example in which five layers pay")]
    NoClaim,
    /// The other program does not answer as this one does.
    #[error("{0}: expected a build of yibao that knows `bench policy --plain`: {1}")]
    Other(PathBuf, String),
    /// The output, the temporary folder or the record cannot be written.
    #[error("cannot write: {0}")]
    Output(#[from] io::Error),
    /// The year's claims cannot be kept.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The databases cannot be opened.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    /// The journals cannot be opened.
    #[error("orchestrator: {0}")]
    Journals(#[from] store::OpenError),
    /// The suite cannot be reached.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The suite cannot serve.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Somebody's data: nothing is measured there.
    #[error("the database has sagas already; name an empty one of its own with --database URL")]
    InUse,
    /// A saga did not come to the end it should.
    #[error("a saga came to another end than it should: {0}")]
    Saga(Box<Refusal>),
    /// A request was answered otherwise than it should.
    #[error("a request was answered otherwise than it should: {0}")]
    Answer(Box<Status>),
    /// The due sagas are not taken up.
    #[error("after {0} seconds {1} due sagas are still open")]
    Stands(u64, u64),
    /// The separate services get no certificates.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// pgbench, or a separate service, did not run.
    #[error("{0}: {1}")]
    Beside(PathBuf, String),
    /// A database cannot tell what lies in it.
    #[error("{0}")]
    Tables(String),
    /// The database has other rows than were answered.
    #[error("{0}")]
    Rows(String),
}

impl From<Status> for BenchError {
    fn from(status: Status) -> BenchError {
        BenchError::Answer(Box::new(status))
    }
}

/// Measures, and tells what came out.
pub async fn obey(bench: &Bench, out: &mut impl Write) -> Result<(), BenchError> {
    let plain = matches!(bench, Bench::Policy(asked) if asked.is_plain());
    if cfg!(debug_assertions) && !plain {
        writeln!(
            out,
            "a debug build is no measurement: cargo run --release -p yibao -- bench …\n"
        )?;
    }
    match bench {
        Bench::Policy(asked) => policy::obey(asked, out),
        Bench::Saga(asked) => saga::obey(asked, out).await,
        Bench::Simulate(asked) => simulate::obey(asked, out),
        Bench::Settle(asked) => settle::obey(asked, out).await,
        Bench::Growth(asked) => growth::obey(asked, out).await,
        Bench::Start(asked) => start::obey(asked, out).await,
        Bench::OpenSagas(asked) => open_sagas::obey(asked, out).await,
        Bench::Overload(asked) => overload::obey(asked, out).await,
    }
}

/// Whole numbers with thousands separators; a dash where there was nothing to measure.
fn grouped(number: u64) -> String {
    if number == 0 {
        return "–".to_string();
    }
    let digits = format!("{number}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Microseconds as milliseconds with one decimal.
fn millis(micros: u64) -> String {
    format!("{}.{}", micros / 1_000, micros % 1_000 / 100)
}

/// Hundredths as a number with two decimals.
fn hundredths(number: u64) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}
