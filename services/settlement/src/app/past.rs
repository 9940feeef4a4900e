//! 往年: what a person came to by the scheme in the years before a claim's. A package that does not
//! ask for years without a claim costs no statement.

use crate::domain::{Member, PastYears, PersonYear, YearKey};
use crate::store;
use ::store::Stop;
use kernel::AreaCode;
use policy::Package;
use sea_orm::ConnectionTrait;

/// Years before a claim's that have settlements, read once for all packages that may ask.
#[derive(Default)]
pub(super) struct EarlierYears(Vec<(i32, PersonYear)>);

impl EarlierYears {
    /// Reads them where a package asks and a member was insured in any.
    pub async fn read<'a>(
        on: &impl ConnectionTrait,
        area: &AreaCode,
        whose: &YearKey,
        mut packages: impl Iterator<Item = &'a Package>,
        members: impl Iterator<Item = &'a Member>,
    ) -> Result<EarlierYears, Stop> {
        let years = members.flat_map(|member| member.insured_years.iter().copied());
        match years.min().filter(|first| *first < whose.year) {
            Some(first) if packages.any(Package::rewards_no_claim) => {
                let years = store::earlier_years(on, area, whose, first).await?;
                Ok(EarlierYears(years))
            }
            _ => Ok(EarlierYears::default()),
        }
    }

    /// What they say by a package that asks.
    pub fn by(&self, package: &Package) -> Option<PastYears> {
        PastYears::by(package, &self.0)
    }

    /// The version of a year that a package prices by: whatever changes in an earlier year makes it
    /// another one too, where the package asks.
    pub fn version(&self, package: &Package, year: &PersonYear) -> i64 {
        let asked = self.0.iter().filter(|_| package.rewards_no_claim());
        asked.fold(year.version, |sum, (_, earlier)| {
            sum.saturating_add(earlier.version)
        })
    }

    /// The years themselves.
    pub fn into_years(self) -> Vec<(i32, PersonYear)> {
        self.0
    }
}
