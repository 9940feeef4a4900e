//! 先诊疗后付费欠费: what a patient under a guarantee did not pay at discharge is owed, reminded of, and
//! paid; it follows its settlement, and who is in arrears pays a deposit again.

use integration_tests::{CLINIC, DRUG, HOSPITAL, World, admission, code, patient, stay};
use proto::common::revision::Payee;
use proto::common::{Claim, ClaimLine, Settlement};
use proto::orchestrator::receivable::State;
use proto::orchestrator::receivable_service_client::ReceivableServiceClient;
use proto::orchestrator::reminder::{Channel, Step};
use proto::orchestrator::{self as pb, AdmitRequest, Receivable, RefundLinesRequest, RefundedLine};
use runtime::Wire;
use std::sync::atomic::{AtomicU32, Ordering};
use tonic::Status;

/// Somebody's desk.
struct Cashier<'a> {
    world: &'a World,
    who: &'a str,
    asked: AtomicU32,
}

impl Cashier<'_> {
    fn of<'a>(world: &'a World, who: &'a str) -> Cashier<'a> {
        let asked = AtomicU32::new(0);
        Cashier { world, who, asked }
    }

    fn id(&self) -> String {
        format!("owed-{}", self.asked.fetch_add(1, Ordering::SeqCst))
    }

    fn client(&self) -> ReceivableServiceClient<Wire> {
        self.world.suite.desk(self.who).receivables()
    }

    async fn open(&self, of: &Settlement, fen: i64, due: &str) -> Result<Receivable, Status> {
        let request = pb::OpenReceivableRequest {
            request_id: self.id(),
            settlement_id: of.settlement_id.clone(),
            unpaid_fen: fen,
            due_day: due.into(),
        };
        let answer = self.client().open_receivable(patient(request)).await?;
        Ok(answer.into_inner().receivable.unwrap())
    }

    async fn pay(&self, of: &Receivable, fen: i64) -> Result<(Receivable, String), Status> {
        let request = pb::RecordPaymentRequest {
            request_id: self.id(),
            receivable_id: of.receivable_id.clone(),
            amount_fen: fen,
            paid_day: "2018-02-01".into(),
        };
        let answer = self.client().record_payment(patient(request)).await?;
        let answer = answer.into_inner();
        Ok((answer.receivable.unwrap(), answer.payment_id))
    }

    async fn revoke_payment(&self, payment_id: &str) -> Result<Receivable, Status> {
        let request = pb::RevokePaymentRequest {
            request_id: self.id(),
            payment_id: payment_id.into(),
            reason: "记错".into(),
        };
        let answer = self.client().revoke_payment(patient(request)).await?;
        Ok(answer.into_inner().receivable.unwrap())
    }

    async fn cancel(&self, of: &Receivable) -> Result<Receivable, Status> {
        let request = pb::CancelReceivableRequest {
            request_id: self.id(),
            receivable_id: of.receivable_id.clone(),
            reason: "登记有误".into(),
        };
        let answer = self.client().cancel_receivable(patient(request)).await?;
        Ok(answer.into_inner().receivable.unwrap())
    }

    async fn write_off(&self, of: &Receivable) -> Result<Receivable, Status> {
        let request = pb::WriteOffRequest {
            request_id: self.id(),
            receivable_id: of.receivable_id.clone(),
            reason: "无力偿还".into(),
        };
        let answer = self.client().write_off(patient(request)).await?;
        Ok(answer.into_inner().receivable.unwrap())
    }

    async fn revoke_write_off(&self, of: &Receivable) -> Result<Receivable, Status> {
        let request = pb::RevokeWriteOffRequest {
            request_id: self.id(),
            receivable_id: of.receivable_id.clone(),
            reason: "恢复催缴".into(),
        };
        let answer = self.client().revoke_write_off(patient(request)).await?;
        Ok(answer.into_inner().receivable.unwrap())
    }

    async fn remind(&self, of: &Receivable, step: Step, day: &str) -> Result<String, Status> {
        let request = pb::RecordReminderRequest {
            request_id: self.id(),
            receivable_id: of.receivable_id.clone(),
            step: step.into(),
            channel: Channel::Phone.into(),
            reminded_day: day.into(),
            note: "家属接听".into(),
        };
        let answer = self.client().record_reminder(patient(request)).await?;
        Ok(answer.into_inner().reminder_id)
    }

    async fn revoke_reminder(&self, reminder_id: &str) -> Result<(), Status> {
        let request = pb::RevokeReminderRequest {
            request_id: self.id(),
            reminder_id: reminder_id.into(),
            reason: "未接通".into(),
        };
        let answer = self.client().revoke_reminder(patient(request)).await;
        answer.map(drop)
    }

    async fn get(&self, of: &Receivable) -> Result<Receivable, Status> {
        let receivable_id = of.receivable_id.clone();
        let request = pb::GetReceivableRequest { receivable_id };
        let answer = self.client().get_receivable(patient(request)).await?;
        Ok(answer.into_inner().receivable.unwrap())
    }

    /// Whose patients are to be reminded on a day, and of what, in pages of one.
    async fn due(&self, day: &str) -> Vec<(String, Step)> {
        let (mut due, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListDueRemindersRequest {
                institution_code: String::new(),
                day: day.into(),
                page_size: 1,
                page_token,
            };
            let page = self.client().list_due_reminders(patient(request)).await;
            let page = page.unwrap().into_inner();
            due.extend(page.reminders.into_iter().map(|one| {
                let step = one.step();
                (one.receivable.unwrap().receivable_id, step)
            }));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return due;
            }
        }
    }

    /// The receivables of a state, or overdue on a day, in pages of one.
    async fn list(&self, state: State, overdue_as_of_day: &str) -> Vec<String> {
        let (mut found, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListReceivablesRequest {
                institution_code: String::new(),
                state: state.into(),
                overdue_as_of_day: overdue_as_of_day.into(),
                page_size: 1,
                page_token,
            };
            let page = self.client().list_receivables(patient(request)).await;
            let page = page.unwrap().into_inner();
            found.extend(page.receivables.into_iter().map(|one| one.receivable_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return found;
            }
        }
    }
}

