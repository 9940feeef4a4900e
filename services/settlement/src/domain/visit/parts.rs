//! 分段结算: a stay that is settled in parts while it goes on, or because its package divides it at
//! 31 December: what may be cut where, and what a standing part fixes. Parts stand one upon another: a
//! later one rests on what the earlier ones were charged, so they are undone newest first.

use super::{Visit, VisitFacts, VisitLine, remaining};
use crate::domain::{Bill, Posted, Registration};
use crate::refusal::{
    CROSS_YEAR_STAY, PART_CAPPED, PART_CONTINUED, PART_DAYS, PART_FIXED, PART_NOT_STAY,
    PARTS_LEAVE_NOTHING, VISIT_EMPTY,
};
use kernel::{Day, Refusal, SettlementId};
use policy::{CrossYear, Package, SoFar, Stay, year_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// 分段结算 (mid_setl_flag): which part of a stay a bill is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StayPart {
    /// Its number among the stay's, from 1.
    pub number: u32,
    /// 中途结算: more parts follow.
    pub continues: bool,
    /// 入院日期 (begntime) of the stay.
    pub admission: Day,
}

/// A part of a visit that stands settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledPart {
    /// Its settlement.
    pub settlement: SettlementId,
    /// 已结算至: its last day.
    pub through: Day,
}

impl Visit {
    /// 已结算至: the last day of its newest standing part.
    pub fn settled_through(&self) -> Option<Day> {
        self.parts.last().map(|part| part.through)
    }

    /// The first day that no part has settled.
    pub(super) fn first_unsettled(&self) -> Day {
        let through = self.settled_through();
        through.map_or(self.facts.begin, Day::next)
    }

    /// Whether a part may end on this day: while the stay goes on the last one is never it.
    fn cuttable(&self, through: Day, today: Day) -> Result<(), Refusal> {
        let no = |spec: &'static kernel::Spec| {
            let no = spec.refuse().at("through_day");
            no.with("visit_number", &self.facts.number)
        };
        if !self.facts.med_type.is_stay() {
            return Err(no(&PART_NOT_STAY));
        }
        let first = self.first_unsettled();
        let within = first <= through && through <= today;
        match within && self.end.is_none_or(|end| through < end) {
            true => Ok(()),
            false => {
                let no = no(&PART_DAYS).with("through_day", through);
                Err(no.with("first_day", first).with("today", today))
            }
        }
    }

    /// The claim that its standing lines make which are not settled, up to and including a day, or all
    /// of them. While it is not discharged its last day is that of its last line.
    pub fn bill(
        &self,
        lines: &[VisitLine],
        through: Option<Day>,
        today: Day,
    ) -> Result<Bill, Refusal> {
        self.unsettled()?;
        if let Some(through) = through {
            self.cuttable(through, today)?;
        }
        let lines: Vec<VisitLine> = of_part(lines, through).cloned().collect();
        let remaining = remaining(&lines);
        if remaining.is_empty() {
            return Err(self.no(match through.is_none() && !self.parts.is_empty() {
                true => &PARTS_LEAVE_NOTHING,
                false => &VISIT_EMPTY,
            }));
        }
        let (facts, begin) = (&self.facts, self.first_unsettled());
        let last = remaining.iter().filter_map(|line| line.day).max();
        let last = last.map_or(begin, |last| last.max(begin));
        let whole = self.parts.is_empty() && through.is_none();
        let part = || StayPart {
            number: u32::try_from(self.parts.len()).map_or(u32::MAX, |before| before + 1),
            continues: through.is_some(),
            admission: facts.begin,
        };
        Ok(Bill {
            person: facts.person,
            institution: facts.institution.clone(),
            visit: facts.number.clone(),
            scheme: facts.scheme.clone(),
            med_type: facts.med_type.clone(),
            begin,
            end: through.or(self.end).unwrap_or(last),
            diagnosis: facts.diagnosis.clone(),
            diseases: facts.diseases.clone(),
            third_party: self.third_party(),
            filing: facts.filing,
            decided: None,
            household_income: facts.household_income,
            // The first part uses the referral up, and the last one closes the guarantee.
            referral: facts.referral.filter(|_| self.parts.is_empty()),
            guarantee: facts.guarantee.filter(|_| through.is_none()),
            reimbursement: None,
            registration: Some(Registration {
                visit: self.id,
                version: self.version,
            }),
            part: (!whole).then(part),
            year: None,
            account: facts.account,
            lines: remaining,
        })
    }

    /// What the parts that stand have settled may not become another.
    pub(super) fn keeps_parts(&self, facts: &VisitFacts) -> Result<(), Refusal> {
        let fixed = |facts: &VisitFacts| (facts.begin, facts.med_type.clone(), facts.referral);
        match self.parts.is_empty() || fixed(facts) == fixed(&self.facts) {
            true => Ok(()),
            false => Err(self.no(&PART_FIXED).at("visit")),
        }
    }

    /// The visit with a bill of it settled.
    pub fn settled(&self, bill: &Bill, settlement: SettlementId) -> Visit {
        let mut visit = Visit {
            version: self.version + 1,
            ..self.clone()
        };
        let through = bill.end;
        let part = |_| SettledPart {
            settlement,
            through,
        };
        visit.parts.extend(bill.part.map(part));
        let goes_on = bill.part.is_some_and(|part| part.continues);
        visit.settlement = (!goes_on).then_some(settlement);
        visit
    }

    /// The visit with a settlement of it reversed.
    pub fn freed(&self, settlement: SettlementId) -> Visit {
        let mut visit = Visit {
            version: self.version + 1,
            settlement: self.settlement.filter(|id| *id != settlement),
            ..self.clone()
        };
        visit.parts.retain(|part| part.settlement != settlement);
        visit
    }

    /// A part that another one rests on stands as long as that does.
    pub fn rested_on(&self, settlement: SettlementId) -> Result<(), Refusal> {
        match self.behind(settlement) {
            None => Ok(()),
            Some(later) => {
                let no = PART_CONTINUED.refuse().at("settlement_id");
                let no = no.with("settlement_id", settlement);
                Err(no.with("later_id", later))
            }
        }
    }

    /// The part that was settled after a standing one.
    pub fn behind(&self, settlement: SettlementId) -> Option<SettlementId> {
        let mut parts = self.parts.iter();
        parts.find(|part| part.settlement == settlement)?;
        parts.next().map(|part| part.settlement)
    }
}

