//! What a database's fault means: another writer, a lost connection, a constraint, or worse.

use crate::db::Stop;
use kernel::Refusal;
use kernel::refusal::{CONTENTION, INTERNAL, UNAVAILABLE};
use sea_orm::{DbErr, RuntimeErr, SqlErr};

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

/// Other writers were in the way, and a new attempt may find them gone.
pub(crate) fn is_conflict(fault: &DbErr) -> bool {
    matches!(
        code_of(fault).as_deref(),
        // PostgreSQL: serialization failure, deadlock.
        Some("40001" | "40P01")
        // SQLite: BUSY, LOCKED, BUSY_RECOVERY, BUSY_SNAPSHOT, BUSY_TIMEOUT.
        | Some("5" | "6" | "261" | "517" | "773")
    )
}

/// A lock was waited for as long as a writer waits: waiting again is the caller's choice.
pub(crate) fn is_lock_timeout(fault: &DbErr) -> bool {
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
