//! 个人账户与家庭共济: what accounts a claim may draw on, what it drew, and what moves them: pure.
//!
//! - An account has what came in this year (当年结存) and what earlier years left (历年结存). At the turn of
//!   the year the first becomes the second; that is written when the account moves next.
//! - The package says of the person's own account which part pays first. Of a relative's account what
//!   earlier years left goes first, then this year's: so far as the regions say anything, relatives
//!   share what is left over.
//! - What a claim drew follows from what it was offered and from its amounts, so that nothing of it is
//!   stored twice: [`Offered::drawn`].
//! - A correction may draw more from the person's own account: of what it offered then, never more than it
//!   has by now (what is missing becomes cash). It never draws more from a relative's than the settlement
//!   did: whoever let somebody draw once did not agree to be drawn upon later. What it draws less goes
//!   back. A settlement that comes to the same is not touched by what the accounts have by now.
//! - What was drawn from an earlier year's 当年结存 goes back to 历年结存.

use super::Posted;
use crate::refusal::{
    ACCOUNT_SPENT, AUTHORIZATION_DAYS, AUTHORIZATION_ENDED, AUTHORIZATION_OF_ONESELF,
    AUTHORIZATION_OVERLAPS, TOO_MANY_RELATIVES,
};
use kernel::{CreditId, Day, FamilyAuthorizationId, Fen, Instant, PersonId, Refusal, Scheme};
use policy::{AccountFacts, Settlement};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Relatives one account serves, and accounts of relatives one person may draw on, at most.
pub const RELATIVES_MAX: usize = 10;
/// 划入 at once, at most: 100,000 yuan.
pub const CREDIT_MAX: Fen = Fen::yuan(100_000);

/// 个人账户使用标志 (acct_used_flag): whose account may pay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountUse {
    /// 不使用.
    #[default]
    None,
    /// 本人.
    Own,
    /// 家庭共济.
    Shared,
}

impl AccountUse {
    /// True when no account pays.
    pub fn is_none(&self) -> bool {
        *self == AccountUse::None
    }
}

/// 个人账户: what a person's account has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// The year that `current` is of.
    pub year: i32,
    /// 当年结存.
    pub current: Fen,
    /// 历年结存.
    pub past: Fen,
    /// The number of its newest entry.
    pub version: i64,
}

impl Account {
    /// The account of somebody who never had one.
    pub fn empty(person: PersonId, year: i32) -> Account {
        Account {
            person,
            year,
            current: Fen::ZERO,
            past: Fen::ZERO,
            version: 0,
        }
    }

    /// 账户余额 (balc).
    pub fn balance(&self) -> Fen {
        self.current + self.past
    }

    /// The account as it is in a year. A clock that lags behind the account's year turns nothing back.
    pub fn in_year(&self, year: i32) -> Account {
        if year <= self.year {
            return self.clone();
        }
        Account {
            year,
            current: Fen::ZERO,
            past: self.balance(),
            ..self.clone()
        }
    }
}

/// 划入: a credit of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Its id.
    pub id: CreditId,
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// 划入金额.
    pub amount: Fen,
    /// 划入年月.
    pub period: String,
    /// Why.
    pub reason: String,
    /// When it was posted.
    pub posted_at: Instant,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Instant>,
    /// Whether no second person had agreed.
    pub alone: bool,
}

/// What moved an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// 划入.
    Credited,
    /// 划入冲正.
    CreditWithdrawn,
    /// 支付.
    Paid,
    /// 退回.
    GivenBack,
    /// 差额.
    Revised,
    /// 结转.
    Rolled,
}

