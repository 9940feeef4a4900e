//! Sound requests of what the orchestrator is asked.

use super::{Ground, change, claim};
use integration_tests::HOSPITAL;
use serde_json::{Value, json};

impl Ground {
    /// Claims, batches, admissions, enrolments and suspensions.
    pub(super) fn orchestrated(&self) -> Vec<(&'static str, Value)> {
        let (insured, newcomer) = (&self.insured, &self.newcomer);
        let claim = |day| claim(insured, day);
        vec![
            (
                "orchestrator/PreSettle",
                json!({"claim": claim("2017-07-01"), "identity_check_id": ""}),
            ),
            (
                "orchestrator/WhatWouldChange",
                json!({"claim": claim("2017-07-01"), "change": change()}),
            ),
            (
                "orchestrator/Settle",
                json!({"request_id": "S-settle", "claim": claim("2017-07-01"), "basis": null,
                "identity_check_id": ""}),
            ),
            // Its claims are settled as by Settle: `malformed/streams.rs`, and the desk's stories.
            (
                "batch/SettleBatch",
                json!({"request_id": "S", "options": {"mode": "MODE_CONTINUE", "claims": 0}}),
            ),
            (
                "orchestrator/SettleTogether",
                json!({"request_id": "S-together",
                "claims": [claim("2017-08-01"), claim("2017-08-02")]}),
            ),
            (
                "orchestrator/Reverse",
                json!({"request_id": "S-reverse",
                "settlement_id": self.posted[0], "reason": "测试"}),
            ),
            (
                "orchestrator/Admit",
                json!({"request_id": "S-admit", "admission": {"person_id": insured,
                "institution_code": HOSPITAL, "visit_number": "V-3", "scheme": "390",
                "med_type": "21", "begin_day": "2017-09-01", "diagnosis_code": "J18.900",
                "referral_id": "", "estimate_fen": 500_000}}),
            ),
            (
                "orchestrator/Enrol",
                json!({"request_id": "S-enrol", "person_id": newcomer, "scheme": "390",
                "year": 2017, "paid_day": "2016-11-15", "paid_fen": 18_000,
                "exempt_from_waiting": false, "fee_tier": "", "repaid_years": 0,
                "enrolment_way": ""}),
            ),
            (
                "orchestrator/SuspendOnlineSettlement",
                json!({"request_id": "S-suspend", "institution_code": "", "person_id": newcomer,
                "from_day": "2030-01-01", "until_day": "2030-07-01",
                "decision_number": "测试决定1号", "reason": "测试"}),
            ),
        ]
    }
}
