//! 在院日期: by which the standing settlements of a person that share a day are found. All of the question
//! is in the index: one that has less of it is passed over for `settlement_ended`, which goes through the
//! days of everybody, as long as PostgreSQL has not counted the rows.

use sea_orm_migration::prelude::*;

/// The index that takes the place of `settlement_days`.
pub struct StandingDays;

impl MigrationName for StandingDays {
    fn name(&self) -> &str {
        "m0119_standing_days"
    }
}

/// The same words on both databases.
const STEPS: [&str; 2] = [
    "CREATE INDEX settlement_standing_days ON settlement (area, person_id, end_day, begin_day) \
     WHERE reversed_at IS NULL",
    "DROP INDEX settlement_days",
];

#[async_trait::async_trait]
impl MigrationTrait for StandingDays {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for step in STEPS {
            manager.get_connection().execute_unprepared(step).await?;
        }
        Ok(())
    }
}
