//! Protobuf to domain and back.

mod account;
mod amounts;
mod approval;
mod claim;
mod guarantee;
mod hold;
pub mod indicator;
mod ledger;
mod member;
pub mod payer_file;
mod receipt;
mod receivable;
pub mod reconciliation;
mod recovery;
mod reimbursement;
mod revision;
mod suspension;
mod visit;

pub use account::{account, account_entry, authorization, credit, new_authorization, new_credit};
pub use amounts::{comparison, quote, reason, settlement};
pub use approval::{
    approval, approval_brought, approval_id_of, approval_in_list, approval_state, approval_subject,
    second,
};
pub use claim::{bill, change, order, posting};
pub use guarantee::{admission, cancellation, guarantee};
pub use hold::{batch_reversal, held_claims, hold, hold_ids, set};
pub use ledger::{entry, grant, subsidy, trial_balance};
pub use receipt::{receipt, replayed, replayed_settlements, statement, verdict, year};
pub use receivable::{
    due_reminder, opening, paying, receivable, receivable_id, reminding, which_receivables,
};
pub use recovery::{advance, recovering};
pub use reimbursement::{reimbursement, reimbursement_state, submission};
pub use revision::{
    finding_wanted, late_facts, number_after, previewed, refund, revision, third_party_found,
};
pub use suspension::{new_suspension, suspension, wanted_suspension};
pub use visit::{
    accident_check, check_state, line_codes, registered, summed, unmapped, uploaded, uploads,
    visit_claim, visit_facts,
};

use crate::app::{InForce, Reversal};
use crate::catalogue::{ITEMS_MAX, Item, MARKS_MAX};
use crate::domain::{Institution, PersonYear, YearKey};
use crate::store::Past;
use ::store::document::Activate;
use kernel::refusal::invalid;
use kernel::{
    Day, InstitutionCode, InstitutionKind, InstitutionTier, ItemClass, ItemCode, ItemMark,
    PersonId, Rate, Refusal, Scheme, SettlementId, UnitPrice,
};
use policy::{PACKAGE_BYTES_MAX, Place};
use proto::{common, settlement as pb};
use runtime::{parse, render};
use std::collections::BTreeSet;

/// A settlement to reverse.
pub fn reversal(message: &pb::ReverseSettlementRequest) -> Result<Reversal, Refusal> {
    let institution = match message.institution_code.as_str() {
        "" => None,
        code => Some(parse::field(
            "institution_code",
            InstitutionCode::parse(code),
        )?),
    };
    let settlement = SettlementId::parse(&message.settlement_id);
    Ok(Reversal {
        settlement: parse::field("settlement_id", settlement)?,
        reason: parse::text("reason", &message.reason, 200)?,
        institution,
    })
}

/// Whose year.
pub fn year_key(person: &str, scheme: &str, year: i32) -> Result<YearKey, Refusal> {
    let within = (2000..=2100).contains(&year).then_some(year);
    Ok(YearKey {
        person: parse::field("person_id", PersonId::parse(person))?,
        scheme: parse::code("scheme", Scheme::parse(scheme))?,
        year: parse::wanted("year", within, "2000至2100的年份")?,
    })
}

/// An institution.
pub fn new_institution(message: Option<&pb::Institution>) -> Result<Institution, Refusal> {
    let message = parse::message("institution", message)?;
    let code = InstitutionCode::parse(&message.institution_code);
    Ok(Institution {
        code: parse::field("institution.institution_code", code)?,
        name: parse::text("institution.name", &message.name, 100)?,
        tier: parse::code("institution.tier", InstitutionTier::parse(&message.tier))?,
        kind: parse::code("institution.kind", InstitutionKind::parse(&message.kind))?,
        agreement_from: parse::day(
            "institution.agreement_from_day",
            &message.agreement_from_day,
        )?,
        place: claim::place("institution.place", message.place)?.unwrap_or_default(),
        contracted: message.contracted.unwrap_or(true),
        agreement_until: None,
    })
}

/// A catalogue to publish.
pub fn catalogue(message: &pb::PublishCatalogueRequest) -> Result<(Day, Vec<Item>), Refusal> {
    if !(1..=ITEMS_MAX).contains(&message.items.len()) {
        return Err(invalid("items", format!("1至{ITEMS_MAX}项")));
    }
    let day = parse::day("effective_day", &message.effective_day)?;
    let mut codes = BTreeSet::new();
    let mut items = Vec::with_capacity(message.items.len());
    for (index, wire) in message.items.iter().enumerate() {
        let item = catalogue_item(index, wire)?;
        if !codes.insert(item.code.clone()) {
            return Err(invalid(
                format!("items[{index}].item_code"),
                "目录内不重复的编码",
            ));
        }
        items.push(item);
    }
    Ok((day, items))
}

