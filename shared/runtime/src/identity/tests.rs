//! Who is taken for whom.

use super::*;
use crate::certificate::{holder_of, is_of_trial};
use crate::clock::ManualClock;
use crate::refusal::CERTIFICATE_UNKNOWN;
use kernel::Clock;

const AREA: &str = "152501";

/// Names and values.
type Headers<'a> = &'a [(&'static str, &'static str)];

fn settings(identity: Identity) -> Settings {
    let area = AreaCode::parse(AREA).unwrap();
    let listen = "127.0.0.1:0".parse().unwrap();
    Settings {
        identity,
        ..Settings::embedded(listen, area, String::new())
    }
}

/// A line of a certificate of this name, good until the instant 100.
fn line(name: &str) -> Peer {
    let (holder, area) = crate::certificate::holder_of(name).expect(name);
    Peer(Some(Arc::new(Ok(Certificate {
        holder,
        area,
        from: Instant::from_micros(0),
        until: Instant::from_micros(100),
        thumbprint: "own".into(),
    }))))
}

/// Who is taken for the sender, or the code of the "no".
fn taken(identity: Identity, peer: Peer, headers: Headers) -> String {
    let clock = ManualClock::at(Instant::from_micros(50));
    taken_at(identity, peer, headers, clock.now())
}

fn taken_at(identity: Identity, peer: Peer, headers: Headers, now: Instant) -> String {
    let mut request = Request::new(());
    request.extensions_mut().insert(peer);
    for (name, value) in headers {
        let value = HeaderValue::from_static(value);
        request.headers_mut().append(*name, value);
    }
    let taken = who(&settings(identity), &mut request, now);
    for (name, _) in headers {
        assert!(
            taken.is_err() || !request.headers().contains_key(*name),
            "{name} goes on"
        );
    }
    match taken {
        Ok(principal) => principal.key_name(),
        Err(no) => no.code.to_string(),
    }
}

const PRINCIPAL: (&str, &str) = (
    PRINCIPAL_HEADER,
    r#"{"caller":"wang","on_behalf_of":null,"area":"152501","roles":["clerk"]}"#,
);

#[test]
fn a_word_is_believed_in_development_alone_and_only_without_a_credential() {
    let nobody = Peer::default;
    let (caller, secret) = (("yibao-caller", "li"), ("yibao-service-secret", "guessed"));
    let token = ("authorization", "Bearer x.y.z");
    use Identity::{Development, Verified};
    #[rustfmt::skip]
    let cases: &[(Identity, Headers, &str)] = &[
        (Development, &[], "developer"),
        (Development, &[caller], "li"),
        (Development, &[("yibao-caller", "a~b")], "UNAUTHENTICATED"),
        (Development, &[caller, PRINCIPAL], "PRINCIPAL_NOT_BELIEVED"),
        (Development, &[caller, token], "TOKEN_NOT_TAKEN"),
        (Development, &[caller, ("authorization", "Basic bGk6")], "TOKEN_UNREADABLE"),
        (Development, &[PRINCIPAL, token], "CREDENTIALS_CONFLICT"),
        (Development, &[token, token], "CREDENTIALS_CONFLICT"),
        (Development, &[PRINCIPAL, PRINCIPAL], "CREDENTIALS_CONFLICT"),
        (Verified, &[], "UNAUTHENTICATED"),
        (Verified, &[caller], "UNAUTHENTICATED"),
        (Verified, &[PRINCIPAL], "PRINCIPAL_NOT_BELIEVED"),
        (Verified, &[token], "TOKEN_NOT_TAKEN"),
    ];
    for (identity, headers, expected) in cases {
        assert_eq!(
            taken(*identity, nobody(), headers),
            *expected,
            "{identity:?} {headers:?}"
        );
    }
    // What was a secret once is a header like any other.
    let mut request = Request::new(());
    request
        .headers_mut()
        .insert(secret.0, HeaderValue::from_static(secret.1));
    let now = Instant::from_micros(0);
    assert!(who(&settings(Verified), &mut request, now).is_err());
}

