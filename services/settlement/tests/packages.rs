//! Policy packages at run time: proposed by one person, activated by another from an instant on,
//! and seen by every replica, on the store the run is for.

use kernel::{AreaCode, Clock, Instant, Principal, Role};
use policy::Library;
use policy::testing::Text;
use proto::common::policy_package::State;
use proto::common::{self, PolicyPackage};
use proto::settlement as pb;
use proto::settlement::settlement_service_client::SettlementServiceClient;
use runtime::clock::ManualClock;
use runtime::{Context, Settings, Wire, render};
use std::sync::Arc;
use std::time::Duration;
use store::event;
use store::testing::TestDatabase;
use tonic::{Request, Status};
use tonic_types::StatusExt;

const PERSON: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";
const CLINIC: &str = "H15250100002";
const AREA: &str = "152501";
/// 2018-03-01T00:00:00Z.
const BEGIN: Instant = Instant::from_micros(1_519_862_400_000_000);
const HOUR: i64 = 3_600_000;

/// Replicas of the service on one database under one clock.
struct House {
    database: TestDatabase,
    clock: Arc<ManualClock>,
}

/// One replica.
struct Replica {
    client: SettlementServiceClient<Wire>,
    db: store::Db,
}

impl House {
    /// A house and its first replica, with a clinic and a catalogue.
    async fn open() -> (House, Replica) {
        let database = TestDatabase::open().await.unwrap();
        let clock = Arc::new(ManualClock::at(BEGIN));
        let house = House { database, clock };
        let mut first = house.replica().await;
        first.furnish().await;
        (house, first)
    }

    async fn replica(&self) -> Replica {
        let area = AreaCode::parse(AREA).unwrap();
        let url = self.database.url("settlement");
        let settings = Settings::embedded("127.0.0.1:0".parse().unwrap(), area, url);
        let db = settlement::open(&settings).await.unwrap();
        let clock: Arc<dyn Clock> = self.clock.clone();
        let library = Arc::new(Library::builtin().unwrap());
        let service = settlement::build(db.clone(), &settings, clock, library);
        let client = SettlementServiceClient::new(service.wire());
        Replica { client, db }
    }

    /// The clock stands this much after the beginning.
    fn after(&self, millis: i64) {
        self.clock.set(BEGIN.plus_millis(millis));
    }
}

/// A request of somebody with these roles, in an area.
fn of<T>(caller: &str, area: &str, roles: &[Role], message: T) -> Request<T> {
    let principal = Principal {
        caller: caller.into(),
        on_behalf_of: None,
        area: AreaCode::parse(area).unwrap(),
        roles: roles.to_vec(),
    };
    Context::of(principal, Duration::from_secs(20)).own(message)
}

fn operator<T>(caller: &str, message: T) -> Request<T> {
    of(caller, AREA, &[Role::Operator], message)
}

fn suite<T>(message: T) -> Request<T> {
    of("orchestrator", AREA, &[Role::Service], message)
}

fn code(status: &Status) -> String {
    let details = status.get_error_details();
    let info = details.error_info();
    info.map(|info| info.reason.clone()).unwrap_or_default()
}

fn fact(status: &Status, name: &str) -> String {
    let details = status.get_error_details();
    let info = details.error_info();
    info.and_then(|info| info.metadata.get(name).cloned())
        .unwrap_or_default()
}

fn propose(id: &str, text: &Text) -> pb::ProposePackageRequest {
    pb::ProposePackageRequest {
        request_id: id.into(),
        text: text.0.clone(),
    }
}

fn activate(id: &str, text: &Text, after: i64) -> pb::ActivatePackageRequest {
    pb::ActivatePackageRequest {
        request_id: id.into(),
        package_digest: text.digest().to_string(),
        activates_time: Some(render::timestamp(BEGIN.plus_millis(after))),
        reason: "测试".into(),
    }
}

