//! The sagas: each a plain async function that reads from top to bottom what is asked of whom.
//!
//! A changed body becomes a new version beside the old: the old one's journals are read by it until
//! the last of them has ended.

pub mod admit;
pub mod enrol;
pub mod forecast;
pub mod inquiries;
pub mod late_facts;
pub mod reverse_settlement;
pub mod settle_claim;
pub mod settle_together;
pub mod suspend;
#[cfg(test)]
mod versions;

use crate::steps::Ports;
use crate::steps::guarantee::OpenGuarantee;
use crate::steps::holds::PostHolds;
use crate::steps::late_facts::PostLateFacts;
use crate::steps::settlement::{PostSettlement, ReverseSettlement};
use crate::steps::subsidy::PostSubsidy;
use crate::steps::suspension::SuspendOnline;
use crate::wire;
use admit::AdmitPerson;
use enrol::EnrolWithSubsidy;
use kernel::Principal;
use late_facts::SettleLateFacts;
use prost::Message;
use reverse_settlement::Reversal;
use saga::{Body, Boxed, End, Run, drive};
use settle_claim::SettleClaim;
use settle_together::SettleBatch;
use suspend::SuspendOnlineSettlement;

/// The requests that are sagas, by the method that asks for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// 结算.
    Settle,
    /// 撤销.
    Reverse,
    /// 整批结算.
    SettleTogether,
    /// 先诊疗后付费.
    Admit,
    /// 参保缴费.
    Enrol,
    /// 暂停联网结算.
    SuspendOnlineSettlement,
    /// 待遇追溯.
    PostLateFacts,
}

impl Asked {
    /// All of them.
    pub const ALL: [Asked; 7] = [
        Asked::Settle,
        Asked::Reverse,
        Asked::SettleTogether,
        Asked::Admit,
        Asked::Enrol,
        Asked::SuspendOnlineSettlement,
        Asked::PostLateFacts,
    ];

    /// The one of this method.
    pub fn of(method: &str) -> Option<Asked> {
        Asked::ALL
            .into_iter()
            .find(|asked| asked.method() == method)
    }

    /// The method's name, part of its keys.
    pub fn method(self) -> &'static str {
        match self {
            Asked::Settle => "Settle",
            Asked::Reverse => "Reverse",
            Asked::SettleTogether => "SettleTogether",
            Asked::Admit => "Admit",
            Asked::Enrol => "Enrol",
            Asked::SuspendOnlineSettlement => "SuspendOnlineSettlement",
            Asked::PostLateFacts => "PostLateFacts",
        }
    }

    /// The pivot whose key at settlement is the outcome where no row is.
    pub fn pivot(self) -> &'static str {
        match self {
            Asked::Settle => PostSettlement::METHOD,
            Asked::Reverse => ReverseSettlement::METHOD,
            Asked::SettleTogether => PostHolds::METHOD,
            Asked::Admit => OpenGuarantee::METHOD,
            Asked::Enrol => PostSubsidy::METHOD,
            Asked::SuspendOnlineSettlement => SuspendOnline::METHOD,
            Asked::PostLateFacts => PostLateFacts::METHOD,
        }
    }

    /// The newest body of the method.
    pub fn kind(self) -> &'static str {
        match self {
            Asked::Settle => SettleClaim::KIND,
            Asked::Reverse => Reversal::KIND,
            Asked::SettleTogether => SettleBatch::KIND,
            Asked::Admit => AdmitPerson::KIND,
            Asked::Enrol => EnrolWithSubsidy::KIND,
            Asked::SuspendOnlineSettlement => SuspendOnlineSettlement::KIND,
            Asked::PostLateFacts => SettleLateFacts::KIND,
        }
    }
}

/// What a saga comes to, as far as whoever drives it reads it.
pub trait Told {
    /// True when the pivot had been done by an earlier attempt.
    fn is_replayed(&self) -> bool;
}

/// A body taken up from its row, whatever it comes to.
pub trait Stored: Send + Sync {
    /// Drives it as far as it gets.
    fn drive(&self, run: Run<Ports>) -> Boxed<'_, End<()>>;
}

impl<B> Stored for B
where
    B: Body<Ports = Ports>,
{
    fn drive(&self, run: Run<Ports>) -> Boxed<'_, End<()>> {
        Box::pin(async move { drive(self, run).await.map(drop) })
    }
}

/// Reads a stored request into its body; none when it is not what that body's version wrote.
pub type Reader = fn(&Principal, &[u8]) -> Option<Box<dyn Stored>>;

/// The bodies a program knows: every version that may still have open sagas.
#[derive(Clone, Copy)]
pub struct Bodies(&'static [(&'static str, Reader)]);

impl Bodies {
    /// All of this program's.
    pub fn all() -> Bodies {
        Bodies(&[
            (SettleClaim::KIND, |_, request| {
                Some(Box::new(SettleClaim::new(
                    wire::settle(read(request)?).ok()?,
                )))
            }),
            (Reversal::KIND, |principal, request| {
                Some(Box::new(Reversal::new(
                    wire::reverse(principal, &read(request)?).ok()?,
                )))
            }),
            (SettleBatch::KIND, |_, request| {
                Some(Box::new(SettleBatch::new(
                    wire::settle_together(read(request)?).ok()?,
                )))
            }),
            (AdmitPerson::KIND, |_, request| {
                Some(Box::new(AdmitPerson::new(
                    wire::admit(read(request)?).ok()?,
                )))
            }),
            (EnrolWithSubsidy::KIND, |_, request| {
                Some(Box::new(EnrolWithSubsidy::new(
                    wire::enrol(read(request)?).ok()?,
                )))
            }),
            (SuspendOnlineSettlement::KIND, |_, request| {
                Some(Box::new(SuspendOnlineSettlement::new(
                    wire::suspend(read(request)?).ok()?,
                )))
            }),
            (SettleLateFacts::KIND, |_, request| {
                Some(Box::new(SettleLateFacts::new(
                    wire::late_facts(read(request)?).ok()?,
                )))
            }),
        ])
    }

    /// These.
    #[cfg(test)]
    pub fn of(bodies: &'static [(&'static str, Reader)]) -> Bodies {
        Bodies(bodies)
    }

    /// Their names.
    pub fn kinds(self) -> Vec<&'static str> {
        self.0.iter().map(|(kind, _)| *kind).collect()
    }

    /// The body of this kind for a stored request.
    pub fn read(
        self,
        kind: &str,
        principal: &Principal,
        request: &[u8],
    ) -> Option<Box<dyn Stored>> {
        let (_, read) = self.0.iter().find(|(known, _)| *known == kind)?;
        read(principal, request)
    }
}

fn read<M: Message + Default>(bytes: &[u8]) -> Option<M> {
    M::decode(bytes).ok()
}
