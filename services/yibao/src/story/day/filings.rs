//! 门诊慢特病备案: whoever comes with a disease was filed with it before.

use super::claims::Planned;
use super::{CountyDay, Halted};
use kernel::Scheme;
use proto::orchestrator::{FileDiseaseRequest, disease_filing};
use std::collections::BTreeSet;

impl CountyDay<'_> {
    /// 慢特病备案 of whoever comes with a disease, at any institution.
    pub(super) async fn file_diseases(&mut self, planned: &[Planned]) -> Result<(), Halted> {
        let filings = planned.iter().flat_map(|one| {
            let of = |code: &String| (one.claim.person_id.clone(), code.clone());
            one.claim.disease_codes.iter().map(of)
        });
        let filings: BTreeSet<(String, String)> = filings.collect();
        for (person_id, disease_code) in &filings {
            let request = FileDiseaseRequest {
                request_id: format!("day-filing-{disease_code}-{person_id}"),
                person_id: person_id.clone(),
                scheme: Scheme::Resident.to_string(),
                kind: disease_filing::Kind::Chronic.into(),
                disease_code: disease_code.clone(),
                disease_name: "糖尿病".into(),
                first_day: self.story.stage.known_from.into(),
                material: "二级以上医院诊断证明".into(),
                ..FileDiseaseRequest::default()
            };
            let answer = self.desk.filings().file_disease(request).await;
            self.story.granted("FileDisease", answer)?;
        }
        let told = format!(
            "门诊慢特病备案 {} 人次：没有备案的病种不予结算",
            filings.len()
        );
        Ok(self.story.sheet.line(&told)?)
    }
}
