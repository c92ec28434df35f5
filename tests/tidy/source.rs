//! One source file, and what the rules ask of it, read off its syntax once.
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree, Visibility};

/// One file of the tree.
pub(crate) struct Source {
    /// Its path in the repository, such as `src/proxy/admit.rs`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Whether all of it is compiled for tests only.
    pub(crate) for_tests: bool,
    pub(crate) names: Vec<Name>,
    pub(crate) functions: Vec<Function>,
    pub(crate) built: Vec<Built>,
    pub(crate) words: Vec<Word>,
    pub(crate) modules: Vec<Module>,
    /// The lines of arms whose pattern is `_`, outside tests.
    pub(crate) wildcards: Vec<usize>,
    /// Types that are shown to people: `impl Display for …`.
    pub(crate) displayed: Vec<Word>,
}

/// A path of names in code: an import, a type, a call, or part of a macro's input.
pub(crate) struct Name {
    /// `crate`, `self` and `super` are resolved: the first segment is `crate` for what is our own.
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    pub(crate) in_tests: bool,
    /// How it is imported, if it is.
    pub(crate) import: Option<Import>,
}

#[derive(Clone)]
pub(crate) struct Import {
    /// `pub use`, of whatever reach.
    pub(crate) public: bool,
    pub(crate) renamed: bool,
}

/// A function, from its signature to its closing brace.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// A value made by naming its struct and fields: `Permit { … }`.
pub(crate) struct Built {
    pub(crate) what: String,
    pub(crate) line: usize,
    /// The function that it stands in.
    pub(crate) within: String,
}

/// A macro that is called (`todo!`), an attribute (`#[ignore]`), a type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) word: String,
    pub(crate) line: usize,
}

/// `mod name;`: a module in a file of its own.
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) for_tests: bool,
}

impl Source {
    /// Reads a file's syntax.
    pub(crate) fn read(path: &str, text: &str) -> Self {
        let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{path} is no Rust: {error}"));
        let mut source = Self {
            path: path.to_owned(),
            text: text.to_owned(),
            for_tests: !path.starts_with("src/"),
            names: Vec::new(),
            functions: Vec::new(),
            built: Vec::new(),
            words: Vec::new(),
            modules: Vec::new(),
            wildcards: Vec::new(),
            displayed: Vec::new(),
        };
        let module = source.module();
        Reader { source: &mut source, module, within: Vec::new(), in_tests: false }.visit_file(&syntax);
        source
    }

    /// The room that it stands in: a folder or a file of `src/`; none for `lib.rs`, the door of them all, and for tests.
    pub(crate) fn room(&self) -> Option<&str> {
        let room = self.path.strip_prefix("src/")?.split('/').next()?.trim_end_matches(".rs");
        (room != "lib").then_some(room)
    }

    /// Where it stands, as a finding says it.
    pub(crate) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path)
    }

    /// Its place among the modules: `["proxy", "upstream"]`.
    fn module(&self) -> Vec<String> {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        let root = matches!(inner, "lib" | "main");
        if root { Vec::new() } else { inner.split('/').map(ToOwned::to_owned).collect() }
    }

    /// The folder of its child modules: `src/proxy/upstream/` for both ways to write that module.
    pub(crate) fn children(&self) -> String {
        let stem = self.path.trim_end_matches(".rs");
        let (folder, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        if matches!(name, "mod" | "lib" | "main") { format!("{folder}/") } else { format!("{stem}/") }
    }
}

struct Reader<'a> {
    source: &'a mut Source,
    module: Vec<String>,
    within: Vec<String>,
    in_tests: bool,
}

