//! Every forgery we know of, and what becomes of it.

use super::*;
use crate::certificate::Holder;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header, encode};
use rcgen::KeyPair;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use tempfile::TempDir;

const NOW: i64 = 1_500_000_000;

/// A provider with a key of each kind, and what judges its tokens.
struct Provider {
    folder: TempDir,
    tokens: Tokens,
    ed: EncodingKey,
    ec: EncodingKey,
    rsa: EncodingKey,
    ec_pem: String,
}

fn now() -> Instant {
    Instant::from_micros(NOW * 1_000_000)
}

fn public(key: &EncodingKey, algorithm: Algorithm, id: &str) -> Jwk {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
    jwk.common.key_id = Some(id.to_string());
    jwk
}

fn ed(seed: u8) -> EncodingKey {
    let head = hex_of("302e020100300506032b657004220420");
    EncodingKey::from_ed_der(&[head, vec![seed; 32]].concat())
}

fn hex_of(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn provider(adjust: impl FnOnce(&mut TokenSettings)) -> Provider {
    let folder = tempfile::tempdir().unwrap();
    let pair = KeyPair::generate().unwrap();
    let ec = EncodingKey::from_ec_der(&pair.serialize_der());
    let rsa = PrivateKeyDer::from_pem_slice(include_bytes!("rsa-of-a-test.pem")).unwrap();
    let rsa = EncodingKey::from_rsa_der(rsa.secret_der());
    let set = JwkSet {
        keys: vec![
            public(&ed(1), Algorithm::EdDSA, "ed"),
            public(&ec, Algorithm::ES256, "ec"),
            public(&rsa, Algorithm::RS256, "rsa"),
        ],
    };
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, serde_json::to_string(&set).unwrap()).unwrap();
    let mut settings = TokenSettings::of("https://id.test", "yibao", file);
    adjust(&mut settings);
    Provider {
        folder,
        tokens: Tokens::open(&settings).unwrap(),
        ed: ed(1),
        ec,
        rsa,
        ec_pem: pair.public_key_pem(),
    }
}

fn claims(change: impl FnOnce(&mut Value)) -> Value {
    let mut claims = json!({
        "iss": "https://id.test", "aud": "yibao", "sub": "li", "area": "152501",
        "roles": ["clerk"], "iat": NOW - 10, "exp": NOW + 600, "department": "窗口",
    });
    change(&mut claims);
    claims
}

fn signed(key: &EncodingKey, algorithm: Algorithm, id: Option<&str>, claims: &Value) -> String {
    let mut header = Header::new(algorithm);
    header.kid = id.map(str::to_string);
    encode(&header, claims, key).unwrap()
}

/// A token with this header whose signature is whatever is given.
fn written(header: Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = URL_SAFE_NO_PAD.encode(signature);
    format!("{}.{}.{signature}", part(&header), part(claims))
}

fn line(thumbprint: &str) -> Certificate {
    Certificate {
        holder: Holder::Platform("province".into()),
        area: AreaCode::parse("152501").unwrap(),
        from: Instant::from_micros(0),
        until: now(),
        thumbprint: thumbprint.to_string(),
    }
}

impl Provider {
    fn code(&self, token: &str) -> String {
        self.over(token, None)
    }

    fn over(&self, token: &str, line: Option<&Certificate>) -> String {
        match self.tokens.judge(token, line, now()) {
            Ok(principal) => principal.key_name(),
            Err(no) => no.code.to_string(),
        }
    }

    fn said(&self, change: impl FnOnce(&mut Value)) -> String {
        self.code(&signed(
            &self.ed,
            Algorithm::EdDSA,
            Some("ed"),
            &claims(change),
        ))
    }
}

