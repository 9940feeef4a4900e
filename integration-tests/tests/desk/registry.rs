//! 机构名录: which institutions have an agreement on a day, and how many.

use integration_tests::{CLINIC, HOSPITAL, World, code, patient, stay, visit};
use kernel::{Day, Instant};
use proto::orchestrator::approval_subject::Subject;
use proto::orchestrator::{AgreementEnd, ApprovedWithdrawal, ListApprovalsRequest};
use proto::settlement::{
    CountInstitutionsRequest, CountInstitutionsResponse, EndAgreementRequest, Institution,
    ListInstitutionsAsOfRequest, RegisterInstitutionRequest, WithdrawEndAgreementRequest,
    WithdrawRegisterInstitutionRequest,
};
use sea_orm::{ConnectionTrait, Database, DbBackend};

/// Registers pharmacies or hospitals with the numbers from `first` on.
async fn register(world: &World, kind: &str, numbers: std::ops::Range<u32>, from: &str) {
    let mut clerk = world.clerk().settlement();
    for number in numbers {
        let letter = if kind == "C1" { 'P' } else { 'H' };
        let institution = Institution {
            institution_code: format!("{letter}{number:011}"),
            name: "测试机构".into(),
            tier: if kind == "C1" { "9" } else { "1" }.into(),
            kind: kind.into(),
            agreement_from_day: from.into(),
            ..Default::default()
        };
        let request = RegisterInstitutionRequest {
            request_id: format!("register-{letter}-{number}"),
            institution: Some(institution),
        };
        clerk.register_institution(patient(request)).await.unwrap();
    }
}

fn end(id: &str, institution: &str, day: &str) -> EndAgreementRequest {
    EndAgreementRequest {
        request_id: id.into(),
        institution_code: institution.into(),
        from_day: day.into(),
        reason: "协议到期不再续签".into(),
        ..Default::default()
    }
}

/// The same, with another person's agreement.
async fn agreed(world: &World, request: EndAgreementRequest) -> EndAgreementRequest {
    let subject = Subject::EndAgreement(AgreementEnd {
        institution_code: request.institution_code.clone(),
        from_day: request.from_day.clone(),
        reason: request.reason.clone(),
    });
    EndAgreementRequest {
        approval_id: world.approved(subject).await,
        ..request
    }
}

async fn count(world: &World, day: &str) -> CountInstitutionsResponse {
    let request = CountInstitutionsRequest { day: day.into() };
    let counted = world.clerk().settlement().count_institutions(request).await;
    counted.unwrap().into_inner()
}

/// The bureau's figures: 38 institutions and 73 pharmacies, of which later 72 are the base.
#[tokio::test]
async fn counts_are_of_a_day_and_say_their_base() {
    let world = World::open().await;
    // Two hospitals are there already.
    register(&world, "B1", 1..37, "2016-01-01").await;
    register(&world, "C1", 1..74, "2016-01-01").await;
    register(&world, "C1", 74..76, "2018-07-01").await;

    let base = |c: &CountInstitutionsResponse| (c.institution_count, c.pharmacy_count);
    let outside = |c: &CountInstitutionsResponse| (c.not_begun_count, c.ended_count);
    let early = count(&world, "2015-12-31").await;
    assert_eq!((base(&early), outside(&early)), ((2, 0), (111, 0)));
    let now = count(&world, "2018-03-01").await;
    assert_eq!((base(&now), outside(&now)), ((38, 73), (2, 0)));
    assert_eq!(now.in_force_count, 111);
    let of = |kind: &str, tier: &str| {
        let fits = |c: &&proto::settlement::InstitutionCount| c.kind == kind && c.tier == tier;
        now.counts.iter().find(fits).map_or(0, |c| c.count)
    };
    assert_eq!(
        (of("A1", "2"), of("A1", "1"), of("B1", "1"), of("C1", "9")),
        (1, 1, 36, 73)
    );

    let mut clerk = world.clerk().settlement();
    let alone = end("e-0", "P00000000001", "2018-06-01");
    let no = clerk.end_agreement(patient(alone)).await.unwrap_err();
    assert_eq!(code(&no), "APPROVAL_NEEDED");
    let ended = agreed(&world, end("e-1", "P00000000001", "2018-06-01")).await;
    let told = clerk.end_agreement(patient(ended.clone())).await.unwrap();
    let told = told.into_inner();
    assert_eq!(told.institution.unwrap().agreement_until_day, "2018-06-01");
    assert_eq!(base(&count(&world, "2018-05-31").await), (38, 73));
    let later = count(&world, "2018-06-01").await;
    assert_eq!((base(&later), outside(&later)), ((38, 72), (2, 1)));
    assert_eq!(base(&count(&world, "2018-07-01").await), (38, 74));

    // Repeated it is the same; another end is refused; withdrawn, the agreement goes on.
    let again = clerk.end_agreement(patient(ended)).await.unwrap();
    assert!(again.into_inner().replayed);
    for (request, refusal) in [
        (end("e-2", "P00000000001", "2018-08-01"), "AGREEMENT_ENDED"),
        (
            end("e-3", "P00000000074", "2018-06-30"),
            "AGREEMENT_NOT_BEGUN",
        ),
        (
            end("e-4", "P99999999999", "2018-06-30"),
            "INSTITUTION_UNKNOWN",
        ),
    ] {
        let no = clerk.end_agreement(patient(request)).await.unwrap_err();
        assert_eq!(code(&no), refusal);
    }
    let withdraw = WithdrawEndAgreementRequest {
        original_request_id: "e-1".into(),
        ..Default::default()
    };
    clerk.withdraw_end_agreement(withdraw).await.unwrap();
    assert_eq!(base(&count(&world, "2018-06-01").await), (38, 73));
}

