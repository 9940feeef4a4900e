//! A private PostgreSQL and a private Redis: started in a temporary folder on Unix sockets, ended
//! by process id, and crashed on purpose. Nothing of them is left behind.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::time::sleep;

/// How long a server may take to begin or to end on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often is looked whether it has.
const LOOK: Duration = Duration::from_millis(20);
/// Where Debian keeps PostgreSQL, a folder for each version.
const POSTGRESQL: &str = "/usr/lib/postgresql";

/// What a campaign's servers are made of.
#[derive(Clone)]
pub struct Tools {
    bin: PathBuf,
    redis: PathBuf,
    /// PostgreSQL does not run as root: whom it runs as then.
    owner: Option<(u32, u32)>,
}

impl Tools {
    /// What this machine has; in words what it lacks.
    pub fn find() -> Result<Tools, String> {
        let versions = std::fs::read_dir(POSTGRESQL).map_err(|_| missing("PostgreSQL"))?;
        let newest = versions
            .filter_map(Result::ok)
            .map(|version| version.path().join("bin"))
            .filter(|bin| bin.join("initdb").is_file())
            .max_by_key(|bin| major(bin));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let redis = std::env::split_paths(&path)
            .map(|folder| folder.join("redis-server"))
            .find(|program| program.is_file());
        Ok(Tools {
            bin: newest.ok_or_else(|| missing("PostgreSQL"))?,
            redis: redis.ok_or_else(|| missing("redis-server"))?,
            owner: owner()?,
        })
    }

    /// `postgres (PostgreSQL) 15.14`.
    pub fn version(&self) -> String {
        let told = Command::new(self.bin.join("postgres"))
            .arg("--version")
            .output();
        let told = told.map(|told| told.stdout).unwrap_or_default();
        String::from_utf8_lossy(&told).trim().to_string()
    }

    /// A folder that the servers may use; it goes when it is dropped.
    pub fn folder(&self) -> io::Result<TempDir> {
        let folder = tempfile::Builder::new()
            .prefix("yibao-campaign.")
            .tempdir()?;
        if let Some((user, group)) = self.owner {
            chown(folder.path(), Some(user), Some(group))?;
        }
        Ok(folder)
    }

    /// A program of PostgreSQL's, as whoever owns its data.
    pub(super) fn postgres(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        // `psql` and the like need no home; one that cannot be read would only be complained of.
        command.current_dir("/").stdin(Stdio::null());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir(folder)?;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
        match self.owner {
            Some((user, group)) => chown(folder, Some(user), Some(group)),
            None => Ok(()),
        }
    }
}

fn missing(what: &str) -> String {
    format!("{what} is not installed (integration-tests/run.sh installs it)")
}

/// `/usr/lib/postgresql/15/bin` is 15.
fn major(bin: &Path) -> u32 {
    let version = bin
        .parent()
        .and_then(Path::file_name)
        .map(OsStr::to_string_lossy);
    version.and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn owner() -> Result<Option<(u32, u32)>, String> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let told = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(told.stdout).ok()?.trim().parse().ok()
    };
    match id(&["-u"]) {
        Some(0) => match (id(&["-u", "postgres"]), id(&["-g", "postgres"])) {
            (Some(user), Some(group)) => Ok(Some((user, group))),
            _ => Err("PostgreSQL does not run as root, and there is no user postgres".into()),
        },
        _ => Ok(None),
    }
}

/// A PostgreSQL server of our own.
pub struct Postgres {
    tools: Tools,
    folder: PathBuf,
    process: Option<Child>,
}

impl Postgres {
    /// A fresh server in `<under>/<name>`.
    pub async fn fresh(tools: &Tools, under: &Path, name: &str) -> Postgres {
        let mut server = Postgres::of(tools, under, name);
        let data = server.data();
        let mut initdb = tools.postgres("initdb");
        initdb
            .arg("-D")
            .arg(data)
            .args(["-U", "postgres", "-A", "trust"]);
        done(initdb.args(["-E", "UTF8", "--locale=C.UTF-8"]));
        server.start().await;
        server
    }

    /// A standby in `<under>/<name>`, copied from the primary at this port and following it under
    /// its own name.
    pub async fn standby(tools: &Tools, under: &Path, name: &str, primary: SocketAddr) -> Postgres {
        let mut server = Postgres::of(tools, under, name);
        let (host, port) = (primary.ip(), primary.port());
        let from = format!("host={host} port={port} user=postgres application_name={name}");
        let mut copy = tools.postgres("pg_basebackup");
        copy.args([
            "--dbname",
            &from,
            "--write-recovery-conf",
            "--wal-method=stream",
        ]);
        done(copy.args(["--checkpoint=fast", "-D"]).arg(server.data()));
        server.start().await;
        server
    }

    fn of(tools: &Tools, under: &Path, name: &str) -> Postgres {
        let (tools, folder) = (tools.clone(), under.join(name));
        tools.make_folder(&folder).expect("a folder for PostgreSQL");
        tools
            .make_folder(&folder.join("data"))
            .expect("a folder for its data");
        Postgres {
            tools,
            folder,
            process: None,
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The folder of its socket, as libpq wants it for `host`.
    pub fn host(&self) -> &str {
        self.folder.to_str().expect("a plain path")
    }

    /// Its socket.
    pub fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    /// How a database of it is reached without anything between.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgres://postgres@localhost/{database}?host={}",
            self.host()
        )
    }

