//! The settlement service over its wire, on the store the run is for: what one caller sees.

use kernel::{AreaCode, Clock, Digest, Instant, Principal, Role};
use policy::Library;
use proto::common;
use proto::settlement as pb;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use runtime::clock::ManualClock;
use runtime::{Context, Settings, Wire};
use std::sync::Arc;
use std::time::Duration;
use store::testing::TestDatabase;
use tonic::{Code, Status};
use tonic_types::StatusExt;

const PERSON: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";
const HOSPITAL: &str = "H15250100001";

struct Desk {
    client: SettlementServiceClient<Wire>,
    context: Context,
    _database: TestDatabase,
}

impl Desk {
    async fn open() -> Desk {
        let database = TestDatabase::open().await.unwrap();
        let area = AreaCode::parse("152501").unwrap();
        let url = database.url("settlement");
        let settings = Settings::embedded("127.0.0.1:0".parse().unwrap(), area.clone(), url);
        // 2017-12-01T00:00:00Z.
        let clock: Arc<dyn Clock> =
            Arc::new(ManualClock::at(Instant::from_micros(1_512_086_400_000_000)));
        let library = Arc::new(Library::builtin().unwrap());
        let db = settlement::open(&settings).await.unwrap();
        let service = settlement::build(db, &settings, clock, library);
        let principal = Principal {
            caller: "orchestrator".into(),
            on_behalf_of: Some(HOSPITAL.into()),
            area,
            roles: vec![Role::Service, Role::Clerk],
        };
        let context = Context::of(principal, Duration::from_secs(20));
        let client = SettlementServiceClient::new(service.wire());
        let mut desk = Desk {
            client,
            context,
            _database: database,
        };
        desk.register().await;
        desk
    }

    async fn register(&mut self) {
        let institution = pb::Institution {
            institution_code: HOSPITAL.into(),
            name: "测试医院".into(),
            tier: "2".into(),
            kind: "A1".into(),
            agreement_from_day: "2010-01-01".into(),
            ..Default::default()
        };
        let request = pb::RegisterInstitutionRequest {
            request_id: "reg".into(),
            institution: Some(institution),
        };
        self.client
            .register_institution(self.context.own(request))
            .await
            .unwrap();
        let item = pb::CatalogueItem {
            item_code: "D-A".into(),
            name: "甲类药".into(),
            item_class: "01".into(),
            ..Default::default()
        };
        let request = pb::PublishCatalogueRequest {
            request_id: "cat".into(),
            effective_day: "2016-01-01".into(),
            items: vec![item],
        };
        self.client
            .publish_catalogue(self.context.own(request))
            .await
            .unwrap();
    }

    async fn post(
        &mut self,
        id: &str,
        bill: &common::Claim,
    ) -> Result<pb::PostSettlementResponse, Status> {
        let request = pb::PostSettlementRequest {
            request_id: id.into(),
            claim: Some(bill.clone()),
            member: Some(member(&bill.end_day)),
            ..Default::default()
        };
        self.client
            .post_settlement(self.context.own(request))
            .await
            .map(|r| r.into_inner())
    }

    async fn reverse(
        &mut self,
        id: &str,
        settlement: &str,
    ) -> Result<pb::ReverseSettlementResponse, Status> {
        let request = pb::ReverseSettlementRequest {
            request_id: id.into(),
            settlement_id: settlement.into(),
            reason: "录入错误".into(),
            ..Default::default()
        };
        self.client
            .reverse_settlement(self.context.own(request))
            .await
            .map(|r| r.into_inner())
    }

    async fn accumulators(&mut self) -> pb::GetAccumulatorsResponse {
        let request = pb::GetAccumulatorsRequest {
            person_id: PERSON.into(),
            scheme: "390".into(),
            year: 2017,
        };
        self.client
            .get_accumulators(self.context.own(request))
            .await
            .unwrap()
            .into_inner()
    }

    async fn ledger_sum(&mut self) -> (i64, usize) {
        let request = self.context.own(pb::GetTrialBalanceRequest {});
        let balance = self
            .client
            .get_trial_balance(request)
            .await
            .unwrap()
            .into_inner();
        (balance.sum_fen, balance.accounts.len())
    }
}

fn member(day: &str) -> common::Member {
    common::Member {
        person_id: PERSON.into(),
        area_code: "152501".into(),
        person_version: 3,
        scheme: "390".into(),
        as_of_day: day.into(),
        eligible: true,
        sex: "2".into(),
        birth_day: "1980-01-01".into(),
        identity_kinds: vec!["2303".into()],
        ..Default::default()
    }
}

