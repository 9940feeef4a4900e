//! A migration beside a program that goes on: it changes a table that others read and write.

use crate::{Migrator, config, open};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TransactionOptions, TransactionTrait};
use sea_orm_migration::prelude::*;
use store::Db;

/// The next release: one column more in a table that every request writes.
struct Wider;

struct Column;

impl MigratorTrait for Wider {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut all = Migrator::migrations();
        all.push(Box::new(Column));
        all
    }
}

impl MigrationName for Column {
    fn name(&self) -> &str {
        "m9999_column"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Column {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let change = "ALTER TABLE event ADD COLUMN wider TEXT";
        let done = manager.get_connection().execute_unprepared(change).await;
        done.map(drop)
    }
}

/// PostgreSQL grants locks in their order: whoever waits for a long reader makes all writers wait too.
#[tokio::test(flavor = "multi_thread")]
async fn a_migration_behind_a_long_reader_keeps_no_writer_waiting() {
    let world = open().await;
    let reader = world.db.reader();
    if reader.get_database_backend() != DbBackend::Postgres {
        // SQLite has one writer, and its readers keep nobody waiting.
        return;
    }
    let whole = TransactionOptions::default();
    let long = reader.begin_with_options(whole).await.unwrap();
    long.execute_unprepared("SELECT count(*) FROM event")
        .await
        .unwrap();
    let config = config(&world.database);
    let migrating = tokio::spawn(async move { Db::open::<Wider>(&config).await.map(drop) });
    let asked = "SELECT count(*) AS waiting FROM pg_locks WHERE NOT granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let asked = Statement::from_string(DbBackend::Postgres, asked);
    // Several of its attempts: each time it waits, a writer comes.
    for number in 0..3 {
        loop {
            let row = reader.query_one_raw(asked.clone()).await.unwrap();
            let waiting: i64 = row.unwrap().try_get("", "waiting").unwrap();
            assert!(!migrating.is_finished(), "the reader is still there");
            if waiting > 0 {
                break;
            }
        }
        let written = world.db.write(|tx| async move {
            let row = format!(
                "INSERT INTO event (event_id, area, kind, subject, facts, occurred_at) \
                 VALUES ('e-{number}', '999999', 'k', 's', '{{}}', 1)"
            );
            tx.execute_unprepared(&row).await?;
            Ok(())
        });
        written.await.unwrap();
    }
    long.rollback().await.unwrap();
    migrating.await.unwrap().unwrap();
    let wider = "SELECT wider FROM event";
    reader.execute_unprepared(wider).await.unwrap();
}
