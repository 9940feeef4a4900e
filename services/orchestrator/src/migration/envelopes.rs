//! The tables of who sends envelopes, and of the nonces that were used.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, small_integer, string, string_null, text,
    text_null,
};

pub(super) struct Envelopes;

impl MigrationName for Envelopes {
    fn name(&self) -> &str {
        "m0118_envelopes"
    }
}

#[derive(DeriveIden)]
enum EnvelopeSender {
    Table,
    Area,
    SenderId,
    AppId,
    Secret,
    ActsAs,
    SignedAs,
    ScalarsAsText,
    Escaped,
    EncryptionRequired,
    RegisteredBy,
    RegisteredAt,
    EndedBy,
    EndedAt,
    EndReason,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum EnvelopeKey {
    Table,
    Area,
    SenderId,
    Number,
    PublicKey,
    FromDay,
    PreviousUntilDay,
    AddedBy,
    AddedAt,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum EnvelopeNonce {
    Table,
    Area,
    AppId,
    Nonce,
    UntilAt,
}

/// The same words on both databases.
const INDEXES: [&str; 3] = [
    "CREATE UNIQUE INDEX envelope_sender_app ON envelope_sender (area, app_id) \
        WHERE withdrawn_at IS NULL",
    // One key is one sender's: whose signature it is leaves no doubt.
    "CREATE UNIQUE INDEX envelope_key_once ON envelope_key (area, public_key) \
        WHERE withdrawn_at IS NULL",
    // What may be swept, of all areas at once.
    "CREATE INDEX envelope_nonce_until ON envelope_nonce (until_at)",
];

#[async_trait::async_trait]
impl MigrationTrait for Envelopes {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [sender(), key(), nonce()] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn sender() -> TableCreateStatement {
    Table::create()
        .table(EnvelopeSender::Table)
        .col(string(EnvelopeSender::Area))
        .col(string(EnvelopeSender::SenderId))
        .col(string(EnvelopeSender::AppId))
        .col(text(EnvelopeSender::Secret))
        .col(string(EnvelopeSender::ActsAs))
        .col(small_integer(EnvelopeSender::SignedAs))
        .col(boolean(EnvelopeSender::ScalarsAsText))
        .col(boolean(EnvelopeSender::Escaped))
        .col(boolean(EnvelopeSender::EncryptionRequired))
        .col(string(EnvelopeSender::RegisteredBy))
        .col(big_integer(EnvelopeSender::RegisteredAt))
        .col(string_null(EnvelopeSender::EndedBy))
        .col(big_integer_null(EnvelopeSender::EndedAt))
        .col(text_null(EnvelopeSender::EndReason))
        .col(big_integer_null(EnvelopeSender::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(EnvelopeSender::Area)
                .col(EnvelopeSender::SenderId),
        )
        .to_owned()
}

fn key() -> TableCreateStatement {
    Table::create()
        .table(EnvelopeKey::Table)
        .col(string(EnvelopeKey::Area))
        .col(string(EnvelopeKey::SenderId))
        .col(integer(EnvelopeKey::Number))
        .col(string(EnvelopeKey::PublicKey))
        .col(string(EnvelopeKey::FromDay))
        .col(string_null(EnvelopeKey::PreviousUntilDay))
        .col(string(EnvelopeKey::AddedBy))
        .col(big_integer(EnvelopeKey::AddedAt))
        .col(big_integer_null(EnvelopeKey::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(EnvelopeKey::Area)
                .col(EnvelopeKey::SenderId)
                .col(EnvelopeKey::Number),
        )
        .to_owned()
}

fn nonce() -> TableCreateStatement {
    Table::create()
        .table(EnvelopeNonce::Table)
        .col(string(EnvelopeNonce::Area))
        .col(string(EnvelopeNonce::AppId))
        .col(string(EnvelopeNonce::Nonce))
        .col(big_integer(EnvelopeNonce::UntilAt))
        .primary_key(
            Index::create()
                .col(EnvelopeNonce::Area)
                .col(EnvelopeNonce::AppId)
                .col(EnvelopeNonce::Nonce),
        )
        .to_owned()
}
