//! What no file may contain: paths of one machine, and hosts to download from, except in one place.

use crate::repository::{Fault, Repository};

/// Folders of one person or one machine. Each is written in two parts, so that this file passes its own check.
const FOLDERS: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Hosts that serve packages; cargo and apt need no address of theirs in the repository.
const HOSTS: [&str; 8] = [
    concat!("static.crates", ".io"),
    concat!("index.crates", ".io"),
    concat!("repo1.maven", ".org"),
    concat!("repo.maven.apache", ".org"),
    concat!("registry.npmjs", ".org"),
    concat!("files.pythonhosted", ".org"),
    concat!("proxy.golang", ".org"),
    concat!("deb.debian", ".org"),
];

/// The only place with a default download address, that of the private PostgreSQL; it can be overridden.
const DOWNLOADS: &str = "crates/embedded-postgres/src/";

pub(super) fn nothing_of_one_machine(repository: &Repository) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, text) in repository.files() {
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(folder) = FOLDERS.iter().find(|folder| has_absolute(line, folder)) {
                faults.push(Fault::in_line(
                    path,
                    number,
                    format!("names {folder}, a folder of one machine"),
                ));
            }
            let host = HOSTS.iter().find(|host| line.contains(**host));
            if let Some(host) = host.filter(|_| !path.starts_with(DOWNLOADS)) {
                faults.push(Fault::in_line(
                    path,
                    number,
                    format!("names {host}: only {DOWNLOADS} may name a host to download from"),
                ));
            }
        }
    }
    faults
}

/// Returns whether the folder is at the beginning of a path, and not inside one.
fn has_absolute(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        before.is_none_or(|letter| !letter.is_alphanumeric() && !"._-~}>*".contains(letter))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(files: &[(&str, &str)]) -> Vec<String> {
        let faults = nothing_of_one_machine(&Repository::of(files.iter().copied()));
        faults
            .into_iter()
            .map(|fault| format!("{}:{}", fault.place, fault.line.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn relative_paths_and_words_are_accepted() {
        let text = format!(
            "src{}x.rs\n~{0}\n$ROOT/x\n/usr/lib/postgresql\nnetwork\n",
            FOLDERS[0]
        );

        assert_eq!(places(&[("a.md", &text)]), Vec::<String>::new());
    }

    #[test]
    fn folders_of_one_machine_are_refused() {
        let text = format!("fine\nsee {}main\n\"{}x\"\n", FOLDERS[0], FOLDERS[1]);

        assert_eq!(places(&[("a.md", &text)]), ["a.md:2", "a.md:3"]);
    }

    #[test]
    fn download_hosts_are_refused_but_in_the_crate_that_downloads() {
        let text = format!("https://{}/x\n", HOSTS[2]);

        assert_eq!(
            places(&[
                ("README.md", &text),
                ("crates/embedded-postgres/src/fetch.rs", &text)
            ]),
            ["README.md:1"]
        );
    }
}
