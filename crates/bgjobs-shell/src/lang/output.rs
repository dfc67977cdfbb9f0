//! Where evaluations and commands print.
//!
//! Knows nothing of who prints.

use std::sync::Arc;

use bgjobs::Stream;

/// Where an evaluation prints: text as it comes, with its line breaks.
pub type Output = Arc<dyn Fn(Stream, &str) + Send + Sync>;

/// Collects what comes in pieces until its lines are whole, so that those of several jobs can stand side by side.
#[derive(Default)]
pub(crate) struct LineBuffer([String; 2]);

impl LineBuffer {
    /// Adds a piece, and prints the lines that are whole now.
    pub(crate) fn push(&mut self, stream: Stream, text: &str, output: &Output) {
        let open = &mut self.0[stream as usize];
        open.push_str(text);
        if let Some(end) = open.rfind('\n') {
            output(stream, &open[..=end]);
            open.drain(..=end);
        }
    }

    /// Prints the unfinished lines.
    pub(crate) fn end(self, output: &Output) {
        for (stream, rest) in [Stream::Out, Stream::Err].into_iter().zip(self.0) {
            if !rest.is_empty() {
                output(stream, &format!("{rest}\n"));
            }
        }
    }
}
