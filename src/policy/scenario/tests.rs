//! No guardrail without a case, and no case that passes without its guardrail.
use super::*;

#[test]
fn every_built_in_case_comes_as_expected() {
    let bundle = Bundle::builtin().unwrap();
    let report = run_builtin_tests(&bundle, true).unwrap();
    assert!(report.all_passed() && report.cases.len() > 100, "{report}");
}
