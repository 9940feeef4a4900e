//! 个人信息不外泄: people whose names, documents, cards, telephones and addresses carry marks that
//! nobody can guess go through every method of the suite, in sound requests, refused ones, malformed
//! ones and ones whose handler panics. Afterwards the marks stand in answers and in the tables that
//! keep persons, and nowhere else: not in logs, spans, metrics, statuses, panics, events, request
//! keys, journals or the access log.

mod channels;

use crate::requests::Ground;
use crate::{ask, caller, deliver, encoded, method, package, path, wire};
use channels::{Channels, plant};
use integration_tests::tables::Tables;
use integration_tests::{CLINIC, World};
use kernel::{IdNumber, Role};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use runtime::Wire;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::ServiceExt;

/// Fields that people fill with words: what stands there is kept with the business it belongs to, and
/// told nowhere else.
const WORDS: &[&str] = &[
    "reason",
    "opinion",
    "note",
    "remark",
    "payer_name",
    "person_name",
    "explanation",
    "text",
];
/// The only tables that keep who somebody is.
const OF_PERSONS: &[&str] = &["enrollment.person", "enrollment.card"];
/// What tells of business in ids and codes: not even what people write stands there.
const TELLING: &[&str] = &[
    ".event",
    ".block",
    ".request_key",
    ".access_entry",
    ".access_subject",
];

/// What must not be found.
struct Marks {
    name: String,
    id_number: String,
    card: String,
    phone: String,
    address: String,
}

impl Marks {
    fn new(random: &mut StdRng) -> Marks {
        let mut letters = |count: usize| -> String {
            let letter = |_| char::from(b'a' + random.random_range(0..26u8));
            (0..count).map(letter).collect()
        };
        let (name, card, address) = (letters(12), letters(14), letters(12));
        let mut digits = |count: usize| -> String {
            let digit = |_| char::from(b'0' + random.random_range(0..10u8));
            (0..count).map(digit).collect()
        };
        let (serial, phone) = (digits(3), digits(8));
        let (year, month) = (random.random_range(1950..2000), random.random_range(1..13));
        let day = random.random_range(1..29);
        let number = format!("999999{year}{month:02}{day:02}{serial}");
        let check = IdNumber::check_character(&number).expect("seventeen digits");
        Marks {
            name: format!("欧阳{name}"),
            id_number: format!("{number}{check}"),
            card: format!("K{}", card.to_uppercase()),
            phone: format!("139{phone}"),
            address: format!("{address}路1号"),
        }
    }

    /// Who somebody is.
    fn of_person(&self) -> Vec<String> {
        let name = self.name.chars().skip(2).collect();
        let number = self.id_number.chars().skip(4).take(12).collect();
        vec![name, number, self.card.clone()]
    }

    fn all(&self) -> Vec<String> {
        let mut all = self.of_person();
        all.extend([self.phone.clone(), self.address.clone()]);
        all
    }

    /// What somebody writes who should not.
    fn words(&self) -> String {
        format!(
            "{}{}住{}电话{}",
            self.name, self.id_number, self.address, self.phone
        )
    }
}

/// A world whose orchestrator meets a panic wherever it asks a peer, once that is switched on.
async fn world(panicking: Arc<AtomicBool>) -> World {
    let wrap = move |_: &'static str, wire: Wire| {
        let panicking = panicking.clone();
        Wire::new(wire.map_request(move |request: http::Request<Body>| {
            if panicking.load(Ordering::SeqCst) {
                panic!("on purpose");
            }
            request
        }))
    };
    World::wrapped(wrap).await
}

/// One request, its answer looked at.
async fn pass(world: &World, channels: &Channels, name: &str, request: &Value) -> Option<Status> {
    let method = method(name);
    let service = wire(world, &package(&method));
    // Everybody asks for themselves, so that what they read is written down.
    let who = caller("flood-1", &[Role::Service, Role::Clerk, Role::Auditor]);
    let request = who.own(encoded(&method, request));
    let answer = deliver(service, &path(&method), request).await;
    let no = answer.err()?;
    channels.status(&no);
    Some(no)
}

/// The marked person, who is registered, has a card, and is looked at by both.
async fn enter(world: &World, marks: &Marks) -> String {
    let clerk = caller("clerk-flood", &[Role::Clerk]);
    let person = json!({"request_id": "flood", "name": marks.name, "id_number": marks.id_number,
        "sex": "1", "birth_day": "1980-10-12"});
    let answer = ask(world, &clerk, "enrollment/RegisterPerson", &person)
        .await
        .unwrap();
    let id = answer["person"]["personId"].as_str().unwrap().to_string();
    let card = json!({"request_id": "flood", "person_id": id, "card_number": marks.card});
    ask(world, &clerk, "identity/RegisterCard", &card)
        .await
        .unwrap();
    for (kind, number) in [("02", &marks.id_number), ("03", &marks.card)] {
        let check = json!({"request_id": format!("flood-{kind}"), "institution_code": CLINIC,
            "visit_number": "F-1", "purpose": "PURPOSE_SETTLE", "certificate_type": kind,
            "certificate_number": number, "name": marks.name, "manner": "MANNER_QUERY",
            "operator_code": "op-1"});
        ask(world, &clerk, "identity/VerifyIdentity", &check)
            .await
            .unwrap();
    }
    // Again under another id, which is refused; and under another name, which is not known.
    let mut again = person.clone();
    again["request_id"] = "flood-again".into();
    ask(world, &clerk, "enrollment/RegisterPerson", &again)
        .await
        .unwrap_err();
    id
}

