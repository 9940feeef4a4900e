//! How the service's tables came to be.

mod accounts;
mod agreements;
mod alone;
mod approvals;
mod batches;
mod hospital_shares;
mod indicators;
mod packed;
mod parts;
mod payer_files;
mod receipts;
mod receivables;
mod reconciliations;
mod reimbursements;
mod revisions;
mod standing_days;
mod visits;

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean_null, integer, string, string_null, text, text_null,
};

/// All migrations, oldest first.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = store::migration::common();
        migrations.push(Box::new(Settlements));
        migrations.push(store::migration::documents());
        migrations.push(Box::new(Places));
        migrations.push(Box::new(batches::Batches));
        migrations.push(Box::new(Cancellations));
        migrations.push(Box::new(receipts::Receipts));
        migrations.push(Box::new(reimbursements::Reimbursements));
        migrations.push(Box::new(visits::Visits));
        migrations.push(Box::new(reconciliations::Reconciliations));
        migrations.push(Box::new(agreements::Agreements));
        migrations.push(Box::new(revisions::Revisions));
        migrations.push(Box::new(parts::Parts));
        migrations.push(Box::new(accounts::Accounts));
        migrations.push(Box::new(receivables::Receivables));
        migrations.push(Box::new(hospital_shares::HospitalShares));
        migrations.push(Box::new(approvals::Approvals));
        migrations.push(Box::new(indicators::Indicators));
        migrations.push(Box::new(payer_files::PayerFiles));
        migrations.push(Box::new(alone::Alone));
        migrations.push(Box::new(standing_days::StandingDays));
        migrations.push(Box::new(packed::Packed));
        migrations
    }
}

struct Settlements;

impl MigrationName for Settlements {
    fn name(&self) -> &str {
        "m0101_settlements"
    }
}

#[derive(DeriveIden)]
enum Institution {
    Table,
    Area,
    RegistrationId,
    Code,
    Name,
    Tier,
    Kind,
    AgreementFrom,
    WithdrawnAt,
    Place,
    Contracted,
}

#[derive(DeriveIden)]
enum Catalogue {
    Table,
    Area,
    CatalogueId,
    EffectiveDay,
    Digest,
    Items,
    PublishedAt,
}

#[derive(DeriveIden)]
enum PersonYear {
    Table,
    Area,
    PersonId,
    Scheme,
    Year,
    Version,
    LastOrdinal,
    Accumulators,
}

#[derive(DeriveIden)]
enum Settlement {
    Table,
    Area,
    SettlementId,
    PersonId,
    Scheme,
    Year,
    Ordinal,
    InstitutionCode,
    VisitNumber,
    MedType,
    BeginDay,
    EndDay,
    Fingerprint,
    TotalFen,
    FundsFen,
    CashFen,
    Evidence,
    Basis,
    Amounts,
    EngineVersion,
    PostedAt,
    ReversedAt,
    ReversalReason,
}

#[derive(DeriveIden)]
enum Posting {
    Table,
    Area,
    TransactionId,
    Number,
    SettlementId,
    Reverses,
    Account,
    AmountFen,
    PostedAt,
}

/// Indexes, some partial: the same words on both databases.
const INDEXES: [&str; 6] = [
    "CREATE UNIQUE INDEX institution_code ON institution (area, code) WHERE withdrawn_at IS NULL",
    "CREATE UNIQUE INDEX catalogue_day ON catalogue (area, effective_day)",
    // One standing settlement per visit, whatever the callers' request ids.
    "CREATE UNIQUE INDEX settlement_visit \
        ON settlement (area, institution_code, visit_number) WHERE reversed_at IS NULL",
    // One standing settlement per bill, under whatever visit number it comes again.
    "CREATE UNIQUE INDEX settlement_fingerprint \
        ON settlement (area, fingerprint) WHERE reversed_at IS NULL",
    "CREATE UNIQUE INDEX settlement_ordinal \
        ON settlement (area, person_id, scheme, year, ordinal)",
    "CREATE INDEX settlement_days ON settlement (area, person_id, end_day)",
];

#[async_trait::async_trait]
impl MigrationTrait for Settlements {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            institution(),
            catalogue(),
            person_year(),
            settlement(),
            posting(),
        ] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

/// 就医地 and 协议机构 of institutions: empty in the rows that stood before.
struct Places;

