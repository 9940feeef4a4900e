//! Sagas as operators see and direct them. What callers sent and peers answered is never read here.

use super::{State, told};
use crate::entity::saga::{Column, Entity};
use kernel::{AreaCode, Instant, Refusal};
use sea_orm::sea_query::{BinOper, Expr, Func, LikeExpr, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, UpdateMany,
};
use store::{Db, Stop, Tx, now_sql};

/// Sagas counted or directed at once.
pub const MANY_MAX: u64 = 100_000;

/// Characters of what operators wrote of one saga, at most.
const NOTES_MAX: i32 = 4_000;

/// What is told of a saga.
const SHOWN: [Column; 23] = [
    Column::SagaId,
    Column::Kind,
    Column::State,
    Column::Caller,
    Column::Method,
    Column::RequestId,
    Column::Subject,
    Column::Refusal,
    Column::Heard,
    Column::RestStep,
    Column::RestAttempts,
    Column::Withdraw,
    Column::Lines,
    Column::Owner,
    Column::Fence,
    Column::LeaseUntil,
    Column::DueAt,
    Column::AbandonBy,
    Column::AbandonReason,
    Column::BeganAt,
    Column::ChangedAt,
    Column::HeardCode,
    Column::Notes,
];

/// A saga without what its caller sent.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Seen {
    /// Its id.
    pub saga_id: String,
    /// Its body and version.
    pub kind: String,
    state: i16,
    /// Who asked for it.
    pub caller: String,
    /// The method that was called.
    pub method: String,
    /// The caller's name for the request.
    pub request_id: String,
    /// The id of what it made.
    pub subject: Option<String>,
    refusal: Option<String>,
    heard: Option<String>,
    heard_code: Option<String>,
    rest_step: Option<i64>,
    rest_attempts: i64,
    /// Its owner wants it withdrawn.
    pub withdraw: bool,
    /// Lines in its journal.
    pub lines: i32,
    owner: String,
    /// How often it was taken up.
    pub fence: i64,
    lease_until: i64,
    due_at: i64,
    /// Who proposed to abandon it.
    pub abandon_by: Option<String>,
    /// Why.
    pub abandon_reason: Option<String>,
    /// 处理说明: what operators wrote.
    pub notes: Option<String>,
    began_at: i64,
    changed_at: i64,
}

impl Seen {
    /// Where it stands.
    pub fn state(&self) -> State {
        State::of(self.state)
    }

    /// Why it was refused.
    pub fn refusal(&self) -> Option<Refusal> {
        told(self.refusal.as_deref())
    }

    /// What was heard last where an answer was missing, or why it is stuck.
    pub fn heard(&self) -> Option<Refusal> {
        told(self.heard.as_deref())
    }

    /// How often the step it rests at was asked.
    pub fn attempts(&self) -> i64 {
        self.rest_step.map_or(0, |_| self.rest_attempts)
    }

    /// The replica that has it.
    pub fn owner(&self) -> &str {
        match self.state() == State::Running && self.lease_until > 0 {
            true => &self.owner,
            false => "",
        }
    }

    /// When it is taken up again, by the database's clock.
    pub fn due(&self) -> Option<Instant> {
        let due = self.due_at.max(self.lease_until);
        (self.state() == State::Running).then(|| Instant::from_micros(due))
    }

    /// When it began.
    pub fn began(&self) -> Instant {
        Instant::from_micros(self.began_at)
    }

    /// When its journal was last written.
    pub fn changed(&self) -> Instant {
        Instant::from_micros(self.changed_at)
    }
}

/// Which sagas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Where they stand; any when empty.
    pub states: Vec<State>,
    /// A body and version, or a body of any version; any when empty.
    pub kind: String,
    /// Only those that began until then.
    pub began_until: Option<Instant>,
    /// The code of the last fault; any when empty.
    pub fault_code: String,
    /// Who asked for them; any when empty.
    pub caller: String,
    /// The caller's name for the request; any when empty.
    pub request_id: String,
}

