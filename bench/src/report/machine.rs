//! The machine that was measured on.

use std::fs;
use std::thread::available_parallelism;

/// Returns the machine's load averages, where the system reports them.
pub(crate) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let averages: Vec<_> = text.split(' ').take(3).collect();
    if averages.len() < 3 {
        "unknown".to_owned()
    } else {
        averages.join(" ")
    }
}

/// Describes the processors.
pub(super) fn describe() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == "model name").then(|| value.trim().to_owned())
    });
    let cores = available_parallelism().map_or(1, usize::from);
    format!(
        "{cores} cores of {}",
        model.as_deref().unwrap_or(std::env::consts::ARCH)
    )
}
