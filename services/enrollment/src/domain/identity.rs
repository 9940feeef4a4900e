//! 身份: what makes a person entitled to more than others, and for how long.

use crate::refusal::IDENTITY_OVERLAPS;
use kernel::{Day, IdentityId, IdentityKind, Period, PersonId, Refusal};

/// 身份 (idetinfo): one identity of a person with its validity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// 人员身份类别 (psn_idet_type).
    pub kind: IdentityKind,
    /// When it is valid.
    pub period: Period,
}

/// 身份认定: an identity to record.
#[derive(Clone, Debug)]
pub struct NewIdentity {
    /// Whose.
    pub person: PersonId,
    /// 人员身份类别 (psn_idet_type).
    pub kind: IdentityKind,
    /// When it is valid.
    pub period: Period,
}

impl NewIdentity {
    /// On any day a person has an identity once or not at all.
    pub fn decide(&self, standing: &[Identity]) -> Result<(), Refusal> {
        let in_the_way = standing
            .iter()
            .find(|other| other.kind == self.kind && other.period.overlaps(&self.period));
        match in_the_way {
            None => Ok(()),
            Some(other) => Err(IDENTITY_OVERLAPS
                .refuse()
                .with("kind", &self.kind)
                .with("identity_id", other.id)
                .at("from_day")),
        }
    }
}

/// 就高不就低: the kinds valid on a day, highest first. Unknown kinds come last, by their code, so
/// that the order is the same every time.
pub fn kinds_on<'a>(
    identities: impl IntoIterator<Item = (&'a IdentityKind, Period)>,
    day: Day,
) -> Vec<IdentityKind> {
    let mut kinds: Vec<IdentityKind> = identities
        .into_iter()
        .filter(|(_, period)| period.contains(day))
        .map(|(kind, _)| kind.clone())
        .collect();
    kinds.sort_by_cached_key(|kind| (kind.precedence(), kind.clone()));
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(from: &str, until: &str) -> Period {
        let until = (!until.is_empty()).then(|| Day::parse(until).unwrap());
        Period::new(Day::parse(from).unwrap(), until).unwrap()
    }

    fn kind(code: &str) -> IdentityKind {
        IdentityKind::parse(code).unwrap()
    }

    /// A standing identity (kind, from, until) and a new one: may the new one be recorded?
    #[test]
    fn two_periods_of_one_kind_share_no_day() {
        type Row = (&'static str, &'static str, &'static str);
        let table: &[(Row, Row, bool)] = &[
            (
                ("2303", "2024-01-01", "2024-07-01"),
                ("2303", "2024-07-01", ""),
                true,
            ),
            (
                ("2303", "2024-01-01", "2024-07-01"),
                ("2303", "2024-06-30", ""),
                false,
            ),
            (
                ("2303", "2024-01-01", "2024-07-01"),
                ("2303", "2023-01-01", "2024-01-01"),
                true,
            ),
            (
                ("2303", "2024-01-01", "2024-07-01"),
                ("2303", "2023-01-01", "2024-01-02"),
                false,
            ),
            (
                ("2303", "2024-01-01", "2024-07-01"),
                ("2303", "2024-03-01", "2024-04-01"),
                false,
            ),
            (
                ("2303", "2024-01-01", ""),
                ("2303", "2030-01-01", ""),
                false,
            ),
            (
                ("2303", "2024-01-01", ""),
                ("2303", "2023-01-01", "2024-01-01"),
                true,
            ),
            (("2303", "2024-01-01", ""), ("2304", "2024-01-01", ""), true),
            (
                ("NEW1", "2024-01-01", ""),
                ("NEW1", "2025-01-01", ""),
                false,
            ),
        ];
        for ((a, a_from, a_until), (b, b_from, b_until), allowed) in table {
            let standing = Identity {
                id: IdentityId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f").unwrap(),
                kind: kind(a),
                period: period(a_from, a_until),
            };
            let new = NewIdentity {
                person: PersonId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c073990").unwrap(),
                kind: kind(b),
                period: period(b_from, b_until),
            };
            let decided = new.decide(&[standing]);
            assert_eq!(
                decided.is_ok(),
                *allowed,
                "{a} {a_from}..{a_until}, {b} {b_from}.."
            );
        }
    }

    #[test]
    fn the_highest_kind_of_the_day_comes_first() {
        let year = period("2024-01-01", "2025-01-01");
        let gone = period("2023-01-01", "2024-01-01");
        let held = [
            ("NEW2", year),
            ("2303", year),
            ("2304", gone),
            ("NEW1", year),
            ("2361", year),
        ]
        .map(|(code, period)| (kind(code), period));
        let kinds = kinds_on(
            held.iter().map(|(kind, period)| (kind, *period)),
            Day::parse("2024-05-01").unwrap(),
        );
        let codes: Vec<&str> = kinds.iter().map(IdentityKind::as_str).collect();
        assert_eq!(codes, ["2361", "2303", "NEW1", "NEW2"]);
    }
}
