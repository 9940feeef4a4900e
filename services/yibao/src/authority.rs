//! 试用证书: an authority for a trial, a drill or a test, and the certificates it issues. Every one of
//! them says in its issuer's name that it is not for production, and production refuses it.

use clap::{Args, Subcommand};
use kernel::{AreaCode, Clock, Instant, InstitutionCode};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use runtime::certificate::{Holder, TRIAL_AUTHORITY, holder_of, name_of};
use runtime::clock::SystemClock;
use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// The authority's files in its folder.
const CERTIFICATE: &str = "authority.pem";
const KEY: &str = "authority.key";
/// How long the authority itself is good, in days.
const AUTHORITY_DAYS: u32 = 3_650;
const DAY_MILLIS: i64 = 86_400_000;

/// What is done with certificates.
#[derive(Debug, Subcommand)]
pub enum Certificates {
    /// Issue a certificate and its key, for a trial or a test; makes the authority when there is none.
    New(New),
}

/// Whose certificate, and where it goes.
#[derive(Debug, Args)]
pub struct New {
    /// The authority's folder, made when missing.
    #[arg(long, value_name = "DIR")]
    authority: PathBuf,
    /// 统筹区: the area of the holder.
    #[arg(long, value_name = "CODE", value_parser = area)]
    area: AreaCode,
    #[command(flatten)]
    holder: Whose,
    /// Where its server is reached: a name or an address, for a service; again for each.
    #[arg(long, value_name = "NAME", default_values = ["localhost", "127.0.0.1"])]
    host: Vec<String>,
    /// How long it is good, in days.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=825))]
    days: u32,
    /// Where the two files go.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Whose {
    /// A service, by its name: settlement.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// 定点医药机构, by its code.
    #[arg(long, value_name = "CODE", value_parser = institution)]
    institution: Option<InstitutionCode>,
    /// 业务平台, by its name.
    #[arg(long, value_name = "NAME")]
    platform: Option<String>,
    /// 外统筹区: the suite of the area.
    #[arg(long)]
    region: bool,
}

fn area(text: &str) -> Result<AreaCode, String> {
    AreaCode::parse(text).map_err(|_| AreaCode::EXPECTED.to_string())
}

fn institution(text: &str) -> Result<InstitutionCode, String> {
    InstitutionCode::parse(text).map_err(|_| InstitutionCode::EXPECTED.to_string())
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate cannot be made.
    #[error("cannot make the certificate: {0}")]
    Unmade(#[from] rcgen::Error),
    /// Nobody has this name.
    #[error("{0:?} is nobody's name: a service of the suite, or a platform in [a-z0-9-]")]
    Nobody(String),
}

/// A certificate and its key, PEM.
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

/// What a certificate says.
pub struct Wanted<'a> {
    /// Its one name: `spiffe://yibao/…`.
    pub name: &'a str,
    /// Where its server is reached; empty when it is a client's alone.
    pub hosts: &'a [&'a str],
    /// Good from here.
    pub from: Instant,
    /// To here.
    pub until: Instant,
}

/// An authority for trials.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, PEM.
    pub certificate: String,
}

