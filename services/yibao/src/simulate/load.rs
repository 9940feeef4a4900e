//! 装入: a year's settlements out of the database into the cache, person after person; again goes on
//! behind the last person written.

use super::block::Packer;
use super::cache::{BLOCK_CLAIMS, Cache, CacheError, Head, Writer};
use crate::progress::Progress;
use kernel::Refusal;
use settlement::year::Year;
use std::sync::atomic::{AtomicBool, Ordering};

/// Settlements asked of the database at a time.
const PAGE: u64 = 1_000;

/// How far a load came.
pub enum Loaded {
    /// All of the year.
    Whole(Box<Cache>),
    /// It was stopped; the same command goes on.
    Stopped,
}

/// Why a year could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The file.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The database, or what stands in it.
    #[error("{0}; `yibao replay` names every settlement that cannot be computed again")]
    Refused(Box<Refusal>),
}

impl From<Refusal> for LoadError {
    fn from(no: Refusal) -> LoadError {
        LoadError::Refused(Box::new(no))
    }
}

/// Loads what is not loaded yet, in blocks of about so many claims.
pub async fn load(
    year: &Year,
    head: &Head,
    mut writer: Writer,
    stop: &AtomicBool,
    progress: &Progress,
) -> Result<Loaded, LoadError> {
    let (mut mark, mut packer) = (writer.mark(), Packer::default());
    let all = usize::try_from(year.count().await?).unwrap_or(usize::MAX);
    progress.begin("装入结算", all);
    progress.steps(writer.summary().claims);
    while !stop.load(Ordering::Relaxed) {
        let page = year.page(&mark, PAGE).await?;
        let claims = page
            .years
            .iter()
            .map(|year| year.claims.len())
            .sum::<usize>();
        for year in &page.years {
            let packed = packer.push(&year.claims);
            packed.ok_or_else(|| writer.unpackable())?;
        }
        progress.steps(u64::try_from(claims).unwrap_or(u64::MAX));
        mark = page.last.unwrap_or(mark);
        if packer.claims() >= BLOCK_CLAIMS || (!page.more && packer.claims() > 0) {
            let full = std::mem::take(&mut packer);
            let claims = full.claims();
            writer.write(full.finish(), claims, &mark)?;
        }
        if !page.more {
            return Ok(Loaded::Whole(Box::new(writer.finish(head)?)));
        }
    }
    Ok(Loaded::Stopped)
}
