//! 过载测速: one kept write (转诊申请) offered at its time whatever becomes of those before: at twice what
//! the service can do, which is found out right before, several times, for machines become slower and
//! faster within seconds; then below it, and twice it by one caller while seven others ask a little. The service is a process on a core of its own, so that only what it does itself,
//! turning calls away too, takes from what it can do.

use super::apart::Apart;
use super::{BenchError, grouped, machine, millis};
use crate::area;
use crate::desk::{Desk, Wires};
use crate::suite::service_url;
use clap::Args;
use kernel::Clock;
use proto::referral::RequestReferralRequest;
use runtime::clock::SystemClock;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::new_id;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tonic::{Code, Request};

/// The service that is asked.
const SERVICE: &str = "referral";
/// Seconds that may be asked for.
const SECONDS_MAX: u64 = 600;
/// Calls under way at once while it is found out what the service can do.
const CROWD: usize = 32;
/// Connections of the callers to the service, and callers.
const CALLERS: u64 = 8;
/// How often it is found out what can be done, and twice that is asked.
const ROUNDS: usize = 7;
/// Of so many calls, one is of the seven while the other caller floods.
const LITTLE: u64 = 20;
/// How long a caller waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// How overload is measured.
#[derive(Debug, Args)]
pub struct OverloadBench {
    /// An empty PostgreSQL database, instead of SQLite in a temporary folder.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Where the program of the service is; by default where this one is.
    #[arg(long, value_name = "DIR")]
    programs: Option<PathBuf>,
    /// Seconds of each part.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=SECONDS_MAX))]
    seconds: u64,
}

/// What became of a call, when, counted from the beginning of its part.
struct Ended {
    caller: u64,
    code: Code,
    took: Duration,
    at: Duration,
}

/// What became of all calls of a part.
struct Part {
    ended: Vec<Ended>,
    seconds: u64,
}

impl Part {
    fn count(&self, fits: impl Fn(&Ended) -> bool) -> u64 {
        u64::try_from(self.ended.iter().filter(|ended| fits(ended)).count()).unwrap_or(u64::MAX)
    }

    /// Calls that were done while it lasted, in a second.
    fn goodput(&self) -> u64 {
        let until = Duration::from_secs(self.seconds);
        self.count(|ended| ended.code == Code::Ok && ended.at < until) / self.seconds.max(1)
    }

    /// What so many of a hundred calls took at most that ended so, in microseconds.
    fn took(&self, percent: usize, fits: impl Fn(&Ended) -> bool) -> u64 {
        let of = self.ended.iter().filter(|ended| fits(ended));
        let mut all: Vec<Duration> = of.map(|ended| ended.took).collect();
        all.sort_unstable();
        let place = all.len().saturating_sub(1) * percent / 100;
        micros(all.get(place).copied().unwrap_or_default())
    }

    fn row(&self, name: &str, offered: u64, out: &mut impl Write) -> Result<(), BenchError> {
        let is_done = |ended: &Ended| ended.code == Code::Ok;
        let is_shed = |ended: &Ended| ended.code == Code::ResourceExhausted;
        let shed = self.count(is_shed) / self.seconds.max(1);
        let other = self.count(|ended| !is_done(ended) && !is_shed(ended));
        let [done_50, done_99] = [50, 99].map(|percent| millis(self.took(percent, is_done)));
        let shed_99 = millis(self.took(99, is_shed));
        let (offered, goodput) = (grouped(offered), grouped(self.goodput()));
        let (shed, other) = (grouped(shed), grouped(other));
        writeln!(
            out,
            "{name:<14} {offered:>8} {goodput:>8} {shed:>8} {other:>6} {done_50:>9} {done_99:>9} {shed_99:>9}"
        )?;
        Ok(())
    }
}

/// Measures, and tells what came out.
pub async fn obey(asked: &OverloadBench, out: &mut impl Write) -> Result<(), BenchError> {
    let folder = tempfile::tempdir()?;
    let (store, database) = match &asked.database {
        Some(url) => ("PostgreSQL", url.clone()),
        None => ("SQLite", service_url(folder.path(), SERVICE)?),
    };
    // Before this process leaves the first core to the service.
    let machine = machine::name();
    let mut apart = Apart::of(asked.programs.as_deref())?;
    let place = match apart.on_a_core_of_their_own().await {
        true => "on a core of its own",
        false => "on the same cores as its callers",
    };
    let area = area::code().to_string();
    // One caller's share is not what is measured: what is left is the gate alone.
    let told = [
        ("IDENTITY", "development"),
        ("AREA", area.as_str()),
        ("LIMITS__CALLER__RATE", "0"),
        ("LIMITS__CALLER__IN_FLIGHT", "100000"),
    ];
    let endpoint = apart.start(SERVICE, Some(&database), &told).await?;
    writeln!(
        out,
        "{store}: 转诊申请, a kept write of one commit, by {CALLERS} callers; the service {place}; {} s \
         each part; {}, commit {}\n",
        asked.seconds,
        machine,
        machine::commit()
    )?;
    let desks: Result<Vec<Desk>, BenchError> = (0..CALLERS)
        .map(|n| {
            let wires = Wires::all(apart.wire(&endpoint)?);
            Ok(Desk::new(&wires, &format!("desk-{n}+clerk")))
        })
        .collect();
    Callers::of(desks?).measure(asked.seconds, out).await
}

