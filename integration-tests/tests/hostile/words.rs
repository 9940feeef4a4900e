//! Short texts: days, amounts, ids, codes, names and what else stands in a field or a header.

use crate::{Parser, of_text, refusal};
use kernel::{
    AccessFilter, AreaCode, CardNumber, DiagnosisCode, DiseaseCode, Fen, IdNumber, Instant,
    InstitutionCode, ItemCode, PersonId, PersonName, Principal, Quantity, Scheme, UnitPrice, mask,
};
use runtime::parse;
use store::page;

pub fn parsers() -> Vec<Parser> {
    let mut all = quantities();
    all.extend(names());
    all.extend(headers());
    all
}

fn quantities() -> Vec<Parser> {
    vec![
        of_text!("day", 8, |text| refusal(
            parse::day("from_day", text).inspect(|day| {
                let years = (day.year(), day.month(), day.age_on(*day));
                let ends = (
                    day.plus_days(u32::MAX),
                    day.minus_days(u32::MAX),
                    day.plus_months(u32::MAX),
                );
                assert!(years.2 == 0 && ends.1 <= *day && *day <= ends.0 && *day <= ends.2);
                assert_eq!(day.to_string(), text);
            })
        )),
        of_text!("moment", 8, |text| Instant::parse(text).inspect(|moment| {
            let ends = Instant::EARLIEST..=Instant::LATEST;
            assert!(ends.contains(moment), "{moment}");
            assert_eq!(Instant::parse(&moment.to_string()), Some(*moment));
            assert!(
                !moment.in_shanghai().is_empty() && Instant::beginning_of(moment.day()) <= *moment
            );
        })),
        of_text!("amount", 16, |text| Fen::parse_yuan(text).inspect(|fen| {
            let told = fen.to_string().replace(',', "");
            assert_eq!(Fen::parse_yuan(&told), Some(*fen), "{text}");
        })),
        of_text!("price", 16, |text| {
            let read = UnitPrice::parse_yuan(text).zip(Quantity::parse(text));
            read.inspect(|(price, quantity)| {
                let product = price.times(*quantity);
                assert!(product.is_none_or(|fen| fen.0.abs() <= kernel::CLAIM_FEN_MAX.0));
                assert_eq!(UnitPrice::parse_yuan(&price.to_string()), Some(*price));
            })
        }),
        of_text!("month", 8, |text| refusal(
            parse::access_filter(Some(proto::common::AccessFilter {
                caller: text.chars().rev().collect(),
                subject_id: text.to_string(),
                from_day: format!("{text}-01"),
                to_day: format!("{text}-28"),
            }))
            .inspect(|filter: &AccessFilter| assert!(filter.days.is_some()))
        )),
    ]
}

fn names() -> Vec<Parser> {
    vec![
        of_text!("request-id", 8, |text| refusal(parse::request_id(text))),
        of_text!("institution", 8, |text| refusal(parse::field(
            "institution_code",
            InstitutionCode::parse(text)
        ))),
        of_text!("id", 8, |text| refusal(parse::field(
            "person_id",
            PersonId::parse(text)
        ))),
        of_text!("code", 8, |text| refusal(
            parse::code("scheme", Scheme::parse(text)).inspect(|code| {
                let others = (
                    ItemCode::parse(text),
                    DiagnosisCode::parse(text),
                    DiseaseCode::parse(text),
                );
                assert!(others.0.is_ok() && others.1.is_ok() && others.2.is_ok());
                assert_eq!(Scheme::parse(code.as_str()).as_ref(), Some(code));
            })
        )),
        of_text!("digest", 8, |text| refusal(parse::digest("digest", text))),
        of_text!("page-token", 16, |text| refusal(page::key(text).inspect(
            |key| {
                assert_eq!(page::token(key), text.to_ascii_lowercase());
            }
        ))),
        of_text!("person-name", 16, |text| {
            let shown = [
                mask::name(text),
                mask::address(text),
                mask::phone(text),
                mask::diagnosis(text),
            ];
            assert!(shown.iter().all(|shown| shown.len() <= text.len() + 12));
            PersonName::parse(text).inspect(|name| assert!(!name.masked().is_empty()))
        }),
        of_text!("id-number", 8, |text| {
            let shown = [
                mask::document("01", text),
                mask::resident(text),
                mask::person_number(text),
            ];
            assert!(shown.iter().all(|shown| hides(shown, text)), "{shown:?}");
            IdNumber::parse(text)
        }),
        of_text!("card-number", 8, |text| {
            let shown = mask::card(text);
            assert!(hides(&shown, text), "{shown}");
            CardNumber::parse(text)
        }),
        of_text!("words", 8, |text| refusal(
            parse::text("reason", text, 200).inspect(|words| {
                assert!(words.chars().count() <= 200);
            })
        )),
    ]
}

/// A mask is not what it masks.
fn hides(shown: &str, text: &str) -> bool {
    shown != text || text.contains('*') || text.trim().is_empty()
}

fn headers() -> Vec<Parser> {
    vec![
        of_text!("caller", 16, |text| runtime::loopback_caller(text)),
        of_text!("principal", 32, |text| serde_json::from_str::<Principal>(
            text
        )
        .ok()),
        of_text!("area", 8, |text| refusal(parse::field(
            "area",
            AreaCode::parse(text)
        ))),
    ]
}