impl EntryKind {
    const ALL: [(EntryKind, &'static str); 6] = [
        (EntryKind::Credited, "credited"),
        (EntryKind::CreditWithdrawn, "credit_withdrawn"),
        (EntryKind::Paid, "paid"),
        (EntryKind::GivenBack, "given_back"),
        (EntryKind::Revised, "revised"),
        (EntryKind::Rolled, "rolled"),
    ];

    /// Its name in the store.
    pub fn name(self) -> &'static str {
        let mut all = EntryKind::ALL.iter();
        all.find(|(kind, _)| *kind == self)
            .map_or("", |(_, name)| name)
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<EntryKind> {
        let mut all = EntryKind::ALL.iter();
        all.find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// By whom, and by what right, an account of somebody else is drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By {
    /// 使用人.
    pub member: PersonId,
    /// The authorization.
    pub authorization: FamilyAuthorizationId,
}

/// 账户明细: what moved an account once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// Whose account.
    pub person: PersonId,
    /// Its number among the account's, from 1.
    pub number: i64,
    /// Why.
    pub kind: EntryKind,
    /// The credit, the settlement or the correction; empty of 结转.
    pub subject: String,
    /// The relative it was for.
    pub by: Option<By>,
    /// The year whose limit it counts against, and whose 当年结存 was meant.
    pub of_year: i32,
    /// What it did to 当年结存.
    pub current: Fen,
    /// What it did to 历年结存.
    pub past: Fen,
    /// 账户余额 (balc) after it.
    pub balance: Fen,
    /// When.
    pub posted_at: Instant,
}

/// What shall move an account: negative goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Whose account.
    pub person: PersonId,
    /// The relative it is for.
    pub by: Option<By>,
    /// The year of whose 当年结存 `current` is.
    pub of_year: i32,
    /// To 当年结存 of that year.
    pub current: Fen,
    /// To 历年结存.
    pub past: Fen,
}

/// Accounts that are moved together: locked, or as they are read for a preview.
#[derive(Clone, Debug)]
pub struct Accounts {
    now: Instant,
    all: BTreeMap<PersonId, Account>,
    entries: Vec<AccountEntry>,
}

impl Accounts {
    /// None at all, which is enough wherever no account is used.
    pub fn none(now: Instant) -> Accounts {
        Accounts::of(Vec::new(), now)
    }

    /// These accounts.
    pub fn of(accounts: Vec<Account>, now: Instant) -> Accounts {
        Accounts {
            now,
            all: accounts.into_iter().map(|one| (one.person, one)).collect(),
            entries: Vec::new(),
        }
    }

    /// The year they are in: the same of all, also where another replica's clock was ahead at midnight.
    fn year(&self) -> i32 {
        let known = self.all.values().map(|account| account.year);
        known.fold(self.now.day().year(), i32::max)
    }

    /// The account of a person as it is this year.
    pub fn get(&self, person: PersonId) -> Account {
        match self.all.get(&person) {
            Some(account) => account.in_year(self.year()),
            None => Account::empty(person, self.year()),
        }
    }

    /// Moves an account. What it does not have cannot go out.
    pub fn move_by(
        &mut self,
        kind: EntryKind,
        subject: &str,
        movement: &Movement,
    ) -> Result<(), Refusal> {
        if (movement.current, movement.past) == (Fen::ZERO, Fen::ZERO) {
            return Ok(());
        }
        self.roll(movement.person);
        let mut account = self.get(movement.person);
        let (current, past) = match movement.of_year < account.year {
            true => (Fen::ZERO, movement.current + movement.past),
            false => (movement.current, movement.past),
        };
        account.current += current;
        account.past += past;
        if account.current.is_negative() || account.past.is_negative() {
            return Err(ACCOUNT_SPENT.refuse());
        }
        self.write(account, |entry| AccountEntry {
            kind,
            subject: subject.to_string(),
            by: movement.by,
            of_year: movement.of_year,
            current,
            past,
            ..entry
        });
        Ok(())
    }

    /// 结转: an account that moves in a new year is carried over first.
    fn roll(&mut self, person: PersonId) {
        let Some(was) = self.all.get(&person).cloned() else {
            return;
        };
        let account = self.get(person);
        if account.year == was.year {
            return;
        }
        match was.current {
            Fen::ZERO => drop(self.all.insert(person, account)),
            carried => self.write(account, |entry| AccountEntry {
                current: -carried,
                past: carried,
                ..entry
            }),
        }
    }

    fn write(&mut self, mut account: Account, told: impl FnOnce(AccountEntry) -> AccountEntry) {
        account.version += 1;
        self.entries.push(told(AccountEntry {
            person: account.person,
            number: account.version,
            kind: EntryKind::Rolled,
            subject: String::new(),
            by: None,
            of_year: account.year,
            current: Fen::ZERO,
            past: Fen::ZERO,
            balance: account.balance(),
            posted_at: self.now,
        }));
        self.all.insert(account.person, account);
    }

