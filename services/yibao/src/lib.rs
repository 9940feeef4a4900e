//! 一个程序: every service of the suite in one process on embedded databases, the demonstration
//! area with its story, and the operator's command line.
//!
//! It decides nothing about insurance: what it shows, it asks the services over gRPC, by the same
//! calls anybody would make. It refuses to know any service's inside; integration tests open the
//! same [`suite::Suite`].
//!
//! ```text
//! yibao        open ─▶ serve ─▶ load the area, if empty ─▶ tell the story ─▶ until Ctrl-C ─▶ drain
//! yibao demo   open ─▶ serve ─▶ load the area, if empty ─▶ tell the story ─▶ drain, exit status
//! yibao up     open ─▶ serve ─▶ until Ctrl-C ─▶ drain
//! yibao access who may call what; certificate, token: what shows who asks
//! yibao call   any method of any running server, by reflection
//! yibao batch  a file of claims: settled or priced one by one, or all together; again goes on
//! yibao bench  claims and sagas a second, beside what was measured before
//! yibao policy new ─▶ check, explain, diff ─▶ propose ─▶ activate, by another person ─▶ list
//! yibao reconcile  an institution's day against the bureau's, row by row
//! yibao receipt  a settlement as PDF
//! yibao simulate  a year of settlements under another package ─▶ table, CSV, SVG
//! yibao receivables  what patients have not paid by a day
//! yibao access-log  who read what is known of whom
//! yibao replay settlements computed again from what they rest on ─▶ 1 when one is not what it was
//! yibao late-facts  shows what moves ─▶ --pay with the digest that was shown
//! yibao audit  what was altered in the databases, against their signed heads ─▶ proofs of events
//! yibao backup a serving suite's databases at one moment ─▶ restore into an empty folder ─▶ verify
//! yibao health 0 when a suite serves
//! yibao saga   list, show ─▶ reckon ─▶ retry, resume, bulk, or propose and approve to abandon
//! ```

pub mod access;
mod access_log;
mod activation;
pub mod area;
mod audit;
mod author;
pub mod authority;
mod backup;
mod batch;
mod bench;
pub mod call;
mod catalogue;
pub mod cli;
pub mod desk;
pub mod envelope;
mod envelope_keys;
pub mod files;
mod folder;
mod heads;
mod health;
mod host;
mod indicator;
pub mod issuer;
mod late_facts;
mod payer_file;
pub mod people;
mod progress;
mod reach;
mod receipt;
mod receivables;
mod reconcile;
mod replay;
mod saga;
pub mod simulate;
pub mod story;
pub mod suite;
pub mod told;
mod upkeep;

pub use progress::Progress;
