//! Packages for the tests of whoever decides by packages: the suite's own of Erenhot 2017, with one
//! example, changed in one place.

use kernel::Digest;

/// The suite's own package.
const ERENHOT: &str = include_str!("../packages/152501/2017-01-01.toml");
/// What an example begins with.
const EXAMPLE: &str = "[[example]]";

/// The text of a package of area 152501 and scheme 390.
#[derive(Clone, Debug)]
pub struct Text(pub String);

impl Text {
    /// A text that decides like the suite's own from 2017-01-01 on; `mark` makes it another text.
    pub fn marked(mark: &str) -> Text {
        let mut parts = ERENHOT.split(EXAMPLE);
        let rules = parts.next().unwrap_or_default();
        let first = parts.next().unwrap_or_default();
        Text(format!("# {mark}\n{rules}{EXAMPLE}{first}"))
    }

    /// Outpatient care is paid at this rate, such as `60%`, and not at 50 %.
    pub fn outpatient(self, rate: &str) -> Text {
        self.with("rate = \"50%\"", &format!("rate = \"{rate}\""))
    }

    /// It holds from this day on.
    pub fn from(self, first_day: &str) -> Text {
        self.with("from = \"2017-01-01\"", &format!("from = \"{first_day}\""))
    }

    /// The fee of 2024 is this many yuan, and not 400.
    pub fn fee_of_2024(self, yuan: &str) -> Text {
        let fee = |yuan: &str| format!("year = 2024\nyuan = \"{yuan}\"");
        self.with(&fee("400"), &fee(yuan))
    }

    /// It is another area's.
    pub fn of(self, area: &str) -> Text {
        self.with("area = \"152501\"", &format!("area = \"{area}\""))
    }

    /// Its example does not hold: 38,500.00 yuan are in scope.
    pub fn failing(self) -> Text {
        self.with("in_scope = \"38500\"", "in_scope = \"38499\"")
    }

    /// With its first `from` replaced by `to`.
    pub fn with(self, from: &str, to: &str) -> Text {
        Text(self.0.replacen(from, to, 1))
    }

    /// What it is known by.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Package;

    #[test]
    fn every_change_is_one() {
        let plain = Text::marked("");
        let package = Package::parse("plain", &plain.0).unwrap();
        assert_eq!(package.digest(), plain.digest());
        assert_eq!(package.examples().len(), 1);
        assert!(package.check_examples().is_empty());
        for changed in [
            plain.clone().outpatient("60%"),
            plain.clone().from("2017-02-01"),
            plain.clone().fee_of_2024("410"),
            plain.clone().of("999999"),
        ] {
            assert_ne!(changed.0, plain.0);
            let package = Package::parse("changed", &changed.0).unwrap();
            assert!(package.check_examples().is_empty());
        }
        let failing = Package::parse("failing", &plain.failing().0).unwrap();
        assert_eq!(failing.check_examples().len(), 1);
    }
}