#[test]
fn a_token_of_each_kind_of_key_is_believed() {
    let provider = provider(|_| {});
    let keys = [
        (&provider.ed, Algorithm::EdDSA, "ed"),
        (&provider.ec, Algorithm::ES256, "ec"),
        (&provider.rsa, Algorithm::RS256, "rsa"),
    ];
    for (key, algorithm, id) in keys {
        let token = signed(key, algorithm, Some(id), &claims(|_| {}));
        let person = provider.tokens.judge(&token, None, now()).unwrap();
        assert_eq!(
            (person.caller.as_str(), person.roles),
            ("li", vec![Role::Clerk])
        );
        assert_eq!(
            (person.on_behalf_of, person.area.as_str()),
            (None, "152501")
        );
    }
}

#[test]
fn a_forged_signature_is_told_from_a_broken_token() {
    let provider = provider(|_| {});
    let good = claims(|_| {});
    let (head, tail) = {
        let token = signed(&provider.ed, Algorithm::EdDSA, Some("ed"), &good);
        let (head, tail) = token.rsplit_once('.').unwrap();
        (head.to_string(), tail.to_string())
    };
    let public_key = EncodingKey::from_secret(provider.ec_pem.as_bytes());
    let other = KeyPair::generate().unwrap();
    let other = EncodingKey::from_ec_der(&other.serialize_der());
    let richer = claims(|c| c["roles"] = json!(["operator"]));
    let richer = URL_SAFE_NO_PAD.encode(richer.to_string());
    let header = head.split('.').next().unwrap();
    let forged = [
        (
            "no signature",
            written(json!({"alg": "none", "kid": "ed"}), &good, b""),
        ),
        (
            "None",
            written(json!({"alg": "None", "kid": "ed"}), &good, b""),
        ),
        ("no algorithm", written(json!({"kid": "ed"}), &good, b"")),
        (
            "the public key as a secret",
            signed(&public_key, Algorithm::HS256, Some("ec"), &good),
        ),
        (
            "the key's own algorithm, an empty signature",
            format!("{head}."),
        ),
        (
            "another key of the same name",
            signed(&ed(2), Algorithm::EdDSA, Some("ed"), &good),
        ),
        (
            "another curve key",
            signed(&other, Algorithm::ES256, Some("ec"), &good),
        ),
        (
            "a key of ours under another's name",
            signed(&provider.ed, Algorithm::EdDSA, Some("ec"), &good),
        ),
        (
            "an unknown key",
            signed(&provider.ed, Algorithm::EdDSA, Some("old"), &good),
        ),
        (
            "no key named",
            signed(&provider.ed, Algorithm::EdDSA, None, &good),
        ),
        (
            "another algorithm of the same key",
            signed(&provider.rsa, Algorithm::RS512, Some("rsa"), &good),
        ),
        (
            "PSS",
            signed(&provider.rsa, Algorithm::PS256, Some("rsa"), &good),
        ),
        (
            "other claims under the signature",
            format!("{header}.{richer}.{tail}"),
        ),
        ("what must be understood", {
            let mut header = Header::new(Algorithm::EdDSA);
            (header.kid, header.crit) = (Some("ed".into()), Some(vec!["b64".into()]));
            encode(&header, &good, &provider.ed).unwrap()
        }),
        ("a key in the token itself", {
            let mut header = Header::new(Algorithm::EdDSA);
            (header.kid, header.jwk) = (
                Some("own".into()),
                Some(public(&ed(2), Algorithm::EdDSA, "own")),
            );
            encode(&header, &good, &ed(2)).unwrap()
        }),
    ];
    for (what, token) in forged {
        assert_eq!(provider.code(&token), "TOKEN_FORGED", "{what}");
    }
    let long = "x".repeat(BYTES_MAX + 1);
    for broken in ["", "x", "a.b", "a.b.c", "a.b.c.d", long.as_str()] {
        assert_eq!(
            provider.code(broken),
            "TOKEN_UNREADABLE",
            "{}",
            broken.len()
        );
    }
}

