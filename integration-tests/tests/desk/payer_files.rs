//! 承办机构对账文件: what the insurer of 大病保险 is told of a month, and what it answers.

use crate::edit;
use crate::reconciliation::{close_month, set};
use crate::recoveries::{hurt, recover, revoke};
use crate::revisions::{a_year, packs, pay, preview, recognise, refund, refunded};
use integration_tests::{CLINIC, HOSPITAL, World, code, patient, stay};
use proto::common::outcome::State;
use proto::orchestrator as pb;
use proto::orchestrator::PayerFileLineKind as Kind;
use proto::orchestrator::PayerVerdict as Verdict;
use std::collections::BTreeMap;
use tonic::Status;

/// 城乡居民大病保险资金.
const FUND: &str = "390200";
const MONTH: &str = "2018-03";

async fn prepare(world: &World, id: &str, month: &str) -> Result<(pb::PayerFile, bool), Status> {
    let request = pb::PreparePayerFileRequest {
        request_id: id.into(),
        fund: FUND.into(),
        month: month.into(),
    };
    let mut desk = world.clerk().payer_files();
    let answer = desk.prepare_payer_file(patient(request)).await?;
    let answer = answer.into_inner();
    Ok((answer.payer_file.unwrap(), answer.replayed))
}

async fn get(world: &World) -> Result<pb::PayerFile, Status> {
    let request = pb::GetPayerFileRequest {
        fund: FUND.into(),
        month: MONTH.into(),
    };
    let mut desk = world.clerk().payer_files();
    let answer = desk.get_payer_file(patient(request)).await?;
    Ok(answer.into_inner().payer_file.unwrap())
}

/// All lines, in pages of two.
async fn lines(world: &World) -> Vec<pb::PayerFileLine> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListPayerFileLinesRequest {
            fund: FUND.into(),
            month: MONTH.into(),
            page_size: 2,
            page_token,
        };
        let mut desk = world.clerk().payer_files();
        let page = desk.list_payer_file_lines(patient(request)).await;
        let page = page.unwrap().into_inner();
        assert!(page.lines.len() <= 2);
        all.extend(page.lines);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

async fn reconcile(
    world: &World,
    institution: &str,
    lines: Vec<pb::PayerLine>,
) -> pb::ReconcilePayerFileResponse {
    let request = pb::ReconcilePayerFileRequest {
        fund: FUND.into(),
        month: MONTH.into(),
        institution_code: institution.into(),
        lines,
    };
    let mut desk = world.clerk().payer_files();
    let answer = desk.reconcile_payer_file(patient(request)).await;
    let answer = answer.unwrap().into_inner();
    // What differs in all is what the differences come to.
    let listed = answer.differences.iter();
    let listed = listed.map(|one| one.payer_fen.unwrap_or(0) - one.file_fen.unwrap_or(0));
    assert_eq!(listed.sum::<i64>(), answer.difference_fen);
    assert_eq!(answer.payer_fen - answer.file_fen, answer.difference_fen);
    answer
}

/// The insurer writes down what it is told.
fn echoed(line: &pb::PayerFileLine) -> pb::PayerLine {
    pb::PayerLine {
        subject_id: line.subject_id.clone(),
        kind: line.kind,
        amount_fen: line.amount_fen,
    }
}

fn paid(amounts: Option<&proto::common::Amounts>) -> i64 {
    let shares = amounts.unwrap().shares.iter();
    let shares = shares.filter(|share| share.fund == FUND);
    shares.map(|share| share.paid_fen).sum()
}

/// A month with a refund, facts learnt late, a third party that paid in two parts, one of which it took
/// back, and a settlement reversed; answers what the fund paid of each kind, reckoned from what the
/// desks were told, and the settlement with the refund.
async fn a_month(world: &World) -> (BTreeMap<Kind, (i64, i64)>, String) {
    let mut expected: BTreeMap<Kind, (i64, i64)> = BTreeMap::new();
    let mut told = |kind: Kind, amount: i64| {
        if amount != 0 {
            let one = expected.entry(kind).or_default();
            *one = (one.0 + 1, one.1 + amount);
        }
    };
    let person = world.insured(None).await;
    let claim = packs(&person, "R-1", &[60, 80, 10]);
    let settled = world.settle("refund-1", claim).await.unwrap();
    told(Kind::Settlement, paid(settled.amounts.as_ref()));
    let with_refund = settled.settlement_id.clone();
    let request = refund("refund-2", &settled, &[(1, 25)]);
    let done = refunded(world, HOSPITAL, request).await.unwrap();
    let revised =
        |one: &proto::common::Revision| paid(one.after.as_ref()) - paid(one.before.as_ref());
    told(Kind::Revision, revised(&done.revisions[0]));

    let person = world.insured(None).await;
    for one in a_year(world, &person, "L").await {
        told(Kind::Settlement, paid(one.amounts.as_ref()));
    }
    recognise(world, &person).await;
    let digest = preview(world, &person).await.preview_digest;
    let late = pay(world, "late", &person, &digest).await.unwrap();
    late.revisions
        .iter()
        .for_each(|one| told(Kind::Revision, revised(one)));

    let person = world.insured(None).await;
    let settled = world
        .settle("hurt", hurt(&person, "T-1", 4_000, true))
        .await;
    let settled = settled.unwrap();
    told(Kind::Settlement, paid(settled.amounts.as_ref()));
    let back = |advance: &pb::Advance| {
        let funds = advance.funds.iter().filter(|fund| fund.fund == FUND);
        funds.map(|fund| fund.recovered_fen).sum::<i64>()
    };
    let id = settled.settlement_id.as_str();
    let (first, _) = recover(world, "back-1", id, 1_000_000).await.unwrap();
    told(Kind::Recovery, -back(&first));
    let (second, recovery) = recover(world, "back-2", id, 500_000).await.unwrap();
    let more = back(&second) - back(&first);
    told(Kind::Recovery, -more);
    revoke(world, "back-3", &recovery).await.unwrap();
    told(Kind::RecoveryRevoked, more);

    let person = world.insured(None).await;
    let settled = world.settle("gone-1", stay(&person, "G-1", 200_000)).await;
    let settled = settled.unwrap();
    told(Kind::Settlement, paid(settled.amounts.as_ref()));
    world
        .reverse("gone-2", &settled.settlement_id)
        .await
        .unwrap();
    told(Kind::Reversal, -paid(settled.amounts.as_ref()));
    (expected, with_refund)
}

