//! 规则库: dated rules as files, read and checked before the service answers anything. A file is
//! never changed once a decision names its digest; new rules are a new file with a later day.

use crate::domain::{Effect, Finds, Limit, Rule, Rules};
use kernel::{Day, Digest, ItemCode, Sex};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

/// The rules that come with the suite.
const BUILTIN: &[(&str, &str)] = &[
    ("2010-01-01.toml", include_str!("../rules/2010-01-01.toml")),
    ("2021-05-01.toml", include_str!("../rules/2021-05-01.toml")),
];
/// Rules in one file at most.
const RULES_MAX: usize = 500;
/// Items under one rule at most.
const ITEMS_MAX: usize = 20_000;
/// The highest age a limit may name.
const YEARS_MAX: u32 = 150;

/// What a hit on the whole claim may do.
const OF_CLAIM: &[Effect] = &[Effect::Note, Effect::DenyClaim];
/// What a hit on a line may do.
const OF_LINE: &[Effect] = &[Effect::Note, Effect::DenyLine];

/// All rules, by their first day.
#[derive(Clone, Debug)]
pub struct RuleBook(BTreeMap<Day, Rules>);

/// Why a text is no rule file, and where: line and column are counted from one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct RulesError {
    /// The file.
    pub file: String,
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

type Checked<T> = Result<T, RulesError>;

impl RuleBook {
    /// The rules that come with the suite.
    pub fn builtin() -> Checked<RuleBook> {
        RuleBook::read(BUILTIN)
    }

    /// The rules in these files, each named by its first day.
    fn read(files: &[(&str, &str)]) -> Checked<RuleBook> {
        let mut book = BTreeMap::new();
        for (file, text) in files {
            let rules = File { file, text }.rules()?;
            book.insert(rules.from, rules);
        }
        Ok(RuleBook(book))
    }

