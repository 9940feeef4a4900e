//! The tables of 对账, 日结 and 月结, and the indexes they need.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, string, string_null, text, text_null,
};

/// 对账与日结、月结.
pub struct Reconciliations;

impl MigrationName for Reconciliations {
    fn name(&self) -> &str {
        "m0108_reconciliations"
    }
}

#[derive(DeriveIden)]
enum Reconciliation {
    Table,
    Area,
    ReconciliationId,
    InstitutionCode,
    Day,
    Ordinal,
    RowsSent,
    RowCount,
    Digest,
    Schemes,
    Differences,
    ComparedAt,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum Difference {
    Table,
    Area,
    ReconciliationId,
    Number,
    Subject,
    NeedsAction,
    Digest,
    Content,
}

#[derive(DeriveIden)]
enum DifferenceExplanation {
    Table,
    Area,
    ExplanationId,
    InstitutionCode,
    Day,
    Subject,
    Digest,
    Owner,
    Reason,
    ExplainedBy,
    ExplainedAt,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum ClosedDay {
    Table,
    Area,
    CloseId,
    InstitutionCode,
    Day,
    RowCount,
    Sums,
    Digest,
    ReconciliationId,
    Reason,
    ClosedBy,
    ClosedAt,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum ClosedMonth {
    Table,
    Area,
    CloseId,
    Month,
    Days,
    Accounts,
    Digest,
    ClosedBy,
    ClosedAt,
    WithdrawnAt,
}

/// Some are partial: the same words on both databases.
const INDEXES: [&str; 6] = [
    // Of two comparisons of a day at once one is told to wait.
    "CREATE UNIQUE INDEX reconciliation_of_day \
        ON reconciliation (area, institution_code, day, ordinal)",
    "CREATE INDEX difference_explained \
        ON difference_explanation (area, institution_code, day, subject)",
    "CREATE UNIQUE INDEX closed_day_once \
        ON closed_day (area, day, institution_code) WHERE withdrawn_at IS NULL",
    "CREATE UNIQUE INDEX closed_month_once ON closed_month (area, month) WHERE withdrawn_at IS NULL",
    "CREATE INDEX settlement_reversed \
        ON settlement (area, institution_code, reversed_at) WHERE reversed_at IS NOT NULL",
    "CREATE INDEX posting_posted ON posting (area, posted_at)",
];

#[async_trait::async_trait]
impl MigrationTrait for Reconciliations {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            reconciliation(),
            difference(),
            difference_explanation(),
            closed_day(),
            closed_month(),
        ] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn reconciliation() -> TableCreateStatement {
    Table::create()
        .table(Reconciliation::Table)
        .col(string(Reconciliation::Area))
        .col(string(Reconciliation::ReconciliationId))
        .col(string(Reconciliation::InstitutionCode))
        .col(string(Reconciliation::Day))
        .col(big_integer(Reconciliation::Ordinal))
        .col(big_integer(Reconciliation::RowsSent))
        .col(big_integer(Reconciliation::RowCount))
        .col(string(Reconciliation::Digest))
        .col(text(Reconciliation::Schemes))
        .col(big_integer(Reconciliation::Differences))
        .col(big_integer(Reconciliation::ComparedAt))
        .col(big_integer_null(Reconciliation::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(Reconciliation::Area)
                .col(Reconciliation::ReconciliationId),
        )
        .to_owned()
}

fn difference() -> TableCreateStatement {
    Table::create()
        .table(Difference::Table)
        .col(string(Difference::Area))
        .col(string(Difference::ReconciliationId))
        .col(integer(Difference::Number))
        .col(string(Difference::Subject))
        .col(boolean(Difference::NeedsAction))
        .col(string(Difference::Digest))
        .col(text(Difference::Content))
        .primary_key(
            Index::create()
                .col(Difference::Area)
                .col(Difference::ReconciliationId)
                .col(Difference::Number),
        )
        .to_owned()
}

fn difference_explanation() -> TableCreateStatement {
    Table::create()
        .table(DifferenceExplanation::Table)
        .col(string(DifferenceExplanation::Area))
        .col(string(DifferenceExplanation::ExplanationId))
        .col(string(DifferenceExplanation::InstitutionCode))
        .col(string(DifferenceExplanation::Day))
        .col(string(DifferenceExplanation::Subject))
        .col(string(DifferenceExplanation::Digest))
        .col(string(DifferenceExplanation::Owner))
        .col(text(DifferenceExplanation::Reason))
        .col(string(DifferenceExplanation::ExplainedBy))
        .col(big_integer(DifferenceExplanation::ExplainedAt))
        .col(big_integer_null(DifferenceExplanation::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(DifferenceExplanation::Area)
                .col(DifferenceExplanation::ExplanationId),
        )
        .to_owned()
}

fn closed_day() -> TableCreateStatement {
    Table::create()
        .table(ClosedDay::Table)
        .col(string(ClosedDay::Area))
        .col(string(ClosedDay::CloseId))
        .col(string(ClosedDay::InstitutionCode))
        .col(string(ClosedDay::Day))
        .col(big_integer(ClosedDay::RowCount))
        .col(text(ClosedDay::Sums))
        .col(string(ClosedDay::Digest))
        .col(string_null(ClosedDay::ReconciliationId))
        .col(text_null(ClosedDay::Reason))
        .col(string(ClosedDay::ClosedBy))
        .col(big_integer(ClosedDay::ClosedAt))
        .col(big_integer_null(ClosedDay::WithdrawnAt))
        .primary_key(Index::create().col(ClosedDay::Area).col(ClosedDay::CloseId))
        .to_owned()
}

fn closed_month() -> TableCreateStatement {
    Table::create()
        .table(ClosedMonth::Table)
        .col(string(ClosedMonth::Area))
        .col(string(ClosedMonth::CloseId))
        .col(string(ClosedMonth::Month))
        .col(big_integer(ClosedMonth::Days))
        .col(text(ClosedMonth::Accounts))
        .col(string(ClosedMonth::Digest))
        .col(string(ClosedMonth::ClosedBy))
        .col(big_integer(ClosedMonth::ClosedAt))
        .col(big_integer_null(ClosedMonth::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(ClosedMonth::Area)
                .col(ClosedMonth::CloseId),
        )
        .to_owned()
}
