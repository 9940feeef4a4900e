//! 政策启用: proposes, activates and lists policy packages at run time. Enrollment decides fees and
//! settlement decides claims by them, and neither knows the other: what is asked here is asked of
//! both, and where only one of them did it, that is said, and saying it again mends it.

mod list;

use crate::cli::Trouble;
use crate::reach::Reach;
use crate::story::sheet::Sheet;
use crate::told::Told;
use clap::{Args, Subcommand};
use kernel::{Clock, Digest, Instant};
use policy::{PACKAGE_BYTES_MAX, Package};
use proto::common::PolicyPackage;
use proto::enrollment::enrollment_service_client::EnrollmentServiceClient;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use proto::{enrollment, settlement};
use runtime::clock::SystemClock;
use runtime::{Wire, render};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pages of a list that are read.
const PAGES_MAX: usize = 100;
/// Packages on a page.
const PAGE_SIZE: i32 = 500;

/// What can be done with packages while the suite runs.
#[derive(Debug, Subcommand)]
pub enum Activation {
    /// Propose a package: enrollment and settlement keep its text; it decides nothing yet.
    Propose {
        #[command(flatten)]
        asked: Asked,
        /// The package.
        file: PathBuf,
    },
    /// Activate a proposed package from an instant on: another person than proposed it.
    Activate {
        #[command(flatten)]
        asked: Asked,
        /// The digest that `propose` printed, 64 hexadecimal characters.
        #[arg(value_parser = digest)]
        digest: Digest,
        /// From when decisions follow it: "2018-01-01 00:00" in Asia/Shanghai, or RFC 3339.
        #[arg(long = "at", value_name = "INSTANT", value_parser = instant)]
        at: Instant,
        /// Why, at most 200 characters.
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// List the packages of the area: which decide, since when, and who says so.
    List {
        #[command(flatten)]
        reach: Reach,
        /// Who asks.
        #[arg(long = "as", value_name = "CALLER", default_value = "policy-list")]
        caller: String,
    },
}

/// Who asks, whom, and under which name.
#[derive(Debug, Args)]
pub struct Asked {
    #[command(flatten)]
    reach: Reach,
    /// Who proposes or activates: two different people.
    #[arg(long = "as", value_name = "CALLER")]
    caller: String,
    /// The request's id, to repeat or to withdraw it by; a new one unless it is given.
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

impl Asked {
    fn request_id(&self) -> String {
        let fresh = || format!("policy-{}", store::new_id(SystemClock.now()));
        self.request_id.clone().unwrap_or_else(fresh)
    }
}

fn digest(text: &str) -> Result<Digest, String> {
    Digest::parse(text).ok_or_else(|| "write all 64 hexadecimal characters".to_string())
}

fn instant(text: &str) -> Result<Instant, String> {
    let expected = "write \"2018-01-01 00:00\" (Asia/Shanghai) or \"2018-01-01T00:00:00+08:00\"";
    Instant::parse(text).ok_or_else(|| expected.to_string())
}

/// Why a package could not be proposed or activated everywhere.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// The file cannot be read.
    #[error("cannot read {file}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Neither service did it.
    #[error("两个服务均未{0}。")]
    Nowhere(&'static str),
    /// One of the two did it.
    #[error(
        "只有{done}服务已{verb}，{missing}服务没有：两者所依据的政策此刻可能不同。\n\
         请排除上述原因后重复执行同一命令：已{verb}的服务不会再次{verb}，重复是安全的。"
    )]
    OnlyOne {
        /// What was asked.
        verb: &'static str,
        /// Which did it.
        done: &'static str,
        /// Which did not.
        missing: &'static str,
    },
    /// What became of it is not known everywhere.
    #[error("结果未知。请重复执行同一命令：已{0}的服务不会再次{0}，重复是安全的。")]
    Unknown(&'static str),
    /// The list is longer than anybody reads.
    #[error("there are more than {0} packages")]
    TooMany(usize),
    /// A list that was not given.
    #[error("{service}: {told}")]
    Refused {
        /// Which service.
        service: &'static str,
        /// What it said.
        told: Told,
    },
}

/// Does what the command line says, and prints to `out`.
pub async fn obey(command: Activation, out: &mut dyn Write) -> Result<(), Trouble> {
    match command {
        Activation::Propose { asked, file } => propose(&asked, &file, out).await,
        Activation::Activate {
            asked,
            digest,
            at,
            reason,
        } => activate(&asked, (digest, at, &reason), out).await,
        Activation::List { reach, caller } => list::show(&keepers(&reach, &caller)?, out).await,
    }
}

async fn propose(asked: &Asked, file: &Path, out: &mut dyn Write) -> Result<(), Trouble> {
    let text = read(file)?;
    // What is wrong in the text is told with the file's own name, and nothing is sent.
    let package = Package::parse(&file.display().to_string(), &text)?;
    let (id, digest) = (asked.request_id(), package.digest());
    let mut sheet = Sheet::new(out);
    sheet.heading(&format!(
        "提交政策包  {}  {}",
        package.name(),
        package.title()
    ))?;
    sheet.line(&format!("摘要      {digest}"))?;
    sheet.line(&format!("请求编号  {id}"))?;
    let mut ends = Vec::new();
    for keeper in keepers(&asked.reach, &asked.caller)? {
        let end = End::of(keeper.propose(&id, &text).await, "DOCUMENT_EXISTS", |_| {
            true
        });
        sheet.hanging(&format!("{}      ", keeper.name()), &end.told("提交"))?;
        ends.push((keeper.name(), end));
    }
    judge("提交", &ends)?;
    sheet.line("由另一人启用后才生效：")?;
    Ok(writeln!(out, "{}", next_step(&digest.to_string()))?)
}

async fn activate(
    asked: &Asked,
    (digest, at, reason): (Digest, Instant, &str),
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    let id = asked.request_id();
    let mut sheet = Sheet::new(out);
    sheet.heading(&format!("启用政策包  自 {} 起", at.in_shanghai()))?;
    sheet.line(&format!("摘要      {digest}"))?;
    sheet.line(&format!("请求编号  {id}"))?;
    let mut ends = Vec::new();
    for keeper in keepers(&asked.reach, &asked.caller)? {
        let answer = keeper.activate(&id, digest, at, reason).await;
        // Activated before, but from another instant, is not what was asked.
        let same = |since: &str| since == at.in_shanghai();
        let end = End::of(answer, "DOCUMENT_ACTIVATED", same);
        sheet.hanging(&format!("{}      ", keeper.name()), &end.told("启用"))?;
        ends.push((keeper.name(), end));
    }
    Ok(judge("启用", &ends)?)
}

fn read(file: &Path) -> Result<String, ActivationError> {
    let mut text = String::new();
    // One byte more than is allowed, for the parser to say so.
    let most = u64::try_from(PACKAGE_BYTES_MAX).map_or(u64::MAX, |most| most + 1);
    let opened = File::open(file);
    let read = opened.and_then(|opened| opened.take(most).read_to_string(&mut text));
    read.map(|_| text).map_err(|source| ActivationError::File {
        file: file.to_path_buf(),
        source,
    })
}

/// What became of a request at one service.
enum End {
    Done,
    /// An earlier request had done it; the sentence says whose.
    Before(Told),
    No(Told),
    Unknown(Told),
}

impl End {
    /// `already` is the code that says it was done before, if `same` finds the instant in it right.
    fn of(answer: Result<(), Status>, already: &str, same: impl Fn(&str) -> bool) -> End {
        let Err(status) = answer else {
            return End::Done;
        };
        let told = Told::of(&status);
        let details = status.get_error_details();
        let at = details
            .error_info()
            .and_then(|info| info.metadata.get("at"));
        if told.code == already {
            return match at.is_some_and(|at| same(at)) {
                true => End::Before(told),
                false => End::No(told),
            };
        }
        match status.code() {
            Code::InvalidArgument
            | Code::NotFound
            | Code::AlreadyExists
            | Code::FailedPrecondition
            | Code::PermissionDenied
            | Code::Unauthenticated => End::No(told),
            _ => End::Unknown(told),
        }
    }

