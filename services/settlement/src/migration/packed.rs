//! 结算凭据: the documents of a settlement in one packed column, once every program that reads them knows it.
//! A database in which anything was done before may have programs of an earlier release beside it, or get
//! them back: there, new settlements are written as before until somebody says otherwise
//! (deploy/OPERATIONS.md). A folder of SQLite files is refused by the earlier program anyway (differs).

use sea_orm::{DbBackend, DeriveIden};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::binary_null;

/// The packed column, and whether it is written.
pub struct Packed;

impl MigrationName for Packed {
    fn name(&self) -> &str {
        "m0120_packed"
    }
}

#[derive(DeriveIden)]
enum Settlement {
    Table,
    Packed,
}

const FORM: &str =
    "CREATE TABLE settlement_form (number integer PRIMARY KEY, packed boolean NOT NULL)";

/// Whether documents are packed from now on: every request that changed anything left its key.
fn begins(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => {
            "INSERT INTO settlement_form SELECT 1, NOT EXISTS (SELECT 1 FROM request_key)"
        }
        _ => "INSERT INTO settlement_form VALUES (1, TRUE)",
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Packed {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let more = Table::alter()
            .table(Settlement::Table)
            .add_column(binary_null(Settlement::Packed))
            .to_owned();
        manager.alter_table(more).await?;
        let connection = manager.get_connection();
        connection.execute_unprepared(FORM).await?;
        let begins = begins(manager.get_database_backend());
        connection.execute_unprepared(begins).await?;
        Ok(())
    }
}
