//! What only the published heads show: a history computed anew, a tail cut off, and what is done to
//! the heads themselves.

use crate::{World, now};
use kernel::seal::{Anew, Cause, Flaw};
use kernel::sm2::{PrivateKey, Signer};
use store::audit::{self, Fault, Report};
use store::entity::event::Model as Row;
use store::event;
use store::heads::{self, FileHeads, PublishError};

impl World {
    async fn audit(&self) -> Report {
        let lines = heads::read_lines(&self.file).unwrap();
        let keys = [self.key.public_key()];
        let mut blocks = 0;
        let again = heads::read_lines(&self.file).unwrap();
        let voids = audit::voids::<Row>("tested", again).unwrap();
        let read = (voids, lines);
        let report = audit::audit::<Row>(&self.db, "tested", read, &keys, |_| blocks += 1).await;
        let report = report.unwrap();
        assert_eq!(report.blocks, blocks, "every block that holds is heard of");
        report
    }

    /// Three blocks, each with a head of its own.
    async fn published_each() -> World {
        let world = World::open().await;
        for number in 1..=3 {
            world.tell(10).await;
            event::seal(&world.db, now()).await.unwrap();
            assert_eq!(world.publish().await.unwrap(), Some(number));
        }
        let whole = Report {
            blocks: 3,
            last_position: 30,
            published: 3,
            anew: Vec::new(),
            fault: None,
        };
        assert_eq!(world.audit().await, whole);
        world
    }

    fn write_lines(&self, lines: &[String]) {
        std::fs::write(&self.file, lines.join("\n") + "\n").unwrap();
    }

    fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.file).unwrap();
        text.lines().map(String::from).collect()
    }
}

#[tokio::test]
async fn blocks_computed_anew_do_not_fit_their_signed_heads() {
    let world = World::published_each().await;
    world
        .sql("UPDATE event SET subject = 'S9999' WHERE position = 15")
        .await;
    world.rewrite().await;
    assert_eq!(world.flaw().await, None);
    let flaw = Flaw {
        cause: Cause::Rewritten,
        block: 2,
        first_position: 11,
        last_position: 20,
        position: None,
    };
    assert_eq!(world.audit().await.fault, Some(Fault::Chain(flaw)));
}

#[tokio::test]
async fn a_tail_that_is_cut_off_is_missed_by_the_heads() {
    let world = World::published_each().await;
    world.sql("DELETE FROM block WHERE number > 1").await;
    world.sql("DELETE FROM event WHERE position > 10").await;
    assert_eq!(world.flaw().await, None);
    let flaw = Flaw {
        cause: Cause::TailCut,
        block: 2,
        first_position: 11,
        last_position: 30,
        position: None,
    };
    assert_eq!(world.audit().await.fault, Some(Fault::Chain(flaw)));
}

#[tokio::test]
async fn a_cut_or_forged_file_of_heads_is_found() {
    let world = World::published_each().await;
    let whole = world.lines();

    world.write_lines(&[whole[0].clone(), whole[2].clone()]);
    let cut = Fault::HeadsCut { line: 2, number: 2 };
    assert_eq!(world.audit().await.fault, Some(cut), "a line taken out");

    world.write_lines(&[whole[0].clone(), "…".into(), whole[2].clone()]);
    let cut = Fault::HeadsCut { line: 3, number: 2 };
    assert_eq!(
        world.audit().await.fault,
        Some(cut),
        "a line made unreadable"
    );

    let forged = whole[1].replace("\"last_position\":20", "\"last_position\":21");
    assert_ne!(forged, whole[1]);
    world.write_lines(&[whole[0].clone(), forged, whole[2].clone()]);
    let found = world.audit().await.fault;
    assert_eq!(found, Some(Fault::HeadForged { line: 2 }));

    let other = PrivateKey::from_bytes(&[8; 32]).unwrap();
    let head = world.published().remove(0).head.sign(&other).unwrap();
    let head = serde_json::to_string(&head).unwrap();
    world.write_lines(&[head]);
    let found = world.audit().await.fault;
    assert_eq!(found, Some(Fault::HeadForged { line: 1 }));
}

