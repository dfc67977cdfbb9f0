//! The prompt on a terminal.
//!
//! Knows the line editor, and nothing of how a line is evaluated.

mod alert;
mod colours;
mod completer;
mod completion_context;
mod highlight;
mod history;
mod idle;
mod notices;
mod prompt;
mod screen;

use std::{
    env, io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bgjobs::{Stream, one_line};
use reedline::{
    ColumnarMenu, DefaultHinter, Emacs, KeyCode, KeyModifiers, MenuBuilder, Reedline, ReedlineEvent, ReedlineMenu,
    Signal, ValidationResult, Validator, default_emacs_keybindings,
};

use self::{
    completer::{Completions, Known},
    highlight::Colours,
    idle::IdleTimer,
    notices::Announcer,
    prompt::LinePrompt,
    screen::Screen,
};
use crate::{
    batch::write,
    commands::is_whole,
    durations,
    session::Session,
    shell::{self, Reply},
    signals::stop_all,
};

/// By default, after how long without a key the next one shows what happened meanwhile.
const AWAY: Duration = Duration::from_mins(1);

/// Answers lines until the user leaves; true if all jobs have ended.
///
/// # Errors
///
/// The terminal can't be used.
pub(crate) fn run(session: &mut Session) -> io::Result<bool> {
    let known: Known = Arc::new(Mutex::new(session.words()));
    let screen = Screen::default();
    let announcer = announcer(session);
    let mut editor = editor(announcer.clone(), &known, &screen);
    // Whether the last key was a first Ctrl-D.
    let mut leaving = false;
    loop {
        tell(&announcer);
        *known.lock().unwrap_or_else(PoisonError::into_inner) = session.words();
        let signal = editor.read_line(&LinePrompt::new(session, screen.clone()))?;
        let asked_before = std::mem::take(&mut leaving);
        announcer.idle.note_key(Instant::now());
        // Before the answer, which may be long.
        tell(&announcer);
        match signal {
            Signal::Success(line) => {
                // Before the evaluation, which may end the shell. A history that can't be saved was reported at the
                // start.
                let _ = editor.sync_history();
                session.set_columns(crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns)));
                let reply = shell::answer(session, &line);
                if let Some((stream, text)) = shell::stream(&reply) {
                    write(stream, text);
                }
                if reply != Reply::Leave {
                    continue;
                }
            }
            Signal::CtrlD if session.leave_debugger() => continue,
            Signal::CtrlD => {}
            _ => continue,
        }
        let running = session.jobs().running();
        if running.is_empty() || asked_before {
            tell(&announcer);
            return Ok(stop_all(session.jobs(), "the shell was left"));
        }
        write(Stream::Out, &crate::notices::still_running(&running));
        leaving = true;
    }
}

/// Notices with the settings of the environment.
fn announcer(session: &Session) -> Announcer {
    let mut patience = Some(AWAY);
    let asked = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(value) = asked("BGJOBS_NOTIFY") {
        match value.parse() {
            Ok(notify) => session.notifier.set(notify),
            Err(error) => write(Stream::Err, &format!("BGJOBS_NOTIFY: {error}")),
        }
    }
    if let Some(value) = asked("BGJOBS_AWAY") {
        match durations::typed(&value) {
            None if value == "off" => patience = None,
            None => write(
                Stream::Err,
                &format!("BGJOBS_AWAY: `{}` is not a time, such as 60s or 5m, or off", one_line(&value)),
            ),
            time => patience = time,
        }
    }
    let idle = IdleTimer::new(Instant::now(), patience);
    Announcer { jobs: session.tracked().clone(), notifier: session.notifier.clone(), idle }
}

/// Prints what is new.
fn tell(announcer: &Announcer) {
    if let Some(text) = announcer.take() {
        write(Stream::Out, &text);
    }
}

/// The line editor with completion, colours and history.
fn editor(announcer: Announcer, known: &Known, screen: &Screen) -> Reedline {
    const MENU: &str = "completions";
    let (history, trouble) = history::open();
    if let Some(text) = trouble {
        write(Stream::Err, &text);
    }
    let mut keys = default_emacs_keybindings();
    let complete = vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext];
    keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, ReedlineEvent::UntilFound(complete));
    keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
    // The marker replaces the prompt's own.
    let menu = ColumnarMenu::default().with_name(MENU).with_marker(prompt::INDICATOR);
    let colours = colours::are_wanted();
    let coloured = Colours { known: Arc::clone(known), screen: screen.clone(), idle: announcer.idle.clone() };
    let editor = Reedline::create()
        .with_validator(Box::new(Whole))
        .with_history(Box::new(history))
        .with_edit_mode(Box::new(Emacs::new(keys)))
        .with_completer(Box::new(Completions(Arc::clone(known))))
        .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
        .with_quick_completions(true)
        .with_partial_completions(true)
        .with_highlighter(Box::new(coloured))
        .with_ansi_colors(colours)
        .use_bracketed_paste(!colours::is_plain());
    // Without colours a hint would look like typed text.
    let editor = if colours { editor.with_hinter(Box::new(DefaultHinter::default())) } else { editor };
    if colours::is_plain() {
        return editor;
    }
    notices::tell_above_the_line(editor, announcer, screen.clone())
}

/// Enter continues on the next line while a bracket is open.
struct Whole;

impl Validator for Whole {
    fn validate(&self, line: &str) -> ValidationResult {
        if is_whole(line) { ValidationResult::Complete } else { ValidationResult::Incomplete }
    }
}

/// Does to a line what the editor does while it is typed.
#[cfg(any(test, fuzzing))]
pub(crate) fn type_line(session: &Session, line: &str, cursor: usize) {
    use reedline::{Completer, Highlighter};
    let known: Known = Arc::new(Mutex::new(session.words()));
    let screen = Screen::default();
    let idle = IdleTimer::new(Instant::now(), None);
    let colours = Colours { known: Arc::clone(&known), screen: screen.clone(), idle };
    assert_eq!(colours.highlight(line, cursor).raw_string(), line);
    let _ = screen.rows(80);
    let completed = Completions(known).complete(line, cursor);
    for suggestion in completed.suggestions() {
        let span = suggestion.span;
        assert!(
            line.get(span.start..span.end).is_some_and(|typed| suggestion.value.starts_with(typed)),
            "{suggestion:?}"
        );
    }
    let _ = Whole.validate(line);
}
