//! Evaluates lines, and keeps the names, the jobs and the number of the next line.
//!
//! Knows nothing of terminals; the result of a line is returned as data.

#[cfg(feature = "terminal")]
mod paging;
mod waiting;

use std::{fmt, sync::Arc};

use bgjobs::{AnyJob, Config, Failure, Handle, JobManager, Report, Stream};
use rhai::Module;

use crate::{
    debugger::Debugger,
    edit_mode::EditMode,
    environment::Environment,
    foreground::{Foreground, Stopper},
    lang::{self, Died, Input, Jobs, Language, Line, Names, Output, PostMortem, STACK_SIZE, Source, Value},
    live::Medium,
    notice_mode::NoticeMode,
    notify::Notify,
    output_history::OutputHistory,
    selection::{Selected, Selection},
    setting::Setting,
    text::prose,
};

/// A prompt without a terminal.
///
/// Each line is evaluated on a thread of its own while the caller waits, so a [`Stopper`] can stop it or send it to the
/// background.
///
/// ```
/// use bgjobs_shell::{Answer, Session};
///
/// let mut session = Session::new(std::sync::Arc::new(|_, _| {}));
/// session.answer("fn double(n) { n * 2 }");
/// session.answer("job = jobs.new('double(21)')");
/// session.answer("job.join()");
/// let Answer::Value(value) = session.answer("job.result") else { panic!("it has a value") };
/// assert_eq!(session.show(&value), "42");
/// ```
pub struct Session {
    jobs: Jobs,
    names: Names,
    language: Language,
    output: Output,
    history: OutputHistory,
    /// How many lines were answered.
    lines: usize,
    foreground: Foreground,
    /// The last line that failed.
    failed: Option<Failure>,
    /// The debugger, if it is open.
    pub(crate) debugger: Option<Debugger>,
    /// How the user is alerted when long jobs end.
    pub(crate) notifier: Setting<Notify>,
    /// Which notices of ended jobs are shown.
    pub(crate) notice_mode: Setting<NoticeMode>,
    /// Whose keys the prompt has.
    pub(crate) edit_mode: Setting<EditMode>,
    /// The width of lists, in columns.
    columns: usize,
    /// How many lines a list may have; none for any number.
    rows: Option<usize>,
    /// Whether what is printed goes to a terminal, which can change it.
    pub(crate) changes_in_place: bool,
    /// Whether the colours of what jobs printed are shown.
    pub(crate) colours: bool,
    /// The consoles of commands in the background, if there is a terminal that commands can have.
    #[cfg(feature = "terminal")]
    pub(crate) consoles: Option<crate::consoles::Consoles>,
    /// What was typed at a command and not read by it, for the next line or command.
    #[cfg(feature = "terminal")]
    pub(crate) typed_ahead: Vec<u8>,
    /// The last field, because dropping it waits for the background jobs.
    background: JobManager,
}

/// The result of a line.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Nothing to show.
    Nothing,
    /// A value.
    Value(Value),
    /// The line was sent to the background and goes on there.
    Sent(AnyJob),
    /// The line failed, was stopped, or did not compile.
    Failed(Failure),
    /// The line asked to leave, with this exit status.
    Leave(u8),
}

impl Session {
    /// Starts a session; what lines print goes to `output` at once.
    #[must_use]
    pub fn new(output: Output) -> Self {
        Self::with_functions(output, [])
    }

    /// Starts a session whose lines can also call the functions of `modules`.
    #[must_use]
    pub fn with_functions(output: Output, modules: impl IntoIterator<Item = Module>) -> Self {
        let config = Config { stack_size: Some(STACK_SIZE), ..Config::default() };
        let background = JobManager::with_config(config);
        Self {
            jobs: Jobs::new(background.handle()),
            names: Names::default(),
            language: lang::language(modules),
            output,
            history: OutputHistory::default(),
            lines: 0,
            foreground: Foreground::new(background.handle()),
            failed: None,
            debugger: None,
            notifier: Setting::default(),
            notice_mode: Setting::default(),
            edit_mode: Setting::default(),
            columns: 80,
            rows: None,
            changes_in_place: false,
            colours: false,
            #[cfg(feature = "terminal")]
            consoles: None,
            #[cfg(feature = "terminal")]
            typed_ahead: Vec::new(),
            background,
        }
    }

