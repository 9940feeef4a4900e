//! 备份与恢复 of a data folder: every database as it stood at one moment, with a list that says what
//! each file must be, and the way back into an empty folder.
//!
//! The one moment is what makes it a copy of the suite and not of six services: a saga's journal
//! and what its peers have done of it agree, and what was under way goes on after the restore as it
//! does after a crash. What was done after that moment is not in the copy.

use crate::folder::{DataFolder, FolderError, LOCK_FILE};
use kernel::{Clock, Digest, Digester, mask};
use runtime::clock::SystemClock;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use store::backup::{Copy, Soundness, copy, examine, sqlite_url};
use store::{DbConfig, OpenError};

/// The list of a copy, written last: a folder without it is no copy.
const LIST: &str = "backup.json";
/// The layout of a copy.
const FORMAT: u32 = 1;
/// What a service's database is called, behind the service's name.
const ENDING: &str = ".db";
/// Services with a schema of their own name on PostgreSQL.
const SCHEMAS: [&str; 5] = [
    enrollment::NAME,
    settlement::NAME,
    referral::NAME,
    interregional::NAME,
    orchestrator::NAME,
];
/// The largest list that is read.
const LIST_BYTES_MAX: u64 = 1 << 20;
/// Characters of a reason that are told at most.
const REASON_CHARS_MAX: usize = 400;
/// How much of a file is read at once.
const PIECE_BYTES: usize = 1 << 16;

/// Why there is no copy, or no way back, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder cannot be read or written.
    #[error("cannot use {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no database to copy.
    #[error("{0} holds no database; name the data folder with --data DIR")]
    Nothing(PathBuf),
    /// Something is there already.
    #[error("{0} is not empty; name another folder, or move what is in it away")]
    NotEmpty(PathBuf),
    /// It is no copy, or one of another time.
    #[error("{path} is no list of a backup that this version can read: {reason}")]
    List {
        /// The list.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file is not what the list says.
    #[error("{0} is not the file that was backed up; restore from another copy")]
    Changed(PathBuf),
    /// A database does not hold.
    #[error(
        "{service}: {fault}; restore from another copy, and keep this one for whoever asks why"
    )]
    Unsound {
        /// The service.
        service: String,
        /// What is wrong.
        fault: String,
    },
    /// The data folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A database.
    #[error(transparent)]
    Database(#[from] OpenError),
}

/// How much was copied.
#[derive(Clone, Copy, Debug)]
pub struct Copied {
    /// Databases.
    pub files: usize,
    /// Bytes of them all.
    pub bytes: u64,
}

/// What a service's database says of itself.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The service.
    pub service: String,
    /// What it says.
    pub soundness: Soundness,
}

/// The list.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    format: u32,
    /// The version of the program that wrote it.
    yibao: String,
    /// The moment, in microseconds since 1970: everything before it is in the copy.
    begun_at: i64,
    files: Vec<Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    service: String,
    bytes: u64,
    /// SM3 of the file.
    sm3: String,
}

impl Entry {
    /// A name of the suite's kind and nothing that leads out of the folder.
    fn is_plain(&self) -> bool {
        !self.service.is_empty() && self.service.bytes().all(|b| b.is_ascii_lowercase())
    }

    fn file(&self) -> String {
        format!("{}{ENDING}", self.service)
    }
}

/// Copies every database of a data folder, which may be in use.
pub async fn back_up(data: &Path, to: &Path) -> Result<Copied, BackupError> {
    let services = services_in(data)?;
    if services.is_empty() {
        return Err(BackupError::Nothing(data.to_path_buf()));
    }
    make_empty(to)?;
    let named = |folder: &Path, service: &String| folder.join(format!("{service}{ENDING}"));
    let copies = services.iter().map(|service| Copy {
        from: named(data, service),
        to: named(to, service),
    });
    let copies: Vec<Copy> = copies.collect();
    let begun_at = SystemClock.now().micros();
    copy(&copies).await?;
    let mut files = Vec::new();
    for (service, copy) in services.into_iter().zip(&copies) {
        let file = File::open(&copy.to).map_err(unusable(&copy.to))?;
        owner_only(&copy.to)?;
        file.sync_all().map_err(unusable(&copy.to))?;
        let (sm3, bytes) = digest_of(&copy.to)?;
        let sm3 = sm3.to_string();
        files.push(Entry {
            service,
            bytes,
            sm3,
        });
    }
    let copied = Copied {
        files: files.len(),
        bytes: files.iter().map(|file| file.bytes).sum(),
    };
    write_list(
        to,
        &List {
            format: FORMAT,
            yibao: env!("CARGO_PKG_VERSION").into(),
            begun_at,
            files,
        },
    )?;
    Ok(copied)
}

/// Puts a copy back into an empty folder. What does not hold is taken away again.
pub async fn restore(from: &Path, data: &Path) -> Result<Vec<Checked>, BackupError> {
    let list = read_list(from)?;
    if has_entries(data)? {
        return Err(BackupError::NotEmpty(data.to_path_buf()));
    }
    // Nobody serves it before all of it is there.
    let folder = DataFolder::take(data)?;
    owner_only_folder(folder.path())?;
    let restored = put_back(&list, from, folder.path()).await;
    if restored.is_err() {
        for entry in &list.files {
            for ending in ["", "-wal", "-shm"] {
                let file = format!("{}{ending}", entry.file());
                std::fs::remove_file(folder.path().join(file)).ok();
            }
        }
    }
    restored
}

