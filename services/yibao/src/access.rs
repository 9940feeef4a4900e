//! 权限表: who may call what, of whose, and what it does: one table of every interface of the suite,
//! read off the services as they are served.

use crate::area;
use crate::cli::Trouble;
use crate::suite::{Databases, Suite, SuiteConfig};
use kernel::Role;
use policy::Library;
use runtime::{Access, Does};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

/// The roles in the order of the columns: what heads a column, whose a caller of it sees and touches,
/// and what that is called.
const ROLES: [(Role, &str, char); 9] = [
    (Role::Service, "svc", 'S'),
    (Role::Institution, "ins", 'I'),
    (Role::Platform, "plt", 'P'),
    (Role::Region, "reg", 'R'),
    (Role::Clerk, "clk", 'A'),
    (Role::Supervisor, "sup", 'A'),
    (Role::Operator, "opr", 'A'),
    (Role::Security, "sec", 'A'),
    (Role::Auditor, "aud", 'A'),
];

const LEGEND: &str = "\
svc 本系统服务   ins 定点医药机构   plt 业务平台   reg 外统筹区   clk 经办
sup 负责人       opr 系统管理员     sec 安全管理员 aud 审计管理员
S 所代请求方的范围   I 本机构   P 本平台所代   R 本统筹区   A 所在统筹区   . 不得调用
";

/// Prints the table.
pub async fn obey(out: &mut dyn Write) -> Result<(), Trouble> {
    let folder = tempfile::tempdir()?;
    let databases = Databases::Folder(folder.path().to_path_buf());
    let config = SuiteConfig::new(databases, area::code(), Arc::new(Library::builtin()?));
    let suite = Suite::open(config).await?;
    out.write_all(table(&suite).as_bytes())?;
    for database in suite.databases() {
        database.close().await;
    }
    Ok(())
}

/// The table of an open suite, by interface.
pub fn table(suite: &Suite) -> String {
    let interfaces: BTreeMap<&str, Access> = suite.interfaces().collect();
    let mut told = LEGEND.to_string();
    for (interface, access) in interfaces {
        let heads: Vec<&str> = ROLES.iter().map(|(_, head, _)| *head).collect();
        // What is written to a string is written.
        writeln!(told, "\n{interface}\n  {:<30}      {}", "", heads.join(" ")).ok();
        for (method, roles, does) in access {
            let cells: Vec<String> = ROLES
                .iter()
                .map(|(role, _, scope)| match roles.contains(role) {
                    true => format!(" {scope} "),
                    false => " . ".to_string(),
                })
                .collect();
            let line = format!("  {method:<30} {} {}", does_what(*does), cells.join(" "));
            writeln!(told, "{}", line.trim_end()).ok();
        }
    }
    told
}

fn does_what(does: Does) -> &'static str {
    match does {
        Does::Changes => "办理",
        Does::ReadsPeople => "查人",
        Does::Reads => "查询",
    }
}
