//! How bills, amounts, reasons and accumulators look on the sheet.

use super::sheet::{Side, yuan};
use super::{Halted, Story};
use crate::area::institution_name;
use crate::catalogue;
use kernel::{Fund, MedType, Quantity, Rate, UnitPrice};
use proto::common::{Amounts, Claim, Reason};
use proto::settlement::{ExplainSettlementResponse, GetAccumulatorsResponse};

/// What the accumulators of one layer count, by the end of their names.
const COUNTED: &[(&str, &str)] = &[
    ("base_fen", "进入额"),
    ("deductible_fen", "起付线"),
    ("paid_fen", "基金支付"),
];
/// The layers by the beginning of their accumulators' names.
const LAYERS: &[(&str, &str)] = &[
    ("outpatient", "居民门诊统筹"),
    ("basic", "居民基本医保"),
    ("critical", "居民大病保险"),
    ("assistance", "医疗救助"),
];

impl Story<'_> {
    /// A bill: where, when, and its lines.
    pub(super) fn show_bill(&mut self, claim: &Claim) -> Result<(), Halted> {
        let care = MedType::parse(&claim.med_type);
        let days = match claim.begin_day == claim.end_day {
            true => claim.begin_day.clone(),
            false => format!("{} 至 {}", claim.begin_day, claim.end_day),
        };
        self.sheet.line(&format!(
            "费用单  {} {}  {}  {days}  诊断 {}",
            claim.institution_code,
            institution_name(&claim.institution_code),
            care.as_ref().map_or("", MedType::term),
            claim.diagnosis_code
        ))?;
        let headings = [
            ("行", Side::Right),
            ("项目", Side::Left),
            ("单价", Side::Right),
            ("数量", Side::Right),
            ("金额（元）", Side::Right),
        ];
        let rows: Vec<Vec<String>> = claim
            .lines
            .iter()
            .map(|line| {
                vec![
                    line.number.to_string(),
                    catalogue::name(&line.item_code).to_string(),
                    price(line.unit_price_micro_yuan),
                    Quantity(line.quantity_e4).to_string(),
                    yuan(line.amount_fen),
                ]
            })
            .collect();
        Ok(self.sheet.table(&headings, &rows)?)
    }

    /// What it costs on the left, who pays on the right.
    pub(super) fn show_amounts(&mut self, amounts: &Amounts) -> Result<(), Halted> {
        let left = [
            ("全自费", amounts.own_pay_fen),
            ("超限价", amounts.over_limit_fen),
            ("先行自付", amounts.first_pay_fen),
            ("符合政策范围", amounts.in_scope_fen),
            ("总额", amounts.total_fen),
        ];
        let shares = amounts.shares.iter().filter(|share| share.base_fen != 0);
        let mut right: Vec<(String, String, i64)> = shares
            .map(|share| (share.layer.clone(), yuan(share.base_fen), share.paid_fen))
            .collect();
        let others = [
            ("个人账户", amounts.account_fen),
            ("医院负担", amounts.hospital_fen),
        ];
        for (name, fen) in others.into_iter().filter(|(_, fen)| *fen != 0) {
            right.push((name.into(), String::new(), fen));
        }
        right.push(("个人现金".into(), String::new(), amounts.cash_fen));
        let headings = [
            ("费用", Side::Left),
            ("元", Side::Right),
            ("  支付方", Side::Left),
            ("进入金额", Side::Right),
            ("支付（元）", Side::Right),
        ];
        let rows: Vec<Vec<String>> = (0..left.len().max(right.len()))
            .map(|i| {
                let (class, class_fen) =
                    left.get(i).map_or((String::new(), String::new()), |cell| {
                        (cell.0.to_string(), yuan(cell.1))
                    });
                let none = (String::new(), String::new(), String::new());
                let (payer, entered, paid) = right.get(i).map_or(none, |cell| {
                    (format!("  {}", cell.0), cell.1.clone(), yuan(cell.2))
                });
                vec![class, class_fen, payer, entered, paid]
            })
            .collect();
        self.sheet.gap()?;
        Ok(self.sheet.table(&headings, &rows)?)
    }

    /// Every amount with its reason, subject by subject, and what the named assumptions say.
    pub(super) fn show_reasons(
        &mut self,
        explained: &ExplainSettlementResponse,
    ) -> Result<(), Halted> {
        self.sheet.hanging("理由  ", &explained.package_title)?;
        let (mut subject, mut clause) = ("", "");
        for reason in &explained.reasons {
            let now = if of_line(reason) {
                "费用明细"
            } else {
                &reason.subject
            };
            if now != subject {
                self.sheet.line(&format!("【{}】", in_chinese(now)))?;
            }
            self.show_reason(reason, reason.clause == clause)?;
            (subject, clause) = (now, &reason.clause);
        }
        self.show_assumptions(self.stage.package, &explained.reasons)
    }

    /// The calculation of every amount a layer pays.
    pub(super) fn show_calculations(&mut self, reasons: &[Reason]) -> Result<(), Halted> {
        let row = |reason: &Reason| {
            let rate = Rate(reason.rate_bp.unwrap_or_default());
            let calculated = [yuan(reason.input_fen), "×".into(), rate.to_string()];
            let named = [reason.subject.clone(), reason.rule.clone()];
            let output = ["=".into(), yuan(reason.output_fen)];
            named.into_iter().chain(calculated).chain(output).collect()
        };
        let paying = reasons
            .iter()
            .filter(|reason| pays(reason) && reason.output_fen != 0 && reason.rate_bp.is_some());
        let rows: Vec<Vec<String>> = paying.map(row).collect();
        let headings = [
            ("怎样算出", Side::Left),
            ("规则", Side::Left),
            ("计算基数", Side::Right),
            ("", Side::Left),
            ("比例", Side::Right),
            ("", Side::Left),
            ("支付（元）", Side::Right),
        ];
        Ok(self.sheet.table(&headings, &rows)?)
    }

    /// The sentence; rule, policy item and calculation; the clause, unless it is the last one's.
    fn show_reason(&mut self, reason: &Reason, same_clause: bool) -> Result<(), Halted> {
        let rule = format!("{} {}", reason.rule, reason.policy_item_code);
        let rule = rule.trim_end();
        let same = if same_clause { "  依据同上" } else { "" };
        let about = match of_line(reason) {
            true => format!("{}：", in_chinese(&reason.subject)),
            false => String::new(),
        };
        let calculated = reason.rate_bp.filter(|_| reason.output_fen != 0);
        match calculated.filter(|_| !of_line(reason)) {
            Some(rate) => {
                let (input, output) = (yuan(reason.input_fen), yuan(reason.output_fen));
                let calculated = format!("{rule}  {input} × {} = {output}{same}", Rate(rate));
                self.sheet.hanging("· ", &reason.sentence)?;
                self.sheet.hanging("  计算 ", &calculated)?;
            }
            None => {
                let told = format!("{about}{}  {rule}{same}", reason.sentence);
                self.sheet.hanging("· ", &told)?;
            }
        }
        match same_clause {
            true => Ok(()),
            false => self.show_clause("  依据 ", reason),
        }
    }

    /// What a reason rests on: the words of a source, its words read in an assumed way, or a named
    /// assumption alone.
    pub(super) fn show_clause(&mut self, mark: &str, reason: &Reason) -> Result<(), Halted> {
        let read = format!("〔读法：{}〕", reason.assumption);
        let clause = match reason.clause.strip_suffix(&read) {
            Some(words) => format!("{}〔假定的读法：{}〕", quoted(words), reason.assumption),
            None if reason.assumed => format!("〔假定〕{}", reason.clause),
            None => quoted(&reason.clause),
        };
        Ok(self.sheet.hanging(mark, &clause)?)
    }

    /// The package's words for the assumptions these reasons name.
    pub(super) fn show_assumptions(
        &mut self,
        package: &str,
        reasons: &[Reason],
    ) -> Result<(), Halted> {
        let library = self.library;
        let mut packages = library.packages();
        let Some(package) = packages.find(|known| known.name() == package) else {
            return Ok(());
        };
        let used = |name: &str| reasons.iter().any(|reason| reason.assumption == name);
        let assumptions = package.assumptions().iter();
        for assumption in assumptions.filter(|assumption| used(&assumption.name)) {
            self.sheet.hanging(
                "〔假定〕",
                &format!("{}  {}", assumption.name, assumption.text),
            )?;
        }
        Ok(())
    }

    /// The accumulators before, after, and now.
    pub(super) fn show_accumulators(
        &mut self,
        before: &GetAccumulatorsResponse,
        after: &GetAccumulatorsResponse,
        now: &GetAccumulatorsResponse,
    ) -> Result<(), Halted> {
        let value = |of: &GetAccumulatorsResponse, name: &str| {
            let found = of.accumulators.iter().find(|entry| entry.name == name);
            found.map_or(0, |entry| entry.value)
        };
        let all = [before, after, now]
            .into_iter()
            .flat_map(|of| &of.accumulators);
        let mut names: Vec<&str> = all.map(|entry| entry.name.as_str()).collect();
        names.sort_by_key(|name| (place_of(name), *name));
        names.dedup();
        let rows: Vec<Vec<String>> = names
            .into_iter()
            .map(|name| {
                let values = [before, after, now].map(|of| accumulated(name, value(of, name)));
                std::iter::once(accumulator_name(name))
                    .chain(values)
                    .collect()
            })
            .collect();
        let title = format!("{} 年度累计（元）", self.stage.year);
        let headings = [
            (title.as_str(), Side::Left),
            ("再住院前", Side::Right),
            ("再住院后", Side::Right),
            ("撤销后", Side::Right),
        ];
        Ok(self.sheet.table(&headings, &rows)?)
    }
}

