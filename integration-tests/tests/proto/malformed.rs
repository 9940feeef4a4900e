//! Malformed requests: each is told which field is wrong and what was expected there, in Chinese,
//! and changes nothing, so that the caller may mend it and keep its request id.

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
mod streams;
mod transfers;
mod visits;

use crate::requests::Ground;
use crate::{ask, entitled, methods, short};
use integration_tests::{World, code, remembered};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// A sound request, where it is made wrong, how, and the field that must be named.
struct Wrong {
    method: String,
    at: String,
    value: Value,
    field: String,
}

fn wrong(method: &str, at: &str, value: Value, field: &str) -> Wrong {
    Wrong {
        method: method.into(),
        at: at.into(),
        value,
        field: field.into(),
    }
}

fn long(length: usize) -> Value {
    "x".repeat(length).into()
}

/// Wrong in the same way wherever the field is.
fn everywhere() -> Vec<Wrong> {
    let mut all = Vec::new();
    for method in methods() {
        let name = short(&method);
        let mut say = |field: &str, values: Vec<Value>| {
            if method.input().get_field_by_name(field).is_some() {
                let row = |value| wrong(&name, &format!("/{field}"), value, field);
                all.extend(values.into_iter().map(row));
            }
        };
        let ids = || {
            vec![
                json!(""),
                long(65),
                json!("a b"),
                json!("请求"),
                json!("a/b"),
            ]
        };
        say("request_id", ids());
        say("original_request_id", ids());
        say("page_size", vec![json!(-1), json!(501), json!(i32::MAX)]);
        say(
            "page_token",
            vec![json!("0"), json!("zz"), json!("ff"), long(202)],
        );
        let orchestrated = name.starts_with("orchestrator/");
        say(
            "method",
            match orchestrated {
                true => vec![json!(0), json!(99), json!(-1)],
                false => vec![json!(""), json!("Nonsense"), json!("GetOutcome")],
            },
        );
        for id in ["person_id", "settlement_id", "referral_id", "saga_id"] {
            say(
                id,
                vec![
                    json!(""),
                    json!("1"),
                    json!("0190d6b25f5e7cc398c4dc0c0c07398f"),
                ],
            );
        }
        if method.name() == "ListAccess" {
            let mut say = |field: &str, value| {
                let field = format!("filter.{field}");
                all.push(wrong(&name, &pointer(&field), value, &field));
            };
            say("caller", long(201));
            say("subject_id", long(65));
            say("subject_id", json!("a\nb"));
            say("from_day", json!("2018-02-30"));
            say("from_day", json!(""));
            say("to_day", json!("tomorrow"));
            say("to_day", json!("2018-02-28"));
        }
    }
    all
}

