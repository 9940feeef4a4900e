//! 文本: a dated text such as a policy package, as services store it and tell it: who proposed it,
//! who activated it, from which instant, and for which days.

use crate::{AreaCode, Digest, Instant, Period, Refusal};

/// What a text says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Of several texts of one series at most one decides on a day: a scheme's packages.
    pub series: String,
    /// A short name; not unique.
    pub name: String,
    /// 标题.
    pub title: String,
    /// 施行期间: the days it is for.
    pub period: Period,
    /// The SM3 digest of the text: what it is known by.
    pub digest: Digest,
}

/// 提交: who brought a text, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// A UUID.
    pub id: String,
    /// The name in the request's key.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// 启用: who put a text into force, and from which instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// A UUID.
    pub id: String,
    /// The name in the request's key: another person's than the proposal's.
    pub by: String,
    /// When it was said.
    pub at: Instant,
    /// From when decisions follow the text.
    pub since: Instant,
    /// Why, in the activating person's words; may be empty.
    pub reason: String,
}

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// 待启用: a second person has not activated it.
    Proposed,
    /// 待生效: activated, and its instant has not come.
    Scheduled,
    /// 生效: decisions on its days follow it, as far as no later text is for the same days.
    InForce,
    /// 已替代: a later activation for the same series and first day has taken its place.
    Superseded,
}

/// A text without its words. One without a proposal came with the suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it says of itself.
    pub described: Described,
    /// Who brought it.
    pub proposal: Option<Proposal>,
    /// The activation that stands.
    pub activation: Option<Activation>,
}

/// A text that was activated at some time, with its words.
#[derive(Clone, Debug)]
pub struct Enactment {
    /// What it said of itself when it was proposed.
    pub described: Described,
    /// Its words.
    pub text: String,
    /// From when it decides; none when its activation was withdrawn, and it only explains what it
    /// once decided.
    pub since: Option<Instant>,
}

/// 依据: what decides by documents of a kind, such as the law by policy packages. It is what whoever
/// keeps the documents must know of their meaning.
pub trait Canon: Sized + Send + Sync + 'static {
    /// The same with exactly these activated documents, in the order of their activations.
    fn enacted(&self, all: Vec<Enactment>) -> Self;

    /// Activated documents that cannot be used: where one of them would decide, nothing does.
    fn unusable(&self) -> impl Iterator<Item = &Described>;

    /// Reads a text that is proposed for an area, or about to be activated there.
    fn admit(&self, area: &AreaCode, text: &str) -> Result<Described, Refusal>;

    /// Whether a decision by the document of this digest can be explained.
    fn knows(&self, digest: Digest) -> bool;

    /// The area's documents that came with the suite, by digest.
    fn own(&self, area: &AreaCode) -> Vec<Document>;

    /// Where a document of the area stands at a moment.
    fn standing(&self, area: &AreaCode, document: &Document, now: Instant) -> Standing;
}
