//! 极限: pgbench with the very statements a settlement issues, on the same server and the same tables.
//!
//! The statements were heard while one request of each kind was answered; what must differ from one to
//! the next (new ids, keys, the visit's number, digests) is made from a random number, and the person
//! whose year is locked is one of many. Everything else, the JSON of bill and amounts too, is as it was.

use super::day::Kind;
use crate::bench::BenchError;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use store::{BEGIN, COMMIT};

/// Person-years that are locked in turn.
pub const YEARS: u32 = 5_000;
/// A UUID in hexadecimal with hyphens.
const UUID: usize = 36;
/// A digest in hexadecimal.
const DIGEST: usize = 64;

/// What one request asked the databases.
#[derive(Clone, Default)]
pub struct Heard {
    /// In the order of time: reads by themselves, and transactions.
    pub units: Vec<Unit>,
    /// Statements, transactions begun and committed.
    pub counts: (u64, u64, u64),
}

/// A statement by itself, or a transaction from its beginning to its commit.
#[derive(Clone)]
pub struct Unit {
    schema: &'static str,
    begun: Instant,
    statements: Vec<String>,
}

impl Heard {
    /// Every statement, BEGIN and COMMIT waits for the server once.
    pub fn round_trips(&self) -> u64 {
        self.counts.0 + self.counts.1 + self.counts.2
    }

    /// Adds what a service's database heard.
    pub fn add(&mut self, schema: &'static str, heard: Vec<(Instant, String)>) {
        let mut open = false;
        for (at, what) in heard {
            match self.units.last_mut().filter(|_| open) {
                Some(unit) => unit.statements.push(what.clone()),
                None => self.units.push(Unit {
                    schema,
                    begun: at,
                    statements: vec![what.clone()],
                }),
            }
            open = what != COMMIT && (open || what == BEGIN);
        }
        self.units.sort_by_key(|unit| unit.begun);
    }
}

/// What is known of the request that was heard.
pub struct Known<'a> {
    /// Its request id, which is its visit's number.
    pub request_id: &'a str,
    /// The person.
    pub person: &'a str,
    /// Ids from this one on were made for it: they are in the order of time.
    pub since: &'a str,
}

/// The script of one kind: the transactions and the reads outside of them as they were.
pub fn script(heard: &Heard, known: &Known<'_>) -> String {
    let mut script = format!("\\set n random(1, 9000000000000000)\n\\set p random(1, {YEARS})\n");
    for unit in &heard.units {
        // Whoever is insured is looked up as it was; the year that is locked is one of many.
        let person = match unit.schema {
            "settlement" => known.person,
            _ => "",
        };
        let known = Known { person, ..*known };
        for one in &unit.statements {
            script.push_str(&variable(&qualified(one, unit.schema), &known));
            script.push_str(";\n");
        }
    }
    script
}

/// The person-years that the scripts lock: copies of the one that was heard.
pub fn years(person: &str) -> String {
    format!(
        "INSERT INTO settlement.person_year SELECT (jsonb_populate_record(y, \
         jsonb_build_object('person_id', {}))).* FROM settlement.person_year AS y, \
         generate_series(1, {YEARS}) AS g(p) WHERE y.person_id = '{person}' \
         ON CONFLICT DO NOTHING;",
        person_of("g.p")
    )
}

fn person_of(number: &str) -> String {
    format!("lpad({number}::text, 36, 'p')")
}

/// Tables by their schema: a connection of pgbench has no path of its own.
fn qualified(statement: &str, schema: &str) -> String {
    let words = ["FROM \"", "INTO \"", "UPDATE \"", "JOIN \""];
    let qualified = words.iter().fold(statement.to_string(), |text, word| {
        text.replace(word, &format!("{word}{schema}\".\""))
    });
    // What a statement names itself is no table.
    let own = statement
        .split("\" AS (")
        .filter_map(|before| before.rsplit('"').next());
    own.fold(qualified, |text, name| {
        text.replace(&format!("\"{schema}\".\"{name}\""), &format!("\"{name}\""))
    })
}

/// Puts numbers of pgbench in the place of what no two requests may share.
fn variable(statement: &str, known: &Known<'_>) -> String {
    let mut text = String::new();
    let mut rest = statement;
    while let Some(open) = rest.find('\'') {
        let (before, quoted) = rest.split_at(open);
        let inner = quoted.get(1..).unwrap_or_default();
        let close = closing(inner);
        let (value, after) = inner.split_at(close);
        text.push_str(before);
        text.push_str(&literal(value, known));
        rest = after.get(1..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// Where a literal ends: at a quote that is not doubled.
fn closing(inner: &str) -> usize {
    let bytes = inner.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'\'', Some(b'\'')) | (b'\\', Some(_)) => at += 2,
            (b'\'', _) => return at,
            _ => at += 1,
        }
    }
    inner.len()
}

