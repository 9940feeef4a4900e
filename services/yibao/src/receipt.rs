//! 打印结算单: has a running suite print a receipt, and writes it to a file.

use crate::call::CallError;
use crate::cli::Trouble;
use crate::reach::Reach;
use crate::told::Told;
use clap::Args;
use proto::orchestrator as pb;
use proto::orchestrator::receipt_service_client::ReceiptServiceClient;
use runtime::Wire;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use tonic::{Request, Response, Status};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The largest answer read: many explanations make many sheets.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// Which receipt, and where to.
#[derive(Debug, Args)]
pub struct Print {
    /// The settlement's id.
    settlement: String,
    /// The file to write, a PDF.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The person's name to print; it is kept nowhere.
    #[arg(long, value_name = "NAME", default_value = "")]
    name: String,
    /// The pooling area, where it is not the suite's own.
    #[arg(long, value_name = "CODE")]
    area: Option<String>,
    #[command(flatten)]
    reach: Reach,
    /// Who asks: an institution's code, or a clerk's name.
    #[arg(long = "as", value_name = "CALLER", default_value = "receipt")]
    caller: String,
}

/// Does what the command line says.
pub async fn obey(print: Print, out: &mut dyn Write) -> Result<(), Trouble> {
    let mut client = receipts(&print.reach, &print.caller, print.area.as_deref()).await?;
    let request = pb::PrintReceiptRequest {
        settlement_id: print.settlement,
        person_name: print.name,
    };
    let printed = heard(client.print_receipt(patient(request)).await)?;
    let unwritten = |source| Trouble::Receipt {
        file: print.output.clone(),
        source,
    };
    tokio::fs::write(&print.output, &printed.pdf)
        .await
        .map_err(unwritten)?;
    writeln!(
        out,
        "已打印：{}（{} 字节）",
        print.output.display(),
        printed.pdf.len()
    )?;
    Ok(writeln!(
        out,
        "结算单摘要（SM3）：{}",
        printed.receipt_digest
    )?)
}

/// A client of receipts at a running suite.
pub(crate) async fn receipts(
    reach: &Reach,
    caller: &str,
    area: Option<&str>,
) -> Result<ReceiptServiceClient<Wire>, Trouble> {
    let named = match area {
        Some(area) => format!("{caller}@{area}"),
        None => caller.to_string(),
    };
    let client = reach.desk(&named).await?.receipts();
    Ok(client.max_decoding_message_size(ANSWER_BYTES_MAX))
}

/// What was answered, or the "no" in words.
pub(crate) fn heard<T>(answer: Result<Response<T>, Status>) -> Result<T, CallError> {
    let told = |status: Status| CallError::Refused(Box::new(Told::of(&status)));
    answer.map(Response::into_inner).map_err(told)
}

/// A request whose caller waits.
pub(crate) fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}
