//! Laws of accounts: what was drawn is what was offered less what is left, nothing is overdrawn, and what
//! moved an account is what it has.

use super::*;
use crate::domain::tests::OLD;
use crate::domain::{Evidence, Posted};
use kernel::SettlementId;

const MOTHER: &str = "0190d6b2-5f5e-7cc3-98c4-000000000002";
const FATHER: &str = "0190d6b2-5f5e-7cc3-98c4-000000000003";

fn person(id: &str) -> PersonId {
    PersonId::parse(id).unwrap()
}

fn own() -> PersonId {
    person("0190d6b2-5f5e-7cc3-98c4-000000000001")
}

fn at(year: i32) -> Instant {
    Instant::beginning_of(Day::new(year, 6, 1).unwrap())
}

fn account(person: PersonId, year: i32, current: i64, past: i64) -> Account {
    Account {
        person,
        year,
        current: Fen(current),
        past: Fen(past),
        version: 1,
    }
}

fn purse(person: PersonId, authorization: Option<&str>, current: i64, past: i64) -> Purse {
    Purse {
        person,
        authorization: authorization.map(|id| FamilyAuthorizationId::parse(id).unwrap()),
        version: 1,
        current: Fen(current),
        past: Fen(past),
    }
}

/// 60 + 40 of one's own, 10 + 5 of the mother, 20 of the father.
fn offered() -> Offered {
    Offered {
        year: 2018,
        own: purse(own(), None, 60, 40),
        relatives: vec![
            purse(person(MOTHER), Some(MOTHER), 10, 5),
            purse(person(FATHER), Some(FATHER), 20, 0),
        ],
    }
}

/// A settlement as far as accounts are concerned: what is left of each part.
fn leaving(left: (i64, i64, i64)) -> Settlement {
    let zero = r#"{"total":0,"own_pay":0,"over_limit":0,"first_pay":0,"in_scope":0,"deductible":0,
        "shares":[],"account":0,"cash":0,"hospital":0,"lines":[],"findings":[],"deltas":{}}"#;
    let zero: Settlement = serde_json::from_str(zero).unwrap();
    Settlement {
        account_left: AccountFacts {
            current: Fen(left.0),
            past: Fen(left.1),
            shared: Fen(left.2),
        },
        ..zero
    }
}

/// What draws this much of what it is offered, this year's first.
fn wanting(offered: Option<&Offered>, wanted: i64) -> Settlement {
    let facts = offered.map(Offered::facts).unwrap_or_default();
    let mut rest = Fen(wanted);
    let mut draw = |has: Fen| {
        let drawn = rest.min(has);
        rest -= drawn;
        (has - drawn).0
    };
    leaving((draw(facts.current), draw(facts.past), draw(facts.shared)))
}

fn posted(wanted: i64) -> Posted {
    let mut evidence: Evidence = serde_json::from_str(OLD).unwrap();
    evidence.accounts = Some(offered());
    Posted {
        id: SettlementId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f").unwrap(),
        ordinal: 1,
        amounts: wanting(evidence.accounts.as_ref(), wanted),
        evidence,
        basis: serde_json::from_value(serde_json::json!({
            "package": "", "package_digest": "", "person_version": 1, "accumulator_version": 1,
            "catalogue": "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f", "day": "2018-06-01", "funds": 0,
            "cash": 0, "amounts_digest": "",
        }))
        .unwrap(),
        posted_at: at(2018),
        reversed_at: None,
        revision: 0,
    }
}

