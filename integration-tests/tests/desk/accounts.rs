//! 个人账户与家庭共济: an account is credited, pays what the package lets it pay, serves the family, and gets
//! back what was taken. What is drawn is never more than there is.

use integration_tests::{CLINIC, DRUG, HOSPITAL, PATIENCE, World, code, patient, stay, visit};
use kernel::{Clock, Instant};
use policy::testing::Text;
use proto::common::outcome::State;
use proto::common::{AccountUse, Basis, Claim, ClaimLine, Quote, Settlement};
use proto::enrollment;
use proto::orchestrator::account_entry::Kind;
use proto::orchestrator::family_authorization::Relation;
use proto::orchestrator::{
    self as pb, AccountEntry, AuthorizeFamilyMemberRequest, CreditAccountRequest,
    EndFamilyAuthorizationRequest, FamilyAuthorization, GetAccountRequest, GetAccountResponse,
    ListAccountEntriesRequest, PreSettleRequest, RefundLinesRequest, RefundedLine,
    ReplaySettlementsRequest, SettleRequest, SettleTogetherRequest, WithdrawCreditAccountRequest,
    WithdrawRefundLinesRequest,
};
use proto::settlement;
use runtime::render;
use std::collections::BTreeMap;
use tokio::task::JoinSet;
use tonic::Status;
use tonic_types::StatusExt;

/// What an account pays of what the funds leave: its own money, then that of relatives.
const LAYER: &str = r#"
[[layer]]
rule = "account"
name = "个人账户"
fund = "310200"
trace = "account"
payer = "account"
account = ["current", "past", "shared"]
when = { care = ["11", "21"] }
enters = ["in_scope", "first_pay"]
bands_over = "stay"
deductible_per = "stay"
origin = "above_deductible"
source = "试例：个人账户支付政策范围内个人负担"

[[layer.schedule]]

[[layer.schedule.band]]
from = "0"
rate = "100%"
source = "试例：个人账户支付政策范围内个人负担"

[[example]]"#;

/// The package of a scheme, with a layer of accounts.
fn package(scheme: &str) -> Text {
    let text = Text::marked("accounts").with("[[example]]", LAYER);
    text.with("scheme = \"390\"", &format!("scheme = \"{scheme}\""))
}

/// A world in which accounts pay: residents in settlement, employees in enrollment too.
async fn open() -> World {
    let world = World::open().await;
    let since = Some(render::timestamp(world.clock.now()));
    for scheme in ["390", "310"] {
        let text = package(scheme);
        let request_id = format!("package-{scheme}");
        let proposal = settlement::ProposePackageRequest {
            request_id: request_id.clone(),
            text: text.0.clone(),
        };
        let mut desk = world.suite.desk("operator-1").settlement();
        desk.propose_package(proposal).await.unwrap();
        let activation = settlement::ActivatePackageRequest {
            request_id: request_id.clone(),
            package_digest: text.digest().to_string(),
            activates_time: since,
            reason: String::new(),
        };
        let mut desk = world.suite.desk("operator-2").settlement();
        desk.activate_package(activation).await.unwrap();
    }
    let text = package("310");
    let proposal = enrollment::ProposePackageRequest {
        request_id: "package".into(),
        text: text.0.clone(),
    };
    let mut desk = world.suite.desk("operator-1").enrollment();
    desk.propose_package(proposal).await.unwrap();
    let activation = enrollment::ActivatePackageRequest {
        request_id: "package".into(),
        package_digest: text.digest().to_string(),
        activates_time: since,
        reason: String::new(),
    };
    let mut desk = world.suite.desk("operator-2").enrollment();
    desk.activate_package(activation).await.unwrap();
    world
}

