//! 县内就诊率 (0.17, R7): a small population counted by hand, and every cell of it drilled down to its
//! visits. The 15 points of the poor in the county stand in the trace of what is counted there.

use super::*;
use crate::reimbursements::{ELSEWHERE, approve, pay, receipt, submission, submit};
use crate::revisions::{packs, refund, refunded};
use crate::visits::{Billing, line, visit as registered};
use integration_tests::{HOSPITAL, code, visit};
use proto::orchestrator::in_county_row::Dimension;
use proto::orchestrator::list_in_county_visits_request::Where;
use proto::orchestrator::{self as pb, CareClass, IdentityClass};
use std::collections::{BTreeMap, BTreeSet};

const ANJI: &str = "330523";
const SINCE: &str = "2019-01-01";

fn of_2020() -> pb::VisitFilter {
    pb::VisitFilter {
        from_day: "2020-01-01".into(),
        to_day: "2020-12-31".into(),
        ..Default::default()
    }
}

async fn share(town: &Town, filter: pb::VisitFilter) -> pb::GetInCountyShareResponse {
    let request = pb::GetInCountyShareRequest {
        filter: Some(filter),
    };
    let mut desk = town.world.clerk().indicators();
    let answer = desk.get_in_county_share(patient(request)).await;
    answer.unwrap().into_inner()
}

/// All visits behind a cell, in pages of two.
async fn behind(town: &Town, filter: &pb::VisitFilter, place: Where) -> Vec<pb::InCountyVisit> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListInCountyVisitsRequest {
            filter: Some(filter.clone()),
            r#where: place.into(),
            page_size: 2,
            page_token,
        };
        let mut desk = town.world.clerk().indicators();
        let page = desk.list_in_county_visits(patient(request)).await;
        let page = page.unwrap().into_inner();
        all.extend(page.visits);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

fn counted(share: Option<&pb::InCountyShare>) -> (i64, i64, Option<i32>) {
    let share = share.unwrap();
    (share.visit_count, share.in_county_count, share.share_bp)
}

/// 低保, recorded long after it began, and what it moves.
async fn recognised_late(town: &Town, person: &str) {
    let request = enrollment::RecordIdentityRequest {
        request_id: format!("late-{person}"),
        person_id: person.into(),
        kind: "2303".into(),
        from_day: SINCE.into(),
        until_day: String::new(),
    };
    let mut desk = town.world.clerk().enrollment();
    desk.record_identity(request).await.unwrap();
    let request = pb::PreviewLateFactsRequest {
        person_id: person.into(),
        scheme: "390".into(),
        year: 2020,
    };
    let mut desk = town.world.clerk().orchestrator();
    let shown = desk.preview_late_facts(patient(request)).await.unwrap();
    let request = pb::PostLateFactsRequest {
        request_id: format!("pay-{person}"),
        person_id: person.into(),
        scheme: "390".into(),
        year: 2020,
        preview_digest: shown.into_inner().preview_digest,
        ..Default::default()
    };
    desk.post_late_facts(patient(request)).await.unwrap();
}

/// A stay settled in two parts, the last of which ends in April.
async fn in_parts(town: &Town) -> String {
    let person = town.resident(2020, &[]).await;
    let desk = Billing::of(&town.world, HOSPITAL);
    let visit = registered(&person, HOSPITAL, "V-7", "21", "2020-03-01");
    let id = desk.register(visit).await.unwrap();
    let lines = vec![
        line("1", 20_000, 1, "2020-03-05"),
        line("2", 100_000, 2, "2020-04-10"),
    ];
    desk.upload(&id, lines).await.unwrap();
    desk.settle_through(&id, "2020-03-31").await.unwrap();
    desk.discharge(&id, "2020-04-20").await.unwrap();
    desk.settle(&id).await.unwrap().settlement_id
}

/// A stay outside, which the patient paid first.
async fn reimbursed(town: &Town) -> String {
    let person = town.resident(2020, &[]).await;
    let days = ("2020-05-01", "2020-05-10");
    let bill = claim(&person, ELSEWHERE, "21", "V-8", days, 100_000);
    let mut request = submission("outside", &bill, vec![receipt("1", 100_000)]);
    request.outside_institution = Some(pb::OutsideInstitution {
        name: "外省三级医院".into(),
        tier: "3".into(),
        kind: "A1".into(),
        place: Place::Outside.into(),
        contracted: false,
    });
    let mut kept = submit(&town.world, request).await.unwrap();
    if kept.needs_second_person {
        kept = approve(&town.world, "clerk-2", &kept).await.unwrap();
    }
    let settled = pay(&town.world, "pay-outside", &kept).await.unwrap();
    settled.settlement_id
}

