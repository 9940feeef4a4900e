//! 双人复核: what nobody does alone, agreed to by the digest of exactly that, and used once.

use crate::revisions::{find, finding, packs};
use integration_tests::{World, code, patient, stay};
use kernel::{Clock, Day, Instant};
use proto::common::outcome::State;
use proto::enrollment::RecordDeathRequest;
use proto::orchestrator::approval::State as Stands;
use proto::orchestrator::approval_subject::Subject;
use proto::orchestrator::{
    AccountCredit, Approval, ApprovalSubject, ApprovedWithdrawal, CreditAccountRequest,
    GetApprovalRequest, GiveApprovalRequest, ListApprovalsRequest, PostFindingRequest,
    PostLateFactsRequest, PreviewFindingRequest, PreviewLateFactsRequest, ProposeApprovalRequest,
    RevokeApprovalRequest, WithdrawCreditAccountRequest, WithdrawPostFindingRequest,
};
use proto::settlement::GetTrialBalanceRequest;
use tonic::Status;
use yibao::desk::Desk;

/// Above the threshold, which is 10,000 yuan.
const MUCH: i64 = 1_000_001;

fn crediting(id: &str, person: &str, fen: i64, approval: &str) -> CreditAccountRequest {
    CreditAccountRequest {
        request_id: id.into(),
        person_id: person.into(),
        scheme: "310".into(),
        amount_fen: fen,
        period: "2018-03".into(),
        reason: "补划".into(),
        approval_id: approval.into(),
    }
}

async fn credit(by: &Desk, request: CreditAccountRequest) -> Result<AccountCredit, Status> {
    let answer = by.accounts().credit_account(patient(request)).await?;
    Ok(answer.into_inner().credit.expect("a credit"))
}

async fn propose(by: &Desk, id: &str, subject: Subject) -> Approval {
    let request = ProposeApprovalRequest {
        request_id: id.into(),
        subject: Some(ApprovalSubject {
            subject: Some(subject),
        }),
        reason: "测试复核".into(),
    };
    let answer = by.approvals().propose_approval(patient(request)).await;
    answer.unwrap().into_inner().approval.unwrap()
}

async fn give(by: &Desk, id: &str, approval: &Approval, digest: &str) -> Result<Approval, Status> {
    let request = GiveApprovalRequest {
        request_id: id.into(),
        approval_id: approval.approval_id.clone(),
        digest: digest.into(),
    };
    let answer = by.approvals().give_approval(patient(request)).await?;
    Ok(answer.into_inner().approval.unwrap())
}

async fn stands(world: &World, approval: &Approval) -> Stands {
    let request = GetApprovalRequest {
        approval_id: approval.approval_id.clone(),
    };
    let answer = world.clerk().approvals().get_approval(request).await;
    answer.unwrap().into_inner().approval.unwrap().state()
}

/// What a finding would move, as a digest.
async fn shown(world: &World, finding: &PostFindingRequest) -> String {
    let request = PreviewFindingRequest {
        settlement_id: finding.settlement_id.clone(),
        lines: finding.lines.clone(),
    };
    let mut desk = world.clerk().revisions();
    let shown = desk.preview_finding(patient(request)).await;
    shown.unwrap().into_inner().preview_digest
}

async fn uncredit(by: &Desk, id: &str, approval: &str) -> Result<State, Status> {
    let request = WithdrawCreditAccountRequest {
        original_request_id: id.into(),
        approval_id: approval.into(),
    };
    let answer = by
        .accounts()
        .withdraw_credit_account(patient(request))
        .await?;
    Ok(answer.into_inner().outcome.unwrap().state())
}

async fn imbalance(world: &World) -> i64 {
    let balance = world.clerk().settlement();
    let answer = { balance }
        .get_trial_balance(GetTrialBalanceRequest {})
        .await;
    let rows = answer.unwrap().into_inner().accounts;
    rows.iter().map(|row| row.balance_fen).sum()
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    code(&answer.unwrap_err())
}

