//! 门诊慢特病备案: who is not filed with a disease is not settled by it, on every way to a settlement; a
//! filing moves, ends and comes back, and every amount beside it was reckoned by hand.
//!
//! 2017 in Erenhot: 60 % of outpatient care by a filed disease, up to 5,000 yuan a year.

use futures_util::stream;
use integration_tests::{CLINIC, DRUG, HOSPITAL, World, claim, code, patient, stay};
use proto::common::{Claim, ClaimLine, Settlement};
use proto::enrollment::RecordIdentityRequest;
use proto::orchestrator::disease_filing::Places;
use proto::orchestrator::settle_batch_request::Part;
use proto::orchestrator::settle_batch_response::Told;
use proto::orchestrator::{self as pb, DiseaseFiling};
use tonic::Status;
use tonic_types::StatusExt;

const DISEASE: &str = "M03900";
const MISSING: &str = "CHRONIC_QUALIFICATION_MISSING";
const NOT_FIXED: &str = "CHRONIC_INSTITUTION_NOT_FIXED";

/// A visit by the disease, of a day of 2017, in yuan.
fn visit(person: &str, at: &str, number: &str, day: &str, yuan: i64) -> Claim {
    let day = format!("2017-{day}");
    let days = (day.as_str(), day.as_str());
    Claim {
        disease_codes: vec![DISEASE.into()],
        ..claim(person, at, "14", number, days, yuan * 100)
    }
}

/// What the funds paid, and the person.
fn paid(settled: &Settlement) -> (i64, i64) {
    let amounts = settled.amounts.as_ref().unwrap();
    assert_eq!(amounts.funds_fen + amounts.cash_fen, amounts.total_fen);
    (amounts.funds_fen, amounts.cash_fen)
}

async fn pre_settled(world: &World, claim: &Claim) -> Result<(i64, i64), Status> {
    let request = pb::PreSettleRequest {
        claim: Some(claim.clone()),
        ..Default::default()
    };
    let mut desk = world.suite.desk(&claim.institution_code).orchestrator();
    let answer = desk.pre_settle(patient(request)).await?.into_inner();
    let amounts = answer.quote.unwrap().amounts.unwrap();
    Ok((amounts.funds_fen, amounts.cash_fen))
}

/// Settled by the institution itself, after a quote that said the same: amounts, or the same "no".
async fn settled(world: &World, claim: Claim) -> Result<(i64, i64), String> {
    let quoted = pre_settled(world, &claim).await.map_err(|no| code(&no));
    let request = pb::SettleRequest {
        request_id: format!("settle-{}", claim.visit_number),
        claim: Some(claim.clone()),
        ..Default::default()
    };
    let mut desk = world.suite.desk(&claim.institution_code).orchestrator();
    let answer = desk.settle(patient(request)).await;
    let answer = answer.map(|answer| paid(&answer.into_inner().settlement.unwrap()));
    let answer = answer.map_err(|no| code(&no));
    assert_eq!(quoted, answer);
    answer
}

async fn changed(
    world: &World,
    id: &str,
    from: &str,
    fixed: &[&str],
) -> Result<DiseaseFiling, String> {
    let request = pb::ChangeFilingInstitutionsRequest {
        request_id: format!("change-{from}"),
        filing_id: id.into(),
        first_day: from.into(),
        institution_codes: fixed.iter().map(|code| code.to_string()).collect(),
        reason: "迁居".into(),
    };
    let mut desk = world.clerk().filings();
    let answer = desk.change_filing_institutions(request).await;
    let answer = answer.map(|answer| answer.into_inner().filing.unwrap());
    answer.map_err(|no| code(&no))
}

async fn ended(world: &World, id: &str, last: &str) -> Result<DiseaseFiling, String> {
    let request = pb::EndFilingRequest {
        request_id: format!("end-{last}"),
        filing_id: id.into(),
        last_day: last.into(),
        reason: "复查不符合条件".into(),
    };
    let answer = world.clerk().filings().end_filing(request).await;
    let answer = answer.map(|answer| answer.into_inner().filing.unwrap());
    answer.map_err(|no| code(&no))
}

async fn listed(world: &World, who: &str, person: &str) -> Vec<DiseaseFiling> {
    let request = pb::ListFilingsRequest {
        person_id: person.into(),
        ..Default::default()
    };
    let answer = world.suite.desk(who).filings().list_filings(request).await;
    answer.unwrap().into_inner().filings
}

