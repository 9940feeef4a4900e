//! The documents of a settlement as its row keeps them: evidence, basis and amounts, packed into a seventh of
//! their JSON. Most of that JSON is the names of its fields and of the package's layers, which stand once in a
//! dictionary (`packed-1.txt`, the documents of made-up claims) instead of in each row.
//!
//! A row tells by which dictionary it was packed. One that has been used is never changed: the next is
//! `packed-2.txt`, and this one goes on being read.

use crate::domain::Posted;
use kernel::Refusal;
use kernel::refusal::INTERNAL;
use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ConnectionTrait, DbErr};
use std::cell::RefCell;
use std::sync::LazyLock;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::get_frame_content_size;

/// The dictionary that rows are packed by, and what it is called in them.
const DICTIONARY: &[u8] = include_bytes!("packed-1.txt");
const FIRST: u8 = 1;
/// What zstd gives for speed, of 22.
const LEVEL: i32 = 3;
/// No documents of a settlement are longer: a bill is one message at most.
const BYTES_MAX: u64 = 64 << 20;

static PACKING: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static UNPACKING: LazyLock<DecoderDictionary<'static>> =
    LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));

thread_local! {
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// How the documents of new settlements are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Each as JSON in a column of its own, as programs read it that do not know of packing.
    #[default]
    Plain,
    /// Together in one column.
    Packed,
}

/// Where the database says whether they are packed, as a question within a question.
pub(super) const PACKS: &str = "(SELECT \"packed\" FROM \"settlement_form\" WHERE \"number\" = 1)";

impl Form {
    pub(super) fn told(packs: Option<bool>) -> Form {
        match packs {
            Some(true) => Form::Packed,
            _ => Form::Plain,
        }
    }

    /// How this database wants them.
    pub async fn of(on: &impl ConnectionTrait) -> Result<Form, DbErr> {
        let mut question = Query::select();
        question.expr_as(Expr::cust(PACKS), "packs");
        let row = on.query_one(&question).await?;
        let packs = row.map(|row| row.try_get("", "packs")).transpose()?;
        Ok(Form::told(packs.flatten()))
    }
}

/// The documents of a settlement, each in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// What it rested on.
    pub evidence: String,
    /// Package, catalogue, versions, totals.
    pub basis: String,
    /// Shares, amounts and remarks.
    pub amounts: String,
}

impl Documents {
    pub(super) fn of(posted: &Posted) -> Result<Documents, Refusal> {
        Ok(Documents {
            evidence: super::to_json(&posted.evidence)?,
            basis: super::to_json(&posted.basis)?,
            amounts: super::to_json(&posted.amounts)?,
        })
    }

    /// As a row keeps them. JSON has no line's end, so that they are told apart by it.
    pub(super) fn packed(&self) -> Result<Vec<u8>, Refusal> {
        let text = [&*self.evidence, &*self.basis, &*self.amounts].join("\n");
        let packed = PACKER.with_borrow_mut(|packer| -> std::io::Result<Vec<u8>> {
            let packer = match packer {
                Some(packer) => packer,
                None => {
                    let mut new = Compressor::with_prepared_dictionary(&PACKING)?;
                    new.include_checksum(true)?;
                    packer.insert(new)
                }
            };
            packer.compress(text.as_bytes())
        });
        let packed = packed.map_err(|error| {
            tracing::error!(%error, "the documents of a settlement cannot be packed");
            INTERNAL.refuse()
        })?;
        Ok([&[FIRST], packed.as_slice()].concat())
    }

