//! Laws of revisions, over years that a seeded generator made: the accumulators are the fold of what
//! settlements come to, the ledger is what they pay, and what is taken back leaves nothing.

use super::super::tests::OLD;
use super::*;
use crate::catalogue::Item;
use crate::ledger::{self, Posting, Transaction};
use kernel::{AreaCode, CatalogueId, Fen, IdentityKind, UnitPrice};
use policy::{Library, Payer};

/// Years that are made, and what happens in each.
const YEARS: u64 = 20;
const STEPS: usize = 25;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let sides = u64::try_from(all.len()).unwrap();
        (sides > 0).then(|| &all[usize::try_from(self.below(sides)).unwrap()])
    }
}

/// One person's year as the service keeps it.
struct Book {
    package: Arc<Package>,
    catalogue: Arc<Catalogue>,
    year: PersonYear,
    /// As they stand, or stood when they were reversed.
    settlements: Vec<Posted>,
    /// What was moved, and for which settlement.
    moved: Vec<(SettlementId, Vec<Posting>)>,
    /// What is true of the person, whether it is known or not.
    truth: Member,
}

fn id(n: usize) -> SettlementId {
    SettlementId::parse(&format!("0190d6b2-5f5e-7cc3-98c4-{n:012x}")).unwrap()
}