#[rustfmt::skip]
fn of_enrollment() -> Vec<Wrong> {
    let person = |at, value| wrong("enrollment/RegisterPerson", &format!("/{at}"), value, at);
    let enrol = |at, value| wrong("enrollment/EnrolPerson", &format!("/{at}"), value, at);
    let suspend = |at, value| wrong("enrollment/SuspendBenefit", &format!("/{at}"), value, at);
    vec![
        wrong("enrollment/RegisterHousehold", "/register_number", json!(""), "register_number"),
        wrong("enrollment/RegisterHousehold", "/register_number", long(31), "register_number"),
        wrong("enrollment/RegisterHousehold", "/register_number", json!("户"), "register_number"),
        wrong("enrollment/RegisterHousehold", "/township_code", json!("15250"), "township_code"),
        wrong("enrollment/RegisterHousehold", "/township_code", json!("15250a"), "township_code"),
        person("name", json!(" ")), person("name", long(51)), person("name", json!("张\n三")),
        person("id_number", json!("")), person("id_number", json!("99999919700101000Y")),
        person("id_number", json!("身份证号码身份证号码")),
        person("sex", json!("")), person("sex", json!("3")),
        person("birth_day", json!("")), person("birth_day", json!("1980-02-30")),
        person("birth_day", json!("80-01-01")), person("birth_day", json!("1899-12-31")),
        person("household_id", json!("1")),
        wrong("enrollment/RecordIdentity", "/kind", json!(""), "kind"),
        wrong("enrollment/RecordIdentity", "/kind", json!("身份"), "kind"),
        wrong("enrollment/RecordIdentity", "/from_day", json!("2016-00-01"), "from_day"),
        wrong("enrollment/RecordIdentity", "/until_day", json!("never"), "until_day"),
        wrong("enrollment/RecordIdentity", "/until_day", json!("2016-01-01"), "until_day"),
        enrol("scheme", json!("")), enrol("scheme", json!("390 ")),
        enrol("year", json!(0)), enrol("year", json!(1999)), enrol("year", json!(2101)),
        enrol("paid_day", json!("2016/11/15")), enrol("paid_fen", json!(-1)),
        enrol("paid_fen", json!(i64::MIN)),
        enrol("origin", json!("AAAA")),
        enrol("fee_tier", json!("一档")), enrol("fee_tier", long(21)),
        enrol("repaid_years", json!(-1)), enrol("repaid_years", json!(i32::MAX)),
        enrol("enrolment_way", json!("Resident")),
        suspend("from_day", json!("")), suspend("until_day", json!("2017-01-01")),
        suspend("reason", json!("")), suspend("reason", long(201)),
        wrong("enrollment/RecordDeath", "/death_day", json!(""), "death_day"),
        wrong("enrollment/ListCoverages", "/as_of_day", json!("today"), "as_of_day"),
        wrong("enrollment/RevealPerson", "/purpose", json!(""), "purpose"),
        wrong("enrollment/RevealPerson", "/purpose", long(65), "purpose"),
        wrong("enrollment/RevealPerson", "/purpose", json!("为本案"), "purpose"),
        wrong("enrollment/CheckEligibility", "/as_of_day", json!(""), "as_of_day"),
        wrong("enrollment/CheckEligibility", "/scheme", json!("居民"), "scheme"),
        wrong("enrollment/QuoteSubsidy", "/year", json!(-2017), "year"),
        wrong("enrollment/QuoteSubsidy", "/paid_day", json!(""), "paid_day"),
        wrong("enrollment/QuoteSubsidy", "/fee_tier", json!("一档"), "fee_tier"),
        wrong("enrollment/QuoteSubsidy", "/repaid_years", json!(101), "repaid_years"),
        wrong("enrollment/QuoteSubsidy", "/enrolment_way", json!("x"), "enrolment_way"),
    ]
}

/// What is wrong in a claim, and where in it.
#[rustfmt::skip]
fn of_claims() -> Vec<(&'static str, Value)> {
    vec![
        ("person_id", json!("nobody")), ("institution_code", json!("H1525010000")),
        ("institution_code", json!("X15250100001")), ("scheme", json!("")),
        ("end_day", json!("2017-13-01")), ("visit_number", json!("")),
        ("visit_number", long(31)), ("med_type", json!("门诊")),
        ("begin_day", json!("")), ("diagnosis_code", json!("")), ("diagnosis_code", long(31)),
        ("lines", json!([])), ("lines[0].number", json!(0)), ("lines[0].number", json!(-1)),
        ("lines[0].item_code", json!("")), ("lines[0].item_code", json!("药")),
        ("lines[0].unit_price_micro_yuan", json!(-1)), ("lines[0].quantity_e4", json!(0)),
        ("lines[0].quantity_e4", json!(i64::MIN)),
        ("disease_codes", json!(vec!["M03900"; 101])), ("disease_codes[0]", json!("")),
        ("disease_codes[0]", json!("病种")), ("third_party_share_bp", json!(-1)),
        ("third_party_share_bp", json!(10_001)), ("advance_payment", json!(true)),
        ("filing", json!(99)), ("filing", json!(-1)), ("account_use", json!(3)), ("decided_day", json!("2017-13-01")),
        ("decided_day", json!("2017-01-01")), ("household_income_fen", json!(-1)),
        ("household_income_fen", json!(i64::MAX)), ("lines[0].approval", json!(3)),
        ("referral_id", json!("1")), ("guarantee_id", json!("1")),
        ("lines[0].fee_day", json!("2017")), ("lines[0].fee_day", json!("2018-01-01")),
    ]
}

/// What is wrong in a change, and where in it.
fn of_changes() -> Vec<(&'static str, Value)> {
    vec![
        ("filing", json!(99)),
        ("place", json!(-1)),
        ("tier", json!("三级")),
        ("kind", long(13)),
        ("identity_kinds.identity_kinds[0]", json!("")),
        ("identity_kinds.identity_kinds", json!(vec!["2303"; 101])),
    ]
}

