//! 底稿文件: a year's claims in one file, in blocks of whole people, so that many packages can be tried
//! without the database being asked again. Its head says what it is of; every block has a checksum;
//! its end says how much there is. A file that was cut while it was written goes on behind its last
//! whole block.
//!
//! ```text
//! mark, version │ head │ block … block │ end        each: length, CRC-32, what it is (postcard)
//! ```

use super::block::Block;
use kernel::{Digest, Digester};
use policy::ENGINE_VERSION;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use settlement::year::YearMark;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What every such file begins with.
const MARK: &[u8; 14] = b"yibao-simulate";
/// How the file is laid out; another layout is another version.
const VERSION: u16 = 1;
/// Claims of one block, or a few more where a person has many: so much of a file is in memory for each
/// thread, and so much is priced again after a cut.
pub const BLOCK_CLAIMS: usize = 4_096;
/// Bytes of one block at most: a length that says more is no length.
const BLOCK_BYTES_MAX: u32 = 1 << 29;
/// Set in the length of the end.
const END: u32 = 1 << 31;
/// What stands before each part.
const PREFIX: u64 = 8;

/// Of what a file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// 统筹区.
    pub area: String,
    /// 年度 of the accumulators.
    pub year: i32,
    /// The engine whose claims these are.
    pub engine: u32,
}

impl Head {
    /// Of this year of an area, by this engine.
    pub fn of(area: &str, year: i32) -> Head {
        Head {
            area: area.to_string(),
            year,
            engine: ENGINE_VERSION,
        }
    }
}

/// How much a file has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Settlements.
    pub claims: u64,
    /// People, counted once for each scheme.
    pub people: u64,
    /// Whose were written last.
    mark: (String, String),
}

/// A block with how much the file has up to its end.
#[derive(Serialize, Deserialize)]
struct Written {
    so_far: Summary,
    block: Block,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It cannot be read or written.
    #[error("cannot use {file}: {source}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is something else, or of another version of this program.
    #[error(
        "{0} is not a cache of this version of `yibao simulate`; name another file with --cache FILE"
    )]
    Foreign(PathBuf),
    /// It is of another year, area or engine.
    #[error(
        "{file} is of area {area}, year {year}, engine {engine}; name another file with --cache FILE"
    )]
    Other {
        /// The file.
        file: PathBuf,
        /// Its area.
        area: String,
        /// Its year.
        year: i32,
        /// Its engine.
        engine: u32,
    },
    /// It was not written to its end.
    #[error("{0} was not loaded to its end; run the command again with --data or --database")]
    Unfinished(PathBuf),
    /// A part is not what was written.
    #[error("{file}: block {block} is damaged; remove the file and load it again")]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Which block, from 1.
        block: usize,
    },
    /// A claim cannot be written.
    #[error("a settlement of {0} cannot be packed: a day before 1900, or an amount out of bounds")]
    Unpackable(PathBuf),
}

/// Where a block stands.
struct Place {
    at: u64,
    length: u32,
    sum: u32,
}

/// A whole file, open to be read by several threads.
pub struct Cache {
    path: PathBuf,
    file: File,
    places: Vec<Place>,
    /// How much there is.
    pub summary: Summary,
    /// A digest over head and checksums: the name of what the file has.
    pub digest: Digest,
}

/// A file that is being written.
pub struct Writer {
    path: PathBuf,
    file: File,
    so_far: Summary,
    /// Behind the last whole block, until something is written there.
    behind: Option<u64>,
}

/// What a file turned out to be.
pub enum Found {
    /// All of a year.
    Whole(Box<Cache>),
    /// A part of it, or nothing yet.
    Part(Writer),
}

/// Opens the file, or begins it.
pub fn open(path: &Path, head: &Head) -> Result<Found, CacheError> {
    let failed = |source| CacheError::File {
        file: path.to_path_buf(),
        source,
    };
    let mut options = OpenOptions::new();
    // What is known of people: nobody else's to read.
    options.read(true).write(true).create(true).mode(0o600);
    let mut file = options.open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() == 0 {
        let mut begin = MARK.to_vec();
        begin.extend(VERSION.to_le_bytes());
        begin.extend(part(head, 0).ok_or_else(|| CacheError::Unpackable(path.to_path_buf()))?);
        file.write_all(&begin).map_err(failed)?;
    }
    scan(path, file, head)
}

/// One part of the file as it is written.
fn part(value: &impl Serialize, flag: u32) -> Option<Vec<u8>> {
    let bytes = postcard::to_extend(value, Vec::new()).ok()?;
    let length = u32::try_from(bytes.len()).ok()?;
    let mut part = Vec::with_capacity(bytes.len() + 8);
    part.extend((length | flag).to_le_bytes());
    part.extend(crc32fast::hash(&bytes).to_le_bytes());
    part.extend(bytes);
    (length < BLOCK_BYTES_MAX).then_some(part)
}

/// Length with its flag, and checksum, at a place of the file; nothing where it ends before.
fn prefix(file: &File, at: u64) -> Option<(u32, u32)> {
    let mut bytes = [0; 8];
    file.read_exact_at(&mut bytes, at).ok()?;
    let [a, b, c, d, e, f, g, h] = bytes;
    Some((
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    ))
}

/// The part at a place, if it is what was written.
fn value<T: DeserializeOwned>(file: &File, place: &Place) -> Option<T> {
    let mut bytes = vec![0; usize::try_from(place.length).ok()?];
    file.read_exact_at(&mut bytes, place.at + PREFIX).ok()?;
    let whole = crc32fast::hash(&bytes) == place.sum;
    whole.then(|| postcard::from_bytes(&bytes).ok()).flatten()
}

