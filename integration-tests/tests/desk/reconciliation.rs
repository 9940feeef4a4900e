//! 对账与日结、月结: a hospital's books against the bureau's, day by day, until the month is closed.

use integration_tests::{CLINIC, HOSPITAL, World, claim, code, patient, visit};
use kernel::{Day, Instant};
use proto::common::Settlement;
use proto::orchestrator as pb;
use proto::orchestrator::reconciliation_service_client::ReconciliationServiceClient;
use proto::orchestrator::{ReconciliationRowKind as Kind, ReconciliationVerdict as Verdict};
use runtime::Wire;
use tonic::Status;

pub type Client = ReconciliationServiceClient<Wire>;

/// The first day of the world.
const TODAY: &str = "2018-03-01";

/// Moves the clock to an hour of a day in Asia/Shanghai.
pub fn set(world: &World, day: &str, hour: i64) {
    let midnight = Instant::beginning_of(Day::parse(day).unwrap());
    world.clock.set(midnight.plus_millis(hour * 3_600_000));
}

/// A settlement as its institution writes it down.
fn row(settled: &Settlement) -> pb::InstitutionRow {
    let amounts = settled.amounts.as_ref().unwrap();
    let paid = amounts.shares.iter().filter(|share| share.paid_fen != 0);
    pb::InstitutionRow {
        settlement_id: settled.settlement_id.clone(),
        request_id: format!("r-{}", settled.visit_number),
        kind: Kind::Settlement.into(),
        scheme: settled.scheme.clone(),
        amounts: Some(pb::ReconciledAmounts {
            medfee_fen: amounts.total_fen,
            funds_fen: amounts.funds_fen,
            account_fen: amounts.account_fen,
            cash_fen: amounts.cash_fen,
        }),
        funds: paid
            .map(|share| pb::ReconciledFund {
                fund_pay_type: share.fund.clone(),
                paid_fen: share.paid_fen,
            })
            .collect(),
    }
}

fn opposite(amounts: &mut pb::ReconciledAmounts) {
    amounts.medfee_fen *= -1;
    amounts.funds_fen *= -1;
    amounts.account_fen *= -1;
    amounts.cash_fen *= -1;
}

/// Its refund.
fn refund(settled: &Settlement) -> pb::InstitutionRow {
    let mut row = row(settled);
    row.kind = Kind::Reversal.into();
    row.amounts.iter_mut().for_each(opposite);
    row.funds.iter_mut().for_each(|fund| fund.paid_fen *= -1);
    row
}

/// A row of a settlement that the bureau never heard of.
fn unheard(request: &str, fen: i64) -> pb::InstitutionRow {
    pb::InstitutionRow {
        settlement_id: String::new(),
        request_id: request.into(),
        kind: Kind::Settlement.into(),
        scheme: "390".into(),
        amounts: Some(pb::ReconciledAmounts {
            medfee_fen: fen,
            cash_fen: fen,
            ..Default::default()
        }),
        funds: Vec::new(),
    }
}

async fn lines(
    client: &mut Client,
    id: &str,
    day: &str,
    rows: Vec<pb::InstitutionRow>,
) -> Result<pb::ReconcileLinesResponse, Status> {
    let request = pb::ReconcileLinesRequest {
        request_id: id.into(),
        institution_code: String::new(),
        day: day.into(),
        rows,
    };
    let answer = client.reconcile_lines(patient(request)).await?.into_inner();
    // Every scheme's difference is the sum over the differences.
    for scheme in &answer.schemes {
        let medfee = |row: &Option<pb::ReconciledAmounts>| row.as_ref().map_or(0, |a| a.medfee_fen);
        let listed = answer.differences.iter().map(|one| {
            let theirs = one
                .institution
                .iter()
                .filter(|row| row.scheme == scheme.scheme);
            let ours = one.bureau.iter().filter(|row| row.scheme == scheme.scheme);
            theirs.map(|row| medfee(&row.amounts)).sum::<i64>()
                - ours.map(|row| medfee(&row.amounts)).sum::<i64>()
        });
        assert_eq!(listed.sum::<i64>(), medfee(&scheme.difference));
    }
    Ok(answer)
}

