//! 机器: where something was measured, and how much memory this process has.

use std::fs;
use std::process::Command;

/// Cores and the processor's name, such as `2 × Intel(R) Xeon(R)`.
pub fn name() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let known = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = known
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.and_then(|rest| rest.split_once(": "));
    format!("{cores} × {}", model.map_or("?", |(_, model)| model.trim()))
}

/// The commit that is measured; with a plus where files differ from it.
pub fn commit() -> String {
    let git = |arguments: &[&str]| {
        let told = Command::new("git").args(arguments).output().ok();
        let told = told.filter(|told| told.status.success())?;
        Some(String::from_utf8_lossy(&told.stdout).trim().to_string())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else {
        return "?".to_string();
    };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changed) if !changed.is_empty() => format!("{commit}+"),
        _ => commit,
    }
}

/// The cores that this process may use, by their numbers; none where the system does not tell.
pub fn cores() -> Vec<usize> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let allowed = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    listed(allowed.unwrap_or_default())
}

/// `0-2,4` as numbers.
fn listed(text: &str) -> Vec<usize> {
    let ranges = text.trim().split(',').filter_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(first.parse::<usize>().ok()?..=last.parse().ok()?)
    });
    ranges.flatten().collect()
}

/// 常驻内存 of this process in KiB; 0 where the system does not tell.
pub fn resident_kib() -> u64 {
    resident_kib_of(std::process::id())
}

/// The same of another process.
pub fn resident_kib_of(process: u32) -> u64 {
    kib(process, "VmRSS:")
}

/// The most memory that this process ever had, in KiB; 0 where the system does not tell.
pub fn most_kib() -> u64 {
    kib(std::process::id(), "VmHWM:")
}

/// Processor time of this process so far, all its threads together, in hundredths of a second; 0 where
/// the system does not tell.
pub fn processor_hundredths() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Behind the name, which may have spaces: user and system time are the 12th and 13th.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let times = fields.split_whitespace().skip(11).take(2);
    times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}

fn kib(process: u32, what: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_are_listed_as_the_system_writes_them() {
        assert_eq!(listed("\t0-2,4\n"), [0, 1, 2, 4]);
        assert_eq!(listed("7"), [7]);
        assert_eq!(listed(""), [0_usize; 0]);
    }
}
