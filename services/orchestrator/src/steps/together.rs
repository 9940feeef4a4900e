//! What is asked of every claim of a batch.

use super::enrollment::CheckEligibility;
use super::inspection::Screen;
use super::paths::told_of_one;
use super::settlement::{Assessment, GetClaimHistory};
use super::{Both, Kept, Ports};
use crate::wire::Claim;
use futures_util::StreamExt;
use futures_util::stream;
use kernel::Fault;
use saga::Step;
use std::sync::Arc;

/// Claims asked about at once.
const ABREAST: usize = 8;

/// What enrollment and inspection say of each claim, in the order of the claims.
pub struct AssessAll(pub Vec<Arc<Claim>>);

impl Step for AssessAll {
    const NAME: &'static str = "together.assess_all";
    type Ports = Ports;
    type Output = Vec<Assessment>;

    async fn run(&self, ports: &Ports, key: &str) -> Result<Vec<Assessment>, Fault> {
        let asked = self
            .0
            .iter()
            .cloned()
            .enumerate()
            .map(|(place, claim)| async move {
                let assessed = assess(ports, key, claim).await;
                assessed.map_err(told_of_one(place))
            });
        let mut answers = stream::iter(asked).buffered(ABREAST);
        let mut assessments = Vec::with_capacity(self.0.len());
        while let Some(answer) = answers.next().await {
            assessments.push(answer?);
        }
        Ok(assessments)
    }
}

async fn assess(ports: &Ports, key: &str, claim: Arc<Claim>) -> Result<Assessment, Fault> {
    let questions = Both(
        CheckEligibility::to_settle(&claim, None),
        GetClaimHistory(claim.clone()),
    );
    let (member, history) = questions.run(ports, key).await?;
    let screen = Screen {
        claim,
        member: member.0.clone(),
        history: history.0,
    };
    let screened = screen.run(ports, key).await?;
    Ok(Assessment {
        member,
        findings: screened.0.findings.into_iter().map(Kept).collect(),
    })
}
