//! A program of ours as its users run it: a process of its own, its lines as they come, its end.
//!
//! Nothing here waits for a time to pass: it waits for a line or for the end, and gives up loudly
//! when a slow machine would have been done long ago.

use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

/// How long one line may be waited for: the demonstration loads hundreds of people.
const PATIENCE: Duration = Duration::from_secs(240);

/// Cargo's build of this test's workspace, and its root.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
}

/// The binary of this name as this workspace builds it now.
pub fn built(name: &str) -> PathBuf {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    let all = BUILT.get_or_init(build);
    all.get(name)
        .unwrap_or_else(|| panic!("no binary {name} in {all:?}"))
        .clone()
}

/// Builds every binary of the workspace: a test of a stale program proves nothing.
fn build() -> BTreeMap<String, PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--workspace", "--bins", "--locked", "--quiet"]);
    cargo.args(["--message-format", "json-render-diagnostics"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    // What cargo told this test of its own package would make build scripts run anew.
    for (name, _) in std::env::vars_os() {
        let told = [
            "CARGO_MANIFEST_",
            "CARGO_PKG_",
            "CARGO_CRATE_",
            "CARGO_BIN_",
        ];
        if begins(&name, &told) {
            cargo.env_remove(name);
        }
    }
    let output = cargo
        .current_dir(workspace())
        .stderr(Stdio::inherit())
        .output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "the binaries do not build");
    let mut built = BTreeMap::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let told: Value = serde_json::from_str(line).unwrap_or_default();
        let name = told["target"]["name"].as_str().unwrap_or_default();
        if let Some(path) = told["executable"].as_str() {
            built.insert(name.to_string(), PathBuf::from(path));
        }
    }
    built
}

/// A command with nothing of ours left in its environment.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if begins(&name, &["YIBAO_", "OTEL_", "RUST_LOG"]) {
            command.env_remove(name);
        }
    }
    // Lines are compared, not coloured.
    command.env("NO_COLOR", "1").current_dir(workspace());
    command
}

fn begins(name: &OsStr, beginnings: &[&str]) -> bool {
    let name = name.to_string_lossy();
    beginnings.iter().any(|begin| name.starts_with(begin))
}

/// What a program said in all, and how it ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit status.
    pub status: ExitStatus,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// A running program. It is killed when it is dropped.
pub struct Child {
    process: std::process::Child,
    lines: Receiver<(Stream, String)>,
    out: String,
    err: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

impl Child {
    /// Starts a command; its standard input is empty.
    pub fn start(command: &mut Command) -> Child {
        let piped = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = piped.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let (sender, lines) = channel();
        read(Stream::Out, process.stdout.take(), sender.clone());
        read(Stream::Err, process.stderr.take(), sender);
        Child {
            process,
            lines,
            out: String::new(),
            err: String::new(),
        }
    }

    /// Runs a command to its end.
    pub fn run(command: &mut Command) -> Ended {
        Child::start(command).end()
    }

    /// Reads until a line of either stream contains `wanted`; answers that line.
    pub fn until(&mut self, wanted: &str) -> String {
        let limit = Instant::now() + PATIENCE;
        loop {
            match self.next(limit) {
                Ok(line) if line.contains(wanted) => return line,
                Ok(_) => {}
                Err(why) => panic!("no line with {wanted:?}: {why}\n{}\n{}", self.out, self.err),
            }
        }
    }

    /// What it printed so far.
    pub fn printed(&self) -> &str {
        &self.out
    }

    /// Sends it a signal by its process id: `TERM`, `INT`, `KILL`.
    pub fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.process.id());
        let sent = Command::new("sh").args(["-c", &script]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{script} failed");
    }

    /// Waits until it ends by itself.
    pub fn end(mut self) -> Ended {
        let limit = Instant::now() + PATIENCE;
        loop {
            match self.next(limit) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(why) => panic!("it does not end: {why}\n{}\n{}", self.out, self.err),
            }
        }
        let status = self.process.wait().expect("a status");
        Ended {
            status,
            out: std::mem::take(&mut self.out),
            err: std::mem::take(&mut self.err),
        }
    }

    fn next(&mut self, limit: Instant) -> Result<String, RecvTimeoutError> {
        let left = limit.saturating_duration_since(Instant::now());
        let (stream, line) = self.lines.recv_timeout(left)?;
        let told = if stream == Stream::Out {
            &mut self.out
        } else {
            &mut self.err
        };
        told.push_str(&line);
        told.push('\n');
        Ok(line)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // One that has ended already is only waited for.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn read(stream: Stream, from: Option<impl Read + Send + 'static>, lines: Sender<(Stream, String)>) {
    let from = from.expect("a pipe");
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if lines.send((stream, line)).is_err() {
                break;
            }
        }
    });
}