/// True for a reason whose output is paid by a layer.
pub(super) fn pays(reason: &Reason) -> bool {
    let rule = &reason.rule;
    let ends = [".cap", ".floor", ".limit", ".difference"];
    rule.contains(".band") || ends.iter().any(|end| rule.ends_with(end))
}

/// Words in quotation marks; those inside become single ones.
fn quoted(words: &str) -> String {
    format!("“{}”", words.replace('“', "‘").replace('”', "’"))
}

/// True for a reason about one line of the bill.
fn of_line(reason: &Reason) -> bool {
    reason.subject.starts_with("line ") || reason.subject.starts_with('第')
}

fn in_chinese(subject: &str) -> String {
    match subject.strip_prefix("line ") {
        Some(number) => format!("第 {number} 行"),
        None if subject == "bill" => "费用单".to_string(),
        None => subject.to_string(),
    }
}

fn accumulated(name: &str, value: i64) -> String {
    match name.ends_with("_fen") {
        true => yuan(value),
        false => value.to_string(),
    }
}

/// The layer an accumulator is of, by its place in the list; what is of none comes last.
fn place_of(name: &str) -> usize {
    let of = |(layer, _): &(&str, &str)| name.split('.').next() == Some(*layer);
    LAYERS.iter().position(of).unwrap_or(LAYERS.len())
}

