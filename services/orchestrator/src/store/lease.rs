//! Who has a saga: leases by the database's clock, and writes only by whoever has it.

use super::rows::{insert_lines, micros};
use super::{Row, State, to_json};
use crate::entity::saga;
use ::saga::{Change, Entry, Lost, Wish};
use kernel::Instant;
use kernel::refusal::{INTERNAL, REQUEST_ID_REUSED};
use sea_orm::sea_query::{Expr, ExprTrait, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    QueryTrait, Statement, Value,
};
use std::time::Duration;
use store::{Db, Stop, Tx, now_sql};

/// What the database's clock says.
pub(super) async fn database_now(tx: &Tx) -> Result<i64, Stop> {
    let backend = tx.get_database_backend();
    let asked = format!("SELECT {} AS now", now_sql(backend));
    let row = tx
        .query_one_raw(Statement::from_string(backend, asked))
        .await?;
    let row = row.ok_or_else(|| INTERNAL.refuse())?;
    Ok(row.try_get("", "now")?)
}

/// True when some saga may be taken up: a look that takes no lock.
pub async fn due(db: &Db, kinds: &[&str]) -> Result<bool, Stop> {
    let now = now_sql(db.reader().get_database_backend());
    let first = saga::Entity::find()
        .select_only()
        .column(saga::Column::SagaId)
        .filter(saga::Column::State.eq(State::Running.number()))
        .filter(saga::Column::Kind.is_in(kinds.iter().copied()))
        .filter(Expr::cust(format!("due_at <= {now}")))
        .filter(Expr::cust(format!("lease_until <= {now}")))
        .limit(1)
        .into_tuple::<String>()
        .one(db.reader());
    Ok(first.await?.is_some())
}

/// Which sagas to take up.
#[derive(Clone, Debug)]
pub enum Which {
    /// The one of this area and id, whether it is due or not.
    One(String, String),
    /// At most so many that are due.
    Due(u64),
}

/// Takes up sagas of these kinds that nobody has. Of several replicas one gets each.
pub async fn adopt(
    tx: &Tx,
    which: &Which,
    kinds: &[&str],
    owner: &str,
    lease: Duration,
) -> Result<Vec<Row>, Stop> {
    let backend = tx.get_database_backend();
    let now = now_sql(backend);
    let mut values: Vec<Value> = vec![owner.into(), micros(lease).into()];
    values.push(match which {
        Which::One(_, id) => id.as_str().into(),
        Which::Due(limit) => i64::try_from(*limit).unwrap_or(i64::MAX).into(),
    });
    let first = values.len() + 1;
    values.extend(kinds.iter().map(|kind| Value::from(*kind)));
    let known: Vec<String> = (first..=values.len())
        .map(|place| format!("${place}"))
        .collect();
    let known = known.join(", ");
    let free = format!("state = 0 AND lease_until <= {now} AND kind IN ({known})");
    let which = match which {
        Which::One(area, _) => {
            values.push(area.as_str().into());
            format!("area = ${} AND saga_id = $3", values.len())
        }
        Which::Due(_) => format!(
            "saga_id IN (SELECT saga_id FROM saga \
             WHERE {free} AND due_at <= {now} ORDER BY due_at LIMIT $3)"
        ),
    };
    // The condition outside as well: whoever waited for a row finds it taken.
    let sql = format!(
        "UPDATE saga SET owner = $1, fence = fence + 1, lease_until = {now} + $2 \
         WHERE {which} AND {free} RETURNING *"
    );
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let rows = saga::Model::find_by_statement(statement).all(&**tx).await?;
    Ok(rows.into_iter().map(Row).collect())
}

/// Who writes: the owner and its fence.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The saga's area.
    pub area: String,
    /// The saga.
    pub saga_id: String,
    /// The replica.
    pub owner: String,
    /// The number of the time it was taken up.
    pub fence: i64,
    /// Lines in its journal, as far as the replica knows.
    pub lines: i32,
}

/// Keeps a saga for longer.
pub async fn renew(tx: &Tx, holder: &Holder, lease: Duration) -> Result<Result<(), Lost>, Stop> {
    let now = now_sql(tx.get_database_backend());
    let until = Expr::cust(format!("{now} + {}", micros(lease)));
    let renewed = held(holder).col_expr(saga::Column::LeaseUntil, until);
    Ok(match renewed.exec(&**tx).await?.rows_affected {
        1 => Ok(()),
        _ => Err(Lost::Gone),
    })
}

