//! Participants of interregional settlement.

use kernel::{AreaCode, Day, ParticipantId};

/// 参与方: a region whose cards are settled here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Its id.
    pub id: ParticipantId,
    /// 医保区划 (admdvs) of the region.
    pub region: AreaCode,
    /// Its Chinese name.
    pub name: String,
    /// The first day on which cards are settled.
    pub from: Day,
}

/// What a caller asks to register.
#[derive(Clone, Debug)]
pub struct NewParticipant {
    /// 医保区划 (admdvs) of the region.
    pub region: AreaCode,
    /// Its Chinese name.
    pub name: String,
    /// The first day on which cards are settled.
    pub from: Day,
}
