//! 恶意输入: how sound texts and messages are wounded, and how many times: what the tests of parsers and of
//! the wire have in common. A wound is data, so that proptest can leave out those that do not matter.

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::path::{Path, PathBuf};

/// How many cases each parser and each method is given; the suite takes few.
const CASES: &str = "YIBAO_FUZZ_CASES";
/// From which the cases are drawn: the one that was printed gives the same again.
const SEED: &str = "YIBAO_FUZZ_SEED";
/// The only parser or method to try.
const ONLY: &str = "YIBAO_FUZZ_ONLY";
/// Wounds of one case.
const WOUNDS_MAX: usize = 5;
/// Bytes of a case at most: no parser is given more by a wound.
const BYTES_MAX: usize = 1 << 20;
/// Levels of a nest at most.
const LEVELS_MAX: usize = 20_000;

/// Numbers at and beyond the limits of what holds them, and what is taken for one.
pub const NUMBERS: &[&str] = &[
    "-9223372036854775808",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "-2147483648",
    "2147483647",
    "2147483648",
    "4294967296",
    "-1",
    "-0",
    "0",
    "00",
    "+1",
    "1_000",
    "0x10",
    "1e308",
    "1e-400",
    "1e999999999",
    "NaN",
    "Infinity",
    "0.000000000000000000000000000001",
    "99999999999999.999999",
    "170141183460469231731687303715884105728",
    "２０１８",
    "٣",
    "Ⅷ",
];

/// What stands for a day or a moment and is none, or is the first or the last.
pub const DAYS: &[&str] = &[
    "0000-00-00",
    "0000-01-01",
    "0001-01-01",
    "1899-12-31",
    "1900-01-01",
    "2016-02-29",
    "2017-02-29",
    "2999-12-31",
    "3000-01-01",
    "9999-12-31",
    "-262143-01-01 00:00",
    "+262142-12-31 23:59",
    "2016-12-31T23:59:60Z",
    "1900-01-01T00:00:00+23:59",
    "2018-13",
    "2018-00",
];

/// Bytes that something somewhere takes for more than bytes.
pub const ODDITIES: &[&[u8]] = &[
    b"\0",
    b"\r\n",
    b"\t",
    b"\x1b[2J",
    b"\x7f",
    b"\"",
    b"\\",
    b"'",
    b"\\u0000",
    b"\\ud800",
    b"\\udfff\\ud800",
    b"%s%n%x",
    b"'; DROP TABLE event; --",
    b"{{",
    b"{code}",
    b"[[",
    b"]]",
    b"=",
    b",,",
    b"#",
    b"../../etc/passwd",
    b"-----BEGIN PUBLIC KEY-----",
    b"null",
    b"\xc3\x28",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    "\u{202e}".as_bytes(),
    "\u{feff}".as_bytes(),
    "\u{200d}".as_bytes(),
    "\u{0301}\u{0301}\u{0301}\u{0301}\u{0301}\u{0301}\u{0301}\u{0301}".as_bytes(),
    "\u{2028}".as_bytes(),
    "\u{3000}".as_bytes(),
    "\u{10ffff}".as_bytes(),
    "𠮷".as_bytes(),
    "ﬁ".as_bytes(),
    "İ".as_bytes(),
];

/// What opens and closes a level.
const NESTS: &[(&str, &str)] = &[
    ("[", "]"),
    ("{\"a\":", "}"),
    ("{a=", "}"),
    ("(", ")"),
    ("[[", "]]"),
    ("a.", ""),
    ("{\"whole\":", "}"),
    ("\u{30}\u{80}", ""),
];

/// One thing done to bytes.
#[derive(Clone, Debug)]
pub enum Wound {
    /// A bit turned over.
    Flip(Index, u8),
    /// Whatever bytes, put in.
    Insert(Index, Vec<u8>),
    /// Cut off from here.
    Cut(Index),
    /// A piece taken out.
    Remove(Index, u16),
    /// A piece said again and again.
    Repeat(Index, u8, u16),
    /// From here on it is another specimen.
    Splice(Index, Index, Index),
    /// One of [`ODDITIES`] put in.
    Odd(Index, Index),
    /// One of the runs of digits is another number.
    Number(Index, Index),
    /// One of the runs of digits has so many.
    Digits(Index, u16),
    /// A text is taken for a day's place.
    Day(Index, Index),
    /// A piece inside so many levels.
    Nest(Index, Index, u16),
}

/// One of them.
pub fn wound() -> impl Strategy<Value = Wound> {
    let at = any::<Index>;
    prop_oneof![
        3 => (at(), 0..8u8).prop_map(|(at, bit)| Wound::Flip(at, bit)),
        2 => (at(), prop::collection::vec(any::<u8>(), 1..8)).prop_map(|(at, bytes)| Wound::Insert(at, bytes)),
        1 => at().prop_map(Wound::Cut),
        2 => (at(), 1..64u16).prop_map(|(at, length)| Wound::Remove(at, length)),
        1 => (at(), 1..=255u8, 1..600u16).prop_map(|(at, length, times)| Wound::Repeat(at, length, times)),
        2 => (at(), at(), at()).prop_map(|(at, of, from)| Wound::Splice(at, of, from)),
        3 => (at(), at()).prop_map(|(at, which)| Wound::Odd(at, which)),
        3 => (at(), at()).prop_map(|(at, which)| Wound::Number(at, which)),
        1 => (at(), 1..2_000u16).prop_map(|(at, length)| Wound::Digits(at, length)),
        1 => (at(), at()).prop_map(|(at, which)| Wound::Day(at, which)),
        1 => (at(), at(), 1..LEVELS_MAX as u16).prop_map(|(at, which, levels)| Wound::Nest(at, which, levels)),
    ]
}

