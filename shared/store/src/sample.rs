//! 采样: what only the database can tell, read off the requests' path. Somebody reads the metrics, and
//! then, once in a period at most, the database is asked; where nobody reads, nothing is asked. Of
//! several replicas one asks, by a lease that the database's clock tells; the others tell nothing.

use crate::db::{Db, Stop, now_sql};
use crate::event::{self, TURN_MAX};
use crate::metrics::{METER, POOL};
use crate::new_id;
use kernel::Clock;
use kernel::metric::{
    ALL, DB_CONNECTIONS, DB_CONNECTIONS_MAX, Metric, MetricKind, UNSEALED, UNSEALED_AGE,
};
use opentelemetry::{KeyValue, global};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How many periods a replica may be silent before another asks.
const LEASE_PERIODS: u32 = 3;

/// One number the database told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Which.
    pub metric: &'static Metric,
    /// The number.
    pub value: i64,
    /// What it is of.
    pub labels: Vec<(&'static str, String)>,
}

/// What was told last, and a bell for when it is read.
#[derive(Clone, Default)]
struct Board {
    told: Arc<Mutex<Vec<Sample>>>,
    read: Arc<Notify>,
}

impl Board {
    fn tell(&self, samples: Vec<Sample>) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = samples;
    }

    fn of(&self, metric: &Metric) -> Vec<(i64, Vec<KeyValue>)> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let labels = |sample: &Sample| {
            let labels = sample.labels.iter();
            labels.map(|(k, v)| KeyValue::new(*k, v.clone())).collect()
        };
        let these = told.iter().filter(|sample| sample.metric == metric);
        these.map(|sample| (sample.value, labels(sample))).collect()
    }
}

/// Nothing old is told by a sampler that is gone.
impl Drop for Sampler {
    fn drop(&mut self) {
        self.board.tell(Vec::new());
    }
}

struct Sampler {
    db: Db,
    clock: Arc<dyn Clock>,
    owner: String,
    period: Duration,
    board: Board,
}

/// Tells of a database's pool and sealer, and of what else `look` finds there, for ever.
pub async fn keep_sampling<F, Fut>(db: Db, clock: Arc<dyn Clock>, period: Duration, look: F)
where
    F: Fn(Db) -> Fut,
    Fut: Future<Output = Result<Vec<Sample>, Stop>>,
{
    let sampler = Sampler {
        owner: new_id(clock.now()).to_string(),
        db,
        clock,
        period,
        board: Board::default(),
    };
    show(&sampler.board);
    show_pool(&sampler.db);
    loop {
        sampler.board.read.notified().await;
        let told = match tokio::time::timeout(TURN_MAX, sampler.sampled(&look)).await {
            Ok(Ok(told)) => told,
            Ok(Err(stop)) => {
                let why = kernel::Refusal::from(stop);
                tracing::warn!(code = %why.code, "the database could not be sampled");
                Vec::new()
            }
            Err(_) => {
                tracing::warn!("the database took too long to be sampled");
                Vec::new()
            }
        };
        sampler.board.tell(told);
        tokio::time::sleep(period).await;
    }
}

/// Tells of the pool and the sealer alone.
pub async fn keep_sampling_events(db: Db, clock: Arc<dyn Clock>, period: Duration) {
    keep_sampling(db, clock, period, async |_| Ok(Vec::new())).await;
}

impl Sampler {
    async fn sampled<F, Fut>(&self, look: &F) -> Result<Vec<Sample>, Stop>
    where
        F: Fn(Db) -> Fut,
        Fut: Future<Output = Result<Vec<Sample>, Stop>>,
    {
        if !self.is_ours().await? {
            return Ok(Vec::new());
        }
        let mut told = look(self.db.clone()).await?;
        let (unsealed, oldest) = event::waiting(&self.db).await?;
        let now = self.clock.now().micros();
        let age = oldest.map_or(0, |oldest| now.saturating_sub(oldest).max(0) / 1_000_000);
        for (metric, value) in [(&UNSEALED, unsealed), (&UNSEALED_AGE, age)] {
            let labels = vec![(POOL, self.db.name().to_string())];
            told.push(Sample {
                metric,
                value,
                labels,
            });
        }
        Ok(told)
    }

