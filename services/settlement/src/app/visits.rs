//! 就诊: visits registered, changed and discharged, their lines uploaded and revoked, and the claims
//! they make.
//!
//! Whatever changes a visit or its lines locks the visit first, and makes it a new version: a
//! settlement that read an older one is refused.

use super::{App, LISTS, page_of, settling};
use crate::domain::{
    AccidentCheck, Bill, Institution, Listing, Upload, Visit, VisitFacts, VisitLine, VisitState,
    accept, remaining, revocable, unregistered,
};
use crate::refusal::{INSTITUTION_UNKNOWN, NO_CATALOGUE, VISIT_SETTLED, VISIT_UNKNOWN};
use crate::store;
use ::store::{Call, Made, Stop, Tx, new_id};
use kernel::{AreaCode, Day, Fen, InstitutionCode, Refusal, VisitId};
use serde_json::json;
use std::collections::BTreeMap;

/// A visit, for whoever may see it.
#[derive(Clone)]
pub struct Which {
    /// Which.
    pub visit: VisitId,
    /// Only if it is of this institution.
    pub own: Option<InstitutionCode>,
}

impl Which {
    fn unknown(&self) -> Refusal {
        let no = VISIT_UNKNOWN.refuse().at("visit_id");
        no.with("visit_id", self.visit)
    }

    fn of(&self, found: Option<Visit>) -> Result<Visit, Refusal> {
        let own = |visit: &Visit| {
            let own = self.own.as_ref();
            own.is_none_or(|own| *own == visit.facts.institution)
        };
        found.filter(own).ok_or_else(|| self.unknown())
    }

    fn standing(&self, found: Option<Visit>) -> Result<Visit, Refusal> {
        let visit = self.of(found)?;
        match visit.state() {
            VisitState::Cancelled => Err(self.unknown()),
            _ => Ok(visit),
        }
    }
}

/// A visit with what its lines come to.
pub struct Summed {
    /// The visit.
    pub visit: Visit,
    /// How many lines stand.
    pub lines: usize,
    /// 总费用, less what was returned.
    pub total: Fen,
}

