//! The laws of the interface files: everything is explained, and names say units.

use crate::{POOL, methods, short};
use integration_tests::child::{Child, command, workspace};
use prost_reflect::{EnumDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};
use std::collections::BTreeMap;

/// What a method that changes nothing is called.
const QUESTIONS: &[&str] = &[
    "Check",
    // What it carries is a request to another method, with an id of its own.
    "Exchange",
    "ExplainChange",
    "ExplainSettlement",
    "Count",
    "Get",
    "List",
    "PreSettle",
    "Print",
    "Preview",
    "Price",
    "Quote",
    "Reckon",
    "ReconcilePayerFile",
    "ReconcileTotals",
    "Reveal",
    "Replay",
    "Screen",
    "VerifyChain",
    "VerifyReceipt",
    "WhatWouldChange",
];
/// What a whole number may be besides an amount, a rate or a quantity: a place, a count, a version.
const COUNTS: &[&str] = &[
    "account_version",
    "accumulator_version",
    "after_number",
    "after_position",
    "attempts",
    "block_number",
    "bureau_rows",
    "days",
    "difference_rows",
    "first_position",
    "institution_rows",
    "last_position",
    "lifetime_seconds",
    "line_count",
    "count",
    "claims",
    "line_number",
    "lives",
    "month",
    "number",
    "older_than_seconds",
    "open_rows",
    "ordinal",
    "part_number",
    "page_size",
    "person_version",
    "position",
    "postings",
    "row_number",
    "rows",
    "priced_claims",
    "refused_claims",
    "replayed_claims",
    "revision",
    "sagas",
    "settled_claims",
    "step",
    "unknown_claims",
    "untried_claims",
    "value",
    "version",
    "visit_version",
    "year",
];
/// Names a buf binary that lints the interface files.
const BUF: &str = "YIBAO_TEST_BUF";

fn files() -> Vec<FileDescriptor> {
    let files: Vec<_> = POOL
        .files()
        .filter(|file| file.package_name().starts_with("yibao."))
        .collect();
    assert!(files.len() >= 9, "only {} files", files.len());
    files
}

/// A message and all those inside it.
fn with_inner(message: MessageDescriptor) -> Vec<MessageDescriptor> {
    let inner: Vec<_> = message.child_messages().flat_map(with_inner).collect();
    std::iter::once(message).chain(inner).collect()
}

fn messages(file: &FileDescriptor) -> Vec<MessageDescriptor> {
    file.messages().flat_map(with_inner).collect()
}

fn enums(file: &FileDescriptor) -> Vec<EnumDescriptor> {
    let inner = messages(file);
    let inner = inner
        .iter()
        .flat_map(|message| message.child_enums().collect::<Vec<_>>());
    file.enums().chain(inner).collect()
}

fn fields() -> Vec<FieldDescriptor> {
    let messages = files().iter().flat_map(messages).collect::<Vec<_>>();
    messages
        .iter()
        .flat_map(|message| message.fields().collect::<Vec<_>>())
        .collect()
}

/// Every element of a file: its name, and its place in the file's tree.
fn elements(file: &FileDescriptor) -> Vec<(String, Vec<i32>)> {
    let mut all = Vec::new();
    for service in file.services() {
        all.push((service.full_name().to_string(), service.path().to_vec()));
        let methods = service.methods();
        all.extend(methods.map(|m| (m.full_name().to_string(), m.path().to_vec())));
    }
    for message in messages(file) {
        all.push((message.full_name().to_string(), message.path().to_vec()));
        let fields = message.fields();
        all.extend(fields.map(|f| (f.full_name().to_string(), f.path().to_vec())));
    }
    for one in enums(file) {
        all.push((one.full_name().to_string(), one.path().to_vec()));
        let values = one.values();
        all.extend(values.map(|v| (v.full_name().to_string(), v.path().to_vec())));
    }
    all
}

/// What stands above each element, by its place.
fn comments(file: &FileDescriptor) -> BTreeMap<Vec<i32>, String> {
    let told = file
        .file_descriptor_proto()
        .source_code_info
        .clone()
        .unwrap_or_default();
    let comment = |l: &prost_reflect::prost_types::source_code_info::Location| {
        (l.path.clone(), l.leading_comments().trim().to_string())
    };
    told.location.iter().map(comment).collect()
}

#[test]
fn every_element_is_explained() {
    let (mut count, mut silent) = (0, Vec::new());
    for file in files() {
        let comments = comments(&file);
        for (name, path) in elements(&file) {
            count += 1;
            if comments.get(&path).is_none_or(String::is_empty) {
                silent.push(name);
            }
        }
    }
    assert!(silent.is_empty(), "no comment above {silent:?}");
    assert!(count > 400, "only {count} elements: is the walk right?");
}