/// The JSON pointer of a path such as `claim.lines[0].number`.
fn pointer(path: &str) -> String {
    format!(
        "/{}",
        path.replace("].", "/")
            .replace(['.', '['], "/")
            .replace(']', "")
    )
}

#[rustfmt::skip]
fn of_settlement() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| wrong(method, &pointer(field), value, field);
    let institution = |field: &str, value| {
        at("settlement/RegisterInstitution", &format!("institution.{field}"), value)
    };
    let catalogue = |field: &str, value| at("settlement/PublishCatalogue", field, value);
    let post = |field: &str, value| at("settlement/PostSettlement", field, value);
    let basis = |field: &str, value: Value| {
        let zeros = "0".repeat(64);
        let mut basis = json!({"package_name": "152501/2017-01-01", "package_digest": zeros,
            "catalogue_id": "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f", "day": "2017-06-01",
            "amounts_digest": zeros});
        basis[field] = value;
        wrong("settlement/PostSettlement", "/basis", basis, &format!("basis.{field}"))
    };
    let mut all = vec![
        at("settlement/RegisterInstitution", "institution", Value::Null),
        institution("institution_code", json!("h15250100009")), institution("name", json!("")),
        institution("name", long(101)), institution("tier", json!("")),
        institution("place", json!(5)), institution("kind", json!("医院")), institution("agreement_from_day", json!("2010-1-1")),
        at("settlement/EndAgreement", "institution_code", json!("")),
        at("settlement/EndAgreement", "from_day", json!("")),
        at("settlement/EndAgreement", "reason", json!("")), at("settlement/EndAgreement", "reason", long(201)),
        at("settlement/EndAgreement", "approval_id", json!("1")),
        at("settlement/ListInstitutionsAsOf", "day", json!("2018-3-1")),
        at("settlement/CountInstitutions", "day", json!("")),
        catalogue("effective_day", json!("")), catalogue("items", json!([])),
        catalogue("items[0].item_code", json!("")), catalogue("items[1].item_code", json!("D-A")),
        catalogue("items[0].name", json!("")), catalogue("items[0].item_class", json!("04")),
        catalogue("items[0].first_pay_bp", json!(1)), catalogue("items[1].first_pay_bp", json!(-1)),
        catalogue("items[1].first_pay_bp", json!(10_001)),
        catalogue("items[1].price_limits[0].tier", json!("")),
        catalogue("items[1].price_limits[1].tier", json!("1")),
        catalogue("items[1].price_limits[0].unit_price_micro_yuan", json!(-1)),
        catalogue("items[0].marks[0]", json!("蒙药")), catalogue("items[0].marks", json!(vec!["a"; 21])),
        // Without a member it is a repeat's question; a first attempt is refused by decision.
        post("claim", Value::Null), post("member.person_id", json!("1")), post("member.scheme", json!("")),
        post("member.as_of_day", json!("")), post("member.identity_kinds[0]", json!("身份")),
        post("member.birth_day", json!("1980-02-30")), post("member.continuous_years", json!(-1)),
        post("member.continuous_years", json!(201)),
        post("member.filed_diseases[0].filing_id", json!("1")),
        post("member.filed_diseases[0].kind", json!(0)), post("member.filed_diseases[0].kind", json!(9)),
        post("member.filed_diseases[0].disease_code", json!("病种")),
        post("member.filed_diseases[0].first_day", json!("")),
        post("member.filed_diseases[0].last_day", json!("2015-12-31")),
        post("member.filed_diseases[0].institution_codes[0]", json!("H1")),
        post("findings[0].rule_code", json!("")), post("findings[0].effect", json!(99)),
        post("findings[0].effect", json!(0)), post("findings[0].line_number", json!(-1)),
        post("findings[0].sentence", json!("")), post("findings[0].other_settlement_id", json!("1")),
        post("origin", json!("AAAA")),
        basis("package_name", json!("")), basis("package_digest", json!("0")),
        basis("catalogue_id", json!("")), basis("day", json!("")),
        basis("amounts_digest", json!("g".repeat(64))), basis("account_version", json!(-1)),
        at("settlement/ReverseSettlement", "origin", json!("AAAA")),
        at("settlement/ReverseSettlement", "reason", json!("")),
        at("settlement/ReverseSettlement", "reason", long(201)),
        at("settlement/ReverseSettlement", "institution_code", json!("H1")),
        at("settlement/GetAccumulators", "scheme", json!("")),
        at("orchestrator/Reverse", "reason", json!(" ")),
    ];
    for method in ["settlement/QuoteChange", "settlement/ExplainChange",
        "orchestrator/WhatWouldChange"] {
        all.push(at(method, "change", Value::Null));
        all.extend(of_changes().into_iter().map(|(field, value)| {
            at(method, &format!("change.{field}"), value)
        }));
    }
    for method in ["settlement/PostSettlement", "settlement/PriceClaim", "settlement/QuoteChange",
        "settlement/GetClaimHistory", "orchestrator/PreSettle", "orchestrator/WhatWouldChange",
        "orchestrator/Settle"] {
        all.push(at(method, "claim", Value::Null));
        all.extend(of_claims().into_iter().map(|(field, value)| {
            at(method, &format!("claim.{field}"), value)
        }));
    }
    all
}

