//! 模拟测速: how many claims of a year are priced again in a second, by one thread and by two, and with
//! how much memory. The claims are of the kinds of the county's day, from a seed.

use super::{BenchError, grouped, hundredths, machine};
use crate::area::COUNTY;
use crate::catalogue;
use crate::simulate::block::Packer;
use crate::simulate::cache::{self, BLOCK_CLAIMS, Cache, Found, Head, Writer};
use crate::simulate::price::Pricer;
use crate::simulate::run::{Notes, Ran, run};
use crate::simulate::sums::Sums;
use crate::story::day::kinds::{COUNTY_HOSPITAL, KINDS, Kind, Part, Whose};
use ::policy::{
    Accumulators, Claim, ClaimFacts, Filing, Library, Line, Package, Place, settle_amounts,
};
use ::settlement::year::{Saw, SettledClaim, YearMark};
use clap::Args;
use kernel::{
    Day, DiagnosisCode, DiseaseCode, Fen, IdentityKind, InstitutionKind, InstitutionTier,
    ItemClass, ItemCode, ItemMark, MedType, Quantity, Rate, Scheme, SettlementId, UnitPrice,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// Where the claims come from.
const SEED: u64 = 20_171_115;
/// Their year.
const YEAR: i32 = 2017;
/// Of people who have claims, how many a year at most.
const CLAIMS_MAX: usize = 9;

/// How the simulation is measured.
#[derive(Debug, Args)]
pub struct SimulateBench {
    /// Claims of the year.
    #[arg(long, default_value_t = 4_000_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    claims: u64,
    /// Rounds; the median of them is told.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Keep the year's claims in this file and take them from it again.
    #[arg(long, value_name = "FILE")]
    cache: Option<PathBuf>,
}

/// Measures, and tells what came out.
pub fn obey(asked: &SimulateBench, out: &mut impl Write) -> Result<(), BenchError> {
    let library = Library::builtin()?;
    let mut packages = library.packages();
    let package = packages.find(|package| package.name() == "152501/2017-01-01");
    let package = package.cloned().ok_or(BenchError::NoClaim)?;
    let folder = tempfile::tempdir()?;
    let beside = folder.path().join("year.cache");
    let path = asked.cache.clone().unwrap_or(beside);
    let head = Head::of(package.area().as_str(), YEAR);
    let begun = Instant::now();
    let cache = match cache::open(&path, &head)? {
        Found::Whole(cache) => *cache,
        Found::Part(writer) => made(&package, (asked.claims, BLOCK_CLAIMS), writer, &head)?,
    };
    let bytes = std::fs::metadata(&path)?.len();
    writeln!(
        out,
        "{}, {}\n{} claims of {} people (seed {SEED}) by {}, made in {} s; {} MB, {} bytes a claim",
        machine::name(),
        machine::commit(),
        grouped(cache.summary.claims),
        grouped(cache.summary.people),
        package.name(),
        begun.elapsed().as_secs(),
        bytes / 1_000_000,
        bytes.checked_div(cache.summary.claims).unwrap_or(0)
    )?;
    let pricer = Pricer::new(&package, YEAR, Fen::yuan(500)).ok_or(BenchError::NoClaim)?;
    let mut answers: Vec<Sums> = Vec::new();
    for threads in [1_usize, 2] {
        let (mut millis, mut processor) = (Vec::new(), Vec::new());
        for _ in 0..asked.rounds {
            let notes = Notes::beside(&path, &cache, package.digest(), 0);
            let (stop, begun) = (AtomicBool::new(false), Instant::now());
            let used = machine::processor_hundredths();
            let ran = run(&cache, &pricer, (threads, &notes), &stop, |_| {})?;
            millis.push(u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX));
            processor.push(machine::processor_hundredths().saturating_sub(used));
            if let Ran::Whole(sums) = ran {
                answers.push(*sums);
            }
        }
        let (median, processor) = (middle(millis), middle(processor));
        let speed = cache.summary.claims.saturating_mul(1_000);
        writeln!(
            out,
            "{threads} thread{}: {} s, {} claims a second; {} s of processor time (medians of {})",
            if threads == 1 { " " } else { "s" },
            hundredths(median / 10),
            grouped(speed.checked_div(median).unwrap_or(0)),
            hundredths(processor),
            asked.rounds
        )?;
    }
    let same = answers
        .windows(2)
        .all(|pair| matches!(pair, [one, other] if one == other));
    writeln!(
        out,
        "most memory {} MB (VmHWM); the same answer every time: {same}",
        machine::most_kib() / 1_024
    )?;
    Ok(())
}

