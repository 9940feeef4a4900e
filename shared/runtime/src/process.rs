//! A service as a process of its own: configuration, telemetry, build, serve, drain.

use crate::{Monitor, Needs, Scraped, Server, Service, Settings, Telemetry};
use std::error::Error;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::runtime::{Builder, Runtime};

/// `sysexits.h`: the configuration is wrong.
const EXIT_CONFIG: u8 = 78;
/// `sysexits.h`: the command line is wrong.
const EXIT_USAGE: u8 = 64;

/// Runs one service until SIGTERM or Ctrl-C. Takes `--config FILE`; nothing else.
pub fn run<F, Fut>(name: &'static str, needs: Needs, build: F) -> ExitCode
where
    F: FnOnce(Settings) -> Fut,
    Fut: Future<Output = Result<Service, Box<dyn Error + Send + Sync>>>,
{
    let file = match config_argument(std::env::args().skip(1)) {
        Ok(file) => file,
        Err(usage) => {
            eprintln!("{name}: {usage}\nusage: {name} [--config FILE.toml]");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let settings = match Settings::load(name, file.as_deref(), needs) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    let runtime = match workers() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{name}: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(async {
        let scraped = match settings.metrics_listen {
            Some(_) => Scraped::Yes,
            None => Scraped::No,
        };
        let telemetry = Telemetry::begin(name, scraped);
        let result = serve(name, settings, &telemetry, build).await;
        telemetry.end();
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{name}: {error}");
                ExitCode::FAILURE
            }
        }
    })
}

/// The threads that requests are worked on by. What another thread wakes (SQLite's do, at each statement)
/// is looked at before what is ready here, so that a transaction goes on before more calls are turned away.
pub fn workers() -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .enable_all()
        .global_queue_interval(1)
        .build()
}

async fn serve<F, Fut>(
    name: &'static str,
    settings: Settings,
    telemetry: &Telemetry,
    build: F,
) -> Result<(), Box<dyn Error + Send + Sync>>
where
    F: FnOnce(Settings) -> Fut,
    Fut: Future<Output = Result<Service, Box<dyn Error + Send + Sync>>>,
{
    let server = Server::bind(&settings).await?;
    let address = server.address();
    let monitor = match settings.metrics_listen {
        Some(address) => Some(Monitor::bind(address, telemetry).await?),
        None => None,
    };
    let watched = monitor.as_ref().and_then(Monitor::address);
    let server = server.watched(monitor);
    let server = server.with(build(settings).await?);
    if let Some(address) = watched {
        tracing::info!(?address, "{name} is watched");
    }
    tracing::info!(?address, "{name} is serving");
    let drained = server.serve(stop_signal()).await?;
    match drained {
        true => tracing::info!("{name} drained: every open request ended"),
        false => tracing::warn!("{name} stopped with requests still open after the drain time"),
    }
    Ok(())
}

/// Ends at Ctrl-C or SIGTERM.
pub async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => {
            tokio::signal::ctrl_c().await.ok();
        }
    }
}

fn config_argument(mut arguments: impl Iterator<Item = String>) -> Result<Option<PathBuf>, String> {
    match (
        arguments.next().as_deref(),
        arguments.next(),
        arguments.next(),
    ) {
        (None, ..) => Ok(None),
        (Some("--config"), Some(file), None) => Ok(Some(PathBuf::from(file))),
        (Some(other), ..) => Err(format!("unexpected argument {other:?}")),
    }
}
