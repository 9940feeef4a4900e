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
