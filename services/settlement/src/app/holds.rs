//! 预留: claims of one person-year, priced one after the other and set aside for a batch.

use super::past::EarlierYears;
use super::{App, LISTS, Order, Terms, evidence, kept, lock_year, page_of, parts};
use crate::domain::{
    Bill, Guarantees, Held, Hold, HoldState, PersonYear, Posted, Taken, YearKey, admit, expiry,
    holdable, price, still_holds, within,
};
use crate::refusal::CROSS_YEAR_ALONE;
use crate::store;
use ::store::event::{self, Event};
use ::store::{Call, Key, Made, Stop, Tx, new_id};
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, Day, HoldId, InstitutionCode, Outcome, Refusal, SettlementId};
use serde_json::json;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A hold with its settlements: as they will be posted, or as they were.
pub struct Set {
    /// The hold.
    pub hold: Hold,
    /// Its settlements, in the order of the claims.
    pub settlements: Vec<Posted>,
}

/// What the claims of a hold are priced against, as it is before the next of them.
struct Line {
    year: PersonYear,
    earlier: EarlierYears,
    taken: Vec<Taken>,
    guarantees: Guarantees,
}

impl App {
    /// Prices claims of one person-year, which `whose` is, and holds it; true when an earlier
    /// attempt had done it.
    pub async fn hold(
        &self,
        call: &Call,
        whose: &YearKey,
        orders: &[Order],
    ) -> Result<(Set, bool), Refusal> {
        let done = self
            .db
            .once(call, LISTS, |tx| self.hold_in(tx, call, whose, orders))
            .await?;
        match done.made {
            Some(set) => Ok((set, false)),
            None => Ok((self.set_of(call, &done.subject).await?, true)),
        }
    }

    async fn hold_in(
        &self,
        tx: Tx,
        call: &Call,
        whose: &YearKey,
        orders: &[Order],
    ) -> Result<Made<Set>, Stop> {
        let area = &call.key.area;
        let terms = self.all_terms(&tx, call, orders).await?;
        let before = lock_year(&tx, call, whose).await?;
        let bills: Vec<&Bill> = orders.iter().map(|order| &order.bill).collect();
        let placed = |index, no| within(&place(index), no);
        self.unregistered(&tx, area, &bills, placed).await?;
        let asking = terms.iter().map(|terms| &*terms.package);
        let members = orders.iter().filter_map(|order| order.member.as_ref());
        let mut line = Line {
            year: before.clone(),
            earlier: EarlierYears::read(&*tx, area, whose, asking, members).await?,
            taken: store::taken(&tx, area, &bills).await?,
            guarantees: self.lock_guarantees(&tx, area, &bills).await?,
        };
        let mut claims = Vec::with_capacity(orders.len());
        for (index, (order, terms)) in orders.iter().zip(&terms).enumerate() {
            let placed = |no| within(&place(index), no);
            claims.push(line.next(call, whose, order, terms).map_err(placed)?);
        }
        let hold = Hold {
            id: HoldId(new_id(call.now)),
            whose: whose.clone(),
            opened_at: call.now,
            expires_at: expiry(call.now),
            posted_at: None,
            released_at: None,
        };
        let held = Some(Held {
            by: hold.id,
            until: hold.expires_at,
        });
        store::insert_hold(&tx, area, &hold, &claims).await?;
        store::save_person_year(&tx, area, whose, &PersonYear { held, ..before }).await?;
        let id = hold.id.to_string();
        let facts = json!({ "person_id": whose.person, "claims": claims.len() });
        self.tell(&tx, call, "hold.opened", &id, facts).await?;
        Ok(Made {
            subject: id,
            value: Set {
                hold,
                settlements: claims,
            },
        })
    }

