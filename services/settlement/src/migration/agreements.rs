//! What the register of institutions needs to be read as of a day.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{string_null, text_null};

/// 终止协议: since when an institution has no agreement, and why.
pub struct Agreements;

impl MigrationName for Agreements {
    fn name(&self) -> &str {
        "m0109_agreements"
    }
}

#[derive(DeriveIden)]
enum Institution {
    Table,
    AgreementUntil,
    EndReason,
}

#[async_trait::async_trait]
impl MigrationTrait for Agreements {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            string_null(Institution::AgreementUntil),
            text_null(Institution::EndReason),
        ];
        // One at a time: SQLite knows no other way.
        for column in columns {
            let add = Table::alter()
                .table(Institution::Table)
                .add_column(column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }
}
