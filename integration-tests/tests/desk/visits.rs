//! 就诊与住院: a hospital's billing desk from registration to settlement, and back.

mod accidents;
mod parts;
mod stays;
mod years;

use integration_tests::{CLINIC, DRUG, HOSPITAL, World, code, patient};
use proto::common;
use proto::orchestrator::accident_check::{Conclusion, Item};
use proto::orchestrator::registered_visit::State;
use proto::orchestrator::uploaded_line::Finding;
use proto::orchestrator::visit_service_client::VisitServiceClient;
use proto::orchestrator::{self as pb, Visit, VisitLine};
use runtime::Wire;
use std::sync::atomic::{AtomicU32, Ordering};
use tonic::Status;

/// One institution's billing desk.
pub struct Billing<'a> {
    world: &'a World,
    institution: &'a str,
    asked: AtomicU32,
}

impl Billing<'_> {
    pub fn of<'a>(world: &'a World, institution: &'a str) -> Billing<'a> {
        let asked = AtomicU32::new(0);
        Billing {
            world,
            institution,
            asked,
        }
    }

    fn id(&self) -> String {
        format!("visit-{}", self.asked.fetch_add(1, Ordering::SeqCst))
    }

    fn client(&self) -> VisitServiceClient<Wire> {
        self.world.suite.desk(self.institution).visits()
    }

    pub async fn register(&self, visit: Visit) -> Result<String, Status> {
        let request = pb::RegisterVisitRequest {
            request_id: self.id(),
            visit: Some(visit),
        };
        let answer = self.client().register_visit(patient(request)).await?;
        Ok(answer.into_inner().visit.unwrap().visit_id)
    }

    pub async fn upload(
        &self,
        visit_id: &str,
        lines: Vec<VisitLine>,
    ) -> Result<Vec<pb::UploadedLine>, Status> {
        let request = pb::UploadLinesRequest {
            request_id: self.id(),
            visit_id: visit_id.into(),
            lines,
        };
        let answer = self.client().upload_lines(patient(request)).await?;
        Ok(answer.into_inner().lines)
    }

    async fn revoke(&self, visit_id: &str, codes: &[&str]) -> Result<i32, Status> {
        let request = pb::RevokeLinesRequest {
            request_id: self.id(),
            visit_id: visit_id.into(),
            line_codes: codes.iter().map(ToString::to_string).collect(),
        };
        let answer = self.client().revoke_lines(patient(request)).await?;
        Ok(answer.into_inner().line_count)
    }

    pub async fn discharge(&self, visit_id: &str, day: &str) -> Result<(), Status> {
        let request = pb::DischargeRequest {
            request_id: self.id(),
            visit_id: visit_id.into(),
            end_day: day.into(),
        };
        self.client().discharge(patient(request)).await.map(drop)
    }

    async fn cancel_discharge(&self, visit_id: &str) -> Result<(), Status> {
        let request = pb::CancelDischargeRequest {
            request_id: self.id(),
            visit_id: visit_id.into(),
        };
        let answer = self.client().cancel_discharge(patient(request)).await;
        answer.map(drop)
    }

    async fn cancel(&self, visit_id: &str) -> Result<(), Status> {
        let request = pb::CancelVisitRequest {
            request_id: self.id(),
            visit_id: visit_id.into(),
            reason: "登记有误".into(),
        };
        self.client().cancel_visit(patient(request)).await.map(drop)
    }

    async fn change(&self, visit_id: &str, visit: Visit) -> Result<(), Status> {
        let request = pb::ChangeVisitRequest {
            request_id: self.id(),
            visit_id: visit_id.into(),
            visit: Some(visit),
        };
        self.client().change_visit(patient(request)).await.map(drop)
    }

    async fn check(&self, visit_id: &str, check: pb::AccidentCheck) -> Result<(), Status> {
        let request = pb::RecordAccidentCheckRequest {
            request_id: self.id(),
            visit_id: visit_id.into(),
            check: Some(check),
        };
        let answer = self.client().record_accident_check(patient(request)).await;
        answer.map(drop)
    }

    async fn get(&self, visit_id: &str) -> Result<pb::GetVisitResponse, Status> {
        let visit_id = visit_id.into();
        let request = pb::GetVisitRequest { visit_id };
        let answer = self.client().get_visit(patient(request)).await?;
        Ok(answer.into_inner())
    }

    async fn state(&self, visit_id: &str) -> State {
        self.get(visit_id).await.unwrap().visit.unwrap().state()
    }

    async fn pre_settle(&self, visit_id: &str) -> Result<common::Quote, Status> {
        self.pre_settle_through(visit_id, "").await
    }

    async fn pre_settle_through(&self, visit_id: &str, day: &str) -> Result<common::Quote, Status> {
        let request = pb::PreSettleRequest {
            visit_id: visit_id.into(),
            through_day: day.into(),
            ..Default::default()
        };
        let mut client = self.world.suite.desk(self.institution).orchestrator();
        let answer = client.pre_settle(patient(request)).await?;
        Ok(answer.into_inner().quote.unwrap())
    }

    pub async fn settle(&self, visit_id: &str) -> Result<common::Settlement, Status> {
        self.settle_as(&self.id(), visit_id, None).await
    }

    async fn settle_as(
        &self,
        request_id: &str,
        visit_id: &str,
        basis: Option<common::Basis>,
    ) -> Result<common::Settlement, Status> {
        self.ask_settle(pb::SettleRequest {
            request_id: request_id.into(),
            visit_id: visit_id.into(),
            basis,
            ..Default::default()
        })
        .await
    }

    /// 中途结算: settles up to a day.
    pub async fn settle_through(
        &self,
        visit_id: &str,
        day: &str,
    ) -> Result<common::Settlement, Status> {
        self.ask_settle(pb::SettleRequest {
            request_id: self.id(),
            visit_id: visit_id.into(),
            through_day: day.into(),
            ..Default::default()
        })
        .await
    }

    async fn ask_settle(&self, request: pb::SettleRequest) -> Result<common::Settlement, Status> {
        let mut client = self.world.suite.desk(self.institution).orchestrator();
        let answer = client.settle(patient(request)).await?;
        Ok(answer.into_inner().settlement.unwrap())
    }

    async fn reverse(&self, settlement_id: &str) {
        self.try_reverse(settlement_id).await.unwrap();
    }

    async fn try_reverse(&self, settlement_id: &str) -> Result<common::Settlement, Status> {
        let request = pb::ReverseRequest {
            request_id: self.id(),
            settlement_id: settlement_id.into(),
            reason: "费用有误".into(),
        };
        let mut client = self.world.suite.desk(self.institution).orchestrator();
        let answer = client.reverse(patient(request)).await?;
        Ok(answer.into_inner().settlement.unwrap())
    }

    async fn standing(&self, visit_id: &str) -> Vec<pb::UploadedLine> {
        let (mut lines, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListVisitLinesRequest {
                visit_id: visit_id.into(),
                page_size: 2,
                page_token,
            };
            let page = self.client().list_visit_lines(patient(request)).await;
            let page = page.unwrap().into_inner();
            lines.extend(page.lines);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return lines;
            }
        }
    }
}

