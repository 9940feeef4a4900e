//! What settling a stay in parts needs.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, text_null};

/// 分段结算: which part of its stay a settlement is, and the standing parts of a visit.
pub struct Parts;

impl MigrationName for Parts {
    fn name(&self) -> &str {
        "m0111_parts"
    }
}

#[derive(DeriveIden)]
enum Settlement {
    Table,
    Part,
}

#[derive(DeriveIden)]
enum Visit {
    Table,
    Parts,
}

/// The same words on both databases.
const INDEXES: [&str; 3] = [
    "DROP INDEX settlement_visit",
    // One standing settlement per visit, whatever the callers' request ids: the whole, or its parts,
    // of which there is always a first.
    "CREATE UNIQUE INDEX settlement_visit \
        ON settlement (area, institution_code, visit_number) \
        WHERE reversed_at IS NULL AND part <= 1",
    "CREATE UNIQUE INDEX settlement_part \
        ON settlement (area, institution_code, visit_number, part) \
        WHERE reversed_at IS NULL AND part > 1",
];

#[async_trait::async_trait]
impl MigrationTrait for Parts {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let settlement = Table::alter()
            .table(Settlement::Table)
            .add_column(integer(Settlement::Part).default(0))
            .to_owned();
        manager.alter_table(settlement).await?;
        let visit = Table::alter()
            .table(Visit::Table)
            .add_column(text_null(Visit::Parts))
            .to_owned();
        manager.alter_table(visit).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}
