//! 关系转移接续: the public interface's messages.

use crate::domain::{
    Application, CertifiedPeriod, InsuranceYear, NewCertificate, Stage, Transfer,
    TransferCertificate, TransferState, Verdict,
};
use kernel::refusal::invalid;
use kernel::{
    AreaCode, Day, Fen, IdNumber, Period, Refusal, Scheme, TransferCertificateId, TransferId,
};
use proto::orchestrator as pb;
use proto::orchestrator::transfer::State;
use proto::orchestrator::transfer_stage::Kind;
use runtime::{parse, render};

/// Periods that a certificate tells of at most: two a year of the longest life of work.
const PERIODS_MAX: usize = 200;

/// Somebody who leaves.
pub fn new_certificate(
    message: &pb::IssueTransferCertificateRequest,
) -> Result<NewCertificate, Refusal> {
    Ok(NewCertificate {
        person: super::person_id(&message.person_id)?,
        scheme: super::scheme(&message.scheme)?,
        end: parse::day("end_day", &message.end_day)?,
        zero_claim_years: years("zero_claim_years", &message.zero_claim_years)?,
        account_balance: Fen(parse::not_negative(
            "account_balance_fen",
            message.account_balance_fen,
        )?),
    })
}

/// A certificate that is named.
pub fn certificate_id(text: &str) -> Result<TransferCertificateId, Refusal> {
    parse::field("certificate_id", TransferCertificateId::parse(text))
}

/// An application that is named.
pub fn transfer_id(text: &str) -> Result<TransferId, Refusal> {
    parse::field("transfer_id", TransferId::parse(text))
}

/// Somebody who comes.
pub fn application(message: &pb::ApplyTransferInRequest) -> Result<Application, Refusal> {
    let number = IdNumber::parse(&message.id_number);
    let brought = parse::message("certificate", message.certificate.as_ref())?;
    let path = |field: &str| format!("certificate.{field}");
    if !(1..=PERIODS_MAX).contains(&brought.periods.len()) {
        let expected = format!("1至{PERIODS_MAX}段参保");
        return Err(invalid(path("periods"), expected));
    }
    let periods = brought.periods.iter().enumerate();
    let periods = periods.map(|(n, one)| period(&format!("certificate.periods[{n}]"), one));
    let gaps = brought.interruptions.iter().enumerate();
    let gaps = gaps.map(|(n, gap)| {
        let days = (gap.from_day.as_str(), gap.until_day.as_str());
        days_of(&format!("certificate.interruptions[{n}]"), days).map(|(from, until)| Period {
            from,
            until: Some(until),
        })
    });
    let id = TransferCertificateId::parse(&brought.certificate_id);
    let area = AreaCode::parse(&brought.from_area_code);
    let balance = parse::not_negative(path("account_balance_fen"), brought.account_balance_fen);
    Ok(Application {
        id_number: parse::wanted("id_number", number, IdNumber::EXPECTED)?,
        certificate: TransferCertificate {
            id: parse::field(path("certificate_id"), id)?,
            area: parse::field(path("from_area_code"), area)?,
            issued: parse::day(path("issued_day"), &brought.issued_day)?,
            scheme: parse::code(path("scheme"), Scheme::parse(&brought.scheme))?,
            holder: parse::digest(path("id_number_digest"), &brought.id_number_digest)?,
            periods: periods.collect::<Result<_, _>>()?,
            end: parse::day(path("end_day"), &brought.end_day)?,
            zero_claim_years: years(&path("zero_claim_years"), &brought.zero_claim_years)?,
            account_balance: Fen(balance?),
        },
        digest: parse::digest(path("digest"), &brought.digest)?,
        interruptions: gaps.collect::<Result<_, _>>()?,
    })
}

/// Days of its own year, and what follows from them.
fn period(at: &str, message: &pb::CertifiedPeriod) -> Result<CertifiedPeriod, Refusal> {
    let path = |field: &str| format!("{at}.{field}");
    let year = InsuranceYear::new(message.year);
    let year = parse::wanted(path("year"), year, InsuranceYear::EXPECTED)?;
    let days = (message.from_day.as_str(), message.until_day.as_str());
    let (from, until) = days_of(at, days)?;
    if from < year.first || year.after < until {
        return Err(invalid(path("from_day"), "参保年度内的日期"));
    }
    let read = CertifiedPeriod {
        area: parse::field(path("area_code"), AreaCode::parse(&message.area_code))?,
        scheme: parse::code(path("scheme"), Scheme::parse(&message.scheme))?,
        year: year.number,
        from,
        until,
    };
    match paid_months(&read) == message.paid_months {
        true => Ok(read),
        false => Err(invalid(path("paid_months"), "起止日期所含的月数")),
    }
}

