//! What documents say exists: links lead somewhere, files that are named are there, configurations are tested.
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::source::Source;

/// Folders and files that documents speak of by their paths.
const OURS: [&str; 8] = ["src/", "tests/", "docs/", "config/", "policies/", "bin/", ".ci/", "benches/"];

/// What a document points at that `is_there` does not find; paths are relative to the repository.
pub(crate) fn dead_ends(path: &str, text: &str, is_there: &dyn Fn(&Path) -> bool) -> Vec<String> {
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    let links = between(text, "](", ")").into_iter().filter(|link| !link.contains("://") && !link.starts_with('#'));
    let links = links.map(|link| plain(&folder.join(link.split('#').next().unwrap_or(link))));
    let spans = between(text, "`", "`").into_iter().filter(|span| OURS.iter().any(|ours| span.starts_with(ours)));
    let spans = spans.filter(|span| !span.contains(['*', '<', '{', ' '])).map(PathBuf::from);
    let dead = links.chain(spans).filter(|named| !is_there(named));
    dead.map(|named| format!("{path}: there is no `{}`", named.display())).collect()
}

/// The shortest texts between an `open` and the next `close`, of one line each.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for line in text.lines() {
        let mut rest = line;
        while let Some((_, after)) = rest.split_once(open) {
            let Some((inner, after)) = after.split_once(close) else { break };
            found.push(inner);
            rest = after;
        }
    }
    found
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

/// Configurations that we hand out and no test loads: none of the tests' texts names them.
pub(crate) fn untested(shipped: &BTreeMap<String, String>, sources: &[Source]) -> Vec<String> {
    let tested =
        |path: &str| sources.iter().any(|source| source.for_tests && source.text.contains(&format!("/{path}\"")));
    shipped.keys().filter(|path| !tested(path)).map(|path| format!("{path}: no test loads it")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_or_a_file_that_is_not_there_is_found() {
        let is_there = |path: &Path| [Path::new("docs/ERRORS.md"), Path::new("src/proxy/admit.rs")].contains(&path);
        let found = |text: &str| dead_ends("docs/adr/0001.md", text, &is_there);
        let fine =
            "[errors](../ERRORS.md#codes) [there](#here) [web](https://example.com/x) `src/proxy/admit.rs` `src/*`";
        assert_eq!(found(fine), Vec::<String>::new());
        assert_eq!(found("See [this](ERRORS.md)."), ["docs/adr/0001.md: there is no `docs/adr/ERRORS.md`"]);
        assert_eq!(found("a `b` and `src/proxy/admits.rs`"), ["docs/adr/0001.md: there is no `src/proxy/admits.rs`"]);
    }

    #[test]
    fn a_configuration_without_a_test_is_found() {
        let shipped = ["config/a.toml", "config/b.toml"].map(|path| (path.to_owned(), String::new()));
        let mut test = Source::read("src/config/tests.rs", "const A: &str = include_str!(\"../../config/a.toml\");");
        test.for_tests = true;
        assert_eq!(untested(&shipped.into(), &[test]), ["config/b.toml: no test loads it"]);
    }
}