    /// Starts it, and waits until it answers.
    pub async fn start(&mut self) {
        let limit = Instant::now() + PATIENCE;
        loop {
            let log = std::fs::File::options()
                .create(true)
                .append(true)
                .open(self.folder.join("log"))
                .expect("a log");
            let mut command = self.tools.postgres("postgres");
            command
                .arg("-D")
                .arg(self.data())
                .arg("-k")
                .arg(&self.folder);
            command.args(["-c", "listen_addresses=", "-c", "max_connections=200"]);
            let (out, err) = (log.try_clone().expect("a log"), log);
            let spawned = command.stdout(out).stderr(err).spawn();
            self.process = Some(spawned.expect("PostgreSQL starts"));
            if self.answers_before(limit).await {
                return;
            }
            // Remains of a crashed one were in its way.
            assert!(
                Instant::now() < limit,
                "PostgreSQL does not start: {}",
                self.log()
            );
            sleep(LOOK * 10).await;
        }
    }

    /// False when it ended instead.
    async fn answers_before(&mut self, limit: Instant) -> bool {
        loop {
            let mut ready = self.tools.postgres("pg_isready");
            let ready = ready.args(["-q", "-h", self.host()]).status();
            if ready.is_ok_and(|status| status.success()) {
                return true;
            }
            let process = self.process.as_mut().expect("a process");
            if process.try_wait().expect("a status").is_some() {
                return false;
            }
            assert!(
                Instant::now() < limit,
                "PostgreSQL is silent: {}",
                self.log()
            );
            sleep(LOOK).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// SIGKILL to every process of the server at once: none of them writes another byte.
    pub async fn kill(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        let main = process.id();
        // Stopped first, so that it begins no further ones while they are listed.
        signal("STOP", &[main]);
        let mut all = children(main);
        all.push(main);
        signal("KILL", &all);
        process.wait().expect("it ends");
        gone(&all).await;
    }

    /// SIGQUIT, the immediate shutdown: its processes end where they are, without a checkpoint.
    pub async fn quit(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        let all = children(process.id());
        signal("QUIT", &[process.id()]);
        process.wait().expect("it ends");
        gone(&all).await;
    }

    /// Makes a standby the primary; answers when it takes writes.
    pub fn promote(&self) {
        let mut promote = self.tools.postgres("pg_ctl");
        done(promote.args(["promote", "-w", "-D"]).arg(self.data()));
    }

    /// Takes its folder away: whatever it knew is lost.
    pub fn lose(self) {
        std::fs::remove_dir_all(&self.folder).expect("its folder goes");
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            signal("QUIT", &[process.id()]);
            process.wait().ok();
        }
    }
}

/// A Redis of our own, which keeps nothing.
pub struct Redis {
    tools: Tools,
    folder: PathBuf,
    process: Option<Child>,
}

impl Redis {
    /// A fresh one with its socket in `folder`.
    pub async fn fresh(tools: &Tools, folder: &Path) -> Redis {
        let mut server = Redis {
            tools: tools.clone(),
            folder: folder.to_path_buf(),
            process: None,
        };
        server.start().await;
        server
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("redis.sock")
    }

    /// How it is reached.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// Starts it, and waits for its socket.
    pub async fn start(&mut self) {
        let mut command = Command::new(&self.tools.redis);
        command
            .args(["--port", "0", "--save", "", "--unixsocket"])
            .arg(self.socket());
        command.arg("--dir").arg(&self.folder).stdin(Stdio::null());
        let spawned = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.process = Some(spawned.expect("Redis starts"));
        let limit = Instant::now() + PATIENCE;
        while !self.socket().exists() {
            assert!(Instant::now() < limit, "Redis has no socket");
            sleep(LOOK).await;
        }
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().ok();
            process.wait().ok();
        }
        std::fs::remove_file(self.socket()).ok();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a command to its end, which must be a good one.
fn done(command: &mut Command) {
    let ended = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{command:?}: {told}");
}

/// Sends a signal by process id. A process that has ended already is none the worse.
pub(super) fn signal(name: &str, processes: &[u32]) {
    let mut kill = Command::new("kill");
    kill.arg(format!("-{name}"));
    kill.args(processes.iter().map(u32::to_string));
    kill.stderr(Stdio::null()).status().ok();
}

/// The processes that `parent` began.
fn children(parent: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").expect("/proc");
    let id = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    all.filter_map(Result::ok)
        .filter_map(id)
        .filter(|id| stat(*id).is_ok_and(|(_, of)| of == parent))
        .collect()
}

/// The state of a process, and its parent.
fn stat(process: u32) -> io::Result<(char, u32)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The second field is a name in brackets, with whatever its owner put there.
    let (_, after) = text.rsplit_once(") ").ok_or(ErrorKind::InvalidData)?;
    let mut fields = after.split(' ');
    let state = fields.next().and_then(|state| state.chars().next());
    let parent = fields.next().and_then(|parent| parent.parse().ok());
    state
        .zip(parent)
        .ok_or_else(|| ErrorKind::InvalidData.into())
}

/// Waits until none of the processes runs any more.
async fn gone(processes: &[u32]) {
    let limit = Instant::now() + PATIENCE;
    let runs = |process: &u32| stat(*process).is_ok_and(|(state, _)| state != 'Z');
    while processes.iter().any(runs) {
        assert!(
            Instant::now() < limit,
            "processes that do not end: {processes:?}"
        );
        sleep(LOOK).await;
    }
}
