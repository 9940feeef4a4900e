//! 计价测速: how many claims a core prices in a second, with reasons and without, beside what was
//! measured before. Machines are noisy, so rounds alternate and medians are told.

use super::{BenchError, grouped, hundredths};
use ::policy::{Claim, ClaimFacts, Library, Line, Package, settle, settle_amounts};
use clap::Args;
use kernel::{Fen, ItemClass, Quantity, Rate, UnitPrice};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What was measured on earlier commits: commit, what, claims per second.
const RECORDED: &str = include_str!("../../bench/policy.tsv");
/// The claims that are priced in turn.
const CLAIMS: usize = 1_000;
/// Lines of each.
const LINES: u32 = 10;
/// Where the claims come from.
const SEED: u64 = 20_200_101;
/// How long one measurement of one kind takes at least.
const SLICE: Duration = Duration::from_millis(100);
/// Rounds that may be asked for.
const ROUNDS_MAX: u32 = 1_000;

/// How the pricing is measured.
#[derive(Debug, Args)]
pub struct PolicyBench {
    /// Rounds; the median of them is told.
    #[arg(long, default_value_t = 21, value_parser = clap::value_parser!(u32).range(1..=ROUNDS_MAX as i64))]
    rounds: u32,
    /// Another build of this program, measured in turn with this one.
    #[arg(long, value_name = "PROGRAM")]
    against: Option<PathBuf>,
    /// Print two numbers a round and nothing else, for --against.
    #[arg(long)]
    plain: bool,
}

impl PolicyBench {
    /// True when another build reads what is printed.
    pub fn is_plain(&self) -> bool {
        self.plain
    }
}

/// Claims per second.
#[derive(Clone, Copy)]
struct Speed {
    explained: u64,
    plain: u64,
}

/// Measures, and tells what came out.
pub fn obey(asked: &PolicyBench, out: &mut impl Write) -> Result<(), BenchError> {
    let library = Library::builtin()?;
    let (package, claims) = claims(&library).ok_or(BenchError::NoClaim)?;
    let mut own = Vec::new();
    let mut other = Vec::new();
    for _ in 0..asked.rounds {
        own.push(measure(&package, &claims));
        if let Some(program) = &asked.against {
            other.push(ask(program)?);
        }
    }
    if asked.plain {
        for speed in &own {
            writeln!(out, "{} {}", speed.explained, speed.plain)?;
        }
        return Ok(());
    }
    let layers = package_layers(&package, &claims);
    writeln!(
        out,
        "{}: {CLAIMS} claims of {LINES} lines, {layers} layers pay, one core",
        package.name()
    )?;
    writeln!(
        out,
        "claims a second, median of {} rounds (lowest–highest)\n",
        asked.rounds
    )?;
    let mut rows = vec![("this build".to_string(), Row::of(&own))];
    if let Some(program) = &asked.against {
        rows.push((program.display().to_string(), Row::of(&other)));
    }
    rows.extend(recorded().map(|(commit, row)| (format!("recorded at {commit}"), row)));
    writeln!(out, "{:<24} {:>31} {:>31}", "", "with reasons", "without")?;
    for (who, row) in &rows {
        let (explained, plain) = (told(&row.explained), told(&row.plain));
        writeln!(out, "{who:<24} {explained:>31} {plain:>31}")?;
    }
    writeln!(out, "{:<24} {:>31} {:>31}\n", "marks", "100,000", "500,000")?;
    let Some(((_, this), others)) = rows.split_first() else {
        return Ok(());
    };
    for (who, row) in others {
        let (explained, plain) = (
            ratio(&this.explained, &row.explained),
            ratio(&this.plain, &row.plain),
        );
        writeln!(
            out,
            "this build to {who}: {explained} with reasons, {plain} without"
        )?;
    }
    Ok(())
}

/// The speeds of all rounds, lowest first.
struct Row {
    explained: Vec<u64>,
    plain: Vec<u64>,
}

impl Row {
    fn of(speeds: &[Speed]) -> Row {
        Row {
            explained: column(speeds, |speed| speed.explained),
            plain: column(speeds, |speed| speed.plain),
        }
    }
}

/// Claims of the person of the example in which most layers pay, their bills from a fixed seed.
fn claims(library: &Library) -> Option<(Arc<Package>, Vec<Claim>)> {
    let examples = library.packages().flat_map(|package| {
        let of = move |example: &::policy::Example| (package.clone(), example.claim().clone());
        package.examples().iter().map(of)
    });
    let paying = |(package, claim): &(Arc<Package>, Claim)| {
        let shares = settle_amounts(package, claim).shares;
        shares
            .iter()
            .filter(|share| share.paid != Fen::ZERO)
            .count()
    };
    let (package, claim) = examples.max_by_key(paying)?;
    let mut random = StdRng::seed_from_u64(SEED);
    let made: Option<Vec<Claim>> = (0..CLAIMS)
        .map(|_| {
            let lines = (1..=LINES).map(|number| line(number, &claim, &mut random));
            let facts = ClaimFacts {
                lines: lines.collect::<Option<_>>()?,
                ..claim.facts().clone()
            };
            Claim::new(facts).ok()
        })
        .collect();
    Some((package, made?))
}