#[test]
fn a_line_with_a_certificate_is_its_holders_whatever_the_headers_say() {
    let hospital = || line("spiffe://yibao/152501/institution/H15250100001");
    let caller = ("yibao-caller", "li+clerk");
    for identity in [Identity::Development, Identity::Verified] {
        assert_eq!(taken(identity, hospital(), &[]), "H15250100001");
        assert_eq!(taken(identity, hospital(), &[caller]), "H15250100001");
        assert_eq!(
            taken(identity, hospital(), &[PRINCIPAL]),
            "PRINCIPAL_NOT_BELIEVED"
        );
        let no = Peer(Some(Arc::new(Err(CERTIFICATE_UNKNOWN.refuse()))));
        assert_eq!(taken(identity, no, &[caller]), "CERTIFICATE_UNKNOWN");
        // A line outlives the certificate it began with.
        let late = Instant::from_micros(101);
        assert_eq!(
            taken_at(identity, hospital(), &[], late),
            "CERTIFICATE_EXPIRED"
        );
        // A suite without a certificate of its own has no services.
        let service = || line("spiffe://yibao/152501/service/orchestrator");
        assert_eq!(
            taken(identity, service(), &[PRINCIPAL]),
            "CERTIFICATE_ELSEWHERE"
        );
    }
}

fn plain(caller: &str) -> LoopbackCaller {
    let caller = caller.to_string();
    LoopbackCaller {
        caller,
        area: None,
        roles: None,
    }
}

#[test]
fn a_caller_cannot_name_itself_a_chain() {
    let name = loopback_caller;
    assert_eq!(name("clerk-7"), Some(plain("clerk-7")));
    for bad in ["", "orchestrator~clerk-7", "a b"] {
        assert_eq!(name(bad), None, "{bad}");
    }
}

#[test]
fn a_caller_in_development_may_work_in_another_area() {
    let name = loopback_caller;
    let area = AreaCode::parse("330523").ok();
    assert!(area.is_some());
    let anji = LoopbackCaller {
        area,
        ..plain("clerk-7")
    };
    assert_eq!(name("clerk-7@330523"), Some(anji));
    for bad in ["clerk-7@", "@330523", "clerk-7@33052", "clerk-7@330523@1"] {
        assert_eq!(name(bad), None, "{bad}");
    }
}

#[test]
fn a_caller_in_development_may_choose_its_roles_but_not_be_a_service() {
    let name = loopback_caller;
    let two = LoopbackCaller {
        roles: Some(vec![Role::Clerk, Role::Auditor]),
        ..plain("li")
    };
    assert_eq!(name("li+clerk+auditor"), Some(two));
    for bad in ["li+", "li+service", "li+Clerk", "li+nobody", "+clerk"] {
        assert_eq!(name(bad), None, "{bad}");
    }
}

/// Every bit of a certificate turned over, and every length of it: it is read or refused.
#[test]
fn a_damaged_certificate_names_somebody_or_nobody() {
    const NAME: &str = "spiffe://yibao/152501/institution/H15250100001";
    let mut params = rcgen::CertificateParams::default();
    let name = rcgen::SanType::URI(NAME.try_into().unwrap());
    params.subject_alt_names.push(name);
    let key = rcgen::KeyPair::generate().unwrap();
    let whole = params.self_signed(&key).unwrap().der().to_vec();
    assert_eq!(Certificate::read(&whole).unwrap().to_string(), NAME);
    for at in 0..whole.len() {
        assert!(Certificate::read(&whole[..at]).is_err(), "cut at {at}");
        for bit in 0..8 {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << bit;
            // That nobody signed it so is for the handshake.
            if let Ok(read) = Certificate::read(&damaged) {
                assert!(holder_of(&read.to_string()).is_some(), "{at} {bit}: {read}");
                assert!(read.within(read.from).is_ok() || read.from > read.until);
            }
            is_of_trial(&damaged);
        }
    }
}
