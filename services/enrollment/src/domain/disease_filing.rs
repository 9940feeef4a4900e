//! 门诊慢特病备案: with which diseases a person is filed, at which institutions, on which days.
//!
//! What was filed is never written over: changes and ends stand beside it, each dated and each with
//! its own undo, and what holds on a day follows from those that stand.

use crate::refusal::{
    FILING_CHANGED_ON_DAY, FILING_CHANGES_MAX, FILING_DAY_OUTSIDE, FILING_OVERLAPS, FILING_UNKNOWN,
};
use kernel::{
    Day, DiseaseCode, FilingChangeId, FilingId, FilingKind, Instant, InstitutionCode, Period,
    PersonId, Refusal, Scheme,
};

/// 定点: institutions that one filing may be fixed to.
pub const INSTITUTIONS_MAX: usize = 10;
/// Changes and ends of one filing that may stand: more than two a year of a long life's filing is a
/// mistake.
const CHANGES_MAX: usize = 100;
/// How far a bill by a filed disease may reach back from its last day, in days: settlement's longest
/// outpatient bill.
const BILL_DAYS: u32 = 31;

/// A person to file.
#[derive(Clone, Debug)]
pub struct NewFiling {
    /// Whom.
    pub person: PersonId,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// What the disease is treated as.
    pub kind: FilingKind,
    /// 门诊慢特病病种编码 (opsp_dise_code).
    pub disease: DiseaseCode,
    /// 门诊慢特病病种名称 (opsp_dise_name).
    pub disease_name: String,
    /// The days.
    pub period: Period,
    /// 定点; any where empty.
    pub institutions: Vec<InstitutionCode>,
    /// 认定材料.
    pub material: String,
}

/// 门诊慢特病备案 (trt_dcla_detl_sn): a person filed with a disease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiseaseFiling {
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// What decides, on a day.
    pub filed: Filed,
    /// 门诊慢特病病种名称 (opsp_dise_name).
    pub disease_name: String,
    /// 认定材料.
    pub material: String,
    /// When it was filed.
    pub filed_at: Instant,
    /// 撤销原因: why it ended early; none where it did not.
    pub end_reason: Option<String>,
}

/// A filed disease as far as a day's decision needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// The filing.
    pub id: FilingId,
    /// What the disease is treated as.
    pub kind: FilingKind,
    /// 门诊慢特病病种编码 (opsp_dise_code).
    pub disease: DiseaseCode,
    /// The days as they were filed.
    pub days: Period,
    /// 定点 as they were filed; any where empty.
    pub institutions: Vec<InstitutionCode>,
    /// Changes and ends that stand, in the order of their days.
    pub changes: Vec<FilingChange>,
}

/// 备案变更: what is otherwise from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilingChange {
    /// Its id.
    pub id: FilingChangeId,
    /// The first day on which it is otherwise.
    pub from: Day,
    /// What.
    pub what: Otherwise,
}

/// What a change makes otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// 变更定点: these are fixed; any where empty.
    Institutions(Vec<InstitutionCode>),
    /// 撤销: the filing is over.
    Ended,
}

/// Days on which a person is filed with a disease at the same institutions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiledDisease {
    /// By which filing.
    pub filing: FilingId,
    /// What the disease is treated as.
    pub kind: FilingKind,
    /// 门诊慢特病病种编码 (opsp_dise_code).
    pub disease: DiseaseCode,
    /// The days.
    pub period: Period,
    /// 定点; any where empty.
    pub institutions: Vec<InstitutionCode>,
}

impl NewFiling {
    /// On any day a person is filed with a disease once or not at all.
    pub fn decide(&self, standing: &[DiseaseFiling]) -> Result<(), Refusal> {
        let same = |other: &&DiseaseFiling| {
            (&other.scheme, &other.filed.disease) == (&self.scheme, &self.disease)
                && other.filed.period().overlaps(&self.period)
        };
        match standing.iter().find(same) {
            None => Ok(()),
            Some(other) => Err(FILING_OVERLAPS
                .refuse()
                .with("disease_code", &self.disease)
                .with("filing_id", other.filed.id)
                .at("first_day")),
        }
    }

    /// The filing as it is made.
    pub fn made(&self, id: FilingId, now: Instant) -> DiseaseFiling {
        DiseaseFiling {
            person: self.person,
            scheme: self.scheme.clone(),
            filed: Filed {
                id,
                kind: self.kind,
                disease: self.disease.clone(),
                days: self.period,
                institutions: self.institutions.clone(),
                changes: Vec::new(),
            },
            disease_name: self.disease_name.clone(),
            material: self.material.clone(),
            filed_at: now,
            end_reason: None,
        }
    }
}

impl DiseaseFiling {
    /// The refusal of a filing that the caller's area does not have.
    pub fn unknown(id: FilingId) -> Refusal {
        let no = FILING_UNKNOWN.refuse().with("filing_id", id);
        no.at("filing_id")
    }

