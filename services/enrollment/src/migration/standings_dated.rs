//! The table of changes of standings.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, string};

/// 参保口径变更.
pub struct StandingsDated;

impl MigrationName for StandingsDated {
    fn name(&self) -> &str {
        "m0105_standings_dated"
    }
}

/// A person's changes are read on every settlement; a coverage has one of a day, and it is found by
/// its beginning when the coverage is withdrawn.
const INDEXES: &[&str] = &[
    "CREATE INDEX standing_change_person ON standing_change (area, person_id)",
    "CREATE UNIQUE INDEX standing_change_day \
        ON standing_change (area, coverage_id, from_day) WHERE withdrawn_at IS NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for StandingsDated {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(standing_change()).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden)]
enum StandingChange {
    Table,
    Area,
    StandingChangeId,
    PersonId,
    CoverageId,
    FromDay,
    Standing,
    WithdrawnAt,
}

fn standing_change() -> TableCreateStatement {
    Table::create()
        .table(StandingChange::Table)
        .col(string(StandingChange::Area))
        .col(string(StandingChange::StandingChangeId))
        .col(string(StandingChange::PersonId))
        .col(string(StandingChange::CoverageId))
        .col(string(StandingChange::FromDay))
        .col(string(StandingChange::Standing))
        .col(big_integer_null(StandingChange::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(StandingChange::Area)
                .col(StandingChange::StandingChangeId),
        )
        .to_owned()
}