fn found(answer: &pb::ReconcileLinesResponse) -> Vec<(Verdict, &str, bool)> {
    let one = |one: &'_ pb::ReconciliationDifference| (one.verdict(), one.open);
    let named = answer.differences.iter();
    named
        .map(|difference| {
            let (verdict, open) = one(difference);
            (verdict, difference.row_key.as_str(), open)
        })
        .collect()
}

async fn close(
    client: &mut Client,
    id: &str,
    day: &str,
    reason: &str,
) -> Result<pb::ReconciledDay, Status> {
    let request = pb::CloseDayRequest {
        request_id: id.into(),
        institution_code: String::new(),
        day: day.into(),
        unreconciled_reason: reason.into(),
    };
    let answer = client.close_day(patient(request)).await?;
    Ok(answer.into_inner().closed.expect("a day"))
}

pub async fn close_month(
    client: &mut Client,
    id: &str,
    month: &str,
) -> Result<pb::ReconciledMonth, Status> {
    let request = pb::CloseMonthRequest {
        request_id: id.into(),
        month: month.into(),
    };
    let answer = client.close_month(patient(request)).await?;
    Ok(answer.into_inner().closed.expect("a month"))
}

async fn days(client: &mut Client, from: &str, to: &str) -> Vec<pb::ReconciledDay> {
    let mut all = Vec::new();
    let mut request = pb::ListDaysRequest {
        from_day: from.into(),
        to_day: to.into(),
        page_size: 1,
        ..Default::default()
    };
    loop {
        let page = client.list_days(patient(request.clone())).await.unwrap();
        let page = page.into_inner();
        all.extend(page.days);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return all;
        }
    }
}

async fn clinic_visit(world: &World, person: &str, n: u32, fen: i64) -> Settlement {
    let claim = visit(
        person,
        &format!("V-{n}"),
        &format!("2017-06-{:02}", n + 1),
        fen,
    );
    world.settle(&format!("s-{n}"), claim).await.unwrap()
}

/// One refund of 25 yuan is at the insurer and not at the hospital: on the day of the refund, whose
/// settlement is of the day before.
#[tokio::test]
async fn the_refund_of_twenty_five_yuan() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let refunded = clinic_visit(&world, &person, 0, 2_500).await;
    let mut desk = world.suite.desk(CLINIC).reconciliations();
    let first = lines(&mut desk, "day-1", TODAY, vec![row(&refunded)])
        .await
        .unwrap();
    assert_eq!((found(&first), first.verdicts.len()), (vec![], 1));

    set(&world, "2018-03-02", 9);
    world
        .reverse("back", &refunded.settlement_id)
        .await
        .unwrap();
    let kept = clinic_visit(&world, &person, 1, 8_800).await;
    let second = lines(&mut desk, "day-2", "2018-03-02", vec![row(&kept)])
        .await
        .unwrap();
    let id = refunded.settlement_id.as_str();
    assert_eq!(found(&second), [(Verdict::OnlyAtBureau, id, true)]);
    assert_eq!(second.verdicts, [Verdict::Match as i32]);
    let scheme = &second.schemes[0];
    assert_eq!((scheme.institution_rows, scheme.bureau_rows), (1, 2));
    assert_eq!(scheme.difference.unwrap().medfee_fen, 2_500);
    let told = &second.differences[0];
    assert_eq!(
        (told.cause.as_str(), told.repair.as_str()),
        ("院端漏记退费", "补记负向行")
    );
    assert_eq!(told.bureau.as_ref().unwrap().visit_number, "V-0");

    // The refund is written down: everything matches, and the first day still does.
    let rows = vec![row(&kept), refund(&refunded)];
    let third = lines(&mut desk, "day-2-again", "2018-03-02", rows)
        .await
        .unwrap();
    assert_eq!(found(&third), []);
    let again = lines(&mut desk, "day-1-again", TODAY, vec![row(&refunded)])
        .await
        .unwrap();
    assert_eq!(found(&again), []);
}

