//! 关系转移接续, 零跑腿: who leaves one area goes on in another at once; who brings nothing waits.

use integration_tests::{HOSPITAL, World, certificate, claim, code, id_number, patient, sealed};
use kernel::{Clock, Digest, Instant};
use proto::common::Member;
use proto::enrollment::{
    ActivatePackageRequest, CheckEligibilityRequest, EnrolPersonRequest, ProposePackageRequest,
    RegisterPersonRequest, WithdrawRegisterPersonRequest,
};
use proto::orchestrator::transfer::State;
use proto::orchestrator::{
    AcceptTransferInRequest, ApplyTransferInRequest, EnrolRequest, GetTransferCertificateRequest,
    GetTransferRequest, IssueTransferCertificateRequest, ListTransfersRequest,
    RejectTransferInRequest, Transfer, TransferCertificate, WithdrawAcceptTransferInRequest,
    WithdrawApplyTransferInRequest, WithdrawIssueTransferCertificateRequest,
    WithdrawRejectTransferInRequest,
};
use runtime::render;
use tonic::Status;
use yibao::desk::Desk;

/// The area that is left, and the one they go to.
const OLD: &str = "152501";
const NEW: &str = "330523";
/// 职工: the package of the engine facts.
const EMPLOYEES: &str = include_str!("facts/employees.toml");

/// A world in May 2020, where both areas have packages.
async fn may() -> World {
    let world = World::open().await;
    world.clock.set(Instant::parse("2020-05-06 09:00").unwrap());
    world
}

fn desk(world: &World, caller: &str, area: &str) -> Desk {
    world.suite.desk(caller).in_area(area)
}

async fn registered(world: &World, area: &str, n: u32) -> String {
    let request = RegisterPersonRequest {
        request_id: format!("person-{area}-{n}"),
        name: "测试人员".into(),
        id_number: id_number(n),
        sex: "2".into(),
        birth_day: "1980-01-01".into(),
        household_id: String::new(),
    };
    let mut clerk = desk(world, "clerk-1", area).enrollment();
    let answer = clerk.register_person(request).await.unwrap();
    answer.into_inner().person.unwrap().person_id
}

/// Enrols as a resident through the public port; gives the first day of benefits.
async fn enrolled(
    world: &World,
    area: &str,
    person: &str,
    (year, paid_day, fen): (i32, &str, i64),
) -> String {
    let request = EnrolRequest {
        request_id: format!("enrol-{year}-{person}"),
        person_id: person.into(),
        scheme: "390".into(),
        year,
        paid_day: paid_day.into(),
        paid_fen: fen,
        ..Default::default()
    };
    let mut clerk = desk(world, "clerk-1", area).orchestrator();
    let answer = clerk.enrol(patient(request)).await.unwrap();
    answer.into_inner().benefit_from_day
}

/// A person of the old area, insured there for 2019 and 2020.
async fn insured(world: &World, n: u32) -> String {
    let person = registered(world, OLD, n).await;
    enrolled(world, OLD, &person, (2019, "2019-01-10", 25_000)).await;
    enrolled(world, OLD, &person, (2020, "2020-01-10", 28_000)).await;
    person
}

async fn on(world: &World, area: &str, person: &str, scheme: &str, day: &str) -> Member {
    let request = CheckEligibilityRequest {
        person_id: person.into(),
        scheme: scheme.into(),
        as_of_day: day.into(),
        ..Default::default()
    };
    let mut clerk = desk(world, "clerk-1", area).enrollment();
    let answer = clerk.check_eligibility(request).await.unwrap();
    answer.into_inner().member.unwrap()
}

async fn issue(
    world: &World,
    id: &str,
    person: &str,
    end_day: &str,
) -> Result<TransferCertificate, Status> {
    let request = IssueTransferCertificateRequest {
        request_id: id.into(),
        person_id: person.into(),
        scheme: "390".into(),
        end_day: end_day.into(),
        zero_claim_years: vec![2019],
        account_balance_fen: 0,
    };
    let mut clerk = desk(world, "clerk-1", OLD).transfers();
    let answer = clerk.issue_transfer_certificate(request).await?;
    Ok(answer.into_inner().certificate.unwrap())
}