/// The population: what is counted of the poor, and of the others, by the visit's name.
async fn population(town: &Town, city: &str, shop: &str) -> [BTreeSet<String>; 2] {
    let mut poor = BTreeSet::new();
    let mut others = BTreeSet::new();
    let at = |person: &str, hospital: &str, number: &str, month: &str| {
        stay(person, hospital, number, month, 2_000_000)
    };
    let adjusted = async |settled: &Settlement, rule: &str| {
        let rules = town.rules(settled).await;
        rules.contains(&rule.to_string())
    };
    let person = town.resident(2020, &[("2303", SINCE)]).await;
    let settled = town.settle(at(&person, HOSPITAL, "V-1", "2020-07")).await;
    assert!(adjusted(&settled, "basic.adjust_in_county").await);
    poor.insert(settled.settlement_id);
    let settled = town
        .settle(visit(&person, "V-1", "2020-06-01", 10_000))
        .await;
    assert!(adjusted(&settled, "outpatient.adjust_in_county").await);
    poor.insert(settled.settlement_id);
    let settled = town.settle(at(&person, city, "V-2", "2020-09")).await;
    assert!(!adjusted(&settled, "basic.adjust_in_county").await);
    poor.insert(settled.settlement_id);
    // Ordinary when it was settled, and poor as it stands.
    let person = town.resident(2020, &[]).await;
    let settled = town.settle(at(&person, HOSPITAL, "V-3", "2020-07")).await;
    assert!(!adjusted(&settled, "basic.adjust_in_county").await);
    recognised_late(town, &person).await;
    assert!(adjusted(&settled, "basic.adjust_in_county").await);
    poor.insert(settled.settlement_id);

    // Refunded in part: counted once. Reversed: not at all.
    let person = town.resident(2020, &[]).await;
    let claim = Claim {
        begin_day: "2020-03-01".into(),
        end_day: "2020-03-10".into(),
        ..packs(&person, "V-4", &[20, 30])
    };
    let settled = town.settle(claim).await;
    let request = refund("refund", &settled, &[(1, 5)]);
    refunded(&town.world, HOSPITAL, request).await.unwrap();
    others.insert(settled.settlement_id);
    let settled = town.settle(at(&person, HOSPITAL, "V-5", "2020-08")).await;
    let gone = settled.settlement_id;
    town.world.reverse("gone", &gone).await.unwrap();
    let settled = town
        .settle(visit(&person, "V-6", "2020-06-02", 10_000))
        .await;
    others.insert(settled.settlement_id);
    others.insert(in_parts(town).await);
    others.insert(reimbursed(town).await);
    // 优抚 alone is no poverty; a shop is no visit.
    let person = town.resident(2020, &[("236034", SINCE)]).await;
    let days = ("2020-10-01", "2020-10-01");
    let settled = town
        .settle(super::claim(&person, city, "11", "V-9", days, 10_000))
        .await;
    others.insert(settled.settlement_id);
    let bought = super::claim(&person, shop, "41", "V-10", days, 1_000);
    town.settle(bought).await;
    [poor, others]
}

