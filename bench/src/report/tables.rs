//! The tables of the report.

use super::row::Speed;
use super::{Report, optional, thousands};
use crate::export::Export;
use std::fmt::{self, Formatter};

impl Report {
    pub(super) fn write_rows(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "| customers | case | clients | to bare | to pgbench | req/s | p50 ms | p95 ms | p99 ms | bare req/s | \
             pgbench tps | round trips | CPU µs, service / bare |"
        )?;
        writeln!(out, "|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")?;
        for row in &self.rows {
            let (case, clients) = (row.case.name(), row.clients);
            write!(out, "| {} | {case} | {clients} ", thousands(row.customers))?;
            let to_pgbench = optional(row.to_pgbench, 2);
            write!(out, "| **{:.2}** | {to_pgbench} ", row.to_bare)?;
            let Speed {
                rate,
                p50,
                p95,
                p99,
                processor,
            } = row.service;
            write!(out, "| {rate:.0} | {p50:.2} | {p95:.2} | {p99:.2} ")?;
            let pgbench = optional(row.pgbench, 0);
            write!(out, "| {:.0} | {pgbench} ", row.bare.rate)?;
            let (own, bare) = (optional(processor, 0), optional(row.bare.processor, 0));
            writeln!(out, "| {} | {own} / {bare} |", row.round_trips)?;
        }
        writeln!(out)
    }

    pub(super) fn write_others(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "| customers | case | clients | to the other build | req/s | other build req/s | CPU µs | other build CPU µs |\n|--:|---|--:|--:|--:|--:|--:|--:|"
        )?;
        for row in &self.rows {
            writeln!(
                out,
                "| {} | {} | {} | **{}** | {:.0} | {} | {} | {} |",
                thousands(row.customers),
                row.case.name(),
                row.clients,
                optional(row.to_other, 2),
                row.service.rate,
                optional(row.other.map(|other| other.rate), 0),
                optional(row.service.processor, 0),
                optional(row.other.and_then(|other| other.processor), 0),
            )?;
        }
        writeln!(out)
    }

    pub(super) fn write_growth(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "| case | clients | sizes | times slower | bare program, times slower |\n|---|--:|---|--:|--:|"
        )?;
        for growth in &self.growth {
            writeln!(
                out,
                "| {} | {} | {} against {} | **{:.2}** | {:.2} |",
                growth.case.name(),
                growth.clients,
                thousands(growth.larger),
                thousands(growth.smaller),
                growth.service,
                growth.bare
            )?;
        }
        writeln!(out)
    }

    pub(super) fn write_exports(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "| customers | export | of COPY | rows/s | MB/s | COPY rows/s | COPY MB/s | MiB before / at most / after |\n\
             |--:|---|--:|--:|--:|--:|--:|--:|"
        )?;
        for (customers, export) in &self.frame.exports {
            let Export {
                format,
                service,
                copy,
                memory,
            } = export;
            let memory = memory.map_or_else(
                || "–".to_owned(),
                |[before, most, after]| format!("{before:.1} / {most:.1} / {after:.1}"),
            );
            writeln!(
                out,
                "| {} | {} | **{:.2}** | {:.0} | {:.1} | {:.0} | {:.1} | {memory} |",
                thousands(*customers),
                format.name(),
                export.to_copy(),
                service.rows_per_second(),
                service.megabytes_per_second(),
                copy.rows_per_second(),
                copy.megabytes_per_second(),
            )?;
        }
        writeln!(out)
    }
}
