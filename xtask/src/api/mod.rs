//! The public interface of the library as a list, in a file whose changes a reviewer sees.
//!
//! It knows where the library and the file are; [`exports`] and [`items`] know Rust.

mod exports;
mod items;
mod source;

#[cfg(test)]
mod conventions;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use crate::{step::Failed, workspace::root};

const SOURCE: &str = "crates/bgjobs/src";
const LIST: &str = "crates/bgjobs/public-api.txt";

const HEAD: &str =
    "What users of the library can name, as its source says it. `cargo xtask api` rewrites this file.\n\n";

/// What to do with the list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Purpose {
    Write,
    Check,
}

/// The files of a crate: their paths in its `src` folder, and their texts.
type Files = BTreeMap<String, String>;

/// Writes the list, or compares it with the source.
pub(crate) fn run(purpose: Purpose) -> Result<(), Failed> {
    let failed = |reason: String| Failed::without_step("public interface", &reason);
    let mut files = Files::new();
    read(&root().join(SOURCE), "", &mut files).map_err(|error| failed(format!("{SOURCE}: {error}")))?;
    let lines = lines(&files).map_err(failed)?;
    let list = root().join(LIST);
    match purpose {
        Purpose::Write => {
            let text = lines.iter().fold(HEAD.to_owned(), |text, line| text + line + "\n");
            fs::write(&list, text).map_err(|error| failed(format!("{LIST}: {error}")))
        }
        Purpose::Check => {
            let text = fs::read_to_string(&list).map_err(|error| failed(format!("{LIST}: {error}")))?;
            match difference(&text, &lines) {
                None => Ok(()),
                Some(difference) => Err(failed(format!(
                    "it isn't what {LIST} lists:\n{difference}hint: if you meant it, `cargo xtask api` rewrites the list"
                ))),
            }
        }
    }
}

/// The public interface of a crate, a line for each item, in order.
fn lines(files: &Files) -> Result<BTreeSet<String>, String> {
    let parse = |(path, text): (&String, &String)| match syn::parse_file(text) {
        Ok(file) => Ok((path.clone(), file)),
        Err(error) => Err(format!("{path} can't be read as Rust ({error}); `cargo check` says more")),
    };
    let files = files.iter().map(parse).collect::<Result<BTreeMap<_, _>, _>>()?;
    let exports = exports::read(&files)?;
    items::lines(&files, &exports)
}

/// What a list lacks and has too much, unless it is right.
fn difference(list: &str, lines: &BTreeSet<String>) -> Option<String> {
    let listed: BTreeSet<_> = list.lines().skip(HEAD.lines().count()).map(str::to_owned).collect();
    let gone = listed.difference(lines).map(|line| format!("- {line}\n"));
    let new = lines.difference(&listed).map(|line| format!("+ {line}\n"));
    let difference: String = gone.chain(new).collect();
    (!difference.is_empty()).then_some(difference)
}

