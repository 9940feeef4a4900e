//! Keyset pages: a token is the last key of the page before, opaque to the caller.

use kernel::Refusal;
use kernel::refusal::{BAD_PAGE_TOKEN, invalid};

/// Rows on a page at most.
pub const PAGE_MAX: u64 = 500;
/// Rows on a page when the caller does not say.
pub const PAGE_DEFAULT: u64 = 100;

/// The size a caller asks for: 1 to [`PAGE_MAX`], 0 for the default.
pub fn size(asked: i32) -> Result<u64, Refusal> {
    match u64::try_from(asked) {
        Ok(0) => Ok(PAGE_DEFAULT),
        Ok(size) if size <= PAGE_MAX => Ok(size),
        _ => Err(invalid("page_size", format!("0 到 {PAGE_MAX}"))),
    }
}

/// The token for what follows `key`.
pub fn token(key: &str) -> String {
    key.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// The key in a token; an empty token begins at the beginning.
pub fn key(token: &str) -> Result<String, Refusal> {
    let bad = || BAD_PAGE_TOKEN.refuse().at("page_token");
    // A number may begin with a sign; a token is digits alone.
    let digits = token.bytes().all(|byte| byte.is_ascii_hexdigit());
    if token.len() > 200 || !token.len().is_multiple_of(2) || !digits {
        return Err(bad());
    }
    let byte = |pair: &[u8]| {
        let digits = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(digits, 16).ok()
    };
    let bytes: Option<Vec<u8>> = token.as_bytes().chunks(2).map(byte).collect();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|key| !key.chars().any(char::is_control))
        .ok_or_else(bad)
}

/// Splits off the row read beyond the page, and gives the token of the next page.
pub fn cut<T>(mut rows: Vec<T>, size: u64, key: impl Fn(&T) -> &str) -> (Vec<T>, String) {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if rows.len() <= size {
        return (rows, String::new());
    }
    rows.truncate(size);
    let next = rows.last().map(|row| token(key(row))).unwrap_or_default();
    (rows, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_come_back_and_nonsense_is_refused() {
        assert_eq!(key(&token("0190-7")).unwrap(), "0190-7");
        assert_eq!(key("").unwrap(), "");
        for bad in ["0", "zz", "+f", "ff", "00", "é0", &"00".repeat(101)] {
            assert!(key(bad).is_err(), "{bad}");
        }
        assert!(size(501).is_err() && size(-1).is_err());
        assert_eq!(size(0).unwrap(), PAGE_DEFAULT);
    }
}
