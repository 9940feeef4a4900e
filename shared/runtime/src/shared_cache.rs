//! 共享缓存: what never changes, kept once for all replicas in Redis. Never truth: what is read is
//! checked by its digest by whoever reads it, and without Redis every answer is the same, only
//! slower.

use crate::metrics;
use kernel::metric::SHARED_CACHE;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Counter;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands, Client, RedisResult};
use std::future::Future;
use std::time::Duration;

/// How long the cache may take: it must never cost more than the database it spares.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long an entry stays, in seconds: a week, renewed when it is put again.
const KEPT_SECONDS: u64 = 7 * 24 * 3600;
/// Before every key, so that one Redis may serve others too.
const PREFIX: &str = "yibao:1:";

/// A cache shared by all replicas, or none.
#[derive(Clone, Default)]
pub struct SharedCache(Option<Cache>);

#[derive(Clone)]
struct Cache {
    manager: ConnectionManager,
    lookups: Counter<u64>,
}

impl SharedCache {
    /// The cache at this URL; connects at its first use, and again when the connection is lost.
    pub fn open(url: Option<&str>) -> SharedCache {
        let Some(url) = url else {
            return SharedCache(None);
        };
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let opened =
            Client::open(url).and_then(|client| client.get_connection_manager_lazy(config));
        match opened {
            Ok(manager) => SharedCache(Some(Cache {
                manager,
                lookups: metrics::counter(&SHARED_CACHE),
            })),
            Err(error) => {
                tracing::warn!(%error, "Redis cannot be used; going on without a shared cache");
                SharedCache(None)
            }
        }
    }

    /// What stands under the key, if the cache is there and has it.
    pub async fn get(&self, key: &str) -> Option<Vec<u8>> {
        let mut cache = self.0.clone()?;
        let asked = cache
            .manager
            .get::<_, Option<Vec<u8>>>(format!("{PREFIX}{key}"));
        let found = bounded(asked).await;
        let result = match found {
            Some(Some(_)) => "hit",
            Some(None) => "miss",
            None => "failed",
        };
        cache.lookups.add(1, &[KeyValue::new("result", result)]);
        found?
    }

    /// Keeps a value, if the cache is there.
    pub async fn put(&self, key: &str, value: &[u8]) {
        if let Some(mut cache) = self.0.clone() {
            bounded(cache.manager.set_ex::<_, _, ()>(
                format!("{PREFIX}{key}"),
                value,
                KEPT_SECONDS,
            ))
            .await;
        }
    }
}

async fn bounded<T>(asked: impl Future<Output = RedisResult<T>>) -> Option<T> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(value)) => Some(value),
        Ok(Err(error)) => {
            tracing::debug!(%error, "the shared cache failed");
            None
        }
        Err(_) => None,
    }
}
