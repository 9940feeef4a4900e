//! One sound request for every method: what malformed ones and noise are made from.

mod accounts;
mod approvals;
mod batches;
mod envelopes;
mod filings;
mod identities;
mod operations;
mod orchestrated;
mod payers;
mod receipts;
mod receivables;
mod reconciliations;
mod reimbursements;
mod revisions;
mod transfers;
mod visits;

use crate::{ask, caller, entitled, methods, short};
use integration_tests::{CLINIC, DRUG, HOSPITAL, World, id_number, stay, visit};
use kernel::Role;
use policy::testing::Text;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A person and a referral that nobody registered.
pub const NOBODY: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";

/// Ids of what the sound requests are about.
pub struct Ground {
    insured: String,
    uninsured: String,
    newcomer: String,
    mortal: String,
    requested: String,
    approved: String,
    posted: [String; 2],
    holds: [String; 2],
    guarantee: String,
    subsidy: String,
    sagas: [String; 3],
    reimbursements: reimbursements::Kept,
    accounts: accounts::Shared,
    approvals: approvals::Prepared,
    visits: visits::Registered,
    senders: envelopes::Kept,
    filing: String,
    identities: identities::Kept,
    transfers: transfers::Moving,
    revised: revisions::Revised,
    owing: receivables::Owing,
}

impl Ground {
    /// People, referrals and settlements in a world that has none.
    pub async fn lay(world: &World) -> Ground {
        let insured = world.insured(None).await;
        let insured_again = insured.clone();
        let mut posted = [world.insured(None).await, world.insured(None).await];
        for (n, person) in posted.iter_mut().enumerate() {
            let claim = stay(person, &format!("GROUND-{n}"), 1_000);
            *person = world
                .settle(&format!("ground-{n}"), claim)
                .await
                .unwrap()
                .settlement_id;
        }
        let mut referrals = Vec::new();
        for id in ["ground-requested", "ground-approved"] {
            let mut request = referral(&insured);
            request["request_id"] = id.into();
            let who = world.service();
            let answer = ask(world, &who, "referral/RequestReferral", &request)
                .await
                .unwrap();
            referrals.push(
                answer["referral"]["referralId"]
                    .as_str()
                    .unwrap()
                    .to_string(),
            );
        }
        let [requested, approved] = referrals.try_into().unwrap();
        let approval = json!({"request_id": "ground", "referral_id": approved, "opinion": "同意"});
        ask(
            world,
            &world.service(),
            "referral/ApproveReferral",
            &approval,
        )
        .await
        .unwrap();
        // Who activates is another than who proposed.
        let proposer = caller("operator-9", &[Role::Operator]);
        for service in ["enrollment", "settlement"] {
            let proposal = json!({"request_id": "ground", "text": activated().0});
            let name = format!("{service}/ProposePackage");
            ask(world, &proposer, &name, &proposal).await.unwrap();
        }
        let holds = batches::holds(world).await;
        let (uninsured, mortal) = (world.person().await, world.person().await);
        Ground {
            insured,
            uninsured,
            newcomer: world.person().await,
            mortal,
            requested,
            approved,
            posted,
            holds,
            guarantee: batches::guarantee(world).await,
            subsidy: batches::subsidy(world).await,
            sagas: operations::sagas(world).await,
            reimbursements: reimbursements::kept(world).await,
            accounts: accounts::shared(world).await,
            approvals: approvals::prepared(world).await,
            visits: visits::registered(world).await,
            senders: envelopes::kept(world).await,
            filing: filings::kept(world, &insured_again).await,
            identities: identities::kept(world).await,
            transfers: transfers::moving(world).await,
            revised: revisions::revised(world).await,
            owing: receivables::owing(world).await,
        }
    }

    /// Every method of the suite with a request that is granted, in an order in which all are.
    pub fn sound(&self) -> Vec<(&'static str, Value)> {
        let mut all = self.enrolment();
        all.extend(self.settling());
        all.extend(self.together());
        all.extend(self.orchestrated());
        all.extend(self.referring());
        all.extend(self.inspecting());
        all.extend(self.operating());
        all.extend(self.reading());
        all.extend(self.visiting());
        all.extend(self.accounts());
        all.extend(self.approving());
        all.extend(self.enveloping());
        all.extend(self.filing_diseases());
        all.extend(self.identifying());
        all.extend(self.transferring());
        all.extend(self.reimbursing());
        all.extend(self.reconciling());
        all.extend(self.counting());
        all.extend(self.correcting());
        all.extend(self.owing());
        all.extend(legislating());
        all.extend(for_all_services());
        all
    }