/// Closes the days that have rows, and March.
async fn close_march(world: &World) -> pb::ReconciledMonth {
    set(world, "2018-04-02", 9);
    let mut clerk = world.clerk().reconciliations();
    for (n, institution) in [HOSPITAL, CLINIC].into_iter().enumerate() {
        let request = pb::CloseDayRequest {
            request_id: format!("day-{n}"),
            institution_code: institution.into(),
            day: "2018-03-01".into(),
            unreconciled_reason: "院端未对账".into(),
        };
        clerk.close_day(patient(request)).await.unwrap();
    }
    close_month(&mut clerk, "month", MONTH).await.unwrap()
}

#[tokio::test]
async fn a_file_has_what_the_ledger_moved_in_a_closed_month() {
    let world = World::of_one_person().await;
    let (expected, with_refund) = a_month(&world).await;
    assert_eq!(expected.len(), 5, "every kind of the month: {expected:?}");
    let no = prepare(&world, "open", MONTH).await.unwrap_err();
    assert_eq!(code(&no), "PAYER_FILE_MONTH_OPEN");
    assert_eq!(code(&get(&world).await.unwrap_err()), "PAYER_FILE_UNKNOWN");

    let closed = close_march(&world).await;
    let moved = closed.accounts.iter();
    let mut moved = moved.filter(|one| one.account == format!("fund:{FUND}"));
    let moved = moved.next().unwrap().moved_fen;
    let (file, replayed) = prepare(&world, "p-1", MONTH).await.unwrap();
    assert!(!replayed && file.agrees);
    assert_eq!((file.total_fen, file.ledger_fen), (-moved, -moved));
    let totals = file.totals.iter();
    let totals = totals.map(|one| (one.kind(), (one.rows, one.amount_fen)));
    assert_eq!(totals.collect::<BTreeMap<_, _>>(), expected);
    assert_eq!(file.fund_name, "城乡居民大病保险资金");
    assert_eq!(get(&world).await.unwrap(), file);

    // The lines, in their order, with whose and where, never with a name.
    let listed = lines(&world).await;
    assert_eq!(listed.len() as i64, file.rows);
    let sum: i64 = listed.iter().map(|line| line.amount_fen).sum();
    assert_eq!(sum, file.total_fen);
    for (line, number) in listed.iter().zip(1..) {
        assert_eq!(line.number, number);
        assert_eq!(line.institution_code, HOSPITAL);
        assert_eq!((line.person_id.len(), line.settlement_id.len()), (36, 36));
        assert_eq!(line.posted_day, "2018-03-01");
        assert!(line.end_day.starts_with("2017-"), "{line:?}");
        assert!(!format!("{line:?}").contains("测试"), "{line:?}");
        let own = line.subject_id == line.settlement_id;
        assert_eq!(
            own,
            matches!(line.kind(), Kind::Settlement | Kind::Reversal)
        );
    }

    // Once, until it is taken back; what is reversed in April is not of March.
    assert_eq!(
        prepare(&world, "p-1", MONTH).await.unwrap(),
        (file.clone(), true)
    );
    let no = prepare(&world, "p-2", MONTH).await.unwrap_err();
    assert_eq!(code(&no), "PAYER_FILE_EXISTS");
    world.reverse("april", &with_refund).await.unwrap();
    assert!(get(&world).await.unwrap().agrees);
    let request = pb::WithdrawPreparePayerFileRequest {
        original_request_id: "p-1".into(),
    };
    let mut desk = world.clerk().payer_files();
    let outcome = desk.withdraw_prepare_payer_file(patient(request)).await;
    let outcome = outcome.unwrap().into_inner().outcome.unwrap();
    assert_eq!(outcome.state(), State::Withdrawn);
    assert_eq!(code(&get(&world).await.unwrap_err()), "PAYER_FILE_UNKNOWN");
    let (again, _) = prepare(&world, "p-3", MONTH).await.unwrap();
    assert_eq!(
        (again.digest, again.total_fen),
        (file.digest, file.total_fen)
    );
    assert_ne!(again.payer_file_id, file.payer_file_id);

    // A line that somebody edits is seen.
    let edited = format!(
        "amount_fen = amount_fen + 1 WHERE number = 1 AND file_id = '{}'",
        again.payer_file_id
    );
    edit(&world, "payer_file_line", &edited).await;
    assert!(!get(&world).await.unwrap().agrees);
}

