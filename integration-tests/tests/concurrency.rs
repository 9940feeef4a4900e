//! One person's claims, hundreds at once: whatever order they took, the amounts are those of the
//! same claims one after another, no cap is exceeded and no deductible charged twice. And a test of
//! that test: amounts priced without the person's lock do not pass it.

use integration_tests::{HOSPITAL, World, claim, code, patient, stay};
use proto::common::{Amounts, Claim};
use proto::orchestrator::{PreSettleRequest, SettleRequest};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;
use tonic::Status;
use tonic_types::StatusExt;

const SEED: u64 = 20_170_301;
const CLAIMS: usize = 300;

/// A claim and what it was settled at.
#[derive(Clone)]
struct Settled {
    claim: Claim,
    ordinal: i64,
    amounts: Amounts,
}

/// Stays of 200 to 60,000 yuan, no two alike: together far above every cap.
fn claims(person: &str) -> Vec<Claim> {
    println!("seed {SEED}");
    let mut random = StdRng::seed_from_u64(SEED);
    let mut stay = |n: usize| {
        let fen = random.random_range(20_000 / CLAIMS..6_000_000 / CLAIMS) as i64 * CLAIMS as i64;
        let days = ("2017-03-01", "2017-03-10");
        claim(
            person,
            HOSPITAL,
            "21",
            &format!("V{n}"),
            days,
            fen + n as i64,
        )
    };
    (0..CLAIMS).map(&mut stay).collect()
}

/// A "no" that says nothing about the claim: the person's year, the writers' lane or the pool of
/// connections was busy for longer than a request waits, or than its caller does.
fn passing(no: &Status) -> bool {
    let passing = [
        "CLAIM_IN_PROGRESS",
        "CONTENTION",
        "UNAVAILABLE",
        "DEADLINE_EXCEEDED",
    ];
    passing.contains(&code(no).as_str())
}

