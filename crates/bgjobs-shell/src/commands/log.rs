//! What can be asked of a log: `log 3 -f -t -n 20 --since 5m --err`.

use bgjobs::{Stream, one_line};

use super::{Command, arguments::Arguments};
use crate::{durations::typed as duration, log_filter::Lines, log_view::LogView};

pub(super) const HELP: &str = "\
Shows what jobs printed; a line with a ! was written to standard error.
What made room in memory is read from the log's file, if the job was started with
one, as by jobs.start(f, [], #{log_file: path}).
-f, --follow      goes on until the job ends; Ctrl-C ends the look, not the job
-t, --times       with the time of each line
-n, --last 20     the last 20 lines
--since 5m        those of the last 5 minutes; also 30s, 2h, 1h30m
--out, --err      those of one stream";

/// The options that take a value.
pub(super) const WITH_VALUE: &[&str] = &["-n", "--last", "--since"];

/// Reads what stands behind `log`.
pub(super) fn read(arguments: &mut Arguments) -> Result<Command, String> {
    let (out, err) = (arguments.flag(&["--out"]), arguments.flag(&["--err"]));
    let stream = match (out, err) {
        (true, false) => Some(Stream::Out),
        (false, true) => Some(Stream::Err),
        // Both are what is shown anyway.
        _ => None,
    };
    let last = arguments
        .value(&["-n", "--last"])
        .map(|count| count.parse().map_err(|_| format!("log: `{}` is no number of lines, as 20 is", one_line(&count))));
    let since = arguments.value(&["--since"]).map(|age| {
        duration(&age).ok_or_else(|| format!("log: `{}` is no time, as 30s, 5m and 2h are", one_line(&age)))
    });
    let lines = Lines { since: since.transpose()?, last: last.transpose()?, stream };
    let view =
        LogView { lines, times: arguments.flag(&["-t", "--times"]), follow: arguments.flag(&["-f", "--follow"]) };
    Ok(Command::Log(arguments.jobs()?, view))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn view(line: &str) -> Result<LogView, String> {
        match Command::parse(line, |_| false) {
            Some(Ok(Command::Log(_, view))) => Ok(view),
            Some(Err(refusal)) => Err(refusal),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn options_say_what_is_wanted_wherever_they_stand() {
        let minutes = |count| Some(Duration::from_mins(count));
        assert_eq!(view("log 3"), Ok(LogView::default()));
        let lines = Lines { since: minutes(5), last: Some(20), stream: Some(Stream::Err) };
        let all = LogView { lines, times: true, follow: true };
        assert_eq!(view("log -ft 3 -n 20 --since 5m --err"), Ok(all));
        assert_eq!(view("log --follow --times --last=20 --since=300 --err #3"), Ok(all));
        assert_eq!(view("log 3 -n5 --out --err").map(|view| view.lines.last), Ok(Some(5)));
        assert_eq!(view("log 3 --out").map(|view| view.lines.stream), Ok(Some(Stream::Out)));
        assert_eq!(view("log 3 --out --err").map(|view| view.lines.stream), Ok(None));
    }

    #[test]
    fn what_is_wrong_is_told_with_the_way_out() {
        for (line, told) in [
            ("log -f", "log wants a job, as in `log 3 [-f] [-t] [-n 20] [--since 5m] [--out] [--err]`"),
            ("log 3 -n", "log: -n wants a value, as in `log 3 [-f] [-t] [-n 20] [--since 5m] [--out] [--err]`"),
            ("log 3 -n many", "log: `many` is no number of lines, as 20 is"),
            ("log 3 -n -1", "log: `-1` is no number of lines, as 20 is"),
            ("log 3 --since 5x", "log: `5x` is no time, as 30s, 5m and 2h are"),
            ("log 3 -x", "log has no option -x; `help log` says what it understands"),
        ] {
            assert_eq!(view(line).unwrap_err(), told, "{line}");
        }
    }
}
