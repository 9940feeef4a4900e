//! What is sent, as the command line gives it.

use super::Trouble;
use std::io::{self, Read};

/// The largest request read from a file or from standard input.
const REQUEST_BYTES_MAX: u64 = 64 << 20;

/// JSON as it stands, from a file, or from standard input.
pub(super) fn read(text: &str) -> Result<String, Trouble> {
    let mut json = String::new();
    let (from, read) = match text.strip_prefix('@') {
        None if text == "-" => {
            let read = io::stdin()
                .lock()
                .take(REQUEST_BYTES_MAX)
                .read_to_string(&mut json);
            ("standard input", read)
        }
        None => return Ok(text.to_string()),
        Some(file) => {
            let opened = std::fs::File::open(file);
            let read =
                opened.and_then(|file| file.take(REQUEST_BYTES_MAX).read_to_string(&mut json));
            (file, read)
        }
    };
    read.map(|_| json).map_err(|source| Trouble::Request {
        from: from.to_string(),
        source,
    })
}
