//! One schedule played to its end: a job for a person of its own, a caller that asks until it
//! knows, the late calls, and everything that must hold then.

use crate::books::{Books, Told};
use crate::script::{Place, Schedule, Script};
use integration_tests::{AREA, PATIENCE, World, code, patient, remembered, stay};
use kernel::{AreaCode, Principal, Role};
use proto::common::{Basis, Claim, Outcome, Settlement};
use proto::orchestrator as pb;
use proto::orchestrator::get_outcome_request::Method;
use proto::settlement::GetClaimHistoryRequest;
use runtime::fault::Faults;
use runtime::{Context, Wire};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tonic::body::Body;
use tonic::{Code, Request, Status};
use tower::ServiceExt;

/// A caller's time that leaves none for asking a peer again: the saga ends at its first fault.
const HASTE: Duration = Duration::from_millis(60);
/// Attempts of a caller; from the fourth on each waits twice as long.
const ATTEMPTS_MAX: u32 = 14;
/// A person nobody registered.
const NOBODY: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";

/// What a saga is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A claim that can be settled.
    Settle,
    /// A bill that is settled already: the pivot's no.
    SettleTwice,
    /// A claim of a person nobody knows: a no before the pivot.
    SettleNobody,
    /// A claim with a basis that only the pivot reads, and cannot read.
    SettleUnreadable,
    /// A claim of a person whose registration is withdrawn after the first attempt.
    SettleVanishing,
    /// A settlement that can be reversed.
    Reverse,
    /// A settlement that is reversed already.
    ReverseTwice,
}

/// When late calls arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// After the answer is known.
    AfterAnswer,
    /// Between two attempts, and after the answer.
    BetweenAttempts,
}

/// How long the caller waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Long enough for the saga to ask its peers again.
    Patient,
    /// Too short for that: the caller asks the saga again.
    Hasty,
}

/// What is wrong with caller or saga.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    None,
    /// The caller asks again with a new id.
    NewIdEachTime,
    /// The caller takes silence for a no.
    SilenceIsNo,
    /// The saga tells a no without having burned its pivot's key.
    BurnsNothing,
}

/// One way of exploring: what is asked, by whom, and when late calls arrive.
#[derive(Clone, Copy, Debug)]
pub struct Play {
    /// What is asked.
    pub work: Work,
    /// How long the caller waits.
    pub mood: Mood,
    /// When late calls arrive.
    pub arrival: Arrival,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What was asked, for one person of its own.
pub struct Job {
    id: String,
    person: String,
    claim: Claim,
    basis: Option<Basis>,
    /// The settlement to reverse; none where the claim is to be settled.
    pub reverse: Option<String>,
}

/// A schedule played to its end: what became of its request, for good.
pub struct Known {
    /// What was asked.
    pub job: Job,
    /// The id that was answered.
    pub id: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// A world behind faults.
pub struct Stage {
    world: World,
    script: Script,
    faults: Faults,
    count: AtomicUsize,
}

impl Stage {
    /// A stage on which a flaw of the saga shows; a caller's is its own.
    pub async fn open(flaw: Flaw) -> Stage {
        let script = Script::default();
        let told = script.clone();
        let faults = Faults::new(move |path| told.fate(path));
        let over = faults.clone();
        let wrap = move |_: &'static str, wire: Wire| match flaw {
            Flaw::BurnsNothing => over.over(burning_nothing(wire)),
            _ => over.over(wire),
        };
        Stage {
            world: World::wrapped(wrap).await,
            script,
            faults,
            count: AtomicUsize::new(0),
        }
    }

    /// A job for a person of its own, with nothing failing yet.
    async fn job(&self, work: Work) -> Job {
        let n = self.count.fetch_add(1, Ordering::SeqCst);
        let person = match work {
            Work::SettleNobody => NOBODY.to_string(),
            _ => self.world.insured(None).await,
        };
        let claim = stay(&person, &format!("V{n}"), 8_000);
        let earlier = match work {
            Work::Settle | Work::SettleNobody | Work::SettleUnreadable | Work::SettleVanishing => {
                None
            }
            Work::SettleTwice | Work::Reverse | Work::ReverseTwice => {
                let earlier = Claim {
                    visit_number: format!("E{n}"),
                    ..claim.clone()
                };
                let settled = self.world.settle(&format!("earlier-{n}"), earlier).await;
                Some(settled.unwrap().settlement_id)
            }
        };
        if let (Work::ReverseTwice, Some(earlier)) = (work, &earlier) {
            let id = format!("reversed-{n}");
            self.world.reverse(&id, earlier).await.unwrap();
        }
        Job {
            id: format!("job-{n}"),
            person,
            claim,
            basis: (work == Work::SettleUnreadable).then(Basis::default),
            reverse: earlier.filter(|_| matches!(work, Work::Reverse | Work::ReverseTwice)),
        }
    }

    /// Plays one schedule to its end. Gives the calls made under it, and what it came to or what is
    /// wrong.
    pub async fn play(
        &self,
        play: Play,
        schedule: &Schedule,
    ) -> (Vec<Place>, Result<Known, String>) {
        let job = self.job(play.work).await;
        let before = self.books(&job).await;
        self.script.begin(schedule);
        let answered = self.attempts(play, &job).await;
        let calls = self.script.end();
        self.faults.deliver_late().await;
        let end = match answered {
            Ok((id, told)) => self.check(play, job, &before, id, &told).await,
            Err(wrong) => Err(wrong),
        };
        (calls, end)
    }

