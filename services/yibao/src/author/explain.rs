//! 说明: how a claim is priced, from the bill through the lines and the layers to who pays what.

use super::{Stopped, package, read};
use crate::story::sheet::{Sheet, Side};
use policy::{
    Assumption, Claim, ClaimFacts, Package, Payer, Reason, Settlement, Share, Subject, settle,
};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

/// Lines of a bill that are printed at most.
const LINES_MAX: usize = 200;
/// Names of examples that are offered at most.
const OFFERED_MAX: usize = 20;

pub(super) fn run(file: &Path, named: &str, out: &mut dyn Write) -> Result<ExitCode, Stopped> {
    let package = package(file)?;
    let claim = claim(&package, named)?;
    let settlement = settle(&package, &claim);
    let mut sheet = Sheet::new(out);
    sheet.heading(named)?;
    sheet.hanging("政策  ", package.title())?;
    sheet.hanging("情形  ", &situation(claim.facts()))?;
    if let Some(before) = before(claim.facts()) {
        sheet.hanging("累计  ", &before)?;
    }
    bill(&claim, &settlement, &mut sheet)?;
    layers(&settlement, &mut sheet)?;
    payers(&settlement, &mut sheet)?;
    if !settlement.findings.is_empty() {
        sheet.heading("提示")?;
        for finding in &settlement.findings {
            sheet.hanging("· ", &format!("{}（{}）", finding.text, finding.code))?;
        }
    }
    assumptions(&package, &settlement, &mut sheet)?;
    Ok(ExitCode::SUCCESS)
}

/// The claim in a file, else that of the example of this name.
fn claim(package: &Package, named: &str) -> Result<Claim, Stopped> {
    if let Some(example) = package.example(named) {
        return Ok(example.claim().clone());
    }
    if Path::new(named).is_file() {
        let (name, text) = read(Path::new(named))?;
        let claim = package.case(&name, &text);
        return claim.map_err(|error| Stopped::NotInOrder(error, text));
    }
    let mut near: Vec<&str> = package
        .examples()
        .iter()
        .map(|example| example.name())
        .collect();
    if near.iter().any(|name| name.contains(named)) {
        near.retain(|name| name.contains(named));
    }
    let more = if near.len() > OFFERED_MAX {
        "\n  ……"
    } else {
        ""
    };
    near.truncate(OFFERED_MAX);
    let offered: String = near.iter().map(|name| format!("\n  {name}")).collect();
    Err(Stopped::NotPossible(format!(
        "没有文件，也没有算例叫做“{named}”。政策包里的算例有：{offered}{more}"
    )))
}

/// Who, where and when, in words.
fn situation(facts: &ClaimFacts) -> String {
    let mut words = vec![
        facts.day.to_string(),
        facts.med_type.term().to_string(),
        format!("{}，{}", facts.tier.term(), facts.kind.term()),
        facts.place.term().to_string(),
    ];
    if facts.filing != policy::Filing::None {
        words.push(facts.filing.term().to_string());
    }
    if !facts.contracted {
        words.push("非协议机构".to_string());
    }
    words.extend(facts.age.map(|age| format!("{age} 周岁")));
    words.extend(facts.person.iter().map(|person| person.term().to_string()));
    words.extend(facts.identities.iter().map(|kind| kind.term().to_string()));
    words.extend(
        facts
            .covered_by
            .iter()
            .map(|scheme| format!("另参加{}", scheme.term())),
    );
    words.extend(
        facts
            .diseases
            .iter()
            .map(|disease| format!("病种 {disease}")),
    );
    words.extend(facts.diagnosis.iter().map(|code| format!("诊断 {code}")));
    words.join("，")
}

/// 此前累计, amounts in yuan.
fn before(facts: &ClaimFacts) -> Option<String> {
    let one = |(name, value): (&str, i64)| match name.strip_suffix("_fen") {
        Some(name) => format!("{name} {}", kernel::Fen(value)),
        None => format!("{name} {value}"),
    };
    let before: Vec<String> = facts.accumulators.iter().map(one).collect();
    (!before.is_empty()).then(|| before.join("，"))
}

fn bill(claim: &Claim, settlement: &Settlement, sheet: &mut Sheet<'_>) -> io::Result<()> {
    sheet.heading("一、费用")?;
    let headings = [
        ("行", Side::Right),
        ("目录编码", Side::Left),
        ("等级", Side::Left),
        ("金额", Side::Right),
        ("全自费", Side::Right),
        ("超限价", Side::Right),
        ("先行自付", Side::Right),
        ("政策范围内", Side::Right),
    ];
    let lines = claim.lines().iter().zip(&settlement.lines).take(LINES_MAX);
    let mut rows: Vec<Vec<String>> = lines
        .map(|(line, share)| {
            vec![
                line.number.to_string(),
                line.item.to_string(),
                line.class.term().to_string(),
                share.amount.to_string(),
                share.own_pay.to_string(),
                share.over_limit.to_string(),
                share.first_pay.to_string(),
                share.in_scope.to_string(),
            ]
        })
        .collect();
    let all = [
        settlement.total,
        settlement.own_pay,
        settlement.over_limit,
        settlement.first_pay,
        settlement.in_scope,
    ];
    let words = ["", "合计", ""].map(String::from);
    rows.push(
        words
            .into_iter()
            .chain(all.map(|amount| amount.to_string()))
            .collect(),
    );
    sheet.grid(&headings, &rows)?;
    let left_out = claim.lines().len().saturating_sub(LINES_MAX);
    if left_out > 0 {
        sheet.line(&format!("（另有 {left_out} 行没有列出）"))?;
    }
    let of_bill = |reason: &&Reason| matches!(reason.subject, Subject::Line(_) | Subject::Bill);
    let reasons: Vec<&Reason> = settlement.reasons.iter().filter(of_bill).collect();
    if !reasons.is_empty() {
        sheet.gap()?;
        trace(&reasons, sheet)?;
    }
    Ok(())
}