impl MigrationName for Places {
    fn name(&self) -> &str {
        "m0102_places"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Places {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            string_null(Institution::Place),
            boolean_null(Institution::Contracted),
        ];
        // One at a time: SQLite knows no other way.
        for column in columns {
            let add = Table::alter()
                .table(Institution::Table)
                .add_column(column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden)]
enum Guarantee {
    Table,
    CancelReason,
}

/// 撤回入院: why a guarantee was cancelled.
struct Cancellations;

impl MigrationName for Cancellations {
    fn name(&self) -> &str {
        "m0104_cancellations"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Cancellations {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter()
            .table(Guarantee::Table)
            .add_column(text_null(Guarantee::CancelReason))
            .to_owned();
        manager.alter_table(add).await
    }
}

fn institution() -> TableCreateStatement {
    Table::create()
        .table(Institution::Table)
        .col(string(Institution::Area))
        .col(string(Institution::RegistrationId))
        .col(string(Institution::Code))
        .col(string(Institution::Name))
        .col(string(Institution::Tier))
        .col(string(Institution::Kind))
        .col(string(Institution::AgreementFrom))
        .col(big_integer_null(Institution::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(Institution::Area)
                .col(Institution::RegistrationId),
        )
        .to_owned()
}

fn catalogue() -> TableCreateStatement {
    Table::create()
        .table(Catalogue::Table)
        .col(string(Catalogue::Area))
        .col(string(Catalogue::CatalogueId))
        .col(string(Catalogue::EffectiveDay))
        .col(string(Catalogue::Digest))
        .col(text(Catalogue::Items))
        .col(big_integer(Catalogue::PublishedAt))
        .primary_key(
            Index::create()
                .col(Catalogue::Area)
                .col(Catalogue::CatalogueId),
        )
        .to_owned()
}

fn person_year() -> TableCreateStatement {
    Table::create()
        .table(PersonYear::Table)
        .col(string(PersonYear::Area))
        .col(string(PersonYear::PersonId))
        .col(string(PersonYear::Scheme))
        .col(integer(PersonYear::Year))
        .col(big_integer(PersonYear::Version))
        .col(big_integer(PersonYear::LastOrdinal))
        .col(text(PersonYear::Accumulators))
        .primary_key(
            Index::create()
                .col(PersonYear::Area)
                .col(PersonYear::PersonId)
                .col(PersonYear::Scheme)
                .col(PersonYear::Year),
        )
        .to_owned()
}

fn settlement() -> TableCreateStatement {
    Table::create()
        .table(Settlement::Table)
        .col(string(Settlement::Area))
        .col(string(Settlement::SettlementId))
        .col(string(Settlement::PersonId))
        .col(string(Settlement::Scheme))
        .col(integer(Settlement::Year))
        .col(big_integer(Settlement::Ordinal))
        .col(string(Settlement::InstitutionCode))
        .col(string(Settlement::VisitNumber))
        .col(string(Settlement::MedType))
        .col(string(Settlement::BeginDay))
        .col(string(Settlement::EndDay))
        .col(string(Settlement::Fingerprint))
        .col(big_integer(Settlement::TotalFen))
        .col(big_integer(Settlement::FundsFen))
        .col(big_integer(Settlement::CashFen))
        .col(text(Settlement::Evidence))
        .col(text(Settlement::Basis))
        .col(text(Settlement::Amounts))
        .col(integer(Settlement::EngineVersion))
        .col(big_integer(Settlement::PostedAt))
        .col(big_integer_null(Settlement::ReversedAt))
        .col(text_null(Settlement::ReversalReason))
        .primary_key(
            Index::create()
                .col(Settlement::Area)
                .col(Settlement::SettlementId),
        )
        .to_owned()
}

fn posting() -> TableCreateStatement {
    Table::create()
        .table(Posting::Table)
        .col(string(Posting::Area))
        .col(string(Posting::TransactionId))
        .col(integer(Posting::Number))
        .col(string(Posting::SettlementId))
        .col(string_null(Posting::Reverses))
        .col(string(Posting::Account))
        .col(big_integer(Posting::AmountFen))
        .col(big_integer(Posting::PostedAt))
        .primary_key(
            Index::create()
                .col(Posting::Area)
                .col(Posting::TransactionId)
                .col(Posting::Number),
        )
        .to_owned()
}