impl App {
    /// Registers a visit; true when an earlier attempt had done it.
    pub async fn register_visit(
        &self,
        call: &Call,
        facts: &VisitFacts,
    ) -> Result<(Visit, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            self.admissible(&tx, call, facts).await?;
            let settled = store::settled_visit(&tx, area, &facts.institution, &facts.number);
            if settled.await?.is_some() {
                let no = VISIT_SETTLED.refuse().at("visit.visit_number");
                let no = no.with("institution_code", &facts.institution);
                return Err(no.with("visit_number", &facts.number).into());
            }
            let visit = Visit {
                id: VisitId(new_id(call.now)),
                facts: facts.clone(),
                end: None,
                check: None,
                settlement: None,
                parts: Vec::new(),
                version: 1,
                last_line: 0,
                registered_at: call.now,
                cancelled_at: None,
            };
            store::insert_visit(&tx, area, &visit).await?;
            let told = json!({ "person_id": facts.person, "institution_code": facts.institution,
                "med_type": facts.med_type, "begin_day": facts.begin });
            self.made(&tx, call, "visit.registered", visit, told).await
        };
        self.visited(call, self.db.once(call, LISTS, work).await?)
            .await
    }

    /// Changes what is known of a visit; true when an earlier attempt had done it.
    pub async fn change_visit(
        &self,
        call: &Call,
        which: &Which,
        facts: &VisitFacts,
    ) -> Result<(Visit, bool), Refusal> {
        let work = |tx: Tx| async move {
            let (visit, lines) = lock(&tx, call, which).await?;
            let changed = visit.changed(facts.clone(), &lines)?;
            self.admissible(&tx, call, facts).await?;
            self.save(&tx, call, "visit.changed", changed, None).await
        };
        self.visited(call, self.db.once(call, LISTS, work).await?)
            .await
    }

    /// Cancels a visit; true when an earlier attempt had done it.
    pub async fn cancel_visit(
        &self,
        call: &Call,
        which: &Which,
        reason: &str,
    ) -> Result<(Visit, bool), Refusal> {
        let work = |tx: Tx| async move {
            let (visit, lines) = lock(&tx, call, which).await?;
            visit.cancellable(&lines)?;
            let cancelled = Visit {
                cancelled_at: Some(call.now),
                ..visit
            };
            self.save(&tx, call, "visit.cancelled", cancelled, Some(reason))
                .await
        };
        self.visited(call, self.db.once(call, LISTS, work).await?)
            .await
    }

    /// 出院; true when an earlier attempt had done it.
    pub async fn discharge(
        &self,
        call: &Call,
        which: &Which,
        end: Day,
    ) -> Result<(Visit, bool), Refusal> {
        let work = |tx: Tx| async move {
            let (visit, lines) = lock(&tx, call, which).await?;
            let discharged = visit.discharged(end, &lines, call.now.day())?;
            self.save(&tx, call, "visit.discharged", discharged, None)
                .await
        };
        self.visited(call, self.db.once(call, LISTS, work).await?)
            .await
    }

    /// 出院撤销; true when an earlier attempt had done it.
    pub async fn cancel_discharge(
        &self,
        call: &Call,
        which: &Which,
    ) -> Result<(Visit, bool), Refusal> {
        let work = |tx: Tx| async move {
            let (visit, _) = lock(&tx, call, which).await?;
            let open = visit.undischarged()?;
            self.save(&tx, call, "visit.discharge_cancelled", open, None)
                .await
        };
        self.visited(call, self.db.once(call, LISTS, work).await?)
            .await
    }

    /// 外伤核查; true when an earlier attempt had done it.
    pub async fn check_accident(
        &self,
        call: &Call,
        which: &Which,
        check: &AccidentCheck,
    ) -> Result<(Visit, bool), Refusal> {
        let work = |tx: Tx| async move {
            let (visit, _) = lock(&tx, call, which).await?;
            let checked = visit.checked(check.clone())?;
            self.save(&tx, call, "visit.accident_checked", checked, None)
                .await
        };
        self.visited(call, self.db.once(call, LISTS, work).await?)
            .await
    }

    /// The institution has an agreement, nobody is suspended, and it gives such care.
    async fn admissible(&self, tx: &Tx, call: &Call, facts: &VisitFacts) -> Result<(), Stop> {
        let (area, today) = (&call.key.area, call.now.day());
        let at = (&facts.institution, facts.begin);
        let found = store::institution_on(&**tx, area, at, (facts.person, today)).await?;
        let (institution, _) = settling(found, at, "visit.institution_code")?;
        Ok(facts.admissible(&institution.kind, today)?)
    }

    /// Writes the next version of a visit that is locked.
    async fn save(
        &self,
        tx: &Tx,
        call: &Call,
        kind: &'static str,
        visit: Visit,
        reason: Option<&str>,
    ) -> Result<Made<Visit>, Stop> {
        let visit = Visit {
            version: visit.version + 1,
            ..visit
        };
        store::save_visit(tx, &call.key.area, &visit, reason).await?;
        let told = json!({ "person_id": visit.facts.person, "version": visit.version });
        self.made(tx, call, kind, visit, told).await
    }

    async fn made(
        &self,
        tx: &Tx,
        call: &Call,
        kind: &'static str,
        visit: Visit,
        told: serde_json::Value,
    ) -> Result<Made<Visit>, Stop> {
        let subject = visit.id.to_string();
        self.tell(tx, call, kind, &subject, told).await?;
        Ok(Made {
            subject,
            value: visit,
        })
    }

    async fn visited(
        &self,
        call: &Call,
        done: ::store::Done<Visit>,
    ) -> Result<(Visit, bool), Refusal> {
        if let Some(visit) = done.made {
            return Ok((visit, false));
        }
        let reader = self.db.reader();
        let found = store::find_visit(reader, &call.key.area, &done.subject).await?;
        let unknown = || VISIT_UNKNOWN.refuse().with("visit_id", &done.subject);
        Ok((found.ok_or_else(unknown)?, true))
    }

    /// Uploads lines of a visit; true when an earlier attempt had done it.
    pub async fn upload_lines(
        &self,
        call: &Call,
        which: &Which,
        new: &[Upload],
    ) -> Result<(Vec<VisitLine>, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let (visit, standing) = lock(&tx, call, which).await?;
            accept(&visit, &standing, new, call.now.day())?;
            let listings = self.listings(&tx, call, &visit, new).await?;
            let numbered = (visit.last_line + 1..).zip(new).zip(listings);
            let lines: Vec<VisitLine> = numbered
                .map(|((number, uploaded), listing)| VisitLine {
                    number,
                    uploaded: uploaded.clone(),
                    listing,
                    settlement: None,
                })
                .collect();
            let upload = new_id(call.now).to_string();
            store::insert_lines(&tx, area, &visit, &lines, &upload).await?;
            let last_line = lines.last().map_or(visit.last_line, |line| line.number);
            let visit = Visit { last_line, ..visit };
            self.save(&tx, call, "visit.lines_uploaded", visit, None)
                .await?;
            Ok(Made {
                subject: upload,
                value: lines,
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(lines) => Ok((lines, false)),
            None => {
                let lines = store::uploaded_lines(&self.db, area, &done.subject).await?;
                Ok((lines, true))
            }
        }
    }

    /// What the catalogue of each line's day says of it, asked once for each day.
    async fn listings(
        &self,
        tx: &Tx,
        call: &Call,
        visit: &Visit,
        lines: &[Upload],
    ) -> Result<Vec<Listing>, Stop> {
        let area = &call.key.area;
        let tier = self.institution_of(tx, call, visit).await?.tier;
        let mut catalogues = BTreeMap::new();
        for line in lines {
            if catalogues.contains_key(&line.day) {
                continue;
            }
            let version = store::catalogue_in_force(&**tx, area, line.day).await?;
            let version = version.ok_or_else(|| NO_CATALOGUE.refuse().with("day", line.day))?;
            let catalogue = self.catalogues.current(&**tx, area, &version).await?;
            catalogues.insert(line.day, catalogue);
        }
        let listing = |line: &Upload| {
            let catalogue = catalogues.get(&line.day);
            let item = line.item.as_ref().zip(catalogue);
            Listing::of(item.and_then(|(item, of)| of.item(item)), &tier)
        };
        Ok(lines.iter().map(listing).collect())
    }

    /// The institution of a visit, whoever is suspended by now.
    async fn institution_of(
        &self,
        tx: &Tx,
        call: &Call,
        visit: &Visit,
    ) -> Result<Institution, Stop> {
        let facts = &visit.facts;
        let (at, who) = (
            (&facts.institution, facts.begin),
            (facts.person, call.now.day()),
        );
        let found = store::institution_on(&**tx, &call.key.area, at, who).await?;
        let unknown = || {
            let no = INSTITUTION_UNKNOWN.refuse().at("visit_id");
            let no = no.with("institution_code", &facts.institution);
            no.with("day", facts.begin)
        };
        Ok(found.ok_or_else(unknown)?.0)
    }

    /// Revokes lines of a visit, and tells how many; true when an earlier attempt had done it.
    pub async fn revoke_lines(
        &self,
        call: &Call,
        which: &Which,
        codes: &[String],
    ) -> Result<(usize, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let (visit, standing) = lock(&tx, call, which).await?;
            let numbers = revocable(&standing, codes)?;
            let revocation = new_id(call.now).to_string();
            store::revoke_lines(&tx, area, visit.id, &numbers, &revocation).await?;
            self.save(&tx, call, "visit.lines_revoked", visit, None)
                .await?;
            Ok(Made {
                subject: revocation,
                value: numbers.len(),
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(count) => Ok((count, false)),
            None => {
                let count = store::count_revoked(&self.db, area, &done.subject).await?;
                Ok((usize::try_from(count).unwrap_or(usize::MAX), true))
            }
        }
    }

    /// One visit with what its lines come to.
    pub async fn visit(&self, area: &AreaCode, which: &Which) -> Result<Summed, Refusal> {
        let id = which.visit.to_string();
        let visit = which.of(store::find_visit(self.db.reader(), area, &id).await?)?;
        let lines = store::standing_lines(self.db.reader(), area, which.visit).await?;
        let total = remaining(&lines).iter().map(|line| line.amount).sum();
        Ok(Summed {
            visit,
            lines: lines.len(),
            total,
        })
    }

    /// A page of an institution's visits and the token of the next.
    pub async fn visits(
        &self,
        area: &AreaCode,
        institution: &InstitutionCode,
        state: Option<VisitState>,
        size: u64,
        after: &str,
    ) -> Result<(Vec<Visit>, String), Refusal> {
        let rows = store::visits(&self.db, area, institution, state, after, size + 1).await?;
        Ok(page_of(rows, size, |visit| visit.id.to_string()))
    }

    /// A page of a visit's standing lines and the token of the next.
    pub async fn visit_lines(
        &self,
        area: &AreaCode,
        which: &Which,
        size: u64,
        after: i32,
    ) -> Result<(Vec<VisitLine>, String), Refusal> {
        let id = which.visit.to_string();
        which.of(store::find_visit(self.db.reader(), area, &id).await?)?;
        let rows = store::lines_behind(&self.db, area, which.visit, after, size + 1).await?;
        Ok(page_of(rows, size, |line| line.number.to_string()))
    }

    /// A page of items that were not listed and the token of the next.
    pub async fn unmapped(
        &self,
        area: &AreaCode,
        institution: &InstitutionCode,
        days: (Day, Day),
        size: u64,
        after: &str,
    ) -> Result<(Vec<store::Unmapped>, String), Refusal> {
        let rows = store::unmapped(&self.db, area, institution, days, after, size + 1).await?;
        Ok(page_of(rows, size, store::unmapped_order))
    }

    /// None of these bills, which come as they are, may be of a registered visit; `told` is how a
    /// refusal of one of them is told.
    pub(super) async fn unregistered(
        &self,
        tx: &Tx,
        area: &AreaCode,
        bills: &[&Bill],
        told: impl Fn(usize, Refusal) -> Refusal,
    ) -> Result<(), Stop> {
        let registered = store::registered_visits(tx, area, bills).await?;
        for (index, bill) in bills.iter().enumerate() {
            let of = |found: &&store::Registered| {
                (found.institution.as_str(), &found.number)
                    == (bill.institution.as_str(), &bill.visit)
            };
            let visit = registered.iter().find(of).map(|found| found.visit);
            unregistered(bill, visit).map_err(|no| told(index, no))?;
        }
        Ok(())
    }

    /// The claim that a visit's standing lines make which are not settled, up to a day or all of them, to
    /// be settled or only priced.
    pub async fn visit_claim(
        &self,
        area: &AreaCode,
        which: &Which,
        through: Option<Day>,
        to_settle: bool,
    ) -> Result<Bill, Refusal> {
        let id = which.visit.to_string();
        // The version before the lines: lines that come in between make the version an old one.
        let visit = which.standing(store::find_visit(self.db.reader(), area, &id).await?)?;
        if to_settle {
            visit.settleable(through.is_some())?;
        }
        let lines = store::standing_lines(self.db.reader(), area, which.visit).await?;
        visit.bill(&lines, through, self.clock.now().day())
    }
}

/// Locks a visit that stands, and reads its standing lines.
async fn lock(tx: &Tx, call: &Call, which: &Which) -> Result<(Visit, Vec<VisitLine>), Stop> {
    let area = &call.key.area;
    let visit = which.standing(store::lock_visit(tx, area, which.visit).await?)?;
    let lines = store::standing_lines(&**tx, area, which.visit).await?;
    Ok((visit, lines))
}
