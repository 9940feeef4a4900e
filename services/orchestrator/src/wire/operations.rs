//! What operators ask and are told.

use crate::operations::{Action, Page, Reckoning, Standing};
use crate::steps::standing::Moved;
use crate::store::operations::{Filter, Seen, Tally};
use crate::store::{Line, State};
use kernel::refusal::invalid;
use kernel::{Instant, Refusal, RequestId, SagaId};
use proto::orchestrator as pb;
use proto::orchestrator::saga_line::Event;
use runtime::{parse, render};
use saga::What;

/// The longest name of a body, in characters.
const KIND_MAX: usize = 60;
/// The longest reason, in characters.
const REASON_MAX: usize = 200;
/// The longest code of a fault, in characters.
const CODE_MAX: usize = 60;
/// The longest name of a caller, in characters.
const CALLER_MAX: usize = 100;

/// Which saga.
pub fn saga_id(text: &str) -> Result<SagaId, Refusal> {
    parse::field("saga_id", SagaId::parse(text))
}

/// Why.
pub fn reason(text: &str) -> Result<String, Refusal> {
    parse::text("reason", text, REASON_MAX)
}

/// What to do.
pub fn action(number: i32) -> Result<Action, Refusal> {
    let action = match pb::SagaAction::try_from(number) {
        Ok(pb::SagaAction::Retry) => Some(Action::Retry),
        Ok(pb::SagaAction::Resume) => Some(Action::Resume),
        Ok(pb::SagaAction::Unspecified) | Err(_) => None,
    };
    parse::wanted(
        "action",
        action,
        "SAGA_ACTION_RETRY 或 SAGA_ACTION_RESUME 之一",
    )
}

/// Which sagas, as of now.
pub fn filter(message: Option<pb::SagaFilter>, now: Instant) -> Result<Filter, Refusal> {
    let message = message.unwrap_or_default();
    let states = message.states.iter().enumerate().map(|(place, number)| {
        let path = format!("filter.states[{place}]");
        parse::wanted(path, state(*number), "已知的状态")
    });
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.';
    if message.kind.len() > KIND_MAX || !message.kind.bytes().all(plain) {
        let expected = format_args!("至多{KIND_MAX}个 [a-z0-9_.] 字符,形如 settle 或 settle.v1");
        return Err(invalid("filter.kind", expected));
    }
    if !message.fault_code.is_empty() {
        parse::token("filter.fault_code", &message.fault_code, CODE_MAX)?;
    }
    if !message.request_id.is_empty() {
        parse::field("filter.request_id", RequestId::parse(&message.request_id))?;
    }
    let seconds = parse::not_negative("filter.older_than_seconds", message.older_than_seconds)?;
    let began = now
        .micros()
        .saturating_sub(seconds.saturating_mul(1_000_000));
    Ok(Filter {
        states: states.collect::<Result<_, _>>()?,
        kind: message.kind,
        began_until: (seconds > 0).then(|| Instant::from_micros(began)),
        fault_code: message.fault_code,
        caller: parse::optional_text("filter.caller", &message.caller, CALLER_MAX)?,
        request_id: message.request_id,
    })
}

fn state(number: i32) -> Option<State> {
    use pb::saga::State as Told;
    Some(match Told::try_from(number).ok()? {
        Told::Unspecified => return None,
        Told::Running => State::Running,
        Told::Done => State::Done,
        Told::Refused => State::Refused,
        Told::Withdrawn => State::Withdrawn,
        Told::Stuck => State::Stuck,
        Told::Abandoned => State::Abandoned,
    })
}

fn told_state(state: State) -> i32 {
    use pb::saga::State as Told;
    let told = match state {
        State::Running => Told::Running,
        State::Done => Told::Done,
        State::Refused => Told::Refused,
        State::Withdrawn => Told::Withdrawn,
        State::Stuck => Told::Stuck,
        State::Abandoned => Told::Abandoned,
    };
    told.into()
}

/// A page of sagas.
pub fn page(page: Page) -> pb::ListSagasResponse {
    let tally = |tally: Tally| pb::SagaTally {
        kind: tally.kind,
        state: told_state(tally.state),
        sagas: tally.sagas,
    };
    pb::ListSagasResponse {
        sagas: page.sagas.into_iter().map(saga).collect(),
        next_page_token: page.next,
        tallies: page.tallies.into_iter().map(tally).collect(),
    }
}

/// A saga.
pub fn saga(seen: Seen) -> pb::Saga {
    let count = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
    pb::Saga {
        state: told_state(seen.state()),
        refused: seen.refusal().as_ref().map(render::refused),
        last_fault: seen.heard().as_ref().map(render::refused),
        attempts: count(seen.attempts()),
        withdrawing: seen.withdraw,
        owner: seen.owner().to_string(),
        lives: count(seen.fence),
        began_time: Some(render::timestamp(seen.began())),
        changed_time: Some(render::timestamp(seen.changed())),
        due_time: seen.due().map(render::timestamp),
        saga_id: seen.saga_id,
        kind: seen.kind,
        caller: seen.caller,
        method: seen.method,
        request_id: seen.request_id,
        subject_id: seen.subject.unwrap_or_default(),
        abandonment_proposed_by: seen.abandon_by.unwrap_or_default(),
        abandonment_reason: seen.abandon_reason.unwrap_or_default(),
    }
}

/// One line of a journal: what happened, and never what was answered.
pub fn line(line: Line) -> pb::SagaLine {
    let told = |no: kernel::ToldRefusal| Some(render::refused(&no.into()));
    let (event, refused) = match line.entry.what {
        What::Answered(_) => (Event::Answered, None),
        What::Refused(no) => (Event::Refused, told(no)),
        What::Unanswered(no) => (Event::Unanswered, told(no)),
        What::Undone => (Event::Undone, None),
        What::Reversed => (Event::Reversed, None),
    };
    pb::SagaLine {
        number: line.number,
        step: i32::try_from(line.entry.step).unwrap_or(i32::MAX),
        name: line.entry.name.into_owned(),
        event: event.into(),
        refused,
        written_time: Some(render::timestamp(line.written)),
        written_by: line.by,
    }
}

/// What stands at the peers.
pub fn reckoning(reckoning: Reckoning) -> pb::ReckonSagaResponse {
    let (would_post, unpriced) = match reckoning.would_post {
        Ok(moved) => (moved, None),
        Err(no) => (Vec::new(), Some(render::refused(&no))),
    };
    pb::ReckonSagaResponse {
        standings: reckoning.standings.into_iter().map(standing).collect(),
        posted: reckoning.posted.into_iter().map(moved).collect(),
        would_post: would_post.into_iter().map(moved).collect(),
        unpriced,
    }
}

fn standing(standing: Standing) -> pb::reckon_saga_response::Standing {
    let (outcome, silent) = match standing.outcome {
        Ok(outcome) => (Some(render::outcome(outcome)), None),
        Err(no) => (None, Some(render::refused(&no))),
    };
    pb::reckon_saga_response::Standing {
        step: i32::try_from(standing.step).unwrap_or(i32::MAX),
        name: standing.effect.name.to_string(),
        key: standing.key,
        outcome,
        silent,
    }
}

fn moved(moved: Moved) -> pb::reckon_saga_response::Entry {
    pb::reckon_saga_response::Entry {
        account: moved.account,
        amount_fen: moved.amount.0,
        reversing: moved.reversing,
    }
}
