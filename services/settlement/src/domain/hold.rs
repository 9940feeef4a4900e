//! 整批结算: claims of a person-year that are priced and set aside until all of a batch can be posted
//! together.
//!
//! ```text
//! open ──PostHolds──▶ posted
//!   ├──withdrawn by its request──▶ released
//!   └──ten minutes──▶ expired
//! ```
//!
//! An expiry is written nowhere: the person-year remembers who holds it until when, and whoever
//! comes later takes it. A hold can be posted only while the year still says that it is held by it.

use super::{Bill, YearKey};
use crate::refusal::{
    ACCOUNT_IN_BATCH, DUPLICATE_CLAIM, HOLD_EXPIRED, HOLD_POSTED, HOLD_RELEASED, VISIT_SETTLED,
};
use kernel::{HoldId, Instant, Refusal};

/// Claims of one hold, and of all holds that are posted or reversed together, at most.
pub const BATCH_MAX: usize = 200;

/// How long a hold waits for the rest of its batch.
const HOLD_MILLIS: i64 = 10 * 60 * 1_000;

/// When a hold of this moment expires.
pub fn expiry(now: Instant) -> Instant {
    now.plus_millis(HOLD_MILLIS)
}

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldState {
    /// The person-year is held.
    Open,
    /// The claims were posted.
    Posted,
    /// The hold was withdrawn.
    Released,
    /// Its time ran out.
    Expired,
}

/// 预留: claims of a person-year that are set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// The person-year.
    pub whose: YearKey,
    /// When it was opened.
    pub opened_at: Instant,
    /// When it expires.
    pub expires_at: Instant,
    /// When its claims were posted.
    pub posted_at: Option<Instant>,
    /// When it was withdrawn.
    pub released_at: Option<Instant>,
}

impl Hold {
    /// Where it stands.
    pub fn state(&self, now: Instant) -> HoldState {
        match (self.posted_at, self.released_at) {
            (Some(_), _) => HoldState::Posted,
            (None, Some(_)) => HoldState::Released,
            (None, None) if now < self.expires_at => HoldState::Open,
            (None, None) => HoldState::Expired,
        }
    }

    /// Whether its claims may be posted; `has_year` when the person-year is still held by it.
    pub fn postable(&self, has_year: bool, now: Instant) -> Result<(), Refusal> {
        let no = match self.state(now) {
            HoldState::Open if has_year => return Ok(()),
            HoldState::Open | HoldState::Expired => &HOLD_EXPIRED,
            HoldState::Posted => &HOLD_POSTED,
            HoldState::Released => &HOLD_RELEASED,
        };
        Err(no.refuse().with("hold_id", self.id))
    }
}

/// Whether a bill may be held: money of an account is not set aside, since its holder and relatives may
/// draw on it elsewhere until the batch is posted.
pub fn holdable(bill: &Bill) -> Result<(), Refusal> {
    match bill.account.is_none() {
        true => Ok(()),
        false => Err(ACCOUNT_IN_BATCH.refuse().at("claim.account_use")),
    }
}

/// What makes a visit or a bill settled already: a settlement that stands, or a claim before it.
pub struct Taken {
    /// The settlement's id.
    pub id: String,
    /// The institution's code.
    pub institution: String,
    /// The institution's visit number.
    pub visit: String,
    /// Which part of its stay it is; 0 for the whole.
    pub part: u32,
    /// Digest over what makes two bills the same.
    pub fingerprint: String,
}

impl Taken {
    /// The bill itself, as what the next one may meet.
    pub fn by(bill: &Bill, id: String) -> Taken {
        Taken {
            id,
            institution: bill.institution.to_string(),
            visit: bill.visit.clone(),
            part: bill.part.map_or(0, |part| part.number),
            fingerprint: bill.fingerprint().to_string(),
        }
    }

    /// Why the bill cannot be settled beside these. The visit goes first, whichever of them comes
    /// first.
    pub fn refuse<'a>(
        bill: &Bill,
        taken: impl Iterator<Item = &'a Taken> + Clone,
    ) -> Option<Refusal> {
        let fingerprint = bill.fingerprint().to_string();
        let part = bill.part.map_or(0, |part| part.number);
        let same_visit = |one: &&Taken| {
            // Of a stay in parts each is settled once.
            let same_part = part == 0 || one.part == 0 || one.part == part;
            same_part && one.visit == bill.visit && one.institution == bill.institution.as_str()
        };
        let same_bill = |one: &&Taken| one.fingerprint == fingerprint;
        let (no, id) = match taken.clone().find(same_visit) {
            Some(one) => (VISIT_SETTLED.refuse().at("claim.visit_number"), &one.id),
            None => {
                let one = taken.clone().find(same_bill)?;
                (DUPLICATE_CLAIM.refuse().at("claim.lines"), &one.id)
            }
        };
        let no = no.with("institution_code", &bill.institution);
        let no = no.with("visit_number", &bill.visit);
        Some(no.with("settlement_id", id))
    }
}

/// A refusal about one of several, told with its place among them; where it names no field, that is
/// the one that is refused.
pub fn within(place: &str, mut no: Refusal) -> Refusal {
    let path = |field: &str| format!("{place}.{field}");
    no.field = Some(no.field.as_deref().map_or_else(|| place.into(), path));
    // The sentence of a bad field names it.
    for (_, field) in no.facts.iter_mut().filter(|(name, _)| name == "field") {
        *field = path(field);
    }
    no
}
