//! Persons, what they are and how they are insured: types and pure decisions.

mod coverage;
mod credential;
mod disease_filing;
mod eligibility;
mod identity;
mod identity_check;
mod person;
mod standing;
mod transfer;
mod transfer_certificate;

pub use coverage::{
    Coverage, FeeShare, InsuranceYear, Payer, Payment, Plan, Quote, Terms, YearsRepaid,
    already_insured, no_package,
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
pub use standing::{NewStanding, SUPPLEMENTS_MAX, Standing, StandingChange, changed_then};
pub use transfer::{
    Application, Decision, Stage, Transfer, TransferState, Verdict, unknown as transfer_unknown,
};
pub use transfer_certificate::{
    CertifiedPeriod, Leaver, Leaving, NewCertificate, TransferCertificate,
};

/// A person with what is recorded of them.
#[derive(Clone, Debug)]
pub struct PersonFile {
    /// The person.
    pub person: Person,
    /// All identities, past ones too.
    pub identities: Vec<Identity>,
    /// All coverages.
    pub coverages: Vec<Coverage>,
    /// All changes of their standing.
    pub changes: Vec<StandingChange>,
    /// All suspensions.
    pub suspensions: Vec<Suspension>,
}
