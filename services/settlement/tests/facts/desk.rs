//! A service in Anji with hospitals near and far, and a caller who plays the orchestrator.

use kernel::{AreaCode, Clock, Instant, Principal, Role};
use policy::Library;
use proto::common::{self, Place};
use proto::settlement as pb;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use runtime::clock::ManualClock;
use runtime::{Context, Settings, Wire, render};
use std::sync::Arc;
use std::time::Duration;
use store::testing::TestDatabase;
use tonic::{Request, Status};
use tonic_types::StatusExt;

pub const PERSON: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";
/// 县内二级综合医院, registered without a word about its place.
pub const COUNTY: &str = "H33052300001";
/// 市内其他区县二级综合医院.
pub const CITY: &str = "H33050200001";
/// 省外三级综合医院.
pub const SHANGHAI: &str = "H31010100001";
/// 省外三级综合医院, not one of the scheme's.
pub const STRANGER: &str = "H31010100002";
/// Class A without a limit.
pub const PLAIN: &str = "D-A";
/// Class A, limited to 18 yuan at tier 2 and to 20 at tier 3.
pub const LIMITED: &str = "D-L";
/// Class A, of restricted use.
pub const RESTRICTED: &str = "D-R";
/// Class A, 靶向药.
pub const TARGETED: &str = "D-T";
/// 2020-12-20T00:00:00Z.
const NOW: Instant = Instant::from_micros(1_608_422_400_000_000);

pub struct Desk {
    pub client: SettlementServiceClient<Wire>,
    clock: Arc<ManualClock>,
    posted: u32,
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
        let client = SettlementServiceClient::new(service.wire());
        let mut desk = Desk {
            client,
            clock,
            posted: 0,
            _database: database,
        };
        desk.register(COUNTY, "2", Place::Unspecified, None).await;
        desk.register(CITY, "2", Place::City, Some(true)).await;
        desk.register(SHANGHAI, "3", Place::Outside, None).await;
        desk.register(STRANGER, "3", Place::Outside, Some(false))
            .await;
        desk.publish("2016-01-01").await;
        desk
    }

    async fn register(&mut self, code: &str, tier: &str, place: Place, contracted: Option<bool>) {
        let institution = pb::Institution {
            institution_code: code.into(),
            name: "测试医院".into(),
            tier: tier.into(),
            kind: "A1".into(),
            agreement_from_day: "2010-01-01".into(),
            place: place.into(),
            contracted,
            ..Default::default()
        };
        let request = pb::RegisterInstitutionRequest {
            request_id: code.into(),
            institution: Some(institution),
        };
        self.client.register_institution(of(request)).await.unwrap();
    }

    /// Publishes the catalogue once more from a day on.
    pub async fn publish(&mut self, day: &str) {
        let item = |code: &str| pb::CatalogueItem {
            item_code: code.into(),
            name: "药品".into(),
            item_class: "01".into(),
            ..Default::default()
        };
        let limit = |tier: &str, yuan: i64| pb::PriceLimit {
            tier: tier.into(),
            unit_price_micro_yuan: yuan * 1_000_000,
        };
        let limited = pb::CatalogueItem {
            price_limits: vec![limit("2", 18), limit("3", 20)],
            ..item(LIMITED)
        };
        let restricted = pb::CatalogueItem {
            restricted: true,
            ..item(RESTRICTED)
        };
        let targeted = pb::CatalogueItem {
            marks: vec!["targeted".into(), "unheard".into()],
            ..item(TARGETED)
        };
        let request = pb::PublishCatalogueRequest {
            request_id: format!("catalogue-{day}"),
            effective_day: day.into(),
            items: vec![item(PLAIN), limited, restricted, targeted],
        };
        self.client.publish_catalogue(of(request)).await.unwrap();
    }

    /// Puts a package into force at once.
    pub async fn enact(&mut self, text: &str) {
        let request = pb::ProposePackageRequest {
            request_id: "propose".into(),
            text: text.into(),
        };
        let proposed = self.client.propose_package(by("operator-1", request)).await;
        let proposed = proposed.unwrap().into_inner();
        let request = pb::ActivatePackageRequest {
            request_id: "activate".into(),
            package_digest: proposed.package_digest,
            activates_time: Some(render::timestamp(self.clock.now())),
            reason: String::new(),
        };
        let activated = self
            .client
            .activate_package(by("operator-2", request))
            .await;
        activated.unwrap();
    }

    pub async fn price(
        &mut self,
        claim: &common::Claim,
        member: &common::Member,
    ) -> Result<common::Quote, Status> {
        let request = pb::PriceClaimRequest {
            claim: Some(claim.clone()),
            member: Some(member.clone()),
            ..Default::default()
        };
        let priced = self.client.price_claim(of(request)).await?;
        Ok(priced.into_inner().quote.unwrap())
    }

    pub async fn post(&mut self, claim: &common::Claim, member: &common::Member) -> String {
        let request = pb::PostSettlementRequest {
            request_id: format!("post-{}", self.posted),
            claim: Some(claim.clone()),
            member: Some(member.clone()),
            ..Default::default()
        };
        self.posted += 1;
        let posted = self.client.post_settlement(of(request)).await.unwrap();
        posted.into_inner().settlement.unwrap().settlement_id
    }

    pub async fn quote_change(
        &mut self,
        claim: &common::Claim,
        member: &common::Member,
        change: common::Change,
    ) -> common::Comparison {
        let request = pb::QuoteChangeRequest {
            claim: Some(claim.clone()),
            member: Some(member.clone()),
            change: Some(change),
            ..Default::default()
        };
        let answer = self.client.quote_change(of(request)).await.unwrap();
        answer.into_inner().comparison.unwrap()
    }

    pub async fn explain_change(
        &mut self,
        settlement_id: &str,
        change: common::Change,
    ) -> Result<common::Comparison, Status> {
        let request = pb::ExplainChangeRequest {
            settlement_id: settlement_id.into(),
            change: Some(change),
        };
        let answer = self.client.explain_change(of(request)).await?;
        Ok(answer.into_inner().comparison.unwrap())
    }

    pub async fn reverse(&mut self, settlement_id: &str) {
        let request = pb::ReverseSettlementRequest {
            request_id: settlement_id.into(),
            settlement_id: settlement_id.into(),
            reason: "测试".into(),
            ..Default::default()
        };
        self.client.reverse_settlement(of(request)).await.unwrap();
    }

    /// 2021-01-10T00:00:00Z.
    pub fn wait_until_2021(&self) {
        self.clock.set(Instant::from_micros(1_610_236_800_000_000));
    }

    pub async fn explain(&mut self, settlement_id: &str) -> pb::ExplainSettlementResponse {
        let request = pb::ExplainSettlementRequest {
            settlement_id: settlement_id.into(),
        };
        let told = self.client.explain_settlement(of(request)).await;
        told.unwrap().into_inner()
    }
}