impl Filter {
    fn condition(&self, area: &AreaCode) -> Condition {
        let states = (!self.states.is_empty())
            .then(|| Column::State.is_in(self.states.iter().map(|state| state.number())));
        let began = self
            .began_until
            .map(|until| Column::BeganAt.lte(until.micros()));
        let said =
            |column: Column, text: &str| (!text.is_empty()).then(|| column.eq(text.to_string()));
        Condition::all()
            .add(Column::Area.eq(area.as_str()))
            .add_option(states)
            .add_option(self.of_kind())
            .add_option(began)
            .add_option(said(Column::HeardCode, &self.fault_code))
            .add_option(said(Column::Caller, &self.caller))
            .add_option(said(Column::RequestId, &self.request_id))
    }

    /// `settle` is every `settle.vN`. An underscore stands for itself.
    fn of_kind(&self) -> Option<Condition> {
        let kind = self.kind.as_str();
        let versions = format!("{}.v%", kind.replace('_', "\\_"));
        let versions = Column::Kind.like(LikeExpr::new(versions).escape('\\'));
        let any = Condition::any().add(Column::Kind.eq(kind)).add(versions);
        (!kind.is_empty()).then_some(any)
    }
}

fn shown(condition: Condition) -> Select<Entity> {
    Entity::find()
        .select_only()
        .columns(SHOWN)
        .filter(condition)
}

/// Sagas behind an id that meet the filter, at most `limit`, by their ids: oldest first.
pub async fn page(
    db: &Db,
    area: &AreaCode,
    filter: &Filter,
    after: &str,
    limit: u64,
) -> Result<Vec<Seen>, Stop> {
    let found = shown(filter.condition(area))
        .filter(Column::SagaId.gt(after))
        .order_by_asc(Column::SagaId)
        .limit(limit)
        .into_model::<Seen>()
        .all(db.reader());
    Ok(found.await?)
}

/// How many sagas of a kind are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The body and version.
    pub kind: String,
    /// Where they stand.
    pub state: State,
    /// How many.
    pub sagas: i64,
}

/// How many meet the filter, by kind and state, of the oldest [`MANY_MAX`].
pub async fn tallies(db: &Db, area: &AreaCode, filter: &Filter) -> Result<Vec<Tally>, Stop> {
    let oldest = Entity::find()
        .select_only()
        .columns([Column::Kind, Column::State])
        .filter(filter.condition(area))
        .order_by_asc(Column::SagaId)
        .limit(MANY_MAX)
        .into_query();
    let counted = sea_orm::sea_query::Query::select()
        .columns([Column::Kind, Column::State])
        .expr_as(Expr::cust("COUNT(*)"), "sagas")
        .from_subquery(oldest, "oldest")
        .group_by_columns([Column::Kind, Column::State])
        .order_by_columns([
            (Column::Kind, sea_orm::Order::Asc),
            (Column::State, sea_orm::Order::Asc),
        ])
        .to_owned();
    let rows = db
        .reader()
        .query_all_raw(db.reader().get_database_backend().build(&counted));
    let tally = |row: sea_orm::QueryResult| {
        Ok(Tally {
            kind: row.try_get("", "kind")?,
            state: State::of(row.try_get("", "state")?),
            sagas: row.try_get("", "sagas")?,
        })
    };
    rows.await?.into_iter().map(tally).collect()
}

/// One saga of the area.
pub async fn seen(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    saga_id: &str,
) -> Result<Option<Seen>, Stop> {
    let found = shown(one(area, saga_id)).into_model::<Seen>().one(on);
    Ok(found.await?)
}

/// One saga of the area, locked.
pub async fn lock(tx: &Tx, area: &AreaCode, saga_id: &str) -> Result<Option<Seen>, Stop> {
    let locked = shown(one(area, saga_id)).lock_exclusive();
    Ok(locked.into_model::<Seen>().one(&**tx).await?)
}

/// What a saga was asked, and for whom: for pricing alone.
pub async fn asked(db: &Db, area: &AreaCode, saga_id: &str) -> Result<Option<super::Row>, Stop> {
    let found = Entity::find().filter(one(area, saga_id)).one(db.reader());
    Ok(found.await?.map(super::Row))
}

fn one(area: &AreaCode, saga_id: &str) -> Condition {
    Condition::all()
        .add(Column::Area.eq(area.as_str()))
        .add(Column::SagaId.eq(saga_id))
}

/// How many sagas meet the filter, at most [`MANY_MAX`].
pub async fn count(db: &Db, area: &AreaCode, filter: &Filter) -> Result<i64, Stop> {
    let tallies = tallies(db, area, filter).await?;
    Ok(tallies.iter().map(|tally| tally.sagas).sum())
}

