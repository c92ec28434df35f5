//! `policy test`: cases in JSON against a bundle.
use std::path::Path;

use super::bundle::Bundle;

/// What came of running the cases.
#[derive(Debug)]
pub struct TestReport {}

/// Runs every case of every `*.json` in `dir` (or the one file `dir`).
///
/// # Errors
/// When a file cannot be read or a case is malformed: file, case and what to do.
pub fn run_tests(bundle: &Bundle, dir: &Path) -> Result<TestReport, String> {
    let _ = (bundle, dir);
    todo!()
}
