//! Columns that indicators count by, promoted from the evidence.

use sea_orm::{DbBackend, DeriveIden};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string_null;

/// 县内就诊率.
pub struct Indicators;

impl MigrationName for Indicators {
    fn name(&self) -> &str {
        "m0115_indicators"
    }
}

#[derive(DeriveIden)]
enum Settlement {
    Table,
    Place,
    Tier,
    IdentityClass,
}

#[derive(DeriveIden)]
enum Revision {
    Table,
    IdentityClass,
}

/// Kinds of identity that make a person one of 困难群众, as they were when the columns came.
const POOR: [&str; 14] = [
    "2301", "2302", "2303", "2304", "2305", "2306", "2307", "2361", "2370", "236074", "226101",
    "226102", "226103", "226104",
];

/// Standing settlements of an area by their last day: the same words on both databases.
const INDEX: &str = "CREATE INDEX settlement_ended ON settlement (area, end_day, settlement_id) \
    WHERE reversed_at IS NULL";

#[async_trait::async_trait]
impl MigrationTrait for Indicators {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            Settlement::Place,
            Settlement::Tier,
            Settlement::IdentityClass,
        ] {
            let more = Table::alter()
                .table(Settlement::Table)
                .add_column(string_null(column))
                .to_owned();
            manager.alter_table(more).await?;
        }
        let more = Table::alter()
            .table(Revision::Table)
            .add_column(string_null(Revision::IdentityClass))
            .to_owned();
        manager.alter_table(more).await?;
        let connection = manager.get_connection();
        let (tier, identity) = (tier(manager.get_database_backend()), identity());
        for filled in [
            format!(
                "UPDATE settlement SET tier = {tier}, identity_class = {identity}, place = CASE \
                    WHEN evidence LIKE '%\"place\":\"city\"%' THEN 'city' \
                    WHEN evidence LIKE '%\"place\":\"province\"%' THEN 'province' \
                    WHEN evidence LIKE '%\"place\":\"outside\"%' THEN 'outside' \
                    ELSE 'district' END"
            ),
            format!("UPDATE revision SET identity_class = {identity}"),
        ] {
            connection.execute_unprepared(&filled).await?;
        }
        connection.execute_unprepared(INDEX).await?;
        Ok(())
    }
}

/// What the evidence says of the identities, as serde writes it: the person's date of birth comes next.
fn identity() -> String {
    let has = |kind: &&str| format!("evidence LIKE '%\"identities\":[%\"{kind}\"%\"birth\":%'");
    let poor: Vec<String> = POOR.iter().map(has).collect();
    format!(
        "CASE WHEN {} THEN 'poor' WHEN evidence LIKE '%\"identities\":[]%' THEN 'ordinary' \
            ELSE 'other' END",
        poor.join(" OR ")
    )
}

/// The tier in the evidence: the databases cut texts otherwise (differs).
fn tier(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "split_part(split_part(evidence, '\"tier\":\"', 2), '\"', 1)",
        _ => {
            "substr(substr(evidence, instr(evidence, '\"tier\":\"') + 8), 1, \
                instr(substr(evidence, instr(evidence, '\"tier\":\"') + 8), '\"') - 1)"
        }
    }
}
