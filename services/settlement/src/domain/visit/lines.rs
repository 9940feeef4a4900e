//! 费用明细: lines as they are uploaded, returned and revoked, and what remains of them.

use super::Visit;
use crate::catalogue::Item;
use crate::domain::{Approval, BillLine};
use crate::refusal::{
    LINE_AMOUNT_WRONG, LINE_DAY_OUTSIDE, LINE_DAY_SETTLED, LINE_EXISTS, LINE_RETURNED,
    LINE_SETTLED, LINE_UNKNOWN, RETURN_SETTLED, RETURN_TOO_MUCH, RETURN_UNKNOWN, VISIT_TOO_LARGE,
};
use kernel::{
    Day, Fen, InstitutionTier, ItemClass, ItemCode, Quantity, Rate, Refusal, SettlementId,
    UnitPrice,
};
use policy::LINES_MAX;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Lines of one upload at most.
pub const UPLOAD_MAX: usize = 1_000;
/// Standing lines of one visit at most: it is settled by one claim.
pub const VISIT_LINES_MAX: usize = LINES_MAX;
/// What an item without a national code is called in a claim: no catalogue has it.
const UNMAPPED: &str = "UNMAPPED";

/// 费用明细: one line as it is uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// 费用明细流水号 (feedetl_sn).
    pub code: String,
    /// 医保目录编码 (med_list_codg); none when it is not mapped.
    pub item: Option<ItemCode>,
    /// 医药机构目录编码 (medins_list_codg).
    pub local_code: String,
    /// 医药机构目录名称 (medins_list_name).
    pub local_name: String,
    /// 单价 (pric).
    pub unit_price: UnitPrice,
    /// 数量 (cnt); below zero for a return.
    pub quantity: Quantity,
    /// 金额 (det_item_fee_sumamt); below zero for a return.
    pub amount: Fen,
    /// 医院审批标志 (hosp_appr_flag).
    pub approval: Approval,
    /// 费用发生日期 (fee_ocur_time).
    pub day: Day,
    /// 原明细流水号 (init_feedetl_sn): what a return takes back.
    pub returns: Option<String>,
}

/// What the catalogue of the line's day said when it was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Whether it had the item.
    pub listed: bool,
    /// 收费项目等级 (chrgitm_lv).
    pub class: ItemClass,
    /// 先自付比例 (selfpay_prop).
    pub first_pay: Rate,
    /// 限价 (pric_uplmt_amt) at the institution's tier.
    pub limit: Option<UnitPrice>,
    /// 限制使用标志 (lmt_used_flag).
    pub restricted: bool,
}

impl Listing {
    /// What the catalogue says of an item at a tier.
    pub fn of(item: Option<&Item>, tier: &InstitutionTier) -> Listing {
        Listing {
            listed: item.is_some(),
            class: item.map_or(ItemClass::C, |item| item.class.clone()),
            first_pay: item.map_or(Rate::ZERO, |item| item.first_pay),
            limit: item.and_then(|item| item.limit(tier)),
            restricted: item.is_some_and(|item| item.restricted),
        }
    }
}

/// A standing line of a visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitLine {
    /// Its number in the claim.
    pub number: u32,
    /// As it was uploaded.
    pub uploaded: Upload,
    /// What the catalogue said.
    pub listing: Listing,
    /// The standing settlement it is part of.
    pub settlement: Option<SettlementId>,
}

impl std::ops::Deref for VisitLine {
    type Target = Upload;
    fn deref(&self) -> &Upload {
        &self.uploaded
    }
}

impl Upload {
    fn no(&self, spec: &'static kernel::Spec, index: usize) -> Refusal {
        let no = spec.refuse().at(format!("lines[{index}]"));
        no.with("line_code", &self.code)
    }

    /// Its day within the visit, and its amount price × quantity; a return's is that of what it takes
    /// back, below zero.
    fn sound(&self, index: usize, visit: &Visit, today: Day) -> Result<(), Refusal> {
        let last = visit.end.unwrap_or(today).min(today);
        if !(visit.facts.begin..=last).contains(&self.day) {
            let no = self.no(&LINE_DAY_OUTSIDE, index);
            let no = no
                .with("day", self.day)
                .with("first_day", visit.facts.begin);
            return Err(no.with("last_day", last));
        }
        if let Some(through) = visit
            .settled_through()
            .filter(|through| self.day <= *through)
        {
            let no = self.no(&LINE_DAY_SETTLED, index).with("day", self.day);
            return Err(no.with("through_day", through));
        }
        match self.unit_price.times(self.quantity) {
            Some(product) if product == self.amount => Ok(()),
            product => Err(LINE_AMOUNT_WRONG
                .refuse()
                .at(format!("lines[{index}].amount_fen"))
                .with("line", &self.code)
                .with("expected_fen", product.map_or(0, |fen| fen.0))
                .with("amount_fen", self.amount.0)),
        }
    }
}