    /// The number of the next line.
    #[must_use]
    pub fn number(&self) -> usize {
        self.lines + 1
    }

    /// The text of the prompt: `In [3]`, or `debug 0 f` in the debugger.
    #[must_use]
    pub fn prompt(&self) -> String {
        self.debugger.as_ref().map_or_else(|| format!("In [{}]", self.number()), Debugger::prompt)
    }

    /// Evaluates one line or several; a final `&` sends it to the background, a final `;` hides its value.
    pub fn answer(&mut self, line: &str) -> Answer {
        self.answer_as(&format!("In[{}]", self.number()), line)
    }

    /// Evaluates a line that tracebacks call `name`.
    pub fn answer_as(&mut self, name: &str, line: &str) -> Answer {
        self.lines += 1;
        let (line, is_silent) = Self::read(name, line);
        let answer = self.evaluate(line);
        match answer {
            Answer::Value(value) if !is_silent => self.answer_shown(value),
            Answer::Value(_) => Answer::Nothing,
            answer => answer,
        }
    }

    /// From now on the value is known as `_`, and by the number of its line.
    pub(crate) fn answer_shown(&mut self, value: Value) -> Answer {
        if value.is_unit() {
            return Answer::Nothing;
        }
        self.history.add(self.lines, &value, &mut self.names);
        Answer::Value(value)
    }

    /// Evaluates the text of a file, which tracebacks call `name`.
    pub fn run(&mut self, name: &str, text: &str) -> Answer {
        self.evaluate(Line::Text(Source::new(name, text)))
    }

    /// Evaluates what another session keeps, with the names that it took along.
    #[cfg(all(feature = "terminal", target_os = "linux"))]
    pub(crate) fn evaluate_kept(&mut self, code: lang::KeptCode, names: Names) -> Answer {
        self.names = names;
        self.evaluate(match code {
            lang::KeptCode::Text(source) => Line::Text(source),
            lang::KeptCode::Call { function, arguments } => Line::Call(function, arguments),
        })
    }

    fn evaluate(&mut self, line: Line) -> Answer {
        if matches!(line, Line::Background(_)) {
            self.jobs.hold_echo();
        }
        let (answer, names) = self.wait_for_value(line, self.names.clone());
        self.names = names;
        if let Answer::Failed(failure) = &answer
            && Died::of(failure).is_some_and(|died| died.post_mortem().is_some())
        {
            self.failed = Some(failure.clone());
        }
        answer
    }

    /// The last line that failed, with what can be examined of it.
    pub(crate) fn failed(&self) -> Option<(Failure, Arc<PostMortem>)> {
        let failure = self.failed.clone()?;
        let post_mortem = Died::of(&failure)?.post_mortem()?;
        Some((failure, post_mortem))
    }

    /// Closes the debugger; false if it was not open.
    pub(crate) fn leave_debugger(&mut self) -> bool {
        self.debugger.take().is_some()
    }

    /// Evaluates a line with the names of the debugger's current frame; nothing else changes.
    pub(crate) fn answer_in_frame(&mut self, line: &str) -> Answer {
        let Some(debugger) = &mut self.debugger else { return Answer::Nothing };
        let (name, names) = (debugger.next_line(), debugger.names());
        let (line, is_silent) = Self::read(&name, line);
        let (answer, names) = self.wait_for_value(line, names);
        if let Some(debugger) = &mut self.debugger {
            debugger.set_names(names);
        }
        match answer {
            Answer::Value(value) if is_silent || value.is_unit() => Answer::Nothing,
            answer => answer,
        }
    }

    /// The line in a text, and whether its value is hidden; tracebacks call it `name`.
    fn read(name: &str, text: &str) -> (Line, bool) {
        let input = Input::new(text);
        let source = Source::new(name, input.text.trim_end());
        (if input.background { Line::Background(source) } else { Line::Text(source) }, input.silent)
    }

    /// Counts a line that was answered without the session.
    pub fn skip(&mut self) {
        self.lines += 1;
    }

    /// Counts lines from 1 again, and forgets the values that were shown.
    #[cfg(feature = "terminal")]
    pub(crate) fn count_anew(&mut self) {
        self.lines = 0;
        self.history.clear(&mut self.names);
    }