#[test]
fn a_token_is_for_us_now_and_of_a_person() {
    let provider = provider(|_| {});
    let set = |name: &'static str, value: Value| {
        move |claims: &mut Value| {
            claims[name] = value;
        }
    };
    let without = |name: &'static str| {
        move |claims: &mut Value| {
            claims.as_object_mut().unwrap().remove(name);
        }
    };
    let said = |name, value| provider.said(set(name, value));
    assert_eq!(said("aud", json!(["other", "yibao"])), "li");
    assert_eq!(said("exp", json!(NOW - 29)), "li");
    assert_eq!(said("iat", json!(NOW + 30)), "li");
    assert_eq!(said("roles", json!(["clerk", "operator"])), "li");
    for (name, value, code) in [
        ("iss", json!("https://id.test/"), "TOKEN_NOT_FOR_US"),
        ("aud", json!("yibao2"), "TOKEN_NOT_FOR_US"),
        ("aud", json!([]), "TOKEN_NOT_FOR_US"),
        ("exp", json!(NOW - 30), "TOKEN_EXPIRED"),
        ("exp", json!(i64::MIN), "TOKEN_EXPIRED"),
        ("iat", json!(NOW + 31), "TOKEN_NOT_YET_VALID"),
        ("nbf", json!(NOW + 31), "TOKEN_NOT_YET_VALID"),
        ("exp", json!(NOW + 891), "TOKEN_TOO_LONG"),
        ("exp", json!(i64::MAX), "TOKEN_TOO_LONG"),
        ("iat", json!(i64::MIN), "TOKEN_TOO_LONG"),
        ("exp", json!("soon"), "TOKEN_UNREADABLE"),
        ("area", json!("15250"), "TOKEN_UNREADABLE"),
        ("sub", json!("settlement~li"), "TOKEN_UNREADABLE"),
        ("sub", json!("H15250100001"), "TOKEN_UNREADABLE"),
        ("sub", json!("orchestrator"), "TOKEN_UNREADABLE"),
        ("sub", json!("platform.province"), "TOKEN_UNREADABLE"),
        ("roles", json!([]), "TOKEN_ROLES_FORBIDDEN"),
        ("roles", json!(["king"]), "TOKEN_ROLES_FORBIDDEN"),
        ("roles", json!(["service"]), "TOKEN_ROLES_FORBIDDEN"),
        (
            "roles",
            json!(["clerk", "institution"]),
            "TOKEN_ROLES_FORBIDDEN",
        ),
        ("roles", json!(["platform"]), "TOKEN_ROLES_FORBIDDEN"),
        ("roles", json!(["region"]), "TOKEN_ROLES_FORBIDDEN"),
        (
            "roles",
            json!(["operator", "security"]),
            "TOKEN_ROLES_FORBIDDEN",
        ),
        (
            "roles",
            json!(["operator", "auditor"]),
            "TOKEN_ROLES_FORBIDDEN",
        ),
        (
            "roles",
            json!(["clerk", "security", "auditor"]),
            "TOKEN_ROLES_FORBIDDEN",
        ),
        (
            "roles",
            json!(["clerk", "auditor"]),
            "TOKEN_ROLES_FORBIDDEN",
        ),
        (
            "roles",
            json!(["supervisor", "security"]),
            "TOKEN_ROLES_FORBIDDEN",
        ),
    ] {
        let told = value.to_string();
        assert_eq!(said(name, value), code, "{name} {told}");
    }
    for name in ["iss", "aud", "sub", "iat", "exp", "area", "roles"] {
        assert_eq!(provider.said(without(name)), "TOKEN_UNREADABLE", "{name}");
    }
}

