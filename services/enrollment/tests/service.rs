//! The service as its callers see it: the generated client over a wire, on the store the run is
//! for.

use kernel::{AreaCode, Day, IdNumber, Instant, Principal, Role};
use proto::common::ineligibility::Reason;
use proto::common::outcome::State;
use proto::common::{Member, Outcome};
use proto::enrollment as pb;
use proto::enrollment::enrollment_service_client::EnrollmentServiceClient;
use proto::orchestrator::filing_service_client::FilingServiceClient;
use proto::orchestrator::identity_service_client::IdentityServiceClient;
use runtime::clock::ManualClock;
use runtime::{Context, Settings, Wire, fault_of};
use std::sync::Arc;
use std::time::Duration;
use store::testing::TestDatabase;
use store::{Db, event};
use tonic::{Request, Response, Status};

struct Suite {
    client: EnrollmentServiceClient<Wire>,
    /// Likewise, of the public interface to who is at the desk.
    desk: IdentityServiceClient<Wire>,
    /// Likewise, to filed diseases.
    filings: FilingServiceClient<Wire>,
    area: &'static str,
    db: Db,
    _database: TestDatabase,
}

const HERE: &str = "152501";
const ELSEWHERE: &str = "152502";

impl Suite {
    /// A service on 2024-12-31 with an empty database.
    async fn begin() -> Suite {
        let library = policy::Library::builtin().unwrap();
        Suite::of(library, HERE, "2024-12-31").await
    }

    /// A service of an area on a day, by these packages, with an empty database.
    async fn of(library: policy::Library, here: &'static str, today: &str) -> Suite {
        let database = TestDatabase::open().await.unwrap();
        let url = database.url(enrollment::NAME);
        let area = AreaCode::parse(here).unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let settings = Settings::embedded(listen, area, url);
        let clock = ManualClock::at(noon(today));
        let db = enrollment::open(&settings).await.unwrap();
        let service = enrollment::build(db.clone(), &settings, Arc::new(clock), Arc::new(library));
        Suite {
            client: EnrollmentServiceClient::new(service.wire()),
            desk: IdentityServiceClient::new(service.wire()),
            filings: FilingServiceClient::new(service.wire()),
            area: here,
            db,
            _database: database,
        }
    }

    fn ask<T>(&self, message: T) -> Request<T> {
        let principal = Principal {
            caller: "clerk-1".into(),
            on_behalf_of: None,
            area: AreaCode::parse(self.area).unwrap(),
            roles: vec![Role::Clerk],
        };
        Context::of(principal, Duration::from_secs(20)).own(message)
    }
}

/// `call!(suite, method(message))`: the answer, or the code of the refusal.
macro_rules! call {
    ($suite:expr, $method:ident($message:expr)) => {{
        let request = $suite.ask($message);
        told($suite.client.$method(request).await)
    }};
}

#[path = "service/again.rs"]
mod again;
#[path = "service/filings.rs"]
mod filings;
#[path = "service/identity_checks.rs"]
mod identity_checks;
#[path = "service/packages.rs"]
mod packages;
#[path = "service/tiers.rs"]
mod tiers;

fn told<T>(answer: Result<Response<T>, Status>) -> Result<T, String> {
    match answer {
        Ok(response) => Ok(response.into_inner()),
        Err(status) => Err(fault_of(status, true).into_refusal().code.to_string()),
    }
}

fn noon(day: &str) -> Instant {
    let epoch = Day::parse("1970-01-01").unwrap();
    let days = epoch.days_until(Day::parse(day).unwrap());
    Instant::from_micros((days * 86_400 + 4 * 3_600) * 1_000_000)
}

fn id_number(digits: &str) -> String {
    format!("{digits}{}", IdNumber::check_character(digits).unwrap())
}

fn register(request_id: &str, number: &str, household_id: &str) -> pb::RegisterPersonRequest {
    pb::RegisterPersonRequest {
        request_id: request_id.into(),
        name: "测试甲".into(),
        id_number: id_number(number),
        sex: "2".into(),
        birth_day: "1980-01-01".into(),
        household_id: household_id.into(),
    }
}

