//! Opening a database, and writing to it in retried transactions.

use crate::fault::{is_conflict, is_lock_timeout, told};
use crate::measure::{BEGIN, COMMIT, Ear};
use crate::metrics::{Metrics, OTHER};
use kernel::Refusal;
use kernel::refusal::{CONTENTION, INTERNAL};
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, EntityTrait, IntoActiveModel, Iterable, RuntimeErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use std::collections::HashSet;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tracing::Instrument;

/// How often a transaction is tried when it meets other writers.
const ATTEMPTS_MAX: u32 = 6;
/// How long a writer waits for its turn or for a row lock before it gives up as busy.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// How long a migration waits until a program that goes on writing lets it in.
const MIGRATION_WAIT: Duration = Duration::from_secs(60);
/// PostgreSQL: how long a step of a migration waits for its locks before it lets go of what it has: all
/// who write queue behind it for so long.
const STEP_WAIT: Duration = Duration::from_millis(500);
/// How long it lets them work before it asks again.
const STEP_REST: Duration = Duration::from_millis(500);
/// How long a migration goes on asking beside a transaction that does not end.
const STEP_PATIENCE: Duration = Duration::from_secs(600);
/// How long a transaction may do nothing before PostgreSQL ends it: a replica that hangs must not keep
/// its locks from the others. Nothing of ours waits for anything but the database inside one.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// How long an unused connection is taken to be well: it was asked when it was given back.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// Variables one statement may bind: SQLite allows 32,766, PostgreSQL 65,535 (differs).
const VARIABLES_MAX: usize = 30_000;

/// Where a service's data lies.
#[derive(Clone, Debug)]
pub struct DbConfig {
    /// `sqlite://path` (made when missing) or `postgres://…`.
    pub url: String,
    /// PostgreSQL: the service's own schema. Ignored by SQLite, where each service has a file.
    pub schema: String,
    /// Connections at most.
    pub connections: u32,
}

/// Why a database could not be opened, for an operator to read.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct OpenError {
    /// What was tried, on what.
    pub what: String,
    /// What the database said.
    #[source]
    pub source: DbErr,
}

/// What a database was asked to do so far.
#[derive(Default, Debug)]
pub struct Counts {
    /// Statements, without BEGIN and COMMIT.
    pub statements: AtomicU64,
    /// Transactions begun.
    pub begins: AtomicU64,
    /// Transactions committed.
    pub commits: AtomicU64,
}

/// What a test makes of a commit: nobody hears of it, whether it happened or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostCommit {
    /// True when it happened all the same.
    pub happened: bool,
}

/// Decides which commits are lost.
pub type CommitFaults = Arc<dyn Fn() -> Option<LostCommit> + Send + Sync>;

/// One service's database.
#[derive(Clone)]
pub struct Db {
    pool: DatabaseConnection,
    faults: Option<CommitFaults>,
    /// SQLite has one writer: a fair queue before it keeps the slowest wait short (differs).
    lane: Option<Arc<Semaphore>>,
    counts: Arc<Counts>,
    name: Arc<str>,
    connections_max: u32,
    metrics: Arc<Metrics>,
    ear: Arc<Ear>,
}

/// An open transaction. Clones share it; none may outlive the work it was handed to.
#[derive(Clone)]
pub struct Tx(Arc<DatabaseTransaction>);

impl Deref for Tx {
    type Target = DatabaseTransaction;
    fn deref(&self) -> &DatabaseTransaction {
        &self.0
    }
}

/// Why the work inside a transaction stopped. Whatever it wrote is rolled back.
#[derive(Debug)]
pub enum Stop {
    /// A "no".
    Refused(Refusal),
    /// The database failed.
    Fault(DbErr),
}

impl From<DbErr> for Stop {
    fn from(fault: DbErr) -> Stop {
        Stop::Fault(fault)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Stop {
        Stop::Refused(refusal)
    }
}

impl From<Stop> for Refusal {
    fn from(stop: Stop) -> Refusal {
        match stop {
            Stop::Refused(refusal) => refusal,
            Stop::Fault(fault) => told(&fault),
        }
    }
}

impl Db {
    /// Opens the database and brings it to the newest migration, under a lock where several
    /// replicas may start at once.
    pub async fn open<M: MigratorTrait>(config: &DbConfig) -> Result<Db, OpenError> {
        let db = Db::reach(config).await?;
        migrate::<M>(config).await.map_err(|source| OpenError {
            what: format!("cannot migrate database {}", shown(&config.url)),
            source,
        })?;
        Ok(db)
    }