    /// What each bill is priced by, asked once for each institution and day. Their guarantees are
    /// found when they are locked.
    async fn all_terms(&self, tx: &Tx, call: &Call, orders: &[Order]) -> Result<Vec<Terms>, Stop> {
        let mut asked: BTreeMap<(&InstitutionCode, Day), Terms> = BTreeMap::new();
        let mut all = Vec::with_capacity(orders.len());
        for (index, order) in orders.iter().enumerate() {
            let placed = |stop| match stop {
                Stop::Refused(no) => Stop::Refused(within(&place(index), no)),
                fault => fault,
            };
            let (bill, member) = (&order.bill, order.member.as_ref());
            parts::whole(bill).map_err(|no| placed(no.into()))?;
            admit(bill, member, &order.findings, call.now.day()).map_err(|no| placed(no.into()))?;
            holdable(bill).map_err(|no| placed(no.into()))?;
            let of = (&bill.institution, bill.end);
            let terms = match asked.entry(of) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => {
                    let terms = self.terms(&**tx, &call.key.area, bill, call.now).await;
                    place.insert(terms.map_err(placed)?)
                }
            };
            all.push(terms.clone());
        }
        Ok(all)
    }

    /// Withdraws a hold: the person-year is free. What was posted stays.
    pub async fn withdraw_hold(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            let hold = HoldId::parse(&id).map_err(|_| INTERNAL.refuse())?;
            // The year first: whoever posts the hold has locked it.
            store::free_held_year(&tx, &key.area, hold).await?;
            if !store::release_hold(&tx, &key.area, &id, now).await? {
                return Ok(());
            }
            let told = Event {
                area: key.area.clone(),
                kind: "hold.released",
                subject: id,
                facts: json!({}),
            };
            Ok(event::record(&tx, now, told).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// A page of holds and the token of the next.
    pub async fn holds(
        &self,
        area: &AreaCode,
        open_only: bool,
        size: u64,
        after: &str,
    ) -> Result<(Vec<Hold>, String), Refusal> {
        let open_at = open_only.then(|| self.clock.now());
        let rows = store::holds(&self.db, area, open_at, after, size + 1).await?;
        Ok(page_of(rows, size, |hold| hold.id.to_string()))
    }

    async fn set_of(&self, call: &Call, id: &str) -> Result<Set, Refusal> {
        let (area, reader) = (&call.key.area, self.db.reader());
        let id = HoldId::parse(id).map_err(|_| INTERNAL.refuse())?;
        let found = store::find_holds(reader, area, &[id]).await?;
        let hold = found.into_iter().next();
        let hold = hold.ok_or_else(|| INTERNAL.refuse())?;
        let settlements = match hold.state(call.now) {
            HoldState::Posted => self.settlements_of(area, &[id]).await?,
            _ => {
                let mut held = store::held_claims(reader, area, &[id], hold.opened_at).await?;
                held.remove(&id).unwrap_or_default()
            }
        };
        Ok(Set { hold, settlements })
    }

    /// The settlements of posted holds, in their order.
    pub(super) async fn settlements_of(
        &self,
        area: &AreaCode,
        holds: &[HoldId],
    ) -> Result<Vec<Posted>, Refusal> {
        let reader = self.db.reader();
        let ids = store::held_settlements(reader, area, holds).await?;
        let posted = store::find_all_posted(reader, area, &ids).await?;
        Ok(in_order(&ids, posted))
    }
}

impl Line {
    /// Prices the next claim as if those before it had been posted.
    fn next(
        &mut self,
        call: &Call,
        whose: &YearKey,
        order: &Order,
        terms: &Terms,
    ) -> Result<Posted, Refusal> {
        let bill = &terms.decided(order)?;
        if bill.year_key() != *whose {
            let no = CROSS_YEAR_ALONE.refuse().at("claim.begin_day");
            let no = no.with("begin_day", bill.begin).with("end_day", bill.end);
            let no = no.with("package_name", terms.package.name());
            return Err(no.with("year", bill.year_key().year));
        }
        self.guarantees.close(bill, call.now)?;
        let (years, none) = ((&self.year, &self.earlier), (None, None));
        let evidence = evidence(order, bill, terms, years, none)?;
        let version = self.earlier.version(&terms.package, &self.year);
        let priced = price(&terms.package, &terms.catalogue, &evidence, version)?;
        still_holds(order.basis.as_ref(), &priced.basis)?;
        if let Some(no) = Taken::refuse(bill, self.taken.iter()) {
            return Err(no);
        }
        let posted = Posted {
            id: SettlementId(new_id(call.now)),
            ordinal: self.year.last_ordinal + 1,
            evidence,
            basis: priced.basis,
            amounts: kept(priced.settlement),
            posted_at: call.now,
            reversed_at: None,
            revision: 0,
        };
        self.taken.push(Taken::by(bill, posted.id.to_string()));
        self.year = self.year.posted(&posted);
        Ok(posted)
    }
}

/// Where a claim stands in the request.
fn place(index: usize) -> String {
    format!("claims[{index}]")
}

/// Settlements in the order of these ids.
pub(super) fn in_order(ids: &[SettlementId], posted: Vec<Posted>) -> Vec<Posted> {
    let mut by_id: BTreeMap<SettlementId, Posted> =
        posted.into_iter().map(|one| (one.id, one)).collect();
    ids.iter().filter_map(|id| by_id.remove(id)).collect()
}
