//! How the service's tables came to be.

mod credentials;
mod filings;
mod standings_dated;
mod transfers;

use sea_orm::DeriveIden;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, integer_null, string, string_null,
};

/// All migrations, oldest first.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let mut migrations = store::migration::common();
        migrations.push(Box::new(Persons));
        migrations.push(store::migration::documents());
        migrations.push(Box::new(FeeTiers));
        migrations.push(Box::new(credentials::Credentials));
        migrations.push(Box::new(Standings));
        migrations.push(Box::new(filings::Filings));
        migrations.push(Box::new(standings_dated::StandingsDated));
        migrations.push(Box::new(transfers::Transfers));
        migrations
    }
}

/// What only one standing row may have, and what a person's rows are found by.
const INDEXES: &[&str] = &[
    "CREATE UNIQUE INDEX household_register_number \
        ON household (area, register_number) WHERE withdrawn_at IS NULL",
    // A number has one row for ever, so that who is registered again is the same person.
    "CREATE UNIQUE INDEX person_id_number ON person (area, id_number)",
    "CREATE INDEX person_household ON person (area, household_id)",
    "CREATE INDEX identity_person ON identity (area, person_id)",
    // One scheme at a time and one subsidy a year: one coverage of a person and year.
    "CREATE UNIQUE INDEX coverage_person_year \
        ON coverage (area, person_id, year) WHERE withdrawn_at IS NULL",
    "CREATE INDEX suspension_person ON suspension (area, person_id)",
];

struct Persons;

impl MigrationName for Persons {
    fn name(&self) -> &str {
        "m0101_persons"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Persons {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [household(), person(), identity(), coverage(), suspension()] {
            manager.create_table(table).await?;
        }
        for index in INDEXES {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}

/// 缴费档次, 事后资助 and 缴费修复: empty in the rows that stood before.
struct FeeTiers;

impl MigrationName for FeeTiers {
    fn name(&self) -> &str {
        "m0102_fee_tiers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for FeeTiers {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            big_integer_null(Coverage::PayNowFen),
            string_null(Coverage::FeeTier),
            integer_null(Coverage::RepaidYears),
            big_integer_null(Coverage::RepairFeeFen),
        ];
        // One at a time: SQLite knows no other way.
        for column in columns {
            let add = Table::alter()
                .table(Coverage::Table)
                .add_column(column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }
}

/// 参保口径: 人员类别 and what else covers; empty in the rows that stood before.
struct Standings;

impl MigrationName for Standings {
    fn name(&self) -> &str {
        "m0104_standings"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Standings {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let add = Table::alter()
            .table(Coverage::Table)
            .add_column(string_null(Coverage::Standing))
            .to_owned();
        manager.alter_table(add).await
    }
}

#[derive(DeriveIden)]
enum Household {
    Table,
    Area,
    HouseholdId,
    RegisterNumber,
    TownshipCode,
    WithdrawnAt,
}

fn household() -> TableCreateStatement {
    Table::create()
        .table(Household::Table)
        .col(string(Household::Area))
        .col(string(Household::HouseholdId))
        .col(string(Household::RegisterNumber))
        .col(string(Household::TownshipCode))
        .col(big_integer_null(Household::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(Household::Area)
                .col(Household::HouseholdId),
        )
        .to_owned()
}

#[derive(DeriveIden)]
enum Person {
    Table,
    Area,
    PersonId,
    Name,
    IdNumber,
    Sex,
    BirthDay,
    HouseholdId,
    DeathDay,
    Version,
    WithdrawnAt,
}

fn person() -> TableCreateStatement {
    Table::create()
        .table(Person::Table)
        .col(string(Person::Area))
        .col(string(Person::PersonId))
        .col(string(Person::Name))
        .col(string(Person::IdNumber))
        .col(string(Person::Sex))
        .col(string(Person::BirthDay))
        .col(string_null(Person::HouseholdId))
        .col(string_null(Person::DeathDay))
        .col(big_integer(Person::Version))
        .col(big_integer_null(Person::WithdrawnAt))
        .primary_key(Index::create().col(Person::Area).col(Person::PersonId))
        .to_owned()
}

#[derive(DeriveIden)]
enum Identity {
    Table,
    Area,
    IdentityId,
    PersonId,
    Kind,
    FromDay,
    UntilDay,
    WithdrawnAt,
}

fn identity() -> TableCreateStatement {
    Table::create()
        .table(Identity::Table)
        .col(string(Identity::Area))
        .col(string(Identity::IdentityId))
        .col(string(Identity::PersonId))
        .col(string(Identity::Kind))
        .col(string(Identity::FromDay))
        .col(string_null(Identity::UntilDay))
        .col(big_integer_null(Identity::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(Identity::Area)
                .col(Identity::IdentityId),
        )
        .to_owned()
}

#[derive(DeriveIden)]
enum Coverage {
    Table,
    Area,
    CoverageId,
    PersonId,
    Scheme,
    Year,
    PaidDay,
    BenefitFrom,
    UntilDay,
    IdentityKind,
    FeeFen,
    SubsidyFen,
    ToPayFen,
    PayNowFen,
    FeeTier,
    RepaidYears,
    RepairFeeFen,
    PackageDigest,
    Standing,
    WithdrawnAt,
}

fn coverage() -> TableCreateStatement {
    Table::create()
        .table(Coverage::Table)
        .col(string(Coverage::Area))
        .col(string(Coverage::CoverageId))
        .col(string(Coverage::PersonId))
        .col(string(Coverage::Scheme))
        .col(integer(Coverage::Year))
        .col(string(Coverage::PaidDay))
        .col(string(Coverage::BenefitFrom))
        .col(string(Coverage::UntilDay))
        .col(string_null(Coverage::IdentityKind))
        .col(big_integer(Coverage::FeeFen))
        .col(big_integer(Coverage::SubsidyFen))
        .col(big_integer(Coverage::ToPayFen))
        .col(string(Coverage::PackageDigest))
        .col(big_integer_null(Coverage::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(Coverage::Area)
                .col(Coverage::CoverageId),
        )
        .to_owned()
}

#[derive(DeriveIden)]
enum Suspension {
    Table,
    Area,
    SuspensionId,
    PersonId,
    FromDay,
    UntilDay,
    Reason,
    WithdrawnAt,
}

fn suspension() -> TableCreateStatement {
    Table::create()
        .table(Suspension::Table)
        .col(string(Suspension::Area))
        .col(string(Suspension::SuspensionId))
        .col(string(Suspension::PersonId))
        .col(string(Suspension::FromDay))
        .col(string_null(Suspension::UntilDay))
        .col(string(Suspension::Reason))
        .col(big_integer_null(Suspension::WithdrawnAt))
        .primary_key(
            Index::create()
                .col(Suspension::Area)
                .col(Suspension::SuspensionId),
        )
        .to_owned()
}
