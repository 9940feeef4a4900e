//! 2.11 「一站式平台、绿色窗口、先诊疗后付费、凭身份证或社保卡」: a stay from the card at the window to the
//! last instalment, without a deposit and with one settlement of five funds.

use super::*;
use integration_tests::{HOSPITAL, code};
use proto::orchestrator::identity_check::{Manner, Purpose, Result as Seen};
use proto::orchestrator::receivable::State as Owing;
use proto::orchestrator::registered_visit::State;
use proto::orchestrator::verify_receipt_response::Verdict;
use proto::orchestrator::{self as pb, Admission, Visit, VisitLine};
use proto::settlement::guarantee::State as Guaranteed;
use yibao::desk::Desk;

const CARD: &str = "SYN20200701";
const NUMBER: &str = "V-1";
/// A psychiatric diagnosis: the fifth layer is for it alone.
const DIAGNOSIS: &str = "F20.900";

/// The green window: one institution's desk, at which everything happens.
struct Window {
    desk: Desk,
    person: String,
}

impl Window {
    /// 人证核验 by the card, as a clerk sees its bearer.
    async fn check(&self) -> String {
        let request = pb::VerifyIdentityRequest {
            request_id: "check".into(),
            visit_number: NUMBER.into(),
            purpose: Purpose::Admit.into(),
            certificate_type: "03".into(),
            certificate_number: CARD.into(),
            manner: Manner::Manual.into(),
            seen: Seen::Matched.into(),
            operator_code: "op-1".into(),
            ..Default::default()
        };
        let mut desk = self.desk.identities();
        let answer = desk.verify_identity(patient(request)).await.unwrap();
        let check = answer.into_inner().check.unwrap();
        assert_eq!(check.person.unwrap().person_id, self.person);
        check.identity_check_id
    }

    /// 入院 without a deposit.
    async fn admit(&self) -> String {
        let admission = Admission {
            person_id: self.person.clone(),
            institution_code: HOSPITAL.into(),
            visit_number: NUMBER.into(),
            scheme: "390".into(),
            med_type: "21".into(),
            begin_day: "2020-07-01".into(),
            diagnosis_code: DIAGNOSIS.into(),
            estimate_fen: 10_000_000,
            ..Default::default()
        };
        let request = pb::AdmitRequest {
            request_id: "admit".into(),
            admission: Some(admission),
        };
        let mut desk = self.desk.orchestrator();
        let opened = desk.admit(patient(request)).await.unwrap().into_inner();
        opened.guarantee.unwrap().guarantee_id
    }

    async fn register(&self, guarantee_id: &str) -> String {
        let visit = Visit {
            visit_number: NUMBER.into(),
            person_id: self.person.clone(),
            scheme: "390".into(),
            med_type: "21".into(),
            begin_day: "2020-07-01".into(),
            diagnosis_code: DIAGNOSIS.into(),
            guarantee_id: guarantee_id.into(),
            institution_code: HOSPITAL.into(),
            ..Default::default()
        };
        let request = pb::RegisterVisitRequest {
            request_id: "register".into(),
            visit: Some(visit),
        };
        let mut desk = self.desk.visits();
        let answer = desk.register_visit(patient(request)).await.unwrap();
        answer.into_inner().visit.unwrap().visit_id
    }

    /// One day's line of the stay.
    async fn upload(&self, visit_id: &str, day: &str, fen: i64) {
        let line = VisitLine {
            line_code: day.into(),
            item_code: DRUG.into(),
            unit_price_micro_yuan: fen * 10_000,
            quantity_e4: 10_000,
            amount_fen: fen,
            fee_day: day.into(),
            ..Default::default()
        };
        let request = pb::UploadLinesRequest {
            request_id: format!("upload-{day}"),
            visit_id: visit_id.into(),
            lines: vec![line],
        };
        let mut desk = self.desk.visits();
        desk.upload_lines(patient(request)).await.unwrap();
    }

    async fn discharge(&self, visit_id: &str) {
        let request = pb::DischargeRequest {
            request_id: "discharge".into(),
            visit_id: visit_id.into(),
            end_day: "2020-07-10".into(),
        };
        let mut desk = self.desk.visits();
        desk.discharge(patient(request)).await.unwrap();
    }

    /// From the card to the discharge: the check, the guarantee and the visit.
    async fn treat(&self) -> (String, String, String) {
        let check = self.check().await;
        let guarantee_id = self.admit().await;
        let visit_id = self.register(&guarantee_id).await;
        // 60,000 + 30,000 + 10,000 yuan.
        for (day, fen) in [
            ("2020-07-01", 6_000_000),
            ("2020-07-05", 3_000_000),
            ("2020-07-09", 1_000_000),
        ] {
            self.upload(&visit_id, day, fen).await;
        }
        self.discharge(&visit_id).await;
        (check, guarantee_id, visit_id)
    }

    async fn settle(&self, id: &str, visit_id: &str, check: &str) -> Result<Settlement, String> {
        let request = pb::SettleRequest {
            request_id: id.into(),
            visit_id: visit_id.into(),
            identity_check_id: check.into(),
            ..Default::default()
        };
        let mut desk = self.desk.orchestrator();
        let answer = desk.settle(patient(request)).await;
        let answer = answer.map(|answer| answer.into_inner().settlement.unwrap());
        answer.map_err(|no| code(&no))
    }

    async fn pay(&self, receivable_id: &str, fen: i64) -> pb::Receivable {
        let request = pb::RecordPaymentRequest {
            request_id: format!("pay-{fen}"),
            receivable_id: receivable_id.into(),
            amount_fen: fen,
            paid_day: "2020-11-30".into(),
        };
        let mut desk = self.desk.receivables();
        let answer = desk.record_payment(patient(request)).await.unwrap();
        answer.into_inner().receivable.unwrap()
    }

