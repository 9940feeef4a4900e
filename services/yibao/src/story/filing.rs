//! 门诊慢特病备案: a bill by a disease that nobody filed is refused, and the filing mends it.

use super::bill::CHRONIC;
use super::{Halted, Story};
use kernel::Scheme;
use proto::orchestrator::{FileDiseaseRequest, disease_filing};

/// 高血压.
const DISEASE: (&str, &str) = ("M03900", "高血压");
/// By hand: 60 % of 124.00.
const PAID: i64 = 7_440;

impl Story<'_> {
    /// Refused, filed, settled.
    pub(super) async fn file_a_disease(&mut self, person_id: &str) -> Result<(), Halted> {
        let mut claim = self.claim(&CHRONIC, person_id, 17);
        claim.disease_codes = vec![DISEASE.0.into()];
        let request = self.settle_request("unfiled", &claim, None);
        let answer = self.hospital(&claim).orchestrator().settle(request).await;
        self.refused(answer, "CHRONIC_QUALIFICATION_MISSING")?;
        let request = FileDiseaseRequest {
            request_id: self.request("filing"),
            person_id: person_id.into(),
            scheme: Scheme::Resident.to_string(),
            kind: disease_filing::Kind::Chronic.into(),
            disease_code: DISEASE.0.into(),
            disease_name: DISEASE.1.into(),
            first_day: self.stage.known_from.into(),
            institution_codes: vec![claim.institution_code.clone()],
            material: "诊断证明".into(),
            ..FileDiseaseRequest::default()
        };
        let answer = self.clerk.filings().file_disease(request).await;
        self.granted("FileDisease", answer)?;
        let settled = self.settle("filed", &claim, None).await?;
        let funds = settled.amounts.unwrap_or_default().funds_fen;
        let expected = "备案并定点于该院以后，同一张费用单由基金支付 74.40 元，与手工算例相同";
        self.expect(funds == PAID, expected)
    }
}
