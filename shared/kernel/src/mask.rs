//! 脱敏: what a list or a report shows of personal data. By characters, never by bytes; and where a
//! text is shorter or other than its rule expects, nothing of it is shown: a mask that shows the
//! whole of a short name is none.
//!
//! The rules are those of common practice (GB/T 37964; no national table of the insurance is known).

/// What stands for a character that is not shown.
const STAR: char = '*';

/// 转述: what others wrote, as an error may repeat it: so many characters of it, and none that a terminal
/// or a log obeys but the end of a line.
pub fn told(text: &str, characters: usize) -> String {
    let obeyed = |c: &char| c.is_control() && *c != '\n';
    let plain = |c| {
        if obeyed(&c) {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    let mut told: String = text.chars().take(characters).map(plain).collect();
    if text.chars().nth(characters).is_some() {
        told.push('…');
    }
    told
}

/// 姓名 (psn_name): the first character and an asterisk for each further one: 张三 is 张*, 欧阳修 is
/// 欧**. The dot in 阿依古丽·买买提 and the space in a Latin name are characters like others, so that
/// nobody sees how long the parts are. Of a name of one character nothing is shown.
pub fn name(name: &str) -> String {
    let name = name.trim();
    kept(name, 1, 0, 2)
}

/// 证件号码 (certno) of a kind (psn_cert_type). 01 居民身份证(户口簿), 17 港澳台居民居住证 and 07 外国人永久
/// 居留身份证 have the form of GB 11643: the area's six digits and the last four are shown, of the old
/// fifteen the last three, never the day of birth. All other kinds (02 军官证, 03 武警警官证, 04 and 05
/// 港澳居民来往内地通行证, 06 台湾居民来往大陆通行证, 08 and 16 护照, 09 残疾人证, 90 社会保障卡, 99 其他 …) and
/// every number that is not of its kind's form: the first character and the last two, if eight or
/// more are there.
pub fn document(kind: &str, number: &str) -> String {
    let number = number.trim();
    let length = number.chars().count();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match (kind, length) {
        ("01" | "07" | "17", 18) if number.split_at_checked(17).is_some_and(|(n, _)| digits(n)) => {
            kept(number, 6, 4, 18)
        }
        ("01", 15) if digits(number) => kept(number, 6, 3, 15),
        _ => kept(number, 1, 2, 8),
    }
}

/// 居民身份证号码 (certno) where the day of birth stands beside it: with that, the area's digits and the
/// last four would be the whole. The first and the last of 18 characters.
pub fn resident(number: &str) -> String {
    kept(number.trim(), 1, 1, 18)
}

/// 手机号码 (tel): the first three and the last four of eleven digits.
pub fn phone(number: &str) -> String {
    let number = number.trim();
    let mobile = number.len() == 11 && number.bytes().all(|byte| byte.is_ascii_digit());
    kept(number, 3, 4, if mobile { 11 } else { usize::MAX })
}

/// 银行账号, 社保卡号 (mdtrt_cert_no): the last four of eight or more.
pub fn card(number: &str) -> String {
    kept(number.trim(), 0, 4, 8)
}

/// 人员编号 (psn_no): the first four of eight or more, and four asterisks, whatever the length.
pub fn person_number(number: &str) -> String {
    let first: String = match number.chars().count() {
        0..8 => String::new(),
        _ => number.chars().take(4).collect(),
    };
    first + "****"
}

/// 诊断代码 (diag_code) to its ICD-10 category: J18.900 is J18; of anything else nothing.
pub fn diagnosis(code: &str) -> String {
    let category: String = code.chars().take(3).collect();
    let form = match category.as_bytes() {
        [letter, first, second] => {
            letter.is_ascii_uppercase() && first.is_ascii_digit() && second.is_ascii_digit()
        }
        _ => false,
    };
    let ends = code
        .chars()
        .nth(3)
        .is_none_or(|next| !next.is_alphanumeric());
    match form && ends {
        true => category,
        false => "***".into(),
    }
}

/// 住址 (addr) to its district: 浙江省湖州市安吉县****. Where the district cannot be told from a street
/// or a house (小区, 社区), it ends before; and where nothing is told, nothing is shown.
pub fn address(address: &str) -> String {
    const LEVELS: [&[&str]; 3] = [
        &["省", "自治区", "特别行政区", "市"],
        &["市", "自治州", "盟", "地区"],
        &["区", "县", "旗", "市"],
    ];
    let mut rest = address.trim();
    let mut shown = String::new();
    for ends in LEVELS {
        if let Some((division, after)) = division(rest, ends) {
            shown.push_str(division);
            rest = after;
        }
    }
    shown + "****"
}

/// The administrative division a text begins with: 2 to 12 Chinese characters ending so.
fn division<'a>(text: &'a str, ends: &[&str]) -> Option<(&'a str, &'a str)> {
    /// Ends like a district and is where somebody lives.
    const HOMES: [&str; 11] = [
        "小区", "社区", "园区", "校区", "厂区", "院区", "街区", "景区", "城区", "新区", "片区",
    ];
    let places = text.char_indices().skip(1).take(11);
    for (at, last) in places {
        let (division, after) = text.split_at_checked(at + last.len_utf8())?;
        if !division
            .chars()
            .all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
        {
            return None;
        }
        // A street before the ending: what ends so is a house's name, not a city's.
        if division.chars().skip(1).any(|c| "路街巷弄".contains(c)) {
            return None;
        }
        if !ends_division(division) {
            continue;
        }
        let named = ends.iter().any(|end| division.ends_with(end));
        // 内蒙古自治区 ends like a district, and is none.
        let other = division.ends_with("自治区") && !ends.contains(&"自治区");
        let home = HOMES.iter().any(|home| division.ends_with(home));
        return (named && !other && !home).then_some((division, after));
    }
    None
}

/// Where the name of some division ends: what follows belongs to the next.
fn ends_division(text: &str) -> bool {
    let ends = ["省", "市", "区", "自治州", "盟", "县", "旗"];
    ends.iter().any(|end| text.ends_with(end))
}

/// The first and the last characters of a text that has at least so many; asterisks otherwise.
fn kept(text: &str, first: usize, last: usize, least: usize) -> String {
    let length = text.chars().count();
    let (first, last) = match length >= least {
        true => (first, last),
        false => (0, 0),
    };
    let shown = |at: usize| at < first || at >= length.saturating_sub(last);
    let each = text.chars().enumerate();
    each.map(|(at, character)| if shown(at) { character } else { STAR })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_told_back_is_short_and_obeyed_by_nobody() {
        assert_eq!(told("张三\n", 5), "张三\n");
        assert_eq!(told("张三丰", 2), "张三…");
        assert_eq!(told("\u{1b}[2J", 10), "\u{fffd}[2J");
    }

    #[test]
    fn names_show_their_first_character() {
        let table = [
            ("张三", "张*"),
            ("张三丰", "张**"),
            ("欧阳修", "欧**"),
            ("司马相如", "司***"),
            ("阿依古丽·买买提", "阿*******"),
            ("次仁 卓玛", "次****"),
            ("John Smith", "J*********"),
            ("Ælfgifu", "Æ******"),
            ("𠮷野家", "𠮷**"),
            ("张", "*"),
            ("", ""),
        ];
        for (text, masked) in table {
            assert_eq!(name(text), masked, "{text}");
        }
    }

    #[test]
    fn every_kind_of_document_has_a_mask() {
        let table = [
            ("01", "99999919800101001X", "999999********001X"),
            ("01", "999999800101001", "999999******001"),
            ("01", "123456789", "1******89"),
            ("01", "99999919800101", "9***********01"),
            (
                "01",
                "身份证号码身份证号码身份证号码身份证",
                "身***************份证",
            ),
            ("02", "军字第1234567号", "军********7号"),
            ("03", "武字第1234567号", "武********7号"),
            ("04", "H12345678", "H******78"),
            ("05", "M1234567801", "M********01"),
            ("06", "12345678", "1*****78"),
            ("07", "ABC999912345678", "A************78"),
            ("07", "999999198001010018", "999999********0018"),
            ("08", "G12345678", "G******78"),
            ("16", "E12345678", "E******78"),
            ("17", "999999198001010018", "999999********0018"),
            ("90", "A1234567", "A*****67"),
            ("99", "1234567", "*******"),
            ("", "", ""),
        ];
        for (kind, number, masked) in table {
            assert_eq!(document(kind, number), masked, "{kind} {number}");
        }
    }

    #[test]
    fn the_rest_shows_what_its_rule_allows() {
        assert_eq!(resident("99999919800101001X"), "9****************X");
        assert_eq!(resident("9999"), "****");
        assert_eq!(phone("13912345678"), "139****5678");
        assert_eq!(phone("0571-8765432"), "************");
        assert_eq!(phone("+8613912345678"), "**************");
        assert_eq!(card("6222020000001234"), "************1234");
        assert_eq!(card("123456"), "******");
        assert_eq!(person_number("0190d6b2-5f5e"), "0190****");
        assert_eq!(person_number("12"), "****");
        assert_eq!(diagnosis("J18.900"), "J18");
        assert_eq!(diagnosis("M03900"), "***");
        assert_eq!(diagnosis("B20"), "B20");
        for odd in ["", "J1", "肺炎", "j18.9"] {
            assert_eq!(diagnosis(odd), "***", "{odd}");
        }
    }

    #[test]
    fn addresses_end_at_the_district() {
        let table = [
            ("浙江省湖州市安吉县递铺街道1号", "浙江省湖州市安吉县****"),
            (
                "内蒙古自治区锡林郭勒盟二连浩特市新华大街2号",
                "内蒙古自治区锡林郭勒盟二连浩特市****",
            ),
            ("北京市朝阳区建国路1号", "北京市朝阳区****"),
            ("浙江省金华市义乌市稠城街道", "浙江省金华市义乌市****"),
            ("浙江省杭州市幸福小区5幢", "浙江省杭州市****"),
            ("幸福小区5幢", "****"),
            ("北京市朝阳区建国路城市花园1号", "北京市朝阳区****"),
            ("建国路城市花园1号", "****"),
            ("1 Main Street", "****"),
            ("", "****"),
        ];
        for (text, masked) in table {
            assert_eq!(address(text), masked, "{text}");
        }
    }

    /// How many characters of a text a mask leaves standing.
    fn shown(masked: &str) -> usize {
        masked
            .chars()
            .filter(|character| *character != STAR)
            .count()
    }

    proptest! {
        #[test]
        fn no_mask_shows_more_than_its_rule(text in "[^*]{0,40}", kind in "(0[1-9]|1[0-7]|90|99|x)") {
            let length = text.trim().chars().count();
            let name = name(&text);
            prop_assert!(shown(&name) <= 1 && (length == 0 || name.contains(STAR)));
            let number = document(&kind, &text);
            prop_assert!(shown(&number) <= 3 || shown(&number) <= 10 && matches!(length, 15 | 18));
            prop_assert!(length == 0 || number.contains(STAR));
            prop_assert!(shown(&resident(&text)) <= 2);
            let of_phone = if length == 11 { 7 } else { 0 };
            prop_assert!(shown(&phone(&text)) <= of_phone);
            let of_card = if length < 8 { 0 } else { 4 };
            prop_assert!(shown(&card(&text)) <= of_card);
            prop_assert!(shown(&person_number(&text)) <= 4);
            prop_assert!(shown(&diagnosis(&text)) <= 3);
            prop_assert!(!text.chars().any(|c| c.is_ascii_digit()) || !address(&text).chars().any(|c| c.is_ascii_digit()));
        }

        #[test]
        fn a_number_never_shows_a_day_of_birth(area in "[0-9]{6}", born in "(19|20)[0-9]{6}", rest in "[0-9]{3}[0-9X]") {
            let masked = document("01", &format!("{area}{born}{rest}"));
            prop_assert_eq!(masked, format!("{area}********{rest}"));
        }
    }
}
