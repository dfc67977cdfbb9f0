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

use bgjobs::{JobId, JobManager};

const HELP: &str = "\
count FILE    count the words of a file in the background
jobs          list running and finished jobs
result N      show the result of job N
traceback N   show why job N died
stop N        ask job N to stop
flush         forget finished jobs
";

fn main() -> io::Result<()> {
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
        match answer(&jobs, &line) {
            Ok(text) => print!("{text}"),
            Err(error) => println!("error: {error:#}"),
        }
    }
    println!();
    // At the end of the input, waits for the jobs that still run and reports them.
    jobs.wait_all().map_err(io::Error::other)?;
    print!("{}", notices.report());
    Ok(())
}

fn answer(jobs: &JobManager, line: &str) -> Result<String, Box<dyn Error>> {
    let (command, argument) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    Ok(match command {
        "" => String::new(),
        "count" => {
            let file = argument.to_owned();
            let job = jobs.spawn_with(format!("count {file}"), move |job| {
                let mut words = 0;
                for line in fs::read_to_string(file)?.lines() {
                    job.check()?;
                    words += line.split_whitespace().count();
                }
                Ok(words)
            })?;
            format!("started {job:?}\n")
        }
        "jobs" => jobs.status().to_string(),
        "result" => format!("{}\n", jobs.result::<usize>(argument.parse::<JobId>()?)?),
        "traceback" => format!("{}\n", jobs.traceback(argument.parse::<JobId>()?)?),
        "stop" => {
            let verdict = jobs.get(argument.parse::<JobId>()?)?.stop("requested at the prompt", Duration::from_secs(2));
            format!("{verdict}\n")
        }
        "flush" => jobs.flush().to_string(),
        _ => HELP.to_owned(),
    })
}