/// Hospital 171,239.20, insurer 171,178.20, difference 61.00. The insurer's three sums are the day's
/// three settlements; the hospital has one more, whose answer never came.
#[tokio::test]
async fn the_sixty_one_yuan() {
    let world = World::open().await;
    let mut rows = Vec::new();
    for (n, fen) in [12_802_642, 18_000, 4_297_178].into_iter().enumerate() {
        let person = world.insured(None).await;
        let days = ("2017-03-01", "2017-03-10");
        let claim = claim(&person, HOSPITAL, "21", &format!("V-{n}"), days, fen);
        rows.push(row(&world.settle(&format!("s-{n}"), claim).await.unwrap()));
    }
    rows.push(unheard("s-lost", 6_100));
    let mut desk = world.suite.desk(HOSPITAL).reconciliations();
    let totals = |medfee_fen: i64, rows: &[pb::InstitutionRow]| {
        let sum = |of: fn(&pb::ReconciledAmounts) -> i64| {
            rows.iter()
                .filter_map(|row| row.amounts.as_ref())
                .map(of)
                .sum()
        };
        pb::ReconcileTotalsRequest {
            from_day: "2018-02-24".into(),
            to_day: TODAY.into(),
            refunds_included: true,
            totals: vec![pb::ReconciledTotal {
                scheme: "390".into(),
                clr_type: "21".into(),
                rows: rows.len() as i64,
                amounts: Some(pb::ReconciledAmounts {
                    medfee_fen,
                    funds_fen: sum(|row| row.funds_fen),
                    account_fen: sum(|row| row.account_fen),
                    cash_fen: sum(|row| row.cash_fen),
                }),
            }],
            ..Default::default()
        }
    };
    let asked = totals(17_123_920, &rows);
    let told = desk
        .reconcile_totals(patient(asked))
        .await
        .unwrap()
        .into_inner();
    assert!(!told.equal);
    let line = &told.lines[0];
    assert_eq!(line.bureau.unwrap().medfee_fen, 17_117_820);
    assert_eq!(line.difference.unwrap().medfee_fen, 6_100);

    let answer = lines(&mut desk, "lines", TODAY, rows.clone())
        .await
        .unwrap();
    assert_eq!(
        found(&answer),
        [(Verdict::OnlyAtInstitution, "s-lost", true)]
    );
    assert_eq!(answer.schemes[0].difference.unwrap().medfee_fen, 6_100);
    assert!(answer.differences[0].repair.contains("UNKNOWN_HERE"));

    rows.pop();
    let asked = totals(17_117_820, &rows);
    let told = desk.reconcile_totals(patient(asked)).await.unwrap();
    assert!(told.into_inner().equal);
    let answer = lines(&mut desk, "mended", TODAY, rows).await.unwrap();
    assert_eq!((found(&answer), answer.difference_rows), (vec![], 0));
}

#[tokio::test]
async fn every_verdict_has_its_row_cause_and_repair() {
    let world = World::open().await;
    let mut settled = Vec::new();
    for n in 0..8 {
        let person = world.insured(None).await;
        settled.push(clinic_visit(&world, &person, n, 10_000 + i64::from(n)).await);
    }
    for n in [4, 5, 6, 7] {
        let id = &settled[n].settlement_id;
        world.reverse(&format!("back-{n}"), id).await.unwrap();
    }
    let mut less = row(&settled[1]);
    less.amounts.as_mut().unwrap().cash_fen -= 1;
    let mut plus = refund(&settled[6]);
    plus.amounts.iter_mut().for_each(opposite);
    let rows = vec![
        row(&settled[0]),
        less,
        row(&settled[2]),
        row(&settled[2]),
        // Settlement 3 is missing; the refund of 4 is missing.
        row(&settled[4]),
        // Both rows of 5; 6 with a refund that has no minus; 7 never heard of and taken back.
        row(&settled[5]),
        refund(&settled[5]),
        row(&settled[6]),
        plus,
        unheard("r-lost", 700),
        refund(&settled[0]),
    ];
    let mut desk = world.suite.desk(CLINIC).reconciliations();
    let answer = lines(&mut desk, "lines", TODAY, rows.clone())
        .await
        .unwrap();
    let id = |n: usize| settled[n].settlement_id.as_str();
    let mut expected = vec![
        (Verdict::StatusDiffers, id(0), true),
        (Verdict::AmountDiffers, id(1), true),
        (Verdict::Duplicate, id(2), true),
        (Verdict::OnlyAtBureau, id(3), true),
        (Verdict::StatusDiffers, id(4), true),
        (Verdict::SignDiffers, id(6), true),
        (Verdict::OnlyAtBureau, id(7), false),
        (Verdict::OnlyAtBureau, id(7), false),
        (Verdict::OnlyAtInstitution, "r-lost", true),
    ];
    let mut told = found(&answer);
    let order = |one: &(Verdict, &str, bool)| (one.1.to_string(), one.0 as i32);
    expected.sort_by_key(order);
    told.sort_by_key(order);
    assert_eq!(told, expected);
    for one in &answer.differences {
        assert!(!one.cause.is_empty() && !one.repair.is_empty(), "{one:?}");
        if one.row_number != 0 {
            let place = usize::try_from(one.row_number - 1).unwrap();
            assert_eq!(answer.verdicts[place], one.verdict);
            assert_eq!(one.institution.as_ref(), Some(&rows[place]));
        }
    }
    let matched = answer
        .verdicts
        .iter()
        .filter(|one| **one == Verdict::Match as i32);
    assert_eq!(matched.count(), 6);
    let less = answer
        .differences
        .iter()
        .find(|one| one.row_key == id(1))
        .unwrap();
    assert_eq!(less.fields.len(), 1);
    assert_eq!(less.fields[0].name, "cash_payamt");

    // Repeated, it is the same; page by page as well.
    let again = lines(&mut desk, "lines", TODAY, rows).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.differences, answer.differences);
    let mut listed = Vec::new();
    let mut request = pb::ListDifferencesRequest {
        day: TODAY.into(),
        page_size: 2,
        ..Default::default()
    };
    loop {
        let page = desk
            .list_differences(patient(request.clone()))
            .await
            .unwrap();
        let page = page.into_inner();
        listed.extend(page.differences);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, answer.differences);
}

