//! 适用条件: whom and what a rule concerns, and which row of a table counts.

use super::Clause;
use crate::claim::{ClaimFacts, Filing, Line, Place as Where};
use crate::package::Place;
use kernel::{
    DiagnosisCode, DiseaseCode, IdentityKind, InstitutionKind, InstitutionTier, ItemClass,
    ItemMark, MedType, PersonType, Scheme,
};
use std::sync::Arc;

/// 人群: identities that a clause treats alike.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub name: String,
    pub title: Arc<str>,
    pub identities: Vec<IdentityKind>,
    pub clause: Clause,
    pub at: Place,
}

/// 明细分组: lines of the bill that a rule may name. A line is of the first group that fits it.
#[derive(Clone, Debug)]
pub(crate) struct LineGroup {
    pub name: Arc<str>,
    pub title: Arc<str>,
    pub marks: Vec<ItemMark>,
    pub classes: Vec<ItemClass>,
    pub items: Vec<String>,
    pub clause: Clause,
    pub at: Place,
}

impl LineGroup {
    pub fn has(&self, line: &Line) -> bool {
        let marked = self.marks.is_empty() || self.marks.iter().any(|m| line.marks.contains(m));
        let begins = |prefix: &String| line.item.as_str().starts_with(prefix.as_str());
        marked
            && admits(&self.classes, &line.class)
            && (self.items.is_empty() || self.items.iter().any(begins))
    }
}

/// 适用条件: an empty list admits everything; all lists must admit.
#[derive(Clone, Debug, Default)]
pub(crate) struct When {
    pub care: Vec<MedType>,
    pub tiers: Vec<InstitutionTier>,
    pub kinds: Vec<InstitutionKind>,
    pub places: Vec<Where>,
    pub filing: Vec<Filing>,
    pub contracted: Option<bool>,
    pub groups: Vec<Arc<Group>>,
    pub persons: Vec<PersonType>,
    /// Completed years, both ends inside.
    pub ages: Option<(u32, u32)>,
    pub covered_by: Vec<Scheme>,
    pub diseases: Vec<DiseaseCode>,
    pub diagnoses: Vec<DiagnosisCode>,
    pub same_year: Option<bool>,
    /// 除外: who meets all of this does not meet the condition.
    pub not: Option<Box<When>>,
    /// No condition at all: decided once, when the package is read.
    pub open: bool,
}

/// The group and the identity by which a person meets a condition, when it asks for one.
pub(crate) type Member<'a> = Option<(&'a Group, &'a IdentityKind)>;

impl When {
    /// Whether there is no condition at all.
    pub fn is_open(&self) -> bool {
        self.care.is_empty()
            && self.tiers.is_empty()
            && self.kinds.is_empty()
            && self.places.is_empty()
            && self.filing.is_empty()
            && self.contracted.is_none()
            && self.groups.is_empty()
            && self.persons.is_empty()
            && self.ages.is_none()
            && self.covered_by.is_empty()
            && self.diseases.is_empty()
            && self.diagnoses.is_empty()
            && self.same_year.is_none()
            && self.not.is_none()
    }

    /// Whether the condition holds, and through which identity.
    #[inline]
    pub fn admits<'a>(&'a self, facts: &'a ClaimFacts) -> Option<Member<'a>> {
        if self.open {
            return Some(None);
        }
        let visit = admits(&self.care, &facts.med_type)
            && admits(&self.tiers, &facts.tier)
            && admits(&self.kinds, &facts.kind)
            && admits(&self.places, &facts.place)
            && admits(&self.filing, &facts.filing)
            && self.contracted.is_none_or(|is| is == facts.contracted);
        let excluded = || {
            let not = self.not.as_ref();
            not.is_some_and(|not| not.admits(facts).is_some())
        };
        if !visit || !self.admits_person(facts) || excluded() {
            return None;
        }
        if self.groups.is_empty() {
            return Some(None);
        }
        membership(&self.groups, &facts.identities).map(Some)
    }

    fn admits_person(&self, facts: &ClaimFacts) -> bool {
        let one_of = |list: &[PersonType]| {
            list.is_empty() || facts.person.as_ref().is_some_and(|p| list.contains(p))
        };
        let aged = |(from, to): (u32, u32)| facts.age.is_some_and(|age| (from..=to).contains(&age));
        let begins = |prefix: &DiagnosisCode| {
            let code = facts.diagnosis.as_ref();
            code.is_some_and(|code| code.as_str().starts_with(prefix.as_str()))
        };
        let covered = |scheme: &Scheme| facts.covered_by.contains(scheme);
        let filed = |disease: &DiseaseCode| facts.diseases.first() == Some(disease);
        let same_year = facts.decided.year() == facts.day.year();
        one_of(&self.persons)
            && self.ages.is_none_or(aged)
            && (self.covered_by.is_empty() || self.covered_by.iter().any(covered))
            && (self.diseases.is_empty() || self.diseases.iter().any(filed))
            && (self.diagnoses.is_empty() || self.diagnoses.iter().any(begins))
            && self.same_year.is_none_or(|is| is == same_year)
    }
}

/// 就高不就低: the first group that has one of the identities, by the highest of them.
pub(crate) fn membership<'a>(
    groups: &'a [Arc<Group>],
    identities: &'a [IdentityKind],
) -> Option<(&'a Group, &'a IdentityKind)> {
    groups.iter().find_map(|group| {
        let held = identities
            .iter()
            .filter(|kind| group.identities.contains(kind));
        held.min_by_key(|kind| kind.precedence())
            .map(|kind| (&**group, kind))
    })
}

#[inline]
fn admits<T: PartialEq>(list: &[T], value: &T) -> bool {
    list.is_empty() || list.contains(value)
}

/// One row of a table: the first whose condition holds is the one that counts, and only it.
#[derive(Clone, Debug)]
pub(crate) struct Row<T> {
    pub when: When,
    pub value: T,
    pub clause: Clause,
    pub at: Place,
}

/// The row that counts for a claim.
#[inline]
pub(crate) fn first<'a, T>(
    rows: &'a [Row<T>],
    facts: &'a ClaimFacts,
) -> Option<(&'a Row<T>, Member<'a>)> {
    rows.iter()
        .find_map(|row| row.when.admits(facts).map(|member| (row, member)))
}