    /// The sound request of one method.
    pub fn of(&self, name: &str) -> Value {
        let mut all = self.sound().into_iter();
        all.find(|(known, _)| *known == name)
            .unwrap_or_else(|| panic!("no request {name}"))
            .1
    }

    fn enrolment(&self) -> Vec<(&'static str, Value)> {
        let Ground {
            insured,
            uninsured,
            mortal,
            ..
        } = self;
        vec![
            (
                "enrollment/RegisterHousehold",
                json!({"request_id": "S",
                "register_number": "HU-1", "township_code": "152501001"}),
            ),
            (
                "enrollment/RegisterPerson",
                json!({"request_id": "S", "name": "测试人员",
                "id_number": id_number(900), "sex": "2", "birth_day": "1980-01-01",
                "household_id": ""}),
            ),
            (
                "enrollment/RecordIdentity",
                json!({"request_id": "S", "person_id": uninsured,
                "kind": "2303", "from_day": "2016-01-01", "until_day": "2019-01-01"}),
            ),
            (
                "enrollment/QuoteSubsidy",
                json!({"person_id": uninsured, "scheme": "390",
                "year": 2017, "paid_day": "2015-11-15", "fee_tier": "", "repaid_years": 0,
                "enrolment_way": "", "exempt_from_waiting": false}),
            ),
            (
                "enrollment/EnrolPerson",
                json!({"request_id": "S", "person_id": mortal,
                "scheme": "390", "year": 2017, "paid_day": "2016-11-15", "paid_fen": 18_000,
                "exempt_from_waiting": false, "fee_tier": "", "repaid_years": 0,
                "enrolment_way": "", "origin": ""}),
            ),
            (
                "enrollment/ChangeStanding",
                json!({"request_id": "S", "person_id": mortal, "from_day": "2017-06-01",
                "person_type": "12", "covered_by": ["320"]}),
            ),
            (
                "enrollment/SuspendBenefit",
                json!({"request_id": "S", "person_id": uninsured,
                "from_day": "2017-01-01", "until_day": "2017-02-01", "reason": "核查"}),
            ),
            (
                "enrollment/RecordDeath",
                json!({"request_id": "S", "person_id": mortal,
                "death_day": "2018-01-01"}),
            ),
            ("enrollment/GetPerson", json!({"person_id": insured})),
            (
                "enrollment/RevealPerson",
                json!({"person_id": insured, "purpose": "CASE-1"}),
            ),
            (
                "enrollment/ListPersons",
                json!({"page_size": 2, "page_token": ""}),
            ),
            (
                "enrollment/ListCoverages",
                json!({"person_id": insured,
                "as_of_day": "2017-05-01"}),
            ),
            (
                "enrollment/CheckEligibility",
                json!({"person_id": insured, "scheme": "390",
                "as_of_day": "2017-05-01", "institution_code": CLINIC, "visit_number": "S-1",
                "identity_check_id": "", "identity_required": false}),
            ),
        ]
    }

    fn settling(&self) -> Vec<(&'static str, Value)> {
        let (insured, [first, second]) = (&self.insured, &self.posted);
        let (claim, member) = (claim(insured, "2017-06-01"), member(insured, "2017-06-01"));
        let priced = json!({"claim": claim, "member": member, "findings": [finding()]});
        let mut changed = priced.clone();
        changed["change"] = change();
        vec![
            (
                "settlement/RegisterInstitution",
                json!({"request_id": "S", "institution": {
                "institution_code": "H15250100009", "name": "测试医院", "tier": "2",
                "kind": "A1", "agreement_from_day": "2010-01-01", "place": "PLACE_CITY",
                "contracted": false, "agreement_until_day": ""}}),
            ),
            (
                "settlement/EndAgreement",
                json!({"request_id": "S", "institution_code": CLINIC,
                "from_day": "2019-01-01", "reason": "测试",
                "approval_id": self.approvals.ending}),
            ),
            (
                "settlement/PublishCatalogue",
                json!({"request_id": "S",
                "effective_day": "2019-01-01", "items": [
                    {"item_code": DRUG, "name": "甲类", "item_class": "01", "first_pay_bp": 0,
                     "price_limits": [], "restricted": true, "marks": ["ethnic", "new"]},
                    {"item_code": "D-B", "name": "乙类", "item_class": "02", "first_pay_bp": 1_000,
                     "price_limits": [{"tier": "1", "unit_price_micro_yuan": 1_000_000},
                                      {"tier": "2", "unit_price_micro_yuan": 2_000_000}]}]}),
            ),
            ("settlement/PriceClaim", priced.clone()),
            ("settlement/QuoteChange", changed),
            (
                "settlement/PostSettlement",
                json!({"request_id": "S", "origin": "",
                "claim": claim, "member": member, "findings": [finding()], "basis": null}),
            ),
            (
                "settlement/ReverseSettlement",
                json!({"request_id": "S", "origin": "",
                "settlement_id": second, "reason": "测试", "institution_code": ""}),
            ),
            ("settlement/GetSettlement", json!({"settlement_id": first})),
            (
                "settlement/ExplainSettlement",
                json!({"settlement_id": first}),
            ),
            (
                "settlement/ExplainChange",
                json!({"settlement_id": first, "change": change()}),
            ),
            ("settlement/GetClaimHistory", json!({"claim": claim})),
            (
                "settlement/GetAccumulators",
                json!({"person_id": insured, "scheme": "390",
                "year": 2017}),
            ),
            ("settlement/GetTrialBalance", json!({})),
            (
                "settlement/ListInstitutions",
                json!({"page_size": 1, "page_token": ""}),
            ),
            (
                "settlement/ListInstitutionsAsOf",
                json!({"day": "2018-03-01", "page_size": 1, "page_token": ""}),
            ),
            ("settlement/CountInstitutions", json!({"day": "2018-03-01"})),
        ]
    }

