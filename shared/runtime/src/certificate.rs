//! 数字证书: who a certificate says its holder is. It decides what a name means and refuses to know
//! how a chain is verified.
//!
//! ```text
//! spiffe://yibao/<area>/service/<name>          a service of the suite of that area
//! spiffe://yibao/<area>/institution/<code>      定点医药机构
//! spiffe://yibao/<area>/platform/<name>         业务平台
//! spiffe://yibao/<area>/region/<area>           外统筹区
//! ```

use crate::refusal::{CERTIFICATE_EXPIRED, CERTIFICATE_NAMELESS};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::{AreaCode, Instant, InstitutionCode, Principal, Refusal, Role};
use sha2::{Digest, Sha256};
use std::fmt;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;

/// What every name of ours begins with.
const PREFIX: &str = "spiffe://yibao/";

/// Every service, by the name its certificate bears. No person has one of them.
const SERVICES: &[&str] = &[
    "console",
    "enrollment",
    "inspection",
    "interregional",
    "orchestrator",
    "referral",
    "settlement",
];

/// The service that asks the others for somebody. Their word for anybody else is worth nothing, so that
/// the key of one of them is no key to the suite.
const SPEAKER: &str = "orchestrator";

/// What a platform's and a region's names begin with among callers, so that neither is ever a
/// person's.
const PLATFORM: &str = "platform.";
const REGION: &str = "region.";

/// The organisation of every authority that `yibao certificate` makes: not for production.
pub const TRIAL_AUTHORITY: &str = "yibao trial authority, not for production";

/// Who holds a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A service of the suite.
    Service(String),
    /// 定点医药机构.
    Institution(InstitutionCode),
    /// 业务平台.
    Platform(String),
    /// 外统筹区: the suite of another region.
    Region,
}

/// What the suite reads in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is.
    pub holder: Holder,
    /// The pooling area the holder belongs to.
    pub area: AreaCode,
    /// Not valid before this.
    pub from: Instant,
    /// Not valid after this.
    pub until: Instant,
    /// `x5t#S256` of RFC 8705: what a token may be bound to.
    pub thumbprint: String,
}

impl Certificate {
    /// Reads a certificate whose chain is somebody else's matter.
    pub(crate) fn read(der: &[u8]) -> Result<Certificate, Refusal> {
        let nameless = || CERTIFICATE_NAMELESS.refuse();
        let (_, parsed) = parse_x509_certificate(der).map_err(|_| nameless())?;
        let (holder, area) = named(&parsed).ok_or_else(nameless)?;
        let instant = |seconds: i64| Instant::from_micros(seconds.saturating_mul(1_000_000));
        let validity = parsed.validity();
        Ok(Certificate {
            holder,
            area,
            from: instant(validity.not_before.timestamp()),
            until: instant(validity.not_after.timestamp()),
            thumbprint: thumbprint(der),
        })
    }

    /// A connection may last longer than the certificate it began with.
    pub(crate) fn within(&self, now: Instant) -> Result<(), Refusal> {
        match (self.from..=self.until).contains(&now) {
            true => Ok(()),
            false => Err(CERTIFICATE_EXPIRED.refuse()),
        }
    }

    /// Whether its holder may say for whom it asks.
    pub(crate) fn speaks_for_others(&self) -> bool {
        self.holder.speaks_for_others()
    }

    /// Who asks over a connection of this certificate.
    pub fn principal(&self) -> Principal {
        self.holder.principal(&self.area)
    }
}

impl Holder {
    fn speaks_for_others(&self) -> bool {
        matches!(self, Holder::Service(name) if name == SPEAKER)
    }

    /// Who asks where a holder of this area does. A service that has no peers to call may call
    /// nothing.
    pub fn principal(&self, area: &AreaCode) -> Principal {
        let (caller, role) = match self {
            Holder::Service(name) => {
                let role = self.speaks_for_others().then_some(Role::Service);
                (name.clone(), role)
            }
            Holder::Institution(code) => (code.to_string(), Some(Role::Institution)),
            Holder::Platform(name) => (format!("{PLATFORM}{name}"), Some(Role::Platform)),
            Holder::Region => (format!("{REGION}{area}"), Some(Role::Region)),
        };
        Principal {
            caller,
            on_behalf_of: None,
            area: area.clone(),
            roles: role.into_iter().collect(),
        }
    }
}

/// The name a certificate of this holder bears.
pub fn name_of(area: &AreaCode, holder: &Holder) -> String {
    match holder {
        Holder::Service(name) => format!("{PREFIX}{area}/service/{name}"),
        Holder::Institution(code) => format!("{PREFIX}{area}/institution/{code}"),
        Holder::Platform(name) => format!("{PREFIX}{area}/platform/{name}"),
        Holder::Region => format!("{PREFIX}{area}/region/{area}"),
    }
}