async fn apply(
    desk: &Desk,
    id: &str,
    n: u32,
    certificate: &TransferCertificate,
) -> Result<Transfer, Status> {
    let request = ApplyTransferInRequest {
        request_id: id.into(),
        id_number: id_number(n),
        certificate: Some(certificate.clone()),
    };
    let answer = desk.transfers().apply_transfer_in(request).await?;
    Ok(answer.into_inner().transfer.unwrap())
}

async fn accept(desk: &Desk, id: &str, transfer: &Transfer) -> Result<Transfer, Status> {
    let request = AcceptTransferInRequest {
        request_id: id.into(),
        transfer_id: transfer.transfer_id.clone(),
    };
    let answer = desk.transfers().accept_transfer_in(request).await?;
    Ok(answer.into_inner().transfer.unwrap())
}

async fn reject(desk: &Desk, id: &str, transfer: &Transfer) -> Result<Transfer, Status> {
    let request = RejectTransferInRequest {
        request_id: id.into(),
        transfer_id: transfer.transfer_id.clone(),
        reason: "材料不符".into(),
    };
    let answer = desk.transfers().reject_transfer_in(request).await?;
    Ok(answer.into_inner().transfer.unwrap())
}

async fn progress(desk: &Desk, transfer: &Transfer) -> Result<Transfer, Status> {
    let request = GetTransferRequest {
        transfer_id: transfer.transfer_id.clone(),
    };
    let answer = desk.transfers().get_transfer(request).await?;
    Ok(answer.into_inner().transfer.unwrap())
}

#[tokio::test]
async fn who_moves_applies_from_home_and_has_benefits_at_once() {
    let world = may().await;
    let left = insured(&world, 1).await;
    let certificate = issue(&world, "t-1", &left, "2020-05-01").await.unwrap();
    // January to April of 2020, and the whole of 2019, without a gap.
    let months = certificate.periods.iter().map(|one| one.paid_months);
    assert_eq!(months.collect::<Vec<_>>(), [12, 4]);
    assert!(certificate.interruptions.is_empty());
    assert_eq!(certificate.digest, sealed(&certificate));
    assert!(on(&world, OLD, &left, "390", "2020-04-30").await.eligible);
    assert!(!on(&world, OLD, &left, "390", "2020-05-01").await.eligible);

    // Nobody has registered them in the new area yet.
    let platform = world.suite.desk("platform-1@330523+platform");
    let applied = apply(&platform, "a-1", 1, &certificate).await.unwrap();
    assert_eq!(applied.state(), State::Applied);
    assert!(!applied.masked_id_number.contains("19700101"));
    // 2020-05-06 is a Wednesday: three weeks later.
    let last = &applied.stages[2];
    assert_eq!(
        (last.done_day.as_str(), last.due_day.as_str()),
        ("", "2020-05-27")
    );
    let seen = progress(&platform, &applied).await.unwrap();
    assert_eq!(seen.transfer_id, applied.transfer_id);
    for (other, expected) in [
        ("platform-2@330523+platform", "TRANSFER_UNKNOWN"),
        ("platform-1@152501+platform", "TRANSFER_UNKNOWN"),
    ] {
        let no = progress(&world.suite.desk(other), &applied).await;
        assert_eq!(code(&no.unwrap_err()), expected, "{other}");
    }

    let clerk = desk(&world, "clerk-2", NEW);
    let no = accept(&clerk, "y-0", &applied).await.unwrap_err();
    assert_eq!(code(&no), "TRANSFER_NOT_REGISTERED");
    let here = registered(&world, NEW, 1).await;
    // 28 days later, one too late: the stage is told to be.
    world.clock.set(Instant::parse("2020-05-28 09:00").unwrap());
    assert!(progress(&clerk, &applied).await.unwrap().stages[2].overdue);
    let accepted = accept(&clerk, "y-1", &applied).await.unwrap();
    assert_eq!(accepted.state(), State::Accepted);
    assert_eq!(accepted.person_id, here);

    let paid = (2020, "2020-05-28", 28_000);
    assert_eq!(enrolled(&world, NEW, &here, paid).await, "2020-05-28");
    let member = on(&world, NEW, &here, "390", "2020-05-28").await;
    assert!(member.eligible);
    assert_eq!(member.insured_years, [2020, 2019]);
    assert_eq!(member.elsewhere_claim_years, [2020]);
    assert_eq!(member.continuous_years, 2);

    // Without it: the third natural month.
    let waits = registered(&world, NEW, 2).await;
    assert_eq!(enrolled(&world, NEW, &waits, paid).await, "2020-07-01");
    let member = on(&world, NEW, &waits, "390", "2020-06-30").await;
    assert!(!member.eligible);
    assert_eq!(member.continuous_years, 1);
}

