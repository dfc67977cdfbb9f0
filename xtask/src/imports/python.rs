//! Reads the imports of a Python package from the tokens of its files.
//!
//! It knows `import` and `from`; it does not know what a module defines.

use std::collections::BTreeSet;

use super::modules::{Files, Import, Modules, extension};

/// Reads the imports of the package whose files are in `folder`.
pub(super) fn imports(folder: &str, files: &Files) -> Vec<Import> {
    let mut modules = Modules::default();
    let files = files.iter().filter(|(file, _)| file.starts_with(folder));
    for (file, _) in files.clone() {
        modules.add(module(&file[folder.len()..]), file);
    }
    let package = folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let mut found = BTreeSet::new();
    for (file, text) in files.filter(|(file, _)| extension(file) == Some("py")) {
        let mut parent = module(&file[folder.len()..]);
        if !file.ends_with("/__init__.py") {
            parent.pop();
        }
        for (line, path) in imported(text) {
            let Some(path) = absolute(package, &parent, &path) else { continue };
            if let Some(to) = modules.file(&path).filter(|to| to != file) {
                found.insert(Import { from: file.clone(), to: to.to_owned(), line });
            }
        }
    }
    found.into_iter().collect()
}

/// The module path of a file, inside the package.
fn module(file: &str) -> Vec<String> {
    // A stub stands for its extension module.
    let path = file.trim_end_matches(".pyi").trim_end_matches(".py");
    path.split('/').filter(|&part| part != "__init__").map(str::to_owned).collect()
}

/// The module path inside the package, unless `path` leads elsewhere.
fn absolute(package: &str, parent: &[String], path: &str) -> Option<Vec<String>> {
    let names = path.trim_start_matches('.');
    let dots = path.len() - names.len();
    let names = names.split('.').filter(|name| !name.is_empty()).map(str::to_owned);
    if dots == 0 {
        let mut names = names;
        return (names.next()? == package).then(|| names.collect());
    }
    let above = parent.get(..(parent.len() + 1).checked_sub(dots)?)?;
    Some(above.iter().cloned().chain(names).collect())
}

/// The imports of a file, each with its line and dotted path: `from .a import b` imports `.a.b`.
fn imported(text: &str) -> Vec<(usize, String)> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    for statement in tokens.split(|(_, word)| word == "\n" || word == ";") {
        let Some(at) = statement.iter().position(|(_, word)| word == "import") else { continue };
        let (before, after) = (&statement[..at], &statement[at + 1..]);
        let from = before.iter().rposition(|(_, word)| word == "from");
        let from: String =
            from.map(|at| before[at + 1..].iter().map(|(_, word)| word.as_str()).collect()).unwrap_or_default();
        let separator = if from.is_empty() || from.ends_with('.') { "" } else { "." };
        for name in after.split(|(_, word)| word == ",") {
            let name: Vec<_> = name.iter().filter(|(_, word)| word != "(" && word != ")").collect();
            let path: String = name.iter().map(|(_, word)| word.as_str()).take_while(|&word| word != "as").collect();
            if let Some((line, _)) = name.first() {
                found.push((*line, format!("{from}{separator}{}", path.trim_end_matches('*'))));
            }
        }
    }
    found
}

/// The tokens of a file with their lines, without comments and line ends inside brackets. A string is one token.
fn tokens(text: &str) -> Vec<(usize, String)> {
    let mut words: Vec<(usize, String)> = Vec::new();
    let (mut rest, mut line, mut depth) = (text, 1, 0_u32);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' | '\'' => string_length(rest, first),
            _ if first == '_' || first.is_alphanumeric() => {
                rest.find(|character: char| character != '_' && !character.is_alphanumeric()).unwrap_or(rest.len())
            }
            '\\' if rest.starts_with("\\\n") => 2,
            _ => first.len_utf8(),
        };
        let word = &rest[..length];
        match first {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let is_left_out = match first {
            '#' | '\\' => true,
            '\n' => depth > 0,
            _ => first.is_whitespace(),
        };
        if !is_left_out {
            words.push((line, word.to_owned()));
        }
        line += word.matches('\n').count();
        rest = &rest[length..];
    }
    words
}

