//! 人员类别, 另参加的险种, 零报销年数 and 医院负担: what a person is insured as, what supplements it and
//! how the years before went reaches the amounts, on every way to them. The package is a test's own,
//! `facts/employees.toml`; every amount beside it was reckoned by hand.

mod standings;

use integration_tests::{CLINIC, DRUG, HOSPITAL, World, claim, code, patient};
use kernel::Clock;
use proto::common::{Amounts, Claim, Settlement};
use proto::orchestrator::{
    EnrolRequest, InstitutionRow, PostLateFactsRequest, PostLateFactsResponse, PreSettleRequest,
    PreviewLateFactsRequest, PreviewLateFactsResponse, ReconcileLinesRequest,
    ReconcileTotalsRequest, ReconciledAmounts, ReconciliationRowKind as Kind, RefundLinesRequest,
    RefundedLine, SettleRequest, SettleTogetherRequest,
};
use proto::settlement;

/// 职工: basic 80 % above 300 yuan, retired 90 %; of the rest 大病 50 % up to 1,000 yuan a year and 50
/// more for every year without a claim; of the rest 公务员补助 50 % where it covers; of the rest a
/// hospital of tier 1 bears 10 %.
const EMPLOYEES: &str = include_str!("facts/employees.toml");

/// A world with the package in force, at both services that decide by packages.
pub async fn employees() -> World {
    let world = World::open().await;
    world.decide_by("employees", EMPLOYEES).await;
    world
}

/// Insures a person as an employee in these years, through the public port.
async fn enrol(world: &World, person: &str, years: &[i32], kind: &str, besides: &[&str]) {
    for year in years {
        let request = EnrolRequest {
            request_id: format!("enrol-{year}-{person}"),
            person_id: person.into(),
            scheme: "310".into(),
            year: *year,
            paid_day: format!("{year}-01-01"),
            person_type: kind.into(),
            covered_by: besides.iter().map(|code| code.to_string()).collect(),
            ..Default::default()
        };
        let mut desk = world.clerk().orchestrator();
        desk.enrol(patient(request)).await.unwrap();
    }
}

/// A person insured so in 2017 alone.
async fn insured(world: &World, kind: &str, besides: &[&str]) -> String {
    let person = world.person().await;
    enrol(world, &person, &[2017], kind, besides).await;
    person
}

/// A stay of an employee in March of a year.
fn stay_in(year: i32, person: &str, institution: &str, visit: &str, yuan: i64) -> Claim {
    let days = (format!("{year}-03-01"), format!("{year}-03-10"));
    let days = (days.0.as_str(), days.1.as_str());
    Claim {
        scheme: "310".into(),
        ..claim(person, institution, "21", visit, days, yuan * 100)
    }
}

/// What the layers paid in fen, then the cash.
fn paid(amounts: &Amounts) -> (Vec<i64>, i64) {
    let shares = amounts.shares.iter().map(|share| share.paid_fen);
    (shares.collect(), amounts.cash_fen)
}

fn paid_of(settled: &Settlement) -> (Vec<i64>, i64) {
    paid(settled.amounts.as_ref().unwrap())
}

async fn pre_settle(world: &World, claim: &Claim) -> proto::common::Quote {
    let request = PreSettleRequest {
        claim: Some(claim.clone()),
        ..Default::default()
    };
    let mut desk = world.clerk().orchestrator();
    let answer = desk.pre_settle(patient(request)).await.unwrap();
    answer.into_inner().quote.unwrap()
}

/// The reasons are computed anew, and must come to what is stored.
async fn explained(world: &World, settled: &Settlement) -> (Vec<i64>, i64) {
    let request = settlement::ExplainSettlementRequest {
        settlement_id: settled.settlement_id.clone(),
    };
    let explained = world.clerk().settlement().explain_settlement(request).await;
    paid_of(&explained.unwrap().into_inner().settlement.unwrap())
}

/// Settles claims in one batch: held, then posted.
async fn together(world: &World, id: &str, claims: Vec<Claim>) -> Vec<Settlement> {
    let request = SettleTogetherRequest {
        request_id: id.into(),
        claims,
    };
    let mut desk = world.clerk().orchestrator();
    let answer = desk.settle_together(patient(request)).await.unwrap();
    answer.into_inner().settlements
}