impl Book {
    fn open() -> Book {
        let evidence: Evidence = serde_json::from_str(OLD).unwrap();
        let bill = &evidence.bill;
        let area = AreaCode::parse("152501").unwrap();
        let library = Library::builtin().unwrap();
        let package = library
            .select(&area, &bill.scheme, bill.end)
            .unwrap()
            .clone();
        let item = r#"{"code": "D-A", "name": "甲类药", "class": "01", "first_pay": 0, "limits": {},
            "ethnic_medicine": false}"#;
        let item: Item = serde_json::from_str(item).unwrap();
        let version = CatalogueId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f").unwrap();
        let first_day = Day::parse("2016-01-01").unwrap();
        let truth = Member {
            identities: Vec::new(),
            ..evidence.member
        };
        Book {
            package,
            catalogue: Arc::new(Catalogue::new(version, first_day, vec![item])),
            year: PersonYear::default(),
            settlements: Vec::new(),
            moved: Vec::new(),
            truth,
        }
    }

    fn standing(&self) -> Vec<Posted> {
        let all = self.settlements.iter();
        all.filter(|one| one.reversed_at.is_none())
            .cloned()
            .collect()
    }

    fn post(&mut self, packs: &[i64]) {
        let mut evidence: Evidence = serde_json::from_str(OLD).unwrap();
        let line = |(number, packs): (u32, &i64)| BillLine {
            number,
            unit_price: UnitPrice(1_000_000_333),
            quantity: Quantity(packs * 10_000),
            amount: UnitPrice(1_000_000_333)
                .times(Quantity(packs * 10_000))
                .unwrap(),
            ..evidence.bill.lines[0].clone()
        };
        evidence.bill.lines = (1..).zip(packs).map(line).collect();
        evidence.member = self.truth.clone();
        evidence.accumulators = self.year.accumulators.clone();
        let priced = price(&self.package, &self.catalogue, &evidence, self.year.version).unwrap();
        let posted = Posted {
            id: id(self.settlements.len()),
            ordinal: self.year.last_ordinal + 1,
            evidence,
            basis: priced.basis,
            amounts: kept(priced.settlement),
            posted_at: Instant::from_micros(0),
            reversed_at: None,
            revision: 0,
        };
        self.moved
            .push((posted.id, Transaction::of(&posted).postings));
        self.year = self.year.posted(&posted);
        self.settlements.push(posted);
    }

    /// What an amendment changes from the settlement at a place among those that stand.
    fn amended(&self, place: usize, amendment: &Amendment) -> Vec<Revised> {
        let standing = &self.standing()[place..];
        let links: Vec<Link> = standing.iter().map(|posted| self.link(posted)).collect();
        let before = accumulators_before(&self.year, standing);
        let mut accounts = Accounts::none(Instant::from_micros(0));
        let version = self.year.version;
        chain(before, version, &links, amendment, &mut accounts).unwrap()
    }

    fn link(&self, posted: &Posted) -> Link {
        Link {
            posted: posted.clone(),
            package: self.package.clone(),
            catalogue: self.catalogue.clone(),
        }
    }

    fn correct(&mut self, payee: Payee, revised: Vec<Revised>) {
        self.year = self.year.revised(&revised);
        for one in revised {
            self.moved
                .push((one.before.id, ledger::revision(&one, payee)));
            let mut settlements = self.settlements.iter_mut();
            let posted = settlements
                .find(|posted| posted.id == one.before.id)
                .unwrap();
            posted.evidence = one.evidence;
            posted.basis = one.basis;
            posted.amounts = kept(one.settlement);
            posted.revision += 1;
        }
    }

    fn learn(&self) -> Amendment {
        let days = self.standing().into_iter().map(|one| one.evidence.bill.end);
        Amendment::Members(
            days.map(|day| (day, self.truth.clone())).collect(),
            Vec::new(),
        )
    }

    fn reverse(&mut self) {
        let Some(newest) = self.standing().pop() else {
            return;
        };
        let own = self
            .moved
            .iter()
            .filter(|(subject, _)| *subject == newest.id);
        let opposite = own
            .flat_map(|(_, postings)| postings.iter())
            .map(|posting| Posting {
                account: posting.account.clone(),
                amount: -posting.amount,
            });
        let opposite = opposite.collect();
        self.moved.push((newest.id, opposite));
        self.year = self.year.reversed(&newest);
        let mut settlements = self.settlements.iter_mut();
        let reversed = settlements.find(|one| one.id == newest.id).unwrap();
        reversed.reversed_at = Some(Instant::from_micros(1));
    }

    /// One step of a year; true when it corrected something.
    fn step(&mut self, dice: &mut Dice) {
        let standing = self.standing();
        let place = usize::try_from(dice.below(8)).unwrap() % standing.len().max(1);
        let target = standing.get(place);
        match (dice.below(6), target) {
            (0 | 1, _) | (_, None) => {
                let lines = 1 + dice.below(3);
                let packs: Vec<i64> = (0..lines)
                    .map(|_| 1 + i64::try_from(dice.below(60)).unwrap())
                    .collect();
                self.post(&packs);
            }
            (2, Some(target)) => {
                let line = dice.of(&target.evidence.bill.lines).unwrap();
                let quantity =
                    1 + i64::try_from(dice.below(line.quantity.0.unsigned_abs())).unwrap();
                let refund = RefundedLine {
                    number: line.number,
                    quantity: Some(Quantity(quantity)),
                };
                let Ok(lines) = left(target.id, &target.evidence.bill.lines, &[refund]) else {
                    return;
                };
                let amendment = Amendment::Bill(target.id, lines);
                let mut revised = self.amended(place, &amendment);
                let later = revised.split_off(1);
                self.correct(Payee::Institution, revised);
                self.correct(Payee::Person, later);
            }
            (3, Some(target)) => {
                let line = dice.of(&target.evidence.bill.lines).unwrap();
                let denied = Denied {
                    number: line.number,
                    rule: "R-1".into(),
                    sentence: "不符。".into(),
                };
                let Ok(findings) = Denied::findings(&[denied], target) else {
                    return;
                };
                let amendment = Amendment::Denied(target.id, findings);
                let revised = self.amended(place, &amendment);
                self.correct(Payee::Person, revised);
                let again = &self.standing()[place];
                let same = Denied {
                    number: line.number,
                    rule: "R-2".into(),
                    sentence: "不符。".into(),
                };
                assert!(Denied::findings(&[same], again).is_err());
            }
            (4, Some(_)) => {
                let kinds: [&[&str]; 3] = [&[], &["2303"], &["2302"]];
                let kinds = dice.of(&kinds).unwrap().iter();
                self.truth.identities =
                    kinds.filter_map(|kind| IdentityKind::parse(kind)).collect();
                self.truth.eligible = dice.below(4) > 0;
                self.truth.version += 1;
                let amendment = self.learn();
                let revised = self.amended(0, &amendment);
                self.correct(Payee::Person, revised);
                assert!(self.amended(0, &amendment).is_empty(), "paid twice");
            }
            (_, Some(_)) => self.reverse(),
        }
    }

    /// What was moved for a settlement, or for all of them, by account.
    fn sums(&self, of: Option<SettlementId>) -> BTreeMap<String, i64> {
        let mut sums = BTreeMap::new();
        let moved = self.moved.iter();
        for (_, postings) in moved.filter(|(id, _)| of.is_none_or(|of| of == *id)) {
            assert_eq!(postings.iter().map(|p| p.amount).sum::<Fen>(), Fen::ZERO);
            for posting in postings {
                *sums.entry(posting.account.clone()).or_insert(0) += posting.amount.0;
            }
        }
        sums.retain(|_, sum| *sum != 0);
        sums
    }

    fn check(&self) {
        // The fold, computed apart: from nothing, by name.
        let mut fold: BTreeMap<String, i64> = BTreeMap::new();
        for posted in self.standing() {
            let evidence = Evidence {
                accumulators: fold
                    .iter()
                    .map(|(name, sum)| (name.as_str(), *sum))
                    .collect(),
                ..posted.evidence.clone()
            };
            let fresh = price(&self.package, &self.catalogue, &evidence, 0)
                .unwrap()
                .settlement;
            assert!(comes_to_the_same(&fresh, &posted.amounts), "{}", posted.id);
            for (name, delta) in fresh.deltas.iter() {
                *fold.entry(name.to_string()).or_insert(0) += delta;
            }
        }
        let year: BTreeMap<String, i64> = self
            .year
            .accumulators
            .iter()
            .map(|(name, sum)| (name.to_string(), sum))
            .collect();
        fold.retain(|_, sum| *sum != 0);
        assert_eq!(year, fold);
        assert_eq!(self.sums(None).values().sum::<i64>(), 0);
        for posted in &self.settlements {
            let mut sums = self.sums(Some(posted.id));
            let owed: i64 = sums
                .iter()
                .filter(|(account, _)| account.starts_with("payable:"))
                .map(|(_, sum)| *sum)
                .sum();
            sums.retain(|account, _| account.starts_with("fund:"));
            let mut shares: BTreeMap<String, i64> = BTreeMap::new();
            if posted.reversed_at.is_none() {
                let all = posted.amounts.shares.iter();
                for share in all.filter(|share| share.payer == Payer::Fund) {
                    *shares.entry(format!("fund:{}", share.fund)).or_insert(0) -= share.paid.0;
                }
            }
            assert_eq!(owed, -shares.values().sum::<i64>());
            shares.retain(|_, sum| *sum != 0);
            assert_eq!(sums, shares);
        }
    }
}