#[tokio::test]
async fn a_file_of_heads_without_its_tail_shows_when_sealing_went_on() {
    let world = World::published_each().await;
    let whole = world.lines();
    world.write_lines(&whole[..1]);
    // The last moments may be unpublished yet.
    let report = world.audit().await;
    assert_eq!((report.published, report.fault), (1, None));
    world.tell(1).await;
    let later = now().plus_millis(11 * 60 * 1_000);
    event::seal(&world.db, later).await.unwrap();
    let found = world.audit().await.fault;
    assert_eq!(found, Some(Fault::HeadsBehind { number: 2 }));
    // A publisher that runs remembers what it published.
    assert_eq!(world.publish().await.unwrap(), Some(4));
    let cut = Fault::HeadsCut { line: 2, number: 3 };
    assert_eq!(world.audit().await.fault, Some(cut));
    // One that begins now mends the file from what the database still has.
    world.write_lines(&whole[..1]);
    let world = World {
        heads: FileHeads::new(&world.file),
        ..world
    };
    assert_eq!(world.publish().await.unwrap(), Some(4));
    assert_eq!(world.audit().await.fault, None);
}

impl World {
    async fn begin_anew(&self) -> Option<Anew> {
        let said = ("auditor-1", "自昨夜的备份恢复", now());
        heads::begin_anew::<Row>(&self.db, "tested", &self.heads, &self.key, said)
            .await
            .unwrap()
    }

    /// The database as a backup of after the first block had it.
    async fn restore(&self) {
        self.sql("DELETE FROM block WHERE number > 1").await;
        self.sql("DELETE FROM event WHERE position > 10").await;
    }
}

/// 恢复: blocks are lost and others take their numbers. Heads go on once somebody has said so, and for
/// ever after it shows what was lost and who said it.
#[tokio::test]
async fn a_restored_chain_goes_on_from_what_is_stated() {
    let world = World::published_each().await;
    assert_eq!(world.begin_anew().await, None, "it goes on as it is");
    world.restore().await;
    world.tell(10).await;
    event::seal(&world.db, now()).await.unwrap();
    assert!(matches!(
        world.publish().await,
        Err(PublishError::Altered(3))
    ));
    let anew = world.begin_anew().await.unwrap();
    assert_eq!(
        (anew.lost_number, anew.number, anew.last_position),
        (3, 1, 10)
    );
    assert_eq!(world.begin_anew().await, None, "it is said");
    assert_eq!(world.publish().await.unwrap(), Some(2));
    for number in 3..=4 {
        world.tell(10).await;
        event::seal(&world.db, now()).await.unwrap();
        assert_eq!(world.publish().await.unwrap(), Some(number));
    }
    let report = world.audit().await;
    assert_eq!((report.fault, report.published), (None, 4));
    assert_eq!(report.anew, [anew]);

    // What is stated is no way to hide what is altered: the heads after it bind as those before it.
    world.sql("DELETE FROM block WHERE number > 2").await;
    world.sql("DELETE FROM event WHERE position > 20").await;
    let fault = world.audit().await.fault;
    assert!(
        matches!(fault, Some(Fault::Chain(flaw)) if flaw.cause == Cause::TailCut && flaw.block == 3),
        "{fault:?}"
    );
    // A second restore; and another process, which knows only the file.
    let world = World {
        heads: FileHeads::new(&world.file),
        ..world
    };
    let anew = world.begin_anew().await.unwrap();
    assert_eq!((anew.lost_number, anew.number), (4, 2));
    let report = world.audit().await;
    assert_eq!((report.fault, report.anew.len()), (None, 2));
}

/// Whoever writes the file without the key states nothing, and nobody takes a statement out.
#[tokio::test]
async fn what_is_stated_is_signed_and_stays() {
    let world = World::published_each().await;
    world.restore().await;
    world.begin_anew().await.unwrap();
    world.tell(10).await;
    event::seal(&world.db, now()).await.unwrap();
    world.publish().await.unwrap();
    assert_eq!(world.audit().await.fault, None);
    let lines = world.lines();
    let mut forged = lines.clone();
    forged[3] = forged[3].replace("auditor-1", "auditor-2");
    world.write_lines(&forged);
    let fault = world.audit().await.fault;
    assert_eq!(fault, Some(Fault::HeadForged { line: 4 }));
    let mut cut = lines;
    cut.remove(3);
    world.write_lines(&cut);
    assert!(world.audit().await.fault.is_some());
}