    fn told(&self, verb: &str) -> String {
        match self {
            End::Done => format!("已{verb}"),
            End::Before(told) => format!("此前已{verb}：{}", told.sentence),
            End::No(told) => format!("未{verb}：{told}"),
            End::Unknown(told) => format!("结果未知：{told}"),
        }
    }
}

/// Whether all of it was done, now or before.
fn judge(verb: &'static str, ends: &[(&'static str, End)]) -> Result<(), ActivationError> {
    let is_done = |end: &End| matches!(end, End::Done | End::Before(_));
    let done = ends.iter().find(|(_, end)| is_done(end));
    let missing = ends.iter().find(|(_, end)| !is_done(end));
    match (done, missing) {
        (_, None) => Ok(()),
        _ if ends.iter().any(|(_, end)| matches!(end, End::Unknown(_))) => {
            Err(ActivationError::Unknown(verb))
        }
        (None, _) => Err(ActivationError::Nowhere(verb)),
        (Some((done, _)), Some((missing, _))) => Err(ActivationError::OnlyOne {
            verb,
            done,
            missing,
        }),
    }
}

/// A service that decides by packages.
enum Keeper {
    Enrollment(EnrollmentServiceClient<Wire>),
    Settlement(SettlementServiceClient<Wire>),
}

fn keepers(reach: &Reach, caller: &str) -> Result<[Keeper; 2], Trouble> {
    let desk = reach.desk_at_first_call(caller)?;
    Ok([
        Keeper::Enrollment(desk.enrollment()),
        Keeper::Settlement(desk.settlement()),
    ])
}