/// A visit that begins on a day of 2017.
pub fn visit(person: &str, institution: &str, number: &str, med_type: &str, day: &str) -> Visit {
    Visit {
        institution_code: institution.into(),
        visit_number: number.into(),
        person_id: person.into(),
        scheme: "390".into(),
        med_type: med_type.into(),
        begin_day: day.into(),
        diagnosis_code: "J18.900".into(),
        ..Default::default()
    }
}

fn stay(person: &str, number: &str) -> Visit {
    visit(person, HOSPITAL, number, "21", "2017-03-01")
}

/// A line of the drug: its price in fen, how many whole units, and its day.
pub fn line(code: &str, fen: i64, units: i64, day: &str) -> VisitLine {
    VisitLine {
        line_code: code.into(),
        item_code: DRUG.into(),
        unit_price_micro_yuan: fen * 10_000,
        quantity_e4: units * 10_000,
        amount_fen: fen * units,
        fee_day: day.into(),
        ..Default::default()
    }
}

/// A return of units of a line.
fn returned(code: &str, original: &VisitLine, units: i64, day: &str) -> VisitLine {
    let price = original.unit_price_micro_yuan / 10_000;
    VisitLine {
        original_line_code: original.line_code.clone(),
        ..line(code, price, -units, day)
    }
}

fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    code(&answer.unwrap_err())
}

#[tokio::test]
async fn a_stay_in_parts_with_returns_is_settled_as_it_was_priced() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let id = desk.register(stay(&person, "Z-1")).await.unwrap();
    assert_eq!(refused(desk.pre_settle(&id).await), "VISIT_EMPTY");

    let first = line("1", 50_000, 4, "2017-03-01");
    let bed = line("2", 20_000, 1, "2017-03-02");
    let answered = desk.upload(&id, vec![first.clone(), bed.clone()]).await;
    let answered = answered.unwrap();
    assert_eq!(answered.len(), 2);
    assert_eq!((answered[0].number, answered[1].number), (1, 2));
    assert_eq!(answered[0].item_class, "01");
    assert!(answered.iter().all(|line| line.findings.is_empty()));
    // Of the first one is returned; the second whole, in the same call as something new.
    let back = returned("3", &first, 1, "2017-03-04");
    desk.upload(&id, vec![back]).await.unwrap();
    let late = line("5", 300_000, 1, "2017-03-08");
    let whole = returned("4", &bed, 1, "2017-03-05");
    desk.upload(&id, vec![whole, late]).await.unwrap();

    let got = desk.get(&id).await.unwrap();
    assert_eq!((got.line_count, got.total_fen), (5, 450_000));
    // Before the discharge it can be priced, to the day of the last line, and not settled.
    let early = desk.pre_settle(&id).await.unwrap();
    assert_eq!(early.basis.unwrap().day, "2017-03-08");
    assert_eq!(refused(desk.settle(&id).await), "VISIT_NOT_DISCHARGED");
    desk.discharge(&id, "2017-03-10").await.unwrap();
    assert_eq!(desk.state(&id).await, State::Discharged);

    let quote = desk.pre_settle(&id).await.unwrap();
    let settled = desk.settle_as("settle", &id, quote.basis.clone()).await;
    let settled = settled.unwrap();
    assert_eq!(settled.amounts, quote.amounts);
    let amounts = settled.amounts.as_ref().unwrap();
    assert_eq!(amounts.total_fen, 450_000);
    assert!(amounts.funds_fen > 0);
    assert_eq!(desk.state(&id).await, State::Settled);
    let lines = desk.standing(&id).await;
    let of_it = |line: &pb::UploadedLine| line.settlement_id == settled.settlement_id;
    assert!(lines.len() == 5 && lines.iter().all(of_it));
    // Asked again, the same.
    let again = desk.settle_as("settle", &id, quote.basis).await.unwrap();
    assert_eq!(again, settled);
    assert_eq!(refused(desk.settle(&id).await), "VISIT_SETTLED");
    world.ledger().await;
}

