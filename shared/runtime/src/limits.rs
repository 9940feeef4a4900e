//! 限额: how much anybody may take of a service, `[limits]` of its configuration. Each has a default
//! that a bureau can begin with; `deploy/OPERATIONS.md` says when to change which.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest message that the decoders behind the layers take.
const MESSAGE_BYTES_MOST: usize = 32 << 20;

/// How much anybody may take.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections at once, of everybody.
    pub connections_max: usize,
    /// Connections at once of one peer: of a certificate's holder, or of an address (IPv6: of its /64)
    /// where none was shown or a handshake goes on. Services of the suite are not counted.
    pub connections_of_one_max: usize,
    /// How long a TLS handshake may take, and then the preface of HTTP/2, in seconds.
    pub handshake_seconds: u64,
    /// How often a connection's other end is asked whether it is there, in seconds.
    pub keepalive_seconds: u64,
    /// How long it may take to say so, in seconds, before the connection is ended.
    pub keepalive_answer_seconds: u64,
    /// How long a connection over which nothing is asked stays open, in seconds.
    pub idle_seconds: u64,
    /// Calls at once over one connection.
    pub streams_max: u32,
    /// Bytes of a request's headers, by HTTP/2's count.
    pub header_bytes_max: u32,
    /// Calls of one connection that are taken back before they are looked at (rapid reset); beyond
    /// it the connection is ended.
    pub resets_max: usize,
    /// Bytes of a message, where its interface takes it: catalogues, a hospital's day and payers' files may
    /// have 32 MiB, everything else 4.
    pub message_bytes_max: usize,
    /// How long a message may take to come, in seconds.
    pub message_seconds: u64,
    /// Bytes of messages that wait or are worked on at once, of everybody; of one caller a quarter of
    /// it.
    pub messages_bytes_max: usize,
    /// What one caller may take, where `callers` does not say otherwise.
    pub caller: CallerLimits,
    /// What these callers may take, by name: an institution's code, `platform.<name>`,
    /// `region.<area>`, an account.
    pub callers: BTreeMap<String, CallerLimits>,
    /// Callers that are remembered at once.
    pub callers_max: usize,
    /// Fewer calls than this are worked on at once in no case; `concurrent_max` is the most.
    pub in_flight_min: usize,
    /// Places beside those for everybody's calls: so many for operators, and so many for asking
    /// what became of a request and withdrawing it.
    pub reserved: usize,
    /// Calls that wait for a place.
    pub queue_max: usize,
    /// How long one waits for a place at most, in milliseconds.
    pub queue_ms: u64,
    /// When more than one of ten calls takes longer than this, and than three times what its method
    /// takes in calm, fewer are worked on at once; in milliseconds.
    pub latency_target_ms: u64,
}

/// What one caller may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallerLimits {
    /// Calls a second, in the long run; 0: as many as there is room for.
    pub rate: u32,
    /// Calls at once after a pause.
    pub burst: u32,
    /// Calls under way at once.
    pub in_flight: usize,
}

impl Default for CallerLimits {
    fn default() -> CallerLimits {
        CallerLimits {
            rate: 200,
            burst: 400,
            in_flight: 64,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 4_096,
            connections_of_one_max: 256,
            handshake_seconds: 10,
            keepalive_seconds: 30,
            keepalive_answer_seconds: 20,
            idle_seconds: 900,
            streams_max: 256,
            header_bytes_max: 16 << 10,
            resets_max: 20,
            message_bytes_max: MESSAGE_BYTES_MOST,
            message_seconds: 10,
            messages_bytes_max: 256 << 20,
            caller: CallerLimits::default(),
            callers: BTreeMap::new(),
            callers_max: 10_000,
            in_flight_min: 16,
            reserved: 16,
            queue_max: 256,
            queue_ms: 200,
            latency_target_ms: 200,
        }
    }
}

impl Limits {
    /// Those of a suite in one process, whose callers are all on the same machine: nobody must be
    /// protected from anybody.
    pub fn embedded(concurrent_max: usize) -> Limits {
        Limits {
            connections_of_one_max: 4_096,
            caller: CallerLimits {
                rate: 0,
                burst: 1,
                in_flight: concurrent_max,
            },
            in_flight_min: concurrent_max,
            ..Limits::default()
        }
    }

