//! Evaluates what is typed, and keeps what is known: names, background jobs, the number of the line.
//!
//! Knows nothing of terminals; what comes of a line is returned as data.

use std::{fmt, sync::Arc, time::Duration};

use bgjobs::{AnyJob, Config, Context, Failure, Handle, JobManager, Report, Stream};
use rhai::Module;

use crate::{
    debugger::Debugger,
    foreground::{Foreground, Stopper, Waited},
    lang::{self, Input, Jobs, Language, Left, Line, Names, Output, PostMortem, STACK_SIZE, Source, Value},
    notify::Notifier,
    output_history::Shown,
};

/// How often a wait shows what is new.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A prompt without a terminal.
///
/// Each line is evaluated on a thread of its own while the caller waits, so that a [`Stopper`] can stop it, or let it go on in
/// the background.
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
    shown: Shown,
    /// How many lines were answered.
    lines: usize,
    foreground: Foreground,
    /// The last line that failed.
    failed: Option<(Failure, Arc<PostMortem>)>,
    debugger: Option<Debugger>,
    notifier: Notifier,
    /// How wide lists may be.
    columns: usize,
    /// The last field, because its end waits for the background jobs.
    background: JobManager,
}

/// What came of a line.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Nothing to show.
    Nothing,
    /// A value.
    Value(Value),
    /// It was sent to the background, and goes on there.
    Sent(AnyJob),
    /// It failed, was stopped, or did not compile.
    Failed(Failure),
}

impl Session {
    /// Begins a session; what lines print goes to `output`, as it is printed.
    #[must_use]
    pub fn new(output: Output) -> Self {
        Self::with_functions(output, [])
    }

    /// Begins a session whose lines may call the functions of `modules` too.
    #[must_use]
    pub fn with_functions(output: Output, modules: impl IntoIterator<Item = Module>) -> Self {
        let config = Config { stack_size: Some(STACK_SIZE), ..Config::default() };
        let background = JobManager::with_config(config);
        Self {
            jobs: Jobs::new(background.handle()),
            names: Names::default(),
            language: lang::language(modules),
            output,
            shown: Shown::default(),
            lines: 0,
            foreground: Foreground::new(background.handle()),
            failed: None,
            debugger: None,
            notifier: Notifier::default(),
            columns: 80,
            background,
        }
    }

    /// The number of the next line.
    #[must_use]
    pub fn number(&self) -> usize {
        self.lines + 1
    }

    /// What stands before the next line: `In [3]`, or `debug 0 f` while one looks around in an evaluation that failed.
    #[must_use]
    pub fn prompt(&self) -> String {
        self.debugger.as_ref().map_or_else(|| format!("In [{}]", self.number()), Debugger::prompt)
    }

    /// Evaluates a line, which may be several; an `&` at its end sends it to the background, a `;` hides its value.
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

    /// A value is known as `_` from when it is shown, and by the number of its line.
    pub(crate) fn answer_shown(&mut self, value: Value) -> Answer {
        if value.is_unit() {
            return Answer::Nothing;
        }
        self.shown.add(self.lines, &value, &mut self.names);
        Answer::Value(value)
    }

    /// Evaluates the text of a file, which tracebacks call `name`.
    pub fn run(&mut self, name: &str, text: &str) -> Answer {
        self.evaluate(Line::Text(Source::new(name, text)))
    }

    fn evaluate(&mut self, line: Line) -> Answer {
        let (answer, left) = self.wait_for_value(line, self.names.clone());
        self.names = left.names().unwrap_or_else(|| self.names.clone());
        if let (Answer::Failed(failure), Some(post_mortem)) = (&answer, left.post_mortem()) {
            self.failed = Some((failure.clone(), post_mortem));
        }
        answer
    }

    /// The last line that failed, if one has.
    pub(crate) fn failed(&self) -> Option<&(Failure, Arc<PostMortem>)> {
        self.failed.as_ref()
    }

    /// Begins to look around in an evaluation that failed.
    pub(crate) fn debug(&mut self, debugger: Debugger) {
        self.debugger = Some(debugger);
    }

    /// Where one looks around, if one does.
    pub(crate) fn debugger(&self) -> Option<&Debugger> {
        self.debugger.as_ref()
    }

    pub(crate) fn debugger_mut(&mut self) -> Option<&mut Debugger> {
        self.debugger.as_mut()
    }

    /// Goes back to the prompt; false if one was there.
    pub(crate) fn leave_debugger(&mut self) -> bool {
        self.debugger.take().is_some()
    }

    /// Evaluates a line with the names of the frame that is looked at; nothing else changes.
    pub(crate) fn answer_in_frame(&mut self, line: &str) -> Answer {
        let Some(debugger) = &mut self.debugger else { return Answer::Nothing };
        let (name, names) = (debugger.next_line(), debugger.names());
        let (line, is_silent) = Self::read(&name, line);
        let (answer, left) = self.wait_for_value(line, names);
        if let (Some(debugger), Some(names)) = (&mut self.debugger, left.names()) {
            debugger.set_names(names);
        }
        match answer {
            Answer::Value(value) if is_silent || value.is_unit() => Answer::Nothing,
            answer => answer,
        }
    }