#[track_caller]
fn refused<T>(answer: Result<T, Status>) -> String {
    match answer {
        Ok(_) => panic!("granted"),
        Err(no) => code(&no),
    }
}

/// A stay of lines of whole packs of 1,000 yuan.
fn packs(person: &str, number: &str, packs: &[i64]) -> Claim {
    let line = |(number, packs): (i32, &i64)| ClaimLine {
        number,
        item_code: DRUG.into(),
        unit_price_micro_yuan: 1_000_000_000,
        quantity_e4: packs * 10_000,
        amount_fen: packs * 100_000,
        ..Default::default()
    };
    Claim {
        lines: (1..).zip(packs).map(line).collect(),
        ..stay(person, number, 0)
    }
}

async fn admit(world: &World, id: &str, claim: &Claim) -> Result<String, Status> {
    let request = AdmitRequest {
        request_id: id.into(),
        admission: Some(admission(claim)),
    };
    let mut client = world.suite.desk(HOSPITAL).orchestrator();
    let opened = client.admit(patient(request)).await?.into_inner();
    Ok(opened.guarantee.unwrap().guarantee_id)
}

/// A stay that was admitted without a deposit, settled.
async fn guaranteed(world: &World, person: &str, number: &str, of: &[i64]) -> Settlement {
    let claim = packs(person, number, of);
    let guarantee_id = admit(world, &format!("admit-{number}"), &claim)
        .await
        .unwrap();
    let claim = Claim {
        guarantee_id,
        ..claim
    };
    world
        .settle(&format!("settle-{number}"), claim)
        .await
        .unwrap()
}

fn cash(of: &Settlement) -> i64 {
    of.amounts.as_ref().unwrap().cash_fen
}

/// A list of this one alone.
fn only(of: &Receivable) -> Vec<String> {
    vec![of.receivable_id.clone()]
}

/// Not due before the world's day.
const LATER: &str = "2018-12-31";