#[tokio::test]
async fn it_is_undone_in_order_and_a_wrong_order_is_told() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let visit = stay(&person, "Z-1");
    let id = desk.register(visit.clone()).await.unwrap();
    assert_eq!(
        refused(desk.register(visit.clone()).await),
        "VISIT_NUMBER_TAKEN"
    );
    let one = line("1", 500_000, 1, "2017-03-01");
    desk.upload(&id, vec![one.clone()]).await.unwrap();
    assert_eq!(
        refused(desk.cancel_discharge(&id).await),
        "VISIT_NOT_DISCHARGED"
    );
    desk.discharge(&id, "2017-03-10").await.unwrap();
    assert_eq!(
        refused(desk.discharge(&id, "2017-03-11").await),
        "VISIT_DISCHARGED"
    );
    let settled = desk.settle(&id).await.unwrap();

    // Settled: the settlement first.
    let more = vec![line("2", 100, 1, "2017-03-01")];
    assert_eq!(refused(desk.upload(&id, more).await), "VISIT_SETTLED");
    assert_eq!(refused(desk.revoke(&id, &["1"]).await), "LINE_SETTLED");
    assert_eq!(desk.revoke(&id, &[]).await.unwrap(), 0);
    assert_eq!(refused(desk.cancel_discharge(&id).await), "VISIT_SETTLED");
    assert_eq!(refused(desk.cancel(&id).await), "VISIT_SETTLED");
    assert_eq!(
        refused(desk.change(&id, visit.clone()).await),
        "VISIT_SETTLED"
    );
    desk.reverse(&settled.settlement_id).await;
    assert_eq!(desk.state(&id).await, State::Discharged);
    // Then the lines, the discharge, the visit.
    assert_eq!(refused(desk.cancel(&id).await), "VISIT_HAS_LINES");
    assert_eq!(desk.revoke(&id, &["1"]).await.unwrap(), 1);
    assert_eq!(refused(desk.revoke(&id, &["1"]).await), "LINE_UNKNOWN");
    assert_eq!(refused(desk.settle(&id).await), "VISIT_EMPTY");
    assert_eq!(refused(desk.cancel(&id).await), "VISIT_DISCHARGED");
    desk.cancel_discharge(&id).await.unwrap();
    desk.cancel(&id).await.unwrap();
    assert_eq!(desk.state(&id).await, State::Cancelled);
    assert_eq!(
        refused(desk.upload(&id, vec![one.clone()]).await),
        "VISIT_UNKNOWN"
    );
    assert_eq!(refused(desk.settle(&id).await), "VISIT_UNKNOWN");
    // The number is free again, and the same bill too.
    let id = desk.register(visit).await.unwrap();
    desk.upload(&id, vec![one]).await.unwrap();
    desk.discharge(&id, "2017-03-10").await.unwrap();
    desk.settle(&id).await.unwrap();
    world.ledger().await;
}

#[tokio::test]
async fn a_withdrawn_settlement_frees_the_visit() {
    let world = World::open().await;
    let desk = Billing::of(&world, CLINIC);
    let person = world.insured(None).await;
    let id = visit(&person, CLINIC, "M-1", "11", "2017-06-01");
    let id = desk.register(id).await.unwrap();
    desk.upload(&id, vec![line("1", 30_000, 1, "2017-06-01")])
        .await
        .unwrap();
    desk.settle_as("settle", &id, None).await.unwrap();
    let request = pb::WithdrawRequest {
        original_request_id: "settle".into(),
        method: pb::get_outcome_request::Method::Settle.into(),
    };
    let mut client = world.suite.desk(CLINIC).orchestrator();
    client.withdraw(patient(request)).await.unwrap();
    assert_eq!(desk.state(&id).await, State::Open);
    assert_eq!(desk.revoke(&id, &[]).await.unwrap(), 1);
    desk.cancel(&id).await.unwrap();
    world.ledger().await;
}

#[tokio::test]
async fn a_claim_with_the_number_of_a_registered_visit_is_refused() {
    let world = World::open().await;
    let desk = Billing::of(&world, CLINIC);
    let person = world.insured(None).await;
    let registered = visit(&person, CLINIC, "M-1", "11", "2017-06-01");
    let id = desk.register(registered.clone()).await.unwrap();
    let claim = integration_tests::visit(&person, "M-1", "2017-06-01", 30_000);
    let no = world.settle("direct", claim.clone()).await;
    assert_eq!(refused(no), "VISIT_REGISTERED");
    let batch = pb::SettleTogetherRequest {
        request_id: "batch".into(),
        claims: vec![claim.clone()],
    };
    let mut client = world.suite.desk(CLINIC).orchestrator();
    let no = client.settle_together(patient(batch)).await;
    assert_eq!(refused(no), "VISIT_REGISTERED");
    // Both or neither of claim and visit.
    for (claim, visit_id) in [(Some(claim.clone()), id.clone()), (None, String::new())] {
        let request = pb::SettleRequest {
            request_id: "both".into(),
            claim,
            visit_id,
            ..Default::default()
        };
        let no = client.settle(patient(request)).await;
        assert_eq!(refused(no), "INVALID_FIELD");
    }
    // What was settled directly is not registered afterwards.
    desk.cancel(&id).await.unwrap();
    world.settle("direct-2", claim).await.unwrap();
    assert_eq!(refused(desk.register(registered).await), "VISIT_SETTLED");
}