fn visit(number: &str, day: &str) -> common::Claim {
    common::Claim {
        person_id: PERSON.into(),
        institution_code: CLINIC.into(),
        visit_number: number.into(),
        scheme: "390".into(),
        med_type: "11".into(),
        begin_day: day.into(),
        end_day: day.into(),
        diagnosis_code: "J18.900".into(),
        lines: vec![common::ClaimLine {
            number: 1,
            item_code: "D-A".into(),
            unit_price_micro_yuan: 10_000_000,
            quantity_e4: 10_000,
            amount_fen: 1_000,
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn member(day: &str) -> common::Member {
    common::Member {
        person_id: PERSON.into(),
        area_code: AREA.into(),
        person_version: 1,
        scheme: "390".into(),
        as_of_day: day.into(),
        eligible: true,
        sex: "2".into(),
        birth_day: "1980-01-01".into(),
        ..Default::default()
    }
}

impl Replica {
    async fn furnish(&mut self) {
        let institution = pb::Institution {
            institution_code: CLINIC.into(),
            name: "测试卫生院".into(),
            tier: "1".into(),
            kind: "A1".into(),
            agreement_from_day: "2010-01-01".into(),
            ..Default::default()
        };
        let request = pb::RegisterInstitutionRequest {
            request_id: "reg".into(),
            institution: Some(institution),
        };
        let made = self.client.register_institution(suite(request));
        made.await.unwrap();
        let item = pb::CatalogueItem {
            item_code: "D-A".into(),
            name: "甲类药".into(),
            item_class: "01".into(),
            ..Default::default()
        };
        let request = pb::PublishCatalogueRequest {
            request_id: "cat".into(),
            effective_day: "2010-01-01".into(),
            items: vec![item],
        };
        let made = self.client.publish_catalogue(suite(request));
        made.await.unwrap();
    }

    async fn propose(&mut self, caller: &str, id: &str, text: &Text) -> Result<String, Status> {
        let request = operator(caller, propose(id, text));
        let made = self.client.propose_package(request).await?.into_inner();
        assert_eq!(made.package_digest, text.digest().to_string());
        Ok(made.proposal_id)
    }

    async fn activate(
        &mut self,
        caller: &str,
        id: &str,
        text: &Text,
        after: i64,
    ) -> Result<pb::ActivatePackageResponse, Status> {
        let request = operator(caller, activate(id, text, after));
        Ok(self.client.activate_package(request).await?.into_inner())
    }

    /// Proposed by one, activated by the other.
    async fn enact(&mut self, text: &Text, after: i64) {
        let id = &text.digest().to_string()[..16];
        self.propose("operator-1", id, text).await.unwrap();
        let activated = self.activate("operator-2", id, text, after).await;
        activated.unwrap();
    }

    async fn withdraw_activation(&mut self, caller: &str, id: &str) -> common::outcome::State {
        let request = pb::WithdrawActivatePackageRequest {
            original_request_id: id.into(),
        };
        let request = operator(caller, request);
        let told = self.client.withdraw_activate_package(request).await;
        told.unwrap().into_inner().outcome.unwrap().state()
    }

    async fn withdraw_proposal(&mut self, caller: &str, id: &str) -> common::outcome::State {
        let request = pb::WithdrawProposePackageRequest {
            original_request_id: id.into(),
        };
        let request = operator(caller, request);
        let told = self.client.withdraw_propose_package(request).await;
        told.unwrap().into_inner().outcome.unwrap().state()
    }

    /// What a visit of ten yuan on a day costs the funds, and by which package.
    async fn quote(&mut self, day: &str) -> (i64, String) {
        let request = pb::PriceClaimRequest {
            claim: Some(visit("Q", day)),
            member: Some(member(day)),
            findings: vec![],
        };
        let quoted = self.client.price_claim(suite(request)).await.unwrap();
        let basis = quoted.into_inner().quote.unwrap().basis.unwrap();
        (basis.funds_fen, basis.package_digest)
    }

    async fn post(
        &mut self,
        id: &str,
        day: &str,
        basis: Option<common::Basis>,
    ) -> Result<common::Settlement, Status> {
        let request = pb::PostSettlementRequest {
            request_id: id.into(),
            claim: Some(visit(id, day)),
            member: Some(member(day)),
            basis,
            ..Default::default()
        };
        let posted = self.client.post_settlement(suite(request)).await?;
        Ok(posted.into_inner().settlement.unwrap())
    }

    async fn list(&mut self, size: i32, token: &str) -> (Vec<PolicyPackage>, String) {
        let request = pb::ListPackagesRequest {
            page_size: size,
            page_token: token.into(),
        };
        let listed = self.client.list_packages(operator("operator-1", request));
        let listed = listed.await.unwrap().into_inner();
        (listed.packages, listed.next_page_token)
    }

    /// Where the proposed packages stand. The suite's own come first, and all stay in force.
    async fn states(&mut self) -> Vec<State> {
        let (all, next) = self.list(0, "").await;
        assert_eq!(next, "");
        let builtin = all.iter().take_while(|one| one.builtin).count();
        let (builtin, proposed) = all.split_at(builtin);
        let states = |of: &[PolicyPackage]| of.iter().map(PolicyPackage::state).collect();
        let own: Vec<State> = states(builtin);
        assert!(!own.is_empty() && own.iter().all(|state| *state == State::InForce));
        states(proposed)
    }
}

#[tokio::test]
async fn a_package_decides_from_its_instant_on_every_replica() {
    let (house, mut one) = House::open().await;
    let mut two = house.replica().await;
    let builtin = two.quote("2017-05-10").await;
    assert_eq!(builtin.0, 500);
    let text = Text::marked("new").outpatient("60%");
    one.propose("operator-1", "P", &text).await.unwrap();
    assert_eq!(one.quote("2017-05-10").await, builtin);
    one.activate("operator-2", "A", &text, HOUR).await.unwrap();
    house.after(HOUR - 1);
    assert_eq!(one.quote("2017-05-10").await, builtin);
    assert_eq!(two.quote("2017-05-10").await, builtin);
    house.after(HOUR);
    let new = (600, text.digest().to_string());
    assert_eq!(two.quote("2017-05-10").await, new);
    assert_eq!(one.quote("2017-05-10").await, new);
    // One that began after the instant has never seen it come.
    let mut three = house.replica().await;
    let settled = three.post("S1", "2017-05-10", None).await.unwrap();
    let basis = settled.basis.clone().unwrap();
    assert_eq!((basis.funds_fen, basis.package_digest), new);
    // A replica that decided nothing since still explains what another decided.
    let request = pb::ExplainSettlementRequest {
        settlement_id: settled.settlement_id,
    };
    let mut four = house.replica().await;
    let told = four.client.explain_settlement(suite(request)).await;
    assert!(!told.unwrap().into_inner().reasons.is_empty());
}

#[tokio::test]
async fn versions_coexist_by_day() {
    let (house, mut desk) = House::open().await;
    let spring = Text::marked("spring").outpatient("60%").from("2017-02-01");
    desk.enact(&spring, 0).await;
    assert_eq!(desk.quote("2017-01-31").await.0, 500);
    assert_eq!(desk.quote("2017-02-01").await.0, 600);
    // Corrected by another for the same days; the days before stay with the suite's own.
    house.after(1);
    let corrected = Text::marked("corrected")
        .outpatient("70%")
        .from("2017-02-01");
    desk.enact(&corrected, HOUR).await;
    assert_eq!(desk.quote("2017-02-01").await.0, 600);
    house.after(HOUR);
    assert_eq!(desk.quote("2017-01-31").await.0, 500);
    assert_eq!(desk.quote("2017-02-01").await.0, 700);
    use State::{InForce, Superseded};
    assert_eq!(desk.states().await, [Superseded, InForce]);
    // Withdrawn, the corrected one decides nothing any more.
    let id = corrected.digest().to_string()[..16].to_string();
    desk.withdraw_activation("operator-2", &id).await;
    assert_eq!(desk.quote("2017-02-01").await.0, 600);
}

#[tokio::test]
async fn a_basis_of_the_package_before_does_not_hold() {
    let (house, mut desk) = House::open().await;
    let request = pb::PriceClaimRequest {
        claim: Some(visit("S1", "2017-05-10")),
        member: Some(member("2017-05-10")),
        findings: vec![],
    };
    let quoted = desk.client.price_claim(suite(request)).await.unwrap();
    let basis = quoted.into_inner().quote.unwrap().basis;
    desk.enact(&Text::marked("new").outpatient("60%"), HOUR)
        .await;
    house.after(HOUR);
    let no = desk.post("S1", "2017-05-10", basis).await.unwrap_err();
    assert_eq!(code(&no), "BASIS_CHANGED");
    let facts = ["changed", "funds_before_fen", "funds_now_fen"].map(|name| fact(&no, name));
    assert_eq!(facts, ["政策包", "500", "600"]);
}

#[tokio::test]
async fn what_was_decided_keeps_its_package_when_that_is_withdrawn() {
    let (house, mut desk) = House::open().await;
    let builtin = desk.quote("2017-05-10").await;
    let text = Text::marked("wrong").outpatient("60%");
    desk.enact(&text, 0).await;
    let settled = desk.post("S1", "2017-05-10", None).await.unwrap();
    let id = text.digest().to_string()[..16].to_string();
    // Withdrawing the proposal takes the activation with it.
    let withdrawn = desk.withdraw_proposal("operator-1", &id).await;
    assert_eq!(withdrawn, common::outcome::State::Withdrawn);
    assert_eq!(desk.quote("2017-05-10").await.1, builtin.1);
    assert_eq!(desk.states().await, []);
    assert_eq!(
        desk.withdraw_activation("operator-2", &id).await,
        common::outcome::State::Withdrawn
    );
    for mut replica in [house.replica().await, desk] {
        let request = pb::ExplainSettlementRequest {
            settlement_id: settled.settlement_id.clone(),
        };
        let told = replica.client.explain_settlement(suite(request)).await;
        let told = told.unwrap().into_inner();
        let basis = told.settlement.unwrap().basis.unwrap();
        assert_eq!(basis.package_digest, text.digest().to_string());
    }
}

#[tokio::test]
async fn what_may_not_be_proposed_changes_nothing() {
    let (_house, mut desk) = House::open().await;
    let builtin = desk.quote("2017-05-10").await;
    let plain = Text::marked("plain");
    let own = include_str!("../../../shared/policy/packages/152501/2017-01-01.toml");
    let rows = [
        ("PACKAGE_UNREADABLE", plain.clone().outpatient("101%")),
        ("PACKAGE_EXAMPLE_FAILED", plain.clone().failing()),
        ("PACKAGE_OTHER_AREA", plain.clone().of("999999")),
        ("PACKAGE_BUILTIN", Text(own.to_string())),
    ];
    for (expected, text) in rows {
        for _ in 0..2 {
            let no = desk.propose("operator-1", expected, &text).await;
            let no = no.unwrap_err();
            assert_eq!(code(&no), expected, "{no}");
        }
        let no = desk.activate("operator-2", expected, &text, 0).await;
        assert_eq!(code(&no.unwrap_err()), "DOCUMENT_UNKNOWN", "{expected}");
    }
    assert_eq!(desk.states().await, []);
    assert_eq!(desk.quote("2017-05-10").await, builtin);
    let failing = plain.clone().failing();
    let no = desk.propose("operator-1", "again", &failing).await;
    let no = no.unwrap_err();
    let facts = ["example", "what", "expected", "actual"].map(|name| fact(&no, name));
    assert_eq!(facts[1..], ["in_scope", "38,499.00", "38,500.00"]);
    assert!(!facts[0].is_empty() && fact(&no, "line").parse::<usize>().unwrap() > 1);

    desk.propose("operator-1", "P1", &plain).await.unwrap();
    let no = desk.propose("operator-2", "P2", &plain).await.unwrap_err();
    assert_eq!(
        (code(&no), fact(&no, "by")),
        ("DOCUMENT_EXISTS".into(), "operator-1".into())
    );
}

#[tokio::test]
async fn an_activation_needs_a_second_person_and_an_instant_to_come() {
    let (house, mut desk) = House::open().await;
    let [text, other] = ["one", "other"].map(Text::marked);
    desk.propose("operator-1", "P1", &text).await.unwrap();
    desk.propose("operator-1", "P2", &other).await.unwrap();
    let no = desk.activate("operator-1", "A1", &text, HOUR).await;
    assert_eq!(code(&no.unwrap_err()), "SECOND_PERSON_NEEDED");
    // Nor through a service.
    let principal = Principal {
        caller: "orchestrator".into(),
        on_behalf_of: Some("operator-1".into()),
        area: AreaCode::parse(AREA).unwrap(),
        roles: vec![Role::Service],
    };
    let context = Context::of(principal, Duration::from_secs(20));
    let request = context.own(activate("A1", &text, HOUR));
    let no = desk.client.activate_package(request).await.unwrap_err();
    assert_eq!(code(&no), "SECOND_PERSON_NEEDED");
    let rows = [
        ("ACTIVATION_IN_PAST", -HOUR),
        ("ACTIVATION_TOO_FAR", 732 * 24 * HOUR),
    ];
    for (expected, after) in rows {
        let no = desk.activate("operator-2", expected, &text, after).await;
        assert_eq!(code(&no.unwrap_err()), expected);
    }
    // A little late means at once.
    let made = desk.activate("operator-2", "A2", &text, -60_000).await;
    let made = made.unwrap();
    assert_eq!(made.activates_time, Some(render::timestamp(BEGIN)));
    let no = desk.activate("operator-3", "A3", &text, HOUR).await;
    assert_eq!(code(&no.unwrap_err()), "DOCUMENT_ACTIVATED");
    let no = desk.activate("operator-3", "A4", &other, 0).await;
    assert_eq!(code(&no.unwrap_err()), "ACTIVATION_CLASHES");
    house.after(1);
    desk.activate("operator-3", "A5", &other, 0).await.unwrap();
    assert_eq!(desk.quote("2017-05-10").await.1, other.digest().to_string());
}

#[tokio::test]
async fn a_package_that_does_not_hold_any_more_is_not_activated() {
    let (_house, mut desk) = House::open().await;
    let text = Text::marked("old");
    desk.propose("operator-1", "P", &text).await.unwrap();
    // What a newer version of the suite may find in an old text.
    use sea_orm::{ConnectionTrait, DbBackend};
    let failing = text.clone().failing().0.replace('\'', "''");
    let schema = match desk.db.reader().get_database_backend() {
        DbBackend::Postgres => "settlement.",
        _ => "",
    };
    let edit = format!("UPDATE {schema}document SET text = '{failing}'");
    desk.db.reader().execute_unprepared(&edit).await.unwrap();
    let no = desk
        .activate("operator-2", "A", &text, 0)
        .await
        .unwrap_err();
    assert_eq!(code(&no), "PACKAGE_EXAMPLE_FAILED");
    assert_eq!(desk.states().await, [State::Proposed]);
}

#[tokio::test]
async fn packages_are_listed_page_by_page_with_who_and_when() {
    let (house, mut desk) = House::open().await;
    let texts = ["a", "b", "c"].map(Text::marked);
    for (n, text) in (1..).zip(&texts) {
        // Proposals of one millisecond have no order.
        house.after(n);
        let id = format!("P{n}");
        desk.propose("operator-1", &id, text).await.unwrap();
    }
    desk.activate("operator-2", "A", &texts[1], HOUR)
        .await
        .unwrap();
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let (page, next) = desk.list(1, &token).await;
        assert_eq!(page.len(), 1);
        all.extend(page);
        token = next;
        if token.is_empty() {
            break;
        }
    }
    let (whole, _) = desk.list(500, "").await;
    assert_eq!(all, whole);
    let own = all.iter().take_while(|one| one.builtin).count();
    let (builtin, all) = all.split_at(own);
    assert!(own >= 1 && builtin.iter().all(|one| one.proposal_id.is_empty()));
    let digests: Vec<&str> = all.iter().map(|one| one.package_digest.as_str()).collect();
    assert_eq!(
        digests,
        texts.each_ref().map(|text| text.digest().to_string())
    );
    let scheduled = &all[1];
    assert_eq!(scheduled.state(), State::Scheduled);
    assert_eq!(
        (
            scheduled.proposed_by.as_str(),
            scheduled.activated_by.as_str()
        ),
        ("operator-1", "operator-2")
    );
    let since = render::timestamp(BEGIN.plus_millis(HOUR));
    assert_eq!(scheduled.activates_time, Some(since));
    assert_eq!(
        (scheduled.scheme.as_str(), scheduled.first_day.as_str()),
        ("390", "2017-01-01")
    );
    assert_eq!(scheduled.reason, "测试");
    // Another area sees and touches none of it.
    let request = of(
        "operator-9",
        "152502",
        &[Role::Operator],
        pb::ListPackagesRequest::default(),
    );
    let listed = desk
        .client
        .list_packages(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(listed.packages, []);
    let request = activate("X", &texts[0], HOUR);
    let request = of("operator-9", "152502", &[Role::Operator], request);
    let no = desk.client.activate_package(request).await.unwrap_err();
    assert_eq!(code(&no), "DOCUMENT_UNKNOWN");
    let theirs = propose("X", &texts[0].clone().of("152502"));
    let request = of("operator-9", "152502", &[Role::Operator], theirs);
    desk.client.propose_package(request).await.unwrap();
    assert_eq!(desk.list(500, "").await.0, whole);
}

#[tokio::test]
async fn every_step_is_told_in_the_sealed_events() {
    let (house, mut desk) = House::open().await;
    let text = Text::marked("told");
    desk.propose("operator-1", "P", &text).await.unwrap();
    // Events of one millisecond have no order.
    house.after(1);
    let activated = desk.activate("operator-2", "A", &text, HOUR).await;
    activated.unwrap();
    house.after(2);
    desk.withdraw_activation("operator-2", "A").await;
    house.after(3);
    desk.withdraw_proposal("operator-1", "P").await;
    while event::seal(&desk.db, house.clock.now()).await.unwrap() > 0 {}
    let area = AreaCode::parse(AREA).unwrap();
    let told = event::list(&desk.db, &area, 0, 100).await.unwrap();
    let told: Vec<_> = told
        .iter()
        .filter(|event| event.kind.starts_with("document."))
        .map(|event| {
            let facts: serde_json::Value = serde_json::from_str(&event.facts).unwrap();
            (
                event.kind.as_str(),
                facts["by"].as_str().unwrap().to_string(),
            )
        })
        .collect();
    let expected = [
        ("document.proposed", "operator-1"),
        ("document.activated", "operator-2"),
        ("document.activation_withdrawn", "operator-2"),
        ("document.withdrawn", "operator-1"),
    ];
    assert_eq!(told, expected.map(|(kind, by)| (kind, by.to_string())));
}
