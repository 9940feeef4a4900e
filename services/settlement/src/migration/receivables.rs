//! The tables of what patients did not pay at discharge, and of what third parties paid back.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean_null, small_integer, string, text, text_null,
};

/// 欠费 and 追偿.
pub struct Receivables;

impl MigrationName for Receivables {
    fn name(&self) -> &str {
        "m0113_receivables"
    }
}

#[derive(DeriveIden)]
enum Settlement {
    Table,
    Advance,
}

#[derive(DeriveIden)]
enum Receivable {
    Table,
    Area,
    ReceivableId,
    SettlementId,
    InstitutionCode,
    PersonId,
    UnpaidFen,
    DueDay,
    OpenedBy,
    OpenedAt,
    CancelledAt,
    WrittenOffAt,
    EndReason,
}

#[derive(DeriveIden)]
enum ReceivablePayment {
    Table,
    Area,
    PaymentId,
    ReceivableId,
    AmountFen,
    PaidDay,
    RecordedBy,
    RecordedAt,
    RevokedAt,
    RevokeReason,
}

#[derive(DeriveIden)]
enum ReceivableReminder {
    Table,
    Area,
    ReminderId,
    ReceivableId,
    Step,
    Channel,
    RemindedDay,
    Note,
    RecordedBy,
    RecordedAt,
    RevokedAt,
    RevokeReason,
}

#[derive(DeriveIden)]
enum Recovery {
    Table,
    Area,
    RecoveryId,
    SettlementId,
    PayerName,
    AmountFen,
    ReceivedDay,
    DocumentNumber,
    RecordedBy,
    RecordedAt,
    RevokedAt,
    RevokeReason,
}

/// Some partial: the same words on both databases.
const STATEMENTS: [&str; 10] = [
    // What was posted with an advance before: the evidence says so, as serde writes it.
    "UPDATE settlement SET advance = TRUE \
        WHERE evidence LIKE '%\"third_party\":{\"share\":%,\"advance\":true}%'",
    "CREATE INDEX settlement_advance ON settlement (area, posted_at, settlement_id) \
        WHERE advance IS NOT NULL",
    "CREATE INDEX revision_third_party ON revision (area, settlement_id) \
        WHERE cause = 'third_party'",
    // A settlement is owed for once.
    "CREATE UNIQUE INDEX receivable_settlement ON receivable (area, settlement_id) \
        WHERE cancelled_at IS NULL",
    "CREATE INDEX receivable_institution ON receivable (area, institution_code, receivable_id)",
    // Who is in arrears, asked at each admission under a guarantee.
    "CREATE INDEX receivable_person ON receivable (area, person_id, due_day) \
        WHERE cancelled_at IS NULL AND written_off_at IS NULL",
    "CREATE INDEX receivable_due ON receivable (area, due_day) \
        WHERE cancelled_at IS NULL AND written_off_at IS NULL",
    "CREATE INDEX receivable_payment_of ON receivable_payment (area, receivable_id)",
    // Each step is answered once.
    "CREATE UNIQUE INDEX receivable_reminder_step ON receivable_reminder \
        (area, receivable_id, step) WHERE revoked_at IS NULL",
    "CREATE INDEX recovery_of ON recovery (area, settlement_id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Receivables {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let advance = Table::alter()
            .table(Settlement::Table)
            .add_column(boolean_null(Settlement::Advance))
            .to_owned();
        manager.alter_table(advance).await?;
        for table in [receivable(), payment(), reminder(), recovery()] {
            manager.create_table(table).await?;
        }
        for statement in STATEMENTS {
            let connection = manager.get_connection();
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }
}

fn receivable() -> TableCreateStatement {
    Table::create()
        .table(Receivable::Table)
        .col(string(Receivable::Area))
        .col(string(Receivable::ReceivableId))
        .col(string(Receivable::SettlementId))
        .col(string(Receivable::InstitutionCode))
        .col(string(Receivable::PersonId))
        .col(big_integer(Receivable::UnpaidFen))
        .col(string(Receivable::DueDay))
        .col(string(Receivable::OpenedBy))
        .col(big_integer(Receivable::OpenedAt))
        .col(big_integer_null(Receivable::CancelledAt))
        .col(big_integer_null(Receivable::WrittenOffAt))
        .col(text_null(Receivable::EndReason))
        .primary_key(
            Index::create()
                .col(Receivable::Area)
                .col(Receivable::ReceivableId),
        )
        .to_owned()
}

fn payment() -> TableCreateStatement {
    Table::create()
        .table(ReceivablePayment::Table)
        .col(string(ReceivablePayment::Area))
        .col(string(ReceivablePayment::PaymentId))
        .col(string(ReceivablePayment::ReceivableId))
        .col(big_integer(ReceivablePayment::AmountFen))
        .col(string(ReceivablePayment::PaidDay))
        .col(string(ReceivablePayment::RecordedBy))
        .col(big_integer(ReceivablePayment::RecordedAt))
        .col(big_integer_null(ReceivablePayment::RevokedAt))
        .col(text_null(ReceivablePayment::RevokeReason))
        .primary_key(
            Index::create()
                .col(ReceivablePayment::Area)
                .col(ReceivablePayment::PaymentId),
        )
        .to_owned()
}

fn reminder() -> TableCreateStatement {
    Table::create()
        .table(ReceivableReminder::Table)
        .col(string(ReceivableReminder::Area))
        .col(string(ReceivableReminder::ReminderId))
        .col(string(ReceivableReminder::ReceivableId))
        .col(small_integer(ReceivableReminder::Step))
        .col(string(ReceivableReminder::Channel))
        .col(string(ReceivableReminder::RemindedDay))
        .col(text(ReceivableReminder::Note))
        .col(string(ReceivableReminder::RecordedBy))
        .col(big_integer(ReceivableReminder::RecordedAt))
        .col(big_integer_null(ReceivableReminder::RevokedAt))
        .col(text_null(ReceivableReminder::RevokeReason))
        .primary_key(
            Index::create()
                .col(ReceivableReminder::Area)
                .col(ReceivableReminder::ReminderId),
        )
        .to_owned()
}

fn recovery() -> TableCreateStatement {
    Table::create()
        .table(Recovery::Table)
        .col(string(Recovery::Area))
        .col(string(Recovery::RecoveryId))
        .col(string(Recovery::SettlementId))
        .col(text(Recovery::PayerName))
        .col(big_integer(Recovery::AmountFen))
        .col(string(Recovery::ReceivedDay))
        .col(text(Recovery::DocumentNumber))
        .col(string(Recovery::RecordedBy))
        .col(big_integer(Recovery::RecordedAt))
        .col(big_integer_null(Recovery::RevokedAt))
        .col(text_null(Recovery::RevokeReason))
        .primary_key(
            Index::create()
                .col(Recovery::Area)
                .col(Recovery::RecoveryId),
        )
        .to_owned()
}
