//! What was written stays what it was, or it shows: each way of altering a chain, on the database
//! the run is for, against the chain itself and against its published heads.

mod audited;

use kernel::seal::{Cause, Flaw, GENESIS, Proof, ProofError, SignedHead, merkle_root};
use kernel::sm2::{PrivateKey, Signer};
use kernel::{AreaCode, Clock, Day, Digest, Instant};
use sea_orm::ConnectionTrait;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use std::path::PathBuf;
use std::sync::Arc;
use store::chain::{self, Checked, Sealed};
use store::entity::event::Model as Row;
use store::event::{self, Event};
use store::heads::{self, FileHeads, HeadStore, PublishError};
use store::testing::TestDatabase;
use store::{Db, DbConfig};
use tempfile::TempDir;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        store::migration::common()
    }
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Instant {
        now()
    }
}

fn now() -> Instant {
    Instant::beginning_of(Day::parse("2024-06-01").unwrap())
}

struct World {
    db: Db,
    heads: FileHeads,
    file: PathBuf,
    key: PrivateKey,
    _folder: TempDir,
    _database: TestDatabase,
}

impl World {
    async fn open() -> World {
        let database = TestDatabase::open().await.unwrap();
        let config = DbConfig {
            url: database.url("chain"),
            schema: "chain".into(),
            connections: 4,
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kept/heads.jsonl");
        std::fs::create_dir(folder.path().join("kept")).expect("a folder");
        World {
            db: Db::open::<Migrator>(&config).await.unwrap(),
            heads: FileHeads::new(&file),
            file,
            key: PrivateKey::from_bytes(&[7; 32]).unwrap(),
            _folder: folder,
            _database: database,
        }
    }

    /// Three blocks of ten events each.
    async fn sealed() -> World {
        let world = World::open().await;
        for _ in 0..3 {
            world.tell(10).await;
            assert_eq!(event::seal(&world.db, now()).await.unwrap(), 10);
        }
        assert_eq!(world.flaw().await, None);
        world
    }

    async fn tell(&self, count: usize) {
        let tell = |n| Event {
            area: AreaCode::parse("999999").unwrap(),
            kind: "thing.made",
            subject: format!("S{n}"),
            facts: serde_json::json!({ "n": n }),
        };
        let told = self.db.write(|tx| async move {
            let events = (0..count).map(tell).collect();
            Ok(event::record_all(&tx, now(), events).await?)
        });
        told.await.unwrap();
    }

    async fn sql(&self, text: &str) {
        self.db.reader().execute_unprepared(text).await.unwrap();
    }

    async fn check(&self, after: i64, limit: u64) -> Checked {
        chain::check::<Row>(&self.db, after, limit).await.unwrap()
    }

    async fn flaw(&self) -> Option<Flaw> {
        self.check(0, 100).await.flaw
    }

    /// What is found, where, over which positions.
    async fn found(&self) -> (Cause, i64, (i64, i64), Option<i64>) {
        let flaw = self.flaw().await.expect("a flaw");
        let covered = (flaw.first_position, flaw.last_position);
        (flaw.cause, flaw.block, covered, flaw.position)
    }

    async fn publish(&self) -> Result<Option<i64>, PublishError> {
        let head = heads::publish::<Row>(&self.db, "tested", &self.heads, &self.key).await?;
        Ok(head.map(|head| head.number))
    }

    fn published(&self) -> Vec<SignedHead> {
        let lines = heads::read_lines(&self.file).unwrap();
        lines.filter_map(|line| line.unwrap().head()).collect()
    }

    /// Whoever can write to the database computes all blocks anew from what stands in it.
    async fn rewrite(&self) {
        let mut previous = GENESIS;
        for number in 1..=3 {
            let (first, last) = (number * 10 - 9, number * 10);
            let rows = format!(
                "SELECT * FROM event WHERE position BETWEEN {first} AND {last} ORDER BY position"
            );
            let backend = self.db.reader().get_database_backend();
            let statement = sea_orm::Statement::from_string(backend, rows);
            let rows: Vec<Row> = sea_orm::FromQueryResult::find_by_statement(statement)
                .all(self.db.reader())
                .await
                .unwrap();
            let leaves: Vec<Digest> = rows
                .iter()
                .map(|row: &Row| {
                    let columns = row.columns();
                    let columns = columns.iter().map(|(name, value)| (*name, value.as_ref()));
                    kernel::seal::leaf(row.position.unwrap(), columns)
                })
                .collect();
            let block = kernel::seal::Block {
                number,
                first_position: first,
                last_position: last,
                root: merkle_root(&leaves),
                previous,
                sealed_at: now().micros(),
            };
            self.sql(&format!(
                "UPDATE block SET root = '{}', previous = '{}', hash = '{}' WHERE number = {number}",
                block.root,
                block.previous,
                block.hash()
            ))
            .await;
            previous = block.hash();
        }
    }
}

#[tokio::test]
async fn an_edited_event_is_found_whatever_is_edited() {
    for edit in [
        "subject = 'S9999'",
        "kind = 'thing.unmade'",
        "facts = '{}'",
        "area = '999998'",
        "occurred_at = occurred_at + 1",
        "event_id = '00000000-0000-7000-8000-000000000000'",
    ] {
        let world = World::sealed().await;
        world
            .sql(&format!("UPDATE event SET {edit} WHERE position = 15"))
            .await;
        let (cause, block, covered, _) = world.found().await;
        // An event with another id stands where that id would not have stood.
        assert_eq!((block, covered), (2, (11, 20)), "{edit}");
        assert_eq!(cause, Cause::Edited, "{edit}");
    }
}

#[tokio::test]
async fn a_deleted_event_is_found() {
    let world = World::sealed().await;
    world.sql("DELETE FROM event WHERE position = 15").await;
    assert_eq!(world.found().await, (Cause::Deleted, 2, (11, 20), Some(15)));
}

#[tokio::test]
async fn an_event_made_to_look_unsealed_is_missed_where_it_stood() {
    let world = World::sealed().await;
    world
        .sql("UPDATE event SET position = NULL WHERE position = 30")
        .await;
    assert_eq!(world.found().await, (Cause::Deleted, 3, (21, 30), Some(30)));
}

#[tokio::test]
async fn a_deleted_event_is_found_when_all_that_follow_move_up() {
    let world = World::sealed().await;
    world.sql("DELETE FROM event WHERE position = 5").await;
    world
        .sql("UPDATE event SET position = -position WHERE position > 5")
        .await;
    world
        .sql("UPDATE event SET position = -position - 1 WHERE position < 0")
        .await;
    assert_eq!(world.found().await, (Cause::Deleted, 1, (1, 10), None));
}

#[tokio::test]
async fn events_in_each_others_place_are_found() {
    let world = World::sealed().await;
    for swap in [
        "UPDATE event SET position = -1 WHERE position = 12",
        "UPDATE event SET position = 12 WHERE position = 19",
        "UPDATE event SET position = 19 WHERE position = -1",
    ] {
        world.sql(swap).await;
    }
    assert_eq!(
        world.found().await,
        (Cause::Reordered, 2, (11, 20), Some(12))
    );
}

/// An event as an attacker writes it.
fn forged(position: &str) -> String {
    format!(
        "INSERT INTO event (event_id, area, kind, subject, facts, occurred_at, position) \
         VALUES ('00000000-0000-7000-8000-000000000000', '999999', 'thing.made', 'S', '{{}}', 1, {position})"
    )
}

#[tokio::test]
async fn an_inserted_event_is_found_when_all_that_follow_move_down() {
    let world = World::sealed().await;
    world
        .sql("UPDATE event SET position = -position WHERE position >= 15")
        .await;
    world
        .sql("UPDATE event SET position = -position + 1 WHERE position < 0")
        .await;
    world.sql(&forged("15")).await;
    assert_eq!(
        world.found().await,
        (Cause::Inserted, 2, (11, 20), Some(15))
    );
}

#[tokio::test]
async fn an_event_in_a_place_that_is_taken_or_that_no_block_covers_is_found() {
    let world = World::sealed().await;
    world.sql(&forged("40")).await;
    assert_eq!(
        world.found().await,
        (Cause::Inserted, 4, (40, 40), Some(40))
    );
    let world = World::sealed().await;
    world.sql(&forged("0")).await;
    assert_eq!(world.found().await, (Cause::Inserted, 4, (0, 0), Some(0)));
    let world = World::sealed().await;
    world.sql("DROP INDEX event_position").await;
    world.sql(&forged("15")).await;
    let (cause, block, ..) = world.found().await;
    assert_eq!((cause, block), (Cause::Inserted, 2));
}

#[tokio::test]
async fn an_altered_block_is_found() {
    for edit in [
        "sealed_at = sealed_at + 1",
        "last_position = 19",
        "first_position = 12",
        "root = previous",
        "root = 'x'",
        "hash = previous",
        "previous = hash",
    ] {
        let world = World::sealed().await;
        world
            .sql(&format!("UPDATE block SET {edit} WHERE number = 2"))
            .await;
        let (cause, block, ..) = world.found().await;
        assert_eq!((cause, block), (Cause::BlockEdited, 2), "{edit}");
    }
    let world = World::sealed().await;
    world.sql("DELETE FROM block WHERE number = 2").await;
    assert_eq!(
        world.found().await,
        (Cause::BlockDeleted, 2, (11, 20), None)
    );
    let world = World::sealed().await;
    world.sql("DELETE FROM block WHERE number = 3").await;
    assert_eq!(
        world.found().await,
        (Cause::BlockDeleted, 3, (21, 30), Some(21))
    );
}

#[tokio::test]
async fn a_block_computed_anew_does_not_fit_the_one_after_it() {
    let world = World::sealed().await;
    world
        .sql("UPDATE event SET subject = 'S9999' WHERE position = 15")
        .await;
    world.rewrite().await;
    assert_eq!(world.flaw().await, None, "by itself it is whole");
    let world = World::sealed().await;
    let before = "UPDATE block SET previous = hash, hash = previous WHERE number = 3";
    world.sql(before).await;
    assert_eq!(world.found().await.1, 3);
}

#[tokio::test]
async fn a_check_goes_on_where_the_one_before_stopped() {
    let world = World::sealed().await;
    world
        .sql("UPDATE event SET subject = 'S9999' WHERE position = 25")
        .await;
    let first = world.check(0, 2).await;
    assert_eq!((first.flaw, first.more), (None, true));
    assert_eq!(first.held.map(|held| held.number), Some(2));
    let rest = world.check(2, 2).await;
    assert_eq!(rest.flaw.map(|flaw| flaw.block), Some(3));
    assert!(!rest.more);
    assert!(world.check(7, 2).await.flaw.is_some(), "no such block");
    let empty = World::open().await.check(0, 2).await;
    assert_eq!((empty.held, empty.flaw, empty.more), (None, None, false));
}

#[tokio::test]
async fn an_event_that_waits_for_the_sealer_is_sealed_as_it_stands() {
    let world = World::sealed().await;
    world.tell(1).await;
    world
        .sql("UPDATE event SET subject = 'S9999' WHERE position IS NULL")
        .await;
    event::seal(&world.db, now()).await.unwrap();
    // What is not protected: see the module's table.
    assert_eq!(world.flaw().await, None);
}

#[tokio::test]
async fn a_head_is_published_once_for_all_blocks_since_the_one_before() {
    let world = World::sealed().await;
    assert_eq!(world.publish().await.unwrap(), Some(3));
    assert_eq!(world.publish().await.unwrap(), None);
    world.tell(1).await;
    event::seal(&world.db, now()).await.unwrap();
    assert_eq!(world.publish().await.unwrap(), Some(4));
    let published = world.published();
    let links: Vec<(i64, i64, i64)> = published
        .iter()
        .map(|signed| {
            (
                signed.head.after_number,
                signed.head.number,
                signed.head.last_position,
            )
        })
        .collect();
    assert_eq!(links, [(0, 3, 30), (3, 4, 31)]);
    let keys = [world.key.public_key()];
    assert!(published.iter().all(|signed| signed.is_signed_by(&keys)));
}

#[tokio::test]
async fn publishing_goes_on_after_a_crash_in_the_middle_of_a_line() {
    let world = World::sealed().await;
    world.publish().await.unwrap();
    let whole = std::fs::read_to_string(&world.file).unwrap();
    std::fs::write(&world.file, &whole[..whole.len() / 2]).unwrap();
    // Another process, which knows only the file.
    let after = World {
        heads: FileHeads::new(&world.file),
        ..world
    };
    assert_eq!(after.publish().await.unwrap(), Some(3));
    assert_eq!(after.published().len(), 1);
    assert_eq!(after.publish().await.unwrap(), None);
}

#[tokio::test]
async fn two_publishers_on_one_file_publish_each_head_once() {
    let world = World::sealed().await;
    let other = FileHeads::new(&world.file);
    let head = heads::publish::<Row>(&world.db, "tested", &other, &world.key).await;
    let signed = head.unwrap().unwrap().sign(&world.key).unwrap();
    // This one asked what was published before the other wrote.
    world.heads.publish(signed).await.unwrap();
    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn a_chain_that_does_not_go_on_from_its_head_is_not_signed() {
    let world = World::sealed().await;
    world.publish().await.unwrap();
    world
        .sql("UPDATE event SET subject = 'S9999' WHERE position = 15")
        .await;
    world.rewrite().await;
    world.tell(1).await;
    event::seal(&world.db, now()).await.unwrap();
    let no = world.publish().await.unwrap_err();
    assert!(matches!(no, PublishError::Altered(3)), "{no}");

    let world = World::sealed().await;
    world.publish().await.unwrap();
    world.sql("DELETE FROM block WHERE number = 3").await;
    let no = world.publish().await.unwrap_err();
    assert!(matches!(no, PublishError::Altered(3)), "{no}");
    assert_eq!(world.published().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_published_stops_no_sealing_and_is_published_later() {
    let world = World::open().await;
    let folder = world.file.parent().unwrap().to_path_buf();
    // The place of heads is not mounted: none is made.
    std::fs::remove_dir(&folder).unwrap();
    world.tell(1).await;
    assert_eq!(event::seal(&world.db, now()).await.unwrap(), 1);
    assert!(matches!(world.publish().await, Err(PublishError::Kept(_))));
    world.tell(1).await;
    assert_eq!(event::seal(&world.db, now()).await.unwrap(), 1);
    assert!(!folder.exists());
    std::fs::create_dir(&folder).unwrap();
    assert_eq!(world.publish().await.unwrap(), Some(2));
}

#[tokio::test]
async fn a_publisher_publishes_by_itself_with_the_key_of_a_file() {
    let world = World::sealed().await;
    let key = world.file.with_file_name("key.pem");
    std::fs::create_dir_all(key.parent().unwrap()).unwrap();
    std::fs::write(&key, world.key.to_pem().unwrap()).unwrap();
    let to = Some((world.file.clone(), key));
    let publisher = heads::keep_publishing(world.db.clone(), "tested", to);
    let publisher = tokio::spawn(publisher);
    let sealer = tokio::spawn(event::keep_sealing(world.db.clone(), Arc::new(Noon)));
    while !world.file.exists() || world.published().is_empty() {
        tokio::task::yield_now().await;
    }
    publisher.abort();
    sealer.abort();
    assert_eq!(world.published()[0].head.number, 3);
}

#[tokio::test]
async fn a_proof_needs_no_database() {
    let world = World::sealed().await;
    let keys = [world.key.public_key()];
    let sealed = event::list(&world.db, &AreaCode::parse("999999").unwrap(), 0, 100).await;
    let sealed = sealed.unwrap();
    let head = |number: i64| {
        let mut published = world.published().into_iter();
        published.find(|signed| signed.head.number >= number)
    };
    let unpublished = chain::prove::<Row>(&world.db, &sealed[0].id, |_| None).await;
    assert_eq!(unpublished.unwrap(), None);
    world.publish().await.unwrap();
    for event in &sealed {
        let proof = chain::prove::<Row>(&world.db, &event.id, head)
            .await
            .unwrap();
        let json = serde_json::to_string(&proof.unwrap()).unwrap();
        let mut proof: Proof = serde_json::from_str(&json).unwrap();
        assert_eq!(proof.check(&keys), Ok(()), "{}", event.position);
        let subject = proof.record.iter_mut().find(|(name, _)| name == "subject");
        subject.unwrap().1.push('0');
        assert_eq!(proof.check(&keys), Err(ProofError::Record));
    }
    let nobody = chain::prove::<Row>(&world.db, "nobody", head)
        .await
        .unwrap();
    assert_eq!(nobody, None);
}
