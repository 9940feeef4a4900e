//! 参保缴费与资助: what a payment buys, and who pays the fee.

use crate::domain::{Person, Standing, TransferCertificate};
use crate::refusal::{ALREADY_INSURED, FEE_MISMATCH, FEE_UNKNOWN};
use kernel::refusal::NO_PACKAGE;
use kernel::refusal::invalid;
use kernel::{CoverageId, Day, Digest, Fen, IdentityKind, PersonId, Refusal, Scheme};
use policy::{
    BenefitStart, EnrolmentFacts, EnrolmentWay, FeeFacts, Law, Package, Reason, Transferred,
};

/// 参保年度: a calendar year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InsuranceYear {
    /// Its number.
    pub number: i32,
    /// 1 January.
    pub first: Day,
    /// 1 January of the year after.
    pub after: Day,
}

impl InsuranceYear {
    /// What a year must be.
    pub const EXPECTED: &'static str = "2000至2100的年份";

    /// A year from 2000 to 2100.
    pub fn new(number: i32) -> Option<InsuranceYear> {
        let year = InsuranceYear {
            number,
            first: Day::first_of(number)?,
            after: Day::first_of(number.checked_add(1)?)?,
        };
        (2000..=2100).contains(&number).then_some(year)
    }
}

/// 参保 (insuinfo): one coverage of a person by a scheme for a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Its id.
    pub id: CoverageId,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// The year paid for.
    pub year: InsuranceYear,
    /// 缴费日期.
    pub paid_day: Day,
    /// What the payment bought.
    pub terms: Terms,
    /// In what standing, on its first day.
    pub standing: Standing,
}

/// What a payment buys, as decided on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// 待遇起始日: after any waiting time, which may carry it past the year.
    pub benefit_from: Day,
    /// The first day after the coverage.
    pub until: Day,
    /// Who paid the fee.
    pub share: FeeShare,
    /// 缴费修复: broken years that were paid for as well.
    pub repair: YearsRepaid,
    /// The SM3 digest of the package that said so.
    pub package: Digest,
}

/// 缴费修复: how many broken years were repaid, and for how much; no subsidy is paid for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct YearsRepaid {
    /// How many.
    pub years: u32,
    /// What they cost together.
    pub fee: Fen,
}

/// 参保资助: who pays the personal fee of a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeShare {
    /// 缴费档次; none where the area has only one.
    pub tier: Option<String>,
    /// The identity that counts, if any.
    pub identity: Option<IdentityKind>,
    /// 个人缴费标准.
    pub fee: Fen,
    /// 资助金额.
    pub subsidy: Fen,
    /// 个人应缴 = fee − subsidy: what stays with the person in the end.
    pub to_pay: Fen,
    /// 缴费时应缴: the same, or the whole fee when the subsidy is paid afterwards.
    pub pay_now: Fen,
}

/// 参保意向: what is to be paid for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// The year paid for.
    pub year: InsuranceYear,
    /// 缴费日期: the day whose identities count.
    pub paid_day: Day,
    /// 缴费档次; the first the package states when none is named.
    pub tier: Option<String>,
    /// 缴费修复: how many broken years are repaid.
    pub repaid_years: u32,
    /// 参保方式.
    pub way: EnrolmentWay,
    /// 免等待: a newborn or a person of a special group.
    pub exempt: bool,
}

/// What a plan comes to for a person.
#[derive(Clone, Debug)]
pub struct Quote {
    /// Who pays the fee.
    pub share: FeeShare,
    /// Why.
    pub reason: Reason,
    /// From which day it counts.
    pub start: BenefitStart,
    /// 缴费修复.
    pub repair: YearsRepaid,
}

/// What is known of somebody who pays.
#[derive(Clone, Copy, Debug)]
pub struct Payer<'a> {
    /// Who.
    pub person: &'a Person,
    /// 身份 on the day of payment.
    pub identities: &'a [IdentityKind],
    /// Coverages of all years.
    pub coverages: &'a [Coverage],
    /// 关系转移接续: what other areas certified, and this one accepted.
    pub elsewhere: &'a [TransferCertificate],
}

/// 缴费: a payment that is to insure a person for a year.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Whom.
    pub person: PersonId,
    /// What for.
    pub plan: Plan,
    /// What was paid.
    pub paid: Fen,
    /// In what standing the person is to be insured.
    pub standing: Standing,
}

