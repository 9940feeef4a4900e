//! 传输加密: TLS 1.2 and 1.3, our certificate and whose we believe.
//!
//! The handshake takes any client certificate whose key its sender has, and whoever has none; whether
//! its chain is one of ours is judged right after it, so that a stranger hears a refusal with its
//! remedy rather than a broken line, and so that the refusal is recorded. Changed files take effect
//! at the next connection; those that are open go on.

use crate::certificate::{Certificate, Holder, is_of_trial};
use crate::clock::SystemClock;
use crate::identity::Peer;
use crate::metrics::METER;
use crate::refusal::{CERTIFICATE_EXPIRED, CERTIFICATE_UNKNOWN};
use crate::watched::Watched;
use kernel::metric::CERTIFICATE_REMAINING;
use kernel::{AreaCode, Clock, Instant, Refusal};
use opentelemetry::global;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    ServerConfig, SignatureScheme,
};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What is spoken inside: gRPC's HTTP/2 and nothing else.
const ALPN: &[u8] = b"h2";
/// From this long before its end a certificate's end is warned of, in milliseconds.
const NOTICE_MILLIS: i64 = 30 * 24 * 3_600 * 1_000;

/// The files of a service's identity, PEM.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// Its certificate, and those between it and the authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The authorities whose certificates are believed.
    pub authorities: PathBuf,
}

/// For what a service runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// 生产: no expired certificate, and no authority made for a trial.
    #[default]
    Production,
    /// 试运行: a test, a drill, a demonstration.
    Trial,
}

/// The same files as they were last read.
struct Held {
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
    judge: Arc<dyn ClientCertVerifier>,
    own: Certificate,
}

/// The server's side, and with the same certificate the client's.
#[derive(Clone)]
pub(crate) struct ServerTls(Arc<Watched<Held>>);

impl ServerTls {
    pub(crate) fn open(files: &TlsFiles, profile: Profile) -> Result<ServerTls, String> {
        let (all, files) = (all(files), files.clone());
        let watched = Watched::open(all, Arc::new(SystemClock), move || {
            held(&files, profile, SystemClock.now())
        })?;
        Ok(ServerTls(Arc::new(watched)))
    }

    /// Tells when the certificate ends: in the log at once, and as a metric for as long as the process
    /// lives. Its files are read before anybody listens to either.
    pub(crate) fn tell_end(&self) {
        let held = self.0.current();
        let (until, holder) = (held.own.until.in_shanghai(), held.own.to_string());
        match held.own.until <= SystemClock.now().plus_millis(NOTICE_MILLIS) {
            true => tracing::warn!(%holder, %until, "the certificate ends soon, or has ended"),
            false => tracing::info!(%holder, %until, "the certificate and its end"),
        }
        let watched = self.0.clone();
        let meter = global::meter(METER);
        let gauge = meter.i64_observable_gauge(CERTIFICATE_REMAINING.name);
        let gauge = gauge.with_unit(CERTIFICATE_REMAINING.unit);
        gauge
            .with_description(CERTIFICATE_REMAINING.means)
            .with_callback(move |told| {
                let own = &watched.current().own;
                let left = own
                    .until
                    .micros()
                    .saturating_sub(SystemClock.now().micros());
                told.observe(left.div_euclid(1_000_000), &[]);
            })
            .build();
    }

    /// What a handshake is made with now.
    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        self.0.current().server.clone()
    }

    /// The area of the suite.
    pub(crate) fn area(&self) -> AreaCode {
        self.0.current().own.area.clone()
    }

    /// Which service this is.
    pub(crate) fn holder(&self) -> Holder {
        self.0.current().own.holder.clone()
    }

    /// The same certificate, shown to peers.
    pub(crate) fn client(&self) -> ClientTls {
        ClientTls(Source::Service(self.clone()))
    }

    /// What a connection's other end showed.
    pub(crate) fn judge(&self, chain: Option<&[CertificateDer<'_>]>, now: Instant) -> Peer {
        let Some((own, between)) = chain.and_then(|chain| chain.split_first()) else {
            return Peer(None);
        };
        let judged = self.verified(own, between, now);
        Peer(Some(Arc::new(judged)))
    }

    fn verified(
        &self,
        own: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: Instant,
    ) -> Result<Certificate, Refusal> {
        let seconds = u64::try_from(now.micros() / 1_000_000).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let judge = &self.0.current().judge;
        judge
            .verify_client_cert(own, between, now)
            .map_err(|fault| refusal_of(&fault))?;
        Certificate::read(own)
    }
}

fn refusal_of(fault: &Error) -> Refusal {
    use CertificateError::*;
    match fault {
        Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
        ) => CERTIFICATE_EXPIRED.refuse(),
        _ => CERTIFICATE_UNKNOWN.refuse(),
    }
}

