//! Reads the imports of a crate from the tokens of its files.
//!
//! It knows `use`, paths and modules; it does not know which items a file defines.
//!
//! It reads tokens, not a syntax tree, because paths inside macros count too.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::modules::{Files, Import, Modules};

/// Keywords of items that end with a semicolon, even if they contain braces.
const STATEMENTS: [&str; 5] = ["use", "let", "static", "type", "const"];

/// Reads the imports of the crate whose files are in `folder`; adds a fault for each file that isn't Rust.
pub(super) fn imports(folder: &str, files: &Files, faults: &mut Vec<String>) -> Vec<Import> {
    let mut library = Modules::default();
    let mut program = Modules::default();
    let mut sources = BTreeMap::new();
    for (file, text) in files.iter().filter(|(file, _)| file.starts_with(folder)) {
        let module = module(&file[folder.len()..]);
        match text.parse::<TokenStream>() {
            Ok(tokens) => {
                let mut source = Source::default();
                source.read(&tokens.into_iter().collect::<Vec<_>>(), &module);
                sources.insert(file.as_str(), source);
            }
            Err(error) => {
                let line = error.span().start().line;
                faults.push(format!("{file}:{line}: can't be read as Rust ({error}); `cargo check` says more"));
            }
        }
        if !file.ends_with("src/main.rs") {
            library.add(module.clone(), file);
        }
        if !file.ends_with("src/lib.rs") {
            program.add(module, file);
        }
    }
    if !library.contains(&[]) {
        library = program.clone();
    }
    let tests = only_for_tests(sources.values());
    let name = crate_name(folder);
    let mut found = BTreeSet::new();
    for (&file, source) in &sources {
        let module = module(&file[folder.len()..]);
        if (1..=module.len()).any(|length| tests.contains(&module[..length])) {
            continue;
        }
        let is_program = file.ends_with("src/main.rs");
        let own = if is_program { &program } else { &library };
        let mut aliases = BTreeMap::new();
        // `use` first: a path may begin with a name that a later `use` brings into scope.
        let (uses, others): (Vec<_>, Vec<_>) = source.paths.iter().partition(|path| path.binds.is_some());
        for path in uses.into_iter().chain(others) {
            let (modules, target) = if is_program && path.segments[0] == name {
                (&library, Some(path.segments[1..].to_vec()))
            } else {
                (own, path.absolute(own, &aliases))
            };
            let Some(target) = target else { continue };
            if let Some(to) = modules.file(&target).filter(|&to| to != file) {
                found.insert(Import { from: file.to_owned(), to: to.to_owned(), line: path.line });
            }
            if let Some(binds) = path.binds.as_deref().filter(|_| modules.contains(&target)) {
                aliases.insert(binds, target);
            }
        }
    }
    found.into_iter().collect()
}

/// The module path of a file.
fn module(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs");
    if ["lib", "main"].contains(&path) {
        return Vec::new();
    }
    path.split('/').filter(|&part| part != "mod").map(str::to_owned).collect()
}

/// The name by which a binary imports the library of its package.
fn crate_name(folder: &str) -> String {
    let package = folder.trim_end_matches("/src/").rsplit('/').next().unwrap_or_default();
    package.replace('-', "_")
}

/// Modules that are only declared for tests.
fn only_for_tests<'a>(sources: impl Iterator<Item = &'a Source> + Clone) -> BTreeSet<&'a [String]> {
    let others: BTreeSet<_> = sources.clone().flat_map(|source| &source.declared).collect();
    sources.flat_map(|source| &source.tests).filter(|module| !others.contains(module)).map(Vec::as_slice).collect()
}

/// The paths and module declarations of a file.
#[derive(Default)]
struct Source {
    paths: Vec<Path>,
    /// `mod x;`
    declared: Vec<Vec<String>>,
    /// `#[cfg(test)] mod x;`
    tests: Vec<Vec<String>>,
}

/// A path as written.
struct Path {
    segments: Vec<String>,
    line: usize,
    /// The module that contains it.
    scope: Vec<String>,
    /// The name that a `use` binds it to.
    binds: Option<String>,
}

