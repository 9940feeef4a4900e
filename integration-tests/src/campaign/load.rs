//! The tills: callers that ask as hospitals do. Each asks for one thing at a time, writes it down
//! before it sends, and goes on asking with the same id until it knows. Some of it they want to be
//! withdrawn: before it was sent, while it is under way, or after it was done.

use super::kinds::{Client, Draw, Effect, Kind, Told, drawn, within};
use super::record::{Answer, Order, Record, WITHDRAWN};
use super::report::Tally;
use super::town::Town;
use crate::{code, remembered};
use kernel::refusal::{DEADLINE_EXCEEDED, UNAVAILABLE};
use proto::common::outcome::State;
use proto::orchestrator::{GetOutcomeRequest, WithdrawRequest, WithdrawResponse};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use runtime::{ClientTls, Wire, connect};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tonic::{Code, Status};
use yibao::desk::{Desk, Wires};

/// How long a till waits for one answer, in milliseconds: some are too hasty.
const PATIENCES_MS: [u64; 5] = [100, 500, 2_000, 5_000, 10_000];
/// The longest pause before a till asks again.
const PAUSE_MAX_MS: u64 = 800;
/// The longest time between a request and its withdrawal that follows at once, in milliseconds.
const HASTE_MAX_MS: u64 = 150;
/// The longest pause between two requests of a till.
const THINK_MAX_MS: u64 = 120;

/// What all tills share.
pub struct Load {
    /// What they write down.
    pub record: Record,
    /// What they count.
    pub tally: Arc<Tally>,
    /// What there is to ask for.
    pub town: Town,
    /// Where they ask.
    pub endpoint: String,
    /// Whom they believe there.
    pub tls: ClientTls,
    /// Where chance begins.
    pub seed: u64,
}

/// The caller that till `number` is.
pub fn desk(wire: &Wire, number: usize) -> Desk {
    Desk::new(&Wires::all(wire.clone()), &format!("till-{number}"))
}

/// Begins `tills` tills. When `open` turns false they ask for nothing new, and each ends as soon as
/// it knows what became of its last request.
pub fn begin(load: &Arc<Load>, tills: usize, open: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut working = JoinSet::new();
    for number in 0..tills {
        // A connection of its own, as tills have.
        let wire = connect(&load.endpoint, Some(&load.tls)).expect("an endpoint of ours");
        let till = Till {
            load: load.clone(),
            number,
            client: desk(&wire, number).orchestrator(),
            rng: StdRng::seed_from_u64(load.seed.wrapping_add(number as u64 + 1)),
        };
        working.spawn(till.work(open.clone()));
    }
    working
}

/// A request under way.
struct Matter {
    kind: &'static Kind,
    id: String,
    message: Vec<u8>,
    /// True once nobody knew what became of it.
    doubtful: bool,
    /// How often its withdrawal was sent.
    withdrawals: u32,
    /// True when others know of it already.
    is_known: bool,
}

/// What a withdrawal came to.
enum Withdrawn {
    /// The request has no effect, for ever.
    Gone(Answer),
    /// It was done, and its reversal is refused.
    Stands,
}

struct Till {
    load: Arc<Load>,
    number: usize,
    client: Client,
    rng: StdRng,
}

impl Till {
    async fn work(mut self, open: watch::Receiver<bool>) {
        let mut count = 0;
        while *open.borrow() {
            count += 1;
            let id = format!("t{}-{count:06}", self.number);
            let kind = drawn(&mut self.rng);
            let draw = Draw {
                id: id.clone(),
                rng: &mut self.rng,
                town: &self.load.town,
                client: self.client.clone(),
            };
            if let Some(message) = (kind.draw)(draw).await {
                self.conclude(kind, id, message).await;
            }
            self.pause(THINK_MAX_MS).await;
        }
    }

    async fn pause(&mut self, most_ms: u64) {
        sleep(Duration::from_millis(self.rng.random_range(0..most_ms))).await;
    }