#[tokio::test]
async fn lines_are_taken_all_or_none() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let id = desk.register(stay(&person, "Z-1")).await.unwrap();
    let one = line("1", 10_000, 2, "2017-03-01");
    desk.upload(&id, vec![one.clone()]).await.unwrap();
    let good = || line("2", 100, 1, "2017-03-01");
    let wrong = |change: fn(&mut VisitLine)| {
        let mut line = good();
        line.line_code = "3".into();
        change(&mut line);
        line
    };
    for (line, expected) in [
        (one.clone(), "LINE_EXISTS"),
        (good(), "LINE_EXISTS"),
        (wrong(|line| line.amount_fen += 1), "LINE_AMOUNT_WRONG"),
        (
            wrong(|line| line.fee_day = "2017-02-28".into()),
            "LINE_DAY_OUTSIDE",
        ),
        (
            wrong(|line| line.fee_day = "2018-03-02".into()),
            "LINE_DAY_OUTSIDE",
        ),
        (returned("3", &good(), 2, "2017-03-01"), "RETURN_TOO_MUCH"),
        (returned("3", &one, 3, "2017-03-01"), "RETURN_TOO_MUCH"),
        (
            returned("3", &wrong(|_| ()), 1, "2017-03-01"),
            "RETURN_UNKNOWN",
        ),
        (wrong(|line| line.quantity_e4 = 0), "INVALID_FIELD"),
        (
            wrong(|line| line.item_code = String::new()),
            "INVALID_FIELD",
        ),
    ] {
        let no = desk.upload(&id, vec![good(), line]).await;
        assert_eq!(refused(no), expected);
    }
    assert_eq!(desk.get(&id).await.unwrap().line_count, 1);
    // An original goes with its returns.
    desk.upload(&id, vec![returned("3", &one, 1, "2017-03-02")])
        .await
        .unwrap();
    assert_eq!(refused(desk.revoke(&id, &["1"]).await), "LINE_RETURNED");
    assert_eq!(desk.revoke(&id, &["3", "1"]).await.unwrap(), 2);
    // A discharge before a line's day.
    desk.upload(&id, vec![line("4", 100, 1, "2017-03-09")])
        .await
        .unwrap();
    assert_eq!(
        refused(desk.discharge(&id, "2017-03-08").await),
        "VISIT_DAYS"
    );
    assert_eq!(
        refused(desk.discharge(&id, "2018-03-02").await),
        "VISIT_DAYS"
    );
}

#[tokio::test]
async fn what_the_catalogue_does_not_have_is_told_and_listed() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let id = desk.register(stay(&person, "Z-1")).await.unwrap();
    let unlisted = VisitLine {
        item_code: "NOT-THERE".into(),
        ..line("1", 10_000, 1, "2017-03-01")
    };
    let unmapped = |code: &str| VisitLine {
        item_code: String::new(),
        local_code: "LOCAL-7".into(),
        local_name: "院内制剂".into(),
        ..line(code, 20_000, 2, "2017-03-02")
    };
    let drug = line("4", 500_000, 1, "2017-03-02");
    let lines = vec![unlisted, unmapped("2"), unmapped("3"), drug];
    let answered = desk.upload(&id, lines).await.unwrap();
    let found = |at: usize| answered[at].findings().collect::<Vec<_>>();
    assert_eq!(found(0), [Finding::Unlisted]);
    assert_eq!(found(1), [Finding::Unmapped]);
    assert_eq!(answered[1].item_class, "03");
    assert!(found(3).is_empty());

    let list = |from: &str, to: &str, page_token: &str| pb::ListUnmappedRequest {
        institution_code: String::new(),
        from_day: from.into(),
        to_day: to.into(),
        page_size: 1,
        page_token: page_token.into(),
    };
    let mut client = desk.client();
    let page = client
        .list_unmapped(list("2017-03-01", "2017-03-31", ""))
        .await;
    let page = page.unwrap().into_inner();
    let (first, next) = (&page.items[0], &page.next_page_token);
    assert_eq!(
        (
            first.local_code.as_str(),
            first.line_count,
            first.amount_fen
        ),
        ("LOCAL-7", 2, 80_000)
    );
    let page = client
        .list_unmapped(list("2017-03-01", "2017-03-31", next))
        .await;
    let page = page.unwrap().into_inner();
    assert_eq!(page.items[0].item_code, "NOT-THERE");
    assert!(page.next_page_token.is_empty());
    let none = client
        .list_unmapped(list("2017-03-03", "2017-03-31", ""))
        .await;
    assert!(none.unwrap().into_inner().items.is_empty());

    // The patient pays for them.
    let quote = desk.pre_settle(&id).await.unwrap();
    let amounts = quote.amounts.unwrap();
    assert_eq!((amounts.total_fen, amounts.own_pay_fen), (590_000, 90_000));
}