fn middle(mut all: Vec<u64>) -> u64 {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or(0)
}

/// A year of so many claims, settled by the package and packed, so many in a block.
fn made(
    package: &Package,
    (count, block): (u64, usize),
    mut writer: Writer,
    head: &Head,
) -> Result<Cache, BenchError> {
    let maker = Maker::new();
    let mut random = StdRng::seed_from_u64(SEED);
    let (mut packer, mut made) = (Packer::default(), 0);
    while made < count {
        let most = usize::try_from(count - made)
            .unwrap_or(CLAIMS_MAX)
            .min(CLAIMS_MAX);
        let claims = maker.person(package, random.random_range(1..=most), &mut random);
        let claims = claims.ok_or(BenchError::NoClaim)?;
        made += u64::try_from(claims.len()).unwrap_or(0);
        packer.push(&claims).ok_or(BenchError::NoClaim)?;
        if packer.claims() >= block || made >= count {
            let full = std::mem::take(&mut packer);
            let claims = full.claims();
            writer.write(full.finish(), claims, &YearMark::default())?;
        }
    }
    Ok(writer.finish(head)?)
}

/// What the catalogue says of an item.
type Catalogued = (ItemClass, Rate, BTreeMap<String, i64>, Vec<ItemMark>);

/// What claims are made of.
struct Maker {
    /// By code.
    items: BTreeMap<String, Catalogued>,
    /// Kinds with how many claims each has, those of employees left out.
    kinds: Vec<(usize, &'static Kind)>,
    whole: usize,
}

impl Maker {
    fn new() -> Maker {
        let items = catalogue::ERENHOT
            .items("2017-01-01")
            .into_iter()
            .map(|item| {
                let limits = item.price_limits.into_iter();
                let limits = limits
                    .map(|limit| (limit.tier, limit.unit_price_micro_yuan))
                    .collect();
                let marks = item.ethnic_medicine.then_some(ItemMark::EthnicMedicine);
                let class = ItemClass::parse(&item.item_class).unwrap_or(ItemClass::C);
                let said = (
                    class,
                    Rate(item.first_pay_bp),
                    limits,
                    marks.into_iter().collect(),
                );
                (item.item_code, said)
            });
        let of_residents = |kind: &&Kind| !matches!(kind.whose, Whose::Employee | Whose::Relative);
        let kinds = KINDS.iter().filter(of_residents);
        let kinds: Vec<_> = kinds.map(|kind| (kind.settlements(), kind)).collect();
        Maker {
            items: items.collect(),
            whole: kinds.iter().map(|(count, _)| count).sum(),
            kinds,
        }
    }

    fn person(
        &self,
        package: &Package,
        count: usize,
        random: &mut StdRng,
    ) -> Option<Vec<SettledClaim>> {
        let identities = match random.random_range(0..100) {
            0..5 => vec![IdentityKind::MinimumLiving],
            5..7 => vec![IdentityKind::ExtremelyPoor],
            _ => Vec::new(),
        };
        let (age, mut carried) = (random.random_range(1..90), Accumulators::default());
        let mut days: Vec<u32> = (0..count).map(|_| random.random_range(0..365)).collect();
        days.sort_unstable();
        let mut claims = Vec::with_capacity(count);
        for day in days {
            let day = Day::first_of(YEAR)?.plus_days(day);
            let facts = ClaimFacts {
                identities: identities.clone(),
                age: Some(age),
                continuous_years: 3,
                accumulators: carried.clone(),
                ..self.claim(day, random)?
            };
            let claim = Claim::new(facts.clone()).ok()?;
            let mut paid = settle_amounts(package, &claim);
            paid.lines = Vec::new();
            carried = carried.plus(&paid.deltas);
            let id = u64::from(random.random::<u32>()) << 16;
            claims.push(SettledClaim {
                id: SettlementId::parse(&format!("01900000-0000-7000-8000-{id:012x}")).ok()?,
                facts: ClaimFacts {
                    accumulators: Accumulators::default(),
                    ..facts
                },
                paid,
                saw: Saw::Standing,
                part_of: None,
                past_asked: false,
            });
        }
        Some(claims)
    }

