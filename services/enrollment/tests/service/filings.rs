//! Filed diseases, as the bureau files them and as a snapshot carries them.

use super::*;
use proto::common::FiledDisease;
use proto::orchestrator as desk;
use proto::orchestrator::DiseaseFiling;
use tokio::task::JoinSet;

const HOSPITAL: &str = "H15250100001";
const CLINIC: &str = "H15250100002";

/// `filing!(suite, method(message))`: the answer, or the code of the refusal.
macro_rules! filing {
    ($suite:expr, $method:ident($message:expr)) => {{
        let request = $suite.ask($message);
        told($suite.filings.$method(request).await)
    }};
}

fn file(id: &str, person: &str, days: (&str, &str)) -> desk::FileDiseaseRequest {
    desk::FileDiseaseRequest {
        request_id: id.into(),
        person_id: person.into(),
        scheme: "390".into(),
        kind: desk::disease_filing::Kind::Chronic.into(),
        disease_code: "M03900".into(),
        disease_name: "高血压".into(),
        first_day: days.0.into(),
        last_day: days.1.into(),
        institution_codes: vec![HOSPITAL.into()],
        material: "诊断证明".into(),
    }
}

fn end(id: &str, filing_id: &str, last_day: &str) -> desk::EndFilingRequest {
    desk::EndFilingRequest {
        request_id: id.into(),
        filing_id: filing_id.into(),
        last_day: last_day.into(),
        reason: "复查".into(),
    }
}

fn change(id: &str, filing_id: &str, first_day: &str) -> desk::ChangeFilingInstitutionsRequest {
    desk::ChangeFilingInstitutionsRequest {
        request_id: id.into(),
        filing_id: filing_id.into(),
        first_day: first_day.into(),
        institution_codes: vec![CLINIC.into()],
        reason: "迁居".into(),
    }
}

impl Suite {
    async fn filed(&mut self, id: &str, person: &str, days: (&str, &str)) -> DiseaseFiling {
        let answer = filing!(self, file_disease(file(id, person, days)));
        answer.unwrap().filing.unwrap()
    }

    /// First and last day and institutions of what a snapshot of a day carries.
    async fn snapshot(&mut self, person: &str, day: &str) -> Vec<(String, String, Vec<String>)> {
        let request = pb::CheckEligibilityRequest {
            person_id: person.into(),
            scheme: "390".into(),
            as_of_day: day.into(),
            ..Default::default()
        };
        let member = call!(self, check_eligibility(request)).unwrap().member;
        let filed = member.unwrap().filed_diseases.into_iter();
        let piece = |one: FiledDisease| {
            assert_eq!(one.disease_code, "M03900");
            (one.first_day, one.last_day, one.institution_codes)
        };
        filed.map(piece).collect()
    }

    async fn get(&mut self, id: &str) -> Result<DiseaseFiling, String> {
        let filing_id = id.into();
        let answer = filing!(self, get_filing(desk::GetFilingRequest { filing_id }));
        answer.map(|answer| answer.filing.unwrap())
    }
}

fn piece(first: &str, last: &str, at: &str) -> (String, String, Vec<String>) {
    (first.into(), last.into(), vec![at.into()])
}

#[tokio::test]
async fn one_filing_of_a_disease_stands_on_a_day() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let first = suite
        .filed("F-1", &person, ("2024-01-01", "2024-12-31"))
        .await;
    let no = filing!(
        suite,
        file_disease(file("F-2", &person, ("2024-12-31", "")))
    );
    assert_eq!(no.unwrap_err(), "FILING_OVERLAPS");
    suite.filed("F-3", &person, ("2025-01-01", "")).await;
    // Another scheme is another filing.
    let mut other = file("F-4", &person, ("2024-06-01", ""));
    other.scheme = "310".into();
    filing!(suite, file_disease(other)).unwrap();
    // Ended, the rest of the year is free; the end taken back does not take it again.
    let id = first.filing_id.clone();
    filing!(suite, end_filing(end("E-1", &id, "2024-03-31"))).unwrap();
    let between = suite
        .filed("F-5", &person, ("2024-07-01", "2024-09-30"))
        .await;
    let request = desk::WithdrawEndFilingRequest {
        original_request_id: "E-1".into(),
    };
    filing!(suite, withdraw_end_filing(request)).unwrap();
    assert_eq!(suite.get(&id).await.unwrap().last_day, "2024-06-30");
    assert_eq!(suite.get(&between.filing_id).await.unwrap(), between);
}

