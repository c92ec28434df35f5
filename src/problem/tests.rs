//! The table and docs/ERRORS.md say the same, code by code.
use super::*;

const DOCUMENT: &str = include_str!("../../docs/ERRORS.md");

/// The rows of the document's table: code, status, meaning, next step.
fn documented() -> Vec<[&'static str; 4]> {
    let cells = |row: &'static str| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        <[&str; 4]>::try_from(cells).expect("a row has four cells")
    };
    DOCUMENT.lines().filter(|line| line.starts_with("| `")).map(cells).collect()
}

#[test]
fn the_document_lists_every_code_in_order_as_the_table_has_it() {
    let table: Vec<_> = Code::ALL
        .iter()
        .map(|code| {
            let meaning = meaning(code);
            let status = meaning.status.as_u16().to_string();
            [format!("`{code}`"), status, meaning.reason.to_owned(), meaning.next.to_owned()]
        })
        .collect();
    assert_eq!(documented(), table);
}

#[test]
fn a_vendors_own_code_is_a_refusal_by_policy() {
    let own = meaning(&Code::Vendor("night-shift".into()));
    assert_eq!((own.status, own.title), (StatusCode::FORBIDDEN, meaning(&Code::PolicyDenied).title));
}

#[test]
fn a_problem_says_what_the_refusal_says_and_else_what_the_table_says() {
    let request = RequestId::mint(crate::domain::time::Timestamp::from_millis(0));
    let plain = Problem::new(&Code::GrantRevoked.into(), request.clone());
    assert_eq!((plain.status, plain.detail.as_str()), (403, "the customer revoked this grant"));
    assert_eq!(plain.kind, "urn:chaperone:error:grant-revoked");

    let told = Refusal::because(Code::StaleState, "the store is away").next("wait");
    let told = Problem::new(&told, request);
    assert_eq!(
        (told.detail.as_str(), told.next.as_deref(), told.retry_after()),
        ("the store is away", Some("wait"), Some(2))
    );
}