fn kept(settlement: Settlement) -> Settlement {
    Settlement {
        lines: Vec::new(),
        reasons: Vec::new(),
        ..settlement
    }
}

#[test]
fn whatever_happens_in_a_year_the_books_are_those_of_what_stands() {
    let mut revised = 0;
    for seed in 0..YEARS {
        let (mut dice, mut book) = (Dice(seed), Book::open());
        for _ in 0..STEPS {
            book.step(&mut dice);
            book.check();
        }
        revised += book.settlements.iter().map(|one| one.revision).sum::<i64>();
        while !book.standing().is_empty() {
            book.reverse();
        }
        book.check();
        assert!(book.sums(None).is_empty(), "{:?}", book.sums(None));
        assert!(book.year.accumulators.is_empty());
    }
    assert!(
        revised > 150,
        "only {revised} revisions: does the generator reach them?"
    );
}

#[test]
fn nothing_changed_revises_nothing() {
    let mut book = Book::open();
    for packs in [[20, 3], [60, 40], [1, 1]] {
        book.post(&packs);
    }
    assert!(book.amended(0, &book.learn()).is_empty());
    // Nor does a fact that moves nothing.
    book.truth.version += 1;
    assert!(book.amended(0, &book.learn()).is_empty());
    assert_eq!(
        preview_digest(&[]),
        preview_digest(&book.amended(0, &book.learn()))
    );
}

#[test]
fn a_settlement_that_came_since_is_not_priced_without_its_facts() {
    let mut book = Book::open();
    book.post(&[20]);
    let links = [book.link(&book.settlements[0])];
    let nobody = Amendment::Members(BTreeMap::new(), Vec::new());
    let mut accounts = Accounts::none(Instant::from_micros(0));
    let before = Accumulators::default();
    let no = chain(before, 0, &links, &nobody, &mut accounts).unwrap_err();
    assert!(no.is(&PREVIEW_CHANGED));
}

