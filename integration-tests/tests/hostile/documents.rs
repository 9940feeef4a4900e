//! 政策与配置: packages and the cases that are explained by them, settings, keys and certificates.

use crate::{Parser, Told, of_text, words};
use kernel::sm2::{PrivateKey, PublicKey, Signature, Signer, UserId};
use kernel::{AreaCode, Instant};
use policy::{Package, settle};
use runtime::{ClientTls, Needs, Settings, TokenSettings};
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;

/// The package that cases are explained by.
static PACKAGE: LazyLock<Package> = LazyLock::new(|| {
    let area = AreaCode::parse("999999").expect("six digits");
    Package::parse("999999.toml", &policy::skeleton(&area)).expect("it holds as it stands")
});

/// Where what is read from files is put.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

/// Reads what came as a file.
fn filed<T>(name: &str, bytes: &[u8], read: impl FnOnce(&Path) -> T) -> T {
    let file = FOLDER.path().join(name);
    std::fs::write(&file, bytes).expect("a file");
    read(&file)
}

pub fn parsers() -> Vec<Parser> {
    let mut all = policies();
    all.extend(keys());
    all
}

fn policies() -> Vec<Parser> {
    vec![
        // Positions of its text are kept with each value.
        of_text!("package", 400, |text| words(
            Package::parse("package.toml", text).inspect(|package| {
                let failures = package.check_examples();
                assert!(
                    failures
                        .iter()
                        .all(|failure| !failure.to_string().is_empty())
                );
            })
        )),
        of_text!("case", 400, |text| words(
            PACKAGE.case("case.toml", text).inspect(|claim| {
                // A valid package and a valid claim always give a settlement.
                let settlement = settle(&PACKAGE, claim);
                assert_eq!(settlement, settle(&PACKAGE, claim));
            })
        )),
        Parser {
            name: "settings",
            times: 300,
            read: |bytes| {
                words(filed("settings.toml", bytes, |file| {
                    Settings::load("settlement", Some(file), Needs::DATABASE)
                }))
            },
        },
    ]
}

fn keys() -> Vec<Parser> {
    vec![
        Parser {
            name: "jwks",
            times: 100,
            read: |bytes| {
                words(filed("jwks.json", bytes, |file| {
                    let tokens = TokenSettings::of("https://id.test", "yibao", file.to_path_buf());
                    let listen = "127.0.0.1:0".parse().expect("an address");
                    let area = AreaCode::parse("999999").expect("six digits");
                    Settings::embedded(listen, area, String::new()).requiring_tokens(tokens)
                }))
            },
        },
        Parser {
            name: "authorities",
            times: 100,
            read: |bytes| {
                // An operator's own file, quoted to that operator.
                Told::from(filed("authorities.pem", bytes, |file| {
                    ClientTls::open(file, None).map(drop).ok()
                }))
            },
        },
        of_text!("sm2-public-key", 16, |text| words(
            PublicKey::from_pem(text).inspect(|key| {
                assert_eq!(PublicKey::from_bytes(&key.to_bytes()).as_ref(), Ok(key));
            })
        )),
        of_text!("sm2-private-key", 16, |text| words(
            PrivateKey::from_pem(text).map(drop)
        )),
        of_text!("sm2-signature", 16, |text| {
            let key = PrivateKey::from_bytes(&[7; 32])
                .expect("a key")
                .public_key();
            words(Signature::parse(text).inspect(|signature| {
                assert!(!key.verifies(&UserId::default(), b"not this", signature));
            }))
        }),
        Parser {
            name: "sm2-bytes",
            times: 16,
            read: |bytes| {
                let private = PrivateKey::from_bytes(bytes).map(drop);
                let public = PublicKey::from_bytes(bytes).map(drop);
                let signature = Signature::from_bytes(bytes).map(drop);
                Told::from(private.or(public).or(signature).ok())
            },
        },
        Parser {
            name: "sealed-at",
            times: 8,
            read: |bytes| {
                let read = std::str::from_utf8(bytes)
                    .ok()
                    .and_then(|text| text.trim().parse().ok());
                Told::from(read.map(|micros| {
                    let moment = Instant::from_micros(micros);
                    (
                        moment.in_shanghai(),
                        moment.to_string(),
                        moment.day(),
                        moment.plus_millis(micros),
                    )
                }))
            },
        },
    ]
}