    /// Sends a request, and withdraws it if chance wants that, until it is known what became of it.
    async fn conclude(&mut self, kind: &'static Kind, id: String, message: Vec<u8>) {
        let load = self.load.clone();
        load.record.order(&Order {
            id: id.clone(),
            till: self.number,
            kind: kind.name.into(),
            message: hex::encode(&message),
        });
        let mut matter = Matter {
            kind,
            id,
            message,
            doubtful: false,
            withdrawals: 0,
            is_known: false,
        };
        let answer = match self.rng.random_range(0..24) {
            0 => self.withdraw_before(&mut matter).await,
            1 => self.withdraw_meanwhile(&mut matter).await,
            2 => self.withdraw_after(&mut matter).await,
            _ => self.insist(&mut matter).await,
        };
        let tally = &load.tally;
        if matter.doubtful {
            tally.in_doubt.fetch_sub(1, Ordering::Relaxed);
        }
        match &answer {
            Answer::Yes(_) => tally.settled.fetch_add(1, Ordering::Relaxed),
            Answer::No(_) => tally.refused.fetch_add(1, Ordering::Relaxed),
        };
        // What was withdrawn more than once in vain may still be withdrawn by the first of them.
        let is_certain = matter.withdrawals < 2 && !matter.is_known;
        if is_certain || matches!(answer, Answer::No(_)) {
            load.town.learn(kind.door, &matter.message, &answer);
        }
    }

    /// Asks until it is known what became of the request.
    async fn insist(&mut self, matter: &mut Matter) -> Answer {
        loop {
            if let Some(answer) = self.ask(matter.kind, &matter.id, &matter.message).await {
                return answer;
            }
            self.doubt(matter).await;
        }
    }

    /// Withdraws what nobody has heard of, and sends it then: it must not take effect any more.
    async fn withdraw_before(&mut self, matter: &mut Matter) -> Answer {
        let answer = self.take_back(matter).await;
        let told = self.ask(matter.kind, &matter.id, &matter.message).await;
        told.unwrap_or(answer)
    }

    /// Sends a request and, when it may be anywhere, its withdrawal.
    async fn withdraw_meanwhile(&mut self, matter: &mut Matter) -> Answer {
        let (patience, pause) = (self.patience(), self.rng.random_range(0..HASTE_MAX_MS));
        let send = (matter.kind.door.send)(self.client.clone(), matter.message.clone(), patience);
        let withdraw = async {
            sleep(Duration::from_millis(pause)).await;
            self.withdraw(matter.kind, &matter.id, patience).await
        };
        let (told, withdrawn) = tokio::join!(send, withdraw);
        matter.withdrawals += 1;
        self.hear(&matter.id, told);
        match self.hear_withdrawal(matter, withdrawn) {
            Some(Withdrawn::Gone(answer)) => answer,
            Some(Withdrawn::Stands) => self.insist(matter).await,
            None => {
                self.doubt(matter).await;
                self.take_back(matter).await
            }
        }
    }

    /// Withdraws what was done. Others may discharge from an admission meanwhile: then it stands.
    async fn withdraw_after(&mut self, matter: &mut Matter) -> Answer {
        let answer = self.insist(matter).await;
        if matter.kind.door.effect == Effect::Admits {
            let town = &self.load.town;
            town.learn(matter.kind.door, &matter.message, &answer);
            matter.is_known = true;
            self.pause(THINK_MAX_MS * 10).await;
        }
        self.take_back(matter).await
    }

    /// Withdraws until it is known what became of that.
    async fn take_back(&mut self, matter: &mut Matter) -> Answer {
        loop {
            let patience = self.patience();
            let told = self.withdraw(matter.kind, &matter.id, patience).await;
            matter.withdrawals += 1;
            match self.hear_withdrawal(matter, told) {
                Some(Withdrawn::Gone(answer)) => return answer,
                Some(Withdrawn::Stands) => return self.insist(matter).await,
                None => self.doubt(matter).await,
            }
        }
    }

    async fn withdraw(
        &self,
        kind: &Kind,
        id: &str,
        patience: Duration,
    ) -> Result<WithdrawResponse, Status> {
        self.load.record.withdrawal(id);
        let request = WithdrawRequest {
            original_request_id: id.into(),
            method: kind.door.method.into(),
        };
        let mut client = self.client.clone();
        let answer = client.withdraw(within(request, patience)).await?;
        Ok(answer.into_inner())
    }

