//! 参保资助: posted once, and taken back by the opposite entry.

use crate::desk::{Desk, code, no, of, person, stay};
use proto::settlement as pb;
use tonic::Status;

const ASSISTANCE: &str = "fund:610100";

fn subsidy(request_id: &str, number: u32, fen: i64) -> pb::PostSubsidyRequest {
    pb::PostSubsidyRequest {
        request_id: request_id.into(),
        origin: vec![],
        person_id: person(number),
        scheme: "390".into(),
        year: 2017,
        identity_kind: "2303".into(),
        subsidy_fen: fen,
        coverage_id: person(900 + number),
    }
}

impl Desk {
    async fn subsidise(
        &mut self,
        request: pb::PostSubsidyRequest,
    ) -> Result<pb::PostSubsidyResponse, Status> {
        let answer = self.client.post_subsidy(of(request)).await?;
        Ok(answer.into_inner())
    }

    async fn withdraw_subsidy(&mut self, request_id: &str) {
        let request = pb::WithdrawPostSubsidyRequest {
            original_request_id: request_id.into(),
        };
        self.client
            .withdraw_post_subsidy(of(request))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn assistance_pays_the_schemes_fund_once() {
    let mut desk = Desk::open().await;
    let posted = desk.subsidise(subsidy("S1", 1, 18_000)).await.unwrap();
    let again = desk.subsidise(subsidy("S1", 1, 18_000)).await.unwrap();
    assert!(!posted.replayed && again.replayed);
    let posted = posted.subsidy.unwrap();
    assert_eq!(again.subsidy.as_ref(), Some(&posted));
    assert_eq!(
        code(desk.subsidise(subsidy("S2", 1, 18_000)).await),
        "SUBSIDY_POSTED"
    );
    assert_eq!(
        code(desk.subsidise(subsidy("S2", 1, 18_000)).await),
        "SUBSIDY_POSTED"
    );
    assert_eq!(
        desk.ledger().await,
        [
            ("fund:390100".to_string(), 18_000),
            (ASSISTANCE.into(), -18_000)
        ]
    );
    let mut employee = subsidy("S3", 2, 7_000);
    employee.scheme = "310".into();
    desk.subsidise(employee).await.unwrap();
    assert_eq!(desk.ledger().await[0], ("fund:310100".to_string(), 7_000));

    desk.withdraw_subsidy("S1").await;
    desk.withdraw_subsidy("S1").await;
    let of_first = posted.subsidy_id.clone();
    let entry = |account: &str, fen, of: &str| (account.to_string(), fen, of.to_string());
    assert_eq!(
        desk.entries(&of_first).await,
        [
            entry(ASSISTANCE, -18_000, ""),
            entry("fund:390100", 18_000, ""),
            entry("fund:390100", -18_000, &of_first),
            entry(ASSISTANCE, 18_000, &of_first),
        ]
    );
    desk.ledger().await;
    // The year is free again, for another request.
    let late = desk.subsidise(subsidy("S1", 1, 18_000)).await;
    assert_eq!(code(late), "REQUEST_WITHDRAWN");
    desk.subsidise(subsidy("S4", 1, 9_000)).await.unwrap();
}

#[tokio::test]
async fn one_that_is_posted_is_asked_for_by_its_key_alone() {
    let mut desk = Desk::open().await;
    let of_key = |request_id: &str| pb::PostSubsidyRequest {
        origin: vec![7; 32],
        ..subsidy(request_id, 1, 18_000)
    };
    let alone = |request_id: &str| pb::PostSubsidyRequest {
        coverage_id: String::new(),
        ..of_key(request_id)
    };
    let told = no(desk.subsidise(alone("S0")).await);
    assert_eq!(told, ("INVALID_FIELD".into(), "coverage_id".into()));
    let posted = desk.subsidise(of_key("S1")).await.unwrap();
    let again = desk.subsidise(alone("S1")).await.unwrap();
    assert!(again.replayed);
    assert_eq!(posted.subsidy, again.subsidy);
}

#[tokio::test]
async fn nothing_is_a_subsidy_too() {
    let mut desk = Desk::open().await;
    let posted = desk.subsidise(subsidy("S1", 1, 0)).await.unwrap();
    let id = posted.subsidy.unwrap().subsidy_id;
    assert!(desk.entries(&id).await.is_empty() && desk.ledger().await.is_empty());
    assert_eq!(
        code(desk.subsidise(subsidy("S2", 1, 18_000)).await),
        "SUBSIDY_POSTED"
    );
    desk.withdraw_subsidy("S1").await;
    assert!(desk.entries(&id).await.is_empty());
    desk.subsidise(subsidy("S3", 1, 18_000)).await.unwrap();
    assert_eq!(
        code(desk.subsidise(subsidy("S5", 2, -1)).await),
        "INVALID_FIELD"
    );
}

#[tokio::test]
async fn it_is_cancelled_unless_benefits_were_paid() {
    let mut desk = Desk::open().await;
    let posted = desk.subsidise(subsidy("S1", 1, 18_000)).await.unwrap();
    let id = posted.subsidy.unwrap().subsidy_id;
    let settled = desk
        .post(&stay(1, "V1", "2017-03-10", 8_000))
        .await
        .unwrap();
    let cancel = |request_id: &str| pb::CancelSubsidyRequest {
        request_id: request_id.into(),
        origin: vec![],
        subsidy_id: id.clone(),
    };
    let paid = desk.client.cancel_subsidy(of(cancel("C1"))).await;
    assert_eq!(code(paid), "BENEFITS_PAID");
    desk.reverse(&settled.settlement_id).await.unwrap();
    let cancelled = desk.client.cancel_subsidy(of(cancel("C2"))).await.unwrap();
    assert!(
        cancelled
            .into_inner()
            .subsidy
            .unwrap()
            .withdrawn_time
            .is_some()
    );
    let again = desk.client.cancel_subsidy(of(cancel("C2"))).await.unwrap();
    assert!(again.into_inner().replayed);
    let anew = desk.client.cancel_subsidy(of(cancel("C3"))).await;
    assert_eq!(code(anew), "SUBSIDY_UNKNOWN");
    // What the settlement moved is reversed as well: nothing is left on any account.
    assert!(desk.ledger().await.iter().all(|(_, fen)| *fen == 0));
}

#[tokio::test]
async fn what_is_cancelled_and_withdrawn_is_taken_back_once() {
    let mut desk = Desk::open().await;
    let posted = desk.subsidise(subsidy("S1", 1, 18_000)).await.unwrap();
    let subsidy_id = posted.subsidy.unwrap().subsidy_id;
    let cancel = pb::CancelSubsidyRequest {
        request_id: "C1".into(),
        origin: vec![],
        subsidy_id: subsidy_id.clone(),
    };
    desk.client.cancel_subsidy(of(cancel)).await.unwrap();
    let cancelled = desk.entries(&subsidy_id).await;
    desk.withdraw_subsidy("S1").await;
    assert_eq!(desk.entries(&subsidy_id).await, cancelled);
    assert_eq!(
        desk.ledger().await,
        [("fund:390100".to_string(), 0), (ASSISTANCE.into(), 0)]
    );
}
