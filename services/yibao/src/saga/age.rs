//! How long ago, as an operator writes and reads it.

/// The units, longest first: seconds, the letter it is written with, the word it is read with.
const UNITS: [(i64, char, &str); 4] = [
    (86_400, 'd', "天"),
    (3_600, 'h', "时"),
    (60, 'm', "分"),
    (1, 's', "秒"),
];

/// Seconds of `90s`, `15m`, `2h` or `3d`.
pub(super) fn parse(text: &str) -> Result<i64, String> {
    let read = || {
        let unit = text.chars().last()?;
        let (seconds, ..) = UNITS.iter().find(|(_, letter, _)| *letter == unit)?;
        let number = text.strip_suffix(unit)?.parse::<u32>().ok()?;
        i64::from(number).checked_mul(*seconds)
    };
    read().ok_or_else(|| "write a number and a unit: 90s, 15m, 2h, 3d".to_string())
}

/// `3分20秒`: the two longest units of it.
pub(super) fn told(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let first = UNITS.iter().position(|(unit, ..)| seconds >= *unit);
    let Some(first) = first else {
        return "0秒".to_string();
    };
    let mut told = String::new();
    let mut left = seconds;
    for (unit, _, word) in UNITS.iter().skip(first).take(2) {
        if left >= *unit {
            told.push_str(&format!("{}{word}", left / unit));
            left %= unit;
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_written_and_read() {
        for (written, seconds, read) in [
            ("0s", 0, "0秒"),
            ("20s", 20, "20秒"),
            ("200s", 200, "3分20秒"),
            ("2m", 120, "2分"),
            ("125m", 7_500, "2时5分"),
            ("26h", 93_600, "1天2时"),
            ("3d", 259_200, "3天"),
        ] {
            assert_eq!(parse(written), Ok(seconds), "{written}");
            assert_eq!(told(seconds), read);
        }
        for bad in ["", "s", "3", "-1m", "1.5h", "3年", "99999999999d"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert_eq!(told(-5), "0秒");
    }
}