/// The lines of a part: those not settled of a day up to this one, and whatever was returned of them
/// since.
pub fn of_part(lines: &[VisitLine], through: Option<Day>) -> impl Iterator<Item = &VisitLine> {
    let open = |line: &&VisitLine| line.settlement.is_none();
    let until = move |line: &&VisitLine| through.is_none_or(|through| line.day <= through);
    let originals = lines.iter().filter(|line| line.returns.is_none());
    let originals = originals.filter(open).filter(until);
    let originals: BTreeSet<&str> = originals.map(|line| line.code.as_str()).collect();
    let of_it = move |line: &&VisitLine| {
        let original = line.returns.as_ref().unwrap_or(&line.code);
        originals.contains(original.as_str())
    };
    lines.iter().filter(open).filter(of_it)
}

impl Bill {
    /// 入院日期 (begntime): of the stay, where the bill is a part of one.
    pub fn admission(&self) -> Day {
        self.part.map_or(self.begin, |part| part.admission)
    }

    /// Whether more parts of the stay follow.
    pub fn continues(&self) -> bool {
        self.part.is_some_and(|part| part.continues)
    }

    /// The bill in the year that the package counts it to. One that has costs in two years which the
    /// package divides is settled in parts; `entitled` is the person's standing on the last day.
    pub fn in_its_year(&self, package: &Package, entitled: bool) -> Result<Bill, Refusal> {
        let of_days = |(first, last): (Day, Day)| {
            let days = (self.admission(), first, last);
            year_of(package, &self.med_type, days, entitled)
        };
        // A year without a cost has no part.
        let spent = || {
            let days: Option<Vec<Day>> = self.lines.iter().map(|line| line.day).collect();
            let days = days.unwrap_or_else(|| vec![self.begin, self.end]);
            let day = |day: Option<&Day>| day.map(|day| (*day).clamp(self.begin, self.end));
            day(days.iter().min()).zip(day(days.iter().max()))
        };
        let year = of_days((self.begin, self.end)).or_else(|| spent().and_then(of_days));
        let Some(year) = year else {
            let no = CROSS_YEAR_STAY.refuse().at("claim.begin_day");
            let no = no.with("begin_day", self.begin).with("end_day", self.end);
            let no = no.with("package_name", package.name());
            let first = spent().map_or(self.begin, |(first, _)| first).year();
            let cut = Day::new(first, 12, 31).unwrap_or(self.begin);
            return Err(no.with("through_day", cut));
        };
        // A part that ends with the year is the last of it, unless the parts go to that of admission.
        let last = Day::new(self.end.year(), 12, 31) == Some(self.end)
            && package.cross_year() != CrossYear::Admission;
        if self.continues() && !last && package.caps_stays() {
            let no = PART_CAPPED.refuse().at("through_day");
            let no = no.with("visit_number", &self.visit);
            return Err(no.with("package_name", package.name()));
        }
        Ok(Bill {
            year: Some(year).filter(|year| *year != self.end.year()),
            ..self.clone()
        })
    }
}

