//! 跨年住院: stays over 31 December in each of the readings a package may have. The package is the
//! suite's own of 2017 with a second stay of the year at half the deductible: 300 and 150 yuan, 85 %.

use super::parts::{paid, place, refund, replayed};
use super::{Billing, line, refused, visit};
use integration_tests::{HOSPITAL, World};
use policy::testing::Text;
use policy::{Library, Package};
use proto::common::{Claim, Settlement};
use proto::enrollment::{EnrolPersonRequest, QuoteSubsidyRequest, RecordDeathRequest};
use proto::settlement::GetAccumulatorsRequest;
use std::sync::Arc;

/// A suite whose package reads stays over the year's end so.
async fn reading(cross_year: &str) -> World {
    let tiers = "when = { tiers = [\"1\", \"2\", \"4\", \"9\"] }\nyuan = \"300\"";
    let text = Text::marked(cross_year)
        .with(
            "title = ",
            &format!("cross_year = \"{cross_year}\"\ntitle = "),
        )
        .with(
            tiers,
            &format!("{tiers}\nordinal_factors = [\"100%\", \"50%\"]"),
        );
    let package = Package::parse("reading", &text.0).unwrap();
    let library = Arc::new(Library::new(vec![package]).unwrap());
    World::tuned(|config| config.library = library).await
}

/// A person insured in both years.
async fn insured(world: &World) -> String {
    let person = world.insured(None).await;
    enrol(world, &person, 2018, "2017-11-15").await;
    person
}

async fn enrol(world: &World, person: &str, year: i32, paid_day: &str) {
    let quote = QuoteSubsidyRequest {
        person_id: person.into(),
        scheme: "390".into(),
        year,
        paid_day: paid_day.into(),
        ..Default::default()
    };
    let mut client = world.clerk().enrollment();
    let quoted = client.quote_subsidy(quote).await.unwrap().into_inner();
    let request = EnrolPersonRequest {
        request_id: format!("enrol-{year}-{person}"),
        person_id: person.into(),
        scheme: "390".into(),
        year,
        paid_day: paid_day.into(),
        paid_fen: quoted.subsidy.unwrap().to_pay_fen,
        ..Default::default()
    };
    client.enrol_person(request).await.unwrap();
}

/// A stay of 20 December to 10 January: 200 yuan in the old year, 4,000 in the new one.
async fn over_new_year(desk: &Billing<'_>, person: &str) -> String {
    let stay = visit(person, HOSPITAL, "Z-1", "21", "2017-12-20");
    let id = desk.register(stay).await.unwrap();
    let lines = vec![
        line("1", 20_000, 1, "2017-12-25"),
        line("2", 400_000, 1, "2018-01-05"),
    ];
    desk.upload(&id, lines).await.unwrap();
    desk.discharge(&id, "2018-01-10").await.unwrap();
    id
}

/// A stay of 1,000 yuan in February 2018.
fn next_stay(person: &str, number: &str) -> Claim {
    let days = ("2018-02-01", "2018-02-03");
    integration_tests::claim(person, HOSPITAL, "21", number, days, 100_000)
}

/// How many stays the years 2017 and 2018 count.
async fn stays(world: &World, person: &str) -> [i64; 2] {
    let mut counted = [0; 2];
    for (year, stays) in [2017, 2018].into_iter().zip(&mut counted) {
        let request = GetAccumulatorsRequest {
            person_id: person.into(),
            scheme: "390".into(),
            year,
        };
        let found = world.clerk().settlement().get_accumulators(request).await;
        let found = found.unwrap().into_inner().accumulators;
        let of_stays = found.iter().filter(|one| one.name == "stays_count");
        *stays = of_stays.map(|one| one.value).sum();
    }
    counted
}

/// Settled up to the year's end, and then the rest.
async fn in_parts(desk: &Billing<'_>, id: &str) -> (Settlement, Settlement) {
    let old = desk.settle_through(id, "2017-12-31").await.unwrap();
    (old, desk.settle(id).await.unwrap())
}

