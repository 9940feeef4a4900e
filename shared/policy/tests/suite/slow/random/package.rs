//! A random package without its layers' insides.

use super::super::read::{Row, name, text};
use super::layer::{Kind, Place, layer};
use super::when::{self, IDENTITIES};
use super::{Dice, Names, put, put_rows, put_source};

/// A package, as the tables of its file.
pub fn package(dice: &mut Dice) -> Row {
    let mut package = Row::new();
    put(&mut package, "title", "随机政策");
    put(&mut package, "area", "999999");
    put(&mut package, "scheme", dice.pick(&["390", "310"]));
    put(&mut package, "from", "2020-01-01");
    put(&mut package, "document", "随机文件");
    if dice.chance(50) {
        put(&mut package, "until", "2021-12-31");
    }
    if dice.chance(50) {
        put(&mut package, "count_unfinished_stay", dice.chance(50));
    }
    let mut names = Names::default();
    put_named(dice, &mut package, &mut names);
    put_bill(dice, &mut package, &names);
    if dice.chance(20) {
        names.alternatives = dice.some(&["employee".to_string(), "former".to_string()], 2);
    }
    put_layers(dice, &mut package, &names);
    put_alternatives(dice, &mut package, &names);
    package
}

fn put_named(dice: &mut Dice, package: &mut Row, names: &mut Names) {
    let mut assumptions = vec![];
    for name in ["basic_rates", "order"]
        .into_iter()
        .take(dice.between(0, 2) as usize)
    {
        let mut row = Row::new();
        put(&mut row, "name", name);
        put(&mut row, "text", "公开文件没有写明");
        assumptions.push(row);
        names.assumptions.push(name.to_string());
    }
    let mut groups = vec![];
    for name in ["special", "poor", "aged"]
        .into_iter()
        .take(dice.between(0, 3) as usize)
    {
        let mut row = Row::new();
        put(&mut row, "name", name);
        put(&mut row, "title", "人群");
        put(&mut row, "identities", dice.some(&IDENTITIES, 3));
        put_source(dice, names, &mut row);
        groups.push(row);
        names.groups.push(name.to_string());
    }
    let mut figures = vec![];
    for name in ["wage", "income"]
        .into_iter()
        .take(dice.between(0, 2) as usize)
    {
        let mut row = Row::new();
        put(&mut row, "name", name);
        put(&mut row, "title", "统计数字");
        put(&mut row, "yuan", dice.yuan(1_000, 40_000));
        put_source(dice, names, &mut row);
        figures.push(row);
        names.figures.push(name.to_string());
    }
    put_rows(package, "assumption", assumptions);
    put_rows(package, "group", groups);
    put_rows(package, "figure", figures);

    let lines = put_lines(dice, names);
    names.lines = lines
        .iter()
        .map(|row| name(row, "name").to_string())
        .collect();
    names.lines.push("others".to_string());
    put_rows(package, "lines", lines);
}

fn put_lines(dice: &mut Dice, names: &Names) -> Vec<Row> {
    let marks = dice.some(&["ethnic", "targeted", "negotiated", "special"], 4);
    let mut lines = vec![];
    if dice.chance(40) {
        return lines;
    }
    for (group, mark) in ["tcm", "targeted", "negotiated"].into_iter().zip(marks) {
        let mut row = Row::new();
        put(&mut row, "name", group);
        put(&mut row, "title", "明细组");
        let by = dice.between(1, 10);
        if by <= 8 {
            put(&mut row, "marks", vec![mark]);
        }
        if by >= 8 {
            let items = [["XL01", "A00"], ["XB", "A1"], ["ZA", "A2"]];
            put(&mut row, "items", items[lines.len()].to_vec());
        }
        if dice.chance(20) {
            put(&mut row, "classes", vec![dice.pick(&["01", "02"])]);
        }
        put_source(dice, names, &mut row);
        lines.push(row);
        if dice.chance(35) {
            break;
        }
    }
    lines
}

