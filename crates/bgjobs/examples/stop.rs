//! Inspects a job while it runs (its place, its progress, its output) and then stops it.
//!
//! `cargo run --example stop`

#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::{error::Error, time::Duration};

use bgjobs::{JobManager, LogCursor, Verdict};

fn main() -> Result<(), Box<dyn Error>> {
    let jobs = JobManager::new();
    let (halfway, reached) = std::sync::mpsc::channel();

    let fit = jobs.spawn_with("fit", move |job| {
        for round in 1..=1_000 {
            job.checkpoint("fitting")?;
            job.progress(round, 1_000);
            if round == 500 {
                job.print("half of the rounds are done");
                halfway.send(())?;
                // A job that sleeps like this notices a stop at once.
                job.sleep(Duration::from_secs(3600))?;
            }
        }
        Ok("all rounds are done")
    })?;

    reached.recv()?;
    let progress = fit.progress().unwrap_or_default();
    println!("{} rounds done, {}", progress.done, fit.place().ok_or("the job has a place")?);
    for line in fit.log().read(&mut LogCursor::default()).lines {
        println!("it printed: {}", line.text);
    }

    let verdict = fit.stop("it takes too long", Duration::from_secs(5));
    println!("{fit}: {verdict}");
    println!("{}", jobs.traceback(fit.id())?);
    assert!(matches!(verdict, Verdict::Stopped { .. }));
    assert_eq!(fit.failure().ok_or("the job was stopped")?.message(), "it takes too long");
    Ok(())
}
