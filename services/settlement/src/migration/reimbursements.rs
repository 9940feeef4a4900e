//! The tables of bills that were paid by the patient.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, string, string_null, text, text_null,
};

/// 零星报销.
pub struct Reimbursements;

impl MigrationName for Reimbursements {
    fn name(&self) -> &str {
        "m0106_reimbursements"
    }
}

#[derive(DeriveIden)]
enum Reimbursement {
    Table,
    Area,
    ReimbursementId,
    PersonId,
    Bill,
    Receipts,
    Outside,
    NeedsSecond,
    SubmittedBy,
    SubmittedAt,
    ApprovedBy,
    ApprovedAt,
    Rejection,
    WithdrawnAt,
    SettlementId,
}

#[derive(DeriveIden)]
enum Settlement {
    Table,
    ReimbursementId,
}

#[derive(DeriveIden)]
enum ExpenseReceipt {
    Table,
    Area,
    ReimbursementId,
    Number,
    ReceiptCode,
    ReceiptNumber,
    FreedAt,
}

/// Indexes, some partial: the same words on both databases.
const INDEXES: [&str; 2] = [
    // A receipt is reimbursed once.
    "CREATE UNIQUE INDEX expense_receipt_once \
        ON expense_receipt (area, receipt_code, receipt_number) WHERE freed_at IS NULL",
    "CREATE INDEX reimbursement_settled ON reimbursement (area, settlement_id) \
        WHERE settlement_id IS NOT NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Reimbursements {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Of whose settlements no institution is owed anything: they are not in its books.
        let paid = Table::alter()
            .table(Settlement::Table)
            .add_column(string_null(Settlement::ReimbursementId))
            .to_owned();
        manager.alter_table(paid).await?;
        manager.create_table(reimbursement()).await?;
        manager.create_table(expense_receipt()).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn reimbursement() -> TableCreateStatement {
    Table::create()
        .table(Reimbursement::Table)
        .col(string(Reimbursement::Area))
        .col(string(Reimbursement::ReimbursementId))
        .col(string(Reimbursement::PersonId))
        .col(text(Reimbursement::Bill))
        .col(text(Reimbursement::Receipts))
        .col(text_null(Reimbursement::Outside))
        .col(boolean(Reimbursement::NeedsSecond))
        .col(string(Reimbursement::SubmittedBy))
        .col(big_integer(Reimbursement::SubmittedAt))
        .col(string_null(Reimbursement::ApprovedBy))
        .col(big_integer_null(Reimbursement::ApprovedAt))
        .col(text_null(Reimbursement::Rejection))
        .col(big_integer_null(Reimbursement::WithdrawnAt))
        .col(string_null(Reimbursement::SettlementId))
        .primary_key(
            Index::create()
                .col(Reimbursement::Area)
                .col(Reimbursement::ReimbursementId),
        )
        .to_owned()
}

fn expense_receipt() -> TableCreateStatement {
    Table::create()
        .table(ExpenseReceipt::Table)
        .col(string(ExpenseReceipt::Area))
        .col(string(ExpenseReceipt::ReimbursementId))
        .col(integer(ExpenseReceipt::Number))
        .col(string(ExpenseReceipt::ReceiptCode))
        .col(string(ExpenseReceipt::ReceiptNumber))
        .col(big_integer_null(ExpenseReceipt::FreedAt))
        .primary_key(
            Index::create()
                .col(ExpenseReceipt::Area)
                .col(ExpenseReceipt::ReimbursementId)
                .col(ExpenseReceipt::Number),
        )
        .to_owned()
}