fn identity(
    request_id: &str,
    person_id: &str,
    kind: &str,
    from: &str,
) -> pb::RecordIdentityRequest {
    pb::RecordIdentityRequest {
        request_id: request_id.into(),
        person_id: person_id.into(),
        kind: kind.into(),
        from_day: from.into(),
        until_day: String::new(),
    }
}

fn enrol(request_id: &str, person_id: &str, paid_day: &str, paid: i64) -> pb::EnrolPersonRequest {
    pb::EnrolPersonRequest {
        request_id: request_id.into(),
        person_id: person_id.into(),
        scheme: "390".into(),
        year: 2024,
        paid_day: paid_day.into(),
        paid_fen: paid,
        ..Default::default()
    }
}

fn check(person_id: &str, day: &str) -> pb::CheckEligibilityRequest {
    pb::CheckEligibilityRequest {
        person_id: person_id.into(),
        scheme: "390".into(),
        as_of_day: day.into(),
        ..Default::default()
    }
}

fn state(outcome: Option<Outcome>) -> State {
    outcome.unwrap().state()
}

fn reasons(member: &Member) -> Vec<(Reason, &str)> {
    let all = member.ineligibilities.iter();
    all.map(|one| (one.reason(), one.until_day.as_str()))
        .collect()
}

impl Suite {
    async fn person(&mut self) -> String {
        let request = register("P-1", "99999919800101001", "");
        let made = call!(self, register_person(request)).unwrap();
        made.person.unwrap().person_id
    }

    async fn withdraw_person(&mut self, request_id: &str) -> State {
        let undone = pb::WithdrawRegisterPersonRequest {
            original_request_id: request_id.into(),
        };
        state(
            call!(self, withdraw_register_person(undone))
                .unwrap()
                .outcome,
        )
    }

    /// How often something of this kind was told; all of it is sealed first.
    async fn told(&mut self, kind: &str) -> usize {
        while event::seal(&self.db, noon("2024-12-31")).await.unwrap() > 0 {}
        let asked = pb::ListEventsRequest::default();
        let events = call!(self, list_events(asked)).unwrap().events;
        events.iter().filter(|event| event.kind == kind).count()
    }

    async fn member(&mut self, person_id: &str, day: &str) -> Member {
        let answer = call!(self, check_eligibility(check(person_id, day))).unwrap();
        let member = answer.member.unwrap();
        assert_eq!(member.eligible, member.ineligibilities.is_empty());
        member
    }
}

