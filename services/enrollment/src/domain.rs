//! Persons, what they are and how they are insured: types and pure decisions.

mod coverage;
mod credential;
mod disease_filing;
mod eligibility;
mod identity;
mod identity_check;
mod person;

pub use coverage::{
    Coverage, FeeShare, InsuranceYear, Payment, Plan, Quote, SUPPLEMENTS_MAX, Standing, Terms,
    YearsRepaid, already_insured, no_package,
};
pub use credential::{
    Card, Certificate, CredentialToken, IssuedToken, NewToken, Presented, Revocation, TokenKey,
    TokenText, credential_unknown,
};
pub use disease_filing::{
    DiseaseFiling, Filed, FiledDisease, FilingChange, INSTITUTIONS_MAX, NewFiling, Otherwise,
    first_day_of_bill,
};
pub use eligibility::{Cover, Ineligibility, Member, NewSuspension, Record, Suspension};
pub use identity::{Identity, NewIdentity, kinds_on};
pub use identity_check::{
    AtVisit, CheckedPerson, Clearance, IdentityCheck, Manner, NewCheck, Purpose, Seen, VisitFacts,
};
pub use person::{Household, NewHousehold, NewPerson, Person};

/// A person with what is recorded of them.
#[derive(Clone, Debug)]
pub struct PersonFile {
    /// The person.
    pub person: Person,
    /// All identities, past ones too.
    pub identities: Vec<Identity>,
    /// All coverages.
    pub coverages: Vec<Coverage>,
    /// All suspensions.
    pub suspensions: Vec<Suspension>,
}
