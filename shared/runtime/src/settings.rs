//! Configuration: a TOML file, then `YIBAO_<SERVICE>__<KEY>` from the environment over it, checked
//! before a port opens.

use crate::envelope::{EnvelopeFiles, EnvelopeKeys};
use crate::identity::Door;
use crate::limits::Limits;
use crate::tls::{Profile, TlsFiles};
use crate::token::TokenSettings;
use config::{Config, Environment, File, FileFormat};
use kernel::sm2::PrivateKey;
use kernel::{AreaCode, mask};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Characters of a reason at most.
const REASON_CHARS_MAX: usize = 800;

/// How callers from the network are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// By a certificate or a token, and nobody else: the port speaks TLS, or is on loopback.
    #[default]
    Verified,
    /// On loopback only: a caller without certificate and token is who its `yibao-caller` header says,
    /// a clerk without one; with `@330523` behind the name it works in that area, with `+auditor`
    /// behind it that is its role.
    Development,
}

/// One service's configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where it listens, such as `127.0.0.1:50061`.
    pub listen: SocketAddr,
    /// Where Prometheus and probes without gRPC find it, plain HTTP: `/metrics`, `/live`, `/ready`.
    /// It asks for no certificate, so it is a port that only those who watch can reach: loopback, or behind
    /// a network policy. Not there unless set.
    #[serde(default)]
    pub metrics_listen: Option<SocketAddr>,
    /// How often what only the database knows is asked for at most, in seconds, while somebody reads
    /// the metrics.
    #[serde(default = "sample")]
    pub sample_seconds: u64,
    /// `sqlite://path` or `postgres://…`; unused by a service without data of its own.
    #[serde(default)]
    pub database_url: String,
    /// Connections to the database at most. All services' pools must sum below its limit.
    #[serde(default = "ten")]
    pub database_connections: u32,
    /// `redis://…`: a cache of what never changes, shared by all replicas. Optional, and may vanish.
    #[serde(default)]
    pub redis_url: Option<String>,
    /// How callers from the network are known.
    #[serde(default)]
    pub identity: Identity,
    /// The pooling area of development callers.
    #[serde(default = "nowhere")]
    pub area: AreaCode,
    /// For what it runs: in production no certificate of a trial is used.
    #[serde(default)]
    pub profile: Profile,
    /// Its certificate and whose it believes. With it the port speaks TLS.
    #[serde(default)]
    pub tls: Option<TlsFiles>,
    /// Whose tokens are believed.
    #[serde(default)]
    pub tokens: Option<TokenSettings>,
    /// What credentials are judged by: what `tls` and `tokens` name, once it is read.
    #[serde(skip)]
    pub door: Door,
    /// 就诊凭证: what tokens of a visit are made with, the same for all replicas; at least 16
    /// characters. Used by enrollment.
    #[serde(default)]
    pub visit_token_secret: Option<String>,
    /// Requests worked on at once, at most; `limits` says how fewer are chosen.
    #[serde(default = "concurrent")]
    pub concurrent_max: usize,
    /// 限额: how much anybody may take of it.
    #[serde(default)]
    pub limits: Limits,
    /// How long a request may take when its caller does not say, in milliseconds.
    #[serde(default = "deadline")]
    pub deadline_ms: u64,
    /// How long a request may take at most, in milliseconds.
    #[serde(default = "deadline_max")]
    pub deadline_max_ms: u64,
    /// How long open requests may go on after a signal to stop, in seconds.
    #[serde(default = "drain")]
    pub drain_seconds: u64,
    /// How long a saga is a replica's after each write, in milliseconds: after it others take up a
    /// dead replica's sagas. A call of a saga takes half of it at most. Used by the orchestrator.
    #[serde(default = "saga_lease")]
    pub saga_lease_ms: u64,
    /// 双人复核: above this, in fen, another person must approve a reimbursement, a correction or a credit
    /// before it moves money. Used by settlement.
    #[serde(default = "second_person_above")]
    pub second_person_above_fen: i64,
    /// 人证核验: whether an institution must show who was treated before it settles. Used by the
    /// orchestrator.
    #[serde(default)]
    pub require_identity_check: bool,
    /// 链头: the file outside the database to which the heads of the chain of events are appended, signed.
    /// With `heads_key`, or not at all. Services of one machine may share it.
    #[serde(default)]
    pub heads_file: Option<PathBuf>,
    /// The SM2 key that signs them, PKCS#8 PEM: `openssl genpkey -algorithm SM2`.
    #[serde(default)]
    pub heads_key: Option<PathBuf>,
    /// 报文保护: what envelopes are answered and kept with; without it none is opened. Used by the
    /// orchestrator.
    #[serde(default)]
    pub envelopes: Option<EnvelopeFiles>,
    /// What `envelopes` names, once it is read.
    #[serde(skip)]
    pub envelope_keys: Option<Arc<EnvelopeKeys>>,
    /// Where the peers are, by service name; used by the orchestrator.
    #[serde(default)]
    pub peers: BTreeMap<String, String>,
}

