//! 指标: every metric the suite exports, by name, unit and labels. Names follow OpenTelemetry's
//! semantic conventions where there is one; `deploy/METRICS.md` is written from this table, and no
//! instrument has a name that is not here.
//!
//! A label has few values and never a person's, an institution's or a request's own: what a caller
//! can invent is no label.

/// What is measured.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name, as OpenTelemetry writes it.
    pub name: &'static str,
    /// What kind of number it is.
    pub kind: MetricKind,
    /// Its unit in UCUM: `s`, or what is counted in braces.
    pub unit: &'static str,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it tells.
    pub means: &'static str,
}

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// 累计: only grows while a process lives.
    Counter,
    /// 分布: how long things took.
    Histogram,
    /// 现值: what is so now, known by the process itself.
    Gauge,
    /// 采样: what is so in the database, read off the requests' path by one replica.
    Sampled,
}

/// Where the buckets of a histogram of seconds end, as the conventions advise.
pub const SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

impl Metric {
    /// Its name as Prometheus is told it, without what it adds to a histogram's rows.
    pub fn exported(&self) -> String {
        let seconds = if self.unit == "s" { "_seconds" } else { "" };
        let total = match self.kind {
            MetricKind::Counter => "_total",
            _ => "",
        };
        format!("{}{seconds}{total}", self.name.replace('.', "_"))
    }
}

macro_rules! metrics {
    ($($name:ident: $kind:ident $metric:literal $unit:literal [$($label:literal),*] $means:literal;)*) => {
        $(
            #[doc = $means]
            pub const $name: Metric = Metric {
                name: $metric,
                kind: MetricKind::$kind,
                unit: $unit,
                labels: &[$($label),*],
                means: $means,
            };
        )*

        /// All of them.
        pub const ALL: &[Metric] = &[$($name),*];
    };
}

