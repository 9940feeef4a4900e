//! One schedule played to its end: a job of its own, a caller who asks until it knows, the late
//! calls, whatever still waits, and everything that must hold then.

use crate::books::{Books, books, change, keys_done, saga_of, sagas_open};
use crate::script::{Place, Schedule, Script};
use crate::works::{Job, Work};
use integration_tests::{World, code, patient, remembered};
use orchestrator::{Patience, Times};
use proto::common::Outcome;
use proto::common::outcome::State;
use proto::orchestrator as pb;
use runtime::Wire;
use runtime::fault::Faults;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tonic::{Code, Request, Status};

/// The first time a caller gives a saga that may die under it; each further one is twice as long.
const HASTE: Duration = Duration::from_millis(120);
/// Attempts of a caller.
const ATTEMPTS_MAX: u32 = 9;

/// What the caller does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Asks until there is an answer; a saga that dies is taken up at once.
    Insists,
    /// Withdraws the request as soon as it hears nothing, while the saga goes on without it.
    GivesUp,
    /// Withdraws the request when it is done.
    Regrets,
    /// Withdraws the request before it sends it.
    Forestalls,
}

/// What is wrong with the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    None,
    /// Withdrawals of this method are answered and not done.
    WithdrawsNothing,
    /// Burnings are answered and not done.
    BurnsNothing,
}

/// One way of exploring.
#[derive(Clone, Copy, Debug)]
pub struct Play {
    /// What is asked.
    pub work: Work,
    /// By whom.
    pub caller: Caller,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What a caller believes in the end.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// It took effect.
    Yes,
    /// It never will, for the reason with this code.
    No(String),
}

/// A world behind faults.
pub struct Stage {
    world: World,
    script: Script,
    faults: Faults,
    count: AtomicUsize,
}