impl Authority {
    /// A new one.
    pub fn create(now: Instant) -> Result<(Authority, String), AuthorityError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        (params.not_before, params.not_after) = (
            moment(now.plus_millis(-DAY_MILLIS)),
            moment(after(now, AUTHORITY_DAYS)),
        );
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        // Two authorities of one name would be one to whoever looks for a chain.
        let number = now.micros().to_string();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::OrganizationName, TRIAL_AUTHORITY);
        params
            .distinguished_name
            .push(DnType::CommonName, format!("yibao trial {number}"));
        let certificate = params.self_signed(&key)?.pem();
        let kept = key.serialize_pem();
        let issuer = Issuer::new(params, key);
        Ok((
            Authority {
                issuer,
                certificate,
            },
            kept,
        ))
    }

    /// The authority of a folder, made when there is none.
    pub fn open(folder: &Path, now: Instant) -> Result<Authority, AuthorityError> {
        let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
        if !certificate.exists() && !key.exists() {
            std::fs::create_dir_all(folder).map_err(at(folder))?;
            let (authority, kept) = Authority::create(now)?;
            write(&key, &kept)?;
            write(&certificate, &authority.certificate)?;
            return Ok(authority);
        }
        let read = |path: &Path| std::fs::read_to_string(path).map_err(at(path));
        let (certificate, key) = (read(&certificate)?, read(&key)?);
        let issuer = Issuer::from_ca_cert_pem(&certificate, KeyPair::from_pem(&key)?)?;
        Ok(Authority {
            issuer,
            certificate,
        })
    }

    /// Issues one.
    pub fn issue(&self, wanted: &Wanted) -> Result<Issued, AuthorityError> {
        let hosts: Vec<String> = wanted.hosts.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(hosts)?;
        params
            .subject_alt_names
            .push(SanType::URI(wanted.name.try_into()?));
        (params.not_before, params.not_after) = (moment(wanted.from), moment(wanted.until));
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, wanted.name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if !wanted.hosts.is_empty() {
            params
                .extended_key_usages
                .push(ExtendedKeyUsagePurpose::ServerAuth);
        }
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Issued {
            certificate,
            key: key.serialize_pem(),
        })
    }
}

/// Does what the command line says.
pub fn obey(command: &Certificates, out: &mut dyn Write) -> Result<(), crate::cli::Trouble> {
    let Certificates::New(new) = command;
    let now = SystemClock.now();
    let authority = Authority::open(&new.authority, now)?;
    let holder = new.holder();
    let name = name_of(&new.area, &holder);
    holder_of(&name).ok_or_else(|| AuthorityError::Nobody(name.clone()))?;
    let hosts: Vec<&str> = match holder {
        Holder::Service(_) => new.host.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let until = after(now, new.days);
    let from = now.plus_millis(-DAY_MILLIS);
    let issued = authority.issue(&Wanted {
        name: &name,
        hosts: &hosts,
        from,
        until,
    })?;
    std::fs::create_dir_all(&new.out).map_err(at(&new.out))?;
    let file = |ending: &str| {
        new.out
            .join(format!("{}.{ending}", stem(&new.area, &holder)))
    };
    let (certificate, key) = (file("pem"), file("key"));
    write(&key, &issued.key)?;
    write(&certificate, &issued.certificate)?;
    let mut line = |label: &str, value: &dyn Display| writeln!(out, "{label}  {value}");
    line("身份    ", &name)?;
    line("证书    ", &certificate.display())?;
    line("私钥    ", &key.display())?;
    line("签发机构", &new.authority.join(CERTIFICATE).display())?;
    line("有效至  ", &until.in_shanghai())?;
    line(
        "用途    ",
        &"试用；profile = \"production\" 的服务拒绝此签发机构",
    )?;
    Ok(())
}

impl New {
    fn holder(&self) -> Holder {
        match &self.holder {
            Whose {
                service: Some(name),
                ..
            } => Holder::Service(name.clone()),
            Whose {
                institution: Some(code),
                ..
            } => Holder::Institution(code.clone()),
            Whose {
                platform: Some(name),
                ..
            } => Holder::Platform(name.clone()),
            _ => Holder::Region,
        }
    }
}

fn stem(area: &AreaCode, holder: &Holder) -> String {
    match holder {
        Holder::Service(name) | Holder::Platform(name) => name.clone(),
        Holder::Institution(code) => code.to_string(),
        Holder::Region => format!("region-{area}"),
    }
}

fn after(now: Instant, days: u32) -> Instant {
    now.plus_millis(i64::from(days).saturating_mul(DAY_MILLIS))
}

fn moment(instant: Instant) -> OffsetDateTime {
    let seconds = instant.micros().div_euclid(1_000_000);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> AuthorityError + use<> {
    let path = path.to_path_buf();
    move |source| AuthorityError::File { path, source }
}

/// Writes a file that only we may read, in the place of an older one.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), AuthorityError> {
    let fresh = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&fresh).map_err(at(&fresh))?;
    file.write_all(text.as_bytes()).map_err(at(&fresh))?;
    // Whoever reads it meanwhile sees the old one or the new one, whole.
    std::fs::rename(&fresh, path).map_err(at(path))
}
