//! 采样: what the ledger moved today, and whether it balances.
//!
//! Cost, each sample and for each area: today's postings by the index of (area, posted_at), and those
//! of one earlier day. Postings of a transaction have one moment, so every day sums to zero by itself:
//! the days before are walked one at a time, back to the first, and then again from yesterday.

use crate::entity::institution;
use kernel::metric::{LEDGER_IMBALANCE, LEDGER_TODAY};
use kernel::{Clock, Day, Instant};
use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder, QuerySelect, Statement, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::sample::{Sample, keep_sampling};
use store::{Db, Stop};

/// Accounts of one area told at most: a fund has one, and all others go by their kind.
const ACCOUNTS_MAX: u32 = 100;

/// Tells of the ledger for ever.
pub async fn keep(db: Db, clock: Arc<dyn Clock>, period: Duration) {
    let (walks, now) = (Arc::new(Mutex::new(BTreeMap::new())), clock.clone());
    let look = move |db: Db| {
        let (walks, now) = (walks.clone(), now.now());
        async move { ledger(&db, &walks, now).await }
    };
    keep_sampling(db, clock, period, look).await;
}

/// How far an area's earlier days have been looked at.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// The day looked at last.
    at: Option<Day>,
    /// The days that do not sum to zero, and to what.
    wrong: BTreeMap<Day, i64>,
}

/// The walks of all areas.
pub type Walks = Mutex<BTreeMap<String, Walk>>;

/// What moved today in every area, and what does not balance.
pub async fn ledger(db: &Db, walks: &Walks, now: Instant) -> Result<Vec<Sample>, Stop> {
    // An area has institutions, and few enough to read them all.
    let areas: Vec<String> = institution::Entity::find()
        .select_only()
        .column(institution::Column::Area)
        .distinct()
        .order_by_asc(institution::Column::Area)
        .into_tuple()
        .all(db.reader())
        .await?;
    let mut told = Vec::new();
    for area in areas {
        let moved = moved(db, &area, now.day()).await?;
        let today = moved.iter().fold(0, |sum, (_, fen)| sum + i128::from(*fen));
        for (account, value) in moved {
            told.push(Sample {
                metric: &LEDGER_TODAY,
                value,
                labels: vec![("area", area.clone()), ("account", account)],
            });
        }
        let earlier = walked(db, walks, &area, now.day()).await?;
        for (days, fen) in [("today", today), ("earlier", earlier)] {
            told.push(Sample {
                metric: &LEDGER_IMBALANCE,
                value: i64::try_from(fen).unwrap_or(i64::MAX),
                labels: vec![("area", area.clone()), ("days", days.to_string())],
            });
        }
    }
    Ok(told)
}

/// Looks at one more earlier day; answers what the wrong ones come to, each without its sign.
async fn walked(db: &Db, walks: &Walks, area: &str, today: Day) -> Result<i128, Stop> {
    let walk = |change: &dyn Fn(&mut Walk)| {
        let mut walks = walks.lock().unwrap_or_else(PoisonError::into_inner);
        let walk = walks.entry(area.to_string()).or_default();
        change(walk);
        walk.clone()
    };
    let at = walk(&|_| {}).at.unwrap_or(today);
    // Days without postings are stepped over; at the first the walk begins anew.
    let day = match last_before(db, area, at).await? {
        Some(day) => Some(day),
        None => last_before(db, area, today).await?,
    };
    let Some(day) = day else {
        return Ok(0);
    };
    let sum = moved(db, area, day).await?;
    let sum: i128 = sum.iter().map(|(_, fen)| i128::from(*fen)).sum();
    let looked = walk(&|walk| {
        walk.at = Some(day);
        match i64::try_from(sum).unwrap_or(i64::MAX) {
            0 => walk.wrong.remove(&day),
            wrong => walk.wrong.insert(day, wrong),
        };
    });
    let wrong = looked.wrong.values().map(|fen| i128::from(*fen).abs());
    Ok(wrong.sum())
}

/// The last day before this one that has postings.
async fn last_before(db: &Db, area: &str, day: Day) -> Result<Option<Day>, Stop> {
    let until = Instant::beginning_of(day).micros();
    let sql = "SELECT MAX(posted_at) AS last FROM posting WHERE area = $1 AND posted_at < $2";
    let rows = asked(db, sql, [area.into(), until.into()]).await?;
    let last: Option<i64> = match rows.first() {
        Some(row) => row.try_get("", "last")?,
        None => None,
    };
    Ok(last.map(|last| Instant::from_micros(last).day()))
}

