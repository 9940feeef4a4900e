//! What the tables say, read as they are: no code of the services' stands between them and the
//! checks.

use super::fleet::SECRET;
use super::kinds::{Effect, made, named, within};
use super::load::desk;
use super::record::{Entries, Entry, Made};
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
use std::time::Duration;

/// Questions under way at once.
const AT_ONCE: usize = 8;
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
    /// All amounts, with the deltas, as JSON.
    pub amounts: String,
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

/// The tables of settlement.
#[derive(Clone, Debug, Default)]
pub struct Books {
    /// 结算.
    pub settled: Vec<Settled>,
    /// 分录.
    pub postings: Vec<Posting>,
    /// 年度累计.
    pub years: Vec<PersonYear>,
    /// Events, sealed or not.
    pub events: Vec<Event>,
    /// Request keys.
    pub keys: Vec<Key>,
}

impl Books {
    /// Reads them from the database at this URL.
    pub async fn read(url: &str) -> Result<Books, DbErr> {
        let db = Database::connect(url).await?;
        let books = Books {
            settled: all(&db, "settlement").await?,
            postings: all(&db, "posting").await?,
            years: all(&db, "person_year").await?,
            events: all(&db, "event").await?,
            keys: all(&db, "request_key").await?,
        };
        db.close().await?;
        Ok(books)
    }
}

async fn all<R: FromQueryResult>(on: &impl ConnectionTrait, table: &str) -> Result<Vec<R>, DbErr> {
    let select = format!("SELECT * FROM settlement.{table}");
    let statement = Statement::from_string(on.get_database_backend(), select);
    R::find_by_statement(statement).all(on).await
}

/// What the services say of a request.
#[derive(Clone, Debug, Default)]
pub struct Word {
    /// GetOutcome, asked as the till that sent it.
    pub outcome: Option<Outcome>,
    /// GetSettlement of what was made, and whether it is reversed.
    pub settlement: Option<(Made, bool)>,
}

/// What the services say of every request of a record.
pub async fn words(entries: &Entries, front: &str, settlement: &str) -> BTreeMap<String, Word> {
    let front = connect(front, "").expect("an endpoint of ours");
    let books = connect(settlement, SECRET).expect("an endpoint of ours");
    let (front, books) = (&front, &books);
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
        method: kind.method.into(),
    };
    let mut client = desk(front, entry.order.till).orchestrator();
    let answer = client.get_outcome(within(request, PATIENCE)).await.ok();
    let outcome = answer.and_then(|answer| answer.into_inner().outcome);
    let mut found = None;
    if let Some(made_of) = entry.made().filter(|_| kind.effect == Effect::Settles) {
        let settlement_id = made_of.subject.clone();
        let request = auditor().own(GetSettlementRequest { settlement_id });
        let answer = SettlementServiceClient::new(books.clone())
            .get_settlement(request)
            .await
            .ok();
        found = answer
            .and_then(|answer| answer.into_inner().settlement)
            .map(|settlement| {
                let reversed = settlement.state() == State::Reversed;
                (made(settlement), reversed)
            });
    }
    Word {
        outcome,
        settlement: found,
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
