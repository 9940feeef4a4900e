//! Redis is a cache and never truth: with it, without it, with lies in it, and when it dies in the
//! middle, a claim costs the same. Needs a `redis-server` program; says so when there is none.

use kernel::{AreaCode, Clock, Instant, Principal, Role};
use proto::common;
use proto::settlement as pb;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use runtime::clock::ManualClock;
use runtime::{Context, Settings, SharedCache, Wire};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use store::testing::TestDatabase;

const PERSON: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";
const HOSPITAL: &str = "H15250100001";

/// A private Redis on a Unix socket, ended when dropped.
struct Redis {
    server: Child,
    folder: tempfile::TempDir,
}

impl Redis {
    /// None when the machine has no `redis-server`.
    async fn start() -> Option<Redis> {
        let folder = tempfile::tempdir().unwrap();
        let server = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--dir"])
            .arg(folder.path())
            .arg("--unixsocket")
            .arg(folder.path().join("redis.sock"))
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let redis = Redis { server, folder };
        // Ready when it answers; what is put before that is lost, as is its right.
        let cache = SharedCache::open(Some(&redis.url()));
        while cache.get("ready").await.is_none() {
            cache.put("ready", b"1").await;
            tokio::task::yield_now().await;
        }
        Some(redis)
    }

    fn url(&self) -> String {
        format!(
            "redis+unix://{}",
            self.folder.path().join("redis.sock").display()
        )
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}

struct Desk {
    client: SettlementServiceClient<Wire>,
    context: Context,
}

impl Desk {
    /// A replica of the service: its own memory, the same database and cache.
    async fn open(database: &TestDatabase, redis: Option<&Redis>) -> Desk {
        let area = AreaCode::parse("152501").unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let mut settings = Settings::embedded(listen, area.clone(), database.url("settlement"));
        settings.redis_url = redis.map(Redis::url);
        let now = Instant::from_micros(1_512_086_400_000_000);
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(now));
        let library = Arc::new(policy::Library::builtin().unwrap());
        let db = settlement::open(&settings).await.unwrap();
        let service = settlement::build(db, &settings, clock, library);
        let principal = Principal {
            caller: "clerk-1".into(),
            on_behalf_of: None,
            area,
            roles: vec![Role::Clerk],
        };
        let context = Context::of(principal, Duration::from_secs(30));
        Desk {
            client: SettlementServiceClient::new(service.wire()),
            context,
        }
    }

    async fn furnish(&mut self) {
        let institution = pb::Institution {
            institution_code: HOSPITAL.into(),
            name: "测试医院".into(),
            tier: "2".into(),
            kind: "A1".into(),
            agreement_from_day: "2010-01-01".into(),
            ..Default::default()
        };
        let request_id = "reg".into();
        let request = pb::RegisterInstitutionRequest {
            request_id,
            institution: Some(institution),
        };
        self.client
            .register_institution(self.context.own(request))
            .await
            .unwrap();
        let item = pb::CatalogueItem {
            item_code: "D-B".into(),
            name: "乙类药".into(),
            item_class: "02".into(),
            first_pay_bp: 1_000,
            ..Default::default()
        };
        let request = pb::PublishCatalogueRequest {
            request_id: "cat".into(),
            effective_day: "2016-01-01".into(),
            items: vec![item],
        };
        self.client
            .publish_catalogue(self.context.own(request))
            .await
            .unwrap();
    }

    async fn price(&mut self) -> common::Quote {
        let claim = common::Claim {
            person_id: PERSON.into(),
            institution_code: HOSPITAL.into(),
            visit_number: "V1".into(),
            scheme: "390".into(),
            med_type: "21".into(),
            begin_day: "2017-03-01".into(),
            end_day: "2017-03-10".into(),
            diagnosis_code: "J18.900".into(),
            lines: vec![common::ClaimLine {
                number: 1,
                item_code: "D-B".into(),
                unit_price_micro_yuan: 9_000_000_000,
                quantity_e4: 10_000,
                amount_fen: 900_000,
                ..Default::default()
            }],
            ..Default::default()
        };
        let member = common::Member {
            person_id: PERSON.into(),
            area_code: "152501".into(),
            person_version: 1,
            scheme: "390".into(),
            as_of_day: "2017-03-10".into(),
            eligible: true,
            sex: "1".into(),
            birth_day: "1980-01-01".into(),
            ..Default::default()
        };
        let request = pb::PriceClaimRequest {
            claim: Some(claim),
            member: Some(member),
            findings: vec![],
        };
        let answer = self
            .client
            .price_claim(self.context.own(request))
            .await
            .unwrap();
        answer.into_inner().quote.unwrap()
    }
}

/// The key of the one catalogue in the cache. A replica that finds Redis slow does not wait for it, so
/// it is filled by the first that does not.
async fn cached(
    database: &TestDatabase,
    redis: &Redis,
    connection: &mut redis::aio::MultiplexedConnection,
) -> String {
    for _ in 0..20 {
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg("yibao:1:catalogue:*")
            .query_async(connection)
            .await
            .unwrap();
        match keys.as_slice() {
            [] => drop(Desk::open(database, Some(redis)).await.price().await),
            [key] => return key.clone(),
            more => panic!("one catalogue is cached: {more:?}"),
        }
    }
    panic!("nothing is cached")
}

#[tokio::test]
async fn a_claim_costs_the_same_whatever_redis_does() {
    let Some(redis) = Redis::start().await else {
        println!("redis-server is not here: skipped");
        return;
    };
    let database = TestDatabase::open().await.unwrap();
    let mut without = Desk::open(&database, None).await;
    without.furnish().await;
    let truth = without.price().await;
    assert_eq!(truth.amounts.as_ref().unwrap().first_pay_fen, 90_000);

    // The first replica fills the cache, the second reads from it.
    assert_eq!(
        Desk::open(&database, Some(&redis)).await.price().await,
        truth
    );
    let mut second = Desk::open(&database, Some(&redis)).await;
    assert_eq!(second.price().await, truth);

    // A lie under the right key is found out by its digest.
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let key = &cached(&database, &redis, &mut connection).await;
    let get = redis::cmd("GET").arg(key).to_owned();
    let honest: String = get.query_async(&mut connection).await.unwrap();
    let lie = honest.replace("1000", "0");
    assert_ne!(honest, lie);
    let mut set = redis::cmd("SET");
    set.arg(key)
        .arg(lie)
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    assert_eq!(
        Desk::open(&database, Some(&redis)).await.price().await,
        truth
    );
    for nonsense in ["", "{}", "null"] {
        let mut set = redis::cmd("SET");
        set.arg(key)
            .arg(nonsense)
            .query_async::<()>(&mut connection)
            .await
            .unwrap();
        assert_eq!(
            Desk::open(&database, Some(&redis)).await.price().await,
            truth
        );
    }

    // It dies while replicas hold connections to it.
    let mut third = Desk::open(&database, Some(&redis)).await;
    drop(connection);
    drop(redis);
    assert_eq!(third.price().await, truth);
    assert_eq!(second.price().await, truth);
}
