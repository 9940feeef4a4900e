//! 个人账户与家庭共济.

use super::good;
use crate::bench::{Bench, Good};
use kernel::Role::Clerk;
use serde_json::json;

pub async fn credit(bench: &Bench) -> Good {
    let person = bench.world.person().await;
    let content = json!({ "person_id": person, "scheme": "310", "amount_fen": 10_000,
        "period": "2018-03", "reason": "测试划入" });
    let asked = json!({ "person_id": person });
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(("account", "GetAccount"), asked, "\"balance_fen\":10000")
}

pub async fn family_authorization(bench: &Bench) -> Good {
    let (holder, member) = (bench.world.person().await, bench.world.person().await);
    let content = json!({ "holder_id": holder, "member_id": member, "relation": "RELATION_CHILD",
        "from_day": "2018-01-01" });
    let asked = json!({ "person_id": holder });
    let good = good(content, "/relation", json!("RELATION_PARENT"));
    good.seen(("account", "GetAccount"), asked, "\"in_force\":true")
}

pub async fn end_of_authorization(bench: &Bench) -> Good {
    let content = family_authorization(bench).await.content;
    let asked = ("account", "AuthorizeFamilyMember");
    let (_, given) = bench.done(Clerk, asked, &content).await;
    let id = &given["authorization"]["authorization_id"];
    let end = json!({ "authorization_id": id, "reason": "测试解除" });
    let asked = json!({ "person_id": content["holder_id"] });
    let good = good(end, "/reason", json!("其他原因"));
    good.seen(("account", "GetAccount"), asked, "ended_time")
}
