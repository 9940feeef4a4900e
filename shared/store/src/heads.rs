//! 公布链头: heads of chains, signed and kept where those who can write to the database cannot reach.
//!
//! A publisher looks every second whether a chain has grown, and if so publishes its newest block,
//! linked to the head it published last. It never signs a chain that does not go on from that head. A
//! chain that was put back to an earlier state (恢复) does not: somebody must say so ([`begin_anew`]), by a
//! statement that is signed and kept among the heads for ever.
//! Publishing is behind sealing and never in its way: what could not be published is published later,
//! after a crash too, because what is published is read from where it is published.

use crate::chain::{Sealed, block_at, blocks_from, newest, read};
use crate::db::Db;
use crate::entity::event;
use crate::event::TURN_MAX;
use crate::fault::told;
use async_trait::async_trait;
use kernel::seal::{Anew, GENESIS, Head, SignedAnew, SignedHead};
use kernel::sm2::{PrivateKey, Signer, Sm2Error};
use kernel::{Digest, Instant, Refusal};
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
    /// Where a chain goes on from: its newest head that is kept there, or what was stated after it.
    async fn newest(&self, service: &str, chain: &str) -> io::Result<Option<Base>>;

    /// Keeps a head for ever, durable when it answers. Where another publisher was first, nothing
    /// is kept, and the next look finds that one's.
    async fn publish(&self, head: SignedHead) -> io::Result<()>;
}

/// What the next head of a chain must go on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base {
    /// A block's number; 0 for the chain's beginning.
    pub number: i64,
    /// The last position it covers.
    pub last_position: i64,
    /// Its hash.
    pub hash: Digest,
}

impl Base {
    const BEGINNING: Base = Base {
        number: 0,
        last_position: 0,
        hash: GENESIS,
    };

    fn head(of: &Head) -> Base {
        Base {
            number: of.number,
            last_position: of.last_position,
            hash: of.hash,
        }
    }

    fn anew(of: &Anew) -> Base {
        Base {
            number: of.number,
            last_position: of.last_position,
            hash: of.hash,
        }
    }
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
    /// Neither answered in time.
    #[error("neither the database nor the place of heads answered in time")]
    Late,
    /// The key did not sign.
    #[error(transparent)]
    Signer(#[from] Sm2Error),
    /// The chain does not go on from its published head: it was altered.
    #[error(
        "block {0} does not go on from the published head: run `yibao audit verify`; after a restore \
             `yibao audit begin-anew` states that blocks are lost"
    )]
    Altered(i64),
}