#[test]
fn every_change_has_a_request_id() {
    let all: Vec<String> = methods().iter().map(short).collect();
    let mut changes = 0;
    for method in methods() {
        let name = short(&method);
        if QUESTIONS
            .iter()
            .any(|question| method.name().starts_with(question))
        {
            continue;
        }
        changes += 1;
        let withdrawn = method.name().strip_prefix("Withdraw");
        let by_original = withdrawn.is_some() || method.name() == "Burn";
        let wanted = if by_original {
            "original_request_id"
        } else {
            "request_id"
        };
        let first = method
            .input()
            .get_field(1)
            .unwrap_or_else(|| panic!("{name}: no field 1"));
        assert_eq!(
            (first.name(), first.kind()),
            (wanted, Kind::String),
            "{name}: field 1"
        );
        let answer = if by_original { "outcome" } else { "replayed" };
        assert!(
            method.output().get_field_by_name(answer).is_some(),
            "{name}: no {answer}"
        );
        let (package, _) = name.split_once('/').expect("a short name");
        let has = |other: &str| all.contains(&format!("{package}/{other}"));
        // Each message of a stream is a request to another method, and has the outcome of that.
        let outcomes = match method.is_client_streaming() {
            true => all.contains(&"orchestrator/GetOutcome".to_string()),
            false => has("GetOutcome"),
        };
        assert!(outcomes, "{package} has no GetOutcome");
        if let Some(original) = withdrawn {
            // All sagas of the orchestrator have one withdrawal.
            assert!(
                original.is_empty() || has(original),
                "{name} withdraws nothing"
            );
        }
    }
    assert!(changes > 20, "only {changes} changes: is the walk right?");
}

#[test]
fn names_say_units() {
    for field in fields() {
        let (path, name, kind) = (field.full_name(), field.name(), field.kind());
        let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
        let says = match kind {
            Kind::Int64 => {
                ends(&["_fen", "_micro_yuan", "_e4", "_count", "_value"]) || COUNTS.contains(&name)
            }
            Kind::Int32 => ends(&["_bp", "_months", "_years", "_count"]) || COUNTS.contains(&name),
            Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
                ends(&["_time"])
            }
            Kind::String | Kind::Bool | Kind::Bytes | Kind::Message(_) | Kind::Enum(_) => !ends(&[
                "_fen",
                "_micro_yuan",
                "_e4",
                "_bp",
                "_time",
                "_months",
                "_years",
            ]),
            // Floats cannot hold money; other widths and signs have no use here.
            other => panic!("{path} is {other:?}"),
        };
        assert!(says, "{path}: its name and its type say different things");
        assert!(
            !field.is_map(),
            "{path}: maps have no order, and requests are hashed"
        );
        if name == "day" || ends(&["_day"]) {
            assert_eq!(field.kind(), Kind::String, "{path}: a day is text");
        }
    }
}

/// A field that is explained as a day is called one.
#[test]
fn days_are_called_days() {
    let mut days = 0;
    for file in files() {
        let comments = comments(&file);
        for field in messages(&file)
            .iter()
            .flat_map(|m| m.fields().collect::<Vec<_>>())
        {
            if comments
                .get(field.path())
                .is_some_and(|comment| comment.contains("`YYYY-MM-DD`"))
            {
                let name = field.name();
                assert!(
                    name == "day" || name.ends_with("_day"),
                    "{}",
                    field.full_name()
                );
                days += 1;
            }
        }
    }
    assert!(days > 20, "only {days} days: is the walk right?");
}

#[test]
fn lists_are_paged() {
    for method in methods() {
        let (asked, told) = (method.input(), method.output());
        if asked.get_field_by_name("page_token").is_some() {
            let name = short(&method);
            assert!(
                asked.get_field_by_name("page_size").is_some(),
                "{name}: no page_size"
            );
            assert!(
                told.get_field_by_name("next_page_token").is_some(),
                "{name}: no next page"
            );
        }
    }
}

#[test]
fn enums_begin_with_nothing_said() {
    for one in files().iter().flat_map(enums) {
        let zero = one
            .get_value(0)
            .unwrap_or_else(|| panic!("{}: no zero", one.full_name()));
        assert!(
            zero.name().ends_with("_UNSPECIFIED"),
            "{}",
            zero.full_name()
        );
    }
}

#[test]
fn buf_lint_passes() {
    let Ok(buf) = std::env::var(BUF) else {
        println!("{BUF} is not set: buf lint is skipped");
        return;
    };
    let ended = Child::run(
        command(buf)
            .args(["lint", "proto"])
            .current_dir(workspace()),
    );
    assert!(ended.status.success(), "{ended:?}");
}
