//! 全套服务: the six services in one process, each with a database of its own, the orchestrator
//! wired to its peers without a network in between.

use crate::desk::{Desk, Wires};
use kernel::{AreaCode, Clock, Fen};
use orchestrator::{Executor, Peers, Times};
use policy::Library;
use runtime::clock::SystemClock;
use runtime::envelope::EnvelopeKeys;
use runtime::{
    Access, Limits, ServeError, Server, Service, Settings, SettingsError, TokenSettings, Wire,
};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store::backup::sqlite_url;
use store::{CommitFaults, Db, OpenError};

/// Connections of a service to a server that all services share, whose default is a hundred for everybody.
const CONNECTIONS: u32 = 16;

/// What may be put between the orchestrator and a peer: given the peer's name and wire, it answers
/// the wire to use.
pub type Wrap = Arc<dyn Fn(&'static str, Wire) -> Wire + Send + Sync>;

/// Where the services keep their data.
#[derive(Clone, Debug)]
pub enum Databases {
    /// One SQLite file for each service in this folder, made when missing.
    Folder(PathBuf),
    /// One PostgreSQL database with a schema for each service.
    Url(String),
}

/// How to open the suite.
#[derive(Clone)]
pub struct SuiteConfig {
    /// Where the data lies.
    pub databases: Databases,
    /// 统筹区: the area of callers from the network.
    pub area: AreaCode,
    /// Where [`Suite::into_server`] listens: a loopback address, since every caller is believed.
    pub listen: SocketAddr,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The law.
    pub library: Arc<Library>,
    /// A cache all replicas share; none is as good.
    pub redis_url: Option<String>,
    /// What to put between the orchestrator and its peers.
    pub wrap: Option<Wrap>,
    /// How long the orchestrator's sagas take.
    pub saga_times: Times,
    /// 人证核验: whether institutions must show who was treated before they settle.
    pub identity_required: bool,
    /// 双人复核: above this nobody moves money alone.
    pub second_person_above: Fen,
    /// Whose tokens are required of everybody; without it a caller is believed on loopback.
    pub tokens: Option<TokenSettings>,
    /// 链头: the file to which heads of chains are published, and the key that signs them.
    pub heads: Option<(PathBuf, PathBuf)>,
    /// 报文保护: what envelopes are answered and kept with; without them none is opened.
    pub envelopes: Option<Arc<EnvelopeKeys>>,
    /// Which commits of the sagas' journals are lost.
    pub journal_faults: Option<CommitFaults>,
    /// 限额: how much anybody may take, where it is not all.
    pub limits: Option<Limits>,
}

impl SuiteConfig {
    /// With the machine's clock, nothing between the services, and any free port of 127.0.0.1.
    pub fn new(databases: Databases, area: AreaCode, library: Arc<Library>) -> SuiteConfig {
        SuiteConfig {
            databases,
            area,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            clock: Arc::new(SystemClock),
            library,
            redis_url: None,
            wrap: None,
            saga_times: Times::of(Duration::from_secs(6)),
            identity_required: false,
            second_person_above: Fen(1_000_000),
            tokens: None,
            heads: None,
            envelopes: None,
            journal_faults: None,
            limits: None,
        }
    }
}

/// Why the suite could not be opened, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// The data folder cannot be used.
    #[error("cannot use the data folder {path}: {source}; name another with --data DIR")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The data folder's name cannot stand in a database URL.
    #[error("cannot use the data folder {0}: its name is not UTF-8; name another with --data DIR")]
    FolderName(PathBuf),
    /// A service's database cannot be opened.
    #[error("{service}: {source}\n{remedy}")]
    Database {
        /// The service.
        service: &'static str,
        /// What was tried, and what the database said.
        source: OpenError,
        /// What to do.
        remedy: String,
    },
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The supervision rules cannot be read.
    #[error("inspection: {0}")]
    Rules(#[from] inspection::RulesError),
}

/// All services, open.
pub struct Suite {
    services: Vec<Service>,
    databases: BTreeMap<&'static str, Db>,
    executor: Executor,
    wires: Wires,
    settings: Settings,
}

impl Suite {
    /// Opens every database, bringing it to its newest migration, and makes the services.
    pub async fn open(config: SuiteConfig) -> Result<Suite, SuiteError> {
        let (clock, library) = (&config.clock, &config.library);
        let mut opening = Opening {
            config: &config,
            databases: BTreeMap::new(),
        };
        let (db, settings) = opening.open(enrollment::NAME, enrollment::open).await?;
        let enrollment = enrollment::build(db, &settings, clock.clone(), library.clone());
        let (db, settings) = opening.open(settlement::NAME, settlement::open).await?;
        let settlement = settlement::build(db, &settings, clock.clone(), library.clone());
        let (db, settings) = opening.open(referral::NAME, referral::open).await?;
        let referral = referral::build(db, &settings, clock.clone());
        let (db, settings) = opening
            .open(interregional::NAME, interregional::open)
            .await?;
        let interregional = interregional::build(db, &settings, clock.clone());
        let (journals, settings) = opening.open(orchestrator::NAME, orchestrator::open).await?;
        let databases = opening.databases;
        // It keeps no data of its own.
        let without_data = config.embedded(String::new())?;
        let inspection = inspection::build(&without_data, clock.clone())?;
        let peers = Peers {
            enrollment: config.wrapped(&enrollment),
            inspection: config.wrapped(&inspection),
            referral: config.wrapped(&referral),
            settlement: config.wrapped(&settlement),
        };
        let journals = match config.journal_faults.clone() {
            Some(faults) => journals.with_faults(faults),
            None => journals,
        };
        let executor = Executor::new(journals, clock.clone(), peers, config.saga_times)
            .requiring_identity(config.identity_required);
        let orchestrator = orchestrator::build(&settings, executor.clone());
        let wires = Wires {
            enrollment: enrollment.wire(),
            settlement: settlement.wire(),
            referral: referral.wire(),
            inspection: inspection.wire(),
            interregional: interregional.wire(),
            orchestrator: orchestrator.wire(),
        };
        let services = vec![
            enrollment,
            settlement,
            referral,
            inspection,
            interregional,
            orchestrator,
        ];
        Ok(Suite {
            services,
            databases,
            executor,
            wires,
            settings: without_data,
        })
    }

    /// A wire to each service in this process, the orchestrator's own peers excepted: those may be
    /// wrapped, these never are.
    pub fn wires(&self) -> &Wires {
        &self.wires
    }

    /// A service's database: for tests that count what it is asked to do.
    pub fn database(&self, service: &str) -> Option<&Db> {
        self.databases.get(service)
    }

    /// What drives the sagas: for tests that take them up themselves.
    pub fn executor(&self) -> &Executor {
        &self.executor
    }

    /// All databases, to be closed when the server has ended.
    pub fn databases(&self) -> Vec<Db> {
        self.databases.values().cloned().collect()
    }

    /// Every interface, and who may call what of it.
    pub fn interfaces(&self) -> impl Iterator<Item = (&'static str, Access)> + '_ {
        self.services
            .iter()
            .flat_map(|service| service.interfaces().iter().copied())
    }

    /// Clients for `caller`: an institution's code, or a clerk's name.
    pub fn desk(&self, caller: &str) -> Desk {
        Desk::new(&self.wires, caller)
    }

    /// Takes the port; what comes out serves all services, their sealers and their health.
    pub async fn into_server(self) -> Result<Server, ServeError> {
        let server = Server::bind(&self.settings).await?;
        Ok(self.services.into_iter().fold(server, Server::with))
    }
}

impl SuiteConfig {
    fn settings(&self, service: &str) -> Result<Settings, SuiteError> {
        let url = match &self.databases {
            Databases::Url(url) => url.clone(),
            Databases::Folder(folder) => service_url(folder, service)?,
        };
        self.embedded(url)
    }

    fn embedded(&self, database_url: String) -> Result<Settings, SuiteError> {
        let (heads_file, heads_key) = self.heads.clone().unzip();
        let embedded = Settings::embedded(self.listen, self.area.clone(), database_url);
        let database_connections = match self.databases {
            Databases::Url(_) => CONNECTIONS,
            Databases::Folder(_) => embedded.database_connections,
        };
        let settings = Settings {
            database_connections,
            redis_url: self.redis_url.clone(),
            second_person_above_fen: self.second_person_above.0,
            heads_file,
            heads_key,
            limits: self.limits.clone().unwrap_or(embedded.limits.clone()),
            envelope_keys: self.envelopes.clone(),
            ..embedded
        };
        match &self.tokens {
            Some(tokens) => Ok(settings.requiring_tokens(tokens.clone())?),
            None => Ok(settings),
        }
    }

    fn remedy(&self, service: &str) -> String {
        match &self.databases {
            Databases::Folder(folder) => format!(
                "The file {} is damaged, not ours, or from a newer version: put back a copy of it, \
                 move it away to begin anew, or name another folder with --data DIR.",
                database_file(folder, service).display()
            ),
            Databases::Url(_) => "Is the server running, and may this user make schemas?".into(),
        }
    }

    fn wrapped(&self, service: &Service) -> Wire {
        match &self.wrap {
            Some(wrap) => wrap(service.name(), service.wire()),
            None => service.wire(),
        }
    }
}

/// The databases opened so far.
struct Opening<'a> {
    config: &'a SuiteConfig,
    databases: BTreeMap<&'static str, Db>,
}

impl Opening<'_> {
    async fn open(
        &mut self,
        service: &'static str,
        open: impl AsyncFnOnce(&Settings) -> Result<Db, OpenError>,
    ) -> Result<(Db, Settings), SuiteError> {
        let settings = self.config.settings(service)?;
        let opened = open(&settings).await;
        let db = opened.map_err(|source| SuiteError::Database {
            service,
            source,
            remedy: self.config.remedy(service),
        })?;
        self.databases.insert(service, db.clone());
        Ok((db, settings))
    }
}

/// The SQLite file of a service in a data folder.
pub fn database_file(folder: &Path, service: &str) -> PathBuf {
    folder.join(format!("{service}.db"))
}

/// Its URL.
pub(crate) fn service_url(folder: &Path, service: &str) -> Result<String, SuiteError> {
    std::fs::create_dir_all(folder).map_err(|source| SuiteError::Folder {
        path: folder.to_path_buf(),
        source,
    })?;
    let file = database_file(folder, service);
    match file.to_str() {
        Some(_) => Ok(sqlite_url(&file)),
        None => Err(SuiteError::FolderName(folder.to_path_buf())),
    }
}
