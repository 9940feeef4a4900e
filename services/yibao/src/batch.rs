//! 批量结算: brings a file of claims to a running suite, tells what is not settled line by line, and
//! ends with a table. The same command again goes on where the last one was cut.

mod show;

use crate::call::CallError;
use crate::cli::Trouble;
use crate::desk::Desk;
use crate::progress::Progress;
use crate::reach::Reach;
use crate::told::Told;
use clap::{Args, ValueEnum};
use futures_util::stream;
use kernel::{Digest, mask};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use proto::orchestrator as pb;
use proto::orchestrator::batch_options::Mode;
use proto::orchestrator::settle_batch_request::Part;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::Duration;
use tonic::{Request, Status};

/// Whoever asks unless told otherwise.
const CLERK: &str = "clerk";
/// The largest file read.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// Claims of one stream, as the service has it.
const CLAIMS_MAX: usize = 10_000;
/// How long one claim may take, told to the service as the call's deadline.
const PATIENCE: Duration = Duration::from_secs(60);
/// Digits of a file's digest in the name of its batch.
const DIGITS: usize = 32;
/// Characters of a reason that are told at most.
const REASON_CHARS_MAX: usize = 400;
/// What a line is.
const LINE: &str = "yibao.orchestrator.v1.SettleBatchRequest";

/// A file to settle.
#[derive(Debug, Args)]
pub struct Batch {
    /// One claim a line, as JSON: {"request_id": "…", "claim": {…}, "basis": {…}}; the basis may be
    /// missing, and a registered visit is brought as "visit_id" in place of its claim. The number of a
    /// claim is that of its line.
    #[arg(value_name = "FILE.jsonl")]
    file: PathBuf,
    /// What follows a refusal: the others are settled; nothing; nothing at all is settled; or claims
    /// are priced only.
    #[arg(long, value_enum, default_value = "continue")]
    mode: How,
    #[command(flatten)]
    reach: Reach,
    /// Who brings the claims: an institution's code, or a clerk's name; @330523 behind it is the area.
    #[arg(long = "as", value_name = "CALLER", default_value = CLERK)]
    caller: String,
    /// The batch's own name, by which `--mode all` is repeated; made from the file's content unless it
    /// is given.
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
}

/// What follows a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum How {
    /// The others are settled all the same.
    Continue,
    /// The first claim that is refused or unknown is the last that is tried.
    Stop,
    /// All claims or none, at most 200.
    All,
    /// Nothing is settled: what each claim would cost.
    Preflight,
}

/// Why a file is not brought at all.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// It cannot be read.
    #[error("cannot read {file}: {source}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// It is too large.
    #[error("{file} has more than {most}; split it")]
    Large {
        /// The file.
        file: String,
        /// What a file may have.
        most: String,
    },
    /// There is nothing in it.
    #[error("{0} has no claim")]
    Empty(String),
    /// A line is no claim. Nothing was sent.
    #[error("{file}, line {line}: {reason}\nNothing was sent.")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The stream broke off. What was told before holds.
    #[error(
        "{told}\nThe stream broke off after {known} of {all} answers; what became of the others is \
         not known.\nRun the same command again: what is settled is told again, and the rest goes on."
    )]
    Cut {
        /// What was said.
        told: String,
        /// Answers heard.
        known: usize,
        /// Claims brought.
        all: usize,
    },
}

impl How {
    fn wire(self) -> Mode {
        match self {
            How::Continue => Mode::Continue,
            How::Stop => Mode::Stop,
            How::All => Mode::AllOrNothing,
            How::Preflight => Mode::PreFlight,
        }
    }
}

/// Does what the command line says; fails when a claim was refused, not tried or is unknown.
pub async fn obey(batch: Batch, out: &mut dyn Write) -> Result<ExitCode, Trouble> {
    let text = read(&batch.file)?;
    let claims = claims(&batch.file, &text)?;
    let of_content = || {
        let digest = Digest::of(text.as_bytes()).to_string();
        format!("batch-{}", digest.get(..DIGITS).unwrap_or(&digest))
    };
    let announced = match batch.mode {
        How::All => i32::try_from(claims.len()).unwrap_or(i32::MAX),
        _ => 0,
    };
    let options = pb::BatchOptions {
        mode: batch.mode.wire().into(),
        claims: announced,
    };
    let opening = pb::SettleBatchRequest {
        request_id: batch.request_id.clone().unwrap_or_else(of_content),
        part: Some(Part::Options(options)),
        ..Default::default()
    };
    let all = claims.len();
    let sent = std::iter::once(opening).chain(claims);
    let mut request = Request::new(stream::iter(sent.collect::<Vec<_>>()));
    request.set_timeout(PATIENCE);
    let mut client = desk(&batch).await?.batches();
    let refused = |status: Status| CallError::Refused(Box::new(Told::of(&status)));
    let mut answers = client
        .settle_batch(request)
        .await
        .map_err(refused)?
        .into_inner();
    let (progress, mut known) = (Progress::new(), 0);
    progress.begin("办理费用单", all);
    let told = loop {
        let answer = match answers.message().await {
            Ok(Some(answer)) => answer,
            Ok(None) => break "the stream ended without a summary".to_string(),
            Err(status) if known == 0 => {
                progress.end();
                return Err(refused(status).into());
            }
            Err(status) => break Told::of(&status).to_string(),
        };
        if let Some(pb::settle_batch_response::Told::Summary(summary)) = &answer.told {
            progress.end();
            show::summary(summary, batch.mode, out)?;
            return Ok(show::verdict(summary));
        }
        known += 1;
        progress.step();
        progress.aside(|| show::answer(&answer, out))?;
    };
    progress.end();
    Err(BatchError::Cut { told, known, all }.into())
}

