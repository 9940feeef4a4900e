//! 审计: whether any event was altered in the services' databases, by the chains in them and the signed
//! heads outside; and proofs that an event was sealed, which need no database.

use crate::heads::HeadsFolder;
use crate::progress::Progress;
use crate::story::sheet::{Sheet, Side};
use crate::suite::{SuiteError, database_file, service_url};
use clap::{Args, Subcommand};
use kernel::seal::{Anew, Cause, Flaw, Proof, ProofError, SignedHead};
use kernel::sm2::{PublicKey, Sm2Error};
use kernel::{Clock, Instant, mask};
use runtime::clock::SystemClock;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use store::audit::{AuditError, Fault, Report};
use store::entity::event;
use store::heads::{self, FileHeads, Line, PublishError};
use store::{Db, DbConfig, OpenError, audit, chain};

/// The services that keep events.
const SERVICES: [&str; 5] = [
    enrollment::NAME,
    settlement::NAME,
    referral::NAME,
    interregional::NAME,
    orchestrator::NAME,
];

/// Characters of a reason that are told at most.
const REASON_MAX: usize = 400;
/// Characters of a column that are shown at most.
const CELL_MAX: usize = 10_000;
/// Bytes of a key or a proof at most: an event has no more.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// What to audit.
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Walk every service's chain, against itself and against the signed heads; names the first block
    /// that does not hold and why. Exit status 0 when all of it holds.
    Verify(Audited),
    /// Show the newest signed head of every service: to print, or to keep elsewhere.
    Head(Audited),
    /// 另起: after a restore from a backup that lost blocks, state so, signed, in the file of heads, and let
    /// heads go on from the newest one that the restored chain has. What was lost stays in the file, and
    /// `verify` tells it for ever. Nothing happens to a chain that goes on as it is.
    BeginAnew {
        #[command(flatten)]
        audited: Audited,
        /// The service whose database was restored.
        #[arg(long, value_name = "NAME", value_parser = SERVICES)]
        service: String,
        /// Who says so.
        #[arg(long, value_name = "NAME", value_parser = one_line)]
        by: String,
        /// Why, in one line of at most 200 characters: which backup, by whose order.
        #[arg(long, value_name = "TEXT", value_parser = one_line)]
        reason: String,
        /// The private key that signs heads, PKCS#8 PEM; beside the data folder unless told.
        #[arg(long, value_name = "FILE")]
        signing_key: Option<PathBuf>,
    },
    /// Export the proof that an event was sealed, as JSON.
    Prove {
        #[command(flatten)]
        audited: Audited,
        /// The service that told the event.
        #[arg(long, value_name = "NAME", value_parser = SERVICES)]
        service: String,
        /// The event's id.
        #[arg(long, value_name = "ID")]
        event: String,
    },
    /// Check such a proof: needs the public key and no database. Exit status 0 when it holds.
    Check {
        /// The proof.
        proof: PathBuf,
        /// The public key, SPKI PEM; again for another.
        #[arg(long, value_name = "FILE", required = true)]
        key: Vec<PathBuf>,
    },
}

/// Where the data is, and the heads.
#[derive(Debug, Args)]
pub struct Audited {
    /// Folder of the databases.
    #[arg(
        long,
        value_name = "DIR",
        default_value = "./data",
        conflicts_with = "database"
    )]
    data: PathBuf,
    /// A PostgreSQL database with a schema for each service.
    #[arg(long, value_name = "URL", requires_all = ["heads", "key"])]
    database: Option<String>,
    /// The file of signed heads; beside the data folder unless told.
    #[arg(long, value_name = "FILE")]
    heads: Option<PathBuf>,
    /// The public key, SPKI PEM; again for one that was used before. Beside the data folder unless
    /// told.
    #[arg(long, value_name = "FILE")]
    key: Vec<PathBuf>,
}

