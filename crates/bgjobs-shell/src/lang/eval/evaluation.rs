//! One evaluation: what its engine and the functions it calls share.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bgjobs::{Context, Frame, Place, Stream};
use rhai::{Dynamic, EvalAltResult, FnPtr, NativeCallContext, Position};

use crate::{
    environment::Environment,
    lang::{
        error::{Result, error, stopped},
        jobs::Jobs,
        output::Output,
        read::source::Source,
        trace::{
            call_stack::CallStack,
            code::Code,
            frames::{Site, shortened, shown},
        },
        values::{cell::Busy, cells::Cells, language::Language, names::Names},
    },
    text::prose,
};

/// An evaluation that runs.
pub(crate) struct Evaluation {
    pub(crate) context: Context,
    pub(crate) jobs: Jobs,
    pub(crate) language: Language,
    output: Output,
    /// Held only for a moment, and never while Rhai runs.
    cells: Mutex<Cells>,
    /// Texts that did not compile, for tracebacks that show them.
    failed: Mutex<Vec<Arc<Source>>>,
    /// Whether the function of an `update` of a shared value is running.
    updating: AtomicBool,
    /// The calls it is in.
    pub(crate) call_stack: CallStack,
    /// The text whose name is that of its job.
    expression: Option<Arc<Source>>,
}

impl Evaluation {
    /// Starts an evaluation; `expression` is the text whose name is that of its job.
    pub(crate) fn new(
        context: Context,
        output: Output,
        names: Names,
        jobs: Jobs,
        language: Language,
        expression: Option<Arc<Source>>,
    ) -> Self {
        Self {
            context,
            jobs,
            language,
            call_stack: CallStack::default(),
            output,
            cells: Mutex::new(Cells::new(names)),
            failed: Mutex::default(),
            updating: AtomicBool::new(false),
            expression,
        }
    }

    /// The evaluation that called a function.
    pub(crate) fn of(context: &NativeCallContext<'_>) -> Arc<Self> {
        let tag = context.tag().and_then(|tag| tag.clone().try_cast::<Arc<Self>>());
        tag.expect("every engine that evaluates carries its evaluation")
    }

    /// The names while it runs.
    pub(crate) fn cells(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The folder and the environment variables now.
    pub(crate) fn environment(&self) -> Environment {
        self.cells().names().environment.clone()
    }

    /// Where a path leads from its folder.
    pub(crate) fn resolve(&self, path: impl AsRef<Path>) -> PathBuf {
        self.cells().names().environment.resolve(path)
    }

    /// Prints one or more lines.
    pub(crate) fn print(&self, stream: Stream, text: &str) {
        (self.output)(stream, &format!("{text}\n"));
    }

    /// Tells one or more lines; on a terminal they are broken between words.
    pub(crate) fn tell(&self, stream: Stream, text: &str) {
        self.print(stream, &prose(text, self.width()));
    }

    /// The width of the terminal that shows what it prints, in columns.
    pub(crate) fn width(&self) -> Option<usize> {
        // What a background job prints is read elsewhere, or later.
        self.jobs.width.get().filter(|_| !self.context.job().is_listed())
    }

    /// Whether it may wait for others that might wait for it.
    ///
    /// # Errors
    ///
    /// It may not while the function of an `update` runs.
    pub(crate) fn may_wait(&self) -> Result<()> {
        if self.updating.load(Ordering::Relaxed) {
            let text = "inside update(..) of a shared value you can't wait for a job, or use another shared value: \
                        two updates might wait for each other forever; do it before or after";
            return Err(error(text).into());
        }
        Ok(())
    }

    pub(crate) fn set_updating(&self, updating: bool) {
        self.updating.store(updating, Ordering::Relaxed);
    }

    /// Remembers a text that did not compile, for the traceback.
    pub(crate) fn keep(&self, source: &Arc<Source>) {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(source));
    }

    /// The text of that name, if it is still known.
    pub(crate) fn source(&self, name: &str) -> Option<Arc<Source>> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let found = failed.iter().rev().find(|source| source.name == name).cloned();
        drop(failed);
        found.or_else(|| self.cells().names().source(name).cloned())
    }

    /// The name of a text in tracebacks.
    pub(crate) fn title(&self, source: &Arc<Source>) -> String {
        match &self.expression {
            Some(own) if Arc::ptr_eq(own, source) => format!("jobs[{}]", self.context.id()),
            _ => source.name.to_string(),
        }
    }

    /// Where it is now; none before it begins.
    pub(crate) fn place(&self) -> Option<Place> {
        let now = self.call_stack.snapshot()?;
        let frame = |(code, position): (Arc<Code>, Option<Position>)| {
            let site =
                Site { source: Some(Arc::clone(&code.source)), function: code.function.as_deref().and_then(shown) };
            let title = |source: &Arc<Source>| self.title(source);
            // The lines of code that `eval` runs are unknown.
            let unknown =
                || Frame { function: site.function.clone(), source: Some(title(&code.source)), ..Frame::default() };
            site.frame(position.unwrap_or(Position::NONE), title).unwrap_or_else(unknown)
        };
        let place = Place { since: now.since, ..Place::new(shortened(now.frames.into_iter().map(frame).collect())) };
        Some(match now.native {
            Some(name) => Place { text: format!("native function `{name}`").into(), ..place },
            None => place,
        })
    }

    /// The value of a name that is not a local variable.
    pub(crate) fn variable(&self, name: &str) -> Result<Option<Dynamic>> {
        let mut cells = self.cells();
        match cells.variable(name) {
            Some(Ok(variable)) => return Ok(Some(variable)),
            Some(Err(Busy)) => {
                let text = format!("`{name}` is in use: {Busy}");
                return Err(EvalAltResult::ErrorRuntime(text.into(), Position::NONE).into());
            }
            None => {}
        }
        if name == "jobs" {
            return Ok(Some(Dynamic::from(self.jobs.clone())));
        }
        let is_function = cells.names().function(name).is_some() || self.language.has_function(name);
        Ok(if is_function { FnPtr::new(name).ok().map(Dynamic::from) } else { None })
    }
}

/// Continues, unless the job has been asked to stop.
pub(crate) fn go_on(context: &NativeCallContext<'_>) -> Result<()> {
    Ok(Evaluation::of(context).context.check().map_err(|_| stopped())?)
}
