//! 政策包一览: what both services have, side by side, and where they differ.

use super::{Keeper, next_step};
use crate::cli::Trouble;
use crate::story::sheet::{Sheet, Side};
use kernel::Instant;
use proto::common::PolicyPackage;
use proto::common::policy_package::State;
use std::collections::BTreeMap;
use std::io::Write;

/// Characters of a digest in a table; its beginning tells packages apart.
const DIGEST_SHOWN: usize = 12;

/// One package, as each of the two services has it.
type Both = [Option<PolicyPackage>; 2];

/// Prints the packages of both services, each with where it stands in either.
pub(super) async fn show(keepers: &[Keeper; 2], out: &mut dyn Write) -> Result<(), Trouble> {
    let [enrollment, settlement] = keepers;
    // By scheme, first day and digest.
    let mut both: BTreeMap<(String, String, String), Both> = BTreeMap::new();
    for (place, packages) in [enrollment.packages().await?, settlement.packages().await?]
        .into_iter()
        .enumerate()
    {
        for package in packages {
            let (scheme, day) = (package.scheme.clone(), package.first_day.clone());
            let key = (scheme, day, package.package_digest.clone());
            let entry = both.entry(key).or_default();
            if let Some(slot) = entry.get_mut(place) {
                *slot = Some(package);
            }
        }
    }
    print(both.values(), out)
}

fn print<'a>(all: impl Iterator<Item = &'a Both>, out: &mut dyn Write) -> Result<(), Trouble> {
    let headings = [
        "险种",
        "施行首日",
        "参保",
        "结算",
        "生效时刻",
        "提交人",
        "启用人",
        "摘要",
    ];
    let headings = headings.map(|heading| (heading, Side::Left));
    let (mut rows, mut waiting, mut apart) = (Vec::new(), Vec::new(), false);
    for both in all {
        let [enrollment, settlement] = both;
        apart |= state(enrollment) != state(settlement) || since(enrollment) != since(settlement);
        if let Some(package) = settlement.as_ref().or(enrollment.as_ref()) {
            rows.push(row(package, state(enrollment), state(settlement)));
        }
        let proposed = |one: &&PolicyPackage| one.state() == State::Proposed;
        waiting.extend(both.iter().flatten().find(proposed));
    }
    let mut sheet = Sheet::new(out);
    sheet.table(&headings, &rows)?;
    if apart {
        sheet.line("注意：有政策包在参保、结算两个服务中的状态或生效时刻不同；请核对，必要时重复执行提交或启用。")?;
    }
    for package in waiting {
        writeln!(out, "{}", next_step(&package.package_digest))?;
    }
    Ok(())
}

fn row(package: &PolicyPackage, enrollment: &str, settlement: &str) -> Vec<String> {
    let or_dash = |text: &str| match text {
        "" => "—".to_string(),
        text => text.to_string(),
    };
    let since = match package.builtin {
        true => "系统内置".to_string(),
        false => or_dash(&local(package.activates_time.as_ref())),
    };
    vec![
        package.scheme.clone(),
        package.first_day.clone(),
        enrollment.to_string(),
        settlement.to_string(),
        since,
        or_dash(&package.proposed_by),
        or_dash(&package.activated_by),
        package.package_digest.chars().take(DIGEST_SHOWN).collect(),
    ]
}

fn state(package: &Option<PolicyPackage>) -> &'static str {
    match package.as_ref().map(|package| package.state()) {
        None => "无",
        Some(State::Unspecified) => "未知",
        Some(State::Proposed) => "待启用",
        Some(State::Scheduled) => "待生效",
        Some(State::InForce) => "生效",
        Some(State::Superseded) => "已替代",
    }
}

fn since(package: &Option<PolicyPackage>) -> String {
    local(package.as_ref().and_then(|one| one.activates_time.as_ref()))
}

fn local(time: Option<&prost_types::Timestamp>) -> String {
    let micros = |time: &prost_types::Timestamp| time.seconds.saturating_mul(1_000_000);
    time.map(|time| Instant::from_micros(micros(time)).in_shanghai())
        .unwrap_or_default()
}