#[tokio::test]
async fn what_a_stay_left_unpaid_is_paid_in_parts_and_then_admits_again() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let desk = Cashier::of(&world, HOSPITAL);
    let settled = guaranteed(&world, &person, "V-1", &[8]).await;
    let all = cash(&settled);

    // Only what a guarantee stood for, not more than the patient bears, and once.
    let other = world.insured(None).await;
    let plain = world
        .settle("plain", stay(&other, "V-2", 1_000))
        .await
        .unwrap();
    assert_eq!(
        refused(desk.open(&plain, 100, "").await),
        "RECEIVABLE_NO_GUARANTEE"
    );
    assert_eq!(
        refused(desk.open(&settled, all + 1, "").await),
        "RECEIVABLE_TOO_MUCH"
    );
    assert_eq!(refused(desk.open(&settled, 0, "").await), "INVALID_FIELD");
    assert_eq!(
        refused(desk.open(&settled, all, "2017-03-09").await),
        "INVALID_FIELD"
    );
    assert_eq!(
        refused(desk.open(&settled, all, "2020-03-11").await),
        "INVALID_FIELD"
    );
    let owed = desk.open(&settled, all, "").await.unwrap();
    assert_eq!((owed.state(), owed.remaining_fen), (State::Open, all));
    assert_eq!(owed.due_day, "2017-04-09");
    assert_eq!(
        refused(desk.open(&settled, 1, "").await),
        "RECEIVABLE_EXISTS"
    );

    // For another institution there is no such thing.
    let clinic = Cashier::of(&world, CLINIC);
    assert_eq!(
        refused(clinic.open(&settled, 1, "").await),
        "SETTLEMENT_UNKNOWN"
    );
    assert_eq!(refused(clinic.get(&owed).await), "RECEIVABLE_UNKNOWN");
    assert_eq!(refused(clinic.pay(&owed, 1).await), "RECEIVABLE_UNKNOWN");
    assert_eq!(refused(clinic.cancel(&owed).await), "RECEIVABLE_UNKNOWN");
    assert!(clinic.list(State::Unspecified, "").await.is_empty());

    // Overdue: no further stay without a deposit.
    let next = Claim {
        begin_day: "2017-06-01".into(),
        end_day: "2017-06-10".into(),
        ..packs(&person, "V-3", &[1])
    };
    assert_eq!(
        refused(admit(&world, "a-1", &next).await),
        "GUARANTEE_ARREARS"
    );
    assert_eq!(desk.list(State::Open, "2017-04-10").await, only(&owed));
    assert!(desk.list(State::Open, "2017-04-09").await.is_empty());
    let bureau = Cashier::of(&world, "clerk-1");
    assert_eq!(bureau.list(State::Unspecified, "").await, only(&owed));

    let (first, payment) = desk.pay(&owed, all - 1).await.unwrap();
    assert_eq!((first.state(), first.remaining_fen), (State::Open, 1));
    assert_eq!(refused(desk.pay(&owed, 2).await), "PAYMENT_TOO_MUCH");
    let (paid, _) = desk.pay(&owed, 1).await.unwrap();
    assert_eq!((paid.state(), paid.paid_fen), (State::Paid, all));
    assert_eq!(refused(desk.pay(&owed, 1).await), "RECEIVABLE_NOT_OPEN");
    assert!(desk.list(State::Open, "").await.is_empty());
    assert_eq!(desk.list(State::Paid, "").await, only(&owed));

    // A payment that was none is owed again.
    assert_eq!(
        refused(clinic.revoke_payment(&payment).await),
        "PAYMENT_UNKNOWN"
    );
    let again = desk.revoke_payment(&payment).await.unwrap();
    assert_eq!((again.state(), again.remaining_fen), (State::Open, all - 1));
    assert_eq!(
        refused(desk.revoke_payment(&payment).await),
        "PAYMENT_UNKNOWN"
    );
    assert_eq!(
        refused(admit(&world, "a-2", &next).await),
        "GUARANTEE_ARREARS"
    );
    desk.pay(&owed, all - 1).await.unwrap();
    assert_eq!(desk.get(&owed).await.unwrap().payments.len(), 3);
    admit(&world, "a-3", &next).await.unwrap();
    world.ledger().await;
}

