//! 政策模拟: a year as it stands, priced again under another package, is what it would have come to had
//! that package been the law: asked of a suite of which it is.

use crate::revisions::{a_year, packs, pay, preview, recognise, refund, refunded};
use crate::visits::{Billing, line, visit as registered};
use crate::{edit, unpacked};
use integration_tests::{HOSPITAL, World, stay, visit};
use kernel::Fen;
use policy::testing::Text;
use policy::{Library, Package};
use proto::common::Settlement;
use proto::settlement::GetSettlementRequest;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use yibao::simulate::cache::CacheError;
use yibao::simulate::{Simulate, SimulateError, obey};

/// The suite's own package, but that a stay in a hospital of the second tier or below costs 400 yuan
/// first and not 300.
fn dearer() -> Text {
    let tiers = "when = { tiers = [\"1\", \"2\", \"4\", \"9\"] }\nyuan = ";
    let dearer = Text::marked("dearer");
    let changed = dearer
        .clone()
        .with(&format!("{tiers}\"300\""), &format!("{tiers}\"400\""));
    assert_ne!(changed.0, dearer.0);
    changed
}

/// A suite in which one person moves any sum, under this law.
async fn under(text: &Text) -> World {
    let package = Package::parse("law", &text.0).unwrap();
    let library = Arc::new(Library::new(vec![package]).unwrap());
    World::tuned(|config| {
        config.library = library;
        config.second_person_above = Fen(i64::MAX);
    })
    .await
}

/// A year of some people: visits and stays, one reversed, one of which lines were refunded, a fact
/// learnt late, a stay in parts. Answers the ids of what stands.
async fn lived(world: &World) -> Vec<String> {
    let mut standing = Vec::new();
    for (n, kind) in (0..6).zip([None, Some("31"), None, Some("2303"), None, None]) {
        let person = world.insured(kind).await;
        for month in [2, 5, 9] {
            let of = format!("O-{n}-{month}");
            let claim = visit(
                &person,
                &of,
                &format!("2017-{month:02}-03"),
                4_000 * (n + 1) + month,
            );
            standing.push(world.settle(&of, claim).await.unwrap().settlement_id);
        }
        let of = format!("S-{n}");
        let settled = world
            .settle(&of, packs(&person, &of, &[10 * (n + 1)]))
            .await
            .unwrap();
        standing.push(settled.settlement_id);
    }
    let person = world.insured(None).await;
    let gone = world
        .settle("gone", stay(&person, "G", 20_000))
        .await
        .unwrap();
    world.reverse("back", &gone.settlement_id).await.unwrap();
    standing.push(
        world
            .settle("again", stay(&person, "G-2", 8_000))
            .await
            .unwrap()
            .settlement_id,
    );

    let person = world.insured(None).await;
    let settled = world
        .settle("cut", packs(&person, "C", &[60, 80, 10]))
        .await
        .unwrap();
    refunded(world, HOSPITAL, refund("r-1", &settled, &[(1, 25), (3, 0)]))
        .await
        .unwrap();
    standing.push(settled.settlement_id);

    let person = world.insured(None).await;
    let year = a_year(world, &person, "L").await;
    standing.extend(year.into_iter().map(|one| one.settlement_id));
    recognise(world, &person).await;
    let shown = preview(world, &person).await;
    assert_ne!(shown.revisions, []);
    pay(world, "late", &person, &shown.preview_digest)
        .await
        .unwrap();

    let (desk, person) = (Billing::of(world, HOSPITAL), world.insured(None).await);
    let stay = registered(&person, HOSPITAL, "Z-1", "21", "2017-03-01");
    let id = desk.register(stay).await.unwrap();
    let lines = vec![
        line("1", 20_000, 1, "2017-03-05"),
        line("2", 100_000, 2, "2017-04-10"),
        line("3", 300_000, 1, "2017-05-20"),
    ];
    desk.upload(&id, lines).await.unwrap();
    for through in ["2017-03-31", "2017-04-30"] {
        standing.push(
            desk.settle_through(&id, through)
                .await
                .unwrap()
                .settlement_id,
        );
    }
    desk.discharge(&id, "2017-05-31").await.unwrap();
    standing.push(desk.settle(&id).await.unwrap().settlement_id);
    standing
}

async fn read(world: &World, id: &str) -> Settlement {
    let request = GetSettlementRequest {
        settlement_id: id.into(),
    };
    let found = world.clerk().settlement().get_settlement(request).await;
    found.unwrap().into_inner().settlement.unwrap()
}

