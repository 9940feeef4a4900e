//! 备份演练: a suite is backed up while callers settle, restored into an empty place, and asked again:
//! what was acknowledged before the backup began is there and answers as before, the books balance,
//! the chains of events hold, and a saga that was half-way is taken up.
//!
//! On SQLite by `yibao backup` and `yibao restore`, on PostgreSQL by the scripts of `deploy/`.

use integration_tests::child::{Child, Ended, built, command};
use integration_tests::{PATIENCE, World, patient, stay, visit};
use kernel::Instant;
use orchestrator::{Patience, Taken, Times};
use proto::common::{Claim, Filing};
use proto::orchestrator::SettleRequest;
use proto::orchestrator::orchestrator_service_client::OrchestratorServiceClient;
use runtime::Wire;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::event;
use store::testing::TestDatabase;
use tempfile::TempDir;
use tokio::sync::watch;
use tonic::body::Body;
use tonic::{Code, Request, Status};
use tower::ServiceExt;

/// Settled before the backup begins; callers go on while it is made.
const BEFORE: usize = 12;
/// How long the caller of the saga that is left half-way waits.
const HASTE: Duration = Duration::from_secs(1);
/// What a dead replica leaves is anybody's at once: nothing here waits for a lease.
const TIMES: Times = Times {
    lease: Duration::ZERO,
    call: Duration::from_millis(500),
    pause: Duration::from_millis(20),
};
/// A service with events in the copy.
const CHAINED: &str = "settlement";

/// A world whose settlements are not heard of while that is wanted.
async fn world(away: &Arc<AtomicBool>) -> World {
    let away = away.clone();
    World::tuned(|config| {
        config.saga_times = TIMES;
        config.wrap = Some(Arc::new(move |peer, wire| match peer {
            "settlement" => absent(wire, away.clone()),
            _ => wire,
        }));
    })
    .await
}

fn absent(wire: Wire, away: Arc<AtomicBool>) -> Wire {
    Wire::new(tower::service_fn(move |request: http::Request<Body>| {
        let posts = request.uri().path().ends_with("/PostSettlement");
        let (wire, is_away) = (wire.clone(), posts && away.load(Ordering::SeqCst));
        async move {
            match is_away {
                true => Ok(Status::unavailable("away").into_http()),
                false => wire.oneshot(request).await,
            }
        }
    }))
}

/// A settlement with a referral that is left half-way: the referral is used, the rest unheard of.
async fn half_way(world: &World, away: &AtomicBool) -> Claim {
    let person = world.insured(None).await;
    let claim = Claim {
        filing: Filing::Referred.into(),
        referral_id: world.referred(&person).await,
        ..stay(&person, "half-way", 8_000)
    };
    away.store(true, Ordering::SeqCst);
    let mut request = Request::new(request("half-way", &claim));
    request.set_timeout(HASTE);
    let unknown = world.clerk().orchestrator().settle(request).await;
    assert_eq!(unknown.unwrap_err().code(), Code::DeadlineExceeded);
    // Whoever is still at it has lost it then, and nobody takes it up here.
    drop(left_behind(world).await);
    away.store(false, Ordering::SeqCst);
    claim
}

/// The one saga that nobody works on, as soon as nobody does.
async fn left_behind(world: &World) -> Taken {
    loop {
        let due = world.suite.executor().take_due(9).await;
        let mut due = due.expect("what a dead replica left");
        assert!(due.len() <= 1);
        match due.pop() {
            Some(taken) => return taken,
            None => tokio::task::yield_now().await,
        }
    }
}

/// What a till was told: its request and the settlement it made.
type Told = (String, Claim, String);
type Client = OrchestratorServiceClient<Wire>;

