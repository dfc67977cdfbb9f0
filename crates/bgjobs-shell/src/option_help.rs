//! An option, as it is typed, and what it does.
//!
//! Knows nothing of who takes it.

/// An option of a command or of a function.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OptionHelp {
    /// Its names, and after them an example of its value if it takes one: `-n, --last 20`, or `last: 20` in a map.
    pub(crate) typed: &'static str,
    /// What it does.
    pub(crate) what: &'static str,
}

impl OptionHelp {
    /// Its names, with their dashes if they have any.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        let in_map = self.typed.split_once(':').map(|(name, _)| name);
        let after_dashes = self.typed.split([',', ' ']).filter(|part| part.starts_with('-'));
        in_map.into_iter().chain(after_dashes)
    }

    /// Whether a command takes its next argument as the value of this option.
    pub(crate) fn takes_value(&self) -> bool {
        !self.typed.split(' ').all(|part| part.starts_with('-'))
    }
}

/// Options, a line each.
pub(crate) fn lines<'a>(options: impl IntoIterator<Item = &'a OptionHelp>) -> impl Iterator<Item = String> {
    let options: Vec<_> = options.into_iter().collect();
    let width = options.iter().map(|option| option.typed.len()).max().unwrap_or_default() + 2;
    options.into_iter().map(move |OptionHelp { typed, what }| format!("{typed:<width$}{what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_has_names_and_perhaps_a_value() {
        for (typed, names, takes_value) in [
            ("-n, --last 20", &["-n", "--last"][..], true),
            ("-f, --follow", &["-f", "--follow"], false),
            ("--since 5m", &["--since"], true),
            ("env: #{A: \"-b\"}", &["env"], true),
        ] {
            let option = OptionHelp { typed, what: "" };
            assert_eq!((option.names().collect::<Vec<_>>(), option.takes_value()), (names.to_vec(), takes_value));
        }
    }

    #[test]
    fn what_options_do_stands_in_one_column() {
        let options = [("-f", "follows"), ("--last 20", "fewer")].map(|(typed, what)| OptionHelp { typed, what });
        assert_eq!(lines(&options).collect::<Vec<_>>(), ["-f         follows", "--last 20  fewer"]);
    }
}