    /// What this caller may take.
    pub(crate) fn of(&self, caller: &str) -> CallerLimits {
        self.callers.get(caller).copied().unwrap_or(self.caller)
    }

    pub(crate) fn handshake(&self) -> Duration {
        Duration::from_secs(self.handshake_seconds)
    }

    pub(crate) fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_seconds)
    }

    /// Every limit is within bounds of its own: none can be turned off by a slip of the pen.
    pub(crate) fn check(&self) -> Result<(), String> {
        let within = |name: &str, value: u64, least: u64, most: u64| match value {
            value if (least..=most).contains(&value) => Ok(()),
            _ => Err(format!("limits.{name}: {least} to {most}")),
        };
        let count = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        let all = count(self.connections_max);
        let rows = [
            ("connections_max", all, 1, 1_000_000),
            (
                "connections_of_one_max",
                count(self.connections_of_one_max),
                1,
                all,
            ),
            ("handshake_seconds", self.handshake_seconds, 1, 60),
            ("keepalive_seconds", self.keepalive_seconds, 1, 3_600),
            (
                "keepalive_answer_seconds",
                self.keepalive_answer_seconds,
                1,
                600,
            ),
            ("idle_seconds", self.idle_seconds, 1, 86_400),
            ("streams_max", self.streams_max.into(), 1, 10_000),
            (
                "header_bytes_max",
                self.header_bytes_max.into(),
                1 << 10,
                1 << 20,
            ),
            ("resets_max", count(self.resets_max), 1, 1_000),
            (
                "message_bytes_max",
                count(self.message_bytes_max),
                1 << 10,
                count(MESSAGE_BYTES_MOST),
            ),
            ("message_seconds", self.message_seconds, 1, 600),
            // A quarter of it must hold one message.
            (
                "messages_bytes_max",
                count(self.messages_bytes_max),
                count(self.message_bytes_max).saturating_mul(4),
                1 << 40,
            ),
            ("callers_max", count(self.callers_max), 1, 10_000_000),
            ("in_flight_min", count(self.in_flight_min), 1, 100_000),
            ("reserved", count(self.reserved), 1, 10_000),
            ("queue_max", count(self.queue_max), 0, 100_000),
            ("queue_ms", self.queue_ms, 0, 60_000),
            ("latency_target_ms", self.latency_target_ms, 1, 600_000),
        ];
        for (name, value, least, most) in rows {
            within(name, value, least, most)?;
        }
        let named = self.callers.iter().map(|(name, own)| (name.as_str(), own));
        for (name, own) in named.chain([("caller", &self.caller)]) {
            let rows = [
                ("rate", own.rate.into(), 0, 1_000_000),
                ("burst", own.burst.into(), 1, 1_000_000),
                ("in_flight", count(own.in_flight), 1, 100_000),
            ];
            for (key, value, least, most) in rows {
                within(&format!("{name}.{key}"), value, least, most)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_hold_and_a_limit_out_of_bounds_is_named() {
        assert_eq!(Limits::default().check(), Ok(()));
        assert_eq!(Limits::embedded(1_024).check(), Ok(()));
        let wrong = |change: fn(&mut Limits)| {
            let mut limits = Limits::default();
            change(&mut limits);
            limits.check().unwrap_err()
        };
        let told = wrong(|limits| limits.message_bytes_max = 33 << 20);
        assert_eq!(told, "limits.message_bytes_max: 1024 to 33554432");
        assert!(wrong(|limits| limits.in_flight_min = 0).contains("in_flight_min"));
        assert!(wrong(|limits| limits.messages_bytes_max = 4 << 20).contains("messages_bytes_max"));
        let told = wrong(|limits| {
            let none = CallerLimits {
                in_flight: 0,
                ..CallerLimits::default()
            };
            limits.callers.insert("H15250100001".into(), none);
        });
        assert_eq!(told, "limits.H15250100001.in_flight: 1 to 100000");
    }
}