#[tokio::test]
async fn a_day_is_closed_when_everything_is_equal_or_explained() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let settled = clinic_visit(&world, &person, 0, 10_000).await;
    let mut desk = world.suite.desk(CLINIC).reconciliations();

    // The day is not over; ten minutes after midnight it is.
    let no = close(&mut desk, "early", TODAY, "").await.unwrap_err();
    assert_eq!(code(&no), "DAY_NOT_OVER");
    set(&world, "2018-03-02", 0);
    let no = close(&mut desk, "midnight", TODAY, "").await.unwrap_err();
    assert_eq!(code(&no), "DAY_NOT_OVER");
    set(&world, "2018-03-02", 1);
    let no = close(&mut desk, "unreconciled", TODAY, "")
        .await
        .unwrap_err();
    assert_eq!(code(&no), "DAY_NOT_RECONCILED");
    let no = close(&mut desk, "own-reason", TODAY, "系统故障")
        .await
        .unwrap_err();
    assert_eq!(code(&no), "REASON_OF_BUREAU");

    let rows = vec![row(&settled), unheard("r-lost", 700)];
    lines(&mut desk, "lines", TODAY, rows.clone())
        .await
        .unwrap();
    let no = close(&mut desk, "open", TODAY, "").await.unwrap_err();
    assert_eq!(code(&no), "DIFFERENCES_OPEN");
    let listed = days(&mut desk, TODAY, "2018-03-31").await;
    assert_eq!((listed.len(), listed[0].open_rows), (1, 1));

    let explain = |id: &str, key: &str| pb::ExplainDifferenceRequest {
        request_id: id.into(),
        institution_code: String::new(),
        day: TODAY.into(),
        row_key: key.into(),
        owner: "信息科 王工".into(),
        reason: "次日补传".into(),
    };
    let matched = explain("wrong", &settled.settlement_id);
    let no = desk.explain_difference(matched).await.unwrap_err();
    assert_eq!(code(&no), "DIFFERENCE_UNKNOWN");
    desk.explain_difference(explain("word", "r-lost"))
        .await
        .unwrap();
    // The same difference found again is explained; another of the same name is not.
    lines(&mut desk, "lines-2", TODAY, rows).await.unwrap();
    assert_eq!(days(&mut desk, TODAY, TODAY).await[0].open_rows, 0);
    let rows = vec![row(&settled), unheard("r-lost", 900)];
    lines(&mut desk, "lines-3", TODAY, rows).await.unwrap();
    assert_eq!(days(&mut desk, TODAY, TODAY).await[0].open_rows, 1);
    // Withdrawn, the comparison before it counts.
    let withdraw = pb::WithdrawReconcileLinesRequest {
        original_request_id: "lines-3".into(),
    };
    desk.withdraw_reconcile_lines(withdraw).await.unwrap();

    let closed = close(&mut desk, "close", TODAY, "").await.unwrap();
    assert_eq!(closed.state(), pb::reconciled_day::State::Closed);
    assert_eq!((closed.rows, closed.sums[0].rows), (1, 1));
    assert_eq!(closed.sums[0].amounts.unwrap().medfee_fen, 10_000);
    assert_eq!(closed.digest.len(), 64);
    assert_eq!(days(&mut desk, TODAY, TODAY).await, [closed]);
    let no = close(&mut desk, "twice", TODAY, "").await.unwrap_err();
    assert_eq!(code(&no), "DAY_CLOSED");

    // What is posted or reversed now is of today: the closed day stays as it is.
    world.reverse("back", &settled.settlement_id).await.unwrap();
    clinic_visit(&world, &person, 1, 5_000).await;
    let listed = days(&mut desk, TODAY, "2018-03-02").await;
    assert_eq!((listed[0].rows, listed[1].rows), (1, 2));
    let again = lines(&mut desk, "after", TODAY, vec![row(&settled)])
        .await
        .unwrap();
    assert_eq!(found(&again), []);
}

