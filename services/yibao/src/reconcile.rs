//! 对明细账: an institution's rows of a day, from a file, compared by a running suite.

mod show;
mod table;

pub use table::SheetError;
pub(crate) use table::rows;

use crate::call::CallError;
use crate::cli::Trouble;
use crate::reach::Reach;
use crate::told::Told;
use clap::Args;
use kernel::{Clock, Day, InstitutionCode};
use proto::orchestrator as pb;
use proto::orchestrator::reconciliation_service_client::ReconciliationServiceClient;
use runtime::Wire;
use runtime::clock::SystemClock;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tonic::{Request, Response, Status};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pages of differences that are read: more than a comparison can have.
const PAGES_MAX: usize = 200;
/// Differences on a page.
const PAGE_SIZE: i32 = 500;

const AFTER_HELP: &str = "\
FILE has one row per line, its fields between tabs, and a first line that names them, in any order:
  setl_id           结算ID; may be empty where the row has an omsgid
  omsgid            the request id that was used; may be missing
  refd_setl_flag    0 for a settlement, 1 for its refund, which is a row of its own
  insutype          310, 390, …
  medfee_sumamt fund_pay_sumamt acct_pay cash_payamt
                    in yuan, such as 171178.20; below zero in a refund
  310100, 390200, … 基金分项 by fund_pay_type, in yuan; may be missing";

/// Which day of whom.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Reconcile {
    /// The institution's code.
    #[arg(long, value_name = "CODE", value_parser = institution)]
    institution: String,
    /// The day on which the rows were posted, such as 2018-03-01.
    #[arg(long, value_parser = day)]
    day: String,
    #[command(flatten)]
    reach: Reach,
    /// Who asks; the institution itself unless it is said.
    #[arg(long = "as", value_name = "CALLER")]
    caller: Option<String>,
    /// The request's id, to repeat or to withdraw it by; a new one unless it is given.
    #[arg(long, value_name = "ID")]
    request_id: Option<String>,
    /// The institution's rows.
    file: PathBuf,
}

fn institution(text: &str) -> Result<String, String> {
    let parsed = InstitutionCode::parse(text);
    let parsed = parsed.map(|code| code.to_string());
    parsed.map_err(|_| "write an institution's code, such as H15250100001".to_string())
}

fn day(text: &str) -> Result<String, String> {
    let parsed = Day::parse(text).map(|day| day.to_string());
    parsed.map_err(|bad| bad.to_string())
}

/// Compares, and prints what came of it; fails while a difference is open.
pub async fn obey(asked: &Reconcile, out: &mut dyn Write) -> Result<ExitCode, Trouble> {
    let rows = table::read(&asked.file)?;
    let caller = asked.caller.as_deref().unwrap_or(&asked.institution);
    let mut client = asked.reach.desk(caller).await?.reconciliations();
    let fresh = || format!("reconcile-{}", store::new_id(SystemClock.now()));
    let request = pb::ReconcileLinesRequest {
        request_id: asked.request_id.clone().unwrap_or_else(fresh),
        institution_code: asked.institution.clone(),
        day: asked.day.clone(),
        rows,
    };
    let id = request.request_id.clone();
    let compared = heard(client.reconcile_lines(patient(request)).await)?;
    let differences = match usize::try_from(compared.difference_rows) {
        Ok(all) if all > compared.differences.len() => all_of(&mut client, asked).await?,
        _ => compared.differences.clone(),
    };
    show::compared(asked.day.as_str(), &id, &compared, &differences, out)?;
    Ok(match differences.iter().any(|one| one.open) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

/// Every difference of the day's newest comparison.
async fn all_of(
    client: &mut ReconciliationServiceClient<Wire>,
    asked: &Reconcile,
) -> Result<Vec<pb::ReconciliationDifference>, Trouble> {
    let mut request = pb::ListDifferencesRequest {
        institution_code: asked.institution.clone(),
        day: asked.day.clone(),
        page_size: PAGE_SIZE,
        page_token: String::new(),
    };
    let mut all = Vec::new();
    for _ in 0..PAGES_MAX {
        let page = heard(client.list_differences(patient(request.clone())).await)?;
        all.extend(page.differences);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    Ok(all)
}

fn heard<T>(answer: Result<Response<T>, Status>) -> Result<T, CallError> {
    let told = |status: Status| CallError::Refused(Box::new(Told::of(&status)));
    answer.map(Response::into_inner).map_err(told)
}

fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}
