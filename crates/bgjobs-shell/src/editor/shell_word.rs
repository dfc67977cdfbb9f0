//! The word of the system's shell at the end of a text, and how a name is typed in it.
//!
//! Knows nothing of which files and programs exist.

/// The quotes that a name is typed in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Quote {
    #[default]
    None,
    Single,
    Double,
}

/// The last word of a text, as far as it is typed: a path, without its quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ShellWord {
    /// The path to the entry; it ends in a slash, or is empty. Only a `~` that stands for the home folder begins it.
    pub(super) directory: String,
    /// What is typed of the entry.
    pub(super) typed: String,
    /// The quotes that the entry begins in.
    pub(super) quote: Quote,
    /// Whether it is the first word of a command.
    pub(super) is_first: bool,
}

impl ShellWord {
    /// Whether it is the name of a program, without the path to it.
    pub(super) fn is_program(&self) -> bool {
        self.is_first && self.directory.is_empty()
    }

    /// An entry as it is typed here; a folder, which ends in a slash, leaves its quotes open.
    pub(super) fn with_quotes(&self, entry: &str) -> String {
        let (end, is_special): (_, fn(char) -> bool) = match self.quote {
            Quote::Single => return entry.replace('\'', r"'\''") + if entry.ends_with('/') { "" } else { "'" },
            Quote::Double => ("\"", |c| "\"$`\\".contains(c)),
            Quote::None => ("", |c| !c.is_alphanumeric() && !"-_./+,@%:^".contains(c)),
        };
        let escaped = entry.chars().flat_map(|c| is_special(c).then_some('\\').into_iter().chain([c]));
        escaped.collect::<String>() + if entry.ends_with('/') { "" } else { end }
    }
}

/// The last word of a text, and where its entry begins; none if only the shell knows what it stands for.
pub(super) fn last_word(text: &str) -> Option<(usize, ShellWord)> {
    let mut reader = Reader::default();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' || reader.quote == Quote::Single {
            reader.read(at, c);
            continue;
        }
        match chars.next() {
            // A backslash at the end of a line continues it.
            None | Some((_, '\n')) => {}
            Some((at, c)) => {
                if reader.quote == Quote::Double && !"\"$`\\".contains(c) {
                    reader.push(at, '\\');
                }
                reader.push(at + c.len_utf8(), c);
            }
        }
    }
    reader.finish(text)
}

/// What a word is in its command.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Role {
    #[default]
    Program,
    Argument,
    /// The value in `NAME=value`, or in `--option=value`.
    Value,
    /// The file of a `<` or `>`.
    Redirection,
}

/// Reads a text character by character.
#[derive(Default)]
struct Reader {
    /// The quotes at this place.
    quote: Quote,
    word: ShellWord,
    /// Where the word begins.
    start: usize,
    /// Where its entry begins.
    entry_start: usize,
    role: Role,
    has_program: bool,
    /// Whether the shell puts something in the place of a part of the word.
    is_expanded: bool,
}

impl Reader {
    /// Reads a character that no backslash is before.
    fn read(&mut self, at: usize, c: char) {
        let next = at + c.len_utf8();
        match (self.quote, c) {
            (Quote::Single, '\'') | (Quote::Double, '"') => self.quote = Quote::None,
            (Quote::None, '\'') => self.open(Quote::Single, at),
            (Quote::None, '"') => self.open(Quote::Double, at),
            (Quote::None, '|' | '&' | ';' | '(' | '\n') => {
                self.end_word(at, next);
                (self.has_program, self.role) = (false, Role::Program);
            }
            (Quote::None, '<' | '>') => {
                self.end_word(at, next);
                self.role = Role::Redirection;
            }
            (Quote::None, ')') => self.end_word(at, next),
            (Quote::None, c) if c.is_whitespace() => self.end_word(at, next),
            (Quote::None, '=') => {
                self.word = ShellWord::default();
                (self.entry_start, self.role) = (next, Role::Value);
            }
            (Quote::None, '~') if self.start == at => self.word.typed.push('~'),
            (Quote::None, '*' | '?' | '[' | '{' | '~') | (Quote::None | Quote::Double, '$' | '`') => {
                self.is_expanded = true;
            }
            (_, c) => self.push(next, c),
        }
    }