fn area() -> AreaCode {
    AreaCode::parse("330523").unwrap()
}

fn context(caller: &str, roles: &[Role]) -> Context {
    let principal = Principal {
        caller: caller.into(),
        on_behalf_of: None,
        area: area(),
        roles: roles.to_vec(),
    };
    Context::of(principal, Duration::from_secs(20))
}

/// A request of the orchestrator's for a clerk.
pub fn of<T>(message: T) -> Request<T> {
    context("orchestrator", &[Role::Service, Role::Clerk]).own(message)
}

fn by<T>(operator: &str, message: T) -> Request<T> {
    context(operator, &[Role::Operator]).own(message)
}

/// Somebody of 66, insured for the third year, of these identities.
pub fn member(identities: &[&str]) -> common::Member {
    common::Member {
        person_id: PERSON.into(),
        area_code: "330523".into(),
        person_version: 3,
        scheme: "390".into(),
        as_of_day: "2020-09-30".into(),
        eligible: true,
        sex: "2".into(),
        birth_day: "1954-09-30".into(),
        identity_kinds: identities.iter().map(|kind| kind.to_string()).collect(),
        continuous_years: 3,
        filed_diseases: ["M03900", "M01600"].map(filed).into(),
        ..Default::default()
    }
}

/// A disease filed long ago, at any institution.
fn filed(disease: &str) -> common::FiledDisease {
    common::FiledDisease {
        filing_id: PERSON.into(),
        kind: common::filed_disease::Kind::Chronic.into(),
        disease_code: disease.into(),
        first_day: "2010-01-01".into(),
        ..Default::default()
    }
}

/// A stay in September 2020 with one unit of each of these, at so many yuan.
pub fn stay(institution: &str, visit: &str, items: &[(&str, i64)]) -> common::Claim {
    let line = |(number, (item, yuan)): (i32, &(&str, i64))| common::ClaimLine {
        number,
        item_code: item.to_string(),
        unit_price_micro_yuan: yuan * 1_000_000,
        quantity_e4: 10_000,
        amount_fen: yuan * 100,
        ..Default::default()
    };
    common::Claim {
        person_id: PERSON.into(),
        institution_code: institution.into(),
        visit_number: visit.into(),
        scheme: "390".into(),
        med_type: "21".into(),
        begin_day: "2020-09-20".into(),
        end_day: "2020-09-30".into(),
        diagnosis_code: "J18.900".into(),
        lines: (1..).zip(items).map(line).collect(),
        ..Default::default()
    }
}

pub fn code(status: &Status) -> String {
    let details = status.get_error_details();
    let info = details.error_info();
    info.map(|info| info.reason.clone()).unwrap_or_default()
}
