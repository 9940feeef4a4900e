//! What revisions of settlements need.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, integer, string, text};

/// 差额结算: settlements priced again.
pub struct Revisions;

impl MigrationName for Revisions {
    fn name(&self) -> &str {
        "m0110_revisions"
    }
}

#[derive(DeriveIden)]
enum Settlement {
    Table,
    Revision,
}

#[derive(DeriveIden)]
enum Revision {
    Table,
    Area,
    RevisionId,
    SettlementId,
    Number,
    Replaces,
    CorrectionId,
    Place,
    PersonId,
    Scheme,
    Year,
    YearVersion,
    YearOrdinal,
    Cause,
    Payee,
    Reason,
    CaseReference,
    Evidence,
    Basis,
    Amounts,
    EngineVersion,
    PostedAt,
    WithdrawnAt,
}

const INDEXES: [&str; 7] = [
    "CREATE UNIQUE INDEX revision_number ON revision (area, settlement_id, number)",
    "CREATE UNIQUE INDEX revision_place ON revision (area, correction_id, place)",
    "CREATE INDEX revision_year ON revision (area, person_id, scheme, year, year_version)",
    // What counts for a day.
    "CREATE INDEX revision_posted ON revision (area, posted_at)",
    "CREATE INDEX revision_withdrawn ON revision (area, withdrawn_at) WHERE withdrawn_at IS NOT NULL",
    "CREATE INDEX settlement_day_posted ON settlement (area, posted_at)",
    "CREATE INDEX settlement_day_reversed ON settlement (area, reversed_at) \
        WHERE reversed_at IS NOT NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Revisions {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let newest = Table::alter()
            .table(Settlement::Table)
            .add_column(big_integer_null(Settlement::Revision))
            .to_owned();
        manager.alter_table(newest).await?;
        manager.create_table(revision()).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn revision() -> TableCreateStatement {
    Table::create()
        .table(Revision::Table)
        .col(string(Revision::Area))
        .col(string(Revision::RevisionId))
        .col(string(Revision::SettlementId))
        .col(big_integer(Revision::Number))
        .col(big_integer(Revision::Replaces))
        .col(string(Revision::CorrectionId))
        .col(integer(Revision::Place))
        .col(string(Revision::PersonId))
        .col(string(Revision::Scheme))
        .col(integer(Revision::Year))
        .col(big_integer(Revision::YearVersion))
        .col(big_integer(Revision::YearOrdinal))
        .col(string(Revision::Cause))
        .col(string(Revision::Payee))
        .col(text(Revision::Reason))
        .col(string(Revision::CaseReference))
        .col(text(Revision::Evidence))
        .col(text(Revision::Basis))
        .col(text(Revision::Amounts))
        .col(integer(Revision::EngineVersion))
        .col(big_integer(Revision::PostedAt))
        .col(big_integer_null(Revision::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(Revision::Area)
                .col(Revision::RevisionId),
        )
        .to_owned()
}
