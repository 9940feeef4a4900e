//! 采样: the sagas that are not over, by kind and by how they stand.
//!
//! Cost: those that run are read by the index of what is due, those that are stuck by an index of
//! their own, and no more than [`OPEN_MAX`] of each.

use kernel::Clock;
use kernel::metric::{SAGAS_OPEN, SAGAS_OPEN_AGE};
use sea_orm::{ConnectionTrait, Statement};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::sample::{Sample, keep_sampling};
use store::{Db, Stop};

/// Sagas counted at most, of those that run and of those that are stuck.
const OPEN_MAX: u32 = 100_000;
/// How a saga that is not over stands.
const STANDS: [&str; 3] = ["running", "resting", "stuck"];

/// Tells of the sagas for ever.
pub async fn keep(db: Db, clock: Arc<dyn Clock>, period: Duration, kinds: Vec<&'static str>) {
    let (now, kinds) = (clock.clone(), Arc::new(kinds));
    let look = move |db| {
        let (now, kinds) = (now.now().micros(), kinds.clone());
        async move { open(&db, now, &kinds).await }
    };
    keep_sampling(db, clock, period, look).await;
}

/// How many are open, and for how long the oldest is; of the known kinds also where there are none.
pub async fn open(db: &Db, now: i64, kinds: &[&str]) -> Result<Vec<Sample>, Stop> {
    let sql = format!(
        "SELECT kind, stands, COUNT(*) AS sagas, MIN(began_at) AS began FROM ( \
         SELECT * FROM (SELECT kind, began_at, \
           CASE WHEN rest_step IS NULL THEN 'running' ELSE 'resting' END AS stands \
           FROM saga WHERE state = 0 LIMIT {OPEN_MAX}) running \
         UNION ALL \
         SELECT * FROM (SELECT kind, began_at, 'stuck' AS stands \
           FROM saga WHERE state = 4 LIMIT {OPEN_MAX}) stuck \
         ) open GROUP BY kind, stands"
    );
    let backend = db.reader().get_database_backend();
    let rows = Statement::from_string(backend, sql);
    let rows = db.reader().query_all_raw(rows).await?;
    let none = kinds.iter().flat_map(|kind| {
        let none = |stands: &&str| ((kind.to_string(), stands.to_string()), (0, now));
        STANDS.iter().map(none).collect::<Vec<_>>()
    });
    let mut open: BTreeMap<(String, String), (i64, i64)> = none.collect();
    for row in rows {
        let which = (row.try_get("", "kind")?, row.try_get("", "stands")?);
        open.insert(
            which,
            (row.try_get("", "sagas")?, row.try_get("", "began")?),
        );
    }
    let told = open
        .into_iter()
        .flat_map(|((kind, stands), (sagas, began))| {
            let age = now.saturating_sub(began).max(0) / 1_000_000;
            let told = [(&SAGAS_OPEN, sagas), (&SAGAS_OPEN_AGE, age)];
            told.map(|(metric, value)| Sample {
                metric,
                value,
                labels: vec![("kind", kind.clone()), ("state", stands.clone())],
            })
        });
    Ok(told.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migration::Migrator;
    use crate::store::{Beginning, State, leave};
    use kernel::refusal::UNAVAILABLE;
    use kernel::{AreaCode, Instant, Principal, RequestId, Role};
    use store::testing::TestDatabase;
    use store::{DbConfig, Key};

    fn saga(name: &str) -> Beginning {
        let principal = Principal {
            caller: "clerk".into(),
            on_behalf_of: None,
            area: AreaCode::parse("999999").unwrap(),
            roles: vec![Role::Clerk],
        };
        Beginning {
            key: Key::of(&principal, "Settle", RequestId::parse(name).unwrap()),
            saga_id: name.to_string(),
            kind: "test.v1",
            origin: None,
            request: Vec::new(),
            principal,
            trace: None,
        }
    }

    #[tokio::test]
    async fn sagas_that_are_not_over_are_counted_by_how_they_stand() {
        let on = TestDatabase::open().await.unwrap();
        let config = DbConfig {
            url: on.url(crate::NAME),
            schema: crate::NAME.into(),
            connections: 2,
        };
        let db = Db::open::<Migrator>(&config).await.unwrap();
        let (began, heard) = (Instant::from_micros(5_000_000), UNAVAILABLE.refuse());
        let sagas = ["R1", "R2", "S1", "D1"].map(saga);
        let (sagas, heard) = (&sagas, &heard);
        let left =
            db.write(|tx| async move { leave(&tx, sagas, heard, Duration::ZERO, began).await });
        left.await.unwrap();
        for (id, state) in [("S1", State::Stuck), ("D1", State::Done)] {
            let sql = format!(
                "UPDATE saga SET state = {} WHERE saga_id = '{id}'",
                state.number()
            );
            db.reader().execute_unprepared(&sql).await.unwrap();
        }
        let told = open(&db, 65_000_000, &["test.v1"]).await.unwrap();
        let of = |metric, stands: &str| {
            let mut those = told.iter().filter(|one| one.metric == metric);
            let one = those.find(|one| one.labels.iter().any(|(_, value)| value == stands));
            one.map(|one| one.value)
        };
        let sagas = STANDS.map(|stands| of(&SAGAS_OPEN, stands));
        assert_eq!(sagas, [Some(0), Some(2), Some(1)]);
        let ages = STANDS.map(|stands| of(&SAGAS_OPEN_AGE, stands));
        assert_eq!(ages, [Some(0), Some(60), Some(60)]);
    }
}