    /// The accounts that moved, and their entries.
    pub fn moved(&self) -> (Vec<&Account>, &[AccountEntry]) {
        let moved: BTreeSet<PersonId> = self.entries.iter().map(|entry| entry.person).collect();
        let accounts = moved.iter().filter_map(|person| self.all.get(person));
        (accounts.collect(), &self.entries)
    }
}

/// What one account offers a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purse {
    /// Whose.
    pub person: PersonId,
    /// 家庭共济: by which the person may draw on it; none of the own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<FamilyAuthorizationId>,
    /// The account's version.
    pub version: i64,
    /// Of 当年结存.
    pub current: Fen,
    /// Of 历年结存.
    pub past: Fen,
}

/// What accounts offer a claim: kept with the decision, so that it can be repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// The year of the accounts.
    pub year: i32,
    /// The person's own.
    pub own: Purse,
    /// 家庭共济: those of relatives, in the order in which they are drawn on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relatives: Vec<Purse>,
}

/// What was drawn from one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Whose.
    pub person: PersonId,
    /// 家庭共济: by which; none of the own account.
    pub authorization: Option<FamilyAuthorizationId>,
    /// From 当年结存.
    pub current: Fen,
    /// From 历年结存.
    pub past: Fen,
}

impl Drawn {
    /// Both parts.
    pub fn sum(&self) -> Fen {
        self.current + self.past
    }
}

impl Offered {
    /// What the engine is told.
    pub fn facts(&self) -> AccountFacts {
        let relatives = self.relatives.iter();
        AccountFacts {
            current: self.own.current,
            past: self.own.past,
            shared: relatives.map(|purse| purse.current + purse.past).sum(),
        }
    }

    /// The versions of all of them, summed: it grows with each.
    pub fn version(&self) -> i64 {
        let relatives = self.relatives.iter().map(|purse| purse.version);
        relatives.fold(self.own.version, i64::saturating_add)
    }

    /// What a settlement drew from each, in their order: what was offered less what is left of it.
    pub fn drawn(&self, amounts: &Settlement) -> Vec<Drawn> {
        let (facts, left) = (self.facts(), &amounts.account_left);
        let mut drawn = vec![Drawn {
            person: self.own.person,
            authorization: None,
            current: facts.current - left.current,
            past: facts.past - left.past,
        }];
        let mut shared = facts.shared - left.shared;
        for purse in &self.relatives {
            let past = shared.min(purse.past);
            let current = (shared - past).min(purse.current);
            shared = shared - past - current;
            drawn.push(Drawn {
                person: purse.person,
                authorization: purse.authorization,
                current,
                past,
            });
        }
        drawn.retain(|one| one.sum() != Fen::ZERO);
        drawn
    }

    /// Whether these draws, in place of those, ask no more of the accounts than a correction may.
    fn allows(&self, before: &[Drawn], after: &[Drawn], accounts: &Accounts) -> bool {
        let more = movements(self, before, after);
        let mut tried = accounts.clone();
        let relative = |one: &Movement| one.by.is_some();
        let less = |one: &Movement| !(one.current + one.past).is_negative();
        more.iter().filter(|one| relative(one)).all(less)
            && more
                .iter()
                .all(|one| tried.move_by(EntryKind::Revised, "", one).is_ok())
    }

    /// What a correction may draw at most: what the settlement drew, and of the own account what it has
    /// besides.
    fn capped(&self, before: &[Drawn], accounts: &Accounts) -> Offered {
        let drawn = |purse: &Purse| {
            let same = |one: &&Drawn| {
                (one.person, one.authorization) == (purse.person, purse.authorization)
            };
            let found = before.iter().find(same);
            found.map_or((Fen::ZERO, Fen::ZERO), |one| (one.current, one.past))
        };
        let account = accounts.get(self.own.person);
        let (current, past) = drawn(&self.own);
        let more = |offered: Fen, drawn: Fen, has: Fen| offered.less(drawn).min(has);
        let more_past = more(self.own.past, past, account.past);
        // Of a year that is over, this year's is with that of earlier years.
        let has = match self.year < account.year {
            true => account.past - more_past,
            false => account.current,
        };
        let more_current = more(self.own.current, current, has);
        let relative = |purse: &Purse| {
            let (current, past) = drawn(purse);
            Purse {
                current,
                past,
                ..purse.clone()
            }
        };
        Offered {
            year: self.year,
            own: Purse {
                current: current + more_current,
                past: past + more_past,
                ..self.own.clone()
            },
            relatives: self.relatives.iter().map(relative).collect(),
        }
    }
}

