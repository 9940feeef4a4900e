//! What the tables say, read as they are: no code of the services' stands between them and the
//! checks.

use super::fleet::{FRONT, Fleet};
use super::kinds::{bill, named, within};
use super::load::desk;
use super::record::{Bill, Entries, Entry};
use crate::AREA;
use futures_util::StreamExt;
use kernel::{AreaCode, Principal, Role};
use proto::common::Outcome;
use proto::common::settlement::State;
use proto::orchestrator::GetOutcomeRequest;
use proto::settlement::GetSettlementRequest;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use runtime::{Context, Wire, connect};
use sea_orm::{ConnectionTrait, Database, DbErr, FromQueryResult, Statement};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Questions under way at once.
const AT_ONCE: usize = 8;
/// How often is looked whether a saga is under way.
const LOOK: Duration = Duration::from_millis(100);
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(50);

/// A row of `settlement`.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Settled {
    /// Its id.
    pub settlement_id: String,
    /// Whose.
    pub person_id: String,
    /// 险种类型.
    pub scheme: String,
    /// The year it counts in.
    pub year: i32,
    /// Its place in the person's year.
    pub ordinal: i64,
    /// The institution's code.
    pub institution_code: String,
    /// The institution's visit number.
    pub visit_number: String,
    /// 医疗费总额.
    pub total_fen: i64,
    /// 基金支付总额.
    pub funds_fen: i64,
    /// 个人现金支出.
    pub cash_fen: i64,
    /// All amounts, with the deltas, as JSON; empty where they are packed.
    pub amounts: String,
    /// The documents, packed.
    pub packed: Option<Vec<u8>>,
    /// When it was reversed.
    pub reversed_at: Option<i64>,
}

/// A row of `posting`.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Posting {
    /// The ledger transaction.
    pub transaction_id: String,
    /// The settlement it is of.
    pub settlement_id: String,
    /// The transaction it is the opposite of.
    pub reverses: Option<String>,
    /// The account.
    pub account: String,
    /// What it adds to it.
    pub amount_fen: i64,
}

/// A row of `person_year`.
#[derive(Clone, Debug, FromQueryResult)]
pub struct PersonYear {
    /// Whose.
    pub person_id: String,
    /// 险种类型.
    pub scheme: String,
    /// The year.
    pub year: i32,
    /// How often it changed.
    pub version: i64,
    /// The last ordinal given.
    pub last_ordinal: i64,
    /// The accumulators as JSON.
    pub accumulators: String,
    /// The hold that has it.
    pub held_by: Option<String>,
}

/// A row of `event`.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Event {
    /// What happened.
    pub kind: String,
    /// To what.
    pub subject: String,
    /// Its place in the chain, once it is sealed.
    pub position: Option<i64>,
}

/// A row of `request_key`.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Key {
    /// The chain of callers.
    pub caller: String,
    /// The method.
    pub method: String,
    /// The request.
    pub request_id: String,
    /// 0 pending, 1 done, 2 refused, 3 withdrawn.
    pub state: i16,
    /// What it made.
    pub subject: Option<String>,
}

/// A row of `hold`.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Hold {
    /// Its id.
    pub hold_id: String,
    /// When it was withdrawn.
    pub released_at: Option<i64>,
    /// When its claims were posted.
    pub posted_at: Option<i64>,
}

/// A row of `guarantee`.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Guarantee {
    /// Its id.
    pub guarantee_id: String,
    /// Whose.
    pub person_id: String,
    /// The institution's visit number.
    pub visit_number: String,
    /// When it was opened.
    pub opened_at: i64,
    /// The settlement that closed it.
    pub settlement_id: Option<String>,
    /// When it was closed.
    pub closed_at: Option<i64>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<i64>,
}

/// A row of `subsidy`.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Subsidy {
    /// Its id.
    pub subsidy_id: String,
    /// Whose.
    pub person_id: String,
    /// 资助金额.
    pub subsidy_fen: i64,
    /// The coverage it is paid for.
    pub coverage_id: String,
    /// When it was withdrawn.
    pub withdrawn_at: Option<i64>,
}

/// A row of `online_suspension`, or of referral's `bar`.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Suspension {
    /// 处理决定书文号: the request's own id.
    pub decision_number: String,
    /// When it was withdrawn.
    pub withdrawn_at: Option<i64>,
}

/// A row of `referral`.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Referral {
    /// Its id.
    pub referral_id: String,
    /// The request that used it.
    pub used_by: Option<String>,
    /// The visit that used it.
    pub visit_number: Option<String>,
}

/// A row of `coverage`.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Coverage {
    /// Its id.
    pub coverage_id: String,
    /// Whose.
    pub person_id: String,
    /// When it was withdrawn.
    pub withdrawn_at: Option<i64>,
}

/// A row of `saga`.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Saga {
    /// Its caller's name for it.
    pub request_id: String,
    /// Body and version.
    pub kind: String,
    /// 0 running, 1 done, 2 refused, 3 withdrawn, 4 stuck, 5 abandoned.
    pub state: i16,
    /// The code of what was heard last.
    pub heard_code: Option<String>,
}