#[tokio::test]
async fn a_person_from_registration_to_withdrawal() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let member = suite.member(&person, "2024-05-01").await;
    assert_eq!(reasons(&member), [(Reason::NotInsured, "")]);
    assert_eq!((member.person_version, member.sex.as_str()), (1, "2"));

    // Two identities; the higher one decides what the fee of 400 yuan leaves to pay.
    let low = identity("I-1", &person, "236074", "2023-01-01");
    call!(suite, record_identity(low)).unwrap();
    let high = identity("I-2", &person, "2303", "2024-01-01");
    call!(suite, record_identity(high.clone())).unwrap();
    let asked = pb::QuoteSubsidyRequest {
        person_id: person.clone(),
        scheme: "390".into(),
        year: 2024,
        paid_day: "2024-03-15".into(),
        ..Default::default()
    };
    let quoted = call!(suite, quote_subsidy(asked)).unwrap();
    let start = quoted.start.unwrap();
    assert_eq!(start.benefit_from_day, "2024-06-15");
    assert_eq!((start.waiting_months, quoted.due_fen), (3, 4_000));
    let quoted = quoted.subsidy.unwrap();
    assert_eq!(quoted.identity_kind, "2303");
    assert_eq!((quoted.subsidy_fen, quoted.to_pay_fen), (36_000, 4_000));

    // Paid after the window: three months to wait.
    let wrong = enrol("E-0", &person, "2024-03-15", 40_000);
    let no = call!(suite, enrol_person(wrong)).unwrap_err();
    assert_eq!(no, "FEE_MISMATCH");
    let payment = enrol("E-1", &person, "2024-03-15", 4_000);
    let made = call!(suite, enrol_person(payment.clone())).unwrap();
    let coverage = made.coverage.unwrap();
    assert_eq!(coverage.benefit_from_day, "2024-06-15");
    assert_eq!(coverage.until_day, "2025-01-01");
    assert_eq!(coverage.subsidy, Some(quoted));
    let again = call!(suite, enrol_person(payment)).unwrap();
    assert!(again.replayed && again.coverage == Some(coverage));

    let days: &[(&str, &[(Reason, &str)])] = &[
        ("2023-12-31", &[(Reason::NotInsured, "2024-01-01")]),
        ("2024-01-01", &[(Reason::Waiting, "2024-06-15")]),
        ("2024-06-14", &[(Reason::Waiting, "2024-06-15")]),
        ("2024-06-15", &[]),
        ("2024-12-31", &[]),
        ("2025-01-01", &[(Reason::NotInsured, "")]),
    ];
    for (day, expected) in days {
        let member = suite.member(&person, day).await;
        assert_eq!(reasons(&member), *expected, "{day}");
        // Two identities and one coverage: what was refused changed nothing.
        assert_eq!(member.person_version, 4);
        // The year counts from its first day, whether or not benefits have begun.
        assert_eq!(member.continuous_years, i32::from(day.starts_with("2024")));
    }
    let member = suite.member(&person, "2024-07-01").await;
    assert_eq!(member.identity_kinds, ["2303", "236074"]);

    let undone = pb::WithdrawEnrolPersonRequest {
        original_request_id: "E-1".into(),
    };
    let outcome = call!(suite, withdraw_enrol_person(undone)).unwrap().outcome;
    assert_eq!(state(outcome), State::Withdrawn);
    let member = suite.member(&person, "2024-07-01").await;
    assert_eq!(reasons(&member), [(Reason::NotInsured, "")]);
    assert_eq!(member.person_version, 5);

    let undone = pb::WithdrawRegisterPersonRequest {
        original_request_id: "P-1".into(),
    };
    call!(suite, withdraw_register_person(undone)).unwrap();
    let gone = call!(suite, check_eligibility(check(&person, "2024-07-01")));
    assert_eq!(gone.unwrap_err(), "PERSON_UNKNOWN");
    let again = register("P-2", "99999919800101001", "");
    assert!(call!(suite, register_person(again)).is_ok());
}

#[tokio::test]
async fn suspension_and_death_end_benefits_until_withdrawn() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let payment = enrol("E-1", &person, "2024-01-05", 40_000);
    call!(suite, enrol_person(payment)).unwrap();
    let suspend = pb::SuspendBenefitRequest {
        request_id: "S-1".into(),
        person_id: person.clone(),
        from_day: "2024-05-01".into(),
        until_day: "2024-06-01".into(),
        reason: "重复参保核查".into(),
    };
    call!(suite, suspend_benefit(suspend)).unwrap();
    let death = |request_id: &str, day: &str| pb::RecordDeathRequest {
        request_id: request_id.into(),
        person_id: person.clone(),
        death_day: day.into(),
    };
    let no = call!(suite, record_death(death("D-0", "2025-01-01"))).unwrap_err();
    assert_eq!(no, "INVALID_FIELD");
    let dead = call!(suite, record_death(death("D-1", "2024-05-10"))).unwrap();
    let dead = dead.person.unwrap();
    assert_eq!((dead.death_day.as_str(), dead.version), ("2024-05-10", 4));
    let no = call!(suite, record_death(death("D-2", "2024-05-11"))).unwrap_err();
    assert_eq!(no, "PERSON_DEAD");

    let suspended = (Reason::Suspended, "2024-06-01");
    let days: &[(&str, &[(Reason, &str)])] = &[
        ("2024-04-30", &[]),
        ("2024-05-10", &[suspended]),
        ("2024-05-11", &[(Reason::Dead, ""), suspended]),
        ("2024-06-01", &[(Reason::Dead, "")]),
    ];
    for (day, expected) in days {
        assert_eq!(
            reasons(&suite.member(&person, day).await),
            *expected,
            "{day}"
        );
    }

    let undone = pb::WithdrawRecordDeathRequest {
        original_request_id: "D-1".into(),
    };
    call!(suite, withdraw_record_death(undone)).unwrap();
    let undone = pb::WithdrawSuspendBenefitRequest {
        original_request_id: "S-1".into(),
    };
    call!(suite, withdraw_suspend_benefit(undone)).unwrap();
    let member = suite.member(&person, "2024-05-11").await;
    assert!(member.eligible);
    assert_eq!(member.person_version, 6);
}

