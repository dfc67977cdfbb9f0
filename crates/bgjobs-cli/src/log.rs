//! `bgjobs log`: what a kept job printed.
//!
//! Knows nothing of how it is stored.

use std::{
    io::{self, IsTerminal, Write},
    thread,
    time::Duration,
};

use bgjobs::{KeptCursor, KeptReading, Stream, coloured, many_lines, uncoloured};
use lexopt::{Parser, ValueExt};

use crate::{
    colours, output, text,
    word::{Trouble, job, jobs},
};

pub(crate) const USAGE: &str = "\
Usage: bgjobs log JOB [-f] [--from CURSOR]

Shows what a job printed. On a terminal, control characters but colours are escaped.

  -f             goes on with what it prints until it has ended
  --from CURSOR  begins where an earlier look ended, and says at the end, on standard
                 error, where the next begins; the first cursor is 0";

/// The pause between two looks for new output.
const PAUSE: Duration = Duration::from_millis(50);

pub(crate) fn log(mut parser: Parser) -> Result<u8, Trouble> {
    use lexopt::prelude::{Long, Short, Value};
    let (mut word, mut follow, mut from) = (None, false, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('f') => follow = true,
            Long("from") => from = Some(parser.value()?.parse()?),
            Value(value) if word.is_none() => word = Some(value),
            _ => return Err(argument.unexpected().into()),
        }
    }
    let job = job(&jobs()?, word)?;
    let mut cursor = from.map_or_else(KeptCursor::default, KeptCursor::at);
    loop {
        // What was printed before the end is there once the end is.
        let is_last = !follow || job.state().map_err(Trouble::refused)?.is_over();
        loop {
            let reading = job.read(&mut cursor).map_err(Trouble::refused)?;
            if reading.is_empty() {
                break;
            }
            show(&reading);
        }
        if is_last {
            break;
        }
        thread::sleep(PAUSE);
    }
    if from.is_some() {
        output::write(Stream::Err, &format!("--from {}", cursor.offset()));
    }
    Ok(0)
}

fn show(reading: &KeptReading) {
    let mut shown = String::new();
    if reading.dropped > 0 {
        shown = text::dropped(reading.dropped);
    }
    let (is_terminal, in_colours) = (io::stdout().is_terminal(), colours::are_wanted());
    for line in &reading.lines {
        shown.push_str(&match (is_terminal, in_colours) {
            (false, _) => line.text.clone(),
            (true, false) => many_lines(&uncoloured(&line.text)).to_string(),
            (true, true) => coloured(&line.text).to_string(),
        });
        shown.push_str(if line.is_whole { "\n" } else { "" });
    }
    let mut out = io::stdout().lock();
    if out.write_all(shown.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(output::BROKEN_PIPE);
    }
}
