//! What lists of settlements need.

use sea_orm_migration::prelude::*;

/// 结算查询: an institution's settlements in the order in which they were posted.
pub struct Receipts;

impl MigrationName for Receipts {
    fn name(&self) -> &str {
        "m0105_receipts"
    }
}

const INDEX: &str = "CREATE INDEX settlement_posted \
    ON settlement (area, institution_code, posted_at, settlement_id)";

#[async_trait::async_trait]
impl MigrationTrait for Receipts {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        connection.execute_unprepared(INDEX).await.map(|_| ())
    }
}