#[tokio::test]
async fn a_retired_person_has_the_ratio_of_the_retired() {
    let world = employees().await;
    // 9,700 × 80 % = 7,760; half of 2,240 is 1,120, of which the cap leaves 1,000.
    let working = (vec![776_000, 100_000, 0], 124_000);
    // 9,700 × 90 % = 8,730; half of 1,270 is 635.
    let retired = (vec![873_000, 63_500, 0], 63_500);
    for (n, (kind, expected)) in [("11", &working), ("", &working), ("12", &retired)]
        .into_iter()
        .enumerate()
    {
        let person = insured(&world, kind, &[]).await;
        let stay = stay_in(2017, &person, HOSPITAL, &format!("V-{n}"), 10_000);
        let quote = pre_settle(&world, &stay).await;
        assert_eq!(paid(quote.amounts.as_ref().unwrap()), *expected, "{kind:?}");
        let settled = world.settle(&format!("s-{n}"), stay).await.unwrap();
        assert_eq!(paid_of(&settled), *expected, "{kind:?}");
        assert_eq!(explained(&world, &settled).await, *expected);
    }
    world.ledger().await;
}

#[tokio::test]
async fn a_civil_servants_supplement_pays_for_whom_it_covers() {
    let world = employees().await;
    // 10,000 − 7,760 − 1,000 = 1,240, of which the supplement pays half.
    let person = insured(&world, "11", &["320"]).await;
    let claim = stay_in(2017, &person, HOSPITAL, "V-1", 10_000);
    let settled = together(&world, "b-1", vec![claim]).await;
    let expected = (vec![776_000, 100_000, 62_000], 62_000);
    assert_eq!(paid_of(&settled[0]), expected);
    assert_eq!(explained(&world, &settled[0]).await, expected);
    // Another supplement is not that of civil servants.
    let person = insured(&world, "11", &["330", "370"]).await;
    let claim = stay_in(2017, &person, HOSPITAL, "V-2", 10_000);
    let settled = world.settle("s-2", claim).await.unwrap();
    assert_eq!(paid_of(&settled), (vec![776_000, 100_000, 0], 124_000));
    let ledger = world.ledger().await;
    let civil = ledger
        .accounts
        .iter()
        .find(|one| one.account == "fund:320100");
    assert_eq!(civil.map(|one| one.balance_fen), Some(-62_000));
}

