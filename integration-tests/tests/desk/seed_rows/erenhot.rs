//! 二连浩特 2014–2017: before and after the merger of the schemes, each package on its days; levels,
//! Mongolian and Chinese medicine, targeted drugs, accidents and dated prices.

use super::*;
use integration_tests::HOSPITAL;
use proto::common::Filing;

const ERENHOT: &str = "152501";
const SINCE: &str = "2012-01-01";
/// 新型农村合作医疗 before the merger, whose source names no fee: without one nobody can be enrolled.
const RURAL: &str = include_str!("../../../../shared/policy/packages/152501/2014-01-01-380.toml");
const RURAL_FEE: &str = "\n[[fee]]\nyear = 2016\nyuan = \"150\"\nassumed = \"period\"\n";

fn item(code: &str, marks: &[&str]) -> settlement::CatalogueItem {
    settlement::CatalogueItem {
        item_code: code.into(),
        name: "测试药品".into(),
        item_class: "01".into(),
        marks: marks.iter().map(|mark| mark.to_string()).collect(),
        ..Default::default()
    }
}

/// 4.3: outside the region 2,000 first and 72 % up to 140,000 in 2016; 300 first and 75.29 % up to
/// 229,000 in 2017; a chronic disease beyond the three of before.
#[tokio::test]
async fn before_and_after_the_merger_by_the_day() {
    let town = Town::open(ERENHOT, "2018-03-01").await;
    town.world
        .decide_by("rural", &format!("{RURAL}{RURAL_FEE}"))
        .await;
    let outside = town.hospital(1, "3", "A1", Place::Outside).await;
    let at = |scheme: &str, person: &str, visit: &str, year: &str, fen: i64| Claim {
        scheme: scheme.into(),
        filing: Filing::Referred.into(),
        ..stay(person, &outside, visit, &format!("{year}-07"), fen)
    };
    // 8,000 × 72 %; 298,000 × 72 % = 214,560.
    let person = town.insured("380", 2016, &[], &[]).await;
    let settled = town
        .settle(at("380", &person, "V-1", "2016", 1_000_000))
        .await;
    assert_eq!(paid(&settled), (vec![("basic", 576_000)], 424_000));
    let person = town.insured("380", 2016, &[], &[]).await;
    let settled = town
        .settle(at("380", &person, "V-2", "2016", 30_000_000))
        .await;
    assert_eq!(paid(&settled), (vec![("basic", 14_000_000)], 16_000_000));
    // 9,700 × 75.29 %; 399,700 × 75.29 % = 300,934.13, then 大病 20,000 × 65 % + 141,000 × 75 % =
    // 118,750 up to its own 80,000.
    let person = town.resident(2017, &[]).await;
    let settled = town
        .settle(at("390", &person, "V-3", "2017", 1_000_000))
        .await;
    assert_eq!(paid(&settled), (vec![("basic", 730_313)], 269_687));
    let person = town.resident(2017, &[]).await;
    let settled = town
        .settle(at("390", &person, "V-4", "2017", 40_000_000))
        .await;
    let expected = vec![("basic", 22_900_000), ("critical", 8_000_000)];
    assert_eq!(paid(&settled), (expected, 9_100_000));

    // 高血压 is none of the three of 2016, and 60 % are paid from 2017 on.
    for (year, expected) in [(2016, vec![]), (2017, vec![("chronic", 60_000)])] {
        let person = town.resident(year, &[]).await;
        let day = format!("{year}-07-01");
        let days = (day.as_str(), day.as_str());
        let mut claim = claim(&person, HOSPITAL, "14", &format!("C-{year}"), days, 100_000);
        claim.disease_codes = vec!["M03900".into()];
        town.world.filed(&person, "M03900", &[]).await;
        let settled = town.settle(claim).await;
        let sum: i64 = expected.iter().map(|(_, paid)| paid).sum();
        assert_eq!(paid(&settled), (expected, 100_000 - sum), "{year}");
    }
}