/// A synthetic person insured for 2017 as an employee.
async fn employee(world: &World) -> String {
    let person_id = world.person().await;
    let mut client = world.clerk().enrollment();
    let quote = enrollment::QuoteSubsidyRequest {
        person_id: person_id.clone(),
        scheme: "310".into(),
        year: 2017,
        paid_day: "2016-11-15".into(),
        ..Default::default()
    };
    let quoted = client.quote_subsidy(quote).await.unwrap().into_inner();
    let request = enrollment::EnrolPersonRequest {
        request_id: format!("enrol-{person_id}"),
        person_id: person_id.clone(),
        scheme: "310".into(),
        year: 2017,
        paid_day: "2016-11-15".into(),
        paid_fen: quoted.subsidy.unwrap().to_pay_fen,
        ..Default::default()
    };
    client.enrol_person(request).await.unwrap();
    person_id
}

fn of_employee(claim: Claim, account_use: AccountUse) -> Claim {
    Claim {
        scheme: "310".into(),
        account_use: account_use.into(),
        ..claim
    }
}

fn using(claim: Claim, account_use: AccountUse) -> Claim {
    Claim {
        account_use: account_use.into(),
        ..claim
    }
}

async fn credit(world: &World, id: &str, person: &str, fen: i64) -> pb::AccountCredit {
    let request = CreditAccountRequest {
        request_id: id.into(),
        person_id: person.into(),
        scheme: "310".into(),
        amount_fen: fen,
        period: "2018-03".into(),
        reason: "按月划入".into(),
        ..Default::default()
    };
    let credited = world
        .clerk()
        .accounts()
        .credit_account(patient(request))
        .await;
    credited.unwrap().into_inner().credit.unwrap()
}

async fn withdraw_credit(world: &World, id: &str) -> Result<State, Status> {
    let request = WithdrawCreditAccountRequest {
        original_request_id: id.into(),
        ..Default::default()
    };
    let mut desk = world.clerk().accounts();
    let outcome = desk.withdraw_credit_account(patient(request)).await?;
    Ok(outcome.into_inner().outcome.unwrap().state())
}

async fn account(world: &World, person: &str) -> GetAccountResponse {
    let person_id = person.into();
    let request = GetAccountRequest { person_id };
    let found = world.clerk().accounts().get_account(request).await;
    found.unwrap().into_inner()
}

/// 当年结存, 历年结存.
async fn has(world: &World, person: &str) -> (i64, i64) {
    let found = account(world, person).await.account.unwrap();
    assert_eq!(found.balance_fen, found.current_fen + found.past_fen);
    (found.current_fen, found.past_fen)
}

async fn entries(world: &World, person: &str) -> Vec<AccountEntry> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListAccountEntriesRequest {
            person_id: person.into(),
            page_size: 2,
            page_token,
        };
        let page = world.clerk().accounts().list_account_entries(request).await;
        let page = page.unwrap().into_inner();
        all.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

async fn authorize(
    world: &World,
    id: &str,
    (holder, member): (&str, &str),
    limit_fen: Option<i64>,
) -> Result<FamilyAuthorization, Status> {
    let request = AuthorizeFamilyMemberRequest {
        request_id: id.into(),
        holder_id: holder.into(),
        member_id: member.into(),
        relation: Relation::Child.into(),
        from_day: "2018-01-01".into(),
        until_day: String::new(),
        limit_fen,
    };
    let mut desk = world.clerk().accounts();
    let given = desk.authorize_family_member(patient(request)).await?;
    Ok(given.into_inner().authorization.unwrap())
}

async fn pre_settle(world: &World, claim: &Claim) -> Quote {
    let request = PreSettleRequest {
        claim: Some(claim.clone()),
        ..Default::default()
    };
    let mut desk = world.clerk().orchestrator();
    let quoted = desk.pre_settle(patient(request)).await.unwrap();
    quoted.into_inner().quote.unwrap()
}

async fn settle_by(
    world: &World,
    id: &str,
    claim: Claim,
    basis: Option<Basis>,
) -> Result<Settlement, Status> {
    let request = SettleRequest {
        request_id: id.into(),
        claim: Some(claim),
        basis,
        ..Default::default()
    };
    let mut desk = world.clerk().orchestrator();
    let settled = desk.settle(patient(request)).await?;
    Ok(settled.into_inner().settlement.unwrap())
}