/// One that rests is due now; `note` is what its operator wrote.
pub async fn retry(tx: &Tx, area: &AreaCode, saga_id: &str, note: &str) -> Result<(), Stop> {
    let update = noted(Entity::update_many(), note).filter(one(area, saga_id));
    due_now(update, tx).exec(&**tx).await?;
    Ok(())
}

/// One that is stuck goes on where it stopped: its attempts are counted anew, and nobody's proposal
/// to abandon it stands any more.
pub async fn resume(
    tx: &Tx,
    area: &AreaCode,
    saga_id: &str,
    (note, now): (&str, Instant),
) -> Result<(), Stop> {
    let update = noted(Entity::update_many(), note).filter(one(area, saga_id));
    running(due_now(update, tx), now).exec(&**tx).await?;
    Ok(())
}

/// The oldest [`MANY_MAX`] that meet the filter are due now, and those that are stuck go on; answers
/// how many.
pub async fn take_up_many(
    tx: &Tx,
    area: &AreaCode,
    filter: &Filter,
    (note, now): (&str, Instant),
) -> Result<i64, Stop> {
    let ids = Entity::find()
        .select_only()
        .column(Column::SagaId)
        .filter(filter.condition(area))
        .order_by_asc(Column::SagaId)
        .limit(MANY_MAX)
        .into_query();
    // The condition outside as well: whoever waited for a row may find it changed.
    let update = noted(Entity::update_many(), note)
        .filter(filter.condition(area))
        .filter(Column::SagaId.in_subquery(ids));
    let mut update = due_now(update, tx);
    if filter.states == [State::Stuck] {
        update = running(update, now);
    }
    let taken = update.exec(&**tx).await?.rows_affected;
    Ok(i64::try_from(taken).unwrap_or(i64::MAX))
}

/// With a line more of what operators wrote, of which the newest are kept.
fn noted(update: UpdateMany<Entity>, note: &str) -> UpdateMany<Entity> {
    use sea_orm::sea_query::ExprTrait;
    // Newest first: what is too long loses its oldest.
    let before = Func::coalesce([Expr::col(Column::Notes), Expr::value("")]);
    let all = Expr::value(note).binary(BinOper::Custom("||"), before);
    let kept = Func::cust("SUBSTR").args([all, Expr::value(1), Expr::value(NOTES_MAX)]);
    update.col_expr(Column::Notes, kept.into())
}

fn due_now(update: UpdateMany<Entity>, tx: &Tx) -> UpdateMany<Entity> {
    let now = Expr::cust(now_sql(tx.get_database_backend()));
    update.col_expr(Column::DueAt, now)
}

fn running(update: UpdateMany<Entity>, now: Instant) -> UpdateMany<Entity> {
    update
        .col_expr(Column::State, Expr::value(State::Running.number()))
        .col_expr(Column::RestStep, Expr::value(Option::<i64>::None))
        .col_expr(Column::RestAttempts, Expr::value(0_i64))
        .col_expr(Column::AbandonBy, nothing())
        .col_expr(Column::AbandonReason, nothing())
        .col_expr(Column::ChangedAt, Expr::value(now.micros()))
}

fn nothing() -> SimpleExpr {
    Expr::value(Option::<String>::None)
}

/// Notes who wants a saga abandoned, and why.
pub async fn propose(
    tx: &Tx,
    area: &AreaCode,
    saga_id: &str,
    (by, reason): (&str, &str),
) -> Result<(), Stop> {
    Entity::update_many()
        .col_expr(Column::AbandonBy, Expr::value(by))
        .col_expr(Column::AbandonReason, Expr::value(reason))
        .filter(one(area, saga_id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Leaves a saga as it stands, with the id of what its pivot made.
pub async fn abandon(
    tx: &Tx,
    area: &AreaCode,
    saga_id: &str,
    made: Option<&str>,
    now: Instant,
) -> Result<(), Stop> {
    Entity::update_many()
        .col_expr(Column::Subject, Expr::value(made.map(str::to_string)))
        .col_expr(Column::State, Expr::value(State::Abandoned.number()))
        .col_expr(Column::ChangedAt, Expr::value(now.micros()))
        .filter(one(area, saga_id))
        .exec(&**tx)
        .await?;
    Ok(())
}
