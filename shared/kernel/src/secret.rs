//! Personal data as types that do not print. Masks count characters, never bytes.

use crate::mask;
use std::fmt;

/// Personal data. `Debug` and `Display` give a mask; reading it is a visible [`Secret::expose`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps.
    pub fn new(value: T) -> Secret<T> {
        Secret(value)
    }

    /// The value itself: only to store it, compare it, or answer somebody entitled to it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// 姓名 (psn_name). Shown as the first character and asterisks: 张三丰 is 张**.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PersonName(String);

impl PersonName {
    /// What a name must look like.
    pub const EXPECTED: &'static str = "1至50个字符,不含控制字符";

    /// A name of 1 to 50 characters.
    pub fn parse(text: &str) -> Option<PersonName> {
        let text = text.trim();
        let fits = (1..=50).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| PersonName(text.to_string()))
    }

    /// The name itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As [`mask::name`] has it.
    pub fn masked(&self) -> String {
        mask::name(&self.0)
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// 证件号码 (certno): an 18-character resident identity number with a right check character.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdNumber(String);

impl IdNumber {
    /// What a number must look like.
    pub const EXPECTED: &'static str = "17位数字加一位校验码(GB 11643)";

    /// Reads 17 digits and the check character of GB 11643 (ISO 7064 MOD 11-2).
    pub fn parse(text: &str) -> Option<IdNumber> {
        let (digits, check) = text.split_at_checked(17)?;
        let right = IdNumber::check_character(digits)?;
        (check.len() == 1 && check.eq_ignore_ascii_case(&right.to_string()))
            .then(|| IdNumber(format!("{digits}{right}")))
    }

    /// The check character of 17 digits.
    pub fn check_character(digits: &str) -> Option<char> {
        const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        if digits.len() != WEIGHTS.len() {
            return None;
        }
        let mut sum = 0;
        for (digit, weight) in digits.chars().zip(WEIGHTS) {
            sum += digit.to_digit(10)? * weight;
        }
        "10X98765432".chars().nth(sum as usize % 11)
    }

    /// The number itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As [`mask::resident`] has it.
    pub fn masked(&self) -> String {
        mask::resident(&self.0)
    }
}

impl fmt::Debug for IdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// 卡号 (mdtrt_cert_no): the number of a 社保卡.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CardNumber(String);

impl CardNumber {
    /// What a number must look like.
    pub const EXPECTED: &'static str = "6至30个 [A-Za-z0-9] 字符";

    /// 6 to 30 letters and digits.
    pub fn parse(text: &str) -> Option<CardNumber> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric());
        let fits = (6..=30).contains(&text.len()) && plain;
        fits.then(|| CardNumber(text.to_string()))
    }

    /// The number itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// As [`mask::card`] has it.
    pub fn masked(&self) -> String {
        mask::card(&self.0)
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_by_characters() {
        let name = PersonName::parse("张三丰").unwrap();
        assert_eq!(format!("{name:?}"), "张**");
        assert_eq!(PersonName::parse("  "), None);
        assert_eq!(PersonName::parse("a\nb"), None);
        assert_eq!(format!("{:?}", Secret::new("张三")), "***");
        let card = CardNumber::parse("A12345678").unwrap();
        assert_eq!(format!("{card:?}"), "*****5678");
        assert_eq!(CardNumber::parse("12345"), None);
        assert_eq!(CardNumber::parse("卡1234567"), None);
    }

    #[test]
    fn checks_identity_numbers() {
        let digits = "99999919800101001";
        let right = IdNumber::check_character(digits).unwrap();
        let number = IdNumber::parse(&format!("{digits}{right}")).unwrap();
        assert!(format!("{number:?}").starts_with("9****************"));
        let wrong = if right == '0' { '1' } else { '0' };
        assert_eq!(IdNumber::parse(&format!("{digits}{wrong}")), None);
        assert_eq!(IdNumber::parse("身份证号码身份证号码"), None);
        assert_eq!(IdNumber::parse(""), None);
    }
}
