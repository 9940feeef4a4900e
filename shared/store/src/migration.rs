//! The migration that gives a service the common tables; services append their own.

mod access;
mod sampling;
mod seals;

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, small_integer, string, string_null, text, text_null,
};

/// The migrations every service begins with.
pub fn common() -> Vec<Box<dyn MigrationTrait>> {
    vec![
        Box::new(CommonTables),
        Box::new(access::AccessTables),
        Box::new(sampling::Sampling),
        Box::new(seals::Seals),
    ]
}

struct CommonTables;

impl MigrationName for CommonTables {
    fn name(&self) -> &str {
        "m0001_common_tables"
    }
}

#[derive(DeriveIden)]
enum RequestKey {
    Table,
    Area,
    Caller,
    Method,
    RequestId,
    Origin,
    State,
    Subject,
    Refusal,
    RecordedAt,
}

#[derive(DeriveIden)]
enum Event {
    Table,
    EventId,
    Area,
    Kind,
    Subject,
    Facts,
    OccurredAt,
    Position,
}

#[derive(DeriveIden)]
enum Block {
    Table,
    Number,
    FirstPosition,
    LastPosition,
    Root,
    Previous,
    Hash,
    SealedAt,
}

#[async_trait::async_trait]
impl MigrationTrait for CommonTables {
    // SQLite would run without a transaction by default (differs).
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(request_key()).await?;
        manager.create_table(event()).await?;
        manager.create_table(block()).await?;
        let by_position = Index::create()
            .name("event_position")
            .table(Event::Table)
            .col(Event::Position)
            .unique()
            .to_owned();
        manager.create_index(by_position).await?;
        // The sealer looks often and mostly finds nothing.
        let waiting = "CREATE INDEX event_waiting ON event (event_id) WHERE position IS NULL";
        manager
            .get_connection()
            .execute_unprepared(waiting)
            .await
            .map(drop)
    }
}

fn request_key() -> TableCreateStatement {
    Table::create()
        .table(RequestKey::Table)
        .col(string(RequestKey::Area))
        .col(string(RequestKey::Caller))
        .col(string(RequestKey::Method))
        .col(string(RequestKey::RequestId))
        .col(string(RequestKey::Origin))
        .col(small_integer(RequestKey::State))
        .col(text_null(RequestKey::Subject))
        .col(text_null(RequestKey::Refusal))
        .col(big_integer(RequestKey::RecordedAt))
        .primary_key(
            Index::create()
                .col(RequestKey::Area)
                .col(RequestKey::Caller)
                .col(RequestKey::Method)
                .col(RequestKey::RequestId),
        )
        .to_owned()
}

fn event() -> TableCreateStatement {
    Table::create()
        .table(Event::Table)
        .col(string(Event::EventId).primary_key())
        .col(string(Event::Area))
        .col(string(Event::Kind))
        .col(string(Event::Subject))
        .col(string(Event::Facts))
        .col(big_integer(Event::OccurredAt))
        .col(big_integer_null(Event::Position))
        .to_owned()
}

fn block() -> TableCreateStatement {
    Table::create()
        .table(Block::Table)
        .col(big_integer(Block::Number).primary_key())
        .col(big_integer(Block::FirstPosition))
        .col(big_integer(Block::LastPosition))
        .col(string(Block::Root))
        .col(string(Block::Previous))
        .col(string(Block::Hash))
        .col(big_integer(Block::SealedAt))
        .to_owned()
}

/// The migration of a service that keeps dated documents.
pub fn documents() -> Box<dyn MigrationTrait> {
    Box::new(DocumentTables)
}

struct DocumentTables;

impl MigrationName for DocumentTables {
    fn name(&self) -> &str {
        "m0002_document_tables"
    }
}

#[derive(DeriveIden)]
enum Document {
    Table,
    Area,
    DocumentId,
    Kind,
    Series,
    Name,
    Title,
    FirstDay,
    UntilDay,
    Digest,
    Text,
    ProposedBy,
    ProposedAt,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum DocumentActivation {
    Table,
    Area,
    ActivationId,
    Kind,
    DocumentId,
    Slot,
    ActivatesAt,
    ActivatedBy,
    ActivatedAt,
    Reason,
    WithdrawnAt,
}

/// What only one standing row may have: the same words on both databases.
const DOCUMENT_INDEXES: [&str; 4] = [
    "CREATE UNIQUE INDEX document_digest \
        ON document (area, kind, digest) WHERE withdrawn_at IS NULL",
    "CREATE UNIQUE INDEX document_activation_document \
        ON document_activation (area, document_id) WHERE withdrawn_at IS NULL",
    // Of two for the same days the later decides, so no two begin at once.
    "CREATE UNIQUE INDEX document_activation_slot \
        ON document_activation (area, kind, slot, activates_at) WHERE withdrawn_at IS NULL",
    // The generation is counted on the hot path.
    "CREATE INDEX document_activation_kind \
        ON document_activation (area, kind, withdrawn_at)",
];

#[async_trait::async_trait]
impl MigrationTrait for DocumentTables {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(document()).await?;
        manager.create_table(document_activation()).await?;
        for index in DOCUMENT_INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn document() -> TableCreateStatement {
    Table::create()
        .table(Document::Table)
        .col(string(Document::Area))
        .col(string(Document::DocumentId))
        .col(string(Document::Kind))
        .col(string(Document::Series))
        .col(text(Document::Name))
        .col(text(Document::Title))
        .col(string(Document::FirstDay))
        .col(string_null(Document::UntilDay))
        .col(string(Document::Digest))
        .col(text(Document::Text))
        .col(string(Document::ProposedBy))
        .col(big_integer(Document::ProposedAt))
        .col(big_integer_null(Document::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(Document::Area)
                .col(Document::DocumentId),
        )
        .to_owned()
}

fn document_activation() -> TableCreateStatement {
    Table::create()
        .table(DocumentActivation::Table)
        .col(string(DocumentActivation::Area))
        .col(string(DocumentActivation::ActivationId))
        .col(string(DocumentActivation::Kind))
        .col(string(DocumentActivation::DocumentId))
        .col(string(DocumentActivation::Slot))
        .col(big_integer(DocumentActivation::ActivatesAt))
        .col(string(DocumentActivation::ActivatedBy))
        .col(big_integer(DocumentActivation::ActivatedAt))
        .col(text(DocumentActivation::Reason))
        .col(big_integer_null(DocumentActivation::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(DocumentActivation::Area)
                .col(DocumentActivation::ActivationId),
        )
        .to_owned()
}
