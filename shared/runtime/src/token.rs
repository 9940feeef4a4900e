//! 令牌: the short-lived word of an identity provider for a person, a JWT signed with a key of a
//! published set.
//!
//! It decides whether a token is believed and refuses to know what its person may do. A key is used
//! with its own algorithm alone, so that neither `none` nor a public key taken for a secret is ever
//! asked for. A token that is bound to a certificate (RFC 8705) is worth nothing over another line:
//! that is the answer to one that was overheard.

use crate::certificate::{Certificate, is_personal};
use crate::clock::SystemClock;
use crate::refusal::{
    TOKEN_EXPIRED, TOKEN_FORGED, TOKEN_NOT_FOR_US, TOKEN_NOT_YET_VALID, TOKEN_NOT_YOURS,
    TOKEN_ROLES_FORBIDDEN, TOKEN_TOO_LONG, TOKEN_UNREADABLE,
};
use crate::watched::Watched;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use kernel::{AreaCode, Instant, Principal, Refusal, Role};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A longer token is none.
const BYTES_MAX: usize = 8 * 1024;
/// 三员分立: nobody has two of these.
const APART: [Role; 3] = [Role::Operator, Role::Security, Role::Auditor];
/// Who watches the others does nothing else.
const ALONE: [Role; 2] = [Role::Security, Role::Auditor];

/// Whose tokens are believed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenSettings {
    /// The provider, as its tokens name it (`iss`).
    pub issuer: String,
    /// The suite, as its tokens name it (`aud`).
    pub audience: String,
    /// The file of the provider's public keys, a JWK set; read again when it changes.
    pub keys: PathBuf,
    /// How long a token may live, in seconds.
    #[serde(default = "fifteen_minutes")]
    pub lifetime_seconds_max: u32,
    /// How far the provider's clock may be from ours, in seconds.
    #[serde(default = "half_a_minute")]
    pub leeway_seconds: u32,
    /// Whether a token must be bound to the client's certificate.
    #[serde(default)]
    pub bound: bool,
}

fn fifteen_minutes() -> u32 {
    900
}

fn half_a_minute() -> u32 {
    30
}

impl TokenSettings {
    /// The tokens of a provider, with the usual times.
    pub fn of(issuer: &str, audience: &str, keys: PathBuf) -> TokenSettings {
        TokenSettings {
            issuer: issuer.to_string(),
            audience: audience.to_string(),
            keys,
            lifetime_seconds_max: fifteen_minutes(),
            leeway_seconds: half_a_minute(),
            bound: false,
        }
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let wrong = |ok: bool, reason: &str| if ok { Ok(()) } else { Err(reason.to_string()) };
        wrong(
            !self.issuer.is_empty(),
            "tokens.issuer: the `iss` of the provider's tokens",
        )?;
        wrong(
            !self.audience.is_empty(),
            "tokens.audience: the `aud` of tokens for this suite",
        )?;
        wrong(
            (60..=86_400).contains(&self.lifetime_seconds_max),
            "tokens.lifetime_seconds_max: 60 to 86400",
        )?;
        wrong(
            self.leeway_seconds <= 120,
            "tokens.leeway_seconds: at most 120",
        )
    }
}

/// One key of the provider, and the one algorithm it is used with.
struct Key {
    id: String,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// What a token says, its signature apart.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    sub: String,
    iat: i64,
    exp: i64,
    nbf: Option<i64>,
    area: String,
    roles: Vec<String>,
    cnf: Option<Confirmation>,
}

/// One name or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// What a token is bound to. Another way than by certificate is not known here.
#[derive(Deserialize)]
struct Confirmation {
    #[serde(rename = "x5t#S256")]
    certificate: Option<String>,
}

/// Judges tokens.
pub(crate) struct Tokens {
    settings: TokenSettings,
    keys: Watched<Vec<Key>>,
}

impl Tokens {
    /// Reads the provider's keys.
    pub(crate) fn open(settings: &TokenSettings) -> Result<Tokens, String> {
        settings.check()?;
        let file = settings.keys.clone();
        let keys = Watched::open(vec![file.clone()], Arc::new(SystemClock), move || {
            read(&file)
        })?;
        let settings = settings.clone();
        Ok(Tokens { settings, keys })
    }

    /// Who shows this token, over a line of this certificate, now.
    pub(crate) fn judge(
        &self,
        token: &str,
        line: Option<&Certificate>,
        now: Instant,
    ) -> Result<Principal, Refusal> {
        let claims = self.verified(token)?;
        let for_us = match &claims.aud {
            Audience::One(name) => *name == self.settings.audience,
            Audience::Several(names) => names.contains(&self.settings.audience),
        };
        if !for_us || claims.iss != self.settings.issuer {
            return Err(TOKEN_NOT_FOR_US.refuse());
        }
        self.in_time(&claims, now)?;
        self.bound(&claims, line)?;
        let unreadable = |expected: &str| TOKEN_UNREADABLE.refuse().with("expected", expected);
        if !is_personal(&claims.sub) {
            return Err(unreadable(
                "sub 为1至64个 [A-Za-z0-9_.-] 字符且不是机构、服务、平台或统筹区的名称",
            ));
        }
        let area = AreaCode::parse(&claims.area);
        Ok(Principal {
            area: area.map_err(|_| unreadable("area 为6位统筹区代码"))?,
            roles: roles_of_a_person(&claims.roles)?,
            caller: claims.sub,
            on_behalf_of: None,
        })
    }