    /// What a text asks for, and whether its value is hidden; tracebacks call it `name`.
    fn read(name: &str, text: &str) -> (Line, bool) {
        let input = Input::new(text);
        let source = Source::new(name, input.text.trim_end());
        (if input.background { Line::Background(source) } else { Line::Text(source) }, input.silent)
    }

    /// What comes of an evaluation, and what it leaves.
    fn wait_for_value(&self, line: Line, names: Names) -> (Answer, Left) {
        let (left, output) = (Left::default(), Arc::clone(&self.output));
        let (known, its_left) = ((names, self.jobs.clone(), self.language.clone()), left.clone());
        let name = line.name().to_owned();
        let job = self.foreground.start(name, move |context: &Context| line.run(context, &output, known, &its_left));
        let job = match job {
            Ok(job) => job,
            Err(refusal) => return (Answer::Failed(Failure::new(refusal.to_string())), left),
        };
        if self.foreground.wait(&job, None, || {}) == Waited::Background && left.before_end(|| job.list()).is_some() {
            lang::note_sent(&job, &self.jobs);
            return (Answer::Sent(AnyJob::clone(&job)), Left::default());
        }
        let answer = match job.join() {
            Ok(done) => Answer::Value(done.value.clone()),
            Err(_) => job.failure().map_or(Answer::Nothing, Answer::Failed),
        };
        (answer, left)
    }

    /// Counts a line that somebody else has answered.
    pub fn skip(&mut self) {
        self.lines += 1;
    }

    /// The jobs that have not ended, of those that are waited for when all are; the oldest first.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = AnyJob> {
        self.jobs().running().into_iter().filter(|job| !job.is_daemon())
    }

    /// Waits until a background job has ended, and calls `look` now and then.
    pub(crate) fn wait_for(&self, job: &AnyJob, mut look: impl FnMut(&Self)) -> Waited {
        self.foreground.look_at(job);
        self.foreground.wait(job, Some(LOOK_EVERY), || look(self))
    }

    /// Looks at something that may take long, and prints what is found; a [`Stopper`] ends the look.
    pub(crate) fn look(
        &self,
        look: impl FnOnce(&Context, &dyn Fn(&str)) -> Result<(), Failure> + Send + 'static,
    ) -> Answer {
        let output = Arc::clone(&self.output);
        let started =
            self.foreground.start("the look", move |context| look(context, &|text| output(Stream::Out, text)));
        let job = match started {
            Ok(job) => job,
            Err(refusal) => return Answer::Failed(Failure::new(refusal.to_string())),
        };
        if self.foreground.wait(&job, None, || {}) == Waited::Background {
            // There is nothing in a look that could go on unseen.
            job.ask_stop("the prompt was wanted back");
            let _ = job.wait();
        }
        job.failure().map_or(Answer::Nothing, Answer::Failed)
    }

    /// How wide lists may be, in columns of a terminal; 80, as long as nobody says otherwise.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Says how wide lists may be, in columns of a terminal.
    pub fn set_columns(&mut self, columns: usize) {
        self.columns = columns;
    }

    /// What became of a background job, as if its line had been answered; nothing before its end.
    pub fn outcome(&mut self, job: &AnyJob) -> Answer {
        match self.jobs.outcome(job) {
            None => Answer::Nothing,
            Some(Ok(value)) => self.answer_shown(value),
            Some(Err(failure)) => Answer::Failed(failure),
        }
    }

    pub(crate) fn output(&self) -> &Output {
        &self.output
    }

    pub(crate) fn foreground(&self) -> &Foreground {
        &self.foreground
    }

    /// Prints, as a line does.
    pub fn print(&self, stream: Stream, text: &str) {
        (self.output)(stream, text);
    }

    /// Stops what a line does while [`Self::answer`] waits for it.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        self.foreground.stopper()
    }

    /// The background jobs.
    #[must_use]
    pub fn jobs(&self) -> &Handle {
        &self.background
    }

    /// The background jobs, with what is to be told of them.
    #[must_use]
    pub fn told(&self) -> &Jobs {
        &self.jobs
    }

    /// How the user is notified of the ends of long jobs.
    pub(crate) fn notifier(&self) -> &Notifier {
        &self.notifier
    }

    /// What ended since it was last told.
    #[must_use]
    pub fn report(&self) -> Report {
        self.jobs.notices().report()
    }

    /// The names of the prompt.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// What can be typed.
    #[cfg(feature = "terminal")]
    pub(crate) fn words(&self) -> lang::Words {
        let names = self.debugger.as_ref().map_or_else(|| self.names.clone(), Debugger::names);
        lang::Words { names, language: self.language.clone(), jobs: self.jobs.clone() }
    }

    /// Sets a variable of the prompt.
    pub fn set(&mut self, name: &str, value: impl Into<rhai::Dynamic>) {
        self.names.set(name.into(), Value::plain(value));
    }

    /// What is known of a name, or of the number of a job.
    #[must_use]
    pub fn describe(&self, name: &str) -> Option<String> {
        lang::describe(name, &self.names, &self.language, &self.jobs)
    }

    /// What a value looks like; one of a program's own type as its `to_string` says.
    #[must_use]
    pub fn show(&self, value: &Value) -> String {
        if lang::is_opaque(value)
            && let (Answer::Value(text), _) = self.wait_for_value(Line::TextOf(value.clone()), self.names.clone())
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
