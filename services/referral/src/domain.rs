//! Referrals and what bars them: types and pure decisions.

mod bar;
mod referral;
mod release;
mod request;

pub use bar::{Bar, NewBar};
pub use referral::{Approval, Author, Referral, State, Stay, Usage};
pub use request::{NewReferral, ReferralType};
