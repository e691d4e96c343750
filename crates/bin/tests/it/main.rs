//! The program as its operators and clients know it: the real one, in a folder of its own.

mod commands;
mod config;
mod journey;
mod operator_key;
mod start;

// Marked as what it is, for the lints that let tests panic.
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
mod races;
#[cfg(test)]
mod service;
#[cfg(test)]
mod stored;
#[cfg(test)]
mod work;
