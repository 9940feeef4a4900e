//! Compiles `proto/` without protoc: protox parses, tonic-prost-build generates, and the descriptor
//! set with its comments is written beside the code for reflection and for the proto tests. Whose data
//! a message carries is generated as well: the names of fields say it.

use prost::Message;
use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
use std::fmt::Write;
use std::{env, error::Error, fs, path::Path, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut compiler = protox::Compiler::new([&root])?;
    compiler
        .include_imports(true)
        .include_source_info(true)
        .open_files(&files)?;
    let set = compiler.file_descriptor_set();
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptor_set.bin"), set.encode_to_vec())?;
    fs::write(
        out.join("subjects.rs"),
        subjects(&compiler.descriptor_pool())?,
    )?;
    tonic_prost_build::configure()
        .include_file("packages.rs")
        .compile_fds(set)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

/// Fields that hold a person's id, or that of something of one person's. A name that ends with
/// `person_id` or `settlement_id` is one, too.
const SUBJECTS: [&str; 17] = [
    "approval_id",
    "certificate_id",
    "filing_id",
    "guarantee_id",
    "hold_id",
    "hold_ids",
    "holder_id",
    "identity_check_id",
    "member_id",
    "receivable_id",
    "referral_id",
    "reimbursement_id",
    "saga_id",
    "subject_id",
    "subsidy_id",
    "transfer_id",
    "visit_id",
];

/// `impl Subjects` for every message of the suite.
fn subjects(pool: &DescriptorPool) -> Result<String, std::fmt::Error> {
    let mut code = String::new();
    for message in pool.all_messages() {
        if !is_ours(&message) {
            continue;
        }
        let path = path(&message);
        writeln!(code, "impl crate::Subjects for {path} {{")?;
        writeln!(code, "fn subjects(&self, see: &mut dyn FnMut(&str)) {{")?;
        for field in message.fields() {
            let oneof = field.containing_oneof();
            match oneof.filter(|oneof| !oneof.is_synthetic()) {
                None => of_field(&mut code, &field)?,
                Some(oneof) => {
                    let variant = [
                        &module(&message),
                        &camel(oneof.name()),
                        &camel(field.name()),
                    ];
                    let variant = variant.map(String::as_str).join("::");
                    let see = match (field.kind(), is_subject(field.name())) {
                        (Kind::Message(inner), _) if is_ours(&inner) => "one.subjects(see)",
                        (Kind::String, true) => "see(one)",
                        _ => continue,
                    };
                    let name = oneof.name();
                    writeln!(
                        code,
                        "if let Some({variant}(one)) = &self.{name} {{ {see}; }}"
                    )?;
                }
            }
        }
        writeln!(code, "}}\n}}")?;
    }
    Ok(code)
}

fn of_field(code: &mut String, field: &FieldDescriptor) -> std::fmt::Result {
    let see = match field.kind() {
        Kind::Message(inner) if is_ours(&inner) => "one.subjects(see)",
        Kind::String if is_subject(field.name()) => "see(one)",
        _ => return Ok(()),
    };
    // A field that is there, one that may be, and any number of them are walked alike.
    let optional = field.is_list() || field.supports_presence();
    let name = field.name();
    match optional {
        true => writeln!(code, "for one in self.{name}.iter() {{ {see}; }}"),
        false => writeln!(code, "{{ let one = &self.{name}; {see}; }}"),
    }
}

fn is_ours(message: &MessageDescriptor) -> bool {
    message.package_name().starts_with("yibao.") && !message.is_map_entry()
}

fn is_subject(name: &str) -> bool {
    let ends = ["person_id", "settlement_id", "settlement_ids"];
    ends.iter().any(|end| name.ends_with(end)) || SUBJECTS.contains(&name)
}

/// Where the generated type is: a nested one in the module of the outer.
fn path(message: &MessageDescriptor) -> String {
    match message.parent_message() {
        Some(outer) => format!("{}::{}", module(&outer), message.name()),
        None => {
            let package = message.package_name().replace('.', "::");
            format!("crate::packages::{package}::{}", message.name())
        }
    }
}

/// The module of what is nested in a message.
fn module(message: &MessageDescriptor) -> String {
    let path = path(message);
    let (before, name) = path.rsplit_once("::").unwrap_or(("", &path));
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    format!("{before}::{snake}")
}

fn camel(name: &str) -> String {
    let mut camel = String::new();
    for part in name.split('_') {
        let mut letters = part.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}
