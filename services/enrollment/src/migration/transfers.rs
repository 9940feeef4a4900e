//! The tables of certificates and of applications to transfer.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, string_null, text};

/// 关系转移接续.
pub struct Transfers;

impl MigrationName for Transfers {
    fn name(&self) -> &str {
        "m0106_transfers"
    }
}

const INDEXES: &[&str] = &[
    "CREATE INDEX transfer_certificate_person ON transfer_certificate (area, person_id)",
    // What is certified of a person and day is certified once.
    "CREATE UNIQUE INDEX transfer_certificate_end ON transfer_certificate \
        (area, person_id, scheme, end_day) WHERE withdrawn_at IS NULL",
    // Read on every settlement: only who was accepted has a person.
    "CREATE INDEX transfer_in_person ON transfer_in (area, person_id)",
    // A certificate serves once, whatever area it is brought to.
    "CREATE UNIQUE INDEX transfer_in_certificate ON transfer_in \
        (from_area, certificate_id) WHERE withdrawn_at IS NULL AND rejection IS NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Transfers {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [transfer_certificate(), transfer_in()] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden)]
enum TransferCertificate {
    Table,
    Area,
    CertificateId,
    PersonId,
    Scheme,
    EndDay,
    Content,
    Digest,
    CoverageId,
    UntilBefore,
    WithdrawnAt,
}

fn transfer_certificate() -> TableCreateStatement {
    Table::create()
        .table(TransferCertificate::Table)
        .col(string(TransferCertificate::Area))
        .col(string(TransferCertificate::CertificateId))
        .col(string(TransferCertificate::PersonId))
        .col(string(TransferCertificate::Scheme))
        .col(string(TransferCertificate::EndDay))
        .col(text(TransferCertificate::Content))
        .col(string(TransferCertificate::Digest))
        .col(string_null(TransferCertificate::CoverageId))
        .col(string_null(TransferCertificate::UntilBefore))
        .col(big_integer_null(TransferCertificate::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(TransferCertificate::Area)
                .col(TransferCertificate::CertificateId),
        )
        .to_owned()
}

#[derive(DeriveIden)]
enum TransferIn {
    Table,
    Area,
    TransferId,
    FromArea,
    CertificateId,
    Content,
    IdNumber,
    AppliedBy,
    AppliedAt,
    DecidedBy,
    DecidedAt,
    PersonId,
    Rejection,
    WithdrawnAt,
}

fn transfer_in() -> TableCreateStatement {
    Table::create()
        .table(TransferIn::Table)
        .col(string(TransferIn::Area))
        .col(string(TransferIn::TransferId))
        .col(string(TransferIn::FromArea))
        .col(string(TransferIn::CertificateId))
        .col(text(TransferIn::Content))
        .col(string(TransferIn::IdNumber))
        .col(string(TransferIn::AppliedBy))
        .col(big_integer(TransferIn::AppliedAt))
        .col(string_null(TransferIn::DecidedBy))
        .col(big_integer_null(TransferIn::DecidedAt))
        .col(string_null(TransferIn::PersonId))
        .col(string_null(TransferIn::Rejection))
        .col(big_integer_null(TransferIn::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(TransferIn::Area)
                .col(TransferIn::TransferId),
        )
        .to_owned()
}