#[tokio::test]
async fn what_stands_in_the_way_is_said_and_remembered() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let taken = register("P-2", "99999919800101001", "");
    let no = call!(suite, register_person(taken)).unwrap_err();
    assert_eq!(no, "ID_NUMBER_TAKEN");
    let nowhere = register("P-3", "99999919800101003", &person);
    let no = call!(suite, register_person(nowhere)).unwrap_err();
    assert_eq!(no, "HOUSEHOLD_UNKNOWN");
    let mut unborn = register("P-4", "99999919800101003", "");
    unborn.birth_day = "2025-01-01".into();
    let no = call!(suite, register_person(unborn)).unwrap_err();
    assert_eq!(no, "BORN_IN_FUTURE");

    let first = identity("I-1", &person, "2303", "2024-01-01");
    call!(suite, record_identity(first)).unwrap();
    let second = identity("I-2", &person, "2303", "2024-06-01");
    let no = call!(suite, record_identity(second)).unwrap_err();
    assert_eq!(no, "IDENTITY_OVERLAPS");
    let asked = pb::GetOutcomeRequest {
        request_id: "I-2".into(),
        method: "RecordIdentity".into(),
    };
    let outcome = call!(suite, get_outcome(asked)).unwrap().outcome.unwrap();
    assert_eq!(outcome.refused.unwrap().code, "IDENTITY_OVERLAPS");
    let undone = pb::WithdrawRecordIdentityRequest {
        original_request_id: "I-1".into(),
    };
    call!(suite, withdraw_record_identity(undone)).unwrap();
    let third = identity("I-3", &person, "2303", "2024-06-01");
    call!(suite, record_identity(third)).unwrap();

    let payment = enrol("E-1", &person, "2024-01-05", 40_000);
    call!(suite, enrol_person(payment)).unwrap();
    for scheme in ["390", "310"] {
        let mut twice = enrol(&format!("E-{scheme}"), &person, "2024-07-05", 40_000);
        twice.scheme = scheme.into();
        let no = call!(suite, enrol_person(twice)).unwrap_err();
        assert_eq!(no, "ALREADY_INSURED", "{scheme}");
    }
}

#[tokio::test]
async fn other_areas_see_nothing() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    suite.area = ELSEWHERE;
    let unseen = call!(suite, check_eligibility(check(&person, "2024-05-01")));
    assert_eq!(unseen.unwrap_err(), "PERSON_UNKNOWN");
    let unseen = call!(
        suite,
        record_identity(identity("I-1", &person, "2303", "2024-01-01"))
    );
    assert_eq!(unseen.unwrap_err(), "PERSON_UNKNOWN");
    let listed = call!(suite, list_persons(pb::ListPersonsRequest::default())).unwrap();
    assert!(listed.persons.is_empty());
    // The number is unique within an area, and request ids belong to one.
    assert!(
        call!(
            suite,
            register_person(register("P-1", "99999919800101001", ""))
        )
        .is_ok()
    );
}