fn held(holder: &Holder) -> sea_orm::UpdateMany<saga::Entity> {
    use saga::Column;
    saga::Entity::update_many()
        .filter(Column::Area.eq(holder.area.as_str()))
        .filter(Column::SagaId.eq(holder.saga_id.as_str()))
        .filter(Column::Owner.eq(holder.owner.as_str()))
        .filter(Column::Fence.eq(holder.fence))
        .filter(Column::Lines.eq(holder.lines))
        .filter(Column::State.eq(State::Running.number()))
}

/// Appends lines and changes the row, if the saga is still the holder's and its journal as long as
/// the holder knows it. Answers what its owner wants.
pub async fn write(
    tx: &Tx,
    holder: &Holder,
    lines: &[Entry],
    change: &Change,
    (lease, backoff): (Duration, Duration),
    now: Instant,
) -> Result<Result<Wish, Lost>, Stop> {
    use saga::Column;
    let clock = now_sql(tx.get_database_backend());
    let later = |duration: Duration| Expr::cust(format!("{clock} + {}", micros(duration)));
    let grown = holder
        .lines
        .saturating_add(i32::try_from(lines.len()).unwrap_or(i32::MAX));
    let mut update = held(holder)
        .col_expr(Column::Lines, Expr::value(grown))
        .col_expr(Column::ChangedAt, Expr::value(now.micros()));
    let state = |state: State| -> SimpleExpr { Expr::value(state.number()) };
    // Whoever has come to an end holds nothing any more.
    let free = |update: sea_orm::UpdateMany<saga::Entity>| {
        update.col_expr(Column::LeaseUntil, Expr::value(0_i64))
    };
    update = match change {
        Change::Begin => return Ok(Err(Lost::Gone)),
        Change::Go => update
            .col_expr(Column::LeaseUntil, later(lease))
            .col_expr(Column::RestStep, Expr::value(Option::<i64>::None)),
        Change::Rest {
            step,
            attempts,
            heard,
        } => free(update)
            .col_expr(Column::RestStep, Expr::value(i64::from(*step)))
            .col_expr(Column::RestAttempts, Expr::value(i64::from(*attempts)))
            .col_expr(Column::Heard, Expr::value(to_json(heard)))
            .col_expr(Column::HeardCode, Expr::value(heard.code.as_ref()))
            .col_expr(Column::DueAt, later(backoff)),
        Change::Done(subject) => update
            .col_expr(Column::Subject, Expr::value(subject.as_str()))
            // Its owner may want it withdrawn since the last line: then it goes on.
            .col_expr(
                Column::State,
                Expr::case(
                    Expr::col(Column::Withdraw).eq(true),
                    State::Running.number(),
                )
                .finally(State::Done.number())
                .into(),
            )
            .col_expr(
                Column::LeaseUntil,
                Expr::case(
                    Expr::col(Column::Withdraw).eq(true),
                    Expr::col(Column::LeaseUntil),
                )
                .finally(0_i64)
                .into(),
            ),
        // The key is another request's, which has its outcome: this row tells nothing of it.
        Change::Refused(no) if no.is(&REQUEST_ID_REUSED) => free(update)
            .col_expr(Column::State, state(State::Done))
            .col_expr(Column::Origin, Expr::value("")),
        Change::Refused(no) => free(update)
            .col_expr(Column::State, state(State::Refused))
            .col_expr(Column::Refusal, Expr::value(to_json(no))),
        Change::Withdrawn => free(update)
            .col_expr(Column::State, state(State::Withdrawn))
            .col_expr(Column::Subject, Expr::value(Option::<String>::None)),
        Change::Stands(subject, no) => free(update)
            .col_expr(Column::Subject, Expr::value(subject.as_str()))
            .col_expr(Column::State, state(State::Done))
            .col_expr(Column::Withdraw, Expr::value(false))
            .col_expr(Column::Stood, Expr::col(Column::Stood).add(1))
            .col_expr(Column::StoodFor, Expr::value(to_json(no))),
        Change::Stuck(no) => free(update)
            .col_expr(Column::State, state(State::Stuck))
            .col_expr(Column::Heard, Expr::value(to_json(no)))
            .col_expr(Column::HeardCode, Expr::value(no.code.as_ref())),
    };
    let backend = tx.get_database_backend();
    let update = update
        .into_query()
        .returning_col(Column::Withdraw)
        .to_owned();
    let Some(row) = tx.query_one_raw(backend.build(&update)).await? else {
        return Ok(Err(Lost::Gone));
    };
    let from = holder.lines;
    insert_lines(
        tx,
        &holder.area,
        &holder.saga_id,
        from,
        lines,
        &holder.owner,
        now,
    )
    .await?;
    Ok(Ok(match row.try_get("", "withdraw")? {
        true => Wish::Withdraw,
        false => Wish::GoOn,
    }))
}