impl Stage {
    /// A stage of its own.
    pub async fn open(flaw: Flaw) -> Stage {
        let script = Script::default();
        let (calls, commits) = (script.clone(), script.clone());
        let faults = Faults::new(move |path| calls.fate(path));
        let over = faults.clone();
        let world = World::tuned(|config| {
            config.wrap = Some(Arc::new(move |_: &'static str, wire: Wire| {
                over.over(crate::flaws::over(flaw, wire))
            }));
            config.journal_faults = Some(Arc::new(move || commits.commit()));
            // Nobody waits for a lease: whoever comes takes a saga up, and the fence decides.
            config.saga_times = Times {
                lease: Duration::ZERO,
                call: Duration::from_secs(30),
                pause: Duration::ZERO,
            };
        });
        Stage {
            world: world.await,
            script,
            faults,
            count: AtomicUsize::new(0),
        }
    }

    /// Plays one schedule to its end. Gives the places met under it, and the change it came to or
    /// what is wrong.
    pub async fn play(
        &self,
        play: Play,
        schedule: &Schedule,
    ) -> (Vec<Place>, Result<(Told, Books), String>) {
        let n = self.count.fetch_add(1, Ordering::SeqCst);
        let job = Job::prepare(&self.world, play.work, n).await;
        let before = books(&self.world, &job.people).await;
        self.script.begin(schedule);
        let told = self.ask(play.caller, &job).await;
        let places = self.script.end();
        self.faults.deliver_late().await;
        let end = match told {
            Ok(told) => self.check(play, &job, &before, told).await,
            Err(wrong) => Err(wrong),
        };
        (places, end)
    }

    async fn check(
        &self,
        play: Play,
        job: &Job,
        before: &Books,
        told: Told,
    ) -> Result<(Told, Books), String> {
        self.finish().await;
        let open = sagas_open(&self.world).await;
        if open != 0 {
            return Err(format!("told {told:?}: {open} sagas have not ended"));
        }
        let changed = change(before, &books(&self.world, &job.people).await);
        if told != Told::Yes && !changed.is_empty() {
            return Err(format!("told {told:?}, and yet {changed:?}"));
        }
        self.check_keys(job, &told).await?;
        let outcome = self.outcome(job).await;
        agrees(&told, &outcome)?;
        let again = match job.send(&self.world, patient(())).await {
            Ok(true) => Told::Yes,
            Ok(false) => return Err(format!("told {told:?}, and then done anew")),
            Err(no) if remembered(&no) => Told::No(code(&no)),
            Err(no) => return Err(format!("told {told:?}, and then nothing: {no}")),
        };
        let withdrawn = play.caller != Caller::Insists && again != Told::Yes && told != Told::Yes;
        if again != told && !withdrawn {
            return Err(format!("told {told:?}, and then {again:?}"));
        }
        let later = change(before, &books(&self.world, &job.people).await);
        if later != changed {
            return Err(format!("told {told:?}: {changed:?} became {later:?}"));
        }
        Ok((told, changed))
    }

    /// Every step's key is done, or none is.
    async fn check_keys(&self, job: &Job, told: &Told) -> Result<(), String> {
        let Some((saga_id, state)) = saga_of(&self.world, &job.id).await else {
            return Ok(());
        };
        let done = keys_done(&self.world, &saga_id).await;
        match (told, state, done.is_empty()) {
            (Told::Yes, 1, _) | (Told::No(_), 2 | 3, true) => Ok(()),
            _ => Err(format!(
                "told {told:?}, saga in state {state}, keys done: {done:?}"
            )),
        }
    }

    /// Drives what still waits, as the worker does.
    async fn finish(&self) {
        let executor = self.world.suite.executor();
        for _ in 0..100 {
            let due = executor.take_due(10).await.expect("the journal is there");
            if due.is_empty() {
                return;
            }
            for row in due {
                executor.work_on(row, Patience::Nobody).await;
            }
        }
    }

    async fn ask(&self, caller: Caller, job: &Job) -> Result<Told, String> {
        match caller {
            Caller::Insists => self.insist(job).await,
            Caller::GivesUp => {
                let mut request = Request::new(());
                request.set_timeout(HASTE);
                let sent = tokio::select! {
                    biased;
                    sent = job.send(&self.world, request) => Some(sent),
                    () = self.script.died() => None,
                };
                match sent {
                    None => self.withdraw(job).await,
                    Some(Err(no)) if !remembered(&no) => self.withdraw(job).await,
                    Some(answer) => Ok(told(answer)),
                }
            }
            Caller::Regrets => match self.insist(job).await? {
                Told::Yes => self.withdraw(job).await,
                no => Ok(no),
            },
            Caller::Forestalls => self.withdraw(job).await,
        }
    }

    /// Asks until there is an answer to believe.
    async fn insist(&self, job: &Job) -> Result<Told, String> {
        for _ in 0..ATTEMPTS_MAX {
            match job.send(&self.world, patient(())).await {
                Err(no) if !remembered(&no) && !is_silence(&no) => {
                    return Err(format!("unexpected: {no}"));
                }
                Err(no) if !remembered(&no) => {}
                answer => return Ok(told(answer)),
            }
        }
        Err(format!("no answer in {ATTEMPTS_MAX} attempts"))
    }

    /// Withdraws until it is known what became of it.
    async fn withdraw(&self, job: &Job) -> Result<Told, String> {
        for attempt in 0..ATTEMPTS_MAX {
            let mut request = Request::new(pb::WithdrawRequest {
                original_request_id: job.id.clone(),
                method: job.method.into(),
            });
            request.set_timeout(HASTE * 2_u32.pow(attempt));
            let answer = self.world.clerk().orchestrator().withdraw(request).await;
            match answer.map(|answer| answer.into_inner().outcome.unwrap_or_default()) {
                Ok(outcome) => match outcome.state() {
                    State::Withdrawn => return Ok(Told::No("REQUEST_WITHDRAWN".into())),
                    State::Refused => {
                        let refused = outcome.refused.unwrap_or_default();
                        return Ok(Told::No(refused.code));
                    }
                    State::Pending => {}
                    state => return Err(format!("withdrawn, and {state:?}")),
                },
                Err(no) if is_silence(&no) => {}
                // Its reversal was refused: it stands.
                Err(no) if no.code() == Code::FailedPrecondition => return Ok(Told::Yes),
                Err(no) => return Err(format!("unexpected: {no}")),
            }
        }
        Err(format!("not withdrawn in {ATTEMPTS_MAX} attempts"))
    }

    async fn outcome(&self, job: &Job) -> Outcome {
        let request = pb::GetOutcomeRequest {
            request_id: job.id.clone(),
            method: job.method.into(),
        };
        let answer = self.world.clerk().orchestrator().get_outcome(request).await;
        answer.unwrap().into_inner().outcome.unwrap()
    }
}

fn told(answer: Result<bool, Status>) -> Told {
    match answer {
        Ok(_) => Told::Yes,
        Err(no) => Told::No(code(&no)),
    }
}

/// GetOutcome says the same.
fn agrees(told: &Told, outcome: &Outcome) -> Result<(), String> {
    let refused = outcome.refused.clone().unwrap_or_default();
    let same = match (told, outcome.state()) {
        (Told::Yes, State::Done) => !outcome.subject_id.is_empty(),
        (Told::No(code), State::Refused) => *code == refused.code,
        (Told::No(_), State::Withdrawn) => true,
        _ => false,
    };
    same.then_some(())
        .ok_or_else(|| format!("told {told:?}, and GetOutcome: {outcome:?}"))
}

/// Nobody knows, or somebody else is at it: ask again.
fn is_silence(no: &Status) -> bool {
    matches!(
        no.code(),
        Code::DeadlineExceeded
            | Code::Unavailable
            | Code::ResourceExhausted
            | Code::Aborted
            | Code::PermissionDenied
    )
}