    /// What the token says, when one of the provider's keys signed it.
    fn verified(&self, token: &str) -> Result<Claims, Refusal> {
        let unreadable = || TOKEN_UNREADABLE.refuse().with("expected", "JWT");
        if token.len() > BYTES_MAX {
            return Err(unreadable());
        }
        let header = decode_header(token).map_err(|fault| match fault.kind() {
            // A header that names an algorithm nobody here knows, `none` among them.
            ErrorKind::Json(_) | ErrorKind::InvalidAlgorithmName => TOKEN_FORGED.refuse(),
            _ => unreadable(),
        })?;
        let keys = self.keys.current();
        let named = header.kid.as_deref();
        let key = keys.iter().find(|key| Some(key.id.as_str()) == named);
        // What a header says must be understood is not.
        let key = key.filter(|key| key.algorithm == header.alg && header.crit.is_none());
        let key = key.ok_or_else(|| TOKEN_FORGED.refuse())?;
        let mut validation = Validation::new(key.algorithm);
        // Signature alone: who, for whom and when are judged here, by our clock.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let told = decode::<Claims>(token, &key.key, &validation);
        told.map(|told| told.claims)
            .map_err(|fault| match fault.kind() {
                ErrorKind::Json(_) => TOKEN_UNREADABLE
                    .refuse()
                    .with("expected", "iss, aud, sub, iat, exp, area, roles"),
                _ => TOKEN_FORGED.refuse(),
            })
    }

    fn in_time(&self, claims: &Claims, now: Instant) -> Result<(), Refusal> {
        let now = now.micros().div_euclid(1_000_000);
        let leeway = i64::from(self.settings.leeway_seconds);
        let most = i64::from(self.settings.lifetime_seconds_max);
        if claims.exp.saturating_add(leeway) <= now {
            return Err(TOKEN_EXPIRED.refuse());
        }
        let begins = claims.nbf.unwrap_or(claims.iat).max(claims.iat);
        if begins.saturating_sub(leeway) > now {
            return Err(TOKEN_NOT_YET_VALID.refuse());
        }
        match claims.exp.saturating_sub(claims.iat) > most {
            true => Err(TOKEN_TOO_LONG.refuse().with("seconds", most)),
            false => Ok(()),
        }
    }

    fn bound(&self, claims: &Claims, line: Option<&Certificate>) -> Result<(), Refusal> {
        let held = match &claims.cnf {
            None => !self.settings.bound,
            Some(Confirmation { certificate }) => certificate
                .as_ref()
                .zip(line)
                .is_some_and(|(bound, line)| *bound == line.thumbprint),
        };
        match held {
            true => Ok(()),
            false => Err(TOKEN_NOT_YOURS.refuse()),
        }
    }
}

/// The roles of a person: at least one, none that only a certificate gives, of 系统管理员, 安全管理员
/// and 审计管理员 at most one, and beside the latter two no other.
pub fn roles_of_a_person(names: &[String]) -> Result<Vec<Role>, Refusal> {
    let forbidden = || TOKEN_ROLES_FORBIDDEN.refuse();
    let role = |name: &String| {
        let role: Option<Role> = serde_json::from_value(name.as_str().into()).ok();
        role.filter(|role| role.is_of_people())
    };
    let roles: Option<Vec<Role>> = names.iter().map(role).collect();
    let roles = roles.ok_or_else(forbidden)?;
    let apart = APART.iter().filter(|role| roles.contains(role)).count();
    let mixed = roles.len() > 1 && roles.iter().any(|role| ALONE.contains(role));
    match roles.is_empty() || apart > 1 || mixed {
        true => Err(forbidden()),
        false => Ok(roles),
    }
}

/// The keys of a file. A key we would not use is left out; one that could be taken for another, or
/// that is a secret, makes the whole file unusable.
fn read(file: &Path) -> Result<Vec<Key>, String> {
    let failed = |why: String| format!("tokens.keys {}: {why}", file.display());
    let text = std::fs::read_to_string(file).map_err(|e| failed(e.to_string()))?;
    let set: JwkSet = serde_json::from_str(&text).map_err(|e| failed(e.to_string()))?;
    let mut keys: Vec<Key> = Vec::new();
    for jwk in &set.keys {
        if matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_)) {
            return Err(failed("a symmetric key is no public key".to_string()));
        }
        let Some(algorithm) = algorithm(jwk) else {
            continue;
        };
        let id = jwk.common.key_id.clone();
        let id = id.ok_or_else(|| failed("a key without `kid`".to_string()))?;
        if keys.iter().any(|key| key.id == id) {
            return Err(failed(format!("two keys of the `kid` {id:?}")));
        }
        let key = DecodingKey::from_jwk(jwk).map_err(|e| failed(format!("{id:?}: {e}")))?;
        keys.push(Key { id, algorithm, key });
    }
    match keys.is_empty() {
        true => Err(failed("no key for ES256, RS256 or EdDSA".to_string())),
        false => Ok(keys),
    }
}

/// The algorithm a key is used with: the one its kind has here, unless the key says another.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    use KeyAlgorithm as Named;
    let (own, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, Named::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, Named::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, Named::EdDSA)
        }
        _ => return None,
    };
    let signs = !matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption));
    let says = jwk.common.key_algorithm.is_none_or(|says| says == named);
    (signs && says).then_some(own)
}

#[cfg(test)]
#[path = "token/tests.rs"]
mod tests;
