//! 柜台: what a hospital's billing desk, a pharmacy and a bureau's clerk do in a day.

mod accounts;
mod approvals;
mod batch;
mod county;
mod envelopes;
mod facts;
mod filings;
mod identities;
mod payer_files;
mod receipts;
mod receivables;
mod reconciliation;
mod recoveries;
mod registry;
mod reimbursements;
mod replay;
mod revisions;
mod seed_rows;
mod simulate;
mod transfers;
mod visits;

use integration_tests::World;
use sea_orm::{ConnectionTrait, Database, Statement};

/// The documents of every settlement are packed, whichever way it came.
async fn all_packed(world: &World) {
    let db = world.suite.database("settlement").unwrap().reader();
    let plain = "SELECT 1 FROM settlement WHERE packed IS NULL OR evidence <> ''";
    let asked = Statement::from_string(db.get_database_backend(), plain);
    assert!(db.query_one_raw(asked).await.unwrap().is_none());
}

/// From here on, documents of settlements are written so that SQL can read and change them.
async fn unpacked(world: &World) {
    edit(world, "settlement_form", "packed = (1 = 0)").await;
}

/// A table of the settlement service, for who has no schema's path.
fn qualified(world: &World, table: &str) -> String {
    match world.database.folder() {
        Some(_) => table.to_string(),
        None => format!("settlement.{table}"),
    }
}

/// Edits one row of the settlement service behind its back.
async fn edit(world: &World, table: &str, rest: &str) {
    let database = Database::connect(world.database.url("settlement"))
        .await
        .unwrap();
    let sql = format!("UPDATE {} SET {rest}", qualified(world, table));
    let done = database.execute_unprepared(&sql).await.unwrap();
    assert_eq!(done.rows_affected(), 1, "{sql}");
    database.close().await.ok();
}