    fn referring(&self) -> Vec<(&'static str, Value)> {
        let Ground {
            insured,
            requested,
            approved,
            ..
        } = self;
        vec![
            ("referral/RequestReferral", referral(insured)),
            (
                "referral/ApproveReferral",
                json!({"request_id": "S", "referral_id": requested,
                "opinion": "同意"}),
            ),
            (
                "referral/UseReferral",
                json!({"request_id": "S", "referral_id": approved,
                "person_id": insured, "institution_code": HOSPITAL, "visit_number": "V-1",
                "admission_day": "2017-05-02", "origin": ""}),
            ),
            (
                "referral/ReleaseReferral",
                json!({"request_id": "S", "referral_id": approved,
                "visit_number": "V-1", "origin": ""}),
            ),
            (
                "referral/BarInstitution",
                json!({"request_id": "S", "institution_code": CLINIC,
                "from_day": "2030-01-01", "until_day": "2030-03-01",
                "decision_number": "测试决定1号", "reason": "测试", "origin": ""}),
            ),
            (
                "referral/ListBars",
                json!({"institution_code": "", "page_size": 1, "page_token": ""}),
            ),
            ("referral/GetReferral", json!({"referral_id": requested})),
        ]
    }

    fn inspecting(&self) -> Vec<(&'static str, Value)> {
        let past = json!({"settlement_id": self.posted[0], "institution_code": HOSPITAL,
            "visit_number": "V-0", "med_type": "21", "begin_day": "2017-03-01",
            "end_day": "2017-03-10", "fingerprint": "0".repeat(64)});
        vec![
            (
                "inspection/Screen",
                json!({"claim": claim(&self.insured, "2017-06-01"),
                "member": member(&self.insured, "2017-06-01"), "history": [past],
                "fingerprint": "1".repeat(64)}),
            ),
            ("inspection/ListRules", json!({"as_of_day": "2017-06-01"})),
            (
                "interregional/RegisterParticipant",
                json!({"request_id": "S",
                "region_code": "310000", "name": "上海市", "from_day": "2017-01-01"}),
            ),
            (
                "interregional/ListParticipants",
                json!({"page_size": 1, "page_token": ""}),
            ),
        ]
    }
}

/// The text that is proposed and waits to be activated.
fn activated() -> Text {
    Text::marked("ground")
}

/// Packages: alike in both services that decide by them.
fn legislating() -> Vec<(&'static str, Value)> {
    let propose = json!({"request_id": "S", "text": Text::marked("sound").0});
    let activate = json!({"request_id": "S", "package_digest": activated().digest().to_string(),
        "activates_time": "2018-03-02T00:00:00Z", "reason": "测试"});
    let list = json!({"page_size": 1, "page_token": ""});
    vec![
        ("enrollment/ProposePackage", propose.clone()),
        ("enrollment/ActivatePackage", activate.clone()),
        ("enrollment/ListPackages", list.clone()),
        ("settlement/ProposePackage", propose),
        ("settlement/ActivatePackage", activate),
        ("settlement/ListPackages", list),
    ]
}