    /// Opens the database as it is, whatever its schema.
    pub(crate) async fn reach(config: &DbConfig) -> Result<Db, OpenError> {
        Db::connect(config, options(config)).await
    }

    async fn connect(config: &DbConfig, options: ConnectOptions) -> Result<Db, OpenError> {
        let pool = Database::connect(options).await;
        let mut pool = pool.map_err(|source| OpenError {
            what: format!("cannot open database {}", shown(&config.url)),
            source,
        })?;
        let counts = Arc::new(Counts::default());
        let metrics = Arc::new(Metrics::of(&config.schema));
        let ear = Arc::new(Ear::default());
        let (counting, timing, hearing) = (counts.clone(), metrics.clone(), ear.clone());
        pool.set_metric_callback(move |told| {
            counting.statements.fetch_add(1, Ordering::Relaxed);
            timing.stated(told.elapsed);
            hearing.hear(told.statement);
        });
        let lane =
            (pool.get_database_backend() == DbBackend::Sqlite).then(|| Arc::new(Semaphore::new(1)));
        Ok(Db {
            pool,
            faults: None,
            lane,
            counts,
            name: config.schema.as_str().into(),
            connections_max: config.connections,
            metrics,
            ear,
        })
    }

    /// Opens the database as it stands, to look at it: makes nothing and migrates nothing.
    pub async fn look_at(config: &DbConfig) -> Result<Db, OpenError> {
        let mut options = options(config);
        if config.url.starts_with("sqlite:") {
            let url = format!("{}?mode=rw", config.url);
            options.map_sqlx_sqlite_opts(move |options| match url.parse() {
                Ok(existing) => existing,
                Err(_) => options.create_if_missing(false),
            });
        }
        Db::connect(config, options).await
    }

    /// The same database with commits that are lost on purpose: what a test proves a journal with.
    pub fn with_faults(self, faults: CommitFaults) -> Db {
        Db {
            faults: Some(faults),
            ..self
        }
    }

    /// The same database without such losses: for what is not the test's work.
    pub(crate) fn without_faults(&self) -> Db {
        let faults = None;
        Db {
            faults,
            ..self.clone()
        }
    }

    /// For reads that need no transaction.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.pool
    }

    /// What this database was asked to do so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Whose database it is: the service's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn ear(&self) -> &Ear {
        &self.ear
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Connections at most.
    pub(crate) fn connections_max(&self) -> i64 {
        i64::from(self.connections_max)
    }

