//! Opening a database, and writing to it in retried transactions.

use kernel::Refusal;
use kernel::refusal::{CONTENTION, INTERNAL, UNAVAILABLE};
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    DbErr, EntityTrait, IntoActiveModel, Iterable, RuntimeErr, SqlErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How often a transaction is tried when it meets other writers.
const ATTEMPTS_MAX: u32 = 6;
/// How long a writer waits for its turn or for a row lock before it gives up as busy.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// How long a transaction may do nothing before PostgreSQL ends it: a replica that hangs must not keep
/// its locks from the others. Nothing of ours waits for anything but the database inside one.
const IDLE_MAX: Duration = Duration::from_secs(30);
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

/// A violated unique constraint is the refusal `no`; anything else stays the fault it is.
pub fn taken(fault: DbErr, no: impl FnOnce() -> Refusal) -> Stop {
    match fault.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => Stop::Refused(no()),
        _ => Stop::Fault(fault),
    }
}

/// What a caller is told of a database fault. The log gets the rest.
pub(crate) fn told(fault: &DbErr) -> Refusal {
    if is_conflict(fault) || is_lock_timeout(fault) {
        return CONTENTION.refuse();
    }
    tracing::error!(error = %fault, "database fault");
    match fault {
        DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => {
            UNAVAILABLE.refuse().with("part", "database")
        }
        _ if is_disconnect(fault) => UNAVAILABLE.refuse().with("part", "database"),
        _ => INTERNAL.refuse(),
    }
}

impl Db {
    /// Opens the database and brings it to the newest migration, under a lock where several
    /// replicas may start at once.
    pub async fn open<M: MigratorTrait>(config: &DbConfig) -> Result<Db, OpenError> {
        let failed = |what: &str| {
            let what = format!("{what} {}", shown(&config.url));
            move |source| OpenError { what, source }
        };
        let counts = Arc::new(Counts::default());
        let mut pool = Database::connect(options(config))
            .await
            .map_err(failed("cannot open database"))?;
        let counting = counts.clone();
        migrate::<M>(config)
            .await
            .map_err(failed("cannot migrate database"))?;
        pool.set_metric_callback(move |_| {
            counting.statements.fetch_add(1, Ordering::Relaxed);
        });
        let lane =
            (pool.get_database_backend() == DbBackend::Sqlite).then(|| Arc::new(Semaphore::new(1)));
        Ok(Db {
            pool,
            faults: None,
            lane,
            counts,
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
        let connected = Database::connect(options).await;
        let pool = connected.map_err(|source| OpenError {
            what: format!("cannot open database {}", shown(&config.url)),
            source,
        })?;
        Ok(Db {
            pool,
            faults: None,
            lane: None,
            counts: Arc::new(Counts::default()),
        })
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
        let mut attempt = 0;
        let lost = self.faults.as_ref().and_then(|lose| lose());
        loop {
            attempt += 1;
            match self.write_once(&work, lost).await {
                Err(Stop::Fault(fault)) if is_conflict(&fault) && attempt < ATTEMPTS_MAX => {
                    tokio::time::sleep(Duration::from_millis(2 << attempt)).await;
                }
                other => return other,
            }
        }
    }

    async fn write_once<T, F, Fut>(&self, work: &F, lost: Option<LostCommit>) -> Result<T, Stop>
    where
        F: Fn(Tx) -> Fut,
        Fut: Future<Output = Result<T, Stop>>,
    {
        let _turn = match &self.lane {
            None => None,
            Some(lane) => match tokio::time::timeout(LOCK_WAIT, lane.acquire()).await {
                Ok(Ok(turn)) => Some(turn),
                _ => return Err(CONTENTION.refuse().into()),
            },
        };
        // A deferred transaction that reads and then writes fails on SQLite when another committed
        // in between, and no timeout helps: hence IMMEDIATE (differs).
        let options = TransactionOptions {
            isolation_level: None,
            access_mode: None,
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        };
        let transaction = self.pool.begin_with_options(options).await?;
        self.counts.begins.fetch_add(1, Ordering::Relaxed);
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
                Ok(value)
            }
            Err(stop) => {
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
        .map_sqlx_sqlite_opts(|options| {
            options
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(LOCK_WAIT)
                .foreign_keys(true)
        });
    options
}

/// Migrations run on a connection of their own, so that the session's advisory lock holds for all
/// of them.
async fn migrate<M: MigratorTrait>(config: &DbConfig) -> Result<(), DbErr> {
    let mut options = options(config);
    options.max_connections(1).min_connections(1);
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
        let schema = format!("CREATE SCHEMA IF NOT EXISTS \"{}\"", config.schema);
        connection.execute_unprepared(&schema).await?;
    }
    let result = M::up(&connection, None).await;
    connection.close().await?;
    result
}

/// The URL without what may be a password: neither user nor query.
fn shown(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(before, _)| before);
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}://***{}", &url[..scheme], &url[at..])
        }
        _ => url.to_string(),
    }
}

/// Other writers were in the way, and a new attempt may find them gone.
fn is_conflict(fault: &DbErr) -> bool {
    matches!(
        code_of(fault).as_deref(),
        // PostgreSQL: serialization failure, deadlock.
        Some("40001" | "40P01")
        // SQLite: BUSY, LOCKED, BUSY_RECOVERY, BUSY_SNAPSHOT, BUSY_TIMEOUT.
        | Some("5" | "6" | "261" | "517" | "773")
    )
}

/// A lock was waited for as long as [`LOCK_WAIT`]: waiting again is the caller's choice.
fn is_lock_timeout(fault: &DbErr) -> bool {
    code_of(fault).as_deref() == Some("55P03")
}

/// True when the work waited for a lock until its time was over.
pub fn lock_timed_out(stop: &Stop) -> bool {
    matches!(stop, Stop::Fault(fault) if is_lock_timeout(fault))
}

fn is_disconnect(fault: &DbErr) -> bool {
    use sea_orm::sqlx::Error;
    let broken = matches!(
        sqlx_error(fault),
        Some(
            Error::Io(_)
                | Error::Tls(_)
                | Error::Protocol(_)
                | Error::PoolClosed
                | Error::PoolTimedOut
                | Error::WorkerCrashed
        )
    );
    // PostgreSQL: connection failures, out of resources, cancelled, shutting down, starting up, a
    // standby that is not the primary yet, and a transaction ended because it did nothing.
    let passing = |code: String| {
        let classes = ["08", "53", "57"];
        matches!(&*code, "25006" | "25P03")
            || code.len() == 5 && classes.iter().any(|class| code.starts_with(class))
    };
    broken || code_of(fault).is_some_and(passing)
}

fn sqlx_error(fault: &DbErr) -> Option<&sea_orm::sqlx::Error> {
    match fault {
        DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

fn code_of(fault: &DbErr) -> Option<String> {
    sqlx_error(fault)?
        .as_database_error()?
        .code()
        .map(|code| code.into_owned())
}
