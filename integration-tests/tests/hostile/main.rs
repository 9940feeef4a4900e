//! 恶意输入: every parser of what comes from outside, given its specimens, specimens with wounds, and bytes
//! that nobody meant. Whatever comes is taken or refused in so many words: nothing panics, nothing
//! hangs or overflows the stack of a worker, and no more is allocated than a multiple of what came.
//!
//! `YIBAO_FUZZ_CASES=100000 YIBAO_FUZZ_SEED=7 YIBAO_FUZZ_ONLY=package` does more, from another seed, of one
//! parser; a failure prints the case, which then becomes a file of `corpus/<parser>/`.

mod documents;
mod files;
mod messages;
mod words;

use integration_tests::PATIENCE;
use integration_tests::hostile::{
    Wound, arbitrary, cases, corpus, runner, specimens, wanted, wounded, wounds,
};
use kernel::Refusal;
use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{TestCaseError, TestError};
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Cases of one parser in the suite.
const CASES: u32 = 400;
/// The stack of a worker of tokio: what the services parse with.
const STACK_BYTES: usize = 2 << 20;
/// What may be allocated besides a multiple of what came.
const SPARE_BYTES: usize = 1 << 20;
/// Bytes of a "no" at most.
const TOLD_BYTES_MAX: usize = 4 << 10;

/// What a parser said.
pub enum Told {
    /// It is one.
    Taken,
    /// A "no" of the command line or of a start, in words.
    Words(String),
    /// A "no" of a service.
    Refusal(Box<Refusal>),
    /// It is none, and whoever asked says what should have been there.
    Nothing,
}

impl<T> From<Option<T>> for Told {
    fn from(read: Option<T>) -> Told {
        read.map_or(Told::Nothing, |_| Told::Taken)
    }
}

/// What a typed error says.
pub fn words<T, E: std::fmt::Display>(read: Result<T, E>) -> Told {
    match read {
        Ok(_) => Told::Taken,
        Err(no) => Told::Words(no.to_string()),
    }
}

/// What a refusal says.
pub fn refusal<T>(read: Result<T, Refusal>) -> Told {
    match read {
        Ok(_) => Told::Taken,
        Err(no) => Told::Refusal(Box::new(no)),
    }
}

/// Something that reads what comes from outside.
pub struct Parser {
    /// Also its folder in the corpus.
    pub name: &'static str,
    /// How many times as much as came may be allocated at once.
    pub times: usize,
    /// Reads it.
    pub read: fn(&[u8]) -> Told,
}

/// One of texts: what is not UTF-8 never comes so far.
#[macro_export]
macro_rules! of_text {
    ($name:literal, $times:literal, |$text:ident| $read:expr) => {
        $crate::Parser {
            name: $name,
            times: $times,
            read: |bytes: &[u8]| {
                let lossy = String::from_utf8_lossy(bytes);
                let $text: &str = &lossy;
                $crate::Told::from($read)
            },
        }
    };
}

fn parsers() -> Vec<Parser> {
    let mut all = words::parsers();
    all.extend(documents::parsers());
    all.extend(messages::parsers());
    all.extend(files::parsers());
    all
}

/// The codes that the suite documents.
fn known_codes() -> BTreeSet<String> {
    let golden = include_str!("../../golden/refusals.tsv");
    let codes = golden.lines().filter_map(|line| line.split('\t').nth(1));
    codes.map(str::to_string).collect()
}

/// Reads one case and looks at what came of it.
fn judged(parser: &Parser, codes: &BTreeSet<String>, bytes: &[u8]) -> Result<Told, String> {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let told = (parser.read)(bytes);
    let peak = MEMORY.peak_usage().saturating_sub(before);
    let most = parser.times * bytes.len() + SPARE_BYTES;
    if peak > most {
        return Err(format!(
            "{} bytes took {peak}, {most} are enough",
            bytes.len()
        ));
    }
    let fault = match &told {
        Told::Taken | Told::Nothing => None,
        Told::Words(words) => badly_told(words),
        Told::Refusal(no) if !codes.contains(no.code.as_ref()) => Some(format!("code {}", no.code)),
        Told::Refusal(no) if no.field.as_deref().is_none_or(str::is_empty) => {
            Some(format!("{} names no field", no.code))
        }
        Told::Refusal(no) => badly_told(&no.sentence()),
    };
    match fault {
        Some(fault) => Err(fault),
        None => Ok(told),
    }
}

/// A "no" is short, and nothing that a terminal obeys is repeated in it.
fn badly_told(words: &str) -> Option<String> {
    if words.trim().is_empty() || words.len() > TOLD_BYTES_MAX {
        return Some(format!("a no of {} bytes", words.len()));
    }
    let obeyed = |c: char| c.is_control() && c != '\n';
    words
        .contains(obeyed)
        .then(|| format!("control characters: {words:?}"))
}

