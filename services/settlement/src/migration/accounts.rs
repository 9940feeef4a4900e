//! The tables of personal accounts.

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, string, string_null, text, text_null,
};

/// 个人账户与家庭共济.
pub struct Accounts;

impl MigrationName for Accounts {
    fn name(&self) -> &str {
        "m0112_accounts"
    }
}

#[derive(DeriveIden)]
enum PersonalAccount {
    Table,
    Area,
    PersonId,
    Year,
    CurrentFen,
    PastFen,
    Version,
}

#[derive(DeriveIden)]
enum AccountCredit {
    Table,
    Area,
    CreditId,
    PersonId,
    Scheme,
    AmountFen,
    Period,
    Reason,
    PostedAt,
    WithdrawnAt,
}

#[derive(DeriveIden)]
enum AccountEntry {
    Table,
    Area,
    PersonId,
    Number,
    Kind,
    SubjectId,
    MemberId,
    AuthorizationId,
    OfYear,
    CurrentFen,
    PastFen,
    BalanceFen,
    PostedAt,
}

#[derive(DeriveIden)]
enum FamilyAuthorization {
    Table,
    Area,
    AuthorizationId,
    HolderId,
    MemberId,
    Relation,
    FromDay,
    UntilDay,
    LimitFen,
    AuthorizedAt,
    EndedAt,
    EndReason,
}

const INDEXES: [&str; 3] = [
    "CREATE INDEX family_authorization_holder \
        ON family_authorization (area, holder_id, authorization_id)",
    "CREATE INDEX family_authorization_member \
        ON family_authorization (area, member_id, authorization_id)",
    // What was drawn by an authorization in a year.
    "CREATE INDEX account_entry_used ON account_entry (area, authorization_id, of_year) \
        WHERE authorization_id IS NOT NULL",
];

#[async_trait::async_trait]
impl MigrationTrait for Accounts {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [account(), credit(), entry(), authorization()] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

fn account() -> TableCreateStatement {
    Table::create()
        .table(PersonalAccount::Table)
        .col(string(PersonalAccount::Area))
        .col(string(PersonalAccount::PersonId))
        .col(integer(PersonalAccount::Year))
        .col(big_integer(PersonalAccount::CurrentFen))
        .col(big_integer(PersonalAccount::PastFen))
        .col(big_integer(PersonalAccount::Version))
        .primary_key(
            Index::create()
                .col(PersonalAccount::Area)
                .col(PersonalAccount::PersonId),
        )
        .to_owned()
}

fn credit() -> TableCreateStatement {
    Table::create()
        .table(AccountCredit::Table)
        .col(string(AccountCredit::Area))
        .col(string(AccountCredit::CreditId))
        .col(string(AccountCredit::PersonId))
        .col(string(AccountCredit::Scheme))
        .col(big_integer(AccountCredit::AmountFen))
        .col(string(AccountCredit::Period))
        .col(text(AccountCredit::Reason))
        .col(big_integer(AccountCredit::PostedAt))
        .col(big_integer_null(AccountCredit::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(AccountCredit::Area)
                .col(AccountCredit::CreditId),
        )
        .to_owned()
}

fn entry() -> TableCreateStatement {
    Table::create()
        .table(AccountEntry::Table)
        .col(string(AccountEntry::Area))
        .col(string(AccountEntry::PersonId))
        .col(big_integer(AccountEntry::Number))
        .col(string(AccountEntry::Kind))
        .col(string(AccountEntry::SubjectId))
        .col(string_null(AccountEntry::MemberId))
        .col(string_null(AccountEntry::AuthorizationId))
        .col(integer(AccountEntry::OfYear))
        .col(big_integer(AccountEntry::CurrentFen))
        .col(big_integer(AccountEntry::PastFen))
        .col(big_integer(AccountEntry::BalanceFen))
        .col(big_integer(AccountEntry::PostedAt))
        .primary_key(
            Index::create()
                .col(AccountEntry::Area)
                .col(AccountEntry::PersonId)
                .col(AccountEntry::Number),
        )
        .to_owned()
}

fn authorization() -> TableCreateStatement {
    Table::create()
        .table(FamilyAuthorization::Table)
        .col(string(FamilyAuthorization::Area))
        .col(string(FamilyAuthorization::AuthorizationId))
        .col(string(FamilyAuthorization::HolderId))
        .col(string(FamilyAuthorization::MemberId))
        .col(string(FamilyAuthorization::Relation))
        .col(string(FamilyAuthorization::FromDay))
        .col(string_null(FamilyAuthorization::UntilDay))
        .col(big_integer_null(FamilyAuthorization::LimitFen))
        .col(big_integer(FamilyAuthorization::AuthorizedAt))
        .col(big_integer_null(FamilyAuthorization::EndedAt))
        .col(text_null(FamilyAuthorization::EndReason))
        .primary_key(
            Index::create()
                .col(FamilyAuthorization::Area)
                .col(FamilyAuthorization::AuthorizationId),
        )
        .to_owned()
}