fn stay(visit: &str, yuan: i64) -> common::Claim {
    common::Claim {
        person_id: PERSON.into(),
        institution_code: HOSPITAL.into(),
        visit_number: visit.into(),
        scheme: "390".into(),
        med_type: "21".into(),
        begin_day: "2017-03-01".into(),
        end_day: "2017-03-10".into(),
        diagnosis_code: "J18.900".into(),
        lines: vec![common::ClaimLine {
            number: 1,
            item_code: "D-A".into(),
            unit_price_micro_yuan: yuan * 1_000_000,
            quantity_e4: 10_000,
            amount_fen: yuan * 100,
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn code(status: &Status) -> String {
    status
        .get_error_details()
        .error_info()
        .map(|info| info.reason.clone())
        .unwrap_or_default()
}

#[tokio::test]
async fn a_claim_is_posted_once_explained_and_reversed_exactly() {
    let mut desk = Desk::open().await;
    let first = desk.post("R1", &stay("V1", 80_000)).await.unwrap();
    let settlement = first.settlement.unwrap();
    let amounts = settlement.amounts.clone().unwrap();
    assert_eq!(amounts.total_fen, amounts.funds_fen + amounts.cash_fen);
    assert_eq!(
        amounts
            .shares
            .iter()
            .filter(|share| share.paid_fen > 0)
            .count(),
        3
    );
    let after = desk.accumulators().await;

    let again = desk.post("R1", &stay("V1", 80_000)).await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(again.settlement, Some(settlement.clone()));
    assert_eq!(desk.accumulators().await, after);

    let other = desk.post("R1", &stay("V1", 70_000)).await.unwrap_err();
    assert_eq!(
        (other.code(), code(&other).as_str()),
        (Code::AlreadyExists, "REQUEST_ID_REUSED")
    );
    let twice = desk.post("R2", &stay("V1", 70_000)).await.unwrap_err();
    assert_eq!(code(&twice), "VISIT_SETTLED");

    let id = settlement.settlement_id.clone();
    let request = pb::ExplainSettlementRequest {
        settlement_id: id.clone(),
    };
    let told = desk
        .client
        .explain_settlement(desk.context.own(request))
        .await
        .unwrap();
    assert!(told.into_inner().reasons.len() >= 5);

    let second = desk
        .post("R3", &stay("V2", 1_000))
        .await
        .unwrap()
        .settlement
        .unwrap();
    let no = desk.reverse("X1", &id).await.unwrap_err();
    assert_eq!(code(&no), "NOT_NEWEST");
    let remembered = desk.reverse("X1", &id).await.unwrap_err();
    let info = remembered
        .get_error_details()
        .error_info()
        .unwrap()
        .metadata
        .clone();
    assert_eq!(info.get("remembered").map(String::as_str), Some("true"));

    desk.reverse("X2", &second.settlement_id).await.unwrap();
    assert_eq!(desk.accumulators().await.accumulators, after.accumulators);
    desk.reverse("X3", &id).await.unwrap();
    assert!(desk.reverse("X3", &id).await.unwrap().replayed);
    assert_eq!(
        code(&desk.reverse("X4", &id).await.unwrap_err()),
        "ALREADY_REVERSED"
    );
    assert!(desk.accumulators().await.accumulators.is_empty());
    assert_eq!(desk.ledger_sum().await, (0, 4));
}

#[tokio::test]
async fn a_burned_key_never_takes_effect() {
    let mut desk = Desk::open().await;
    let burn = pb::BurnRequest {
        original_request_id: "R1".into(),
        method: "PostSettlement".into(),
    };
    let burned = desk
        .client
        .burn(desk.context.own(burn.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        burned.outcome.unwrap().state(),
        common::outcome::State::Withdrawn
    );
    let late = desk.post("R1", &stay("V1", 500)).await.unwrap_err();
    assert_eq!(code(&late), "REQUEST_WITHDRAWN");
    assert!(desk.accumulators().await.accumulators.is_empty());

    let done = desk
        .post("R2", &stay("V1", 500))
        .await
        .unwrap()
        .settlement
        .unwrap();
    let burn = pb::BurnRequest {
        original_request_id: "R2".into(),
        ..burn
    };
    let outcome = desk
        .client
        .burn(desk.context.own(burn))
        .await
        .unwrap()
        .into_inner()
        .outcome
        .unwrap();
    assert_eq!(outcome.state(), common::outcome::State::Done);
    assert_eq!(outcome.subject_id, done.settlement_id);
}

#[tokio::test]
async fn a_basis_holds_or_says_what_changed() {
    let mut desk = Desk::open().await;
    let bill = stay("V1", 9_000);
    let request = pb::PriceClaimRequest {
        claim: Some(bill.clone()),
        member: Some(member(&bill.end_day)),
        findings: vec![],
    };
    let quoted = desk
        .client
        .price_claim(desk.context.own(request))
        .await
        .unwrap()
        .into_inner();
    let basis = quoted.quote.unwrap().basis;
    desk.post("R0", &stay("V0", 100)).await.unwrap();
    let request = |id: &str, basis: &Option<common::Basis>| pb::PostSettlementRequest {
        request_id: id.into(),
        claim: Some(bill.clone()),
        member: Some(member(&bill.end_day)),
        basis: basis.clone(),
        ..Default::default()
    };
    // A small stay before it moves no amount of this one: the basis still holds.
    desk.client
        .post_settlement(desk.context.own(request("R1", &basis)))
        .await
        .unwrap();
    let mut wrong = basis.clone().unwrap();
    wrong.amounts_digest = Digest::of(b"other").to_string();
    let mut later = request("R2", &Some(wrong));
    later.claim.as_mut().unwrap().visit_number = "V2".into();
    let no = desk
        .client
        .post_settlement(desk.context.own(later))
        .await
        .unwrap_err();
    assert_eq!(code(&no), "BASIS_CHANGED");
    assert!(
        no.get_error_details()
            .error_info()
            .unwrap()
            .metadata
            .contains_key("cash_now_fen")
    );
}

#[tokio::test]
async fn an_item_the_catalogue_does_not_have_is_remarked() {
    let mut desk = Desk::open().await;
    let mut bill = stay("V1", 400);
    bill.lines[0].item_code = "D-NOSUCH".into();
    let settlement = desk.post("R1", &bill).await.unwrap().settlement.unwrap();
    assert_eq!(settlement.amounts.unwrap().own_pay_fen, 40_000);
    let remark = settlement
        .remarks
        .iter()
        .find(|remark| remark.code == "ITEM_UNLISTED");
    assert_eq!(remark.map(|remark| remark.line_number), Some(1));
}
