//! What was moved without a second person, so that nobody divides what needs two.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, boolean_null};

/// 双人复核: of credits and corrections. Empty in the rows that stood before, which count for nothing.
pub struct Alone;

impl MigrationName for Alone {
    fn name(&self) -> &str {
        "m0118_alone"
    }
}

#[derive(DeriveIden)]
enum Revision {
    Table,
    MovedAloneFen,
}

#[derive(DeriveIden)]
enum AccountCredit {
    Table,
    Alone,
}

/// A person's own, of a year.
const INDEX: &str = "CREATE INDEX account_credit_alone \
    ON account_credit (area, person_id, posted_at) WHERE withdrawn_at IS NULL";

#[async_trait::async_trait]
impl MigrationTrait for Alone {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let revision = Table::alter()
            .table(Revision::Table)
            .add_column(big_integer_null(Revision::MovedAloneFen))
            .to_owned();
        let credit = Table::alter()
            .table(AccountCredit::Table)
            .add_column(boolean_null(AccountCredit::Alone))
            .to_owned();
        for column in [revision, credit] {
            manager.alter_table(column).await?;
        }
        manager.get_connection().execute_unprepared(INDEX).await?;
        Ok(())
    }
}