    /// The width of lists in terminal columns, 80 by default.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How many lines a list may have, so that it fits on the terminal; none, the default, for any number.
    #[must_use]
    pub fn rows(&self) -> Option<usize> {
        self.rows
    }

    /// Sets how many lines a list may have.
    pub fn set_rows(&mut self, rows: Option<usize>) {
        self.rows = rows;
        self.note_width();
    }

    /// Sets the width of lists, in terminal columns.
    pub fn set_columns(&mut self, columns: usize) {
        self.columns = columns;
        self.note_width();
    }

    /// What is shown on a terminal is as wide as that; elsewhere nothing is cut.
    fn note_width(&self) {
        self.jobs.width.set(self.rows.map(|_| self.columns));
    }

    /// The result of a background job, as if its line had just been answered; nothing before its end.
    pub fn outcome(&mut self, job: &AnyJob) -> Answer {
        match self.jobs.outcome(job) {
            None => Answer::Nothing,
            Some(Ok(value)) => self.answer_shown(value),
            Some(Err(failure)) => Answer::Failed(failure),
        }
    }

    /// Prints one or more lines; on a terminal they are broken between words.
    pub fn print(&self, stream: Stream, text: &str) {
        (self.output)(stream, &format!("{}\n", prose(text, self.jobs.width.get())));
    }

    /// Prints text as it is.
    pub(crate) fn write(&self, stream: Stream, text: &str) {
        (self.output)(stream, text);
    }

    /// What lines are shown on.
    pub(crate) fn medium(&self) -> Medium {
        Medium { columns: self.changes_in_place.then_some(self.columns), colours: self.colours }
    }

    /// Stops the line that [`Self::answer`] waits for.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.foreground.stopper()
    }

    /// The background jobs.
    #[must_use]
    pub fn jobs(&self) -> &Handle {
        &self.background
    }

    /// The background jobs, with what was reported and read of them.
    #[must_use]
    pub fn tracked(&self) -> &Jobs {
        &self.jobs
    }

    /// The jobs that ended since the last report.
    #[must_use]
    pub fn report(&self) -> Report {
        self.jobs.notices().report()
    }

    /// The names of the prompt.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The folder and the environment variables of the prompt.
    pub(crate) fn environment(&self) -> &Environment {
        &self.names.environment
    }

    /// The same, to change them.
    pub(crate) fn environment_mut(&mut self) -> &mut Environment {
        &mut self.names.environment
    }

    /// The names of all functions that a line can call.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        self.names.functions().chain(self.language.functions())
    }

    /// From now on jobs that start also print where lines do, as in a program without a prompt.
    #[cfg(feature = "terminal")]
    pub(crate) fn echo_jobs(&self) {
        self.jobs.echo_to(Arc::clone(&self.output));
    }

    /// The jobs that a selection means; the name of a variable means the jobs that it holds.
    pub(crate) fn select(&self, selection: &Selection) -> Selected {
        let names = self.debugger.as_ref().map_or_else(|| self.names.clone(), Debugger::names);
        selection.find(self.jobs(), |name| names.variable(name).and_then(lang::held_jobs))
    }

    /// Everything that can be typed.
    #[cfg(feature = "terminal")]
    pub(crate) fn words(&self) -> lang::Words {
        let names = self.debugger.as_ref().map_or_else(|| self.names.clone(), Debugger::names);
        lang::Words { names, language: self.language.clone(), jobs: self.jobs.clone() }
    }

    /// Sets a variable of the prompt.
    pub fn set(&mut self, name: &str, value: impl Into<rhai::Dynamic>) {
        self.names.set(name.into(), Value::plain(value));
    }

    /// What is known about a name, or about the job of a number.
    #[must_use]
    pub fn describe(&self, name: &str) -> Option<String> {
        lang::describe(name, &self.names, &self.language, &self.jobs)
    }

    /// A value as text; one of a program's own type as its `to_string` function shows it.
    #[must_use]
    pub fn show(&self, value: &Value) -> String {
        if lang::is_opaque(value)
            && let (Answer::Value(text), _) =
                self.wait_for_value(Line::call("to_string", value.clone()), self.names.clone())
            && let Ok(text) = text.data().clone().into_string()
        {
            return text;
        }
        lang::show(value, &self.names)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("lines", &self.lines).field("jobs", &self.background).finish_non_exhaustive()
    }
}