#[tokio::test]
async fn a_gap_beyond_the_limit_waits_and_benefits_do_not_overlap() {
    let world = may().await;
    let clerks = (desk(&world, "clerk-1", NEW), desk(&world, "clerk-2", NEW));
    world.clock.set(Instant::parse("2020-08-20 09:00").unwrap());
    // The end there, the payment here, the first day of benefits.
    let table = [
        (11, "2020-05-01", "2020-08-01", "2020-08-01"),
        (12, "2020-05-01", "2020-08-02", "2020-10-01"),
        (13, "2020-09-15", "2020-08-20", "2020-09-15"),
    ];
    for (n, end_day, paid_day, expected) in table {
        let left = insured(&world, n).await;
        let certificate = issue(&world, &format!("t-{n}"), &left, end_day)
            .await
            .unwrap();
        let applied = apply(&clerks.0, &format!("a-{n}"), n, &certificate).await;
        let here = registered(&world, NEW, n).await;
        accept(&clerks.1, &format!("y-{n}"), &applied.unwrap())
            .await
            .unwrap();
        let paid = (2020, paid_day, 28_000);
        assert_eq!(
            enrolled(&world, NEW, &here, paid).await,
            expected,
            "{paid_day}"
        );
    }
}

#[tokio::test]
async fn what_is_brought_must_be_what_was_issued_and_counts_once() {
    let world = may().await;
    let clerk = desk(&world, "clerk-1", NEW);
    let left = insured(&world, 1).await;
    let issued = issue(&world, "t-1", &left, "2020-05-01").await.unwrap();
    let mut richer = issued.clone();
    richer.account_balance_fen = 1;
    let mut resealed = richer.clone();
    resealed.digest = sealed(&resealed);
    let mut invented = certificate(&id_number(1), 9, &issued.issued_day);
    invented.from_area_code = OLD.into();
    invented.digest = sealed(&invented);
    let mut unbroken = certificate(&id_number(1), 7, "2020-02-01");
    unbroken.interruptions.clear();
    let (own, old) = (
        TransferCertificate {
            from_area_code: NEW.into(),
            ..issued.clone()
        },
        certificate(&id_number(1), 8, "2019-05-05"),
    );
    let table = [
        ("a-1", 1, &own, "TRANSFER_SAME_AREA"),
        ("a-2", 1, &richer, "TRANSFER_CERTIFICATE_CHANGED"),
        ("a-3", 1, &unbroken, "TRANSFER_CERTIFICATE_CHANGED"),
        ("a-4", 2, &issued, "TRANSFER_OTHER_PERSON"),
        ("a-5", 1, &old, "TRANSFER_CERTIFICATE_EXPIRED"),
        // Sealed anew by somebody: the area that issued it is one of the suite, and has another.
        ("a-6", 1, &resealed, "TRANSFER_CERTIFICATE_VOID"),
        // Made by nobody there.
        ("a-61", 1, &invented, "TRANSFER_CERTIFICATE_VOID"),
    ];
    for (id, n, brought, expected) in table {
        let no = apply(&clerk, id, n, brought).await.unwrap_err();
        assert_eq!(code(&no), expected, "{id}");
    }
    let applied = apply(&clerk, "a-7", 1, &issued).await.unwrap();
    // Whatever area it is brought to.
    for (id, area) in [("a-8", NEW), ("a-9", "500151")] {
        let other = desk(&world, "clerk-3", area);
        let no = apply(&other, id, 1, &issued).await.unwrap_err();
        assert_eq!(code(&no), "TRANSFER_CERTIFICATE_USED", "{area}");
    }
    let no = accept(&clerk, "y-1", &applied).await.unwrap_err();
    assert_eq!(code(&no), "TRANSFER_SAME_DECIDER");
    let second = desk(&world, "clerk-2", NEW);
    let elsewhere = desk(&world, "clerk-2", "500151");
    let no = accept(&elsewhere, "y-2", &applied).await.unwrap_err();
    assert_eq!(code(&no), "TRANSFER_UNKNOWN");

    // Sent back, the certificate may be used again; the rejection undone then is nobody's.
    let rejected = reject(&second, "n-1", &applied).await.unwrap();
    assert_eq!(rejected.state(), State::Rejected);
    let no = accept(&second, "y-3", &applied).await.unwrap_err();
    assert_eq!(code(&no), "TRANSFER_DECIDED");
    let again = apply(&clerk, "a-10", 1, &issued).await.unwrap();
    let undo = WithdrawRejectTransferInRequest {
        original_request_id: "n-1".into(),
    };
    let mut transfers = second.transfers();
    transfers.withdraw_reject_transfer_in(undo).await.unwrap();
    let no = progress(&second, &applied).await.unwrap_err();
    assert_eq!(code(&no), "TRANSFER_UNKNOWN");
    // Undone while nobody uses the certificate, it is to be decided again.
    reject(&second, "n-2", &again).await.unwrap();
    let undo = WithdrawRejectTransferInRequest {
        original_request_id: "n-2".into(),
    };
    transfers.withdraw_reject_transfer_in(undo).await.unwrap();
    let open = ListTransfersRequest {
        state: State::Applied.into(),
        ..Default::default()
    };
    let listed = transfers.list_transfers(open).await.unwrap().into_inner();
    let ids = listed.transfers.iter().map(|one| one.transfer_id.as_str());
    assert_eq!(ids.collect::<Vec<_>>(), [again.transfer_id.as_str()]);

    // Taken back by the area that issued it, before it is accepted.
    let undo = WithdrawIssueTransferCertificateRequest {
        original_request_id: "t-1".into(),
    };
    let mut old = desk(&world, "clerk-1", OLD).transfers();
    old.withdraw_issue_transfer_certificate(undo).await.unwrap();
    let get = GetTransferCertificateRequest {
        certificate_id: issued.certificate_id.clone(),
    };
    let no = old.get_transfer_certificate(get).await.unwrap_err();
    assert_eq!(code(&no), "TRANSFER_CERTIFICATE_UNKNOWN");
    assert!(on(&world, OLD, &left, "390", "2020-05-01").await.eligible);
    registered(&world, NEW, 1).await;
    let no = accept(&second, "y-4", &again).await.unwrap_err();
    assert_eq!(code(&no), "TRANSFER_CERTIFICATE_VOID");
}

