//! 粘贴: where a running suite is, and what a stranger may try, ready for a shell.

use super::{ENDPOINT, Trouble};
use crate::area::TOWNSHIP_CENTRE;
use crate::host::{Believe, Host};
use crate::story::Played;
use std::io::Write;

/// Where everything is.
pub fn locate(host: &Host, out: &mut dyn Write) -> Result<(), Trouble> {
    writeln!(
        out,
        "服务地址  {}（六个服务同一端口，gRPC 反射与健康检查）",
        host.endpoint()
    )?;
    writeln!(
        out,
        "数据目录  {}（有数据的服务各一个 SQLite 文件）",
        host.folder().display()
    )?;
    Ok(())
}

/// What a stranger can paste.
pub fn announce(
    host: &Host,
    played: Option<&Played>,
    believe: Believe,
    out: &mut dyn Write,
) -> Result<(), Trouble> {
    if let Some(played) = played {
        writeln!(out, "\n演示完成：{} 项检查全部成立。", played.expectations)?;
    }
    if let Some(played) = played {
        let program = program();
        let endpoint = match host.endpoint().as_str() {
            ENDPOINT => String::new(),
            other => format!(" --endpoint {other}"),
        };
        writeln!(out, "\n在另一个终端中，可直接粘贴运行：\n")?;
        writeln!(
            out,
            "{program} call{endpoint} \\\n  settlement/ExplainSettlement \
             '{{\"settlement_id\": \"{}\"}}'\n",
            played.settlement_id
        )?;
        writeln!(
            out,
            "{program} call{endpoint} \\\n  --as {TOWNSHIP_CENTRE} orchestrator/PreSettle \\\n  \
             '{}'",
            example_claim(&played.person_id)
        )?;
    }
    let (program, data) = (program(), host.folder().display());
    match believe {
        Believe::Tokens => writeln!(
            out,
            "\n须持令牌：export YIBAO_TOKEN=$({program} token --data {data} --name li --role clerk)"
        )?,
        Believe::Loopback => writeln!(
            out,
            "\n本机调用者自报姓名即可；要求令牌：{program} up --data {data} --require-tokens"
        )?,
    }
    Ok(writeln!(
        out,
        "\n正在服务：{}；按 Ctrl-C 停止。",
        host.endpoint()
    )?)
}

/// A small claim of the story's heroine, for a stranger to price and to change.
fn example_claim(person_id: &str) -> String {
    format!(
        r#"{{"claim": {{"person_id": "{person_id}",
    "institution_code": "{TOWNSHIP_CENTRE}", "visit_number": "TRY-1", "scheme": "390",
    "med_type": "11", "begin_day": "2017-09-01", "end_day": "2017-09-01",
    "diagnosis_code": "I10.x00", "lines": [{{"number": 1, "item_code": "D-AMLODIPINE",
    "unit_price_micro_yuan": 24800000, "quantity_e4": 20000, "amount_fen": 4960}}]}}}}"#
    )
}

/// This program as it was called, fit for a shell.
fn program() -> String {
    let called = std::env::args().next().unwrap_or_else(|| "yibao".into());
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-+".contains(&b);
    match called.bytes().all(plain) {
        true => called,
        false => format!("'{}'", called.replace('\'', r"'\''")),
    }
}
