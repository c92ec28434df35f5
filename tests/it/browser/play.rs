//! How a story of `tests/browser` is played: by Node.js, in Debian's Chromium.
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a story stands.
pub(crate) fn script(story: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser").join(format!("{story}.mjs"))
}

/// Runs a story; it tells by itself what does not hold.
#[track_caller]
pub(crate) fn played(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("node: {error}; run bin/test"));
    let (told, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}\n{complained}");
}

/// Where `bin/upstreams` has put what the stories are played with.
pub(crate) fn modules() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_chaperone")).parent().and_then(Path::parent).unwrap();
    let modules = target.join("upstreams/browser");
    assert!(modules.join("node_modules").exists(), "there is no `{}`; run bin/upstreams", modules.display());
    modules
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