#[tokio::test]
async fn the_share_in_the_county_is_counted_and_drilled_down() {
    let town = Town::open(ANJI, "2020-12-01").await;
    let city = town.hospital(1, "3", "A1", Place::City).await;
    let shop = town.hospital(2, "9", "C1", Place::District).await;
    let empty = share(&town, of_2020()).await;
    assert_eq!(counted(empty.all.as_ref()), (0, 0, None));
    assert_eq!(empty.rows, []);

    let [poor, others] = population(&town, &city, &shop).await;
    let told = share(&town, of_2020()).await;
    assert!(told.definition.contains("已撤销"), "{}", told.definition);
    assert_eq!(counted(told.all.as_ref()), (9, 6, Some(6_667)));
    assert_eq!(counted(told.poor.as_ref()), (4, 3, Some(7_500)));
    let by = |dimension: Dimension| -> BTreeMap<&str, (i64, i64)> {
        let rows = told.rows.iter();
        let rows = rows.filter(|row| row.dimension() == dimension);
        let row = |row: &'_ pb::InCountyRow| counted(row.share.as_ref());
        rows.map(|one| (one.value.as_str(), (row(one).0, row(one).1)))
            .collect()
    };
    assert_eq!(by(Dimension::Scheme), BTreeMap::from([("390", (9, 6))]));
    assert_eq!(
        by(Dimension::Identity),
        BTreeMap::from([("ORDINARY", (4, 3)), ("POOR", (4, 3)), ("OTHER", (1, 0))])
    );
    assert_eq!(
        by(Dimension::Tier),
        BTreeMap::from([("1", (2, 2)), ("2", (4, 4)), ("3", (3, 0))])
    );
    assert_eq!(
        by(Dimension::Institution),
        BTreeMap::from([
            (CLINIC, (2, 2)),
            (HOSPITAL, (4, 4)),
            (city.as_str(), (2, 0)),
            (ELSEWHERE, (1, 0)),
        ])
    );
    assert_eq!(
        by(Dimension::Care),
        BTreeMap::from([("OUTPATIENT", (3, 2)), ("INPATIENT", (6, 4))])
    );

    // Behind each cell as many visits as it says, and behind the whole those that were counted.
    for row in &told.rows {
        let (all, within, _) = counted(row.share.as_ref());
        let mut filter = of_2020();
        match row.dimension() {
            Dimension::Scheme => filter.scheme = row.value.clone(),
            Dimension::Tier => filter.tier = row.value.clone(),
            Dimension::Institution => filter.institution_code = row.value.clone(),
            Dimension::Identity => {
                let class = format!("IDENTITY_CLASS_{}", row.value);
                filter.identity = IdentityClass::from_str_name(&class).unwrap().into();
            }
            Dimension::Care => {
                let class = format!("CARE_CLASS_{}", row.value);
                filter.care = CareClass::from_str_name(&class).unwrap().into();
            }
            Dimension::Unspecified => panic!("{row:?}"),
        }
        let listed = behind(&town, &filter, Where::Unspecified).await;
        assert_eq!(listed.len() as i64, all, "{row:?}");
        let listed = behind(&town, &filter, Where::InCounty).await;
        assert!(listed.iter().all(|visit| visit.in_county));
        assert_eq!(listed.len() as i64, within, "{row:?}");
        let narrowed = share(&town, filter).await;
        assert_eq!(narrowed.all, row.share);
    }
    let filter = pb::VisitFilter {
        identity: IdentityClass::Poor.into(),
        ..of_2020()
    };
    let ids = |listed: &[pb::InCountyVisit]| -> BTreeSet<String> {
        listed.iter().map(|one| one.settlement_id.clone()).collect()
    };
    let listed = behind(&town, &filter, Where::Unspecified).await;
    assert_eq!(ids(&listed), poor);
    let whole = behind(&town, &of_2020(), Where::Unspecified).await;
    assert_eq!(ids(&whole), poor.union(&others).cloned().collect());
    let days: Vec<&str> = whole.iter().map(|one| one.end_day.as_str()).collect();
    assert!(days.is_sorted(), "{days:?}");
    let away = behind(&town, &of_2020(), Where::Away).await;
    let outside: Vec<_> = away.iter().filter(|one| one.reimbursed).collect();
    assert_eq!((away.len(), outside.len()), (3, 1));
    assert_eq!(outside[0].institution_code, ELSEWHERE);
}

/// 分段结算: a stay is of the day on which its last part ends, and of the part before it again when that
/// is taken back.
#[tokio::test]
async fn a_stay_in_parts_is_one_visit_of_its_last_day() {
    let town = Town::open(ANJI, "2020-12-01").await;
    let last = in_parts(&town).await;
    let month = |month: &str, day: &str| pb::VisitFilter {
        from_day: format!("2020-{month}-01"),
        to_day: format!("2020-{month}-{day}"),
        ..Default::default()
    };
    let all = async |filter| counted(share(&town, filter).await.all.as_ref()).0;
    assert_eq!(all(month("03", "31")).await, 0);
    assert_eq!(all(month("04", "30")).await, 1);
    assert_eq!(all(of_2020()).await, 1);
    town.world.reverse("last", &last).await.unwrap();
    assert_eq!(all(month("03", "31")).await, 1);
    assert_eq!(all(month("04", "30")).await, 0);

    // Longer than a year, or backwards, is nothing to ask.
    for (from, to) in [("2020-01-01", "2021-01-01"), ("2020-02-01", "2020-01-31")] {
        let request = pb::GetInCountyShareRequest {
            filter: Some(pb::VisitFilter {
                from_day: from.into(),
                to_day: to.into(),
                ..Default::default()
            }),
        };
        let mut desk = town.world.clerk().indicators();
        let no = desk.get_in_county_share(patient(request)).await;
        assert_eq!(code(&no.unwrap_err()), "INVALID_FIELD");
    }
}