impl Payment {
    /// What the payment buys the person of whom this is known.
    ///
    /// One scheme at a time and one subsidy a year: coverages end with their year, so two of one
    /// person overlap exactly when they are of one year, whatever their schemes.
    pub fn decide(
        &self,
        payer: &Payer<'_>,
        package: Option<&Package>,
        today: Day,
    ) -> Result<Terms, Refusal> {
        let person = payer.person;
        let Plan { year, paid_day, .. } = self.plan;
        if today < paid_day || year.after <= paid_day {
            return Err(invalid("paid_day", "不晚于今天、在参保年度结束以前的日期"));
        }
        // A payment may be told of late: somebody who died after it, in the year, was insured.
        let begins = paid_day.max(year.first);
        if person.death_day.is_some_and(|death| death < begins) {
            return Err(person.dead());
        }
        if let Some(of_year) = payer.coverages.iter().find(|other| other.year == year) {
            return Err(already_insured(year)
                .with("scheme", &of_year.scheme)
                .with("coverage_id", of_year.id));
        }
        let package = package.ok_or_else(|| no_package(&self.plan.scheme, year))?;
        let quote = self.plan.quote(package, payer)?;
        // A year that shortens no wait is not taken money for.
        if self.plan.repaid_years != quote.repair.years {
            let most = quote
                .start
                .repair
                .map_or(0, |repair| repair.repairable_years);
            return Err(invalid("repaid_years", format!("不多于可修复的{most}年")));
        }
        if self.paid != quote.due() {
            return Err(FEE_MISMATCH
                .refuse()
                .with("expected_fen", quote.due().0)
                .with("paid_fen", self.paid.0)
                .at("paid_fen"));
        }
        Ok(Terms {
            benefit_from: quote.start.day,
            until: year.after,
            share: quote.share,
            repair: quote.repair,
            package: package.digest(),
        })
    }
}

impl Plan {
    /// 测算: who pays the fee, what repaid years cost, and from which day the payment counts, for a
    /// person of whom this is known.
    pub fn quote(&self, package: &Package, payer: &Payer<'_>) -> Result<Quote, Refusal> {
        let identities = payer.identities;
        let tier = self.tier.as_deref();
        let (share, reason) = fee_share(package, self.year, tier, identities)?;
        // Changing schemes is no break, and neither is changing areas.
        let own = payer.coverages.iter().map(|other| other.year.number);
        let elsewhere = payer.elsewhere.iter().flat_map(|one| one.years(None));
        let insured_years: Vec<i32> = own.chain(elsewhere).collect();
        let facts = EnrolmentFacts {
            year: self.year.number,
            paid_day: self.paid_day,
            tier,
            identities,
            birth_day: Some(payer.person.birth_day),
            way: self.way,
            exempt: self.exempt,
            insured_years: &insured_years,
            repaid_years: self.repaid_years,
            arrears_from: None,
            transferred: self.transferred(payer.elsewhere),
        };
        let start = policy::benefit_start(package, &facts);
        let repair = start.repair.as_ref();
        let repair = repair.map_or(YearsRepaid::default(), |repair| YearsRepaid {
            years: repair.repaid_years,
            fee: repair.fee.unwrap_or(Fen::ZERO),
        });
        Ok(Quote {
            share,
            reason,
            start,
            repair,
        })
    }
}

impl Plan {
    /// 关系转移接续: where the person comes from, by what was accepted last; nobody need say so.
    fn transferred(&self, elsewhere: &[TransferCertificate]) -> Option<Transferred> {
        let last = elsewhere.iter().max_by_key(|one| one.end)?;
        Some(Transferred {
            until: last.end,
            switched: last.scheme != self.scheme,
            years: last.continuous_years(),
        })
    }
}

impl Quote {
    /// 应缴合计: what the person pays on the day.
    pub fn due(&self) -> Fen {
        self.share.pay_now + self.repair.fee
    }
}

impl Coverage {
    /// Why the fee is shared as it is: computed again by the package that decided, and nothing when
    /// the law has that package no more.
    pub fn reason(&self, law: &Law) -> Option<Reason> {
        let terms = &self.terms;
        let package = law.by_digest(terms.package)?;
        let (tier, kinds) = (terms.share.tier.as_deref(), terms.share.identity.as_slice());
        let (share, reason) = fee_share(package, self.year, tier, kinds).ok()?;
        (share == terms.share).then_some(reason)
    }
}

/// The refusal that the year has a coverage.
pub fn already_insured(year: InsuranceYear) -> Refusal {
    ALREADY_INSURED
        .refuse()
        .with("year", year.number)
        .at("year")
}

/// The refusal that no package holds on the year's first day.
pub fn no_package(scheme: &Scheme, year: InsuranceYear) -> Refusal {
    NO_PACKAGE
        .refuse()
        .with("scheme", scheme)
        .with("day", year.first)
        .at("year")
}

