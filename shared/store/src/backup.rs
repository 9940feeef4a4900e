//! 备份 of the embedded databases: copies of several SQLite files as they all stood at one moment,
//! taken while others write to them, and the questions that a copy must answer before it is
//! believed.
//!
//! PostgreSQL's own programs do the same for it: `pg_dump` sees one snapshot of all schemas.

use crate::db::{DbConfig, OpenError, writer};
use crate::entity::block;
use crate::fault::told;
use crate::{Db, event};
use kernel::Refusal;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, EntityTrait,
    QueryOrder, Statement, TransactionTrait,
};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a copy waits for the writer before it. A transaction of ours is over long before.
const TURN_WAIT: Duration = Duration::from_secs(60);

/// A file and where its copy goes, which must not exist.
#[derive(Clone, Debug)]
pub struct Copy {
    /// The SQLite file.
    pub from: PathBuf,
    /// Its copy.
    pub to: PathBuf,
}

/// Copies the files as they all stand at one moment: the turn to write is taken in every one of
/// them, and given back when all are copied. Whoever wants to write meanwhile waits, and is told
/// that it is busy when that takes longer than it may wait; whoever reads is not disturbed.
///
/// To the services it is as if the process had been killed at that moment: what was committed is
/// there, and what was under way between two services is what their sagas take up.
pub async fn copy(copies: &[Copy]) -> Result<(), OpenError> {
    let mut turns = Vec::with_capacity(copies.len());
    for copy in copies {
        let failed = failure("cannot read", &copy.from);
        let line = connect(&copy.from).await.map_err(&failed)?;
        turns.push(line.begin_with_options(writer()).await.map_err(&failed)?);
    }
    for copy in copies {
        let failed = failure("cannot write", &copy.to);
        let to = copy.to.to_string_lossy().into_owned();
        let into = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [to.into()]);
        let line = connect(&copy.from).await.map_err(&failed)?;
        line.execute_raw(into).await.map_err(&failed)?;
        line.close().await.map_err(failed)?;
    }
    for turn in turns {
        // Nothing was written under it.
        turn.rollback().await.ok();
    }
    Ok(())
}

/// A line to a file that is there.
async fn connect(file: &Path) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(format!("{}?mode=rw", sqlite_url(file)));
    options
        .max_connections(1)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|options| options.busy_timeout(TURN_WAIT));
    Database::connect(options).await
}

fn failure(what: &'static str, file: &Path) -> impl Fn(DbErr) -> OpenError {
    let what = format!("{what} {}", file.display());
    move |source| OpenError {
        what: what.clone(),
        source,
    }
}

/// The URL of a SQLite file; what a URL would read as something else is escaped.
pub fn sqlite_url(file: &Path) -> String {
    let path = file.to_string_lossy();
    let path = path
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23");
    format!("sqlite://{path}")
}

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Soundness {
    /// What SQLite finds wrong with its file; PostgreSQL is not asked.
    pub damage: Option<String>,
    /// Sealed blocks of events.
    pub blocks: i64,
    /// Sealed events.
    pub events: i64,
    /// The first block that does not hold.
    pub broken_block: Option<i64>,
}

impl Soundness {
    /// True when nothing is wrong.
    pub fn holds(&self) -> bool {
        self.damage.is_none() && self.broken_block.is_none()
    }
}

/// Looks whether a service's database is whole and its chain of events unbroken. Writes to none of
/// its tables, and migrates nothing.
pub async fn examine(config: &DbConfig) -> Result<Soundness, OpenError> {
    let db = Db::reach(config).await?;
    let examined = question(&db).await;
    db.close().await;
    examined.map_err(|no| OpenError {
        what: format!("cannot examine {}", config.schema),
        source: DbErr::Custom(no.code.to_string()),
    })
}

async fn question(db: &Db) -> Result<Soundness, Refusal> {
    let damage = match db.reader().get_database_backend() {
        DbBackend::Sqlite => damage(db).await.map_err(|fault| told(&fault))?,
        _ => None,
    };
    let last = block::Entity::find().order_by_desc(block::Column::Number);
    let last = last.one(db.reader()).await.map_err(|fault| told(&fault))?;
    Ok(Soundness {
        damage,
        blocks: last.as_ref().map_or(0, |last| last.number),
        events: last.as_ref().map_or(0, |last| last.last_position),
        broken_block: event::verify(db).await?,
    })
}

async fn damage(db: &Db) -> Result<Option<String>, DbErr> {
    let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check(1)");
    let found = db.reader().query_one_raw(check).await?;
    let said: Option<String> = found.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(said.filter(|said| said != "ok"))
}
