//! The demo as a user starts it.
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use super::{modules, played, script};

/// `chaperone demo`; it is ended when this is dropped.
pub(super) struct Demo {
    child: Child,
    profile: &'static str,
    /// Gate, app and desk.
    places: [String; 3],
}

impl Demo {
    /// Starts it, and waits until it says where its parts are.
    pub(super) fn start(profile: &'static str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chaperone"));
        command.args(["demo", "--port", "0", "--profile", profile]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut place = |named: &str| {
            let line = lines.by_ref().map(Result::unwrap).find(|line| line.trim_start().starts_with(named));
            let line = line.unwrap_or_else(|| panic!("the demo does not say where `{named}` is"));
            let address = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
            address.trim_end_matches('/').to_owned()
        };
        let desk = place("Start here");
        let places = [place("The gate"), place("Ledgerly"), desk];
        Self { child, profile, places }
    }

    /// Has Chromium play `tests/browser/{story}.mjs`.
    #[track_caller]
    pub(super) fn plays(&self, story: &str) {
        self.told(Command::new("node").arg(script(story)));
    }

    /// Has Chromium play the one of `tests/browser/demands.mjs`.
    #[track_caller]
    pub(super) fn meets(&self, demand: &str) {
        self.told(Command::new("node").arg(script("demands")).arg(demand));
    }

    #[track_caller]
    fn told(&self, story: &mut Command) {
        let [gate, app, desk] = &self.places;
        story.env("CHAPERONE_BROWSER", modules()).env("CHAPERONE_PROFILE", self.profile);
        played(story.env("CHAPERONE_PLACES", json!({"gate": gate, "app": app, "desk": desk}).to_string()));
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
