//! 分片: blocks priced by several threads, their sums added by one. What is done is written beside the
//! cache now and then, so that a run that was cut goes on behind it and comes to the same.

use super::cache::{Cache, CacheError};
use super::price::Pricer;
use super::sums::Sums;
use kernel::{Digest, Digester};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;

/// How many parts of the whole are written down between begin and end.
const NOTES: usize = 32;

/// 断点: what is done of a year under a package.
#[derive(Serialize, Deserialize)]
struct Note {
    /// Of which cache, package and question.
    key: String,
    done: BTreeSet<u32>,
    sums: Sums,
}

/// Where a run writes down what is done, and for which package and question.
pub struct Notes {
    file: PathBuf,
    key: Digest,
}

impl Notes {
    /// Beside a cache, for a package by its digest, and what else is asked.
    pub fn beside(path: &Path, cache: &Cache, package: Digest, asked: i64) -> Notes {
        let mut digester = Digester::new();
        digester.part(cache.digest.to_string().as_bytes());
        digester.part(package.to_string().as_bytes());
        digester
            .number(i64::from(policy::ENGINE_VERSION))
            .number(asked);
        digester.part(env!("CARGO_PKG_VERSION").as_bytes());
        let key = digester.finish();
        let name: String = key.to_string().chars().take(16).collect();
        let mut file = path.as_os_str().to_owned();
        file.push(format!(".{name}.part"));
        let file = PathBuf::from(file);
        Notes { file, key }
    }

    fn read(&self, blocks: usize) -> Note {
        let known = fs::read(&self.file).ok();
        let known = known.and_then(|bytes| postcard::from_bytes::<Note>(&bytes).ok());
        let fits = |note: &Note| {
            let within = |block: &u32| usize::try_from(*block).is_ok_and(|block| block < blocks);
            note.key == self.key.to_string() && note.done.iter().all(within)
        };
        // What is no note of this run, or was cut, is nothing that is done.
        known.filter(fits).unwrap_or_else(|| Note {
            key: self.key.to_string(),
            done: BTreeSet::new(),
            sums: Sums::default(),
        })
    }

    /// Whole or not at all: written beside it first.
    fn write(&self, note: &Note) -> std::io::Result<()> {
        let bytes = postcard::to_extend(note, Vec::new());
        let bytes = bytes.map_err(|no| std::io::Error::other(no.to_string()))?;
        let beside = self.file.with_extension("new");
        fs::write(&beside, bytes)?;
        fs::rename(&beside, &self.file)
    }

    fn forget(&self) {
        // It may never have been written.
        fs::remove_file(&self.file).ok();
    }
}

/// How far a run came.
pub enum Ran {
    /// All of it.
    Whole(Box<Sums>),
    /// It was stopped; the same run goes on.
    Stopped,
}

/// Prices a year by so many threads until it is done or `stop` says so; `told` hears of every block
/// how many claims it has, those that were done before too.
pub fn run(
    cache: &Cache,
    pricer: &Pricer,
    (threads, notes): (usize, &Notes),
    stop: &AtomicBool,
    mut told: impl FnMut(u64),
) -> Result<Ran, CacheError> {
    let mut note = notes.read(cache.blocks());
    told(note.sums.claims + note.sums.untouched);
    let done = note.done.clone();
    let next = AtomicUsize::new(0);
    let every = cache.blocks().div_ceil(NOTES).max(1);
    let work = |send: std::sync::mpsc::SyncSender<(usize, Result<Sums, CacheError>)>| {
        while !stop.load(Ordering::Relaxed) {
            let block = next.fetch_add(1, Ordering::Relaxed);
            if block >= cache.blocks() {
                break;
            }
            if u32::try_from(block).is_ok_and(|block| done.contains(&block)) {
                continue;
            }
            let priced = cache.block(block).and_then(|read| {
                let sums = pricer.block(&read);
                sums.ok_or_else(|| cache.damaged(block))
            });
            // Nobody listens any more: another block could not be read.
            if send.send((block, priced)).is_err() {
                break;
            }
        }
    };
    let ran: Result<(), CacheError> = std::thread::scope(|scope| {
        let (send, receive) = sync_channel(threads.max(1));
        for _ in 0..threads.max(1) {
            let send = send.clone();
            scope.spawn(|| work(send));
        }
        drop(send);
        for (block, sums) in receive {
            let sums = sums?;
            told(sums.claims + sums.untouched);
            note.sums.add(sums);
            note.done.extend(u32::try_from(block));
            if note.done.len() % every == 0 {
                // A note that cannot be written costs the next run time and nothing else.
                notes.write(&note).ok();
            }
        }
        Ok(())
    });
    ran?;
    if note.done.len() < cache.blocks() {
        notes.write(&note).ok();
        return Ok(Ran::Stopped);
    }
    notes.forget();
    Ok(Ran::Whole(Box::new(note.sums)))
}