/// 续前次结算: what the standing parts of a stay, in their order, leave to the next one, which is of this
/// year; nothing when it is the first.
pub fn so_far(parts: &[Posted], package: &Package, year: i32) -> Option<SoFar> {
    let first = &parts.first()?.evidence;
    let stays = first.accumulators.get("stays_count");
    let mut stay = Stay::first(first.bill.year_key().year, first.bill.begin, stays);
    for part in parts {
        stay.see(part.evidence.bill.year_key().year, &part.amounts);
    }
    Some(stay.so_far(package, year))
}

#[cfg(test)]
mod tests {
    use super::super::{Listing, Upload};
    use super::*;
    use crate::domain::{Approval, Evidence, tests::OLD};
    use kernel::{Fen, InstitutionTier, ItemCode, Quantity, UnitPrice};
    use policy::testing::Text;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn line(number: u32, on: &str, returns: Option<&str>) -> VisitLine {
        let uploaded = Upload {
            code: number.to_string(),
            item: ItemCode::parse("D-A").ok(),
            local_code: String::new(),
            local_name: String::new(),
            unit_price: UnitPrice(10_000),
            quantity: Quantity(if returns.is_some() { -10_000 } else { 10_000 }),
            amount: Fen(if returns.is_some() { -1 } else { 1 }),
            approval: Approval::Unsaid,
            day: day(on),
            returns: returns.map(str::to_string),
        };
        VisitLine {
            number,
            uploaded,
            listing: Listing::of(None, &InstitutionTier::Second),
            settlement: None,
        }
    }

    /// A return goes with what it returns, whatever its own day; what is settled is in no other part.
    #[test]
    fn a_part_has_the_lines_up_to_its_day_and_their_returns() {
        let mut lines = vec![
            line(1, "2017-03-01", None),
            line(2, "2017-03-31", None),
            line(3, "2017-04-01", None),
            line(4, "2017-04-02", Some("2")),
            line(5, "2017-04-02", Some("3")),
        ];
        lines[0].settlement = SettlementId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f").ok();
        let numbers = |through: Option<&str>| -> Vec<u32> {
            let lines = of_part(&lines, through.map(day));
            lines.map(|line| line.number).collect()
        };
        assert_eq!(numbers(Some("2017-03-30")), [0; 0]);
        assert_eq!(numbers(Some("2017-03-31")), [2, 4]);
        assert_eq!(numbers(None), [2, 3, 4, 5]);
    }

    /// What is divided goes by the days of its costs; where a cost has none it may be of any.
    #[test]
    fn a_bill_with_costs_in_one_year_is_of_that_year() {
        let text =
            Text::marked("").with("title = ", "cross_year = \"split_as_one_stay\"\ntitle = ");
        let package = Package::parse("split", &text.0).unwrap();
        let evidence: Evidence = serde_json::from_str(OLD).unwrap();
        let of = |first: Option<&str>, last: Option<&str>| {
            let mut bill = evidence.bill.clone();
            (bill.begin, bill.end) = (day("2017-12-20"), day("2018-01-10"));
            bill.lines.push(bill.lines[0].clone());
            for (line, on) in bill.lines.iter_mut().zip([first, last]) {
                line.day = on.map(day);
            }
            let bill = bill.in_its_year(&package, true);
            bill.map(|bill| bill.year_key().year)
                .map_err(|no| no.code.to_string())
        };
        let no = || Err("CROSS_YEAR_STAY".to_string());
        for (first, last, year) in [
            (Some("2017-12-20"), Some("2017-12-31"), Ok(2017)),
            (Some("2018-01-01"), Some("2018-01-02"), Ok(2018)),
            (Some("2017-12-31"), Some("2018-01-01"), no()),
            // Before admission is as of the first day.
            (Some("2017-11-30"), Some("2018-01-01"), no()),
            (Some("2018-01-01"), None, no()),
            (None, None, no()),
        ] {
            assert_eq!(of(first, last), year, "{first:?} {last:?}");
        }
    }
}