fn days_of(at: &str, (from, until): (&str, &str)) -> Result<(Day, Day), Refusal> {
    let from = parse::day(format!("{at}.from_day"), from)?;
    let until_path = format!("{at}.until_day");
    let until = parse::day(until_path.clone(), until)?;
    match from < until {
        true => Ok((from, until)),
        false => Err(invalid(until_path, "晚于 from_day 的日期")),
    }
}

fn years(path: &str, years: &[i32]) -> Result<Vec<i32>, Refusal> {
    let fits =
        years.len() <= PERIODS_MAX && years.iter().all(|year| InsuranceYear::new(*year).is_some());
    let expected = format_args!("至多{PERIODS_MAX}个{}", InsuranceYear::EXPECTED);
    parse::wanted(path, fits.then(|| years.to_vec()), expected)
}

/// Which applications to list.
pub fn state(number: i32) -> Result<Option<TransferState>, Refusal> {
    let state = State::try_from(number).ok();
    let state = parse::wanted("state", state, "已知的状态,或不填")?;
    Ok(match state {
        State::Unspecified => None,
        State::Applied => Some(TransferState::Applied),
        State::Accepted => Some(TransferState::Accepted),
        State::Rejected => Some(TransferState::Rejected),
        State::Withdrawn => Some(TransferState::Withdrawn),
    })
}

/// A certificate as the wire shows it.
pub fn certificate(certificate: &TransferCertificate) -> pb::TransferCertificate {
    let gaps = certificate.interruptions();
    let gap = |gap: &Period| pb::Interruption {
        from_day: gap.from.to_string(),
        until_day: render::optional_day(gap.until),
    };
    pb::TransferCertificate {
        certificate_id: certificate.id.to_string(),
        from_area_code: certificate.area.to_string(),
        issued_day: certificate.issued.to_string(),
        scheme: certificate.scheme.to_string(),
        id_number_digest: certificate.holder.to_string(),
        periods: certificate.periods.iter().map(certified).collect(),
        interruptions: gaps.iter().map(gap).collect(),
        end_day: certificate.end.to_string(),
        zero_claim_years: certificate.zero_claim_years.clone(),
        account_balance_fen: certificate.account_balance.0,
        digest: certificate.digest().to_string(),
    }
}

fn certified(period: &CertifiedPeriod) -> pb::CertifiedPeriod {
    pb::CertifiedPeriod {
        area_code: period.area.to_string(),
        scheme: period.scheme.to_string(),
        year: period.year,
        from_day: period.from.to_string(),
        until_day: period.until.to_string(),
        paid_months: paid_months(period),
    }
}

fn paid_months(period: &CertifiedPeriod) -> i32 {
    i32::try_from(period.paid_months()).unwrap_or(i32::MAX)
}

/// An application as the wire shows it on a day.
pub fn transfer(transfer: &Transfer, today: Day) -> pb::Transfer {
    let state = match transfer.state() {
        TransferState::Applied => State::Applied,
        TransferState::Accepted => State::Accepted,
        TransferState::Rejected => State::Rejected,
        TransferState::Withdrawn => State::Withdrawn,
    };
    let decision = transfer.decision.as_ref();
    let (person, reason) = match decision.map(|decision| &decision.verdict) {
        None => (String::new(), String::new()),
        Some(Verdict::Accepted(person)) => (person.to_string(), String::new()),
        Some(Verdict::Rejected(why)) => (String::new(), why.clone()),
    };
    let kinds = [Kind::Certified, Kind::Applied, Kind::Decided];
    let stages = kinds.into_iter().zip(transfer.stages(today));
    pb::Transfer {
        transfer_id: transfer.id.to_string(),
        state: state.into(),
        masked_id_number: transfer.id_number.masked(),
        certificate: Some(certificate(&transfer.certificate)),
        person_id: person,
        applied_time: Some(render::timestamp(transfer.applied.1)),
        decided_time: decision.map(|decision| render::timestamp(decision.at)),
        rejection_reason: reason,
        stages: stages.map(stage).collect(),
    }
}

fn stage((kind, stage): (Kind, Stage)) -> pb::TransferStage {
    pb::TransferStage {
        kind: kind.into(),
        done_day: render::optional_day(stage.done),
        due_day: render::optional_day(stage.due),
        overdue: stage.overdue,
    }
}
