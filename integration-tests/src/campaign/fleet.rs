//! The services, each a process of its own and some of them twice, behind lines whose ports never
//! change. Whoever dies is begun again, as a supervisor does.

use super::proxy::{Backend, Line};
use super::report::Tally;
use super::servers::signal;
use crate::authority::Certificates;
use crate::child::{built, command, workspace};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// The line to the orchestrators: what callers know.
pub const FRONT: &str = "orchestrator";

/// How long a process may take until it serves, and to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long a supervisor waits before it begins one again that ended by itself.
const AGAIN: Duration = Duration::from_millis(300);

/// How long a dead replica keeps its sagas: shorter than in production, for there the next kill is
/// farther off.
const SAGA_LEASE_MS: &str = "3000";

/// A service of the fleet.
pub struct Program {
    /// Its name. Whom it calls its file of `deploy/config` says.
    pub name: &'static str,
    /// How many processes.
    pub replicas: usize,
}

/// Every service of the fleet, callers last.
#[rustfmt::skip]
pub const PROGRAMS: &[Program] = &[
    Program { name: "enrollment", replicas: 1 },
    Program { name: "inspection", replicas: 1 },
    Program { name: "referral", replicas: 1 },
    Program { name: "settlement", replicas: 2 },
    Program { name: "orchestrator", replicas: 2 },
];

/// What every service is told of its surroundings.
pub struct Surroundings {
    /// The database, at an address that never changes.
    pub database_url: String,
    /// The cache.
    pub redis_url: String,
    /// Where the programs lie: a build that goes on meanwhile changes none of them.
    pub programs: PathBuf,
}

enum Order {
    /// SIGKILL, and nobody begins it again for so long.
    Kill(Duration),
    /// SIGTERM, for good.
    Stop,
}

/// One process of a service, and the next one after it, and so on.
pub struct Instance {
    /// `settlement-2`.
    pub name: String,
    orders: mpsc::UnboundedSender<Order>,
    serving: watch::Receiver<bool>,
    kept: JoinHandle<Option<ExitStatus>>,
}

impl Instance {
    /// True while it serves.
    pub fn is_serving(&self) -> bool {
        *self.serving.borrow()
    }

    /// SIGKILL; it is begun again after `down`.
    pub fn kill(&self, down: Duration) {
        self.orders.send(Order::Kill(down)).ok();
    }
}

/// What the processes said that an operator would be woken for, by its beginning.
pub type Complaints = Arc<Mutex<BTreeMap<String, u64>>>;

/// All services under way.
pub struct Fleet {
    lines: BTreeMap<&'static str, Arc<Line>>,
    instances: Vec<Instance>,
    /// What they know each other by.
    certificates: Certificates,
    /// What they complained of.
    pub complaints: Complaints,
}

impl Fleet {
    /// Begins every service, and waits until all of them serve.
    pub async fn begin(around: &Surroundings, logs: &Path, tally: &Arc<Tally>) -> Fleet {
        let mut fleet = Fleet {
            lines: BTreeMap::new(),
            instances: Vec::new(),
            certificates: Certificates::new(),
            complaints: Complaints::default(),
        };
        std::fs::create_dir_all(&around.programs).expect("a folder for the programs");
        for program in PROGRAMS {
            let (original, kept) = (built(program.name), around.programs.join(program.name));
            // A linker makes a new file; the old one stays as long as it has a name.
            std::fs::hard_link(&original, &kept)
                .or_else(|_| std::fs::copy(&original, &kept).map(drop))
                .expect("the program");
            let line = Arc::new(Line::open(program.name).await);
            fleet.lines.insert(program.name, line.clone());
            for number in 1..=program.replicas {
                let name = format!("{}-{number}", program.name);
                let log = File::create(logs.join(format!("{name}.log"))).expect("a log");
                let keeper = Keeper {
                    program,
                    command: Arc::new(Mutex::new(fleet.command(program, around))),
                    line: line.clone(),
                    tally: tally.clone(),
                    log: Log {
                        file: Arc::new(Mutex::new(log)),
                        complaints: fleet.complaints.clone(),
                    },
                };
                let (orders, taken) = mpsc::unbounded_channel();
                let (said, serving) = watch::channel(false);
                let kept = tokio::spawn(keeper.keep(taken, said));
                fleet.instances.push(Instance {
                    name,
                    orders,
                    serving,
                    kept,
                });
            }
        }
        fleet.is_up().await;
        fleet
    }