#[tokio::test]
async fn divided_with_one_deductible_it_is_a_stay_of_both_years() {
    let world = reading("split_deductible_once").await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = insured(&world).await;
    let id = over_new_year(&desk, &person).await;
    // Neither whole nor by a part over the boundary, nor priced so.
    assert_eq!(refused(desk.pre_settle(&id).await), "CROSS_YEAR_STAY");
    let no = desk.settle(&id).await.unwrap_err();
    assert_eq!(integration_tests::code(&no), "CROSS_YEAR_STAY");
    let whole = desk.settle_through(&id, "2018-01-05").await;
    assert_eq!(refused(whole), "CROSS_YEAR_STAY");
    let (old, new) = in_parts(&desk, &id).await;
    assert_eq!((paid(&old), place(&old)), ((20_000, 0), (1, true, 2017)));
    // The rest of the 300: (4,000 − 100) × 85 %.
    assert_eq!(
        (paid(&new), place(&new)),
        ((10_000, 331_500), (2, false, 2018))
    );
    assert_eq!(new.begin_day, "2018-01-01");
    assert_eq!(stays(&world, &person).await, [1, 1]);
    // The next one is the second of its year: (1,000 − 150) × 85 %.
    let next = world
        .settle("next", next_stay(&person, "N-1"))
        .await
        .unwrap();
    assert_eq!(paid(&next), (15_000, 72_250));
    replayed(&world, 3).await;
    world.ledger().await;
}

#[tokio::test]
async fn divided_as_one_stay_it_is_no_stay_of_the_new_year() {
    let world = reading("split_as_one_stay").await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = insured(&world).await;
    let id = over_new_year(&desk, &person).await;
    assert_eq!(refused(desk.settle(&id).await), "CROSS_YEAR_STAY");
    let (old, new) = in_parts(&desk, &id).await;
    assert_eq!((paid(&old), place(&old)), ((20_000, 0), (1, true, 2017)));
    assert_eq!(
        (paid(&new), place(&new)),
        ((10_000, 331_500), (2, false, 2018))
    );
    assert_eq!(stays(&world, &person).await, [1, 0]);
    // The next one is the first of its year: (1,000 − 300) × 85 %.
    let next = world
        .settle("next", next_stay(&person, "N-1"))
        .await
        .unwrap();
    assert_eq!(paid(&next), (30_000, 59_500));
    replayed(&world, 3).await;
}

#[tokio::test]
async fn a_stay_without_a_cost_in_the_old_year_is_whole() {
    let world = reading("split_as_one_stay").await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = insured(&world).await;
    let stay = visit(&person, HOSPITAL, "Z-1", "21", "2017-12-31");
    let id = desk.register(stay).await.unwrap();
    let lines = vec![line("1", 100_000, 1, "2018-01-01")];
    desk.upload(&id, lines).await.unwrap();
    desk.discharge(&id, "2018-01-10").await.unwrap();
    assert_eq!(
        refused(desk.settle_through(&id, "2017-12-31").await),
        "VISIT_EMPTY"
    );
    let settled = desk.settle(&id).await.unwrap();
    assert_eq!(
        (paid(&settled), place(&settled)),
        ((30_000, 59_500), (0, false, 2018))
    );
}

#[tokio::test]
async fn by_the_year_of_discharge_it_is_whole_or_cut_by_choice() {
    let world = reading("discharge").await;
    let desk = Billing::of(&world, HOSPITAL);
    let (one, other) = (insured(&world).await, insured(&world).await);
    let id = over_new_year(&desk, &one).await;
    let whole = desk.settle(&id).await.unwrap();
    // (4,200 − 300) × 85 %.
    assert_eq!(
        (paid(&whole), place(&whole)),
        ((30_000, 331_500), (0, false, 2018))
    );
    assert_eq!(stays(&world, &one).await, [0, 1]);
    desk.reverse(&whole.settlement_id).await;
    desk.revoke(&id, &[]).await.unwrap();
    desk.cancel_discharge(&id).await.unwrap();
    desk.cancel(&id).await.unwrap();
    let id = over_new_year(&desk, &other).await;
    let (old, new) = in_parts(&desk, &id).await;
    assert_eq!((paid(&old), place(&old)), ((20_000, 0), (1, true, 2017)));
    assert_eq!(
        (paid(&new), place(&new)),
        ((10_000, 331_500), (2, false, 2018))
    );
    replayed(&world, 3).await;
}

