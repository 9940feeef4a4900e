//! How the service's tables came to be.

mod envelopes;
mod notes;
mod traces;

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, boolean, integer, small_integer, string, string_null,
    text, text_null,
};

/// All migrations, oldest first.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = store::migration::common();
        migrations.push(Box::new(Sagas));
        migrations.push(Box::new(traces::Traces));
        migrations.push(Box::new(envelopes::Envelopes));
        migrations.push(Box::new(notes::Notes));
        migrations
    }
}

struct Sagas;

impl MigrationName for Sagas {
    fn name(&self) -> &str {
        "m0101_sagas"
    }
}

#[derive(DeriveIden)]
enum Saga {
    Table,
    Area,
    Caller,
    Method,
    RequestId,
    SagaId,
    Kind,
    Origin,
    Request,
    Principal,
    State,
    Subject,
    Refusal,
    Heard,
    HeardCode,
    StoodFor,
    Stood,
    RestStep,
    RestAttempts,
    Withdraw,
    Lines,
    Owner,
    Fence,
    LeaseUntil,
    DueAt,
    AbandonBy,
    AbandonReason,
    BeganAt,
    ChangedAt,
}

#[derive(DeriveIden)]
enum SagaLine {
    Table,
    Area,
    SagaId,
    Number,
    Step,
    Name,
    What,
    WrittenBy,
    WrittenAt,
}

/// The same words on both databases.
const INDEXES: [&str; 3] = [
    "CREATE UNIQUE INDEX saga_id ON saga (area, saga_id)",
    // What may be taken up: looked at often, and small however many sagas have ended.
    "CREATE INDEX saga_due ON saga (due_at) WHERE state = 0",
    "CREATE INDEX saga_state ON saga (area, state, saga_id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Sagas {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [saga(), line()] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn saga() -> TableCreateStatement {
    Table::create()
        .table(Saga::Table)
        .col(string(Saga::Area))
        .col(string(Saga::Caller))
        .col(string(Saga::Method))
        .col(string(Saga::RequestId))
        .col(string(Saga::SagaId))
        .col(string(Saga::Kind))
        .col(string(Saga::Origin))
        .col(binary(Saga::Request))
        .col(text(Saga::Principal))
        .col(small_integer(Saga::State))
        .col(string_null(Saga::Subject))
        .col(text_null(Saga::Refusal))
        .col(text_null(Saga::Heard))
        .col(string_null(Saga::HeardCode))
        .col(text_null(Saga::StoodFor))
        .col(integer(Saga::Stood))
        .col(big_integer_null(Saga::RestStep))
        .col(big_integer(Saga::RestAttempts))
        .col(boolean(Saga::Withdraw))
        .col(integer(Saga::Lines))
        .col(string(Saga::Owner))
        .col(big_integer(Saga::Fence))
        .col(big_integer(Saga::LeaseUntil))
        .col(big_integer(Saga::DueAt))
        .col(string_null(Saga::AbandonBy))
        .col(text_null(Saga::AbandonReason))
        .col(big_integer(Saga::BeganAt))
        .col(big_integer(Saga::ChangedAt))
        .primary_key(
            Index::create()
                .col(Saga::Area)
                .col(Saga::Caller)
                .col(Saga::Method)
                .col(Saga::RequestId),
        )
        .to_owned()
}

fn line() -> TableCreateStatement {
    Table::create()
        .table(SagaLine::Table)
        .col(string(SagaLine::Area))
        .col(string(SagaLine::SagaId))
        .col(integer(SagaLine::Number))
        .col(big_integer(SagaLine::Step))
        .col(string(SagaLine::Name))
        .col(text(SagaLine::What))
        .col(string(SagaLine::WrittenBy))
        .col(big_integer(SagaLine::WrittenAt))
        .primary_key(
            Index::create()
                .col(SagaLine::Area)
                .col(SagaLine::SagaId)
                .col(SagaLine::Number),
        )
        .to_owned()
}