impl Path {
    /// The path from the crate's root, unless it leads to another crate.
    fn absolute(&self, modules: &Modules<'_>, aliases: &BTreeMap<&str, Vec<String>>) -> Option<Vec<String>> {
        let child = |name: &String| [self.scope.as_slice(), std::slice::from_ref(name)].concat();
        let (first, rest) = self.segments.split_first()?;
        let mut path = match first.as_str() {
            "crate" => Vec::new(),
            "self" => self.scope.clone(),
            "super" => self.scope[..self.scope.len().checked_sub(1)?].to_vec(),
            _ if modules.contains(&child(first)) => child(first),
            name => aliases.get(name)?.clone(),
        };
        for segment in rest {
            if segment == "super" {
                path.pop()?;
            } else {
                path.push(segment.clone());
            }
        }
        Some(path)
    }
}

impl Source {
    fn read(&mut self, tokens: &[TokenTree], scope: &[String]) {
        let mut at = 0;
        while at < tokens.len() {
            at += match &tokens[at..] {
                [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(attribute), ..]
                    if hash.as_char() == '#' && bang.as_char() == '!' && is_test(attribute.stream()) =>
                {
                    return;
                }
                [TokenTree::Punct(hash), TokenTree::Group(attribute), item @ ..]
                    if hash.as_char() == '#' && is_test(attribute.stream()) =>
                {
                    let length = item_length(item);
                    if let [.., TokenTree::Ident(keyword), TokenTree::Ident(name), TokenTree::Punct(_)] =
                        &item[..length]
                        && keyword == "mod"
                    {
                        self.tests.push(join(scope, name));
                    }
                    2 + length
                }
                // `pub(in crate::x)` is a visibility, not an import.
                [TokenTree::Ident(word), TokenTree::Group(limit), ..]
                    if word == "pub" && limit.delimiter() == Delimiter::Parenthesis =>
                {
                    2
                }
                [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Punct(end), ..]
                    if word == "mod" && end.as_char() == ';' =>
                {
                    self.declared.push(join(scope, name));
                    3
                }
                [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Group(body), ..] if word == "mod" => {
                    self.read(&body.stream().into_iter().collect::<Vec<_>>(), &join(scope, name));
                    3
                }
                // `+ use<'a>` lists what a type captures.
                [TokenTree::Ident(word), tree @ ..] if word == "use" && !is_punct(tree.first(), '<') => {
                    let length = tree.iter().position(|token| is_punct(Some(token), ';')).unwrap_or(tree.len());
                    self.read_use(&tree[..length], &[], scope);
                    1 + length
                }
                rest @ [TokenTree::Ident(first), ..] if is_colons(&rest[1..]) && starts_path(&tokens[..at]) => {
                    let segments = segments(rest);
                    let length = 3 * segments.len() - 2;
                    self.paths.push(Path {
                        segments,
                        line: first.span().start().line,
                        scope: scope.to_vec(),
                        binds: None,
                    });
                    length
                }
                [TokenTree::Group(group), ..] => {
                    self.read(&group.stream().into_iter().collect::<Vec<_>>(), scope);
                    1
                }
                _ => 1,
            };
        }
    }

    /// Reads a `use` tree: the tokens between `use` and its semicolon, or one branch of a group after `prefix`.
    fn read_use(&mut self, tree: &[TokenTree], prefix: &[String], scope: &[String]) {
        // `::name` is an external crate.
        if prefix.is_empty() && is_colons(tree) {
            return;
        }
        let mut segments = prefix.to_vec();
        let mut binds = None;
        let mut line = None;
        for token in tree {
            match token {
                TokenTree::Group(group) => {
                    let parts: Vec<_> = group.stream().into_iter().collect();
                    for part in parts.split(|token| is_punct(Some(token), ',')).filter(|part| !part.is_empty()) {
                        self.read_use(part, &segments, scope);
                    }
                    return;
                }
                TokenTree::Ident(word) if word == "as" => binds = Some(String::new()),
                TokenTree::Ident(name) if binds.is_some() => binds = Some(name.to_string()),
                TokenTree::Ident(word) => {
                    line = Some(word.span().start().line);
                    if word != "self" || segments.is_empty() {
                        segments.push(word.to_string());
                    }
                }
                TokenTree::Punct(_) => line = line.or_else(|| Some(token.span().start().line)),
                TokenTree::Literal(_) => {}
            }
        }
        let is_glob = is_punct(tree.last(), '*');
        let name = if is_glob { Some(String::new()) } else { binds.or_else(|| segments.last().cloned()) };
        if let (Some(line), false) = (line, segments.is_empty()) {
            self.paths.push(Path { segments, line, scope: scope.to_vec(), binds: name });
        }
    }
}

fn join(scope: &[String], name: &impl ToString) -> Vec<String> {
    [scope, &[name.to_string()]].concat()
}

