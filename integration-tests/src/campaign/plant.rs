//! 反证: that the checks can fail. What each of them must find is planted in the database, in a
//! transaction that is rolled back, or in a copy of the record, and the check must name it.

use super::books::Books;
use super::check::{CHECKS, Evidence, judge};
use super::record::{Answer, Entries, Entry, WITHDRAWN};
use super::servers::Postgres;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};

/// Something wrong in the tables, and a part of the sentence of the check that must find it; `{told}`
/// stands for the ids of settlements that a till was told of.
type Planted = (&'static str, &'static str, &'static str);

/// What is planted in the tables.
#[rustfmt::skip]
pub const IN_TABLES: &[Planted] = &[
    ("a settlement's postings twice",
     "INSERT INTO settlement.posting SELECT area, transaction_id || '-again', number, \
          settlement_id, reverses, account, amount_fen, posted_at FROM settlement.posting \
          WHERE transaction_id = (SELECT min(transaction_id) FROM settlement.posting \
          WHERE reverses IS NULL)",
     "is in the ledger once"),
    ("one posting changed by a fen",
     "UPDATE settlement.posting SET amount_fen = amount_fen + 1 WHERE transaction_id = \
          (SELECT min(transaction_id) FROM settlement.posting) AND number = 1",
     "sums to zero"),
    ("an acknowledged settlement lost",
     "DELETE FROM settlement.settlement WHERE settlement_id = \
          (SELECT min(settlement_id) FROM settlement.settlement WHERE settlement_id IN ({told}))",
     "is there once"),
    ("a settlement's amount changed",
     "UPDATE settlement.settlement SET funds_fen = funds_fen + 1, total_fen = total_fen + 1 \
          WHERE settlement_id = (SELECT min(settlement_id) FROM settlement.settlement \
          WHERE settlement_id IN ({told}))",
     "is there once"),
    ("a settlement that nobody asked for",
     "INSERT INTO settlement.settlement SELECT area, settlement_id || '-again', person_id, \
          scheme, year, ordinal + 1000000, institution_code, visit_number || 'X', med_type, \
          begin_day, end_day, fingerprint || 'X', total_fen, funds_fen, cash_fen, evidence, \
          basis, amounts, engine_version, posted_at, reversed_at, reversal_reason \
          FROM settlement.settlement LIMIT 1",
     "nobody was told of"),
    ("a reversal undone",
     "UPDATE settlement.settlement SET reversed_at = NULL, fingerprint = fingerprint || 'X', \
          visit_number = visit_number || 'X' WHERE settlement_id = (SELECT min(settlement_id) FROM \
          settlement.settlement WHERE reversed_at IS NOT NULL)",
     "if and only if"),
    ("an accumulator edited",
     "UPDATE settlement.person_year SET accumulators = \
          (accumulators::jsonb || '{\"basic.paid_fen\": 1}')::text WHERE person_id = \
          (SELECT min(person_id) FROM settlement.person_year)",
     "accumulators are the fold"),
    ("a change of a person's year that nothing made",
     "UPDATE settlement.person_year SET version = version + 1 WHERE person_id = \
          (SELECT min(person_id) FROM settlement.person_year)",
     "versions count every change"),
    ("an event lost",
     "DELETE FROM settlement.event WHERE event_id = \
          (SELECT min(event_id) FROM settlement.event WHERE kind = 'settlement.posted')",
     "one event"),
    ("a key that was never concluded",
     "UPDATE settlement.request_key SET state = 0 WHERE method = 'PostSettlement' AND request_id = \
          (SELECT min(request_id) FROM settlement.request_key WHERE method = 'PostSettlement')",
     "every key"),
    ("a hold that is open again",
     "UPDATE settlement.hold SET posted_at = NULL, released_at = NULL WHERE hold_id = \
          (SELECT min(hold_id) FROM settlement.hold)",
     "no hold is open"),
    ("a person's year that is held",
     "UPDATE settlement.person_year SET held_by = 'nobody', held_until = 0 WHERE person_id = \
          (SELECT min(person_id) FROM settlement.person_year)",
     "no hold is open"),
    ("a saga that runs",
     "UPDATE orchestrator.saga SET state = 0 WHERE saga_id = \
          (SELECT min(saga_id) FROM orchestrator.saga)",
     "no saga is left"),
    ("a saga that is stuck",
     "UPDATE orchestrator.saga SET state = 4 WHERE saga_id = \
          (SELECT max(saga_id) FROM orchestrator.saga)",
     "no saga is left"),
    ("half of a batch lost",
     "DELETE FROM settlement.settlement WHERE settlement_id = (SELECT min(c.settlement_id) FROM \
          settlement.held_claim c JOIN settlement.hold h ON h.hold_id = c.hold_id \
          WHERE h.posted_at IS NOT NULL)",
     "a batch is settled"),
    ("an open guarantee closed",
     "UPDATE settlement.guarantee SET closed_at = 1 WHERE guarantee_id = \
          (SELECT min(guarantee_id) FROM settlement.guarantee \
          WHERE closed_at IS NULL AND withdrawn_at IS NULL)",
     "a guarantee is open"),
    ("a guarantee left open after the stay was settled",
     "UPDATE settlement.guarantee SET closed_at = NULL, settlement_id = NULL, \
          person_id = person_id || 'X', visit_number = visit_number || 'X' WHERE guarantee_id = \
          (SELECT max(guarantee_id) FROM settlement.guarantee g JOIN settlement.settlement s \
          ON s.area = g.area AND s.settlement_id = g.settlement_id WHERE s.reversed_at IS NULL)",
     "a guarantee is open"),
    ("a referral freed while its stay stands",
     "UPDATE referral.referral SET used_by = NULL, visit_number = NULL, admission_day = NULL \
          WHERE referral_id = (SELECT min(referral_id) FROM referral.referral \
          WHERE used_by IS NOT NULL)",
     "a referral is used"),
    ("a referral used by nothing",
     "UPDATE referral.referral SET used_by = 'nobody', visit_number = 'X', \
          admission_day = '2017-03-01' WHERE referral_id = (SELECT min(referral_id) FROM \
          referral.referral WHERE used_by IS NULL)",
     "a referral is used"),
    ("a subsidy without its coverage",
     "UPDATE enrollment.coverage SET withdrawn_at = 1 WHERE coverage_id = \
          (SELECT min(coverage_id) FROM settlement.subsidy WHERE withdrawn_at IS NULL)",
     "a subsidy and its coverage"),
    ("a subsidy withdrawn, its enrolment done",
     "UPDATE settlement.subsidy SET withdrawn_at = 1 WHERE subsidy_id = \
          (SELECT min(subsidy_id) FROM settlement.subsidy WHERE withdrawn_at IS NULL)",
     "a subsidy and its coverage"),
    ("a subsidy's postings twice",
     "INSERT INTO settlement.posting SELECT area, transaction_id || '-again', number, \
          settlement_id, reverses, account, amount_fen, posted_at FROM settlement.posting \
          WHERE settlement_id = (SELECT min(subsidy_id) FROM settlement.subsidy)",
     "every subsidy is in the ledger"),
    ("a bar lifted, its suspension standing",
     "UPDATE referral.bar SET withdrawn_at = 1 WHERE bar_id = \
          (SELECT min(bar_id) FROM referral.bar WHERE withdrawn_at IS NULL)",
     "a suspension and its bar"),
];

/// Plants everything in turn, as far as the campaign left something to plant in; answers what was
/// not found.
pub async fn everything(postgres: &Postgres, evidence: &Evidence, database: &str) -> Vec<String> {
    // One connection: what is said to it belongs together.
    let mut options = ConnectOptions::new(postgres.url(database));
    options.max_connections(1);
    let db = Database::connect(options).await.expect("the database");
    let named: Vec<_> = names().collect();
    let unplanted = |check: &&str| !named.iter().any(|named| check.contains(named));
    let checks = CHECKS.iter().map(|(check, _)| *check).filter(unplanted);
    let mut missed: Vec<_> = checks
        .map(|check| format!("nothing is planted for {check:?}"))
        .collect();
    let told = told(&evidence.entries);
    for (what, sql, named) in IN_TABLES {
        let Some(books) = planted(&db, &sql.replace("{told}", &told)).await else {
            println!("nothing to plant in: {what}");
            continue;
        };
        let evidence = Evidence {
            entries: evidence.entries.clone(),
            books,
            words: None,
        };
        missed.extend(missing(what, named, &evidence));
    }
    for (what, plant, named) in IN_RECORD {
        let mut entries = evidence.entries.clone();
        plant(&mut entries);
        if entries == evidence.entries {
            println!("nothing to plant in: {what}");
            continue;
        }
        let (books, words) = (evidence.books.clone(), evidence.words.clone());
        let evidence = Evidence {
            entries,
            books,
            words,
        };
        missed.extend(missing(what, named, &evidence));
    }
    db.close().await.expect("it closes");
    missed
}

/// The settlements that tills were told of, as SQL lists them.
fn told(entries: &Entries) -> String {
    let answers = entries.values().flat_map(|entry| &entry.answers);
    let made = answers.filter_map(|answer| match answer {
        Answer::Yes(made) => Some(&made.bills),
        Answer::No(_) => None,
    });
    let quoted = made
        .flatten()
        .map(|bill| format!("'{}'", bill.settlement_id));
    let all: Vec<String> = quoted.chain(["''".to_string()]).collect();
    all.join(", ")
}

/// What the checks are known by here.
fn names() -> impl Iterator<Item = &'static str> {
    let in_tables = IN_TABLES.iter().map(|(_, _, named)| *named);
    in_tables.chain(IN_RECORD.iter().map(|(_, _, named)| *named))
}