/// The reasons of the layer of this name.
fn of_layer<'a>(settlement: &'a Settlement, name: &str) -> Vec<&'a Reason> {
    let own = |subject: &Subject| matches!(subject, Subject::Layer(layer) if **layer == *name);
    let reasons = settlement.reasons.iter();
    reasons.filter(|reason| own(&reason.subject)).collect()
}

/// Layer by layer, in the order in which they paid; layers that did nothing in one line.
fn layers(settlement: &Settlement, sheet: &mut Sheet<'_>) -> io::Result<()> {
    sheet.heading("二、各层")?;
    let mut idle: Vec<&str> = Vec::new();
    for share in &settlement.shares {
        let own = |reason: &&Reason| {
            let rest = reason.rule.strip_prefix(&*share.rule);
            rest.is_some_and(|rest| rest.starts_with('.'))
        };
        let reasons: Vec<&Reason> = settlement.reasons.iter().filter(own).collect();
        if reasons.is_empty() {
            idle.push(&share.layer);
            continue;
        }
        sheet.line(&format!(
            "{}（{}，{}）：进入 {} 元，支付 {} 元",
            share.layer,
            share.rule,
            share.fund.term(),
            share.base,
            share.paid
        ))?;
        trace(&reasons, sheet)?;
        sheet.gap()?;
    }
    let paid = |name: &str| settlement.shares.iter().any(|share| *share.layer == *name);
    let mut others: Vec<std::sync::Arc<str>> = Vec::new();
    let other = |reason: &'_ Reason| match &reason.subject {
        Subject::Layer(name) if !paid(name) => Some(name.clone()),
        _ => None,
    };
    for name in settlement.reasons.iter().filter_map(other) {
        if !others.contains(&name) {
            others.push(name);
        }
    }
    for name in others {
        let reasons = of_layer(settlement, &name);
        sheet.line(&format!("{name}：只计算，不支付"))?;
        trace(&reasons, sheet)?;
        sheet.gap()?;
    }
    if !idle.is_empty() {
        sheet.hanging("不适用或没有费用进入：", &idle.join("、"))?;
    }
    Ok(())
}

/// 规则, 依据, 金额, 比例, 结果.
fn trace(reasons: &[&Reason], sheet: &mut Sheet<'_>) -> io::Result<()> {
    let headings = [
        ("规则", Side::Left),
        ("依据", Side::Left),
        ("金额", Side::Right),
        ("比例", Side::Right),
        ("结果", Side::Right),
    ];
    let row = |reason: &&Reason| {
        let rule = match (&reason.subject, reason.item_code) {
            (Subject::Line(number), _) => format!("{} 第{number}行", reason.rule),
            (_, Some(code)) => format!("{} {code}", reason.rule),
            (_, None) => reason.rule.to_string(),
        };
        let mark = if reason.assumed.is_some() {
            "〔假定〕"
        } else {
            ""
        };
        vec![
            rule,
            format!("{}\n{mark}{}", reason.text(), reason.clause),
            reason.input.to_string(),
            reason.rate.map_or(String::new(), |rate| rate.to_string()),
            reason.output.to_string(),
        ]
    };
    sheet.grid(&headings, &reasons.iter().map(row).collect::<Vec<_>>())
}

fn payers(settlement: &Settlement, sheet: &mut Sheet<'_>) -> io::Result<()> {
    sheet.heading("三、谁付多少")?;
    let headings = [
        ("支付方", Side::Left),
        ("金额", Side::Right),
        ("占总额", Side::Right),
    ];
    let row = |who: String, amount: kernel::Fen| {
        vec![who, amount.to_string(), part(amount, settlement.total)]
    };
    let paying = |share: &&Share| share.paid != kernel::Fen::ZERO;
    let payer = |share: &Share| match share.payer {
        Payer::Fund => share.layer.to_string(),
        Payer::Account => format!("{}（个人账户）", share.layer),
        Payer::Hospital => format!("{}（医院负担）", share.layer),
    };
    let shares = settlement.shares.iter().filter(paying);
    let mut rows: Vec<_> = shares.map(|share| row(payer(share), share.paid)).collect();
    rows.push(row("个人现金".to_string(), settlement.cash));
    rows.push(row("医疗费总额".to_string(), settlement.total));
    sheet.grid(&headings, &rows)
}

/// 占比: one decimal, of what is never above the whole.
fn part(amount: kernel::Fen, whole: kernel::Fen) -> String {
    if whole == kernel::Fen::ZERO {
        return String::new();
    }
    let thousandths = kernel::Fen(1_000).proportion(amount, whole).0;
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

/// 假定: the text of each that an amount rests on.
fn assumptions(
    package: &Package,
    settlement: &Settlement,
    sheet: &mut Sheet<'_>,
) -> io::Result<()> {
    let named = settlement
        .reasons
        .iter()
        .filter_map(|reason| reason.assumed.as_deref());
    let named: BTreeSet<&str> = named.collect();
    let used = |assumption: &&Assumption| named.contains(assumption.name.as_str());
    let used: Vec<&Assumption> = package.assumptions().iter().filter(used).collect();
    if used.is_empty() {
        return Ok(());
    }
    sheet.heading("以上标〔假定〕的依据")?;
    for assumption in used {
        sheet.hanging("· ", &format!("{}：{}", assumption.name, assumption.text))?;
    }
    Ok(())
}
