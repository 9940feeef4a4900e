//! 暂停转入: the days on which nobody is referred to an institution.
//!
//! While an institution's online settlement is suspended, the funds pay for nobody there by card,
//! so nobody is sent there: no referral to it is requested, approved or used. Referrals made before
//! stay as they are and can be used when the days are over.

use crate::refusal::{BAR_DAYS, BAR_OVERLAPS, INSTITUTION_BARRED};
use kernel::{BarId, Day, InstitutionCode, Period, Refusal};

/// 暂停转入.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Its id.
    pub id: BarId,
    /// What was asked for.
    pub wanted: NewBar,
}

/// What a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBar {
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: InstitutionCode,
    /// The first day.
    pub from: Day,
    /// The first day after it.
    pub until: Day,
    /// 处理决定书文号: the decision it rests on.
    pub decision_number: String,
    /// Why.
    pub reason: String,
}

impl NewBar {
    /// The bar; `standing` are the institution's others.
    pub fn decide(&self, id: BarId, standing: &[Bar]) -> Result<Bar, Refusal> {
        let Some(days) = Period::new(self.from, Some(self.until)) else {
            return Err(BAR_DAYS
                .refuse()
                .with("from_day", self.from)
                .with("until_day", self.until)
                .at("until_day"));
        };
        let other = standing.iter().find(|bar| bar.shares_a_day_of(&days));
        match other {
            Some(other) => Err(BAR_OVERLAPS
                .refuse()
                .with("institution_code", &self.institution)
                .with("bar_id", other.id)
                .at("from_day")),
            None => Ok(Bar {
                id,
                wanted: self.clone(),
            }),
        }
    }
}

impl Bar {
    fn shares_a_day_of(&self, days: &Period) -> bool {
        let own = Period::new(self.wanted.from, Some(self.wanted.until));
        own.is_some_and(|own| own.overlaps(days))
    }
}

/// Nobody is referred to the institution before this day.
pub fn barred(institution: &InstitutionCode, until: Day) -> Refusal {
    INSTITUTION_BARRED
        .refuse()
        .with("institution_code", institution)
        .with("until_day", until)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";

    fn new(from: &str, until: &str) -> NewBar {
        NewBar {
            institution: InstitutionCode::parse("H15250100001").unwrap(),
            from: Day::parse(from).unwrap(),
            until: Day::parse(until).unwrap(),
            decision_number: "锡医保决〔2017〕3号".into(),
            reason: "违规结算".into(),
        }
    }

    #[test]
    fn a_bar_has_days_that_no_other_has() {
        let id = BarId::parse(ID).unwrap();
        let standing = [new("2017-03-01", "2017-04-01").decide(id, &[]).unwrap()];
        let cases = [
            ("2017-03-31", "2017-03-31", Some("BAR_DAYS")),
            ("2017-05-02", "2017-05-01", Some("BAR_DAYS")),
            ("2017-02-01", "2017-03-01", None),
            ("2017-02-01", "2017-03-02", Some("BAR_OVERLAPS")),
            ("2017-03-10", "2017-03-11", Some("BAR_OVERLAPS")),
            ("2017-03-31", "2017-05-01", Some("BAR_OVERLAPS")),
            ("2017-04-01", "2017-05-01", None),
        ];
        for (from, until, expected) in cases {
            let told = new(from, until).decide(id, &standing).err();
            if let Some(no) = &told {
                assert!(!no.sentence().contains('{'), "{}", no.sentence());
            }
            let code = told.as_ref().map(|no| no.code.as_ref());
            assert_eq!(code, expected, "{from} to {until}");
        }
    }
}