fn ten() -> u32 {
    10
}

fn concurrent() -> usize {
    1_024
}

fn deadline() -> u64 {
    10_000
}

fn deadline_max() -> u64 {
    60_000
}

fn drain() -> u64 {
    20
}

fn sample() -> u64 {
    15
}

fn second_person_above() -> i64 {
    1_000_000
}

fn saga_lease() -> u64 {
    6_000
}

fn nowhere() -> AreaCode {
    AreaCode::parse("000000").unwrap_or_else(|_| unreachable!("six digits"))
}

/// A configuration that cannot be used, in words for an operator.
#[derive(Debug, thiserror::Error)]
#[error("configuration of {service}: {reason}")]
pub struct SettingsError {
    /// The service.
    pub service: String,
    /// What is wrong and what to do.
    pub reason: String,
}

/// What a service cannot do without, besides what every service needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs {
    /// A database.
    pub database: bool,
    /// Peers, by name, which know it by its certificate.
    pub peers: &'static [&'static str],
}

impl Needs {
    /// A database and no peers: every service but two.
    pub const DATABASE: Needs = Needs {
        database: true,
        peers: &[],
    };
}

impl Settings {
    /// The area of the suite: its certificate's, else the configured one.
    pub(crate) fn home(&self) -> AreaCode {
        let tls = self.door.tls.as_ref();
        tls.map_or_else(|| self.area.clone(), crate::tls::ServerTls::area)
    }

    /// Reads the file (if named) and the environment, and checks the result.
    pub fn load(
        service: &str,
        file: Option<&Path>,
        needs: Needs,
    ) -> Result<Settings, SettingsError> {
        // It may quote the file.
        let failed = |reason: String| SettingsError {
            service: service.into(),
            reason: mask::told(&reason, REASON_CHARS_MAX),
        };
        let mut sources = Config::builder();
        if let Some(file) = file {
            sources = sources.add_source(File::from(file).format(FileFormat::Toml));
        }
        let prefix = format!("YIBAO_{}", service.to_uppercase());
        let environment = Environment::with_prefix(&prefix)
            .prefix_separator("__")
            .separator("__");
        let mut settings: Settings = sources
            .add_source(environment)
            .build()
            .and_then(Config::try_deserialize)
            .map_err(|e| failed(format!("{e} (set it in the file or as {prefix}__<KEY>)")))?;
        settings
            .check()
            .and_then(|()| settings.check_needs(needs, &prefix))
            .map_err(failed)?;
        settings.door = Door::open(&settings).map_err(failed)?;
        let keys = settings.envelopes.as_ref().map(EnvelopeKeys::open);
        settings.envelope_keys = keys.transpose().map_err(failed)?.map(Arc::new);
        Ok(settings)
    }

    /// The same settings where nobody is believed without a token of this issuer.
    pub fn requiring_tokens(self, tokens: TokenSettings) -> Result<Settings, SettingsError> {
        let mut settings = Settings {
            identity: Identity::Verified,
            tokens: Some(tokens),
            ..self
        };
        let door = Door::open(&settings).map_err(|reason| SettingsError {
            service: "tokens".into(),
            reason: mask::told(&reason, REASON_CHARS_MAX),
        })?;
        settings.door = door;
        Ok(settings)
    }