#[tokio::test]
async fn a_month_is_closed_and_a_later_reversal_is_of_the_month_it_comes_in() {
    let world = World::open().await;
    let (first, second) = (world.insured(None).await, world.insured(None).await);
    let settled = clinic_visit(&world, &first, 0, 10_000).await;
    let days_in = ("2017-03-01", "2017-03-10");
    let stay = claim(&second, HOSPITAL, "21", "V-9", days_in, 500_000);
    let stay = world.settle("stay", stay).await.unwrap();
    let mut bureau = world.clerk().reconciliations();
    let no = close_month(&mut bureau, "early", "2018-03")
        .await
        .unwrap_err();
    assert_eq!(code(&no), "MONTH_NOT_OVER");
    set(&world, "2018-04-01", 1);
    let no = close_month(&mut bureau, "open", "2018-03")
        .await
        .unwrap_err();
    assert_eq!(code(&no), "MONTH_DAYS_OPEN");

    let mut clinic = world.suite.desk(CLINIC).reconciliations();
    lines(&mut clinic, "lines", TODAY, vec![row(&settled)])
        .await
        .unwrap();
    close(&mut clinic, "close", TODAY, "").await.unwrap();
    let no = close_month(&mut bureau, "half-open", "2018-03")
        .await
        .unwrap_err();
    assert_eq!(code(&no), "MONTH_DAYS_OPEN");
    // The hospital does not reconcile: the bureau says why it closes its day.
    let request = pb::CloseDayRequest {
        request_id: "for-the-hospital".into(),
        institution_code: HOSPITAL.into(),
        day: TODAY.into(),
        unreconciled_reason: "机构停业".into(),
    };
    let closed = bureau
        .close_day(request)
        .await
        .unwrap()
        .into_inner()
        .closed
        .unwrap();
    assert_eq!(closed.unreconciled_reason, "机构停业");

    let march = close_month(&mut bureau, "close", "2018-03").await.unwrap();
    assert_eq!(march.days, 2);
    assert_eq!(
        march.accounts.iter().map(|one| one.moved_fen).sum::<i64>(),
        0
    );
    assert!(
        march
            .accounts
            .iter()
            .all(|one| one.of_earlier_months_fen == 0)
    );
    let owed = |month: &pb::ReconciledMonth, code: &str| {
        let name = format!("payable:{code}");
        let found = month.accounts.iter().find(|one| one.account == name);
        found.map_or((0, 0), |one| (one.moved_fen, one.of_earlier_months_fen))
    };
    let funds = |settled: &Settlement| settled.amounts.as_ref().unwrap().funds_fen;
    assert_eq!(owed(&march, HOSPITAL), (funds(&stay), 0));
    let no = close_month(&mut bureau, "twice", "2018-03")
        .await
        .unwrap_err();
    assert_eq!(code(&no), "MONTH_CLOSED");

    // Reversed in April: the linked opposite entry is of April, and March stays as it is.
    world.reverse("back", &stay.settlement_id).await.unwrap();
    let mut desk = world.suite.desk(HOSPITAL).reconciliations();
    let april = "2018-04-01";
    let answer = lines(&mut desk, "april", april, vec![refund(&stay)])
        .await
        .unwrap();
    assert_eq!(found(&answer), []);
    set(&world, "2018-05-01", 1);
    close(&mut desk, "close-april", april, "").await.unwrap();
    let month = close_month(&mut bureau, "april", "2018-04").await.unwrap();
    assert_eq!(owed(&month, HOSPITAL), (-funds(&stay), -funds(&stay)));
    assert_eq!(owed(&month, CLINIC), (0, 0));
    let asked = pb::GetMonthRequest {
        month: "2018-03".into(),
    };
    let still = bureau.get_month(asked).await.unwrap().into_inner().closed;
    assert_eq!(still, Some(march));
}

