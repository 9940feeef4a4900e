//! 差额结算复算: a revision of every kind is what it was, and a change planted in one is found, and named
//! with the revision that it is of.

use super::{found, replay, replay_one};
use crate::edit;
use crate::recoveries as third;
use crate::revisions::{a_year, find, finding, packs, pay, preview, recognise, refund, refunded};
use integration_tests::{HOSPITAL, World, patient, stay};
use proto::common::Revision;
use proto::orchestrator::flaw::Cause;
use proto::orchestrator::{
    Flaw, ReplaySettlementsRequest, WithdrawPostFindingRequest, WithdrawRefundLinesRequest,
};
use proto::settlement::GetSettlementRequest;

/// The revision that a refund by line made.
async fn a_refund(world: &World) -> Revision {
    let person = world.insured(None).await;
    let claim = packs(&person, "R-1", &[60, 80]);
    let settled = world.settle("refund-1", claim).await.unwrap();
    let request = refund("refund-2", &settled, &[(1, 25)]);
    let done = refunded(world, HOSPITAL, request).await.unwrap();
    done.revisions.into_iter().next().unwrap()
}

/// The first revision that an identity recognised late made.
async fn a_late_fact(world: &World) -> Revision {
    let person = world.insured(None).await;
    a_year(world, &person, "L").await;
    recognise(world, &person).await;
    let digest = preview(world, &person).await.preview_digest;
    let paid = pay(world, "late", &person, &digest).await.unwrap();
    paid.revisions.into_iter().next().unwrap()
}

/// The revision that a finding made of what it is about.
async fn a_finding(world: &World) -> Revision {
    let person = world.insured(None).await;
    let settled = a_year(world, &person, "F").await;
    let posted = find(world, finding("finding", &settled[0], &[2])).await;
    posted.unwrap().revisions.into_iter().next().unwrap()
}

/// The revision that a third party found later made.
async fn a_third_party(world: &World) -> Revision {
    let person = world.insured(None).await;
    let settled = world.settle("third-1", stay(&person, "T-1", 200_000)).await;
    let id = settled.unwrap().settlement_id;
    let shown = third::preview(world, &id, 4_000, false).await.unwrap();
    let digest = shown.preview_digest;
    let posted = third::post(world, "third-2", &id, (4_000, false), &digest).await;
    posted.unwrap().into_iter().next().unwrap()
}

#[tokio::test]
async fn revisions_of_every_kind_are_what_they_were() {
    let world = World::of_one_person().await;
    let all = async || replay(&world, ReplaySettlementsRequest::default()).await;
    a_refund(&world).await;
    assert_eq!(all().await.revision_count, 1);
    let late = a_late_fact(&world).await;
    a_finding(&world).await;
    let third = a_third_party(&world).await;
    let posted = all().await;
    assert_eq!(posted.differing, []);
    assert_eq!(posted.equal_count, 8);
    assert!(posted.revision_count > 4, "{posted:?}");

    // Withdrawn, revised anew, and reversed: each is still what it was.
    let withdraw = WithdrawRefundLinesRequest {
        original_request_id: "refund-2".into(),
    };
    let mut hospital = world.suite.desk(HOSPITAL).revisions();
    let done = hospital.withdraw_refund_lines(patient(withdraw)).await;
    done.unwrap();
    let withdraw = WithdrawPostFindingRequest {
        original_request_id: "finding".into(),
        ..Default::default()
    };
    let mut clerk = world.clerk().revisions();
    let done = clerk.withdraw_post_finding(patient(withdraw)).await;
    done.unwrap();
    let id = third.settlement_id.as_str();
    let back = third::preview(&world, id, 0, false).await.unwrap();
    let digest = back.preview_digest;
    third::post(&world, "third-3", id, (0, false), &digest)
        .await
        .unwrap();
    world.reverse("third-4", id).await.unwrap();
    let now = all().await;
    assert_eq!(now.differing, []);
    // They are looked at all the same, and the newest one too.
    let counts = (now.equal_count, now.revision_count);
    assert_eq!(counts, (8, posted.revision_count + 1));

    let only = ReplaySettlementsRequest {
        only_settlement_id: late.settlement_id,
        ..Default::default()
    };
    let one = replay(&world, only).await;
    assert_eq!((one.equal_count, one.revision_count), (1, 1));
}

