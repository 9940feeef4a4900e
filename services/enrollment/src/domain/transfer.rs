//! 转入: an application of somebody who comes, and what becomes of it. A certificate is worth what it says
//! only once a second person has accepted it.

use crate::domain::TransferCertificate;
use crate::refusal::{
    TRANSFER_CERTIFICATE_CHANGED, TRANSFER_CERTIFICATE_EXPIRED, TRANSFER_DECIDED,
    TRANSFER_OTHER_PERSON, TRANSFER_SAME_AREA, TRANSFER_SAME_DECIDER, TRANSFER_UNKNOWN,
};
use kernel::refusal::invalid;
use kernel::{
    AreaCode, Day, Digest, IdNumber, Instant, Period, PersonId, Refusal, TransferId, person_behind,
};

/// How old a certificate may be, in months: no text of the state says, so long that nobody loses it to
/// the post, and so short that what it says of an account is of some use.
const CERTIFICATE_MONTHS_MAX: u32 = 12;
/// 办结时限 of each side, in working days (医保办发〔2021〕43号).
const WORKING_DAYS_MAX: u32 = 15;

/// An application to make.
#[derive(Clone, Debug)]
pub struct Application {
    /// 证件号码 (certno).
    pub id_number: IdNumber,
    /// What is brought.
    pub certificate: TransferCertificate,
    /// The digest it carries.
    pub digest: Digest,
    /// The gaps it names.
    pub interruptions: Vec<Period>,
}

/// 转入申请.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// Its id.
    pub id: TransferId,
    /// 证件号码 (certno).
    pub id_number: IdNumber,
    /// 参保凭证.
    pub certificate: TransferCertificate,
    /// Who applied, and when.
    pub applied: (String, Instant),
    /// What was decided; none while it is to be.
    pub decision: Option<Decision>,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
}

/// 决定.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Instant,
    /// What.
    pub verdict: Verdict,
}

/// 同意 or 不予转入.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It counts for this person.
    Accepted(PersonId),
    /// It does not, and why.
    Rejected(String),
}

/// Where an application stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// 已受理.
    Applied,
    /// 已转入.
    Accepted,
    /// 不予转入.
    Rejected,
    /// 已撤回.
    Withdrawn,
}

/// 办理环节.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// When it was done.
    pub done: Option<Day>,
    /// The last day for it.
    pub due: Option<Day>,
    /// Whether that was, or is, missed.
    pub overdue: bool,
}

impl Application {
    /// Whether the certificate is what was issued, of this person, and still counts.
    pub fn decide(&self, area: &AreaCode, today: Day) -> Result<(), Refusal> {
        let certificate = &self.certificate;
        if certificate.area == *area {
            return Err(TRANSFER_SAME_AREA.refuse().at("certificate.from_area_code"));
        }
        let changed = certificate.digest() != self.digest
            || certificate.interruptions() != self.interruptions;
        if changed {
            return Err(self.refuse(TRANSFER_CERTIFICATE_CHANGED.refuse(), "digest"));
        }
        let holder = TransferCertificate::holder_digest(certificate.id, &self.id_number);
        if certificate.holder != holder {
            return Err(TRANSFER_OTHER_PERSON.refuse().at("id_number"));
        }
        if today < certificate.issued {
            return Err(invalid("certificate.issued_day", "不晚于今天的日期"));
        }
        let last = certificate.issued.plus_months(CERTIFICATE_MONTHS_MAX);
        match today <= last {
            true => Ok(()),
            false => {
                let no = TRANSFER_CERTIFICATE_EXPIRED.refuse();
                Err(self.refuse(no.with("last_day", last), "issued_day"))
            }
        }
    }

    fn refuse(&self, no: Refusal, field: &str) -> Refusal {
        let no = no.with("certificate_id", self.certificate.id);
        no.at(format!("certificate.{field}"))
    }
}

impl Transfer {
    /// Where it stands.
    pub fn state(&self) -> TransferState {
        match &self.decision {
            _ if self.withdrawn => TransferState::Withdrawn,
            None => TransferState::Applied,
            Some(decision) => match decision.verdict {
                Verdict::Accepted(_) => TransferState::Accepted,
                Verdict::Rejected(_) => TransferState::Rejected,
            },
        }
    }

    /// 复核: nobody decides upon what they applied for, and nothing is decided twice.
    pub fn decidable(&self, by: &str) -> Result<(), Refusal> {
        match self.state() {
            TransferState::Withdrawn => Err(unknown(&self.id.to_string())),
            TransferState::Accepted | TransferState::Rejected => {
                let no = TRANSFER_DECIDED.refuse().with("transfer_id", self.id);
                Err(no.at("transfer_id"))
            }
            TransferState::Applied if person_behind(&self.applied.0) == person_behind(by) => {
                let no = TRANSFER_SAME_DECIDER.refuse().with("transfer_id", self.id);
                Err(no.with("by", person_behind(by)))
            }
            TransferState::Applied => Ok(()),
        }
    }

    /// 办理进度, on a day: 转出, 受理, 转入.
    pub fn stages(&self, today: Day) -> [Stage; 3] {
        let done = |day| Stage {
            done: Some(day),
            due: None,
            overdue: false,
        };
        let applied = self.applied.1.day();
        let due = working_days_after(applied, WORKING_DAYS_MAX);
        let decided = self.decision.as_ref().map(|decision| decision.at.day());
        let last = Stage {
            done: decided,
            due: Some(due),
            overdue: due < decided.unwrap_or(today),
        };
        [done(self.certificate.issued), done(applied), last]
    }
}

/// The refusal of an application the caller's area does not have.
pub fn unknown(id: &str) -> Refusal {
    let no = TRANSFER_UNKNOWN.refuse().at("transfer_id");
    no.with("transfer_id", id)
}

/// So many days later, Saturdays and Sundays left out. Public holidays and the working days they are
/// moved to are in no calendar here.
fn working_days_after(day: Day, count: u32) -> Day {
    let mut reached = day;
    let mut left = count;
    while left > 0 {
        let next = reached.next();
        if next == reached {
            break;
        }
        reached = next;
        if !is_weekend(reached) {
            left -= 1;
        }
    }
    reached
}

fn is_weekend(day: Day) -> bool {
    // 6 January 1900 was a Saturday.
    Day::new(1900, 1, 6).is_some_and(|saturday| saturday.days_until(day).rem_euclid(7) < 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_working_days_are_three_weeks_without_holidays() {
        let table = [
            // Monday, Friday, Saturday, Sunday.
            ("2018-03-05", "2018-03-26"),
            ("2018-03-02", "2018-03-23"),
            ("2018-03-03", "2018-03-23"),
            ("2018-03-04", "2018-03-23"),
            ("2999-12-30", "2999-12-31"),
        ];
        for (from, expected) in table {
            let due = working_days_after(Day::parse(from).unwrap(), WORKING_DAYS_MAX);
            assert_eq!(due, Day::parse(expected).unwrap(), "{from}");
        }
    }
}
