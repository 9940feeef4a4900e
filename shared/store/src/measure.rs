//! 测量: which statements a database was asked, how it would go about them, and how many rows and bytes
//! lie in its tables. For benchmarks, and for tests of what a request costs; never on the way of one.

use crate::db::{Db, writer};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TransactionTrait};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Statements kept at most while somebody listens.
const HEARD_MAX: usize = 10_000;

/// What hears statements while somebody listens, and costs one load of a flag otherwise.
#[derive(Default, Debug)]
pub(crate) struct Ear {
    open: AtomicBool,
    heard: Mutex<Vec<(Instant, String)>>,
}

/// What stands for a transaction's beginning and its end among what was heard.
pub const BEGIN: &str = "BEGIN";
/// See [`BEGIN`].
pub const COMMIT: &str = "COMMIT";

impl Ear {
    /// A statement was run.
    pub(crate) fn hear(&self, statement: &Statement) {
        self.keep(|| statement.to_string());
    }

    /// A transaction was begun or committed.
    pub(crate) fn note(&self, what: &str) {
        self.keep(|| what.to_string());
    }

    fn keep(&self, what: impl FnOnce() -> String) {
        if !self.open.load(Ordering::Relaxed) {
            return;
        }
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.len() < HEARD_MAX {
            heard.push((Instant::now(), what()));
        }
    }
}

/// One table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: i64,
    /// What it takes with its indexes; 0 on SQLite, which does not tell of one table.
    pub bytes: i64,
}

impl Db {
    /// From now on the statements are kept, with their values.
    pub fn listen(&self) {
        self.ear().open.store(true, Ordering::Relaxed);
    }

    /// The statements that were heard since, in order; nothing is kept any more.
    pub fn heard(&self) -> Vec<String> {
        let heard = self.heard_in_time().into_iter().map(|(_, what)| what);
        heard
            .filter(|what| what != BEGIN && what != COMMIT)
            .collect()
    }