    /// What a row keeps; nothing where somebody changed it, which its checksum tells.
    pub fn unpacked(row: &[u8]) -> Option<Documents> {
        let (FIRST, packed) = row.split_first().map(|(by, packed)| (*by, packed))? else {
            return None;
        };
        let long = get_frame_content_size(packed).ok().flatten()?;
        let long = usize::try_from(long).ok().filter(|_| long <= BYTES_MAX)?;
        let text = UNPACKER.with_borrow_mut(|unpacker| {
            let unpacker = match unpacker {
                Some(unpacker) => unpacker,
                None => unpacker.insert(Decompressor::with_prepared_dictionary(&UNPACKING).ok()?),
            };
            unpacker.decompress(packed, long).ok()
        })?;
        let text = String::from_utf8(text).ok()?;
        let mut parts = text.split('\n').map(str::to_string);
        let documents = Documents {
            evidence: parts.next()?,
            basis: parts.next()?,
            amounts: parts.next()?,
        };
        parts.next().is_none().then_some(documents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST_DIGEST: &str = "50f5116787485535756925cf5b1ee50518bd49ca20155eaaf8eae71b8324f190";

    fn documents(lines: usize) -> Documents {
        let line = r#"{"number":1,"item":"甲","unit_price":3000000,"quantity":10000,"amount":300}"#;
        Documents {
            evidence: format!(
                r#"{{"bill":{{"lines":[{}]}}}}"#,
                vec![line; lines].join(",")
            ),
            basis: r#"{"package":"一\n二"}"#.into(),
            amounts: String::new(),
        }
    }

    #[test]
    fn what_is_packed_is_unpacked_again() {
        for lines in [0, 1, 40, 10_000] {
            let documents = documents(lines);
            let packed = documents.packed().unwrap();
            assert_eq!(Documents::unpacked(&packed), Some(documents));
        }
    }

    #[test]
    fn the_documents_of_a_claim_become_a_seventh() {
        // Those of an outpatient visit, the last in the dictionary, with what no dictionary can know.
        let text = std::str::from_utf8(DICTIONARY).unwrap();
        let [evidence, basis, amounts] = text.lines().rev().take(3).collect::<Vec<_>>()[..] else {
            panic!("no three documents")
        };
        let new = |text: &str| {
            let text = text.replace(&"0".repeat(64), &digest(text));
            text.replace("00000000-0000-7000-8000-000000000000", &digest(&text)[..36])
        };
        let documents = Documents {
            evidence: new(evidence),
            basis: new(basis),
            amounts: new(amounts),
        };
        let whole = evidence.len() + basis.len() + amounts.len();
        let packed = documents.packed().unwrap().len();
        assert!(packed * 7 < whole, "{packed} of {whole}");
    }

    fn digest(text: &str) -> String {
        kernel::Digest::of(text.as_bytes()).to_string()
    }

    #[test]
    fn the_dictionary_is_what_it_was_and_what_was_packed_by_it_is_read() {
        let told = "rows that were packed by it are not read any more";
        assert_eq!(
            digest(std::str::from_utf8(DICTIONARY).unwrap()),
            FIRST_DIGEST,
            "{told}"
        );
        let packed = include_bytes!("packed-1.row");
        assert_eq!(Documents::unpacked(packed), Some(documents(2)), "{told}");
    }

    #[test]
    fn what_was_changed_is_not_read_as_something_else() {
        let packed = documents(3).packed().unwrap();
        for at in 0..packed.len() {
            for bit in 0..8 {
                let mut changed = packed.clone();
                changed[at] ^= 1 << bit;
                let read = Documents::unpacked(&changed);
                assert!(
                    read.is_none_or(|read| read == documents(3)),
                    "byte {at}, bit {bit}"
                );
            }
        }
        for long in 0..packed.len() {
            assert_eq!(Documents::unpacked(&packed[..long]), None, "{long}");
        }
    }

    #[test]
    fn a_length_that_no_documents_have_is_not_believed() {
        // A frame of one segment that says it has 2^40 bytes.
        let mut frame = vec![FIRST, 0x28, 0xb5, 0x2f, 0xfd, 0xe0];
        frame.extend((1_u64 << 40).to_le_bytes());
        assert_eq!(Documents::unpacked(&frame), None);
    }
}
