//! 结算查询: an institution reads its own settlements, the bureau everybody's.

use integration_tests::{CLINIC, HOSPITAL, World, code, patient, stay, visit};
use proto::orchestrator::{ListSettlementsRequest, ReceiptServiceGetSettlementRequest};

fn listed(code: &str, from: &str, to: &str) -> ListSettlementsRequest {
    ListSettlementsRequest {
        institution_code: code.into(),
        from_day: from.into(),
        to_day: to.into(),
        page_size: 2,
        page_token: String::new(),
    }
}

#[tokio::test]
async fn an_institution_lists_its_own_settlements_page_by_page() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let mut settled = Vec::new();
    for n in 0..5 {
        let claim = visit(&person, &format!("V-{n}"), "2017-06-01", 10_000 + n);
        settled.push(world.settle(&format!("s-{n}"), claim).await.unwrap());
    }
    let elsewhere = stay(&person, "V-1", 10_000);
    let elsewhere = world.settle("elsewhere", elsewhere).await.unwrap();

    let mut desk = world.suite.desk(CLINIC).receipts();
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let mut request = listed("", "2018-03-01", "2018-03-01");
        request.page_token = token;
        let page = desk.list_settlements(patient(request)).await;
        let page = page.unwrap().into_inner();
        seen.extend(page.settlements);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    // All at one instant: then by their ids.
    settled.sort_by(|a, b| a.settlement_id.cmp(&b.settlement_id));
    assert_eq!(seen, settled);

    // Neither another day nor another institution.
    let mut list = async |request| desk.list_settlements(patient(request)).await;
    let none = list(listed(CLINIC, "2018-03-02", "2018-03-02")).await;
    assert!(none.unwrap().into_inner().settlements.is_empty());
    let no = list(listed(HOSPITAL, "2018-03-01", "2018-03-01")).await;
    assert_eq!(code(&no.unwrap_err()), "INSTITUTION_MISMATCH");
    for (from, to) in [("2018-03-02", "2018-03-01"), ("2018-03-01", "2019-03-03")] {
        let no = list(listed("", from, to)).await.unwrap_err();
        assert_eq!(code(&no), "INVALID_FIELD");
    }

    let one = |id: &str| ReceiptServiceGetSettlementRequest {
        settlement_id: id.into(),
    };
    let id = elsewhere.settlement_id.clone();
    let no = desk.get_settlement(patient(one(&id))).await.unwrap_err();
    assert_eq!(code(&no), "SETTLEMENT_UNKNOWN");
    let mut bureau = world.clerk().receipts();
    let found = bureau.get_settlement(patient(one(&id))).await.unwrap();
    assert_eq!(found.into_inner().settlement, Some(elsewhere));
}