#[tokio::test]
async fn two_persons_credit_much_and_neither_is_both() {
    let world = World::open().await;
    let person = world.person().await;
    let clerk = world.suite.desk("clerk-1");
    let head = world.suite.desk("head-1+supervisor");
    // Below the threshold one person does it; above it, the same no every time.
    credit(&clerk, crediting("c-0", &person, 1_000_000, ""))
        .await
        .unwrap();
    for _ in 0..2 {
        let alone = credit(&clerk, crediting("c-1", &person, MUCH, "")).await;
        assert_eq!(refused(alone), "APPROVAL_NEEDED");
    }

    let what = || Subject::CreditAccount(crediting("", &person, MUCH, ""));
    let wanted = propose(&clerk, "p-1", what()).await;
    assert_eq!(wanted.state(), Stands::Proposed);
    // The ids are no part of what is agreed to.
    let same = Subject::CreditAccount(crediting("x", &person, MUCH, "y"));
    assert_eq!(propose(&clerk, "p-2", same).await.digest, wanted.digest);

    let itself = world.suite.desk("clerk-1+supervisor");
    let no = give(&itself, "g-1", &wanted, &wanted.digest).await;
    assert_eq!(refused(no), "APPROVAL_SAME_PERSON");
    let no = give(&clerk, "g-1", &wanted, &wanted.digest).await;
    assert_eq!(refused(no), "PERMISSION_DENIED");
    let no = give(&head, "g-1", &wanted, &"0".repeat(64)).await;
    assert_eq!(refused(no), "APPROVAL_CHANGED");
    let use_of = |id: &str, fen| crediting(id, &person, fen, &wanted.approval_id);
    let no = credit(&clerk, use_of("c-2", MUCH)).await;
    assert_eq!(refused(no), "APPROVAL_NOT_GIVEN");
    let given = give(&head, "g-2", &wanted, &wanted.digest).await.unwrap();
    assert_eq!(
        (given.state(), given.given_by.as_str()),
        (Stands::Given, "head-1")
    );

    // For exactly this, and by another than agreed.
    let no = credit(&clerk, use_of("c-3", MUCH + 1)).await;
    assert_eq!(refused(no), "APPROVAL_OTHER");
    let both = world.suite.desk("head-1+clerk+supervisor");
    let no = credit(&both, use_of("c-3", MUCH)).await;
    assert_eq!(refused(no), "APPROVAL_SAME_PERSON");
    credit(&clerk, use_of("c-4", MUCH)).await.unwrap();
    assert_eq!(stands(&world, &wanted).await, Stands::Used);
    let again = credit(&clerk, use_of("c-4", MUCH)).await;
    assert!(again.is_ok(), "a repeat is an answer: {again:?}");
    let no = credit(&clerk, use_of("c-5", MUCH)).await;
    assert_eq!(refused(no), "APPROVAL_USED");

    // Withdrawn it never took effect: what was agreed to can be done still.
    let request = WithdrawCreditAccountRequest {
        original_request_id: "c-4".into(),
        ..Default::default()
    };
    let withdrawn = clerk.accounts().withdraw_credit_account(request).await;
    let outcome = withdrawn.unwrap().into_inner().outcome.unwrap();
    assert_eq!(outcome.state(), State::Withdrawn);
    assert_eq!(stands(&world, &wanted).await, Stands::Given);
    credit(&clerk, use_of("c-6", MUCH)).await.unwrap();
    assert_eq!(imbalance(&world).await, 0);
}

#[tokio::test]
async fn what_is_agreed_to_can_be_taken_back_and_ends_by_itself() {
    let world = World::open().await;
    let person = world.person().await;
    let clerk = world.suite.desk("clerk-1");
    let head = world.suite.desk("head-1+supervisor");
    let what = |fen| Subject::CreditAccount(crediting("", &person, fen, ""));
    let (first, second) = (
        propose(&clerk, "p-1", what(MUCH)).await,
        propose(&clerk, "p-2", what(MUCH + 1)).await,
    );
    for (id, one) in [("g-1", &first), ("g-2", &second)] {
        give(&head, id, one, &one.digest).await.unwrap();
    }
    let request = RevokeApprovalRequest {
        request_id: "r-1".into(),
        approval_id: first.approval_id.clone(),
    };
    head.approvals().revoke_approval(request).await.unwrap();
    let used = crediting("c-1", &person, MUCH, &first.approval_id);
    assert_eq!(refused(credit(&clerk, used).await), "APPROVAL_NOT_GIVEN");

    let at = |day: &str| Instant::beginning_of(Day::parse(day).unwrap());
    assert_eq!(world.clock.now().day().to_string(), "2018-03-01");
    world.clock.set(at("2018-03-31"));
    assert_eq!(stands(&world, &second).await, Stands::Given);
    world.clock.set(at("2018-04-01"));
    assert_eq!(stands(&world, &second).await, Stands::Expired);
    let late = crediting("c-2", &person, MUCH + 1, &second.approval_id);
    assert_eq!(refused(credit(&clerk, late).await), "APPROVAL_ENDED");
    let listed = async |state: Stands| {
        let request = ListApprovalsRequest {
            state: state.into(),
            ..Default::default()
        };
        let answer = world.clerk().approvals().list_approvals(request).await;
        answer.unwrap().into_inner().approvals.len()
    };
    assert_eq!(
        (listed(Stands::Expired).await, listed(Stands::Given).await),
        (2, 0)
    );
}

