//! The real program, as its operators and clients use it, each time in a new folder.

mod commands;
mod config;
mod journey;
mod operator_key;
mod start;

// Marked as test code, for the lints that let tests panic.
#[cfg(test)]
mod address_races;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod canary;
#[cfg(test)]
mod client;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod races;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod service;
#[cfg(test)]
mod stored;
#[cfg(test)]
mod sync;
#[cfg(test)]
mod work;