#[tokio::test]
async fn years_without_a_claim_raise_the_cap_of_the_critical_layer() {
    let world = employees().await;
    let years = [2013, 2014, 2015, 2016, 2017];
    // 11,700 × 80 % = 9,360; half of 2,640 is 1,320, above every cap.
    let capped = |cap: i64| (vec![936_000, cap, 0], 264_000 - cap);

    // Four years, none with a claim: 1,000 + 4 × 50.
    let idle = world.person().await;
    enrol(&world, &idle, &years, "11", &[]).await;
    let claim = stay_in(2017, &idle, HOSPITAL, "V-1", 12_000);
    let quote = pre_settle(&world, &claim).await;
    assert_eq!(paid(quote.amounts.as_ref().unwrap()), capped(120_000));
    let settled = world.settle("s-1", claim).await.unwrap();
    assert_eq!(paid_of(&settled), capped(120_000));
    assert_eq!(explained(&world, &settled).await, capped(120_000));

    // One claim paid for in 2015, one of 2016 that the person bore, one of 2014 taken back: three are
    // left. The same when it is held for a batch.
    let (one, other) = (world.person().await, world.person().await);
    for (person, mark) in [(&one, "A"), (&other, "B")] {
        enrol(&world, person, &years, "11", &[]).await;
        let settle = async |year: i32, item: &str| {
            let visit = format!("{mark}-{year}");
            let mut claim = stay_in(year, person, CLINIC, &visit, 1_000);
            claim.lines[0].item_code = item.into();
            world.settle(&format!("s-{visit}"), claim).await.unwrap()
        };
        settle(2015, DRUG).await;
        let unpaid = settle(2016, "X-1").await;
        assert_eq!(unpaid.amounts.unwrap().funds_fen, 0);
        let back = settle(2014, DRUG).await;
        let undo = format!("u-{mark}");
        world.reverse(&undo, &back.settlement_id).await.unwrap();
    }
    let claim = stay_in(2017, &one, HOSPITAL, "V-2", 12_000);
    let settled = world.settle("s-2", claim).await.unwrap();
    assert_eq!(paid_of(&settled), capped(115_000));
    assert_eq!(explained(&world, &settled).await, capped(115_000));
    let claim = stay_in(2017, &other, HOSPITAL, "V-3", 12_000);
    let settled = together(&world, "b-3", vec![claim]).await;
    assert_eq!(paid_of(&settled[0]), capped(115_000));

    // Drawn upon in 2016, what was gathered until then is spent; taken back, it is there again.
    let spent = world.person().await;
    enrol(&world, &spent, &years, "11", &[]).await;
    let claim = stay_in(2016, &spent, HOSPITAL, "V-5", 12_000);
    let drawn = world.settle("s-5", claim).await.unwrap();
    assert_eq!(paid_of(&drawn), capped(115_000));
    let claim = stay_in(2017, &spent, HOSPITAL, "V-6", 12_000);
    let after = world.settle("s-6", claim.clone()).await.unwrap();
    assert_eq!(paid_of(&after), capped(100_000));
    for (n, one) in [&after, &drawn].into_iter().enumerate() {
        let id = &one.settlement_id;
        world.reverse(&format!("back-{n}"), id).await.unwrap();
    }
    let again = world.settle("s-7", claim).await.unwrap();
    assert_eq!(paid_of(&again), capped(120_000));

    // A break starts anew: of 2013, 2014, 2016 and 2017 only 2016 counts.
    let broken = world.person().await;
    enrol(&world, &broken, &[2013, 2014, 2016, 2017], "11", &[]).await;
    let claim = stay_in(2017, &broken, HOSPITAL, "V-4", 12_000);
    let settled = world.settle("s-4", claim).await.unwrap();
    assert_eq!(paid_of(&settled), capped(105_000));
    world.ledger().await;
}

#[tokio::test]
async fn a_claim_of_an_earlier_year_is_named_and_paid_late() {
    let world = employees().await;
    let person = world.person().await;
    enrol(&world, &person, &[2016, 2017], "11", &[]).await;
    // One year without a claim: 9,360, then 1,050 of 1,320.
    let claim = stay_in(2017, &person, HOSPITAL, "V-1", 12_000);
    let quote = pre_settle(&world, &claim).await;
    let with = (vec![936_000, 105_000, 0], 159_000);
    assert_eq!(paid(quote.amounts.as_ref().unwrap()), with);

    let earlier = stay_in(2016, &person, CLINIC, "V-0", 1_000);
    let earlier = world.settle("s-0", earlier).await.unwrap();
    let request = SettleRequest {
        request_id: "s-1".into(),
        claim: Some(claim.clone()),
        basis: quote.basis.clone(),
        ..Default::default()
    };
    let mut desk = world.clerk().orchestrator();
    let no = desk.settle(patient(request)).await.unwrap_err();
    assert_eq!(code(&no), "BASIS_CHANGED");
    assert!(no.message().contains("年度累计"), "{}", no.message());

    // Settled as it is now; then the earlier claim is taken back, and the difference is paid late.
    let settled = world.settle("s-2", claim).await.unwrap();
    assert_eq!(paid_of(&settled), (vec![936_000, 100_000, 0], 164_000));
    world.reverse("u-0", &earlier.settlement_id).await.unwrap();
    let shown = late(&world, &person).await;
    assert_eq!(
        (shown.funds_difference_fen, shown.cash_difference_fen),
        (5_000, -5_000)
    );
    paid_late(&world, "p-1", &person).await;
    assert_eq!(explained(&world, &settled).await, with);
    let ledger = world.ledger().await;
    let owed = format!("payable:person:{person}");
    let owed = ledger.accounts.iter().find(|one| one.account == owed);
    assert_eq!(owed.map(|one| one.balance_fen), Some(5_000));
}