/// What moved on a day, by fund or kind of account.
async fn moved(db: &Db, area: &str, day: Day) -> Result<Vec<(String, i64)>, Stop> {
    // A sum of bigints is a numeric on PostgreSQL and an integer on SQLite (differs).
    let sql = format!(
        "SELECT CASE WHEN account LIKE 'fund:%' THEN account \
           WHEN account LIKE 'payable:person:%' THEN 'payable:person' \
           WHEN account LIKE 'payable:%' THEN 'payable:institution' \
           WHEN account LIKE 'account:%' THEN 'account:person' \
           ELSE 'other' END AS kind, CAST(SUM(amount_fen) AS bigint) AS fen \
         FROM posting WHERE area = $1 AND posted_at >= $2 AND posted_at < $3 \
         GROUP BY 1 ORDER BY 1 LIMIT {ACCOUNTS_MAX}"
    );
    let [from, until] = [day, day.next()].map(|day| Instant::beginning_of(day).micros());
    let rows = asked(db, &sql, [area.into(), from.into(), until.into()]).await?;
    let pair = |row: &sea_orm::QueryResult| {
        let pair: Result<_, Stop> = Ok((row.try_get("", "kind")?, row.try_get("", "fen")?));
        pair
    };
    rows.iter().map(pair).collect()
}

async fn asked<const N: usize>(
    db: &Db,
    sql: &str,
    values: [Value; N],
) -> Result<Vec<sea_orm::QueryResult>, Stop> {
    let backend = db.reader().get_database_backend();
    let asked = Statement::from_sql_and_values(backend, sql, values);
    Ok(db.reader().query_all_raw(asked).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::posting;
    use crate::migration::Migrator;
    use sea_orm::ActiveValue::Set;
    use store::DbConfig;
    use store::testing::TestDatabase;

    const AREA: &str = "999999";

    fn at(day: Day) -> i64 {
        Instant::beginning_of(day).plus_millis(1).micros()
    }

    async fn post(db: &Db, transaction: &str, day: Day, postings: &[(&str, i64)]) {
        for (number, (account, fen)) in (1..).zip(postings) {
            let row = posting::ActiveModel {
                area: Set(AREA.into()),
                transaction_id: Set(transaction.into()),
                number: Set(number),
                subject_id: Set(transaction.into()),
                reverses: Set(None),
                account: Set(account.to_string()),
                amount_fen: Set(*fen),
                posted_at: Set(at(day)),
            };
            let row = posting::Entity::insert(row);
            row.exec_without_returning(db.reader()).await.unwrap();
        }
    }

    fn told(samples: &[Sample], days: &str) -> Option<i64> {
        let of = |sample: &&Sample| sample.labels.last().is_some_and(|(_, v)| v == days);
        samples.iter().find(of).map(|sample| sample.value)
    }

    #[tokio::test]
    async fn money_is_told_by_fund_and_a_wrong_day_is_found() {
        let on = TestDatabase::open().await.unwrap();
        let config = DbConfig {
            url: on.url(crate::NAME),
            schema: crate::NAME.into(),
            connections: 2,
        };
        let db = Db::open::<Migrator>(&config).await.unwrap();
        let hospital = format!(
            "INSERT INTO institution (area, registration_id, code, name, tier, kind, agreement_from) \
             VALUES ('{AREA}', 'i', 'H99999900001', '测试', '2', 'A1', '2010-01-01')"
        );
        db.reader().execute_unprepared(&hospital).await.unwrap();
        let today = Day::new(2026, 3, 10).unwrap();
        let payable = "payable:H99999900001";
        post(&db, "t1", today, &[("fund:390100", -700), (payable, 700)]).await;
        let paid = [("fund:390100", -20), ("payable:person:p", 20)];
        post(&db, "t2", today, &paid).await;
        let (walks, now) = (Walks::default(), Instant::from_micros(at(today)));
        let first = ledger(&db, &walks, now).await.unwrap();
        assert_eq!(told(&first, "fund:390100"), Some(-720));
        assert_eq!(told(&first, "payable:institution"), Some(700));
        assert_eq!(told(&first, "payable:person"), Some(20));
        assert_eq!(
            (told(&first, "today"), told(&first, "earlier")),
            (Some(0), Some(0))
        );

        // Somebody edited what was posted long ago, and another day the other way round.
        post(&db, "t3", today.minus_days(40), &[(payable, 5)]).await;
        post(&db, "t4", today.minus_days(90), &[(payable, -5)]).await;
        let mut seen = Vec::new();
        for _ in 0..3 {
            let sample = ledger(&db, &walks, now).await.unwrap();
            seen.push(told(&sample, "earlier"));
        }
        assert_eq!(seen, [Some(5), Some(10), Some(10)]);
        post(&db, "t5", today, &[(payable, 1)]).await;
        let wrong = ledger(&db, &walks, now).await.unwrap();
        assert_eq!(told(&wrong, "today"), Some(1));
    }
}