/// The holder that this part of a name tells of in an area: `institution/H15250100001`.
pub fn holder_in(area: &AreaCode, own: &str) -> Option<Holder> {
    holder_of(&format!("{PREFIX}{area}/{own}")).map(|(holder, _)| holder)
}

/// The holder a name tells of, and its area: the whole text is the name, and nothing is guessed.
pub fn holder_of(name: &str) -> Option<(Holder, AreaCode)> {
    let mut parts = name.strip_prefix(PREFIX)?.split('/');
    let (area, kind, own) = (parts.next()?, parts.next()?, parts.next()?);
    let area = AreaCode::parse(area)
        .ok()
        .filter(|_| parts.next().is_none())?;
    let holder = match kind {
        "service" if SERVICES.contains(&own) => Holder::Service(own.to_string()),
        "institution" => Holder::Institution(InstitutionCode::parse(own).ok()?),
        "platform" if is_plain(own) => Holder::Platform(own.to_string()),
        "region" if own == area.as_str() => Holder::Region,
        _ => return None,
    };
    // A code may be written in more than one way; a name in one.
    (name_of(&area, &holder) == name).then_some((holder, area))
}

/// Whether a person may bear this name: a key's name is one caller's alone, so that an issuer cannot
/// make somebody who is taken for an institution, a service, a platform or a region.
pub(crate) fn is_personal(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let fits = (1..=64).contains(&name.len()) && name.bytes().all(plain);
    let taken = SERVICES.contains(&name)
        || name.starts_with(PLATFORM)
        || name.starts_with(REGION)
        || InstitutionCode::parse(name).is_ok();
    fits && !taken
}

/// SHA-256 of a certificate, base64url.
pub(crate) fn thumbprint(der: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(der))
}

/// Whether an authority made by `yibao certificate` is in it, as the issuer or as the subject.
pub(crate) fn is_of_trial(der: &[u8]) -> bool {
    let Ok((_, parsed)) = parse_x509_certificate(der) else {
        return false;
    };
    let names = [parsed.issuer(), parsed.subject()];
    let mut organisations = names.iter().flat_map(|name| name.iter_organization());
    organisations.any(|organisation| organisation.as_str() == Ok(TRIAL_AUTHORITY))
}

fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=40).contains(&name.len()) && name.bytes().all(plain)
}

/// The one name of ours in a certificate: of two nobody knows which is meant.
fn named(certificate: &X509Certificate<'_>) -> Option<(Holder, AreaCode)> {
    let names = certificate.subject_alternative_name().ok()??;
    let mut uris = names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::URI(uri) => Some(*uri),
            _ => None,
        });
    let only = uris.next()?;
    match uris.next() {
        None => holder_of(only),
        Some(_) => None,
    }
}

/// Who it is, for logs.
impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&name_of(&self.area, &self.holder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_who_and_nothing_else_does() {
        let known = [
            (
                "152501/service/orchestrator",
                "orchestrator",
                &[Role::Service][..],
            ),
            ("152501/service/settlement", "settlement", &[]),
            (
                "152501/institution/H15250100001",
                "H15250100001",
                &[Role::Institution],
            ),
            (
                "152501/platform/province",
                "platform.province",
                &[Role::Platform],
            ),
            ("330523/region/330523", "region.330523", &[Role::Region]),
        ];
        for (name, caller, role) in known {
            let (holder, area) = holder_of(&format!("{PREFIX}{name}")).expect(name);
            let certificate = Certificate {
                holder,
                area,
                from: Instant::from_micros(0),
                until: Instant::from_micros(0),
                thumbprint: String::new(),
            };
            let principal = certificate.principal();
            assert_eq!(
                (principal.caller.as_str(), principal.roles.as_slice()),
                (caller, role)
            );
            assert_eq!(certificate.to_string(), format!("{PREFIX}{name}"));
        }
        for bad in [
            "spiffe://other/152501/service/settlement",
            "spiffe://yibao/152501/service/",
            "spiffe://yibao/152501/service/nobody",
            "spiffe://yibao/152501/service/settlement/",
            "spiffe://yibao/152501/service/settlement?x",
            "spiffe://yibao/15250/service/settlement",
            "spiffe://yibao/152501/clerk/li",
            "spiffe://yibao/152501/institution/li",
            "spiffe://yibao/152501/platform/A~b",
            "spiffe://yibao/152501/region/330523",
            "SPIFFE://yibao/152501/service/settlement",
        ] {
            assert_eq!(holder_of(bad), None, "{bad}");
        }
    }

    #[test]
    fn nobody_bears_the_name_of_another_kind_of_caller() {
        for good in [
            "li",
            "clerk-7",
            "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f",
            "platform",
        ] {
            assert!(is_personal(good), "{good}");
        }
        for bad in [
            "",
            "a b",
            "settlement~li",
            "H15250100001",
            "orchestrator",
            "platform.province",
            "region.330523",
            "李",
        ] {
            assert!(!is_personal(bad), "{bad}");
        }
    }
}