async fn desk(batch: &Batch) -> Result<Desk, Trouble> {
    Ok(batch.reach.desk(&batch.caller).await?)
}

fn read(file: &Path) -> Result<String, BatchError> {
    let failed = |source| BatchError::File {
        file: file.display().to_string(),
        source,
    };
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(failed)?;
    let read = opened.take(FILE_BYTES_MAX + 1).read_to_string(&mut text);
    match read.map_err(failed)? as u64 > FILE_BYTES_MAX {
        true => Err(BatchError::Large {
            file: file.display().to_string(),
            most: format!("{} MiB", FILE_BYTES_MAX >> 20),
        }),
        false => Ok(text),
    }
}

/// What a line says, as the proto files describe it.
static DESCRIBED: LazyLock<Option<MessageDescriptor>> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET).ok();
    pool.and_then(|pool| pool.get_message_by_name(LINE))
});

/// The claims of a file: all of its lines but empty ones, each under an id of its own.
pub(crate) fn claims(file: &Path, text: &str) -> Result<Vec<pb::SettleBatchRequest>, BatchError> {
    let wrong = |line: usize, reason: String| BatchError::Line {
        file: file.display().to_string(),
        line,
        // It quotes what was written.
        reason: mask::told(&reason, REASON_CHARS_MAX),
    };
    let described = DESCRIBED.as_ref();
    let described = described.ok_or_else(|| wrong(0, format!("{LINE} is not described")))?;
    let (mut claims, mut ids) = (Vec::new(), BTreeMap::new());
    for (line, json) in (1..).zip(text.lines()) {
        if json.trim().is_empty() {
            continue;
        }
        let claim = claim(described, json, line).map_err(|reason| wrong(line, reason))?;
        if let Some(before) = ids.insert(claim.request_id.clone(), line) {
            let reason = format!("its request_id is that of line {before}");
            return Err(wrong(line, reason));
        }
        claims.push(claim);
        if claims.len() > CLAIMS_MAX {
            return Err(BatchError::Large {
                file: file.display().to_string(),
                most: format!("{CLAIMS_MAX} claims"),
            });
        }
    }
    match claims.is_empty() {
        true => Err(BatchError::Empty(file.display().to_string())),
        false => Ok(claims),
    }
}

fn claim(
    described: &MessageDescriptor,
    json: &str,
    line: usize,
) -> Result<pb::SettleBatchRequest, String> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let read = DynamicMessage::deserialize(described.clone(), &mut reader);
    let read = read.map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    let bytes = read.encode_to_vec();
    let mut claim =
        pb::SettleBatchRequest::decode(bytes.as_slice()).map_err(|error| error.to_string())?;
    claim.number = i32::try_from(line).map_err(|error| error.to_string())?;
    match claim.part {
        Some(Part::Claim(_) | Part::VisitId(_)) => Ok(claim),
        _ => Err("it has no \"claim\"".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Result<Vec<pb::SettleBatchRequest>, String> {
        claims(Path::new("f"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_is_a_claim() {
        let text = "{\"request_id\": \"a\", \"claim\": {\"person_id\": \"p\"}}\n\n\
                    {\"requestId\": \"b\", \"claim\": {\"lines\": [{\"amount_fen\": \"7\"}]}}\n";
        let read = lines(text).unwrap();
        let told = |n: usize| (read[n].request_id.as_str(), read[n].number);
        assert_eq!((told(0), told(1)), (("a", 1), ("b", 3)));
    }

    #[test]
    fn what_is_no_claim_is_told_with_its_line() {
        let good = r#"{"request_id": "a", "claim": {}}"#;
        for (text, told) in [
            ("", "no claim"),
            ("{", "line 1"),
            (r#"{"request_id": "a"}"#, "line 1: it has no \"claim\""),
            (
                r#"{"request_id": "a", "claim": {"nonsense": 1}}"#,
                "nonsense",
            ),
            (
                r#"{"request_id": "a", "claim": {"lines": [{"amount_fen": 0.5}]}}"#,
                "line 1",
            ),
            (&format!("{good} x"), "trailing"),
            (
                &format!("{good}\n{good}"),
                "line 2: its request_id is that of line 1",
            ),
        ] {
            let no = lines(text).unwrap_err();
            assert!(no.contains(told), "{text}: {no}");
        }
        let many: String = (0..=CLAIMS_MAX)
            .map(|n| format!("{{\"request_id\": \"r{n}\", \"claim\": {{}}}}\n"))
            .collect();
        assert!(lines(&many).unwrap_err().contains("10000 claims"));
    }
}
