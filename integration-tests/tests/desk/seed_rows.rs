//! 种子文件所列的待遇: each rule the regulations name is told by a settlement through the public port, in
//! the area whose package has it. Every amount was reckoned by hand and stands beside its reckoning.

mod anji;
mod card;
mod county_share;
mod erenhot;
mod payers;
mod tongliang;

use integration_tests::{CLINIC, DRUG, World, claim, patient};
use kernel::{AreaCode, Day, Instant};
use proto::common::{Claim, Place, Settlement};
use proto::{enrollment, settlement};

/// In milliseconds.
const HOUR: i64 = 3_600_000;

/// One area with a few hospitals.
struct Town {
    world: World,
}

impl Town {
    /// An area as it is on a day.
    async fn open(area: &str, today: &str) -> Town {
        let area = AreaCode::parse(area).unwrap();
        let world = World::tuned(|config| config.area = area).await;
        let today = Instant::beginning_of(Day::parse(today).unwrap());
        world.clock.set(today.plus_millis(9 * HOUR));
        Town { world }
    }

    /// A hospital: the last digit of its code, its tier, kind and place.
    async fn hospital(&self, number: u32, tier: &str, kind: &str, place: Place) -> String {
        let code = format!("H1525019{number:04}");
        let institution = settlement::Institution {
            institution_code: code.clone(),
            name: "测试机构".into(),
            tier: tier.into(),
            kind: kind.into(),
            agreement_from_day: "2010-01-01".into(),
            place: place.into(),
            ..Default::default()
        };
        let request = settlement::RegisterInstitutionRequest {
            request_id: format!("register-{code}"),
            institution: Some(institution),
        };
        let mut desk = self.world.clerk().settlement();
        desk.register_institution(request).await.unwrap();
        code
    }

    /// The catalogue from a day on.
    async fn catalogue(&self, from: &str, items: Vec<settlement::CatalogueItem>) {
        let request = settlement::PublishCatalogueRequest {
            request_id: format!("catalogue-{from}"),
            effective_day: from.into(),
            items,
        };
        let mut desk = self.world.clerk().settlement();
        desk.publish_catalogue(request).await.unwrap();
    }

    /// A resident insured for a year, with identities from these days on.
    async fn resident(&self, year: i32, kinds: &[(&str, &str)]) -> String {
        self.insured("390", year, kinds, &[]).await
    }

    /// A person insured by a scheme for a year, and by what supplements it.
    async fn insured(
        &self,
        scheme: &str,
        year: i32,
        kinds: &[(&str, &str)],
        besides: &[&str],
    ) -> String {
        let person = self.world.person().await;
        let mut desk = self.world.clerk().enrollment();
        for (kind, from) in kinds {
            let request = enrollment::RecordIdentityRequest {
                request_id: format!("identity-{kind}-{person}"),
                person_id: person.clone(),
                kind: kind.to_string(),
                from_day: from.to_string(),
                until_day: String::new(),
            };
            desk.record_identity(request).await.unwrap();
        }
        let paid_day = format!("{}-11-15", year - 1);
        let quote = enrollment::QuoteSubsidyRequest {
            person_id: person.clone(),
            scheme: scheme.into(),
            year,
            paid_day: paid_day.clone(),
            ..Default::default()
        };
        let quoted = desk.quote_subsidy(quote).await.unwrap().into_inner();
        let request = proto::orchestrator::EnrolRequest {
            request_id: format!("enrol-{year}-{person}"),
            person_id: person.clone(),
            scheme: scheme.into(),
            year,
            paid_day,
            paid_fen: quoted.due_fen,
            covered_by: besides.iter().map(|code| code.to_string()).collect(),
            ..Default::default()
        };
        let mut desk = self.world.clerk().orchestrator();
        desk.enrol(patient(request)).await.unwrap();
        person
    }

    async fn settle(&self, claim: Claim) -> Settlement {
        let id = format!("settle-{}-{}", claim.visit_number, claim.institution_code);
        self.world.settle(&id, claim).await.unwrap()
    }

    /// The rules of a settlement's reasons, computed anew.
    async fn rules(&self, settled: &Settlement) -> Vec<String> {
        let request = settlement::ExplainSettlementRequest {
            settlement_id: settled.settlement_id.clone(),
        };
        let mut desk = self.world.clerk().settlement();
        let answer = desk.explain_settlement(request).await.unwrap().into_inner();
        let reasons = answer.reasons.into_iter();
        reasons.map(|reason| reason.rule).collect()
    }

    async fn balance(&self, account: &str) -> i64 {
        let ledger = self.world.ledger().await;
        let found = ledger.accounts.iter().find(|one| one.account == account);
        found.map_or(0, |one| one.balance_fen)
    }
}

/// A stay of ten days from the first of a month, `YYYY-MM`, of one line.
fn stay(person: &str, hospital: &str, visit: &str, month: &str, fen: i64) -> Claim {
    let days = (format!("{month}-01"), format!("{month}-10"));
    let days = (days.0.as_str(), days.1.as_str());
    claim(person, hospital, "21", visit, days, fen)
}

/// The whole line is this item.
fn of_item(mut claim: Claim, code: &str) -> Claim {
    claim.lines[0].item_code = code.into();
    claim
}

/// What each layer paid in fen, those that paid nothing left out; then the cash. Together with what
/// the account and the hospital bore it is the whole bill.
fn paid(settled: &Settlement) -> (Vec<(&str, i64)>, i64) {
    let amounts = settled.amounts.as_ref().unwrap();
    let shares = amounts.shares.iter().filter(|share| share.paid_fen != 0);
    let shares: Vec<(&str, i64)> = shares
        .map(|share| (share.rule.as_str(), share.paid_fen))
        .collect();
    let sum: i64 = shares.iter().map(|(_, paid)| paid).sum();
    let all = sum + amounts.account_fen + amounts.cash_fen + amounts.hospital_fen;
    assert_eq!(all, amounts.total_fen);
    (shares, amounts.cash_fen)
}

fn deductible(settled: &Settlement) -> i64 {
    settled.amounts.as_ref().unwrap().deductible_fen
}
