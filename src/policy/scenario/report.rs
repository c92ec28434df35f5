//! What came of running cases.
use std::fmt;

use serde::Serialize;

/// What came of running the cases.
#[derive(Debug, Default, Serialize)]
pub struct TestReport {
    /// Every case, in the order of the files.
    pub cases: Vec<CaseReport>,
}

/// What came of one case.
#[derive(Debug, Serialize)]
pub struct CaseReport {
    /// The file it stands in.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Whether everything came as expected.
    pub passed: bool,
    /// What came otherwise, a line each.
    pub differences: Vec<String>,
}

impl TestReport {
    pub(super) fn add(&mut self, file: &str, name: &str, differences: Vec<String>) {
        let passed = differences.is_empty();
        self.cases.push(CaseReport { file: file.to_owned(), name: name.to_owned(), passed, differences });
    }

    /// Whether every case came as expected.
    #[must_use]
    pub fn all_passed(&self) -> bool {
        self.failed().next().is_none()
    }

    /// The cases that did not.
    pub fn failed(&self) -> impl Iterator<Item = &CaseReport> {
        self.cases.iter().filter(|case| !case.passed)
    }
}

impl fmt::Display for TestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for case in self.failed() {
            writeln!(f, "FAILED {}: {}", case.file, case.name)?;
            for line in &case.differences {
                writeln!(f, "    {line}")?;
            }
        }
        let failed = self.failed().count();
        let passed = self.cases.len() - failed;
        writeln!(f, "{passed} passed, {failed} failed")
    }
}