/// What a correction prices a settlement by: what accounts offered it first, where that asks no more of
/// them than a correction may, and else what it may. `price` tells what it comes to by what is offered.
/// The accounts move with it.
pub fn offered_again<T>(
    posted: &Posted,
    accounts: &mut Accounts,
    price: impl Fn(Option<&Offered>) -> Result<(T, Settlement), Refusal>,
) -> Result<(T, Settlement), Refusal> {
    let Some(offered) = &posted.evidence.accounts else {
        return price(None);
    };
    let before = offered.drawn(&posted.amounts);
    let (mut now, mut after) = price(Some(offered))?;
    let mut by = offered.clone();
    if !offered.allows(&before, &offered.drawn(&after), accounts) {
        by = offered.capped(&before, accounts);
        (now, after) = price(Some(&by))?;
    }
    for one in movements(offered, &before, &by.drawn(&after)) {
        accounts.move_by(EntryKind::Revised, &posted.id.to_string(), &one)?;
    }
    Ok((now, after))
}

/// What moves the accounts when these draws take the place of those.
pub fn movements(offered: &Offered, before: &[Drawn], after: &[Drawn]) -> Vec<Movement> {
    let member = offered.own.person;
    differences(before, after)
        .into_iter()
        .map(|one| Movement {
            person: one.person,
            by: one.authorization.map(|authorization| By {
                member,
                authorization,
            }),
            of_year: offered.year,
            current: -one.current,
            past: -one.past,
        })
        .collect()
}

/// What is drawn more from each account, in the order of the persons; negative is drawn less.
pub fn differences(before: &[Drawn], after: &[Drawn]) -> Vec<Drawn> {
    let mut sums: BTreeMap<(PersonId, Option<FamilyAuthorizationId>), (Fen, Fen)> = BTreeMap::new();
    for (all, sign) in [(before, -1), (after, 1)] {
        for one in all {
            let sum = sums.entry((one.person, one.authorization)).or_default();
            sum.0 += Fen(one.current.0 * sign);
            sum.1 += Fen(one.past.0 * sign);
        }
    }
    let drawn = |((person, authorization), (current, past))| Drawn {
        person,
        authorization,
        current,
        past,
    };
    let moves = |one: &Drawn| (one.current, one.past) != (Fen::ZERO, Fen::ZERO);
    sums.into_iter().map(drawn).filter(moves).collect()
}

impl Posted {
    /// What it drew from accounts.
    pub fn drawn(&self) -> Vec<Drawn> {
        let offered = self.evidence.accounts.as_ref();
        offered.map_or_else(Vec::new, |offered| offered.drawn(&self.amounts))
    }

    /// Whose accounts a correction or a reversal of it may move.
    pub fn account_holders(&self) -> BTreeSet<PersonId> {
        let own = self
            .evidence
            .accounts
            .iter()
            .map(|offered| offered.own.person);
        own.chain(self.drawn().iter().map(|one| one.person))
            .collect()
    }
}

/// 亲属关系: what a relative is to the holder of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// 配偶.
    Spouse,
    /// 父母.
    Parent,
    /// 子女.
    Child,
    /// 兄弟姐妹.
    Sibling,
    /// 祖父母、外祖父母.
    Grandparent,
    /// 孙子女、外孙子女.
    Grandchild,
}

impl Relation {
    const ALL: [(Relation, &'static str); 6] = [
        (Relation::Spouse, "spouse"),
        (Relation::Parent, "parent"),
        (Relation::Child, "child"),
        (Relation::Sibling, "sibling"),
        (Relation::Grandparent, "grandparent"),
        (Relation::Grandchild, "grandchild"),
    ];

    /// Its name in the store.
    pub fn name(self) -> &'static str {
        let mut all = Relation::ALL.iter();
        all.find(|(one, _)| *one == self)
            .map_or("", |(_, name)| name)
    }

