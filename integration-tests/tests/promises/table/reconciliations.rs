//! Days compared, explained and closed, and months.

use super::good;
use crate::bench::{Bench, Good, No, SUBJECT};
use integration_tests::HOSPITAL;
use kernel::Role::Clerk;
use serde_json::{Value, json};

const LIST_DIFFERENCES: (&str, &str) = ("reconciliation", "ListDifferences");

/// A day before the world began, which nobody had yet.
fn day(bench: &Bench) -> String {
    let n = bench.number();
    format!(
        "{}-{:02}-{:02}",
        1950 + n / 336,
        n / 28 % 12 + 1,
        n % 28 + 1
    )
}

fn of(day: &str) -> Value {
    json!({ "institution_code": HOSPITAL, "day": day })
}

/// A row of a settlement that was never made.
fn compared(day: &str) -> Value {
    let mut content = of(day);
    content["rows"] = json!([{
        "request_id": "r-1", "kind": "RECONCILIATION_ROW_KIND_SETTLEMENT", "scheme": "390",
        "amounts": { "medfee_fen": 100, "cash_fen": 100 },
    }]);
    content
}

pub async fn comparison(bench: &Bench) -> Good {
    let day = day(bench);
    let good = good(compared(&day), "/rows/0/scheme", json!("310"));
    good.seen(LIST_DIFFERENCES, of(&day), SUBJECT)
}

pub async fn of_tomorrow(_: &Bench) -> No {
    No {
        content: compared("2018-03-02"),
        mend: None,
    }
}

pub async fn explanation(bench: &Bench) -> Good {
    let day = day(bench);
    let asked = ("reconciliation", "ReconcileLines");
    bench.done(Clerk, asked, &compared(&day)).await;
    let mut content = of(&day);
    content["row_key"] = json!("r-1");
    content["owner"] = json!("王工");
    content["reason"] = json!("次日补传");
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(LIST_DIFFERENCES, of(&day), "次日补传")
}

/// A day that nobody compared has no differences.
pub async fn of_nothing(bench: &Bench) -> No {
    let mut content = explanation(bench).await.content;
    content["day"] = json!(day(bench));
    No {
        content,
        mend: None,
    }
}

pub async fn closed_day(bench: &Bench) -> Good {
    let day = day(bench);
    let listed = json!({ "institution_code": HOSPITAL, "from_day": day, "to_day": day });
    let good = good(of(&day), "/day", json!(self::day(bench)));
    good.seen(("reconciliation", "ListDays"), listed, "STATE_CLOSED")
}

pub async fn closed_month(bench: &Bench) -> Good {
    let month = || {
        let n = bench.number();
        format!("{}-{:02}", 1901 + n / 12, n % 12 + 1)
    };
    let (content, other) = (json!({ "month": month() }), month());
    let good = good(content.clone(), "/month", json!(other));
    good.seen(("reconciliation", "GetMonth"), content, "closed_by")
}
