//! Files of what a fund paid in a month.

use super::good;
use super::reconciliations::closed_month;
use crate::bench::{Bench, Good, SUBJECT};
use kernel::Role::Clerk;
use serde_json::json;

/// Of a month that is closed.
pub async fn payer_file(bench: &Bench) -> Good {
    let closed = closed_month(bench).await.content;
    let close = ("reconciliation", "CloseMonth");
    bench.done(Clerk, close, &closed).await;
    let content = json!({ "fund": "390200", "month": closed["month"] });
    let good = good(content.clone(), "/fund", json!("390300"));
    good.seen(("payerFile", "GetPayerFile"), content, SUBJECT)
}