    /// The one of this name.
    pub fn parse(name: &str) -> Option<Relation> {
        let mut all = Relation::ALL.iter();
        all.find(|(_, known)| *known == name).map(|(one, _)| *one)
    }
}

/// 家庭共济授权: by which a relative may draw on an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// Its id.
    pub id: FamilyAuthorizationId,
    /// 授权人: whose account.
    pub holder: PersonId,
    /// 使用人: who may draw.
    pub member: PersonId,
    /// 亲属关系.
    pub relation: Relation,
    /// First day.
    pub from: Day,
    /// The first day without it.
    pub until: Option<Day>,
    /// 年度限额.
    pub limit: Option<Fen>,
    /// When it was given.
    pub authorized_at: Instant,
    /// When it was ended, or its request withdrawn.
    pub ended_at: Option<Instant>,
}

impl Authorization {
    /// Whether it may be drawn by on a day.
    pub fn holds_on(&self, day: Day) -> bool {
        let begun = self.from <= day && self.until.is_none_or(|until| day < until);
        begun && self.ended_at.is_none()
    }

    /// Whether it is, or will be, drawn by.
    fn is_to_hold(&self, today: Day) -> bool {
        self.ended_at.is_none() && self.until.is_none_or(|until| today < until)
    }

    fn overlaps(&self, other: &Authorization) -> bool {
        let before = |one: &Authorization, other: &Authorization| {
            one.until.is_some_and(|until| until <= other.from)
        };
        !before(self, other) && !before(other, self)
    }

    /// Whether it may be given beside those that `known` has of holder and member.
    pub fn may_be_given(&self, known: &[Authorization], today: Day) -> Result<(), Refusal> {
        if self.holder == self.member {
            return Err(AUTHORIZATION_OF_ONESELF.refuse().at("member_id"));
        }
        let ends = self
            .until
            .is_none_or(|until| self.from < until && today < until);
        if !ends {
            let no = AUTHORIZATION_DAYS.refuse().at("until_day");
            let no = no.with("from_day", self.from).with("today", today);
            return Err(match self.until {
                Some(until) => no.with("until_day", until),
                None => no,
            });
        }
        let standing = known.iter().filter(|one| one.is_to_hold(today));
        let standing: Vec<&Authorization> = standing.collect();
        let of_both = |one: &&&Authorization| {
            (one.holder, one.member) == (self.holder, self.member) && one.overlaps(self)
        };
        if let Some(other) = standing.iter().find(of_both) {
            let no = AUTHORIZATION_OVERLAPS.refuse().at("from_day");
            return Err(no.with("authorization_id", other.id));
        }
        let given = standing.iter().filter(|one| one.holder == self.holder);
        let taken = standing.iter().filter(|one| one.member == self.member);
        for (count, field) in [(given.count(), "holder_id"), (taken.count(), "member_id")] {
            if count >= RELATIVES_MAX {
                let no = TOO_MANY_RELATIVES.refuse().at(field);
                return Err(no.with("max", RELATIVES_MAX));
            }
        }
        Ok(())
    }

    /// It, ended.
    pub fn ended(&self, now: Instant) -> Result<Authorization, Refusal> {
        match self.ended_at {
            None => Ok(Authorization {
                ended_at: Some(now),
                ..self.clone()
            }),
            Some(_) => Err(AUTHORIZATION_ENDED
                .refuse()
                .at("authorization_id")
                .with("authorization_id", self.id)),
        }
    }

    /// What it offers of the holder's account when this much was drawn by it this year.
    pub fn purse(&self, account: &Account, used: Fen) -> Purse {
        let left = self.limit.map(|limit| limit.less(used));
        let past = left.map_or(account.past, |left| left.min(account.past));
        let current = left.map_or(account.current, |left| (left - past).min(account.current));
        Purse {
            person: self.holder,
            authorization: Some(self.id),
            version: account.version,
            current,
            past,
        }
    }
}

#[cfg(test)]
mod tests;