#[tokio::test]
async fn households_persons_and_pages() {
    let mut suite = Suite::begin().await;
    let asked = pb::RegisterHouseholdRequest {
        request_id: "H-1".into(),
        register_number: "HH-0001".into(),
        township_code: "152501001".into(),
    };
    let made = call!(suite, register_household(asked.clone())).unwrap();
    let household = made.household.unwrap().household_id;
    let twice = pb::RegisterHouseholdRequest {
        request_id: "H-2".into(),
        ..asked
    };
    let no = call!(suite, register_household(twice)).unwrap_err();
    assert_eq!(no, "HOUSEHOLD_EXISTS");
    for (request_id, number) in [("P-1", "99999919800101001"), ("P-2", "99999919800101003")] {
        let made = call!(
            suite,
            register_person(register(request_id, number, &household))
        );
        let person = made.unwrap().person.unwrap();
        assert_eq!(person.masked_name, "测**");
        assert_eq!(&person.masked_id_number[..17], "9****************");
        assert_eq!(person.household_id, household);
    }

    let mut asked = pb::ListPersonsRequest {
        page_size: 1,
        page_token: String::new(),
    };
    let first = call!(suite, list_persons(asked.clone())).unwrap();
    asked.page_token = first.next_page_token;
    let second = call!(suite, list_persons(asked)).unwrap();
    assert!(second.next_page_token.is_empty());
    let (first, second) = (&first.persons[0], &second.persons[0]);
    assert!(first.person_id < second.person_id);

    let undone = pb::WithdrawRegisterHouseholdRequest {
        original_request_id: "H-1".into(),
    };
    call!(suite, withdraw_register_household(undone)).unwrap();
    let asked = pb::GetPersonRequest {
        person_id: first.person_id.clone(),
    };
    let alone = call!(suite, get_person(asked)).unwrap().person.unwrap();
    assert_eq!((alone.household_id.as_str(), alone.version), ("", 2));
}

#[tokio::test]
async fn coverages_as_of_a_day() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let payment = enrol("E-1", &person, "2024-03-15", 40_000);
    call!(suite, enrol_person(payment)).unwrap();
    for (day, count) in [
        ("", 1),
        ("2024-06-14", 0),
        ("2024-06-15", 1),
        ("2025-01-01", 0),
    ] {
        let asked = pb::ListCoveragesRequest {
            person_id: person.clone(),
            as_of_day: day.into(),
        };
        let listed = call!(suite, list_coverages(asked)).unwrap();
        assert_eq!(listed.coverages.len(), count, "{day}");
    }
}

/// A step of a saga carries the origin of the request that the saga is for; what it is told is what
/// the saga posts the subsidy by.
#[tokio::test]
async fn a_saga_s_origin_decides_what_is_the_same_enrolment() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let low = identity("I-1", &person, "2303", "2024-01-01");
    call!(suite, record_identity(low)).unwrap();
    let carried = |origin: Vec<u8>| pb::EnrolPersonRequest {
        origin,
        ..enrol("S-1", &person, "2024-01-05", 4_000)
    };
    let no = call!(suite, enrol_person(carried(vec![1; 31]))).unwrap_err();
    assert_eq!(no, "INVALID_FIELD");
    let first = call!(suite, enrol_person(carried(vec![1; 32]))).unwrap();
    let coverage = first.coverage.unwrap();
    let subsidy = coverage.subsidy.clone().unwrap();
    assert_eq!(
        (subsidy.identity_kind.as_str(), subsidy.subsidy_fen),
        ("2303", 36_000)
    );
    let again = call!(suite, enrol_person(carried(vec![1; 32]))).unwrap();
    assert_eq!((again.coverage, again.replayed), (Some(coverage), true));
    for other in [vec![2; 32], Vec::new()] {
        let no = call!(suite, enrol_person(carried(other))).unwrap_err();
        assert_eq!(no, "REQUEST_ID_REUSED");
    }
}