#[tokio::test]
async fn what_is_undone_counts_no_more() {
    let world = may().await;
    let (first, second) = (desk(&world, "clerk-1", NEW), desk(&world, "clerk-2", NEW));
    let left = insured(&world, 1).await;
    let issued = issue(&world, "t-1", &left, "2020-05-01").await.unwrap();
    let here = registered(&world, NEW, 1).await;
    let years = async || {
        on(&world, NEW, &here, "390", "2020-05-06")
            .await
            .insured_years
    };
    let applied = apply(&first, "a-1", 1, &issued).await.unwrap();
    assert!(years().await.is_empty());
    accept(&second, "y-1", &applied).await.unwrap();
    assert_eq!(years().await, [2020, 2019]);
    let undo = WithdrawAcceptTransferInRequest {
        original_request_id: "y-1".into(),
    };
    let mut transfers = second.transfers();
    transfers.withdraw_accept_transfer_in(undo).await.unwrap();
    assert!(years().await.is_empty());
    accept(&second, "y-2", &applied).await.unwrap();
    assert_eq!(years().await, [2020, 2019]);
    let undo = WithdrawApplyTransferInRequest {
        original_request_id: "a-1".into(),
    };
    let mut transfers = first.transfers();
    transfers.withdraw_apply_transfer_in(undo).await.unwrap();
    assert!(years().await.is_empty());
    // With the registration goes what was accepted for it.
    let applied = apply(&first, "a-2", 1, &issued).await.unwrap();
    accept(&second, "y-3", &applied).await.unwrap();
    let undo = WithdrawRegisterPersonRequest {
        original_request_id: format!("person-{NEW}-1"),
    };
    let mut clerk = first.enrollment();
    clerk.withdraw_register_person(undo).await.unwrap();
    let no = progress(&first, &applied).await.unwrap_err();
    assert_eq!(code(&no), "TRANSFER_UNKNOWN");
    apply(&first, "a-3", 1, &issued).await.unwrap();
}