#[tokio::test]
async fn a_chronic_year_filed_limited_moved_and_ended() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let at = |at: &str, number: &str, day: &str, yuan| visit(&person, at, number, day, yuan);
    let missing = Err(MISSING.to_string());
    assert_eq!(
        settled(&world, at(HOSPITAL, "V-0", "05-10", 1_000)).await,
        missing
    );

    // Filed and fixed; the refused request stays refused, and a new one is paid 60 %.
    let id = world.filed(&person, DISEASE, &[HOSPITAL]).await;
    let first = at(HOSPITAL, "V-1", "05-10", 1_000);
    assert_eq!(settled(&world, first).await, Ok((60_000, 40_000)));
    let not_fixed = Err(NOT_FIXED.to_string());
    assert_eq!(
        settled(&world, at(CLINIC, "V-2", "05-11", 1_000)).await,
        not_fixed
    );
    // 8,000 × 60 % = 4,800, of which 5,000 − 600 = 4,400 are left.
    let large = at(HOSPITAL, "V-3", "06-10", 8_000);
    assert_eq!(settled(&world, large).await, Ok((440_000, 360_000)));
    let beyond = at(HOSPITAL, "V-4", "07-10", 1_000);
    assert_eq!(settled(&world, beyond).await, Ok((0, 100_000)));

    // Moved from August on: the limit moves along, and before August nothing has moved.
    let moved = changed(&world, &id, "2017-08-01", &[CLINIC]).await.unwrap();
    let places = |first: &str, at: &str| Places {
        first_day: first.into(),
        institution_codes: vec![at.into()],
    };
    let expected = [places("2016-01-01", HOSPITAL), places("2017-08-01", CLINIC)];
    assert_eq!(moved.places, expected);
    assert_eq!(
        settled(&world, at(HOSPITAL, "V-5", "08-10", 1_000)).await,
        not_fixed
    );
    let there = at(CLINIC, "V-6", "08-10", 1_000);
    assert_eq!(settled(&world, there).await, Ok((0, 100_000)));
    let late = at(HOSPITAL, "V-7", "07-20", 1_000);
    assert_eq!(settled(&world, late).await, Ok((0, 100_000)));

    // Ended with August: a fee of its last day is still one by the disease.
    ended(&world, &id, "2017-08-31").await.unwrap();
    assert_eq!(
        settled(&world, at(CLINIC, "V-8", "09-01", 1_000)).await,
        missing
    );
    let last = at(CLINIC, "V-9", "08-31", 1_000);
    assert_eq!(settled(&world, last).await, Ok((0, 100_000)));
    let request = pb::WithdrawEndFilingRequest {
        original_request_id: "end-2017-08-31".into(),
    };
    let mut bureau = world.clerk().filings();
    bureau.withdraw_end_filing(request).await.unwrap();
    let again = at(CLINIC, "V-10", "09-01", 1_000);
    assert_eq!(settled(&world, again).await, Ok((0, 100_000)));

    let ledger = world.ledger().await;
    let fund = ledger
        .accounts
        .iter()
        .find(|one| one.account == "fund:390100");
    assert_eq!(fund.unwrap().balance_fen, -500_000);
}

/// One month's treatments in one bill: each fee by the institution that is fixed on its own day.
#[tokio::test]
async fn a_month_of_treatments_needs_the_filing_of_each_day() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let id = world.filed(&person, DISEASE, &[HOSPITAL]).await;
    changed(&world, &id, "2017-05-20", &[CLINIC]).await.unwrap();
    let line = |number, day: &str| ClaimLine {
        number,
        item_code: DRUG.into(),
        unit_price_micro_yuan: 100_000_000,
        quantity_e4: 10_000,
        amount_fen: 10_000,
        fee_day: day.into(),
        ..Default::default()
    };
    let month = |number: &str, at: &str, days: [&str; 2]| Claim {
        begin_day: "2017-05-01".into(),
        lines: vec![line(1, days[0]), line(2, days[1])],
        ..visit(&person, at, number, "05-31", 200)
    };
    let straddling = month("M-1", CLINIC, ["2017-05-19", "2017-05-20"]);
    assert_eq!(settled(&world, straddling).await, Err(NOT_FIXED.into()));
    let later = month("M-2", CLINIC, ["2017-05-20", "2017-05-31"]);
    assert_eq!(settled(&world, later).await, Ok((12_000, 8_000)));
    // The snapshot of the bill's last day knows of who was fixed before.
    let before = month("M-3", HOSPITAL, ["2017-05-01", "2017-05-19"]);
    assert_eq!(settled(&world, before).await, Ok((12_000, 8_000)));
    world.ledger().await;
}

