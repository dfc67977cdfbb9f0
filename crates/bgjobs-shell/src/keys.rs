//! Keys as a terminal sends them, and as the line editor takes them.
//!
//! Knows nothing of what a key does.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

/// The keys that a terminal sends as a sequence, by its end.
const SEQUENCES: [(KeyCode, &str); 7] = [
    (KeyCode::Up, "A"),
    (KeyCode::Down, "B"),
    (KeyCode::Right, "C"),
    (KeyCode::Left, "D"),
    (KeyCode::End, "F"),
    (KeyCode::Home, "H"),
    (KeyCode::Delete, "3~"),
];

/// What a terminal sends for an event; nothing for one that is no key.
pub(crate) fn to_bytes(event: &Event) -> String {
    match event {
        Event::Paste(text) => text.clone(),
        Event::Key(KeyEvent { code, modifiers, .. }) => {
            let alt = if modifiers.contains(KeyModifiers::ALT) { "\x1b" } else { "" };
            let sequence = |code: &KeyCode| SEQUENCES.iter().find(|(key, _)| key == code).map(|(_, end)| *end);
            let key = match code {
                KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
                    char::from(*c as u8 & 0x1f).to_string()
                }
                KeyCode::Char(c) => c.to_string(),
                KeyCode::Enter => "\r".to_owned(),
                KeyCode::Tab => "\t".to_owned(),
                KeyCode::Backspace => "\x7f".to_owned(),
                KeyCode::Esc => "\x1b".to_owned(),
                code => sequence(code).map_or_else(String::new, |end| format!("\x1b[{end}")),
            };
            format!("{alt}{key}")
        }
        _ => String::new(),
    }
}

/// The events of what a terminal has sent; a sequence that is not known is left out.
pub(crate) fn from_bytes(bytes: &[u8]) -> Vec<Event> {
    let text = String::from_utf8_lossy(bytes);
    let (mut rest, mut events) = (&*text, Vec::new());
    while let Some(c) = rest.chars().next() {
        let mut key = |code, modifiers| events.push(Event::Key(KeyEvent::new(code, modifiers)));
        if let Some(sequence) = rest.strip_prefix("\x1b[") {
            let end = sequence.find(|c: char| ('@'..='~').contains(&c)).map_or(sequence.len(), |end| end + 1);
            let known = SEQUENCES.iter().find(|(_, known)| *known == &sequence[..end]);
            if let Some((code, _)) = known {
                key(*code, KeyModifiers::NONE);
            }
            rest = &sequence[end..];
            continue;
        }
        let after = rest.strip_prefix('\x1b').and_then(|after| after.chars().next());
        if let Some(c) = after.filter(|c| !c.is_control()) {
            // Alt is the same as Esc before.
            key(KeyCode::Char(c), KeyModifiers::ALT);
            rest = &rest[1 + c.len_utf8()..];
            continue;
        }
        match c {
            '\r' | '\n' => key(KeyCode::Enter, KeyModifiers::NONE),
            '\t' => key(KeyCode::Tab, KeyModifiers::NONE),
            '\x7f' => key(KeyCode::Backspace, KeyModifiers::NONE),
            '\x1b' => key(KeyCode::Esc, KeyModifiers::NONE),
            '\0'..='\x1a' => key(KeyCode::Char(char::from(c as u8 | 0x60)), KeyModifiers::CONTROL),
            c => key(KeyCode::Char(c), KeyModifiers::NONE),
        }
        rest = &rest[c.len_utf8()..];
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_same_on_both_sides() {
        for keys in ["", "6 * 7\r", "é日\x7f\t\x01\x1a", "\x1b[A\x1b[D\x1b[3~x", "\x1b.\x1bb\x1b\x1b[A", "\x1b"] {
            let events = from_bytes(keys.as_bytes());
            assert_eq!(events.iter().map(to_bytes).collect::<String>(), keys);
        }
        assert_eq!(from_bytes(b"a\n\x1b[5~b"), from_bytes(b"a\rb"));
    }
}