    /// Adds a character that stands for itself, up to `next` in the text.
    fn push(&mut self, next: usize, c: char) {
        if c == '/' {
            self.word.directory += &std::mem::take(&mut self.word.typed);
            self.word.directory.push('/');
            (self.entry_start, self.word.quote) = (next, self.quote);
        } else {
            self.word.typed.push(c);
        }
    }

    fn open(&mut self, quote: Quote, at: usize) {
        self.quote = quote;
        if self.entry_start == at {
            (self.entry_start, self.word.quote) = (at + 1, quote);
        }
    }

    fn end_word(&mut self, at: usize, next: usize) {
        if at > self.start {
            self.has_program |= matches!(self.role, Role::Program | Role::Argument);
            self.role = if self.has_program { Role::Argument } else { Role::Program };
        }
        self.word = ShellWord::default();
        (self.start, self.entry_start, self.is_expanded) = (next, next, false);
    }

    fn finish(mut self, text: &str) -> Option<(usize, ShellWord)> {
        self.word.is_first = self.role == Role::Program;
        if self.word.directory.starts_with('~') && !text[self.start..].starts_with('~') {
            self.word.directory.insert_str(0, "./");
        } else if text[self.start..].starts_with('~') && !self.word.directory.starts_with("~/") {
            // The home folder of another user, or a home without its slash.
            self.is_expanded = true;
        }
        (!self.is_expanded).then_some((self.entry_start, self.word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, start: usize, directory: &str, typed: &str, quote: Quote) {
        let (found, word) = last_word(text).expect("the word is known");
        assert_eq!((found, &*word.directory, &*word.typed, word.quote), (start, directory, typed, quote), "{text}");
    }

    #[test]
    fn a_word_is_read_without_its_quotes() {
        check("cat my\\ fi", 4, "", "my fi", Quote::None);
        check("cat 'my fi", 5, "", "my fi", Quote::Single);
        check("cat \"it's", 5, "", "it's", Quote::Double);
    }

    #[test]
    fn a_path_is_read_up_to_its_last_slash() {
        check("cat é/b/c", 9, "é/b/", "c", Quote::None);
        check("cat \"my a\"/b", 11, "my a/", "b", Quote::None);
        check("cat \"my a/b", 10, "my a/", "b", Quote::Double);
        check("cat >my\\ a/b", 11, "my a/", "b", Quote::None);
        check("cc --out=a/b", 11, "a/", "b", Quote::None);
        check("cat ~/a", 6, "~/", "a", Quote::None);
        check("cat '~/a", 7, "./~/", "a", Quote::Single);
        check("cat \\~/a", 7, "./~/", "a", Quote::None);
        check("a \\\n b", 5, "", "b", Quote::None);
    }

    #[test]
    fn what_the_shell_expands_is_not_known() {
        for text in ["ls $HO", "ls *", "ls a?", "ls [a", "ls {a", "ls \"$a", "ls `a", "ls ~", "ls ~root/", "ls a~"] {
            assert_eq!(last_word(text), None, "{text}");
        }
    }

    #[test]
    fn the_first_word_of_a_command_is_a_program() {
        for text in ["", "ma", "'ma", "a | b", "a;b", "a && b", "X=1 ma", ">a b", "echo $(b"] {
            assert!(last_word(text).expect("the word is known").1.is_program(), "{text}");
        }
        for text in ["a ", "a b", "./a", "X=b", ">a", "> a", "a | b c"] {
            assert!(!last_word(text).expect("the word is known").1.is_program(), "{text}");
        }
    }

    #[test]
    fn a_name_is_typed_so_that_the_shell_reads_it_back() {
        for name in ["plain.txt", "my file", "it's", "say \"a\"", "$HOME", "a\\b", "#a", "~", "a*;&|<>(){}[]!?", "é ü"]
        {
            for quote in ["", "'", "\""] {
                let word = last_word(&format!("cat {quote}")).expect("the word is known").1;
                let typed = format!("cat {quote}{}", word.with_quotes(name));
                assert_eq!(shlex::split(&typed), Some(vec!["cat".to_owned(), name.to_owned()]), "{typed}");
                assert_eq!(last_word(&typed).map(|(_, word)| word.typed).as_deref(), Some(name), "{typed}");
            }
        }
    }
}