#[tokio::test]
async fn by_the_year_of_admission_the_stay_and_all_its_parts_are_of_the_old_year() {
    let world = reading("admission").await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = insured(&world).await;
    let id = over_new_year(&desk, &person).await;
    let quote = desk.pre_settle(&id).await.unwrap();
    let whole = desk.settle_as("whole", &id, quote.basis).await.unwrap();
    assert_eq!(
        (paid(&whole), place(&whole)),
        ((30_000, 331_500), (0, false, 2017))
    );
    assert_eq!(stays(&world, &person).await, [1, 0]);
    desk.reverse(&whole.settlement_id).await;
    assert_eq!(stays(&world, &person).await, [0, 0]);
    let (old, new) = in_parts(&desk, &id).await;
    assert_eq!((paid(&old), place(&old)), ((20_000, 0), (1, true, 2017)));
    assert_eq!(
        (paid(&new), place(&new)),
        ((10_000, 331_500), (2, false, 2017))
    );
    assert_eq!((old.ordinal, new.ordinal), (2, 3));
    assert_eq!(stays(&world, &person).await, [1, 0]);
    // A batch is by the years of last days: alone it can be settled, beside others it is told so.
    let stay = |number: &str| {
        let days = ("2017-12-30", "2018-01-15");
        integration_tests::claim(&person, HOSPITAL, "21", number, days, 50_000)
    };
    let together = proto::orchestrator::SettleTogetherRequest {
        request_id: "together".into(),
        claims: vec![next_stay(&person, "N-1"), stay("N-2")],
    };
    let mut client = world.suite.desk(HOSPITAL).orchestrator();
    let no = client
        .settle_together(integration_tests::patient(together))
        .await;
    assert_eq!(refused(no), "CROSS_YEAR_ALONE");
    replayed(&world, 3).await;
    world.ledger().await;
}

#[tokio::test]
async fn settled_at_the_years_end_the_new_year_charges_nothing() {
    let world = reading("settle_at_year_end").await;
    let desk = Billing::of(&world, HOSPITAL);
    // Who is insured in the new year too is settled whole, or by choice at the year's end.
    let both = insured(&world).await;
    let id = over_new_year(&desk, &both).await;
    let whole = desk.settle(&id).await.unwrap();
    assert_eq!(
        (paid(&whole), place(&whole)),
        ((30_000, 331_500), (0, false, 2018))
    );
    desk.reverse(&whole.settlement_id).await;
    let (old, new) = in_parts(&desk, &id).await;
    assert_eq!((paid(&old), place(&old)), ((20_000, 0), (1, true, 2017)));
    assert_eq!((paid(&new), place(&new)), ((0, 340_000), (2, false, 2018)));
    // Who is not must settle then; of the new year nothing is paid, and why is told.
    let world = reading("settle_at_year_end").await;
    let desk = Billing::of(&world, HOSPITAL);
    let only_old = world.insured(None).await;
    let id = over_new_year(&desk, &only_old).await;
    assert_eq!(refused(desk.settle(&id).await), "CROSS_YEAR_STAY");
    let (old, new) = in_parts(&desk, &id).await;
    assert_eq!((paid(&old), place(&old)), ((20_000, 0), (1, true, 2017)));
    assert_eq!((paid(&new), place(&new)), ((0, 0), (2, false, 2018)));
    assert!(
        new.remarks
            .iter()
            .any(|remark| remark.code == "NOT_PAYABLE")
    );
    replayed(&world, 2).await;
}

#[tokio::test]
async fn a_part_of_the_old_year_stands_while_one_of_the_new_year_rests_on_it() {
    let world = reading("split_deductible_once").await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = insured(&world).await;
    let id = over_new_year(&desk, &person).await;
    let (old, new) = in_parts(&desk, &id).await;
    // Each is the newest of its year.
    for no in [
        desk.try_reverse(&old.settlement_id).await.map(drop),
        refund(&world, &old, 1).await,
    ] {
        let no = no.unwrap_err();
        assert_eq!(integration_tests::code(&no), "PART_CONTINUED");
        assert!(no.message().contains(&new.settlement_id), "{no}");
    }
    desk.reverse(&new.settlement_id).await;
    desk.reverse(&old.settlement_id).await;
    assert_eq!(stays(&world, &person).await, [0, 0]);
    let (_, again) = in_parts(&desk, &id).await;
    assert_eq!(again.amounts, new.amounts);
    replayed(&world, 4).await;
    world.ledger().await;
}

/// The part of the new year is settled while the one of the old year is reversed: their years are
/// locked apart, the visit is not. Whatever comes of it, no part stands on one that does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_part_is_not_reversed_from_under_the_next_one() {
    let world = reading("split_deductible_once").await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = insured(&world).await;
    let id = over_new_year(&desk, &person).await;
    for _ in 0..4 {
        let old = desk.settle_through(&id, "2017-12-31").await.unwrap();
        let (reversed, new) = tokio::join!(desk.try_reverse(&old.settlement_id), desk.settle(&id));
        let visit = desk.get(&id).await.unwrap().visit.unwrap();
        match (reversed, new) {
            (Err(no), Ok(new)) => {
                assert_eq!(integration_tests::code(&no), "PART_CONTINUED");
                assert_eq!(visit.part_count, 2);
                desk.reverse(&new.settlement_id).await;
                desk.reverse(&old.settlement_id).await;
            }
            (Ok(_), Err(no)) => {
                let code = integration_tests::code(&no);
                let known = ["VISIT_CHANGED", "CROSS_YEAR_STAY"];
                assert!(known.contains(&code.as_str()), "{code}");
                assert_eq!(visit.part_count, 0);
            }
            (reversed, new) => panic!("{reversed:?} {new:?}"),
        }
    }
    assert_eq!(stays(&world, &person).await, [0, 0]);
    world.ledger().await;
}