/// Why nothing could be audited.
#[derive(Debug, thiserror::Error)]
pub enum AuditTrouble {
    /// A file cannot be read.
    #[error("cannot read {file}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A key cannot be used.
    #[error("cannot use the key {file}: {source}")]
    Key {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: Sm2Error,
    },
    /// No service has a database there.
    #[error("no service keeps data in {0}; name the folder with --data DIR")]
    NoData(PathBuf),
    /// The data folder's name cannot be used.
    #[error(transparent)]
    Folder(#[from] SuiteError),
    /// A database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A database or the heads cannot be read to their end.
    #[error("{service}: {source}")]
    Unread {
        /// The service.
        service: &'static str,
        /// What happened.
        source: AuditError,
    },
    /// The statement was not kept.
    #[error("{service}: {source}")]
    Unstated {
        /// The service.
        service: String,
        /// Why.
        source: PublishError,
    },
    /// The event cannot be proved.
    #[error(
        "event {0} is not sealed in this service, or no published head covers it yet: a head is \
         published within a second while the suite runs"
    )]
    Unproved(String),
    /// What was exported proves nothing.
    #[error("event {event}: {source}; run `yibao audit verify`")]
    Unproving {
        /// The event.
        event: String,
        /// Why.
        source: ProofError,
    },
    /// The proof's file is none.
    #[error("{file} is no proof: {reason}")]
    NoProof {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The result cannot be printed.
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

/// Does what the command line says.
pub async fn obey(asked: &Audit, out: &mut dyn Write) -> Result<ExitCode, AuditTrouble> {
    match asked {
        Audit::Verify(audited) => audited.verify(out).await,
        Audit::Head(audited) => audited.head(out),
        Audit::BeginAnew {
            audited,
            service,
            by,
            reason,
            signing_key,
        } => {
            let said = (by.as_str(), reason.as_str());
            let key = signing_key.as_deref();
            audited.begin_anew(service, said, key, out).await
        }
        Audit::Prove {
            audited,
            service,
            event,
        } => {
            let proof = audited.prove(service, event).await?;
            serde_json::to_writer_pretty(&mut *out, &proof).map_err(io::Error::from)?;
            writeln!(out)?;
            Ok(ExitCode::SUCCESS)
        }
        Audit::Check { proof, key } => check(proof, key, out),
    }
}

impl Audited {
    fn heads(&self) -> PathBuf {
        let beside = || HeadsFolder::beside(&self.data).file();
        self.heads.clone().unwrap_or_else(beside)
    }

    fn keys(&self) -> Result<Vec<PublicKey>, AuditTrouble> {
        match self.key.as_slice() {
            [] => keys(&[HeadsFolder::beside(&self.data).public_key()]),
            named => keys(named),
        }
    }

    fn lines(&self) -> Result<impl Iterator<Item = io::Result<Line>> + use<>, AuditTrouble> {
        let file = self.heads();
        heads::read_lines(&file).map_err(|source| AuditTrouble::File { file, source })
    }

    /// The service's database as it stands; none where it has none.
    async fn open(&self, service: &str) -> Result<Option<Db>, AuditTrouble> {
        let url = match &self.database {
            Some(url) => url.clone(),
            None if database_file(&self.data, service).exists() => {
                service_url(&self.data, service)?
            }
            None => return Ok(None),
        };
        let config = DbConfig {
            url,
            schema: service.to_string(),
            connections: 2,
        };
        Ok(Some(Db::look_at(&config).await?))
    }

    async fn verify(&self, out: &mut dyn Write) -> Result<ExitCode, AuditTrouble> {
        let (keys, progress) = (self.keys()?, Progress::new());
        let (mut reports, mut known) = (Vec::new(), BTreeSet::new());
        for service in SERVICES {
            let Some(db) = self.open(service).await? else {
                continue;
            };
            known.insert(service.to_string());
            let unread = |source| AuditTrouble::Unread { service, source };
            let newest = chain::height::<event::Model>(&db).await;
            let newest = newest.map_err(|no| unread(AuditError::Database(no)))?;
            progress.begin(service, usize::try_from(newest).unwrap_or(0));
            let held = |_: &_| progress.step();
            let heads = |source| unread(AuditError::Heads(source));
            let voids = audit::voids::<event::Model>(service, self.lines()?).map_err(heads)?;
            let read = (voids, self.lines()?);
            let report = audit::audit::<event::Model>(&db, service, read, &keys, held);
            reports.push((service, report.await.map_err(unread)?));
            db.close().await;
        }
        progress.end();
        if known.is_empty() {
            return Err(AuditTrouble::NoData(self.data.clone()));
        }
        let lost = self.services_of_heads()?.into_iter();
        let lost: Vec<String> = lost.filter(|service| !known.contains(service)).collect();
        tell(&reports, &lost, out)?;
        let whole = lost.is_empty() && reports.iter().all(|(_, report)| report.fault.is_none());
        Ok(if whole {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// The services that published heads: one whose database is gone is not forgotten.
    fn services_of_heads(&self) -> Result<BTreeSet<String>, AuditTrouble> {
        let signed = self.lines()?.filter_map(|line| line.ok()?.head());
        Ok(signed.map(|signed| signed.head.service).collect())
    }

    fn head(&self, out: &mut dyn Write) -> Result<ExitCode, AuditTrouble> {
        let keys = self.keys()?;
        let mut newest: Vec<(String, SignedHead)> = Vec::new();
        for signed in self.lines()?.filter_map(|line| line.ok()?.head()) {
            let name = format!("{} {}", signed.head.service, signed.head.chain);
            match newest.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = signed,
                None => newest.push((name, signed)),
            }
        }
        let mut whole = true;
        for (name, signed) in &newest {
            let (head, right) = (&signed.head, signed.is_signed_by(&keys));
            whole &= right;
            let at = Instant::from_micros(head.sealed_at).in_shanghai();
            let mark = if right {
                "✓ 签名有效"
            } else {
                "✗ 签名无效"
            };
            writeln!(
                out,
                "{name}：第 {} 块，至事件 {}，{at}",
                head.number, head.last_position
            )?;
            writeln!(
                out,
                "   链头 {}\n   签名 {}\n   {mark}",
                head.hash, signed.signature
            )?;
        }
        Ok(if whole {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    async fn begin_anew(
        &self,
        service: &str,
        (by, reason): (&str, &str),
        key: Option<&Path>,
        out: &mut dyn Write,
    ) -> Result<ExitCode, AuditTrouble> {
        let Some(db) = self.open(service).await? else {
            return Err(AuditTrouble::NoData(self.data.clone()));
        };
        let unstated = |source| AuditTrouble::Unstated {
            service: service.to_string(),
            source,
        };
        let beside = || HeadsFolder::beside(&self.data).key();
        let signer = heads::read_key(&key.map_or_else(beside, Path::to_path_buf));
        let signer = signer.map_err(unstated)?;
        let kept = FileHeads::new(&self.heads());
        let said = (by, reason, SystemClock.now());
        let stated = heads::begin_anew::<event::Model>(&db, service, &kept, &signer, said).await;
        db.close().await;
        match stated.map_err(unstated)? {
            Some(anew) => writeln!(out, "✓ {}", lost(&anew))?,
            None => writeln!(out, "✓ {service}：链与链头相符，无需另起")?,
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn prove(&self, service: &str, event: &str) -> Result<Proof, AuditTrouble> {
        let Some(db) = self.open(service).await? else {
            return Err(AuditTrouble::NoData(self.data.clone()));
        };
        let (keys, mut lines) = (self.keys()?, self.lines()?);
        let heads = |source| AuditTrouble::Unread {
            service: "prove",
            source: AuditError::Heads(source),
        };
        let voids = audit::voids::<event::Model>(service, self.lines()?).map_err(heads)?;
        let covering = |number: i64| {
            lines.find_map(|line| {
                let line = line.ok()?;
                let place = line.number;
                let signed = line.head()?;
                let head = &signed.head;
                let covers = head.is_of(service, <event::Model as chain::Sealed>::TABLE)
                    && head.number >= number
                    && !voids.iter().any(|void| void.voids(place, head));
                covers.then_some(signed)
            })
        };
        let proved = chain::prove::<event::Model>(&db, event, covering).await;
        db.close().await;
        let unread = |no| AuditTrouble::Unread {
            service: "prove",
            source: AuditError::Database(no),
        };
        let proof = proved.map_err(unread)?;
        let proof = proof.ok_or_else(|| AuditTrouble::Unproved(event.to_string()))?;
        match proof.check(&keys) {
            Ok(()) => Ok(proof),
            Err(source) => Err(AuditTrouble::Unproving {
                event: event.to_string(),
                source,
            }),
        }
    }
}

fn keys(files: &[PathBuf]) -> Result<Vec<PublicKey>, AuditTrouble> {
    let read = |file: &PathBuf| {
        let key = PublicKey::from_pem(&text(file)?);
        key.map_err(|source| AuditTrouble::Key {
            file: file.clone(),
            source,
        })
    };
    files.iter().map(read).collect()
}

/// A key or a proof: what is longer is cut, and then it is none.
fn text(file: &Path) -> Result<String, AuditTrouble> {
    let failed = |source| AuditTrouble::File {
        file: file.to_path_buf(),
        source,
    };
    let mut text = String::new();
    let opened = File::open(file).map_err(failed)?;
    let read = opened.take(FILE_BYTES_MAX).read_to_string(&mut text);
    read.map_err(failed)?;
    Ok(text)
}

fn check(file: &Path, by: &[PathBuf], out: &mut dyn Write) -> Result<ExitCode, AuditTrouble> {
    let proof: Proof =
        serde_json::from_str(&text(file)?).map_err(|error| AuditTrouble::NoProof {
            file: file.to_path_buf(),
            // It quotes what was written.
            reason: mask::told(&error.to_string(), REASON_MAX),
        })?;
    let no = match proof.check(&keys(by)?) {
        Ok(()) => {
            let head = &proof.head.head;
            let at = Instant::from_micros(head.sealed_at).in_shanghai();
            writeln!(
                out,
                "✓ {} 的第 {} 号事件，在 {at} 之前已封存，此后未改：",
                head.service, proof.position
            )?;
            for (name, value) in &proof.record {
                let (name, value) = (mask::told(name, CELL_MAX), mask::told(value, CELL_MAX));
                writeln!(out, "   {name} {value}")?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        Err(no) => no,
    };
    let why = match no {
        ProofError::Signature => "链头的签名不是这把公钥的",
        ProofError::Record => "事件不在所说的区块里",
        ProofError::Blocks => "区块接不到签名的链头",
    };
    writeln!(out, "✗ 证明不成立：{why}")?;
    Ok(ExitCode::FAILURE)
}

fn tell(
    reports: &[(&'static str, Report)],
    missing: &[String],
    out: &mut dyn Write,
) -> io::Result<()> {
    let row = |(service, report): &(&'static str, Report)| {
        let number = |n: i64| n.to_string();
        vec![
            service.to_string(),
            number(report.blocks),
            number(report.last_position),
            number(report.published),
            if report.fault.is_none() {
                "成立"
            } else {
                "不成立"
            }
            .to_string(),
        ]
    };
    let rows: Vec<_> = reports.iter().map(row).collect();
    let headings = [
        ("服务", Side::Left),
        ("成立的区块", Side::Right),
        ("事件", Side::Right),
        ("签名至区块", Side::Right),
        ("结论", Side::Left),
    ];
    Sheet::new(out).table(&headings, &rows)?;
    for (service, report) in reports {
        if let Some(fault) = &report.fault {
            writeln!(out, "✗ {service}：{}", sentence(fault))?;
        }
    }
    for (_, report) in reports {
        for anew in &report.anew {
            writeln!(out, "▲ {}", lost(anew))?;
        }
    }
    for service in missing {
        writeln!(out, "✗ {service}：签名的链头里有它，这里却没有它的数据库")?;
    }
    Ok(())
}

/// What was stated of a restore.
fn lost(anew: &Anew) -> String {
    let at = Instant::from_micros(anew.stated_at).in_shanghai();
    format!(
        "{}：自第 {} 块（事件 {}）之后另起，此前至第 {} 块的链头作废（恢复丢失）：{}（{}，{at}）",
        anew.service, anew.number, anew.last_position, anew.lost_number, anew.reason, anew.by
    )
}

/// A statement is signed line by line: no word of it may begin another line.
fn one_line(text: &str) -> Result<String, String> {
    let fits = (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    match fits {
        true => Ok(text.to_string()),
        false => Err("one line of 1 to 200 characters".to_string()),
    }
}

fn sentence(fault: &Fault) -> String {
    match fault {
        Fault::Chain(flaw) => broken(flaw),
        Fault::HeadForged { line } => {
            format!("链头文件第 {line} 行的签名无效：该行被伪造、改动，或者由另一把密钥签名")
        }
        Fault::HeadsCut { line, number } => {
            format!("链头文件第 {line} 行之前缺少第 {number} 块的链头：有行被删或损坏")
        }
        Fault::HeadsBehind { number } => format!(
            "自第 {number} 块起没有签名的链头：链头文件的尾部被截，或者公布早已停止（见服务日志）"
        ),
    }
}

fn broken(flaw: &Flaw) -> String {
    let cause = match flaw.cause {
        Cause::Edited => "有事件被改动",
        Cause::Deleted => "有事件被删除",
        Cause::Reordered => "事件的次序被调换",
        Cause::Inserted => "有事件被插入",
        Cause::BlockEdited => "区块本身被改动",
        Cause::BlockDeleted => "区块本身被删除",
        Cause::Rewritten => "区块连同其后的链被重新计算，与签名的链头或后一区块不符",
        Cause::TailCut => "尾部被截，签名的链头里还有它们",
    };
    let at = flaw
        .position
        .map_or(String::new(), |position| format!("，在位置 {position}"));
    format!(
        "第 {} 块（事件 {} 至 {}）起不成立：{cause}{at}",
        flaw.block, flaw.first_position, flaw.last_position
    )
}
