//! Reads the paths and module declarations of a Rust file from its tokens.
//!
//! It knows Rust's syntax; it does not know which modules exist.
//!
//! It reads tokens, not a syntax tree, because paths inside macros count too.

use proc_macro2::{Delimiter, LexError, TokenStream, TokenTree};

/// Keywords of items that end with a semicolon, even if they contain braces.
const STATEMENTS: [&str; 5] = ["use", "let", "static", "type", "const"];

/// The paths and module declarations of a file.
#[derive(Default)]
pub(super) struct Source {
    pub(super) paths: Vec<Path>,
    /// `mod x;`
    pub(super) declared: Vec<Vec<String>>,
    /// `#[cfg(test)] mod x;`
    pub(super) tests: Vec<Vec<String>>,
}

/// A path as written.
pub(super) struct Path {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
    /// The module that contains it.
    pub(super) scope: Vec<String>,
    /// The name that a `use` binds it to.
    pub(super) binds: Option<String>,
}

impl Source {
    /// Reads the file of a module.
    pub(super) fn new(text: &str, module: &[String]) -> Result<Self, LexError> {
        let mut source = Self::default();
        source.read(&text.parse::<TokenStream>()?.into_iter().collect::<Vec<_>>(), module);
        Ok(source)
    }

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
