//! 来件: what the command line reads of others' files, read and counted as its commands read them: for
//! whoever tries to break them.

use crate::cli::Trouble;
use crate::upkeep::UpkeepError;
use crate::{backup, batch, payer_file, reconcile};
use kernel::mask;
use std::path::Path;

/// The claims of `yibao batch`, one JSON object a line.
pub fn claims(text: &str) -> Result<usize, Trouble> {
    Ok(batch::claims(Path::new("claims.jsonl"), text)?.len())
}

/// The rows of `yibao reconcile`, a table of tabs.
pub fn rows(text: &str) -> Result<usize, Trouble> {
    Ok(reconcile::rows(text)?.len())
}

/// The lines of `yibao payer-file reconcile`, a CSV file.
pub fn payer_lines(bytes: &[u8]) -> Result<usize, Trouble> {
    Ok(payer_file::read(Path::new("lines.csv"), bytes)?.len())
}

/// The files that the list of a backup names.
pub fn backed_up(bytes: &[u8]) -> Result<usize, Trouble> {
    let listed = backup::listed(Path::new("backup.json"), bytes);
    Ok(listed.map_err(UpkeepError::from)?)
}

/// Characters of what somebody wrote that are told back at most.
const TOLD_MAX: usize = 40;

/// The beginning of what stands in a cell: it may be the whole of the file.
pub(crate) fn beginning(cell: &str) -> String {
    mask::told(cell, TOLD_MAX)
}