#[tokio::test]
async fn an_accident_is_held_until_it_is_checked() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    let person = world.insured(None).await;
    let plain = visit(&person, HOSPITAL, "Z-1", "22", "2017-03-01");
    assert_eq!(refused(desk.register(plain.clone()).await), "INVALID_FIELD");
    let accident = pb::Accident {
        happened_time: Some(Default::default()),
        site: "锡林浩特市某路口".into(),
        cause: "交通事故".into(),
    };
    let hurt = Visit {
        accident: Some(accident.clone()),
        ..plain
    };
    let id = desk.register(hurt.clone()).await.unwrap();
    let lines = vec![line("1", 1_000_000, 1, "2017-03-01")];
    desk.upload(&id, lines).await.unwrap();
    desk.discharge(&id, "2017-03-10").await.unwrap();
    let before = desk.pre_settle(&id).await.unwrap().amounts.unwrap();
    assert_eq!(refused(desk.settle(&id).await), "ACCIDENT_UNVERIFIED");

    let all = [
        Item::PatientAsked,
        Item::RecordRead,
        Item::StatementSigned,
        Item::LiabilityAsked,
    ];
    let check = |items: &[Item], conclusion: Conclusion, share| pb::AccidentCheck {
        items: items.iter().map(|item| (*item).into()).collect(),
        third_party_share_bp: share,
        conclusion: conclusion.into(),
    };
    let third = Conclusion::ThirdParty;
    desk.check(&id, check(&all[..3], third, 4_000))
        .await
        .unwrap();
    assert_eq!(refused(desk.settle(&id).await), "ACCIDENT_UNVERIFIED");
    desk.check(&id, check(&all, Conclusion::NotCovered, 0))
        .await
        .unwrap();
    assert_eq!(refused(desk.settle(&id).await), "ACCIDENT_NOT_COVERED");
    let no = desk.check(&id, check(&all, third, 0)).await;
    assert_eq!(refused(no), "INVALID_FIELD");
    desk.check(&id, check(&all, third, 4_000)).await.unwrap();
    // Another accident is checked anew.
    let other = pb::Accident {
        cause: "跌伤".into(),
        ..accident
    };
    let other = Visit {
        accident: Some(other),
        ..hurt.clone()
    };
    desk.change(&id, other).await.unwrap();
    assert_eq!(refused(desk.settle(&id).await), "ACCIDENT_UNVERIFIED");
    desk.check(&id, check(&all, third, 4_000)).await.unwrap();
    let settled = desk.settle(&id).await.unwrap().amounts.unwrap();
    assert!(
        settled.funds_fen < before.funds_fen,
        "{settled:?} {before:?}"
    );

    let other = desk.register(stay(&person, "Z-2")).await.unwrap();
    let no = desk
        .check(&other, check(&all, Conclusion::NobodyLiable, 0))
        .await;
    assert_eq!(refused(no), "ACCIDENT_NONE");
}

