//! 模拟: a year of stored settlements priced again under another package: what funds and people would
//! pay, month by month; who would win and lose; and who stands near a cliff.
//!
//! ```text
//! database ──load, goes on after a cut──▶ cache ──priced by threads, goes on after a cut──▶ sums ──▶ table, CSV, SVG
//! ```
//!
//! It changes nothing but the access log: whoever loads a year has read what is known of its people. What
//! is printed names nobody; settlements are named only with `--cases`, which is written down too.

pub mod block;
pub mod cache;
mod chart;
mod csv;
mod load;
pub mod price;
pub mod run;
mod show;
pub mod sums;

use self::cache::{Cache, CacheError, Found, Head};
use self::load::{LoadError, Loaded};
use self::price::Pricer;
use self::run::{Notes, Ran};
use crate::progress::Progress;
use crate::suite::{SuiteError, database_file, service_url};
use clap::Args;
use kernel::{AreaCode, Fen, Refusal};
use policy::{Library, PACKAGE_BYTES_MAX, Package, PackageError, Severity, lint};
use runtime::clock::SystemClock;
use runtime::stop_signal;
use settlement::year::Year;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{DbConfig, OpenError};

/// Connections to the database: one page is read at a time.
const CONNECTIONS: u32 = 2;
/// Threads at most.
const THREADS_MAX: u16 = 256;

/// What to price under which package.
#[derive(Clone, Debug, Args)]
pub struct Simulate {
    /// The package, a TOML file in order as `yibao policy check` says.
    #[arg(value_name = "PACKAGE")]
    pub package: PathBuf,
    /// The year whose settlements are priced again.
    #[arg(long, value_name = "YEAR")]
    pub year: i32,
    /// Folder of the databases.
    #[arg(
        long,
        value_name = "DIR",
        default_value = "./data",
        conflicts_with = "database"
    )]
    pub data: PathBuf,
    /// A PostgreSQL database with a schema for each service.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Where the year's claims are kept, so that the database is asked once; yibao-AREA-YEAR.cache unless
    /// told. Once it is whole no database is needed.
    #[arg(long, value_name = "FILE")]
    pub cache: Option<PathBuf>,
    /// Threads that price; as many as there are cores unless told.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(THREADS_MAX)))]
    pub threads: Option<u16>,
    /// How near a cliff a bill stands, in yuan.
    #[arg(long, value_name = "YUAN", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub reach: u32,
    /// Write the tables into this folder.
    #[arg(long, value_name = "DIR")]
    pub csv: Option<PathBuf>,
    /// Draw the months into this file.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Name the settlements of those who would pay most; written into the access log.
    #[arg(long)]
    pub cases: bool,
    /// Who asks, for the access log.
    #[arg(long = "as", value_name = "CALLER", default_value = "simulate")]
    pub caller: String,
}

