//! 报文保护: what comes in an envelope is what comes directly; and what is no envelope changes nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use integration_tests::envelopes::{
    APP_ID, SECRET, bureau, bureau_with, key, public, registration, sender,
};
use integration_tests::tables::Tables;
use integration_tests::{AREA, HOSPITAL, World, code, databases, patient, stay};
use kernel::message::{Convention, Sender, User};
use kernel::sm2::{PrivateKey, Signer};
use kernel::{AreaCode, Clock, Secret};
use policy::Library;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use proto::orchestrator as pb;
use proto::orchestrator::envelope_service_client::EnvelopeServiceClient;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use runtime::Wire;
use runtime::envelope::envelope_of;
use serde_json::{Value, json};
use std::sync::Arc;
use tonic::Status;
use tonic_types::StatusExt;
use yibao::call::CallError;
use yibao::desk::{Desk, Wires};
use yibao::envelope::EnvelopeSender;
use yibao::suite::{Suite, SuiteConfig};

type Client = EnvelopeServiceClient<Wire>;

const SETTLE: &str = "OrchestratorService/Settle";
const OUTCOME: &str = "OrchestratorService/GetOutcome";
/// Envelopes of which one byte is changed.
const FLIPS: usize = 60;
const SEED: u64 = 999_999;

/// A message as JSON, as an envelope has it.
fn json_of(name: &str, message: &impl Message) -> Value {
    let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET).unwrap();
    let described = pool.get_message_by_name(&format!("yibao.orchestrator.v1.{name}"));
    let mut dynamic = DynamicMessage::new(described.unwrap());
    dynamic.transcode_from(message).unwrap();
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false);
    let json = dynamic.serialize_with_options(serde_json::value::Serializer, &options);
    json.unwrap()
}

fn settle(id: &str, person: &str, visit: &str) -> pb::SettleRequest {
    pb::SettleRequest {
        request_id: id.into(),
        claim: Some(stay(person, visit, 10_000)),
        ..Default::default()
    }
}

/// What asks for an outcome, which changes nothing.
fn asked() -> Value {
    json!({"request_id": "R-1", "method": "METHOD_SETTLE"})
}

fn hospital(world: &World) -> Client {
    world.suite.desk(HOSPITAL).envelopes()
}

fn officer(world: &World) -> Client {
    world.suite.desk("officer+security").envelopes()
}

/// The code in an answer's "no".
fn inner(answer: Result<Value, CallError>) -> String {
    match answer {
        Err(CallError::Refused(told)) => told.code,
        other => panic!("no refusal: {other:?}"),
    }
}

async fn send(client: &mut Client, envelope: &pb::Envelope) -> Result<pb::Envelope, Status> {
    let envelope = Some(envelope.clone());
    let answer = client.exchange(pb::ExchangeRequest { envelope }).await?;
    Ok(answer.into_inner().envelope.expect("an envelope"))
}

/// The code and the field of a "no".
fn told(answer: Result<pb::Envelope, Status>) -> (String, String) {
    let no = answer.expect_err("must be refused");
    let details = no.get_error_details();
    let field = details.bad_request().and_then(|bad| {
        let first = bad.field_violations.first();
        first.map(|violation| violation.field.clone())
    });
    (code(&no), field.unwrap_or_default())
}

async fn rotate(world: &World, id: &str, byte: u8, days: (&str, &str)) -> Result<(), Status> {
    let asked = pb::RotateSenderKeyRequest {
        request_id: id.into(),
        app_id: APP_ID.into(),
        public_key: public(byte).to_string(),
        from_day: days.0.into(),
        previous_until_day: days.1.into(),
    };
    officer(world).rotate_sender_key(asked).await.map(drop)
}

/// Another replica of a world's suite.
async fn replica(world: &World) -> Suite {
    let mut config = SuiteConfig::new(
        databases(&world.database),
        AreaCode::parse(AREA).unwrap(),
        Arc::new(Library::builtin().unwrap()),
    );
    config.clock = world.clock.clone();
    config.envelopes = Some(Arc::new(bureau()));
    Suite::open(config).await.unwrap()
}