    fn command(&self, program: &Program, around: &Surroundings) -> Command {
        let mut command = command(around.programs.join(program.name));
        let variable = |key: &str| format!("YIBAO_{}__{key}", program.name.to_uppercase());
        command.arg("--config").arg(configuration(program));
        command.env(variable("LISTEN"), "127.0.0.1:0");
        self.certificates.give(&mut command, program.name);
        if program.name == FRONT {
            // Tills say who they are.
            command.env(variable("IDENTITY"), "development");
        }
        command.env(variable("DATABASE_URL"), &around.database_url);
        command.env(variable("DATABASE_CONNECTIONS"), "12");
        command.env(variable("REDIS_URL"), &around.redis_url);
        command.env(variable("SAGA_LEASE_MS"), SAGA_LEASE_MS);
        for peer in peers(program) {
            let line = self.line(&peer);
            let key = format!("PEERS__{}", peer.to_uppercase());
            command.env(variable(&key), line.endpoint());
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut command = Command::from(command);
        // Also when the campaign itself ends early.
        command.kill_on_drop(true);
        command
    }

    /// The line to a service.
    pub fn line(&self, service: &str) -> &Arc<Line> {
        let line = self.lines.get(service);
        line.unwrap_or_else(|| panic!("{service} is not before its callers in the fleet"))
    }

    /// What the processes know each other by.
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// Every line.
    pub fn lines(&self) -> impl Iterator<Item = &Arc<Line>> {
        self.lines.values()
    }

    /// Every process.
    pub fn instances(&self) -> &[Instance] {
        &self.instances
    }

    /// Waits until every process serves.
    pub async fn is_up(&self) {
        for instance in &self.instances {
            let mut serving = instance.serving.clone();
            let up = timeout(PATIENCE, serving.wait_for(|serving| *serving)).await;
            assert!(matches!(up, Ok(Ok(_))), "{} does not serve", instance.name);
        }
    }

    /// Asks every process to end; answers those that did not end well.
    pub async fn stop(self) -> Vec<String> {
        let mut bad = Vec::new();
        // Callers first: what they still do, their peers must answer.
        for instance in self.instances.into_iter().rev() {
            instance.orders.send(Order::Stop).ok();
            let ended = timeout(PATIENCE, instance.kept).await;
            match ended {
                Ok(Ok(Some(status))) if status.success() => {}
                other => bad.push(format!("{}: {other:?}", instance.name)),
            }
        }
        bad
    }
}

fn configuration(program: &Program) -> PathBuf {
    workspace().join(format!("deploy/config/{}.toml", program.name))
}

/// Whom a service calls.
fn peers(program: &Program) -> Vec<String> {
    let text = std::fs::read_to_string(configuration(program)).expect("its configuration");
    let file: toml::Table = text.parse().expect("TOML");
    let peers = file.get("peers").and_then(toml::Value::as_table);
    peers
        .map(|peers| peers.keys().cloned().collect())
        .unwrap_or_default()
}

/// Keeps one process running.
struct Keeper {
    program: &'static Program,
    command: Arc<Mutex<Command>>,
    line: Arc<Line>,
    tally: Arc<Tally>,
    log: Log,
}

impl Keeper {
    async fn keep(
        self,
        mut orders: mpsc::UnboundedReceiver<Order>,
        serving: watch::Sender<bool>,
    ) -> Option<ExitStatus> {
        loop {
            let (mut process, mut addresses) = self.spawn();
            let (mut backend, mut told) = (None, None);
            let ended = loop {
                tokio::select! {
                    ended = process.wait() => break ended.ok(),
                    address = addresses.recv(), if backend.is_none() => match address {
                        Some(address) => {
                            let serves = Backend::Tcp(address);
                            self.line.add(serves.clone());
                            backend = Some(serves);
                            serving.send_replace(true);
                        }
                        // It closed its output: it is about to end.
                        None => break process.wait().await.ok(),
                    },
                    () = sleep(PATIENCE), if backend.is_none() => {
                        self.tally.hung.fetch_add(1, Ordering::Relaxed);
                        process.start_kill().ok();
                    }
                    order = orders.recv(), if told.is_none() => {
                        match order {
                            Some(Order::Kill(_)) => drop(process.start_kill()),
                            Some(Order::Stop) | None => {
                                process.id().into_iter().for_each(|id| signal("TERM", &[id]));
                            }
                        }
                        told = Some(order);
                    }
                }
            };
            serving.send_replace(false);
            let served = backend.is_some();
            backend.iter().for_each(|gone| self.line.remove(gone));
            match told {
                Some(Some(Order::Kill(down))) => sleep(down).await,
                Some(Some(Order::Stop) | None) => return ended,
                None => {
                    self.log
                        .complain(&format!("{} ended by itself", self.program.name), ended);
                    let count = if served {
                        &self.tally.died
                    } else {
                        &self.tally.gave_up
                    };
                    count.fetch_add(1, Ordering::Relaxed);
                    sleep(AGAIN).await;
                }
            }
        }
    }

