//! What only the published heads show: a history computed anew, a tail cut off, and what is done to
//! the heads themselves.

use crate::{World, now};
use kernel::seal::{Cause, Flaw};
use kernel::sm2::{PrivateKey, Signer};
use store::audit::{self, Fault, Report};
use store::entity::event::Model as Row;
use store::event;
use store::heads::{self, FileHeads};

impl World {
    async fn audit(&self) -> Report {
        let lines = heads::read_lines(&self.file).unwrap();
        let keys = [self.key.public_key()];
        let mut blocks = 0;
        let report = audit::audit::<Row>(&self.db, "tested", lines, &keys, |_| blocks += 1).await;
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