/// What is known late of a person's 2017.
async fn late(world: &World, person: &str) -> PreviewLateFactsResponse {
    let request = PreviewLateFactsRequest {
        person_id: person.into(),
        scheme: "310".into(),
        year: 2017,
    };
    let mut desk = world.clerk().orchestrator();
    let shown = desk.preview_late_facts(patient(request)).await.unwrap();
    shown.into_inner()
}

/// Pays it.
async fn paid_late(world: &World, id: &str, person: &str) -> PostLateFactsResponse {
    let request = PostLateFactsRequest {
        request_id: id.into(),
        person_id: person.into(),
        scheme: "310".into(),
        year: 2017,
        preview_digest: late(world, person).await.preview_digest,
        ..Default::default()
    };
    let mut desk = world.clerk().orchestrator();
    let paid = desk.post_late_facts(patient(request)).await.unwrap();
    paid.into_inner()
}

/// What the accounts of a subject came to, zeros left out.
async fn moved(world: &World, subject: &str) -> Vec<(String, i64)> {
    let request = settlement::GetLedgerEntriesRequest {
        subject_id: subject.into(),
    };
    let entries = world.clerk().settlement().get_ledger_entries(request).await;
    let mut sums = std::collections::BTreeMap::new();
    for entry in entries.unwrap().into_inner().entries {
        *sums.entry(entry.account).or_insert(0) += entry.amount_fen;
    }
    assert_eq!(sums.values().sum::<i64>(), 0);
    sums.into_iter().filter(|(_, sum)| *sum != 0).collect()
}

fn balance(ledger: &settlement::GetTrialBalanceResponse, account: &str) -> i64 {
    let found = ledger.accounts.iter().find(|one| one.account == account);
    found.map_or(0, |one| one.balance_fen)
}

/// Funds, account, cash, hospital; together the whole bill.
fn payers(settled: &Settlement) -> (i64, i64, i64, i64) {
    let amounts = settled.amounts.as_ref().unwrap();
    let of = (
        amounts.funds_fen,
        amounts.account_fen,
        amounts.cash_fen,
        amounts.hospital_fen,
    );
    assert_eq!(of.0 + of.1 + of.2 + of.3, amounts.total_fen);
    of
}

/// A stay in two lines at the clinic, which bears a tenth of what the person would.
fn two_lines(person: &str, visit: &str) -> Claim {
    let mut claim = stay_in(2017, person, CLINIC, visit, 6_000);
    let mut second = stay_in(2017, person, CLINIC, visit, 4_000).lines.remove(0);
    second.number = 2;
    claim.lines.push(second);
    claim
}

#[tokio::test]
async fn what_the_hospital_bears_is_nobody_elses_in_all_books() {
    let world = employees().await;
    let person = insured(&world, "11", &[]).await;
    let settled = world
        .settle("s-1", two_lines(&person, "V-1"))
        .await
        .unwrap();
    // 9,700 × 80 % = 7,760 and 1,000; of 1,240 the hospital bears 124.
    assert_eq!(payers(&settled), (876_000, 0, 111_600, 12_400));
    let id = settled.settlement_id.as_str();
    let owed = format!("payable:{CLINIC}");
    let expected = [
        ("fund:310100".to_string(), -776_000),
        ("fund:310300".to_string(), -100_000),
        (owed.clone(), 876_000),
    ];
    assert_eq!(moved(&world, id).await, expected);

    // Without the second line: 5,700 × 80 % = 4,560; half of 1,440 is 720; of 720 the hospital bears
    // 72. The institution repays what the funds paid more.
    let request = RefundLinesRequest {
        request_id: "r-1".into(),
        settlement_id: id.into(),
        lines: vec![RefundedLine {
            number: 2,
            quantity_e4: 0,
        }],
        reason: "未使用".into(),
    };
    let mut clinic = world.suite.desk(CLINIC).revisions();
    let refunded = clinic.refund_lines(patient(request)).await.unwrap();
    let refunded = refunded.into_inner().settlement.unwrap();
    assert_eq!(payers(&refunded), (528_000, 0, 64_800, 7_200));
    assert_eq!(balance(&world.ledger().await, &owed), 528_000);

    // The day's totals are those of both rows: what the hospital bears is in the total alone.
    let mut books = world.suite.desk(CLINIC).reconciliations();
    let today = world.clock.now().day().to_string();
    let request = ReconcileTotalsRequest {
        institution_code: String::new(),
        from_day: today.clone(),
        to_day: today,
        refunds_included: true,
        totals: Vec::new(),
    };
    let totals = books.reconcile_totals(patient(request)).await.unwrap();
    let totals = totals.into_inner().lines;
    let expected = ReconciledAmounts {
        medfee_fen: 600_000,
        funds_fen: 528_000,
        account_fen: 0,
        cash_fen: 64_800,
    };
    assert_eq!(totals.len(), 1);
    assert_eq!(
        (totals[0].bureau_rows, totals[0].bureau),
        (2, Some(expected))
    );

    // Taken back: nothing is left of it, and everybody reads what it came to.
    let back = world.reverse("u-1", id).await.unwrap();
    assert_eq!(payers(&back), payers(&refunded));
    assert_eq!(moved(&world, id).await, []);
    assert_eq!(balance(&world.ledger().await, &owed), 0);
}

