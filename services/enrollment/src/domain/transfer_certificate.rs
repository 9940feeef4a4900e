//! 参保凭证: what an area certifies of somebody who leaves it. Everything in it is told by the area that
//! issues it; what it is worth elsewhere is not decided here.

use crate::domain::{Coverage, Person};
use crate::refusal::{TRANSFER_CERTIFIED, TRANSFER_INSURED_AFTER, TRANSFER_NEVER_INSURED};
use kernel::refusal::invalid;
use kernel::{
    AreaCode, CoverageId, Day, Digest, Digester, Fen, IdNumber, Period, PersonId, Refusal, Scheme,
    TransferCertificateId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the digest is over, and in which order: another content has another name.
const CONTENT: &[u8] = b"yibao.transfer_certificate.1";

/// 参保凭证: what an area certifies of somebody who leaves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferCertificate {
    /// 凭证编号.
    pub id: TransferCertificateId,
    /// 转出地医保区划.
    pub area: AreaCode,
    /// 开具日期.
    pub issued: Day,
    /// 险种类型 (insutype) of the coverage that ended.
    pub scheme: Scheme,
    /// Whose, without saying who that is: [`TransferCertificate::holder_digest`].
    pub holder: Digest,
    /// 参保缴费情况, by all schemes, the earliest first.
    pub periods: Vec<CertifiedPeriod>,
    /// The first day the coverage does not contain.
    pub end: Day,
    /// 零报销年度, as the issuing bureau states.
    pub zero_claim_years: Vec<i32>,
    /// 个人账户余额, as the issuing bureau states.
    pub account_balance: Fen,
}

/// 参保缴费: one period of one year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertifiedPeriod {
    /// 医保区划 of the area that insured.
    pub area: AreaCode,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// The insurance year.
    pub year: i32,
    /// First day.
    pub from: Day,
    /// The first day after it.
    pub until: Day,
}

/// Somebody who leaves.
#[derive(Clone, Debug)]
pub struct NewCertificate {
    /// Who.
    pub person: PersonId,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// The first day that is to be insured elsewhere.
    pub end: Day,
    /// 零报销年度.
    pub zero_claim_years: Vec<i32>,
    /// 个人账户余额.
    pub account_balance: Fen,
}

/// What is known of somebody who leaves.
#[derive(Clone, Copy, Debug)]
pub struct Leaver<'a> {
    /// Who.
    pub person: &'a Person,
    /// All coverages.
    pub coverages: &'a [Coverage],
    /// What other areas certified, and this one accepted.
    pub elsewhere: &'a [TransferCertificate],
    /// What this one certified before.
    pub certified: &'a [TransferCertificate],
}

/// 转出: the certificate, and the coverage that ends by it, with the end it had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// The certificate.
    pub certificate: TransferCertificate,
    /// None where the coverage had ended before.
    pub ends: Option<(CoverageId, Day)>,
}

impl NewCertificate {
    /// What is certified of somebody. A year that was paid for after the day on which they leave stands
    /// in the way: what becomes of its fee is the bureau's to settle first.
    pub fn decide(
        &self,
        (area, id, today): (&AreaCode, TransferCertificateId, Day),
        who: Leaver<'_>,
    ) -> Result<Leaving, Refusal> {
        if who.person.death_day.is_some() {
            return Err(who.person.dead());
        }
        let of_scheme = who.coverages.iter().filter(|one| one.scheme == self.scheme);
        let last = of_scheme.max_by_key(|one| one.year.number);
        let no = || TRANSFER_NEVER_INSURED.refuse().at("scheme");
        let last = last.ok_or_else(|| no().with("scheme", &self.scheme))?;
        if self.end <= last.year.first {
            let no = TRANSFER_INSURED_AFTER.refuse().at("end_day");
            return Err(no.with("year", last.year.number));
        }
        let mut before = who.certified.iter().filter(|one| one.scheme == self.scheme);
        if let Some(other) = before.find(|one| last.year.first < one.end) {
            let no = TRANSFER_CERTIFIED.refuse().with("end_day", other.end);
            return Err(no.with("certificate_id", other.id).at("person_id"));
        }
        let end = self.end.min(last.terms.until);
        let periods = self.periods(area, who, (last.id, end));
        let known = |year: &i32| periods.iter().any(|period| period.year == *year);
        if !self.zero_claim_years.iter().all(known) {
            return Err(invalid("zero_claim_years", "凭证所载的参保年度"));
        }
        let ends = (end < last.terms.until).then_some((last.id, last.terms.until));
        let certificate = TransferCertificate {
            id,
            area: area.clone(),
            issued: today,
            scheme: self.scheme.clone(),
            holder: TransferCertificate::holder_digest(id, &who.person.id_number),
            periods,
            end,
            zero_claim_years: self.zero_claim_years.clone(),
            account_balance: self.account_balance,
        };
        Ok(Leaving { certificate, ends })
    }

