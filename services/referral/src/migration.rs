//! How the service's tables came to be.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, string, string_null};

/// All migrations, oldest first.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = store::migration::common();
        migrations.push(Box::new(Referrals));
        migrations.push(Box::new(ReleasesAndBars));
        migrations
    }
}

struct Referrals;

impl MigrationName for Referrals {
    fn name(&self) -> &str {
        "m0101_referrals"
    }
}

#[derive(DeriveIden)]
enum Referral {
    Table,
    Area,
    ReferralId,
    PersonId,
    FromInstitution,
    ToInstitution,
    ReferralType,
    Diagnosis,
    Reason,
    FromDay,
    UntilDay,
    WithdrawnAt,
    ApprovedBy,
    Opinion,
    UsedBy,
    VisitNumber,
    AdmissionDay,
}

#[async_trait::async_trait]
impl MigrationTrait for Referrals {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Referral::Table)
            .col(string(Referral::Area))
            .col(string(Referral::ReferralId))
            .col(string(Referral::PersonId))
            .col(string(Referral::FromInstitution))
            .col(string(Referral::ToInstitution))
            .col(string(Referral::ReferralType))
            .col(string(Referral::Diagnosis))
            .col(string(Referral::Reason))
            .col(string(Referral::FromDay))
            .col(string(Referral::UntilDay))
            .col(big_integer_null(Referral::WithdrawnAt))
            .col(string_null(Referral::ApprovedBy))
            .col(string_null(Referral::Opinion))
            .col(string_null(Referral::UsedBy))
            .col(string_null(Referral::VisitNumber))
            .col(string_null(Referral::AdmissionDay))
            .primary_key(
                Index::create()
                    .col(Referral::Area)
                    .col(Referral::ReferralId),
            )
            .to_owned();
        manager.create_table(table).await
    }
}

/// 释放 and 暂停转入.
struct ReleasesAndBars;

impl MigrationName for ReleasesAndBars {
    fn name(&self) -> &str {
        "m0102_releases_and_bars"
    }
}

/// What an institution's bars are found by.
const BAR_INSTITUTION: &str = "CREATE INDEX bar_institution \
    ON bar (area, institution, until_day) WHERE withdrawn_at IS NULL";

#[async_trait::async_trait]
impl MigrationTrait for ReleasesAndBars {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [release(), institution(), bar()] {
            manager.create_table(table).await?;
        }
        let connection = manager.get_connection();
        connection.execute_unprepared(BAR_INSTITUTION).await?;
        Ok(())
    }
}

#[derive(DeriveIden)]
enum Release {
    Table,
    Area,
    ReferralId,
    ReleasedBy,
    UsedBy,
    VisitNumber,
    AdmissionDay,
    WithdrawnAt,
}

fn release() -> TableCreateStatement {
    Table::create()
        .table(Release::Table)
        .col(string(Release::Area))
        .col(string(Release::ReferralId))
        .col(string(Release::ReleasedBy))
        .col(string(Release::UsedBy))
        .col(string(Release::VisitNumber))
        .col(string(Release::AdmissionDay))
        .col(big_integer_null(Release::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(Release::Area)
                .col(Release::ReferralId)
                .col(Release::ReleasedBy),
        )
        .to_owned()
}

#[derive(DeriveIden)]
enum Institution {
    Table,
    Area,
    Institution,
}

fn institution() -> TableCreateStatement {
    Table::create()
        .table(Institution::Table)
        .col(string(Institution::Area))
        .col(string(Institution::Institution))
        .primary_key(
            Index::create()
                .col(Institution::Area)
                .col(Institution::Institution),
        )
        .to_owned()
}

#[derive(DeriveIden)]
enum Bar {
    Table,
    Area,
    BarId,
    Institution,
    FromDay,
    UntilDay,
    DecisionNumber,
    Reason,
    WithdrawnAt,
}

fn bar() -> TableCreateStatement {
    Table::create()
        .table(Bar::Table)
        .col(string(Bar::Area))
        .col(string(Bar::BarId))
        .col(string(Bar::Institution))
        .col(string(Bar::FromDay))
        .col(string(Bar::UntilDay))
        .col(string(Bar::DecisionNumber))
        .col(string(Bar::Reason))
        .col(big_integer_null(Bar::WithdrawnAt))
        .primary_key(Index::create().col(Bar::Area).col(Bar::BarId))
        .to_owned()
}
