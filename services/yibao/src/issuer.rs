//! 本地签发: the embedded default of an identity provider. The data folder has a key; whoever may
//! read it may say who somebody is.

use crate::authority::{AuthorityError, write};
use crate::cli::Trouble;
use clap::Args;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kernel::{AreaCode, Clock, Digest, Instant, Role};
use runtime::clock::SystemClock;
use runtime::{TokenSettings, loopback_caller, roles_of_a_person};
use serde_json::json;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The private key and the public one, in the data folder.
const KEY: &str = "issuer.key";
const KEYS: &str = "issuer.jwks.json";
/// How its tokens name it, and for whom they are.
const ISSUER: &str = "yibao-local";
const AUDIENCE: &str = "yibao";
/// RFC 8410: what stands before the 32 bytes of an Ed25519 key in PKCS #8.
const PKCS8: &str = "302e020100300506032b657004220420";

/// For whom a token is signed.
#[derive(Debug, Args)]
pub struct TokenArgs {
    /// Folder of the databases, whose key signs.
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data: PathBuf,
    /// The person's account.
    #[arg(long, value_name = "NAME", value_parser = account)]
    name: String,
    /// clerk, supervisor, operator, security or auditor; again for each. The last three exclude each
    /// other.
    #[arg(long, value_name = "ROLE", required = true)]
    role: Vec<String>,
    /// 统筹区: the area the person works in.
    #[arg(long, value_name = "CODE", default_value = crate::area::AREA, value_parser = area)]
    area: AreaCode,
    /// How long it is good, in minutes.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u8).range(1..=15))]
    minutes: u8,
}

fn account(text: &str) -> Result<String, String> {
    let plain = loopback_caller(text).filter(|who| who.caller == text);
    let told = "1 to 64 characters of [A-Za-z0-9_.-]".to_string();
    plain.map(|who| who.caller).ok_or(told)
}

fn area(text: &str) -> Result<AreaCode, String> {
    AreaCode::parse(text).map_err(|_| AreaCode::EXPECTED.to_string())
}

/// Why no token can be signed.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// The key's files.
    #[error(transparent)]
    Files(#[from] AuthorityError),
    /// The key is none.
    #[error("{0}: not a key of ours; move it away to have a new one made, and old tokens end")]
    NoKey(PathBuf),
    /// The token cannot be made.
    #[error("cannot sign the token: {0}")]
    Unsigned(#[from] jsonwebtoken::errors::Error),
    /// Roles nobody has.
    #[error("--role: {0}")]
    Roles(String),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
}

/// The issuer of a data folder.
pub struct Issuer {
    key: EncodingKey,
    id: String,
    keys: PathBuf,
}

impl Issuer {
    /// The issuer of this folder, made when there is none.
    pub fn of(data: &Path) -> Result<Issuer, IssuerError> {
        let (private, keys) = (data.join(KEY), data.join(KEYS));
        let text = match std::fs::read_to_string(&private) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = fresh()?;
                write(&private, &text)?;
                text
            }
            Err(source) => {
                let path = private;
                return Err(AuthorityError::File { path, source }.into());
            }
        };
        let seed = hex::decode(text.trim())
            .ok()
            .filter(|seed| seed.len() == 32);
        let seed = seed.ok_or(IssuerError::NoKey(private))?;
        let der = [hex::decode(PKCS8).unwrap_or_default(), seed].concat();
        let key = EncodingKey::from_ed_der(&der);
        let mut public = Jwk::from_encoding_key(&key, Algorithm::EdDSA)?;
        let told = serde_json::to_string(&public).unwrap_or_default();
        let id: String = Digest::of(told.as_bytes())
            .to_string()
            .chars()
            .take(16)
            .collect();
        public.common.key_id = Some(id.clone());
        let set = serde_json::to_string_pretty(&JwkSet { keys: vec![public] }).unwrap_or_default();
        if std::fs::read_to_string(&keys).ok().as_ref() != Some(&set) {
            write(&keys, &set)?;
        }
        Ok(Issuer { key, id, keys })
    }

    /// By what its tokens are judged.
    pub fn settings(&self) -> TokenSettings {
        TokenSettings::of(ISSUER, AUDIENCE, self.keys.clone())
    }

    /// A token for somebody, good for so many minutes from now.
    pub fn sign(
        &self,
        name: &str,
        area: &AreaCode,
        roles: &[Role],
        (now, minutes): (Instant, u8),
    ) -> Result<String, IssuerError> {
        let issued = now.micros().div_euclid(1_000_000);
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": name, "area": area.as_str(), "roles": roles,
            "iat": issued, "exp": issued.saturating_add(i64::from(minutes) * 60),
        });
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.id.clone());
        Ok(encode(&header, &claims, &self.key)?)
    }
}

fn fresh() -> Result<String, IssuerError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(IssuerError::Random)?;
    Ok(hex::encode(seed))
}

/// Signs and prints a token, and nothing else: `export YIBAO_TOKEN=$(yibao token …)`.
pub fn obey(asked: &TokenArgs, out: &mut dyn Write) -> Result<(), Trouble> {
    std::fs::create_dir_all(&asked.data)?;
    let roles = roles_of_a_person(&asked.role);
    let roles =
        roles.map_err(|no| IssuerError::Roles(format!("{}{}", no.sentence(), no.remedy)))?;
    let issuer = Issuer::of(&asked.data)?;
    let token = issuer.sign(
        &asked.name,
        &asked.area,
        &roles,
        (SystemClock.now(), asked.minutes),
    )?;
    Ok(writeln!(out, "{token}")?)
}
