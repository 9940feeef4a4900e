//! What operators wrote of a saga stands with the saga, and not in what is told of it.

use sea_orm_migration::prelude::*;

pub(super) struct Notes;

impl MigrationName for Notes {
    fn name(&self) -> &str {
        "m0103_saga_notes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Notes {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The same words on both databases.
        let change = "ALTER TABLE saga ADD COLUMN notes TEXT";
        let done = manager.get_connection().execute_unprepared(change).await;
        done.map(drop)
    }
}