async fn put_back(list: &List, from: &Path, data: &Path) -> Result<Vec<Checked>, BackupError> {
    for entry in &list.files {
        let (source, target) = (from.join(entry.file()), data.join(entry.file()));
        std::fs::copy(&source, &target).map_err(unusable(&source))?;
        owner_only(&target)?;
        let (sm3, bytes) = digest_of(&target)?;
        if (sm3.to_string(), bytes) != (entry.sm3.clone(), entry.bytes) {
            return Err(BackupError::Changed(source));
        }
        let copied = File::open(&target).and_then(|file| file.sync_all());
        copied.map_err(unusable(&target))?;
    }
    verify(data).await
}

/// Asks every database of a data folder.
pub async fn verify(data: &Path) -> Result<Vec<Checked>, BackupError> {
    let services = services_in(data)?;
    if services.is_empty() {
        return Err(BackupError::Nothing(data.to_path_buf()));
    }
    let url = |service: &str| sqlite_url(&data.join(format!("{service}{ENDING}")));
    let configs = services
        .iter()
        .map(|service| (service.clone(), url(service)));
    examine_all(configs).await
}

/// Asks every schema of a PostgreSQL database.
pub async fn verify_schemas(url: &str) -> Result<Vec<Checked>, BackupError> {
    let configs = SCHEMAS.map(|schema| (schema.to_string(), url.to_string()));
    examine_all(configs.into_iter()).await
}

async fn examine_all(
    databases: impl Iterator<Item = (String, String)>,
) -> Result<Vec<Checked>, BackupError> {
    let mut all = Vec::new();
    for (service, url) in databases {
        let config = DbConfig {
            url,
            schema: service.clone(),
            connections: 1,
        };
        let soundness = examine(&config).await?;
        let fault = match (&soundness.damage, soundness.broken_block) {
            (Some(damage), _) => Some(format!("the file is damaged: {damage}")),
            (None, Some(block)) => Some(format!("the chain of events breaks at block {block}")),
            (None, None) => None,
        };
        if let Some(fault) = fault {
            return Err(BackupError::Unsound { service, fault });
        }
        all.push(Checked { service, soundness });
    }
    Ok(all)
}

/// The services with a database in this folder, in order.
fn services_in(data: &Path) -> Result<Vec<String>, BackupError> {
    let entries = std::fs::read_dir(data).map_err(unusable(data))?;
    let name = |entry: io::Result<std::fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
    let mut found: Vec<String> = entries
        .filter_map(name)
        .filter_map(|name| name.strip_suffix(ENDING).map(String::from))
        .collect();
    found.sort();
    Ok(found)
}

fn has_entries(folder: &Path) -> Result<bool, BackupError> {
    match std::fs::read_dir(folder) {
        // Whoever used the folder last leaves its lock there.
        Ok(entries) => Ok(entries
            .filter_map(Result::ok)
            .any(|entry| entry.file_name() != LOCK_FILE)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(unusable(folder)(source)),
    }
}

fn make_empty(folder: &Path) -> Result<(), BackupError> {
    std::fs::create_dir_all(folder).map_err(unusable(folder))?;
    match has_entries(folder)? {
        true => Err(BackupError::NotEmpty(folder.to_path_buf())),
        false => owner_only_folder(folder),
    }
}

/// It holds personal data.
fn owner_only_folder(folder: &Path) -> Result<(), BackupError> {
    std::fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(unusable(folder))
}

fn owner_only(file: &Path) -> Result<(), BackupError> {
    std::fs::set_permissions(file, Permissions::from_mode(0o600)).map_err(unusable(file))
}

fn unusable(path: &Path) -> impl Fn(io::Error) -> BackupError {
    let path = path.to_path_buf();
    move |source| BackupError::File {
        path: path.clone(),
        source,
    }
}

/// SM3 of a file, and its length.
fn digest_of(path: &Path) -> Result<(Digest, u64), BackupError> {
    let mut file = File::open(path).map_err(unusable(path))?;
    let (mut digester, mut bytes) = (Digester::new(), 0);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = file.read(&mut piece).map_err(unusable(path))?;
        let Some(part) = piece.get(..read).filter(|part| !part.is_empty()) else {
            return Ok((digester.finish(), bytes));
        };
        digester.raw(part);
        bytes += part.len() as u64;
    }
}

/// Under another name first: a list that is there is whole.
fn write_list(folder: &Path, list: &List) -> Result<(), BackupError> {
    let (path, new) = (folder.join(LIST), folder.join(format!("{LIST}.new")));
    let written = || {
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)?;
        serde_json::to_writer_pretty(&mut file, list)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        std::fs::rename(&new, &path)?;
        File::open(folder)?.sync_all()
    };
    written().map_err(unusable(&path))
}

fn read_list(folder: &Path) -> Result<List, BackupError> {
    let path = folder.join(LIST);
    let file = File::open(&path).map_err(unusable(&path))?;
    list(&path, file)
}

/// How many files the list in `from` names.
pub(crate) fn listed(path: &Path, from: impl Read) -> Result<usize, BackupError> {
    list(path, from).map(|list| list.files.len())
}

fn list(path: &Path, from: impl Read) -> Result<List, BackupError> {
    // It quotes what was written.
    let wrong = |reason: String| BackupError::List {
        path: path.to_path_buf(),
        reason: mask::told(&reason, REASON_CHARS_MAX),
    };
    let list: List = serde_json::from_reader(from.take(LIST_BYTES_MAX))
        .map_err(|error| wrong(error.to_string()))?;
    if list.format != FORMAT {
        return Err(wrong(format!(
            "its format is {}, not {FORMAT}",
            list.format
        )));
    }
    match list.files.iter().find(|entry| !entry.is_plain()) {
        Some(entry) => Err(wrong(format!("{:?} is no service", entry.service))),
        None if list.files.is_empty() => Err(wrong("it names no file".into())),
        None => Ok(list),
    }
}
