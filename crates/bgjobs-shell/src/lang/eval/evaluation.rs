//! One evaluation: what its engine and the functions that it calls share.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use bgjobs::{Context, Frame, Place, Stream};
use rhai::{Dynamic, EvalAltResult, FnPtr, NativeCallContext, Position};

use crate::lang::{
    error::{Result, error, stopped},
    jobs::Jobs,
    read::source::Source,
    trace::{
        call_stack::Calls,
        code::Code,
        frames::{Site, shortened, shown},
    },
    values::{cell::Busy, cells::Cells, language::Language, names::Names},
};

/// Where an evaluation prints: each call is one line or several, without the last line break.
pub type Output = Arc<dyn Fn(Stream, &str) + Send + Sync>;

/// One evaluation while it runs.
pub(crate) struct Evaluation {
    pub(crate) context: Context,
    pub(crate) jobs: Jobs,
    pub(crate) language: Language,
    output: Output,
    /// Held for a moment only, and never while Rhai runs.
    cells: Mutex<Cells>,
    /// Texts that did not compile, for the traceback that shows them.
    failed: Mutex<Vec<Arc<Source>>>,
    /// Whether the function of an `update` of a shared value runs.
    updating: AtomicBool,
    /// The functions that it is in.
    pub(crate) calls: Calls,
    /// The text that has no name but that of its job.
    expression: Option<Arc<Source>>,
}

impl Evaluation {
    /// Begins one; `expression` is the text that has no name but that of its job.
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
            calls: Calls::default(),
            output,
            cells: Mutex::new(Cells::new(names)),
            failed: Mutex::default(),
            updating: AtomicBool::new(false),
            expression,
        }
    }

    /// The evaluation that calls a function.
    pub(crate) fn of(context: &NativeCallContext<'_>) -> Arc<Self> {
        let tag = context.tag().and_then(|tag| tag.clone().try_cast::<Arc<Self>>());
        tag.expect("every engine that evaluates carries its evaluation")
    }

    /// The names while it runs.
    pub(crate) fn cells(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints a line, or several.
    pub(crate) fn print(&self, stream: Stream, text: &str) {
        (self.output)(stream, text);
    }

    /// Whether it may wait for others, who might wait for it.
    ///
    /// # Errors
    ///
    /// Not while the function of an `update` runs.
    pub(crate) fn may_wait(&self) -> Result<()> {
        if self.updating.load(Ordering::Relaxed) {
            let text = "inside update(..) of a shared value no job and no other shared value can be waited for, \
                        set or updated: two might wait for each other for ever; do it before or after";
            return Err(error(text).into());
        }
        Ok(())
    }

    pub(crate) fn set_updating(&self, updating: bool) {
        self.updating.store(updating, Ordering::Relaxed);
    }

    /// Keeps a text that did not compile, for the traceback.
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

    /// What a text is called in tracebacks.
    pub(crate) fn title(&self, source: &Arc<Source>) -> String {
        match &self.expression {
            Some(own) if Arc::ptr_eq(own, source) => format!("jobs[{}]", self.context.id()),
            _ => source.name.to_string(),
        }
    }

    /// Where it is now; none before it begins.
    pub(crate) fn place(&self) -> Option<Place> {
        let now = self.calls.now()?;
        let frame = |(code, position): (Arc<Code>, Option<Position>)| {
            let site =
                Site { source: Some(Arc::clone(&code.source)), function: code.function.as_deref().and_then(shown) };
            let title = |source: &Arc<Source>| self.title(source);
            // Of what `eval` evaluates no lines are known.
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

    /// What a name stands for that is not a local variable.
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

/// Goes on, unless the job has been asked to stop.
pub(crate) fn go_on(context: &NativeCallContext<'_>) -> Result<()> {
    Ok(Evaluation::of(context).context.check().map_err(|_| stopped())?)
}
