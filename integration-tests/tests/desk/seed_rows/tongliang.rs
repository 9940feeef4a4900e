//! 铜梁 2021: half the deductible and 10 points at the county's hospitals, 大病 likewise, assistance by
//! class with a cap for each kind of disease.

use super::*;
use integration_tests::HOSPITAL;

const TONGLIANG: &str = "500151";
const SINCE: &str = "2020-01-01";

/// 2.3: by the hospital's level and place alone. 300 first and 70 %; the poor 150 and 80 %.
#[tokio::test]
async fn half_the_deductible_and_ten_points_at_the_countys_hospitals_alone() {
    let town = Town::open(TONGLIANG, "2021-12-01").await;
    let elsewhere = town.hospital(1, "2", "A1", Place::City).await;
    let township = town.hospital(2, "1", "B1", Place::District).await;
    let poor = [("2302", SINCE)];
    let table = [
        // 9,850 × 80 %.
        (HOSPITAL, &poor[..], 15_000, 788_000),
        // In another county of the city 9,700 × 70 %; at a township's hospital 9,900 × 80 %.
        (elsewhere.as_str(), &poor[..], 30_000, 679_000),
        (township.as_str(), &poor[..], 10_000, 792_000),
        (HOSPITAL, &[], 30_000, 679_000),
    ];
    for (n, (hospital, kinds, first, basic)) in table.into_iter().enumerate() {
        let person = town.resident(2021, kinds).await;
        let claim = stay(&person, hospital, &format!("V-{n}"), "2021-07", 1_000_000);
        let settled = town.settle(claim).await;
        let expected = (vec![("basic", basic)], 1_000_000 - basic);
        assert_eq!((deductible(&settled), paid(&settled)), (first, expected));
        let rules = town.rules(&settled).await;
        let raised = rules.iter().any(|rule| rule.starts_with("basic.adjust"));
        assert_eq!(raised, first == 15_000, "{rules:?}");
    }
}

/// 2.4, and the cap of 大额 in 2.6: the poor's 大病 from 10,500 at 65 %, in the trace.
#[tokio::test]
async fn the_poors_critical_layer_and_the_cap_of_large_sums() {
    let town = Town::open(TONGLIANG, "2021-12-01").await;
    let third = town.hospital(1, "3", "A1", Place::District).await;
    let person = town.resident(2021, &[("2302", SINCE)]).await;
    // 599,600 × 60 % = 359,760; (240,240 − 10,500) × 65 % = 149,331; (90,909 − 30,000) × 70 % =
    // 42,636.30.
    let claim = stay(&person, &third, "V-1", "2021-07", 60_000_000);
    let settled = town.settle(claim).await;
    let expected = vec![
        ("basic", 35_976_000),
        ("critical", 14_933_100),
        ("assistance_large", 4_263_630),
    ];
    assert_eq!(paid(&settled), (expected, 4_827_270));
    let rules = town.rules(&settled).await;
    assert!(rules.iter().any(|rule| rule.starts_with("critical.adjust")));
    // 799,600 × 60 % = 479,760; (320,240 − 10,500) × 65 % = 201,331; of (118,909 − 30,000) × 70 % =
    // 62,236.30 the cap leaves 60,000.
    let person = town.resident(2021, &[("2302", SINCE)]).await;
    let claim = stay(&person, &third, "V-2", "2021-07", 80_000_000);
    let settled = town.settle(claim).await;
    let expected = vec![
        ("basic", 47_976_000),
        ("critical", 20_133_100),
        ("assistance_large", 6_000_000),
    ];
    assert_eq!(paid(&settled), (expected, 5_890_900));
    // Nobody's: (320,400 … ) from 21,000 at 60 %, 50 % above 800, and no aid.
    // 599,200 × 50 % = 299,600; (300,400 − 21,000) × 60 % = 167,640.
    let person = town.resident(2021, &[]).await;
    let claim = stay(&person, &third, "V-3", "2021-07", 60_000_000);
    let settled = town.settle(claim).await;
    let expected = vec![("basic", 29_960_000), ("critical", 16_764_000)];
    assert_eq!(paid(&settled), (expected, 13_276_000));
}

/// 2.5 and 2.6: 80 % of ordinary diseases up to 15,000 for key objects, 70 % up to 12,000 for others,
/// 100,000 for serious ones. Of several kinds the one that pays most.
#[tokio::test]
async fn assistance_by_class_ends_at_its_cap() {
    let town = Town::open(TONGLIANG, "2021-12-01").await;
    // 65,666.67 × 70 % = 45,966.67 leaves 20,000 for assistance: 16,000 and 14,000 before the caps.
    // 9,700 × 70 % = 6,790 leaves 3,210: 2,568 and 2,247.
    let (basic, small) = (("basic", 4_596_667), ("basic", 679_000));
    let table = [
        (
            "2303",
            6_596_667,
            vec![basic, ("assistance_ordinary", 1_500_000)],
        ),
        (
            "236074",
            6_596_667,
            vec![basic, ("assistance_ordinary", 1_200_000)],
        ),
        (
            "2303",
            1_000_000,
            vec![small, ("assistance_ordinary", 256_800)],
        ),
        (
            "236074",
            1_000_000,
            vec![small, ("assistance_ordinary", 224_700)],
        ),
    ];
    for (n, (kind, fen, expected)) in table.into_iter().enumerate() {
        let person = town.resident(2021, &[(kind, SINCE)]).await;
        let claim = stay(&person, HOSPITAL, &format!("V-{n}"), "2021-07", fen);
        let settled = town.settle(claim).await;
        let sum: i64 = expected.iter().map(|(_, paid)| paid).sum();
        assert_eq!(paid(&settled), (expected, fen - sum), "{kind} {fen}");
    }
    // 599,200 × 50 % = 299,600; (300,400 − 21,000) × 60 % = 167,640; of 132,760 × 80 % = 106,208 the cap
    // leaves 100,000; as an ordinary disease it would have been 15,000.
    let third = town.hospital(1, "3", "A1", Place::District).await;
    let person = town.resident(2021, &[("2303", SINCE)]).await;
    let mut claim = stay(&person, &third, "V-9", "2021-07", 60_000_000);
    claim.diagnosis_code = "C34.900".into();
    let settled = town.settle(claim).await;
    let expected = vec![
        ("basic", 29_960_000),
        ("critical", 16_764_000),
        ("assistance_serious", 10_000_000),
    ];
    assert_eq!(paid(&settled), (expected, 3_276_000));
}
