//! Sagas as a broken promise leaves them, for tests of what operators do.

use crate::{World, patient};
use proto::orchestrator::{WithdrawRequest, get_outcome_request::Method};
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};

/// What was heard last.
const HEARD: &str = r#"{"code":"PROMISE_BROKEN","kind":"internal","sentence":"步骤不应被拒绝。",
    "remedy":"请联系运维。"}"#;

impl World {
    /// A stuck saga of the clerk's, with a fault of its own code; gives its id.
    pub async fn stuck(&self, request_id: &str, fault: &str) -> String {
        let request = WithdrawRequest {
            original_request_id: request_id.into(),
            method: Method::Settle.into(),
        };
        let mut clerk = self.clerk().orchestrator();
        clerk
            .withdraw(patient(request))
            .await
            .expect("withdrawing is never refused");
        let journals = Database::connect(self.database.url("orchestrator"))
            .await
            .expect("journals");
        let backend = journals.get_database_backend();
        let table = match backend {
            DbBackend::Postgres => "orchestrator.saga",
            _ => "saga",
        };
        let sql = format!(
            "UPDATE {table} SET state = 4, heard = '{HEARD}', heard_code = '{fault}' \
             WHERE request_id = '{request_id}' RETURNING saga_id"
        );
        let row = journals
            .query_one_raw(Statement::from_string(backend, sql))
            .await;
        let row = row.expect("an update").expect("a saga");
        journals.close().await.ok();
        row.try_get("", "saga_id").expect("an id")
    }
}