type Forgery = (&'static str, fn(&mut Entries), &'static str);

/// What is planted in the record.
#[rustfmt::skip]
const IN_RECORD: &[Forgery] = &[
    ("a request without an answer", forget_answer, "is concluded"),
    ("a request with two answers", doubt_answer, "one answer"),
    ("a refusal that cannot be", twist_refusal, "may meet"),
    ("an attempt that met a bug", meet_bug, "suite itself failed"),
    ("a refused settlement that is there", deny_settlement, "nothing refused"),
    ("a quote that was not kept", break_quote, "was quoted"),
    ("an answer with another amount", twist_amount, "GetSettlement"),
    ("an answer that GetOutcome does not know", deny_settlement, "GetOutcome"),
    ("a withdrawn settlement that stands", withdraw_settlement, "nothing is left"),
    ("a withdrawn enrolment that stands", withdraw_enrolment, "nothing is left"),
    ("a withdrawn admission that stands", withdraw_admission, "nothing is left"),
    ("a withdrawn suspension that stands", withdraw_suspension, "nothing is left"),
];

/// The answers of the first request that was told yes, or no.
fn first(entries: &mut Entries, yes: bool) -> Option<&mut Vec<Answer>> {
    let told = |answers: &[Answer]| match answers.first() {
        Some(Answer::Yes(_)) => yes,
        Some(Answer::No(_)) => !yes,
        None => false,
    };
    let settles = entries
        .values_mut()
        .filter(|entry| entry.order.kind.starts_with("settle") && entry.withdrawals == 0);
    settles
        .map(|entry| &mut entry.answers)
        .find(|answers| told(answers))
}

