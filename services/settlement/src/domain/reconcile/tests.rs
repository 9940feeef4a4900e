use super::*;
use kernel::Day;

fn scheme(code: &str) -> Scheme {
    Scheme::parse(code).unwrap()
}

fn amounts(total: i64, funds: i64) -> Amounts {
    Amounts {
        total: Fen(total),
        funds: Fen(funds),
        account: Fen::ZERO,
        cash: Fen(total - funds),
    }
}

fn row(id: &str, code: &str, total: i64) -> Row {
    Row {
        settlement: id.into(),
        kind: RowKind::Settlement,
        visit: format!("V-{id}"),
        scheme: scheme(code),
        med_type: MedType::parse("11").unwrap(),
        amounts: amounts(total, total / 2),
        shares: Shares::from([("390100".to_string(), Fen(total / 2))]),
        posted_at: 1_519_862_400_000_000,
    }
}

fn reversal(of: &Row) -> Row {
    of.clone().reversed(of.posted())
}

/// The institution's rows for these, numbered as they come.
fn sent<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Vec<Sent> {
    let one = |(number, row): (i32, &Row)| Sent {
        number,
        settlement: row.settlement.clone(),
        request: format!("r-{}", row.settlement),
        kind: row.kind,
        scheme: row.scheme.clone(),
        amounts: row.amounts,
        shares: Some(row.shares.clone()),
    };
    (1..).zip(rows).map(one).collect()
}

fn verdicts(compared: &Compared) -> Vec<(Verdict, String, RowKind)> {
    let told = |one: &Difference| (one.verdict, one.subject().to_string(), one.kind());
    compared.differences.iter().map(told).collect()
}

/// benefits.md 3202, interregional-payment-referral.md A7 (a): one refund of 25 yuan is at the insurer
/// and not at the hospital.
#[test]
fn a_refund_the_hospital_forgot() {
    let kept = row("a", "390", 8_800);
    let refunded = row("b", "390", 2_500);
    // Settled on an earlier day: of this day is the refund alone.
    let ours = [kept.clone(), reversal(&refunded)];
    let compared = reconcile(&ours, &sent([&kept]));
    let found = (Verdict::OnlyAtBureau, "b".to_string(), RowKind::Reversal);
    assert_eq!(verdicts(&compared), [found]);
    assert_eq!(compared.schemes["390"].difference().total, Fen(2_500));
    let advice = advise(&compared.differences[0], None);
    assert_eq!(advice.cause, "院端漏记退费");
    assert_eq!(advice.repair, "补记负向行");

    // Settled and refunded on this day: the hospital has the settlement and not its refund.
    let ours = [kept.clone(), refunded.clone(), reversal(&refunded)];
    let compared = reconcile(&ours, &sent([&kept, &refunded]));
    let found = (Verdict::StatusDiffers, "b".to_string(), RowKind::Reversal);
    assert_eq!(verdicts(&compared), [found]);
    assert_eq!(compared.schemes["390"].difference().total, Fen(2_500));
}

/// A7 (b): 2019-08-08 to 13, hospital 171,239.20, insurer 171,178.20 of three schemes, difference 61.00.
#[test]
fn a_hospital_with_sixty_one_yuan_more() {
    let ours = [
        row("employee", "310", 12_802_642),
        row("maternity", "510", 18_000),
        row("resident", "390", 4_297_178),
    ];
    let sum = |rows: &[Row]| rows.iter().map(|row| row.amounts).sum::<Amounts>().total;
    assert_eq!(sum(&ours), Fen(17_117_820));
    let mut theirs = ours.to_vec();
    theirs.push(row("lost", "390", 6_100));
    assert_eq!(sum(&theirs), Fen(17_123_920));
    let compared = reconcile(&ours, &sent(&theirs));
    let lost = (
        Verdict::OnlyAtInstitution,
        "lost".to_string(),
        RowKind::Settlement,
    );
    assert_eq!(verdicts(&compared), [lost]);
    let differences: Vec<(&str, Fen)> = compared
        .schemes
        .iter()
        .map(|(scheme, sums)| (scheme.as_str(), sums.difference().total))
        .collect();
    let expected = [("310", Fen(0)), ("390", Fen(6_100)), ("510", Fen(0))];
    assert_eq!(differences, expected);
    let advice = advise(&compared.differences[0], None);
    assert!(advice.repair.contains("GetOutcome"), "{}", advice.repair);
}

