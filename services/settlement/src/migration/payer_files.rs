//! 承办机构对账文件: files and their lines.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, string_null, text};

/// 对账文件.
pub struct PayerFiles;

impl MigrationName for PayerFiles {
    fn name(&self) -> &str {
        "m0116_payer_files"
    }
}

#[derive(DeriveIden)]
enum PayerFile {
    Table,
    Area,
    FileId,
    Fund,
    Month,
    Totals,
    Digest,
    PreparedBy,
    PreparedAt,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum PayerFileLine {
    Table,
    Area,
    FileId,
    Number,
    TransactionId,
    Kind,
    SubjectId,
    SettlementId,
    InstitutionCode,
    PersonId,
    EndDay,
    PostedAt,
    AmountFen,
}

/// Some partial: the same words on both databases.
const INDEXES: [&str; 2] = [
    // A month of a fund is frozen once.
    "CREATE UNIQUE INDEX payer_file_once ON payer_file (area, fund, month) \
        WHERE withdrawn_at IS NULL",
    // What an account moved in a month.
    "CREATE INDEX posting_account ON posting (area, account, posted_at)",
];

#[async_trait::async_trait]
impl MigrationTrait for PayerFiles {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(payer_file()).await?;
        manager.create_table(payer_file_line()).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn payer_file() -> TableCreateStatement {
    Table::create()
        .table(PayerFile::Table)
        .col(string(PayerFile::Area))
        .col(string(PayerFile::FileId))
        .col(string(PayerFile::Fund))
        .col(string(PayerFile::Month))
        .col(text(PayerFile::Totals))
        .col(string(PayerFile::Digest))
        .col(string(PayerFile::PreparedBy))
        .col(big_integer(PayerFile::PreparedAt))
        .col(big_integer_null(PayerFile::WithdrawnAt))
        .primary_key(Index::create().col(PayerFile::Area).col(PayerFile::FileId))
        .to_owned()
}

fn payer_file_line() -> TableCreateStatement {
    Table::create()
        .table(PayerFileLine::Table)
        .col(string(PayerFileLine::Area))
        .col(string(PayerFileLine::FileId))
        .col(big_integer(PayerFileLine::Number))
        .col(string(PayerFileLine::TransactionId))
        .col(string(PayerFileLine::Kind))
        .col(string(PayerFileLine::SubjectId))
        .col(string_null(PayerFileLine::SettlementId))
        .col(string_null(PayerFileLine::InstitutionCode))
        .col(string(PayerFileLine::PersonId))
        .col(string_null(PayerFileLine::EndDay))
        .col(big_integer(PayerFileLine::PostedAt))
        .col(big_integer(PayerFileLine::AmountFen))
        .primary_key(
            Index::create()
                .col(PayerFileLine::Area)
                .col(PayerFileLine::FileId)
                .col(PayerFileLine::Number),
        )
        .to_owned()
}
