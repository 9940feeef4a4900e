//! What peers answered, as the public interface tells it.

use proto::orchestrator as pb;

/// A guarantee as the public interface tells it.
pub fn guarantee(message: proto::settlement::Guarantee) -> pb::Guarantee {
    use pb::guarantee::State;
    use proto::settlement::guarantee::State as Stored;
    let state = match message.state() {
        Stored::Unspecified => State::Unspecified,
        Stored::Open => State::Open,
        Stored::Closed => State::Closed,
        Stored::Withdrawn => State::Withdrawn,
    };
    let stay = message.stay.unwrap_or_default();
    let admission = pb::Admission {
        person_id: stay.person_id,
        institution_code: stay.institution_code,
        visit_number: stay.visit_number,
        scheme: stay.scheme,
        med_type: stay.med_type,
        begin_day: stay.begin_day,
        diagnosis_code: stay.diagnosis_code,
        referral_id: stay.referral_id,
        estimate_fen: message.estimate_fen,
    };
    pb::Guarantee {
        guarantee_id: message.guarantee_id,
        state: state.into(),
        admission: Some(admission),
        settlement_id: message.settlement_id,
        opened_time: message.opened_time,
    }
}

/// A coverage and its subsidy.
pub fn enrolled(
    coverage: Option<proto::enrollment::Coverage>,
    posted: proto::settlement::PostSubsidyResponse,
    replayed: bool,
) -> pb::EnrolResponse {
    let coverage = coverage.unwrap_or_default();
    let subsidy = posted.subsidy.unwrap_or_default();
    pb::EnrolResponse {
        coverage_id: subsidy.coverage_id,
        benefit_from_day: coverage.benefit_from_day,
        until_day: coverage.until_day,
        identity_kind: subsidy.identity_kind,
        subsidy_fen: subsidy.subsidy_fen,
        subsidy_id: subsidy.subsidy_id,
        replayed,
    }
}
