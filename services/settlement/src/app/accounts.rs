//! 个人账户与家庭共济: accounts credited, shown and shared, and what claims do to them.
//!
//! A claim that uses no account asks nothing here. One that does adds: the accounts, locked last and in
//! the order of their holders, and of a shared one who may be drawn on, read before the locks to know
//! what to lock and after them to know what holds; then the accounts and their entries are written.

use super::{App, LISTS, page_of};
use crate::domain::{
    Account, AccountEntry, AccountUse, Accounts, Authorization, Bill, Credit, EntryKind, Movement,
    Offered, Posted, Purse, Second, movements,
};
use crate::ledger::{self, Transaction};
use crate::refusal::AUTHORIZATION_UNKNOWN;
use crate::store;
use ::store::event::{self, Event};
use ::store::{Call, Key, Made, Stop, Tx};
use kernel::{
    ApprovalId, AreaCode, FamilyAuthorizationId, Fen, Instant, Outcome, PersonId, Refusal,
};
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::collections::BTreeSet;

/// An authorization as it is shown.
pub struct Used {
    /// The authorization.
    pub authorization: Authorization,
    /// What was drawn by it this year, and not given back.
    pub used: Fen,
    /// Whether it may be drawn by today.
    pub in_force: bool,
}

/// An account as it is shown.
pub struct ShownAccount {
    /// The account, this year.
    pub account: Account,
    /// By which relatives draw on it.
    pub shared_to: Vec<Used>,
    /// By which its holder draws on relatives' accounts.
    pub shared_from: Vec<Used>,
}

/// Where accounts are read, and whether to be moved.
pub(super) struct On<'a, C> {
    on: &'a C,
    locked: bool,
}

impl<C: ConnectionTrait> On<'_, C> {
    /// In the transaction that will move them.
    pub fn locked(on: &C) -> On<'_, C> {
        On { on, locked: true }
    }

    /// Where somebody only asks.
    pub fn read(on: &C) -> On<'_, C> {
        On { on, locked: false }
    }

    /// What else is asked at the same place.
    pub fn connection(&self) -> &C {
        self.on
    }

    async fn accounts(
        &self,
        area: &AreaCode,
        people: &BTreeSet<PersonId>,
    ) -> Result<Vec<Account>, Stop> {
        match (people.is_empty(), self.locked) {
            (true, _) => Ok(Vec::new()),
            (false, true) => store::lock_accounts(self.on, area, people).await,
            (false, false) => store::read_accounts(self.on, area, people).await,
        }
    }
}

/// The accounts that a bill may draw on, and what they offer it; nothing when it uses none.
pub(super) async fn offered_to<C: ConnectionTrait>(
    on: &On<'_, C>,
    area: &AreaCode,
    bill: &Bill,
    now: Instant,
) -> Result<(Accounts, Option<Offered>), Stop> {
    if bill.account.is_none() {
        return Ok((Accounts::none(now), None));
    }
    let shared = bill.account == AccountUse::Shared;
    let mut may_draw = match shared {
        true => store::drawn_by(on.on, area, bill.person, now.day()).await?,
        false => Vec::new(),
    };
    let mut people: BTreeSet<PersonId> = may_draw.iter().map(|one| one.holder).collect();
    people.insert(bill.person);
    let accounts = Accounts::of(on.accounts(area, &people).await?, now);
    if on.locked && shared {
        // Whoever ends one has the lock of its holder's account: what is read now stays true.
        may_draw = store::drawn_by(on.on, area, bill.person, now.day()).await?;
        may_draw.retain(|one| people.contains(&one.holder));
    }
    let year = accounts.get(bill.person).year;
    let limited = may_draw.iter().filter(|one| one.limit.is_some());
    let limited: Vec<FamilyAuthorizationId> = limited.map(|one| one.id).collect();
    let used = store::used_by(on.on, area, &limited, year).await?;
    let own = accounts.get(bill.person);
    let relative = |one: &Authorization| {
        let used = used.get(&one.id).copied().unwrap_or_default();
        one.purse(&accounts.get(one.holder), used)
    };
    let offered = Offered {
        year,
        own: Purse {
            person: own.person,
            authorization: None,
            version: own.version,
            current: own.current,
            past: own.past,
        },
        relatives: may_draw.iter().map(relative).collect(),
    };
    Ok((accounts, Some(offered)))
}

/// The accounts that corrections of these settlements may move.
pub(super) async fn accounts_of<C: ConnectionTrait>(
    on: &On<'_, C>,
    area: &AreaCode,
    settlements: &[Posted],
    now: Instant,
) -> Result<Accounts, Stop> {
    let people = settlements.iter().flat_map(Posted::account_holders);
    let people: BTreeSet<PersonId> = people.collect();
    Ok(Accounts::of(on.accounts(area, &people).await?, now))
}

