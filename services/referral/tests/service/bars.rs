//! Bars: nobody is referred to an institution while its online settlement is suspended.

use super::*;
use proto::referral::{Bar, BarInstitutionRequest, ListBarsRequest, WithdrawBarInstitutionRequest};

/// From the tenth of March on, which is today, up to the thirty-first.
fn bar(request_id: &str) -> BarInstitutionRequest {
    BarInstitutionRequest {
        request_id: request_id.into(),
        institution_code: COUNTY.into(),
        from_day: "2017-03-10".into(),
        until_day: "2017-04-01".into(),
        decision_number: "锡医保决〔2017〕3号".into(),
        reason: "违规结算".into(),
        origin: Vec::new(),
    }
}

fn days(request_id: &str, from: &str, until: &str) -> BarInstitutionRequest {
    BarInstitutionRequest {
        from_day: from.into(),
        until_day: until.into(),
        ..bar(request_id)
    }
}

/// The bar and whether it was a replay; or the refusal.
type Barred = Result<(Bar, bool), (String, bool)>;

impl Caller {
    async fn bar(&mut self, message: BarInstitutionRequest) -> Barred {
        let answer = self.client.bar_institution(self.context.own(message));
        let answer = answer.await.map_err(no)?.into_inner();
        Ok((answer.bar.unwrap(), answer.replayed))
    }

    /// The code it is refused with for good.
    async fn not_barred(&mut self, message: BarInstitutionRequest) -> String {
        let (code, remembered) = self.bar(message).await.unwrap_err();
        assert!(remembered, "{code}");
        code
    }

    async fn withdraw_bar(&mut self, original: &str) -> Told {
        let message = WithdrawBarInstitutionRequest {
            original_request_id: original.into(),
        };
        let asked = self.ask(message);
        let answer = self.client.withdraw_bar_institution(asked).await.unwrap();
        answer.into_inner().outcome.unwrap().state()
    }

    /// The first days of the bars in their order, read page by page, two on a page.
    async fn bars(&mut self, institution: &str) -> Vec<String> {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let message = ListBarsRequest {
                institution_code: institution.into(),
                page_size: 2,
                page_token,
            };
            let asked = self.ask(message);
            let page = self.client.list_bars(asked).await.unwrap().into_inner();
            assert!(page.bars.len() <= 2);
            all.extend(page.bars.into_iter().map(|bar| bar.from_day));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                all.sort();
                return all;
            }
        }
    }

    async fn not_requested(&mut self, request_id: &str) -> (String, bool) {
        let told = self.request(wanted(request_id)).await;
        told.map_err(no).unwrap_err()
    }
}

impl House {
    /// Makes it another moment.
    fn at(&self, instant: &str) {
        self.clock.set(Instant::parse(instant).unwrap());
    }
}

#[tokio::test]
async fn nobody_is_referred_to_a_barred_institution() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    let requested = clerk.requested("R1").await;
    let approved = clerk.approved("R2").await;
    let used = clerk.approved("R3").await;
    clerk.put_to_use(stay("U1", &used, "Z1")).await.unwrap();
    let (made, _) = clerk.bar(bar("B1")).await.unwrap();
    assert_eq!(
        (made.institution_code.as_str(), made.from_day.as_str()),
        (COUNTY, "2017-03-10")
    );
    let no = remembered("INSTITUTION_BARRED");
    assert_eq!(clerk.approve("A1", &requested).await, no);
    assert_eq!(clerk.put_to_use(stay("U2", &approved, "Z2")).await, no);
    let told = clerk.not_requested("R4").await;
    assert_eq!(told, ("INSTITUTION_BARRED".into(), true));
    // Referred from, it is as any other; what was used stays used, and all can be undone.
    let from_there = RequestReferralRequest {
        from_institution_code: COUNTY.into(),
        to_institution_code: TOWNSHIP.into(),
        ..wanted("R5")
    };
    clerk.request(from_there).await.unwrap();
    assert_eq!(clerk.state(&used).await, State::Used);
    assert_eq!(clerk.withdraw_use("U1").await, Told::Withdrawn);
    assert_eq!(clerk.put_to_use(stay("U3", &used, "Z3")).await, no);
    // Another area's institution of that number is another.
    let mut elsewhere = house.caller("clerk-1", "152502", Role::Clerk);
    elsewhere.requested("R1").await;
    assert_eq!(elsewhere.bars("").await.len(), 0);
    // Lifted: what was refused stays refused, a new request is granted.
    assert_eq!(clerk.withdraw_bar("B1").await, Told::Withdrawn);
    assert_eq!(clerk.put_to_use(stay("U2", &approved, "Z2")).await, no);
    let told = clerk.put_to_use(stay("U4", &approved, "Z2")).await;
    assert_eq!(told, Ok((State::Used, false)));
    let told = clerk.approve("A2", &requested).await;
    assert_eq!(told, Ok((State::Approved, false)));
    assert_eq!(house.told("institution.barred").await, 1);
    assert_eq!(house.told("institution.bar_withdrawn").await, 1);
}

