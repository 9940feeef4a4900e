//! The suite as its users see it: all six services over their wires, on the store the run is for,
//! under a clock that stands still.
//!
//! [`World`] is one such suite with a small area of its own; everything else is a test's business.

pub mod authority;
pub mod campaign;
mod certificates;
pub mod child;
pub mod envelopes;
pub mod hostile;
mod stuck;
pub mod tables;

pub use certificates::{certificate, sealed};

use kernel::{AreaCode, Clock, Fen, IdNumber, Instant, Principal, Role};
use policy::Library;
use proto::common::{Claim, ClaimLine, Settlement};
use proto::orchestrator::approval_subject::Subject;
use proto::{enrollment, orchestrator, referral, settlement};
use runtime::clock::ManualClock;
use runtime::{Context, Wire, render};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use store::testing::TestDatabase;
use tonic::{Request, Status};
use tonic_types::StatusExt;
use yibao::desk::Desk;
use yibao::suite::{Databases, Suite, SuiteConfig};

/// The pooling area of the tests.
pub const AREA: &str = "152501";
/// 二级综合医院.
pub const HOSPITAL: &str = "H15250100001";
/// 一级卫生院.
pub const CLINIC: &str = "H15250100002";
/// A class A item without a price limit.
pub const DRUG: &str = "D-A";
/// How long a test's calls may take: generous, for slow machines.
pub const PATIENCE: Duration = Duration::from_secs(50);

/// A suite with two institutions, one catalogue and nobody in it.
pub struct World {
    /// The services.
    pub suite: Suite,
    /// Their clock, at 2018-03-01 in the beginning.
    pub clock: Arc<ManualClock>,
    /// Their data.
    pub database: TestDatabase,
    people: AtomicU32,
}

impl World {
    /// A fresh world.
    pub async fn open() -> World {
        World::wrapped(|_, wire| wire).await
    }