#[tokio::test]
async fn what_the_insurer_has_otherwise_is_named_with_cause_and_repair() {
    let world = World::of_one_person().await;
    a_month(&world).await;
    close_march(&world).await;
    prepare(&world, "p-1", MONTH).await.unwrap();
    let listed = lines(&world).await;
    let mut theirs: Vec<pb::PayerLine> = listed.iter().map(echoed).collect();
    let equal = reconcile(&world, "", theirs.clone()).await;
    assert!(equal.equal && equal.differences.is_empty());
    assert_eq!(equal.verdicts.len(), listed.len());
    // In whatever order, and by institution.
    theirs.reverse();
    assert!(reconcile(&world, HOSPITAL, theirs.clone()).await.equal);
    assert!(reconcile(&world, CLINIC, Vec::new()).await.equal);
    let elsewhere = reconcile(&world, CLINIC, theirs[..1].to_vec()).await;
    assert_eq!(elsewhere.differences[0].verdict(), Verdict::OnlyThere);
    assert!(elsewhere.differences[0].cause.contains("2018-03-01"));

    // Settled in April, and written into March.
    let person = world.insured(None).await;
    let april = world.settle("april", stay(&person, "A-1", 200_000)).await;
    let place = |kind: Kind| listed.iter().position(|line| line.kind() == kind).unwrap();
    let mut theirs: Vec<pb::PayerLine> = listed.iter().map(echoed).collect();
    let reversal = place(Kind::Reversal);
    let settlement = listed.iter().position(|line| {
        line.kind() == Kind::Settlement && line.subject_id != listed[reversal].subject_id
    });
    let settlement = settlement.unwrap();
    theirs[settlement].amount_fen += 100;
    theirs[reversal].amount_fen *= -1;
    theirs.push(theirs[place(Kind::Revision)].clone());
    let forgotten = theirs.remove(place(Kind::RecoveryRevoked));
    for subject in [april.unwrap().settlement_id, "0190-nobody".to_string()] {
        theirs.push(pb::PayerLine {
            subject_id: subject,
            kind: Kind::Settlement.into(),
            amount_fen: 1,
        });
    }
    let answer = reconcile(&world, "", theirs.clone()).await;
    assert!(!answer.equal);
    let found: Vec<Verdict> = answer.differences.iter().map(|one| one.verdict()).collect();
    let mut sorted = found.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [
            Verdict::OnlyHere,
            Verdict::OnlyThere,
            Verdict::OnlyThere,
            Verdict::AmountDiffers,
            Verdict::SignDiffers,
            Verdict::Duplicate,
        ]
    );
    assert_eq!(answer.difference_rows, 6);
    let of = |verdict: Verdict, subject: &str| {
        let mut all = answer.differences.iter();
        let found = all.find(|one| one.verdict() == verdict && one.subject_id == subject);
        found.unwrap_or_else(|| panic!("no {verdict:?} of {subject}: {answer:?}"))
    };
    let wrong = of(Verdict::AmountDiffers, &listed[settlement].subject_id);
    let ours = listed[settlement].amount_fen;
    assert_eq!(
        (wrong.file_fen, wrong.payer_fen),
        (Some(ours), Some(ours + 100))
    );
    assert_eq!(wrong.number, listed[settlement].number);
    let sent = &theirs[wrong.line_number as usize - 1];
    assert_eq!(
        (&sent.subject_id, sent.amount_fen),
        (&wrong.subject_id, ours + 100)
    );
    let verdict = answer.verdicts[wrong.line_number as usize - 1];
    assert_eq!(verdict, i32::from(Verdict::AmountDiffers));
    let missing = of(Verdict::OnlyHere, &forgotten.subject_id);
    assert_eq!(
        (missing.payer_fen, missing.file_fen),
        (None, Some(forgotten.amount_fen))
    );
    let april = &theirs[theirs.len() - 2].subject_id;
    assert!(of(Verdict::OnlyThere, april).cause.contains("2018-04-02"));
    let nobody = of(Verdict::OnlyThere, "0190-nobody");
    assert!(nobody.cause.contains("没有该笔"), "{nobody:?}");
    for one in &answer.differences {
        assert!(!one.cause.is_empty() && !one.repair.is_empty(), "{one:?}");
    }
}