/// Settles one visit after the other until nobody counts any more.
async fn settle_on(mut till: Client, person: String, count: watch::Sender<usize>) -> Vec<Told> {
    let mut told = Vec::new();
    while !count.is_closed() {
        let (id, fen) = (format!("till-{}", told.len()), 1_000 + told.len() as i64);
        let claim = visit(&person, &id, "2017-05-02", fen);
        match till.settle(patient(request(&id, &claim))).await {
            Ok(answer) => {
                let settled = answer.into_inner().settlement.expect("a settlement");
                told.push((id, claim, settled.settlement_id));
            }
            // While the files are copied a writer may be told to come again.
            Err(no) if no.code() == Code::Aborted => continue,
            Err(no) => panic!("{id}: {no}"),
        }
        count.send_replace(told.len());
    }
    told
}

fn request(id: &str, claim: &Claim) -> SettleRequest {
    SettleRequest {
        request_id: id.into(),
        claim: Some(claim.clone()),
        ..Default::default()
    }
}

/// A command that prints nothing of ours into the run unless it fails.
async fn ran(mut command: std::process::Command) -> Ended {
    let ended = tokio::task::spawn_blocking(move || Child::run(&mut command)).await;
    ended.expect("a program")
}

async fn done(command: std::process::Command) -> Ended {
    let ended = ran(command).await;
    assert!(ended.status.success(), "{ended:?}");
    ended
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn yibao(arguments: &[&str]) -> std::process::Command {
    let mut command = command(built("yibao"));
    command.args(arguments);
    command
}

fn script(name: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = command(
        integration_tests::child::workspace()
            .join("deploy")
            .join(name),
    );
    command.args(arguments).env("YIBAO", built("yibao"));
    command
}

/// Backs up into the folder; answers the copy.
async fn back_up(database: &TestDatabase, into: &Path) -> PathBuf {
    match database.folder() {
        Some(data) => {
            let copy = into.join("copy");
            let asked = ["backup", "--data", text(data), "-o", text(&copy)];
            done(yibao(&asked)).await;
            copy
        }
        None => {
            let url = database.url("suite");
            let ended = done(script("backup.sh", &[&url, text(into)])).await;
            PathBuf::from(ended.out.trim())
        }
    }
}

/// Restores a copy into a place.
async fn restore(copy: &Path, place: &TestDatabase) -> Ended {
    match place.folder() {
        Some(data) => ran(yibao(&["restore", text(copy), "--data", text(data)])).await,
        None => ran(script("restore.sh", &[text(copy), &place.url("suite")])).await,
    }
}

/// Changes a byte in the middle of a file.
fn spoil(file: &Path) {
    let mut bytes = std::fs::read(file).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).expect("a file");
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_backup_under_load_and_its_restore() {
    let away = Arc::new(AtomicBool::new(false));
    let world = world(&away).await;
    let open = half_way(&world, &away).await;
    let person = world.insured(None).await;

    let (count, mut counted) = watch::channel(0);
    let client = world.clerk().orchestrator();
    let till = tokio::spawn(settle_on(client, person, count));
    counted.wait_for(|told| *told >= BEFORE).await.unwrap();
    let sealing = world.suite.database(CHAINED).unwrap();
    event::seal(sealing, Instant::from_micros(0)).await.unwrap();
    let before = *counted.borrow_and_update();
    let folder = TempDir::new().expect("a folder");
    let copy = back_up(&world.database, folder.path()).await;
    counted.wait_for(|told| *told > before).await.unwrap();
    drop(counted);
    let told = till.await.expect("a till");

    let place = TestDatabase::open().await.expect("a database");
    let restored = restore(&copy, &place).await;
    assert!(restored.status.success(), "{restored:?}");
    // What is there is never written over.
    let again = restore(&copy, &place).await;
    assert!(
        !again.status.success() && again.err.contains("not empty"),
        "{again:?}"
    );

    let world = World::reopened(place, |config| config.saga_times = TIMES).await;
    for (id, claim, settlement_id) in &told[..before] {
        assert_eq!(
            asked_again(&world, id, claim).await,
            (settlement_id.clone(), true),
            "{id}"
        );
    }
    // The half-way one is taken up and comes to its end.
    let taken = left_behind(&world).await;
    let executor = world.suite.executor();
    executor.work_on(taken, Patience::Nobody).await;
    let (_, replayed) = asked_again(&world, "half-way", &open).await;
    assert!(replayed);
    world.ledger().await;
    let chain = event::verify(world.suite.database(CHAINED).unwrap()).await;
    assert_eq!(chain.unwrap(), None);

    // A copy that somebody touched is not believed.
    let place = TestDatabase::open().await.expect("a database");
    match place.folder() {
        Some(data) => {
            spoil(&copy.join(format!("{CHAINED}.db")));
            let no = restore(&copy, &place).await;
            assert!(
                !no.status.success() && no.err.contains("not the file"),
                "{no:?}"
            );
            let left = std::fs::read_dir(data)
                .expect("a folder")
                .filter_map(Result::ok);
            let left = left.filter(|entry| entry.path().extension().is_some_and(|e| e == "db"));
            assert_eq!(left.count(), 0);
        }
        None => {
            spoil(&copy);
            let no = restore(&copy, &place).await;
            assert!(
                !no.status.success() && no.err.contains("not the file"),
                "{no:?}"
            );
        }
    }
}

/// Asks once more for what has been done; answers the settlement and whether it had been.
async fn asked_again(world: &World, id: &str, claim: &Claim) -> (String, bool) {
    let mut clerk = world.clerk().orchestrator();
    let answer = clerk.settle(patient(request(id, claim))).await;
    let answer = answer
        .unwrap_or_else(|no| panic!("{id}: {no}"))
        .into_inner();
    let settled = answer.settlement.expect("a settlement");
    (settled.settlement_id, answer.replayed)
}

#[tokio::test]
async fn a_chain_that_was_tampered_with_is_found() {
    let world = World::open().await;
    let person = world.insured(None).await;
    world
        .settle("one", visit(&person, "V-1", "2017-05-02", 1_000))
        .await
        .unwrap();
    let db = world.suite.database(CHAINED).unwrap();
    assert!(event::seal(db, Instant::from_micros(0)).await.unwrap() > 0);
    let asked = |database: &TestDatabase| match database.folder() {
        Some(data) => yibao(&["verify", "--data", text(data)]),
        None => yibao(&["verify", "--database", &database.url("suite")]),
    };
    let sound = done(asked(&world.database)).await;
    assert!(sound.out.contains("事件链未断"), "{sound:?}");
    use sea_orm::ConnectionTrait;
    let edit = "UPDATE event SET subject = 'somebody else' WHERE position = 1";
    db.reader().execute_unprepared(edit).await.unwrap();
    let broken = ran(asked(&world.database)).await;
    let names = broken.err.contains(CHAINED) && broken.err.contains("block 1");
    assert!(!broken.status.success() && names, "{broken:?}");
}

#[tokio::test]
async fn health_says_who_serves_and_who_does_not() {
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("data");
    let nobody = ran(yibao(&["health", "--endpoint", "http://127.0.0.1:1"])).await;
    assert!(
        !nobody.status.success() && nobody.err.contains("cannot reach"),
        "{nobody:?}"
    );
    let arguments = ["up", "--data", text(&data), "--listen", "127.0.0.1:0"];
    let mut suite = Child::start(&mut yibao(&arguments));
    let line = suite.until("http://127.0.0.1:");
    let (_, after) = line.split_once("127.0.0.1:").expect("an address");
    let port: String = after.chars().take_while(char::is_ascii_digit).collect();
    let endpoint = format!("http://127.0.0.1:{port}");
    suite.until("按 Ctrl-C 停止");
    let limit = std::time::Instant::now() + PATIENCE;
    // It says so once it has looked at its databases.
    loop {
        let told = ran(yibao(&["health", "--endpoint", &endpoint])).await;
        if told.status.success() {
            assert_eq!(told.out.trim(), "SERVING");
            break;
        }
        assert!(told.err.contains("NOT_SERVING"), "{told:?}");
        assert!(std::time::Instant::now() < limit, "{told:?}");
    }
    let stranger = [
        "health",
        "--endpoint",
        &endpoint,
        "--service",
        "no.such.Service",
    ];
    let stranger = ran(yibao(&stranger)).await;
    assert!(!stranger.status.success(), "{stranger:?}");
    suite.signal("TERM");
    assert!(suite.end().status.success());
}
