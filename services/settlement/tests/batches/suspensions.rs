//! 暂停联网结算: whom it keeps from settling, and for how long.

use crate::desk::{Desk, HOSPITAL, MINUTE, OTHER_HOSPITAL, code, no, of, person, stay, three};
use proto::common;
use proto::settlement as pb;
use tonic::Status;

const DAY: i64 = 24 * 60 * MINUTE;

fn suspension(request_id: &str, from: &str, until: &str) -> pb::SuspendOnlineRequest {
    pb::SuspendOnlineRequest {
        request_id: request_id.into(),
        origin: vec![],
        institution_code: String::new(),
        person_id: String::new(),
        from_day: from.into(),
        until_day: until.into(),
        decision_number: "锡医保处〔2017〕1号".into(),
        reason: "测试".into(),
    }
}

fn of_hospital(request_id: &str, from: &str, until: &str) -> pb::SuspendOnlineRequest {
    pb::SuspendOnlineRequest {
        institution_code: HOSPITAL.into(),
        ..suspension(request_id, from, until)
    }
}

fn of_person(request_id: &str, number: u32, from: &str, until: &str) -> pb::SuspendOnlineRequest {
    pb::SuspendOnlineRequest {
        person_id: person(number),
        ..suspension(request_id, from, until)
    }
}

impl Desk {
    async fn suspend(
        &mut self,
        request: pb::SuspendOnlineRequest,
    ) -> Result<pb::Suspension, Status> {
        let answer = self.client.suspend_online(of(request)).await?;
        Ok(answer.into_inner().suspension.unwrap())
    }

    async fn lift(&mut self, request_id: &str) {
        let request = pb::WithdrawSuspendOnlineRequest {
            original_request_id: request_id.into(),
        };
        self.client
            .withdraw_suspend_online(of(request))
            .await
            .unwrap();
    }

    async fn suspensions(&mut self) -> Vec<pb::Suspension> {
        let request = pb::ListSuspensionsRequest::default();
        let told = self.client.list_suspensions(of(request)).await.unwrap();
        told.into_inner().suspensions
    }
}

fn admission(claim: &common::Claim) -> pb::OpenGuaranteeRequest {
    pb::OpenGuaranteeRequest {
        request_id: format!("A-{}", claim.visit_number),
        origin: vec![],
        stay: Some(pb::Stay {
            person_id: claim.person_id.clone(),
            institution_code: claim.institution_code.clone(),
            visit_number: claim.visit_number.clone(),
            scheme: claim.scheme.clone(),
            med_type: claim.med_type.clone(),
            begin_day: claim.begin_day.clone(),
            diagnosis_code: claim.diagnosis_code.clone(),
            referral_id: String::new(),
        }),
        estimate_fen: 500_000,
        member: Some(crate::desk::member(claim)),
    }
}

#[tokio::test]
async fn nothing_is_settled_for_who_is_suspended_today() {
    let mut desk = Desk::open().await;
    let before = desk.post(&stay(1, "V0", "2017-02-01", 500)).await.unwrap();
    let today = of_hospital("S1", "2017-12-01", "2018-06-01");
    let told = desk.suspend(today.clone()).await.unwrap();
    assert_eq!(
        (told.institution_code.as_str(), told.person_id.as_str()),
        (HOSPITAL, "")
    );
    // The days of the bill do not matter: it is settled today.
    let claim = stay(1, "V1", "2017-03-10", 8_000);
    let refused = desk.post(&claim).await.unwrap_err();
    assert!(refused.message().contains("2018-06-01"), "{refused}");
    assert!(refused.message().contains("定点医药机构"), "{refused}");
    assert_eq!(code::<()>(Err(refused)), "ONLINE_SUSPENDED");
    assert_eq!(code(desk.price(&claim).await), "ONLINE_SUSPENDED");
    assert_eq!(code(desk.hold(&three(1)).await), "ONLINE_SUSPENDED");
    let admitted = desk.client.open_guarantee(of(admission(&claim))).await;
    assert_eq!(code(admitted), "ONLINE_SUSPENDED");
    // What was settled can be reversed, and others settle.
    desk.reverse(&before.settlement_id).await.unwrap();
    let elsewhere = common::Claim {
        institution_code: OTHER_HOSPITAL.into(),
        ..stay(1, "V2", "2017-03-12", 700)
    };
    desk.post(&elsewhere).await.unwrap();

    desk.lift("S1").await;
    assert!(desk.suspensions().await.is_empty());
    desk.post(&claim).await.unwrap();
    // Of a person likewise, wherever.
    desk.suspend(of_person("S2", 1, "2017-12-01", "2018-03-01"))
        .await
        .unwrap();
    let elsewhere = common::Claim {
        visit_number: "V3".into(),
        ..elsewhere
    };
    let refused = desk.post(&elsewhere).await.unwrap_err();
    assert!(refused.message().contains("该参保人"), "{refused}");
    assert_eq!(code::<()>(Err(refused)), "ONLINE_SUSPENDED");
    desk.post(&stay(2, "V4", "2017-03-10", 700)).await.unwrap();
    assert_eq!(desk.suspensions().await[0].person_id, person(1));
}

