//! 命令行: what an operator or a stranger types, and what they are told when it does not work.

mod paste;
mod place;
mod request;

use crate::access;
use crate::access_log;
use crate::activation::{self, Activation, ActivationError};
use crate::area::{self, AREA, AREA_NAME, LOADER, LoadError};
use crate::audit::{self, Audit, AuditTrouble};
use crate::author::{self, Authoring};
use crate::authority::{self, AuthorityError, Certificates};
use crate::batch::{self, Batch, BatchError};
use crate::bench::{self, Bench, BenchError};
use crate::call::{CallError, Remote, comment_of, path_of};
use crate::desk::{Desk, Wires};
use crate::envelope::EnvelopeSender;
use crate::folder::FolderError;
use crate::host::{Believe, Host, Length};
use crate::indicator::{self, Indicator};
use crate::issuer::{self, IssuerError, TokenArgs};
use crate::late_facts::{self, LateFacts};
use crate::payer_file::{self, PayerFile, TableError};
use crate::people::{Population, SEED};
use crate::progress::Progress;
use crate::reach::Reach;
use crate::receipt::{self, Print};
use crate::receivables::{self, Receivables};
use crate::reconcile::{self, Reconcile, SheetError};
use crate::replay::{self, Replay};
use crate::saga::{self, Operation};
use crate::simulate::{self, Simulate, SimulateError};
use crate::story::Halted;
use crate::story::day::DayError;
use crate::suite::SuiteError;
use crate::upkeep::{self, Upkeep, UpkeepError};
use clap::{Args, Parser, Subcommand};
use place::Place;
use policy::PackageError;
use runtime::{Scraped, ServeError, Telemetry, WireError, stop_signal};
use std::future::Future;
use std::io::{self, Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

/// Where the suite listens unless told otherwise.
const LISTEN: &str = "127.0.0.1:50051";
/// Where the client finds it.
pub(crate) const ENDPOINT: &str = "http://127.0.0.1:50051";

const AFTER_HELP: &str = "\
Without a command: opens the data folder, loads the demonstration area (152501) when it is empty,
tells the story of a year and of a day, prints where it listens, and serves until Ctrl-C.

Examples:
  yibao                                   the demonstration, then serve
  yibao demo --data /tmp/once             the story only; exit status 0 when all of it held
  yibao up --listen 127.0.0.1:6000        serve, nothing else
  yibao list                              services and methods of a running suite
  yibao call settlement/GetTrialBalance '{}'
  yibao call --as H15250100005 orchestrator/PreSettle @claim.json
  yibao batch --as H15250100005 june.jsonl
                                          settle a month's claims; again goes on after a cut
  yibao saga list --caller H15250100001 --request s1
                                          what became of a hospital's request
  yibao reconcile --institution H15250100001 --day 2018-03-01 rows.tsv
                                          a hospital's books against the bureau's
  yibao payer-file write --fund 390200 --month 2018-03 march.csv
                                          what the insurer of a fund is told of a month
  yibao indicator --from 2018-01-01 --to 2018-12-31
                                          how many visits were in the county
  yibao receipt ID -o receipt.pdf         a settlement on paper
  yibao replay --year 2017                compute a year's settlements again
  yibao simulate 2018.toml --year 2017    what that year would come to under a package
  yibao audit verify                      whether any event was altered in the databases
  yibao backup -o /backup/monday          copy the data of a suite that serves; then restore
  yibao policy new 330523 > 330523.toml   begin a policy package, then check it:
  yibao policy check 330523.toml          exit status 0 when it can be used

Logs go to standard error; RUST_LOG chooses which, YIBAO_LOG=json makes each line a JSON object with
its trace; OTEL_EXPORTER_OTLP_ENDPOINT exports traces and metrics, --metrics offers them.";

/// 医保 — the medical insurance suite: enrolment, settlement, referral, inspection, interregional
/// settlement and their orchestrator, in one process on embedded databases.
#[derive(Debug, Parser)]
#[command(name = "yibao", version, after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    tale: Tale,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Load the demonstration area, tell the story, exit: 0 when every expectation held.
    Demo {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        tale: Tale,
    },
    /// Serve until Ctrl-C or SIGTERM; tell no story.
    Up {
        #[command(flatten)]
        place: Place,
        /// Load the demonstration area when the data folder is empty.
        #[arg(long)]
        demo_data: bool,
        /// Believe nobody without a token of `yibao token`; a word on loopback is worth nothing then.
        #[arg(long, conflicts_with = "demo_data")]
        require_tokens: bool,
    },
    /// Sign a token for somebody with the data folder's key, and print it: see `up --require-tokens`.
    Token(TokenArgs),
    /// Certificates for trials and tests.
    #[command(subcommand)]
    Certificate(Certificates),
    /// Who may call what, of whose, and what it does: every method of the suite.
    Access,
    /// Call any method of a running suite: JSON in, JSON out, by gRPC reflection.
    Call {
        #[command(flatten)]
        remote: Reach,
        /// Who calls: an institution's code, or a clerk's name.
        #[arg(long = "as", value_name = "CALLER")]
        caller: Option<String>,
        /// Send it signed and encrypted, as the sender of this file: its app id, the files of its
        /// secret and key, and the keys that answers are signed with.
        #[arg(long, value_name = "FILE")]
        envelope: Option<PathBuf>,
        /// settlement/GetSettlement, GetSettlement, or the full name.
        #[arg(value_name = "SERVICE/METHOD")]
        method: String,
        /// The request: JSON, @FILE, or - for standard input.
        #[arg(value_name = "JSON", default_value = "{}")]
        request: String,
    },
    /// List the services and methods of a running suite.
    List {
        #[command(flatten)]
        remote: Reach,
    },
    /// Settle or price a file of claims at a running suite, one JSON a line; the same command again
    /// goes on where it was cut. Exit status 0 when every claim is done.
    Batch(Batch),
    /// Whether any event was altered in the databases, by their chains and the signed heads outside; proofs
    /// that an event was sealed.
    #[command(subcommand)]
    Audit(Audit),
    /// Measure, and compare with what was measured before.
    #[command(subcommand)]
    Bench(Bench),
    /// Policy packages: begin, check, explain and compare one; propose, activate and list them in a
    /// running suite.
    #[command(subcommand)]
    Policy(Policy),
    /// Compare an institution's day with the bureau's, row by row; exit status 1 while a difference is
    /// open.
    Reconcile(Reconcile),
    /// Sagas: list, show and reckon with those of a running suite; retry, resume or abandon them.
    #[command(subcommand)]
    Saga(Operation),
    /// Print the receipt of a settlement to a PDF file.
    Receipt(Print),
    /// Compute settlements again from what was stored of them; exit status 1 when one of them is not
    /// what it was.
    Replay(Replay),
    /// 政策模拟: a year's settlements priced again under another package: what funds and people would pay,
    /// who wins and loses, who stands near a cliff. Changes nothing.
    Simulate(Simulate),
    /// Late facts of a person (待遇追溯): what an identity recognised late, or a death learnt late,
    /// moves in the settlements of a year. Pays only what was shown, by the digest shown with it.
    LateFacts(LateFacts),
    /// What patients of 先诊疗后付费 have not paid by a day.
    Receivables(Receivables),
    /// 县内就诊率: how many of a period's visits were in the county, with bars.
    Indicator(Indicator),
    /// What a fund's payer, such as the insurer of 大病保险, is told of a month, and what it answers.
    #[command(subcommand)]
    PayerFile(PayerFile),
    /// Who read what is known of whom, and who was turned away; for auditors.
    AccessLog(access_log::Asked),
    #[command(flatten)]
    Upkeep(Upkeep),
}

