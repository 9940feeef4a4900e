//! 身份鉴别: who asks, by what came with the request. One credential decides; one that does not hold
//! is refused and never falls back to anything weaker.
//!
//! | with the request | who asks |
//! |---|---|
//! | the orchestrator's certificate and the principal's header | whom the orchestrator says |
//! | a service's certificate and a token | the token's person: the service only carries it |
//! | a platform's certificate and a token | the platform, on behalf of the token's person |
//! | a certificate alone | its holder |
//! | a token alone | its person |
//! | nothing, on a development port | whom the caller's header says |

use crate::certificate::{Certificate, Holder};
use crate::refusal::{
    CERTIFICATE_ELSEWHERE, CREDENTIALS_CONFLICT, PRINCIPAL_NOT_BELIEVED, TOKEN_NOT_TAKEN,
    TOKEN_NOT_YOURS, TOKEN_UNREADABLE,
};
use crate::settings::{Identity, Settings};
use crate::tls::{ClientTls, ServerTls};
use crate::token::Tokens;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request};
use kernel::refusal::UNAUTHENTICATED;
use kernel::{AreaCode, Instant, InstitutionCode, Principal, Refusal, Role};
use std::fmt;
use std::sync::Arc;

/// For whom a service asks.
pub(crate) const PRINCIPAL_HEADER: &str = "yibao-principal";
/// Whom a development client says it is.
const CALLER_HEADER: &str = "yibao-caller";

/// What a connection showed of its other end: nothing, a certificate, or one that was refused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peer(pub Option<Arc<Result<Certificate, Refusal>>>);

/// What credentials are judged by, read from the files that the settings name.
#[derive(Clone, Default)]
pub struct Door {
    pub(crate) tls: Option<ServerTls>,
    pub(crate) tokens: Option<Arc<Tokens>>,
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tls, tokens) = (self.tls.is_some(), self.tokens.is_some());
        write!(f, "Door {{ tls: {tls}, tokens: {tokens} }}")
    }
}

impl Door {
    /// Reads what the settings name.
    pub(crate) fn open(settings: &Settings) -> Result<Door, String> {
        let tls = match &settings.tls {
            Some(files) => Some(ServerTls::open(files, settings.profile)?),
            None => None,
        };
        let tokens = match &settings.tokens {
            Some(tokens) => Some(Arc::new(Tokens::open(tokens)?)),
            None => None,
        };
        Ok(Door { tls, tokens })
    }

    /// How a service with this door reaches its peers.
    pub fn client(&self) -> Option<ClientTls> {
        self.tls.as_ref().map(ServerTls::client)
    }
}

/// Who sends this request, whose credentials are taken off it.
pub(crate) fn who<B>(
    settings: &Settings,
    request: &mut Request<B>,
    now: Instant,
) -> Result<Principal, Refusal> {
    let peer = request.extensions().get::<Peer>().cloned();
    let shown = Shown::take(request.headers_mut())?;
    let door = &settings.door;
    let peer = peer.unwrap_or_default().0;
    let certificate = match peer.as_deref() {
        None => None,
        Some(Ok(certificate)) => Some(certificate),
        Some(Err(no)) => return Err(no.clone()),
    };
    if let Some(certificate) = certificate {
        certificate.within(now)?;
        ours(door, certificate)?;
    }
    match (certificate, shown) {
        (
            _,
            Shown {
                principal: Some(_),
                token: Some(_),
                ..
            },
        ) => Err(CREDENTIALS_CONFLICT.refuse()),
        (
            certificate,
            Shown {
                principal: Some(said),
                ..
            },
        ) => vouched(door, certificate, &said),
        (
            certificate,
            Shown {
                token: Some(token), ..
            },
        ) => person(door, certificate, &token, now),
        (Some(certificate), _) => Ok(certificate.principal()),
        (None, Shown { caller, .. }) => match settings.identity {
            Identity::Development => developer(settings, caller),
            Identity::Verified => None,
        }
        .ok_or_else(|| UNAUTHENTICATED.refuse()),
    }
}

/// What a request shows of its sender in its headers.
struct Shown {
    principal: Option<HeaderValue>,
    token: Option<String>,
    caller: Option<HeaderValue>,
}

impl Shown {
    /// Takes it off: nothing further in reads or passes on a credential.
    fn take(headers: &mut HeaderMap) -> Result<Shown, Refusal> {
        let conflict = [AUTHORIZATION.as_str(), PRINCIPAL_HEADER]
            .iter()
            .any(|name| headers.get_all(*name).iter().count() > 1);
        if conflict {
            return Err(CREDENTIALS_CONFLICT.refuse());
        }
        let token = match headers.remove(AUTHORIZATION) {
            None => None,
            Some(value) => Some(bearer(&value)?),
        };
        Ok(Shown {
            principal: headers.remove(PRINCIPAL_HEADER),
            token,
            caller: headers.remove(CALLER_HEADER),
        })
    }
}