/// End day: the refusal, or the end and the months certified of the last year. Insured for 2019 and 2020.
#[tokio::test]
async fn a_certificate_ends_the_last_coverage_once() {
    let world = may().await;
    let nobody = registered(&world, OLD, 9).await;
    let no = issue(&world, "t-0", &nobody, "2020-05-01")
        .await
        .unwrap_err();
    assert_eq!(code(&no), "TRANSFER_NEVER_INSURED");
    let table = [
        ("2019-12-31", Err("TRANSFER_INSURED_AFTER")),
        ("2020-01-01", Err("TRANSFER_INSURED_AFTER")),
        ("2020-01-02", Ok(("2020-01-02", 1))),
        ("2020-02-01", Ok(("2020-02-01", 1))),
        ("2020-12-31", Ok(("2020-12-31", 12))),
        ("2021-03-01", Ok(("2021-01-01", 12))),
    ];
    for (n, (end_day, expected)) in (20..).zip(table) {
        let person = insured(&world, n).await;
        let got = issue(&world, &format!("t-{n}"), &person, end_day).await;
        let seen = got.as_ref().map(|one| {
            let months = one.periods.last().unwrap().paid_months;
            (one.end_day.as_str(), months)
        });
        let seen = seen.map_err(code);
        assert_eq!(seen, expected.map_err(String::from), "{end_day}");
        if expected.is_ok() {
            let no = issue(&world, &format!("u-{n}"), &person, "2020-06-01").await;
            assert_eq!(code(&no.unwrap_err()), "TRANSFER_CERTIFIED");
        }
    }
}

/// Brought to two areas at once, a certificate serves one of them.
#[tokio::test]
async fn of_two_applications_at_once_one_has_the_certificate() {
    let world = may().await;
    let left = insured(&world, 1).await;
    let issued = issue(&world, "t-1", &left, "2020-05-01").await.unwrap();
    let areas = [NEW, "500151", "110101", NEW];
    let mut applying = tokio::task::JoinSet::new();
    for (n, area) in areas.into_iter().enumerate() {
        let (clerk, issued) = (desk(&world, "clerk-1", area), issued.clone());
        let id = format!("a-{n}");
        applying.spawn(async move { apply(&clerk, &id, 1, &issued).await });
    }
    let all = applying.join_all().await;
    let refused = all.iter().filter_map(|answer| answer.as_ref().err());
    let refused: Vec<String> = refused.map(code).collect();
    assert_eq!(refused, ["TRANSFER_CERTIFICATE_USED"; 3]);
}