/// What is still there of a line that may be returned.
struct Rest<'a> {
    line: &'a Upload,
    quantity: i64,
}

/// Whether all lines of an upload can be taken beside the visit's standing ones.
pub fn accept(
    visit: &Visit,
    standing: &[VisitLine],
    new: &[Upload],
    today: Day,
) -> Result<(), Refusal> {
    visit.unsettled()?;
    if standing.len() + new.len() > VISIT_LINES_MAX {
        let no = VISIT_TOO_LARGE.refuse().at("lines");
        let no = no.with("lines", standing.len());
        return Err(no.with("max_lines", VISIT_LINES_MAX));
    }
    let all = standing.iter().map(|line| &line.uploaded);
    let mut rests: BTreeMap<&str, Rest> = BTreeMap::new();
    let mut codes = BTreeSet::new();
    let settled = standing.iter().filter(|line| line.settlement.is_some());
    let settled: BTreeSet<&str> = settled.map(|line| line.code.as_str()).collect();
    for line in all {
        codes.insert(line.code.as_str());
        take(&mut rests, line);
    }
    for (index, line) in new.iter().enumerate() {
        if !codes.insert(line.code.as_str()) {
            return Err(line.no(&LINE_EXISTS, index));
        }
        line.sound(index, visit, today)?;
        if let Some(original) = &line.returns {
            if settled.contains(original.as_str()) {
                let no = line.no(&RETURN_SETTLED, index);
                return Err(no.with("original_line_code", original));
            }
            returnable(rests.get(original.as_str()), line, index)?;
        }
        take(&mut rests, line);
    }
    Ok(())
}

/// Counts a line, or a return against its original.
fn take<'a>(rests: &mut BTreeMap<&'a str, Rest<'a>>, line: &'a Upload) {
    let quantity = line.quantity.0;
    match &line.returns {
        None => drop(rests.insert(&line.code, Rest { line, quantity })),
        Some(original) => {
            if let Some(rest) = rests.get_mut(original.as_str()) {
                rest.quantity = rest.quantity.saturating_add(quantity);
            }
        }
    }
}

fn returnable(rest: Option<&Rest>, line: &Upload, index: usize) -> Result<(), Refusal> {
    let original = line.returns.as_deref().unwrap_or_default();
    let same = |rest: &&Rest| {
        (&rest.line.item, &rest.line.local_code, rest.line.unit_price)
            == (&line.item, &line.local_code, line.unit_price)
            && rest.line.day <= line.day
    };
    let Some(rest) = rest.filter(same) else {
        let no = line.no(&RETURN_UNKNOWN, index);
        return Err(no.with("original_line_code", original));
    };
    match rest.quantity.checked_add(line.quantity.0) {
        Some(0..) => Ok(()),
        _ => {
            let no = line.no(&RETURN_TOO_MUCH, index);
            let no = no.with("original_line_code", original);
            Err(no.with("remaining", Quantity(rest.quantity)))
        }
    }
}

/// The lines of the claim: each with what was not returned of it, at price × quantity. A line that was
/// returned whole is none.
pub fn remaining(lines: &[VisitLine]) -> Vec<BillLine> {
    let mut returned: BTreeMap<&str, i64> = BTreeMap::new();
    for line in lines {
        if let Some(original) = &line.returns {
            let sum = returned.entry(original).or_default();
            *sum = sum.saturating_add(line.quantity.0);
        }
    }
    let rest = |line: &VisitLine| {
        let less = returned
            .get(line.code.as_str())
            .copied()
            .unwrap_or_default();
        let quantity = Quantity(line.quantity.0.saturating_add(less));
        (line.returns.is_none() && quantity.0 > 0).then(|| BillLine {
            number: line.number,
            item: claimed(line.item.as_ref()),
            unit_price: line.unit_price,
            quantity,
            // What was uploaded is within bounds, and this is less.
            amount: line.unit_price.times(quantity).unwrap_or(line.amount),
            approval: line.approval,
            day: Some(line.day),
        })
    };
    lines.iter().filter_map(rest).collect()
}

