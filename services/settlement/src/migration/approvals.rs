//! The table of what one person proposes and another agrees to.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, string, string_null, text, text_null,
};

/// 双人复核.
pub struct Approvals;

impl MigrationName for Approvals {
    fn name(&self) -> &str {
        "m0117_approvals"
    }
}

#[derive(DeriveIden)]
enum Approval {
    Table,
    Area,
    ApprovalId,
    Method,
    Content,
    Digest,
    Reason,
    ProposedBy,
    ProposedAt,
    GivenBy,
    GivenAt,
    UsedBy,
    UsedAt,
    UsedRequest,
    CancelledBy,
    CancelledAt,
    CancelReason,
}

/// By which the withdrawal of a request finds what it used. The same words on both databases.
const INDEX: &str = "CREATE INDEX approval_used ON approval (area, used_by, used_request) \
    WHERE used_at IS NOT NULL";

#[async_trait::async_trait]
impl MigrationTrait for Approvals {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Approval::Table)
            .col(string(Approval::Area))
            .col(string(Approval::ApprovalId))
            .col(string(Approval::Method))
            .col(blob(Approval::Content))
            .col(string(Approval::Digest))
            .col(text(Approval::Reason))
            .col(string(Approval::ProposedBy))
            .col(big_integer(Approval::ProposedAt))
            .col(string_null(Approval::GivenBy))
            .col(big_integer_null(Approval::GivenAt))
            .col(string_null(Approval::UsedBy))
            .col(big_integer_null(Approval::UsedAt))
            .col(string_null(Approval::UsedRequest))
            .col(string_null(Approval::CancelledBy))
            .col(big_integer_null(Approval::CancelledAt))
            .col(text_null(Approval::CancelReason))
            .primary_key(
                Index::create()
                    .col(Approval::Area)
                    .col(Approval::ApprovalId),
            )
            .to_owned();
        manager.create_table(table).await?;
        manager.get_connection().execute_unprepared(INDEX).await?;
        Ok(())
    }
}
