//! 运维: what whoever keeps a suite running types: copies of its data and their way back, whether the
//! data hold, and whether it serves.

use crate::backup::{self, BackupError};
use crate::health::{self, Health, HealthError};
use clap::{Args, Subcommand};
use std::io::{self, Write};
use std::path::PathBuf;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Upkeep {
    /// Copy the databases of a data folder as they stand at one moment, while a suite serves them.
    Backup(Backup),
    /// Put a copy back into an empty data folder: digests, files and chains of events are checked.
    Restore(Restore),
    /// Look whether databases are whole and their chains of sealed events unbroken.
    Verify(Verify),
    /// Ask a suite or a service whether it serves; exit status 0 when it does.
    Health(Health),
}

/// What is copied where.
#[derive(Debug, Args)]
pub struct Backup {
    /// Folder of the databases.
    #[arg(long, value_name = "DIR", default_value = "./data")]
    pub data: PathBuf,
    /// The copy: a folder, made when missing; it must be empty.
    #[arg(short = 'o', long = "output", value_name = "COPY")]
    pub to: PathBuf,
}

/// What is put back where.
#[derive(Debug, Args)]
pub struct Restore {
    /// The copy.
    #[arg(value_name = "COPY")]
    pub from: PathBuf,
    /// Folder of the databases, made when missing; it must be empty.
    #[arg(long, value_name = "DIR", default_value = "./data")]
    pub data: PathBuf,
}

/// What is looked at.
#[derive(Debug, Args)]
pub struct Verify {
    /// Folder of the databases.
    #[arg(long, value_name = "DIR", default_value = "./data")]
    pub data: PathBuf,
    /// One PostgreSQL database with a schema for each service instead, such as
    /// postgres://user@host/yibao; the password comes from PGPASSWORD or PGPASSFILE.
    #[arg(long, value_name = "URL", conflicts_with = "data")]
    pub database: Option<String>,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
#[allow(missing_docs)]
pub enum UpkeepError {
    Backup(#[from] BackupError),
    Health(#[from] HealthError),
    /// Nobody reads what we print.
    Print(#[from] io::Error),
}

/// Does it.
pub async fn obey(asked: Upkeep, out: &mut dyn Write) -> Result<(), UpkeepError> {
    match asked {
        Upkeep::Backup(asked) => {
            let copied = backup::back_up(&asked.data, &asked.to).await?;
            writeln!(
                out,
                "已备份：{} 个数据库，{} 字节，同一时刻。",
                copied.files, copied.bytes
            )?;
            Ok(writeln!(out, "备份目录  {}", asked.to.display())?)
        }
        Upkeep::Restore(asked) => {
            let checked = backup::restore(&asked.from, &asked.data).await?;
            tell(&checked, out)?;
            Ok(writeln!(out, "已恢复到  {}", asked.data.display())?)
        }
        Upkeep::Verify(asked) => {
            let checked = match &asked.database {
                Some(url) => backup::verify_schemas(url).await?,
                None => backup::verify(&asked.data).await?,
            };
            tell(&checked, out)?;
            Ok(writeln!(out, "数据完整，事件链未断。")?)
        }
        Upkeep::Health(asked) => {
            health::ask(&asked).await?;
            Ok(writeln!(out, "SERVING")?)
        }
    }
}

fn tell(checked: &[backup::Checked], out: &mut dyn Write) -> io::Result<()> {
    for one in checked {
        let (name, sound) = (&one.service, &one.soundness);
        writeln!(
            out,
            "   {name:<16} 封存事件 {:>8} 个，区块 {:>6} 个",
            sound.events, sound.blocks
        )?;
    }
    Ok(())
}
