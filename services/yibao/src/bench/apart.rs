//! 分开: services as processes of their own, as they are deployed: each with its certificate, and reached
//! over TLS.

use super::{BenchError, machine};
use crate::area;
use crate::authority::{Authority, Wanted};
use kernel::Clock;
use runtime::clock::SystemClock;
use runtime::{ClientTls, Wire};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a service may take until it serves.
const PATIENCE: Duration = Duration::from_secs(60);
const DAY_MILLIS: i64 = 86_400_000;

/// Services that run; they end with it.
pub struct Apart {
    programs: PathBuf,
    folder: TempDir,
    authority: Authority,
    children: Vec<Child>,
    core: Option<usize>,
}

impl Apart {
    /// None yet; their programs are in this folder, or in this program's.
    pub fn of(programs: Option<&Path>) -> Result<Apart, BenchError> {
        let own = std::env::current_exe()?;
        let folder = tempfile::tempdir()?;
        let authority = Authority::open(folder.path(), SystemClock.now())?;
        Ok(Apart {
            programs: programs.or(own.parent()).unwrap_or(&own).to_path_buf(),
            folder,
            authority,
            children: Vec::new(),
            core: None,
        })
    }

    /// The same, each of them on the first core that this process may use, while it takes the others; where
    /// there is only one, or the system cannot do that, nothing is changed, and the answer is false.
    pub async fn on_a_core_of_their_own(&mut self) -> bool {
        let cores = machine::cores();
        let Some((first, others)) = cores.split_first().filter(|(_, rest)| !rest.is_empty()) else {
            return false;
        };
        let others: Vec<String> = others.iter().map(usize::to_string).collect();
        let own = std::process::id().to_string();
        let mut moving = Command::new("taskset");
        moving
            .args(["-a", "-c", "-p", &others.join(","), &own])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let moved = moving.status().await.is_ok_and(|status| status.success());
        self.core = moved.then_some(*first);
        moved
    }

    /// A connection to one of them.
    pub fn wire(&self, endpoint: &str) -> Result<Wire, BenchError> {
        let authorities = self.folder.path().join("authority.pem");
        let tls = ClientTls::open(&authorities, None);
        let tls = tls.map_err(|error| BenchError::Output(std::io::Error::other(error)))?;
        Ok(runtime::connect(endpoint, Some(&tls))?)
    }

    /// Starts one, waits until it serves, and answers where.
    pub async fn start(
        &mut self,
        name: &str,
        database: Option<&str>,
        more: &[(&str, &str)],
    ) -> Result<String, BenchError> {
        let program = self.programs.join(name);
        let now = SystemClock.now();
        let issued = self.authority.issue(&Wanted {
            name: &format!("spiffe://yibao/{}/service/{name}", area::code()),
            hosts: &["localhost", "127.0.0.1"],
            from: now.plus_millis(-DAY_MILLIS),
            until: now.plus_millis(DAY_MILLIS),
        })?;
        let file = |ending: &str| self.folder.path().join(format!("{name}.{ending}"));
        let (certificate, key) = (file("pem"), file("key"));
        std::fs::write(&certificate, issued.certificate)?;
        std::fs::write(&key, issued.key)?;
        let variable = |key: &str| format!("YIBAO_{}__{key}", name.to_uppercase());
        let mut command = match self.core {
            None => Command::new(&program),
            Some(core) => {
                let mut command = Command::new("taskset");
                command.args(["-c", &core.to_string()]).arg(&program);
                command
            }
        };
        command
            .env(variable("LISTEN"), "127.0.0.1:0")
            .env(variable("PROFILE"), "trial")
            .env(variable("TLS__CERTIFICATE"), certificate)
            .env(variable("TLS__KEY"), key)
            .env(
                variable("TLS__AUTHORITIES"),
                self.folder.path().join("authority.pem"),
            )
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(database) = database {
            command.env(variable("DATABASE_URL"), database);
            command.env(variable("DATABASE_CONNECTIONS"), "16");
        }
        for (key, value) in more {
            command.env(variable(key), value);
        }
        let not_ours = |what: String| BenchError::Beside(program.clone(), what);
        let mut child = command.spawn().map_err(|error| {
            not_ours(format!(
                "{error}; cargo build --release --workspace --bins makes it"
            ))
        })?;
        let told = child.stderr.take();
        self.children.push(child);
        let told = told.ok_or_else(|| not_ours("it says nothing".into()))?;
        let mut lines = BufReader::new(told).lines();
        let serving = async {
            let mut last = String::new();
            while let Some(line) = lines.next_line().await? {
                if let Some(port) = port(&line) {
                    return Ok(port.to_string());
                }
                last = line;
            }
            Err(not_ours(format!("it ended: {last}")))
        };
        let port = tokio::time::timeout(PATIENCE, serving).await;
        let port = port.map_err(|_| not_ours("it does not serve".into()))??;
        // What it goes on to say is read, so that it never waits for somebody who does.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(format!("https://127.0.0.1:{port}"))
    }
}

/// The port in the line that says where a service serves.
fn port(line: &str) -> Option<&str> {
    let rest = line.contains("is serving").then_some(line)?;
    let (_, rest) = rest.split_once("127.0.0.1:")?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    rest.get(..end.unwrap_or(rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_found_where_a_service_says_it_serves() {
        let line = r#"{"fields":{"message":"settlement is serving","address":"127.0.0.1:4711"}}"#;
        assert_eq!(port(line), Some("4711"));
        assert_eq!(port("it reads 127.0.0.1:4711"), None);
    }
}