    /// Its connections by state.
    pub(crate) fn connections(&self) -> [(&'static str, i64); 2] {
        let (all, idle) = match self.pool.get_database_backend() {
            DbBackend::Postgres => {
                let pool = self.pool.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            }
            _ => {
                let pool = self.pool.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            }
        };
        let idle = i64::try_from(idle).unwrap_or(i64::MAX);
        [
            ("used", i64::from(all).saturating_sub(idle).max(0)),
            ("idle", idle),
        ]
    }

    /// True when the database answers.
    pub async fn is_reachable(&self) -> bool {
        self.pool.ping().await.is_ok()
    }

    /// Ends all connections. SQLite then folds its log into the file, so that a copy of the file is
    /// a copy of the data.
    pub async fn close(&self) {
        if let Err(fault) = self.pool.close_by_ref().await {
            tracing::warn!(error = %fault, "a database was not closed in order");
        }
    }

    /// Runs `work` in one transaction (READ COMMITTED; on SQLite IMMEDIATE) and commits it. Meets
    /// other writers with bounded retries. Anything but `Ok` rolls back.
    pub async fn write<T, F, Fut>(&self, work: F) -> Result<T, Stop>
    where
        F: Fn(Tx) -> Fut,
        Fut: Future<Output = Result<T, Stop>>,
    {
        self.write_as(OTHER, work).await
    }

    /// The same for a method, as its key names it.
    pub(crate) async fn write_as<T, F, Fut>(&self, method: &str, work: F) -> Result<T, Stop>
    where
        F: Fn(Tx) -> Fut,
        Fut: Future<Output = Result<T, Stop>>,
    {
        // What belongs to no request is no trace of its own.
        let span = match tracing::Span::current().is_disabled() {
            true => tracing::Span::none(),
            false => tracing::info_span!(
                target: "trace",
                "transaction",
                otel.kind = "client",
                db.namespace = &*self.name,
                method,
            ),
        };
        self.attempts(method, work).instrument(span).await
    }

    async fn attempts<T, F, Fut>(&self, method: &str, work: F) -> Result<T, Stop>
    where
        F: Fn(Tx) -> Fut,
        Fut: Future<Output = Result<T, Stop>>,
    {
        let mut attempt = 0;
        let lost = self.faults.as_ref().and_then(|lose| lose());
        loop {
            attempt += 1;
            match self.write_once(method, &work, lost).await {
                Err(Stop::Fault(fault)) if is_conflict(&fault) && attempt < ATTEMPTS_MAX => {
                    self.metrics.retried(method);
                    tokio::time::sleep(Duration::from_millis(2 << attempt)).await;
                }
                other => return other,
            }
        }
    }

    async fn write_once<T, F, Fut>(
        &self,
        method: &str,
        work: &F,
        lost: Option<LostCommit>,
    ) -> Result<T, Stop>
    where
        F: Fn(Tx) -> Fut,
        Fut: Future<Output = Result<T, Stop>>,
    {
        let waiting = Instant::now();
        let _turn = match &self.lane {
            None => None,
            Some(lane) => match tokio::time::timeout(LOCK_WAIT, lane.acquire()).await {
                Ok(Ok(turn)) => {
                    self.metrics.turned(waiting.elapsed());
                    Some(turn)
                }
                _ => return Err(CONTENTION.refuse().into()),
            },
        };
        let waiting = Instant::now();
        let transaction = self.pool.begin_with_options(writer()).await?;
        self.metrics.connected(waiting.elapsed());
        self.counts.begins.fetch_add(1, Ordering::Relaxed);
        self.ear.note(BEGIN);
        let tx = Tx(Arc::new(transaction));
        let result = work(tx.clone()).await;
        let Some(transaction) = Arc::into_inner(tx.0) else {
            tracing::error!("a transaction outlived its work");
            return Err(INTERNAL.refuse().into());
        };
        match result {
            Ok(_) if lost.is_some_and(|lost| !lost.happened) => {
                transaction.rollback().await?;
                Err(silence())
            }
            Ok(value) => {
                transaction.commit().await?;
                if lost.is_some() {
                    return Err(silence());
                }
                self.counts.commits.fetch_add(1, Ordering::Relaxed);
                self.ear.note(COMMIT);
                self.metrics.committed(method);
                Ok(value)
            }
            Err(stop) => {
                self.metrics.rolled_back(method);
                if let Err(fault) = transaction.rollback().await {
                    tracing::warn!(error = %fault, "rollback failed; the connection is dropped");
                }
                Err(stop)
            }
        }
    }
}

/// A commit of which nothing is heard.
fn silence() -> Stop {
    let lost = RuntimeErr::Internal("the commit was lost on purpose".into());
    Stop::Fault(DbErr::Conn(lost))
}

impl Tx {
    /// Inserts rows in as few statements as the databases' limits allow (differs).
    pub async fn insert_all<E, A>(&self, rows: Vec<A>) -> Result<(), DbErr>
    where
        E: EntityTrait,
        A: sea_orm::ActiveModelTrait<Entity = E> + IntoActiveModel<A> + Send,
    {
        let columns = E::Column::iter().count().max(1);
        let size = (VARIABLES_MAX / columns).clamp(1, 500);
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let chunk: Vec<A> = rows.by_ref().take(size).collect();
            E::insert_many(chunk)
                .exec_without_returning(&**self)
                .await?;
        }
        Ok(())
    }
}

fn options(config: &DbConfig) -> ConnectOptions {
    let mut options = ConnectOptions::new(match config.url.starts_with("sqlite:") {
        true => format!("{}?mode=rwc", config.url),
        false => config.url.clone(),
    });
    options
        .max_connections(config.connections)
        .acquire_timeout(LOCK_WAIT)
        .connect_timeout(LOCK_WAIT)
        .test_before_acquire_if_idle_for(TRUSTED_FOR)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .set_schema_search_path(config.schema.clone())
        .set_application_name(format!("yibao-{}", config.schema))
        .map_sqlx_postgres_opts(|options: PgConnectOptions| {
            let millis = |time: Duration| format!("{}ms", time.as_millis());
            options.options([
                ("lock_timeout", millis(LOCK_WAIT)),
                ("idle_in_transaction_session_timeout", millis(IDLE_MAX)),
            ])
        })
        .map_sqlx_sqlite_opts(|options| writing(options).busy_timeout(LOCK_WAIT));
    options
}

fn writing(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
}

/// A deferred transaction that reads and then writes fails on SQLite when another writes meanwhile,
/// and no timeout helps: hence IMMEDIATE (differs).
pub(crate) fn writer() -> TransactionOptions {
    TransactionOptions {
        isolation_level: None,
        access_mode: None,
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
    }
}

