//! Money in whole fen, rates in exact basis points. There is no floating point in the suite.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

/// One yuan in fen.
pub const FEN_PER_YUAN: i64 = 100;

/// The largest total one claim may have: 10¹³ fen. A claim is checked against it when it is
/// built, so that no sum over a bounded number of claims can overflow.
pub const CLAIM_FEN_MAX: Fen = Fen(10_000_000_000_000);

/// 金额: an amount of money in fen (1/100 yuan). Negative only in reversals and postings.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fen(pub i64);

impl Fen {
    /// Nothing.
    pub const ZERO: Fen = Fen(0);

    /// Whole yuan.
    pub const fn yuan(yuan: i64) -> Fen {
        Fen(yuan * FEN_PER_YUAN)
    }

    /// This amount at `rate`, rounded half-up to the fen (half away from zero when negative).
    pub fn at(self, rate: Rate) -> Fen {
        match self.0.checked_mul(i64::from(rate.0)) {
            // Every amount within the bounds of a claim: a division by a constant.
            Some(product) => Fen(narrow_half_up(product, i64::from(Rate::ONE.0))),
            None => Fen(divide_half_up(
                i128::from(self.0) * i128::from(rate.0),
                i128::from(Rate::ONE.0),
            )),
        }
    }

    /// `self × part / whole`, rounded half-up to the fen; nothing of nothing. Never above `self`
    /// as long as `part` is not above `whole`.
    pub fn proportion(self, part: Fen, whole: Fen) -> Fen {
        if whole.0 <= 0 {
            return Fen::ZERO;
        }
        if part == whole {
            return self;
        }
        Fen(divide_half_up(
            i128::from(self.0) * i128::from(part.0),
            i128::from(whole.0),
        ))
    }

    /// `self − other`, but never below zero.
    pub fn less(self, other: Fen) -> Fen {
        Fen(self.0.saturating_sub(other.0).max(0))
    }

    /// True below zero.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum, or nothing when it leaves the range of the type.
    pub fn checked_add(self, other: Fen) -> Option<Fen> {
        self.0.checked_add(other.0).map(Fen)
    }

    /// Reads yuan with at most two decimals, as `"1234.5"` or `"-0.05"`.
    pub fn parse_yuan(text: &str) -> Option<Fen> {
        parse_decimal(text, 2).map(Fen)
    }
}

/// Yuan with two decimals and thousands separators: `1,234.50`.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (yuan, fen) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        let digits = yuan.to_string();
        let mut grouped = String::with_capacity(digits.len() * 4 / 3 + 4);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        f.pad(&format!("{sign}{grouped}.{fen:02}"))
    }
}

impl Add for Fen {
    type Output = Fen;
    fn add(self, other: Fen) -> Fen {
        Fen(self.0 + other.0)
    }
}

impl Sub for Fen {
    type Output = Fen;
    fn sub(self, other: Fen) -> Fen {
        Fen(self.0 - other.0)
    }
}

impl Neg for Fen {
    type Output = Fen;
    fn neg(self) -> Fen {
        Fen(-self.0)
    }
}

impl AddAssign for Fen {
    fn add_assign(&mut self, other: Fen) {
        self.0 += other.0;
    }
}

impl SubAssign for Fen {
    fn sub_assign(&mut self, other: Fen) {
        self.0 -= other.0;
    }
}

impl Sum for Fen {
    fn sum<I: Iterator<Item = Fen>>(amounts: I) -> Fen {
        Fen(amounts.map(|a| a.0).sum())
    }
}

/// 比例: an exact rate in basis points (1/10,000). `Rate(7_500)` is 75 %.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Rate(pub i32);

impl Rate {
    /// Nothing.
    pub const ZERO: Rate = Rate(0);
    /// The whole.
    pub const ONE: Rate = Rate(10_000);

    /// The lower of the two.
    pub fn at_most(self, cap: Rate) -> Rate {
        self.min(cap)
    }

