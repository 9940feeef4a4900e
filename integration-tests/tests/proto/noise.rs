//! Noise: bytes that are no message, and messages broken at random. Whatever comes, a status goes
//! back; nothing panics, nothing hangs, and the ledger still sums to zero.

use crate::requests::Ground;
use crate::{caller, method, package, path, send, wire};
use integration_tests::{PATIENCE, World, code};
use kernel::Role;
use prost::Message;
use prost_reflect::DynamicMessage;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tonic::Code;

const SEED: u64 = 152_501;
/// Bodies sent to each method.
const BODIES: usize = 60;
/// Changes made to a sound message.
const WOUNDS_MAX: usize = 4;

/// Bytes of any length up to a few hundred.
fn noise(random: &mut StdRng) -> Vec<u8> {
    let length = random.random_range(0..300);
    (0..length).map(|_| random.random()).collect()
}

/// A sound message with a few bytes changed, inserted, or cut off.
fn wounded(random: &mut StdRng, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..random.random_range(1..=WOUNDS_MAX) {
        let at = random.random_range(0..=bytes.len());
        match random.random_range(0..8) {
            0 => bytes.truncate(at),
            1 | 2 => bytes.insert(at, random.random()),
            _ if at < bytes.len() => bytes[at] = random.random(),
            _ => bytes.extend_from_slice(&[0xff; 9]),
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_is_answered_with_a_status() {
    println!("seed {SEED}");
    let mut random = StdRng::seed_from_u64(SEED);
    let world = World::open().await;
    let ground = Ground::lay(&world).await;
    let who = caller("noise", &[Role::Service]);
    let (mut granted, mut refused) = (0, 0);
    for (name, sound) in ground.sound() {
        let method = method(name);
        let sound = DynamicMessage::deserialize(method.input(), &sound)
            .unwrap()
            .encode_to_vec();
        for n in 0..BODIES {
            let body = match n % 3 {
                0 => noise(&mut random),
                _ => wounded(&mut random, sound.clone()),
            };
            let (wire, path) = (wire(&world, &package(&method)), path(&method));
            let answer = send(wire, &who, &path, body.clone());
            let answer = tokio::time::timeout(PATIENCE, answer).await;
            let answer = answer.unwrap_or_else(|_| panic!("{name} hangs on {body:02x?}"));
            match answer {
                Ok(_) => granted += 1,
                // A panic or a broken invariant is told as INTERNAL; a body that is no message is
                // tonic's own INTERNAL, without details.
                Err(no) => {
                    let ours = code(&no);
                    assert!(ours != "INTERNAL", "{name}: {no} on {body:02x?}");
                    assert!(no.code() != Code::Unknown, "{name}: {no} on {body:02x?}");
                    refused += 1;
                }
            }
        }
    }
    println!("{granted} granted, {refused} refused");
    assert!(refused > granted && granted > 0, "is it noise?");
    world.ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_beyond_the_limit_is_refused() {
    let world = World::open().await;
    let who = caller("noise", &[Role::Service]);
    // One unknown field, number 15, larger than the 4 MiB a message may have.
    let length = 5 << 20;
    let mut body = vec![0x7a];
    prost::encoding::encode_varint(length, &mut body);
    body.resize(body.len() + length as usize, 0);
    let method = method("orchestrator/Settle");
    let answer = send(wire(&world, &package(&method)), &who, &path(&method), body).await;
    assert_eq!(answer.map_err(|no| no.code()), Err(Code::OutOfRange));
}
