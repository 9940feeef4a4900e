//! The generated messages, clients and servers of every service, and their descriptor set.

pub mod dynamic;

#[allow(missing_docs, clippy::all, rustdoc::all)]
mod packages {
    include!(concat!(env!("OUT_DIR"), "/packages.rs"));
}

pub use packages::yibao::{
    common::v1 as common, enrollment::v1 as enrollment, inspection::v1 as inspection,
    interregional::v1 as interregional, orchestrator::v1 as orchestrator, referral::v1 as referral,
    settlement::v1 as settlement,
};

/// 当事人: whose data a message carries, told by the names of its fields, so that no handler can
/// forget to say it.
pub trait Subjects {
    /// Shows every id of a person, or of something of one person's such as a settlement or a visit,
    /// that stands in the message; some of them may be empty, or come twice.
    fn subjects(&self, see: &mut dyn FnMut(&str));
}

#[allow(unused_variables, clippy::all)]
mod subjects {
    include!(concat!(env!("OUT_DIR"), "/subjects.rs"));
}

/// The encoded `FileDescriptorSet` of all packages, with source information.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptor_set.bin"));