    /// Writes down what was told of a withdrawal. That it is refused is a passing truth.
    fn hear_withdrawal(
        &self,
        matter: &Matter,
        told: Result<WithdrawResponse, Status>,
    ) -> Option<Withdrawn> {
        let outcome = match told {
            Ok(answer) => answer.outcome.unwrap_or_default(),
            Err(no) if matches!(no.code(), Code::FailedPrecondition | Code::NotFound) => {
                self.load.record.stands(&matter.id, &code(&no));
                return Some(Withdrawn::Stands);
            }
            Err(no) => {
                self.unknown(&matter.id, &no);
                return None;
            }
        };
        let code = match outcome.state() {
            State::Refused => outcome.refused.unwrap_or_default().code,
            State::Withdrawn => WITHDRAWN.into(),
            _ => return None,
        };
        let answer = Answer::No(code);
        self.load.record.answer(&matter.id, &answer);
        Some(Withdrawn::Gone(answer))
    }

    /// Nobody knows: it is asked again after a while.
    async fn doubt(&mut self, matter: &mut Matter) {
        if !matter.doubtful {
            matter.doubtful = true;
            let tally = &self.load.tally;
            tally.in_doubt.fetch_add(1, Ordering::Relaxed);
            tally.doubted.fetch_add(1, Ordering::Relaxed);
        }
        self.pause(PAUSE_MAX_MS).await;
    }

    fn patience(&mut self) -> Duration {
        let chosen = PATIENCES_MS.choose(&mut self.rng).copied();
        Duration::from_millis(chosen.unwrap_or(1_000))
    }

    /// One attempt: mostly the request again, sometimes twice at once, sometimes GetOutcome.
    async fn ask(&mut self, kind: &Kind, id: &str, message: &[u8]) -> Option<Answer> {
        let patience = self.patience();
        let send = || (kind.door.send)(self.client.clone(), message.to_vec(), patience);
        match self.rng.random_range(0..10) {
            0 => {
                let (one, two) = tokio::join!(send(), send());
                let (one, two) = (self.hear(id, one), self.hear(id, two));
                one.or(two)
            }
            1 => self.outcome(kind, id, patience).await,
            _ => {
                let told = send().await;
                self.hear(id, told)
            }
        }
    }

    /// Writes down what was told. Only a yes and a remembered no are for good.
    fn hear(&self, id: &str, told: Told) -> Option<Answer> {
        let answer = match told {
            Ok(made) => Answer::Yes(made),
            Err(no) if remembered(&no) => Answer::No(code(&no)),
            Err(no) => {
                self.unknown(id, &no);
                return None;
            }
        };
        self.load.record.answer(id, &answer);
        Some(answer)
    }

    fn unknown(&self, id: &str, no: &Status) {
        let told = match (code(no), no.code()) {
            (told, _) if !told.is_empty() => told,
            // What the connection said, not a service.
            (_, Code::Cancelled | Code::DeadlineExceeded) => {
                format!("({})", DEADLINE_EXCEEDED.code)
            }
            _ => format!("({})", UNAVAILABLE.code),
        };
        self.load.record.silence(id, &told);
        self.load.tally.silent(&told);
    }

    /// Asks what became of it. A no is one for good; what was made is told by asking again.
    async fn outcome(&mut self, kind: &Kind, id: &str, patience: Duration) -> Option<Answer> {
        let request = GetOutcomeRequest {
            request_id: id.into(),
            method: kind.door.method.into(),
        };
        let told = self.client.get_outcome(within(request, patience)).await;
        let outcome = match told {
            Ok(answer) => answer.into_inner().outcome.unwrap_or_default(),
            Err(no) => {
                self.unknown(id, &no);
                return None;
            }
        };
        let code = match outcome.state() {
            State::Refused => outcome.refused.unwrap_or_default().code,
            State::Withdrawn => WITHDRAWN.into(),
            _ => return None,
        };
        let answer = Answer::No(code);
        self.load.record.answer(id, &answer);
        Some(answer)
    }
}