impl Reader<'_> {
    fn name(&mut self, segments: Vec<String>, line: usize, import: Option<Import>) {
        let segments = resolved(segments, &self.module);
        self.source.names.push(Name { segments, line, in_tests: self.in_tests, import });
    }

    /// Every leaf of an import, with its whole path.
    fn imports(&mut self, tree: &UseTree, before: &[String], public: bool) {
        let with = |last: String| before.iter().cloned().chain([last]).collect::<Vec<_>>();
        let line = tree.span().start().line;
        match tree {
            UseTree::Path(path) => self.imports(&path.tree, &with(path.ident.to_string()), public),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.imports(tree, before, public)),
            UseTree::Name(name) => {
                self.name(with(name.ident.to_string()), line, Some(Import { public, renamed: false }));
            }
            UseTree::Rename(name) => {
                self.name(with(name.ident.to_string()), line, Some(Import { public, renamed: true }));
            }
            UseTree::Glob(_) => self.name(with("*".to_owned()), line, Some(Import { public, renamed: false })),
        }
    }

    /// Names, calls of macros and structs in the input of a macro, which has no syntax of its own.
    fn tokens(&mut self, tokens: &TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut tokens = tokens.clone().into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(ident) => {
                    let line = ident.span().start().line;
                    path.push(ident.to_string());
                    match tokens.peek() {
                        Some(TokenTree::Punct(next)) if next.as_char() == ':' => continue,
                        Some(TokenTree::Punct(next)) if next.as_char() == '!' => {
                            self.source.words.push(Word { word: format!("{ident}!"), line });
                        }
                        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                            self.source.built.push(Built { what: ident.to_string(), line, within: self.function() });
                        }
                        _ => {}
                    }
                    self.name(std::mem::take(&mut path), line, None);
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => continue,
                TokenTree::Group(group) => self.tokens(&group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            path.clear();
        }
    }

    fn function(&self) -> String {
        self.within.last().cloned().unwrap_or_default()
    }

    fn in_function(&mut self, signature: &syn::Signature, block: &syn::Block, visit: impl FnOnce(&mut Self)) {
        let (first, last) = (signature.span().start().line, block.span().end().line);
        let name = signature.ident.to_string();
        self.source.functions.push(Function { name: name.clone(), line: first, lines: last - first + 1 });
        self.within.push(name);
        visit(self);
        self.within.pop();
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let before = self.in_tests;
        self.in_tests |= attributes(item).iter().any(is_for_tests);
        visit::visit_item(self, item);
        self.in_tests = before;
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.content.is_none() {
            self.source.modules.push(Module { name: module.ident.to_string(), for_tests: self.in_tests });
        }
        self.module.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.module.pop();
    }

    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        self.imports(&import.tree, &[], !matches!(import.vis, Visibility::Inherited));
    }

    fn visit_item_extern_crate(&mut self, import: &'ast syn::ItemExternCrate) {
        let renamed = import.rename.is_some();
        let line = import.span().start().line;
        self.name(vec![import.ident.to_string()], line, Some(Import { public: false, renamed }));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let shows = item.trait_.as_ref().and_then(|(path, ..)| path.segments.last());
        if shows.is_some_and(|name| name.ident == "Display")
            && let syn::Type::Path(shown) = &*item.self_ty
            && let Some(name) = shown.path.segments.last()
        {
            let line = name.ident.span().start().line;
            self.source.displayed.push(Word { word: name.ident.to_string(), line });
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.in_function(&item.sig, &item.block, |reader| visit::visit_item_fn(reader, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        let before = self.in_tests;
        self.in_tests |= item.attrs.iter().any(is_for_tests);
        self.in_function(&item.sig, &item.block, |reader| visit::visit_impl_item_fn(reader, item));
        self.in_tests = before;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.name(segments, path.span().start().line, None);
        visit::visit_path(self, path);
    }

    fn visit_expr_struct(&mut self, made: &'ast syn::ExprStruct) {
        if let Some(last) = made.path.segments.last() {
            let line = last.ident.span().start().line;
            self.source.built.push(Built { what: last.ident.to_string(), line, within: self.function() });
        }
        visit::visit_expr_struct(self, made);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if matches!(arm.pat, syn::Pat::Wild(_)) && !self.in_tests {
            self.source.wildcards.push(arm.span().start().line);
        }
        visit::visit_arm(self, arm);
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        if let Some(last) = called.path.segments.last() {
            let word = Word { word: format!("{}!", last.ident), line: last.ident.span().start().line };
            self.source.words.push(word);
        }
        self.visit_path(&called.path);
        self.tokens(&called.tokens);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Some(last) = attribute.path().segments.last() {
            let word = Word { word: format!("#[{}]", last.ident), line: last.ident.span().start().line };
            self.source.words.push(word);
        }
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(&list.tokens);
        }
    }
}

/// A path without `crate::`, `self::` and `super::` of its own: from the crate's root where it is our own.
fn resolved(segments: Vec<String>, module: &[String]) -> Vec<String> {
    let above = segments.iter().take_while(|segment| *segment == "super").count();
    let (base, skip) = match segments.first().map(String::as_str) {
        Some("self") => {
            let above = segments.iter().skip(1).take_while(|segment| *segment == "super").count();
            (module.len().saturating_sub(above), above + 1)
        }
        Some("super") => (module.len().saturating_sub(above), above),
        Some("chaperone") => (0, 1),
        _ => return segments,
    };
    let from_root = ["crate".to_owned()].into_iter().chain(module.iter().take(base).cloned());
    from_root.chain(segments.into_iter().skip(skip)).collect()
}

/// `#[cfg(test)]`.
fn is_for_tests(attribute: &Attribute) -> bool {
    let list = attribute.meta.require_list();
    attribute.path().is_ident("cfg") && list.is_ok_and(|list| list.tokens.to_string() == "test")
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