#[rustfmt::skip]
fn of_packages() -> Vec<Wrong> {
    let mut all = Vec::new();
    for service in ["enrollment", "settlement"] {
        let propose = format!("{service}/ProposePackage");
        let activate = format!("{service}/ActivatePackage");
        let mut at = |field: &str, value| all.push(wrong(&activate, &pointer(field), value, field));
        at("package_digest", json!("")); at("package_digest", json!("0"));
        at("package_digest", json!("g".repeat(64)));
        at("activates_time", Value::Null);
        at("activates_time", json!("0001-01-01T00:00:00Z"));
        at("activates_time", json!("3000-01-01T00:00:00Z"));
        at("reason", long(201)); at("reason", json!("\n"));
        all.push(wrong(&propose, "/text", json!(""), "text"));
        all.push(wrong(&propose, "/text", long((1 << 20) + 1), "text"));
    }
    all
}

#[rustfmt::skip]
fn of_the_others() -> Vec<Wrong> {
    let at = |method: &str, field: &str, value| wrong(method, &pointer(field), value, field);
    let request = |field, value| at("referral/RequestReferral", field, value);
    let using = |field, value| at("referral/UseReferral", field, value);
    let releasing = |field, value| at("referral/ReleaseReferral", field, value);
    let barring = |field, value| at("referral/BarInstitution", field, value);
    let screen = |field, value| at("inspection/Screen", field, value);
    let participant = |field, value| at("interregional/RegisterParticipant", field, value);
    vec![
        request("from_institution_code", json!("")), request("to_institution_code", json!("H")),
        request("referral_type", json!("")), request("referral_type", json!("4")),
        request("diagnosis_code", json!("肺炎")), request("reason", json!("")),
        request("reason", long(201)), request("from_day", json!("2017-02-29")),
        at("referral/ApproveReferral", "opinion", json!("")),
        at("referral/ApproveReferral", "opinion", long(201)),
        using("institution_code", json!("")), using("visit_number", json!("")),
        using("visit_number", json!("号")), using("admission_day", json!("")),
        using("origin", json!("AAAA")),
        releasing("visit_number", json!("")), releasing("visit_number", json!("号")),
        releasing("origin", json!("AAAA")),
        barring("institution_code", json!("")), barring("from_day", json!("")),
        barring("until_day", json!("2017-02-29")), barring("decision_number", json!(" ")),
        barring("decision_number", long(101)), barring("reason", json!("")),
        barring("reason", long(201)), barring("origin", json!("AAAA")),
        at("referral/ListBars", "institution_code", json!("H")),
        screen("claim", Value::Null), screen("member", Value::Null),
        screen("member.person_id", json!("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f")),
        screen("member.sex", json!("")), screen("member.birth_day", json!("")),
        screen("claim.end_day", json!("")), screen("claim.lines[0].number", json!(-1)),
        screen("claim.lines[0].item_code", json!("")), screen("fingerprint", json!("0")),
        screen("history[0].settlement_id", json!("")),
        screen("history[0].end_day", json!("2017")),
        screen("history[0].fingerprint", json!("")),
        at("inspection/ListRules", "as_of_day", json!("2017")),
        participant("region_code", json!("31000")), participant("name", json!("")),
        participant("name", long(51)), participant("from_day", json!("")),
    ]
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

/// What is not as it should be in an answer to a malformed request.
fn faults(answer: &Result<Value, Status>, field: &str) -> Vec<String> {
    let no = match answer {
        Err(no) if no.code() == Code::InvalidArgument => no,
        other => return vec![format!("answered {other:?}")],
    };
    let mut faults = Vec::new();
    let details = no.get_error_details();
    let violations = details
        .bad_request()
        .map(|bad| bad.field_violations.clone());
    let named: Vec<_> = violations
        .unwrap_or_default()
        .into_iter()
        .map(|v| v.field)
        .collect();
    if named != [field] {
        faults.push(format!("names {named:?}: {}", no.message()));
    }
    let told = details.localized_message().cloned().unwrap_or_default();
    let remedy = details
        .error_info()
        .and_then(|info| info.metadata.get("remedy").cloned());
    let remedy = remedy.unwrap_or_default();
    let sentence = told
        .message
        .strip_suffix(remedy.as_str())
        .unwrap_or_default();
    if told.locale != "zh-CN" || ![sentence, &remedy].iter().all(|t| t.ends_with('。')) {
        faults.push(format!("not two sentences: {told:?}"));
    }
    // What was expected is told in Chinese, like everything around it.
    let expected = sentence
        .split_once("应为")
        .map_or(sentence, |(_, expected)| expected);
    if !is_chinese(expected) || !is_chinese(&remedy) {
        faults.push(format!("not Chinese: {sentence}"));
    }
    faults
}

/// What became of the request, and of the databases: nothing.
async fn traces(world: &World, wrong: &Wrong, request: &Value, commits: u64) -> Vec<String> {
    let mut traces = Vec::new();
    // That a person asked is written down in any case.
    let of_people = ["/ListAccess", "/RevealPerson"];
    let noted = u64::from(of_people.iter().any(|name| wrong.method.ends_with(name)));
    if committed(world) != commits + noted {
        traces.push("something was committed".into());
    }
    let (package, verb) = wrong.method.split_once('/').unwrap();
    if wrong.field == "request_id" || request.get("request_id").is_none() || verb == "GetOutcome" {
        return traces;
    }
    let method = match (package, verb) {
        ("orchestrator", verb) => orchestrated::method(verb),
        ("batch", _) => orchestrated::method("SettleTogether"),
        (_, verb) => verb.to_string(),
    };
    // A stream of claims has no outcomes of its own.
    let package = if package == "batch" {
        "orchestrator"
    } else {
        package
    };
    let question = json!({"request_id": request["request_id"], "method": method});
    let name = format!("{package}/GetOutcome");
    let answer = ask(world, &world.service(), &name, &question)
        .await
        .unwrap();
    if answer["outcome"]["state"] != "STATE_UNKNOWN_HERE" {
        traces.push(format!("its outcome is {answer}"));
    }
    traces
}

/// Commits of all databases so far.
fn committed(world: &World) -> u64 {
    let services = [
        "enrollment",
        "settlement",
        "referral",
        "interregional",
        "orchestrator",
    ];
    let counts = services.iter().map(|service| {
        let database = world.suite.database(service).expect("a database");
        database.counts().commits.load(Ordering::SeqCst)
    });
    counts.sum()
}

/// Puts the wrong value in its place; a field that a sound request leaves out is added to its message.
fn put(request: &mut Value, wrong: &Wrong) {
    if let Some(place) = request.pointer_mut(&wrong.at) {
        *place = wrong.value.clone();
        return;
    }
    let (message, field) = wrong.at.rsplit_once('/').unwrap_or_default();
    let message = request.pointer_mut(message).and_then(Value::as_object_mut);
    let message = message.unwrap_or_else(|| panic!("{}: no {}", wrong.method, wrong.at));
    message.insert(field.to_string(), wrong.value.clone());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_request_is_told_its_field_and_changes_nothing() {
    let world = World::open().await;
    let ground = Ground::lay(&world).await;
    let rows = [
        everywhere(),
        of_enrollment(),
        of_settlement(),
        batches::of_batches(),
        streams::of_openings(),
        orchestrated::of_sagas(),
        operations::of_operations(),
        receipts::of_receipts(),
        accounts::of_accounts(),
        approvals::of_approvals(),
        reimbursements::of_reimbursements(),
        envelopes::of_envelopes(),
        filings::of_filings(),
        identities::of_identities(),
        transfers::of_transfers(),
        reconciliations::of_reconciliations(),
        payers::of_payers(),
        visits::of_visits(),
        revisions::of_revisions(),
        receivables::of_receivables(),
        of_packages(),
        of_the_others(),
    ];
    let rows: Vec<Wrong> = rows.into_iter().flatten().collect();
    println!("{} malformed requests", rows.len());
    let sound: BTreeMap<&str, Value> = ground.sound().into_iter().rev().collect();
    let mut faulty = Vec::new();
    for (n, wrong) in rows.iter().enumerate() {
        let known = sound.get(wrong.method.as_str());
        let mut request = known
            .unwrap_or_else(|| panic!("no request {}", wrong.method))
            .clone();
        if request.get("request_id").is_some() {
            request["request_id"] = format!("M-{n}").into();
        }
        put(&mut request, wrong);
        let commits = committed(&world);
        let who = entitled(&world, &wrong.method);
        let answer = ask(&world, &who, &wrong.method, &request).await;
        let mut faults = faults(&answer, &wrong.field);
        if answer.as_ref().is_err_and(remembered) {
            faults.push("remembered".into());
        }
        faults.extend(traces(&world, wrong, &request, commits).await);
        let told = |fault| format!("{} {} = {}: {fault}", wrong.method, wrong.at, wrong.value);
        faulty.extend(faults.into_iter().map(told));
    }
    assert!(
        faulty.is_empty(),
        "{} faults:\n{}",
        faulty.len(),
        faulty.join("\n")
    );
}

/// Told wrong, mended, sent again with the same id: granted, for the first time.
#[tokio::test(flavor = "multi_thread")]
async fn a_mended_request_keeps_its_id() {
    let world = World::open().await;
    let ground = Ground::lay(&world).await;
    for (name, day) in [
        ("enrollment/RecordIdentity", "/from_day"),
        ("settlement/PostSettlement", "/claim/begin_day"),
        ("referral/RequestReferral", "/from_day"),
        ("interregional/RegisterParticipant", "/from_day"),
        ("orchestrator/Settle", "/claim/begin_day"),
    ] {
        let sound = ground.of(name);
        let mut wrong = sound.clone();
        *wrong.pointer_mut(day).unwrap() = "2017-02-30".into();
        let no = ask(&world, &world.service(), name, &wrong)
            .await
            .unwrap_err();
        assert_eq!(code(&no), "INVALID_FIELD", "{name}: {no}");
        let granted = ask(&world, &world.service(), name, &sound).await.unwrap();
        assert!(granted.get("replayed").is_none(), "{name}: {granted}");
        let again = ask(&world, &world.service(), name, &sound).await.unwrap();
        assert_eq!(again["replayed"], true, "{name}: {again}");
    }
}

/// Well-formed and still wrong: that is a decision, remembered under the request's id.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_by_decision_is_remembered() {
    let world = World::open().await;
    let ground = Ground::lay(&world).await;
    let who = world.service();
    let rows = [
        (
            "LINE_AMOUNT_WRONG",
            "claim.lines[0].amount_fen",
            json!(-5_000),
        ),
        (
            "LINE_AMOUNT_WRONG",
            "claim.lines[0].amount_fen",
            json!(4_999),
        ),
        (
            "CLAIM_DAYS_REVERSED",
            "claim.begin_day",
            json!("2017-12-31"),
        ),
    ];
    for (n, (wanted, field, value)) in rows.into_iter().enumerate() {
        for name in ["settlement/PostSettlement", "orchestrator/Settle"] {
            let mut request = ground.of(name);
            request["request_id"] = format!("D-{n}").into();
            let sound = request.clone();
            *request.pointer_mut(&pointer(field)).unwrap() = value.clone();
            for attempt in ["first", "second"] {
                let answer = ask(&world, &who, name, &request).await;
                let faults = faults(&answer, field);
                assert!(faults.is_empty(), "{name} {wanted}, {attempt}: {faults:?}");
                let no = answer.unwrap_err();
                assert_eq!(code(&no), wanted, "{name}, {attempt}: {no}");
                assert!(remembered(&no), "{name} {wanted}, {attempt}");
            }
            let no = ask(&world, &who, name, &sound).await.unwrap_err();
            assert_eq!(code(&no), "REQUEST_ID_REUSED", "{name} {wanted}: {no}");
        }
    }
}