    /// The rules in force on a day.
    pub fn on(&self, day: Day) -> Option<&Rules> {
        self.0.range(..=day).next_back().map(|(_, rules)| rules)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileShape {
    from: Spanned<Day>,
    rule: Vec<Spanned<RuleShape>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleShape {
    code: Spanned<String>,
    name: Spanned<String>,
    finds: FindsShape,
    effect: Spanned<EffectShape>,
    basis: Spanned<String>,
    #[serde(default)]
    items: Vec<Spanned<ItemShape>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FindsShape {
    DuplicateClaim,
    OverlappingStays,
    ItemLimit,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EffectShape {
    Note,
    DenyLine,
    DenyClaim,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemShape {
    item: Spanned<ItemCode>,
    sex: Option<Spanned<Sex>>,
    under_years: Option<Spanned<u32>>,
}

/// A text and its name, to say where something is wrong in it.
struct File<'a> {
    file: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn rules(&self) -> Checked<Rules> {
        let shape: FileShape = toml::from_str(self.text)
            .map_err(|error| self.error(error.span().unwrap_or(0..0), error.message()))?;
        let from = *shape.from.get_ref();
        self.check(
            self.file == format!("{from}.toml"),
            shape.from.span(),
            "expected the day the file is named by",
        )?;
        if let Some(extra) = shape.rule.get(RULES_MAX) {
            return Err(self.error(extra.span(), format!("expected at most {RULES_MAX} rules")));
        }
        let mut rules: Vec<Rule> = Vec::with_capacity(shape.rule.len());
        for rule in &shape.rule {
            let checked = self.rule(rule)?;
            self.check(
                rules.iter().all(|other| other.code != checked.code),
                rule.get_ref().code.span(),
                "expected a code no other rule has",
            )?;
            rules.push(checked);
        }
        Ok(Rules {
            from,
            digest: Digest::of(self.text.as_bytes()),
            rules,
        })
    }

    fn rule(&self, rule: &Spanned<RuleShape>) -> Checked<Rule> {
        let shape = rule.get_ref();
        let code = shape.code.get_ref();
        let coded = matches!(code.as_bytes(), [b'A'..=b'F', b'0'..=b'9', b'0'..=b'9']);
        self.check(
            coded,
            shape.code.span(),
            "expected a letter A to F and two digits",
        )?;
        let text = |text: &Spanned<String>| match text.get_ref().trim() {
            "" => Err(self.error(text.span(), "expected a text")),
            text => Ok(text.to_string()),
        };
        let (finds, effects): (_, &[Effect]) = match shape.finds {
            FindsShape::DuplicateClaim => (Finds::DuplicateClaim, OF_CLAIM),
            FindsShape::OverlappingStays => (Finds::OverlappingStays, OF_CLAIM),
            FindsShape::ItemLimit => (Finds::ItemLimit(self.items(rule)?), OF_LINE),
        };
        let effect = match shape.effect.get_ref() {
            EffectShape::Note => Effect::Note,
            EffectShape::DenyLine => Effect::DenyLine,
            EffectShape::DenyClaim => Effect::DenyClaim,
        };
        self.check(
            effects.contains(&effect),
            shape.effect.span(),
            "expected deny_line for items only, deny_claim for claims only",
        )?;
        let limits = matches!(finds, Finds::ItemLimit(_));
        if let Some(item) = shape.items.first().filter(|_| !limits) {
            return Err(self.error(item.span(), "expected items under item_limit only"));
        }
        Ok(Rule {
            code: code.clone(),
            name: text(&shape.name)?,
            basis: text(&shape.basis)?,
            effect,
            finds,
        })
    }

    fn items(&self, rule: &Spanned<RuleShape>) -> Checked<BTreeMap<ItemCode, Limit>> {
        let shapes = &rule.get_ref().items;
        self.check(
            (1..=ITEMS_MAX).contains(&shapes.len()),
            rule.span(),
            format!("expected 1 to {ITEMS_MAX} items"),
        )?;
        let mut items = BTreeMap::new();
        for shape in shapes {
            let limit = self.limit(shape)?;
            let item = &shape.get_ref().item;
            self.check(
                items.insert(item.get_ref().clone(), limit).is_none(),
                item.span(),
                "expected each item once",
            )?;
        }
        Ok(items)
    }

    fn limit(&self, shape: &Spanned<ItemShape>) -> Checked<Limit> {
        match (&shape.get_ref().sex, &shape.get_ref().under_years) {
            (Some(sex), None) => {
                let known = matches!(sex.get_ref(), Sex::Male | Sex::Female);
                self.check(known, sex.span(), "expected \"1\" or \"2\"")?;
                Ok(Limit::OnlySex(sex.get_ref().clone()))
            }
            (None, Some(years)) => {
                let sound = (1..=YEARS_MAX).contains(years.get_ref());
                self.check(sound, years.span(), format!("expected 1 to {YEARS_MAX}"))?;
                Ok(Limit::UnderYears(*years.get_ref()))
            }
            _ => Err(self.error(shape.span(), "expected either sex or under_years")),
        }
    }

    fn check(&self, holds: bool, span: Range<usize>, message: impl Into<String>) -> Checked<()> {
        match holds {
            true => Ok(()),
            false => Err(self.error(span, message)),
        }
    }

    fn error(&self, span: Range<usize>, message: impl Into<String>) -> RulesError {
        let before = self.text.get(..span.start).unwrap_or("");
        let last = before.rsplit('\n').next().unwrap_or("");
        RulesError {
            file: self.file.to_string(),
            line: before.matches('\n').count() + 1,
            column: last.chars().count() + 1,
            message: message.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "2010-01-01.toml";

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    /// A sound file with one piece of its text replaced.
    fn with(piece: &str, other: &str) -> String {
        let sound = r#"from = "2010-01-01"
[[rule]]
code = "A02"
name = "限性别项目"
finds = "item_limit"
effect = "deny_line"
basis = "目录"
items = [
    { item = "S-1", sex = "2" },
    { item = "S-2", under_years = 14 },
]
[[rule]]
code = "C07"
name = "重叠住院"
finds = "overlapping_stays"
effect = "note"
basis = "协议"
"#;
        assert!(sound.contains(piece), "{piece}");
        sound.replacen(piece, other, 1)
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        #[rustfmt::skip]
        let cases = [
            ("from = \"2010-01-01\"", "from = \"2010-01-02\"", "1:8: expected the day the file"),
            ("from = \"2010-01-01\"", "from = \"2010-1-1\"", "1:8: expected a day"),
            ("code = \"A02\"", "code = \"A2\"", "3:8: expected a letter A to F"),
            ("code = \"A02\"", "cod = \"A02\"", "3:1: unknown field `cod`"),
            ("code = \"C07\"", "code = \"A02\"", "13:8: expected a code no other rule has"),
            ("name = \"限性别项目\"", "name = \" \"", "4:8: expected a text"),
            ("\"item_limit\"", "\"items\"", "5:9: unknown variant `items`"),
            ("\"item_limit\"\neffect = \"deny_line\"", "\"duplicate_claim\"\neffect = \"note\"",
             "9:5: expected items under item_limit only"),
            ("\"overlapping_stays\"", "\"item_limit\"", "12:1: expected 1 to"),
            ("\"deny_line\"", "\"deny_claim\"", "6:10: expected deny_line for items only"),
            ("effect = \"note\"", "effect = \"deny_line\"", "16:10: expected deny_line for"),
            ("basis = \"协议\"", "basis = 协议", "17:9: "),
            ("\"S-1\"", "\"S 1\"", "9:14: expected 1至50个"),
            ("\"S-2\"", "\"S-1\"", "10:14: expected each item once"),
            ("sex = \"2\"", "sex = \"9\"", "9:27: expected \"1\" or \"2\""),
            ("sex = \"2\"", "sex = \"2\", under_years = 3", "9:5: expected either sex or"),
            ("under_years = 14", "under_years = 0", "10:35: expected 1 to 150"),
            ("under_years = 14", "under_years = -1", "10:35: invalid value"),
        ];
        assert!(RuleBook::read(&[(NAME, &with("from", "from"))]).is_ok());
        for (piece, other, expected) in cases {
            let error = RuleBook::read(&[(NAME, &with(piece, other))]).unwrap_err();
            let told = error.to_string();
            assert!(
                told.starts_with(&format!("{NAME}:{expected}")),
                "{other}: {told}"
            );
        }
    }

    #[test]
    fn the_rules_of_a_day_are_the_newest_begun() {
        let book = RuleBook::builtin().unwrap();
        let from = |text| book.on(day(text)).map(|rules| rules.from.to_string());
        assert_eq!(from("2009-12-31"), None);
        for (on, begun) in [
            ("2010-01-01", "2010-01-01"),
            ("2014-06-30", "2010-01-01"),
            ("2017-12-31", "2010-01-01"),
            ("2021-04-30", "2010-01-01"),
            ("2021-05-01", "2021-05-01"),
            ("2999-12-31", "2021-05-01"),
        ] {
            assert_eq!(from(on).as_deref(), Some(begun), "{on}");
        }
    }

    #[test]
    fn a_file_in_use_does_not_change() {
        let book = RuleBook::builtin().unwrap();
        let digests: Vec<_> = book
            .0
            .values()
            .map(|rules| rules.digest.to_string())
            .collect();
        let pinned = [
            "0ede7048be686d1f9cb76542b72efc4e49b35da5ec1a9b07001757a7ff3cefad",
            "de48725bfb1c0d0b7576ad76bec98178854a83989a90a04de763463faf625452",
        ];
        assert_eq!(digests, pinned, "new rules are a new file");
    }
}