/// 4.5, 4.6: with 50,000 left by the basic layer 24,000 in 2015, 28,000 in 2016 and 2017, 33,500 for
/// special groups; all of it from the account of whoever insures 大病.
#[tokio::test]
async fn three_versions_of_the_critical_layer_by_the_day() {
    let town = Town::open(ERENHOT, "2018-03-01").await;
    let third = town.hospital(1, "3", "A1", Place::District).await;
    // (198,500 − 500) × 75 % = 148,500.
    for (year, critical) in [(2015, 2_400_000), (2016, 2_800_000), (2017, 2_800_000)] {
        let person = town.resident(year, &[]).await;
        let visit = format!("V-{year}");
        let claim = stay(&person, &third, &visit, &format!("{year}-07"), 19_850_000);
        let settled = town.settle(claim).await;
        let expected = vec![("basic", 14_850_000), ("critical", critical)];
        assert_eq!(paid(&settled), (expected, 5_000_000 - critical), "{year}");
    }
    // (249,000 − 250) × 80 % = 199,000; 25,000 × 70 % + 20,000 × 80 %; 16,500 × 70 %.
    let person = town.resident(2017, &[("2303", SINCE)]).await;
    let claim = stay(&person, &third, "V-0", "2017-07", 24_900_000);
    let settled = town.settle(claim).await;
    let expected = vec![
        ("basic", 19_900_000),
        ("critical", 3_350_000),
        ("assistance", 1_155_000),
    ];
    assert_eq!(paid(&settled), (expected, 495_000));
    let insurer = 2_400_000 + 2_800_000 + 2_800_000 + 3_350_000;
    assert_eq!(town.balance("fund:390200").await, -insurer);
}

/// 4.15, 4.16, 4.4: deductible and ratio by level; 350 at Mongolian and Chinese medicine's hospitals; 15
/// points for named preparations; 5 points and half the deductible for special groups; never above 95 %.
#[tokio::test]
async fn levels_tilts_and_the_ceiling() {
    let town = Town::open(ERENHOT, "2018-03-01").await;
    let herbs = vec![item(DRUG, &[]), item("D-T", &["ethnic"])];
    town.catalogue("2017-01-01", herbs).await;
    let third = town.hospital(1, "3", "A1", Place::District).await;
    let mongolian = town.hospital(2, "3", "A3", Place::District).await;
    let special = [("2303", SINCE)];
    let ordinary: &[(&str, &str)] = &[];
    let table = [
        // Level by level: 9,700 × 85 %, 9,500 × 75 %.
        (CLINIC, DRUG, ordinary, 30_000, vec![("basic", 824_500)]),
        (HOSPITAL, DRUG, ordinary, 30_000, vec![("basic", 824_500)]),
        (&third, DRUG, ordinary, 50_000, vec![("basic", 712_500)]),
        // 9,650 × 75 %, × 90 % of preparations.
        (&mongolian, DRUG, ordinary, 35_000, vec![("basic", 723_750)]),
        (
            &mongolian,
            "D-T",
            ordinary,
            35_000,
            vec![("basic", 868_500)],
        ),
        // 85 + 15 is 95: 9,700 × 95 %. At the first level no points.
        (HOSPITAL, "D-T", ordinary, 30_000, vec![("basic", 921_500)]),
        (CLINIC, "D-T", ordinary, 30_000, vec![("basic", 824_500)]),
        // 9,850 × 90 %, then 1,135 × 70 %; 85 + 5 + 15 is 95: 9,850 × 95 %, then 642.50 × 70 %.
        (
            HOSPITAL,
            DRUG,
            &special,
            15_000,
            vec![("basic", 886_500), ("assistance", 79_450)],
        ),
        (
            HOSPITAL,
            "D-T",
            &special,
            15_000,
            vec![("basic", 935_750), ("assistance", 44_975)],
        ),
    ];
    for (n, (hospital, code, kinds, first, expected)) in table.into_iter().enumerate() {
        let person = town.resident(2017, kinds).await;
        let claim = stay(&person, hospital, &format!("V-{n}"), "2017-07", 1_000_000);
        let settled = town.settle(of_item(claim, code)).await;
        let sum: i64 = expected.iter().map(|(_, paid)| paid).sum();
        let told = (deductible(&settled), paid(&settled));
        assert_eq!(told, (first, (expected, 1_000_000 - sum)), "{n}");
    }
}

