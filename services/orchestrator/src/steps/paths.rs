//! 字段: a peer names what it refuses as it was asked of it; its caller is told where they named it
//! themselves.

use kernel::Fault;

/// What a request to settle calls its bill.
pub const CLAIM: &str = "claim";
/// What a request to admit calls its stay.
pub const ADMISSION: &str = "admission";

/// A request that names its fields as the peer does.
pub const PLAIN: &str = "";

/// What the caller calls a peer's field that is about its claim or admission.
pub fn path(named: &'static str, field: &str) -> String {
    if named == PLAIN {
        return field.to_string();
    }
    let (first, rest) = match field.find(['.', '[']) {
        Some(end) => field.split_at(end),
        None => (field, ""),
    };
    let last_day = if named == CLAIM {
        "end_day"
    } else {
        "begin_day"
    };
    match first {
        "claim" | "stay" => format!("{named}{rest}"),
        "as_of_day" => format!("{named}.{last_day}"),
        "admission_day" => format!("{named}.begin_day"),
        "person_id" | "scheme" | "institution_code" | "visit_number" | "referral_id" => {
            format!("{named}.{first}")
        }
        _ => field.to_string(),
    }
}

/// A "no" about the caller's claim or admission.
pub fn told(named: &'static str) -> impl Fn(Fault) -> Fault {
    move |fault| renamed(fault, |field| path(named, field))
}

/// A "no" about one claim of a batch; one without a field is about all of it.
pub fn told_of_one(place: usize) -> impl Fn(Fault) -> Fault {
    move |fault| match fault {
        Fault::Refused(no) if no.field.is_none() => {
            Fault::Refused(no.at(format!("claims[{place}]")))
        }
        fault => renamed(fault, |field| {
            let inside = field.strip_prefix("claim").unwrap_or_default();
            format!("claims[{place}]{inside}")
        }),
    }
}

/// A "no" about several claims of a batch, which stand at these places of it.
pub fn told_of_some(places: &[usize]) -> impl Fn(Fault) -> Fault {
    move |fault| {
        renamed(fault, |field| {
            let inside = field
                .strip_prefix("claims[")
                .and_then(|rest| rest.split_once(']'));
            let placed = inside.and_then(|(number, rest)| {
                let place = places.get(number.parse::<usize>().ok()?)?;
                let rest = rest.strip_prefix(".claim").unwrap_or(rest);
                Some(format!("claims[{place}]{rest}"))
            });
            placed.unwrap_or_else(|| field.to_string())
        })
    }
}

/// A "no" about holds, which no caller has named.
pub fn told_of_holds(fault: Fault) -> Fault {
    renamed(fault, |field| match field.starts_with("hold_ids") {
        true => "claims".to_string(),
        false => field.to_string(),
    })
}

fn renamed(fault: Fault, path: impl Fn(&str) -> String) -> Fault {
    match fault {
        Fault::Refused(mut no) => {
            no.field = no.field.as_deref().map(path);
            Fault::Refused(no)
        }
        unknown => unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::refusal::invalid;

    #[test]
    fn a_field_is_told_as_its_caller_named_it() {
        for (named, field, expected) in [
            (ADMISSION, "stay.person_id", "admission.person_id"),
            (ADMISSION, "as_of_day", "admission.begin_day"),
            (ADMISSION, "referral_id", "admission.referral_id"),
            (CLAIM, "as_of_day", "claim.end_day"),
            (CLAIM, "admission_day", "claim.begin_day"),
            (
                CLAIM,
                "claim.lines[3].amount_fen",
                "claim.lines[3].amount_fen",
            ),
            (CLAIM, "claims", "claims"),
            (CLAIM, "basis", "basis"),
        ] {
            assert_eq!(path(named, field), expected);
        }
    }

    #[test]
    fn a_claim_of_a_batch_is_told_by_its_place_in_it() {
        let field = |fault: Fault| fault.into_refusal().field.unwrap_or_default();
        let no = |field: &str| Fault::Refused(invalid(field, "?"));
        let told = told_of_some(&[4, 7]);
        assert_eq!(
            field(told(no("claims[1].claim.lines[0]"))),
            "claims[7].lines[0]"
        );
        assert_eq!(field(told(no("claims[0]"))), "claims[4]");
        assert_eq!(field(told(no("claims[2].claim"))), "claims[2].claim");
        assert_eq!(
            field(told_of_one(2)(no("claim.scheme"))),
            "claims[2].scheme"
        );
        assert_eq!(field(told_of_holds(no("hold_ids[0]"))), "claims");
    }
}