/// An institution learns whether, for what, until when, and whether it is one; nothing else.
#[tokio::test]
async fn an_institution_sees_what_concerns_it() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let id = world.filed(&person, DISEASE, &[HOSPITAL]).await;
    ended(&world, &id, "2018-12-31").await.unwrap();
    let over = world.filed(&person, "M01600", &[]).await;
    ended(&world, &over, "2017-12-31").await.unwrap();

    let bureau = listed(&world, "clerk-1", &person).await;
    assert_eq!(bureau.len(), 2);
    // Made at one instant: in no order of ours.
    let known = bureau.iter().find(|one| one.filing_id == id).unwrap();
    assert_eq!(known.material, "诊断证明");
    assert_eq!(known.end_reason, "复查不符合条件");
    for (who, here) in [(HOSPITAL, true), (CLINIC, false)] {
        let seen = listed(&world, who, &person).await;
        let expected = DiseaseFiling {
            places: Vec::new(),
            material: String::new(),
            filed_time: None,
            end_reason: String::new(),
            fixed_here: here,
            ..known.clone()
        };
        assert_eq!(seen, [expected], "{who}");
        assert_eq!(seen[0].last_day, "2018-12-31");
    }
    let mut hospital = world.suite.desk(HOSPITAL).filings();
    let request = pb::GetFilingRequest { filing_id: id };
    let no = hospital.get_filing(request).await.unwrap_err();
    assert_eq!(code(&no), "PERMISSION_DENIED");
}

async fn by_visit(world: &World, claim: &Claim) -> Result<(i64, i64), Status> {
    let visit = pb::Visit {
        institution_code: claim.institution_code.clone(),
        visit_number: claim.visit_number.clone(),
        person_id: claim.person_id.clone(),
        scheme: claim.scheme.clone(),
        med_type: claim.med_type.clone(),
        begin_day: claim.begin_day.clone(),
        diagnosis_code: claim.diagnosis_code.clone(),
        disease_codes: claim.disease_codes.clone(),
        ..Default::default()
    };
    let register = pb::RegisterVisitRequest {
        request_id: format!("register-{}", claim.visit_number),
        visit: Some(visit),
    };
    let mut desk = world.suite.desk(&claim.institution_code).visits();
    let registered = desk.register_visit(patient(register)).await?.into_inner();
    let visit_id = registered.visit.unwrap().visit_id;
    let line = &claim.lines[0];
    let line = pb::VisitLine {
        line_code: "1".into(),
        item_code: line.item_code.clone(),
        unit_price_micro_yuan: line.unit_price_micro_yuan,
        quantity_e4: line.quantity_e4,
        amount_fen: line.amount_fen,
        fee_day: claim.begin_day.clone(),
        ..Default::default()
    };
    let upload = pb::UploadLinesRequest {
        request_id: format!("upload-{}", claim.visit_number),
        visit_id: visit_id.clone(),
        lines: vec![line],
    };
    desk.upload_lines(patient(upload)).await?;
    let request = pb::SettleRequest {
        request_id: format!("visit-{}", claim.visit_number),
        visit_id,
        ..Default::default()
    };
    let mut desk = world.suite.desk(&claim.institution_code).orchestrator();
    let answer = desk.settle(patient(request)).await?.into_inner();
    Ok(paid(&answer.settlement.unwrap()))
}

async fn together(world: &World, claim: &Claim) -> Result<(i64, i64), Status> {
    let request = pb::SettleTogetherRequest {
        request_id: format!("together-{}", claim.visit_number),
        claims: vec![claim.clone()],
    };
    let mut desk = world.suite.desk(&claim.institution_code).orchestrator();
    let answer = desk.settle_together(patient(request)).await?.into_inner();
    Ok(paid(&answer.settlements[0]))
}

async fn in_a_batch(world: &World, claim: &Claim) -> Result<(i64, i64), String> {
    let name = format!("batch-{}", claim.visit_number);
    let options = pb::BatchOptions {
        mode: pb::batch_options::Mode::Continue.into(),
        claims: 0,
    };
    let opening = pb::SettleBatchRequest {
        request_id: name.clone(),
        part: Some(Part::Options(options)),
        ..Default::default()
    };
    let one = pb::SettleBatchRequest {
        request_id: format!("{name}-1"),
        number: 1,
        part: Some(Part::Claim(claim.clone())),
        ..Default::default()
    };
    let mut desk = world.suite.desk(&claim.institution_code).batches();
    let sent = patient(stream::iter([opening, one]));
    let mut told = desk.settle_batch(sent).await.unwrap().into_inner();
    match told.message().await.unwrap().unwrap().told.unwrap() {
        Told::Settlement(settlement) => Ok(paid(&settlement)),
        Told::Refused(no) => Err(no.refused.unwrap().code),
        other => panic!("{other:?}"),
    }
}