/// What the entries of a subject move, by account.
async fn moved(world: &World, subject: &str) -> BTreeMap<String, i64> {
    let request = settlement::GetLedgerEntriesRequest {
        subject_id: subject.into(),
    };
    let entries = world.clerk().settlement().get_ledger_entries(request).await;
    let mut sums = BTreeMap::new();
    for entry in entries.unwrap().into_inner().entries {
        *sums.entry(entry.account).or_insert(0) += entry.amount_fen;
    }
    assert_eq!(sums.values().sum::<i64>(), 0);
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// What must hold at every moment: the ledger sums to zero, every account has in it what its own entries
/// come to, and every settlement is what it was.
async fn holds(world: &World, people: &[&str]) {
    let ledger = world.ledger().await;
    for person in people {
        let (current, past) = has(world, person).await;
        let all = entries(world, person).await;
        let sum = |part: fn(&AccountEntry) -> i64| all.iter().map(part).sum::<i64>();
        let (of_current, of_past) = (sum(|one| one.current_fen), sum(|one| one.past_fen));
        assert_eq!(of_current + of_past, current + past, "{all:?}");
        assert!(all.iter().all(|one| one.balance_fen >= 0), "{all:?}");
        let numbers: Vec<i64> = all.iter().map(|one| one.number).collect();
        assert_eq!(numbers, (1..=all.len() as i64).collect::<Vec<_>>());
        let name = format!("account:person:{person}");
        let kept = ledger.accounts.iter().find(|one| one.account == name);
        assert_eq!(kept.map_or(0, |one| one.balance_fen), current + past);
    }
    let request = ReplaySettlementsRequest::default();
    let replayed = world
        .clerk()
        .receipts()
        .replay_settlements(patient(request))
        .await;
    assert_eq!(replayed.unwrap().into_inner().differing, []);
}

#[tokio::test]
async fn an_account_is_credited_and_pays() {
    let world = open().await;
    let person = employee(&world).await;
    assert_eq!(has(&world, &person).await, (0, 0));
    let credited = credit(&world, "c-1", &person, 30_000).await;
    assert_eq!(credit(&world, "c-1", &person, 30_000).await, credited);
    assert_eq!(has(&world, &person).await, (30_000, 0));
    let of_credit = moved(&world, &credited.credit_id).await;
    assert_eq!(of_credit["fund:310200"], -30_000);

    // Not used, none pays.
    let plain = stay(&person, "V-0", 1_000);
    let none = of_employee(plain.clone(), AccountUse::Unspecified);
    let quoted = pre_settle(&world, &none).await.amounts.unwrap();
    assert_eq!((quoted.account_fen, quoted.balance_fen), (0, 0));

    let claim = of_employee(plain, AccountUse::Own);
    let quote = pre_settle(&world, &claim).await;
    let settled = settle_by(&world, "s-1", claim, quote.basis.clone())
        .await
        .unwrap();
    let amounts = settled.amounts.clone().unwrap();
    assert_eq!(Some(&amounts), quote.amounts.as_ref());
    assert_eq!(amounts.account_fen, 30_000, "{amounts:?}");
    assert_eq!((amounts.account_shared_fen, amounts.balance_fen), (0, 0));
    assert_eq!(
        (amounts.funds_fen, quoted.funds_fen),
        (quoted.funds_fen, amounts.funds_fen)
    );
    assert_eq!(amounts.cash_fen, quoted.cash_fen - 30_000);
    assert_eq!(has(&world, &person).await, (0, 0));

    // The institution is owed it.
    let of_settlement = moved(&world, &settled.settlement_id).await;
    assert_eq!(of_settlement[&format!("account:person:{person}")], -30_000);
    let owed = of_settlement[&format!("payable:{HOSPITAL}")];
    assert_eq!(owed, amounts.funds_fen + amounts.account_fen);
    let all = entries(&world, &person).await;
    let kinds: Vec<Kind> = all.iter().map(AccountEntry::kind).collect();
    assert_eq!(kinds, [Kind::Credited, Kind::Paid]);
    assert_eq!(all[1].subject_id, settled.settlement_id);
    holds(&world, &[&person]).await;

    // What is spent cannot be taken back, until it is there again.
    let no = withdraw_credit(&world, "c-1").await.unwrap_err();
    assert_eq!(code(&no), "ACCOUNT_SPENT");
    world.reverse("u-1", &settled.settlement_id).await.unwrap();
    assert_eq!(has(&world, &person).await, (30_000, 0));
    assert!(moved(&world, &settled.settlement_id).await.is_empty());
    assert_eq!(
        withdraw_credit(&world, "c-1").await.unwrap(),
        State::Withdrawn
    );
    assert_eq!(
        withdraw_credit(&world, "c-1").await.unwrap(),
        State::Withdrawn
    );
    assert_eq!(has(&world, &person).await, (0, 0));
    assert!(moved(&world, &credited.credit_id).await.is_empty());
    holds(&world, &[&person]).await;
}

#[tokio::test]
async fn an_institution_does_not_read_accounts() {
    let world = open().await;
    let person = employee(&world).await;
    let mut desk = world.suite.desk(HOSPITAL).accounts();
    let asked = GetAccountRequest {
        person_id: person.clone(),
    };
    let no = desk.get_account(asked).await.unwrap_err();
    assert_eq!(code(&no), "PERMISSION_DENIED");
    let asked = ListAccountEntriesRequest {
        person_id: person,
        ..Default::default()
    };
    let no = desk.list_account_entries(asked).await.unwrap_err();
    assert_eq!(code(&no), "PERMISSION_DENIED");
}

#[tokio::test]
async fn a_child_pays_from_the_mothers_account() {
    let world = open().await;
    let (mother, father) = (employee(&world).await, employee(&world).await);
    let child = world.insured(None).await;
    credit(&world, "c-1", &mother, 50_000).await;
    credit(&world, "c-2", &father, 200_000).await;
    credit(&world, "c-3", &child, 1_000).await;
    let of_mother = authorize(&world, "a-1", (&mother, &child), None)
        .await
        .unwrap();
    let later = world.clock.now().micros() + 1_000_000;
    world.clock.set(Instant::from_micros(later));
    let of_father = authorize(&world, "a-2", (&father, &child), Some(3_000))
        .await
        .unwrap();
    let no = authorize(&world, "a-3", (&mother, &child), None).await;
    assert_eq!(code(&no.unwrap_err()), "AUTHORIZATION_OVERLAPS");
    let no = authorize(&world, "a-4", (&mother, &mother), None).await;
    assert_eq!(code(&no.unwrap_err()), "AUTHORIZATION_OF_ONESELF");

    // The child's own first, then the mother's, then the father's up to what he allowed.
    let plain = stay(&child, "V-1", 2_000);
    let alone = pre_settle(&world, &using(plain.clone(), AccountUse::Own)).await;
    assert_eq!(alone.amounts.unwrap().account_fen, 1_000);
    let claim = using(plain, AccountUse::Shared);
    let settled = world.settle("s-1", claim).await.unwrap();
    let amounts = settled.amounts.clone().unwrap();
    assert_eq!(
        (amounts.account_fen, amounts.account_shared_fen),
        (54_000, 53_000)
    );
    assert_eq!(has(&world, &child).await, (0, 0));
    assert_eq!(has(&world, &mother).await, (0, 0));
    assert_eq!(has(&world, &father).await, (197_000, 0));
    let moved_by = moved(&world, &settled.settlement_id).await;
    assert_eq!(moved_by[&format!("account:person:{father}")], -3_000);
    let paid = entries(&world, &mother).await.pop().unwrap();
    assert_eq!(
        (paid.kind(), paid.member_id.as_str()),
        (Kind::Paid, child.as_str())
    );
    let shown = account(&world, &child).await.shared_from;
    let used: Vec<i64> = shown.iter().map(|one| one.used_fen).collect();
    assert_eq!(used, [50_000, 3_000]);
    assert_eq!(
        account(&world, &father).await.shared_to[0].authorization_id,
        of_father.authorization_id
    );
    holds(&world, &[&mother, &father, &child]).await;

    // What the father allowed a year is used up; the mother ends it.
    credit(&world, "c-4", &mother, 10_000).await;
    let next = using(
        visit(&child, "V-2", "2017-06-01", 100_000),
        AccountUse::Shared,
    );
    let quoted = pre_settle(&world, &next).await.amounts.unwrap();
    assert_eq!((quoted.account_fen, quoted.balance_fen), (10_000, 0));
    let end = EndFamilyAuthorizationRequest {
        request_id: "e-1".into(),
        authorization_id: of_mother.authorization_id,
        reason: "本人要求".into(),
    };
    let ended = world
        .clerk()
        .accounts()
        .end_family_authorization(end.clone())
        .await;
    assert!(
        ended
            .unwrap()
            .into_inner()
            .authorization
            .unwrap()
            .ended_time
            .is_some()
    );
    let again = EndFamilyAuthorizationRequest {
        request_id: "e-2".into(),
        ..end
    };
    let no = world
        .clerk()
        .accounts()
        .end_family_authorization(again)
        .await;
    assert_eq!(code(&no.unwrap_err()), "AUTHORIZATION_ENDED");
    let quoted = pre_settle(&world, &next).await.amounts.unwrap();
    assert_eq!(quoted.account_fen, 0);

    // It goes back to whom it was taken from, also by what has ended; and what he allowed is free.
    world.reverse("u-1", &settled.settlement_id).await.unwrap();
    assert_eq!(has(&world, &child).await, (1_000, 0));
    assert_eq!(has(&world, &mother).await, (60_000, 0));
    assert_eq!(has(&world, &father).await, (200_000, 0));
    let quoted = pre_settle(&world, &next).await.amounts.unwrap();
    assert_eq!(
        (quoted.account_fen, quoted.account_shared_fen),
        (4_000, 3_000)
    );
    holds(&world, &[&mother, &father, &child]).await;
}

#[tokio::test]
async fn a_balance_that_changed_changes_the_basis() {
    let world = open().await;
    let person = employee(&world).await;
    credit(&world, "c-1", &person, 1_000).await;
    let claim = of_employee(visit(&person, "V-1", "2017-06-01", 50_000), AccountUse::Own);
    let quote = pre_settle(&world, &claim).await;
    credit(&world, "c-2", &person, 1_000).await;
    let no = settle_by(&world, "s-1", claim.clone(), quote.basis)
        .await
        .unwrap_err();
    assert_eq!(code(&no), "BASIS_CHANGED");
    let details = no.get_error_details();
    let facts = &details.error_info().unwrap().metadata;
    assert_eq!(facts["changed"], "个人账户");

    let together = SettleTogetherRequest {
        request_id: "t-1".into(),
        claims: vec![claim],
    };
    let mut desk = world.clerk().orchestrator();
    let no = desk.settle_together(patient(together)).await.unwrap_err();
    assert_eq!(code(&no), "ACCOUNT_IN_BATCH");
    assert_eq!(has(&world, &person).await, (2_000, 0));
}

/// A visit to the clinic of two lines.
fn two_lines(person: &str, number: &str) -> Claim {
    let mut claim = of_employee(visit(person, number, "2017-06-01", 40_000), AccountUse::Own);
    claim.lines.push(ClaimLine {
        number: 2,
        item_code: DRUG.into(),
        ..claim.lines[0].clone()
    });
    claim
}

async fn refund(world: &World, id: &str, settled: &Settlement) -> pb::RefundLinesResponse {
    let request = RefundLinesRequest {
        request_id: id.into(),
        settlement_id: settled.settlement_id.clone(),
        lines: vec![RefundedLine {
            number: 2,
            quantity_e4: 0,
        }],
        reason: "退药".into(),
    };
    let mut desk = world.suite.desk(CLINIC).revisions();
    desk.refund_lines(patient(request))
        .await
        .unwrap()
        .into_inner()
}

async fn withdraw_refund(world: &World, id: &str) -> Result<(), Status> {
    let request = WithdrawRefundLinesRequest {
        original_request_id: id.into(),
    };
    let mut desk = world.suite.desk(CLINIC).revisions();
    desk.withdraw_refund_lines(patient(request)).await.map(drop)
}

#[tokio::test]
async fn a_refund_by_line_goes_back_to_the_account() {
    let world = open().await;
    let person = employee(&world).await;
    credit(&world, "c-1", &person, 1_000_000).await;
    let settled = world
        .settle("s-1", two_lines(&person, "V-1"))
        .await
        .unwrap();
    let before = settled.amounts.clone().unwrap();
    assert!(before.account_fen > 0 && before.cash_fen == 0, "{before:?}");
    let after = refund(&world, "r-1", &settled).await.settlement.unwrap();
    let now = after.amounts.unwrap();
    assert!(now.account_fen < before.account_fen, "{now:?}");
    assert_eq!(has(&world, &person).await, (1_000_000 - now.account_fen, 0));
    let owed = moved(&world, &settled.settlement_id).await;
    assert_eq!(
        owed[&format!("payable:{CLINIC}")],
        now.funds_fen + now.account_fen
    );
    assert_eq!(owed[&format!("account:person:{person}")], -now.account_fen);
    holds(&world, &[&person]).await;

    // Withdrawn, it is as before; refused while the account has not what would go out again.
    withdraw_refund(&world, "r-1").await.unwrap();
    assert_eq!(
        has(&world, &person).await,
        (1_000_000 - before.account_fen, 0)
    );
    refund(&world, "r-2", &settled).await;
    let of_child = world.insured(None).await;
    authorize(&world, "a-1", (&person, &of_child), None)
        .await
        .unwrap();
    let left = 1_000_000 - now.account_fen;
    let spending = using(stay(&of_child, "V-2", 300_000), AccountUse::Shared);
    let spent = world.settle("s-2", spending).await.unwrap();
    assert_eq!(spent.amounts.unwrap().account_shared_fen, left);
    let no = withdraw_refund(&world, "r-2").await.unwrap_err();
    assert_eq!(code(&no), "ACCOUNT_SPENT");
    holds(&world, &[&person, &of_child]).await;

    // A reversal gives back what the settlement came to by its refund.
    world.reverse("u-1", &settled.settlement_id).await.unwrap();
    assert_eq!(has(&world, &person).await, (now.account_fen, 0));
    holds(&world, &[&person, &of_child]).await;
}

/// 低保, recorded long after it began.
async fn recognise(world: &World, person: &str) {
    let request = enrollment::RecordIdentityRequest {
        request_id: format!("late-{person}"),
        person_id: person.into(),
        kind: "2303".into(),
        from_day: "2016-01-01".into(),
        until_day: String::new(),
    };
    let recorded = world.clerk().enrollment().record_identity(request).await;
    recorded.unwrap();
}

#[tokio::test]
async fn a_late_fact_goes_back_to_the_account_first_charged() {
    let world = open().await;
    let (mother, child) = (employee(&world).await, world.insured(None).await);
    credit(&world, "c-1", &mother, 100_000).await;
    credit(&world, "c-2", &child, 20_000).await;
    authorize(&world, "a-1", (&mother, &child), None)
        .await
        .unwrap();
    let claim = using(stay(&child, "V-1", 4_000), AccountUse::Shared);
    let settled = world.settle("s-1", claim).await.unwrap();
    let before = settled.amounts.clone().unwrap();
    assert!(
        before.account_shared_fen > 0 && before.cash_fen == 0,
        "{before:?}"
    );
    recognise(&world, &child).await;
    let request = pb::PreviewLateFactsRequest {
        person_id: child.clone(),
        scheme: "390".into(),
        year: 2017,
    };
    let mut desk = world.clerk().orchestrator();
    let previewed = desk.preview_late_facts(patient(request)).await.unwrap();
    let request = pb::PostLateFactsRequest {
        request_id: "f-1".into(),
        person_id: child.clone(),
        scheme: "390".into(),
        year: 2017,
        preview_digest: previewed.into_inner().preview_digest,
        ..Default::default()
    };
    let posted = desk.post_late_facts(patient(request)).await.unwrap();
    let [revision] = &posted.into_inner().revisions[..] else {
        panic!("one settlement is revised")
    };
    let after = revision.after.clone().unwrap();
    assert!(after.account_fen < before.account_fen, "{after:?}");
    // Nothing is owed to the person: it went back to the accounts, the mother's first.
    let moved_by = moved(&world, &revision.revision_id).await;
    assert!(
        !moved_by.contains_key(&format!("payable:person:{child}")),
        "{moved_by:?}"
    );
    let of_child = after.account_fen - after.account_shared_fen;
    assert_eq!(has(&world, &child).await, (20_000 - of_child, 0));
    assert_eq!(
        has(&world, &mother).await,
        (100_000 - after.account_shared_fen, 0)
    );
    holds(&world, &[&mother, &child]).await;
    world.reverse("u-1", &settled.settlement_id).await.unwrap();
    assert_eq!(has(&world, &child).await, (20_000, 0));
    assert_eq!(has(&world, &mother).await, (100_000, 0));
    assert!(moved(&world, &settled.settlement_id).await.is_empty());
    holds(&world, &[&mother, &child]).await;
}

#[tokio::test]
async fn what_is_left_is_of_earlier_years_at_the_turn_of_the_year() {
    let world = open().await;
    let person = employee(&world).await;
    credit(&world, "c-1", &person, 30_000).await;
    let claim = of_employee(visit(&person, "V-1", "2017-06-01", 20_000), AccountUse::Own);
    let settled = world.settle("s-1", claim).await.unwrap();
    let drawn = settled.amounts.unwrap().account_fen;
    assert!((1..30_000).contains(&drawn));
    world.clock.set(Instant::from_micros(1_546_480_800_000_000));
    assert_eq!(has(&world, &person).await, (0, 30_000 - drawn));
    assert_eq!(account(&world, &person).await.account.unwrap().year, 2019);
    credit(&world, "c-2", &person, 5_000).await;
    assert_eq!(has(&world, &person).await, (5_000, 30_000 - drawn));
    // What was of the year then is of an earlier one now.
    world.reverse("u-1", &settled.settlement_id).await.unwrap();
    assert_eq!(has(&world, &person).await, (5_000, 30_000));
    let kinds: Vec<Kind> = entries(&world, &person)
        .await
        .iter()
        .map(AccountEntry::kind)
        .collect();
    let all = [
        Kind::Credited,
        Kind::Paid,
        Kind::Rolled,
        Kind::Credited,
        Kind::GivenBack,
    ];
    assert_eq!(kinds, all);
    holds(&world, &[&person]).await;
    assert_eq!(
        withdraw_credit(&world, "c-1").await.unwrap(),
        State::Withdrawn
    );
    assert_eq!(has(&world, &person).await, (5_000, 0));
    holds(&world, &[&person]).await;
}

#[tokio::test]
async fn a_month_has_one_line_of_all_accounts() {
    let world = open().await;
    for n in 1..=3 {
        let person = employee(&world).await;
        credit(&world, &format!("c-{n}"), &person, 10_000 * n).await;
    }
    assert_eq!(
        withdraw_credit(&world, "c-1").await.unwrap(),
        State::Withdrawn
    );
    world.clock.set(Instant::from_micros(1_522_641_600_000_000));
    let request = pb::CloseMonthRequest {
        request_id: "m-1".into(),
        month: "2018-03".into(),
    };
    let mut desk = world.clerk().reconciliations();
    let closed = desk.close_month(patient(request)).await.unwrap();
    let accounts = closed.into_inner().closed.unwrap().accounts;
    let moved: Vec<(&str, i64)> = accounts
        .iter()
        .map(|one| (one.account.as_str(), one.moved_fen))
        .collect();
    assert_eq!(
        moved,
        [("account:person", 50_000), ("fund:310200", -50_000)]
    );
}

#[tokio::test]
async fn a_registered_visit_remembers_whose_account_pays() {
    let world = open().await;
    let person = employee(&world).await;
    credit(&world, "c-1", &person, 1_000).await;
    let claim = of_employee(visit(&person, "V-1", "2017-06-01", 50_000), AccountUse::Own);
    let registered = pb::Visit {
        institution_code: CLINIC.into(),
        visit_number: "V-1".into(),
        person_id: person.clone(),
        scheme: "310".into(),
        med_type: "11".into(),
        begin_day: "2017-06-01".into(),
        diagnosis_code: claim.diagnosis_code,
        account_use: AccountUse::Own.into(),
        ..Default::default()
    };
    let mut desk = world.suite.desk(CLINIC).visits();
    let request = pb::RegisterVisitRequest {
        request_id: "v-1".into(),
        visit: Some(registered),
    };
    let visit_id = desk.register_visit(patient(request)).await.unwrap();
    let told = visit_id.into_inner().visit.unwrap();
    assert_eq!(told.visit.unwrap().account_use(), AccountUse::Own);
    let line = pb::VisitLine {
        line_code: "1".into(),
        item_code: DRUG.into(),
        unit_price_micro_yuan: 500_000_000,
        quantity_e4: 10_000,
        amount_fen: 50_000,
        fee_day: "2017-06-01".into(),
        ..Default::default()
    };
    let request = pb::UploadLinesRequest {
        request_id: "l-1".into(),
        visit_id: told.visit_id.clone(),
        lines: vec![line],
    };
    desk.upload_lines(patient(request)).await.unwrap();
    let request = SettleRequest {
        request_id: "s-1".into(),
        visit_id: told.visit_id,
        ..Default::default()
    };
    let mut desk = world.suite.desk(CLINIC).orchestrator();
    let settled = desk.settle(patient(request)).await.unwrap();
    let settled = settled.into_inner().settlement.unwrap();
    assert_eq!(settled.amounts.unwrap().account_fen, 1_000);
    assert_eq!(has(&world, &person).await, (0, 0));
    holds(&world, &[&person]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn relatives_who_draw_at_once_overdraw_nothing() {
    let world = open().await;
    let (mother, father) = (employee(&world).await, employee(&world).await);
    credit(&world, "c-1", &mother, 40_000).await;
    credit(&world, "c-2", &father, 30_000).await;
    let mut family = vec![mother.clone(), father.clone()];
    for n in 0..4 {
        let child = world.insured(None).await;
        // Half of them in the one order, half in the other.
        let both = [&mother, &father];
        for (place, holder) in [both[n % 2], both[(n + 1) % 2]].into_iter().enumerate() {
            let id = format!("a-{n}-{place}");
            authorize(&world, &id, (holder, &child), None)
                .await
                .unwrap();
        }
        family.push(child);
    }
    let mut running = JoinSet::new();
    for (n, person) in family.iter().enumerate() {
        for visits in 0..3 {
            let number = format!("V-{n}-{visits}");
            let day = format!("2017-06-{:02}", visits + 1);
            let plain = visit(person, &number, &day, 15_000 + n as i64);
            let claim = match n {
                0 | 1 => of_employee(plain, AccountUse::Own),
                _ => using(plain, AccountUse::Shared),
            };
            let desk = world.clerk();
            running.spawn(async move {
                loop {
                    let request = SettleRequest {
                        request_id: format!("S-{number}"),
                        claim: Some(claim.clone()),
                        ..Default::default()
                    };
                    match desk.orchestrator().settle(patient(request)).await {
                        Ok(settled) => return settled.into_inner().settlement.unwrap(),
                        Err(no) => {
                            let passing = ["CLAIM_IN_PROGRESS", "CONTENTION", "UNAVAILABLE"];
                            assert!(passing.contains(&code(&no).as_str()), "{no}");
                        }
                    }
                }
            });
        }
    }
    let settled = tokio::time::timeout(PATIENCE, running.join_all()).await;
    let settled = settled.expect("nobody waits for ever");
    let drawn: i64 = settled
        .iter()
        .map(|one| one.amounts.as_ref().unwrap().account_fen)
        .sum();
    let (of_mother, of_father) = (has(&world, &mother).await, has(&world, &father).await);
    // All of it was wanted, and no more was had.
    assert_eq!((of_mother, of_father), ((0, 0), (0, 0)));
    assert_eq!(drawn, 70_000);
    let people: Vec<&str> = family.iter().map(String::as_str).collect();
    holds(&world, &people).await;
}
