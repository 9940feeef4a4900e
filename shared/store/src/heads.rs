//! 公布链头: heads of chains, signed and kept where those who can write to the database cannot reach.
//!
//! A publisher looks every second whether a chain has grown, and if so publishes its newest block,
//! linked to the head it published last. It never signs a chain that does not go on from that head.
//! Publishing is behind sealing and never in its way: what could not be published is published later,
//! after a crash too, because what is published is read from where it is published.

use crate::chain::{Sealed, block_at, blocks_from, newest, read};
use crate::db::Db;
use crate::entity::event;
use crate::fault::told;
use async_trait::async_trait;
use kernel::Refusal;
use kernel::seal::{Head, SignedHead};
use kernel::sm2::{PrivateKey, Signer, Sm2Error};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often a publisher looks.
const PUBLISH_PERIOD: Duration = Duration::from_secs(1);
/// Blocks read at a time on the way from the last head to the newest block.
const PAGE: u64 = 256;
/// A line of a file of heads at most.
const LINE_BYTES_MAX: u64 = 4_096;

/// Where heads are kept: a file, an object store that forgets nothing, another bureau.
#[async_trait]
pub trait HeadStore: Send + Sync + 'static {
    /// The newest head of a chain that is kept there.
    async fn newest(&self, service: &str, chain: &str) -> io::Result<Option<SignedHead>>;

    /// Keeps a head for ever, durable when it answers. Where another publisher was first, nothing
    /// is kept, and the next look finds that one's.
    async fn publish(&self, head: SignedHead) -> io::Result<()>;
}

/// Why a head was not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The database did not answer.
    #[error("{}", .0.sentence())]
    Database(Refusal),
    /// The place where heads are kept did not.
    #[error("heads are not reachable: {0}")]
    Kept(#[from] io::Error),
    /// The key did not sign.
    #[error(transparent)]
    Signer(#[from] Sm2Error),
    /// The chain does not go on from its published head: it was altered.
    #[error("block {0} does not go on from the published head: run `yibao audit verify`")]
    Altered(i64),
}

/// Publishes the heads of a service's chains, for ever. Without a file and a key it ends at once. A
/// failure is logged and tried again.
pub async fn keep_publishing(
    db: Db,
    service: &'static str,
    file_and_key: Option<(PathBuf, PathBuf)>,
) {
    let Some((file, key)) = file_and_key else {
        return;
    };
    let heads: Arc<dyn HeadStore> = Arc::new(FileHeads::new(&file));
    let mut signer: Option<PrivateKey> = None;
    let mut failing = false;
    loop {
        let done = async {
            let signer = match &signer {
                Some(signer) => signer,
                None => signer.insert(read_key(&key)?),
            };
            publish::<event::Model>(&db, service, heads.as_ref(), signer).await
        };
        match done.await {
            Ok(_) => failing = false,
            Err(error) if !failing => {
                // Once for a series: a full disk must not be filled with complaints.
                tracing::error!(service, %error, "heads are not published");
                failing = true;
            }
            Err(_) => {}
        }
        tokio::time::sleep(PUBLISH_PERIOD).await;
    }
}

/// Reads a private key file.
pub fn read_key(file: &Path) -> Result<PrivateKey, PublishError> {
    Ok(PrivateKey::from_pem(&std::fs::read_to_string(file)?)?)
}

/// Publishes the newest block of a chain, if it is not published yet; answers its head.
pub async fn publish<R: Sealed>(
    db: &Db,
    service: &str,
    heads: &dyn HeadStore,
    signer: &dyn Signer,
) -> Result<Option<Head>, PublishError> {
    let failed = |fault: sea_orm::DbErr| PublishError::Database(told(&fault));
    let published = heads.newest(service, R::TABLE).await?;
    let published = published.map(|signed| signed.head);
    let newest = newest::<R>(db.reader()).await.map_err(failed)?;
    let (number, hash) = match &published {
        None => (0, kernel::seal::GENESIS),
        Some(head) => {
            let stands = block_at::<R>(db.reader(), head.number).await;
            let stands = stands.map_err(failed)?.and_then(|row| read(&row));
            match stands {
                Some((_, hash)) if hash == head.hash => (head.number, hash),
                _ => return Err(PublishError::Altered(head.number)),
            }
        }
    };
    let (mut last, mut previous) = (None, hash);
    let mut next = number;
    while newest.as_ref().is_some_and(|newest| next < newest.number) {
        let rows = blocks_from::<R>(db.reader(), next + 1, PAGE).await;
        let rows = rows.map_err(failed)?;
        if rows.is_empty() {
            // There was a newer block a moment ago.
            return Err(PublishError::Altered(next + 1));
        }
        for row in rows {
            next += 1;
            let fits = read(&row).filter(|(block, _)| block.previous == previous);
            let Some((block, hash)) = fits.filter(|(block, _)| block.number == next) else {
                return Err(PublishError::Altered(next));
            };
            previous = hash;
            last = Some(block);
        }
    }
    let Some(block) = last else {
        return Ok(None);
    };
    let head = Head {
        service: service.to_string(),
        chain: R::TABLE.to_string(),
        after_number: number,
        number: block.number,
        last_position: block.last_position,
        hash: previous,
        sealed_at: block.sealed_at,
    };
    heads.publish(head.clone().sign(signer)?).await?;
    Ok(Some(head))
}

/// 链头文件: heads as lines of JSON, only ever appended to. Several processes may share one.
#[derive(Clone)]
pub struct FileHeads(Arc<Kept>);

struct Kept {
    file: PathBuf,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Bytes read so far.
    offset: u64,
    newest: BTreeMap<(String, String), SignedHead>,
}

impl FileHeads {
    /// Heads in this file, which is made with its folder when the first one is published.
    pub fn new(file: &Path) -> FileHeads {
        FileHeads(Arc::new(Kept {
            file: file.to_path_buf(),
            known: Mutex::default(),
        }))
    }

    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Kept, &mut Known) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let kept = self.0.clone();
        let done = tokio::task::spawn_blocking(move || {
            let mut known = kept.known.lock().unwrap_or_else(PoisonError::into_inner);
            work(&kept, &mut known)
        });
        done.await.map_err(io::Error::other)?
    }
}