/// By payer and month, in fen.
type Sums = BTreeMap<(String, String), i64>;

/// What settlements come to as the services tell.
async fn paid(world: &World, standing: &[String]) -> Sums {
    let mut sums = Sums::new();
    for id in standing {
        let settled = read(world, id).await;
        let amounts = settled.amounts.unwrap();
        let month: u32 = settled.end_day.split('-').nth(1).unwrap().parse().unwrap();
        let mut add = |payer: &str, fen: i64| {
            *sums
                .entry((payer.to_string(), format!("{month}月")))
                .or_default() += fen;
        };
        for share in &amounts.shares {
            add(&share.fund, share.paid_fen);
        }
        add("个人现金", amounts.cash_fen);
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

/// What a simulation is asked for, with its files in a folder.
fn asked(world: &World, folder: &Path, package: &Text) -> Simulate {
    let file = folder.join("package.toml");
    fs::write(&file, &package.0).unwrap();
    Simulate {
        package: file,
        year: 2017,
        data: PathBuf::from("no such folder"),
        database: Some(world.database.url("settlement")),
        cache: Some(folder.join("year.cache")),
        threads: Some(1),
        reach: 500,
        csv: Some(folder.join("tables")),
        svg: Some(folder.join("months.svg")),
        cases: false,
        caller: "planner".into(),
    }
}

async fn simulated(asked: &Simulate) -> String {
    let mut printed = Vec::new();
    obey(asked, &mut printed).await.unwrap();
    String::from_utf8(printed).unwrap()
}

/// The rows of payers.csv: as it was paid, and as it would be.
fn payers(folder: &Path) -> (Sums, Sums) {
    let text = fs::read_to_string(folder.join("tables/payers.csv")).unwrap();
    let (mut before, mut after) = (Sums::new(), Sums::new());
    for row in text.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let payer = cells[0].split(' ').next().unwrap().to_string();
        let key = (payer, cells[1].to_string());
        before.insert(key.clone(), cells[2].parse().unwrap());
        after.insert(key, cells[3].parse().unwrap());
    }
    for sums in [&mut before, &mut after] {
        sums.retain(|_, sum| *sum != 0);
    }
    (before, after)
}

#[tokio::test(flavor = "multi_thread")]
async fn by_its_own_package_a_year_is_what_was_paid_and_by_another_what_it_would_be() {
    let was = World::of_one_person().await;
    let standing = lived(&was).await;
    let folder = TempDir::new().unwrap();
    let own = Text::marked("own");
    let told = simulated(&asked(&was, folder.path(), &own)).await;
    let (before, after) = payers(folder.path());
    assert_eq!(before, paid(&was, &standing).await);
    assert_eq!(before, after);
    assert!(
        before.keys().any(|(payer, _)| payer == "390200"),
        "several funds: {before:?}"
    );
    let count = format!("重新计价 {} 笔有效结算，10 人", standing.len());
    for part in [
        count.as_str(),
        "不变 10 人",
        "受益者合计少负担 0.00 元，受损者合计多负担 0.00 元",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert!(
        !told.contains("与实付不符") && !told.contains("多负担最多的"),
        "{told}"
    );

    // Had the other package been the law: another suite, claim by claim.
    let other = under(&dearer()).await;
    let there = lived(&other).await;
    let asked_dearer = asked(&was, folder.path(), &dearer());
    let one = simulated(&asked_dearer).await;
    let (still, after) = payers(folder.path());
    assert_eq!(still, before);
    assert_eq!(after, paid(&other, &there).await);
    assert_ne!(after, before);
    assert!(one.contains("六、多负担最多的（不具名）"), "{one}");
    assert!(
        standing.iter().all(|id| !one.contains(id.as_str())),
        "{one}"
    );
    assert!(one.lines().all(|line| columns(line) <= 100), "{one}");
    let svg = fs::read_to_string(folder.path().join("months.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("个人现金") && svg.ends_with("</svg>\n"));

    // Two threads come to the same bytes; the database is asked for nothing any more.
    let two = Simulate {
        threads: Some(2),
        database: None,
        ..asked_dearer.clone()
    };
    assert_eq!(simulated(&two).await, one);
    // Cases are named when asked for, and that is written down.
    let named = Simulate {
        cases: true,
        ..asked_dearer.clone()
    };
    let named = simulated(&named).await;
    assert!(
        standing.iter().any(|id| named.contains(id.as_str())),
        "{named}"
    );
    let read = read_by(&was, "planner").await;
    assert!(
        read.iter().any(|subject| subject == "year-2017"),
        "{read:?}"
    );
    assert!(
        read.iter().any(|subject| standing.contains(subject)),
        "{read:?}"
    );
}

/// As a terminal counts them.
fn columns(line: &str) -> usize {
    line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum()
}

/// Whose data this caller was shown, as the settlement service's access log says.
async fn read_by(world: &World, caller: &str) -> Vec<String> {
    let request = proto::settlement::ListAccessRequest {
        filter: Some(proto::common::AccessFilter {
            caller: caller.into(),
            ..Default::default()
        }),
        page_size: 0,
        page_token: String::new(),
    };
    let auditor = world.suite.desk("auditor-1+auditor");
    let listed = auditor.settlement().list_access(request).await.unwrap();
    let entries = listed.into_inner().entries;
    entries
        .into_iter()
        .flat_map(|entry| entry.subject_ids)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_paid_by_its_package_is_said() {
    let world = World::open().await;
    unpacked(&world).await;
    let person = world.insured(None).await;
    let settled = world.settle("s", stay(&person, "S", 20_000)).await.unwrap();
    let id = settled.settlement_id;
    let wrong = "amounts = replace(amounts, '\"deductible\":30000', '\"deductible\":29999')";
    edit(
        &world,
        "settlement",
        &format!("{wrong} WHERE settlement_id = '{id}'"),
    )
    .await;
    let folder = TempDir::new().unwrap();
    let told = simulated(&asked(&world, folder.path(), &Text::marked("own"))).await;
    assert!(told.contains("1 笔按其原政策包复算与实付不符"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_files_are_refused() {
    let world = World::open().await;
    let person = world.insured(None).await;
    for n in 0..4 {
        let claim = visit(&person, &format!("V-{n}"), "2017-06-01", 10_000 + n);
        world.settle(&format!("v-{n}"), claim).await.unwrap();
    }
    let folder = TempDir::new().unwrap();
    let good = asked(&world, folder.path(), &Text::marked("own"));
    simulated(&good).await;
    let cache = folder.path().join("year.cache");
    let whole = fs::read(&cache).unwrap();
    let alone = Simulate {
        database: None,
        ..good.clone()
    };
    let refused = async |asked: &Simulate| obey(asked, &mut Vec::new()).await.unwrap_err();

    let no = refused(&Simulate {
        year: 2018,
        ..good.clone()
    })
    .await;
    assert!(
        matches!(
            no,
            SimulateError::Cache(CacheError::Other { year: 2017, .. })
        ),
        "{no}"
    );
    let elsewhere = asked(&world, folder.path(), &Text::marked("own").of("330523"));
    let no = refused(&elsewhere).await;
    assert!(
        matches!(no, SimulateError::Cache(CacheError::Other { .. })),
        "{no}"
    );
    let failing = asked(&world, folder.path(), &Text::marked("own").failing());
    let no = refused(&failing).await;
    assert!(matches!(no, SimulateError::NotInOrder { .. }), "{no}");
    let torn = asked(&world, folder.path(), &Text("[[".into()));
    assert!(matches!(refused(&torn).await, SimulateError::Package(_)));
    asked(&world, folder.path(), &Text::marked("own"));

    let with = |change: fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        fs::write(&cache, bytes).unwrap();
    };
    with(|bytes| bytes[0] ^= 1);
    assert!(matches!(
        refused(&alone).await,
        SimulateError::Cache(CacheError::Foreign(_))
    ));
    with(|bytes| bytes[14] = 99);
    assert!(matches!(
        refused(&alone).await,
        SimulateError::Cache(CacheError::Foreign(_))
    ));
    with(|bytes| bytes.truncate(bytes.len() - 3));
    assert!(matches!(
        refused(&alone).await,
        SimulateError::Cache(CacheError::Unfinished(_))
    ));
    // In the middle of the block.
    with(|bytes| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
    });
    let no = refused(&alone).await;
    assert!(
        matches!(
            no,
            SimulateError::Cache(CacheError::Damaged { block: 1, .. })
        ),
        "{no}"
    );
    // What was cut is loaded again from behind what is whole.
    with(|bytes| bytes.truncate(bytes.len() - 3));
    simulated(&good).await;
    assert_eq!(fs::read(&cache).unwrap(), whole);
    let nobody = Simulate {
        year: 2010,
        cache: Some(folder.path().join("nobody")),
        ..good
    };
    assert!(matches!(
        refused(&nobody).await,
        SimulateError::Nothing { year: 2010, .. }
    ));
}
