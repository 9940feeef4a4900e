//! 演练, the short form: a few kills, each server crashed once, every kind of bad weather that
//! chance gives; the primary database lost once; and that each check finds what it must.

use integration_tests::campaign::failover::failover;
use integration_tests::campaign::servers::Tools;
use integration_tests::campaign::{DATABASE, Plan, chaos, crash, plant};
use std::time::Duration;
use tokio::sync::Mutex;

/// What the machine has for a campaign; says so when it lacks something, or when it is not a
/// campaign's turn: its servers are its own, and of a suite that runs on both stores one run of it
/// is enough.
fn tools() -> Option<Tools> {
    if std::env::var_os("YIBAO_TEST_POSTGRES").is_none() {
        println!("the campaign is skipped: it runs with the suite on PostgreSQL");
        return None;
    }
    let found = Tools::find();
    if let Err(lacking) = &found {
        println!("the campaign is skipped: {lacking}");
    }
    found.ok()
}

fn plan(kills: u64) -> Plan {
    Plan {
        seed: 20_170_301,
        kills,
        duration: None,
        tills: 8,
        people: 24,
        pause_max: Duration::from_millis(1_200),
        tour: chaos::TOUR,
        keep: None,
    }
}

/// Each of the two has a fleet of processes: one fleet at a time.
static STAGE: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_doubled_or_made_up() {
    let Some(tools) = tools() else { return };
    let _alone = STAGE.lock().await;
    let plan = plan(14);
    let judged = crash(&tools, &plan).await;
    println!("{}", judged.verdict);
    assert!(judged.verdict.holds(), "{}", judged.verdict);
    let missed = plant::everything(&judged.postgres, &judged.evidence, DATABASE).await;
    assert!(missed.is_empty(), "checks that cannot fail: {missed:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_primary_takes_nothing_with_it_that_was_told() {
    let Some(tools) = tools() else { return };
    let _alone = STAGE.lock().await;
    let (_, judged) = failover(&tools, &plan(0), 1, true).await;
    assert!(judged.verdict.holds(), "{}", judged.verdict);
    // A primary that does not wait for its standby loses what it told, and that is found.
    // On a busy machine a round may end before anybody was told of what is lost.
    for _ in 0..4 {
        let (_, judged) = failover(&tools, &plan(0), 1, false).await;
        if !judged.verdict.holds() {
            return;
        }
    }
    panic!("what was told and lost is not found");
}