#[async_trait]
impl HeadStore for FileHeads {
    async fn newest(&self, service: &str, chain: &str) -> io::Result<Option<SignedHead>> {
        let of = (service.to_string(), chain.to_string());
        let newest = self.on_disk(move |kept, known| {
            match File::open(&kept.file) {
                Ok(mut file) => known.catch_up(&mut file)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            Ok(known.newest.get(&of).cloned())
        });
        newest.await
    }

    async fn publish(&self, head: SignedHead) -> io::Result<()> {
        let published = self.on_disk(move |kept, known| {
            if let Some(folder) = kept.file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let options = OpenOptions::new()
                .create(true)
                .append(true)
                .read(true)
                .to_owned();
            let mut file = options.open(&kept.file)?;
            file.lock()?;
            known.catch_up(&mut file)?;
            let of = (head.head.service.clone(), head.head.chain.clone());
            let newest = known.newest.get(&of).map_or(0, |known| known.head.number);
            if newest != head.head.after_number {
                return Ok(());
            }
            // A line that a crash cut short is ended, so that it spoils no other.
            let torn = file.metadata()?.len() > known.offset;
            let mut line = if torn { vec![b'\n'] } else { Vec::new() };
            line.extend(serde_json::to_vec(&head).map_err(io::Error::other)?);
            line.push(b'\n');
            file.write_all(&line)?;
            file.sync_all()?;
            // Whoever cuts the file from now on makes a gap before the next head.
            known.catch_up(&mut file)
        });
        published.await
    }
}

impl Known {
    /// Reads what was appended since. A line without an end is not one yet.
    fn catch_up(&mut self, file: &mut File) -> io::Result<()> {
        file.seek(SeekFrom::Start(self.offset))?;
        let mut reader = BufReader::new(file);
        loop {
            let mut line = Vec::new();
            let read = (&mut reader)
                .take(LINE_BYTES_MAX)
                .read_until(b'\n', &mut line)?;
            if read == 0 || line.last() != Some(&b'\n') && (line.len() as u64) < LINE_BYTES_MAX {
                return Ok(());
            }
            self.offset += read as u64;
            if let Ok(signed) = serde_json::from_slice::<SignedHead>(&line) {
                let of = (signed.head.service.clone(), signed.head.chain.clone());
                self.newest.insert(of, signed);
            }
        }
    }
}

/// A line of a file of heads, as whoever verifies reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// What it says; none when it is no head: the rest of a crash, or somebody's hand.
    pub head: Option<SignedHead>,
}

/// Reads a file of heads line by line, from its beginning.
pub fn read_lines(file: &Path) -> io::Result<impl Iterator<Item = io::Result<Line>> + use<>> {
    let mut reader = BufReader::new(File::open(file)?);
    let mut number = 0;
    Ok(std::iter::from_fn(move || {
        let mut line = Vec::new();
        match (&mut reader)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line)
        {
            Ok(0) => None,
            Ok(_) => {
                number += 1;
                let head = serde_json::from_slice(&line).ok();
                Some(Ok(Line { number, head }))
            }
            Err(error) => Some(Err(error)),
        }
    }))
}