/// The tables.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// 结算.
    pub settled: Vec<Settled>,
    /// 分录.
    pub postings: Vec<Posting>,
    /// 年度累计.
    pub years: Vec<PersonYear>,
    /// 预留.
    pub holds: Vec<Hold>,
    /// 先诊疗后付费.
    pub guarantees: Vec<Guarantee>,
    /// 参保资助.
    pub subsidies: Vec<Subsidy>,
    /// 暂停联网结算.
    pub suspensions: Vec<Suspension>,
    /// Events of settlement, sealed or not.
    pub events: Vec<Event>,
    /// Request keys of settlement.
    pub keys: Vec<Key>,
    /// 转诊.
    pub referrals: Vec<Referral>,
    /// 暂停转入.
    pub bars: Vec<Suspension>,
    /// 参保.
    pub coverages: Vec<Coverage>,
    /// 长事务.
    pub sagas: Vec<Saga>,
}

impl Books {
    /// Reads them from the database at this URL.
    pub async fn read(url: &str) -> Result<Books, DbErr> {
        let db = Database::connect(url).await?;
        let books = Books::on(&db).await?;
        db.close().await?;
        Ok(books)
    }

    /// Reads them as they are seen there.
    pub async fn on(db: &impl ConnectionTrait) -> Result<Books, DbErr> {
        Ok(Books {
            settled: all(db, "settlement.settlement").await?,
            postings: all(db, "settlement.posting").await?,
            years: all(db, "settlement.person_year").await?,
            holds: all(db, "settlement.hold").await?,
            guarantees: all(db, "settlement.guarantee").await?,
            subsidies: all(db, "settlement.subsidy").await?,
            suspensions: all(db, "settlement.online_suspension").await?,
            events: all(db, "settlement.event").await?,
            keys: all(db, "settlement.request_key").await?,
            referrals: all(db, "referral.referral").await?,
            bars: all(db, "referral.bar").await?,
            coverages: all(db, "enrollment.coverage").await?,
            sagas: all(db, "orchestrator.saga").await?,
        })
    }
}

async fn all<R: FromQueryResult>(on: &impl ConnectionTrait, table: &str) -> Result<Vec<R>, DbErr> {
    let select = format!("SELECT * FROM {table}");
    let statement = Statement::from_string(on.get_database_backend(), select);
    R::find_by_statement(statement).all(on).await
}

/// Waits until no saga is under way, but no longer than this: whoever is then is a check's matter.
pub async fn quiet(url: &str, at_most: Duration) {
    let db = Database::connect(url).await.expect("the database");
    let limit = Instant::now() + at_most;
    let running = "SELECT 1 FROM orchestrator.saga WHERE state = 0 LIMIT 1";
    let asked = || Statement::from_string(db.get_database_backend(), running);
    while db
        .query_one_raw(asked())
        .await
        .expect("an answer")
        .is_some()
        && Instant::now() < limit
    {
        sleep(LOOK).await;
    }
    db.close().await.expect("it closes");
}

/// What the services say of a request.
#[derive(Clone, Debug, Default)]
pub struct Word {
    /// GetOutcome, asked as the till that sent it.
    pub outcome: Option<Outcome>,
    /// GetSettlement of each that was made, and whether it is reversed.
    pub settlements: Vec<(Bill, bool)>,
}

/// What the services say of every request of a record.
pub async fn words(entries: &Entries, fleet: &Fleet) -> BTreeMap<String, Word> {
    let wire = |service, tls| {
        connect(&fleet.line(service).endpoint(), Some(&tls)).expect("an endpoint of ours")
    };
    let front = &wire(FRONT, fleet.certificates().nobody());
    let books = &wire("settlement", fleet.certificates().service());
    let said = futures_util::stream::iter(entries.values())
        .map(|entry| async move { (entry.order.id.clone(), word(entry, front, books).await) });
    said.buffer_unordered(AT_ONCE).collect().await
}

async fn word(entry: &Entry, front: &Wire, books: &Wire) -> Word {
    let Some(kind) = named(&entry.order.kind) else {
        return Word::default();
    };
    let request = GetOutcomeRequest {
        request_id: entry.order.id.clone(),
        method: kind.door.method.into(),
    };
    let mut client = desk(front, entry.order.till).orchestrator();
    let answer = client.get_outcome(within(request, PATIENCE)).await.ok();
    let outcome = answer.and_then(|answer| answer.into_inner().outcome);
    let mut settlements = Vec::new();
    for made_of in entry.bills() {
        let settlement_id = made_of.settlement_id.clone();
        let request = auditor().own(GetSettlementRequest { settlement_id });
        let answer = SettlementServiceClient::new(books.clone())
            .get_settlement(request)
            .await
            .ok();
        let shown = answer.and_then(|answer| answer.into_inner().settlement);
        settlements.extend(shown.map(|settlement| {
            let reversed = settlement.state() == State::Reversed;
            (bill(settlement), reversed)
        }));
    }
    Word {
        outcome,
        settlements,
    }
}

/// Who looks at the books of a service.
pub fn auditor() -> Context {
    let principal = Principal {
        caller: "auditor".into(),
        on_behalf_of: None,
        area: AreaCode::parse(AREA).expect("six digits"),
        roles: vec![Role::Service],
    };
    Context::of(principal, PATIENCE)
}