#[tokio::test]
async fn after_the_end_of_its_agreement_nothing_is_settled_for_an_institution() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let mut clerk = world.clerk().settlement();
    let request = agreed(&world, end("e-1", HOSPITAL, "2017-03-10")).await;
    clerk.end_agreement(patient(request)).await.unwrap();
    // The stay's last day is the first without an agreement.
    let no = world
        .settle("s-1", stay(&person, "S-1", 1_000))
        .await
        .unwrap_err();
    assert_eq!(code(&no), "INSTITUTION_UNKNOWN");
    let mut before = stay(&person, "S-2", 1_000);
    before.end_day = "2017-03-09".into();
    world.settle("s-2", before).await.unwrap();
    let elsewhere = visit(&person, "V-1", "2017-06-01", 10_000);
    world.settle("v-1", elsewhere).await.unwrap();
}

#[tokio::test]
async fn a_register_of_ten_thousand_is_read_page_by_page() {
    let world = World::open().await;
    fill(&world, 10_000).await;
    let mut clerk = world.clerk().settlement();
    let (mut codes, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListInstitutionsAsOfRequest {
            day: "2018-03-01".into(),
            page_size: 500,
            page_token: token,
        };
        let page = clerk.list_institutions_as_of(patient(request)).await;
        let page = page.unwrap().into_inner();
        codes.extend(
            page.institutions
                .into_iter()
                .map(|one| one.institution_code),
        );
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    // Every tenth has not begun yet; the two of the world are between them.
    assert_eq!(codes.len(), 9_002);
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(codes.iter().any(|code| code == CLINIC));
    let counted = count(&world, "2018-03-01").await;
    assert_eq!(
        (counted.in_force_count, counted.not_begun_count),
        (9_002, 1_000)
    );
}

/// Rows of the register as registrations leave them, many at once.
async fn fill(world: &World, count: u32) {
    let database = Database::connect(world.database.url("settlement"))
        .await
        .unwrap();
    let table = match database.get_database_backend() {
        DbBackend::Postgres => "settlement.institution",
        _ => "institution",
    };
    let row = |number: u32| {
        let from = if number.is_multiple_of(10) {
            "2019-01-01"
        } else {
            "2016-01-01"
        };
        format!("('152501', 'filled-{number}', 'P{number:011}', '测试机构', '9', 'C1', '{from}')")
    };
    let numbers: Vec<u32> = (1..=count).collect();
    for some in numbers.chunks(1_000) {
        let rows: Vec<String> = some.iter().copied().map(row).collect();
        let columns = "(area, registration_id, code, name, tier, kind, agreement_from)";
        let sql = format!("INSERT INTO {table} {columns} VALUES {}", rows.join(", "));
        database.execute_unprepared(&sql).await.unwrap();
    }
    database.close().await.ok();
}

/// What two ended is not begun again by the one who registered.
#[tokio::test]
async fn an_agreement_that_has_an_end_is_not_withdrawn_with_its_registration() {
    let world = World::open().await;
    let mut clerk = world.clerk().settlement();
    let request = agreed(&world, end("e-1", HOSPITAL, "2018-06-01")).await;
    clerk.end_agreement(patient(request)).await.unwrap();
    let unregister = || {
        patient(WithdrawRegisterInstitutionRequest {
            original_request_id: format!("world-{HOSPITAL}"),
        })
    };
    let no = clerk.withdraw_register_institution(unregister()).await;
    assert_eq!(code(&no.unwrap_err()), "AGREEMENT_END_STANDS");
    let resume = |approval_id: String| {
        patient(WithdrawEndAgreementRequest {
            original_request_id: "e-1".into(),
            approval_id,
        })
    };
    let tomorrow = Day::parse("2018-03-02").unwrap();
    world.clock.set(Instant::beginning_of(tomorrow));
    let no = clerk.withdraw_end_agreement(resume(String::new())).await;
    assert_eq!(code(&no.unwrap_err()), "APPROVAL_NEEDED");
    let mut desk = world.clerk().approvals();
    let listed = desk.list_approvals(ListApprovalsRequest::default()).await;
    let used = listed.unwrap().into_inner().approvals.remove(0);
    let used_approval_id = used.approval_id;
    let withdrawal = Subject::Withdrawal(ApprovedWithdrawal { used_approval_id });
    let approval = world.approved(withdrawal).await;
    clerk
        .withdraw_end_agreement(resume(approval))
        .await
        .unwrap();
    clerk
        .withdraw_register_institution(unregister())
        .await
        .unwrap();
}