#[derive(Debug, Subcommand)]
enum Policy {
    #[command(flatten)]
    Author(Authoring),
    #[command(flatten)]
    Run(Activation),
}

#[derive(Debug, Args)]
struct Tale {
    /// Leave out the county's day of two thousand claims.
    #[arg(long)]
    short: bool,
}

impl Tale {
    fn length(&self) -> Length {
        match self.short {
            true => Length::Year,
            false => Length::YearAndDay,
        }
    }
}

/// Why a command ended without success.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[allow(missing_docs)]
pub enum Trouble {
    Folder(#[from] FolderError),
    Suite(#[from] SuiteError),
    Serve(#[from] ServeError),
    Wire(#[from] WireError),
    Package(#[from] PackageError),
    Load(#[from] LoadError),
    Story(#[from] Halted),
    Day(#[from] DayError),
    Call(#[from] CallError),
    Activation(#[from] ActivationError),
    Authority(#[from] AuthorityError),
    Issuer(#[from] IssuerError),
    Audit(#[from] AuditTrouble),
    Batch(#[from] BatchError),
    Bench(#[from] BenchError),
    Sheet(#[from] SheetError),
    Table(#[from] TableError),
    Simulate(#[from] SimulateError),
    Upkeep(#[from] UpkeepError),
    /// The request cannot be read.
    #[error("cannot read the request from {from}: {source}")]
    Request {
        /// A file, or standard input.
        from: String,
        /// What the system said.
        source: io::Error,
    },
    /// A receipt cannot be written.
    #[error("cannot write {file}: {source}")]
    Receipt {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nobody reads what we print.
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
    /// The server's task ended by itself.
    #[error("the server stopped by itself; the log above says why")]
    ServerDied,
    /// Ctrl-C before the end.
    #[error("interrupted")]
    Interrupted,
}

impl Trouble {
    /// True when nobody reads our output any more.
    fn is_unread(&self) -> bool {
        match self {
            Trouble::Print(error)
            | Trouble::Audit(AuditTrouble::Print(error))
            | Trouble::Simulate(SimulateError::Print(error))
            | Trouble::Story(Halted::Print(error))
            | Trouble::Day(DayError::Story(Halted::Print(error))) => {
                error.kind() == io::ErrorKind::BrokenPipe
            }
            _ => false,
        }
    }
}

/// Does what the command line says.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match runtime::workers() {
        Ok(runtime) => runtime,
        Err(error) => {
            writeln!(io::stderr(), "yibao: cannot start: {error}").ok();
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(async {
        let scraped = cli.place().map_or(Scraped::No, Place::scraped);
        let telemetry = Telemetry::begin("yibao", scraped);
        let result = obey(cli, &telemetry).await;
        telemetry.end();
        match result {
            Ok(code) => code,
            // Whoever closed our output knows why: `yibao list | head`.
            Err(trouble) if trouble.is_unread() => ExitCode::FAILURE,
            Err(trouble) => {
                // Where even standard error is closed, the status still tells.
                writeln!(io::stderr(), "yibao: {trouble}").ok();
                ExitCode::FAILURE
            }
        }
    })
}

impl Cli {
    /// Where a suite is served, if one is.
    fn place(&self) -> Option<&Place> {
        match &self.command {
            None => Some(&self.place),
            Some(Command::Demo { place, .. } | Command::Up { place, .. }) => Some(place),
            Some(_) => None,
        }
    }
}

async fn obey(cli: Cli, telemetry: &Telemetry) -> Result<ExitCode, Trouble> {
    let done = match cli.command {
        None => {
            let show = Show::Story(cli.tale.length());
            serve(&cli.place, show, Believe::Loopback, telemetry).await
        }
        Some(Command::Demo { place, tale }) => demonstrate(&place, tale.length(), telemetry).await,
        Some(Command::Up {
            place,
            demo_data,
            require_tokens,
        }) => {
            let show = if demo_data { Show::Area } else { Show::Nothing };
            let believe = match require_tokens {
                true => Believe::Tokens,
                false => Believe::Loopback,
            };
            serve(&place, show, believe, telemetry).await
        }
        Some(Command::Token(asked)) => issuer::obey(&asked, &mut stdout()),
        Some(Command::Certificate(command)) => authority::obey(&command, &mut stdout()),
        Some(Command::Access) => access::obey(&mut stdout()).await,
        Some(Command::Call {
            remote,
            caller,
            envelope,
            method,
            request,
        }) => {
            let known = Remote::reach(&remote).await?;
            let method = known.method(&method)?;
            let request = request::read(&request)?;
            let answer = match envelope {
                None => known.call(&method, caller.as_deref(), &request).await?,
                Some(file) => {
                    let sender = EnvelopeSender::read(&file).map_err(CallError::from)?;
                    sender
                        .send(&remote, caller.as_deref(), &method, &request)
                        .await?
                }
            };
            Ok(writeln!(stdout(), "{answer}")?)
        }
        Some(Command::List { remote }) => list(&Remote::reach(&remote).await?),
        Some(Command::Audit(asked)) => return Ok(audit::obey(&asked, &mut stdout()).await?),
        Some(Command::Batch(batch)) => return batch::obey(batch, &mut stdout()).await,
        Some(Command::Bench(bench)) => Ok(bench::obey(&bench, &mut stdout()).await?),
        Some(Command::Policy(Policy::Run(command))) => {
            activation::obey(command, &mut stdout()).await
        }
        Some(Command::Reconcile(asked)) => return reconcile::obey(&asked, &mut stdout()).await,
        Some(Command::Saga(operation)) => saga::obey(operation, &mut stdout()).await,
        Some(Command::Receipt(print)) => receipt::obey(print, &mut stdout()).await,
        Some(Command::Replay(command)) => return replay::obey(&command, &mut stdout()).await,
        Some(Command::Simulate(asked)) => Ok(simulate::obey(&asked, &mut stdout()).await?),
        Some(Command::LateFacts(asked)) => late_facts::obey(asked, &mut stdout()).await,
        Some(Command::AccessLog(asked)) => access_log::obey(asked, &mut stdout()).await,
        Some(Command::Upkeep(asked)) => Ok(upkeep::obey(asked, &mut stdout()).await?),
        Some(Command::Receivables(asked)) => receivables::obey(asked, &mut stdout()).await,
        Some(Command::Indicator(asked)) => indicator::obey(asked, &mut stdout()).await,
        Some(Command::PayerFile(asked)) => return payer_file::obey(&asked, &mut stdout()).await,
        Some(Command::Policy(Policy::Author(command))) => {
            return Ok(author::obey(&command, &mut stdout())?);
        }
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// What happens before a suite just serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Show {
    Nothing,
    Area,
    Story(Length),
}

/// Serves until a signal.
async fn serve(
    place: &Place,
    show: Show,
    believe: Believe,
    telemetry: &Telemetry,
) -> Result<(), Trouble> {
    let mut stop = std::pin::pin!(stop_signal());
    let mut host = place.start(believe, telemetry).await?;
    paste::locate(&host, &mut stdout())?;
    let prepared = async {
        let wires = host.wires()?;
        if show != Show::Nothing {
            load(&wires).await?;
        }
        let played = match show {
            Show::Story(length) => Some(host.tell(length, &mut stdout()).await?),
            _ => None,
        };
        paste::announce(&host, played.as_ref(), believe, &mut stdout())
    };
    let interrupted = match until(prepared, &mut stop).await {
        Some(Ok(())) => {
            until(host.ended(), &mut stop).await;
            false
        }
        Some(Err(trouble)) => {
            host.drain().await.ok();
            return Err(trouble);
        }
        None => true,
    };
    drain(host).await?;
    match interrupted {
        true => Err(Trouble::Interrupted),
        false => Ok(()),
    }
}

/// Tells the story and stops.
async fn demonstrate(place: &Place, length: Length, telemetry: &Telemetry) -> Result<(), Trouble> {
    let mut stop = std::pin::pin!(stop_signal());
    let host = place.start(Believe::Loopback, telemetry).await?;
    paste::locate(&host, &mut stdout())?;
    let told = async {
        let wires = host.wires()?;
        load(&wires).await?;
        host.tell(length, &mut stdout()).await
    };
    let told = until(told, &mut stop).await;
    let drained = host.drain().await;
    let played = told.unwrap_or(Err(Trouble::Interrupted))?;
    drained?;
    writeln!(
        stdout(),
        "\n演示完成：{} 项检查全部成立。",
        played.expectations
    )?;
    Ok(())
}

/// The work's end, or nothing when the signal came first.
async fn until<T>(
    work: impl Future<Output = T>,
    stop: &mut (impl Future<Output = ()> + Unpin),
) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = stop => None,
    }
}

async fn drain(host: Host) -> Result<(), Trouble> {
    writeln!(stdout(), "\n正在停止：不再接受新连接，等待未完成的请求……")?;
    let sentence = match host.drain().await? {
        true => "已停止：所有请求均已结束。",
        false => "已停止：等待时限已到，仍有请求未结束；请凭原请求编号查询结果。",
    };
    Ok(writeln!(stdout(), "{sentence}")?)
}

/// Loads the demonstration area, unless it was loaded before.
async fn load(wires: &Wires) -> Result<(), Trouble> {
    let desk = Desk::new(wires, LOADER);
    if area::is_loaded(&desk).await? {
        return Ok(writeln!(
            stdout(),
            "演示地区 {AREA_NAME}（{AREA}）已在数据目录中。"
        )?);
    }
    writeln!(
        stdout(),
        "装入演示地区 {AREA_NAME}（{AREA}），合成居民的随机种子为 {SEED}："
    )?;
    let population = Population::generate(SEED);
    let loaded = area::load(&desk, &population, &Progress::new()).await?;
    writeln!(
        stdout(),
        "   机构 {} 家，目录 {} 项（两个版本），家庭 {} 户，居民 {} 人（参保 {} 人），异地参与方 {} 个",
        loaded.institutions,
        loaded.items,
        loaded.households,
        loaded.residents,
        loaded.insured,
        loaded.participants
    )?;
    Ok(())
}

fn list(remote: &Remote) -> Result<(), Trouble> {
    let mut out = stdout();
    for service in remote.services() {
        writeln!(
            out,
            "{}  {}",
            service.full_name(),
            comment_of(&service, None)
        )?;
        for method in service.methods() {
            let name = path_of(&method);
            let name = name.rsplit('/').next().unwrap_or_default();
            writeln!(out, "  {name:<28}  {}", comment_of(&service, Some(&method)))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
