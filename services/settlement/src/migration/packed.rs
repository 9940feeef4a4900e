//! 结算凭据: the documents of a settlement in one packed column, once every program that reads them knows it.
//! A database that has settlements may have programs of an earlier release beside it, or get them back:
//! there, new settlements are written as before until somebody says otherwise (deploy/OPERATIONS.md).

use sea_orm::DeriveIden;
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

/// The same words on both databases.
const STEPS: [&str; 2] = [
    "CREATE TABLE settlement_form (number integer PRIMARY KEY, packed boolean NOT NULL)",
    "INSERT INTO settlement_form SELECT 1, NOT EXISTS (SELECT 1 FROM settlement)",
];

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
        for step in STEPS {
            manager.get_connection().execute_unprepared(step).await?;
        }
        Ok(())
    }
}