/// Who asks.
struct Callers {
    desks: Arc<Vec<Desk>>,
    /// Of this run, so that no request id was ever used.
    run: String,
    number: Arc<AtomicU64>,
}

impl Callers {
    fn of(desks: Vec<Desk>) -> Callers {
        Callers {
            desks: Arc::new(desks),
            run: new_id(SystemClock.now()).to_string(),
            number: Arc::default(),
        }
    }

    async fn measure(&self, seconds: u64, out: &mut impl Write) -> Result<(), BenchError> {
        // The first calls open connections and prepare statements.
        self.crowd(2).await;
        writeln!(
            out,
            "{:<14} {:>8} {:>8} {:>8} {:>6} {:>9} {:>9} {:>9}",
            "", "offered/s", "done/s", "shed/s", "other", "done p50", "done p99", "shed p99"
        )?;
        let evenly = |n: u64| n % CALLERS;
        let (mut able, mut parts) = (2, Vec::new());
        for _ in 0..ROUNDS {
            let peak = self.crowd(seconds).await;
            able = peak.goodput().max(2);
            peak.row("32 at once", 0, out)?;
            let twice = self.offer(able * 2, seconds, evenly).await;
            twice.row("2 ×", able * 2, out)?;
            parts.push(twice.goodput() * 100 / able);
        }
        let after = self.offer(able / 2, seconds, evenly).await;
        after.row("0.5 × again", able / 2, out)?;
        let failed = after.ended.iter().filter(|ended| ended.code != Code::Ok);
        let last = failed.map(|ended| ended.at).max().unwrap_or_default();
        let one = |n: u64| match n % LITTLE {
            0 => 1 + n / LITTLE % (CALLERS - 1),
            _ => 0,
        };
        let flood = self.offer(able * 2, seconds, one).await;
        flood.row("2 × of one", able * 2, out)?;
        let others = |ended: &Ended| ended.caller != 0;
        let done = flood.count(|ended| others(ended) && ended.code == Code::Ok);
        parts.sort_unstable();
        let middle = parts.get(parts.len() / 2).copied().unwrap_or_default();
        let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
        writeln!(
            out,
            "\nat twice the capacity {middle} % of it were done (middle of {}); recovered {} ms after the \
             load fell;\nwhile one flooded, the others had {} of {} calls done, p99 {} ms",
            parts.join(", "),
            last.as_millis(),
            grouped(done),
            grouped(flood.count(others)),
            millis(flood.took(99, |ended| others(ended) && ended.code == Code::Ok))
        )?;
        Ok(())
    }

    /// As many as can be done with so many under way at once.
    async fn crowd(&self, seconds: u64) -> Part {
        let begun = Instant::now();
        let until = begun + Duration::from_secs(seconds);
        let mut working = JoinSet::new();
        for n in 0..CROWD {
            let asking = self.asking();
            working.spawn(async move {
                let mut ended = Vec::new();
                while Instant::now() < until {
                    let caller = u64::try_from(n).unwrap_or(0) % CALLERS;
                    ended.push(asking.ask(caller, begun).await);
                }
                ended
            });
        }
        let ended = working.join_all().await.into_iter().flatten().collect();
        Part { ended, seconds }
    }

    /// So many a second, each at its time.
    async fn offer(&self, rate: u64, seconds: u64, whose: impl Fn(u64) -> u64) -> Part {
        let begun = Instant::now();
        let mut asked = JoinSet::new();
        for n in 0..rate * seconds {
            sleep_until(begun + Duration::from_micros(n * 1_000_000 / rate)).await;
            let (asking, caller) = (self.asking(), whose(n));
            asked.spawn(async move { asking.ask(caller, begun).await });
        }
        let ended = asked.join_all().await;
        Part { ended, seconds }
    }

    fn asking(&self) -> Asking {
        Asking {
            desks: self.desks.clone(),
            run: self.run.clone(),
            number: self.number.clone(),
        }
    }
}

struct Asking {
    desks: Arc<Vec<Desk>>,
    run: String,
    number: Arc<AtomicU64>,
}

impl Asking {
    /// One request that nobody made before.
    async fn ask(&self, caller: u64, begun: Instant) -> Ended {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let since = Instant::now();
        let mut request = Request::new(RequestReferralRequest {
            request_id: format!("{}-{number}", self.run),
            person_id: new_id(SystemClock.now()).to_string(),
            from_institution_code: "H15250100002".into(),
            to_institution_code: "H15250100001".into(),
            referral_type: "1".into(),
            diagnosis_code: "J18.900".into(),
            reason: "病情需要".into(),
            from_day: "2017-03-01".into(),
        });
        request.set_timeout(PATIENCE);
        let place = usize::try_from(caller).unwrap_or(0);
        let code = match self.desks.get(place) {
            None => Code::Internal,
            Some(desk) => match desk.referral().request_referral(request).await {
                Ok(_) => Code::Ok,
                Err(no) => no.code(),
            },
        };
        let now = Instant::now();
        Ended {
            caller,
            code,
            took: now - since,
            at: now - begun,
        }
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}
