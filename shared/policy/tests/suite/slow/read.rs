//! Words of a package read as numbers: TOML values in, whole numbers out. Money is in fen, a rate
//! in ten-thousandths, both wide enough that nothing here can overflow. What is not of the form
//! the format document gives stops the test.

/// A table of the package, or of a claim.
pub type Row = toml::Table;

/// One ten-thousandth is the unit of every rate.
pub const ONE: i128 = 10_000;

/// `numerator / denominator`, half-up to a whole number.
pub fn half_up(numerator: i128, denominator: i128) -> i128 {
    (2 * numerator + denominator).div_euclid(2 * denominator)
}

/// `amount × rate`, half-up.
pub fn at(amount: i128, rate: i128) -> i128 {
    half_up(amount * rate, ONE)
}

/// `amount` in portions like the weights: each running total rounded half-up, so that the last
/// portion takes the remainder.
pub fn portions(amount: i128, weights: &[i128]) -> Vec<i128> {
    let all: i128 = weights.iter().sum();
    let (mut weight, mut given) = (0, 0);
    let mut portions = vec![];
    for one in weights {
        weight += one;
        let so_far = if all == 0 {
            0
        } else {
            half_up(amount * weight, all)
        };
        portions.push(so_far - given);
        given = so_far;
    }
    portions
}

/// The tables of an array of tables; none when it is not written.
pub fn rows<'a>(table: &'a Row, key: &str) -> Vec<&'a Row> {
    let Some(value) = table.get(key) else {
        return vec![];
    };
    let array = value.as_array().expect(key);
    array.iter().map(|row| row.as_table().expect(key)).collect()
}

/// A table within a table.
pub fn row<'a>(table: &'a Row, key: &str) -> Option<&'a Row> {
    table.get(key).map(|value| value.as_table().expect(key))
}

/// A text.
pub fn text<'a>(table: &'a Row, key: &str) -> Option<&'a str> {
    table.get(key).map(|value| value.as_str().expect(key))
}

/// A text that must be there.
pub fn name<'a>(table: &'a Row, key: &str) -> &'a str {
    text(table, key).unwrap_or_else(|| panic!("{key} is missing in {table:?}"))
}

/// A list of texts.
pub fn texts<'a>(table: &'a Row, key: &str) -> Option<Vec<&'a str>> {
    let list = table.get(key)?.as_array().expect(key);
    Some(list.iter().map(|text| text.as_str().expect(key)).collect())
}

/// A list of texts, empty when it is not written.
pub fn words(table: &Row, key: &str) -> Vec<String> {
    let list = texts(table, key).unwrap_or_default();
    list.into_iter().map(str::to_string).collect()
}

/// A whole number.
pub fn whole(table: &Row, key: &str) -> Option<i128> {
    let value = table.get(key)?.as_integer().expect(key);
    Some(i128::from(value))
}

/// Yes or no.
pub fn flag(table: &Row, key: &str) -> Option<bool> {
    table.get(key).map(|value| value.as_bool().expect(key))
}

/// An amount of yuan, in fen.
pub fn fen(table: &Row, key: &str) -> Option<i128> {
    text(table, key).map(|text| decimal(text, 2))
}

/// A percentage, in ten-thousandths.
pub fn rate(table: &Row, key: &str) -> Option<i128> {
    text(table, key).map(percent)
}

/// `"75.29%"` is 7529.
pub fn percent(text: &str) -> i128 {
    decimal(text.strip_suffix('%').expect("a percentage"), 2)
}

/// `"-12.5"` with two places is -1250.
pub fn decimal(text: &str, places: usize) -> i128 {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(part.len() <= places, "{text}: too many decimals");
    let value: i128 = format!("{whole}{part:0<places$}").parse().expect(text);
    if negative { -value } else { value }
}

/// Days since the first day of the year 0 of a `"2020-02-29"`, counted month by month.
pub fn day_number(day: &str) -> i128 {
    let (year, month, date) = year_month_date(day);
    let leap = |year: i128| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let mut days = date - 1;
    for past in 0..year {
        days += if leap(past) { 366 } else { 365 };
    }
    let february = if leap(year) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days + lengths[..month as usize - 1].iter().sum::<i128>()
}

/// The three numbers of a day.
pub fn year_month_date(day: &str) -> (i128, i128, i128) {
    let numbers: Vec<i128> = day
        .split('-')
        .map(|part| part.parse().expect(day))
        .collect();
    (numbers[0], numbers[1], numbers[2])
}