#[test]
fn every_verdict() {
    let one = row("a", "390", 1_000);
    let back = reversal(&one);
    let both = [one.clone(), back.clone()];
    let only = std::slice::from_ref(&one);
    type Case = (&'static str, Vec<Row>, Vec<Sent>, Vec<Verdict>);
    let change = |mut rows: Vec<Sent>, change: fn(&mut Sent)| {
        rows.iter_mut().last().map(change);
        rows
    };
    let cases: Vec<Case> = vec![
        ("both rows", both.to_vec(), sent(&both), vec![]),
        ("nothing", vec![], vec![], vec![]),
        (
            "at the bureau",
            only.to_vec(),
            vec![],
            vec![Verdict::OnlyAtBureau],
        ),
        (
            "at the institution",
            vec![],
            sent(only),
            vec![Verdict::OnlyAtInstitution],
        ),
        (
            "taken back unheard",
            both.to_vec(),
            vec![],
            vec![Verdict::OnlyAtBureau; 2],
        ),
        (
            "another sum",
            only.to_vec(),
            change(sent(only), |row| row.amounts.cash = Fen(1)),
            vec![Verdict::AmountDiffers],
        ),
        (
            "another fund",
            only.to_vec(),
            change(sent(only), |row| {
                row.shares = Some(Shares::from([("390200".into(), Fen(500))]))
            }),
            vec![Verdict::AmountDiffers],
        ),
        (
            "funds not kept",
            only.to_vec(),
            change(sent(only), |row| row.shares = None),
            vec![],
        ),
        (
            "another scheme",
            only.to_vec(),
            change(sent(only), |row| row.scheme = scheme("310")),
            vec![Verdict::AmountDiffers],
        ),
        (
            "reversed at the bureau",
            both.to_vec(),
            sent(only),
            vec![Verdict::StatusDiffers],
        ),
        (
            "reversed at the institution",
            only.to_vec(),
            sent(&both),
            vec![Verdict::StatusDiffers],
        ),
        (
            "twice",
            only.to_vec(),
            sent([&one, &one]),
            vec![Verdict::Duplicate],
        ),
        (
            "refund with a plus",
            both.to_vec(),
            change(sent(&both), |row| {
                row.amounts = Amounts::default() - row.amounts;
            }),
            vec![Verdict::SignDiffers],
        ),
        (
            "refund not marked",
            both.to_vec(),
            change(sent(&both), |row| {
                row.kind = RowKind::Settlement;
            }),
            vec![Verdict::SignDiffers],
        ),
        (
            "refund as a second settlement",
            both.to_vec(),
            sent([&one, &one]),
            vec![Verdict::SignDiffers],
        ),
        (
            "unknown to the institution",
            vec![],
            change(sent(only), |row| row.settlement = String::new()),
            vec![Verdict::OnlyAtInstitution],
        ),
    ];
    for (name, ours, theirs, expected) in cases {
        let compared = reconcile(&ours, &theirs);
        let found: Vec<Verdict> = compared.differences.iter().map(|one| one.verdict).collect();
        assert_eq!(found, expected, "{name}");
        assert!(compared.explains_itself(), "{name}");
        for one in &compared.differences {
            // What was taken back unheard cancels itself.
            assert_eq!(one.open, name != "taken back unheard", "{name}");
            let advice = advise(one, None);
            assert!(!advice.cause.is_empty() && !advice.repair.is_empty());
        }
    }
}

#[test]
fn what_is_of_another_day_is_said_so() {
    let one = row("a", "390", 1_000);
    let day = |text| Day::parse(text).unwrap();
    let known = Elsewhere {
        posted: day("2018-03-02"),
        reversed: None,
    };
    let of = |row: &Row, known| {
        let compared = reconcile(&[], &sent([row]));
        advise(&compared.differences[0], Some(known)).cause
    };
    assert!(of(&one, known).contains("2018-03-02"));
    assert!(of(&reversal(&one), known).contains("撤销未到账"));
    let reversed = Some(day("2018-03-03"));
    let known = Elsewhere { reversed, ..known };
    assert!(of(&reversal(&one), known).contains("2018-03-03"));
}

#[test]
fn differing_fields_are_named_with_both_amounts() {
    let ours = row("a", "390", 1_000);
    let mut theirs = sent([&ours]);
    theirs[0].amounts.funds = Fen(400);
    theirs[0].shares = Some(Shares::from([("390100".to_string(), Fen(400))]));
    let compared = reconcile(&[ours], &theirs);
    let expected = [
        ("fund_pay_sumamt".to_string(), Fen(400), Fen(500)),
        ("390100".to_string(), Fen(400), Fen(500)),
    ];
    assert_eq!(compared.differences[0].fields(), expected);
}

/// Numbers from a seed: the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            let other = self.roll(last as u64 + 1) as usize;
            all.swap(last, other);
        }
    }
}

