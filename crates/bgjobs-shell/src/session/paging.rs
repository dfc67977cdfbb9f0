//! What may be longer than the screen: in a pager then.
//!
//! Knows nothing of what is shown.

use std::{
    cell::RefCell,
    io::{BufWriter, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bgjobs::{Context, Failure, Options, Stream, uncoloured};
use unicode_width::UnicodeWidthStr;

use super::{Answer, Session};
use crate::{pager::Pager, terminal::has_input};

/// What fits on a screen.
#[derive(Default)]
struct FirstScreen {
    text: String,
    rows: usize,
}

impl FirstScreen {
    fn push(&mut self, text: &str, columns: usize) {
        self.text.push_str(text);
        let rows = |line: &str| uncoloured(line).width().div_ceil(columns.max(1)).max(1);
        self.rows += text.lines().map(rows).sum::<usize>();
    }
}

impl Session {
    /// Shows one or more lines, in a pager if they are longer than the screen.
    pub(crate) fn print_in_pager(&self, text: &str) {
        let text = format!("{text}\n");
        let mut first = FirstScreen::default();
        first.push(&text, self.columns);
        if self.rows.is_none_or(|room| first.rows <= room) {
            return self.write(Stream::Out, &text);
        }
        self.look_in_pager(move |_, print| {
            print(Stream::Out, &text);
            Ok(())
        });
    }

    /// Does as [`look`](Self::look), but on a terminal what is longer than the screen is shown in a pager; for that, `look` is
    /// called again.
    pub(crate) fn look_in_pager<L>(&self, look: L) -> Answer
    where
        L: Fn(&Context, &dyn Fn(Stream, &str)) -> Result<(), Failure> + Clone + Send + 'static,
    {
        // A pager would take what is typed ahead for its own keys.
        let is_asked = self.typed_ahead.is_empty() && !has_input();
        let pager = Pager::of(self.environment()).filter(|_| self.changes_in_place && is_asked);
        let Some((pager, room)) = pager.zip(self.rows) else { return self.look(look) };
        let first = Arc::<Mutex<FirstScreen>>::default();
        let (gathered, again, columns) = (Arc::clone(&first), look.clone(), self.columns);
        let answer = self.look(move |context, _| {
            look(context, &|_, text| {
                let mut first = gathered.lock().unwrap_or_else(PoisonError::into_inner);
                first.push(text, columns);
                if first.rows > room {
                    context.job().ask_stop("it is longer than the screen");
                }
            })
        });
        let FirstScreen { text, rows } = std::mem::take(&mut *first.lock().unwrap_or_else(PoisonError::into_inner));
        if rows <= room {
            self.write(Stream::Out, &text);
            return answer;
        }
        if self.page(pager, again.clone()) { Answer::Nothing } else { self.look(again) }
    }

    /// Shows in a pager what `look` prints; false if the pager could not be started.
    fn page<L>(&self, pager: Pager, look: L) -> bool
    where
        L: FnOnce(&Context, &dyn Fn(Stream, &str)) -> Result<(), Failure> + Send + 'static,
    {
        let show = move |context: &Context| {
            let is_shown = pager.show(context, |text| {
                let (text, has_ended) = (RefCell::new(BufWriter::new(text)), AtomicBool::new(false));
                let print = |_, line: &str| {
                    let has_failed = text.borrow_mut().write_all(line.as_bytes()).is_err();
                    if has_failed && !has_ended.swap(true, Ordering::Relaxed) {
                        // The user has seen enough, and nobody reads what would follow.
                        context.job().ask_stop("the pager has ended");
                    }
                };
                let _ = look(context, &print);
            });
            Ok(is_shown?)
        };
        let Ok(job) = self.foreground.start("the pager", Options::default(), show) else { return false };
        // It has the terminal's keys, Ctrl-C and Ctrl-Z, too.
        self.foreground.wait(&job, None, || {});
        job.join().is_ok_and(|is_shown| *is_shown)
    }
}
