//! Reads the imports of a crate: resolves the paths in its files to files.
//!
//! It knows how paths lead to modules; it does not know Rust's syntax, or which items a file defines.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    modules::{Files, Import, Modules},
    source::{Path, Source},
};

/// Reads the imports of the crate whose files are in `folder`; adds a fault for each file that isn't Rust.
pub(super) fn imports(folder: &str, files: &Files, faults: &mut Vec<String>) -> Vec<Import> {
    let mut library = Modules::default();
    let mut program = Modules::default();
    let mut sources = BTreeMap::new();
    for (file, text) in files.iter().filter(|(file, _)| file.starts_with(folder)) {
        let module = module(&file[folder.len()..]);
        match Source::new(text, &module) {
            Ok(source) => {
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
        if file.ends_with("src/main.rs") {
            found.extend(resolve(file, source, &program, Some((&name, &library))));
        } else {
            found.extend(resolve(file, source, &library, None));
        }
    }
    found.into_iter().collect()
}

/// Resolves the paths of a file to files of its own crate, and of the library that a binary names.
fn resolve(file: &str, source: &Source, own: &Modules<'_>, library: Option<(&str, &Modules<'_>)>) -> Vec<Import> {
    let mut imports = Vec::new();
    let mut aliases = BTreeMap::new();
    // `use` first: a path may begin with a name that a later `use` brings into scope.
    let (uses, others): (Vec<_>, Vec<_>) = source.paths.iter().partition(|path| path.binds.is_some());
    for path in uses.into_iter().chain(others) {
        let (modules, target) = match library {
            Some((name, library)) if path.segments[0] == name => (library, Some(path.segments[1..].to_vec())),
            _ => (own, absolute(path, own, &aliases)),
        };
        let Some(target) = target else { continue };
        if let Some(to) = modules.file(&target).filter(|&to| to != file) {
            imports.push(Import { from: file.to_owned(), to: to.to_owned(), line: path.line });
        }
        if let Some(binds) = path.binds.as_deref().filter(|_| modules.contains(&target)) {
            aliases.insert(binds, target);
        }
    }
    imports
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

/// The path from the crate's root, unless it leads to another crate.
fn absolute(written: &Path, modules: &Modules<'_>, aliases: &BTreeMap<&str, Vec<String>>) -> Option<Vec<String>> {
    let child = |name: &String| [written.scope.as_slice(), std::slice::from_ref(name)].concat();
    let (first, rest) = written.segments.split_first()?;
    let mut path = match first.as_str() {
        "crate" => Vec::new(),
        "self" => written.scope.clone(),
        "super" => written.scope[..written.scope.len().checked_sub(1)?].to_vec(),
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
            "const X: X = X { x: 1 }.with(crate::log::X);",
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
