//! 演练: the crash campaign and the loss of the primary database, as commands.

use clap::{Args, Parser, Subcommand};
use integration_tests::campaign::failover::failover;
use integration_tests::campaign::servers::Tools;
use integration_tests::campaign::{DATABASE, Plan, chaos, crash, keep_in, plant};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// 演练: kills what can be killed under load, and then looks whether anything was lost, doubled or
/// made up. Exits with 0 only when every check holds.
#[derive(Parser)]
#[command(name = "campaign")]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Services killed at random, servers crashed, lines that fail.
    Crash(Crash),
    /// 灾备: the primary database lost under load, its standby promoted.
    Failover(Failover),
}

#[derive(Args)]
struct Common {
    /// Where chance begins; drawn when it is not said.
    #[arg(long)]
    seed: Option<u64>,
    /// Tills that ask.
    #[arg(long, default_value_t = 12)]
    tills: usize,
    /// Insured people.
    #[arg(long, default_value_t = 200)]
    people: u32,
    /// A folder in which the tills' record and the services' logs stay.
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
}

#[derive(Args)]
struct Crash {
    #[command(flatten)]
    common: Common,
    /// Processes to kill.
    #[arg(long, default_value_t = 1_000)]
    kills: u64,
    /// Seconds after which no more are killed.
    #[arg(long, value_name = "SECONDS")]
    duration: Option<u64>,
    /// The longest pause between two mishaps, in milliseconds.
    #[arg(long, default_value_t = 1_200)]
    pause_ms: u64,
}

#[derive(Args)]
struct Failover {
    #[command(flatten)]
    common: Common,
    /// Primaries to lose, one after the other.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Commits do not wait for the standby: the drill must then find what was lost.
    #[arg(long)]
    asynchronous: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let ended = runtime.block_on(async {
        tokio::select! {
            ended = run(cli) => ended,
            // Whatever runs is dropped, and with it every process.
            () = runtime::stop_signal() => Err("stopped: nothing was judged".into()),
        }
    });
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("campaign: {why}");
            ExitCode::from(2)
        }
    }
}

async fn run(cli: Cli) -> Result<bool, String> {
    let tools = Tools::find()?;
    match cli.what {
        What::Crash(asked) => {
            let plan = Plan {
                kills: asked.kills,
                duration: asked.duration.map(Duration::from_secs),
                pause_max: Duration::from_millis(asked.pause_ms.max(4)),
                tour: chaos::TOUR,
                ..plan(&asked.common)?
            };
            let judged = crash(&tools, &plan).await;
            print!("{}", judged.verdict);
            if !judged.verdict.holds() {
                return Ok(false);
            }
            let missed = plant::everything(&judged.postgres, &judged.evidence, DATABASE).await;
            for missed in &missed {
                println!("a check that cannot fail: {missed}");
            }
            Ok(missed.is_empty())
        }
        What::Failover(asked) => {
            let plan = plan(&asked.common)?;
            let drill = failover(&tools, &plan, asked.rounds, !asked.asynchronous);
            let (_, judged) = drill.await;
            print!("{}", judged.verdict);
            Ok(judged.verdict.holds())
        }
    }
}

fn plan(common: &Common) -> Result<Plan, String> {
    Ok(Plan {
        seed: common.seed.unwrap_or_else(drawn_seed),
        kills: 0,
        duration: None,
        tills: common.tills,
        people: common.people,
        pause_max: Duration::ZERO,
        tour: &[],
        keep: common.keep.as_deref().map(keep_in).transpose()?,
    })
}

/// Six digits of the process id and what the system's own randomness gives a map.
fn drawn_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id()) % 1_000_000
}