/// The same question to either service: both have it in a package of their own.
macro_rules! ask {
    ($keeper:expr, $method:ident, $message:ident { $($field:ident: $value:expr),* $(,)? }) => {
        match $keeper {
            Keeper::Enrollment(client) => {
                let message = enrollment::$message { $($field: $value),* };
                let answer = client.clone().$method(patient(message)).await;
                answer.map(|answer| Answer::Enrollment(answer.into_inner()))
            }
            Keeper::Settlement(client) => {
                let message = settlement::$message { $($field: $value),* };
                let answer = client.clone().$method(patient(message)).await;
                answer.map(|answer| Answer::Settlement(answer.into_inner()))
            }
        }
    };
}

/// The answer of either service.
enum Answer<E, S> {
    Enrollment(E),
    Settlement(S),
}

fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}

impl Keeper {
    fn name(&self) -> &'static str {
        match self {
            Keeper::Enrollment(_) => "参保",
            Keeper::Settlement(_) => "结算",
        }
    }

    async fn propose(&self, id: &str, text: &str) -> Result<(), Status> {
        let asked = ask!(
            self,
            propose_package,
            ProposePackageRequest {
                request_id: id.to_string(),
                text: text.to_string(),
            }
        );
        asked.map(drop)
    }

    async fn activate(
        &self,
        id: &str,
        digest: Digest,
        at: Instant,
        reason: &str,
    ) -> Result<(), Status> {
        let asked = ask!(
            self,
            activate_package,
            ActivatePackageRequest {
                request_id: id.to_string(),
                package_digest: digest.to_string(),
                activates_time: Some(render::timestamp(at)),
                reason: reason.to_string(),
            }
        );
        asked.map(drop)
    }

    /// Every package the service has.
    async fn packages(&self) -> Result<Vec<PolicyPackage>, ActivationError> {
        let (mut all, mut token) = (Vec::new(), String::new());
        for _ in 0..PAGES_MAX {
            let asked = ask!(
                self,
                list_packages,
                ListPackagesRequest {
                    page_size: PAGE_SIZE,
                    page_token: token,
                }
            );
            let page = asked.map_err(|status| ActivationError::Refused {
                service: self.name(),
                told: Told::of(&status),
            })?;
            let (packages, next) = match page {
                Answer::Enrollment(page) => (page.packages, page.next_page_token),
                Answer::Settlement(page) => (page.packages, page.next_page_token),
            };
            all.extend(packages);
            if next.is_empty() {
                return Ok(all);
            }
            token = next;
        }
        Err(ActivationError::TooMany(all.len()))
    }
}

/// The command by which another person activates a text: on one line, to be pasted.
fn next_step(digest: &str) -> String {
    format!("yibao policy activate {digest} --as 另一人 --at \"年-月-日 时:分\"")
}