/// Publishes the heads of a service's chains, for ever; without a file and a key it does nothing. A
/// failure is logged and tried again.
pub async fn keep_publishing(
    db: Db,
    service: &'static str,
    file_and_key: Option<(PathBuf, PathBuf)>,
) {
    let Some((file, key)) = file_and_key else {
        return std::future::pending().await;
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
        let done = tokio::time::timeout(TURN_MAX, done).await;
        match done.unwrap_or(Err(PublishError::Late)) {
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
    let newest = newest::<R>(db.reader()).await.map_err(failed)?;
    let base = published.unwrap_or(Base::BEGINNING);
    if !stands::<R>(db, base).await? {
        return Err(PublishError::Altered(base.number));
    }
    let (number, hash) = (base.number, base.hash);
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

/// Whether a chain has this block.
async fn stands<R: Sealed>(db: &Db, base: Base) -> Result<bool, PublishError> {
    if base.number == 0 {
        return Ok(base.hash == GENESIS);
    }
    let row = block_at::<R>(db.reader(), base.number).await;
    let row = row.map_err(|fault| PublishError::Database(told(&fault)))?;
    let stands = row.and_then(|row| read(&row));
    Ok(stands.is_some_and(|(_, hash)| hash == base.hash))
}

/// 另起: states that a chain, which does not go on from its newest head any more, goes on from the newest
/// head that it does have: it was restored from a backup. Nothing where it goes on as it is. Who says so,
/// and why, is signed with it; the heads that are void now stay in the file.
pub async fn begin_anew<R: Sealed>(
    db: &Db,
    service: &str,
    heads: &FileHeads,
    signer: &dyn Signer,
    (by, reason, now): (&str, &str, Instant),
) -> Result<Option<Anew>, PublishError> {
    let Some(lost) = heads.newest(service, R::TABLE).await? else {
        return Ok(None);
    };
    if stands::<R>(db, lost).await? {
        return Ok(None);
    }
    let mut bases = vec![Base::BEGINNING];
    for line in read_lines(&heads.0.file)? {
        match line?.said {
            Some(Said::Head(signed)) if signed.head.is_of(service, R::TABLE) => {
                bases.push(Base::head(&signed.head));
            }
            Some(Said::Anew(signed)) if signed.anew.is_of(service, R::TABLE) => {
                bases.retain(|base| base.number <= signed.anew.number);
            }
            _ => {}
        }
    }
    // A block covers all before it: where one stands, so do those that stood before.
    let (mut low, mut high) = (0, bases.len());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let Some(base) = bases.get(middle) else { break };
        match stands::<R>(db, *base).await? {
            true => low = middle,
            false => high = middle,
        }
    }
    let base = bases.get(low).copied().unwrap_or(Base::BEGINNING);
    let anew = Anew {
        service: service.to_string(),
        chain: R::TABLE.to_string(),
        lost_number: lost.number,
        lost_hash: lost.hash,
        number: base.number,
        last_position: base.last_position,
        hash: base.hash,
        reason: reason.to_string(),
        by: by.to_string(),
        stated_at: now.micros(),
    };
    heads.state(anew.clone().sign(signer)?).await?;
    Ok(Some(anew))
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
    newest: BTreeMap<(String, String), Base>,
}

impl FileHeads {
    /// Heads in this file, which is made when the first one is published. Its folder is not: where the place
    /// of heads is not mounted, nothing is signed anew elsewhere.
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
    async fn newest(&self, service: &str, chain: &str) -> io::Result<Option<Base>> {
        let of = (service.to_string(), chain.to_string());
        let newest = self.on_disk(move |kept, known| {
            match File::open(&kept.file) {
                Ok(mut file) => known.catch_up(&mut file)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
            Ok(known.newest.get(&of).copied())
        });
        newest.await
    }

    async fn publish(&self, head: SignedHead) -> io::Result<()> {
        let line = serde_json::to_vec(&head).map_err(io::Error::other)?;
        let of = (head.head.service, head.head.chain);
        self.append(of, head.head.after_number, line)
            .await
            .map(drop)
    }
}

impl FileHeads {
    /// Keeps a statement for ever, durable when it answers.
    async fn state(&self, signed: SignedAnew) -> io::Result<()> {
        let line = serde_json::to_vec(&signed).map_err(io::Error::other)?;
        let of = (signed.anew.service, signed.anew.chain);
        match self.append(of, signed.anew.lost_number, line).await? {
            true => Ok(()),
            false => Err(io::Error::other("another head was published meanwhile")),
        }
    }

    /// Appends what goes on from a block, unless another was first; answers whether it did.
    async fn append(&self, of: (String, String), after: i64, said: Vec<u8>) -> io::Result<bool> {
        let appended = self.on_disk(move |kept, known| {
            let options = OpenOptions::new()
                .create(true)
                .append(true)
                .read(true)
                .to_owned();
            let mut file = options.open(&kept.file)?;
            file.lock()?;
            known.catch_up(&mut file)?;
            let newest = known.newest.get(&of).map_or(0, |known| known.number);
            if newest != after {
                return Ok(false);
            }
            // A line that a crash cut short is ended, so that it spoils no other.
            let torn = file.metadata()?.len() > known.offset;
            let mut line = if torn { vec![b'\n'] } else { Vec::new() };
            line.extend(said);
            line.push(b'\n');
            file.write_all(&line)?;
            file.sync_all()?;
            // Whoever cuts the file from now on makes a gap before the next head.
            known.catch_up(&mut file)?;
            Ok(true)
        });
        appended.await
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
            let (of, base) = match Said::read(&line) {
                Some(Said::Head(signed)) => {
                    let base = Base::head(&signed.head);
                    ((signed.head.service, signed.head.chain), base)
                }
                Some(Said::Anew(signed)) => {
                    let base = Base::anew(&signed.anew);
                    ((signed.anew.service, signed.anew.chain), base)
                }
                None => continue,
            };
            self.newest.insert(of, base);
        }
    }
}

/// A line of a file of heads, as whoever verifies reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// What it says; none when it is nothing of ours: the rest of a crash, or somebody's hand.
    pub said: Option<Said>,
}

/// What a line of a file of heads says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// 链头.
    Head(SignedHead),
    /// 另起.
    Anew(SignedAnew),
}

impl Said {
    fn read(line: &[u8]) -> Option<Said> {
        let head = serde_json::from_slice(line).map(Said::Head);
        let said = head.or_else(|_| serde_json::from_slice(line).map(Said::Anew));
        said.ok()
    }
}

impl Line {
    /// The head it is, if it is one.
    pub fn head(self) -> Option<SignedHead> {
        match self.said {
            Some(Said::Head(signed)) => Some(signed),
            _ => None,
        }
    }
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
                let said = Said::read(&line);
                Some(Ok(Line { number, said }))
            }
            Err(error) => Some(Err(error)),
        }
    }))
}
