//! 访问记录: the migration that gives a service its access log.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, small_integer, string, text};

pub(super) struct AccessTables;

impl MigrationName for AccessTables {
    fn name(&self) -> &str {
        "m0003_access"
    }
}

#[derive(DeriveIden)]
enum AccessEntry {
    Table,
    Area,
    EntryId,
    At,
    Caller,
    Roles,
    Method,
    Kind,
    SubjectCount,
    Purpose,
    Outcome,
    TraceId,
    Times,
}

#[derive(DeriveIden)]
enum AccessSubject {
    Table,
    Area,
    Subject,
    EntryId,
}

/// What an auditor finds entries by, and entries their subjects.
const INDEXES: [&str; 2] = [
    "CREATE INDEX access_entry_caller ON access_entry (area, caller, entry_id)",
    "CREATE INDEX access_subject_entry ON access_subject (area, entry_id, subject)",
];

#[async_trait::async_trait]
impl MigrationTrait for AccessTables {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(access_entry()).await?;
        manager.create_table(access_subject()).await?;
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn access_entry() -> TableCreateStatement {
    Table::create()
        .table(AccessEntry::Table)
        .col(string(AccessEntry::Area))
        .col(string(AccessEntry::EntryId))
        .col(big_integer(AccessEntry::At))
        .col(text(AccessEntry::Caller))
        .col(string(AccessEntry::Roles))
        .col(string(AccessEntry::Method))
        .col(small_integer(AccessEntry::Kind))
        .col(integer(AccessEntry::SubjectCount))
        .col(string(AccessEntry::Purpose))
        .col(string(AccessEntry::Outcome))
        .col(string(AccessEntry::TraceId))
        .col(integer(AccessEntry::Times))
        .primary_key(
            Index::create()
                .col(AccessEntry::Area)
                .col(AccessEntry::EntryId),
        )
        .to_owned()
}

fn access_subject() -> TableCreateStatement {
    Table::create()
        .table(AccessSubject::Table)
        .col(string(AccessSubject::Area))
        .col(string(AccessSubject::Subject))
        .col(string(AccessSubject::EntryId))
        .primary_key(
            Index::create()
                .col(AccessSubject::Area)
                .col(AccessSubject::Subject)
                .col(AccessSubject::EntryId),
        )
        .to_owned()
}