fn line(number: u32, claim: &Claim, random: &mut StdRng) -> Option<Line> {
    let share = claim.total().0 / i64::from(LINES);
    let unit_price = UnitPrice::fen(random.random_range(share / 2..=share.max(1)) / 2);
    let quantity = Quantity::whole(random.random_range(1..=3));
    let class_b = random.random_bool(0.3);
    Some(Line {
        number,
        class: if class_b { ItemClass::B } else { ItemClass::A },
        first_pay: if class_b { Rate(1_000) } else { Rate::ZERO },
        price_limit: None,
        unit_price,
        quantity,
        amount: unit_price.times(quantity)?,
        ..claim.lines().first()?.clone()
    })
}

fn package_layers(package: &Package, claims: &[Claim]) -> usize {
    let paying = |claim: &Claim| {
        let shares = settle_amounts(package, claim).shares;
        shares
            .iter()
            .filter(|share| share.paid != Fen::ZERO)
            .count()
    };
    claims.iter().map(paying).max().unwrap_or(0)
}

fn measure(package: &Package, claims: &[Claim]) -> Speed {
    Speed {
        explained: speed(claims, |claim| settle(package, claim).cash),
        plain: speed(claims, |claim| settle_amounts(package, claim).cash),
    }
}

fn speed(claims: &[Claim], price: impl Fn(&Claim) -> Fen) -> u64 {
    let begun = Instant::now();
    let mut priced = 0u64;
    while begun.elapsed() < SLICE {
        for claim in claims {
            black_box(price(black_box(claim)));
            priced += 1;
        }
    }
    let nanos = begun.elapsed().as_nanos().max(1);
    u64::try_from(u128::from(priced) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
}

/// One round of another build.
fn ask(program: &Path) -> Result<Speed, BenchError> {
    let not = |why: String| BenchError::Other(program.to_path_buf(), why);
    let arguments = ["bench", "policy", "--plain", "--rounds", "1"];
    let answer = Command::new(program).args(arguments).output();
    let answer = answer.map_err(|error| not(error.to_string()))?;
    let text = String::from_utf8_lossy(&answer.stdout);
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    match (numbers.next(), numbers.next(), answer.status.success()) {
        (Some(Ok(explained)), Some(Ok(plain)), true) => Ok(Speed { explained, plain }),
        _ => Err(not(text.lines().next().unwrap_or("no answer").to_string())),
    }
}

/// Earlier commits' figures, oldest first.
fn recorded() -> impl Iterator<Item = (&'static str, Row)> {
    let lines = RECORDED.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut cells = line.split('\t');
        let commit = cells.next()?;
        let (explained, plain) = (cells.next()?.parse().ok()?, cells.next()?.parse().ok()?);
        let row = Row {
            explained: vec![explained],
            plain: vec![plain],
        };
        Some((commit, row))
    })
}

/// How many times the one median is the other; a dash where there was nothing to measure.
fn ratio(one: &[u64], other: &[u64]) -> String {
    match median(one).saturating_mul(100).checked_div(median(other)) {
        None => "–".to_string(),
        Some(times) => hundredths(times),
    }
}

fn column(speeds: &[Speed], of: impl Fn(&Speed) -> u64) -> Vec<u64> {
    let mut column: Vec<u64> = speeds.iter().map(of).collect();
    column.sort_unstable();
    column
}

fn median(sorted: &[u64]) -> u64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(0)
}

fn told(sorted: &[u64]) -> String {
    let middle = grouped(median(sorted));
    match sorted {
        [lowest, .., highest] => format!("{middle} ({}–{})", grouped(*lowest), grouped(*highest)),
        _ => middle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_round_measures_five_paying_layers_and_says_so() {
        let library = Library::builtin().unwrap();
        let (package, claims) = claims(&library).unwrap();
        assert_eq!(
            (claims.len(), package_layers(&package, &claims)),
            (CLAIMS, 5)
        );
        let mut out = Vec::new();
        let asked = PolicyBench {
            rounds: 1,
            against: None,
            plain: false,
        };
        obey(&asked, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains("this build") && text.contains("recorded at"),
            "{text}"
        );
        assert!(
            text.lines().all(|line| line.chars().count() <= 100),
            "{text}"
        );
    }

    #[test]
    fn another_program_that_is_none_is_told() {
        let asked = PolicyBench {
            rounds: 1,
            against: Some(PathBuf::from("/bin/true")),
            plain: false,
        };
        let error = obey(&asked, &mut Vec::new()).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("/bin/true: expected a build of yibao")
        );
    }
}
