//! Why a text does not compile: in Rhai's words, or in clearer ones where the text shows what was meant.

use rhai::{LexError, ParseError, ParseErrorType, Position};

use super::{
    dict_hint, keyword_hint,
    scan::{Kind, opening, scan},
};

/// The error of a text, made clearer if possible.
pub(crate) fn explain(error: ParseError, text: &str) -> ParseError {
    let scan = scan(text).chars;
    let Some(index) = index_of(error.position(), &scan) else { return error };
    let message = error.err_type();
    let clearer = keyword_hint::hint(&scan, index)
        .or_else(|| dict_hint::hint(&scan, index).map(|hint| format!("{message}; {hint}")))
        .or_else(|| unclosed(message, &scan, index))
        .or_else(|| set_on_call(message, &scan, index));
    match clearer {
        Some(text) => {
            let cause = LexError::ImproperSymbol(String::new(), text);
            ParseError(Box::new(ParseErrorType::BadInput(cause)), error.1)
        }
        None => error,
    }
}

/// The index of the character at a position.
pub(crate) fn index_of(position: Position, scan: &[(char, Kind)]) -> Option<usize> {
    let before = scan.split_inclusive(|&(c, _)| c == '\n').take(position.line()? - 1);
    Some(before.map(<[_]>::len).sum::<usize>() + position.position()?.checked_sub(1)?)
}

/// If a bracket is open at the end of a text, the token that Rhai asks for is not what is missing.
fn unclosed(message: &ParseErrorType, scan: &[(char, Kind)], index: usize) -> Option<String> {
    let ParseErrorType::MissingToken(wanted, _) = message else { return None };
    let is_end = scan.iter().skip(index).all(|&(c, kind)| c.is_whitespace() || kind == Kind::Comment);
    let open = opening(scan).filter(|_| is_end)?;
    let open_bracket = scan[open].0;
    let bracket = match open_bracket {
        '(' => ')',
        '[' => ']',
        _ => '}',
    };
    let line = 1 + scan[..open].iter().filter(|&&(c, _)| c == '\n').count();
    let is_other = !wanted.starts_with(bracket);
    is_other.then(|| format!("Expecting '{bracket}' to close the '{open_bracket}' of line {line}"))
}

/// A property of a call's result can be set only if the result has a name.
fn set_on_call(message: &ParseErrorType, scan: &[(char, Kind)], index: usize) -> Option<String> {
    let is_assignment = matches!(message, ParseErrorType::AssignmentToInvalidLHS(_));
    let code = scan.iter().skip(index).map(|&(c, kind)| if kind == Kind::Code { c } else { ' ' });
    let target: String = code.take_while(|&c| c != '=' && c != ';').collect();
    let (_, property) = target.trim_end().rsplit_once(").").filter(|_| is_assignment)?;
    rhai::is_valid_identifier(property)
        .then(|| format!("{message}: what a call returns needs a name first, as in x = f(); x.{property} = 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let error = rhai::Engine::new_raw().compile(text).expect_err("it is not whole");
        assert_eq!(explain(error, text).err_type().to_string(), expected);
    }

    #[test]
    fn setting_a_property_of_a_call_needs_a_name() {
        let hint =
            "Expression cannot be assigned to: what a call returns needs a name first, as in x = f(); x.limit = 1";
        check("jobs.group(\"io\").limit = 2", hint);
        check("f() = 2", "Expression cannot be assigned to");
    }

    #[test]
    fn an_open_bracket_at_the_end_is_named() {
        check("fn f() {\n  1\n", "Expecting '}' to close the '{' of line 1");
        check("if a {\n  if b {\n    1 // one\n", "Expecting '}' to close the '{' of line 2");
        check("fn f() {", "Expecting '}' to terminate this block");
        check("[1,\n 2", "Expecting ']' to end this array literal");
        check("(1 + ", "Script is incomplete");
        check("{ a b }", "Expecting ';' to terminate this statement");
    }
}