/// 4.7: 35 %, and 35 % of what is left, line by line, whatever the catalogue's first payment.
#[tokio::test]
async fn a_targeted_drug_is_paid_by_two_layers_of_its_own() {
    let town = Town::open(ERENHOT, "2018-03-01").await;
    let targeted = settlement::CatalogueItem {
        item_class: "02".into(),
        first_pay_bp: 1_000,
        ..item("D-X", &["targeted"])
    };
    let items = vec![item(DRUG, &[]), targeted];
    town.catalogue("2017-01-01", items).await;
    let person = town.resident(2017, &[]).await;
    // 3,500; 6,500 × 35 % = 2,275. Beside it 9,700 × 85 %.
    let mut claim = stay(&person, HOSPITAL, "V-1", "2017-07", 1_000_000);
    let mut drug = claim.lines[0].clone();
    (drug.number, drug.item_code) = (2, "D-X".into());
    claim.lines.push(drug);
    let settled = town.settle(claim).await;
    let expected = vec![
        ("basic", 824_500),
        ("targeted", 350_000),
        ("targeted_critical", 227_500),
    ];
    assert_eq!(paid(&settled), (expected, 175_500 + 422_500));
}

/// 4.8: an accident is covered from 2017 on, but for what somebody else answers for.
#[tokio::test]
async fn an_accident_is_covered_but_for_anothers_share() {
    let town = Town::open(ERENHOT, "2018-03-01").await;
    // 9,700 × 85 %; 40 % are another's: (6,000 − 300) × 85 %.
    for (year, share, expected) in [
        (2016, 0, vec![]),
        (2017, 0, vec![("basic", 824_500)]),
        (2017, 4_000, vec![("basic", 484_500)]),
    ] {
        let person = town.resident(year, &[]).await;
        let visit = format!("V-{year}-{share}");
        let mut claim = stay(&person, HOSPITAL, &visit, &format!("{year}-07"), 1_000_000);
        (claim.med_type, claim.third_party_share_bp) = ("22".into(), share);
        let settled = town.settle(claim).await;
        let sum: i64 = expected.iter().map(|(_, paid)| paid).sum();
        let told = (expected, 1_000_000 - sum);
        assert_eq!(paid(&settled), told, "{year} {share}");
    }
}

/// 4.14: a price list from its day on; what is over the price is the patient's.
#[tokio::test]
async fn prices_are_those_of_the_day() {
    let town = Town::open(ERENHOT, "2018-03-01").await;
    for (from, yuan) in [("2017-01-01", 100), ("2017-06-01", 80)] {
        let limit = settlement::PriceLimit {
            tier: "1".into(),
            unit_price_micro_yuan: yuan * 1_000_000,
        };
        let priced = settlement::CatalogueItem {
            price_limits: vec![limit],
            ..item("D-P", &[])
        };
        town.catalogue(from, vec![priced]).await;
    }
    let person = town.resident(2017, &[]).await;
    // Of 120 yuan 100 and then 80 are in scope, of which half is paid.
    for (day, over, outpatient) in [("2017-05-31", 2_000, 5_000), ("2017-06-01", 4_000, 4_000)] {
        let claim = claim(&person, CLINIC, "11", day, (day, day), 12_000);
        let settled = town.settle(of_item(claim, "D-P")).await;
        let amounts = settled.amounts.as_ref().unwrap();
        assert_eq!(amounts.over_limit_fen, over);
        let expected = (vec![("outpatient", outpatient)], 12_000 - outpatient);
        assert_eq!(paid(&settled), expected);
    }
}
