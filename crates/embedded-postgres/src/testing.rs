//! Helpers that the unit tests share.

use std::{
    fs::{self, File, Permissions},
    io::{BufRead, BufReader, ErrorKind, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use lzma_rust2::{XzOptions, XzWriter};
use zip::{ZipWriter, write::SimpleFileOptions};

/// Creates a bin folder whose `postgres` only prints its version.
pub(crate) fn fake_install(root: &Path, major: u32) -> PathBuf {
    let bin_dir = root.join(major.to_string()).join("bin");
    fs::create_dir_all(&bin_dir).expect("create");
    let script = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {major}.1'\n");
    for name in ["postgres", "initdb"] {
        fs::write(bin_dir.join(name), &script).expect("write");
        open(&bin_dir.join(name));
    }
    wait_until_runnable(&bin_dir.join("postgres"));
    for folder in bin_dir
        .ancestors()
        .take_while(|folder| folder.starts_with(root))
    {
        open(folder);
    }
    bin_dir
}

/// Waits until a program can be executed: a child that another test forks may
/// hold the file open for writing until it executes something else.
fn wait_until_runnable(program: &Path) {
    let busy = || {
        let tried = Command::new(program).output();
        tried.is_err_and(|cause| cause.kind() == ErrorKind::ExecutableFileBusy)
    };
    while busy() {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Lets everyone read and enter.
pub(crate) fn open(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o755)).expect("chmod");
}

/// Creates a jar with the layout of the published ones and one small file.
pub(crate) fn tiny_jar(path: &Path) {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(4);
    header.set_mode(0o755);
    tar.append_data(&mut header, "bin/postgres", &b"tiny"[..])
        .expect("tar");
    let tar = tar.into_inner().expect("tar");

    let mut xz = XzWriter::new(Vec::new(), XzOptions::with_preset(0)).expect("xz");
    xz.write_all(&tar).expect("xz");
    let xz = xz.finish().expect("xz");

    let mut zip = ZipWriter::new(File::create(path).expect("create"));
    for (name, content) in [("META-INF/MANIFEST.MF", &b"x"[..]), ("postgres.txz", &xz)] {
        zip.start_file(name, SimpleFileOptions::default())
            .expect("zip");
        zip.write_all(content).expect("zip");
    }
    zip.finish().expect("zip");
}

/// Starts a server that answers every request with one file; returns its URL
/// and a channel of the request lines.
pub(crate) fn file_server(content: Vec<u8>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let base = format!("http://{}", listener.local_addr().expect("address"));
    let (seen, requests) = mpsc::channel();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let request = answer(connection.expect("accept"), "200 OK", &content);
            if seen.send(request).is_err() {
                break;
            }
        }
    });
    (base, requests)
}

/// Reads one HTTP request, answers it with this status and content, and returns the request line.
pub(crate) fn answer(mut connection: TcpStream, status: &str, content: &[u8]) -> String {
    let mut request = String::new();
    let mut lines = BufReader::new(&connection);
    // Read to the empty line: closing with bytes unread would cut the answer off.
    while !request.ends_with("\r\n\r\n") && lines.read_line(&mut request).expect("read") > 0 {}
    let length = content.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    connection
        .write_all(&[head.as_bytes(), content].concat())
        .expect("write");
    request.lines().next().unwrap_or_default().to_owned()
}