/// Migrations run on a connection of their own, so that the session's advisory lock holds for all
/// of them.
async fn migrate<M: MigratorTrait>(config: &DbConfig) -> Result<(), DbErr> {
    let mut options = options(config);
    options
        .max_connections(1)
        .min_connections(1)
        .map_sqlx_sqlite_opts(|options| writing(options).busy_timeout(MIGRATION_WAIT));
    let connection = Database::connect(options).await?;
    let postgres = connection.get_database_backend() == DbBackend::Postgres;
    if postgres {
        // Another replica's migration may take longer than a claim may wait.
        connection
            .execute_unprepared("SET lock_timeout = 0")
            .await?;
        // The first 8 bytes of the name decide the lock; services share a database, not a lock.
        let lock = format!(
            "SELECT pg_advisory_lock(hashtext('yibao-{}'))",
            config.schema
        );
        connection.execute_unprepared(&lock).await?;
        make_schema(&connection, &config.schema).await?;
    }
    let result = match postgres {
        true if is_surpassed::<M>(&connection).await? => Ok(()),
        true => up_patiently::<M>(&connection, STEP_PATIENCE).await,
        false => up_at_once::<M>(&connection).await,
    };
    connection.close().await?;
    result
}

/// Each migration in a transaction of its own, which changes tables that others read and write. Behind
/// a transaction that goes on for long it does not wait: PostgreSQL would queue all others behind it, and
/// the service that still runs would stand still. It asks again and again, and gets in when that ends.
async fn up_patiently<M: MigratorTrait>(
    connection: &DatabaseConnection,
    patience: Duration,
) -> Result<(), DbErr> {
    let wait = format!("SET lock_timeout = {}", STEP_WAIT.as_millis());
    connection.execute_unprepared(&wait).await?;
    let begun = Instant::now();
    loop {
        match M::up(connection, None).await {
            Err(fault) if is_lock_timeout(&fault) && begun.elapsed() < patience => {
                tracing::warn!("a migration waits for a transaction that holds its table");
                tokio::time::sleep(STEP_REST).await;
            }
            done => return done,
        }
    }
}

/// All migrations of a SQLite file in one transaction that begins as a writer: one that reads first is
/// refused at once when another program writes, and no timeout helps (differs).
async fn up_at_once<M: MigratorTrait>(connection: &DatabaseConnection) -> Result<(), DbErr> {
    let transaction = connection.begin_with_options(writer()).await?;
    M::up(&transaction, None).await?;
    transaction.commit().await
}

/// Makes a service's schema where it is missing. Asked first: PostgreSQL wants the right to create one
/// even where it stands, and a service whose schema was restored need not have it.
async fn make_schema(connection: &DatabaseConnection, schema: &str) -> Result<(), DbErr> {
    let found = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "SELECT 1 FROM pg_namespace WHERE nspname = $1",
        [schema.into()],
    );
    if connection.query_one_raw(found).await?.is_some() {
        return Ok(());
    }
    let make = format!("CREATE SCHEMA \"{schema}\"");
    connection.execute_unprepared(&make).await.map(drop)
}

/// True when a later release has been here and did all of our migrations and more. It only added
/// (deploy/OPERATIONS.md), so while replicas are replaced one of ours may still begin anew. A folder
/// of SQLite files has one program at a time: there an older one is a mistake.
async fn is_surpassed<M: MigratorTrait>(connection: &DatabaseConnection) -> Result<bool, DbErr> {
    M::install(connection).await?;
    let done = M::get_migration_models(connection).await?;
    let done: HashSet<String> = done.into_iter().map(|one| one.version).collect();
    let ours = M::migrations();
    let surpassed = done.len() > ours.len() && ours.iter().all(|one| done.contains(one.name()));
    if surpassed {
        tracing::warn!("a later release has changed the schema: this one is to be replaced");
    }
    Ok(surpassed)
}

/// The URL without what may be a password: neither user nor query.
fn shown(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(before, _)| before);
    let parts = url.split_once("://").and_then(|(scheme, rest)| {
        let (_, host) = rest.rsplit_once('@')?;
        Some(format!("{scheme}://***@{host}"))
    });
    parts.unwrap_or_else(|| url.to_string())
}

/// The database's clock in microseconds, which all replicas share (differs). `now()` would be the
/// transaction's beginning.
pub fn now_sql(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint)",
        _ => "CAST(unixepoch('subsec') * 1000000 AS integer)",
    }
}
