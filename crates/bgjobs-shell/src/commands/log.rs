//! `log 3 /error/ -f -t -n 20 --since 5m --err`: shows what jobs printed.

use bgjobs::{Context, FailureKind, Stream, one_line};
use bgjobs_cli::durations;

use super::{
    arguments::Arguments,
    meant::meant,
    word::{Action, CommandLine, Completion, Fitting, Reply, Word},
};
use crate::{
    live::LiveLines,
    log_filter::{LogFilter, Pattern},
    log_view::LogView,
    option_help::OptionHelp,
    selection::{Selected, Selection},
    session::{Answer, Session},
    text::prose,
};

pub(super) const WORD: Word = Word {
    name: "log",
    usage: "log [3] [/error/] [-f] [-t] [-n 20] [--since 5m] [--out] [--err]",
    help: "Shows what jobs printed, by default the newest that has; a ! marks lines written to standard error.\n\
           It holds the newest lines, 1 MiB of them (`log_bytes` sets it), and says how many were dropped. The options\n\
           log_bytes and log_file of jobs.start and jobs.sh let it hold more, or all:\n\
           !make & #{log_file: \"make.log\"}.\n\
           On a terminal, what is longer than the screen is shown in $PAGER, by default less.",
    completion: Completion::Jobs(Fitting::Printed),
    options: &[
        OptionHelp {
            typed: "/error/",
            what: "only lines in which this regular expression is found; quote one with spaces",
        },
        OptionHelp { typed: "-f, --follow", what: "continues until the job ends; Ctrl-C stops following, not the job" },
        OptionHelp { typed: "-t, --times", what: "shows the time of each line" },
        OptionHelp { typed: "-n, --last 20", what: "only the last 20 lines" },
        OptionHelp { typed: "--since 5m", what: "only lines of the last 5 minutes; also 30s, 2h, 1h30m" },
        OptionHelp { typed: "--out", what: "only lines of standard output" },
        OptionHelp { typed: "--err", what: "only lines of standard error" },
    ],
    read: |arguments| {
        let view = view(arguments)?;
        Ok(Box::new(Log { jobs: arguments.jobs()?, view }))
    },
};

#[derive(Debug)]
struct Log {
    jobs: Option<Selection>,
    view: LogView,
}

impl Action for Log {
    fn run(&self, session: &mut Session, _: CommandLine) -> Result<Reply, String> {
        let (view, told) = (self.view.clone(), session.tracked().clone());
        let Selected { jobs, missing } =
            meant(session, self.jobs.as_ref(), Fitting::Printed, "no job has printed anything")?;
        // Without a number, it has to say which job is meant.
        let is_named = jobs.len() > 1 || self.jobs.is_none();
        if view.follow && jobs.len() > 1 {
            return Err(format!("{} jobs match, but only one can be followed: give its number", jobs.len()));
        }
        let (medium, width) = (session.medium(), session.tracked().width.get());
        let follows = view.follow;
        let look = move |context: &Context, print: &dyn Fn(Stream, &str)| {
            let mut lines = LiveLines::new(medium, print);
            for job in &jobs {
                if is_named {
                    print(Stream::Out, &prose(&format!("#{} {}:\n", job.id(), job.name()), width));
                }
                view.print(context, &told, job, &mut lines)?;
            }
            Ok(())
        };
        let end = if follows { session.look(look) } else { session.look_in_pager(look) };
        match end {
            // Ctrl-C ends the view without an error.
            Answer::Failed(failure) if failure.kind() != FailureKind::Stop => Err(failure.to_string()),
            _ if missing.is_empty() => Ok(Reply::Nothing),
            _ => Err(missing.join("\n")),
        }
    }
}

fn view(arguments: &mut Arguments) -> Result<LogView, String> {
    let stream = match (arguments.flag(&["--out"]), arguments.flag(&["--err"])) {
        (true, false) => Some(Stream::Out),
        (false, true) => Some(Stream::Err),
        // That is the default.
        _ => None,
    };
    let last = arguments.value(&["-n", "--last"]).map(|count| {
        count.parse().map_err(|_| format!("log: `{}` is not a number of lines, such as 20", one_line(&count)))
    });
    let since = arguments.value(&["--since"]).map(|age| {
        durations::typed(&age).ok_or_else(|| format!("log: `{}` is not a time, such as 30s, 5m or 2h", one_line(&age)))
    });
    let pattern = arguments.pattern().map(|text| Pattern::parse(&text).map_err(|error| format!("log: {error}")));
    let filter =
        LogFilter { since: since.transpose()?, last: last.transpose()?, stream, pattern: pattern.transpose()? };
    Ok(LogView { filter, times: arguments.flag(&["-t", "--times"]), follow: arguments.flag(&["-f", "--follow"]) })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn view(line: &str) -> Result<LogView, String> {
        let line = line.strip_prefix("log").expect("it is this word");
        let mut arguments = Arguments::new(WORD.name, WORD.usage, WORD.options, line)?;
        let view = super::view(&mut arguments)?;
        arguments.jobs()?;
        arguments.end()?;
        Ok(view)
    }

    #[test]
    fn options_count_wherever_they_stand() {
        let minutes = |count| Some(Duration::from_mins(count));
        assert_eq!(view("log 3"), Ok(LogView::default()));
        let filter = LogFilter { since: minutes(5), last: Some(20), stream: Some(Stream::Err), pattern: None };
        let all = LogView { filter, times: true, follow: true };
        assert_eq!(view("log -ft 3 -n 20 --since 5m --err"), Ok(all.clone()));
        assert_eq!(view("log --follow --times --last=20 --since=300 --err #3"), Ok(all));
        assert_eq!(view("log 3 -n5 --out --err").map(|view| view.filter.last), Ok(Some(5)));
        for line in ["log 3 '/a b.*/'", "log /a\\ b.*/", "log '/a b.*/' 3 -n 5"] {
            assert_eq!(
                view(line).map(|view| view.filter.pattern),
                Ok(Some(Pattern::parse("a b.*").unwrap())),
                "{line}"
            );
        }
        assert_eq!(view("log 3 --out").map(|view| view.filter.stream), Ok(Some(Stream::Out)));
        assert_eq!(view("log 3 --out --err").map(|view| view.filter.stream), Ok(None));
    }

    #[test]
    fn errors_say_what_to_type_instead() {
        for (line, told) in [
            (
                "log 3 -n",
                "log: -n needs a value, as in `log [3] [/error/] [-f] [-t] [-n 20] [--since 5m] [--out] [--err]`",
            ),
            ("log 3 -n many", "log: `many` is not a number of lines, such as 20"),
            ("log 3 -n -1", "log: `-1` is not a number of lines, such as 20"),
            ("log 3 --since 5x", "log: `5x` is not a time, such as 30s, 5m or 2h"),
            ("log 3 /(/", "log: `/(/` is not a regular expression: found open group without closing ')'"),
            ("log 3 -x", "log has no option -x; see `help log`"),
        ] {
            assert_eq!(view(line).unwrap_err(), told, "{line}");
        }
    }
}