fn literal(value: &str, known: &Known<'_>) -> String {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    if value == known.person {
        return person_of(":p");
    }
    if value == known.request_id {
        return "('V' || :n::text)".to_string();
    }
    // A step's key is the id of its saga and a number.
    if let Some((id, rest)) = value.split_at_checked(UUID)
        && hex(id)
        && id >= known.since
        && id.contains('-')
        && rest.len() < UUID
    {
        let end = id.get(UUID - 8..).unwrap_or_default();
        return format!("('{end}' || lpad(:n::text, 28, '-') || '{rest}')");
    }
    if value.len() == DIGEST && hex(value) {
        let end = value.get(..16).unwrap_or_default();
        return format!("('{end}' || lpad(:n::text, 48, '0'))");
    }
    // pgbench sees a variable behind every colon before a letter, quoted or not.
    let mut safe = String::new();
    let mut colon = false;
    for character in value.chars() {
        if colon && (character.is_ascii_alphabetic() || character == '_') {
            safe.push(' ');
        }
        colon = character == ':';
        safe.push(character);
    }
    format!("'{safe}'")
}

/// How pgbench is run.
pub struct Run<'a> {
    /// The program.
    pub program: &'a Path,
    /// The database.
    pub url: &'a str,
    /// Where the scripts lie.
    pub folder: &'a Path,
    /// Connections at work.
    pub clients: u32,
    /// How long.
    pub seconds: u64,
}

/// Transactions a second, and what pgbench said.
pub fn run(run: &Run<'_>, scripts: &[(Kind, String)]) -> Result<(u64, String), BenchError> {
    let mut command = Command::new(run.program);
    command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]);
    command.arg(format!("--client={}", run.clients));
    command.arg(format!("--time={}", run.seconds));
    for (kind, script) in scripts {
        let file = run.folder.join(format!("{kind:?}.sql").to_lowercase());
        std::fs::write(&file, script)?;
        command.arg(format!("--file={}@{}", file.display(), kind.of_hundred()));
    }
    let said = command.arg(run.url).output().map_err(|error| {
        let program: PathBuf = run.program.into();
        BenchError::Beside(program, error.to_string())
    })?;
    let text = String::from_utf8_lossy(&said.stdout).to_string();
    let tps = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let tps = tps.and_then(|rest| rest.split(['.', ' ']).next()?.parse().ok());
    match tps.filter(|_| said.status.success()) {
        Some(tps) => Ok((tps, text)),
        None => {
            let said = String::from_utf8_lossy(&said.stderr)
                .chars()
                .take(2_000)
                .collect();
            Err(BenchError::Beside(run.program.into(), said))
        }
    }
}

/// Statements of the server that no service has a method for: the rows the scripts lock.
pub fn prepare(run: &Run<'_>, sql: &str) -> Result<(), BenchError> {
    // pgbench runs one file once: no other client is needed.
    let file = run.folder.join("prepare.sql");
    std::fs::write(&file, format!("{sql}\n"))?;
    let mut command = Command::new(run.program);
    command.args(["--no-vacuum", "--transactions=1", "--protocol=simple"]);
    command.arg(format!("--file={}", file.display()));
    let said = command.arg(run.url).output()?;
    match said.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&said.stderr)
                .chars()
                .take(2_000)
                .collect();
            Err(BenchError::Beside(run.program.into(), said))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_two_requests_may_share_is_made_anew() {
        let known = Known {
            request_id: "r-1",
            person: "0190aaaa-0000-7000-8000-000000000001",
            since: "0190bbbb-0000-7000-8000-000000000000",
        };
        let insert = "INSERT INTO \"settlement\" (\"a\") VALUES ('999999', 'r-1', 'it''s', \
             '{\"a\":true,\"b\":5}', '0190aaaa-0000-7000-8000-000000000001', \
             '0190bbbb-0000-7000-8000-000000000009', '0190aaaa-0000-7000-8000-000000000002')";
        let mut heard = Heard::default();
        let told = |what: &str| (Instant::now(), what.to_string());
        let first = told("SELECT (SELECT \"c\" FROM \"form\")");
        let all = [BEGIN, insert, COMMIT, "SELECT 3"];
        heard.add("settlement", all.map(told).to_vec());
        heard.add("enrollment", vec![first]);
        let script = script(&heard, &known);
        for part in [
            "SELECT (SELECT \"c\" FROM \"enrollment\".\"form\");\nBEGIN;\nINSERT INTO \"settlement\".\"settlement\" (\"a\") VALUES ('999999', ",
            "('V' || :n::text), 'it''s', '{\"a\": true,\"b\":5}', lpad(:p::text, 36, 'p'), ",
            "('00000009' || lpad(:n::text, 28, '-') || ''), '0190aaaa-0000-7000-8000-000000000002');\nCOMMIT;\nSELECT 3;",
        ] {
            assert!(script.contains(part), "{part}\n{script}");
        }
    }
}
