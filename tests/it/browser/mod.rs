//! What people see, in a real Chromium: the stories of `tests/browser`.
//!
//! * `play`: how a story is played. `demo`: the demo, as a process of its own, before which most are.
//! * `demands`: what the reference documents demand of pages, by number.
//! * `provider`: engineers sign in at an identity provider of others.
mod demands;
mod demo;
mod play;
mod provider;

use demo::Demo;

pub(crate) use play::{free_port, modules, played, script};

#[test]
fn asked_prompted_approved_entered_watched_revoked_and_dark() {
    Demo::start("tsa").plays("whole_story");
}

#[test]
fn the_settings_page_of_lambdatest() {
    Demo::start("lambdatest").plays("settings_pages");
}

#[test]
fn the_settings_page_of_segment() {
    Demo::start("segment").plays("settings_pages");
}

#[test]
fn the_settings_page_of_salesforce() {
    Demo::start("salesforce").plays("settings_pages");
}

#[test]
fn the_settings_page_of_bizible() {
    Demo::start("bizible").plays("settings_pages");
}

#[test]
fn the_settings_page_of_tsa() {
    Demo::start("tsa").plays("settings_pages");
}