fn forget_answer(entries: &mut Entries) {
    if let Some(answers) = first(entries, true) {
        answers.clear();
    }
}

fn doubt_answer(entries: &mut Entries) {
    if let Some(answers) = first(entries, true) {
        answers.push(Answer::No("PERSON_UNKNOWN".into()));
    }
}

fn meet_bug(entries: &mut Entries) {
    if let Some(entry) = entries.values_mut().next() {
        entry.silences.push("INTERNAL".into());
    }
}

fn deny_settlement(entries: &mut Entries) {
    if let Some(answers) = first(entries, true) {
        *answers = vec![Answer::No("CLAIM_DENIED".into())];
    }
}

fn withdraw_settlement(entries: &mut Entries) {
    withdraw(entries, "settle");
}

fn withdraw_enrolment(entries: &mut Entries) {
    withdraw(entries, "enrol");
}

fn withdraw_admission(entries: &mut Entries) {
    withdraw(entries, "admit");
}

fn withdraw_suspension(entries: &mut Entries) {
    withdraw(entries, "suspend");
}

/// The tills say that they withdrew what they were told is done.
fn withdraw(entries: &mut Entries, kind: &str) {
    let of_kind = |entry: &&mut Entry| entry.order.kind == kind && entry.stands().is_some();
    for entry in entries.values_mut().filter(of_kind) {
        entry.withdrawals += 1;
        entry.answers.push(Answer::No(WITHDRAWN.into()));
    }
}

fn break_quote(entries: &mut Entries) {
    for entry in entries
        .values_mut()
        .filter(|entry| entry.order.kind == "settle-quoted")
    {
        entry.answers.iter_mut().for_each(one_fen_more);
    }
}

/// The first settlement of an answer that was yes.
fn one_fen_more(answer: &mut Answer) {
    if let Answer::Yes(made) = answer
        && let Some(bill) = made.bills.first_mut()
    {
        bill.funds_fen += 1;
    }
}

fn twist_refusal(entries: &mut Entries) {
    if let Some(answers) = first(entries, false) {
        *answers = vec![Answer::No("INTERNAL".into())];
    }
}

fn twist_amount(entries: &mut Entries) {
    if let Some(answer) = first(entries, true).and_then(|answers| answers.first_mut()) {
        one_fen_more(answer);
    }
}

/// None when the check whose sentence contains `named` fails.
fn missing(what: &str, named: &str, evidence: &Evidence) -> Option<String> {
    let findings = judge(evidence);
    let failing = || {
        findings
            .iter()
            .filter(|finding| !finding.problems.is_empty())
    };
    match failing().any(|finding| finding.check.contains(named)) {
        true => None,
        false => {
            let others: Vec<_> = failing().map(|finding| finding.check).collect();
            Some(format!("{what}: no check {named:?} fails, but {others:?}"))
        }
    }
}

/// The books of the database after this statement; none when it changed nothing.
// It is rolled back, and on PostgreSQL always.
#[allow(clippy::disallowed_methods)]
async fn planted(db: &DatabaseConnection, sql: &str) -> Option<Books> {
    db.execute_unprepared("BEGIN").await.expect("a transaction");
    let planted = db.execute_unprepared(sql).await.expect("it is planted");
    let books = Books::on(db).await.expect("the books");
    db.execute_unprepared("ROLLBACK").await.expect("it goes");
    (planted.rows_affected() > 0).then_some(books)
}

/// Makes a database.
pub async fn make_database(postgres: &Postgres, name: &str) {
    let maintenance = Database::connect(postgres.url("postgres"))
        .await
        .expect("a database");
    let create = format!("CREATE DATABASE {name}");
    maintenance
        .execute_unprepared(&create)
        .await
        .expect("a new database");
    maintenance.close().await.expect("it closes");
}