/// Why nothing was simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// A file cannot be read or written.
    #[error("cannot use {file}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no package.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// It is a package that cannot be used.
    #[error("{file} cannot be used: {why}; run `yibao policy check {file}`")]
    NotInOrder {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// There is no such year.
    #[error("{0} is no year a package may hold in")]
    Year(i32),
    /// The cache cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The year cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The data folder's name cannot be used.
    #[error(transparent)]
    Folder(#[from] SuiteError),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Nobody was settled.
    #[error("no settlement of area {area} stands in {year}")]
    Nothing {
        /// The area.
        area: AreaCode,
        /// The year.
        year: i32,
    },
    /// The access log cannot be written, so nobody is shown.
    #[error("{0}")]
    Log(Box<Refusal>),
    /// The pricing threads ended by themselves.
    #[error("the pricing ended by itself; the log above says why")]
    Died,
    /// Ctrl-C before the end.
    #[error("interrupted; the same command goes on where it stopped")]
    Interrupted,
    /// Nobody reads what we print.
    #[error("cannot print: {0}")]
    Print(#[from] io::Error),
}

/// Does what the command line says.
pub async fn obey(asked: &Simulate, out: &mut dyn Write) -> Result<(), SimulateError> {
    let stop = Arc::new(AtomicBool::new(false));
    let heard = stop.clone();
    let listening = tokio::spawn(async move {
        stop_signal().await;
        heard.store(true, Ordering::Relaxed);
    });
    let done = simulate(asked, stop, out).await;
    listening.abort();
    done
}

async fn simulate(
    asked: &Simulate,
    stop: Arc<AtomicBool>,
    out: &mut dyn Write,
) -> Result<(), SimulateError> {
    let package = read(&asked.package)?;
    let (area, progress) = (package.area().clone(), Progress::new());
    let reach = Fen::yuan(i64::from(asked.reach));
    let pricer = Pricer::new(&package, asked.year, reach);
    let pricer = Arc::new(pricer.ok_or(SimulateError::Year(asked.year))?);
    let path = asked.cache_file(&area);
    let cache = asked.loaded(&area, &path, &stop, &progress).await?;
    if cache.summary.claims == 0 {
        let year = asked.year;
        return Err(SimulateError::Nothing { area, year });
    }
    let notes = Notes::beside(&path, &cache, package.digest(), reach.0);
    let threads = asked.threads();
    let priced = pricer.clone();
    progress.begin(
        "重新计价",
        usize::try_from(cache.summary.claims).unwrap_or(usize::MAX),
    );
    let work = tokio::task::spawn_blocking(move || {
        let told = |claims| progress.steps(claims);
        let ran = run::run(&cache, &priced, (threads, &notes), &stop, told);
        progress.end();
        ran
    });
    let sums = match work.await.map_err(|_| SimulateError::Died)?? {
        Ran::Whole(sums) => *sums,
        Ran::Stopped => return Err(SimulateError::Interrupted),
    };
    if asked.cases {
        let shown = sums.hardest.iter().map(|hit| hit.settlement.to_string());
        let year = asked.open(&area).await?;
        let noted = asked.note(&year, &shown.collect::<Vec<_>>()).await;
        year.close().await;
        noted?;
    }
    let told = show::Told {
        asked,
        package: &package,
        cliffs: &pricer.cliffs,
        sums: &sums,
    };
    told.print(out)?;
    if let Some(folder) = &asked.csv {
        csv::write(&told, folder)?;
    }
    if let Some(file) = &asked.svg {
        let drawn = std::fs::write(file, chart::svg(&told));
        drawn.map_err(|source| unusable(file, source))?;
    }
    Ok(())
}

fn unusable(file: &Path, source: io::Error) -> SimulateError {
    SimulateError::File {
        file: file.to_path_buf(),
        source,
    }
}

/// The package in a file, if it could be activated.
fn read(file: &Path) -> Result<Package, SimulateError> {
    let mut text = String::new();
    // One byte more than is allowed, for the parser to say so.
    let most = u64::try_from(PACKAGE_BYTES_MAX).map_or(u64::MAX, |most| most + 1);
    File::open(file)
        .and_then(|opened| opened.take(most).read_to_string(&mut text))
        .map_err(|source| unusable(file, source))?;
    let package = Package::parse(&file.display().to_string(), &text)?;
    let why = package.check_examples().first().map(|failure| {
        let (example, what) = (&failure.example, &failure.what);
        format!("算例 {example} 的 {what} 不符")
    });
    let why = why.or_else(|| {
        let lints = lint(&package);
        let error = lints.iter().find(|lint| lint.severity == Severity::Error);
        error.map(|lint| format!("{} {}", lint.code, lint.text))
    });
    match why {
        None => Ok(package),
        Some(why) => Err(SimulateError::NotInOrder {
            file: file.to_path_buf(),
            why,
        }),
    }
}

impl Simulate {
    fn cache_file(&self, area: &AreaCode) -> PathBuf {
        let named = || PathBuf::from(format!("yibao-{area}-{}.cache", self.year));
        self.cache.clone().unwrap_or_else(named)
    }

    fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or_else(cores, usize::from)
    }

    /// The cache, loaded to its end where it is not.
    async fn loaded(
        &self,
        area: &AreaCode,
        path: &Path,
        stop: &AtomicBool,
        progress: &Progress,
    ) -> Result<Cache, SimulateError> {
        let head = Head::of(area.as_str(), self.year);
        let writer = match cache::open(path, &head)? {
            Found::Whole(cache) => return Ok(*cache),
            Found::Part(writer) => writer,
        };
        if self.database.is_none() && !database_file(&self.data, settlement::NAME).exists() {
            return Err(writer.unfinished().into());
        }
        let year = self.open(area).await?;
        let loaded = match self.note(&year, &[]).await {
            Ok(()) => load::load(&year, &head, writer, stop, progress).await,
            Err(no) => {
                year.close().await;
                return Err(no);
            }
        };
        year.close().await;
        match loaded? {
            Loaded::Whole(cache) => Ok(*cache),
            Loaded::Stopped => Err(SimulateError::Interrupted),
        }
    }

    async fn open(&self, area: &AreaCode) -> Result<Year, SimulateError> {
        let url = match &self.database {
            Some(url) => url.clone(),
            None => service_url(&self.data, settlement::NAME)?,
        };
        let config = DbConfig {
            url,
            schema: settlement::NAME.to_string(),
            connections: CONNECTIONS,
        };
        let library = Arc::new(Library::builtin()?);
        let of = (area.clone(), self.year);
        Ok(Year::look_at(&config, of, Arc::new(SystemClock), library).await?)
    }

    async fn note(&self, year: &Year, shown: &[String]) -> Result<(), SimulateError> {
        let noted = year.note(&self.caller, "政策模拟", shown).await;
        noted.map_err(|no| SimulateError::Log(Box::new(no)))
    }
}