/// The length of the string literal at the start of `text`.
fn string_length(text: &str, quote: char) -> usize {
    let triple = quote.to_string().repeat(3);
    let end = if text.starts_with(&triple) { triple } else { quote.to_string() };
    let mut at = end.len();
    while let Some(next) = text[at..].chars().next() {
        if text[at..].starts_with(&end) {
            return at + end.len();
        }
        at += next.len_utf8();
        if next == '\\' {
            at += text[at..].chars().next().map_or(0, char::len_utf8);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the imports of a `jobs.py` with this text.
    #[track_caller]
    fn check(text: &str, expected: &[(usize, &str)]) {
        let others = ["__init__.py", "output.py", "_core.pyi", "inner/__init__.py", "inner/part.py"];
        let mut files: Files = others.map(|name| (format!("python/bgjobs/{name}"), String::new())).into();
        files.insert("python/bgjobs/jobs.py".to_owned(), text.to_owned());
        let imports = imports("python/bgjobs/", &files);
        let mut found: Vec<_> =
            imports.iter().map(|import| (import.line, &import.to["python/bgjobs/".len()..])).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn every_form_of_import_is_read() {
        check("import bgjobs.output", &[(1, "output.py")]);
        check("import os, bgjobs.output as o", &[(1, "output.py")]);
        check("import bgjobs", &[(1, "__init__.py")]);
        check("from bgjobs.output import Log", &[(1, "output.py")]);
        check("from bgjobs import output, inner", &[(1, "inner/__init__.py"), (1, "output.py")]);
        check("from . import output as o, _core", &[(1, "_core.pyi"), (1, "output.py")]);
        check("from .output import Log as L, *", &[(1, "output.py")]);
        check("from .inner.part import x", &[(1, "inner/part.py")]);
        check("from .inner import part, other", &[(1, "inner/__init__.py"), (1, "inner/part.py")]);
    }

    #[test]
    fn a_name_that_is_not_a_module_is_imported_from_the_package_itself() {
        check("from bgjobs import install", &[(1, "__init__.py")]);
        check("from . import install", &[(1, "__init__.py")]);
    }

    #[test]
    fn imports_are_found_anywhere_in_a_file() {
        check("from . import (  # all\n    output,\n\n    _core,\n)\n", &[(2, "output.py"), (4, "_core.pyi")]);
        check("from . import \\\n  output", &[(2, "output.py")]);
        check("if TYPE_CHECKING:\n    from .output import Log\n", &[(2, "output.py")]);
        check("def f():\n    x = 1; from . import output; y = 2\n", &[(2, "output.py")]);
        check("try: import bgjobs.output\nexcept ImportError: pass", &[(1, "output.py")]);
    }

    #[test]
    fn strings_and_comments_are_skipped() {
        check("'''\nfrom . import output\n'''\n# from . import output\n", &[]);
        check("x = r\"\\\" ; from . import output\"\ny = 'a\\'; from . import output'", &[]);
        check("'''it's'''\nfrom . import output\n", &[(2, "output.py")]);
    }

    #[test]
    fn imports_from_elsewhere_do_not_count() {
        check("import output\nfrom output import x\nfrom bgjobs_x import output\nfrom .. import output\n", &[]);
        check("raise X from output\n", &[]);
    }

    #[test]
    fn dots_are_relative_to_the_file_s_package() {
        let files = [
            ("p/__init__.py", ""),
            ("p/a.py", ""),
            ("p/inner/__init__.py", "from . import b\nfrom ..a import x"),
            ("p/inner/b.py", "from .. import a"),
        ];
        let files = files.map(|(file, text)| (file.to_owned(), text.to_owned())).into();
        let found: Vec<_> = imports("p/", &files).into_iter().map(|import| (import.from, import.to)).collect();
        let expected =
            [("p/inner/__init__.py", "p/a.py"), ("p/inner/__init__.py", "p/inner/b.py"), ("p/inner/b.py", "p/a.py")];
        assert_eq!(found, expected.map(|(from, to)| (from.to_owned(), to.to_owned())));
    }
}
