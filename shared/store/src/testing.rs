//! A fresh database for one test, on the store the run is for: SQLite in a temporary folder, or,
//! when `YIBAO_TEST_POSTGRES` names a server's maintenance database, a new database there.

use sea_orm::{ConnectionTrait, Database, DbErr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use uuid::Uuid;

/// Names the maintenance database of the server that tests run on.
pub const POSTGRES: &str = "YIBAO_TEST_POSTGRES";

static COUNT: AtomicU32 = AtomicU32::new(0);

/// One test's databases. The folder goes when it is dropped; a PostgreSQL database stays as long
/// as its server, which the test run made and ends.
pub struct TestDatabase {
    folder: Option<PathBuf>,
    postgres: Option<String>,
}

impl TestDatabase {
    /// A fresh one.
    pub async fn open() -> Result<TestDatabase, DbErr> {
        // Process ids come again while a server, or a folder left behind, is still there.
        let name = format!(
            "t{}_{}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::SeqCst),
            Uuid::now_v7().simple()
        );
        let Ok(server) = std::env::var(POSTGRES) else {
            let folder = std::env::temp_dir().join(format!("yibao-{name}"));
            std::fs::create_dir(&folder).map_err(|e| DbErr::Custom(e.to_string()))?;
            return Ok(TestDatabase {
                folder: Some(folder),
                postgres: None,
            });
        };
        let admin = Database::connect(&server).await?;
        admin
            .execute_unprepared(&format!("CREATE DATABASE {name}"))
            .await?;
        admin.close().await?;
        let (before, query) = server.split_once('?').unwrap_or((&server, ""));
        let host = before.rsplit_once('/').map_or(before, |(host, _)| host);
        let query = if query.is_empty() {
            String::new()
        } else {
            format!("?{query}")
        };
        Ok(TestDatabase {
            folder: None,
            postgres: Some(format!("{host}/{name}{query}")),
        })
    }

    /// The URL a service of this name opens.
    pub fn url(&self, service: &str) -> String {
        match (&self.postgres, &self.folder) {
            (Some(url), _) => url.clone(),
            (None, folder) => {
                let folder = folder.clone().unwrap_or_default();
                format!(
                    "sqlite://{}",
                    folder.join(format!("{service}.db")).display()
                )
            }
        }
    }

    /// The folder of the SQLite files; none on PostgreSQL.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder
            && let Err(error) = std::fs::remove_dir_all(folder)
        {
            eprintln!("{} stays: {error}", folder.display());
        }
    }
}
