//! A tiny prompt that counts the words of files in the background.
//!
//! `cargo run --example prompt`, or `echo "count Cargo.toml" | cargo run --example prompt`

#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::{
    error::Error,
    fs,
    io::{self, Write},
    time::Duration,
};

use bgjobs::{AnyJob, JobId, JobManager, Notices, SpawnError};

const HELP: &str = "\
count FILE    count the words of a file in the background
jobs          list running and finished jobs
where N       show how far job N is
result N      wait for the result of job N
traceback N   show why job N died
stop N        ask job N to stop
remove N      forget job N; without a number, all finished jobs
";

fn main() -> Result<(), Box<dyn Error>> {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    print!("{HELP}");
    loop {
        // Reports jobs that ended since the last prompt; this costs nanoseconds if none did.
        print!("{}> ", notices.report());
        io::stdout().flush()?;
        let mut line = String::new();
        if io::stdin().read_line(&mut line)? == 0 {
            break;
        }
        match answer(&jobs, &mut notices, &line) {
            Ok(text) => print!("{text}"),
            Err(error) => println!("error: {error:#}"),
        }
    }
    println!();
    // At the end of the input, waits for the jobs that still run and reports them.
    jobs.wait_all()?;
    print!("{}", notices.report());
    Ok(())
}

pub(crate) fn answer(jobs: &JobManager, notices: &mut Notices, line: &str) -> Result<String, Box<dyn Error>> {
    let (command, argument) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    let named = || -> Result<AnyJob, Box<dyn Error>> { Ok(jobs.get(argument.parse::<JobId>()?)?) };
    Ok(match command {
        "" => String::new(),
        "count" => format!("started {:?}\n", count(jobs, argument)?),
        "jobs" => jobs.status().to_string(),
        "where" => {
            let (job, progress) = (named()?, named()?.progress().unwrap_or_default());
            format!("{job}: {}, {} lines\n", job.status(), progress.done)
        }
        "result" => {
            let job = named()?.downcast::<usize>().map_err(|job| format!("{job} has no number"))?;
            let words = job.join_timeout(Duration::from_secs(60))?;
            // The answer is notice enough.
            notices.mark_seen(&job);
            format!("{words} words\n")
        }
        "traceback" => format!("{}\n", jobs.traceback(&named()?)?),
        "stop" => format!("{}\n", named()?.stop("requested at the prompt", Duration::from_secs(2))),
        "remove" if argument.is_empty() => jobs.flush().to_string(),
        "remove" => format!("removed {:?}\n", jobs.remove(&named()?)?),
        _ => HELP.to_owned(),
    })
}

/// Starts a job that a stop ends between two lines.
fn count(jobs: &JobManager, file: &str) -> Result<AnyJob, SpawnError> {
    let path = file.to_owned();
    let job = jobs.spawn_with(format!("count {file}"), move |job| {
        let mut words = 0;
        for (line, done) in fs::read_to_string(path)?.lines().zip(1..) {
            job.check()?;
            job.progress(done, None);
            words += line.split_whitespace().count();
        }
        Ok(words)
    });
    job.map(AnyJob::from)
}