#[tokio::test]
async fn what_is_settled_in_an_envelope_is_settled() {
    let world = World::open().await;
    let now = world.clock.now();
    for (n, encrypted) in [(1, true), (2, false)] {
        let sender = match n {
            1 => world.sender(7, encrypted).await,
            _ => sender(7, encrypted),
        };
        let person = world.insured(None).await;
        let (id, visit) = (format!("S-{n}"), format!("V-{n}"));
        let request = settle(&id, &person, &visit);
        let body = json_of("SettleRequest", &request);
        let mut client = hospital(&world);
        let answer = sender.call(&mut client, SETTLE, &body, now).await.unwrap();
        assert_eq!(answer.get("replayed"), None, "{answer}");

        // The same request directly: the same caller's, with the same id, is told the same.
        let mut direct = world.suite.desk(HOSPITAL).orchestrator();
        let told = direct.settle(patient(request.clone())).await.unwrap();
        let told = told.into_inner();
        assert!(told.replayed);
        let replayed = json_of("SettleResponse", &told);
        let again = sender.call(&mut client, SETTLE, &body, now).await.unwrap();
        assert_eq!(again["replayed"], true, "in a new envelope");
        assert_eq!(again["settlement"], answer["settlement"]);
        assert_eq!(again, replayed);

        // A "no" to the call travels in the answer, and is the same as directly.
        let other = settle(&format!("T-{n}"), &person, &visit);
        let body = json_of("SettleRequest", &other);
        let no = inner(sender.call(&mut client, SETTLE, &body, now).await);
        let directly = direct.settle(patient(other)).await.unwrap_err();
        assert_eq!((no.as_str(), code(&directly)), ("CLAIM_DENIED", no.clone()));
        // So is what the sender may not call.
        let enrol = json!({"request_id": "E-1"});
        let no = sender.call(&mut client, "OrchestratorService/Enrol", &enrol, now);
        assert_eq!(inner(no.await), "PERMISSION_DENIED");
    }
    world.ledger().await;
}

#[tokio::test]
async fn who_reads_in_an_envelope_is_written_down() {
    let world = World::open().await;
    let sender = world.sender(7, true).await;
    let person = world.insured(None).await;
    let body = json_of(
        "PreSettleRequest",
        &pb::PreSettleRequest {
            claim: Some(stay(&person, "V-1", 1_000)),
            ..Default::default()
        },
    );
    let mut client = hospital(&world);
    let method = "OrchestratorService/PreSettle";
    let priced = sender.call(&mut client, method, &body, world.clock.now());
    assert!(priced.await.unwrap()["quote"].is_object());
    // Over another's line, though its own signature holds.
    let envelope = sender.sealed((method, "0123456789abcdef"), &body, world.clock.now());
    let mut elsewhere = world.suite.desk("H15250100002").envelopes();
    let no = send(&mut elsewhere, &envelope.unwrap()).await;
    assert_eq!(told(no).0, "ENVELOPE_NOT_YOURS");

    let mut auditor = world.suite.desk("auditor-1+auditor").sagas();
    let mut told = Vec::new();
    for caller in [HOSPITAL, "H15250100002"] {
        let filter = Some(proto::common::AccessFilter {
            caller: caller.into(),
            ..Default::default()
        });
        let asked = pb::ListAccessRequest {
            filter,
            ..Default::default()
        };
        let page = auditor.list_access(asked).await.unwrap().into_inner();
        for entry in page.entries {
            told.push((entry.kind().as_str_name(), entry.method, entry.subject_ids));
        }
    }
    let service = |name: &str| format!("/yibao.orchestrator.v1.{name}");
    assert_eq!(
        told,
        [
            ("KIND_READ", service(method), vec![person]),
            ("KIND_DENIED", service("EnvelopeService/Exchange"), vec![]),
        ]
    );
}

/// The hospital's sender in another convention, or with another secret.
fn otherwise(secret: &str, convention: Convention) -> EnvelopeSender {
    let sender = Sender {
        app_id: APP_ID.into(),
        secret: Secret::new(secret.into()),
        keys: Vec::new(),
        convention,
    };
    EnvelopeSender::of(sender, key(7), true)
}

