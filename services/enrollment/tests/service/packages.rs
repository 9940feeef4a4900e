//! Policy packages at run time: fees follow the package in force, and a coverage keeps the one it
//! was decided by.

use super::*;
use policy::testing::Text;
use proto::common::policy_package::State as Standing;

/// A request of an operator.
fn by<T>(caller: &str, message: T) -> Request<T> {
    let principal = Principal {
        caller: caller.into(),
        on_behalf_of: None,
        area: AreaCode::parse(HERE).unwrap(),
        roles: vec![Role::Operator],
    };
    Context::of(principal, Duration::from_secs(20)).own(message)
}

impl Suite {
    async fn propose(
        &mut self,
        id: &str,
        text: &Text,
    ) -> Result<pb::ProposePackageResponse, String> {
        let request = pb::ProposePackageRequest {
            request_id: id.into(),
            text: text.0.clone(),
        };
        told(self.client.propose_package(by("operator-1", request)).await)
    }

    async fn activate(&mut self, caller: &str, id: &str, text: &Text) -> Result<String, String> {
        let at = noon("2024-12-31").micros() / 1_000_000;
        let request = pb::ActivatePackageRequest {
            request_id: id.into(),
            package_digest: text.digest().to_string(),
            activates_time: Some(prost_types::Timestamp {
                seconds: at,
                nanos: 0,
            }),
            reason: String::new(),
        };
        let answer = self.client.activate_package(by(caller, request)).await;
        told(answer).map(|made| made.activation_id)
    }

    async fn fee(&mut self, person_id: &str) -> i64 {
        let request = pb::QuoteSubsidyRequest {
            person_id: person_id.into(),
            scheme: "390".into(),
            year: 2024,
            paid_day: "2024-01-05".into(),
            ..Default::default()
        };
        let quoted = call!(self, quote_subsidy(request)).unwrap();
        quoted.subsidy.unwrap().to_pay_fen
    }

    async fn states(&mut self) -> Vec<Standing> {
        let listed = self
            .client
            .list_packages(by("operator-1", Default::default()));
        let listed: pb::ListPackagesResponse = told(listed.await).unwrap();
        // Those of one first day: the suite's own, and what was proposed in its place.
        let same_day = listed
            .packages
            .iter()
            .filter(|one| one.name == "152501/2017-01-01");
        same_day.map(|one| one.state()).collect()
    }
}

#[tokio::test]
async fn the_fee_follows_the_package_in_force() {
    let mut suite = Suite::begin().await;
    let person = suite.person().await;
    assert_eq!(suite.fee(&person).await, 40_000);
    let failing = Text::marked("failing").fee_of_2024("410").failing();
    let no = suite.propose("P-1", &failing).await.unwrap_err();
    assert_eq!(no, "PACKAGE_EXAMPLE_FAILED");
    let text = Text::marked("new").fee_of_2024("410");
    let proposed = suite.propose("P-2", &text).await.unwrap();
    assert_eq!(
        suite.propose("P-2", &text).await.unwrap().proposal_id,
        proposed.proposal_id
    );
    let no = suite
        .activate("operator-1", "A-1", &text)
        .await
        .unwrap_err();
    assert_eq!(no, "SECOND_PERSON_NEEDED");
    assert_eq!(suite.fee(&person).await, 40_000);
    suite.activate("operator-2", "A-2", &text).await.unwrap();
    assert_eq!(suite.fee(&person).await, 41_000);
    assert_eq!(
        suite.states().await,
        [Standing::Superseded, Standing::InForce]
    );

    let payment = enrol("E-1", &person, "2024-01-05", 40_000);
    let no = call!(suite, enrol_person(payment)).unwrap_err();
    assert_eq!(no, "FEE_MISMATCH");
    let payment = enrol("E-2", &person, "2024-01-05", 41_000);
    call!(suite, enrol_person(payment)).unwrap();
    // Withdrawn, it decides nothing more and still explains what it decided.
    let undone = pb::WithdrawActivatePackageRequest {
        original_request_id: "A-2".into(),
    };
    let withdrawn = suite
        .client
        .withdraw_activate_package(by("operator-2", undone));
    assert_eq!(
        state(told(withdrawn.await).unwrap().outcome),
        State::Withdrawn
    );
    assert_eq!(suite.fee(&person).await, 40_000);
    let asked = pb::GetPersonRequest {
        person_id: person.clone(),
    };
    let file = call!(suite, get_person(asked)).unwrap();
    let subsidy = file.coverages[0].subsidy.clone().unwrap();
    assert_eq!(
        (subsidy.to_pay_fen, subsidy.reason.is_some()),
        (41_000, true)
    );
    assert_eq!(
        suite.states().await,
        [Standing::InForce, Standing::Proposed]
    );
    let undone = pb::WithdrawProposePackageRequest {
        original_request_id: "P-2".into(),
    };
    let withdrawn = suite
        .client
        .withdraw_propose_package(by("operator-1", undone));
    assert_eq!(
        state(told(withdrawn.await).unwrap().outcome),
        State::Withdrawn
    );
    assert_eq!(suite.states().await, [Standing::InForce]);
}
