//! The prompt on a terminal.
//!
//! Knows the line editor, and nothing of how a line is evaluated.

mod alert;
mod completer;
mod completion_context;
mod highlight;
mod history;
mod idle;
mod job_candidates;
mod keymap;
mod line_editor;
mod line_view;
mod menu;
mod notices;
mod option_map;
mod painter;
mod paths;
mod picture;
mod prompt;
mod recall;
mod search;
mod shell_word;
mod value_path;

use std::{
    env,
    io::{self, IsTerminal},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bgjobs::{Stream, one_line};
use bgjobs_cli::{colours, durations};

use self::{
    completer::{Completions, Known},
    highlight::Colours,
    idle::IdleTimer,
    line_editor::{Entry, LineEditor},
    notices::Announcer,
    prompt::LinePrompt,
};
use crate::{
    batch::write,
    consoles::Consoles,
    session::Session,
    shell::{self, Reply},
    signals::stop_all,
    terminal::size,
};
#[cfg(target_os = "linux")]
use bgjobs_cli::news;

/// By default, after how long without a key the next one shows what happened meanwhile.
const AWAY: Duration = Duration::from_mins(1);

/// Answers lines until the user leaves; returns whether all jobs have ended, and the exit status.
///
/// # Errors
///
/// The terminal can't be used.
pub(crate) fn run(session: &mut Session) -> io::Result<(bool, u8)> {
    let is_shown = io::stdout().is_terminal();
    session.changes_in_place = is_shown && !colours::is_plain();
    session.consoles = is_shown.then(Consoles::default);
    let known: Known = Arc::new(Mutex::new(session.words()));
    let announcer = announcer(session);
    let mut editor = editor(announcer.clone(), &known, session);
    session.print(Stream::Out, "`help` shows what can be typed, Ctrl-D leaves.");
    #[cfg(target_os = "linux")]
    if let Some(news) = news::line("kept") {
        session.print(Stream::Out, &news);
    }
    // Whether the last key was a first Ctrl-D.
    let mut leaving = false;
    let mut status = 0;
    loop {
        tell(&announcer);
        *known.lock().unwrap_or_else(PoisonError::into_inner) = session.words();
        editor.type_ahead(&std::mem::take(&mut session.typed_ahead));
        let entry = editor.read_line(&LinePrompt::new(session), || announcer.idle.note_key(Instant::now()))?;
        session.typed_ahead = editor.take_typed_ahead();
        let asked_before = std::mem::take(&mut leaving);
        // Before the answer, which may be long.
        tell(&announcer);
        match entry {
            Entry::Line(line) => {
                note_size(session);
                let reply = shell::answer(session, &line);
                match shell::stream(&reply) {
                    Some((Stream::Out, text)) => session.print_in_pager(text),
                    Some((Stream::Err, text)) => write(Stream::Err, text),
                    None => {}
                }
                let Reply::Leave(asked) = reply else { continue };
                status = asked.unwrap_or(0);
            }
            Entry::CtrlD if !session.leave_debugger() => {}
            Entry::CtrlD | Entry::CtrlC => continue,
        }
        let running = session.ended_by_leaving();
        if running.is_empty() || asked_before {
            tell(&announcer);
            return Ok((stop_all(session.jobs()), status));
        }
        session.print(Stream::Out, &crate::notices::still_running(&running));
        leaving = true;
    }
}

/// Notes the size of the terminal, if everything is shown on one.
pub(crate) fn note_size(session: &mut Session) {
    if io::stdout().is_terminal() {
        let (columns, rows) = size();
        session.set_columns(columns.into());
        // The prompt needs a row, and what was typed.
        session.set_rows(Some(usize::from(rows).saturating_sub(2)));
    }
}

/// Notices with the settings of the environment.
fn announcer(session: &Session) -> Announcer {
    let mut patience = Some(AWAY);
    let asked = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(value) = asked("BGJOBS_NOTIFY") {
        match value.parse() {
            Ok(notify) => session.notifier.set(notify),
            Err(error) => session.print(Stream::Err, &format!("BGJOBS_NOTIFY: {error}")),
        }
    }
    if let Some(value) = asked("BGJOBS_NOTICES") {
        match value.parse() {
            Ok(mode) => session.notice_mode.set(mode),
            Err(error) => session.print(Stream::Err, &format!("BGJOBS_NOTICES: {error}")),
        }
    }
    if let Some(value) = asked("BGJOBS_AWAY") {
        match durations::typed(&value) {
            None if value == "off" => patience = None,
            None => session.print(
                Stream::Err,
                &format!("BGJOBS_AWAY: `{}` is not a time, such as 60s or 5m, or off", one_line(&value)),
            ),
            time => patience = time,
        }
    }
    let idle = IdleTimer::new(Instant::now(), patience);
    Announcer {
        jobs: session.tracked().clone(),
        notifier: session.notifier.clone(),
        mode: session.notice_mode.clone(),
        idle,
        gathering: Arc::default(),
        consoles: session.consoles.clone().unwrap_or_default(),
    }
}

/// Prints what is new.
fn tell(announcer: &Announcer) {
    if let Some(text) = announcer.take() {
        write(Stream::Out, &text);
    }
}

/// The line editor with completion, colours and history.
fn editor(announcer: Announcer, known: &Known, session: &Session) -> LineEditor {
    let (history, trouble) = history::open();
    if let Some(text) = trouble {
        session.print(Stream::Err, &text);
    }
    let colours = colours::are_wanted().then(|| Colours(Arc::clone(known)));
    let announcer = (!colours::is_plain()).then_some(announcer);
    LineEditor::new(history, Completions(Arc::clone(known)), colours, announcer, session.edit_mode.clone())
}

/// Does to a line what the editor does while it is typed.
#[cfg(any(test, fuzzing))]
pub(crate) fn type_line(session: &Session, line: &str, cursor: usize) {
    let known: Known = Arc::new(Mutex::new(session.words()));
    let mut picture = picture::Picture::default();
    let pieces = Colours(Arc::clone(&known)).of(line);
    assert_eq!(pieces.iter().map(|(_, piece)| &**piece).collect::<String>(), line);
    for (colour, piece) in &pieces {
        picture.push(colour, piece);
    }
    let _ = picture.layout(80);
    if let Some((start, candidates)) = Completions(known).complete(line, cursor) {
        assert!(line.get(start..cursor).is_some() && !candidates.is_empty(), "{start}: {candidates:?}");
    }
    let _ = crate::commands::is_whole(line);
}
