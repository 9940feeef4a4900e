//! The verbs against a toy peer, on every schedule of up to three faults. The real sagas are tested
//! against the real services in `integration-tests`.

use super::*;
use kernel::refusal::{CONTENTION, INTERNAL, REQUEST_WITHDRAWN, UNAVAILABLE, invalid};
use kernel::{AreaCode, Principal, Role};
use std::collections::VecDeque;
use std::sync::Mutex;
use tokio::task::JoinSet;

/// What happens to a call on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Pass,
    LoseCall,
    LoseAnswer,
    Late,
    Busy,
}

const FATES: [Fate; 5] = [
    Fate::Pass,
    Fate::LoseCall,
    Fate::LoseAnswer,
    Fate::Late,
    Fate::Busy,
];

/// What stands under the pivot's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Free,
    Done,
    Refused,
    Burned,
}

/// What the peer makes of a posting under a free key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Accept,
    Deny,
    /// Refused in parsing, and so not remembered.
    Unreadable,
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Post { bare: bool },
    Burn,
}

struct World {
    key: Key,
    verdict: Verdict,
    postings: u32,
    fates: VecDeque<Fate>,
    /// The fate of every call after those.
    then: Fate,
    late: Vec<Call>,
}

struct Toy {
    request_id: RequestId,
    world: Mutex<World>,
}

/// The state of the key as a burning tells it, and whether a posting is a replay.
type Heard = Result<(OutcomeState, bool), Fault>;

impl World {
    fn carry(&mut self, call: Call) -> Heard {
        match self.fates.pop_front().unwrap_or(self.then) {
            Fate::Pass => return self.take(call),
            Fate::LoseCall => {}
            Fate::LoseAnswer => drop(self.take(call)),
            Fate::Late => self.late.push(call),
            Fate::Busy => return Err(Fault::Unknown(CONTENTION.refuse())),
        }
        Err(Fault::Unknown(UNAVAILABLE.refuse().with("part", "peer")))
    }

    fn take(&mut self, call: Call) -> Heard {
        match (call, self.key) {
            (Call::Burn, Key::Free) => {
                self.key = Key::Burned;
                Ok((OutcomeState::Withdrawn, false))
            }
            (_, Key::Done) => Ok((OutcomeState::Done, true)),
            (Call::Burn, Key::Refused) => Ok((OutcomeState::Refused, false)),
            (Call::Burn, Key::Burned) => Ok((OutcomeState::Withdrawn, false)),
            (Call::Post { .. }, Key::Refused) => remembered(INTERNAL.refuse()),
            (Call::Post { .. }, Key::Burned) => remembered(REQUEST_WITHDRAWN.refuse()),
            (Call::Post { bare }, Key::Free) => match self.verdict {
                Verdict::Accept if !bare => {
                    self.key = Key::Done;
                    self.postings += 1;
                    Ok((OutcomeState::Done, false))
                }
                Verdict::Deny if !bare => {
                    self.key = Key::Refused;
                    remembered(INTERNAL.refuse())
                }
                _ => Err(Fault::Unknown(invalid("member", "必填"))),
            },
        }
    }
}

fn remembered(mut no: Refusal) -> Heard {
    no.remembered = true;
    Err(Fault::Refused(no))
}

struct Ask(Result<(), Fault>);

impl Step for Ask {
    type Answer = ();

    async fn ask(&self, _: &Peers, _: &Context) -> Result<(), Fault> {
        self.0.clone()
    }
}

struct Post<'a> {
    toy: &'a Toy,
    bare: bool,
}

impl Step for Post<'_> {
    /// True when replayed.
    type Answer = bool;

    async fn ask(&self, _: &Peers, _: &Context) -> Result<bool, Fault> {
        let mut world = self.toy.world.lock().unwrap();
        world
            .carry(Call::Post { bare: self.bare })
            .map(|told| told.1)
    }
}

impl Pivot for Post<'_> {
    fn request_id(&self) -> &RequestId {
        &self.toy.request_id
    }

    async fn burn(&self, _: &Peers, _: &Context) -> Result<OutcomeState, Fault> {
        self.toy
            .world
            .lock()
            .unwrap()
            .carry(Call::Burn)
            .map(|told| told.0)
    }
}

/// Nobody is behind these wires; the toys do not use them.
fn nobody() -> Peers {
    let wire = || {
        runtime::Wire::new(tower::service_fn(
            |_: http::Request<tonic::body::Body>| async {
                Err::<http::Response<tonic::body::Body>, _>(runtime::Broken::new("nobody"))
            },
        ))
    };
    Peers {
        enrollment: wire(),
        inspection: wire(),
        settlement: wire(),
    }
}

fn patience(milliseconds: u64) -> Context {
    let principal = Principal {
        caller: "H15250100001".into(),
        on_behalf_of: None,
        area: AreaCode::parse("152501").unwrap(),
        roles: vec![Role::Institution],
    };
    Context::of(principal, Duration::from_millis(milliseconds))
}

/// One saga: a question, then the posting.
async fn run(toy: &Toy, read: Result<(), Fault>, context: &Context) -> Result<bool, Refusal> {
    let read = &Ask(read);
    drive(
        &nobody(),
        context,
        Post { toy, bare: true },
        |saga| async move {
            saga.read(read).await?;
            saga.pivot(&Post { toy, bare: false }).await
        },
    )
    .await
}