/// The specimens, then as many cases as are wanted.
fn tried(parser: &Parser, done: &AtomicU64) -> Result<(u64, u64), String> {
    let codes = known_codes();
    let all = specimens(parser.name);
    let is_sound = |name: &str| name.starts_with("sound-");
    // What is made at the first use and kept is not of any case.
    drop(all.first().map(|(_, bytes)| (parser.read)(bytes)));
    for (name, bytes) in &all {
        let told = judged(parser, &codes, bytes).map_err(|fault| format!("{name}: {fault}"))?;
        let taken = matches!(told, Told::Taken);
        if taken != is_sound(name) && (is_sound(name) || name.starts_with("no-")) {
            let why = match told {
                Told::Words(words) => words,
                Told::Refusal(no) => no.sentence(),
                Told::Taken | Told::Nothing => String::new(),
            };
            return Err(format!("{name}: taken is {taken}. {why}"));
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
    assert!(
        all.iter().any(|(name, _)| is_sound(name)),
        "{}: nothing is sound",
        parser.name
    );
    let sound: Vec<Vec<u8>> = all.into_iter().map(|(_, bytes)| bytes).collect();
    let case = prop_oneof![
        6 => (any::<Index>(), wounds()).prop_map(Ok),
        1 => arbitrary().prop_map(Err),
    ];
    let (taken, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    let made = |case: &Result<(Index, Vec<Wound>), Vec<u8>>| match case {
        Ok((of, wounds)) => wounded(&sound, of, wounds),
        Err(bytes) => bytes.clone(),
    };
    let ended = runner(parser.name, cases(CASES)).run(&case, |case| {
        let bytes = made(&case);
        let told = judged(parser, &codes, &bytes).map_err(TestCaseError::fail)?;
        let count = if matches!(told, Told::Taken) {
            &taken
        } else {
            &refused
        };
        count.fetch_add(1, Ordering::Relaxed);
        done.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    match ended {
        Ok(()) => Ok((taken.into_inner(), refused.into_inner())),
        Err(TestError::Fail(why, case)) => {
            let bytes = made(&case);
            let file = std::env::temp_dir().join(format!("yibao-{}.case", parser.name));
            std::fs::write(&file, &bytes).ok();
            let shown = String::from_utf8_lossy(&bytes);
            let shown: String = shown.chars().take(2_000).collect();
            Err(format!(
                "{why}\n{case:?}\nwhich is in {}: {shown:?}",
                file.display()
            ))
        }
        Err(other) => Err(other.to_string()),
    }
}

/// Past the capture of the test's output: a stack that overflows ends the process.
fn aloud(words: &str) {
    writeln!(std::io::stderr(), "{words}").ok();
}

/// All in one test: what is allocated is counted for the process.
#[test]
fn whatever_comes_is_taken_or_refused() {
    let mut faults = Vec::new();
    println!("seed {}", integration_tests::hostile::seed());
    for parser in parsers().into_iter().filter(|parser| wanted(parser.name)) {
        let name = parser.name;
        aloud(&format!("hostile: {name}"));
        let done = Arc::new(AtomicU64::new(0));
        let (tell, told) = channel();
        let counted = done.clone();
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = thread.spawn(move || {
            let outcome = tried(&parser, &counted);
            tell.send(outcome).ok();
        });
        let thread = thread.expect("a thread");
        let outcome = loop {
            let before = done.load(Ordering::Relaxed);
            match told.recv_timeout(PATIENCE) {
                Ok(outcome) => break outcome,
                Err(RecvTimeoutError::Disconnected) => break Err("it panicked".to_string()),
                Err(RecvTimeoutError::Timeout) if done.load(Ordering::Relaxed) == before => {
                    break Err(format!("it hangs after {before} cases"));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        };
        match outcome {
            Ok((taken, refused)) => {
                thread.join().ok();
                println!("{name}: {taken} taken, {refused} refused");
            }
            Err(fault) => faults.push(format!("{name}: {fault}")),
        }
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n\n")
    );
}

/// A specimen that no parser is given was forgotten, or its parser was.
#[test]
fn every_folder_of_the_corpus_has_its_parser() {
    let mut folders: Vec<String> = std::fs::read_dir(corpus())
        .expect("a corpus")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| !name.ends_with(".md"))
        .collect();
    folders.sort();
    let mut names: Vec<String> = parsers()
        .iter()
        .map(|parser| parser.name.to_string())
        .collect();
    names.sort();
    assert_eq!(folders, names);
}