    fn claim(&self, day: Day, random: &mut StdRng) -> Option<ClaimFacts> {
        let mut left = random.random_range(0..self.whole);
        let mut kinds = self.kinds.iter();
        let (_, kind) = kinds.find(|(count, _)| match left.checked_sub(*count) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        })?;
        let site = kind.sites.get(random.random_range(0..kind.sites.len()))?;
        let known = |code: &str| COUNTY.institutions.iter().find(|one| one.0 == code);
        let (_, _, tier, of, _) = known(site).or_else(|| known(COUNTY_HOSPITAL))?;
        let lines = (1..).zip(kind.items);
        let lines: Option<Vec<Line>> = lines
            .map(|(number, part)| self.line(number, part, tier, random))
            .collect();
        let diagnosis = kind
            .diagnoses
            .get(random.random_range(0..kind.diagnoses.len()))?;
        let lasted = kind
            .days
            .map_or(0, |(from, to)| random.random_range(from..=to));
        let away = *tier == "3";
        Some(ClaimFacts {
            begin: day.minus_days(lasted),
            diagnosis: DiagnosisCode::parse(diagnosis).ok(),
            diseases: DiseaseCode::parse(kind.disease).ok().into_iter().collect(),
            place: if away { Place::City } else { Place::District },
            filing: if away { Filing::Referred } else { Filing::None },
            ..ClaimFacts::new(
                day,
                Scheme::Resident,
                MedType::parse(kind.care)?,
                InstitutionTier::parse(tier)?,
                InstitutionKind::parse(of)?,
                lines?,
            )
        })
    }