    /// The filing with a change more, and why.
    pub fn changed(mut self, change: FilingChange, reason: &str) -> DiseaseFiling {
        if change.what == Otherwise::Ended {
            // Who ends it again ends it earlier.
            self.end_reason = Some(reason.to_string());
        }
        self.filed.changes.push(change);
        self.filed.changes.sort_by_key(|change| change.from);
        self
    }

    /// Without this end, the first day on which another filing of the disease stands by now: there
    /// it ends all the same. Undoing is never refused, and no day has two filings.
    pub fn ends_before(&self, end: &str, others: &[DiseaseFiling]) -> Option<Day> {
        let mut without = self.filed.clone();
        without
            .changes
            .retain(|change| change.id.to_string() != end);
        let again = without.period();
        let same = |other: &&DiseaseFiling| {
            other.filed.id != self.filed.id
                && (&other.scheme, &other.filed.disease) == (&self.scheme, &self.filed.disease)
                && other.filed.period().overlaps(&again)
        };
        let others = others.iter().filter(same);
        others.map(|other| other.filed.days.from).min()
    }
}

impl Filed {
    /// The days on which it stands: those filed, less what was ended.
    pub fn period(&self) -> Period {
        let ended = |change: &&FilingChange| change.what == Otherwise::Ended;
        let ends = self.changes.iter().filter(ended).map(|end| end.from);
        Period {
            from: self.days.from,
            until: ends.chain(self.days.until).min(),
        }
    }

    /// What stands, in the order of the days.
    pub fn pieces(&self) -> Vec<FiledDisease> {
        let mut begins = vec![(self.days.from, &self.institutions)];
        begins.extend(self.changes.iter().filter_map(|change| match &change.what {
            Otherwise::Institutions(institutions) => Some((change.from, institutions)),
            Otherwise::Ended => None,
        }));
        let last = self.period().until;
        let nexts: Vec<Option<Day>> = begins.iter().skip(1).map(|(day, _)| Some(*day)).collect();
        let nexts = nexts.into_iter().chain([None]);
        let piece = |((from, institutions), next): ((Day, &Vec<InstitutionCode>), Option<Day>)| {
            let until = next.into_iter().chain(last).min();
            Some(FiledDisease {
                filing: self.id,
                kind: self.kind,
                disease: self.disease.clone(),
                period: Period::new(from, until)?,
                institutions: institutions.clone(),
            })
        };
        begins.into_iter().zip(nexts).filter_map(piece).collect()
    }

    /// What a bill that ends on a day may need: what stands on it, or in the month before.
    pub fn around(&self, day: Day) -> impl Iterator<Item = FiledDisease> + use<> {
        let first = first_day_of_bill(day);
        let near = move |piece: &FiledDisease| {
            piece.period.from <= day && piece.period.until.is_none_or(|until| first < until)
        };
        self.pieces().into_iter().filter(near)
    }

    /// Whether its institutions may be others from a day on. Two changes on one day would leave open
    /// which holds.
    pub fn changeable(&self, from: Day) -> Result<(), Refusal> {
        self.has_room()?;
        if from == self.days.from || !self.period().contains(from) {
            return Err(self.outside(from).at("first_day"));
        }
        let same = |change: &&FilingChange| change.from == from && change.what != Otherwise::Ended;
        match self.changes.iter().find(same) {
            None => Ok(()),
            Some(_) => Err(FILING_CHANGED_ON_DAY
                .refuse()
                .with("filing_id", self.id)
                .with("day", from)
                .at("first_day")),
        }
    }

    /// Whether it may end with a day: earlier than it would.
    pub fn endable(&self, last: Day) -> Result<(), Refusal> {
        self.has_room()?;
        match self.period().contains(last) && self.period().contains(last.next()) {
            true => Ok(()),
            false => Err(self.outside(last).at("last_day")),
        }
    }

    fn has_room(&self) -> Result<(), Refusal> {
        match self.changes.len() < CHANGES_MAX {
            true => Ok(()),
            false => Err(FILING_CHANGES_MAX
                .refuse()
                .with("filing_id", self.id)
                .with("max", CHANGES_MAX)
                .at("filing_id")),
        }
    }

    fn outside(&self, day: Day) -> Refusal {
        let period = self.period();
        let last = period.until.map(|until| until.minus_days(1));
        let last = last.map_or_else(|| "长期".to_string(), |last| last.to_string());
        FILING_DAY_OUTSIDE
            .refuse()
            .with("filing_id", self.id)
            .with("day", day)
            .with("first_day", period.from)
            .with("last_day", last)
    }
}

/// The earliest day that a bill by a filed disease may begin on when it ends on this one.
pub fn first_day_of_bill(last: Day) -> Day {
    last.minus_days(BILL_DAYS - 1)
}

#[cfg(test)]
mod tests;