/// 居民基本医保 基金支付, from `basic.paid_fen`; a name we do not know is its own.
fn accumulator_name(name: &str) -> String {
    if name == "stays_count" {
        return "住院次数".to_string();
    }
    let (layer, counted) = name.split_once('.').unwrap_or((name, ""));
    let layer = LAYERS.iter().find(|known| known.0 == layer);
    let counted = COUNTED.iter().find(|known| known.0 == counted);
    match (layer, counted) {
        (Some((_, layer)), Some((_, counted))) => format!("{layer} {counted}"),
        _ => name.to_string(),
    }
}

/// A unit price: like an amount where it is whole fen.
fn price(micro_yuan: i64) -> String {
    match micro_yuan % 10_000 {
        0 => yuan(micro_yuan / 10_000),
        _ => UnitPrice(micro_yuan).to_string(),
    }
}

/// 科目 in words: the fund, or whom the money is owed to.
pub(super) fn account_name(account: &str) -> String {
    match account.split_once(':') {
        Some(("fund", code)) => {
            Fund::parse(code).map_or(code.to_string(), |f| f.term().to_string())
        }
        Some(("recovery", _)) => "向第三方追偿的收款".into(),
        Some(("payable", code)) => format!("应付 {}", institution_name(code)),
        _ => String::new(),
    }
}