#[tokio::test]
async fn what_is_not_due_or_not_collected_admits() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let desk = Cashier::of(&world, HOSPITAL);
    let settled = guaranteed(&world, &person, "V-1", &[8]).await;
    let next = |number: &str, month: u32| Claim {
        begin_day: format!("2017-{month:02}-01"),
        end_day: format!("2017-{month:02}-10"),
        ..packs(&person, number, &[1])
    };
    let owed = desk.open(&settled, 100, LATER).await.unwrap();
    let guarantee_id = admit(&world, "a-1", &next("V-2", 6)).await.unwrap();
    let second = Claim {
        guarantee_id,
        ..next("V-2", 6)
    };
    world.settle("settle-2", second).await.unwrap();

    let cancelled = desk.cancel(&owed).await.unwrap();
    assert_eq!(cancelled.state(), State::Cancelled);
    assert_eq!(refused(desk.cancel(&owed).await), "RECEIVABLE_NOT_OPEN");
    let owed = desk.open(&settled, 100, "").await.unwrap();
    assert_eq!(
        refused(admit(&world, "a-2", &next("V-3", 7)).await),
        "GUARANTEE_ARREARS"
    );
    assert_eq!(
        refused(desk.revoke_write_off(&owed).await),
        "RECEIVABLE_NOT_WRITTEN_OFF"
    );
    let written_off = desk.write_off(&owed).await.unwrap();
    assert_eq!(
        (written_off.state(), written_off.remaining_fen),
        (State::WrittenOff, 100)
    );
    assert_eq!(desk.list(State::WrittenOff, "").await, only(&owed));
    assert_eq!(refused(desk.pay(&owed, 1).await), "RECEIVABLE_NOT_OPEN");
    let guarantee_id = admit(&world, "a-3", &next("V-3", 7)).await.unwrap();
    let third = Claim {
        guarantee_id,
        ..next("V-3", 7)
    };
    world.settle("settle-3", third).await.unwrap();
    let again = desk.revoke_write_off(&owed).await.unwrap();
    assert_eq!(
        (again.state(), again.end_reason.as_str()),
        (State::Open, "")
    );
    assert_eq!(
        refused(admit(&world, "a-4", &next("V-4", 8)).await),
        "GUARANTEE_ARREARS"
    );
}

#[tokio::test]
async fn each_step_is_told_until_it_is_answered_once() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let desk = Cashier::of(&world, HOSPITAL);
    let settled = guaranteed(&world, &person, "V-1", &[8]).await;
    let owed = desk.open(&settled, 100, "").await.unwrap();
    let told = async |day: &str| {
        let due = desk.due(day).await;
        assert!(
            due.iter().all(|(id, _)| *id == owed.receivable_id),
            "{due:?}"
        );
        due.into_iter().map(|(_, step)| step).next()
    };
    // Due on 2017-04-09.
    let days = [
        ("2017-04-01", None),
        ("2017-04-02", Some(Step::SevenDaysBefore)),
        ("2017-04-08", Some(Step::SevenDaysBefore)),
        ("2017-04-09", Some(Step::DueDay)),
        ("2017-04-16", Some(Step::SevenDaysAfter)),
        ("2017-05-08", Some(Step::SevenDaysAfter)),
        ("2017-05-09", Some(Step::ThirtyDaysAfter)),
        ("2018-02-28", Some(Step::ThirtyDaysAfter)),
    ];
    for (day, step) in days {
        assert_eq!(told(day).await, step, "{day}");
    }
    assert!(
        Cashier::of(&world, CLINIC)
            .due("2017-04-09")
            .await
            .is_empty()
    );

    let early = desk.remind(&owed, Step::DueDay, "2017-04-08").await;
    assert_eq!(refused(early), "REMINDER_TOO_EARLY");
    let tomorrow = desk.remind(&owed, Step::DueDay, "2018-03-02").await;
    assert_eq!(refused(tomorrow), "INVALID_FIELD");
    let reminder = desk
        .remind(&owed, Step::DueDay, "2017-04-09")
        .await
        .unwrap();
    assert_eq!(told("2017-04-09").await, None);
    assert_eq!(told("2017-04-05").await, None, "a later step was answered");
    assert_eq!(told("2017-04-16").await, Some(Step::SevenDaysAfter));
    let twice = desk.remind(&owed, Step::DueDay, "2017-04-10").await;
    assert_eq!(refused(twice), "REMINDER_EXISTS");
    desk.revoke_reminder(&reminder).await.unwrap();
    assert_eq!(
        refused(desk.revoke_reminder(&reminder).await),
        "REMINDER_UNKNOWN"
    );
    assert_eq!(told("2017-04-09").await, Some(Step::DueDay));
    desk.remind(&owed, Step::DueDay, "2017-04-10")
        .await
        .unwrap();
    assert_eq!(desk.get(&owed).await.unwrap().reminders.len(), 2);

    // Who has paid is not reminded.
    desk.pay(&owed, 100).await.unwrap();
    assert_eq!(told("2017-05-09").await, None);
    let paid = desk
        .remind(&owed, Step::ThirtyDaysAfter, "2017-05-09")
        .await;
    assert_eq!(refused(paid), "RECEIVABLE_NOT_OPEN");
}

