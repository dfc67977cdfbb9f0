//! An indexer: counts the words in all files of a folder, four files at a time, and adds up the counts as they come.
//!
//! `cargo run --example index`, or `cargo run --example index -- FOLDER`

#![expect(clippy::print_stdout, reason = "an example for the terminal")]

use std::{collections::BTreeMap, env, error::Error, fs, path::Path, time::Duration};

use bgjobs::{Context, Failure, Job, JobManager, Retry, wait_any};

/// How often each word occurs.
pub(crate) type Words = BTreeMap<String, u64>;

fn main() -> Result<(), Box<dyn Error>> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let folder = env::args_os().nth(1).unwrap_or_else(|| own.into());
    let jobs = JobManager::new();
    let files = start(&jobs, Path::new(&folder))?;
    let words = add_up(files)?;

    let mut often: Vec<_> = words.iter().collect();
    often.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    for (word, count) in often.iter().take(5) {
        println!("{count:6} {word}");
    }
    // Why the others failed is in their tracebacks.
    print!("{}", jobs.tracebacks());
    Ok(())
}

/// Starts a job for each file in the folder.
pub(crate) fn start(jobs: &JobManager, folder: &Path) -> Result<Vec<Job<Words>>, Box<dyn Error>> {
    // The disk gains nothing from more readers.
    let disk = jobs.group("disk");
    disk.set_limit(4)?;
    let retry = Retry { attempts: 2, backoff: Duration::from_millis(10), ..Retry::default() };
    let mut started = Vec::new();
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        if file.is_file() {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            started.push(disk.named(name).retry(retry).spawn_with(move |job| count(&file, job))?);
        }
    }
    Ok(started)
}

/// The body of a job.
fn count(file: &Path, job: &Context) -> Result<Words, Failure> {
    job.checkpoint("reading")?;
    let text = fs::read_to_string(file)?;
    let total = text.lines().count() as u64;
    let mut words = Words::new();
    for (line, done) in text.lines().zip(1..) {
        job.check()?;
        job.progress(done, total);
        for word in line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            *words.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    Ok(words)
}

/// Adds up the counts in the order in which the jobs end, without those that fail.
pub(crate) fn add_up(mut files: Vec<Job<Words>>) -> Result<Words, Box<dyn Error>> {
    let mut words = Words::new();
    while !files.is_empty() {
        let file = wait_any(&files)?.clone();
        files.retain(|other| *other != file);
        match file.join() {
            Ok(counts) => {
                println!("{file}: {} lines, {} files are left", file.progress().unwrap_or_default().done, files.len());
                for (word, count) in counts {
                    *words.entry(word.clone()).or_default() += count;
                }
            }
            Err(error) => println!("{file}: {error:#}, after {} attempts", file.attempts().len()),
        }
    }
    Ok(words)
}
