//! Everything the suite has stored, row by row, past the services: what did not change is the same
//! text.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use store::testing::TestDatabase;

/// The services that store something.
pub const SERVICES: [&str; 5] = [
    "enrollment",
    "settlement",
    "referral",
    "interregional",
    "orchestrator",
];
/// A look into every service's tables, past the services.
pub struct Tables(Vec<Table>);

struct Table {
    database: DatabaseConnection,
    name: String,
    rows: String,
}

impl Tables {
    /// Of a world that is open: its tables exist.
    pub async fn of(database: &TestDatabase) -> Tables {
        let mut tables = Vec::new();
        for service in SERVICES {
            let url = database.url(service);
            let database = Database::connect(url).await.expect("a database");
            let names = match database.get_database_backend() {
                DbBackend::Postgres => format!(
                    "SELECT table_name::text FROM information_schema.tables \
                     WHERE table_schema = '{service}'"
                ),
                _ => "SELECT name FROM sqlite_master WHERE type = 'table'".to_string(),
            };
            for name in texts(&database, &names).await {
                let rows = rows_of(&database, service, &name).await;
                let name = format!("{service}.{name}");
                let database = database.clone();
                let table = Table {
                    database,
                    name,
                    rows,
                };
                tables.push(table);
            }
        }
        assert!(tables.len() > SERVICES.len() * 3, "too few tables");
        Tables(tables)
    }

    /// Every row of the tables that are wanted, each by its name such as `settlement.event`, in order.
    pub async fn rows(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let mut all = Vec::new();
        for table in self.0.iter().filter(|table| wanted(&table.name)) {
            let rows = texts(&table.database, &table.rows).await;
            all.extend(rows.iter().map(|row| format!("{}: {row}", table.name)));
        }
        all
    }
}

/// The query that gives a table's rows as texts.
async fn rows_of(database: &DatabaseConnection, service: &str, table: &str) -> String {
    if database.get_database_backend() == DbBackend::Postgres {
        return format!(r#"SELECT t::text FROM "{service}"."{table}" t ORDER BY 1"#);
    }
    let names = format!("SELECT name FROM pragma_table_info('{table}')");
    let names = texts(database, &names).await;
    // JSON holds no bytes.
    let texts = names
        .iter()
        .map(|c| format!("iif(typeof({c}) = 'blob', hex({c}), {c})"));
    let texts: Vec<String> = texts.collect();
    let texts = texts.join(", ");
    format!(r#"SELECT json_array({texts}) FROM "{table}" ORDER BY 1"#)
}

async fn texts(database: &DatabaseConnection, query: &str) -> Vec<String> {
    let query = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(query).await.expect("a database");
    let text = |row: &sea_orm::QueryResult| row.try_get_by_index(0).expect("a text");
    rows.iter().map(text).collect()
}