/// An envelope in clear whose body is signed as it was written.
fn as_written(millis: i64) -> pb::Envelope {
    let raw = "{\"request_id\":\"R-1\", \"method\":\"METHOD_SETTLE\"}";
    let mut message = json!({"appId": APP_ID, "version": "2.0.1", "method": OUTCOME,
        "nonce": "0123456789abcdef", "timestamp": millis.to_string(), "signType": "SM2",
        "data": raw});
    let convention = Convention::default();
    let text = convention.signed_text(&message, SECRET).unwrap();
    let user = convention.user_id(SECRET).unwrap();
    let signed = key(7).sign(&user, text.as_bytes()).unwrap();
    message["signData"] = json!(STANDARD.encode(signed.to_bytes()));
    let data = raw.to_string();
    pb::Envelope {
        data,
        ..envelope_of(&message)
    }
}

#[tokio::test]
async fn what_is_no_envelope_is_told_so_and_changes_nothing() {
    let world = World::open().await;
    let good = world.sender(7, true).await;
    let now = world.clock.now();
    let tables = Tables::of(&world.database).await;
    // That somebody was not believed is written down.
    let stored = || tables.rows(|table| !table.contains(".access_"));
    let before = stored().await;
    let seal = |sender: &EnvelopeSender, millis: i64| {
        let nonce = "0123456789abcdef";
        sender
            .sealed((OUTCOME, nonce), &asked(), now.plus_millis(millis))
            .unwrap()
    };
    let alter = |change: fn(&mut pb::Envelope)| {
        let mut envelope = seal(&good, 0);
        change(&mut envelope);
        envelope
    };
    let of = |method: &str, body: Value| {
        good.sealed((method, "0123456789abcdef"), &body, now)
            .unwrap()
    };
    let secret_user = Convention {
        user: User::Secret,
        ..Convention::default()
    };
    let texts = Convention {
        scalars_as_text: true,
        ..Convention::default()
    };
    let numbers = otherwise(SECRET, texts);
    let numbers = (
        "ReceiptService/ListSettlements",
        json!({"page_size": 7}),
        numbers,
    );
    let numbers = numbers
        .2
        .sealed((numbers.0, "0123456789abcdef"), &numbers.1, now)
        .unwrap();
    let other_secret = "A".repeat(32);
    let window = 300_000;
    let rows = [
        (
            "SENDER_UNKNOWN",
            "envelope.app_id",
            alter(|e| e.app_id = "1GTSTESTAPPID0000000000000000002".into()),
        ),
        (
            "ENVELOPE_SIGNATURE_WRONG",
            "envelope.sign_data",
            seal(&sender(8, true), 0),
        ),
        (
            "ENVELOPE_SIGNATURE_WRONG",
            "envelope.sign_data",
            alter(|e| e.method.push('2')),
        ),
        (
            "ENVELOPE_NOT_DECIPHERABLE",
            "envelope.enc_data",
            seal(&otherwise(&other_secret, Convention::default()), 0),
        ),
        (
            "ENVELOPE_CONVENTION",
            "envelope.sign_data",
            seal(&otherwise(SECRET, secret_user), 0),
        ),
        ("ENVELOPE_CONVENTION", "envelope.sign_data", numbers),
        (
            "ENVELOPE_NOT_CANONICAL",
            "envelope.sign_data",
            as_written(now.micros() / 1_000),
        ),
        (
            "ENVELOPE_OUT_OF_TIME",
            "envelope.timestamp",
            seal(&good, window + 1),
        ),
        (
            "ENVELOPE_OUT_OF_TIME",
            "envelope.timestamp",
            seal(&good, -window - 1),
        ),
        (
            "ENVELOPE_MODE",
            "envelope.sign_type",
            alter(|e| e.sign_type = "RSA".into()),
        ),
        (
            "ENVELOPE_MODE",
            "envelope.enc_type",
            alter(|e| e.enc_type = "AES".into()),
        ),
        (
            "ENVELOPE_MODE",
            "envelope.version",
            alter(|e| e.version = "9".into()),
        ),
        (
            "ENVELOPE_MODE",
            "envelope.data",
            alter(|e| e.data = "{}".into()),
        ),
        (
            "ENVELOPE_MODE",
            "envelope.data",
            alter(|e| e.enc_data.clear()),
        ),
        (
            "ENVELOPE_METHOD",
            "envelope.method",
            of("SagaService/ListSagas", json!({})),
        ),
        (
            "ENVELOPE_METHOD",
            "envelope.method",
            of("EnvelopeService/EndSender", json!({})),
        ),
        (
            "ENVELOPE_METHOD",
            "envelope.method",
            of("BatchService/SettleBatch", json!({})),
        ),
        (
            "ENVELOPE_METHOD",
            "envelope.method",
            of("Nothing/AtAll", json!({})),
        ),
        (
            "ENVELOPE_BODY",
            "envelope.data",
            of(OUTCOME, json!({"name": "张三"})),
        ),
        (
            "ENVELOPE_BODY",
            "envelope.data",
            of(OUTCOME, json!({"request_id": 7})),
        ),
        (
            "INVALID_FIELD",
            "envelope.nonce",
            alter(|e| e.nonce = "short".into()),
        ),
    ];
    let mut client = hospital(&world);
    for (code, field, envelope) in rows {
        let no = send(&mut client, &envelope).await;
        let text = format!("{no:?}");
        assert!(!text.contains(SECRET) && !text.contains("张三"), "{text}");
        assert_eq!(
            told(no),
            (code.to_string(), field.to_string()),
            "{envelope:?}"
        );
    }
    assert_eq!(stored().await, before);
    // None of them has used the nonce.
    let envelope = seal(&good, 0);
    let answer = send(&mut client, &envelope).await.unwrap();
    let asked = (OUTCOME, envelope.nonce.as_str());
    let answer = good.opened(asked, &answer, now).unwrap();
    assert_eq!(answer["outcome"]["state"], "STATE_UNKNOWN_HERE");
    let no = told(send(&mut client, &envelope).await);
    assert_eq!(no, ("ENVELOPE_NONCE_USED".into(), "envelope.nonce".into()));

    let asked = pb::EndSenderRequest {
        request_id: "E-1".into(),
        app_id: APP_ID.into(),
        reason: "密钥泄露".into(),
    };
    officer(&world).end_sender(asked).await.unwrap();
    let no = told(send(&mut client, &envelope).await);
    assert_eq!(no, ("SENDER_ENDED".into(), "envelope.app_id".into()));
}