/// What a correction added to a settlement, as its institution writes it down.
fn corrected(before: &Settlement, after: &Settlement) -> pb::InstitutionRow {
    let mut row = row(after);
    row.kind = Kind::Revision.into();
    // The funds' sum is enough.
    row.funds.clear();
    let was = before.amounts.as_ref().unwrap();
    let added = row.amounts.as_mut().unwrap();
    added.medfee_fen -= was.total_fen;
    added.funds_fen -= was.funds_fen;
    added.account_fen -= was.account_fen;
    added.cash_fen -= was.cash_fen;
    row
}

/// A refund of lines, its withdrawal, and the reversal of what was refunded in part are rows of their
/// days, and in the month's figures what corrects an earlier month.
#[tokio::test]
async fn corrections_are_rows_of_the_day_they_come_in() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let days_in = ("2017-03-01", "2017-03-10");
    let mut stay = claim(&person, HOSPITAL, "21", "V-9", days_in, 500_000);
    let mut second = stay.lines[0].clone();
    second.number = 2;
    stay.lines.push(second);
    let settled = world.settle("stay", stay).await.unwrap();
    let mut desk = world.suite.desk(HOSPITAL).reconciliations();
    lines(&mut desk, "march", TODAY, vec![row(&settled)])
        .await
        .unwrap();
    set(&world, "2018-04-01", 1);
    close(&mut desk, "close-march", TODAY, "").await.unwrap();
    let mut bureau = world.clerk().reconciliations();
    close_month(&mut bureau, "march", "2018-03").await.unwrap();

    let mut counter = world.suite.desk(HOSPITAL).revisions();
    let mut refund_line = async |id: &str| {
        let request = pb::RefundLinesRequest {
            request_id: id.into(),
            settlement_id: settled.settlement_id.clone(),
            lines: vec![pb::RefundedLine {
                number: 2,
                quantity_e4: 0,
            }],
            reason: "未使用".into(),
        };
        let answer = counter.refund_lines(patient(request)).await.unwrap();
        answer.into_inner().settlement.unwrap()
    };
    let after = refund_line("refund-1").await;
    let withdraw = pb::WithdrawRefundLinesRequest {
        original_request_id: "refund-1".into(),
    };
    let mut other = world.suite.desk(HOSPITAL).revisions();
    other
        .withdraw_refund_lines(patient(withdraw))
        .await
        .unwrap();
    assert_eq!(refund_line("refund-2").await.amounts, after.amounts);
    let added = corrected(&settled, &after);
    let mut taken_back = added.clone();
    taken_back.amounts.iter_mut().for_each(opposite);
    let rows = vec![added.clone(), taken_back, added];
    let answer = lines(&mut desk, "first", "2018-04-01", rows).await.unwrap();
    assert_eq!((found(&answer), answer.verdicts.len()), (vec![], 3));

    // What is taken back is what stood.
    set(&world, "2018-04-02", 1);
    world.reverse("back", &settled.settlement_id).await.unwrap();
    close(&mut desk, "close-first", "2018-04-01", "")
        .await
        .unwrap();
    let whole = lines(&mut desk, "whole", "2018-04-02", vec![refund(&settled)]).await;
    assert_eq!(whole.unwrap().difference_rows, 1);
    let answer = lines(&mut desk, "second", "2018-04-02", vec![refund(&after)]).await;
    assert_eq!(found(&answer.unwrap()), []);
    set(&world, "2018-05-01", 1);
    close(&mut desk, "close-second", "2018-04-02", "")
        .await
        .unwrap();

    let april = close_month(&mut bureau, "april", "2018-04").await.unwrap();
    assert_eq!(april.days, 2);
    let name = format!("payable:{HOSPITAL}");
    let owed = april
        .accounts
        .iter()
        .find(|one| one.account == name)
        .unwrap();
    let funds = settled.amounts.as_ref().unwrap().funds_fen;
    assert!(funds > 0);
    assert_eq!(
        (owed.moved_fen, owed.of_earlier_months_fen),
        (-funds, -funds)
    );
}

