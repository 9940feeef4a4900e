//! Certificates of an authority of our own: what processes and tests show each other.

use kernel::{Clock, Instant};
use runtime::ClientTls;
use runtime::clock::SystemClock;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use yibao::authority::{Authority, Wanted};

/// The area of the suite's services.
pub const AREA: &str = crate::AREA;
const DAY_MILLIS: i64 = 86_400_000;

/// An authority, and a folder of what it issued.
pub struct Certificates {
    folder: TempDir,
    authority: Authority,
    issued: AtomicU32,
}

impl Default for Certificates {
    fn default() -> Certificates {
        Certificates::new()
    }
}

impl Certificates {
    /// A new authority, which knows nothing of others.
    pub fn new() -> Certificates {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Authority::open(folder.path(), SystemClock.now()).expect("an authority");
        Certificates {
            folder,
            authority,
            issued: AtomicU32::new(0),
        }
    }

    /// The authority's own certificate.
    pub fn authorities(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// A certificate of this name and its key, good from now minus a day for so many days.
    pub fn issue(&self, file: &str, name: &str, days: i64) -> [PathBuf; 2] {
        let begins = SystemClock.now().plus_millis(-DAY_MILLIS);
        self.issue_from(
            file,
            name,
            (begins, begins.plus_millis((days + 1) * DAY_MILLIS)),
        )
    }

    /// The same between two instants. Each has files of its own.
    pub fn issue_from(
        &self,
        file: &str,
        name: &str,
        (from, until): (Instant, Instant),
    ) -> [PathBuf; 2] {
        let hosts: &[&str] = match name.contains("/service/") {
            true => &["localhost", "127.0.0.1"],
            false => &[],
        };
        let wanted = Wanted {
            name,
            hosts,
            from,
            until,
        };
        let issued = self.authority.issue(&wanted).expect("a certificate");
        let number = self.issued.fetch_add(1, Ordering::Relaxed);
        let path = |ending: &str| self.folder.path().join(format!("{file}-{number}.{ending}"));
        let (certificate, key) = (path("pem"), path("key"));
        std::fs::write(&key, issued.key).expect("a key");
        std::fs::write(&certificate, issued.certificate).expect("a certificate");
        [certificate, key]
    }

    /// Gives a process a certificate of its service; answers its files.
    pub fn give(&self, command: &mut Command, service: &str) -> [PathBuf; 2] {
        let files = self.issue(service, &service_name(service), 1);
        let variable = |key: &str| format!("YIBAO_{}__{key}", service.to_uppercase());
        command
            .env(variable("PROFILE"), "trial")
            .env(variable("TLS__CERTIFICATE"), &files[0])
            .env(variable("TLS__KEY"), &files[1])
            .env(variable("TLS__AUTHORITIES"), self.authorities());
        files
    }

    /// A client that believes this authority and shows nothing.
    pub fn nobody(&self) -> ClientTls {
        ClientTls::open(&self.authorities(), None).expect("an authority")
    }

    /// A client that shows a certificate of this name.
    pub fn of(&self, name: &str) -> ClientTls {
        let file = name.replace(['/', ':'], "-");
        self.shown(&self.issue(&file, name, 1))
    }

    /// A client that believes this authority and shows these files, whoever issued them.
    pub fn shown(&self, [certificate, key]: &[PathBuf; 2]) -> ClientTls {
        ClientTls::open(&self.authorities(), Some((certificate, key))).expect("a certificate")
    }

    /// The orchestrator, as its peers see it.
    pub fn service(&self) -> ClientTls {
        self.of(&service_name("orchestrator"))
    }
}

/// `spiffe://yibao/152501/service/settlement`.
pub fn service_name(service: &str) -> String {
    format!("spiffe://yibao/{AREA}/service/{service}")
}