#[tokio::test]
async fn where_encryption_is_required_nothing_comes_in_clear() {
    let world = World::open().await;
    let mut asked_for = registration("R-1", 7);
    asked_for.convention = Some(pb::EnvelopeConvention {
        encryption_required: true,
        ..Default::default()
    });
    officer(&world).register_sender(asked_for).await.unwrap();
    let (mut client, now) = (hospital(&world), world.clock.now());
    let clear = sender(7, false);
    let envelope = clear.sealed((OUTCOME, "0123456789abcdef"), &asked(), now);
    let no = told(send(&mut client, &envelope.unwrap()).await);
    assert_eq!(no, ("ENVELOPE_MODE".into(), "envelope.data".into()));
    let sealed = sender(7, true);
    sealed
        .call(&mut client, OUTCOME, &asked(), now)
        .await
        .unwrap();
}

#[tokio::test]
async fn while_keys_change_both_hold_and_then_the_old_one_does_not() {
    let world = World::open().await;
    let old = world.sender(7, true).await;
    let new = sender(8, true);
    let mut client = hospital(&world);
    let mut code_of = async |sender: &EnvelopeSender| {
        let (body, now) = (asked(), world.clock.now());
        match sender.call(&mut client, OUTCOME, &body, now).await {
            Ok(_) => "OK".to_string(),
            Err(CallError::Refused(told)) => told.code,
            Err(other) => panic!("{other}"),
        }
    };
    let day = |days: i64| {
        let begun = kernel::Instant::from_micros(1_519_862_400_000_000);
        world.clock.set(begun.plus_millis(days * 24 * 3_600_000));
    };
    rotate(&world, "K-1", 8, ("2018-03-03", "2018-03-05"))
        .await
        .unwrap();
    assert_eq!(code_of(&old).await, "OK");
    assert_eq!(code_of(&new).await, "SENDER_KEY_NOT_VALID");
    for days in [2, 4] {
        day(days);
        assert_eq!([code_of(&old).await, code_of(&new).await], ["OK", "OK"]);
    }
    day(5);
    assert_eq!(code_of(&old).await, "SENDER_KEY_NOT_VALID");
    assert_eq!(code_of(&new).await, "OK");
    // Taken back, it is as it was.
    let undo = pb::WithdrawRotateSenderKeyRequest {
        original_request_id: "K-1".into(),
    };
    officer(&world)
        .withdraw_rotate_sender_key(undo)
        .await
        .unwrap();
    assert_eq!(code_of(&old).await, "OK");
    assert_eq!(code_of(&new).await, "ENVELOPE_SIGNATURE_WRONG");

    // One key is one sender's.
    let mut second = registration("R-2", 7);
    second.app_id = "another-sender-1".into();
    let no = officer(&world).register_sender(second).await.unwrap_err();
    assert_eq!(code(&no), "SENDER_KEY_EXISTS");
    let no = rotate(&world, "K-2", 9, ("2018-03-05", "2018-03-05")).await;
    assert_eq!(code(&no.unwrap_err()), "SENDER_KEY_DAYS");
    // A key that somebody else has ends at once.
    rotate(&world, "K-3", 9, ("2018-03-06", "2018-03-05"))
        .await
        .unwrap();
    assert_eq!(code_of(&old).await, "SENDER_KEY_NOT_VALID");
    assert_eq!(code_of(&sender(9, true)).await, "OK");
}

