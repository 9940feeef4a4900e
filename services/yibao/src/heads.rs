//! 链头目录: where the embedded suite publishes the heads of its chains, beside the data folder and
//! not in it: who copies, moves or loses the one keeps the other.
//!
//! It is as far from the database as one machine's default can be. A bureau names a file on another
//! machine, and a key that its operators do not hold, in the services' configuration.

use crate::folder::FolderError;
use kernel::sm2::{PrivateKey, Signer};
use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Bytes of a private key.
const KEY_BYTES: usize = 32;

/// The folder, and what is in it.
#[derive(Clone, Debug)]
pub struct HeadsFolder {
    path: PathBuf,
}

impl HeadsFolder {
    /// `data.heads` beside `data`.
    pub fn beside(data: &Path) -> HeadsFolder {
        let whole = data.canonicalize().unwrap_or_else(|_| data.to_path_buf());
        let mut name = OsString::from(whole.file_name().unwrap_or("data".as_ref()));
        name.push(".heads");
        HeadsFolder {
            path: whole.with_file_name(name),
        }
    }

    /// 链头文件.
    pub fn file(&self) -> PathBuf {
        self.path.join("heads.jsonl")
    }

    /// The key that signs; readable by its owner only.
    pub fn key(&self) -> PathBuf {
        self.path.join("key.pem")
    }

    /// The key that verifies.
    pub fn public_key(&self) -> PathBuf {
        self.path.join("key.pub.pem")
    }

    /// Makes the folder and a key at the first start.
    pub fn ready(&self) -> Result<(), FolderError> {
        let made = fs::create_dir_all(&self.path).and_then(|()| match self.key().exists() {
            true => Ok(()),
            false => self.make_key(),
        });
        made.map_err(|source| FolderError::Unwritable {
            path: self.path.clone(),
            source,
        })
    }

    fn make_key(&self) -> io::Result<()> {
        let key = loop {
            let mut bytes = [0; KEY_BYTES];
            getrandom::fill(&mut bytes).map_err(io::Error::other)?;
            // One of four billion is no key of the curve.
            if let Ok(key) = PrivateKey::from_bytes(&bytes) {
                break key;
            }
        };
        let public = key.public_key().to_pem().map_err(io::Error::other)?;
        fs::write(self.public_key(), public)?;
        // Whole or not at all: half a key would be kept for ever.
        let new = self.path.join("key.pem.new");
        fs::remove_file(&new).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        let options = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .to_owned();
        let mut file = options.open(&new)?;
        let private = key.to_pem().map_err(io::Error::other)?;
        file.write_all(private.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, self.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_and_is_its_owners_only() {
        let folder = tempfile::tempdir().unwrap();
        let heads = HeadsFolder::beside(&folder.path().join("data"));
        assert!(heads.file().ends_with("data.heads/heads.jsonl"));
        heads.ready().unwrap();
        let key = fs::read_to_string(heads.key()).unwrap();
        let mode = fs::metadata(heads.key()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let public = PrivateKey::from_pem(&key).unwrap().public_key();
        let told = fs::read_to_string(heads.public_key()).unwrap();
        assert_eq!(public.to_pem().unwrap(), told);
        heads.ready().unwrap();
        assert_eq!(fs::read_to_string(heads.key()).unwrap(), key);
    }
}
