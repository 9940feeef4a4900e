//! 复算: what was stored of settlements is computed again, and a planted change is found and named.

mod revisions;

use crate::{all_packed, edit, qualified, unpacked};
use integration_tests::{World, code, patient, stay, visit};
use proto::orchestrator::flaw::Cause;
use proto::orchestrator::{
    Flaw, ReplaySettlementsRequest, ReplaySettlementsResponse, SettleTogetherRequest,
};

/// Computes again what meets the request.
pub async fn replay(world: &World, request: ReplaySettlementsRequest) -> ReplaySettlementsResponse {
    let mut clerk = world.clerk().receipts();
    let replayed = clerk.replay_settlements(patient(request)).await;
    replayed.unwrap().into_inner()
}

pub async fn replay_one(world: &World, id: &str) -> Vec<Flaw> {
    let request = ReplaySettlementsRequest {
        only_settlement_id: id.into(),
        ..Default::default()
    };
    let replayed = replay(world, request).await;
    assert_eq!(replayed.next_page_token, "");
    let mut differing = replayed.differing;
    assert_eq!(replayed.equal_count + differing.len() as i64, 1);
    differing.pop().map(|one| one.flaws).unwrap_or_default()
}

pub fn found(flaws: &[Flaw], cause: Cause, name: &str) -> bool {
    flaws
        .iter()
        .any(|flaw| flaw.cause() == cause && flaw.name == name)
}

fn causes(flaws: &[Flaw]) -> Vec<Cause> {
    let mut causes: Vec<Cause> = flaws.iter().map(|flaw| flaw.cause()).collect();
    causes.dedup();
    causes
}