/// Days are Asia/Shanghai's: they begin eight hours before those of UTC.
#[tokio::test]
async fn a_bar_begins_and_ends_at_midnight_in_shanghai() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    clerk
        .bar(days("B1", "2017-03-11", "2017-03-13"))
        .await
        .unwrap();
    let moments = [
        ("2017-03-10T15:59:59Z", false),
        ("2017-03-10T16:00:00Z", true),
        ("2017-03-12T15:59:59Z", true),
        ("2017-03-12T16:00:00Z", false),
    ];
    for (n, (moment, barred)) in moments.into_iter().enumerate() {
        house.at("2017-03-10T00:00:00Z");
        let id = clerk.approved(&format!("R{n}")).await;
        house.at(moment);
        let used = clerk.put_to_use(stay(&format!("U{n}"), &id, "Z1")).await;
        assert_eq!(used.is_err(), barred, "{moment}: {used:?}");
        let requested = clerk.request(wanted(&format!("Q{n}"))).await;
        assert_eq!(requested.is_err(), barred, "{moment}");
    }
}

#[tokio::test]
async fn bars_of_an_institution_share_no_day() {
    let house = House::open().await;
    let mut clerk = house.clerk();
    clerk.bar(bar("B1")).await.unwrap();
    let none = clerk.not_barred(days("B2", "2017-05-01", "2017-05-01"));
    assert_eq!(none.await, "BAR_DAYS");
    let within = clerk.not_barred(days("B3", "2017-03-31", "2017-05-01"));
    assert_eq!(within.await, "BAR_OVERLAPS");
    clerk
        .bar(days("B4", "2017-04-01", "2017-05-01"))
        .await
        .unwrap();
    clerk
        .bar(days("B5", "2017-02-01", "2017-03-10"))
        .await
        .unwrap();
    let other = BarInstitutionRequest {
        institution_code: TOWNSHIP.into(),
        ..bar("B6")
    };
    clerk.bar(other).await.unwrap();
    let all = ["2017-02-01", "2017-03-10", "2017-03-10", "2017-04-01"];
    assert_eq!(clerk.bars("").await, all);
    let county = ["2017-02-01", "2017-03-10", "2017-04-01"];
    assert_eq!(clerk.bars(COUNTY).await, county);
    assert_eq!(clerk.bars(TOWNSHIP).await, ["2017-03-10"]);
    // A withdrawn one is gone, and its days are free.
    assert_eq!(clerk.withdraw_bar("B1").await, Told::Withdrawn);
    assert_eq!(clerk.bars(COUNTY).await, ["2017-02-01", "2017-04-01"]);
    let told = clerk.not_barred(days("B3", "2017-03-31", "2017-05-01"));
    assert_eq!(told.await, "BAR_OVERLAPS", "for ever");
    clerk.bar(bar("B7")).await.unwrap();
    assert_eq!(clerk.bars(COUNTY).await, county);
}

#[tokio::test]
async fn a_bar_is_made_once_and_undone_for_ever() {
    let house = House::open().await;
    let mut saga = house.caller("orchestrator", "152501", Role::Service);
    let carried = |origin: Vec<u8>| BarInstitutionRequest {
        origin,
        ..bar("S-1")
    };
    let told = saga.bar(carried(vec![1; 31])).await.unwrap_err();
    assert_eq!(told, ("INVALID_FIELD".into(), false));
    let (made, _) = saga.bar(carried(vec![1; 32])).await.unwrap();
    let again = saga.bar(carried(vec![1; 32])).await.unwrap();
    assert_eq!(again, (made.clone(), true));
    let told = saga.bar(carried(vec![2; 32])).await.unwrap_err();
    assert_eq!(told, ("REQUEST_ID_REUSED".into(), false));
    let told = saga.outcome("BarInstitution", "S-1").await;
    assert_eq!(told, (Told::Done, made.bar_id));
    assert_eq!(saga.burn("BarInstitution", "S-1").await, Told::Done);
    for _ in 0..2 {
        assert_eq!(saga.withdraw_bar("S-1").await, Told::Withdrawn);
    }
    assert_eq!(saga.not_barred(bar("S-1")).await, "REQUEST_WITHDRAWN");
    assert_eq!(saga.withdraw_bar("S-2").await, Told::Withdrawn);
    assert_eq!(saga.not_barred(bar("S-2")).await, "REQUEST_WITHDRAWN");
    assert_eq!(house.told("institution.bar_withdrawn").await, 1);
    let mut hospital = house.caller(COUNTY, "152501", Role::Institution);
    let told = hospital.bar(bar("B1")).await.unwrap_err();
    assert_eq!(told, ("PERMISSION_DENIED".into(), false));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_bars_of_the_same_days_exactly_one_is_made() {
    let house = House::open().await;
    let tries = (0..8).map(|n| {
        let mut clerk = house.clerk();
        async move { clerk.bar(bar(&format!("B{n}"))).await }
    });
    let told = join_all(tries).await;
    let made = told.iter().filter(|told| told.is_ok());
    assert_eq!(made.count(), 1, "{told:?}");
    let overlaps = Err(("BAR_OVERLAPS".to_string(), true));
    let late = told.iter().filter(|told| **told == overlaps);
    assert_eq!(late.count(), 7, "{told:?}");
}
