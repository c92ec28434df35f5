//! The whole tree: every source file and document of the repository.
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::source::Source;

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of `src/`, `tests/` and `benches/`, with what is compiled for tests marked as such.
pub(crate) fn sources() -> Vec<Source> {
    let files = files(&["src", "tests", "benches"], "rs");
    let sources = files.iter().map(|(path, text)| Source::read(path, text)).collect();
    marked(sources)
}

/// What a file of tests declares, and what stands below it, is for tests too.
pub(crate) fn marked(mut sources: Vec<Source>) -> Vec<Source> {
    let declared = |source: &Source| {
        let folder = source.children();
        let of_tests = source.modules.iter().filter(|module| module.for_tests);
        of_tests.map(|module| format!("{folder}{}", module.name)).collect::<Vec<_>>()
    };
    let of_tests: Vec<String> = sources.iter().flat_map(declared).collect();
    for source in &mut sources {
        let below = |module: &String| {
            source.path.strip_prefix(module.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        source.for_tests |= of_tests.iter().any(below);
    }
    sources
}

/// Files of `src/` that no `mod` names: they are not compiled, so no test and no rule of the compiler holds them.
pub(crate) fn orphans(sources: &[Source]) -> Vec<String> {
    let roots = ["src/lib", "src/main"].map(ToOwned::to_owned);
    let declared = sources.iter().flat_map(|source| {
        let folder = source.children();
        source.modules.iter().map(move |module| format!("{folder}{}", module.name))
    });
    let declared: BTreeSet<String> = declared.chain(roots).collect();
    let inside = sources.iter().filter(|source| source.path.starts_with("src/"));
    let orphan = |source: &&Source| {
        let module = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
        !declared.contains(module)
    };
    inside.filter(orphan).map(|source| format!("{}: no `mod` names it", source.path)).collect()
}

/// The files below `folders` (or these files themselves) whose names end in `.extension`, by their paths.
pub(crate) fn files(folders: &[&str], extension: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for folder in folders {
        collect(&root().join(folder), extension, &mut found).unwrap_or_else(|error| panic!("{folder}: {error}"));
    }
    found
}

fn collect(path: &Path, extension: &str, found: &mut BTreeMap<String, String>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), extension, found)?;
        }
    } else if path.extension().is_some_and(|given| given == extension) {
        let name = path.strip_prefix(root()).map_err(io::Error::other)?;
        found.insert(name.display().to_string(), fs::read_to_string(path)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_test_module_declares_is_for_tests_and_nothing_else_is() {
        let sources = marked(vec![
            Source::read("src/room/mod.rs", "#[cfg(test)]\nmod tests;\nmod real;"),
            Source::read("src/room/tests.rs", ""),
            Source::read("src/room/tests/part.rs", ""),
            Source::read("src/room/tests_of_none.rs", ""),
            Source::read("src/room/real.rs", ""),
        ]);
        let of_tests: Vec<_> = sources.iter().filter(|source| source.for_tests).map(|s| s.path.as_str()).collect();
        assert_eq!(of_tests, ["src/room/tests.rs", "src/room/tests/part.rs"]);
    }

    #[test]
    fn a_file_that_no_module_names_is_found() {
        let sources = [Source::read("src/lib.rs", "mod room;"), Source::read("src/room/mod.rs", "mod real;")];
        assert_eq!(orphans(&sources), Vec::<String>::new());
        let left = Source::read("src/room/left_over.rs", "");
        let sources = sources.into_iter().chain([left]).collect::<Vec<_>>();
        assert_eq!(orphans(&sources), ["src/room/left_over.rs: no `mod` names it"]);
    }
}