#[test]
fn lines_are_refunded_in_whole_or_in_part() {
    let mut book = Book::open();
    book.post(&[3, 2]);
    let lines = &book.settlements[0].evidence.bill.lines;
    let of = |number, quantity: Option<i64>| RefundedLine {
        number,
        quantity: quantity.map(Quantity),
    };
    let left = |refunded: &[RefundedLine]| left(id(0), lines, refunded);
    // 1,000.000333 yuan × 1.5, half-up.
    let part = left(&[of(1, Some(15_000)), of(2, None)]).unwrap();
    assert_eq!(
        (part.len(), part[0].quantity, part[0].amount),
        (1, Quantity(15_000), Fen(150_000))
    );
    for (refunded, no) in [
        (vec![of(3, None)], &LINE_NOT_BILLED),
        (vec![of(2, None), of(2, None)], &LINE_NOT_BILLED),
        (vec![of(1, Some(30_001))], &MORE_THAN_BILLED),
        (vec![of(1, None), of(2, Some(20_000))], &NOTHING_LEFT),
    ] {
        assert!(left(&refunded).unwrap_err().is(no), "{refunded:?}");
    }
}

/// What was settled before filings were recorded rests on none; what was asked about is asked again.
#[test]
fn filings_are_asked_about_where_they_were_before() {
    let mut book = Book::open();
    book.post(&[3]);
    let mut posted = book.settlements[0].clone();
    let disease = kernel::DiseaseCode::parse("M03900").unwrap();
    posted.evidence.bill.diseases = vec![disease];
    let unfiled = Member {
        filed_diseases: Some(Vec::new()),
        ..posted.evidence.member.clone()
    };
    let known = as_filed(&posted, unfiled.clone()).unwrap();
    assert_eq!(known.filed_diseases, None);
    posted.evidence.member.filed_diseases = Some(Vec::new());
    let no = as_filed(&posted, unfiled).unwrap_err();
    assert_eq!(no.code, "CHRONIC_QUALIFICATION_MISSING");
    assert_eq!(no.field, None);
    let of = no.facts.iter().find(|(name, _)| name == "settlement_id");
    assert_eq!(of.unwrap().1, posted.id.to_string());
}

/// A bill that no fund paid needed no filing: one who is found to have been covered after all is paid for
/// where a filing stood, and the year is not refused for the bill where none did.
#[test]
fn a_bill_that_was_not_paid_stands_in_no_ones_way() {
    let mut book = Book::open();
    book.post(&[3]);
    let mut posted = book.settlements[0].clone();
    posted.evidence.bill.diseases = vec![kernel::DiseaseCode::parse("M03900").unwrap()];
    let covered = Member {
        filed_diseases: Some(Vec::new()),
        eligible: true,
        ..posted.evidence.member.clone()
    };
    posted.evidence.member.filed_diseases = Some(Vec::new());
    posted.evidence.member.eligible = false;
    let kept = as_filed(&posted, covered.clone()).unwrap();
    assert_eq!(kept, posted.evidence.member);
    posted.evidence.bill.diseases.clear();
    assert_eq!(as_filed(&posted, covered.clone()).unwrap(), covered);
}

/// What changes its payer is moved, be it the patient's or the hospital's: the funds need have no part
/// in it.
#[test]
fn what_moves_between_patient_and_hospital_is_moved() {
    let mut book = Book::open();
    book.post(&[3]);
    let posted = book.settlements[0].clone();
    let mut revised = Revised {
        was: posted.amounts.clone(),
        evidence: posted.evidence.clone(),
        basis: posted.basis.clone(),
        settlement: posted.amounts.clone(),
        before: posted,
    };
    assert_eq!(crate::ledger::moved(&revised), Fen::ZERO);
    let now = &mut revised.settlement;
    (now.cash, now.hospital) = (now.cash - Fen(700), now.hospital + Fen(700));
    assert_eq!(crate::ledger::moved(&revised), Fen(700));
    // Of a bill that gets smaller all of what is gone counts.
    revised.settlement.cash -= Fen(1);
    assert_eq!(crate::ledger::moved(&revised), Fen(701));
}