/// A day of settlements, some reversed, some of whose settlements are of earlier days.
fn day_of(dice: &mut Dice) -> Vec<Row> {
    let mut rows = Vec::new();
    for n in 0..dice.roll(12) {
        let code = ["310", "390", "510"][dice.roll(3) as usize];
        let one = row(&format!("s{n}"), code, 1 + dice.roll(5_000) as i64);
        match dice.roll(4) {
            0 => rows.push(reversal(&one)),
            1 => rows.extend([one.clone(), reversal(&one)]),
            _ => rows.push(one),
        }
    }
    rows
}

/// What an institution makes of them.
fn spoiled(dice: &mut Dice, ours: &[Row]) -> Vec<Sent> {
    let mut theirs = Vec::new();
    for row in sent(ours) {
        match dice.roll(8) {
            0 => {}
            1 => theirs.extend([row.clone(), row]),
            2 => theirs.push(Sent {
                amounts: Amounts::default() - row.amounts,
                ..row
            }),
            3 => theirs.push(Sent {
                amounts: row.amounts + amounts(dice.roll(100) as i64, 0),
                ..row
            }),
            4 => theirs.push(Sent {
                kind: RowKind::Settlement,
                shares: None,
                ..row
            }),
            5 => theirs.push(Sent {
                settlement: String::new(),
                ..row
            }),
            _ => theirs.push(row),
        }
    }
    for (number, row) in (1..).zip(&mut theirs) {
        row.number = number;
    }
    theirs
}

/// What a comparison says, but for the numbers of rows, which may stand for each other.
fn said(compared: &Compared) -> Vec<String> {
    let mut said: Vec<String> = compared
        .differences
        .iter()
        .map(|one| {
            let mut one = one.clone();
            one.sent.iter_mut().for_each(|row| row.number = 0);
            format!("{one:?}")
        })
        .collect();
    said.sort();
    said
}

#[test]
fn laws_of_a_thousand_days() {
    let mut dice = Dice(0x5EED_0F0F_2018_0301);
    for _ in 0..1_000 {
        let ours = day_of(&mut dice);
        let same = reconcile(&ours, &sent(&ours));
        assert!(same.differences.is_empty(), "{:?}", same.differences);

        let theirs = spoiled(&mut dice, &ours);
        let compared = reconcile(&ours, &theirs);
        assert!(compared.explains_itself());
        // No row is told twice.
        let mut numbers: Vec<i32> = compared
            .differences
            .iter()
            .filter_map(|one| one.sent.as_ref().map(|row| row.number))
            .collect();
        let told = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), told);

        let (mut ours_mixed, mut theirs_mixed) = (ours.clone(), theirs);
        dice.shuffle(&mut ours_mixed);
        dice.shuffle(&mut theirs_mixed);
        let mixed = reconcile(&ours_mixed, &theirs_mixed);
        assert_eq!(said(&mixed), said(&compared));
        assert_eq!(mixed.schemes, compared.schemes);
        assert_eq!(digest(&ours_mixed), digest(&ours));
    }
}
