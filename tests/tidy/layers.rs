//! Who may know whom: rooms import from strictly lower rows, and some crates belong to one room.
use super::source::{Name, Source};

/// The rooms, highest row first. A room of a row knows the rows below it, and never its neighbours.
const ROWS: [&[&str]; 12] = [
    &["main"],
    &["cli"],
    &["demo"],
    &["server"],
    &["console", "support_access"],
    &["proxy", "api"],
    &["access", "cache", "notify"],
    &["store"],
    &["policy"],
    &["request", "identity", "audit", "limits", "face"],
    &["telemetry", "config", "problem"],
    &["domain"],
];

/// Rooms that a room never names, although they are below it.
const NEVER: [(&str, &str, &str); 2] = [
    ("proxy", "store", "the data plane asks the cache: with the database gone it answers by the lease, or refuses"),
    ("proxy", "access", "the data plane changes no state"),
];

/// Crates that one room alone knows.
const BELONGS: [(&str, &str); 3] = [("cedar_policy", "policy"), ("cedar_policy_symcc", "policy"), ("sqlx", "store")];

/// What one file imports that it may not.
pub(crate) fn breaches(source: &Source) -> Vec<String> {
    let Some(room) = source.room() else { return Vec::new() };
    let Some(row) = row(room) else { return vec![format!("{}: the room `{room}` is in no row", source.path)] };
    let breach = |name: &Name| {
        let wrong = wrong(room, row, name)?;
        Some(format!("{}: `{}`: {wrong}", source.at(name.line), name.segments.join("::")))
    };
    source.names.iter().filter_map(breach).collect()
}

fn wrong(room: &str, row_of_room: usize, name: &Name) -> Option<String> {
    let first = name.segments.first().map(String::as_str)?;
    if first != "crate" {
        let owner = BELONGS.iter().find(|(crate_name, _)| first == *crate_name).map(|(_, owner)| *owner)?;
        return (room != owner).then(|| format!("only `{owner}` knows this crate"));
    }
    let named = match name.segments.get(1).map(String::as_str) {
        None if name.import.is_none() => return None,
        None | Some("*" | "self") => return Some("this imports every room".to_owned()),
        Some(named) => named,
    };
    if named == room {
        return None;
    }
    if name.import.as_ref().is_some_and(|import| import.public) {
        return Some("a room hands out its own things only".to_owned());
    }
    if let Some((_, _, why)) = NEVER.iter().find(|(who, whom, _)| *who == room && *whom == named) {
        return Some((*why).to_owned());
    }
    match row(named) {
        Some(row_of_named) if row_of_named > row_of_room => None,
        Some(row_of_named) if row_of_named == row_of_room => Some("rooms of one row do not know each other".to_owned()),
        Some(_) => Some("this room is above".to_owned()),
        None => Some("this is no room".to_owned()),
    }
}

fn row(room: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&room))
}

/// Rooms of the table that the tree does not have.
pub(crate) fn missing(sources: &[Source]) -> Vec<String> {
    let there = |room: &&str| sources.iter().any(|source| source.room() == Some(room));
    let missing = ROWS.iter().copied().flatten().filter(|room| !there(room));
    missing.map(|room| format!("there is no room `{room}`")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of `text` in the file `path`, without the place.
    fn said(path: &str, text: &str) -> Vec<String> {
        let place = |breach: String| breach.split_once(": ").map_or(String::new(), |(_, what)| what.to_owned());
        breaches(&Source::read(path, text)).into_iter().map(place).collect()
    }

    #[test]
    fn a_room_knows_lower_rows_and_itself() {
        for (path, text) in [
            (
                "src/proxy/admit.rs",
                "use crate::cache::{Entry, NotAdmitted}; use super::gate::Gate; use crate::proxy::x;",
            ),
            ("src/proxy/upstream/mod.rs", "use super::gate::Gate; use super::super::cache::Entry; use self::x::Y;"),
            ("src/main.rs", "fn main() { chaperone::cli::main() }"),
            ("src/store/mod.rs", "use sqlx::Row; pub use feed::Feed; pub(crate) use self::write::Write;"),
            ("src/policy/decide.rs", "fn f() { cedar_policy::Authorizer::new(); }"),
            ("tests/it/main.rs", "use sqlx::Row; use chaperone::store::Store;"),
        ] {
            assert_eq!(said(path, text), Vec::<String>::new(), "{path}");
        }
    }

    #[test]
    fn however_it_is_written_a_room_above_is_found() {
        for text in [
            "use crate::api::ApiState;",
            "use crate::{domain::id, api};",
            "use crate::{domain::{id::A, time::B}, api::{self, c::D as E}};",
            "use super::super::api::ApiState;",
            "mod tests { use super::super::super::api::ApiState; }",
            "use super::{super::api::ApiState};",
            "fn f() { crate::api::router(); }",
            "fn f(state: Vec<crate::api::ApiState>) {}",
            "impl From<crate::api::ApiState> for X {}",
            "fn f() { tracing::info!(\"{}\", crate::api::NAME); }",
            "#[derive(crate::api::Derived)] struct X;",
            "use crate::{self as everything}; use crate::api::*;",
        ] {
            let said = said("src/access/trail.rs", text);
            assert!(said.iter().any(|said| said.ends_with(": this room is above")), "{text}: {said:?}");
        }
    }

    #[test]
    fn siblings_strangers_and_what_is_handed_on_are_found() {
        for (path, text, what) in [
            ("src/cache/fill.rs", "use crate::access::Access;", "rooms of one row do not know each other"),
            ("src/proxy/gate.rs", "use crate::store::Store;", NEVER[0].2),
            ("src/proxy/gate.rs", "fn f(a: crate::access::Access) {}", NEVER[1].2),
            ("src/cache/mod.rs", "pub use crate::store::Store;", "a room hands out its own things only"),
            ("src/cache/mod.rs", "use crate::parlour::Sofa;", "this is no room"),
            ("src/cache/mod.rs", "use super::*;", "this imports every room"),
            ("src/access/trail.rs", "use sqlx::Row as R;", "only `store` knows this crate"),
            ("src/access/trail.rs", "#[derive(sqlx::FromRow)] struct X;", "only `store` knows this crate"),
            ("src/api/v1/x.rs", "extern crate cedar_policy as c;", "only `policy` knows this crate"),
            ("src/parlour/mod.rs", "", "the room `parlour` is in no row"),
        ] {
            let said = said(path, text);
            assert!(said.iter().any(|said| said.ends_with(what)), "{path}: {text}: {said:?}");
        }
    }

    #[test]
    fn a_room_that_is_gone_is_missed() {
        assert!(missing(&[Source::read("src/domain/mod.rs", "")]).contains(&"there is no room `proxy`".to_owned()));
    }
}