/// 资助测算: who pays the fee of a year and tier, and why.
fn fee_share(
    package: &Package,
    year: InsuranceYear,
    tier: Option<&str>,
    identities: &[IdentityKind],
) -> Result<(FeeShare, Reason), Refusal> {
    let facts = FeeFacts {
        year: year.number,
        tier,
        identities,
    };
    let subsidy = policy::subsidy(package, &facts).ok_or_else(|| {
        FEE_UNKNOWN
            .refuse()
            .with("package_name", package.name())
            .with("year", year.number)
            .at(if tier.is_some() { "fee_tier" } else { "year" })
    })?;
    let share = FeeShare {
        tier: subsidy.tier,
        identity: subsidy.identity,
        fee: subsidy.personal_fee,
        subsidy: subsidy.subsidy,
        to_pay: subsidy.to_pay,
        pay_now: subsidy.pay_now,
    };
    Ok((share, subsidy.reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{AreaCode, IdNumber, Instant, PersonName, Sex};
    use policy::Library;
    use std::sync::Arc;

    const ID: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn person(death_day: &str) -> Person {
        Person {
            id: PersonId::parse(ID).unwrap(),
            name: PersonName::parse("张三").unwrap(),
            id_number: {
                let digits = "99999919800101001";
                let check = IdNumber::check_character(digits).unwrap();
                IdNumber::parse(&format!("{digits}{check}")).unwrap()
            },
            sex: Sex::Male,
            birth_day: day("1980-01-01"),
            household: None,
            death_day: (!death_day.is_empty()).then(|| day(death_day)),
            version: 1,
        }
    }

    fn payment(year: InsuranceYear, paid_day: &str, paid: i64) -> Payment {
        let plan = Plan {
            scheme: Scheme::Resident,
            year,
            paid_day: day(paid_day),
            tier: None,
            repaid_years: 0,
            way: EnrolmentWay::Resident,
            exempt: false,
        };
        Payment {
            person: PersonId::parse(ID).unwrap(),
            plan,
            paid: Fen(paid),
            standing: Standing::default(),
        }
    }

    /// Year, day of payment, fen paid, identities, death: the refusal or the first day of benefits,
    /// as decided on 2024-06-30. The fee of 2024 is 400 yuan, of which 低保 pays 40.
    #[test]
    fn a_payment_is_decided_in_this_order() {
        let library = Library::builtin().unwrap();
        let area = AreaCode::parse("152501").unwrap();
        type Row = (
            i32,
            &'static str,
            i64,
            &'static [&'static str],
            &'static str,
            &'static str,
        );
        let table: &[Row] = &[
            (2024, "2024-07-01", 40_000, &[], "", "INVALID_FIELD"),
            (2023, "2024-01-01", 38_000, &[], "", "INVALID_FIELD"),
            (2024, "2024-02-01", 40_000, &[], "2024-01-31", "PERSON_DEAD"),
            (2024, "2023-12-01", 40_000, &[], "2023-12-31", "PERSON_DEAD"),
            (2013, "2013-01-05", 0, &[], "", "NO_PACKAGE"),
            (2030, "2024-01-05", 0, &[], "", "FEE_UNKNOWN"),
            (2024, "2024-01-05", 39_999, &[], "", "FEE_MISMATCH"),
            (2024, "2024-01-05", 40_000, &["2303"], "", "FEE_MISMATCH"),
            (2024, "2024-01-05", 40_000, &[], "", "2024-01-05"),
            (2024, "2023-11-05", 40_000, &[], "2024-01-01", "2024-01-01"),
            (2024, "2024-01-05", 4_000, &["2303"], "", "2024-01-05"),
            (2024, "2024-01-05", 0, &["2304", "2303"], "", "2024-01-05"),
            (2024, "2024-03-01", 40_000, &[], "2024-03-01", "2024-06-01"),
        ];
        for (number, paid_day, paid, kinds, death, expected) in table {
            let year = InsuranceYear::new(*number).unwrap();
            let payment = payment(year, paid_day, *paid);
            let kinds: Vec<_> = kinds
                .iter()
                .filter_map(|k| IdentityKind::parse(k))
                .collect();
            let package = library.select(&area, &Scheme::Resident, year.first);
            let package = package.map(|package| &**package);
            let person = person(death);
            let payer = Payer {
                person: &person,
                identities: &kinds,
                coverages: &[],
                elsewhere: &[],
            };
            let decided = payment.decide(&payer, package, day("2024-06-30"));
            let told = match &decided {
                Ok(terms) => terms.benefit_from.to_string(),
                Err(no) => no.code.to_string(),
            };
            assert_eq!(told, *expected, "{number}, {paid_day}, {paid}, {kinds:?}");
        }
    }

    #[test]
    fn a_year_has_one_coverage_whatever_the_scheme() {
        let law = Law::new(Arc::new(Library::builtin().unwrap()));
        let area = AreaCode::parse("152501").unwrap();
        let year = InsuranceYear::new(2024).unwrap();
        let mut payment = payment(year, "2024-01-05", 40_000);
        let now = Instant::from_micros(0);
        let package = law
            .select(&area, &Scheme::Resident, year.first, now)
            .unwrap();
        let package = package.map(|package| &**package);
        let today = day("2024-06-30");
        let person = person("");
        let mut payer = Payer {
            person: &person,
            identities: &[],
            coverages: &[],
            elsewhere: &[],
        };
        let terms = payment.decide(&payer, package, today).unwrap();
        let coverage = Coverage {
            id: CoverageId::parse(ID).unwrap(),
            scheme: Scheme::Resident,
            year,
            paid_day: payment.plan.paid_day,
            terms,
            standing: Standing::default(),
        };
        assert!(coverage.reason(&law).is_some());
        for scheme in [Scheme::Resident, Scheme::Employee] {
            payment.plan.scheme = scheme;
            payer.coverages = std::slice::from_ref(&coverage);
            let no = payment.decide(&payer, package, today);
            assert!(no.unwrap_err().is(&ALREADY_INSURED));
        }
    }
}
