//! A service in Xilinhot with two hospitals, and a caller who plays the orchestrator.

use kernel::{AreaCode, Clock, Instant, Principal, Role};
use policy::Library;
use proto::common;
use proto::settlement as pb;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use runtime::clock::ManualClock;
use runtime::{Context, Settings, Wire};
use std::sync::Arc;
use std::time::Duration;
use store::testing::TestDatabase;
use tonic::{Request, Status};
use tonic_types::StatusExt;

pub const HOSPITAL: &str = "H15250100001";
pub const OTHER_HOSPITAL: &str = "H15250100002";
/// 2017-12-01T00:00:00Z.
const NOW: Instant = Instant::from_micros(1_512_086_400_000_000);
pub const MINUTE: i64 = 60_000;

pub struct Desk {
    pub client: SettlementServiceClient<Wire>,
    clock: Arc<ManualClock>,
    ids: u32,
    _database: TestDatabase,
}

impl Desk {
    pub async fn open() -> Desk {
        let database = TestDatabase::open().await.unwrap();
        let url = database.url("settlement");
        let settings = Settings::embedded("127.0.0.1:0".parse().unwrap(), area(), url);
        let clock = Arc::new(ManualClock::at(NOW));
        let shared: Arc<dyn Clock> = clock.clone();
        let library = Arc::new(Library::builtin().unwrap());
        let db = settlement::open(&settings).await.unwrap();
        let service = settlement::build(db, &settings, shared, library);
        let mut desk = Desk {
            client: SettlementServiceClient::new(service.wire()),
            clock,
            ids: 0,
            _database: database,
        };
        for code in [HOSPITAL, OTHER_HOSPITAL] {
            desk.register(code).await;
        }
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
        desk.client.publish_catalogue(of(request)).await.unwrap();
        desk
    }

    async fn register(&mut self, code: &str) {
        let institution = pb::Institution {
            institution_code: code.into(),
            name: "测试医院".into(),
            tier: "2".into(),
            kind: "A1".into(),
            agreement_from_day: "2010-01-01".into(),
            ..Default::default()
        };
        let request = pb::RegisterInstitutionRequest {
            request_id: code.into(),
            institution: Some(institution),
        };
        self.client.register_institution(of(request)).await.unwrap();
    }

    /// A request id that nobody used yet.
    pub fn id(&mut self) -> String {
        self.ids += 1;
        format!("R{}", self.ids)
    }

    pub fn wait(&self, millis: i64) {
        self.clock.set(self.clock.now().plus_millis(millis));
    }

    pub async fn post(&mut self, claim: &common::Claim) -> Result<common::Settlement, Status> {
        let request = pb::PostSettlementRequest {
            request_id: self.id(),
            claim: Some(claim.clone()),
            member: Some(member(claim)),
            ..Default::default()
        };
        let answer = self.client.post_settlement(of(request)).await?;
        Ok(answer.into_inner().settlement.unwrap())
    }

    pub async fn reverse(&mut self, settlement_id: &str) -> Result<common::Settlement, Status> {
        let request = pb::ReverseSettlementRequest {
            request_id: self.id(),
            settlement_id: settlement_id.into(),
            reason: "录入错误".into(),
            ..Default::default()
        };
        let answer = self.client.reverse_settlement(of(request)).await?;
        Ok(answer.into_inner().settlement.unwrap())
    }

    pub async fn price(&mut self, claim: &common::Claim) -> Result<common::Quote, Status> {
        let request = pb::PriceClaimRequest {
            claim: Some(claim.clone()),
            member: Some(member(claim)),
            findings: vec![],
        };
        let answer = self.client.price_claim(of(request)).await?;
        Ok(answer.into_inner().quote.unwrap())
    }

    /// Holds claims, under the id it answers besides.
    pub async fn hold(&mut self, claims: &[common::Claim]) -> Result<(String, pb::Hold), Status> {
        let request = holding(&self.id(), claims);
        let id = request.request_id.clone();
        let answer = self.client.hold_claims(of(request)).await?;
        Ok((id, answer.into_inner().hold.unwrap()))
    }

    pub async fn release(&mut self, request_id: &str) {
        let request = pb::WithdrawHoldClaimsRequest {
            original_request_id: request_id.into(),
        };
        self.client.withdraw_hold_claims(of(request)).await.unwrap();
    }

    pub async fn post_holds(&mut self, holds: &[&str]) -> Result<pb::PostHoldsResponse, Status> {
        let request = pb::PostHoldsRequest {
            request_id: self.id(),
            origin: vec![],
            hold_ids: holds.iter().map(|id| id.to_string()).collect(),
        };
        let answer = self.client.post_holds(of(request)).await?;
        Ok(answer.into_inner())
    }