#[tokio::test]
async fn visits_of_every_kind_are_settled() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    // 门诊慢特病, 生育住院, 日间手术, 普通门诊.
    let chronic = |person: &str| Visit {
        disease_codes: vec!["M03900".into()],
        ..visit(person, HOSPITAL, "K-1", "14", "2017-05-01")
    };
    let no = visit("", HOSPITAL, "K-0", "14", "2017-05-01");
    let person = world.insured(None).await;
    let no = Visit {
        person_id: person.clone(),
        ..no
    };
    assert_eq!(refused(desk.register(no).await), "INVALID_FIELD");
    world.filed(&person, "M03900", &[HOSPITAL]).await;
    let visits = [
        (chronic(&person), None),
        (
            visit(&person, HOSPITAL, "K-2", "52", "2017-06-01"),
            Some("2017-06-05"),
        ),
        (
            visit(&person, HOSPITAL, "K-3", "28", "2017-07-01"),
            Some("2017-07-02"),
        ),
        (visit(&person, HOSPITAL, "K-4", "11", "2017-08-01"), None),
    ];
    for (visit, end) in visits {
        let (number, med_type) = (visit.visit_number.clone(), visit.med_type.clone());
        let begin = visit.begin_day.clone();
        let id = desk.register(visit).await.unwrap();
        desk.upload(&id, vec![line("1", 300_000, 1, &begin)])
            .await
            .unwrap();
        if let Some(end) = end {
            assert_eq!(refused(desk.settle(&id).await), "VISIT_NOT_DISCHARGED");
            desk.discharge(&id, end).await.unwrap();
        }
        let quote = desk.pre_settle(&id).await.unwrap();
        let settled = desk.settle(&id).await.unwrap();
        assert_eq!(settled.amounts, quote.amounts, "{number}");
        assert_eq!(settled.visit_number, number);
        println!("{med_type}: {:?}", settled.amounts.map(|a| a.funds_fen));
    }
    world.ledger().await;
}

#[tokio::test]
async fn an_institution_sees_its_own_visits_only() {
    let world = World::open().await;
    let (hospital, clinic) = (Billing::of(&world, HOSPITAL), Billing::of(&world, CLINIC));
    let person = world.insured(None).await;
    let id = hospital.register(stay(&person, "Z-1")).await.unwrap();
    assert_eq!(
        refused(clinic.register(stay(&person, "Z-2")).await),
        "INSTITUTION_MISMATCH"
    );
    let lines = vec![line("1", 100, 1, "2017-03-01")];
    for no in [
        refused(clinic.upload(&id, lines).await),
        refused(clinic.revoke(&id, &[]).await),
        refused(clinic.discharge(&id, "2017-03-10").await),
        refused(clinic.cancel(&id).await),
        refused(clinic.get(&id).await),
        refused(clinic.pre_settle(&id).await),
        refused(clinic.settle(&id).await),
        refused(clinic.change(&id, stay(&person, "Z-1")).await),
    ] {
        assert_eq!(no, "VISIT_UNKNOWN");
    }
    let in_hospital = |institution: &str, state: State| pb::ListVisitsRequest {
        institution_code: institution.into(),
        state: state.into(),
        ..Default::default()
    };
    let listed = async |billing: &Billing<'_>, request| {
        let answer = billing.client().list_visits(patient(request)).await;
        answer.map(|answer| answer.into_inner().visits.len())
    };
    assert_eq!(
        listed(&hospital, in_hospital("", State::Open))
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        listed(&hospital, in_hospital("", State::Settled))
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        listed(&clinic, in_hospital("", State::Open)).await.unwrap(),
        0
    );
    let no = listed(&clinic, in_hospital(HOSPITAL, State::Open)).await;
    assert_eq!(refused(no), "INSTITUTION_MISMATCH");
    // The bureau sees all of them.
    let mut bureau = world.clerk().visits();
    let all = bureau
        .list_visits(in_hospital(HOSPITAL, State::Unspecified))
        .await;
    assert_eq!(all.unwrap().into_inner().visits[0].visit_id, id);
}