fn catalogue_item(index: usize, item: &pb::CatalogueItem) -> Result<Item, Refusal> {
    let path = |field: &str| format!("items[{index}].{field}");
    let class = ItemClass::parse(&item.item_class)
        .filter(|class| matches!(class, ItemClass::A | ItemClass::B | ItemClass::C));
    let first_pay = Rate(item.first_pay_bp);
    let fits = match class {
        Some(ItemClass::B) => (0..=Rate::ONE.0).contains(&first_pay.0),
        _ => first_pay == Rate::ZERO,
    };
    let mut limits = std::collections::BTreeMap::new();
    for (at, limit) in item.price_limits.iter().enumerate() {
        let path = |field: &str| format!("items[{index}].price_limits[{at}].{field}");
        let tier = parse::code(path("tier"), InstitutionTier::parse(&limit.tier))?;
        let price = Some(limit.unit_price_micro_yuan).filter(|price| *price >= 0);
        let price = parse::wanted(path("unit_price_micro_yuan"), price, "不小于零")?;
        if limits.insert(tier, UnitPrice(price)).is_some() {
            return Err(invalid(path("tier"), "每个等级至多一个限价"));
        }
    }
    let mut marks = marks(index, &item.marks)?;
    let ethnic = marks.remove(&ItemMark::EthnicMedicine);
    Ok(Item {
        code: parse::field(path("item_code"), ItemCode::parse(&item.item_code))?,
        name: parse::text(path("name"), &item.name, 200)?,
        class: parse::wanted(path("item_class"), class, "01、02 或 03")?,
        first_pay: parse::wanted(
            path("first_pay_bp"),
            fits.then_some(first_pay),
            "乙类为0至10000,其他为0",
        )?,
        limits,
        ethnic_medicine: item.ethnic_medicine || ethnic,
        restricted: item.restricted,
        marks,
    })
}

fn marks(index: usize, marks: &[String]) -> Result<BTreeSet<ItemMark>, Refusal> {
    if marks.len() > MARKS_MAX {
        return Err(invalid(
            format!("items[{index}].marks"),
            format!("至多{MARKS_MAX}个标记"),
        ));
    }
    let mark = |(at, mark): (usize, &String)| {
        parse::code(format!("items[{index}].marks[{at}]"), ItemMark::parse(mark))
    };
    marks.iter().enumerate().map(mark).collect()
}

/// An institution as the wire shows it.
pub fn institution(institution: Institution) -> pb::Institution {
    pb::Institution {
        institution_code: institution.code.to_string(),
        name: institution.name,
        tier: institution.tier.to_string(),
        kind: institution.kind.to_string(),
        agreement_from_day: institution.agreement_from.to_string(),
        place: place(institution.place).into(),
        contracted: Some(institution.contracted),
        agreement_until_day: render::optional_day(institution.agreement_until),
    }
}

/// How many institutions are in force on a day.
pub fn institution_counts(day: Day, in_force: InForce) -> pb::CountInstitutionsResponse {
    let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let shop = InstitutionKind::PharmacyShop;
    let shops = in_force
        .counts
        .iter()
        .filter(|(kind, ..)| kind == shop.as_str());
    let pharmacies: i64 = shops.map(|(.., count)| *count).sum();
    let all: i64 = in_force.counts.iter().map(|(.., count)| *count).sum();
    let count = |(kind, tier, count)| pb::InstitutionCount { kind, tier, count };
    pb::CountInstitutionsResponse {
        day: day.to_string(),
        in_force_count: all,
        pharmacy_count: pharmacies,
        institution_count: all - pharmacies,
        counts: in_force.counts.into_iter().map(count).collect(),
        not_begun_count: whole(in_force.not_begun),
        ended_count: whole(in_force.ended),
    }
}

fn place(place: Place) -> common::Place {
    match place {
        Place::District => common::Place::District,
        Place::City => common::Place::City,
        Place::Province => common::Place::Province,
        Place::Outside => common::Place::Outside,
    }
}

/// An earlier settlement as screening sees it.
pub fn past(past: Past) -> common::PastClaim {
    common::PastClaim {
        settlement_id: past.id.to_string(),
        institution_code: past.institution,
        visit_number: past.visit,
        med_type: past.med_type,
        begin_day: past.begin,
        end_day: past.end,
        fingerprint: past.fingerprint,
    }
}

/// The accumulators as the wire shows them.
pub fn accumulators(year: PersonYear) -> pb::GetAccumulatorsResponse {
    use pb::get_accumulators_response::Accumulator;
    let entry = |(name, value): (&str, i64)| Accumulator {
        name: name.to_string(),
        value,
    };
    let accumulators = year.accumulators.iter().map(entry).collect();
    pb::GetAccumulatorsResponse {
        accumulators,
        version: year.version,
    }
}

/// The text of a package; what it says is decided upon later.
pub fn package_text(text: &str) -> Result<(), Refusal> {
    let fits = (1..=PACKAGE_BYTES_MAX).contains(&text.len());
    let expected = format_args!("1至{PACKAGE_BYTES_MAX}字节的政策包文本");
    parse::wanted("text", fits.then_some(()), expected)
}

/// The activation of a package.
pub fn activate(message: &pb::ActivatePackageRequest) -> Result<Activate, Refusal> {
    Ok(Activate {
        digest: parse::digest("package_digest", &message.package_digest)?,
        since: parse::instant("activates_time", message.activates_time)?,
        reason: parse::optional_text("reason", &message.reason, 200)?,
    })
}
