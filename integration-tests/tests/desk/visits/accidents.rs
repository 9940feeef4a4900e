//! 意外伤害: from the accident to the last payment of the third party.

use super::{Billing, line, refused, visit};
use integration_tests::{HOSPITAL, World, patient};
use proto::orchestrator::accident_check::{Conclusion, Item};
use proto::orchestrator::{self as pb, Visit};

#[tokio::test]
async fn an_accident_is_paid_first_and_recovered_in_two_parts() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let accident = pb::Accident {
        happened_time: Some(Default::default()),
        site: "锡林浩特市某路口".into(),
        cause: "交通事故".into(),
    };
    let hurt = Visit {
        accident: Some(accident),
        advance_payment: true,
        ..visit(&person, HOSPITAL, "Z-1", "22", "2017-03-01")
    };
    let id = desk.register(hurt).await.unwrap();
    let lines = vec![line("1", 1_000_000, 1, "2017-03-01")];
    desk.upload(&id, lines).await.unwrap();
    desk.discharge(&id, "2017-03-10").await.unwrap();
    assert_eq!(refused(desk.settle(&id).await), "ACCIDENT_UNVERIFIED");
    let items = [
        Item::PatientAsked,
        Item::RecordRead,
        Item::StatementSigned,
        Item::LiabilityAsked,
    ];
    let check = pb::AccidentCheck {
        items: items.iter().map(|item| (*item).into()).collect(),
        third_party_share_bp: 4_000,
        conclusion: Conclusion::ThirdParty.into(),
    };
    desk.check(&id, check).await.unwrap();
    let settled = desk.settle(&id).await.unwrap();
    let amounts = settled.amounts.unwrap();

    let settlement_id = settled.settlement_id.clone();
    let request = pb::GetAdvanceRequest { settlement_id };
    let mut bureau = world.clerk().recoveries();
    let advance = bureau.get_advance(patient(request)).await.unwrap();
    let advance = advance.into_inner().advance.unwrap();
    assert!(advance.advanced_fen > 0 && advance.advanced_fen < amounts.funds_fen);
    let pay = async |id: &str, fen: i64| {
        let request = pb::RecordRecoveryRequest {
            request_id: id.into(),
            settlement_id: settled.settlement_id.clone(),
            payer_name: "某财产保险公司".into(),
            amount_fen: fen,
            received_day: "2018-02-01".into(),
            document_number: "PAY-1".into(),
        };
        let mut bureau = world.clerk().recoveries();
        let answer = bureau.record_recovery(patient(request)).await?;
        Ok(answer.into_inner().advance.unwrap())
    };
    let half = advance.advanced_fen / 2;
    let first = pay("pay-1", half).await.unwrap();
    assert_eq!(first.remaining_fen, advance.advanced_fen - half);
    let second = pay("pay-2", first.remaining_fen).await.unwrap();
    assert_eq!(second.remaining_fen, 0);
    assert_eq!(second.recoveries.len(), 2);
    assert_eq!(refused(pay("pay-3", 1).await), "RECOVERY_TOO_MUCH");

    // What the funds bear in the end is what they had paid without the third party's share.
    let accounts = world.ledger().await.accounts;
    let funds = accounts
        .iter()
        .filter(|one| one.account.starts_with("fund:"));
    let borne: i64 = funds.map(|one| one.balance_fen).sum();
    assert_eq!(-borne, amounts.funds_fen - advance.advanced_fen);
}