/// What must hold of a set of settlements of one person and year: settling the same claims one
/// after another, in the order of their ordinals, in an empty world, gives the same amounts.
async fn explained_by_one_order(mut settled: Vec<Settled>) -> Result<(), String> {
    settled.sort_by_key(|settled| settled.ordinal);
    let ordinals: Vec<i64> = settled.iter().map(|settled| settled.ordinal).collect();
    if ordinals != (1..=settled.len() as i64).collect::<Vec<_>>() {
        return Err(format!(
            "the ordinals are not 1 to {}: {ordinals:?}",
            settled.len()
        ));
    }
    let world = World::open().await;
    let person = world.insured(Some("2303")).await;
    for (n, settled) in settled.iter().enumerate() {
        let claim = Claim {
            person_id: person.clone(),
            ..settled.claim.clone()
        };
        let again = world
            .settle(&format!("S{n}"), claim)
            .await
            .map_err(|s| s.to_string())?;
        let amounts = again.amounts.unwrap();
        if amounts != settled.amounts {
            let (was, is) = (&settled.amounts, amounts);
            return Err(format!(
                "claim {n}: settled as {was:?}, in order it is {is:?}"
            ));
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_claims_at_once_are_settled_as_if_one_after_another() {
    let world = World::open().await;
    let person = world.insured(Some("2303")).await;
    let mut running = JoinSet::new();
    for (n, claim) in claims(&person).into_iter().enumerate() {
        let desk = world.clerk();
        running.spawn(async move {
            let id = format!("C{n}");
            let mut busy = 0;
            loop {
                let request = SettleRequest {
                    request_id: id.clone(),
                    claim: Some(claim.clone()),
                    basis: None,
                    ..Default::default()
                };
                match desk.orchestrator().settle(patient(request)).await {
                    Ok(answer) => {
                        let settlement = answer.into_inner().settlement.unwrap();
                        let (ordinal, amounts) = (settlement.ordinal, settlement.amounts.unwrap());
                        return (
                            Settled {
                                claim,
                                ordinal,
                                amounts,
                            },
                            busy,
                        );
                    }
                    // Asked again with the same id, as the refusal says.
                    Err(no) => assert!(passing(&no), "{no}"),
                }
                busy += 1;
            }
        });
    }
    let answers = running.join_all().await;
    let busy: u32 = answers.iter().map(|(_, busy)| busy).sum();
    let settled: Vec<Settled> = answers.into_iter().map(|(settled, _)| settled).collect();
    println!("{CLAIMS} claims at once; the busy answer was given {busy} times");

    // The accumulators and the ledger are the sums of what was answered.
    let paid = |fund: &str| -> i64 {
        let shares = settled.iter().flat_map(|settled| &settled.amounts.shares);
        shares
            .filter(|share| share.fund == fund)
            .map(|share| share.paid_fen)
            .sum()
    };
    let now = world.accumulators(&person).await;
    assert_eq!(now.version, CLAIMS as i64);
    for (name, fund) in [
        ("basic.paid_fen", "390100"),
        ("critical.paid_fen", "390200"),
        ("assistance.paid_fen", "610100"),
    ] {
        let value = now
            .accumulators
            .iter()
            .find(|a| a.name == name)
            .map_or(0, |a| a.value);
        assert_eq!(value, paid(fund), "{name}");
        let ledger = world.ledger().await;
        let account = format!("fund:{fund}");
        let balance = ledger.accounts.iter().find(|a| a.account == account);
        assert_eq!(balance.map_or(0, |a| -a.balance_fen), value, "{account}");
    }
    // The caps of the 2017 package: 229,000 for the pool, 100,000 for special groups' 大病.
    assert_eq!(paid("390100"), 22_900_000);
    assert!(paid("390200") <= 10_000_000);
    explained_by_one_order(settled).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn amounts_priced_without_the_lock_are_caught() {
    let world = World::open().await;
    let person = world.insured(Some("2303")).await;
    let mut settled = Vec::new();
    for (ordinal, claim) in (1..).zip(claims(&person).into_iter().take(20)) {
        let request = PreSettleRequest {
            claim: Some(claim.clone()),
            ..Default::default()
        };
        let answer = world
            .clerk()
            .orchestrator()
            .pre_settle(patient(request))
            .await
            .unwrap();
        let amounts = answer.into_inner().quote.unwrap().amounts.unwrap();
        settled.push(Settled {
            claim,
            ordinal,
            amounts,
        });
    }
    let told = explained_by_one_order(settled).await.unwrap_err();
    assert!(told.starts_with("claim "), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bill_under_many_visit_numbers_is_settled_once() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let mut running = JoinSet::new();
    for n in 0..30 {
        let (desk, claim) = (world.clerk(), stay(&person, &format!("V{n}"), 8_000));
        running.spawn(async move {
            loop {
                let request = SettleRequest {
                    request_id: format!("D{n}"),
                    claim: Some(claim.clone()),
                    basis: None,
                    ..Default::default()
                };
                match desk.orchestrator().settle(patient(request)).await {
                    Ok(_) => return true,
                    Err(no) if passing(&no) => {}
                    Err(no) => {
                        // Seen in screening, or found under the lock when it came at the same time.
                        let code = code(&no);
                        assert!(
                            ["CLAIM_DENIED", "DUPLICATE_CLAIM"].contains(&code.as_str()),
                            "{no}"
                        );
                        return false;
                    }
                }
            }
        });
    }
    let settled = running
        .join_all()
        .await
        .into_iter()
        .filter(|settled| *settled)
        .count();
    assert_eq!((settled, world.accumulators(&person).await.version), (1, 1));
}

/// More claims of one settled visit than there are connections: each is told so, and none waits for
/// a connection that another one holds.
#[tokio::test(flavor = "multi_thread")]
async fn a_settled_visit_is_told_to_all_at_once() {
    let world = World::open().await;
    let first = world.insured(None).await;
    let settled = world
        .settle("first", stay(&first, "V1", 900))
        .await
        .unwrap();
    let mut running = JoinSet::new();
    for n in 0..40 {
        let (desk, person) = (world.clerk(), world.insured(None).await);
        running.spawn(async move {
            let request = SettleRequest {
                request_id: format!("T{n}"),
                claim: Some(stay(&person, "V1", 1_000 + n)),
                basis: None,
                ..Default::default()
            };
            desk.orchestrator()
                .settle(patient(request))
                .await
                .unwrap_err()
        });
    }
    for no in running.join_all().await {
        assert_eq!(code(&no), "VISIT_SETTLED", "{no}");
        let details = no.get_error_details();
        let facts = &details.error_info().unwrap().metadata;
        assert_eq!(facts.get("settlement_id"), Some(&settled.settlement_id));
    }
}
