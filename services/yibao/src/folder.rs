//! 数据目录: the folder of the embedded databases, held by one process at a time.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The file that is locked while a process uses the folder.
pub(crate) const LOCK_FILE: &str = "in-use.lock";

/// Why the data folder cannot be used, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be made, or nothing can be written into it.
    #[error("cannot write into the data folder {path}: {source}; name another with --data DIR")]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has it.
    #[error(
        "another process uses the data folder {0}; stop that one, or name another folder with \
         --data DIR"
    )]
    InUse(PathBuf),
}

/// A data folder of this process until it is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder when it is missing, and takes it.
    pub fn take(path: &Path) -> Result<DataFolder, FolderError> {
        let unwritable = |source| FolderError::Unwritable {
            path: path.to_path_buf(),
            source,
        };
        std::fs::create_dir_all(path).map_err(unwritable)?;
        let lock = File::create(path.join(LOCK_FILE)).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => Ok(DataFolder {
                path: path.to_path_buf(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(FolderError::InUse(path.to_path_buf())),
            Err(TryLockError::Error(source)) => Err(unwritable(source)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
