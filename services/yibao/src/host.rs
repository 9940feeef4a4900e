//! 常驻: the suite on its port, from a data folder taken to a drain that says how it ended.

use crate::area;
use crate::cli::Trouble;
use crate::desk::Wires;
use crate::envelope_keys;
use crate::folder::{DataFolder, FolderError};
use crate::heads::HeadsFolder;
use crate::issuer::Issuer;
use crate::progress::Progress;
use crate::story::{self, Played, day};
use crate::suite::{Databases, Suite, SuiteConfig};
use policy::Library;
use runtime::{Limits, Monitor, ServeError};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Where in the data folder the story of a day keeps its own databases while it is told.
const DAY_FOLDER: &str = "day";

/// How much of the story is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// The year alone.
    Year,
    /// The year, and the county's day.
    YearAndDay,
}

/// Whom a suite believes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Believe {
    /// Whoever is on loopback.
    Loopback,
    /// Who shows a token.
    Tokens,
}

/// The suite while it serves.
pub struct Host {
    folder: DataFolder,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<Result<bool, ServeError>>,
    library: Arc<Library>,
}

impl Host {
    /// Takes the folder, opens the databases, takes the port and serves: whoever is on loopback and
    /// says who it is, or, where they are required, whoever shows a token of the folder's issuer.
    pub async fn start(
        data: &Path,
        listen: SocketAddr,
        believe: Believe,
        monitor: Option<Monitor>,
    ) -> Result<Host, Trouble> {
        let folder = DataFolder::take(data)?;
        let issuer = Issuer::of(folder.path())?;
        let databases = Databases::Folder(folder.path().to_path_buf());
        let library = Arc::new(Library::builtin()?);
        let heads = HeadsFolder::beside(folder.path());
        heads.ready()?;
        let config = SuiteConfig {
            listen,
            tokens: (believe == Believe::Tokens).then(|| issuer.settings()),
            // Where people are known apart, each has a share.
            limits: (believe == Believe::Tokens).then(Limits::default),
            heads: Some((heads.file(), heads.key())),
            envelopes: envelope_keys::beside(folder.path())?,
            ..SuiteConfig::new(databases, area::code(), library.clone())
        };
        let suite = Suite::open(config).await?;
        let databases = suite.databases();
        let server = suite.into_server().await?.watched(monitor);
        let address = server.address().unwrap_or(listen);
        let (stop, stopped) = oneshot::channel();
        let stopped = async move {
            // A host that is gone without a word stops its server as well.
            stopped.await.ok();
        };
        let serving = async move {
            let ended = server.serve(stopped).await;
            for database in databases {
                database.close().await;
            }
            ended
        };
        Ok(Host {
            folder,
            address,
            stop,
            server: tokio::spawn(serving),
            library,
        })
    }

    /// `http://127.0.0.1:50051`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The law it serves by.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// All services over the port, as any client reaches them.
    pub fn wires(&self) -> Result<Wires, Trouble> {
        Ok(Wires::all(runtime::connect(&self.endpoint(), None)?))
    }

    /// Tells the story of a year at this suite, then that of a day in a suite of its own, whose data
    /// are gone when it is told: it is the same day every time.
    pub async fn tell(&self, length: Length, out: &mut dyn Write) -> Result<Played, Trouble> {
        let mut played = story::play(&self.wires()?, self.library(), out).await?;
        if length == Length::Year {
            return Ok(played);
        }
        let folder = self.folder().join(DAY_FOLDER);
        cleared(&folder)?;
        let told = day::tell(Databases::Folder(folder.clone()), out, &Progress::new()).await?;
        cleared(&folder)?;
        played.expectations += told.expectations;
        Ok(played)
    }

    /// Waits for the server to end by itself, which it should not.
    pub async fn ended(&mut self) {
        self.stop.closed().await;
    }

    /// Stops and drains; answers true when every open request came to its end.
    pub async fn drain(self) -> Result<bool, Trouble> {
        self.stop.send(()).ok();
        self.server
            .await
            .map_err(|_| Trouble::ServerDied)?
            .map_err(Trouble::from)
    }
}

/// Takes a folder away, if there is one.
fn cleared(folder: &Path) -> Result<(), FolderError> {
    match std::fs::remove_dir_all(folder) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(FolderError::Unwritable {
            path: folder.to_path_buf(),
            source,
        }),
        _ => Ok(()),
    }
}