/// The accounts once the settlement has drawn, and then this much of the own one was spent elsewhere.
fn after(posted: &Posted, spent: i64, year: i32) -> Accounts {
    let offered = offered();
    let all = std::iter::once(&offered.own).chain(&offered.relatives);
    let all = all.map(|one| account(one.person, 2018, one.current.0, one.past.0));
    let mut accounts = Accounts::of(all.collect(), at(2018));
    for one in movements(&offered, &[], &posted.drawn()) {
        accounts.move_by(EntryKind::Paid, "s", &one).unwrap();
    }
    let current = Fen(spent).min(accounts.get(own()).current);
    let spending = Movement {
        person: own(),
        by: None,
        of_year: 2018,
        current: -current,
        past: current - Fen(spent),
    };
    accounts.move_by(EntryKind::Paid, "t", &spending).unwrap();
    Accounts {
        now: at(year),
        ..accounts
    }
}

#[test]
fn what_was_drawn_is_what_is_not_left() {
    let drawn = |wanted| -> Vec<(PersonId, i64, i64)> {
        let all = posted(wanted).drawn().into_iter();
        all.map(|one| (one.person, one.current.0, one.past.0))
            .collect()
    };
    let (own, mother, father) = (own(), person(MOTHER), person(FATHER));
    assert_eq!(drawn(0), []);
    assert_eq!(drawn(70), [(own, 60, 10)]);
    // Of a relative's, what earlier years left goes first.
    assert_eq!(drawn(107), [(own, 60, 40), (mother, 2, 5)]);
    let all = [(own, 60, 40), (mother, 10, 5), (father, 20, 0)];
    assert_eq!(drawn(135), all);
    assert_eq!(drawn(1_000), all);
}

#[test]
fn a_correction_draws_no_more_than_there_is() {
    // What was drawn, what was spent since, what is wanted now; what it draws, own and shared, and
    // what the own account has then.
    for (was, spent, wanted, year, own_drawn, shared, left) in [
        (70, 0, 30, 2018, 30, 0, 70),
        (70, 0, 90, 2018, 90, 0, 10),
        (70, 30, 90, 2018, 70, 0, 0),
        (70, 20, 95, 2018, 80, 0, 0),
        // What was offered then, and not what came in since, and never more of a relative.
        (70, 0, 500, 2018, 100, 0, 0),
        (107, 0, 500, 2018, 100, 7, 0),
        (107, 0, 103, 2018, 100, 3, 0),
        (107, 0, 50, 2018, 50, 0, 50),
        // The year has turned: this year's of then is with that of earlier years.
        (70, 0, 30, 2019, 30, 0, 70),
        (50, 20, 75, 2019, 75, 0, 5),
        (50, 50, 75, 2019, 50, 0, 0),
    ] {
        let posted = posted(was);
        let mut accounts = after(&posted, spent, year);
        let (by, now) = offered_again(&posted, &mut accounts, |by| {
            Ok((by.cloned(), wanting(by, wanted)))
        })
        .unwrap();
        let case = (was, spent, wanted, year);
        let drawn = by.unwrap().drawn(&now);
        let of = |relative: bool| -> i64 {
            let all = drawn.iter();
            let all = all.filter(|one| one.authorization.is_some() == relative);
            all.map(|one| one.sum().0).sum()
        };
        assert_eq!((of(false), of(true)), (own_drawn, shared), "{case:?}");
        assert_eq!(accounts.get(own()).balance().0, left, "{case:?}");
        if year == 2019 {
            assert_eq!(accounts.get(own()).current, Fen::ZERO, "{case:?}");
        }
    }
}

#[test]
fn what_does_not_change_is_priced_by_what_was_offered() {
    let posted = posted(70);
    // Though by now the account is empty.
    let mut accounts = after(&posted, 30, 2018);
    let (by, _) = offered_again(&posted, &mut accounts, |by| {
        Ok((by.cloned(), wanting(by, 70)))
    })
    .unwrap();
    assert_eq!(by, Some(offered()));
}

