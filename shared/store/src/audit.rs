//! 审计: a chain against itself and against the heads that were signed and published, streamed.

use crate::chain::{Sealed, Step, Walk};
use crate::db::Db;
use crate::heads::{Line, Said};
use kernel::Refusal;
use kernel::seal::{Anew, Block, Cause, Flaw, Head, SignedHead};
use kernel::sm2::PublicKey;
use std::io;

/// How long blocks may go on being sealed after the newest published head: a publisher needs a second.
const LAG_MICROS: i64 = 10 * 60 * 1_000_000;

/// What is wrong with a chain or with its heads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The chain does not hold, by itself or against a head.
    Chain(Flaw),
    /// 链头伪造: none of the keys signed this line of the file.
    HeadForged {
        /// The line.
        line: u64,
    },
    /// 链头缺失: a line before this one was taken out of the file.
    HeadsCut {
        /// The line.
        line: u64,
        /// The block of the head that is missing.
        number: i64,
    },
    /// 链头滞后: blocks went on for long without a head, or the file's tail was cut.
    HeadsBehind {
        /// The first block without a head.
        number: i64,
    },
}

/// What an audit of one chain found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Blocks that hold.
    pub blocks: i64,
    /// The last position they cover.
    pub last_position: i64,
    /// The newest of them that a signed head names; 0 for none.
    pub published: i64,
    /// 另起: what was stated, with a signature, to have been lost in restores, oldest first.
    pub anew: Vec<Anew>,
    /// Where it stopped.
    pub fault: Option<Fault>,
}

/// A statement that heads before it are void, and the line it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Void {
    line: u64,
    above: i64,
}

impl Void {
    /// Whether a head that stands in this line counts no more.
    pub fn voids(&self, line: u64, head: &Head) -> bool {
        self.line > line && self.above < head.number
    }
}

/// What is stated in a file of heads about a service's chain: read before its heads are, since a
/// statement is about those before it.
pub fn voids<R: Sealed>(
    service: &str,
    lines: impl Iterator<Item = io::Result<Line>>,
) -> io::Result<Vec<Void>> {
    let mut voids = Vec::new();
    for line in lines {
        let line = line?;
        if let Some(Said::Anew(signed)) = line.said
            && signed.anew.is_of(service, R::TABLE)
        {
            voids.push(Void {
                line: line.number,
                above: signed.anew.number,
            });
        }
    }
    Ok(voids)
}

/// Why an audit could not go on.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The database did not answer.
    #[error("{}", .0.sentence())]
    Database(Refusal),
    /// The file of heads cannot be read.
    #[error("cannot read the heads: {0}")]
    Heads(#[from] io::Error),
}

/// Walks a chain beside the heads of its service, those that are void left out; `held` hears of every
/// block that holds.
pub async fn audit<R: Sealed>(
    db: &Db,
    service: &str,
    (voids, lines): (Vec<Void>, impl Iterator<Item = io::Result<Line>>),
    keys: &[PublicKey],
    mut held: impl FnMut(&Block),
) -> Result<Report, AuditError> {
    let mut heads = Heads {
        lines,
        voids,
        service,
        chain: R::TABLE,
        keys,
        passed: None,
        next: None,
        linked: 0,
        anew: Vec::new(),
    };
    let mut report = Report {
        fault: heads.advance()?,
        ..Report::default()
    };
    let mut walk = Walk::<R>::new(db);
    let mut unpublished: Option<Block> = None;
    while report.fault.is_none() {
        match walk.step().await.map_err(AuditError::Database)? {
            Step::Flawed(flaw) => report.fault = Some(Fault::Chain(heads.blamed(flaw))),
            Step::End => {
                report.fault = match heads.beyond(report.blocks, report.last_position)? {
                    None => behind(unpublished.as_ref(), walk.held()),
                    some => some,
                };
                break;
            }
            Step::Held(block) => {
                report.fault = heads.meet(&block)?;
                if report.fault.is_some() {
                    break;
                }
                report.blocks = block.number;
                report.last_position = block.last_position;
                let published = heads.passed.as_ref().map_or(0, |passed| passed.head.number);
                if published == block.number {
                    report.published = published;
                    unpublished = None;
                } else if unpublished.is_none() {
                    unpublished = Some(block.clone());
                }
                held(&block);
            }
        }
    }
    report.anew = heads.anew;
    Ok(report)
}

/// Whether blocks went on for too long after the newest head.
fn behind(first: Option<&Block>, newest: Option<&Block>) -> Option<Fault> {
    let (first, newest) = (first?, newest?);
    let lag = newest.sealed_at.saturating_sub(first.sealed_at);
    (lag > LAG_MICROS).then_some(Fault::HeadsBehind {
        number: first.number,
    })
}