/// Withdrawals, outcomes, burnings and events: alike everywhere.
fn for_all_services() -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    for method in methods() {
        let name: &'static str = String::leak(short(&method));
        let (package, verb) = name.split_once('/').unwrap();
        let change = match package {
            "enrollment" => "EnrolPerson",
            "envelope" => "RegisterSender",
            "filing" => "FileDisease",
            "identity" => "VerifyIdentity",
            "interregional" => "RegisterParticipant",
            "orchestrator" => "METHOD_SETTLE",
            "account" => "CreditAccount",
            "approval" => "ProposeApproval",
            "payerfile" => "PreparePayerFile",
            "receivable" => "RecordPayment",
            "reconciliation" => "CloseDay",
            "recovery" => "RecordRecovery",
            "referral" => "UseReferral",
            "revision" => "RefundLines",
            "saga" => "DirectSaga",
            "transfer" => "ApplyTransferIn",
            "reimbursement" => "SubmitReimbursement",
            "visit" => "UploadLines",
            _ => "PostSettlement",
        };
        let request = match verb {
            "GetOutcome" => json!({"request_id": "S", "method": change}),
            "Burn" => json!({"original_request_id": "burnt", "method": change}),
            "ListEvents" => json!({"after_position": 0, "page_size": 1}),
            "ListAccess" => json!({"filter": {"caller": "clerk-1", "subject_id": NOBODY,
                "from_day": "2018-03-01", "to_day": "2018-03-31"}, "page_size": 1,
                "page_token": ""}),
            "VerifyChain" => json!({"after_number": 0, "page_size": 1}),
            "Withdraw" => json!({"original_request_id": "withdrawn", "method": change}),
            verb if verb.starts_with("Withdraw") => json!({"original_request_id": "withdrawn"}),
            _ => continue,
        };
        all.push((name, request));
    }
    all
}

fn referral(person: &str) -> Value {
    json!({"request_id": "S", "person_id": person, "from_institution_code": CLINIC,
        "to_institution_code": HOSPITAL, "referral_type": "1", "diagnosis_code": "J18.900",
        "reason": "病情需要", "from_day": "2017-05-01"})
}

/// The outpatient visit of a day as JSON.
fn claim(person: &str, day: &str) -> Value {
    let claim = visit(person, &format!("S-{day}"), day, 5_000);
    let line = &claim.lines[0];
    json!({"person_id": person, "institution_code": claim.institution_code,
        "visit_number": claim.visit_number, "scheme": claim.scheme, "med_type": claim.med_type,
        "begin_day": day, "end_day": day, "diagnosis_code": claim.diagnosis_code,
        "disease_codes": ["M03900"], "third_party_share_bp": 0, "advance_payment": false,
        "filing": "FILING_REFERRED", "decided_day": day, "household_income_fen": 0,
        "referral_id": "", "guarantee_id": "", "reimbursement_id": "",
        "account_use": "ACCOUNT_USE_UNSPECIFIED",
        "lines": [{"number": 1, "item_code": line.item_code, "quantity_e4": line.quantity_e4,
            "unit_price_micro_yuan": line.unit_price_micro_yuan,
            "amount_fen": line.amount_fen, "approval": "APPROVAL_APPROVED", "fee_day": day}]})
}

fn member(person: &str, day: &str) -> Value {
    json!({"person_id": person, "area_code": integration_tests::AREA, "person_version": 1,
        "scheme": "390", "as_of_day": day, "eligible": true, "ineligibilities": [],
        "sex": "2", "birth_day": "1980-01-01", "identity_kinds": ["2303"],
        "continuous_years": 3,
        "filed_diseases": [{"filing_id": "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f",
            "kind": "KIND_CHRONIC", "disease_code": "M03900", "first_day": "2016-01-01",
            "last_day": "", "institution_codes": [CLINIC]}]})
}

fn change() -> Value {
    json!({"filing": "FILING_EMERGENCY", "place": "PLACE_OUTSIDE", "contracted": false,
        "tier": "3", "kind": "A2", "identity_kinds": {"identity_kinds": ["2304"]}})
}

fn finding() -> Value {
    json!({"rule_code": "A1", "effect": "EFFECT_NOTE", "line_number": 1, "sentence": "可疑。",
        "other_settlement_id": ""})
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_grants_its_sound_request() {
    let world = World::open().await;
    let ground = Ground::lay(&world).await;
    let sound = ground.sound();
    let asked: BTreeSet<String> = sound.iter().map(|(name, _)| name.to_string()).collect();
    let all: BTreeSet<String> = methods().iter().map(short).collect();
    assert_eq!(
        asked, all,
        "methods without a sound request, or requests without a method"
    );
    assert_eq!(sound.len(), all.len());
    for (name, request) in sound {
        let answer = ask(&world, &entitled(&world, name), name, &request).await;
        assert!(answer.is_ok(), "{name}: {answer:?}: {request}");
    }
}
