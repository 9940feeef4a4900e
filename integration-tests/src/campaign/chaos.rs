//! What goes wrong, and when: drawn from one seed.

use super::fleet::{Fleet, Instance, PROGRAMS};
use super::proxy::{Line, Sky, bad_sky};
use super::report::Tally;
use super::servers::{Postgres, Redis};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// One process is killed.
    Kill,
    /// One that serves and one that may only be beginning are killed.
    KillTwo,
    /// All processes of one service are killed.
    KillService,
    /// PostgreSQL is killed and begun again.
    Postgres,
    /// Redis is killed and begun again.
    Redis,
    /// A line carries badly for a while.
    Weather,
    /// All connections of a line are cut.
    Cut,
    /// All connections of a line are half open from now on.
    Abandon,
}

/// How often each goes wrong, beside the others.
const MISHAPS: &[(Mishap, u32)] = &[
    (Mishap::Kill, 50),
    (Mishap::KillTwo, 8),
    (Mishap::KillService, 6),
    (Mishap::Postgres, 2),
    (Mishap::Redis, 3),
    (Mishap::Weather, 22),
    (Mishap::Cut, 8),
    (Mishap::Abandon, 1),
];

/// What a short campaign must have seen before chance decides.
pub const TOUR: &[Mishap] = &[
    Mishap::Kill,
    Mishap::Weather,
    Mishap::Redis,
    Mishap::KillService,
    Mishap::Postgres,
    Mishap::Cut,
    Mishap::KillTwo,
];

/// The longest that a killed process stays away, in milliseconds.
const DOWN_MAX_MS: u64 = 600;
/// The longest bad weather, in milliseconds.
const WEATHER_MAX_MS: u64 = 1_500;

/// What can go wrong, and chance.
pub struct Chaos<'a> {
    /// The services.
    pub fleet: &'a Fleet,
    /// Their database.
    pub postgres: &'a mut Postgres,
    /// The line to it.
    pub database: &'a Arc<Line>,
    /// Their cache.
    pub redis: &'a mut Redis,
    /// What is counted.
    pub tally: &'a Tally,
    /// Chance.
    pub rng: StdRng,
}

impl Chaos<'_> {
    /// Chance from a seed.
    pub fn chance(seed: u64) -> StdRng {
        StdRng::seed_from_u64(seed)
    }

    /// Goes on until so many processes were killed, or the time is over. The first mishaps are
    /// `tour`.
    pub async fn reign(
        &mut self,
        tour: &[Mishap],
        kills: u64,
        until: Option<Instant>,
        pause_max: Duration,
    ) {
        let mut tour = tour.iter();
        let is_over = || until.is_some_and(|until| Instant::now() >= until);
        while self.tally.kills.load(Ordering::Relaxed) < kills && !is_over() {
            let mishap = match tour.next() {
                Some(mishap) => *mishap,
                None => {
                    let chosen = MISHAPS.choose_weighted(&mut self.rng, |(_, weight)| *weight);
                    chosen.expect("the table has weights").0
                }
            };
            self.happen(mishap).await;
            let pause_ms = u64::try_from(pause_max.as_millis()).unwrap_or(u64::MAX);
            self.sleep(pause_ms / 4..pause_ms).await;
        }
    }

    async fn sleep(&mut self, range_ms: std::ops::Range<u64>) {
        let pause = Duration::from_millis(self.rng.random_range(range_ms));
        sleep(pause).await;
    }

    async fn happen(&mut self, mishap: Mishap) {
        match mishap {
            Mishap::Kill => self.kill_serving(),
            Mishap::KillTwo => {
                self.kill_serving();
                let all: Vec<_> = self.fleet.instances().iter().collect();
                self.kill_one_of(&all);
            }
            Mishap::KillService => {
                let program = PROGRAMS.choose(&mut self.rng).expect("services");
                let of_it = format!("{}-", program.name);
                for instance in self.fleet.instances() {
                    if instance.name.starts_with(&of_it) {
                        self.kill_one_of(&[instance]);
                    }
                }
            }
            Mishap::Postgres => self.crash_postgres().await,
            Mishap::Redis => {
                self.redis.kill();
                self.sleep(0..WEATHER_MAX_MS).await;
                self.redis.start().await;
                self.tally.redis.fetch_add(1, Ordering::Relaxed);
            }
            Mishap::Weather => {
                let line = self.line();
                line.set(bad_sky(&mut self.rng));
                self.tally.weathers.fetch_add(1, Ordering::Relaxed);
                self.sleep(50..WEATHER_MAX_MS).await;
                line.set(Sky::Fair);
                // What was silent may go on late, or never.
                if self.rng.random() {
                    line.cut();
                }
            }
            Mishap::Cut => self.line().cut(),
            Mishap::Abandon => {
                // Not the one to the database: nothing bounds how long a service waits for it.
                let lines: Vec<_> = self.fleet.lines().collect();
                lines.choose(&mut self.rng).expect("lines").abandon();
            }
        }
    }

    /// A line at random: between callers and services, among services, or to the database.
    fn line(&mut self) -> Arc<Line> {
        let mut lines: Vec<_> = self.fleet.lines().collect();
        lines.push(self.database);
        lines.choose(&mut self.rng).copied().expect("lines").clone()
    }

    fn kill_serving(&mut self) {
        let fleet = self.fleet;
        let serving: Vec<_> = fleet
            .instances()
            .iter()
            .filter(|one| one.is_serving())
            .collect();
        self.kill_one_of(&serving);
    }

    fn kill_one_of(&mut self, of: &[&Instance]) {
        if let Some(instance) = of.choose(&mut self.rng) {
            instance.kill(Duration::from_millis(self.rng.random_range(0..DOWN_MAX_MS)));
            self.tally.kills.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn crash_postgres(&mut self) {
        match self.rng.random() {
            true => self.postgres.kill().await,
            false => self.postgres.quit().await,
        }
        self.sleep(0..WEATHER_MAX_MS).await;
        self.postgres.start().await;
        self.tally.postgres.fetch_add(1, Ordering::Relaxed);
    }
}