/// The heads of one chain, in the order of the file.
struct Heads<'a, L> {
    lines: L,
    voids: Vec<Void>,
    service: &'a str,
    chain: &'static str,
    keys: &'a [PublicKey],
    /// The last one that the chain has reached.
    passed: Option<SignedHead>,
    /// The one it has not.
    next: Option<SignedHead>,
    /// The number that the next line must go on from.
    linked: i64,
    /// What was stated so far.
    anew: Vec<Anew>,
}

impl<L: Iterator<Item = io::Result<Line>>> Heads<'_, L> {
    /// Goes to the next head of this chain: signed, and linked to the one before.
    fn advance(&mut self) -> io::Result<Option<Fault>> {
        self.passed = self.next.take().or(self.passed.take());
        let mut last: Option<SignedHead> = self.passed.clone();
        for line in self.lines.by_ref() {
            let Line { number: line, said } = line?;
            match said {
                Some(Said::Head(signed)) if signed.head.is_of(self.service, self.chain) => {
                    if !signed.is_signed_by(self.keys) {
                        return Ok(Some(Fault::HeadForged { line }));
                    }
                    if last.as_ref() == Some(&signed) {
                        continue;
                    }
                    let head = &signed.head;
                    if head.after_number != self.linked || head.number <= self.linked {
                        let number = head.after_number;
                        return Ok(Some(Fault::HeadsCut { line, number }));
                    }
                    self.linked = head.number;
                    if self.voids.iter().any(|void| void.voids(line, head)) {
                        last = Some(signed);
                        continue;
                    }
                    self.next = Some(signed);
                    break;
                }
                Some(Said::Anew(signed)) if signed.anew.is_of(self.service, self.chain) => {
                    if !signed.is_signed_by(self.keys) {
                        return Ok(Some(Fault::HeadForged { line }));
                    }
                    let passed = self.passed.as_ref().map(|passed| &passed.head);
                    let goes_on = passed.map_or(0, |head| head.number) == signed.anew.number
                        && passed.is_none_or(|head| head.hash == signed.anew.hash);
                    if signed.anew.lost_number != self.linked || !goes_on {
                        let number = signed.anew.lost_number;
                        return Ok(Some(Fault::HeadsCut { line, number }));
                    }
                    self.linked = signed.anew.number;
                    self.anew.push(signed.anew);
                }
                // Another chain's, or the rest of a crash. Where a head stood there, the next one shows
                // that it is gone.
                _ => {}
            }
        }
        Ok(None)
    }

    /// The chain reaches a block: the head of that block, if there is one, must say the same.
    fn meet(&mut self, block: &Block) -> io::Result<Option<Fault>> {
        let Some(signed) = &self.next else {
            return Ok(None);
        };
        if signed.head.number != block.number {
            return Ok(None);
        }
        let same = signed.head.hash == block.hash();
        if same && signed.head.last_position == block.last_position {
            return self.advance();
        }
        let since = self.passed.as_ref().map(|passed| &passed.head);
        Ok(Some(Fault::Chain(Flaw {
            cause: Cause::Rewritten,
            block: since.map_or(0, |head| head.number).saturating_add(1),
            first_position: since.map_or(0, |head| head.last_position).saturating_add(1),
            last_position: block.last_position,
            position: None,
        })))
    }

    /// The chain has ended: no head may know more of it.
    fn beyond(&mut self, blocks: i64, last: i64) -> io::Result<Option<Fault>> {
        if self.next.is_none() {
            return Ok(None);
        }
        while self.next.is_some() {
            if let Some(fault) = self.advance()? {
                return Ok(Some(fault));
            }
        }
        let most = self
            .passed
            .as_ref()
            .map_or(last, |passed| passed.head.last_position);
        Ok(Some(Fault::Chain(Flaw {
            cause: Cause::TailCut,
            block: blocks.saturating_add(1),
            first_position: last.saturating_add(1),
            last_position: most,
            position: None,
        })))
    }

    /// Of two blocks that do not fit each other, a head may say that the first one stands.
    fn blamed(&self, flaw: Flaw) -> Flaw {
        let stands = self
            .passed
            .as_ref()
            .is_some_and(|passed| passed.head.number >= flaw.block);
        match flaw.cause == Cause::Rewritten && stands {
            false => flaw,
            true => Flaw {
                block: flaw.block.saturating_add(1),
                first_position: flaw.last_position.saturating_add(1),
                last_position: flaw.last_position.saturating_add(1),
                ..flaw
            },
        }
    }
}