fn is_punct(token: Option<&TokenTree>, character: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

/// Whether tokens begin with `::`.
fn is_colons(tokens: &[TokenTree]) -> bool {
    is_punct(tokens.first(), ':') && is_punct(tokens.get(1), ':')
}

/// Whether a name after these tokens begins a path; a segment after `::` and a method name don't.
fn starts_path(before: &[TokenTree]) -> bool {
    match before {
        [.., one, other] if is_punct(Some(one), ':') && is_punct(Some(other), ':') => false,
        [.., one, other] if is_punct(Some(other), '.') => is_punct(Some(one), '.'),
        _ => true,
    }
}

/// The segments of the path at the start of `tokens`.
fn segments(tokens: &[TokenTree]) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = tokens;
    while let [TokenTree::Ident(name), after @ ..] = rest {
        names.push(name.to_string());
        if !is_colons(after) {
            break;
        }
        rest = &after[2..];
    }
    names
}

/// Whether an attribute compiles its item for tests only: `cfg(test)` or `cfg(all(test, ...))`.
fn is_test(attribute: TokenStream) -> bool {
    let tokens: Vec<_> = attribute.into_iter().collect();
    matches!(&tokens[..], [TokenTree::Ident(cfg), TokenTree::Group(condition)]
        if cfg == "cfg" && needs_test(condition.stream()))
}

/// Whether a conjunction of conditions includes `test`.
fn needs_test(conditions: TokenStream) -> bool {
    let tokens: Vec<_> = conditions.into_iter().collect();
    tokens.split(|token| is_punct(Some(token), ',')).any(|condition| match condition {
        [TokenTree::Ident(name)] => name == "test",
        [TokenTree::Ident(all), TokenTree::Group(conditions)] => all == "all" && needs_test(conditions.stream()),
        _ => false,
    })
}