/// Those of one case.
pub fn wounds() -> impl Strategy<Value = Vec<Wound>> {
    prop::collection::vec(wound(), 1..=WOUNDS_MAX)
}

/// Bytes that nobody meant.
pub fn arbitrary() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..400),
        any::<String>().prop_map(String::into_bytes),
    ]
}

impl Wound {
    /// Does it to `bytes`; `specimens` are what can be spliced in.
    pub fn apply(&self, bytes: &mut Vec<u8>, specimens: &[Vec<u8>]) {
        match self {
            Wound::Flip(at, bit) if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            Wound::Flip(..) => {}
            Wound::Insert(at, new) => put(bytes, at, new),
            Wound::Cut(at) => bytes.truncate(at.index(bytes.len() + 1)),
            Wound::Remove(at, length) => {
                let from = at.index(bytes.len() + 1);
                let to = (from + usize::from(*length)).min(bytes.len());
                bytes.drain(from..to);
            }
            Wound::Repeat(at, length, times) => {
                let from = at.index(bytes.len() + 1);
                let to = (from + usize::from(*length)).min(bytes.len());
                let piece = bytes[from..to].repeat(usize::from(*times));
                bytes.splice(to..to, piece);
            }
            Wound::Splice(at, of, from) if !specimens.is_empty() => {
                let other = &specimens[of.index(specimens.len())];
                bytes.truncate(at.index(bytes.len() + 1));
                bytes.extend_from_slice(&other[from.index(other.len() + 1)..]);
            }
            Wound::Splice(..) => {}
            Wound::Odd(at, which) => put(bytes, at, ODDITIES[which.index(ODDITIES.len())]),
            Wound::Number(at, which) => {
                let other = NUMBERS[which.index(NUMBERS.len())];
                digits(bytes, at, other.as_bytes());
            }
            Wound::Digits(at, length) => digits(bytes, at, &vec![b'9'; usize::from(*length)]),
            Wound::Day(at, which) => {
                let other = DAYS[which.index(DAYS.len())].as_bytes();
                let from = at.index(bytes.len() + 1);
                let to = (from + 10).min(bytes.len());
                bytes.splice(from..to, other.iter().copied());
            }
            Wound::Nest(at, which, levels) => {
                let (open, close) = NESTS[which.index(NESTS.len())];
                let levels = usize::from(*levels);
                let at = at.index(bytes.len() + 1);
                let all = open.repeat(levels) + "1" + &close.repeat(levels);
                bytes.splice(at..at, all.into_bytes());
            }
        }
        bytes.truncate(BYTES_MAX);
    }
}

fn put(bytes: &mut Vec<u8>, at: &Index, new: &[u8]) {
    let at = at.index(bytes.len() + 1);
    bytes.splice(at..at, new.iter().copied());
}

/// Another text in place of one of the runs of digits.
fn digits(bytes: &mut Vec<u8>, which: &Index, other: &[u8]) {
    let is_digit = |at: usize| bytes[at].is_ascii_digit();
    let begins: Vec<usize> = (0..bytes.len())
        .filter(|at| is_digit(*at) && (*at == 0 || !is_digit(at - 1)))
        .collect();
    if begins.is_empty() {
        return;
    }
    let from = begins[which.index(begins.len())];
    let length = bytes[from..]
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .count();
    bytes.splice(from..from + length, other.iter().copied());
}

/// One of the specimens with wounds.
pub fn wounded(specimens: &[Vec<u8>], of: &Index, wounds: &[Wound]) -> Vec<u8> {
    let mut bytes = of.get(specimens).clone();
    for wound in wounds {
        wound.apply(&mut bytes, specimens);
    }
    bytes
}

/// The only specimen with wounds.
pub fn hurt(bytes: Vec<u8>, wounds: &[Wound]) -> Vec<u8> {
    let only = [bytes];
    let mut bytes = only[0].clone();
    for wound in wounds {
        wound.apply(&mut bytes, &only);
    }
    bytes
}

/// How many cases, unless the environment says otherwise.
pub fn cases(usual: u32) -> u32 {
    number(CASES)
        .and_then(|n| u32::try_from(n).ok())
        .unwrap_or(usual)
}

/// What the cases are drawn from: fixed in the suite, so that what passed passes again.
pub fn seed() -> u64 {
    number(SEED).unwrap_or(152_501)
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is a number")),
    )
}

/// Whether this parser or method is to be tried.
pub fn wanted(name: &str) -> bool {
    std::env::var(ONLY).is_ok_and(|only| name.contains(&only)) || std::env::var(ONLY).is_err()
}

/// What draws the cases of one parser or method, the same from the same seed whatever else is tried.
pub fn runner(name: &str, cases: u32) -> TestRunner {
    let own = name
        .bytes()
        .fold(seed(), |sum, byte| sum.rotate_left(7) ^ u64::from(byte));
    TestRunner::new(Config {
        cases,
        rng_seed: RngSeed::Fixed(own),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    })
}

/// The folder of the specimens.
pub fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The specimens of a parser by the names of their files, in order: `sound-…` are taken, `no-…` are
/// refused, and what is neither may be either.
pub fn specimens(parser: &str) -> Vec<(String, Vec<u8>)> {
    let folder = corpus().join(parser);
    let listed =
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut all: Vec<_> = listed
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).expect("a file"))
        })
        .collect();
    all.sort();
    all
}