/// A stay of 1 to 31 July 2017 with 1,000 yuan on the 5th and 2,000 on the 25th, not discharged.
async fn july(desk: &Billing<'_>, person: &str) -> String {
    let stay = visit(person, HOSPITAL, "Z-1", "21", "2017-07-01");
    let id = desk.register(stay).await.unwrap();
    let lines = vec![
        line("1", 100_000, 1, "2017-07-05"),
        line("2", 200_000, 1, "2017-07-25"),
    ];
    desk.upload(&id, lines).await.unwrap();
    id
}

#[tokio::test]
async fn a_patient_who_dies_is_settled_by_the_day_of_death() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let id = july(&desk, &person).await;
    let death = RecordDeathRequest {
        request_id: "death".into(),
        person_id: person.clone(),
        death_day: "2017-07-25".into(),
    };
    world
        .clerk()
        .enrollment()
        .record_death(death)
        .await
        .unwrap();
    // 出院 on the day of death: (3,000 − 300) × 85 %.
    desk.discharge(&id, "2017-07-25").await.unwrap();
    let settled = desk.settle(&id).await.unwrap();
    assert_eq!(paid(&settled), (30_000, 229_500));
    desk.reverse(&settled.settlement_id).await;
    // Discharged later, with a cost after the death: what is up to the day of death is settled first.
    desk.cancel_discharge(&id).await.unwrap();
    let late = vec![line("3", 10_000, 1, "2017-07-26")];
    desk.upload(&id, late).await.unwrap();
    desk.discharge(&id, "2017-07-27").await.unwrap();
    let whole = desk.pre_settle(&id).await.unwrap();
    assert_eq!(whole.amounts.unwrap().funds_fen, 0);
    let told = |remark: &proto::common::Remark| remark.sentence.contains("已死亡");
    assert!(whole.remarks.iter().any(told));
    let until = desk.settle_through(&id, "2017-07-25").await.unwrap();
    assert_eq!(paid(&until), (30_000, 229_500));
    let after = desk.settle(&id).await.unwrap();
    assert_eq!(paid(&after), (0, 0));
    assert!(after.remarks.iter().any(told));
    replayed(&world, 3).await;
    world.ledger().await;
}

#[tokio::test]
async fn a_suspension_that_begins_in_a_stay_is_of_the_part_after() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let id = july(&desk, &person).await;
    let suspend = proto::enrollment::SuspendBenefitRequest {
        request_id: "suspend".into(),
        person_id: person.clone(),
        from_day: "2017-07-15".into(),
        until_day: String::new(),
        reason: "欠费".into(),
    };
    world
        .clerk()
        .enrollment()
        .suspend_benefit(suspend)
        .await
        .unwrap();
    let before = desk.settle_through(&id, "2017-07-14").await.unwrap();
    // (1,000 − 300) × 85 %.
    assert_eq!(paid(&before), (30_000, 59_500));
    desk.discharge(&id, "2017-07-31").await.unwrap();
    let after = desk.settle(&id).await.unwrap();
    assert_eq!(paid(&after), (0, 0));
    let told = |remark: &proto::common::Remark| remark.code == "NOT_PAYABLE";
    assert!(after.remarks.iter().any(told), "{:?}", after.remarks);
    replayed(&world, 2).await;
}

#[tokio::test]
async fn a_waiting_period_that_ends_in_a_stay_is_of_the_part_before() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.person().await;
    // Paid after the window: three months later, on 15 July.
    enrol(&world, &person, 2017, "2017-04-15").await;
    let id = july(&desk, &person).await;
    let waiting = desk.settle_through(&id, "2017-07-14").await.unwrap();
    assert_eq!(paid(&waiting), (0, 0));
    let told = |remark: &proto::common::Remark| remark.code == "NOT_PAYABLE";
    assert!(waiting.remarks.iter().any(told));
    desk.discharge(&id, "2017-07-31").await.unwrap();
    // Nothing was charged yet: (2,000 − 300) × 85 %.
    let entitled = desk.settle(&id).await.unwrap();
    assert_eq!(paid(&entitled), (30_000, 144_500));
    replayed(&world, 2).await;
}