/// Puts the package of the engine facts into force in the new area too.
async fn employees_there(world: &World) {
    let text = EMPLOYEES.replace(OLD, NEW);
    let propose = ProposePackageRequest {
        request_id: "there".into(),
        text: text.clone(),
    };
    let mut operator = desk(world, "operator-1", NEW).enrollment();
    operator.propose_package(propose).await.unwrap();
    let activate = ActivatePackageRequest {
        request_id: "there".into(),
        package_digest: Digest::of(text.as_bytes()).to_string(),
        activates_time: Some(render::timestamp(world.clock.now())),
        reason: String::new(),
    };
    let mut operator = desk(world, "operator-2", NEW).enrollment();
    operator.activate_package(activate).await.unwrap();
}

/// Insures a working person as an employee for a year.
async fn employed(world: &World, area: &str, person: &str, year: i32) {
    let request = EnrolPersonRequest {
        request_id: format!("enrol-{year}-{person}"),
        person_id: person.into(),
        scheme: "310".into(),
        year,
        paid_day: format!("{year}-01-01"),
        person_type: "11".into(),
        ..Default::default()
    };
    let mut clerk = desk(world, "clerk-1", area).enrollment();
    clerk.enrol_person(request).await.unwrap();
}

/// 职工, two areas by one package: years insured elsewhere raise the critical layer's cap where they are
/// certified to be without a claim. By hand as in the engine facts: 936,000, then 100,000 and 5,000 for
/// each such year, of 264,000 that are left.
#[tokio::test]
async fn years_without_a_claim_elsewhere_count_as_certified() {
    let world = super::facts::employees().await;
    employees_there(&world).await;
    let left = registered(&world, NEW, 501).await;
    for year in [2013, 2014, 2015, 2016] {
        employed(&world, NEW, &left, year).await;
    }
    let request = IssueTransferCertificateRequest {
        request_id: "t-1".into(),
        person_id: left,
        scheme: "310".into(),
        end_day: "2017-01-01".into(),
        zero_claim_years: vec![2014, 2016],
        account_balance_fen: 12_345,
    };
    let mut there = desk(&world, "clerk-1", NEW).transfers();
    let issued = there.issue_transfer_certificate(request).await.unwrap();
    let issued = issued.into_inner().certificate.unwrap();
    assert_eq!(issued.account_balance_fen, 12_345);

    let here = registered(&world, OLD, 501).await;
    employed(&world, OLD, &here, 2017).await;
    let stay = |visit: &str| proto::common::Claim {
        scheme: "310".into(),
        ..claim(
            &here,
            HOSPITAL,
            "21",
            visit,
            ("2017-03-01", "2017-03-10"),
            1_200_000,
        )
    };
    let critical = async |id: &str| {
        let settled = world.settle(id, stay(id)).await.unwrap();
        let amounts = settled.amounts.unwrap();
        let paid = (amounts.shares[0].paid_fen, amounts.shares[1].paid_fen);
        world
            .reverse(&format!("r-{id}"), &settled.settlement_id)
            .await
            .unwrap();
        paid
    };
    assert_eq!(critical("s-1").await, (936_000, 100_000));
    let (first, second) = (desk(&world, "clerk-1", OLD), desk(&world, "clerk-2", OLD));
    let applied = apply(&first, "a-1", 501, &issued).await.unwrap();
    accept(&second, "y-1", &applied).await.unwrap();
    let member = on(&world, OLD, &here, "310", "2017-03-10").await;
    assert_eq!(member.insured_years, [2017, 2016, 2015, 2014, 2013]);
    assert_eq!(member.elsewhere_claim_years, [2015, 2013]);
    assert_eq!(member.continuous_years, 5);
    assert_eq!(critical("s-2").await, (936_000, 110_000));
    world.ledger().await;
}