#[tokio::test]
async fn what_nobody_touched_is_what_it_was_page_by_page() {
    let world = World::open().await;
    let (one, other) = (world.insured(None).await, world.insured(Some("31")).await);
    for n in 0..4 {
        let claim = visit(&one, &format!("V-{n}"), "2017-06-01", 10_000 + n);
        world.settle(&format!("v-{n}"), claim).await.unwrap();
    }
    let settled = world.settle("s", stay(&other, "S", 20_000)).await.unwrap();
    world.reverse("r", &settled.settlement_id).await.unwrap();

    let (mut equal, mut token, mut first) = (0, String::new(), true);
    loop {
        let request = ReplaySettlementsRequest {
            year: 2017,
            page_size: 2,
            page_token: token,
            counted: first,
            ..Default::default()
        };
        let page = replay(&world, request).await;
        assert_eq!(page.remaining_count, if first { 5 } else { 0 });
        assert_eq!(page.differing, []);
        (equal, token, first) = (equal + page.equal_count, page.next_page_token, false);
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(equal, 5);

    // By person, by institution, by the days of posting, and by another year.
    let any = ReplaySettlementsRequest::default;
    for (request, count) in [
        (
            ReplaySettlementsRequest {
                only_person_id: one.clone(),
                ..any()
            },
            4,
        ),
        (
            ReplaySettlementsRequest {
                institution_code: "H15250100001".into(),
                ..any()
            },
            1,
        ),
        (
            ReplaySettlementsRequest {
                from_day: "2018-03-02".into(),
                ..any()
            },
            0,
        ),
        (
            ReplaySettlementsRequest {
                to_day: "2018-03-01".into(),
                ..any()
            },
            5,
        ),
        (
            ReplaySettlementsRequest {
                year: 2016,
                ..any()
            },
            0,
        ),
    ] {
        assert_eq!(replay(&world, request).await.equal_count, count);
    }
    let unknown = ReplaySettlementsRequest {
        only_settlement_id: one,
        ..any()
    };
    let mut clerk = world.clerk().receipts();
    let no = clerk
        .replay_settlements(patient(unknown))
        .await
        .unwrap_err();
    assert_eq!(code(&no), "SETTLEMENT_UNKNOWN");
}

#[tokio::test]
async fn a_planted_change_is_named_and_stops_nothing() {
    let world = World::open().await;
    unpacked(&world).await;
    let mut ids = Vec::new();
    for n in 0..10 {
        let person = world.insured(None).await;
        let claim = stay(&person, &format!("S-{n}"), 20_000);
        ids.push(world.settle(&format!("s-{n}"), claim).await.unwrap());
    }
    let id = |n: usize| ids[n].settlement_id.clone();
    let plant = async |n: usize, rest: &str| {
        edit(
            &world,
            "settlement",
            &format!("{rest} WHERE settlement_id = '{}'", id(n)),
        )
        .await;
    };
    let cash = ids[0].amounts.as_ref().unwrap().cash_fen;
    let digest = &ids[3].basis.as_ref().unwrap().amounts_digest;
    let package = &ids[4].basis.as_ref().unwrap().package_digest;
    let zeros = "0".repeat(64);

    // An amount in the document, an amount in a column, what it rested on, its digest.
    let more = format!(
        "amounts = replace(amounts, '\"cash\":{cash}', '\"cash\":{}')",
        cash + 1
    );
    plant(0, &more).await;
    plant(1, "funds_fen = funds_fen + 100").await;
    plant(
        2,
        "evidence = replace(evidence, '\"amount\":2000000', '\"amount\":2000001')",
    )
    .await;
    plant(3, &format!("basis = replace(basis, '{digest}', '{zeros}')")).await;
    plant(
        4,
        &format!("basis = replace(basis, '{package}', '{zeros}')"),
    )
    .await;
    plant(5, "evidence = '{}'").await;
    let posting = "amount_fen = amount_fen - 5 WHERE account LIKE 'payable:%' AND settlement_id =";
    edit(&world, "posting", &format!("{posting} '{}'", id(6))).await;
    let tier = "evidence = replace(evidence, '\"tier\":\"2\"', '\"tier\":\"3\"')";
    plant(7, tier).await;

    let flaws = replay_one(&world, &id(0)).await;
    assert!(found(&flaws, Cause::Amounts, "psn_cash_pay"), "{flaws:?}");
    assert!(found(&flaws, Cause::Digest, "amounts_digest"), "{flaws:?}");
    assert!(found(&flaws, Cause::Column, "cash_fen"), "{flaws:?}");
    let flaw = flaws.iter().find(|flaw| flaw.name == "cash_fen").unwrap();
    assert_eq!(
        (flaw.stored_fen, flaw.expected_fen),
        (Some(cash), Some(cash + 1))
    );

    let flaws = replay_one(&world, &id(1)).await;
    assert_eq!(flaws.len(), 1);
    assert!(found(&flaws, Cause::Column, "funds_fen"), "{flaws:?}");

    let flaws = replay_one(&world, &id(2)).await;
    assert!(
        found(&flaws, Cause::Refused, "LINE_AMOUNT_WRONG"),
        "{flaws:?}"
    );
    let flaws = replay_one(&world, &id(3)).await;
    assert_eq!(causes(&flaws), [Cause::Digest]);
    let flaws = replay_one(&world, &id(4)).await;
    assert_eq!(causes(&flaws), [Cause::PackageMissing]);
    let flaws = replay_one(&world, &id(5)).await;
    assert!(found(&flaws, Cause::Unreadable, "evidence"), "{flaws:?}");
    let flaws = replay_one(&world, &id(6)).await;
    assert_eq!(causes(&flaws), [Cause::Ledger]);
    assert!(
        flaws.iter().all(|flaw| flaw.name.starts_with("payable:")),
        "{flaws:?}"
    );
    let flaws = replay_one(&world, &id(7)).await;
    assert!(found(&flaws, Cause::Amounts, "basic"), "{flaws:?}");

    // Reversed, and the opposite entry is not what was taken back.
    world.reverse("r-8", &id(8)).await.unwrap();
    assert_eq!(replay_one(&world, &id(8)).await, []);
    let opposite = "amount_fen = amount_fen + 7 WHERE account LIKE 'payable:%' AND reverses =";
    edit(&world, "posting", &format!("{opposite} '{}'", id(8))).await;
    let flaws = replay_one(&world, &id(8)).await;
    assert_eq!(causes(&flaws), [Cause::Ledger]);
    let amounts = (flaws[0].stored_fen, flaws[0].expected_fen);
    assert_eq!(amounts, (Some(7), Some(0)));

    // All in one go: the one that nobody touched is what it was.
    let all = replay(&world, ReplaySettlementsRequest::default()).await;
    assert_eq!((all.equal_count, all.differing.len()), (1, 9));
    assert!(all.differing.iter().all(|one| one.settlement_id != id(9)));
}

#[tokio::test]
async fn packed_documents_of_another_settlement_or_of_none_are_found() {
    let world = World::open().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let person = world.insured(None).await;
        let claim = stay(&person, &format!("S-{n}"), 20_000 + n);
        ids.push(world.settle(&format!("s-{n}"), claim).await.unwrap());
    }
    let [one, two, three] = [0, 1, 2].map(|n| ids[n].settlement_id.clone());
    for id in [&one, &two, &three] {
        assert_eq!(replay_one(&world, id).await, []);
    }
    let table = qualified(&world, "settlement");
    let of_three =
        format!("packed = (SELECT s.packed FROM {table} s WHERE s.settlement_id = '{three}')");
    for (set, id) in [("packed = NULL", &one), (of_three.as_str(), &two)] {
        let set = format!("{set} WHERE settlement_id = '{id}'");
        edit(&world, "settlement", &set).await;
    }
    let flaws = replay_one(&world, &one).await;
    assert!(found(&flaws, Cause::Unreadable, "evidence"), "{flaws:?}");
    let flaws = replay_one(&world, &two).await;
    assert!(found(&flaws, Cause::Column, "person_id"), "{flaws:?}");
    assert_eq!(replay_one(&world, &three).await, []);
}

#[tokio::test]
async fn what_was_settled_together_is_what_it_was() {
    let world = World::open().await;
    let mut claims = Vec::new();
    for n in 0..3 {
        let person = world.insured(None).await;
        claims.push(visit(&person, &format!("T-{n}"), "2017-06-01", 20_000));
    }
    let request = SettleTogetherRequest {
        request_id: "t".into(),
        claims,
    };
    let mut clerk = world.clerk().orchestrator();
    clerk.settle_together(patient(request)).await.unwrap();
    let all = replay(&world, ReplaySettlementsRequest::default()).await;
    assert_eq!((all.equal_count, all.differing), (3, vec![]));
    all_packed(&world).await;
}