/// Takes what a settlement draws from the accounts, which are locked.
pub(super) async fn pay_from(
    tx: &Tx,
    area: &AreaCode,
    mut accounts: Accounts,
    posted: &Posted,
) -> Result<(), Stop> {
    let Some(offered) = &posted.evidence.accounts else {
        return Ok(());
    };
    for one in movements(offered, &[], &posted.drawn()) {
        accounts.move_by(EntryKind::Paid, &posted.id.to_string(), &one)?;
    }
    store::save_accounts(tx, area, &accounts).await
}

/// Gives back what settlements drew, to whom it was taken from.
pub(super) async fn give_back(
    tx: &Tx,
    area: &AreaCode,
    reversed: &[Posted],
    now: Instant,
) -> Result<(), Stop> {
    let mut accounts = accounts_of(&On::locked(&**tx), area, reversed, now).await?;
    for posted in reversed {
        let Some(offered) = &posted.evidence.accounts else {
            continue;
        };
        for one in movements(offered, &posted.drawn(), &[]) {
            accounts.move_by(EntryKind::GivenBack, &posted.id.to_string(), &one)?;
        }
    }
    store::save_accounts(tx, area, &accounts).await
}

impl App {
    /// Credits an account; true when an earlier attempt had done it.
    pub async fn credit_account(
        &self,
        call: &Call,
        new: &Credit,
        second: &Second,
    ) -> Result<(Credit, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let people = BTreeSet::from([new.person]);
            let year = call.now.day().year();
            store::make_accounts(&tx, area, &people, year).await?;
            let locked = store::lock_accounts(&*tx, area, &people).await?;
            // What was written until here is gone with a refusal: without the row there is no lock.
            let before = store::credited_alone(&tx, area, new.person, year).await?;
            let bound = (new.amount, before);
            let alone = self.second_person_above(&tx, call, second, bound).await?;
            let new = &Credit {
                alone: alone.is_some(),
                ..new.clone()
            };
            let mut accounts = Accounts::of(locked, call.now);
            let year = accounts.get(new.person).year;
            let id = new.id.to_string();
            accounts.move_by(EntryKind::Credited, &id, &moved(new, year, new.amount))?;
            store::insert_credit(&tx, area, new).await?;
            store::save_accounts(&tx, area, &accounts).await?;
            let transaction = Transaction::new(id.clone(), ledger::credit(new));
            store::insert_transactions(&tx, area, &[transaction], call.now).await?;
            let facts = json!({ "person_id": new.person, "scheme": new.scheme,
                "amount_fen": new.amount, "period": new.period });
            self.tell(&tx, call, "account.credited", &id, facts).await?;
            Ok(Made {
                subject: id,
                value: new.clone(),
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(new) => Ok((new, false)),
            None => {
                let reader = self.db.reader();
                Ok((store::find_credit(reader, area, &done.subject).await?, true))
            }
        }
    }

    /// Withdraws a credit, if the account still has the money.
    pub async fn withdraw_credit(
        &self,
        key: &Key,
        approval: Option<ApprovalId>,
    ) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            let area = &key.area;
            let credit = store::find_credit(&*tx, area, &id).await?;
            let people = BTreeSet::from([credit.person]);
            let locked = store::lock_accounts(&*tx, area, &people).await?;
            let mut accounts = Accounts::of(locked, now);
            let year = credit.posted_at.day().year();
            let back = moved(&credit, year, -credit.amount);
            accounts.move_by(EntryKind::CreditWithdrawn, &id, &back)?;
            store::mark_credit_withdrawn(&tx, area, &id, now).await?;
            self.second_person_to_withdraw(&tx, (key, now), approval)
                .await?;
            store::save_accounts(&tx, area, &accounts).await?;
            let opposite = super::opposites_of(&tx, area, vec![id.clone()], now).await?;
            store::insert_transactions(&tx, area, &opposite, now).await?;
            let told = Event {
                area: area.clone(),
                kind: "account.credit_withdrawn",
                subject: id,
                facts: json!({ "person_id": credit.person, "amount_fen": credit.amount }),
            };
            Ok(event::record(&tx, now, told).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// An account as it is now, and who draws on whose.
    pub async fn account(
        &self,
        area: &AreaCode,
        person: PersonId,
    ) -> Result<ShownAccount, Refusal> {
        let (reader, now) = (self.db.reader(), self.clock.now());
        let people = BTreeSet::from([person]);
        let found = store::read_accounts(reader, area, &people).await?;
        let account = Accounts::of(found, now).get(person);
        let shown = store::shown_authorizations(&self.db, area, person).await?;
        let ids = shown.iter().flatten().map(|one| one.id);
        let ids: Vec<FamilyAuthorizationId> = ids.collect();
        let used = store::used_by(reader, area, &ids, account.year).await?;
        let with_used = |authorization: Authorization| Used {
            used: used.get(&authorization.id).copied().unwrap_or_default(),
            in_force: authorization.holds_on(now.day()),
            authorization,
        };
        let [shared_to, shared_from] =
            shown.map(|all| all.into_iter().map(with_used).collect::<Vec<Used>>());
        Ok(ShownAccount {
            account,
            shared_to,
            shared_from,
        })
    }

    /// A page of an account's entries behind a number, and the token of the next.
    pub async fn account_entries(
        &self,
        area: &AreaCode,
        person: PersonId,
        (after, size): (i64, u64),
    ) -> Result<(Vec<AccountEntry>, String), Refusal> {
        let rows = store::account_entries(&self.db, area, person, (after, size + 1)).await?;
        Ok(page_of(rows, size, |entry| entry.number.to_string()))
    }

    /// 家庭共济授权; true when an earlier attempt had done it.
    pub async fn authorize_family_member(
        &self,
        call: &Call,
        new: &Authorization,
    ) -> Result<(Used, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let people = BTreeSet::from([new.holder, new.member]);
            let today = call.now.day();
            // Before any of them is written: a refusal leaves nothing behind.
            new.may_be_given(&[], today)?;
            store::make_accounts(&tx, area, &people, today.year()).await?;
            store::lock_accounts(&*tx, area, &people).await?;
            let standing = store::standing_authorizations(&tx, area, new.holder, new.member);
            new.may_be_given(&standing.await?, today)?;
            store::insert_authorization(&tx, area, new).await?;
            let id = new.id.to_string();
            let facts = json!({ "holder_id": new.holder, "member_id": new.member,
                "relation": new.relation.name(), "from_day": new.from, "until_day": new.until,
                "limit_fen": new.limit });
            let kind = "account.family_authorized";
            self.tell(&tx, call, kind, &id, facts).await?;
            Ok(Made {
                subject: id,
                value: (),
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        let found = self.authorization(area, &done.subject).await?;
        Ok((found, done.replayed()))
    }

    /// Withdraws an authorization: nobody draws by it any more. What was drawn stays drawn.
    pub async fn withdraw_authorization(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            let found = locked_authorization(&tx, &key.area, &id).await?;
            if found.ended_at.is_some() {
                return Ok(());
            }
            store::end_authorization(&tx, &key.area, &id, now, "").await?;
            Ok(event::record(&tx, now, told_ended(&key.area, &found)).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// 解除家庭共济; true when an earlier attempt had done it.
    pub async fn end_authorization(
        &self,
        call: &Call,
        id: FamilyAuthorizationId,
        reason: &str,
    ) -> Result<(Used, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let subject = id.to_string();
            let found = locked_authorization(&tx, area, &subject).await?;
            found.ended(call.now)?;
            store::end_authorization(&tx, area, &subject, call.now, reason).await?;
            event::record(&tx, call.now, told_ended(area, &found)).await?;
            Ok(Made { subject, value: () })
        };
        let done = self.db.once(call, LISTS, work).await?;
        let found = self.authorization(area, &done.subject).await?;
        Ok((found, done.replayed()))
    }

    async fn authorization(&self, area: &AreaCode, id: &str) -> Result<Used, Refusal> {
        let reader = self.db.reader();
        let found = store::find_authorization(reader, area, id).await?;
        let found = found.ok_or_else(|| unknown(id))?;
        let today = self.clock.now().day();
        let used = store::used_by(reader, area, &[found.id], today.year()).await?;
        Ok(Used {
            used: used.get(&found.id).copied().unwrap_or_default(),
            in_force: found.holds_on(today),
            authorization: found,
        })
    }
}

/// An authorization, once its holder's account is locked: it does not end behind a claim's back.
async fn locked_authorization(tx: &Tx, area: &AreaCode, id: &str) -> Result<Authorization, Stop> {
    let seen = store::find_authorization(&**tx, area, id).await?;
    let seen = seen.ok_or_else(|| unknown(id))?;
    store::lock_accounts(&**tx, area, &BTreeSet::from([seen.holder])).await?;
    let found = store::find_authorization(&**tx, area, id).await?;
    Ok(found.ok_or_else(|| unknown(id))?)
}

fn told_ended(area: &AreaCode, ended: &Authorization) -> Event {
    Event {
        area: area.clone(),
        kind: "account.family_authorization_ended",
        subject: ended.id.to_string(),
        facts: json!({ "holder_id": ended.holder, "member_id": ended.member }),
    }
}

/// What a credit does to 当年结存 of the year it came in.
fn moved(credit: &Credit, of_year: i32, amount: Fen) -> Movement {
    Movement {
        person: credit.person,
        by: None,
        of_year,
        current: amount,
        past: Fen::ZERO,
    }
}

fn unknown(id: &str) -> Refusal {
    let no = AUTHORIZATION_UNKNOWN.refuse().at("authorization_id");
    no.with("authorization_id", id)
}