async fn reimbursed(world: &World, claim: &Claim) -> Result<(i64, i64), Status> {
    let receipt = pb::ExpenseReceipt {
        receipt_code: "R-2017".into(),
        receipt_number: claim.visit_number.clone(),
        issued_day: claim.end_day.clone(),
        amount_fen: claim.lines[0].amount_fen,
    };
    let request = pb::SubmitReimbursementRequest {
        request_id: format!("submit-{}", claim.visit_number),
        claim: Some(claim.clone()),
        receipts: vec![receipt],
        outside_institution: None,
    };
    let mut desk = world.clerk().reimbursements();
    let kept = desk
        .submit_reimbursement(patient(request))
        .await?
        .into_inner();
    let claim = kept.reimbursement.unwrap().claim.unwrap();
    let id = format!("pay-{}", claim.visit_number);
    Ok(paid(&world.settle(&id, claim).await?))
}

/// 一次告知: one answer, whichever way the bill comes.
#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_a_settlement_asks_for_the_filing() {
    let world = World::open().await;
    let person = world.insured(None).await;
    // A month for each round, for a bill is a bill whatever its number.
    let of = |way: &str, round: u32, day: u32| {
        let number = format!("{way}-{round}");
        let day = format!("0{}-0{day}", 5 + round);
        visit(&person, HOSPITAL, &number, &day, 100)
    };
    let plain = |answer: Result<(i64, i64), Status>| answer.map_err(|no| code(&no));
    let missing = Err(MISSING.to_string());
    let paid = Ok((6_000, 4_000));
    for (round, expected) in [(0, &missing), (1, &paid)] {
        if round == 1 {
            world.filed(&person, DISEASE, &[HOSPITAL]).await;
        }
        let one = settled(&world, of("one", round, 1)).await;
        assert_eq!(&one, expected, "settle");
        let visit = plain(by_visit(&world, &of("visit", round, 2)).await);
        assert_eq!(&visit, expected, "visit");
        let together = plain(together(&world, &of("together", round, 3)).await);
        assert_eq!(&together, expected, "together");
        let batch = in_a_batch(&world, &of("batch", round, 4)).await;
        assert_eq!(&batch, expected, "batch");
        let back = plain(reimbursed(&world, &of("back", round, 5)).await);
        assert_eq!(&back, expected, "reimbursement");
    }
    // What the patient paid elsewhere than at the fixed institution is not reimbursed by the disease.
    let fixed = visit(&person, CLINIC, "fixed", "05-06", 100);
    let no = plain(reimbursed(&world, &fixed).await);
    assert_eq!(no, Err(NOT_FIXED.to_string()));
    world.ledger().await;
}

/// 待遇追溯: a filing that is gone since is told, by the settlement that rested on it; what a settlement
/// was decided by is never forgotten.
#[tokio::test]
async fn late_facts_find_a_filing_that_is_gone() {
    let world = World::open().await;
    let person = world.insured(None).await;
    world.filed(&person, DISEASE, &[]).await;
    let by_disease = visit(&person, HOSPITAL, "V-1", "05-10", 1_000);
    let by_disease = world.settle("V-1", by_disease).await.unwrap();
    world
        .settle("V-2", stay(&person, "V-2", 20_000))
        .await
        .unwrap();

    let request = pb::WithdrawFileDiseaseRequest {
        original_request_id: format!("filing-{DISEASE}-{person}"),
    };
    let mut bureau = world.clerk().filings();
    bureau.withdraw_file_disease(request).await.unwrap();
    let low_income = RecordIdentityRequest {
        request_id: "late".into(),
        person_id: person.clone(),
        kind: "2303".into(),
        from_day: "2017-01-01".into(),
        until_day: String::new(),
    };
    let mut desk = world.clerk().enrollment();
    desk.record_identity(low_income).await.unwrap();
    let request = || pb::PreviewLateFactsRequest {
        person_id: person.clone(),
        scheme: "390".into(),
        year: 2017,
    };
    let mut desk = world.clerk().orchestrator();
    let no = desk
        .preview_late_facts(patient(request()))
        .await
        .unwrap_err();
    assert_eq!(code(&no), MISSING);
    let facts = no
        .get_error_details()
        .error_info()
        .unwrap()
        .metadata
        .clone();
    assert_eq!(facts["settlement_id"], by_disease.settlement_id);

    // Filed anew, it is in nobody's way: the stay comes to something else.
    let again = pb::FileDiseaseRequest {
        request_id: "again".into(),
        person_id: person.clone(),
        scheme: "390".into(),
        kind: pb::disease_filing::Kind::Chronic.into(),
        disease_code: DISEASE.into(),
        disease_name: "高血压".into(),
        first_day: "2017-01-01".into(),
        material: "诊断证明".into(),
        ..Default::default()
    };
    bureau.file_disease(again).await.unwrap();
    let previewed = desk.preview_late_facts(patient(request())).await.unwrap();
    let found = previewed.into_inner().revisions;
    assert!(
        found.iter().any(|one| one.end_day == "2017-03-10"),
        "{found:?}"
    );
    world.ledger().await;
}