    /// The same with [`BEGIN`] and [`COMMIT`] between them, and when each of all was done.
    pub fn heard_in_time(&self) -> Vec<(Instant, String)> {
        let ear = self.ear();
        ear.open.store(false, Ordering::Relaxed);
        std::mem::take(&mut ear.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How the database would go about a statement with its values, a line for each step. Where `at_any_size`, as
    /// it would if the tables were large: PostgreSQL reads a small table whole whatever indexes it has.
    pub async fn plan(&self, statement: &str, at_any_size: bool) -> Result<Vec<String>, DbErr> {
        let on = self.reader();
        let backend = on.get_database_backend();
        let asked = |sql: String| Statement::from_string(backend, sql);
        let (explain, column) = match backend {
            DbBackend::Postgres => ("EXPLAIN ", "QUERY PLAN"),
            _ => ("EXPLAIN QUERY PLAN ", "detail"),
        };
        let transaction = on.begin_with_options(writer()).await?;
        if at_any_size && backend == DbBackend::Postgres {
            let large = "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; \
                         SET LOCAL enable_bitmapscan = off";
            transaction.execute_unprepared(large).await?;
        }
        let rows = transaction
            .query_all_raw(asked(format!("{explain}{statement}")))
            .await?;
        transaction.rollback().await?;
        rows.iter().map(|row| row.try_get("", column)).collect()
    }

    /// Every table of the service with its rows and bytes, by name.
    pub async fn tables(&self) -> Result<Vec<Table>, DbErr> {
        let on = self.reader();
        let backend = on.get_database_backend();
        let names = match backend {
            DbBackend::Postgres => {
                "SELECT tablename AS name, \
                 pg_total_relation_size(format('%I.%I', schemaname, tablename)::regclass) AS bytes \
                 FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
            }
            _ => {
                "SELECT name, 0 AS bytes FROM sqlite_schema \
                 WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1"
            }
        };
        let asked = |sql: String| Statement::from_string(backend, sql);
        let mut tables = Vec::new();
        for row in on.query_all_raw(asked(names.to_string())).await? {
            let name: String = row.try_get("", "name")?;
            let count = asked(format!("SELECT count(*) AS rows FROM \"{name}\""));
            let count = on.query_one_raw(count).await?;
            let rows = count.map_or(Ok(0), |row| row.try_get("", "rows"))?;
            let bytes = row.try_get("", "bytes")?;
            tables.push(Table { name, rows, bytes });
        }
        Ok(tables)
    }

    /// Copies every row of a table of which the condition holds for each number from the first until the
    /// second, with these columns as SQL says (`y` is the row, `g.n` the number); what a constraint has
    /// already is not copied. For a database that is only measured: no rule of any service holds for what
    /// comes out.
    pub async fn multiply(
        &self,
        table: &str,
        (from, until): (u64, u64),
        condition: &str,
        changed: &[(&str, &str)],
    ) -> Result<u64, DbErr> {
        let on = self.reader();
        let backend = on.get_database_backend();
        let names = match backend {
            DbBackend::Postgres => format!(
                "SELECT column_name AS name FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = '{table}'"
            ),
            _ => format!("SELECT name FROM pragma_table_info('{table}')"),
        };
        let names = Statement::from_string(backend, names);
        let (mut columns, mut values) = (Vec::new(), Vec::new());
        for row in on.query_all_raw(names).await? {
            let name: String = row.try_get("", "name")?;
            let change = changed.iter().find(|(column, _)| *column == name);
            values.push(change.map_or(format!("y.\"{name}\""), |(_, sql)| sql.to_string()));
            columns.push(format!("\"{name}\""));
        }
        let (columns, values) = (columns.join(", "), values.join(", "));
        let copied = format!(
            "INSERT INTO \"{table}\" ({columns}) WITH RECURSIVE g(n) AS (SELECT {from} UNION ALL \
             SELECT n + 1 FROM g WHERE n + 1 < {until}) SELECT {values} FROM \"{table}\" AS y, g \
             WHERE {condition} ON CONFLICT DO NOTHING"
        );
        let done = on
            .execute_raw(Statement::from_string(backend, copied))
            .await?;
        Ok(done.rows_affected())
    }

    /// Tells the planner how large the tables are.
    pub async fn analyze(&self) -> Result<(), DbErr> {
        self.reader().execute_unprepared("ANALYZE").await.map(drop)
    }

    /// What the service's data takes: its tables with their indexes, or its file.
    pub async fn bytes(&self) -> Result<i64, DbErr> {
        let on = self.reader();
        let backend = on.get_database_backend();
        let sql = match backend {
            DbBackend::Postgres => {
                "SELECT coalesce(sum(pg_total_relation_size(\
                 format('%I.%I', schemaname, tablename)::regclass)), 0)::bigint AS bytes \
                 FROM pg_tables WHERE schemaname = current_schema()"
            }
            _ => {
                "SELECT page_count * page_size AS bytes FROM pragma_page_count(), \
                 pragma_page_size()"
            }
        };
        let row = on
            .query_one_raw(Statement::from_string(backend, sql))
            .await?;
        row.map_or(Ok(0), |row| row.try_get("", "bytes"))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::DbConfig;
    use crate::entity::event;
    use crate::migration::common;
    use crate::testing::TestDatabase;
    use sea_orm::EntityTrait;
    use sea_orm_migration::{MigrationTrait, MigratorTrait};

    struct Common;

    impl MigratorTrait for Common {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            common()
        }
    }

    /// A service's database with nothing in it.
    pub(crate) async fn opened(service: &str) -> (TestDatabase, Db) {
        let on = TestDatabase::open().await.unwrap();
        let config = DbConfig {
            url: on.url(service),
            schema: service.into(),
            connections: 4,
        };
        let db = Db::open::<Common>(&config).await.unwrap();
        (on, db)
    }

    #[tokio::test]
    async fn what_was_asked_is_heard_planned_and_counted() {
        let (_on, db) = opened("measured").await;
        let read = || event::Entity::find_by_id("none").one(db.reader());
        read().await.unwrap();
        db.listen();
        read().await.unwrap();
        let heard = db.heard();
        read().await.unwrap();
        assert!(
            matches!(&heard[..], [one] if one.contains("'none'")),
            "{heard:?}"
        );
        assert!(db.heard().is_empty());
        db.listen();
        let write = |_| async { Ok(read().await?) };
        db.write(write).await.unwrap();
        let told: Vec<String> = db
            .heard_in_time()
            .into_iter()
            .map(|(_, what)| what)
            .collect();
        assert!(
            matches!(&told[..], [begin, _, commit] if begin == BEGIN && commit == COMMIT),
            "{told:?}"
        );
        let plan = db.plan(&heard[0], true).await.unwrap().join("\n");
        assert!(plan.to_lowercase().contains("index"), "{plan}");
        let tables = db.tables().await.unwrap();
        let events = tables.iter().find(|table| table.name == "event").unwrap();
        assert_eq!(events.rows, 0);
        assert!(db.bytes().await.unwrap() > 0);
    }
}