fn toy(key: Key, verdict: Verdict, fates: &[Fate], then: Fate) -> Toy {
    Toy {
        request_id: RequestId::parse("R-1").unwrap(),
        world: Mutex::new(World {
            key,
            verdict,
            postings: u32::from(key == Key::Done),
            fates: fates.iter().copied().collect(),
            then,
            late: Vec::new(),
        }),
    }
}

fn person_unknown() -> Fault {
    let (sentence, remedy) = ("人员不存在。".into(), "请核对。".into());
    Fault::Refused(Refusal::told(
        "PERSON_UNKNOWN".into(),
        Kind::NotFound,
        sentence,
        remedy,
    ))
}

#[tokio::test]
async fn every_answer_stays_true_on_every_schedule() {
    let mut runs = JoinSet::new();
    for key in [Key::Free, Key::Done, Key::Refused, Key::Burned] {
        for verdict in [Verdict::Accept, Verdict::Deny, Verdict::Unreadable] {
            for read in [Ok(()), Err(person_unknown())] {
                for schedule in 0..125 {
                    let fates = [schedule % 5, schedule / 5 % 5, schedule / 25];
                    let fates = fates.map(|fate| FATES[fate]);
                    runs.spawn(check(key, verdict, read.clone(), fates));
                }
            }
        }
    }
    let mut count = 0;
    while let Some(run) = runs.join_next().await {
        run.unwrap();
        count += 1;
    }
    assert_eq!(count, 4 * 3 * 2 * 125);
}

async fn check(key: Key, verdict: Verdict, read: Result<(), Fault>, fates: [Fate; 3]) {
    let case = format!("{key:?} {verdict:?} {fates:?} {read:?}");
    let toy = toy(key, verdict, &fates, Fate::Pass);
    let answer = run(&toy, read, &patience(60_000)).await;
    let mut world = toy.world.lock().unwrap();
    for call in std::mem::take(&mut world.late) {
        drop(world.take(call));
    }
    assert!(world.postings <= 1, "{case}");
    match answer {
        Ok(replayed) => {
            assert_eq!(world.key, Key::Done, "{case}");
            assert!(replayed || key == Key::Free, "{case}");
        }
        Err(no) => {
            assert!(
                no.remembered,
                "{case}: in time every answer is an outcome: {no}"
            );
            assert!(
                matches!(world.key, Key::Refused | Key::Burned),
                "{case}: {no}"
            );
        }
    }
}

#[tokio::test]
async fn silence_is_never_a_no() {
    use Fate::*;
    let no = || Err(person_unknown());
    let cases = [
        // Nobody answers: neither the posting nor the burning says anything.
        (Ok(()), vec![], LoseCall, "DEADLINE_EXCEEDED"),
        (Ok(()), vec![], LoseAnswer, "DEADLINE_EXCEEDED"),
        (no(), vec![], LoseCall, "DEADLINE_EXCEEDED"),
        (no(), vec![], Busy, "DEADLINE_EXCEEDED"),
        // A peer that was only ever busy did nothing; one that was once silent may have.
        (Ok(()), vec![], Busy, "CONTENTION"),
        (Ok(()), vec![Late], Busy, "DEADLINE_EXCEEDED"),
    ];
    for (read, fates, then, code) in cases {
        let toy = toy(Key::Free, Verdict::Accept, &fates, then);
        let told = run(&toy, read, &patience(200)).await.unwrap_err();
        assert_eq!(told.code, code);
        assert!(told.kind.is_passing() && !told.remembered);
        if told.is(&DEADLINE_EXCEEDED) {
            assert_eq!(told.fact("request_id"), Some("R-1"));
        }
    }
}

#[tokio::test]
async fn a_passing_no_to_a_question_burns_nothing() {
    let toy = toy(Key::Free, Verdict::Accept, &[], Fate::Pass);
    let overloaded = Err(Fault::Unknown(OVERLOADED.refuse()));
    let told = run(&toy, overloaded, &patience(10_000)).await.unwrap_err();
    assert!(told.is(&OVERLOADED) && !told.remembered);
    assert_eq!(toy.world.lock().unwrap().key, Key::Free);
}

#[tokio::test]
async fn a_reused_key_is_told_and_left_alone() {
    struct Reused(RequestId);
    impl Step for Reused {
        type Answer = bool;
        async fn ask(&self, _: &Peers, _: &Context) -> Result<bool, Fault> {
            Err(Fault::Unknown(REQUEST_ID_REUSED.refuse()))
        }
    }
    impl Pivot for Reused {
        fn request_id(&self) -> &RequestId {
            &self.0
        }
        async fn burn(&self, _: &Peers, _: &Context) -> Result<OutcomeState, Fault> {
            panic!("not ours to burn")
        }
    }
    let pivot = || Reused(RequestId::parse("R-1").unwrap());
    let (peers, context) = (nobody(), patience(10_000));
    let told = drive(&peers, &context, pivot(), |saga| async move {
        saga.pivot(&pivot()).await
    });
    assert!(told.await.unwrap_err().is(&REQUEST_ID_REUSED));
}

#[test]
fn pauses_double_up_to_a_bound() {
    let pauses = [1, 2, 3, 4, 5, 6, 40, u32::MAX].map(|n| pause_after(n).as_millis());
    assert_eq!(pauses, [20, 40, 80, 160, 320, 500, 500, 500]);
}
