//! Which replica asks the database for what the metrics tell of it.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string};

pub(super) struct Sampling;

impl MigrationName for Sampling {
    fn name(&self) -> &str {
        "m0004_sampling"
    }
}

#[derive(DeriveIden)]
enum Lease {
    #[sea_orm(iden = "sampling")]
    Table,
    Name,
    Owner,
    LeaseUntil,
}

#[async_trait::async_trait]
impl MigrationTrait for Sampling {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Lease::Table)
            .col(string(Lease::Name).primary_key())
            .col(string(Lease::Owner))
            .col(big_integer(Lease::LeaseUntil))
            .to_owned();
        manager.create_table(table).await
    }
}
