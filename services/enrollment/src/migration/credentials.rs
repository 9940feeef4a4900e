//! The tables of cards, tokens, and what was checked by them.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, string_null, text_null};

/// 就诊凭证, 人证核验.
pub struct Credentials;

impl MigrationName for Credentials {
    fn name(&self) -> &str {
        "m0103_credentials"
    }
}

#[derive(DeriveIden)]
enum Card {
    Table,
    Area,
    CardId,
    PersonId,
    CardNumber,
    RevokedAt,
    RevocationReason,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum CredentialToken {
    Table,
    Area,
    TokenId,
    Digest,
    PersonId,
    InstitutionCode,
    Purpose,
    ExpiresAt,
    UsedAt,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum IdentityCheck {
    Table,
    Area,
    IdentityCheckId,
    PersonId,
    InstitutionCode,
    VisitNumber,
    Purpose,
    CertificateType,
    CredentialId,
    Manner,
    OperatorCode,
    CheckedBy,
    CheckedAt,
    SettlesUntil,
    DoubtedAt,
    ClearedAt,
    ClearedBy,
    ClearingCheckId,
    ClearingReason,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum CredentialGuess {
    Table,
    Area,
    InstitutionCode,
    Caller,
    RequestId,
    GuessedAt,
}

/// Indexes, some partial: the same words on both databases.
const INDEXES: [&str; 7] = [
    // A number stands for one person, revoked or not.
    "CREATE UNIQUE INDEX card_number ON card (area, card_number) WHERE withdrawn_at IS NULL",
    "CREATE INDEX card_person ON card (area, person_id)",
    "CREATE UNIQUE INDEX credential_token_digest ON credential_token (area, digest)",
    // On the way of every settlement, and mostly empty.
    "CREATE INDEX identity_check_doubted ON identity_check (area, institution_code, visit_number) \
        WHERE doubted_at IS NOT NULL",
    "CREATE INDEX identity_check_doubts ON identity_check (area, identity_check_id) \
        WHERE doubted_at IS NOT NULL",
    "CREATE INDEX identity_check_cleared ON identity_check (area, clearing_check_id) \
        WHERE clearing_check_id IS NOT NULL",
    "CREATE INDEX credential_guess_time ON credential_guess (area, institution_code, guessed_at)",
];

#[async_trait::async_trait]
impl MigrationTrait for Credentials {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [card(), credential_token(), identity_check(), guess()] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn card() -> TableCreateStatement {
    Table::create()
        .table(Card::Table)
        .col(string(Card::Area))
        .col(string(Card::CardId))
        .col(string(Card::PersonId))
        .col(string(Card::CardNumber))
        .col(big_integer_null(Card::RevokedAt))
        .col(text_null(Card::RevocationReason))
        .col(big_integer_null(Card::WithdrawnAt))
        .primary_key(Index::create().col(Card::Area).col(Card::CardId))
        .to_owned()
}

fn credential_token() -> TableCreateStatement {
    Table::create()
        .table(CredentialToken::Table)
        .col(string(CredentialToken::Area))
        .col(string(CredentialToken::TokenId))
        .col(string(CredentialToken::Digest))
        .col(string(CredentialToken::PersonId))
        .col(string(CredentialToken::InstitutionCode))
        .col(string(CredentialToken::Purpose))
        .col(big_integer(CredentialToken::ExpiresAt))
        .col(big_integer_null(CredentialToken::UsedAt))
        .col(big_integer_null(CredentialToken::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(CredentialToken::Area)
                .col(CredentialToken::TokenId),
        )
        .to_owned()
}

fn identity_check() -> TableCreateStatement {
    Table::create()
        .table(IdentityCheck::Table)
        .col(string(IdentityCheck::Area))
        .col(string(IdentityCheck::IdentityCheckId))
        .col(string(IdentityCheck::PersonId))
        .col(string(IdentityCheck::InstitutionCode))
        .col(string(IdentityCheck::VisitNumber))
        .col(string(IdentityCheck::Purpose))
        .col(string(IdentityCheck::CertificateType))
        .col(string_null(IdentityCheck::CredentialId))
        .col(string(IdentityCheck::Manner))
        .col(string(IdentityCheck::OperatorCode))
        .col(string(IdentityCheck::CheckedBy))
        .col(big_integer(IdentityCheck::CheckedAt))
        .col(big_integer_null(IdentityCheck::SettlesUntil))
        .col(big_integer_null(IdentityCheck::DoubtedAt))
        .col(big_integer_null(IdentityCheck::ClearedAt))
        .col(string_null(IdentityCheck::ClearedBy))
        .col(string_null(IdentityCheck::ClearingCheckId))
        .col(text_null(IdentityCheck::ClearingReason))
        .col(big_integer_null(IdentityCheck::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(IdentityCheck::Area)
                .col(IdentityCheck::IdentityCheckId),
        )
        .to_owned()
}

fn guess() -> TableCreateStatement {
    Table::create()
        .table(CredentialGuess::Table)
        .col(string(CredentialGuess::Area))
        .col(string(CredentialGuess::InstitutionCode))
        .col(string(CredentialGuess::Caller))
        .col(string(CredentialGuess::RequestId))
        .col(big_integer(CredentialGuess::GuessedAt))
        .primary_key(
            Index::create()
                .col(CredentialGuess::Area)
                .col(CredentialGuess::InstitutionCode)
                .col(CredentialGuess::Caller)
                .col(CredentialGuess::RequestId),
        )
        .to_owned()
}
