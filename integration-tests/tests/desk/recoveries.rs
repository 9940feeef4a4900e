//! 第三方责任: what the funds paid first comes back to them from the third party, never twice and never
//! more; a third party that becomes known later is the person's to answer for.

use integration_tests::{CLINIC, HOSPITAL};
use integration_tests::{World, claim, code, patient, stay, visit};
use proto::common::outcome::State;
use proto::common::revision::{Cause, Payee};
use proto::common::{Claim, Revision, Settlement};
use proto::orchestrator::{self as pb, Advance};
use proto::settlement::{GetLedgerEntriesRequest, GetSettlementRequest};
use std::collections::BTreeMap;
use tonic::Status;

/// A stay that a third party answers for with a share.
pub fn hurt(person: &str, number: &str, share_bp: i32, advance: bool) -> Claim {
    Claim {
        third_party_share_bp: share_bp,
        advance_payment: advance,
        ..stay(person, number, 200_000)
    }
}

pub async fn recover(
    world: &World,
    id: &str,
    of: &str,
    fen: i64,
) -> Result<(Advance, String), Status> {
    let request = pb::RecordRecoveryRequest {
        request_id: id.into(),
        settlement_id: of.into(),
        payer_name: "某财产保险公司".into(),
        amount_fen: fen,
        received_day: "2018-02-01".into(),
        document_number: "PAY-1".into(),
    };
    let mut desk = world.clerk().recoveries();
    let answer = desk.record_recovery(patient(request)).await?.into_inner();
    Ok((answer.advance.unwrap(), answer.recovery_id))
}

pub async fn revoke(world: &World, id: &str, recovery_id: &str) -> Result<Advance, Status> {
    let request = pb::RevokeRecoveryRequest {
        request_id: id.into(),
        recovery_id: recovery_id.into(),
        reason: "退回付款人".into(),
    };
    let mut desk = world.clerk().recoveries();
    let answer = desk.revoke_recovery(patient(request)).await?;
    Ok(answer.into_inner().advance.unwrap())
}

async fn advance(world: &World, of: &str) -> Result<Advance, Status> {
    let settlement_id = of.into();
    let request = pb::GetAdvanceRequest { settlement_id };
    let mut desk = world.clerk().recoveries();
    let answer = desk.get_advance(patient(request)).await?;
    Ok(answer.into_inner().advance.unwrap())
}

/// The advances posted on the world's day, in pages of one.
async fn advances(world: &World) -> Vec<Advance> {
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListAdvancesRequest {
            from_day: "2018-03-01".into(),
            to_day: "2018-03-01".into(),
            page_size: 1,
            page_token,
        };
        let page = world
            .clerk()
            .recoveries()
            .list_advances(patient(request))
            .await;
        let page = page.unwrap().into_inner();
        found.extend(page.advances);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return found;
        }
    }
}

