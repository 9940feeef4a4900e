//! 安吉 2020: graded assistance, 大病 with a lower deductible and a higher ratio, 15 points in the county,
//! five layers in one call, and the same layers across the border of the region.

use super::*;
use integration_tests::HOSPITAL;

const ANJI: &str = "330523";
const SINCE: &str = "2019-01-01";

/// 0.8, 0.17: at a hospital of the county's second tier 600 yuan first; hardship 70 % + 15; assistance
/// from its first yuan at 100, 80, 70 %.
#[tokio::test]
async fn assistance_is_graded_by_group_without_a_deductible() {
    let town = Town::open(ANJI, "2020-12-01").await;
    // 19,400 × 85 % = 16,490; of 3,510 all, 80 %, 70 %.
    let basic = ("basic", 1_649_000);
    let table = [
        ("2304", vec![basic, ("assistance", 351_000)], 0),
        ("2303", vec![basic, ("assistance", 280_800)], 70_200),
        ("236074", vec![basic, ("assistance", 245_700)], 105_300),
    ];
    for (kind, expected, cash) in table {
        let person = town.resident(2020, &[(kind, SINCE)]).await;
        let claim = stay(&person, HOSPITAL, kind, "2020-07", 2_000_000);
        let settled = town.settle(claim).await;
        assert_eq!(paid(&settled), (expected, cash), "{kind}");
        let amounts = settled.amounts.as_ref().unwrap();
        let mut shares = amounts.shares.iter();
        let aid = shares.find(|share| share.rule == "assistance").unwrap();
        assert_eq!((aid.base_fen, aid.deductible_fen), (351_000, 0), "{kind}");
        let rules = town.rules(&settled).await;
        assert!(
            rules.contains(&"basic.adjust_in_county".into()),
            "{rules:?}"
        );
    }
    // Without an identity 70 % of 19,400, and no line of 15 points.
    let person = town.resident(2020, &[]).await;
    let claim = stay(&person, HOSPITAL, "none", "2020-07", 2_000_000);
    let settled = town.settle(claim).await;
    assert_eq!(paid(&settled), (vec![("basic", 1_358_000)], 642_000));
    let rules = town.rules(&settled).await;
    assert!(
        !rules.contains(&"basic.adjust_in_county".into()),
        "{rules:?}"
    );
}

/// 0.9: 大病 from 10,000 at 65 % and not from 20,000 at 60 %, for whom it is on the last day.
#[tokio::test]
async fn one_down_one_up_is_for_whom_is_eligible_on_the_day() {
    let town = Town::open(ANJI, "2020-12-01").await;
    let kinds = [("2303", "2020-07-01")];
    // 99,400 × 70 % = 69,580; (30,420 − 20,000) × 60 % = 6,252.
    let before = town.resident(2020, &kinds).await;
    let claim = stay(&before, HOSPITAL, "V-1", "2020-06", 10_000_000);
    let settled = town.settle(claim).await;
    let expected = vec![("basic", 6_958_000), ("critical", 625_200)];
    assert_eq!(paid(&settled), (expected, 2_416_800));
    // 99,400 × 85 % = 84,490; (15,510 − 10,000) × 65 % = 3,581.50; 11,928.50 × 80 % = 9,542.80.
    let after = town.resident(2020, &kinds).await;
    let claim = stay(&after, HOSPITAL, "V-2", "2020-07", 10_000_000);
    let settled = town.settle(claim).await;
    let expected = vec![
        ("basic", 8_449_000),
        ("critical", 358_150),
        ("assistance", 954_280),
    ];
    assert_eq!(paid(&settled), (expected, 238_570));
}

/// 0.11: five amounts in their order in one call, one reversal of all.
#[tokio::test]
async fn five_in_one_is_paid_and_taken_back_at_once() {
    let town = Town::open(ANJI, "2020-12-01").await;
    let kinds = [("2303", SINCE), ("236034", SINCE), ("236021", SINCE)];
    let person = town.resident(2020, &kinds).await;
    let mut claim = stay(&person, HOSPITAL, "V-1", "2020-07", 10_000_000);
    claim.diagnosis_code = "F20.900".into();
    let before = town.world.ledger().await;
    let settled = town.settle(claim).await;
    // As above; an employee's 99,400 × 90 % = 89,460 less 88,071.50; half of the 997.20 that are left.
    let expected = vec![
        ("basic", 8_449_000),
        ("critical", 358_150),
        ("assistance", 954_280),
        ("veterans", 138_850),
        ("mental_aid", 49_860),
    ];
    assert_eq!(paid(&settled), (expected, 49_860));
    for (fund, paid) in [("390200", 358_150), ("610200", 138_850), ("640101", 49_860)] {
        assert_eq!(town.balance(&format!("fund:{fund}")).await, -paid);
    }
    let id = &settled.settlement_id;
    town.world.reverse("back", id).await.unwrap();
    let sums = |ledger: settlement::GetTrialBalanceResponse| -> Vec<(String, i64)> {
        let accounts = ledger.accounts.into_iter();
        let left = accounts.filter(|one| one.balance_fen != 0);
        left.map(|one| (one.account, one.balance_fen)).collect()
    };
    assert_eq!(sums(town.world.ledger().await), sums(before));
}

/// 0.13, the home region's part: outside the province 1,000 first and 55 %, and assistance in the same
/// call; not filed, 20 % first.
#[tokio::test]
async fn assistance_is_paid_across_the_border_in_the_same_call() {
    let town = Town::open(ANJI, "2020-12-01").await;
    let outside = town.hospital(1, "3", "A1", Place::Outside).await;
    let kinds = [("2303", SINCE)];
    // 19,000 × 55 % = 10,450; 9,550 × 80 % = 7,640.
    let filed = town.resident(2020, &kinds).await;
    let mut claim = stay(&filed, &outside, "V-1", "2020-07", 2_000_000);
    claim.filing = proto::common::Filing::Referred.into();
    let settled = town.settle(claim).await;
    let expected = vec![("basic", 1_045_000), ("assistance", 764_000)];
    assert_eq!(paid(&settled), (expected, 191_000));
    // 16,000 are left of 20,000: 15,000 × 55 % = 8,250; 7,750 × 80 % = 6,200.
    let unfiled = town.resident(2020, &kinds).await;
    let claim = stay(&unfiled, &outside, "V-2", "2020-07", 2_000_000);
    let settled = town.settle(claim).await;
    let expected = vec![("basic", 825_000), ("assistance", 620_000)];
    assert_eq!(paid(&settled), (expected, 555_000));
}
