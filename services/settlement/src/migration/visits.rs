//! The tables of visits and their lines.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, string, string_null, text, text_null,
};

/// 就诊登记与费用明细.
pub struct Visits;

impl MigrationName for Visits {
    fn name(&self) -> &str {
        "m0107_visits"
    }
}

#[derive(DeriveIden)]
enum Visit {
    Table,
    Area,
    VisitId,
    InstitutionCode,
    VisitNumber,
    Facts,
    EndDay,
    AccidentCheck,
    SettlementId,
    Version,
    LastLine,
    RegisteredAt,
    CancelledAt,
    CancelReason,
}

#[derive(DeriveIden)]
enum VisitLine {
    Table,
    Area,
    VisitId,
    Number,
    InstitutionCode,
    LineCode,
    ItemCode,
    LocalCode,
    LocalName,
    UnitPrice,
    Quantity,
    AmountFen,
    Approval,
    FeeDay,
    OriginalLineCode,
    Listed,
    Listing,
    UploadId,
    SettlementId,
    RevocationId,
}

/// Indexes, some partial: the same words on both databases.
const INDEXES: [&str; 7] = [
    // One standing visit of a number.
    "CREATE UNIQUE INDEX visit_number ON visit (area, institution_code, visit_number) \
        WHERE cancelled_at IS NULL",
    "CREATE INDEX visit_listed ON visit (area, institution_code, visit_id)",
    "CREATE INDEX visit_settlement ON visit (area, settlement_id) \
        WHERE settlement_id IS NOT NULL",
    // One standing line of a number.
    "CREATE UNIQUE INDEX visit_line_code ON visit_line (area, visit_id, line_code) \
        WHERE revocation_id IS NULL",
    "CREATE INDEX visit_line_upload ON visit_line (area, upload_id)",
    "CREATE INDEX visit_line_revocation ON visit_line (area, revocation_id) \
        WHERE revocation_id IS NOT NULL",
    "CREATE INDEX visit_line_unlisted ON visit_line (area, institution_code, fee_day) \
        WHERE NOT listed AND revocation_id IS NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Visits {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(visit()).await?;
        manager.create_table(visit_line()).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn visit() -> TableCreateStatement {
    Table::create()
        .table(Visit::Table)
        .col(string(Visit::Area))
        .col(string(Visit::VisitId))
        .col(string(Visit::InstitutionCode))
        .col(string(Visit::VisitNumber))
        .col(text(Visit::Facts))
        .col(string_null(Visit::EndDay))
        .col(text_null(Visit::AccidentCheck))
        .col(string_null(Visit::SettlementId))
        .col(big_integer(Visit::Version))
        .col(integer(Visit::LastLine))
        .col(big_integer(Visit::RegisteredAt))
        .col(big_integer_null(Visit::CancelledAt))
        .col(string_null(Visit::CancelReason))
        .primary_key(Index::create().col(Visit::Area).col(Visit::VisitId))
        .to_owned()
}

fn visit_line() -> TableCreateStatement {
    Table::create()
        .table(VisitLine::Table)
        .col(string(VisitLine::Area))
        .col(string(VisitLine::VisitId))
        .col(integer(VisitLine::Number))
        .col(string(VisitLine::InstitutionCode))
        .col(string(VisitLine::LineCode))
        .col(string(VisitLine::ItemCode))
        .col(string(VisitLine::LocalCode))
        .col(string(VisitLine::LocalName))
        .col(big_integer(VisitLine::UnitPrice))
        .col(big_integer(VisitLine::Quantity))
        .col(big_integer(VisitLine::AmountFen))
        .col(string(VisitLine::Approval))
        .col(string(VisitLine::FeeDay))
        .col(string_null(VisitLine::OriginalLineCode))
        .col(boolean(VisitLine::Listed))
        .col(text(VisitLine::Listing))
        .col(string(VisitLine::UploadId))
        .col(string_null(VisitLine::SettlementId))
        .col(string_null(VisitLine::RevocationId))
        .primary_key(
            Index::create()
                .col(VisitLine::Area)
                .col(VisitLine::VisitId)
                .col(VisitLine::Number),
        )
        .to_owned()
}