/// Reads the Rust files of a folder and its subfolders.
fn read(folder: &Path, prefix: &str, files: &mut Files) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().display());
        if entry.path().is_dir() {
            read(&entry.path(), &format!("{path}/"), files)?;
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            files.insert(path, fs::read_to_string(entry.path())?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(files: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let files = files.iter().map(|&(path, text)| (path.to_owned(), text.to_owned())).collect();
        Ok(lines(&files)?.into_iter().collect())
    }

    #[track_caller]
    fn check(source: &str, expected: &[&str]) {
        let mut expected: Vec<_> = expected.iter().copied().map(str::to_owned).collect();
        expected.sort();
        assert_eq!(lines_of(&[("lib.rs", "mod a; pub use a::A;"), ("a.rs", source)]), Ok(expected));
    }

    #[test]
    fn a_struct_is_listed_with_its_public_fields() {
        check(
            "#[non_exhaustive] pub struct A<T: Send> { pub one: Vec<T>, two: u8 }",
            &["#[non_exhaustive] pub struct A<T: Send>", "A::one: Vec<T>"],
        );
        check("pub struct A(pub u8, u16);", &["pub struct A", "A::0: u8"]);
    }

    #[test]
    fn an_enum_is_listed_with_its_variants() {
        check(
            "pub enum A { One, Two(u8, u16), #[non_exhaustive] Three { three: u8, } }",
            &["pub enum A", "A::One", "A::Two(u8, u16)", "#[non_exhaustive] A::Three { three: u8 }"],
        );
    }

    #[test]
    fn a_method_is_listed_if_it_is_public() {
        check(
            "pub struct A; impl A { #[must_use = \"why\"] pub fn one(mut self, mut x: impl Fn()) -> u8 where u8: Copy { 1 }
             pub(crate) fn two() {} fn three() {} #[cfg(unix)] pub const FOUR: u8 = 4; }",
            &[
                "pub struct A",
                "impl A: #[must_use] pub fn one(self, x: impl Fn()) -> u8 where u8: Copy",
                "impl A: #[cfg(unix)] pub const FOUR: u8",
            ],
        );
    }

    #[test]
    fn a_signature_over_several_lines_is_one_line() {
        check(
            "pub struct A; impl A {\n    pub fn one<T>(\n        &self,\n        two: T,\n    ) -> u8\n    where\n        \
             T: Send,\n    {\n        1\n    }\n}",
            &["pub struct A", "impl A: pub fn one<T>(&self, two: T) -> u8 where T: Send"],
        );
    }

    #[test]
    fn an_implementation_is_listed_with_its_types() {
        check(
            "pub struct A; impl<'a> IntoFuture for &'a A { type Output = u8; fn into_future(self) {} }
             impl From<A> for u8 {} impl<T> From<T> for A where T: Send {}",
            &[
                "pub struct A",
                "impl<'a> IntoFuture for &'a A",
                "impl<'a> IntoFuture for &'a A: type Output = u8",
                "impl From<A> for u8",
                "impl<T> From<T> for A where T: Send",
            ],
        );
    }

    #[test]
    fn derived_traits_are_listed() {
        check(
            "#[derive(Clone, Debug)] #[cfg_attr(feature = \"serde\", derive(serde::Serialize), serde(x))] pub struct A;",
            &[
                "pub struct A",
                "impl Clone for A",
                "impl Debug for A",
                "#[cfg(feature = \"serde\")] impl serde::Serialize for A",
            ],
        );
    }

    #[test]
    fn a_trait_is_listed_with_what_it_asks_for_and_provides() {
        check(
            "pub trait A: Send { type One: Copy; fn two(&self) -> u8; fn three() {} }",
            &["pub trait A: Send", "A: type One: Copy", "A: fn two(&self) -> u8", "A: fn three() { .. }"],
        );
    }

    #[test]
    fn what_only_the_crate_can_name_is_not_listed() {
        check(
            "pub struct A; pub struct Hidden; impl Hidden { pub fn one() {} } impl Clone for Hidden {}
             impl From<Hidden> for A {} #[cfg(test)] mod tests { impl super::A { pub fn two() {} } }",
            &["pub struct A"],
        );
    }

    #[test]
    fn a_function_hides_no_module_of_its_name() {
        check("pub struct A; fn fmt() {} impl fmt::Debug for A {}", &["pub struct A", "impl fmt::Debug for A"]);
    }

    #[test]
    fn an_export_for_some_systems_says_so() {
        let lines = lines_of(&[
            ("lib.rs", "mod a; #[cfg(unix)] pub use a::b::A;"),
            ("a/mod.rs", ""),
            ("a/b.rs", "pub struct A;"),
        ]);
        assert_eq!(lines, Ok(vec!["#[cfg(unix)] pub struct A".to_owned()]));
    }

    #[test]
    fn an_item_of_another_crate_is_listed_by_its_path() {
        assert_eq!(
            lines_of(&[("lib.rs", "pub use rhai; pub use a::b::{C, D};")]),
            Ok(vec!["pub use a::b::C".to_owned(), "pub use a::b::D".to_owned(), "pub use rhai".to_owned(),])
        );
    }

    #[test]
    fn an_export_that_is_not_followed_is_an_error() {
        let lines = lines_of(&[("lib.rs", "mod a; pub use a::A;"), ("a.rs", "pub use b::A;")]);
        assert_eq!(
            lines,
            Err("lib.rs exports A, which a.rs doesn't define; export it from the module that does".to_owned())
        );
        let lines = lines_of(&[("lib.rs", "mod a; pub use a::*;"), ("a.rs", "")]);
        assert_eq!(lines, Err("lib.rs exports all of a; name what it exports".to_owned()));
        assert_eq!(
            lines_of(&[("lib.rs", "pub mod a;")]),
            Err("lib.rs has a public module a; export its items instead".to_owned())
        );
        assert_eq!(
            lines_of(&[("lib.rs", "mod a; pub use a::A as B;"), ("a.rs", "")]),
            Err("lib.rs exports A as B; rename it where it is defined".to_owned())
        );
    }

    #[test]
    fn a_difference_names_the_lines() {
        let lines = BTreeSet::from(["pub fn f()".to_owned(), "pub fn g()".to_owned()]);
        assert_eq!(difference(&format!("{HEAD}pub fn f()\npub fn g()\n"), &lines), None);
        assert_eq!(
            difference(&format!("{HEAD}pub fn e()\npub fn f()\n"), &lines).as_deref(),
            Some("- pub fn e()\n+ pub fn g()\n")
        );
    }
}