#[tokio::test]
async fn a_snapshot_carries_what_stands_around_its_day() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    assert!(suite.snapshot(&person, "2024-06-01").await.is_empty());
    let filed = suite
        .filed("F-1", &person, ("2024-01-01", "2024-12-31"))
        .await;
    let id = filed.filing_id;
    let whole = piece("2024-01-01", "2024-12-31", HOSPITAL);
    assert_eq!(
        suite.snapshot(&person, "2024-06-01").await,
        std::slice::from_ref(&whole)
    );
    assert!(suite.snapshot(&person, "2023-12-31").await.is_empty());
    assert_eq!(
        suite.snapshot(&person, "2025-01-30").await,
        std::slice::from_ref(&whole)
    );
    assert!(suite.snapshot(&person, "2025-01-31").await.is_empty());

    filing!(
        suite,
        change_filing_institutions(change("C-1", &id, "2024-05-20"))
    )
    .unwrap();
    let moved = [
        piece("2024-01-01", "2024-05-19", HOSPITAL),
        piece("2024-05-20", "2024-12-31", CLINIC),
    ];
    assert_eq!(suite.snapshot(&person, "2024-06-01").await, moved);
    assert_eq!(
        suite.snapshot(&person, "2024-07-01").await,
        [moved[1].clone()]
    );
    let request = desk::WithdrawChangeFilingInstitutionsRequest {
        original_request_id: "C-1".into(),
    };
    filing!(suite, withdraw_change_filing_institutions(request)).unwrap();
    assert_eq!(suite.snapshot(&person, "2024-06-01").await, [whole]);

    // Gone with its request, and with its person.
    let request = desk::WithdrawFileDiseaseRequest {
        original_request_id: "F-1".into(),
    };
    filing!(suite, withdraw_file_disease(request)).unwrap();
    assert!(suite.snapshot(&person, "2024-06-01").await.is_empty());
    assert_eq!(suite.get(&id).await.unwrap_err(), "FILING_UNKNOWN");
    let no = filing!(suite, end_filing(end("E-1", &id, "2024-05-01")));
    assert_eq!(no.unwrap_err(), "FILING_UNKNOWN");
    suite.filed("F-2", &person, ("2024-01-01", "")).await;
    assert_eq!(suite.withdraw_person("P-1").await, State::Withdrawn);
    assert_eq!(suite.told("disease_filing.withdrawn").await, 2);
}

/// A repeat tells the filing as it stands now, also of a change.
#[tokio::test]
async fn a_repeat_tells_the_filing_as_it_stands() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let days = ("2024-01-01", "");
    let id = suite.filed("F-1", &person, days).await.filing_id;
    let changed = filing!(
        suite,
        change_filing_institutions(change("C-1", &id, "2024-05-20"))
    );
    assert!(!changed.unwrap().replayed);
    filing!(suite, end_filing(end("E-1", &id, "2024-06-30"))).unwrap();
    let now = suite.get(&id).await.unwrap();
    assert_eq!(
        (now.last_day.as_str(), now.end_reason.as_str()),
        ("2024-06-30", "复查")
    );
    assert_eq!(now.places.len(), 2);
    let again = filing!(suite, file_disease(file("F-1", &person, days))).unwrap();
    assert_eq!((again.filing.unwrap(), again.replayed), (now.clone(), true));
    let again = filing!(
        suite,
        change_filing_institutions(change("C-1", &id, "2024-05-20"))
    );
    assert_eq!(again.unwrap().filing.unwrap(), now);
    let again = filing!(suite, end_filing(end("E-1", &id, "2024-06-30"))).unwrap();
    assert_eq!(again.filing.unwrap(), now);
}

/// Page by page, oldest first.
#[tokio::test]
async fn filings_are_listed_by_page() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let mut all = Vec::new();
    for year in ["2021", "2022", "2023"] {
        let days = (format!("{year}-01-01"), format!("{year}-12-31"));
        let days = (days.0.as_str(), days.1.as_str());
        all.push(suite.filed(&format!("F-{year}"), &person, days).await);
    }
    let (mut seen, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = desk::ListFilingsRequest {
            person_id: person.clone(),
            page_size: 2,
            page_token,
        };
        let page = filing!(suite, list_filings(request)).unwrap();
        seen.extend(page.filings);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    // Made at one instant: in the order of their ids.
    all.sort_by(|one, other| one.filing_id.cmp(&other.filing_id));
    assert_eq!(seen, all);
}

/// The person's row is the lock: of many who file the same at once, one does.
#[tokio::test]
async fn of_many_who_file_a_disease_at_once_one_does() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let request = suite.ask(file(&format!("F-{n}"), &person, ("2024-01-01", "")));
        let mut client = suite.filings.clone();
        tasks.spawn(async move { told(client.file_disease(request).await).map(drop) });
    }
    let answers = tasks.join_all().await;
    let made = answers.iter().filter(|answer| answer.is_ok()).count();
    let overlaps = Err("FILING_OVERLAPS".to_string());
    let refused = answers.iter().filter(|answer| **answer == overlaps);
    assert_eq!((made, refused.count()), (1, 7), "{answers:?}");
    assert_eq!(suite.snapshot(&person, "2024-06-01").await.len(), 1);
}