    /// What must hold once a caller was told something.
    async fn check(
        &self,
        play: Play,
        job: Job,
        before: &Books,
        id: String,
        told: &Told,
    ) -> Result<Known, String> {
        // Of the late calls nobody heard an answer: the books show what they did.
        before.agree(&self.books(&job).await, &job, told)?;
        let again = match self.ask(&job, patient(id.clone())).await {
            Ok((settlement, true)) => Told::Yes(Box::new(settlement)),
            Ok((_, false)) => return Err(format!("told {told:?}, and then done anew")),
            Err(no) if remembered(&no) => Told::No(code(&no)),
            Err(no) => return Err(format!("told {told:?}, and then nothing: {no}")),
        };
        if again != *told {
            return Err(format!("told {told:?}, and then {again:?}"));
        }
        before.agree(&self.books(&job).await, &job, told)?;
        let outcome = self.outcome(&job, &id).await;
        told.agrees(&outcome)?;
        told.expected(play.work)?;
        Ok(Known { job, id, outcome })
    }

    /// Asks until there is an answer to believe. Gives it and the id it was given for.
    async fn attempts(&self, play: Play, job: &Job) -> Result<(String, Told), String> {
        for attempt in 0..ATTEMPTS_MAX {
            let id = match play.flaw {
                Flaw::NewIdEachTime => format!("{}-{attempt}", job.id),
                _ => job.id.clone(),
            };
            let mut request = patient(id.clone());
            if play.mood == Mood::Hasty {
                request.set_timeout(HASTE * 2_u32.pow(attempt.saturating_sub(3)));
            }
            let answer = self.ask(job, request).await;
            if play.work == Work::SettleVanishing && attempt == 0 {
                self.world.withdraw_last_person().await;
            }
            match answer {
                Ok((settlement, _)) => return Ok((id, Told::Yes(Box::new(settlement)))),
                Err(no) if remembered(&no) => return Ok((id, Told::No(code(&no)))),
                Err(no) if !is_silence(&no) => return Err(format!("unexpected: {no}")),
                Err(_) if play.flaw == Flaw::SilenceIsNo => {
                    return Ok((id, Told::No("SILENCE".into())));
                }
                Err(_) => {}
            }
            if play.arrival == Arrival::BetweenAttempts {
                self.faults.deliver_late().await;
            }
        }
        Err(format!("no answer in {ATTEMPTS_MAX} attempts"))
    }

    /// Asks once, with the id and the patience of `request`; true when the answer is a replay.
    async fn ask(&self, job: &Job, request: Request<String>) -> Result<(Settlement, bool), Status> {
        let mut client = self.world.clerk().orchestrator();
        let (settlement, replayed) = match &job.reverse {
            None => {
                let settle = |request_id| pb::SettleRequest {
                    request_id,
                    claim: Some(job.claim.clone()),
                    basis: job.basis.clone(),
                    ..Default::default()
                };
                let answer = client.settle(request.map(settle)).await?.into_inner();
                (answer.settlement, answer.replayed)
            }
            Some(settlement_id) => {
                let reverse = |request_id| pb::ReverseRequest {
                    request_id,
                    settlement_id: settlement_id.clone(),
                    reason: "测试撤销".into(),
                };
                let answer = client.reverse(request.map(reverse)).await?.into_inner();
                (answer.settlement, answer.replayed)
            }
        };
        Ok((settlement.expect("a settlement"), replayed))
    }

    /// What GetOutcome says of a job's request.
    pub async fn outcome(&self, job: &Job, id: &str) -> Outcome {
        let method = match &job.reverse {
            None => Method::Settle,
            Some(_) => Method::Reverse,
        };
        let request = pb::GetOutcomeRequest {
            request_id: id.into(),
            method: method.into(),
        };
        let answer = self.world.clerk().orchestrator().get_outcome(request).await;
        answer.unwrap().into_inner().outcome.unwrap()
    }

    async fn books(&self, job: &Job) -> Books {
        let request = GetClaimHistoryRequest {
            claim: Some(job.claim.clone()),
        };
        let mut client = self.world.clerk().settlement();
        let answer = client.get_claim_history(request).await.unwrap();
        let history = answer.into_inner().history.into_iter();
        let year = self.world.accumulators(&job.person).await;
        let paid = year
            .accumulators
            .iter()
            .filter(|a| a.name.ends_with(".paid_fen"));
        let ledger = self.world.ledger().await.accounts;
        let funds = ledger.iter().filter(|a| a.account.starts_with("fund:"));
        Books {
            standing: history.map(|past| past.settlement_id).collect(),
            version: year.version,
            accumulated_fen: paid.map(|a| a.value).sum(),
            ledger_fen: -funds.map(|a| a.balance_fen).sum::<i64>(),
            postings: ledger.iter().map(|a| a.postings).sum(),
        }
    }
}

/// Nobody knows, or somebody else is at it: ask again.
fn is_silence(no: &Status) -> bool {
    matches!(
        no.code(),
        Code::DeadlineExceeded | Code::Unavailable | Code::ResourceExhausted | Code::Aborted
    )
}

/// Burns the keys of somebody else, and so none that matters.
fn burning_nothing(wire: Wire) -> Wire {
    Wire::new(wire.map_request(|mut request: http::Request<Body>| {
        if request.uri().path().ends_with("/Burn") {
            let elsewhere = Principal {
                caller: "elsewhere".into(),
                on_behalf_of: None,
                area: AreaCode::parse(AREA).unwrap(),
                roles: vec![Role::Service],
            };
            let (_, extensions, ()) = Context::of(elsewhere, PATIENCE).own(()).into_parts();
            *request.extensions_mut() = extensions;
        }
        request
    }))
}