    pub async fn reverse_holds(
        &mut self,
        holds: &[&str],
    ) -> Result<Vec<common::Settlement>, Status> {
        let request = pb::ReverseHoldsRequest {
            request_id: self.id(),
            origin: vec![],
            hold_ids: holds.iter().map(|id| id.to_string()).collect(),
            reason: "整批有误".into(),
            institution_code: String::new(),
        };
        let answer = self.client.reverse_holds(of(request)).await?;
        Ok(answer.into_inner().settlements)
    }

    pub async fn holds(&mut self, open_only: bool) -> Vec<pb::Hold> {
        let request = pb::ListHoldsRequest {
            open_only,
            ..Default::default()
        };
        let listed = self.client.list_holds(of(request)).await.unwrap();
        listed.into_inner().holds
    }

    pub async fn accumulators(&mut self, person: &str) -> pb::GetAccumulatorsResponse {
        let request = pb::GetAccumulatorsRequest {
            person_id: person.into(),
            scheme: "390".into(),
            year: 2017,
        };
        let told = self.client.get_accumulators(of(request)).await.unwrap();
        told.into_inner()
    }

    /// Every account with its balance; that they come to nothing is looked at each time.
    pub async fn ledger(&mut self) -> Vec<(String, i64)> {
        let asked = of(pb::GetTrialBalanceRequest {});
        let told = self.client.get_trial_balance(asked).await.unwrap();
        let told = told.into_inner();
        assert_eq!(told.sum_fen, 0);
        let account = |one: pb::get_trial_balance_response::Account| (one.account, one.balance_fen);
        told.accounts.into_iter().map(account).collect()
    }

    pub async fn entries(&mut self, subject_id: &str) -> Vec<(String, i64, String)> {
        let asked = of(pb::GetLedgerEntriesRequest {
            subject_id: subject_id.into(),
        });
        let told = self.client.get_ledger_entries(asked).await.unwrap();
        let entries = told.into_inner().entries.into_iter();
        entries
            .map(|one| (one.account, one.amount_fen, one.reverses))
            .collect()
    }
}

fn area() -> AreaCode {
    AreaCode::parse("152501").unwrap()
}

/// A request of the orchestrator's for a clerk.
pub fn of<T>(message: T) -> Request<T> {
    let principal = Principal {
        caller: "orchestrator".into(),
        on_behalf_of: Some("clerk-1".into()),
        area: area(),
        roles: vec![Role::Service, Role::Clerk],
    };
    Context::of(principal, Duration::from_secs(20)).own(message)
}

/// The person of this number.
pub fn person(number: u32) -> String {
    format!("0190d6b2-5f5e-7cc3-98c4-dc0c0c{number:06x}")
}

/// What enrollment says of the claim's person on its last day.
pub fn member(claim: &common::Claim) -> common::Member {
    common::Member {
        person_id: claim.person_id.clone(),
        area_code: "152501".into(),
        person_version: 3,
        scheme: "390".into(),
        as_of_day: claim.end_day.clone(),
        eligible: true,
        sex: "2".into(),
        birth_day: "1980-01-01".into(),
        identity_kinds: vec!["2303".into()],
        ..Default::default()
    }
}

/// A stay of the person of this number, of so many yuan, that ends on this day.
pub fn stay(number: u32, visit: &str, end_day: &str, yuan: i64) -> common::Claim {
    common::Claim {
        person_id: person(number),
        institution_code: HOSPITAL.into(),
        visit_number: visit.into(),
        scheme: "390".into(),
        med_type: "21".into(),
        begin_day: end_day.into(),
        end_day: end_day.into(),
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

/// Three stays of a person, of which each moves the amounts of the next.
pub fn three(number: u32) -> Vec<common::Claim> {
    let stay = |n: i64, day: &str| stay(number, &format!("V{number}-{n}"), day, 30_000 * n);
    vec![
        stay(1, "2017-03-01"),
        stay(2, "2017-04-01"),
        stay(3, "2017-05-01"),
    ]
}

/// A request to hold claims.
pub fn holding(request_id: &str, claims: &[common::Claim]) -> pb::HoldClaimsRequest {
    let held = |claim: &common::Claim| pb::HeldClaim {
        claim: Some(claim.clone()),
        member: Some(member(claim)),
        ..Default::default()
    };
    pb::HoldClaimsRequest {
        request_id: request_id.into(),
        origin: vec![],
        claims: claims.iter().map(held).collect(),
    }
}

/// The code and the field of a "no".
#[track_caller]
pub fn no<T: std::fmt::Debug>(answer: Result<T, Status>) -> (String, String) {
    let details = answer.expect_err("a no").get_error_details();
    let code = details.error_info().map(|info| info.reason.clone());
    let fields = details
        .bad_request()
        .map(|bad| bad.field_violations.clone());
    let field = fields.unwrap_or_default().into_iter().next();
    (
        code.unwrap_or_default(),
        field.map(|one| one.field).unwrap_or_default(),
    )
}

/// The code of a "no".
#[track_caller]
pub fn code<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    no(answer).0
}