#[tokio::test]
async fn our_own_key_changes_on_its_day_and_is_told_before() {
    let keys = bureau_with(vec![("2000-01-01", 201), ("2018-03-02", 202)]);
    let world = World::tuned(|config| config.envelopes = Some(Arc::new(keys))).await;
    let old = world.sender(7, true).await;
    let mut client = hospital(&world);
    let told = client.get_answer_keys(pb::GetAnswerKeysRequest {}).await;
    let told = told.unwrap().into_inner().keys;
    let told: Vec<_> = told
        .into_iter()
        .map(|key| (key.from_day, key.public_key))
        .collect();
    let expected = [("2000-01-01", 201), ("2018-03-02", 202)];
    assert_eq!(
        told,
        expected.map(|(from, byte)| (from.to_string(), public(byte).to_string()))
    );
    old.call(&mut client, OUTCOME, &asked(), world.clock.now())
        .await
        .unwrap();
    world
        .clock
        .set(world.clock.now().plus_millis(24 * 3_600_000));
    let unbelieved = old
        .call(&mut client, OUTCOME, &asked(), world.clock.now())
        .await;
    assert!(
        matches!(unbelieved, Err(CallError::Envelope(_))),
        "{unbelieved:?}"
    );
    let both = Sender {
        app_id: APP_ID.into(),
        secret: Secret::new(SECRET.into()),
        keys: vec![public(201), public(202)],
        convention: Convention::default(),
    };
    let both = EnvelopeSender::of(both, key(7), true);
    both.call(&mut client, OUTCOME, &asked(), world.clock.now())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_replicas_one_takes_a_nonce_and_a_restart_forgets_none() {
    let world = World::open().await;
    let good = world.sender(7, true).await;
    let (now, second) = (world.clock.now(), replica(&world).await);
    let mut used = Vec::new();
    for n in 0..6 {
        let nonce = format!("race{n:012}");
        let envelope = good.sealed((OUTCOME, &nonce), &asked(), now).unwrap();
        let mut here = hospital(&world);
        let mut there = second.desk(HOSPITAL).envelopes();
        let (first, other) = tokio::join!(send(&mut here, &envelope), send(&mut there, &envelope),);
        let codes =
            [first, other].map(|answer| answer.map_or_else(|no| code(&no), |_| "OK".into()));
        let won = codes.iter().filter(|code| *code == "OK").count();
        let lost = codes
            .iter()
            .filter(|code| *code == "ENVELOPE_NONCE_USED")
            .count();
        assert_eq!((won, lost), (1, 1), "{codes:?}");
        used.push(envelope);
    }
    drop(second);
    let third = replica(&world).await;
    let mut client = third.desk(HOSPITAL).envelopes();
    for envelope in used {
        assert_eq!(
            told(send(&mut client, &envelope).await).0,
            "ENVELOPE_NONCE_USED"
        );
    }
}

#[tokio::test]
async fn whatever_byte_is_altered_it_is_refused() {
    println!("seed {SEED}");
    let mut random = StdRng::seed_from_u64(SEED);
    let world = World::open().await;
    world.sender(7, true).await;
    let (mut client, now) = (hospital(&world), world.clock.now());
    for encrypted in [true, false] {
        let nonce = format!("flips{encrypted}0000");
        let good = sender(7, encrypted);
        let envelope = good.sealed((OUTCOME, &nonce), &asked(), now).unwrap();
        for _ in 0..FLIPS / 2 {
            let mut altered = envelope.clone();
            let parts = [
                &mut altered.app_id,
                &mut altered.version,
                &mut altered.method,
                &mut altered.nonce,
                &mut altered.timestamp,
                &mut altered.sign_type,
                &mut altered.enc_type,
                &mut altered.data,
                &mut altered.enc_data,
                &mut altered.sign_data,
            ];
            let mut parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            let part = random.random_range(0..parts.len());
            let text = &mut parts[part];
            let mut bytes = text.clone().into_bytes();
            let at = random.random_range(0..bytes.len());
            let other = random.random_range(b' '..=b'~');
            // The other case of a hexadecimal digit is the same digit.
            if other.eq_ignore_ascii_case(&bytes[at]) {
                continue;
            }
            bytes[at] = other;
            **text = String::from_utf8(bytes).unwrap();
            let answer = send(&mut client, &altered).await;
            let no = answer.expect_err(&format!("{altered:?}"));
            assert!(!["", "INTERNAL"].contains(&code(&no).as_str()), "{no:?}");
        }
        // What was altered has used no nonce, and the envelope is still one.
        let answer = send(&mut client, &envelope).await.unwrap();
        good.opened((OUTCOME, &nonce), &answer, now).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_calls_over_a_port() {
    let world = World::open().await;
    let good = world.sender(7, true).await;
    let person = world.insured(None).await;
    let World { suite, clock, .. } = &world;
    let now = clock.now();
    // The same databases, at a port.
    let served = replica(&world).await.into_server().await.unwrap();
    let address = served.address().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(served.serve(async {
        stopped.await.ok();
    }));
    let wire = runtime::connect(&format!("http://{address}"), None).unwrap();
    let mut client = Desk::new(&Wires::all(wire), HOSPITAL).envelopes();
    let request = settle("S-1", &person, "V-1");
    let body = json_of("SettleRequest", &request);
    let answer = good.call(&mut client, SETTLE, &body, now).await.unwrap();
    let id = answer["settlement"]["settlement_id"].as_str().unwrap();
    let mut direct = suite.desk(HOSPITAL).orchestrator();
    let told = direct.settle(patient(request)).await.unwrap().into_inner();
    assert!(told.replayed);
    assert_eq!(told.settlement.unwrap().settlement_id, id);
    drop(client);
    stop.send(()).unwrap();
    assert!(serving.await.unwrap().unwrap());
}

/// Secrets are nowhere in the database in clear, nor in events.
#[tokio::test]
async fn a_secret_is_kept_sealed() {
    let world = World::open().await;
    world.sender(7, true).await;
    rotate(&world, "K-1", 8, ("2018-03-03", "2018-03-05"))
        .await
        .unwrap();
    let tables = Tables::of(&world.database).await;
    let rows = tables.rows(|_| true).await;
    let of_senders = |row: &&String| row.contains("envelope_sender");
    assert!(rows.iter().any(|row| row.contains("t1:")), "it is kept");
    assert!(rows.iter().filter(of_senders).count() >= 2, "and told of");
    let text = rows.join("\n");
    let hidden = [SECRET.to_string(), hex::encode(SECRET)];
    assert!(hidden.iter().all(|secret| !text.contains(secret)));
    let own: PrivateKey = key(7);
    assert!(text.contains(&own.public_key().to_string()));
}
