//! What is read from files and read again when they change: certificates and keys are exchanged
//! without a restart.
//!
//! Looking costs a `stat` for each file at each use, so that there is no clock and no task in it. A
//! new state that cannot be read leaves the old one standing and is told once.

use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

/// How a file looked: which one, when it was written, how long it is.
type Look = Option<(u64, i64, i64, u64)>;

type Read<T> = Box<dyn Fn() -> Result<T, String> + Send + Sync>;

/// A value read from files.
pub(crate) struct Watched<T> {
    files: Vec<PathBuf>,
    read: Read<T>,
    held: RwLock<(Vec<Look>, Arc<T>)>,
}

impl<T> Watched<T> {
    /// Reads it for the first time, which must succeed.
    pub(crate) fn open(
        files: Vec<PathBuf>,
        read: impl Fn() -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Watched<T>, String> {
        // Looked at before it is read: a change in between is seen at the next use.
        let looks = look(&files);
        let first = Arc::new(read()?);
        Ok(Watched {
            files,
            read: Box::new(read),
            held: RwLock::new((looks, first)),
        })
    }

    /// The value as the files have it now.
    pub(crate) fn current(&self) -> Arc<T> {
        let looks = look(&self.files);
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        if held.0 == looks {
            return held.1.clone();
        }
        drop(held);
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        if held.0 != looks {
            match (self.read)() {
                Ok(value) => {
                    tracing::info!(files = ?self.files, "read again, since they changed");
                    held.1 = Arc::new(value);
                }
                Err(why) => {
                    tracing::warn!(%why, "changed files cannot be used; the old ones stay")
                }
            }
            held.0 = looks;
        }
        held.1.clone()
    }
}

fn look(files: &[PathBuf]) -> Vec<Look> {
    let one = |file: &PathBuf| {
        let told = std::fs::metadata(file).ok()?;
        Some((told.ino(), told.mtime(), told.mtime_nsec(), told.len()))
    };
    files.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let watched = Watched::open(vec![file.clone()], read).unwrap();
        assert_eq!(*watched.current(), 1);
        for (text, seen) in [("22", 22), ("none", 22), ("333", 333)] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(*watched.current(), seen, "{text}");
        }
    }
}
