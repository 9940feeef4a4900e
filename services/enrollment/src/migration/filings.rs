//! The tables of filed diseases, and of what was changed of them.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, string_null, text};

/// 门诊慢特病备案.
pub struct Filings;

impl MigrationName for Filings {
    fn name(&self) -> &str {
        "m0105_filings"
    }
}

#[derive(DeriveIden)]
enum DiseaseFiling {
    Table,
    Area,
    FilingId,
    PersonId,
    Scheme,
    Kind,
    DiseaseCode,
    DiseaseName,
    FromDay,
    UntilDay,
    InstitutionCodes,
    Material,
    FiledBy,
    FiledAt,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum FilingChange {
    Table,
    Area,
    ChangeId,
    FilingId,
    PersonId,
    Kind,
    FromDay,
    InstitutionCodes,
    Reason,
    ChangedBy,
    ChangedAt,
    WithdrawnAt,
}

/// The same words on both databases. Both are on the way of every settlement.
const INDEXES: [&str; 2] = [
    "CREATE INDEX disease_filing_person ON disease_filing (area, person_id, filing_id)",
    "CREATE INDEX filing_change_person ON filing_change (area, person_id, filing_id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Filings {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [filing(), change()] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn filing() -> TableCreateStatement {
    use DiseaseFiling as F;
    Table::create()
        .table(F::Table)
        .col(string(F::Area))
        .col(string(F::FilingId))
        .col(string(F::PersonId))
        .col(string(F::Scheme))
        .col(string(F::Kind))
        .col(string(F::DiseaseCode))
        .col(string(F::DiseaseName))
        .col(string(F::FromDay))
        .col(string_null(F::UntilDay))
        .col(text(F::InstitutionCodes))
        .col(text(F::Material))
        .col(string(F::FiledBy))
        .col(big_integer(F::FiledAt))
        .col(big_integer_null(F::WithdrawnAt))
        .primary_key(Index::create().col(F::Area).col(F::FilingId))
        .to_owned()
}

fn change() -> TableCreateStatement {
    use FilingChange as C;
    Table::create()
        .table(C::Table)
        .col(string(C::Area))
        .col(string(C::ChangeId))
        .col(string(C::FilingId))
        .col(string(C::PersonId))
        .col(string(C::Kind))
        .col(string(C::FromDay))
        .col(text(C::InstitutionCodes))
        .col(text(C::Reason))
        .col(string(C::ChangedBy))
        .col(big_integer(C::ChangedAt))
        .col(big_integer_null(C::WithdrawnAt))
        .primary_key(Index::create().col(C::Area).col(C::ChangeId))
        .to_owned()
}