#[test]
fn entries_are_what_the_account_has() {
    let mut accounts = Accounts::of(vec![account(own(), 2018, 0, 0)], at(2018));
    let mut seed = 7_u64;
    for step in 0_u64..400 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let amount = i64::try_from(seed >> 58).unwrap() - 20;
        accounts.now = at(2018 + i32::try_from(step / 100).unwrap());
        let before = accounts.get(own());
        let movement = Movement {
            person: own(),
            by: None,
            of_year: 2018 + i32::try_from(step / 150).unwrap(),
            current: Fen(amount),
            past: Fen::ZERO,
        };
        let moved = accounts.move_by(EntryKind::Paid, "s", &movement);
        let now = accounts.get(own());
        match moved {
            Ok(()) => assert_eq!(now.balance(), before.balance() + Fen(amount)),
            Err(no) => assert!(no.is(&ACCOUNT_SPENT) && now.balance() == before.balance()),
        }
        assert!(!now.current.is_negative() && !now.past.is_negative());
        let (_, entries) = accounts.moved();
        let current: Fen = entries.iter().map(|one| one.current).sum();
        let past: Fen = entries.iter().map(|one| one.past).sum();
        assert_eq!(current + past, now.balance());
        let numbers: Vec<i64> = entries.iter().map(|one| one.number).collect();
        assert!(numbers.is_sorted_by(|one, next| one + 1 == *next));
    }
    let (_, entries) = accounts.moved();
    assert!(entries.iter().any(|one| one.kind == EntryKind::Rolled));
}

#[test]
fn who_may_be_authorized() {
    let day = |text: &str| Day::parse(text).unwrap();
    let of = |holder: &str, member: PersonId, from: &str, until: Option<&str>| Authorization {
        id: FamilyAuthorizationId::parse(FATHER).unwrap(),
        holder: person(holder),
        member,
        relation: Relation::Child,
        from: day(from),
        until: until.map(day),
        limit: None,
        authorized_at: at(2018),
        ended_at: None,
    };
    let today = day("2018-06-01");
    let given = |new: &Authorization, known: &[Authorization]| {
        let no = new.may_be_given(known, today);
        no.map_or_else(|no| no.code.to_string(), |()| String::new())
    };
    let standing = of(MOTHER, own(), "2018-01-01", Some("2019-01-01"));
    let known = std::slice::from_ref(&standing);
    let many: Vec<Authorization> = (0..RELATIVES_MAX)
        .map(|_| of(FATHER, own(), "2018-01-01", None))
        .collect();
    let ended = Authorization {
        ended_at: Some(at(2018)),
        ..standing.clone()
    };
    for (new, known, expected) in [
        (
            of(MOTHER, person(MOTHER), "2018-01-01", None),
            known,
            "AUTHORIZATION_OF_ONESELF",
        ),
        (
            of(MOTHER, own(), "2018-01-01", Some("2018-01-01")),
            known,
            "AUTHORIZATION_DAYS",
        ),
        (
            of(MOTHER, own(), "2018-01-01", Some("2018-06-01")),
            known,
            "AUTHORIZATION_DAYS",
        ),
        (
            of(MOTHER, own(), "2018-12-31", None),
            known,
            "AUTHORIZATION_OVERLAPS",
        ),
        (of(MOTHER, own(), "2019-01-01", None), known, ""),
        (
            of(MOTHER, own(), "2018-07-01", None),
            std::slice::from_ref(&ended),
            "",
        ),
        (of(FATHER, own(), "2018-01-01", None), known, ""),
        (
            of(MOTHER, own(), "2018-01-01", None),
            many.as_slice(),
            "TOO_MANY_RELATIVES",
        ),
    ] {
        assert_eq!(given(&new, known), expected, "{new:?}");
    }
    let limited = Authorization {
        limit: Some(Fen(50)),
        ..standing
    };
    let has = account(person(MOTHER), 2018, 100, 30);
    let offers = |used| {
        let purse = limited.purse(&has, Fen(used));
        (purse.current.0, purse.past.0)
    };
    assert_eq!(
        [offers(0), offers(25), offers(60)],
        [(20, 30), (0, 25), (0, 0)]
    );
}