/// Uploads and a settlement at once: every line is either in the settlement or not settled.
#[tokio::test]
async fn nothing_is_lost_between_upload_and_settlement() {
    let world = World::open().await;
    let person = world.insured(None).await;
    let desk = Billing::of(&world, CLINIC);
    for round in 0..4 {
        let day = format!("2017-06-0{}", round + 1);
        let number = format!("M-{round}");
        let id = visit(&person, CLINIC, &number, "11", &day);
        let id = desk.register(id).await.unwrap();
        desk.upload(&id, vec![line("0", 1_000 + round, 1, &day)])
            .await
            .unwrap();
        let upload = async {
            let mut taken = 1;
            for n in 1..6 {
                let code = n.to_string();
                let one = line(&code, 1_000 + round * 10 + n, 1, &day);
                match desk.upload(&id, vec![one]).await {
                    Ok(_) => taken += 1,
                    Err(no) => assert_eq!(integration_tests::code(&no), "VISIT_SETTLED"),
                }
            }
            taken
        };
        let settle = async {
            loop {
                match desk.settle(&id).await {
                    Ok(settled) => return settled,
                    Err(no) => assert_eq!(integration_tests::code(&no), "VISIT_CHANGED"),
                }
            }
        };
        let (taken, settled) = tokio::join!(upload, settle);
        let lines = desk.standing(&id).await;
        assert_eq!(lines.len(), taken);
        let (mut of_it, mut sum) = (0, 0);
        for line in &lines {
            let own = line.settlement_id == settled.settlement_id;
            of_it += usize::from(own);
            sum += line.line.as_ref().map_or(0, |line| line.amount_fen);
        }
        assert_eq!(of_it, lines.len());
        assert_eq!(settled.amounts.unwrap().total_fen, sum);
    }
    world.ledger().await;
}

/// The person on the visit's last day decides: who died or was suspended by then is paid nothing by
/// the funds, and the visit is settled all the same.
#[tokio::test]
async fn the_person_on_the_last_day_decides() {
    let world = World::open().await;
    let desk = Billing::of(&world, HOSPITAL);
    for (number, death, paid) in [
        ("Z-1", "2017-03-05", false),
        ("Z-2", "2017-03-10", true),
        ("Z-3", "2017-03-11", true),
    ] {
        let person = world.insured(None).await;
        let id = desk.register(stay(&person, number)).await.unwrap();
        desk.upload(&id, vec![line("1", 900_000, 1, "2017-03-02")])
            .await
            .unwrap();
        let request = proto::enrollment::RecordDeathRequest {
            request_id: format!("death-{number}"),
            person_id: person.clone(),
            death_day: death.into(),
        };
        let mut bureau = world.clerk().enrollment();
        bureau.record_death(request).await.unwrap();
        desk.discharge(&id, "2017-03-10").await.unwrap();
        let settled = desk.settle(&id).await.unwrap().amounts.unwrap();
        assert_eq!(settled.funds_fen > 0, paid, "{number}: {settled:?}");
    }
    // 暂停 during the stay, over by its last day: paid; begun and not over: not paid.
    for (number, until, paid) in [("Z-4", "2017-03-09", true), ("Z-5", "2017-03-20", false)] {
        let person = world.insured(None).await;
        let id = desk.register(stay(&person, number)).await.unwrap();
        desk.upload(&id, vec![line("1", 900_000, 1, "2017-03-02")])
            .await
            .unwrap();
        let request = proto::enrollment::SuspendBenefitRequest {
            request_id: format!("suspension-{number}"),
            person_id: person.clone(),
            from_day: "2017-03-03".into(),
            until_day: until.into(),
            reason: "测试暂停".into(),
        };
        let mut bureau = world.clerk().enrollment();
        bureau.suspend_benefit(request).await.unwrap();
        desk.discharge(&id, "2017-03-10").await.unwrap();
        let settled = desk.settle(&id).await.unwrap().amounts.unwrap();
        assert_eq!(settled.funds_fen > 0, paid, "{number}: {settled:?}");
    }
}