    /// Of this area and of those before it; the coverage that is left with its new end.
    fn periods(
        &self,
        area: &AreaCode,
        who: Leaver<'_>,
        (left, end): (CoverageId, Day),
    ) -> Vec<CertifiedPeriod> {
        let own = who.coverages.iter().map(|one| CertifiedPeriod {
            area: area.clone(),
            scheme: one.scheme.clone(),
            year: one.year.number,
            from: one.year.first,
            until: if one.id == left { end } else { one.terms.until },
        });
        // Who comes back brings what this area certified once: it is told as its own.
        let elsewhere = who.elsewhere.iter().flat_map(|one| one.periods.clone());
        let elsewhere = elsewhere.filter(|period| period.area != *area);
        let mut periods: Vec<CertifiedPeriod> = elsewhere.chain(own).collect();
        periods.sort_by(|one, other| {
            let order = |period: &CertifiedPeriod| (period.from, period.until);
            order(one)
                .cmp(&order(other))
                .then_with(|| one.area.cmp(&other.area))
        });
        periods.dedup();
        periods
    }
}

impl CertifiedPeriod {
    /// 缴费月数: the months that have a day in it; it lies in one year.
    pub fn paid_months(&self) -> u32 {
        let last = self.until.minus_days(1).month();
        (last + 1).saturating_sub(self.from.month())
    }
}

impl TransferCertificate {
    /// Whose a certificate of this number is. The number makes two certificates of one person differ, so
    /// that nobody can tell from them alone that they are.
    pub fn holder_digest(id: TransferCertificateId, number: &IdNumber) -> Digest {
        let mut digester = Digester::new();
        digester.part(id.to_string().as_bytes());
        digester.part(number.expose().as_bytes());
        digester.finish()
    }

    /// Over all that it says. What follows from the rest (months, gaps) is not in it.
    pub fn digest(&self) -> Digest {
        let mut digester = Digester::new();
        digester.part(CONTENT);
        for text in [
            self.id.to_string(),
            self.area.to_string(),
            self.issued.to_string(),
            self.scheme.to_string(),
            self.holder.to_string(),
            self.end.to_string(),
        ] {
            digester.part(text.as_bytes());
        }
        digester.number(self.account_balance.0);
        digester.number(i64::try_from(self.zero_claim_years.len()).unwrap_or(i64::MAX));
        for year in &self.zero_claim_years {
            digester.number((*year).into());
        }
        for period in &self.periods {
            digester.part(period.area.as_str().as_bytes());
            digester.part(period.scheme.as_str().as_bytes());
            digester.number(period.year.into());
            digester.part(period.from.to_string().as_bytes());
            digester.part(period.until.to_string().as_bytes());
        }
        digester.finish()
    }

    /// 中断: the gaps between the periods.
    pub fn interruptions(&self) -> Vec<Period> {
        let mut gaps = Vec::new();
        let mut reached: Option<Day> = None;
        for period in &self.periods {
            let gap = reached.and_then(|until| Period::new(until, Some(period.from)));
            gaps.extend(gap);
            reached = reached.max(Some(period.until));
        }
        gaps
    }

    /// 参保年度 by a scheme, or by all, each once.
    pub fn years(&self, scheme: Option<&Scheme>) -> BTreeSet<i32> {
        let by = |period: &&CertifiedPeriod| scheme.is_none_or(|scheme| period.scheme == *scheme);
        self.periods
            .iter()
            .filter(by)
            .map(|period| period.year)
            .collect()
    }

    /// Those of them in which, for all that is stated, a fund paid.
    pub fn claim_years(&self, scheme: &Scheme) -> BTreeSet<i32> {
        let mut years = self.years(Some(scheme));
        years.retain(|year| !self.zero_claim_years.contains(year));
        years
    }

    /// 连续参保年数 by all schemes, back from the last year.
    pub fn continuous_years(&self) -> u32 {
        let years = self.years(None);
        let mut expected = years.last().copied();
        let mut count = 0;
        for year in years.iter().rev() {
            if Some(*year) != expected {
                break;
            }
            count += 1;
            expected = year.checked_sub(1);
        }
        count
    }
}
