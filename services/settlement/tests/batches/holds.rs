//! 预留: what a hold prices, whom it keeps waiting, and how it ends.

use crate::desk::{Desk, HOSPITAL, MINUTE, code, holding, no, of, person, stay, three};
use proto::common;
use proto::common::settlement::State as Settled;
use proto::settlement as pb;
use proto::settlement::hold::State;

/// Amounts, basis and place of a settlement.
type Worth = (Option<common::Amounts>, Option<common::Basis>, i64);

/// What settlements come to, however they came to be.
pub fn worth(settlements: &[common::Settlement]) -> Vec<Worth> {
    let worth = |one: &common::Settlement| (one.amounts.clone(), one.basis.clone(), one.ordinal);
    settlements.iter().map(worth).collect()
}

#[tokio::test]
async fn a_hold_prices_as_if_each_claim_had_been_posted_before_the_next() {
    let mut desk = Desk::open().await;
    let mut one_by_one = Vec::new();
    for claim in three(1) {
        one_by_one.push(desk.post(&claim).await.unwrap());
    }
    let (request_id, hold) = desk.hold(&three(2)).await.unwrap();
    assert_eq!((hold.state(), hold.year), (State::Open, 2017));
    let mut expected = one_by_one.clone();
    for (settlement, held) in expected.iter_mut().zip(&hold.settlements) {
        // Of another person, and not posted yet.
        settlement.settlement_id = held.settlement_id.clone();
        settlement.person_id = person(2);
        settlement.visit_number = held.visit_number.clone();
        settlement.set_state(Settled::Unspecified);
        settlement.posted_time = None;
    }
    assert_eq!(hold.settlements, expected);
    // Nothing is posted by it.
    assert!(desk.accumulators(&person(2)).await.accumulators.is_empty());

    // A repeat renders what stands now.
    let again = holding(&request_id, &three(2));
    let repeat = |desk: &Desk| {
        let (mut client, again) = (desk.client.clone(), again.clone());
        async move { client.hold_claims(of(again)).await.unwrap().into_inner() }
    };
    let told = repeat(&desk).await;
    assert!(told.replayed);
    assert_eq!(told.hold.as_ref(), Some(&hold));
    let posted = desk.post_holds(&[&hold.hold_id]).await.unwrap().settlements;
    let told = repeat(&desk).await.hold.unwrap();
    assert_eq!((told.state(), &told.settlements), (State::Posted, &posted));
}

#[tokio::test]
async fn nobody_else_settles_in_a_year_that_is_held() {
    let mut desk = Desk::open().await;
    let before = desk.post(&stay(1, "V0", "2017-02-01", 500)).await.unwrap();
    let (request_id, hold) = desk.hold(&three(1)).await.unwrap();
    let other = stay(1, "V9", "2017-06-01", 700);
    assert_eq!(code(desk.post(&other).await), "CLAIM_IN_PROGRESS");
    assert_eq!(
        code(desk.reverse(&before.settlement_id).await),
        "CLAIM_IN_PROGRESS"
    );
    let again = std::slice::from_ref(&other);
    assert_eq!(code(desk.hold(again).await), "CLAIM_IN_PROGRESS");
    // What it would cost can be asked, and others are not kept waiting.
    desk.price(&other).await.unwrap();
    desk.post(&stay(2, "V8", "2017-06-01", 700)).await.unwrap();

    let open: Vec<String> = desk
        .holds(true)
        .await
        .into_iter()
        .map(|one| one.hold_id)
        .collect();
    assert_eq!(open, [hold.hold_id.as_str()]);
    desk.release(&request_id).await;
    desk.release(&request_id).await;
    assert!(desk.holds(true).await.is_empty());
    assert_eq!(desk.holds(false).await[0].state(), State::Released);
    assert_eq!(
        code(desk.post_holds(&[&hold.hold_id]).await),
        "HOLD_RELEASED"
    );
    desk.post(&other).await.unwrap();
    desk.reverse(&before.settlement_id).await.unwrap_err();
}

#[tokio::test]
async fn a_hold_expires() {
    let mut desk = Desk::open().await;
    let (_, first) = desk.hold(&three(1)).await.unwrap();
    desk.wait(10 * MINUTE - 1);
    assert_eq!(code(desk.hold(&three(1)).await), "CLAIM_IN_PROGRESS");
    desk.wait(1);
    assert!(desk.holds(true).await.is_empty());
    assert_eq!(desk.holds(false).await[0].state(), State::Expired);
    assert_eq!(
        code(desk.post_holds(&[&first.hold_id]).await),
        "HOLD_EXPIRED"
    );
    // The next takes the year, and what the first had held is held again.
    let (_, second) = desk.hold(&three(1)).await.unwrap();
    assert_eq!(
        code(desk.post_holds(&[&first.hold_id]).await),
        "HOLD_EXPIRED"
    );
    desk.post_holds(&[&second.hold_id]).await.unwrap();

    // Whoever settles in between takes the year from it for good.
    let (_, third) = desk.hold(&three(2)).await.unwrap();
    desk.wait(10 * MINUTE);
    desk.post(&stay(2, "V9", "2017-06-01", 700)).await.unwrap();
    assert_eq!(
        code(desk.post_holds(&[&third.hold_id]).await),
        "HOLD_EXPIRED"
    );
    assert_eq!(desk.accumulators(&person(2)).await.version, 1);
}