#[tokio::test]
async fn what_the_hospital_bears_less_by_a_late_fact_is_a_row_of_its_books() {
    let world = employees().await;
    let person = world.person().await;
    enrol(&world, &person, &[2016, 2017], "11", &[]).await;
    let earlier = stay_in(2016, &person, HOSPITAL, "V-0", 1_000);
    let earlier = world.settle("s-0", earlier).await.unwrap();
    let settled = world
        .settle("s-1", two_lines(&person, "V-1"))
        .await
        .unwrap();
    assert_eq!(payers(&settled), (876_000, 0, 111_600, 12_400));
    world.reverse("u-0", &earlier.settlement_id).await.unwrap();
    let (owed, owed_person) = (
        format!("payable:{CLINIC}"),
        format!("payable:person:{person}"),
    );
    let before = balance(&world.ledger().await, &owed);

    // The year before is one without a claim now: 1,050 of 大病, and of 1,190 the hospital bears 119,
    // which is 5 less, and the person 1,071, which is 45 less.
    let id = settled.settlement_id.as_str();
    let correction = paid_late(&world, "p-1", &person).await;
    let now = &correction.revisions[0];
    assert_eq!(now.after.as_ref().unwrap().hospital_fen, 11_900);
    let moved = moved(&world, &now.revision_id).await;
    let expected = [
        ("fund:310300".to_string(), -5_000),
        (owed.clone(), 500),
        (owed_person.clone(), 4_500),
    ];
    assert_eq!(moved, expected);
    assert_eq!(balance(&world.ledger().await, &owed), before + 500);

    // The clinic's books have it as what the funds owe it more; its row of the settlement stands.
    let mut books = world.suite.desk(CLINIC).reconciliations();
    let today = world.clock.now().day().to_string();
    let row = |kind: Kind, funds: i64, settled: Option<&Amounts>| InstitutionRow {
        settlement_id: id.into(),
        request_id: String::new(),
        kind: kind.into(),
        scheme: "310".into(),
        amounts: Some(ReconciledAmounts {
            medfee_fen: settled.map_or(0, |one| one.total_fen),
            funds_fen: settled.map_or(funds, |one| one.funds_fen),
            account_fen: 0,
            cash_fen: settled.map_or(0, |one| one.cash_fen),
        }),
        funds: Vec::new(),
    };
    let posted = settled.amounts.as_ref();
    let rows = vec![
        row(Kind::Settlement, 0, posted),
        row(Kind::Revision, 500, None),
    ];
    let request = ReconcileLinesRequest {
        request_id: "lines".into(),
        institution_code: String::new(),
        day: today.clone(),
        rows,
    };
    let answer = books.reconcile_lines(patient(request)).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!((answer.differences.len(), answer.verdicts.len()), (0, 2));

    // Taken back whole, the clinic repays what it was owed in the end.
    world.reverse("u-1", id).await.unwrap();
    let ledger = world.ledger().await;
    assert_eq!(
        (balance(&ledger, &owed), balance(&ledger, &owed_person)),
        (0, 0)
    );
}
