//! A stream of claims to what the batch decides on. A claim's own fields are read as those of the
//! request it becomes, so that they are told by the same paths.

use super::BATCH_MAX;
use kernel::refusal::invalid;
use kernel::{PersonId, Refusal, RequestId};
use proto::orchestrator as pb;
use proto::orchestrator::batch_options::Mode as Asked;
use proto::orchestrator::settle_batch_request::Part;
use runtime::parse;

/// 批量结算: how a stream is settled.
#[derive(Debug)]
pub struct Opening {
    /// The caller's name for the batch.
    pub request_id: RequestId,
    /// How.
    pub mode: Mode,
}

/// What follows a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The others are settled.
    Continue,
    /// It is the last that is tried.
    Stop,
    /// 整批结算: so many claims, or none.
    AllOrNothing(usize),
    /// 预结算: nothing is settled.
    PreFlight,
}

/// One claim of a stream.
#[derive(Debug)]
pub struct Item {
    /// 批内序号.
    pub number: i32,
    /// The caller's name for its settlement.
    pub request_id: RequestId,
    /// Whose it is, as far as that can be read: their claims are settled one after another.
    pub person: Option<PersonId>,
    /// The claim; none when a visit is named.
    pub claim: Option<proto::common::Claim>,
    /// 就诊; empty when there is a claim.
    pub visit_id: String,
    /// From PreSettle.
    pub basis: Option<proto::common::Basis>,
}

/// The first message.
pub fn opening(message: pb::SettleBatchRequest) -> Result<Opening, Refusal> {
    let request_id = parse::request_id(&message.request_id)?;
    let Some(Part::Options(options)) = message.part else {
        return Err(invalid("options", "必填:首条消息说明办理方式"));
    };
    let claims = usize::try_from(options.claims).unwrap_or(usize::MAX);
    let mode = match options.mode() {
        Asked::Continue => Some(Mode::Continue),
        Asked::Stop => Some(Mode::Stop),
        Asked::AllOrNothing => Some(Mode::AllOrNothing(claims)),
        Asked::PreFlight => Some(Mode::PreFlight),
        Asked::Unspecified => None,
    };
    let mode = parse::wanted("options.mode", mode, "MODE_CONTINUE 等办理方式之一")?;
    match mode {
        Mode::AllOrNothing(claims) if !(1..=BATCH_MAX).contains(&claims) => Err(invalid(
            "options.claims",
            format_args!("1至{BATCH_MAX}张费用单"),
        )),
        Mode::AllOrNothing(_) => Ok(Opening { request_id, mode }),
        _ if claims != 0 => Err(invalid(
            "options.claims",
            "0:仅 MODE_ALL_OR_NOTHING 预告张数",
        )),
        _ => Ok(Opening { request_id, mode }),
    }
}

/// A further message.
pub fn item(message: pb::SettleBatchRequest, mode: Mode) -> Result<Item, Refusal> {
    let request_id = parse::request_id(&message.request_id)?;
    let (claim, visit_id) = match message.part {
        Some(Part::Claim(claim)) => (Some(claim), String::new()),
        Some(Part::VisitId(_)) if matches!(mode, Mode::AllOrNothing(_)) => {
            return Err(invalid("visit_id", "空:整批一起结算只收费用单"));
        }
        Some(Part::VisitId(visit_id)) => (None, visit_id),
        Some(Part::Options(_)) | None => (None, String::new()),
    };
    if visit_id.is_empty() {
        parse::message("claim", claim.as_ref())?;
    }
    let person = claim
        .as_ref()
        .map(|claim| PersonId::parse(&claim.person_id));
    if matches!(mode, Mode::AllOrNothing(_) | Mode::PreFlight) && message.basis.is_some() {
        return Err(invalid("basis", "空:预结算与整批结算不核对依据"));
    }
    Ok(Item {
        number: message.number,
        request_id,
        person: person.and_then(Result::ok),
        claim,
        visit_id,
        basis: message.basis,
    })
}

/// The place of the claim that a refusal of the whole names, and the refusal as that claim's own:
/// `claims[3].begin_day` is `claim.begin_day` of the fourth.
pub fn of_one(no: &Refusal) -> Option<(usize, Refusal)> {
    let (place, rest) = no
        .field
        .as_ref()?
        .strip_prefix("claims[")?
        .split_once(']')?;
    let (place, field) = (place.parse().ok()?, format!("claim{rest}"));
    let mut own = no.clone();
    let named = |name: &str| name == "field";
    for (_, value) in own.facts.iter_mut().filter(|(name, _)| named(name)) {
        value.clone_from(&field);
    }
    Some((place, own.at(field)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_whole_is_that_of_its_claim() {
        let (place, own) = of_one(&invalid("claims[3].lines[0].number", "正数")).unwrap();
        assert_eq!(place, 3);
        assert_eq!(own.field.as_deref(), Some("claim.lines[0].number"));
        assert!(own.sentence().contains("claim.lines[0].number"));
        for other in ["claims", "request_id", "claims[x].lines"] {
            assert!(of_one(&invalid(other, "正数")).is_none(), "{other}");
        }
    }
}