/// Every text of a request, by its pointer.
fn texts(at: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at.to_string()),
        Value::Array(all) => {
            let each = all.iter().enumerate();
            each.for_each(|(n, one)| texts(&format!("{at}/{n}"), one, found));
        }
        Value::Object(all) => {
            let each = all.iter();
            each.for_each(|(name, one)| texts(&format!("{at}/{name}"), one, found));
        }
        _ => {}
    }
}

/// The request with everything a person writes marked, and whose it is the marked one's.
fn marked(request: &Value, marks: &Marks) -> Value {
    let mut marked = request.clone();
    let mut all = Vec::new();
    texts("", request, &mut all);
    for at in all {
        let field = at.rsplit('/').next().unwrap_or_default();
        let word = match field {
            "name" | "person_name" | "payer_name" => marks.name.clone(),
            field if WORDS.contains(&field) => marks.words(),
            _ => continue,
        };
        if let Some(place) = marked.pointer_mut(&at) {
            *place = word.into();
        }
    }
    marked
}

/// Whether the generated message takes a text there: an enum, bytes and a time do not.
fn takes(name: &str, request: &Value) -> bool {
    let input = method(name).input();
    prost_reflect::DynamicMessage::deserialize(input, request).is_ok()
}

/// Every method with its sound request, marked; and with a name in every text of it, one by one. How
/// many were granted, and how many refused.
async fn flood(world: &World, channels: &Channels, ground: &Ground, marks: &Marks) -> (u32, u32) {
    let (mut granted, mut refused) = (0, 0);
    let mut count = |no: Option<Status>| match no {
        None => granted += 1,
        Some(_) => refused += 1,
    };
    for (n, (name, request)) in ground.sound().into_iter().enumerate() {
        let mut request = marked(&request, marks);
        if request.get("request_id").is_some() {
            request["request_id"] = format!("F-{n}").into();
        }
        count(pass(world, channels, name, &request).await);
        let mut all = Vec::new();
        texts("", &request, &mut all);
        // A name where something else belongs: whoever refuses it must not repeat it.
        for at in all {
            let mut wrong = request.clone();
            for word in [&marks.name, &marks.words()] {
                if let Some(place) = wrong.pointer_mut(&at) {
                    *place = word.clone().into();
                }
                if takes(name, &wrong) {
                    count(pass(world, channels, name, &wrong).await);
                }
            }
        }
    }
    (granted, refused)
}

#[tokio::test(flavor = "multi_thread")]
async fn marked_people_leave_no_trace() {
    let seed = rand::random();
    println!("seed {seed}");
    let marks = Marks::new(&mut StdRng::seed_from_u64(seed));
    let channels = Channels::open();
    let panicking = Arc::new(AtomicBool::new(false));
    let world = world(panicking.clone()).await;
    let ground = Ground::lay(&world).await;
    channels.look_for(marks.of_person());
    enter(&world, &marks).await;
    let tables = Tables::of(&world.database).await;
    let is_one = |table: &str, of: &[&str]| of.iter().any(|name| table.ends_with(name));
    // Who somebody is stands in their own rows alone.
    let persons = tables
        .rows(|table| is_one(table, OF_PERSONS))
        .await
        .join("\n");
    for mark in marks.of_person() {
        assert!(persons.contains(&mark), "nobody was marked");
    }
    channels.rows(&tables.rows(|table| !is_one(table, OF_PERSONS)).await);
    channels.look_for(marks.all());

    let (granted, refused) = flood(&world, &channels, &ground, &marks).await;
    panicking.store(true, Ordering::SeqCst);
    for name in ["orchestrator/PreSettle", "orchestrator/WhatWouldChange"] {
        let request = marked(&ground.of(name), &marks);
        let no = pass(&world, &channels, name, &request)
            .await
            .expect("a panic");
        assert_eq!(no.code(), Code::Internal, "{name}: {no}");
    }
    panicking.store(false, Ordering::SeqCst);
    println!("{granted} granted, {refused} refused");
    assert!(granted > 100 && refused > 500, "is it a flood?");

    let telling = tables.rows(|table| is_one(table, TELLING)).await;
    channels.rows(&telling);
    channels.flush();
    let found = channels.found();
    assert!(found.is_empty(), "{}", found.join("\n"));

    // Each channel was looked at: what is planted in it is found.
    let planted = format!("planted-{seed}");
    channels.look_for(vec![planted.clone()]);
    plant(&world, &channels, &planted).await;
    let rows = tables.rows(|table| is_one(table, TELLING)).await;
    channels.rows(&rows);
    channels.flush();
    let found = channels.found().join("\n");
    for channel in channels::ALL {
        assert!(
            found.contains(channel),
            "nothing is found in {channel}: {found}"
        );
    }
}
