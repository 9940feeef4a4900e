//! What an auditor types: chains verified, heads shown, an event proved and checked.

use crate::{ANY_PORT, assert_refused, assert_stopped_well, folder, run, serving, text};
use sea_orm::{ConnectionTrait, Database, Statement};
use std::path::Path;

/// A statement on a service's file in a data folder; what stands in the column `value` of the first row.
fn in_folder(data: &Path, service: &str, sql: &str) -> Option<String> {
    let url = format!("sqlite://{}", data.join(format!("{service}.db")).display());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let database = Database::connect(url).await.expect("the database");
        let statement = Statement::from_string(database.get_database_backend(), sql);
        let row = database.query_one_raw(statement).await.expect("a row");
        database.close().await.ok();
        row.and_then(|row| row.try_get("", "value").ok())
    })
}

/// Nothing is altered unseen: heads are signed beside the data folder, a proof needs no database, and
/// each way of altering the data is named.
#[test]
fn what_is_altered_in_a_data_folder_is_named() {
    let (folder, data) = folder();
    let heads = folder.path().join("data.heads");
    let arguments = [
        "up",
        "--demo-data",
        "--data",
        text(&data),
        "--listen",
        ANY_PORT,
    ];
    let (suite, _) = serving(&arguments);
    let audit = |arguments: &[&str]| {
        let mut all = vec!["audit"];
        all.extend(arguments);
        all.extend(["--data", text(&data)]);
        run(&all)
    };
    // A publisher needs a second.
    let mut published = false;
    for _ in 0..1_000 {
        let shown = audit(&["head"]);
        if ["enrollment event", "settlement event"]
            .iter()
            .all(|head| shown.out.contains(head))
        {
            assert!(
                shown.status.success() && !shown.out.contains('✗'),
                "{shown:?}"
            );
            published = true;
            break;
        }
    }
    assert!(published, "no heads");
    let whole = audit(&["verify"]);
    assert!(
        whole.status.success() && whole.out.contains("成立"),
        "{whole:?}"
    );
    suite.signal("TERM");
    assert_stopped_well(&suite.end());

    let first = "SELECT event_id AS value FROM event WHERE position = 1";
    let event = in_folder(&data, "enrollment", first).expect("an event");
    let proof = audit(&["prove", "--service", "enrollment", "--event", &event]);
    assert!(proof.status.success(), "{proof:?}");
    let (file, key) = (folder.path().join("proof.json"), heads.join("key.pub.pem"));
    let check = |proof: &str| {
        std::fs::write(&file, proof).expect("a file");
        run(&["audit", "check", text(&file), "--key", text(&key)])
    };
    let proved = check(&proof.out);
    assert!(
        proved.status.success() && proved.out.contains(&event),
        "{proved:?}"
    );
    let altered = check(&proof.out.replace(&event, &event.to_uppercase()));
    assert!(
        !altered.status.success() && altered.out.contains("✗ 证明不成立"),
        "{altered:?}"
    );
    let refused = audit(&["prove", "--service", "referral", "--event", &event]);
    assert_refused(&refused, &[&event, "not sealed"]);

    in_folder(
        &data,
        "enrollment",
        "UPDATE event SET subject = 'x' WHERE position = 1",
    );
    let edited = audit(&["verify"]);
    assert!(!edited.status.success(), "{edited:?}");
    for said in ["✗ enrollment：第 1 块（事件 1 至", "有事件被改动"] {
        assert!(edited.out.contains(said), "{edited:?}");
    }
    std::fs::remove_file(data.join("settlement.db")).expect("a file");
    let lost = audit(&["verify"]);
    assert!(
        lost.out.contains("✗ settlement：签名的链头里有它"),
        "{lost:?}"
    );
    std::fs::remove_file(heads.join("heads.jsonl")).expect("a file");
    assert_refused(&audit(&["verify"]), &["cannot read", "heads.jsonl"]);
}