    /// What is left of the whole.
    pub fn rest(self) -> Rate {
        Rate(Rate::ONE.0 - self.0)
    }
}

/// Percent: `75%`, `7.25%`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        let text = match part {
            0 => format!("{sign}{whole}%"),
            part if part % 10 == 0 => format!("{sign}{whole}.{}%", part / 10),
            part => format!("{sign}{whole}.{part:02}%"),
        };
        f.pad(&text)
    }
}

/// 单价 (pric): a unit price in 10⁻⁶ yuan, the width of the national interface (16,6).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnitPrice(pub i64);

impl UnitPrice {
    /// A whole-fen price.
    pub const fn fen(fen: i64) -> UnitPrice {
        UnitPrice(fen * 10_000)
    }

    /// Reads yuan with at most six decimals.
    pub fn parse_yuan(text: &str) -> Option<UnitPrice> {
        parse_decimal(text, 6).map(UnitPrice)
    }

    /// `self × quantity`, rounded half-up to the fen; nothing when above [`CLAIM_FEN_MAX`].
    pub fn times(self, quantity: Quantity) -> Option<Fen> {
        const PER_FEN: i64 = 100_000_000;
        if let Some(product) = self.0.checked_mul(quantity.0) {
            let fen = Fen(narrow_half_up(product, PER_FEN));
            return (fen.0.abs() <= CLAIM_FEN_MAX.0).then_some(fen);
        }
        let product = i128::from(self.0) * i128::from(quantity.0);
        let fen = divide_half_up_wide(product, i128::from(PER_FEN));
        (fen.abs() <= i128::from(CLAIM_FEN_MAX.0)).then_some(Fen(fen as i64))
    }
}

impl fmt::Display for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&render_decimal(self.0, 6, 2))
    }
}

/// 数量 (cnt): a quantity in 10⁻⁴ units, the width of the national interface (16,4).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Quantity(pub i64);

impl Quantity {
    /// Whole units.
    pub const fn whole(units: i64) -> Quantity {
        Quantity(units * 10_000)
    }

    /// Reads units with at most four decimals.
    pub fn parse(text: &str) -> Option<Quantity> {
        parse_decimal(text, 4).map(Quantity)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&render_decimal(self.0, 4, 0))
    }
}

/// Half away from zero, without leaving the range of the type for any value.
#[inline(always)]
fn narrow_half_up(value: i64, by: i64) -> i64 {
    let (whole, rest) = (value / by, value % by);
    whole + i64::from(rest.abs() * 2 >= by) * rest.signum()
}

fn divide_half_up(value: i128, by: i128) -> i64 {
    // |value| ≤ 2⁶³ × 2³¹ and by = 10⁴: within i128; an amount within bounds stays within i64.
    divide_half_up_wide(value, by).clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

fn divide_half_up_wide(value: i128, by: i128) -> i128 {
    let magnitude = (value.abs() * 2 + by) / (by * 2);
    if value < 0 { -magnitude } else { magnitude }
}

/// `"-12.5"` with up to `places` decimals, in units of 10^-places. Refuses anything else.
fn parse_decimal(text: &str, places: usize) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let ends_in_dot = digits.ends_with('.');
    if whole.is_empty() || ends_in_dot || !plain(whole) || !plain(part) || part.len() > places {
        return None;
    }
    let value: i64 = format!("{whole}{part:0<places$}").parse().ok()?;
    Some(if negative { -value } else { value })
}