#[tokio::test]
async fn it_follows_its_settlement() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let desk = Cashier::of(&world, HOSPITAL);
    let settled = guaranteed(&world, &person, "V-1", &[4, 4]).await;
    let all = cash(&settled);
    let owed = desk.open(&settled, all, "").await.unwrap();
    desk.pay(&owed, all - 10).await.unwrap();

    // A refund leaves less to bear than was paid.
    let request = RefundLinesRequest {
        request_id: "refund".into(),
        settlement_id: settled.settlement_id.clone(),
        lines: vec![RefundedLine {
            number: 2,
            quantity_e4: 0,
        }],
        reason: "退药".into(),
    };
    let mut revisions = world.suite.desk(HOSPITAL).revisions();
    let refunded = revisions.refund_lines(patient(request)).await.unwrap();
    let now = cash(&refunded.into_inner().settlement.unwrap());
    assert!(now < all - 10, "{now} of {all}");
    let lowered = desk.get(&owed).await.unwrap();
    assert_eq!((lowered.state(), lowered.owed_fen), (State::Paid, now));
    assert_eq!(lowered.to_return_fen, all - 10 - now);
    assert_eq!(desk.list(State::Paid, "").await, only(&owed));
    assert!(desk.list(State::Open, "").await.is_empty());
    assert!(desk.list(State::Unspecified, "2018-03-01").await.is_empty());

    // So does a reversal, and what is settled anew is owed anew.
    world
        .reverse("reverse", &settled.settlement_id)
        .await
        .unwrap();
    let gone = desk.get(&owed).await.unwrap();
    assert_eq!(
        (gone.state(), gone.to_return_fen),
        (State::Cancelled, all - 10)
    );
    let cancelled = desk.list(State::Cancelled, "").await;
    assert_eq!(cancelled, only(&owed));
    assert_eq!(refused(desk.pay(&owed, 1).await), "RECEIVABLE_NOT_OPEN");
    assert_eq!(
        refused(desk.open(&settled, 1, "").await),
        "ALREADY_REVERSED"
    );
    world.ledger().await;
}

/// What a finding denies is recovered from the institution, which may not ask the patient for it.
#[tokio::test]
async fn what_the_bureau_corrects_is_not_the_patients_to_pay_there() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let desk = Cashier::of(&world, HOSPITAL);
    let settled = guaranteed(&world, &person, "V-1", &[4, 4]).await;
    let all = cash(&settled);
    let owed = desk.open(&settled, all - 10, "").await.unwrap();
    let finding = pb::PostFindingRequest {
        request_id: "finding".into(),
        settlement_id: settled.settlement_id.clone(),
        lines: vec![pb::DeniedLine {
            number: 2,
            rule_code: "R-104".into(),
            sentence: "收费明细与病历不符。".into(),
        }],
        case_reference: "案2018-1".into(),
        reason: "重复收费".into(),
        recovered_from: Payee::Institution.into(),
        ..Default::default()
    };
    let mut revisions = world.clerk().revisions();
    let found = revisions.post_finding(patient(finding)).await.unwrap();
    let now = found.into_inner().revisions.remove(0).after.unwrap();
    assert!(now.cash_fen > all, "{} of {all}", now.cash_fen);

    assert_eq!(desk.get(&owed).await.unwrap().owed_fen, all - 10);
    desk.cancel(&owed).await.unwrap();
    let more = desk.open(&settled, all + 1, "").await;
    assert_eq!(refused(more), "RECEIVABLE_TOO_MUCH");
    desk.open(&settled, all, "").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_payments_at_once_do_not_exceed_what_remains() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let desk = Cashier::of(&world, HOSPITAL);
    let settled = guaranteed(&world, &person, "V-1", &[8]).await;
    let owed = desk.open(&settled, 1_000, "").await.unwrap();
    for _ in 0..4 {
        let (one, other) = tokio::join!(desk.pay(&owed, 600), desk.pay(&owed, 600));
        let done = [one, other];
        let paid = done.iter().filter_map(|one| one.as_ref().ok()).next();
        let no = done.iter().filter_map(|one| one.as_ref().err()).next();
        let (_, payment) = paid.expect("one is taken");
        assert_eq!(code(no.expect("one is refused")), "PAYMENT_TOO_MUCH");
        assert_eq!(desk.get(&owed).await.unwrap().paid_fen, 600);
        desk.revoke_payment(payment).await.unwrap();
    }
}