    /// A fresh world with something between the orchestrator and its peers.
    pub async fn wrapped(
        wrap: impl Fn(&'static str, Wire) -> Wire + Send + Sync + 'static,
    ) -> World {
        World::tuned(|config| config.wrap = Some(Arc::new(wrap))).await
    }

    /// A fresh world in which one person moves any sum: for what is not about second persons.
    pub async fn of_one_person() -> World {
        World::tuned(|config| config.second_person_above = Fen(i64::MAX)).await
    }

    /// A fresh world with its suite opened otherwise.
    pub async fn tuned(tune: impl FnOnce(&mut SuiteConfig)) -> World {
        let database = TestDatabase::open().await.expect("a test database");
        let world = World::reopened(database, tune).await;
        world.furnish().await;
        world
    }

    /// The world of a database that has one: another's, an earlier program's, a restored one.
    pub async fn reopened(database: TestDatabase, tune: impl FnOnce(&mut SuiteConfig)) -> World {
        let clock = Arc::new(ManualClock::at(Instant::from_micros(1_519_862_400_000_000)));
        let mut config = SuiteConfig::new(
            databases(&database),
            AreaCode::parse(AREA).expect("six digits"),
            Arc::new(Library::builtin().expect("the packages hold")),
        );
        config.clock = clock.clone();
        config.envelopes = Some(Arc::new(envelopes::bureau()));
        config.redis_url = std::env::var("YIBAO_TEST_REDIS").ok();
        tune(&mut config);
        let suite = Suite::open(config).await.expect("the suite opens");
        World {
            suite,
            clock,
            database,
            people: AtomicU32::new(0),
        }
    }

    async fn furnish(&self) {
        let mut client = self.clerk().settlement();
        for (code, tier) in [(HOSPITAL, "2"), (CLINIC, "1")] {
            let institution = settlement::Institution {
                institution_code: code.into(),
                name: "测试机构".into(),
                tier: tier.into(),
                kind: "A1".into(),
                agreement_from_day: "2010-01-01".into(),
                ..Default::default()
            };
            let request_id = format!("world-{code}");
            let institution = Some(institution);
            let request = settlement::RegisterInstitutionRequest {
                request_id,
                institution,
            };
            client
                .register_institution(request)
                .await
                .expect("an institution");
        }
        let item = settlement::CatalogueItem {
            item_code: DRUG.into(),
            name: "甲类药品".into(),
            item_class: "01".into(),
            ..Default::default()
        };
        let request = settlement::PublishCatalogueRequest {
            request_id: "world-catalogue".into(),
            effective_day: "2010-01-01".into(),
            items: vec![item],
        };
        client
            .publish_catalogue(request)
            .await
            .expect("a catalogue");
    }

    /// Clients for a clerk of the bureau.
    pub fn clerk(&self) -> Desk {
        self.suite.desk("clerk-1")
    }

    /// What one person proposes and another agrees to: the approval's id.
    pub async fn approved(&self, subject: Subject) -> String {
        let request_id = format!("approved-{}", self.people.fetch_add(1, Ordering::Relaxed));
        let request = orchestrator::ProposeApprovalRequest {
            request_id: request_id.clone(),
            subject: Some(orchestrator::ApprovalSubject {
                subject: Some(subject),
            }),
            reason: "测试复核".into(),
        };
        let mut clerk = self.suite.desk("clerk-9").approvals();
        let proposed = clerk.propose_approval(patient(request)).await;
        let proposed = proposed.expect("a proposal").into_inner().approval;
        let proposed = proposed.expect("the approval");
        let request = orchestrator::GiveApprovalRequest {
            request_id,
            approval_id: proposed.approval_id.clone(),
            digest: proposed.digest,
        };
        let mut head = self.suite.desk("head-9+supervisor").approvals();
        let given = head.give_approval(patient(request)).await;
        given.expect("an agreement");
        proposed.approval_id
    }

    /// A service calling for the clerk: what the orchestrator looks like to its peers.
    pub fn service(&self) -> Context {
        let principal = Principal {
            caller: "orchestrator".into(),
            on_behalf_of: Some("clerk-1".into()),
            area: AreaCode::parse(AREA).expect("six digits"),
            roles: vec![Role::Service],
        };
        Context::of(principal, PATIENCE)
    }

    /// Puts a package into force at both services that decide by packages; an hour later it holds.
    pub async fn decide_by(&self, id: &str, text: &str) {
        let (clock, suite) = (&self.clock, &self.suite);
        let hour = 3_600_000;
        let since = Some(render::timestamp(clock.now().plus_millis(hour)));
        let digest = kernel::Digest::of(text.as_bytes()).to_string();
        let (request_id, text) = (id.to_string(), text.to_string());
        let (first, second) = (suite.desk("operator-1"), suite.desk("operator-2"));
        let propose = settlement::ProposePackageRequest {
            request_id: request_id.clone(),
            text: text.clone(),
        };
        first
            .settlement()
            .propose_package(propose)
            .await
            .expect("a package");
        let activate = settlement::ActivatePackageRequest {
            request_id: request_id.clone(),
            package_digest: digest.clone(),
            activates_time: since,
            reason: String::new(),
        };
        let mut desk = second.settlement();
        desk.activate_package(activate).await.expect("a package");
        let propose = enrollment::ProposePackageRequest {
            request_id: request_id.clone(),
            text,
        };
        first
            .enrollment()
            .propose_package(propose)
            .await
            .expect("a package");
        let activate = enrollment::ActivatePackageRequest {
            request_id,
            package_digest: digest,
            activates_time: since,
            reason: String::new(),
        };
        let mut desk = second.enrollment();
        desk.activate_package(activate).await.expect("a package");
        clock.set(clock.now().plus_millis(2 * hour));
    }

    /// A synthetic person insured for 2017 as a resident, with an identity when a kind is given.
    pub async fn insured(&self, kind: Option<&str>) -> String {
        let person = self.person().await;
        let mut client = self.clerk().enrollment();
        if let Some(kind) = kind {
            let request = enrollment::RecordIdentityRequest {
                request_id: format!("identity-{person}"),
                person_id: person.clone(),
                kind: kind.into(),
                from_day: "2016-01-01".into(),
                until_day: String::new(),
            };
            client.record_identity(request).await.expect("an identity");
        }
        let quote = enrollment::QuoteSubsidyRequest {
            person_id: person.clone(),
            scheme: "390".into(),
            year: 2017,
            paid_day: "2016-11-15".into(),
            ..Default::default()
        };
        let quoted = client
            .quote_subsidy(quote)
            .await
            .expect("a subsidy")
            .into_inner();
        let request = enrollment::EnrolPersonRequest {
            request_id: format!("enrol-{person}"),
            person_id: person.clone(),
            scheme: "390".into(),
            year: 2017,
            paid_day: "2016-11-15".into(),
            paid_fen: quoted.subsidy.expect("a subsidy").to_pay_fen,
            exempt_from_waiting: false,
            ..Default::default()
        };
        client.enrol_person(request).await.expect("a coverage");
        person
    }

    /// A synthetic person, insured by nothing.
    pub async fn person(&self) -> String {
        let n = self.people.fetch_add(1, Ordering::SeqCst);
        let request = enrollment::RegisterPersonRequest {
            request_id: format!("person-{n}"),
            name: "测试人员".into(),
            id_number: id_number(n),
            sex: "2".into(),
            birth_day: "1980-01-01".into(),
            household_id: String::new(),
        };
        let answer = self
            .clerk()
            .enrollment()
            .register_person(request)
            .await
            .expect("a person");
        answer.into_inner().person.expect("a person").person_id
    }

    /// 慢特病备案 of a person with a disease from 2016 on, without an end, at these institutions alone;
    /// at any where there are none.
    pub async fn filed(&self, person: &str, disease: &str, fixed: &[&str]) -> String {
        let request = orchestrator::FileDiseaseRequest {
            request_id: format!("filing-{disease}-{person}"),
            person_id: person.into(),
            scheme: "390".into(),
            kind: orchestrator::disease_filing::Kind::Chronic.into(),
            disease_code: disease.into(),
            disease_name: "测试病种".into(),
            first_day: "2016-01-01".into(),
            institution_codes: fixed.iter().map(|code| code.to_string()).collect(),
            material: "诊断证明".into(),
            ..Default::default()
        };
        let answer = self.clerk().filings().file_disease(request).await;
        let filed = answer.expect("a filing").into_inner();
        filed.filing.expect("a filing").filing_id
    }

    /// Withdraws the registration of the newest person: from now on nobody knows them.
    pub async fn withdraw_last_person(&self) {
        let n = self.people.load(Ordering::SeqCst) - 1;
        let request = enrollment::WithdrawRegisterPersonRequest {
            original_request_id: format!("person-{n}"),
        };
        let mut client = self.clerk().enrollment();
        let withdrawn = client.withdraw_register_person(request).await;
        withdrawn.expect("withdrawing is never refused");
    }

    /// Settles a claim for the clerk, through the orchestrator.
    pub async fn settle(&self, id: &str, claim: Claim) -> Result<Settlement, Status> {
        let request = orchestrator::SettleRequest {
            request_id: id.into(),
            claim: Some(claim),
            basis: None,
            ..Default::default()
        };
        let answer = self.clerk().orchestrator().settle(patient(request)).await?;
        Ok(answer.into_inner().settlement.expect("a settlement"))
    }

    /// Reverses a settlement for the clerk, through the orchestrator.
    pub async fn reverse(&self, id: &str, settlement_id: &str) -> Result<Settlement, Status> {
        let request = orchestrator::ReverseRequest {
            request_id: id.into(),
            settlement_id: settlement_id.into(),
            reason: "测试撤销".into(),
        };
        let answer = self
            .clerk()
            .orchestrator()
            .reverse(patient(request))
            .await?;
        Ok(answer.into_inner().settlement.expect("a settlement"))
    }

    /// A referral of a person to the hospital, approved.
    pub async fn referred(&self, person: &str) -> String {
        let mut client = self.clerk().referral();
        let request = referral_to_hospital(&format!("referral-{person}"), person);
        let requested = client.request_referral(request).await.expect("a referral");
        let requested = requested.into_inner().referral.expect("a referral");
        let request = referral::ApproveReferralRequest {
            request_id: format!("approval-{person}"),
            referral_id: requested.referral_id.clone(),
            opinion: "同意".into(),
        };
        client.approve_referral(request).await.expect("an approval");
        requested.referral_id
    }

    /// A person's accumulators of 2017 as residents.
    pub async fn accumulators(&self, person: &str) -> settlement::GetAccumulatorsResponse {
        let request = settlement::GetAccumulatorsRequest {
            person_id: person.into(),
            scheme: "390".into(),
            year: 2017,
        };
        let answer = self.clerk().settlement().get_accumulators(request).await;
        answer.expect("accumulators").into_inner()
    }

    /// The ledger's accounts. Their sum is checked: it is zero at every moment.
    pub async fn ledger(&self) -> settlement::GetTrialBalanceResponse {
        let request = settlement::GetTrialBalanceRequest {};
        let answer = self.clerk().settlement().get_trial_balance(request).await;
        let balance = answer.expect("a trial balance").into_inner();
        assert_eq!(
            balance.sum_fen, 0,
            "the ledger does not balance: {balance:?}"
        );
        balance
    }
}

/// Where a suite keeps its data in this test database.
pub fn databases(database: &TestDatabase) -> Databases {
    match database.folder() {
        Some(folder) => Databases::Folder(folder.to_path_buf()),
        None => Databases::Url(database.url("suite")),
    }
}

/// The `n`-th synthetic identity number: region 999999, which no real one has.
pub fn id_number(n: u32) -> String {
    let digits = format!("999999{}{:03}", 19_700_101 + n / 1_000, n % 1_000);
    let check = IdNumber::check_character(&digits).expect("seventeen digits");
    format!("{digits}{check}")
}

/// A one-line stay of nine days in March 2017 at the hospital.
pub fn stay(person: &str, visit: &str, yuan: i64) -> Claim {
    claim(
        person,
        HOSPITAL,
        "21",
        visit,
        ("2017-03-01", "2017-03-10"),
        yuan * 100,
    )
}

/// The admission to the stay of a claim.
pub fn admission(claim: &Claim) -> orchestrator::Admission {
    orchestrator::Admission {
        person_id: claim.person_id.clone(),
        institution_code: claim.institution_code.clone(),
        visit_number: claim.visit_number.clone(),
        scheme: claim.scheme.clone(),
        med_type: claim.med_type.clone(),
        begin_day: claim.begin_day.clone(),
        diagnosis_code: claim.diagnosis_code.clone(),
        referral_id: claim.referral_id.clone(),
        estimate_fen: 500_000,
    }
}

/// A referral to the hospital, from the clinic, for a [`stay`].
pub fn referral_to_hospital(request_id: &str, person: &str) -> referral::RequestReferralRequest {
    referral::RequestReferralRequest {
        request_id: request_id.into(),
        person_id: person.into(),
        from_institution_code: CLINIC.into(),
        to_institution_code: HOSPITAL.into(),
        referral_type: "1".into(),
        diagnosis_code: "J18.900".into(),
        reason: "病情需要".into(),
        from_day: "2017-03-01".into(),
    }
}

/// A one-line outpatient visit at the clinic.
pub fn visit(person: &str, visit: &str, day: &str, fen: i64) -> Claim {
    claim(person, CLINIC, "11", visit, (day, day), fen)
}

/// A one-line claim.
pub fn claim(
    person: &str,
    institution: &str,
    med_type: &str,
    visit: &str,
    days: (&str, &str),
    fen: i64,
) -> Claim {
    Claim {
        person_id: person.into(),
        institution_code: institution.into(),
        visit_number: visit.into(),
        scheme: "390".into(),
        med_type: med_type.into(),
        begin_day: days.0.into(),
        end_day: days.1.into(),
        diagnosis_code: "J18.900".into(),
        lines: vec![ClaimLine {
            number: 1,
            item_code: DRUG.into(),
            unit_price_micro_yuan: fen * 10_000,
            quantity_e4: 10_000,
            amount_fen: fen,
            ..Default::default()
        }],
        ..Default::default()
    }
}

/// A request whose caller waits as long as a slow machine needs.
pub fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}

/// The refusal's code in a status; empty when there is none.
pub fn code(status: &Status) -> String {
    let details = status.get_error_details();
    details
        .error_info()
        .map(|info| info.reason.clone())
        .unwrap_or_default()
}

/// True when the status says it was read from a key row.
pub fn remembered(status: &Status) -> bool {
    let details = status.get_error_details();
    details
        .error_info()
        .is_some_and(|info| info.metadata.contains_key("remembered"))
}