    /// Settings of a service inside one process: no port of its own, everything else as given.
    pub fn embedded(listen: SocketAddr, area: AreaCode, database_url: String) -> Settings {
        Settings {
            listen,
            metrics_listen: None,
            sample_seconds: sample(),
            database_url,
            database_connections: ten(),
            redis_url: None,
            identity: Identity::Development,
            area,
            profile: Profile::Trial,
            tls: None,
            tokens: None,
            door: Door::default(),
            visit_token_secret: None,
            concurrent_max: concurrent(),
            limits: Limits::embedded(concurrent()),
            deadline_ms: deadline(),
            deadline_max_ms: deadline_max(),
            drain_seconds: drain(),
            saga_lease_ms: saga_lease(),
            second_person_above_fen: second_person_above(),
            require_identity_check: false,
            heads_file: None,
            heads_key: None,
            envelopes: None,
            envelope_keys: None,
            peers: BTreeMap::new(),
        }
    }

    /// 链头: the file that heads are published to and the key that signs them, if they are.
    pub fn heads(&self) -> Option<(PathBuf, PathBuf)> {
        self.heads_file.clone().zip(self.heads_key.clone())
    }

    /// How often what only the database knows is asked for at most.
    pub fn sample_period(&self) -> Duration {
        Duration::from_secs(self.sample_seconds)
    }

    fn check(&self) -> Result<(), String> {
        let wrong = |ok: bool, reason: &str| if ok { Ok(()) } else { Err(reason.to_string()) };
        let is_loopback = self.listen.ip().is_loopback();
        wrong(
            self.identity != Identity::Development || is_loopback,
            "identity = \"development\" believes every caller and so needs a loopback `listen`",
        )?;
        wrong(
            self.tls.is_some() || is_loopback,
            "tls: off loopback nobody is heard without it; name certificate, key and authorities",
        )?;
        wrong(
            self.identity != Identity::Verified || self.tls.is_some() || self.tokens.is_some(),
            "identity = \"verified\" needs `tls` (certificate, key, authorities) or `tokens` (issuer, \
             audience, keys): without either nobody can be known",
        )?;
        let secret = self.visit_token_secret.as_deref();
        wrong(
            secret.is_none_or(|secret| secret.len() >= 16),
            "visit_token_secret: at least 16 characters",
        )?;
        wrong(
            (1..=1_000).contains(&self.database_connections),
            "database_connections: 1 to 1000",
        )?;
        wrong(
            (1..=100_000).contains(&self.concurrent_max),
            "concurrent_max: 1 to 100000",
        )?;
        self.limits.check()?;
        wrong(
            (1..=600_000).contains(&self.deadline_max_ms)
                && (1..=self.deadline_max_ms).contains(&self.deadline_ms),
            "deadline_ms: 1 to deadline_max_ms, which is at most 600000",
        )?;
        let redis = self.redis_url.as_deref().unwrap_or("redis://");
        wrong(
            redis.starts_with("redis://") || redis.starts_with("redis+unix://"),
            "redis_url: redis://host:port/database or redis+unix:///path",
        )?;
        wrong(
            (1_000..=60_000).contains(&self.saga_lease_ms),
            "saga_lease_ms: 1000 to 60000",
        )?;
        wrong(
            self.second_person_above_fen >= 0,
            "second_person_above_fen: not below 0",
        )?;
        wrong(
            (1..=3_600).contains(&self.sample_seconds),
            "sample_seconds: 1 to 3600",
        )?;
        wrong(self.drain_seconds <= 600, "drain_seconds: at most 600")?;
        self.check_heads()
    }