#[tokio::test]
async fn much_is_recovered_by_two_persons_only() {
    let world = World::open().await;
    let clerk = world.suite.desk("clerk-1");
    let person = world.insured(None).await;
    let settled = world.settle("s-1", stay(&person, "S-1", 60_000)).await;
    let settled = settled.unwrap();
    let finding = finding("f-1", &settled, &[1]);
    let alone = clerk
        .revisions()
        .post_finding(patient(finding.clone()))
        .await;
    assert_eq!(refused(alone), "APPROVAL_NEEDED");
    let seen = PostFindingRequest {
        preview_digest: shown(&world, &finding).await,
        ..finding
    };
    let approval_id = world.approved(Subject::PostFinding(seen.clone())).await;
    let agreed = PostFindingRequest {
        request_id: "f-2".into(),
        approval_id,
        ..seen
    };
    let found = clerk.revisions().post_finding(patient(agreed)).await;
    let revised = found.unwrap().into_inner().revisions;
    let back = revised[0].before.as_ref().unwrap().funds_fen
        - revised[0].after.as_ref().unwrap().funds_fen;
    assert!(back > 1_000_000, "{back}");
    assert_eq!(imbalance(&world).await, 0);
}

/// Through the orchestrator's saga, whose step brings the approval.
#[tokio::test]
async fn late_facts_that_move_much_are_settled_by_two_persons_only() {
    let world = World::open().await;
    let clerk = world.suite.desk("clerk-1");
    let person = world.insured(None).await;
    world
        .settle("s-1", stay(&person, "S-1", 60_000))
        .await
        .unwrap();
    let died = RecordDeathRequest {
        request_id: "d-1".into(),
        person_id: person.clone(),
        death_day: "2017-02-15".into(),
    };
    clerk.enrollment().record_death(died).await.unwrap();
    let request = PreviewLateFactsRequest {
        person_id: person.clone(),
        scheme: "390".into(),
        year: 2017,
    };
    let mut desk = clerk.orchestrator();
    let shown = desk.preview_late_facts(patient(request)).await;
    let shown = shown.unwrap().into_inner();
    let facts = |id: &str, approval: &str| PostLateFactsRequest {
        request_id: id.into(),
        person_id: person.clone(),
        scheme: "390".into(),
        year: 2017,
        preview_digest: shown.preview_digest.clone(),
        approval_id: approval.into(),
    };
    let alone = desk.post_late_facts(patient(facts("l-1", ""))).await;
    assert_eq!(refused(alone), "APPROVAL_NEEDED");
    let approval = world.approved(Subject::PostLateFacts(facts("", ""))).await;
    let posted = desk.post_late_facts(patient(facts("l-2", &approval))).await;
    assert_eq!(posted.unwrap().into_inner().revisions.len(), 1);
    assert_eq!(imbalance(&world).await, 0);
}