#[tokio::test]
async fn an_institution_sees_and_closes_only_its_own() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let settled = clinic_visit(&world, &person, 0, 10_000).await;
    let mut hospital = world.suite.desk(HOSPITAL).reconciliations();

    // Another's settlement is not there, on this day or any other.
    let answer = lines(&mut hospital, "lines", TODAY, vec![row(&settled)])
        .await
        .unwrap();
    let id = settled.settlement_id.as_str();
    assert_eq!(found(&answer), [(Verdict::OnlyAtInstitution, id, true)]);
    assert!(answer.differences[0].cause.contains("没有该结算"));
    assert!(answer.differences[0].bureau.is_none());
    // Its own day is listed, since it was compared; the clinic's is not.
    let listed = days(&mut hospital, TODAY, TODAY).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (listed[0].institution_code.as_str(), listed[0].rows),
        (HOSPITAL, 0)
    );
    let all = days(&mut world.clerk().reconciliations(), TODAY, TODAY).await;
    assert_eq!(all.len(), 2);

    let of_clinic = CLINIC.to_string();
    let asked = pb::ListDifferencesRequest {
        institution_code: of_clinic.clone(),
        day: TODAY.into(),
        ..Default::default()
    };
    let no = hospital.list_differences(asked).await.unwrap_err();
    assert_eq!(code(&no), "INSTITUTION_MISMATCH");
    let asked = pb::CloseDayRequest {
        request_id: "theirs".into(),
        institution_code: of_clinic.clone(),
        day: "2018-02-01".into(),
        unreconciled_reason: String::new(),
    };
    let no = hospital.close_day(asked).await.unwrap_err();
    assert_eq!(code(&no), "INSTITUTION_MISMATCH");
    let asked = pb::ReconcileTotalsRequest {
        institution_code: of_clinic,
        from_day: TODAY.into(),
        to_day: TODAY.into(),
        ..Default::default()
    };
    let no = hospital.reconcile_totals(asked).await.unwrap_err();
    assert_eq!(code(&no), "INSTITUTION_MISMATCH");
    let no = close_month(&mut hospital, "month", "2018-02")
        .await
        .unwrap_err();
    assert_eq!(code(&no), "PERMISSION_DENIED");
}

/// The largest day: a message beyond the usual four megabytes, and an answer that is not.
#[tokio::test]
async fn a_hospitals_largest_day_is_one_message() {
    let world = World::open().await;
    let mut row = unheard("", 100);
    row.funds = vec![pb::ReconciledFund::default(); 10];
    for (n, fund) in row.funds.iter_mut().enumerate() {
        fund.fund_pay_type = format!("39{n:04}");
        fund.paid_fen = 10_000_000;
    }
    let rows = (0..20_000).map(|n| pb::InstitutionRow {
        request_id: format!("{n:0>64}"),
        ..row.clone()
    });
    let request = pb::ReconcileLinesRequest {
        request_id: "largest".into(),
        institution_code: String::new(),
        day: TODAY.into(),
        rows: rows.collect(),
    };
    assert!(prost::Message::encoded_len(&request) > 4 << 20);
    let mut desk = world.suite.desk(HOSPITAL).reconciliations();
    let answer = desk.reconcile_lines(patient(request)).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(answer.difference_rows, 20_000);
    assert_eq!(
        (answer.verdicts.len(), answer.differences.len()),
        (20_000, 500)
    );
    assert_eq!(days(&mut desk, TODAY, TODAY).await[0].open_rows, 20_000);
}
