//! What a correction for the person moves at the institution.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer_null;

/// 医院负担 of corrections: empty in the rows that stood before, which moved none.
pub struct HospitalShares;

impl MigrationName for HospitalShares {
    fn name(&self) -> &str {
        "m0114_hospital_shares"
    }
}

#[derive(DeriveIden)]
enum Revision {
    Table,
    HospitalMovedFen,
}

#[async_trait::async_trait]
impl MigrationTrait for HospitalShares {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter()
            .table(Revision::Table)
            .add_column(big_integer_null(Revision::HospitalMovedFen))
            .to_owned();
        manager.alter_table(add).await
    }
}
