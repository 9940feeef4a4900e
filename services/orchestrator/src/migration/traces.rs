//! A saga keeps the trace of its request, and those that are stuck are found at once.

use sea_orm_migration::prelude::*;

pub(super) struct Traces;

impl MigrationName for Traces {
    fn name(&self) -> &str {
        "m0102_saga_trace"
    }
}

/// The same words on both databases.
const CHANGES: [&str; 2] = [
    "ALTER TABLE saga ADD COLUMN trace TEXT",
    // Looked at with every sample, and nearly always empty.
    "CREATE INDEX saga_stuck ON saga (area, kind) WHERE state = 4",
];

#[async_trait::async_trait]
impl MigrationTrait for Traces {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for change in CHANGES {
            manager.get_connection().execute_unprepared(change).await?;
        }
        Ok(())
    }
}
