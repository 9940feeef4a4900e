//! What is read from files and read again when they change: certificates and keys are exchanged
//! without a restart.
//!
//! Looking costs a `stat` for each file at each use, so that there is no task in it. A new state that
//! cannot be read leaves the old one standing, is told once, and is read again after a while though the
//! files look the same: what was missing or half written may stand elsewhere than in these files.

use kernel::{Clock, Instant};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

/// How a file looked: which one, when it was written, when it became what it is, how long it is. The
/// time of writing can be set to what it was, the time of change cannot.
type Look = Option<(u64, u64, (i64, i64), (i64, i64), u64)>;

/// After how long what could not be read is read again, in milliseconds.
const AGAIN_MILLIS: i64 = 10_000;

type Read<T> = Box<dyn Fn() -> Result<T, String> + Send + Sync>;

/// A value read from files.
pub(crate) struct Watched<T> {
    files: Vec<PathBuf>,
    read: Read<T>,
    clock: Arc<dyn Clock>,
    held: RwLock<Held<T>>,
}

struct Held<T> {
    looks: Vec<Look>,
    value: Arc<T>,
    /// When it is read again, where the files as they look could not be.
    again: Option<Instant>,
}

impl<T> Held<T> {
    /// Whether it is what the files have, as far as it can be known now.
    fn stands(&self, looks: &[Look], clock: &dyn Clock) -> bool {
        self.looks == looks && self.again.is_none_or(|again| clock.now() < again)
    }
}

impl<T> Watched<T> {
    /// Reads it for the first time, which must succeed.
    pub(crate) fn open(
        files: Vec<PathBuf>,
        clock: Arc<dyn Clock>,
        read: impl Fn() -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Watched<T>, String> {
        // Looked at before it is read: a change in between is seen at the next use.
        let looks = look(&files);
        let value = Arc::new(read()?);
        Ok(Watched {
            files,
            read: Box::new(read),
            clock,
            held: RwLock::new(Held {
                looks,
                value,
                again: None,
            }),
        })
    }

    /// The value as the files have it now.
    pub(crate) fn current(&self) -> Arc<T> {
        let looks = look(&self.files);
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        if held.stands(&looks, &*self.clock) {
            return held.value.clone();
        }
        drop(held);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if !held.stands(&looks, &*self.clock) {
            match (self.read)() {
                Ok(value) => {
                    tracing::info!(files = ?self.files, "read again, since they changed");
                    held.value = Arc::new(value);
                    held.again = None;
                }
                Err(why) => {
                    // Once for each state of the files.
                    if held.looks != looks {
                        tracing::warn!(%why, "changed files cannot be used; the old ones stay");
                    }
                    held.again = Some(self.clock.now().plus_millis(AGAIN_MILLIS));
                }
            }
            held.looks = looks;
        }
        held.value.clone()
    }
}

fn look(files: &[PathBuf]) -> Vec<Look> {
    let one = |file: &PathBuf| {
        let told = std::fs::metadata(file).ok()?;
        let written = (told.mtime(), told.mtime_nsec());
        let changed = (told.ctime(), told.ctime_nsec());
        Some((told.dev(), told.ino(), written, changed, told.len()))
    };
    files.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use std::fs::{File, FileTimes};
    use std::sync::atomic::{AtomicBool, Ordering};

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::at(Instant::from_micros(0)))
    }

    #[test]
    fn what_could_not_be_read_is_read_again_after_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("n");
        std::fs::write(&file, "1").unwrap();
        let (path, clock, broken) = (file.clone(), clock(), Arc::new(AtomicBool::new(false)));
        let failing = broken.clone();
        let read = move || match failing.load(Ordering::SeqCst) {
            // Another program holds it, or a file that it names is not there yet.
            true => Err("not now".to_string()),
            false => std::fs::read_to_string(&path).map_err(|e| e.to_string()),
        };
        let watched = Watched::open(vec![file.clone()], clock.clone(), read).unwrap();
        broken.store(true, Ordering::SeqCst);
        std::fs::write(&file, "22").unwrap();
        assert_eq!(*watched.current(), "1");
        broken.store(false, Ordering::SeqCst);
        clock.set(Instant::from_micros(9_999_999));
        assert_eq!(*watched.current(), "1", "not at each use");
        clock.set(Instant::from_micros(10_000_000));
        assert_eq!(*watched.current(), "22");
    }

    /// An archive is unpacked over it: the same length and the same time of writing.
    #[test]
    fn a_change_that_hides_its_time_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("n");
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
        let write = |text: &str| {
            std::fs::write(&file, text).unwrap();
            let times = FileTimes::new().set_modified(time);
            let opened = File::options().write(true).open(&file).unwrap();
            opened.set_times(times).unwrap();
        };
        write("1");
        let path = file.clone();
        let read = move || std::fs::read_to_string(&path).map_err(|e| e.to_string());
        let watched = Watched::open(vec![file.clone()], clock(), read).unwrap();
        let before = std::fs::metadata(&file).unwrap().ctime_nsec();
        // A file system's clock has steps: until it has made one, nothing could be seen.
        while std::fs::metadata(&file).unwrap().ctime_nsec() == before {
            write("2");
        }
        assert_eq!(*watched.current(), "2");
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_bad_one_leaves_the_old() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("n");
        std::fs::write(&file, "1").unwrap();
        let path = file.clone();
        let read = move || {
            let text = std::fs::read_to_string(&path).map_err(|e| e.to_string())?;
            text.parse::<u32>().map_err(|e| e.to_string())
        };
        let watched = Watched::open(vec![file.clone()], clock(), read).unwrap();
        assert_eq!(*watched.current(), 1);
        for (text, seen) in [("22", 22), ("none", 22), ("333", 333)] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(*watched.current(), seen, "{text}");
        }
    }
}