#[test]
fn a_bound_token_is_worth_nothing_over_another_line() {
    let free = provider(|_| {});
    let token = |cnf: Option<Value>| {
        let claims = claims(|c| {
            if let Some(cnf) = cnf {
                c["cnf"] = cnf;
            }
        });
        signed(&ed(1), Algorithm::EdDSA, Some("ed"), &claims)
    };
    let (own, other) = (line("own"), line("other"));
    let bound = token(Some(json!({"x5t#S256": "own"})));
    assert_eq!(free.over(&bound, Some(&own)), "li");
    assert_eq!(free.over(&bound, Some(&other)), "TOKEN_NOT_YOURS");
    assert_eq!(free.over(&bound, None), "TOKEN_NOT_YOURS");
    // Another way to bind is not known here, and is not taken for none.
    let by_key = token(Some(json!({"jkt": "x"})));
    assert_eq!(free.over(&by_key, Some(&own)), "TOKEN_NOT_YOURS");
    assert_eq!(free.over(&token(None), Some(&own)), "li");

    let strict = provider(|settings| settings.bound = true);
    assert_eq!(strict.over(&bound, Some(&own)), "li");
    assert_eq!(strict.over(&token(None), Some(&own)), "TOKEN_NOT_YOURS");
    assert_eq!(strict.over(&token(None), None), "TOKEN_NOT_YOURS");
}

#[test]
fn keys_are_exchanged_without_a_restart_and_bad_ones_are_told() {
    let provider = provider(|_| {});
    let file = provider.folder.path().join("jwks.json");
    let put = |keys: Vec<Jwk>| {
        std::fs::write(&file, serde_json::to_string(&JwkSet { keys }).unwrap()).unwrap();
    };
    let old = signed(&ed(1), Algorithm::EdDSA, Some("ed"), &claims(|_| {}));
    let new = signed(&ed(2), Algorithm::EdDSA, Some("new"), &claims(|_| {}));
    assert_eq!(provider.code(&new), "TOKEN_FORGED");
    put(vec![
        public(&ed(1), Algorithm::EdDSA, "ed"),
        public(&ed(2), Algorithm::EdDSA, "new"),
    ]);
    assert_eq!(
        (provider.code(&old), provider.code(&new)),
        ("li".into(), "li".into())
    );
    put(vec![public(&ed(2), Algorithm::EdDSA, "new")]);
    assert_eq!(
        (provider.code(&old), provider.code(&new)),
        ("TOKEN_FORGED".into(), "li".into())
    );

    let secret = public(&EncodingKey::from_secret(b"x"), Algorithm::HS256, "hs");
    let nameless = Jwk::from_encoding_key(&ed(2), Algorithm::EdDSA).unwrap();
    let one = public(&ed(2), Algorithm::EdDSA, "new");
    for (keys, why) in [
        (vec![], "no key"),
        (vec![one.clone(), secret], "symmetric"),
        (vec![nameless], "kid"),
        (vec![one.clone(), one], "two keys"),
    ] {
        put(keys);
        let told = read(&file).err().expect(why);
        assert!(told.contains(why) && told.contains("jwks.json"), "{told}");
    }
}

/// Numbers beyond any time, however well they are signed; and every byte of a token altered or missing.
#[test]
fn a_damaged_token_is_refused_in_so_many_words() {
    let provider = provider(|_| {});
    for (iat, exp, nbf) in [
        (i64::MIN, i64::MAX, i64::MAX),
        (i64::MAX, i64::MIN, i64::MIN),
        (i64::MIN, NOW, i64::MIN),
        (NOW, i64::MAX, i64::MIN),
    ] {
        let said = provider.said(|c| {
            (c["iat"], c["exp"], c["nbf"]) = (json!(iat), json!(exp), json!(nbf));
        });
        assert!(said.starts_with("TOKEN_"), "{iat} {exp} {nbf}: {said}");
    }
    let whole = signed(&provider.ed, Algorithm::EdDSA, Some("ed"), &claims(|_| {}));
    assert_eq!(provider.code(&whole), "li");
    for at in 0..whole.len() {
        let cut = provider.code(&whole[..at]);
        assert!(cut.starts_with("TOKEN_"), "cut at {at}: {cut}");
        for other in ["A", "_", ".", "=", " ", "张"] {
            let mut altered = whole.clone();
            altered.replace_range(at..at + 1, other);
            let said = provider.code(&altered);
            assert!(
                altered == whole || said.starts_with("TOKEN_"),
                "{altered}: {said}"
            );
        }
    }
}