/// One change behind the service's back, how to take it back, and what it is found to be.
struct Plant {
    table: &'static str,
    change: String,
    undo: String,
    found: (Cause, &'static str),
}

fn column(change: &str, undo: &str, found: (Cause, &'static str)) -> Plant {
    Plant {
        table: "revision",
        change: change.into(),
        undo: undo.into(),
        found,
    }
}

/// In a document, which has each of the two texts or the other.
fn document(name: &str, (is, other): (&str, &str), found: (Cause, &'static str)) -> Plant {
    let replace = |a: &str, b: &str| format!("{name} = replace({name}, '{a}', '{b}')");
    column(&replace(is, other), &replace(other, is), found)
}

/// What every kind is checked for: amount, digest, ledger, evidence, and how they stand together.
fn plants(of: &Revision, digest: &str, fund: &'static str) -> Vec<Plant> {
    let after = of.after.as_ref().unwrap();
    let cash = (
        format!("\"cash\":{}", after.cash_fen),
        format!("\"cash\":{}", after.cash_fen + 1),
    );
    let cash = (cash.0.as_str(), cash.1.as_str());
    let zeros = "0".repeat(64);
    let digest = (digest, zeros.as_str());
    vec![
        document("amounts", cash, (Cause::Amounts, "psn_cash_pay")),
        document("amounts", cash, (Cause::Digest, "amounts_digest")),
        document("basis", digest, (Cause::Digest, "amounts_digest")),
        document(
            "evidence",
            ("\"tier\":\"2\"", "\"tier\":\"3\""),
            (Cause::Basis, "dedc_hosp_lv"),
        ),
        document("evidence", ("J18.900", "J18.901"), (Cause::Basis, "bill")),
        document(
            "evidence",
            ("\"bill\":", "\"bull\":"),
            (Cause::Unreadable, "evidence"),
        ),
        column(
            "withdrawn_at = 1",
            "withdrawn_at = NULL",
            (Cause::Column, "revision"),
        ),
        column(
            "withdrawn_at = 1",
            "withdrawn_at = NULL",
            (Cause::Ledger, fund),
        ),
        column(
            "year_version = year_version + 1",
            "year_version = year_version - 1",
            (Cause::Basis, "accumulator_version"),
        ),
        column(
            "scheme = '310'",
            "scheme = '390'",
            (Cause::Column, "scheme"),
        ),
        column(
            "hospital_moved_fen = 7",
            "hospital_moved_fen = NULL",
            (Cause::Column, "hospital_moved_fen"),
        ),
        column("replaces = 7", "replaces = 0", (Cause::Column, "replaces")),
        column("number = 7", "number = 1", (Cause::Column, "number")),
        Plant {
            table: "posting",
            change: "amount_fen = amount_fen - 5".into(),
            undo: "amount_fen = amount_fen + 5".into(),
            found: (Cause::Ledger, fund),
        },
    ]
}

/// Plants each change, replays, and takes it back.
async fn each_is_found(world: &World, of: &Revision, fund: &'static str, more: Vec<Plant>) {
    let settlement = of.settlement_id.as_str();
    assert_eq!(replay_one(world, settlement).await, []);
    let of_number = |flaws: &[Flaw], (cause, name): (Cause, &str)| {
        let named = flaws.iter().filter(|flaw| flaw.name == name);
        let mut named = named.filter(|flaw| flaw.cause() == cause);
        // Where they do not fit together is the settlement's own: what it points to.
        named.any(|flaw| {
            let number = if name == "number" { 7 } else { 1 };
            flaw.revision == number || (name == "revision" && flaw.revision == 0)
        })
    };
    let request = GetSettlementRequest {
        settlement_id: settlement.into(),
    };
    let stands = world.clerk().settlement().get_settlement(request).await;
    let basis = stands.unwrap().into_inner().settlement.unwrap().basis;
    let digest = basis.unwrap().amounts_digest;
    for plant in plants(of, &digest, fund).into_iter().chain(more) {
        let id = &of.revision_id;
        let row = match plant.table {
            "posting" => format!("settlement_id = '{id}' AND account = '{fund}'"),
            _ => format!("revision_id = '{id}'"),
        };
        let change = async |change: &str| {
            edit(world, plant.table, &format!("{change} WHERE {row}")).await;
        };
        change(&plant.change).await;
        let flaws = replay_one(world, settlement).await;
        assert!(
            found(&flaws, plant.found.0, plant.found.1),
            "{}: {flaws:?}",
            plant.change
        );
        assert!(
            of_number(&flaws, plant.found),
            "{}: {flaws:?}",
            plant.change
        );
        change(&plant.undo).await;
    }
    assert_eq!(replay_one(world, settlement).await, []);
}

/// The cause and the payee that a revision has not: what differs is then not explained, and was owed to
/// somebody else.
fn other(cause: (&str, &str), unexplained: &'static str, payee: (&str, &str)) -> Vec<Plant> {
    let set = |column: &str, value: &str| format!("{column} = '{value}'");
    let owed = "payable:H15250100001";
    vec![
        column(
            &set("cause", cause.1),
            &set("cause", cause.0),
            (Cause::Basis, unexplained),
        ),
        column(
            &set("payee", payee.1),
            &set("payee", payee.0),
            (Cause::Ledger, owed),
        ),
    ]
}

const POOL: &str = "fund:390100";

#[tokio::test]
async fn what_is_planted_in_a_refund_is_found() {
    let world = World::of_one_person().await;
    let revision = a_refund(&world).await;
    let mut more = other(
        ("refund_lines", "finding"),
        "bill",
        ("institution", "person"),
    );
    let lines = ("\"quantity\":350000", "\"quantity\":350001");
    let found = (Cause::Refused, "LINE_AMOUNT_WRONG");
    more.push(document("evidence", lines, found));
    each_is_found(&world, &revision, POOL, more).await;
}

#[tokio::test]
async fn what_is_planted_in_a_late_fact_is_found() {
    let world = World::of_one_person().await;
    let revision = a_late_fact(&world).await;
    let mut more = other(
        ("late_fact", "finding"),
        "member",
        ("person", "institution"),
    );
    let identities = ("\"identities\":[\"2303\"]", "\"identities\":[\"31\"]");
    let found = (Cause::Digest, "amounts_digest");
    more.push(document("evidence", identities, found));
    each_is_found(&world, &revision, "fund:610100", more).await;
}

#[tokio::test]
async fn what_is_planted_in_a_finding_is_found() {
    let world = World::of_one_person().await;
    let revision = a_finding(&world).await;
    let mut more = other(
        ("finding", "late_fact"),
        "findings",
        ("institution", "person"),
    );
    let effect = ("\"effect\":\"deny_line\"", "\"effect\":\"note\"");
    let found = (Cause::Amounts, "psn_cash_pay");
    more.push(document("evidence", effect, found));
    each_is_found(&world, &revision, POOL, more).await;
}

#[tokio::test]
async fn what_is_planted_in_a_third_party_is_found() {
    let world = World::of_one_person().await;
    let revision = a_third_party(&world).await;
    let mut more = other(
        ("third_party", "late_fact"),
        "bill",
        ("person", "institution"),
    );
    let share = ("\"share\":4000", "\"share\":4001");
    let found = (Cause::Amounts, "psn_cash_pay");
    more.push(document("evidence", share, found));
    each_is_found(&world, &revision, POOL, more).await;
}

/// A revision whose row is gone leaves a settlement that points nowhere.
#[tokio::test]
async fn a_revision_that_is_gone_is_missed() {
    let world = World::of_one_person().await;
    let revision = a_refund(&world).await;
    let gone = format!(
        "settlement_id = 'gone' WHERE revision_id = '{}'",
        revision.revision_id
    );
    edit(&world, "revision", &gone).await;
    let flaws = replay_one(&world, &revision.settlement_id).await;
    assert!(found(&flaws, Cause::Column, "revision"), "{flaws:?}");
}