/// How a client speaks TLS: whom it believes and, where it has one, with which certificate.
#[derive(Clone)]
pub struct ClientTls(Source);

#[derive(Clone)]
enum Source {
    Service(ServerTls),
    Client(Arc<Watched<Arc<ClientConfig>>>),
}

impl ClientTls {
    /// Believes these authorities, and shows the certificate of these two files.
    pub fn open(authorities: &Path, own: Option<(&Path, &Path)>) -> Result<ClientTls, String> {
        let authorities = authorities.to_path_buf();
        let own = own.map(|(certificate, key)| (certificate.to_path_buf(), key.to_path_buf()));
        let mut files = vec![authorities.clone()];
        files.extend(own.iter().flat_map(|(a, b)| [a.clone(), b.clone()]));
        let watched = Watched::open(files, Arc::new(SystemClock), move || {
            let roots = roots(&certificates(&authorities)?)?;
            let own = match &own {
                Some((certificate, key)) => Some((certificates(certificate)?, private(key)?)),
                None => None,
            };
            client(roots, own)
        })?;
        Ok(ClientTls(Source::Client(Arc::new(watched))))
    }

    /// What a handshake is made with now.
    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        match &self.0 {
            Source::Service(tls) => tls.0.current().client.clone(),
            Source::Client(watched) => watched.current().as_ref().clone(),
        }
    }
}

fn all(files: &TlsFiles) -> Vec<PathBuf> {
    vec![
        files.certificate.clone(),
        files.key.clone(),
        files.authorities.clone(),
    ]
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// Reads a service's files; in production a certificate that has ended by `now` is none.
fn held(files: &TlsFiles, profile: Profile, now: Instant) -> Result<Held, String> {
    let failed = |why: &dyn std::fmt::Display| {
        format!("tls.certificate {}: {why}", files.certificate.display())
    };
    let chain = certificates(&files.certificate)?;
    let authorities = certificates(&files.authorities)?;
    let first = chain.first().ok_or_else(|| failed(&"no certificate"))?;
    let own = Certificate::read(first).map_err(|no| failed(&no.sentence()))?;
    let Holder::Service(_) = own.holder else {
        return Err(failed(&format!(
            "a service's certificate is needed, and this is of {own}"
        )));
    };
    if profile == Profile::Production {
        own.within(now)
            .map_err(|no| failed(&format!("{}：{} 至 {}", no.sentence(), own.from, own.until)))?;
        if chain.iter().chain(&authorities).any(|der| is_of_trial(der)) {
            return Err(failed(
                &"an authority made for trials is not for production; use the bureau's own, or set \
                 profile = \"trial\"",
            ));
        }
    }
    let roots = roots(&authorities)?;
    let judge = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider())
        .allow_unauthenticated()
        .build()
        .map_err(|e| failed(&e))?;
    let mut server = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| failed(&e))?
        .with_client_cert_verifier(Arc::new(AnyCertificate(judge.clone())))
        .with_single_cert(chain.clone(), private(&files.key)?)
        .map_err(|e| failed(&e))?;
    server.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Held {
        server: Arc::new(server),
        client: client(roots, Some((chain, private(&files.key)?)))?,
        judge,
        own,
    })
}

type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn client(roots: Arc<RootCertStore>, own: Option<Own>) -> Result<Arc<ClientConfig>, String> {
    let building = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_root_certificates(roots);
    let mut config = match own {
        None => building.with_no_client_auth(),
        Some((chain, key)) => building
            .with_client_auth_cert(chain, key)
            .map_err(|e| format!("the certificate and its key: {e}"))?,
    };
    config.alpn_protocols = vec![ALPN.to_vec()];
    Ok(Arc::new(config))
}

fn roots(authorities: &[CertificateDer<'static>]) -> Result<Arc<RootCertStore>, String> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        let added = roots.add(authority.clone());
        added.map_err(|e| format!("tls.authorities: {e}"))?;
    }
    Ok(Arc::new(roots))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let failed = |e: &dyn std::fmt::Display| format!("certificates in {}: {e}", file.display());
    let read = CertificateDer::pem_file_iter(file).map_err(|e| failed(&e))?;
    let read: Result<Vec<_>, _> = read.collect();
    let read = read.map_err(|e| failed(&e))?;
    match read.is_empty() {
        true => Err(failed(&"none")),
        false => Ok(read),
    }
}

fn private(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_file(file).map_err(|e| format!("the key in {}: {e}", file.display()))
}

/// Takes every certificate whose key its sender has. Whether it is believed is judged when the line
/// stands.
#[derive(Debug)]
struct AnyCertificate(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        _own: &CertificateDer<'_>,
        _between: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