#[tokio::test]
async fn what_was_held_before_is_not_posted() {
    let mut desk = Desk::open().await;
    let (_, first) = desk.hold(&three(1)).await.unwrap();
    let (_, second) = desk.hold(&three(2)).await.unwrap();
    let holds = [first.hold_id.as_str(), second.hold_id.as_str()];
    let hospital = of_hospital("S1", "2017-12-01", "2018-06-01");
    let patient = of_person("S2", 2, "2017-12-01", "2018-03-01");
    for (suspended, who) in [(hospital, "定点医药机构"), (patient, "该参保人")] {
        let id = suspended.request_id.clone();
        desk.suspend(suspended).await.unwrap();
        let refused = desk.post_holds(&holds).await.unwrap_err();
        assert!(refused.message().contains(who), "{refused}");
        let told = no::<()>(Err(refused));
        assert_eq!(told, ("ONLINE_SUSPENDED".into(), "hold_ids".into()));
        desk.lift(&id).await;
    }
    assert!(desk.accumulators(&person(1)).await.accumulators.is_empty());
    // Whoever is suspended from tomorrow is settled with today.
    desk.suspend(of_person("S3", 1, "2017-12-02", "2018-03-01"))
        .await
        .unwrap();
    desk.post_holds(&holds).await.unwrap();
}

#[tokio::test]
async fn it_begins_and_ends_with_days_of_shanghai() {
    let mut desk = Desk::open().await;
    // It is eight in the morning there.
    desk.suspend(of_hospital("S1", "2017-12-02", "2017-12-04"))
        .await
        .unwrap();
    desk.wait(16 * 60 * MINUTE - 1);
    desk.post(&stay(1, "V1", "2017-03-01", 500)).await.unwrap();
    desk.wait(1);
    let claim = stay(1, "V2", "2017-03-02", 600);
    assert_eq!(code(desk.post(&claim).await), "ONLINE_SUSPENDED");
    desk.wait(2 * DAY - 1);
    assert_eq!(code(desk.post(&claim).await), "ONLINE_SUSPENDED");
    desk.wait(1);
    desk.post(&claim).await.unwrap();
}

#[tokio::test]
async fn its_days_are_lawful_and_no_other_of_the_same_has_them() {
    let mut desk = Desk::open().await;
    for (id, until) in [
        ("S1", "2017-12-01"),
        ("S2", "2017-11-01"),
        ("S3", "2018-12-02"),
    ] {
        let told = no(desk.suspend(of_hospital(id, "2017-12-01", until)).await);
        assert_eq!(
            told,
            ("SUSPENSION_DAYS".into(), "until_day".into()),
            "{until}"
        );
    }
    desk.suspend(of_hospital("S4", "2017-12-01", "2018-12-01"))
        .await
        .unwrap();
    let overlapping = of_hospital("S5", "2018-11-30", "2019-01-01");
    let told = no(desk.suspend(overlapping).await);
    assert_eq!(told, ("SUSPENSION_OVERLAPS".into(), "from_day".into()));
    desk.suspend(of_hospital("S6", "2018-12-01", "2019-01-01"))
        .await
        .unwrap();
    desk.suspend(of_person("S7", 1, "2018-11-30", "2019-01-01"))
        .await
        .unwrap();
    desk.lift("S4").await;
    desk.suspend(of_hospital("S8", "2018-01-01", "2018-12-01"))
        .await
        .unwrap();
    assert_eq!(desk.suspensions().await.len(), 3);
    let both = pb::SuspendOnlineRequest {
        person_id: person(1),
        ..of_hospital("S9", "2020-01-01", "2020-02-01")
    };
    assert_eq!(code(desk.suspend(both).await), "INVALID_FIELD");
    let neither = suspension("S9", "2020-01-01", "2020-02-01");
    assert_eq!(code(desk.suspend(neither).await), "INVALID_FIELD");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_one_stands() {
    let mut desk = Desk::open().await;
    let mut asked = Vec::new();
    for n in 0..4 {
        let mut client = desk.client.clone();
        asked.push(tokio::spawn(async move {
            let request = of_person(&format!("S{n}"), 1, "2017-12-01", "2018-03-01");
            client.suspend_online(of(request)).await
        }));
    }
    for answer in asked {
        if let Err(no) = answer.await.unwrap() {
            let code = code::<()>(Err(no));
            assert!(
                code == "SUSPENSION_OVERLAPS" || code == "CONTENTION",
                "{code}"
            );
        }
    }
    assert_eq!(desk.suspensions().await.len(), 1);
}

#[tokio::test]
async fn one_that_is_over_or_of_nobody_known_is_refused_before_and_when_it_is_recorded() {
    let mut desk = Desk::open().await;
    let over = of_hospital("S1", "2017-06-01", "2017-12-01");
    let unknown = pb::SuspendOnlineRequest {
        institution_code: "H15250100009".into(),
        ..of_hospital("S2", "2017-12-01", "2018-06-01")
    };
    for (request, code, field) in [
        (over, "SUSPENSION_DAYS", "until_day"),
        (unknown, "INSTITUTION_UNKNOWN", "institution_code"),
    ] {
        let check = pb::CheckSuspensionRequest {
            institution_code: request.institution_code.clone(),
            person_id: String::new(),
            from_day: request.from_day.clone(),
            until_day: request.until_day.clone(),
            decision_number: request.decision_number.clone(),
            reason: request.reason.clone(),
        };
        let expected = (code.to_string(), field.to_string());
        assert_eq!(no(desk.client.check_suspension(of(check)).await), expected);
        assert_eq!(no(desk.suspend(request).await), expected);
    }
    assert!(desk.suspensions().await.is_empty());
}