#[tokio::test]
async fn a_withdrawn_hold_frees_only_its_own_year() {
    let mut desk = Desk::open().await;
    let (first, _) = desk.hold(&three(1)).await.unwrap();
    desk.wait(10 * MINUTE);
    let (_, second) = desk.hold(&three(1)).await.unwrap();
    desk.release(&first).await;
    let other = stay(1, "V9", "2017-06-01", 700);
    assert_eq!(code(desk.post(&other).await), "CLAIM_IN_PROGRESS");
    desk.post_holds(&[&second.hold_id]).await.unwrap();
    // What was posted stays.
    let request = pb::WithdrawHoldClaimsRequest {
        original_request_id: "R3".into(),
    };
    desk.client.withdraw_hold_claims(of(request)).await.unwrap();
    let states: Vec<State> = desk
        .holds(false)
        .await
        .iter()
        .map(pb::Hold::state)
        .collect();
    assert!(states.contains(&State::Posted));
}

#[tokio::test]
async fn a_hold_is_refused_as_its_claims_would_be() {
    let mut desk = Desk::open().await;
    let settled = stay(1, "V0", "2017-02-01", 500);
    desk.post(&settled).await.unwrap();
    let mut claims = three(1);
    let refused = |code: &str, field: &str| (code.to_string(), field.to_string());

    claims[2] = settled.clone();
    let told = no(desk.hold(&claims).await);
    assert_eq!(
        told,
        refused("VISIT_SETTLED", "claims[2].claim.visit_number")
    );
    claims[2].visit_number = "V7".into();
    let told = no(desk.hold(&claims).await);
    assert_eq!(told, refused("DUPLICATE_CLAIM", "claims[2].claim.lines"));
    // Against each other, as if the first were settled.
    claims[2] = claims[0].clone();
    let told = no(desk.hold(&claims).await);
    assert_eq!(
        told,
        refused("VISIT_SETTLED", "claims[2].claim.visit_number")
    );
    claims[2].visit_number = "V7".into();
    let told = no(desk.hold(&claims).await);
    assert_eq!(told, refused("DUPLICATE_CLAIM", "claims[2].claim.lines"));

    claims[2] = stay(1, "V7", "2016-05-01", 500);
    let told = no(desk.hold(&claims).await);
    assert_eq!(told, refused("INVALID_FIELD", "claims[2].claim"));
    claims[2] = stay(2, "V7", "2017-05-01", 500);
    let told = no(desk.hold(&claims).await);
    assert_eq!(told, refused("INVALID_FIELD", "claims[2].claim"));
    claims[2] = stay(1, "V7", "2017-05-01", 500);
    claims[2].lines[0].amount_fen += 1;
    let told = no(desk.hold(&claims).await);
    let field = "claims[2].claim.lines[0].amount_fen";
    assert_eq!(told, refused("LINE_AMOUNT_WRONG", field));
    claims[2].institution_code = "H15250100009".into();
    let told = no(desk.hold(&claims).await);
    let field = "claims[2].claim.institution_code";
    assert_eq!(told, refused("INSTITUTION_UNKNOWN", field));
    claims[2] = stay(1, "V7", "2017-05-0", 500);
    let told = no(desk.hold(&claims).await);
    assert_eq!(told, refused("INVALID_FIELD", "claims[2].claim.end_day"));
    assert!(desk.holds(false).await.is_empty());
}

#[tokio::test]
async fn a_basis_of_a_held_claim_holds_or_is_refused() {
    let mut desk = Desk::open().await;
    let claims = three(1);
    // The second claim was priced when nothing stood before it.
    let basis = desk.price(&claims[1]).await.unwrap().basis;
    let mut request = holding("H1", &claims);
    request.claims[1].basis = basis;
    let told = no(desk.client.hold_claims(of(request.clone())).await);
    let expected = ("BASIS_CHANGED".to_string(), "claims[1].basis".to_string());
    assert_eq!(told, expected);
    request.request_id = "H2".into();
    request.claims.remove(0);
    desk.client.hold_claims(of(request)).await.unwrap();
    assert_eq!(desk.holds(true).await[0].person_id, person(1));
    let pages = pb::ListHoldsRequest {
        page_size: 1,
        ..Default::default()
    };
    desk.hold(&[stay(2, "V1", "2017-03-01", 500)])
        .await
        .unwrap();
    let first = desk
        .client
        .list_holds(of(pages.clone()))
        .await
        .unwrap()
        .into_inner();
    let rest = pb::ListHoldsRequest {
        page_token: first.next_page_token,
        ..pages
    };
    let rest = desk.client.list_holds(of(rest)).await.unwrap().into_inner();
    assert_eq!((first.holds.len(), rest.holds.len()), (1, 1));
    assert!(rest.next_page_token.is_empty());
    assert_eq!(claims[0].institution_code, HOSPITAL);
}