/// The number of tokens in the item, statement, field or arm at the start of `tokens`.
fn item_length(tokens: &[TokenTree]) -> usize {
    let is_word =
        |at: usize, words: &[&str]| tokens.get(at).is_some_and(|token| words.contains(&token.to_string().as_str()));
    let mut at = 0;
    while is_punct(tokens.get(at), '#') {
        at += 2;
    }
    if is_word(at, &["pub"]) {
        at += 1 + usize::from(matches!(tokens.get(at + 1), Some(TokenTree::Group(_))));
    }
    let is_statement = is_word(at, &STATEMENTS) && !is_word(at + 1, &["fn", "unsafe", "async", "extern"]);
    let is_item =
        is_word(at, &["fn", "const", "async", "unsafe", "extern", "impl", "mod", "struct", "enum", "union", "trait"]);
    let ends = |token: &TokenTree| match token {
        TokenTree::Punct(punct) if punct.as_char() == ';' => true,
        // Inside an item, commas separate generics.
        TokenTree::Punct(punct) if punct.as_char() == ',' => !is_statement && !is_item,
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => !is_statement,
        _ => false,
    };
    let rest = tokens.get(at..).unwrap_or_default();
    at + rest.iter().position(ends).map_or(rest.len(), |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the imports of an `engine/mod.rs` with this text.
    #[track_caller]
    fn check(text: &str, expected: &[(usize, &str)]) {
        check_file("crates/a-b/src/engine/mod.rs", text, expected);
    }

    #[track_caller]
    fn check_file(file: &str, text: &str, expected: &[(usize, &str)]) {
        let others = ["lib", "engine/mod", "engine/pool", "log/mod", "log/ring"];
        let mut files: Files = others.map(|name| (format!("crates/a-b/src/{name}.rs"), String::new())).into();
        files.insert(file.to_owned(), text.to_owned());
        let mut faults = Vec::new();
        let imports = imports("crates/a-b/src/", &files, &mut faults);
        assert_eq!(faults, Vec::<String>::new());
        let mut found: Vec<_> =
            imports.iter().filter(|import| import.from == file).map(|import| (import.line, &import.to[15..])).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn each_leaf_of_a_use_is_an_import() {
        check("use crate::log::Log;", &[(1, "log/mod.rs")]);
        check(
            "pub(crate) use super::{\n  log::{\n    self,\n    ring::Ring as R},\n  Name};",
            &[(3, "log/mod.rs"), (4, "log/ring.rs"), (5, "lib.rs")],
        );
        check("use crate::log::*;", &[(1, "log/mod.rs")]);
        check("fn f() { use crate::log::Log as _; }", &[(1, "log/mod.rs")]);
        check("use {std::fmt, crate::log};", &[(1, "log/mod.rs")]);
    }

    #[test]
    fn a_path_is_an_import() {
        check(
            "fn f() -> crate::log::Log {\n crate::log::ring::Ring::new::<u8>() }",
            &[(1, "log/mod.rs"), (2, "log/ring.rs")],
        );
        check("fn f(x: X) -> X { X { ..crate::log::X } }", &[(1, "log/mod.rs")]);
        check("fn f() { super::run() }", &[(1, "lib.rs")]);
    }

    #[test]
    fn a_child_module_s_name_begins_a_path() {
        check("mod pool; use pool::Pool;", &[(1, "engine/pool.rs")]);
        check("mod pool;\nfn f() { pool::run() }", &[(2, "engine/pool.rs")]);
        check("mod pool;\nfn f() { self::pool::run() }", &[(2, "engine/pool.rs")]);
    }

    #[test]
    fn a_path_through_an_imported_module_resolves_to_the_deeper_file() {
        check("fn f() {\n log::ring::new() }\nuse crate::log;", &[(2, "log/ring.rs"), (3, "log/mod.rs")]);
        check("use crate::log as l;\nfn f() { l::ring::new() }", &[(1, "log/mod.rs"), (2, "log/ring.rs")]);
    }

    #[test]
    fn paths_in_macros_are_imports() {
        check("fn f() { println!(\"{}\", crate::log::name()) }", &[(1, "log/mod.rs")]);
        check("macro_rules! m { () => { $crate::log::name() } }", &[(1, "log/mod.rs")]);
    }

    #[test]
    fn declarations_visibilities_comments_and_strings_are_not_imports() {
        check("mod pool;", &[]);
        check("pub(in crate::log) fn f() {}", &[]);
        check("/// See [`crate::log::Log`].\nfn f() {} // crate::log::Log", &[]);
        check("const TEXT: &str = \"crate::log::Log\";", &[]);
    }

    #[test]
    fn paths_to_other_crates_are_not_imports() {
        check("use std::log::Log; use ::log::Log; fn f() { ::log::log(x.log::<u8>(), <X as Y>::pool::z()) }", &[]);
        check("fn f(a: impl Fn() + use<'static>) {}", &[]);
    }

    #[test]
    fn super_in_an_inline_module_is_the_file_itself() {
        check(
            "mod inner { use super::pool::Pool; use super::super::log; }",
            &[(1, "engine/pool.rs"), (1, "log/mod.rs")],
        );
    }

    #[test]
    fn code_compiled_only_for_tests_is_skipped() {
        for item in [
            "use crate::log::{self, Log};",
            "mod tests { use crate::log; }",
            "#[path = \"x\"] pub(crate) fn f<A, B>(a: crate::log::A) -> [u8; 3] { crate::log::f() }",
            "pub const fn f() { crate::log::f() }",
            "const X: X = X { x: crate::log::X };",
            "impl<A, B> crate::log::X for A {}",
        ] {
            check(&format!("#[cfg(test)] {item}\nuse super::Name;"), &[(2, "lib.rs")]);
            check(&format!("#[cfg(all(unix, test))] {item}\nuse super::Name;"), &[(2, "lib.rs")]);
            check(&format!("#[cfg(not(test))] {item}"), &[(1, "log/mod.rs")]);
        }
        check("struct S { #[cfg(test)] a: crate::log::A,\n b: crate::B }", &[(2, "lib.rs")]);
        check("#![cfg(test)] use crate::log;", &[]);
        check("#[cfg(any(test, fuzzing))] use crate::log;", &[(1, "log/mod.rs")]);
    }

    #[test]
    fn a_file_declared_only_for_tests_is_skipped() {
        let mut files = Files::from([("a/src/model/x.rs".to_owned(), "use crate::Name;".to_owned())]);
        let mut found = |declaration: &str| {
            files.insert("a/src/lib.rs".to_owned(), declaration.to_owned());
            imports("a/src/", &files, &mut Vec::new()).len()
        };
        assert_eq!(found("#[cfg(test)] mod model;"), 0);
        assert_eq!(found("#[cfg(test)] mod model; mod model;"), 1);
        assert_eq!(found("pub mod model;"), 1);
    }

    #[test]
    fn a_binary_imports_its_library_by_the_crate_name() {
        let file = "crates/a-b/src/main.rs";
        check_file(file, "use a_b::log::Log; fn main() { a_b::run() }", &[(1, "lib.rs"), (1, "log/mod.rs")]);
        check_file(file, "use other::log::Log; fn main() { crate::run() }", &[]);
    }
}