    /// Whether this replica is the one that asks. SQLite has one process.
    async fn is_ours(&self) -> Result<bool, Stop> {
        let backend = self.db.reader().get_database_backend();
        if backend == DbBackend::Sqlite {
            return Ok(true);
        }
        let now = now_sql(backend);
        let lease = (self.period * LEASE_PERIODS).as_micros();
        let sql = format!(
            "INSERT INTO sampling (name, owner, lease_until) VALUES ('gauges', $1, {now} + {lease}) \
             ON CONFLICT (name) DO UPDATE \
             SET owner = excluded.owner, lease_until = excluded.lease_until \
             WHERE sampling.owner = excluded.owner OR sampling.lease_until <= {now}"
        );
        let mine = Statement::from_sql_and_values(backend, sql, [self.owner.as_str().into()]);
        let mine = &mine;
        let written = self
            .db
            .write(|tx| async move { Ok(tx.execute_raw(mine.clone()).await?.rows_affected()) });
        Ok(written.await? == 1)
    }
}

/// Shows what the board says to whoever reads the metrics.
fn show(board: &Board) {
    let sampled = |metric: &&Metric| metric.kind == MetricKind::Sampled;
    let meter = global::meter(METER);
    for metric in ALL.iter().filter(sampled) {
        let board = board.clone();
        let gauge = meter.i64_observable_gauge(metric.name);
        let gauge = gauge.with_unit(metric.unit).with_description(metric.means);
        gauge
            .with_callback(move |told| {
                board.read.notify_one();
                for (value, labels) in board.of(metric) {
                    told.observe(value, &labels);
                }
            })
            .build();
    }
}

/// Shows the pool's connections: the process knows them without asking.
fn show_pool(db: &Db) {
    let meter = global::meter(METER);
    let label = KeyValue::new(POOL, db.name().to_string());
    let (pool, of) = (db.clone(), label.clone());
    let gauge = meter.i64_observable_gauge(DB_CONNECTIONS.name);
    let gauge = gauge.with_unit(DB_CONNECTIONS.unit);
    let gauge = gauge.with_description(DB_CONNECTIONS.means);
    gauge
        .with_callback(move |told| {
            for (state, count) in pool.connections() {
                let state = KeyValue::new("db.client.connection.state", state);
                told.observe(count, &[of.clone(), state]);
            }
        })
        .build();
    let most = db.connections_max();
    let gauge = meter.i64_observable_gauge(DB_CONNECTIONS_MAX.name);
    let gauge = gauge.with_unit(DB_CONNECTIONS_MAX.unit);
    let gauge = gauge.with_description(DB_CONNECTIONS_MAX.means);
    gauge
        .with_callback(move |told| told.observe(most, std::slice::from_ref(&label)))
        .build();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DbConfig;
    use crate::migration::common;
    use crate::testing::TestDatabase;
    use kernel::Instant;
    use sea_orm_migration::{MigrationTrait, MigratorTrait};

    struct Common;

    impl MigratorTrait for Common {
        fn migrations() -> Vec<Box<dyn MigrationTrait>> {
            common()
        }
    }

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Instant {
            Instant::from_micros(0)
        }
    }

    #[tokio::test]
    async fn of_two_replicas_one_asks() {
        let on = TestDatabase::open().await.unwrap();
        let config = DbConfig {
            url: on.url("sampled"),
            schema: "sampled".into(),
            connections: 4,
        };
        let replica = async |period: u64| Sampler {
            db: Db::open::<Common>(&config).await.unwrap(),
            clock: Arc::new(Still),
            owner: new_id(Still.now()).to_string(),
            period: Duration::from_secs(period),
            board: Board::default(),
        };
        let (first, second) = (replica(60).await, replica(60).await);
        let alone = first.db.reader().get_database_backend() == DbBackend::Sqlite;
        assert!(first.is_ours().await.unwrap() && first.is_ours().await.unwrap());
        assert_eq!(second.is_ours().await.unwrap(), alone);
        // One that was silent for too long is not waited for.
        let brief = replica(0).await;
        let taken = "UPDATE sampling SET lease_until = 0";
        first.db.reader().execute_unprepared(taken).await.unwrap();
        assert!(brief.is_ours().await.unwrap() && second.is_ours().await.unwrap());
        assert_eq!(first.is_ours().await.unwrap(), alone);
    }
}
