//! 表格文件: the same tables as CSV, amounts in fen, for whoever goes on with them elsewhere. No file names
//! a person; settlements are named where they were asked for.

use super::show::{TABLES, Told, bands};
use super::sums::{By, SAME_BAND, SHARE_STEPS, YUAN_STEPS};
use super::{SimulateError, unusable};
use csv::Writer;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

/// Writes one file for each table into a folder.
pub fn write(told: &Told<'_>, folder: &Path) -> Result<(), SimulateError> {
    fs::create_dir_all(folder).map_err(|source| unusable(folder, source))?;
    let sums = told.sums;
    let mut months = vec![row([
        "payer",
        "month",
        "paid_fen",
        "simulated_fen",
        "difference_fen",
    ])];
    for payer in told.payers() {
        for (month, pair) in told.of_payer(&payer) {
            let mut line = vec![payer.clone(), told.month(month)];
            line.extend(numbers([
                pair.paid,
                pair.simulated,
                pair.simulated - pair.paid,
            ]));
            months.push(line);
        }
    }
    save(&folder.join("payers.csv"), &months)?;
    for (by, _) in TABLES {
        let mut lines = vec![row([
            "row",
            "settlements",
            "funds_paid_fen",
            "funds_simulated_fen",
            "own_paid_fen",
            "own_simulated_fen",
        ])];
        for (name, pair) in told.table(by) {
            let mut line = vec![name.to_string(), pair.claims.to_string()];
            line.extend(numbers([
                pair.paid,
                pair.simulated,
                pair.own_paid,
                pair.own_simulated,
            ]));
            lines.push(line);
        }
        let name = match by {
            By::Care => "care.csv",
            By::Identity => "identities.csv",
            By::Tier | By::Payer => "tiers.csv",
        };
        save(&folder.join(name), &lines)?;
    }
    let mut people = vec![row(["by", "direction", "band", "people"])];
    people.extend(band_rows("yuan", &sums.by_yuan, &bands(YUAN_STEPS, "元")));
    people.extend(band_rows("share", &sums.by_share, &bands(SHARE_STEPS, "%")));
    save(&folder.join("people.csv"), &people)?;
    let mut hardest = vec![row([
        "more_fen",
        "before_fen",
        "after_fen",
        "settlements",
        "settlement_id",
    ])];
    for hit in &sums.hardest {
        let Reverse(more) = hit.more;
        let mut line = numbers([more.into(), hit.before.into(), hit.after.into()]);
        line.push(hit.claims.to_string());
        let id = told.asked.cases.then(|| hit.settlement.to_string());
        line.push(id.unwrap_or_default());
        hardest.push(line);
    }
    save(&folder.join("hardest.csv"), &hardest)?;
    let mut cliffs = vec![row([
        "line",
        "cost_fen",
        "lost_fen",
        "before_people",
        "behind_people",
        "text",
    ])];
    for (number, cliff) in (0..).zip(told.cliffs) {
        let near = sums.near.get(&number).copied().unwrap_or_default();
        cliffs.push(vec![
            cliff.line.to_string(),
            cliff.cost.0.to_string(),
            cliff.lost.0.to_string(),
            near.before.to_string(),
            near.behind.to_string(),
            cliff.text.clone(),
        ]);
    }
    save(&folder.join("cliffs.csv"), &cliffs)
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(String::from).to_vec()
}

fn numbers<const N: usize>(cells: [i128; N]) -> Vec<String> {
    cells.map(|number| number.to_string()).to_vec()
}

/// Everybody stands in one row of each kind of band.
fn band_rows(by: &str, counts: &BTreeMap<i8, u64>, names: &[String]) -> Vec<Vec<String>> {
    let line = |direction: &str, name: &str, band: i8| {
        let count = counts.get(&band).copied().unwrap_or(0);
        vec![by.into(), direction.into(), name.into(), count.to_string()]
    };
    let bands = || (1_i8..).zip(names);
    let same = std::iter::once(line("same", "0", SAME_BAND));
    same.chain(bands().map(|(band, name)| line("less", name, -band)))
        .chain(bands().map(|(band, name)| line("more", name, band)))
        .collect()
}

fn save(file: &Path, rows: &[Vec<String>]) -> Result<(), SimulateError> {
    let failed = |source: std::io::Error| unusable(file, source);
    let mut writer = Writer::from_writer(File::create(file).map_err(failed)?);
    for row in rows {
        writer.write_record(row).map_err(|no| failed(no.into()))?;
    }
    writer.flush().map_err(failed)
}