    fn line(&self, number: u32, part: &Part, tier: &str, random: &mut StdRng) -> Option<Line> {
        let &Part(code, more, from, to) = part;
        let (class, first_pay, limits, marks) = self.items.get(code)?;
        let unit_price = UnitPrice::fen(catalogue::price_at(code, tier) + more);
        let quantity = Quantity::whole(random.random_range(from..=to));
        let limit = limits.get(tier).or_else(|| limits.values().min());
        Some(Line {
            number,
            item: ItemCode::parse(code).ok()?,
            class: class.clone(),
            first_pay: *first_pay,
            price_limit: limit.map(|limit| UnitPrice(*limit)),
            unit_price,
            quantity,
            amount: unit_price.times(quantity)?,
            marks: marks.clone(),
            restriction: Default::default(),
            day: None,
            denied: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::policy::testing::Text;
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::Ordering;

    #[test]
    fn a_small_year_is_made_priced_and_told() {
        let asked = SimulateBench {
            claims: 9_000,
            rounds: 1,
            cache: None,
        };
        let mut out = Vec::new();
        obey(&asked, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("9,000 claims of"), "{text}");
        assert!(text.contains("the same answer every time: true"), "{text}");
    }

    /// A small year in ten blocks and more, and its package.
    fn year(folder: &Path) -> (Cache, PathBuf, Arc<Package>) {
        let library = Library::builtin().unwrap();
        let mut packages = library.packages();
        let of = |package: &&Arc<Package>| package.name() == "152501/2017-01-01";
        let package = packages.find(of).unwrap().clone();
        let (path, head) = (folder.join("year"), Head::of("152501", YEAR));
        let Found::Part(writer) = cache::open(&path, &head).unwrap() else {
            panic!("a new file")
        };
        let cache = made(&package, (4_000, 300), writer, &head).unwrap();
        assert!(cache.blocks() > 10);
        (cache, path, package)
    }

    fn never(threads: usize, cache: &Cache, pricer: &Pricer, notes: &Notes) -> Sums {
        let ran = run(
            cache,
            pricer,
            (threads, notes),
            &AtomicBool::new(false),
            |_| {},
        );
        match ran.unwrap() {
            Ran::Whole(sums) => *sums,
            Ran::Stopped => panic!("nobody stopped it"),
        }
    }

    #[test]
    fn by_its_own_package_a_year_comes_to_what_was_paid() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, path, package) = year(folder.path());
        let pricer = Pricer::new(&package, YEAR, Fen::yuan(500)).unwrap();
        let notes = Notes::beside(&path, &cache, package.digest(), 0);
        let sums = never(2, &cache, &pricer, &notes);
        assert_eq!((sums.claims, sums.less, sums.more), (4_000, 0, 0));
        assert!(sums.rows.values().all(|pair| pair.paid == pair.simulated));
        assert!(sums.rows.values().any(|pair| pair.paid > 0));
    }

    #[test]
    fn a_run_that_was_cut_goes_on_and_comes_to_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, path, _) = year(folder.path());
        let changed = Text::marked("changed").outpatient("60%");
        let package = Package::parse("changed", &changed.0).unwrap();
        let pricer = Pricer::new(&package, YEAR, Fen::yuan(500)).unwrap();
        let notes = || Notes::beside(&path, &cache, package.digest(), 0);
        let whole = never(1, &cache, &pricer, &notes());
        assert!(whole.less > 0 && whole.rows.values().any(|pair| pair.paid != pair.simulated));
        assert_eq!(never(2, &cache, &pricer, &notes()), whole);

        let stop = AtomicBool::new(false);
        let mut blocks = 0;
        let told = |_| {
            blocks += 1;
            stop.store(blocks > 4, Ordering::Relaxed);
        };
        let ran = run(&cache, &pricer, (2, &notes()), &stop, told).unwrap();
        assert!(matches!(ran, Ran::Stopped));
        let noted: Vec<PathBuf> = parts(folder.path());
        let [note] = noted.as_slice() else {
            panic!("one note: {noted:?}")
        };
        let bytes = std::fs::read(note).unwrap();

        // It goes on behind what was done, and leaves no note behind.
        let mut told = Vec::new();
        let go_on = |claims| told.push(claims);
        let ran = run(
            &cache,
            &pricer,
            (2, &notes()),
            &AtomicBool::new(false),
            go_on,
        )
        .unwrap();
        let Ran::Whole(sums) = ran else {
            panic!("nobody stopped it")
        };
        assert_eq!(*sums, whole);
        assert!(told.first().is_some_and(|done| *done > 0), "{told:?}");
        assert_eq!(told.iter().sum::<u64>(), 4_000);
        assert_eq!(parts(folder.path()), Vec::<PathBuf>::new());

        // A note that was cut is none, and another package does not look at it.
        std::fs::write(note, &bytes[..bytes.len() / 2]).unwrap();
        assert_eq!(never(1, &cache, &pricer, &notes()), whole);
        std::fs::write(note, &bytes).unwrap();
        let own = Text::marked("other");
        let other = Package::parse("other", &own.0).unwrap();
        let of_other = Pricer::new(&other, YEAR, Fen::yuan(500)).unwrap();
        let beside = Notes::beside(&path, &cache, other.digest(), 0);
        assert_ne!(never(1, &cache, &of_other, &beside), whole);
        assert_eq!(parts(folder.path()).len(), 1);
    }

    fn parts(folder: &Path) -> Vec<PathBuf> {
        let files = std::fs::read_dir(folder).unwrap();
        let files = files.map(|file| file.unwrap().path());
        files
            .filter(|file| file.extension().is_some_and(|end| end == "part"))
            .collect()
    }
}