fn put_bill(dice: &mut Dice, package: &mut Row, names: &Names) {
    if dice.chance(35) {
        let rows = when::rows(dice, names, &[], 2, |dice| {
            let mut row = Row::new();
            put(&mut row, "rate", dice.percent(0, 60));
            put_source(dice, names, &mut row);
            row
        });
        let open = rows.len() - 1;
        let mut rows = rows;
        for (place, row) in rows.iter_mut().enumerate() {
            // The open last row may speak of some lines only; the others keep the catalogue's.
            if place == open || dice.chance(50) {
                put(row, "lines", dice.some(&names.lines, 2));
            }
        }
        put_rows(package, "first_pay", rows);
    }
    if dice.chance(35) {
        let rows = when::rows(dice, names, &[], 3, |dice| {
            let mut row = Row::new();
            put(&mut row, "first_pay", dice.percent(0, 40));
            put_source(dice, names, &mut row);
            row
        });
        put_rows(package, "referral", rows);
    }
}

fn put_layers(dice: &mut Dice, package: &mut Row, names: &Names) {
    let rules = [
        "basic",
        "outpatient",
        "large",
        "critical",
        "aid",
        "tilt",
        "relief",
    ];
    let mut wanted: Vec<(&str, Kind)> = vec![];
    if dice.chance(15) {
        wanted.push(("account_first", Kind::Account));
    }
    let difference = |wanted: &[(&str, Kind)]| !names.alternatives.is_empty() && !wanted.is_empty();
    for rule in &rules[..dice.between(1, 7) as usize] {
        let kind = match dice.between(1, 20) {
            1 => Kind::Hospital,
            2 if difference(&wanted) => Kind::Difference,
            _ => Kind::Fund,
        };
        wanted.push((rule, kind));
    }
    if difference(&wanted) {
        wanted.push(("veterans", Kind::Difference));
    }
    if dice.chance(20) {
        wanted.push(("account_last", Kind::Account));
    }
    let mut layers: Vec<Row> = vec![];
    for (rule, kind) in wanted {
        let before = &rules_of(&layers);
        let bucket = "purse";
        let place = Place {
            rule,
            kind,
            before,
            bucket,
        };
        layers.push(layer(dice, names, place));
    }
    put_either(dice, &mut layers);
    put_rows(package, "layer", layers);
}

fn put_alternatives(dice: &mut Dice, package: &mut Row, names: &Names) {
    let mut alternatives = vec![];
    for name in &names.alternatives {
        let mut row = Row::new();
        put(&mut row, "name", name.as_str());
        put(&mut row, "title", "另一套待遇");
        put_source(dice, names, &mut row);
        let mut layers: Vec<Row> = vec![];
        for part in ["basic", "large", "more"] {
            let rule = &format!("{name}_{part}");
            let bucket = &format!("{name}_purse");
            let before = &rules_of(&layers);
            let kind = Kind::Fund;
            let place = Place {
                rule,
                kind,
                before,
                bucket,
            };
            layers.push(layer(dice, names, place));
            if dice.chance(50) {
                break;
            }
        }
        put_either(dice, &mut layers);
        put_rows(&mut row, "layer", layers);
        alternatives.push(row);
    }
    put_rows(package, "alternative", alternatives);
}

fn rules_of(layers: &[Row]) -> Vec<String> {
    layers
        .iter()
        .map(|layer| name(layer, "rule").to_string())
        .collect()
}

/// Makes a few neighbours exclude one another, unless they speak of one another.
fn put_either(dice: &mut Dice, layers: &mut [Row]) {
    if layers.len() < 2 || !dice.chance(25) {
        return;
    }
    let first = dice.between(0, layers.len() as i64 - 2) as usize;
    let last = (first + dice.between(1, 2) as usize).min(layers.len() - 1);
    let together = &mut layers[first..=last];
    let rules = rules_of(together);
    let payer = text(&together[0], "payer").map(str::to_string);
    for layer in together.iter() {
        let written = layer.to_string();
        let own = name(layer, "rule");
        let mut others = rules.iter().filter(|rule| *rule != own);
        if others.any(|rule| written.contains(&format!("\"{rule}\"")))
            || text(layer, "payer").map(str::to_string) != payer
        {
            return;
        }
    }
    for layer in together {
        put(layer, "either", "one_of");
    }
}