    /// Begins the process; the channel tells where it serves, once it does.
    fn spawn(&self) -> (Child, mpsc::Receiver<SocketAddr>) {
        let mut command = self.command.lock().unwrap_or_else(PoisonError::into_inner);
        let mut process = command.spawn().expect("the service's binary starts");
        let (sender, addresses) = mpsc::channel(1);
        let wanted = format!("{} is serving", self.program.name);
        let (out, err) = (process.stdout.take(), process.stderr.take());
        tokio::spawn(
            self.log
                .clone()
                .read(out.expect("a pipe"), wanted.clone(), sender.clone()),
        );
        tokio::spawn(self.log.clone().read(err.expect("a pipe"), wanted, sender));
        (process, addresses)
    }
}

/// Where the lines of a process go.
#[derive(Clone)]
struct Log {
    file: Arc<Mutex<File>>,
    complaints: Complaints,
}

impl Log {
    async fn read(
        self,
        from: impl AsyncRead + Unpin,
        wanted: String,
        serving: mpsc::Sender<SocketAddr>,
    ) {
        let mut lines = BufReader::new(from).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if line.contains(&wanted) {
                let address = line.split("127.0.0.1:").nth(1).map(|after| {
                    let port: String = after.chars().take_while(char::is_ascii_digit).collect();
                    format!("127.0.0.1:{port}")
                });
                if let Some(Ok(address)) = address.map(|text| text.parse()) {
                    serving.send(address).await.ok();
                }
            }
            if let Some((_, said)) = line.split_once("ERROR ") {
                self.count(said);
            }
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            writeln!(file, "{line}").ok();
        }
    }

    fn complain(&self, what: &str, ended: Option<ExitStatus>) {
        let how = ended.map(|status| status.to_string()).unwrap_or_default();
        self.count(&format!("{what}: {how}"));
    }

    /// Counts complaints of one kind as one: without the span before and the numbers in them.
    fn count(&self, said: &str) {
        let said = said.rsplit_once("}: ").map_or(said, |(_, said)| said);
        let kind: String = said
            .chars()
            .map(|c| if c.is_ascii_digit() { '#' } else { c })
            .take(160)
            .collect();
        let mut complaints = self
            .complaints
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *complaints.entry(kind).or_default() += 1;
    }
}