fn claimed(item: Option<&ItemCode>) -> ItemCode {
    match item {
        Some(item) => item.clone(),
        None => ItemCode::parse(UNMAPPED).unwrap_or_else(|_| unreachable!("it has the shape")),
    }
}

/// The numbers of the lines to revoke: those of these codes, or all that are not settled.
pub fn revocable(standing: &[VisitLine], codes: &[String]) -> Result<Vec<u32>, Refusal> {
    let unsettled = |line: &&VisitLine| line.settlement.is_none();
    if codes.is_empty() {
        let all = standing.iter().filter(unsettled);
        return Ok(all.map(|line| line.number).collect());
    }
    let named: BTreeSet<&str> = codes.iter().map(String::as_str).collect();
    let known: BTreeMap<&str, &VisitLine> = standing
        .iter()
        .map(|line| (line.code.as_str(), line))
        .collect();
    let mut numbers = Vec::with_capacity(named.len());
    for (index, code) in codes.iter().enumerate() {
        let no = |spec: &'static kernel::Spec| {
            let no = spec.refuse().at(format!("line_codes[{index}]"));
            no.with("line_code", code)
        };
        let line = known.get(code.as_str()).ok_or_else(|| no(&LINE_UNKNOWN))?;
        if line.settlement.is_some() {
            return Err(no(&LINE_SETTLED));
        }
        numbers.push(line.number);
    }
    let left = |line: &&VisitLine| {
        let original = line.returns.as_deref();
        original.is_some_and(|original| named.contains(original))
            && !named.contains(line.code.as_str())
    };
    match standing.iter().find(left) {
        None => Ok(numbers),
        Some(returning) => {
            let no = LINE_RETURNED.refuse().at("line_codes");
            let original = returning.returns.as_deref().unwrap_or_default();
            let no = no.with("line_code", original);
            Err(no.with("return_line_code", &returning.code))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u32, price: i64, quantity: i64, returns: Option<u32>) -> VisitLine {
        let (unit_price, quantity) = (UnitPrice(price), Quantity(quantity));
        VisitLine {
            number,
            uploaded: Upload {
                code: number.to_string(),
                item: ItemCode::parse("D-A").ok(),
                local_code: String::new(),
                local_name: String::new(),
                unit_price,
                quantity,
                amount: unit_price.times(quantity).unwrap(),
                approval: Approval::Unsaid,
                day: Day::new(2017, 3, 1).unwrap(),
                returns: returns.map(|number| number.to_string()),
            },
            listing: Listing::of(None, &InstitutionTier::Second),
            settlement: None,
        }
    }

    /// What remains is price × quantity that remains, whatever the returns were rounded to; a line
    /// that came back whole is gone, and nothing is below zero.
    #[test]
    fn returns_take_from_their_originals() {
        // 0.0333 yuan each: three are 0.10, and each return alone is 0.03.
        for (returned, left) in [(0, 10), (1, 7), (2, 3), (3, 0)] {
            let mut lines = vec![line(1, 33_300, 30_000, None)];
            lines.extend((0..returned).map(|n| line(n + 2, 33_300, -10_000, Some(1))));
            let rest = remaining(&lines);
            let sum: Fen = rest.iter().map(|line| line.amount).sum();
            assert_eq!(sum, Fen(left), "{returned}");
            assert_eq!(rest.is_empty(), left == 0);
            let product = |line: &BillLine| line.unit_price.times(line.quantity);
            assert!(rest.iter().all(|line| product(line) == Some(line.amount)));
        }
    }

    #[test]
    fn all_that_is_not_settled_is_revoked_and_what_is_named_with_its_returns() {
        let mut settled = line(1, 10_000, 10_000, None);
        settled.settlement = SettlementId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f").ok();
        let lines = [
            settled,
            line(2, 10_000, 20_000, None),
            line(3, 10_000, -10_000, Some(2)),
        ];
        let named = |codes: &[&str]| {
            let codes: Vec<String> = codes.iter().map(ToString::to_string).collect();
            revocable(&lines, &codes).map_err(|no| no.code.to_string())
        };
        assert_eq!(named(&[]), Ok(vec![2, 3]));
        assert_eq!(named(&["2", "3"]), Ok(vec![2, 3]));
        assert_eq!(named(&["3"]), Ok(vec![3]));
        for (codes, no) in [
            (["2"], "LINE_RETURNED"),
            (["1"], "LINE_SETTLED"),
            (["4"], "LINE_UNKNOWN"),
        ] {
            assert_eq!(named(&codes), Err(no.to_string()));
        }
    }
}
