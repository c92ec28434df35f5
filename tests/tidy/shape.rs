//! How code is laid out: short files, short functions, each with a head that says what it is for, nothing unfinished.
use super::source::{Function, Source, Word};

/// Lines of a file, and of a function, at most.
const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 70;

/// What must not stand anywhere, and what to do instead.
const BANNED: [(&str, &str); 5] = [
    ("todo!", "write it, or leave it out"),
    ("unimplemented!", "write it, or leave it out"),
    ("dbg!", "use tracing, or nothing"),
    ("#[ignore]", "a test that does not run shows nothing: make it run, or remove it"),
    ("#[allow]", "use `#[expect(…, reason = \"…\")]`: it goes when it is not needed any more"),
];

/// A file that is too long or begins without a word on what it is for.
pub(crate) fn files(source: &Source) -> Vec<String> {
    let lines = source.text.lines().count();
    let long = (lines > LONGEST_FILE).then(|| format!("{}: {lines} lines: {LONGEST_FILE} at most", source.path));
    let head =
        source.text.lines().next().and_then(|line| line.strip_prefix("//! ")).is_some_and(|said| !said.is_empty());
    let mute = (!head).then(|| format!("{}: begin with `//!` and what the file is for", source.path));
    long.into_iter().chain(mute).collect()
}

/// Functions that are too long.
pub(crate) fn functions(source: &Source) -> Vec<String> {
    let long = source.functions.iter().filter(|function| function.lines > LONGEST_FUNCTION);
    let said = |Function { name, line, lines }: &Function| {
        format!("{}: `{name}` has {lines} lines: {LONGEST_FUNCTION} at most", source.at(*line))
    };
    long.map(said).collect()
}

/// Rooms whose head does not tell of what is in them: every module, in backticks.
pub(crate) fn heads(source: &Source) -> Vec<String> {
    if !source.path.ends_with("/mod.rs") && source.path != "src/lib.rs" {
        return Vec::new();
    }
    let head: String = source.text.lines().take_while(|line| line.starts_with("//!")).collect();
    let told = |name: &str| head.contains(&format!("`{name}`"));
    let silent = source.modules.iter().filter(|module| !module.for_tests && !source.for_tests && !told(&module.name));
    silent.map(|module| format!("{}: the head does not tell of `{}`", source.path, module.name)).collect()
}

/// What is unfinished, or switched off.
pub(crate) fn banned(source: &Source) -> Vec<String> {
    let found = |word: &Word| {
        let (what, instead) = BANNED.iter().find(|(banned, _)| word.word == *banned)?;
        Some(format!("{}: `{what}`: {instead}", source.at(word.line)))
    };
    source.words.iter().filter_map(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_or_mute_file_is_found() {
        let of = |lines: usize| format!("//! What it is for.\n{}", "\n".repeat(lines - 1));
        assert!(files(&Source::read("src/x.rs", &of(LONGEST_FILE))).is_empty());
        assert_eq!(files(&Source::read("src/x.rs", &of(LONGEST_FILE + 1))), ["src/x.rs: 401 lines: 400 at most"]);
        for mute in ["", "use std::fmt;", "//! \nfn f() {}", "\n//! Too late."] {
            assert_eq!(files(&Source::read("src/x.rs", mute)).len(), 1, "{mute:?}");
        }
    }

    #[test]
    fn a_long_function_is_found_wherever_it_is() {
        let of = |lines: usize| format!("fn long() {{{}}}", "\n".repeat(lines - 1));
        let found = |text: &str| functions(&Source::read("src/x.rs", text));
        assert!(found(&of(LONGEST_FUNCTION)).is_empty());
        let long = of(LONGEST_FUNCTION + 1);
        assert_eq!(found(&long), ["src/x.rs:1: `long` has 71 lines: 70 at most"]);
        assert_eq!(found(&format!("/// Does it.\n{long}")), ["src/x.rs:2: `long` has 71 lines: 70 at most"]);
        assert_eq!(found(&format!("mod m {{ impl X {{ {long} }} }}")).len(), 1);
    }

    #[test]
    fn a_head_that_leaves_a_module_out_is_found() {
        let found = |text: &str| heads(&Source::read("src/room/mod.rs", text));
        assert!(found("//! * `one`: this. `two`: that.\nmod one;\nmod two;\n#[cfg(test)]\nmod tests;").is_empty());
        assert_eq!(
            found("//! * `one`: this.\nmod one;\nmod two;"),
            ["src/room/mod.rs: the head does not tell of `two`"]
        );
    }

    #[test]
    fn what_is_unfinished_or_switched_off_is_found() {
        for text in [
            "fn f() { todo!() }",
            "fn f() { format!(\"{}\", unimplemented!(\"later\")) }",
            "#[test] #[ignore = \"slow\"] fn f() {}",
            "proptest! { #[test] #[ignore] fn f(x in 0..1) { dbg!(x) } }",
            "#![allow(dead_code)]",
        ] {
            assert!(!banned(&Source::read("src/x.rs", text)).is_empty(), "{text}");
        }
        assert!(banned(&Source::read("src/x.rs", "// todo! is no word here\nfn todo() {}")).is_empty());
    }
}
