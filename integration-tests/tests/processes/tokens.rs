//! The embedded suite where a word is worth nothing: who has no token of its folder's issuer is told
//! so, and who has one does what its roles allow.

use integration_tests::child::{Child, Ended, built, command};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn yibao(arguments: &[&str]) -> Command {
    let mut command = command(built("yibao"));
    command.args(arguments);
    command
}

fn token(data: &str, arguments: &[&str]) -> Ended {
    Child::run(&mut yibao(
        &[&["token", "--data", data], arguments].concat(),
    ))
}

#[test]
fn a_suite_that_requires_tokens_believes_no_word() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let up = [
        "up",
        "--require-tokens",
        "--data",
        data,
        "--listen",
        "127.0.0.1:0",
    ];
    let mut suite = Child::start(&mut yibao(&up));
    let line = suite.until("正在服务");
    let address = line.split_once("http://").expect("an endpoint").1;
    let address: String = address
        .chars()
        .take_while(|c| c.is_ascii_digit() || ".:".contains(*c))
        .collect();
    let endpoint = format!("http://{address}");
    let key = folder.path().join("issuer.key");
    let mode = std::fs::metadata(key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let ask = |bearer: Option<&str>, extra: &[&str]| {
        let asked = ["call", "--endpoint", &endpoint];
        let mut command = yibao(&[&asked, extra, &["settlement/GetTrialBalance"]].concat());
        if let Some(bearer) = bearer {
            command.env("YIBAO_TOKEN", bearer);
        }
        Child::run(&mut command)
    };
    let signed = |role: &str, of: &str| {
        let ended = token(of, &["--name", "li", "--role", role]);
        assert!(ended.status.success(), "{ended:?}");
        ended.out.trim().to_string()
    };
    let clerk = signed("clerk", data);
    let ended = ask(Some(&clerk), &[]);
    assert!(ended.status.success(), "{ended:?}");

    let elsewhere = tempfile::tempdir().unwrap();
    let foreign = signed("clerk", elsewhere.path().to_str().unwrap());
    let auditor = signed("auditor", data);
    let word: &[&str] = &["--as", "li+clerk"];
    for (bearer, extra, refusal) in [
        (None, &[][..], "UNAUTHENTICATED"),
        (None, word, "UNAUTHENTICATED"),
        (Some(foreign.as_str()), word, "TOKEN_FORGED"),
        (Some("x"), word, "TOKEN_UNREADABLE"),
        // A token that holds is not widened by a word.
        (Some(auditor.as_str()), word, "PERMISSION_DENIED"),
    ] {
        let ended = ask(bearer, extra);
        assert!(
            !ended.status.success() && ended.err.contains(refusal),
            "{refusal}: {ended:?}"
        );
        assert!(!ended.err.contains(&clerk), "a token is told");
    }
    suite.signal("TERM");
    assert!(suite.end().status.success());
}

#[test]
fn nobody_gets_a_token_that_would_be_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for (arguments, told) in [
        (&["--name", "li", "--role", "service"][..], "--role"),
        (&["--name", "li", "--role", "king"], "--role"),
        (
            &["--name", "li", "--role", "operator", "--role", "auditor"],
            "审计管理员",
        ),
        (&["--name", "li~wang", "--role", "clerk"], "--name"),
        (
            &["--name", "li", "--role", "clerk", "--minutes", "60"],
            "--minutes",
        ),
        (&["--name", "li"], "--role"),
    ] {
        let ended = token(data, arguments);
        assert!(
            !ended.status.success() && ended.err.contains(told),
            "{arguments:?}: {ended:?}"
        );
        assert_eq!(ended.out, "", "{arguments:?}");
    }
}

#[test]
fn a_certificate_is_issued_for_whom_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, out) = (folder.path().join("ca"), folder.path().join("out"));
    let new = |arguments: &[&str]| {
        let fixed = ["certificate", "new", "--area", "152501", "--authority"];
        let fixed = [&fixed[..], &[text(&authority), "--out", text(&out)]].concat();
        Child::run(&mut yibao(&[&fixed, arguments].concat()))
    };
    let ended = new(&["--service", "settlement", "--host", "settlement.local"]);
    assert!(ended.status.success(), "{ended:?}");
    assert!(
        ended
            .out
            .contains("spiffe://yibao/152501/service/settlement"),
        "{ended:?}"
    );
    let first = std::fs::read(authority.join("authority.pem")).unwrap();
    let ended = new(&["--institution", "H15250100001"]);
    assert!(ended.status.success(), "{ended:?}");
    // The second is of the same authority.
    assert_eq!(
        std::fs::read(authority.join("authority.pem")).unwrap(),
        first
    );
    for file in ["settlement", "H15250100001"] {
        let mode = |ending: &str| {
            let path = out.join(format!("{file}.{ending}"));
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        assert_eq!((mode("key"), mode("pem")), (0o600, 0o600), "{file}");
    }
    for bad in [
        &["--service", "nobody"][..],
        &["--platform", "A b"],
        &["--institution", "x"],
        &[],
    ] {
        let ended = new(bad);
        assert!(
            !ended.status.success() && ended.out.is_empty(),
            "{bad:?}: {ended:?}"
        );
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