metrics! {
    RPC_SERVER_DURATION: Histogram "rpc.server.call.duration" "s" ["rpc.method", "rpc.response.status_code"]
        "业务请求: how long calls took, by method and answer; their number is its count. A method that no table names is `unknown`.";
    RPC_SHED: Counter "yibao.rpc.shed" "{call}" ["rpc.method", "reason"]
        "过载拒绝: calls refused before anything was begun, because a caller went beyond its `rate`, its calls `in_flight` or its `bytes`, a message was too `large` or too `slow`, or, of overload, the `queue` was full or longer than is called up in time, the `wait` too long, the `deadline` too near, all places for `steps` taken, or there were too many `callers`.";
    RPC_IN_FLIGHT: Gauge "yibao.rpc.in_flight" "{call}" []
        "办理中: calls that have a place and are worked on.";
    RPC_LIMIT: Gauge "yibao.rpc.limit" "{call}" []
        "并发上限: how many calls may be worked on at once now; it follows measured latency.";
    RPC_QUEUE_WAIT: Histogram "yibao.rpc.queue.wait" "s" []
        "排队等待: how long calls waited for a place that had to, those refused in the end too.";
    CONNECTIONS: Gauge "yibao.connections" "{connection}" []
        "连接: connections that are open.";
    CONNECTIONS_ENDED: Counter "yibao.connections.ended" "{connection}" ["reason"]
        "连接限制: connections not taken or ended, because there were too many in `all` or of `one` peer, the `handshake` or the `preface` did not come in time, or nothing was asked for long (`idle`).";
    SHARED_CACHE: Counter "yibao.shared_cache.lookups" "{lookup}" ["result"]
        "共享缓存: look-ups that were a `hit`, a `miss`, or `failed`.";

    DB_WAIT: Histogram "db.client.connection.wait_time" "s" ["db.client.connection.pool.name"]
        "连接等待: the time to get a connection and begin a transaction on it.";
    DB_CONNECTIONS: Gauge "db.client.connection.count" "{connection}" ["db.client.connection.pool.name", "db.client.connection.state"]
        "连接数: a pool's connections that are `used` or `idle`.";
    DB_CONNECTIONS_MAX: Gauge "db.client.connection.max" "{connection}" ["db.client.connection.pool.name"]
        "连接上限: connections a pool may have.";
    DB_STATEMENTS: Histogram "db.client.operation.duration" "s" ["db.client.connection.pool.name"]
        "语句: how long statements took, without BEGIN and COMMIT; their number is its count.";
    LANE_WAIT: Histogram "yibao.db.lane.wait" "s" ["db.client.connection.pool.name"]
        "写入排队: how long a writer waited for its turn, on SQLite.";
    COMMITS: Counter "yibao.db.commits" "{commit}" ["db.client.connection.pool.name", "method"]
        "提交: transactions committed, by the method whose key they carry; `other` without one.";
    ROLLBACKS: Counter "yibao.db.rollbacks" "{rollback}" ["db.client.connection.pool.name", "method"]
        "回滚: transactions rolled back: a refusal, a fault, or another writer in the way.";
    RETRIES: Counter "yibao.db.retries" "{retry}" ["db.client.connection.pool.name", "method"]
        "争用重试: transactions tried again because another writer was in the way.";
    ONCE: Counter "yibao.once.requests" "{request}" ["db.client.connection.pool.name", "method", "result"]
        "幂等请求: what became of keyed requests: `done`, `refused`, `replayed`, `reused`, `passing`; of keys: `withdrawn`, `burned`.";

    UNSEALED: Sampled "yibao.events.unsealed" "{event}" ["db.client.connection.pool.name"]
        "待封存事件: events without a position yet, counted to 10,000 at most.";
    UNSEALED_AGE: Sampled "yibao.events.unsealed.age" "s" ["db.client.connection.pool.name"]
        "封存滞后: the age of the oldest of them; 0 when all are sealed.";
    SAGAS_OPEN: Sampled "yibao.sagas.open" "{saga}" ["kind", "state"]
        "未完结长事务: sagas that are `running`, `resting` (a step's outcome is in doubt, 存疑) or `stuck`.";
    SAGAS_OPEN_AGE: Sampled "yibao.sagas.open.age" "s" ["kind", "state"]
        "最久未完结: the time since the oldest of them began.";
    SAGAS_ENDED: Counter "yibao.sagas.ended" "{saga}" ["kind", "state"]
        "长事务终态: sagas with a row that came to an end here: `done`, `refused`, `withdrawn`, `stands` (its reversal refused) or `stuck`.";
    SAGAS_TAKEN_UP: Counter "yibao.sagas.taken_up" "{saga}" ["kind", "because"]
        "接手: sagas this replica took up because they were `left` by a dead one, `rested`, or are to be `withdrawn`.";
    STEPS: Histogram "rpc.client.call.duration" "s" ["rpc.method", "rpc.response.status_code"]
        "步骤调用: how long a saga's calls to peers took, by step and answer.";
    LEDGER_TODAY: Sampled "yibao.ledger.today" "{fen}" ["area", "account"]
        "今日发生额: the sum of today's postings in fen, by fund (`fund:390100`) or kind of account; negative when money leaves it.";
    LEDGER_IMBALANCE: Sampled "yibao.ledger.imbalance" "{fen}" ["area", "days"]
        "账不平: what postings come to in all, which is 0: of `today`; and of the `earlier` days looked at so far, one more at each sample, each day's without its sign.";
    CERTIFICATE_REMAINING: Gauge "yibao.certificate.remaining" "s" []
        "证书剩余: the time until this process's certificate ends; negative when it has ended. Told where TLS is spoken.";
    BACKGROUND_STOPPED: Gauge "yibao.background.stopped" "{task}" []
        "后台停止: background tasks of this process that ended or panicked, which none should; their service answers that it is not serving.";
    REPLICA_READY: Gauge "yibao.ready" "{replica}" []
        "可用: 1 while this process answers calls and reaches its databases.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_plain() {
        let names: BTreeSet<String> = ALL.iter().map(Metric::exported).collect();
        assert_eq!(names.len(), ALL.len());
        for metric in ALL {
            let plain = |c: char| c.is_ascii_lowercase() || c == '.' || c == '_';
            assert!(metric.name.chars().all(plain), "{}", metric.name);
            assert!(metric.unit == "s" || metric.unit.starts_with('{'));
        }
    }

    #[test]
    fn prometheus_adds_what_the_kind_and_the_unit_say() {
        assert_eq!(COMMITS.exported(), "yibao_db_commits_total");
        assert_eq!(UNSEALED_AGE.exported(), "yibao_events_unsealed_age_seconds");
        assert_eq!(
            RPC_SERVER_DURATION.exported(),
            "rpc_server_call_duration_seconds"
        );
    }
}