fn render_decimal(value: i64, places: usize, keep: usize) -> String {
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    let mut part = part.to_string();
    while part.len() > keep && part.ends_with('0') {
        part.pop();
    }
    let sign = if value < 0 { "-" } else { "" };
    let dot = if part.is_empty() { "" } else { "." };
    format!("{sign}{whole}{dot}{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_half_up_to_the_fen() {
        // 4.52 yuan at 5 % is 0.226: 0.23 (benefits.md 2.1, example A1).
        assert_eq!(Fen(452).at(Rate(500)), Fen(23));
        assert_eq!(Fen(1).at(Rate(5_000)), Fen(1));
        assert_eq!(Fen(1).at(Rate(4_999)), Fen(0));
        assert_eq!(Fen(-1).at(Rate(5_000)), Fen(-1));
        assert_eq!(CLAIM_FEN_MAX.at(Rate::ONE), CLAIM_FEN_MAX);
    }

    #[test]
    fn multiplies_price_and_quantity_exactly() {
        let price = UnitPrice::parse_yuan("0.123456").unwrap();
        assert_eq!(
            price.times(Quantity::parse("1000").unwrap()),
            Some(Fen(12_346))
        );
        assert_eq!(
            UnitPrice::fen(199).times(Quantity::whole(3)),
            Some(Fen(597))
        );
        assert_eq!(UnitPrice(i64::MAX).times(Quantity(i64::MAX)), None);
        assert_eq!(UnitPrice(i64::MIN).times(Quantity(i64::MAX)), None);
    }

    #[test]
    fn reads_only_plain_decimals() {
        for (text, fen) in [("0", 0), ("12.5", 1250), ("-0.05", -5), ("100.00", 10_000)] {
            assert_eq!(Fen::parse_yuan(text), Some(Fen(fen)), "{text}");
        }
        for bad in [
            "",
            "-",
            ".5",
            "1.",
            "1.234",
            "1e3",
            "+1",
            "１",
            "99999999999999999999",
        ] {
            assert_eq!(Fen::parse_yuan(bad), None, "{bad}");
        }
    }

    #[test]
    fn prints_for_people() {
        assert_eq!(Fen(123_456_789).to_string(), "1,234,567.89");
        assert_eq!(Fen(-5).to_string(), "-0.05");
        assert_eq!(Rate(7_500).to_string(), "75%");
        assert_eq!(Rate(7_529).to_string(), "75.29%");
        assert_eq!(Rate(750).to_string(), "7.5%");
        assert_eq!(UnitPrice(12_500_000).to_string(), "12.50");
        assert_eq!(Quantity(15_000).to_string(), "1.5");
        assert_eq!(Quantity::whole(3).to_string(), "3");
    }

    #[test]
    fn the_short_way_and_the_wide_way_round_alike() {
        let wide =
            |amount: i64, rate: i32| divide_half_up(i128::from(amount) * i128::from(rate), 10_000);
        for amount in [
            0,
            1,
            4_999,
            5_000,
            12_345_678,
            CLAIM_FEN_MAX.0,
            i64::MAX / 10_000,
        ] {
            for rate in [0, 1, 3_333, 4_999, 5_000, 9_999, 10_000, 11_500] {
                for amount in [amount, amount + 1, -amount, -amount - 1] {
                    assert_eq!(
                        Fen(amount).at(Rate(rate)).0,
                        wide(amount, rate),
                        "{amount} {rate}"
                    );
                }
            }
        }
        let price = |micro: i64, quantity: i64| UnitPrice(micro).times(Quantity(quantity));
        assert_eq!(price(500_000, 100), Some(Fen(1)));
        assert_eq!(price(499_999, 100), Some(Fen(0)));
        assert_eq!(price(i64::MAX, i64::MAX), None);
        assert_eq!(price(100_000_000_000_000_000, 10_000), Some(CLAIM_FEN_MAX));
        assert_eq!(price(100_000_000_000_010_000, 10_000), None);
    }

    #[test]
    fn proportions_stay_within() {
        assert_eq!(Fen(500).proportion(Fen(1), Fen(3)), Fen(167));
        assert_eq!(Fen(500).proportion(Fen(3), Fen(3)), Fen(500));
        assert_eq!(Fen(500).proportion(Fen(0), Fen(0)), Fen(0));
        let most = CLAIM_FEN_MAX;
        assert_eq!(most.proportion(Fen(most.0 - 1), most), Fen(most.0 - 1));
    }
}
