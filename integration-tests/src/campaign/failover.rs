//! 灾备演练: the primary database is lost under load, with every byte of it, and its standby becomes
//! the primary. Nothing that a till was told may be missing afterwards.
//!
//! The primary waits at each commit until the standby has it (`synchronous_standby_names`). In the
//! last moments before the loss the line between them is silent, as when a whole rack goes: what
//! the primary commits then it can tell nobody. Without the waiting it tells, and it is lost; the
//! same drill shows that too, so that it is known to be able to fail.

use super::proxy::{Backend, Line, Sky};
use super::servers::Postgres;
use super::{Judged, Plan, Stage};
use crate::campaign::servers::Tools;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sea_orm::{ConnectionTrait, Database, Statement};
use std::fmt::{self, Display, Formatter};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long the load runs on a primary and a standby that agree, in milliseconds.
const AGREEING_MS: std::ops::Range<u64> = 3_000..6_000;
/// How long the line between them is silent before the loss, in milliseconds.
const SILENT_MS: std::ops::Range<u64> = 500..2_000;
/// How long a standby may take to follow, and the tills to hear of the new primary.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often is looked whether they have.
const LOOK: Duration = Duration::from_millis(5);

/// One loss.
#[derive(Clone, Debug)]
pub struct Round {
    /// Answers told by then.
    pub told: u64,
    /// Answers told while the standby heard nothing.
    pub told_in_silence: u64,
    /// Requests in doubt when the primary was lost.
    pub in_doubt: u64,
    /// From the loss until the standby took writes.
    pub promoted: Duration,
    /// From the loss until a till was told something new.
    pub answered: Duration,
}

impl Display for Round {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "told before the loss {:>6} (of them {:>3} in the silence)  in doubt {:>2}  \
             promoted after {:>5} ms  first answer after {:>5} ms",
            self.told,
            self.told_in_silence,
            self.in_doubt,
            self.promoted.as_millis(),
            self.answered.as_millis(),
        )
    }
}

/// Loses the primary `rounds` times in succession; each time the standby becomes the primary of the
/// next round. With `waiting`, a commit waits for the standby.
pub async fn failover(
    tools: &Tools,
    plan: &Plan,
    rounds: u32,
    waiting: bool,
) -> (Vec<Round>, Judged) {
    println!("seed {} on {}", plan.seed, tools.version());
    let mut rng = StdRng::seed_from_u64(plan.seed);
    let mut stage = Stage::begin(tools, plan).await;
    let mut lost = Vec::new();
    for number in 1..=rounds {
        let round = lose(&mut stage, &mut rng, number, waiting).await;
        println!("loss {number}: {round}");
        lost.push(round);
    }
    (lost, stage.end(plan.seed).await)
}

async fn lose(stage: &mut Stage, rng: &mut StdRng, number: u32, waiting: bool) -> Round {
    let mut pause = |range| Duration::from_millis(rng.random_range(range));
    let tally = stage.tally.clone();
    let told = || tally.settled.load(Ordering::Relaxed) + tally.refused.load(Ordering::Relaxed);
    let replication = Line::open("replication").await;
    replication.add(Backend::Unix(stage.postgres.socket()));
    let name = format!("standby{number}");
    let under = stage.folder.path().to_path_buf();
    let standby = Postgres::standby(&stage.tools, &under, &name, replication.address()).await;
    follow(&stage.postgres, &name, waiting).await;
    sleep(pause(AGREEING_MS)).await;

    let before = told();
    replication.set(Sky::Silent);
    sleep(pause(SILENT_MS)).await;
    let in_doubt = tally.in_doubt.load(Ordering::Relaxed);
    let begun = Instant::now();
    stage.postgres.kill().await;
    let told_in_all = told();
    replication.cut();
    drop(replication);
    std::mem::replace(&mut stage.postgres, standby).lose();
    stage.postgres.promote();
    let promoted = begun.elapsed();
    stage
        .database
        .switch(Backend::Unix(stage.postgres.socket()));
    tally.postgres.fetch_add(1, Ordering::Relaxed);
    let switched = tally.settled.load(Ordering::Relaxed);
    while tally.settled.load(Ordering::Relaxed) == switched {
        assert!(
            begun.elapsed() < PATIENCE,
            "nobody settles on the new primary"
        );
        sleep(LOOK).await;
    }
    Round {
        told: told_in_all,
        told_in_silence: told_in_all - before,
        in_doubt,
        promoted,
        answered: begun.elapsed(),
    }
}

/// Waits until the standby follows the primary; with `waiting`, makes each commit wait for it.
async fn follow(primary: &Postgres, standby: &str, waiting: bool) {
    let db = Database::connect(primary.url("postgres"))
        .await
        .expect("the primary");
    if waiting {
        let wait = format!("ALTER SYSTEM SET synchronous_standby_names = '{standby}'");
        db.execute_unprepared(&wait).await.expect("a setting");
        db.execute_unprepared("SELECT pg_reload_conf()")
            .await
            .expect("the setting is read");
    }
    let wanted = if waiting { "sync" } else { "async" };
    let select = format!(
        "SELECT 1 FROM pg_stat_replication WHERE application_name = '{standby}' \
         AND state = 'streaming' AND sync_state = '{wanted}'"
    );
    let limit = Instant::now() + PATIENCE;
    loop {
        let asked = Statement::from_string(db.get_database_backend(), select.clone());
        let follows = db.query_one_raw(asked).await.expect("an answer");
        if follows.is_some() {
            break;
        }
        assert!(Instant::now() < limit, "{standby} does not follow");
        sleep(LOOK).await;
    }
    db.close().await.expect("it closes");
}