    /// The unpaid 498.60 are owed, and paid as 300.00 + 198.60.
    async fn owe_and_pay(&self, settled: &Settlement) {
        let request = pb::OpenReceivableRequest {
            request_id: "owed".into(),
            settlement_id: settled.settlement_id.clone(),
            unpaid_fen: 49_860,
            due_day: "2020-12-31".into(),
        };
        let mut desk = self.desk.receivables();
        let owed = desk.open_receivable(patient(request)).await.unwrap();
        let owed = owed.into_inner().receivable.unwrap();
        assert_eq!((owed.state(), owed.remaining_fen), (Owing::Open, 49_860));
        let first = self.pay(&owed.receivable_id, 30_000).await;
        assert_eq!((first.state(), first.remaining_fen), (Owing::Open, 19_860));
        let last = self.pay(&owed.receivable_id, 19_860).await;
        assert_eq!((last.state(), last.remaining_fen), (Owing::Paid, 0));
        assert_eq!(last.paid_fen, 49_860);
    }

    /// 医疗收费票据 printed, and verified by who holds it.
    async fn print(&self, settled: &Settlement) {
        let mut desk = self.desk.receipts();
        let request = pb::PrintReceiptRequest {
            settlement_id: settled.settlement_id.clone(),
            person_name: "测试人员".into(),
        };
        let answer = desk.print_receipt(patient(request)).await.unwrap();
        let printed = answer.into_inner();
        assert!(printed.pdf.starts_with(b"%PDF-"));
        let request = pb::VerifyReceiptRequest {
            settlement_id: settled.settlement_id.clone(),
            receipt_digest: printed.receipt_digest,
        };
        let verified = desk.verify_receipt(patient(request)).await.unwrap();
        assert_eq!(verified.into_inner().verdict(), Verdict::Matches);
    }
}

impl Town {
    /// A window for somebody of three identities who has a card.
    async fn window(&self) -> Window {
        let kinds = ["2303", "236034", "236021"].map(|kind| (kind, "2019-01-01"));
        let person = self.resident(2020, &kinds).await;
        let request = pb::RegisterCardRequest {
            request_id: "card".into(),
            person_id: person.clone(),
            card_number: CARD.into(),
        };
        let mut bureau = self.world.clerk().identities();
        bureau.register_card(request).await.unwrap();
        let desk = self.world.suite.desk(HOSPITAL);
        Window { desk, person }
    }

    async fn guarantee(&self, id: &str) -> settlement::Guarantee {
        let request = settlement::GetGuaranteeRequest {
            guarantee_id: id.into(),
        };
        let mut desk = self.world.clerk().settlement();
        let answer = desk.get_guarantee(request).await.unwrap();
        answer.into_inner().guarantee.unwrap()
    }
}

/// 2.11, the whole day.
#[tokio::test]
async fn by_card_without_a_deposit_to_the_last_instalment() {
    let world = World::tuned(|config| {
        config.area = AreaCode::parse("330523").unwrap();
        config.identity_required = true;
    })
    .await;
    let town = Town { world };
    let today = Instant::beginning_of(Day::parse("2020-12-01").unwrap());
    town.world.clock.set(today.plus_millis(9 * HOUR));
    let window = town.window().await;

    let (check, guarantee_id, visit_id) = window.treat().await;
    let no = window.settle("nobody", &visit_id, "").await.unwrap_err();
    assert_eq!(no, "IDENTITY_REQUIRED");

    // (100,000 − 600) × (70 % + 15 %) = 84,490; (15,510 − 10,000) × 65 % = 3,581.50; 11,928.50 × 80 % =
    // 9,542.80; an employee's 99,400 × 90 % = 89,460 less 88,071.50 = 1,388.50; 997.20 × 50 % = 498.60.
    let layers = [
        ("basic", "390100", 8_449_000),
        ("critical", "390200", 358_150),
        ("assistance", "610100", 954_280),
        ("veterans", "610200", 138_850),
        ("mental_aid", "640101", 49_860),
    ];
    // 资助参保 has moved two of them before.
    let mut unmoved = Vec::new();
    for (_, fund, _) in layers {
        unmoved.push(town.balance(&format!("fund:{fund}")).await);
    }
    let settled = window.settle("settle", &visit_id, &check).await.unwrap();
    let expected = layers.map(|(rule, _, fen)| (rule, fen));
    assert_eq!(paid(&settled), (expected.to_vec(), 49_860));
    let amounts = settled.amounts.as_ref().unwrap();
    assert_eq!(
        (amounts.total_fen, amounts.funds_fen),
        (10_000_000, 9_950_140)
    );
    assert_eq!(settled.guarantee_id, guarantee_id);
    for (before, (_, fund, fen)) in unmoved.iter().zip(layers) {
        let now = town.balance(&format!("fund:{fund}")).await;
        assert_eq!(now - before, -fen, "{fund}");
    }
    let guarantee = town.guarantee(&guarantee_id).await;
    assert_eq!(guarantee.state(), Guaranteed::Closed);
    let get = pb::GetVisitRequest { visit_id };
    let visit = window.desk.visits().get_visit(patient(get)).await.unwrap();
    assert_eq!(visit.into_inner().visit.unwrap().state(), State::Settled);

    window.owe_and_pay(&settled).await;
    window.print(&settled).await;
    // The funds moved by the settlement alone, and all of it to the hospital.
    for (before, (_, fund, fen)) in unmoved.iter().zip(layers) {
        let now = town.balance(&format!("fund:{fund}")).await;
        assert_eq!(now - before, -fen, "{fund}");
    }
    town.world.ledger().await;
}
