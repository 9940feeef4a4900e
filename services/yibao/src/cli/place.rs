//! Where a suite is served: its data, its port, and the port of those who watch it.

use super::{LISTEN, Trouble};
use crate::host::{Believe, Host};
use clap::Args;
use runtime::{Monitor, Scraped, Telemetry};
use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Place {
    /// Folder of the databases, made when missing.
    #[arg(long, value_name = "DIR", default_value = "./data")]
    data: PathBuf,
    /// The one port of all services; loopback only.
    #[arg(long, value_name = "ADDRESS", default_value = LISTEN, value_parser = loopback)]
    listen: SocketAddr,
    /// Offer /metrics (Prometheus), /live and /ready over plain HTTP, such as at 127.0.0.1:9464;
    /// loopback only.
    #[arg(long, value_name = "ADDRESS", value_parser = loopback)]
    metrics: Option<SocketAddr>,
}

impl Place {
    /// Whether somebody comes to read the metrics.
    pub(super) fn scraped(&self) -> Scraped {
        match self.metrics {
            Some(_) => Scraped::Yes,
            None => Scraped::No,
        }
    }

    /// Takes the folder and the ports, and serves.
    pub(super) async fn start(
        &self,
        believe: Believe,
        telemetry: &Telemetry,
    ) -> Result<Host, Trouble> {
        let monitor = match self.metrics {
            Some(address) => Some(Monitor::bind(address, telemetry).await?),
            None => None,
        };
        if let Some(address) = monitor.as_ref().and_then(Monitor::address) {
            writeln!(stdout(), "监控：http://{address}/metrics")?;
        }
        Host::start(&self.data, self.listen, believe, monitor).await
    }
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| format!("write an address and a port, such as {LISTEN}"))?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => Err(
            "the embedded suite believes every caller and so listens on loopback only; \
                      run the services' own binaries to serve a network"
                .to_string(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_on() {
        assert!(loopback("127.0.0.1:0").is_ok() && loopback("[::1]:1").is_ok());
        assert!(loopback("0.0.0.0:50051").unwrap_err().contains("loopback"));
        assert!(loopback("50051").unwrap_err().contains(LISTEN));
    }
}