/// Whoever credits: parts of it are no way around the second person, in one year.
#[tokio::test]
async fn much_credited_in_parts_needs_two_persons_too() {
    let world = World::open().await;
    let (person, other) = (world.person().await, world.person().await);
    let clerk = world.suite.desk("clerk-1");
    let colleague = world.suite.desk("clerk-2");
    credit(&clerk, crediting("c-1", &person, 600_000, ""))
        .await
        .unwrap();
    let no = credit(&colleague, crediting("c-2", &person, 400_001, "")).await;
    assert_eq!(refused(no), "APPROVAL_NEEDED");
    credit(&clerk, crediting("c-3", &other, 400_001, ""))
        .await
        .unwrap();
    // What two agreed to is nobody's alone, and what was withdrawn is nobody's any more.
    let what = Subject::CreditAccount(crediting("", &person, MUCH, ""));
    let agreed = crediting("c-4", &person, MUCH, &world.approved(what).await);
    credit(&clerk, agreed).await.unwrap();
    credit(&colleague, crediting("c-5", &person, 400_000, ""))
        .await
        .unwrap();
    assert_eq!(uncredit(&clerk, "c-1", "").await.unwrap(), State::Withdrawn);
    credit(&clerk, crediting("c-6", &person, 600_000, ""))
        .await
        .unwrap();
    let no = credit(&clerk, crediting("c-7", &person, 1, "")).await;
    assert_eq!(refused(no), "APPROVAL_NEEDED");
    world
        .clock
        .set(Instant::beginning_of(Day::parse("2019-01-01").unwrap()));
    credit(&clerk, crediting("c-8", &person, 1, ""))
        .await
        .unwrap();
    assert_eq!(imbalance(&world).await, 0);
}

/// Two who credit at once do not both find that little was credited.
#[tokio::test]
async fn parts_that_are_credited_at_once_are_counted_one_after_the_other() {
    let world = World::open().await;
    let person = world.person().await;
    let clerks: Vec<Desk> = (1..=4)
        .map(|n| world.suite.desk(&format!("clerk-{n}")))
        .collect();
    let all = clerks
        .iter()
        .map(|by| credit(by, crediting("c-1", &person, 400_000, "")));
    let answers = futures_util::future::join_all(all).await;
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(done, 2, "{answers:?}");
}

/// A bill divided by lines, the amounts that were agreed to, and what is withdrawn later.
#[tokio::test]
async fn much_found_line_by_line_needs_two_persons_who_agree_to_amounts() {
    let world = World::open().await;
    let clerk = world.suite.desk("clerk-1");
    let person = world.insured(None).await;
    let claim = packs(&person, "S-1", &[9, 9, 9]);
    let settled = world.settle("s-1", claim).await.unwrap();
    find(&world, finding("f-1", &settled, &[1])).await.unwrap();
    let no = find(&world, finding("f-2", &settled, &[2])).await;
    assert_eq!(refused(no), "APPROVAL_NEEDED");

    let with_digest = async |wanted: PostFindingRequest| PostFindingRequest {
        preview_digest: shown(&world, &wanted).await,
        ..wanted
    };
    let second = with_digest(finding("f-3", &settled, &[2])).await;
    let third = with_digest(finding("f-4", &settled, &[3])).await;
    let approved = async |wanted: PostFindingRequest| PostFindingRequest {
        approval_id: world.approved(Subject::PostFinding(wanted.clone())).await,
        ..wanted
    };
    let (second, third) = (approved(second).await, approved(third).await);
    find(&world, second.clone()).await.unwrap();
    // What was agreed to is not what it would move now.
    let no = find(&world, third).await;
    assert_eq!(refused(no), "PREVIEW_CHANGED");
    let unsaid = PostFindingRequest {
        preview_digest: String::new(),
        request_id: "f-5".into(),
        ..second.clone()
    };
    assert_eq!(refused(find(&world, unsaid).await), "INVALID_FIELD");

    // On another day it is no slip of one hand.
    let withdraw = async |approval: &str| {
        let request = WithdrawPostFindingRequest {
            original_request_id: "f-3".into(),
            approval_id: approval.into(),
        };
        let mut desk = clerk.revisions();
        desk.withdraw_post_finding(patient(request)).await
    };
    let tomorrow = Day::parse("2018-03-02").unwrap();
    world.clock.set(Instant::beginning_of(tomorrow));
    assert_eq!(refused(withdraw("").await), "APPROVAL_NEEDED");
    let undo = |used: &str| {
        Subject::Withdrawal(ApprovedWithdrawal {
            used_approval_id: used.into(),
        })
    };
    let other = world.approved(undo(&settled.settlement_id)).await;
    assert_eq!(refused(withdraw(&other).await), "APPROVAL_OTHER");
    let agreed = world.approved(undo(&second.approval_id)).await;
    let outcome = withdraw(&agreed).await.unwrap().into_inner().outcome;
    assert_eq!(outcome.unwrap().state(), State::Withdrawn);
    assert_eq!(imbalance(&world).await, 0);
}