/// What the entries of a subject move, by account, as far as it is anything.
async fn moved(world: &World, subject: &str) -> BTreeMap<String, i64> {
    let request = GetLedgerEntriesRequest {
        subject_id: subject.into(),
    };
    let entries = world.clerk().settlement().get_ledger_entries(request).await;
    let mut sums = BTreeMap::new();
    for entry in entries.unwrap().into_inner().entries {
        *sums.entry(entry.account).or_insert(0) += entry.amount_fen;
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

async fn balances(world: &World) -> BTreeMap<String, i64> {
    let accounts = world.ledger().await.accounts.into_iter();
    accounts.map(|one| (one.account, one.balance_fen)).collect()
}

fn funds(of: &Settlement) -> i64 {
    of.amounts.as_ref().unwrap().funds_fen
}

#[tokio::test]
async fn what_the_funds_paid_first_comes_back_in_parts_and_never_more() {
    let world = World::open().await;
    let (person, other) = (world.insured(None).await, world.insured(None).await);
    let settled = world
        .settle("s-1", hurt(&person, "V-1", 4_000, true))
        .await
        .unwrap();
    // Advanced is what the funds pay more than for somebody whose third party paid itself.
    let without = world
        .settle("s-2", hurt(&other, "V-2", 4_000, false))
        .await
        .unwrap();
    let id = settled.settlement_id.as_str();
    let first = advance(&world, id).await.unwrap();
    let more = funds(&settled) - funds(&without);
    assert!(more > 0);
    assert_eq!((first.advanced_fen, first.remaining_fen), (more, more));
    assert!(
        first.funds.len() > 1,
        "several funds paid: {:?}",
        first.funds
    );
    let no = advance(&world, &without.settlement_id).await.unwrap_err();
    assert_eq!(code(&no), "ADVANCE_NONE");
    let no = recover(&world, "none", &without.settlement_id, 1).await;
    assert_eq!(code(&no.unwrap_err()), "ADVANCE_NONE");

    let before = balances(&world).await;
    let part = more / 3;
    let (after, recovery) = recover(&world, "r-1", id, part).await.unwrap();
    assert_eq!(
        (after.recovered_fen, after.remaining_fen),
        (part, more - part)
    );
    let of_recovery = moved(&world, &recovery).await;
    assert_eq!(of_recovery["recovery:received"], -part);
    let back: i64 = after.funds.iter().map(|fund| fund.recovered_fen).sum();
    assert_eq!(back, part);
    for fund in &after.funds {
        assert_eq!(
            of_recovery[&format!("fund:{}", fund.fund)],
            fund.recovered_fen
        );
    }
    let no = recover(&world, "r-2", id, more - part + 1)
        .await
        .unwrap_err();
    assert_eq!(code(&no), "RECOVERY_TOO_MUCH");
    let (whole, last) = recover(&world, "r-3", id, more - part).await.unwrap();
    assert_eq!(whole.remaining_fen, 0);
    assert!(
        whole
            .funds
            .iter()
            .all(|fund| fund.advanced_fen == fund.recovered_fen)
    );
    let no = recover(&world, "r-4", id, 1).await.unwrap_err();
    assert_eq!(code(&no), "RECOVERY_TOO_MUCH");
    assert_eq!(balances(&world).await["recovery:received"], -more);
    let listed = advances(&world).await;
    let listed: Vec<_> = listed
        .iter()
        .map(|one| (&one.settlement_id, one.recovered_fen))
        .collect();
    assert_eq!(listed, [(&settled.settlement_id, more)]);

    // Nobody reverses what money came back for.
    let no = world.reverse("u-1", id).await.unwrap_err();
    assert_eq!(code(&no), "RECOVERY_STANDS");
    revoke(&world, "v-1", &last).await.unwrap();
    assert_eq!(
        code(&revoke(&world, "v-2", &last).await.unwrap_err()),
        "RECOVERY_UNKNOWN"
    );
    let no = world.reverse("u-2", id).await.unwrap_err();
    assert_eq!(code(&no), "RECOVERY_STANDS");
    let left = revoke(&world, "v-3", &recovery).await.unwrap();
    assert_eq!((left.recovered_fen, left.remaining_fen), (0, more));
    assert_eq!(left.recoveries.len(), 2);
    let mut now = balances(&world).await;
    assert_eq!(now.remove("recovery:received"), Some(0));
    assert_eq!(now, before);
    world.reverse("u-3", id).await.unwrap();
    let no = recover(&world, "r-5", id, 1).await.unwrap_err();
    assert_eq!(code(&no), "ALREADY_REVERSED");
    assert!(moved(&world, id).await.is_empty());
    assert!(advances(&world).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_recoveries_at_once_do_not_exceed_what_was_advanced() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let settled = world
        .settle("s-1", hurt(&person, "V-1", 4_000, true))
        .await
        .unwrap();
    let id = settled.settlement_id.as_str();
    let most = advance(&world, id).await.unwrap().advanced_fen - 1;
    for turn in 0..4 {
        let (a, b) = (format!("a-{turn}"), format!("b-{turn}"));
        let both = tokio::join!(recover(&world, &a, id, most), recover(&world, &b, id, most));
        let done = [both.0, both.1];
        let taken = done.iter().filter_map(|one| one.as_ref().ok()).next();
        let no = done.iter().filter_map(|one| one.as_ref().err()).next();
        assert_eq!(code(no.expect("one is refused")), "RECOVERY_TOO_MUCH");
        let (_, recovery) = taken.expect("one is taken");
        revoke(&world, &format!("v-{turn}"), recovery)
            .await
            .unwrap();
    }
    world.ledger().await;
}

pub async fn preview(
    world: &World,
    of: &str,
    share_bp: i32,
    advance: bool,
) -> Result<pb::PreviewThirdPartyResponse, Status> {
    let request = pb::PreviewThirdPartyRequest {
        settlement_id: of.into(),
        third_party_share_bp: share_bp,
        advance_payment: advance,
    };
    let mut desk = world.clerk().revisions();
    Ok(desk
        .preview_third_party(patient(request))
        .await?
        .into_inner())
}

pub async fn post(
    world: &World,
    id: &str,
    of: &str,
    (share_bp, advance): (i32, bool),
    digest: &str,
) -> Result<Vec<Revision>, Status> {
    let request = pb::PostThirdPartyRequest {
        request_id: id.into(),
        settlement_id: of.into(),
        third_party_share_bp: share_bp,
        advance_payment: advance,
        document_number: "判决书1号".into(),
        preview_digest: digest.into(),
        ..Default::default()
    };
    let mut desk = world.clerk().revisions();
    let answer = desk.post_third_party(patient(request)).await?;
    Ok(answer.into_inner().revisions)
}

async fn read(world: &World, id: &str) -> Settlement {
    let request = GetSettlementRequest {
        settlement_id: id.into(),
    };
    let found = world.clerk().settlement().get_settlement(request).await;
    found.unwrap().into_inner().settlement.unwrap()
}

#[tokio::test]
async fn a_third_party_found_later_is_recovered_from_the_person() {
    let world = World::of_one_person().await;
    let (person, other) = (world.insured(None).await, world.insured(None).await);
    let later = |person: &str, number: &str| {
        let days = ("2017-05-01", "2017-05-10");
        claim(person, HOSPITAL, "21", number, days, 5_000_000)
    };
    let settled = world
        .settle("s-1", stay(&person, "V-1", 200_000))
        .await
        .unwrap();
    let second = world.settle("s-2", later(&person, "V-2")).await.unwrap();
    let id = settled.settlement_id.as_str();

    // What it comes to is what it had come to in the first place, for somebody else.
    let expected = world
        .settle("s-3", hurt(&other, "V-3", 4_000, false))
        .await
        .unwrap();
    let expected_later = world.settle("s-4", later(&other, "V-4")).await.unwrap();
    let shown = preview(&world, id, 4_000, false).await.unwrap();
    assert_eq!(shown.revisions.len(), 2, "the later stay follows");
    let no = post(&world, "p-0", id, (5_000, false), &shown.preview_digest).await;
    assert_eq!(code(&no.unwrap_err()), "PREVIEW_CHANGED");
    let no = preview(&world, id, 0, false).await;
    assert_eq!(code(&no.unwrap_err()), "NOTHING_TO_REVISE");

    let digest = shown.preview_digest.as_str();
    let revisions = post(&world, "p-1", id, (4_000, false), digest)
        .await
        .unwrap();
    let [first, _] = revisions.as_slice() else {
        panic!("two revisions: {revisions:?}")
    };
    assert_eq!(
        (first.cause(), first.payee()),
        (Cause::ThirdParty, Payee::Person)
    );
    assert_eq!(first.case_reference, "判决书1号");
    assert_eq!(read(&world, id).await.amounts, expected.amounts);
    let now = read(&world, &second.settlement_id).await;
    assert_eq!(now.amounts, expected_later.amounts);
    assert_eq!(
        world.accumulators(&person).await.accumulators,
        world.accumulators(&other).await.accumulators
    );
    // Once, and the institution is owed what it was.
    let again = post(&world, "p-1", id, (4_000, false), digest)
        .await
        .unwrap();
    assert_eq!(again, revisions);
    let twice = post(&world, "p-2", id, (4_000, false), digest).await;
    assert_eq!(code(&twice.unwrap_err()), "NOTHING_TO_REVISE");
    let of_first = moved(&world, id).await;
    assert_eq!(of_first[&format!("payable:{HOSPITAL}")], funds(&settled));
    let owes = funds(&expected) - funds(&settled);
    assert_eq!(of_first[&format!("payable:person:{person}")], owes);
    world.ledger().await;

    // An institution does not settle it anew without the third party.
    let reverse = pb::ReverseRequest {
        request_id: "u-2".into(),
        settlement_id: second.settlement_id.clone(),
        reason: "测试".into(),
    };
    let mut hospital = world.suite.desk(HOSPITAL).orchestrator();
    let no = hospital.reverse(patient(reverse)).await.unwrap_err();
    assert_eq!(code(&no), "CORRECTED_BY_FINDING");

    // A revision back leaves nothing.
    let back = preview(&world, id, 0, false).await.unwrap().preview_digest;
    post(&world, "p-3", id, (0, false), &back).await.unwrap();
    assert_eq!(read(&world, id).await.amounts, settled.amounts);
    assert_eq!(
        read(&world, &second.settlement_id).await.amounts,
        second.amounts
    );
    let of_first = moved(&world, id).await;
    assert_eq!(of_first.get(&format!("payable:person:{person}")), None);
    world.ledger().await;
}

#[tokio::test]
async fn a_withdrawn_third_party_leaves_the_settlement_as_it_was() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let settled = world
        .settle("s-1", stay(&person, "V-1", 200_000))
        .await
        .unwrap();
    let id = settled.settlement_id.as_str();
    // Nothing is paid otherwise by an advance; from now on it can be recovered.
    let shown = preview(&world, id, 4_000, true).await.unwrap();
    let digest = shown.preview_digest.as_str();
    let revisions = post(&world, "p-1", id, (4_000, true), digest)
        .await
        .unwrap();
    assert_eq!(revisions.len(), 1);
    assert_eq!(
        read(&world, id).await.amounts.unwrap().funds_fen,
        funds(&settled)
    );
    let advanced = advance(&world, id).await.unwrap().advanced_fen;
    assert!(advanced > 0);
    assert_eq!(advances(&world).await.len(), 1);
    let (_, recovery) = recover(&world, "r-1", id, advanced).await.unwrap();

    // What came back stays covered.
    let less = preview(&world, id, 1_000, true)
        .await
        .unwrap()
        .preview_digest;
    let no = post(&world, "p-2", id, (1_000, true), &less).await;
    assert_eq!(code(&no.unwrap_err()), "RECOVERY_STANDS");
    let withdraw = || {
        patient(pb::WithdrawPostThirdPartyRequest {
            original_request_id: "p-1".into(),
            ..Default::default()
        })
    };
    let mut desk = world.clerk().revisions();
    let no = desk
        .withdraw_post_third_party(withdraw())
        .await
        .unwrap_err();
    assert_eq!(code(&no), "RECOVERY_STANDS");
    let more = preview(&world, id, 5_000, true)
        .await
        .unwrap()
        .preview_digest;
    post(&world, "p-3", id, (5_000, true), &more).await.unwrap();
    assert!(advance(&world, id).await.unwrap().remaining_fen > 0);
    revoke(&world, "v-1", &recovery).await.unwrap();

    let newest = pb::WithdrawPostThirdPartyRequest {
        original_request_id: "p-3".into(),
        ..Default::default()
    };
    desk.withdraw_post_third_party(patient(newest))
        .await
        .unwrap();
    let withdrawn = desk.withdraw_post_third_party(withdraw()).await.unwrap();
    let outcome = withdrawn.into_inner().outcome.unwrap();
    assert_eq!(outcome.state(), State::Withdrawn);
    assert_eq!(read(&world, id).await, settled);
    let gone = advance(&world, id).await.unwrap();
    assert_eq!((gone.advanced_fen, gone.recovered_fen), (0, 0));
    assert!(advances(&world).await.is_empty());
}

#[tokio::test]
async fn only_the_bureau_recovers() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let small = Claim {
        third_party_share_bp: 4_000,
        advance_payment: true,
        ..visit(&person, "V-1", "2017-06-01", 50_000)
    };
    let settled = world.settle("s-1", small).await.unwrap();
    let request = pb::GetAdvanceRequest {
        settlement_id: settled.settlement_id,
    };
    let mut desk = world.suite.desk(CLINIC).recoveries();
    let no = desk.get_advance(patient(request)).await.unwrap_err();
    assert_eq!(code(&no), "PERMISSION_DENIED");
}
