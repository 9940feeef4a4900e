//! The tables of what the sagas ask for: guarantees, holds, subsidies and suspensions.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, integer_null, string, string_null, text,
};

/// 先诊疗后付费, 整批结算, 参保资助 and 暂停联网结算.
pub struct Batches;

impl MigrationName for Batches {
    fn name(&self) -> &str {
        "m0103_batches"
    }
}

#[derive(DeriveIden)]
enum PersonYear {
    Table,
    HeldBy,
    HeldUntil,
}

#[derive(DeriveIden)]
enum Guarantee {
    Table,
    Area,
    GuaranteeId,
    PersonId,
    InstitutionCode,
    VisitNumber,
    Scheme,
    MedType,
    BeginDay,
    DiagnosisCode,
    ReferralId,
    EstimateFen,
    OpenedAt,
    SettlementId,
    ClosedAt,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum Hold {
    Table,
    Area,
    HoldId,
    PersonId,
    Scheme,
    Year,
    OpenedAt,
    ExpiresAt,
    ReleasedAt,
    PostedAt,
    BatchId,
    BatchNumber,
    ReversalId,
    ReversalNumber,
}

#[derive(DeriveIden)]
enum HeldClaim {
    Table,
    Area,
    HoldId,
    Number,
    SettlementId,
    Ordinal,
    Evidence,
    Basis,
    Amounts,
}

#[derive(DeriveIden)]
enum Subsidy {
    Table,
    Area,
    SubsidyId,
    PersonId,
    Scheme,
    Year,
    IdentityKind,
    SubsidyFen,
    CoverageId,
    PostedAt,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum OnlineSuspension {
    Table,
    Area,
    SuspensionId,
    Subject,
    Ordinal,
    FromDay,
    UntilDay,
    DecisionNumber,
    Reason,
    RecordedAt,
    WithdrawnAt,
}

/// Indexes, some partial: the same words on both databases.
const INDEXES: [&str; 12] = [
    // One open guarantee per person, and per visit.
    "CREATE UNIQUE INDEX guarantee_person ON guarantee (area, person_id) \
        WHERE closed_at IS NULL AND withdrawn_at IS NULL",
    "CREATE UNIQUE INDEX guarantee_visit ON guarantee (area, institution_code, visit_number) \
        WHERE closed_at IS NULL AND withdrawn_at IS NULL",
    "CREATE INDEX person_year_held ON person_year (area, held_by) WHERE held_by IS NOT NULL",
    "CREATE INDEX hold_batch ON hold (area, batch_id) WHERE batch_id IS NOT NULL",
    "CREATE INDEX hold_reversal ON hold (area, reversal_id) WHERE reversal_id IS NOT NULL",
    "CREATE INDEX hold_open ON hold (area, hold_id) \
        WHERE posted_at IS NULL AND released_at IS NULL",
    "CREATE INDEX guarantee_open ON guarantee (area, guarantee_id) \
        WHERE closed_at IS NULL AND withdrawn_at IS NULL",
    // One subsidy of a fee, one fee a year.
    "CREATE UNIQUE INDEX subsidy_year ON subsidy (area, person_id, scheme, year) \
        WHERE withdrawn_at IS NULL",
    "CREATE UNIQUE INDEX online_suspension_ordinal \
        ON online_suspension (area, subject, ordinal)",
    "CREATE INDEX online_suspension_days ON online_suspension (area, subject, until_day) \
        WHERE withdrawn_at IS NULL",
    "CREATE INDEX online_suspension_standing ON online_suspension (area, suspension_id) \
        WHERE withdrawn_at IS NULL",
    "CREATE INDEX posting_subject ON posting (area, settlement_id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Batches {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            string_null(PersonYear::HeldBy),
            big_integer_null(PersonYear::HeldUntil),
        ];
        // One at a time: SQLite knows no other way.
        for column in columns {
            let add = Table::alter()
                .table(PersonYear::Table)
                .add_column(column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        for table in [
            guarantee(),
            hold(),
            held_claim(),
            subsidy(),
            online_suspension(),
        ] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn guarantee() -> TableCreateStatement {
    Table::create()
        .table(Guarantee::Table)
        .col(string(Guarantee::Area))
        .col(string(Guarantee::GuaranteeId))
        .col(string(Guarantee::PersonId))
        .col(string(Guarantee::InstitutionCode))
        .col(string(Guarantee::VisitNumber))
        .col(string(Guarantee::Scheme))
        .col(string(Guarantee::MedType))
        .col(string(Guarantee::BeginDay))
        .col(string(Guarantee::DiagnosisCode))
        .col(string_null(Guarantee::ReferralId))
        .col(big_integer(Guarantee::EstimateFen))
        .col(big_integer(Guarantee::OpenedAt))
        .col(string_null(Guarantee::SettlementId))
        .col(big_integer_null(Guarantee::ClosedAt))
        .col(big_integer_null(Guarantee::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(Guarantee::Area)
                .col(Guarantee::GuaranteeId),
        )
        .to_owned()
}

fn hold() -> TableCreateStatement {
    Table::create()
        .table(Hold::Table)
        .col(string(Hold::Area))
        .col(string(Hold::HoldId))
        .col(string(Hold::PersonId))
        .col(string(Hold::Scheme))
        .col(integer(Hold::Year))
        .col(big_integer(Hold::OpenedAt))
        .col(big_integer(Hold::ExpiresAt))
        .col(big_integer_null(Hold::ReleasedAt))
        .col(big_integer_null(Hold::PostedAt))
        .col(string_null(Hold::BatchId))
        .col(integer_null(Hold::BatchNumber))
        .col(string_null(Hold::ReversalId))
        .col(integer_null(Hold::ReversalNumber))
        .primary_key(Index::create().col(Hold::Area).col(Hold::HoldId))
        .to_owned()
}

fn held_claim() -> TableCreateStatement {
    Table::create()
        .table(HeldClaim::Table)
        .col(string(HeldClaim::Area))
        .col(string(HeldClaim::HoldId))
        .col(integer(HeldClaim::Number))
        .col(string(HeldClaim::SettlementId))
        .col(big_integer(HeldClaim::Ordinal))
        .col(text(HeldClaim::Evidence))
        .col(text(HeldClaim::Basis))
        .col(text(HeldClaim::Amounts))
        .primary_key(
            Index::create()
                .col(HeldClaim::Area)
                .col(HeldClaim::HoldId)
                .col(HeldClaim::Number),
        )
        .to_owned()
}

fn subsidy() -> TableCreateStatement {
    Table::create()
        .table(Subsidy::Table)
        .col(string(Subsidy::Area))
        .col(string(Subsidy::SubsidyId))
        .col(string(Subsidy::PersonId))
        .col(string(Subsidy::Scheme))
        .col(integer(Subsidy::Year))
        .col(string_null(Subsidy::IdentityKind))
        .col(big_integer(Subsidy::SubsidyFen))
        .col(string(Subsidy::CoverageId))
        .col(big_integer(Subsidy::PostedAt))
        .col(big_integer_null(Subsidy::WithdrawnAt))
        .primary_key(Index::create().col(Subsidy::Area).col(Subsidy::SubsidyId))
        .to_owned()
}

fn online_suspension() -> TableCreateStatement {
    Table::create()
        .table(OnlineSuspension::Table)
        .col(string(OnlineSuspension::Area))
        .col(string(OnlineSuspension::SuspensionId))
        .col(string(OnlineSuspension::Subject))
        .col(big_integer(OnlineSuspension::Ordinal))
        .col(string(OnlineSuspension::FromDay))
        .col(string(OnlineSuspension::UntilDay))
        .col(string(OnlineSuspension::DecisionNumber))
        .col(text(OnlineSuspension::Reason))
        .col(big_integer(OnlineSuspension::RecordedAt))
        .col(big_integer_null(OnlineSuspension::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(OnlineSuspension::Area)
                .col(OnlineSuspension::SuspensionId),
        )
        .to_owned()
}