fn place(file: &File, at: u64, length: u64) -> Option<(Place, bool)> {
    let (told, sum) = prefix(file, at)?;
    let place = Place {
        at,
        length: told & !END,
        sum,
    };
    let whole = place.length < BLOCK_BYTES_MAX && place.end() <= length;
    whole.then_some((place, told & END != 0))
}

impl Place {
    fn end(&self) -> u64 {
        self.at + PREFIX + u64::from(self.length)
    }
}

fn scan(path: &Path, mut file: File, head: &Head) -> Result<Found, CacheError> {
    let foreign = || CacheError::Foreign(path.to_path_buf());
    let failed = |source| CacheError::File {
        file: path.to_path_buf(),
        source,
    };
    let length = file.metadata().map_err(failed)?.len();
    let mut begin = [0; MARK.len() + 2];
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    file.read_exact(&mut begin).map_err(|_| foreign())?;
    let mut expected = MARK.to_vec();
    expected.extend(VERSION.to_le_bytes());
    if begin.as_slice() != expected.as_slice() {
        return Err(foreign());
    }
    let at = u64::try_from(begin.len()).unwrap_or_default();
    let (first, _) = place(&file, at, length).ok_or_else(foreign)?;
    let known: Head = value(&file, &first).ok_or_else(foreign)?;
    if known != *head {
        let Head { area, year, engine } = known;
        return Err(CacheError::Other {
            file: path.to_path_buf(),
            area,
            year,
            engine,
        });
    }
    let mut digester = Digester::new();
    digester.number(i64::from(first.sum));
    let (mut places, mut end): (Vec<Place>, u64) = (Vec::new(), first.end());
    while let Some((place, is_end)) = place(&file, end, length) {
        digester
            .number(i64::from(place.length))
            .number(i64::from(place.sum));
        end = place.end();
        if !is_end {
            places.push(place);
            continue;
        }
        let block = places.len() + 1;
        let damaged = || CacheError::Damaged {
            file: path.to_path_buf(),
            block,
        };
        let summary: Summary = value(&file, &place).ok_or_else(damaged)?;
        return match end == length {
            false => Err(damaged()),
            true => Ok(Found::Whole(Box::new(Cache {
                path: path.to_path_buf(),
                file,
                places,
                summary,
                digest: digester.finish(),
            }))),
        };
    }
    // Not at its end: what stands behind the last whole block is written again.
    let mut so_far = Summary::default();
    let mut end = first.end();
    while let Some(last) = places.pop() {
        if let Some(written) = value::<Written>(&file, &last) {
            (so_far, end) = (written.so_far, last.end());
            break;
        }
    }
    Ok(Found::Part(Writer {
        path: path.to_path_buf(),
        file,
        so_far,
        behind: Some(end),
    }))
}

impl Writer {
    /// Whose claims were written last.
    pub fn mark(&self) -> YearMark {
        let (person, scheme) = self.so_far.mark.clone();
        YearMark { person, scheme }
    }

    /// A claim that cannot be packed.
    pub fn unpackable(&self) -> CacheError {
        CacheError::Unpackable(self.path.clone())
    }

    /// That nothing more will be written to it now.
    pub fn unfinished(&self) -> CacheError {
        CacheError::Unfinished(self.path.clone())
    }

    /// How much is written.
    pub fn summary(&self) -> &Summary {
        &self.so_far
    }

    /// Writes a block of so many claims, the last of which are of the person of the mark.
    pub fn write(
        &mut self,
        block: Block,
        claims: usize,
        mark: &YearMark,
    ) -> Result<(), CacheError> {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.so_far = Summary {
            claims: self.so_far.claims + count(claims),
            people: self.so_far.people + count(block.people.len()),
            mark: (mark.person.clone(), mark.scheme.clone()),
        };
        let written = Written {
            so_far: self.so_far.clone(),
            block,
        };
        let bytes = part(&written, 0);
        self.append(bytes)
    }

    /// Says that all is written.
    pub fn finish(mut self, head: &Head) -> Result<Cache, CacheError> {
        let end = Summary {
            mark: Default::default(),
            ..self.so_far.clone()
        };
        let bytes = part(&end, END);
        self.append(bytes)?;
        let failed = |source| CacheError::File {
            file: self.path.clone(),
            source,
        };
        self.file.sync_all().map_err(failed)?;
        match scan(&self.path, self.file, head)? {
            Found::Whole(cache) => Ok(*cache),
            Found::Part(part) => Err(part.unfinished()),
        }
    }

    fn append(&mut self, bytes: Option<Vec<u8>>) -> Result<(), CacheError> {
        let bytes = bytes.ok_or_else(|| CacheError::Unpackable(self.path.clone()))?;
        let cut = match self.behind.take() {
            Some(end) => self
                .file
                .set_len(end)
                .and_then(|()| self.file.seek(SeekFrom::Start(end)).map(drop)),
            None => Ok(()),
        };
        cut.and_then(|()| self.file.write_all(&bytes))
            .map_err(|source| CacheError::File {
                file: self.path.clone(),
                source,
            })
    }
}

impl Cache {
    /// How many blocks there are.
    pub fn blocks(&self) -> usize {
        self.places.len()
    }

    /// One of them.
    pub fn block(&self, index: usize) -> Result<Block, CacheError> {
        let place = self.places.get(index);
        let written = place.and_then(|place| value::<Written>(&self.file, place));
        let written = written.ok_or_else(|| self.damaged(index))?;
        Ok(written.block)
    }

    /// What a block is that says of itself what cannot be.
    pub fn damaged(&self, index: usize) -> CacheError {
        CacheError::Damaged {
            file: self.path.clone(),
            block: index + 1,
        }
    }
}