    /// Heads that nobody can sign would be missed only when they are needed.
    fn check_heads(&self) -> Result<(), String> {
        let key = match (&self.heads_file, &self.heads_key) {
            (None, None) => return Ok(()),
            (Some(_), Some(key)) => key,
            _ => return Err("heads_file and heads_key: both, or neither".to_string()),
        };
        let unusable = |reason: String| format!("heads_key {}: {reason}", key.display());
        let text = std::fs::read_to_string(key).map_err(|e| unusable(e.to_string()))?;
        let read = PrivateKey::from_pem(&text).map_err(|e| unusable(e.to_string()));
        read.map(drop)
    }

    fn check_needs(&self, needs: Needs, prefix: &str) -> Result<(), String> {
        let known = ["sqlite://", "postgres://", "postgresql://"];
        if needs.database
            && !known
                .iter()
                .any(|known| self.database_url.starts_with(known))
        {
            return Err(format!(
                "database_url: sqlite://file or postgres://user:password@host/database, in the \
                 file or as {prefix}__DATABASE_URL"
            ));
        }
        let reachable = |text: &String| {
            let uri = text.parse::<http::Uri>().ok();
            uri.is_some_and(|uri| uri.scheme_str() == Some("https") && uri.host().is_some())
        };
        for peer in needs.peers {
            if !self.peers.get(*peer).is_some_and(reachable) {
                return Err(format!(
                    "peers.{peer}: the peer's address, such as https://127.0.0.1:50061, in the file \
                     or as {prefix}__PEERS__{}",
                    peer.to_uppercase()
                ));
            }
        }
        let unknown = self
            .peers
            .keys()
            .find(|name| !needs.peers.contains(&name.as_str()));
        if let Some(unknown) = unknown {
            return Err(format!("peers.{unknown}: no peer of this service"));
        }
        if !needs.peers.is_empty() && self.tls.is_none() {
            return Err(format!(
                "tls: peers believe only a service's certificate; name certificate, key and \
                 authorities in the file or as {prefix}__TLS__CERTIFICATE, __KEY and __AUTHORITIES"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_believes_everybody_stays_on_loopback() {
        let area = AreaCode::parse("152501").unwrap();
        let mut settings = Settings::embedded("127.0.0.1:0".parse().unwrap(), area, String::new());
        assert_eq!(settings.check(), Ok(()));
        settings.listen = "0.0.0.0:50061".parse().unwrap();
        assert!(settings.check().unwrap_err().contains("loopback"));
        settings.identity = Identity::Verified;
        assert!(settings.check().unwrap_err().contains("tls"));
        settings.listen = "127.0.0.1:0".parse().unwrap();
        assert!(settings.check().unwrap_err().contains("tokens"));
    }

    #[test]
    fn heads_need_a_file_and_a_key_that_signs() {
        let area = AreaCode::parse("152501").unwrap();
        let mut settings = Settings::embedded("127.0.0.1:0".parse().unwrap(), area, String::new());
        settings.heads_file = Some("heads.jsonl".into());
        assert!(settings.check().unwrap_err().contains("both, or neither"));
        let key = std::env::temp_dir().join(format!("yibao-key-{}.pem", std::process::id()));
        settings.heads_key = Some(key.clone());
        assert!(
            settings.check().unwrap_err().contains("heads_key"),
            "no such file"
        );
        std::fs::write(&key, "no key").unwrap();
        let unusable = settings.check().unwrap_err();
        let pem = PrivateKey::from_bytes(&[7; 32]).unwrap().to_pem().unwrap();
        std::fs::write(&key, pem).unwrap();
        let usable = settings.check();
        std::fs::remove_file(&key).unwrap();
        assert!(unusable.contains("openssl genpkey"), "{unusable}");
        assert_eq!(usable, Ok(()));
    }

    #[test]
    fn a_missing_or_unknown_key_is_named() {
        let folder = std::env::temp_dir().join(format!("yibao-settings-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("s.toml");
        std::fs::write(&file, "listen = \"127.0.0.1:1\"\nlisten_port = 3\n").unwrap();
        let error = Settings::load("nobody", Some(&file), Needs::default())
            .unwrap_err()
            .to_string();
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(
            error.contains("listen_port") && error.contains("YIBAO_NOBODY__"),
            "{error}"
        );
    }
}
