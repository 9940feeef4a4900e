//! How the service's tables came to be.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, string};

/// All migrations, oldest first.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = store::migration::common();
        migrations.push(Box::new(Participants));
        migrations
    }
}

struct Participants;

impl MigrationName for Participants {
    fn name(&self) -> &str {
        "m0101_participants"
    }
}

#[derive(DeriveIden)]
enum Participant {
    Table,
    Area,
    ParticipantId,
    Region,
    Name,
    FromDay,
    WithdrawnAt,
}

#[async_trait::async_trait]
impl MigrationTrait for Participants {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Participant::Table)
            .col(string(Participant::Area))
            .col(string(Participant::ParticipantId))
            .col(string(Participant::Region))
            .col(string(Participant::Name))
            .col(string(Participant::FromDay))
            .col(big_integer_null(Participant::WithdrawnAt))
            .primary_key(
                Index::create()
                    .col(Participant::Area)
                    .col(Participant::ParticipantId),
            )
            .to_owned();
        manager.create_table(table).await?;
        let one_per_region = "CREATE UNIQUE INDEX participant_region \
            ON participant (area, region) WHERE withdrawn_at IS NULL";
        manager
            .get_connection()
            .execute_unprepared(one_per_region)
            .await
            .map(drop)
    }
}
