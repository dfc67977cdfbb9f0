//! A timeline as a trace, for the viewers of Perfetto and Chrome.
//!
//! Knows nothing of pictures.

use std::{fmt::Display, time::Duration};

use serde_json::Value;

use super::{Timeline, bar::Bar, lanes::lanes};

impl Timeline {
    /// The timeline as a trace in the Trace Event Format, which <https://ui.perfetto.dev> and `chrome://tracing` open.
    ///
    /// A job that ran is in the row of a lane, in which the jobs ran one after the other; a wait is a row of its own; and
    /// a counter says how many ran. Times count from the first job, whose time is `otherData.start`.
    #[must_use]
    pub fn trace(&self) -> String {
        let mut events = vec![metadata("process_name", 0, "bgjobs")];
        let (placed, count) = lanes(&self.bars);
        events.extend((1..=count).map(|lane| metadata("thread_name", lane, &format!("lane {lane}"))));
        events.extend(placed.iter().map(|(lane, bar)| run(bar, lane + 1)));
        events.extend(self.bars.iter().flat_map(wait));
        events.extend(running(&self.bars));
        let start = humantime::format_rfc3339_micros(self.start);
        let events = events.join(",\n");
        format!(
            "{{\"displayTimeUnit\":\"ms\",\"otherData\":{{\"start\":\"{start}\"}},\"traceEvents\":[\n{events}\n]}}\n"
        )
    }
}

/// A text in JSON.
fn quoted(text: &str) -> impl Display {
    Value::from(text)
}

fn metadata(what: &str, thread: usize, name: &str) -> String {
    format!(r#"{{"ph":"M","name":"{what}","pid":1,"tid":{thread},"args":{{"name":{}}}}}"#, quoted(name))
}

fn run(bar: &Bar, thread: usize) -> String {
    let (began, ended) = bar.run().unwrap_or_default();
    format!(
        r#"{{"ph":"X","name":{},"cat":"job","pid":1,"tid":{thread},"ts":{},"dur":{},"args":{{"job":{},"end":"{}","waited_ms":{}}}}}"#,
        quoted(&bar.name),
        began.as_micros(),
        ended.saturating_sub(began).as_micros(),
        bar.id,
        bar.end.word(),
        began.saturating_sub(bar.created).as_millis(),
    )
}

fn wait(bar: &Bar) -> Vec<String> {
    let (from, to) = bar.wait();
    // Nothing is seen of what is shorter, and most jobs wait only for a thread.
    if to.saturating_sub(from) < Duration::from_millis(1) {
        return Vec::new();
    }
    let event = |phase: char, time: Duration| {
        format!(
            r#"{{"ph":"{phase}","name":{},"cat":"waiting","id":{},"pid":1,"tid":0,"ts":{}}}"#,
            quoted(&bar.name),
            bar.id,
            time.as_micros()
        )
    };
    vec![event('b', from), event('e', to)]
}

/// How many jobs run, at each change.
fn running(bars: &[Bar]) -> Vec<String> {
    let mut changes: Vec<_> =
        bars.iter().filter_map(Bar::run).flat_map(|(began, ended)| [(began, 1_isize), (ended, -1)]).collect();
    // At the same moment beginnings come first, so that the count of a job that took no time is not negative.
    changes.sort_unstable_by_key(|(time, change)| (*time, -change));
    let mut level = 0;
    let count = |(time, change): (Duration, isize)| {
        level += change;
        format!(r#"{{"ph":"C","name":"running","pid":1,"ts":{},"args":{{"jobs":{level}}}}}"#, time.as_micros())
    };
    changes.into_iter().map(count).collect()
}