fn bearer(value: &HeaderValue) -> Result<String, Refusal> {
    let text = value.to_str().unwrap_or_default();
    let token = text
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().to_string());
    token.ok_or_else(|| TOKEN_UNREADABLE.refuse().with("expected", "Bearer"))
}

/// A service is believed in its own suite alone: another suite's comes as a region.
fn ours(door: &Door, certificate: &Certificate) -> Result<(), Refusal> {
    let Holder::Service(_) = certificate.holder else {
        return Ok(());
    };
    let own = door.tls.as_ref().map(ServerTls::area);
    match own.as_ref() == Some(&certificate.area) {
        true => Ok(()),
        false => Err(CERTIFICATE_ELSEWHERE.refuse()),
    }
}

/// A principal in a header is believed of the orchestrator alone, and not at its own port. Whoever else
/// sends one is refused rather than taken for what it is without it: nobody sends it by mistake.
fn vouched(
    door: &Door,
    certificate: Option<&Certificate>,
    said: &HeaderValue,
) -> Result<Principal, Refusal> {
    let own = door.tls.as_ref().map(ServerTls::holder);
    let speaks = certificate
        .is_some_and(|shown| shown.speaks_for_others() && own.as_ref() != Some(&shown.holder));
    let read = || serde_json::from_slice(said.as_bytes()).ok();
    let principal = speaks.then(read).flatten();
    principal.ok_or_else(|| PRINCIPAL_NOT_BELIEVED.refuse())
}

/// The person of a token, over a line of this certificate.
fn person(
    door: &Door,
    certificate: Option<&Certificate>,
    token: &str,
    now: Instant,
) -> Result<Principal, Refusal> {
    let tokens = door
        .tokens
        .as_ref()
        .ok_or_else(|| TOKEN_NOT_TAKEN.refuse())?;
    let person = tokens.judge(token, certificate, now)?;
    match certificate {
        None => Ok(person),
        Some(certificate) => match &certificate.holder {
            Holder::Service(_) => Ok(person),
            // 问责: the platform is accountable beside the person, who stands last in its keys. What
            // may be done is what the person may do.
            Holder::Platform(_) => Ok(Principal {
                caller: certificate.principal().caller,
                on_behalf_of: Some(person.caller),
                ..person
            }),
            Holder::Institution(_) | Holder::Region => Err(TOKEN_NOT_YOURS.refuse()),
        },
    }
}

/// In development, on loopback only, a caller is who it says it is.
fn developer(settings: &Settings, caller: Option<HeaderValue>) -> Option<Principal> {
    let who = match caller {
        None => loopback_caller("developer")?,
        Some(caller) => loopback_caller(caller.to_str().ok()?)?,
    };
    let roles = who
        .roles
        .unwrap_or_else(|| match InstitutionCode::parse(&who.caller) {
            Ok(_) => vec![Role::Institution],
            Err(_) => vec![Role::Clerk, Role::Operator],
        });
    Some(Principal {
        caller: who.caller,
        on_behalf_of: None,
        area: who.area.unwrap_or_else(|| settings.area.clone()),
        roles,
    })
}

/// What a development caller says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopbackCaller {
    /// Its name as a key can carry it. `~` joins the names of a chain and is nobody's own.
    pub caller: String,
    /// The pooling area it works in, where that is not the configured one.
    pub area: Option<AreaCode>,
    /// Its roles, where they are not those that its name suggests.
    pub roles: Option<Vec<Role>>,
}

/// `name`, `name@330523`, `name+auditor` or `name@330523+clerk+supervisor`: what a development caller
/// may say of itself, and what a client may send. Nobody says that it is a service.
pub fn loopback_caller(text: &str) -> Option<LoopbackCaller> {
    let mut parts = text.split('+');
    let named = parts.next()?;
    let roles: Vec<Role> = parts.map(role).collect::<Option<_>>()?;
    let (caller, area) = match named.split_once('@') {
        None => (named, None),
        Some((caller, area)) => (caller, Some(AreaCode::parse(area).ok()?)),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let fits = (1..=64).contains(&caller.len()) && caller.bytes().all(plain);
    fits.then(|| LoopbackCaller {
        caller: caller.to_string(),
        area,
        roles: Some(roles).filter(|roles| !roles.is_empty()),
    })
}

fn role(name: &str) -> Option<Role> {
    let role = serde_json::from_value(serde_json::Value::from(name)).ok()?;
    Some(role).filter(|role| *role != Role::Service)
}

#[cfg(test)]
#[path = "identity/tests.rs"]
mod tests;
