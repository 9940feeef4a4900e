//! An institution sees and touches its own only; others' things do not exist for it.

use crate::parse;
use kernel::refusal::INSTITUTION_MISMATCH;
use kernel::{InstitutionCode, Principal, Refusal, Role};

/// The institution that asks, for which other institutions' things do not exist; none when it is
/// somebody else.
pub fn own_institution(principal: &Principal) -> Option<InstitutionCode> {
    let own = principal.has(Role::Institution);
    own.then(|| InstitutionCode::parse(&principal.caller).ok())
        .flatten()
}

/// The institution a request is about: an institution's own, which it need not name.
pub fn whose_institution(principal: &Principal, named: &str) -> Result<InstitutionCode, Refusal> {
    let own = own_institution(principal);
    let named = match (named, &own) {
        ("", Some(own)) => return Ok(own.clone()),
        (named, _) => parse::field("institution_code", InstitutionCode::parse(named))?,
    };
    match own.is_none_or(|own| own == named) {
        true => Ok(named),
        false => {
            let no = INSTITUTION_MISMATCH.refuse().at("institution_code");
            Err(no.with("institution_code", named))
        }
    }
}
