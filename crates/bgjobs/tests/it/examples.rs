//! The programs among the examples, part by part. The web service has a module of its own.

#[path = "../../examples/body.rs"]
#[expect(dead_code, unreachable_pub, reason = "its `main` is not called here, and it is public as in a crate")]
mod body;
#[path = "../../examples/index.rs"]
#[expect(dead_code, reason = "its `main` is not called here")]
mod index;
#[path = "../../examples/pipeline.rs"]
#[expect(dead_code, reason = "its `main` is not called here")]
mod pipeline;
#[path = "../../examples/prompt.rs"]
#[expect(dead_code, reason = "its `main` is not called here")]
mod prompt;

use std::{
    error::Error,
    fs,
    io::{self, Read},
};

use bgjobs::{AfterError, FailureKind, JobManager, Outcome, State, StopReason, Verdict};

use crate::gate::{GUARD, wait_until};

#[test]
fn an_indexer_adds_up_the_files_of_a_folder_and_tries_an_unreadable_one_twice() {
    let folder = std::env::temp_dir().join(format!("bgjobs-index-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("one.txt"), "To be, or not\nto be").unwrap();
    fs::write(folder.join("two.txt"), "be").unwrap();
    fs::write(folder.join("picture"), [0xff]).unwrap();
    let jobs = JobManager::new();
    let files = index::start(&jobs, &folder);
    let words = files.and_then(index::add_up);
    fs::remove_dir_all(&folder).unwrap();

    let words = words.unwrap();
    assert_eq!(words.into_iter().collect::<Vec<_>>(), [("be", 3), ("not", 1), ("or", 1), ("to", 2)].map(owned));
    let [dead] = jobs.dead().try_into().unwrap();
    assert_eq!((&**dead.name(), dead.attempts().len()), ("picture", 2));
    assert!(jobs.all().iter().all(|job| job.group().is_some_and(|group| group == "disk")));
}

fn owned((word, count): (&str, u64)) -> (String, u64) {
    (word.to_owned(), count)
}

#[test]
fn a_prompt_counts_words_waits_for_the_result_and_forgets_jobs() {
    let jobs = JobManager::new();
    let mut notices = jobs.notices();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE-MIT");
    let words = fs::read_to_string(file).unwrap().split_whitespace().count();
    let mut answer = |line: &str| prompt::answer(&jobs, &mut notices, line).map_err(|error| format!("{error:#}"));

    assert_eq!(answer(&format!("count {file}\n")).unwrap(), format!("started <BackgroundJob #0: count {file}>\n"));
    assert_eq!(answer("result 0\n").unwrap(), format!("{words} words\n"));
    answer("count no/such/file").unwrap();
    assert!(answer("result 1").unwrap_err().starts_with("job #1 `count no/such/file` failed: "));
    assert!(answer("traceback 1").unwrap().contains("prompt.rs, line "));
    assert_eq!(answer("stop #1").unwrap(), "had failed before\n");
    assert!(answer("where 0").unwrap().contains(": Completed, "));
    assert_eq!(answer("remove 0").unwrap(), format!("removed <BackgroundJob #0: count {file}>\n"));
    assert_eq!(answer("remove 0").unwrap_err(), "Job #0 not found; it was removed or flushed");
    assert_eq!(answer("remove").unwrap(), "Flushing 1 Dead job.\n");
    assert_eq!(answer("jobs").unwrap(), "");
    assert_eq!(answer("stop it").unwrap_err(), "`it` is not a job number; write 4 or #4");
    assert!(answer("help").unwrap().contains("remove N "));
    // The one result was seen, and the failed job is still to be reported.
    assert_eq!(notices.report().dead.len(), 1);
    assert!(notices.report().is_empty());
}

#[test]
fn a_pipeline_reports_after_its_steps_and_tidies_up_after_a_panic_too() {
    let jobs = JobManager::new();
    let good = pipeline::start(&jobs, |_| Ok(vec![1.0, 4.0]), |_| Ok(vec![2.0, 1.0])).unwrap();
    assert_eq!(good.report.join().unwrap(), "The mean price is 2.00.");
    good.tidy.join().unwrap();

    let short = pipeline::start(&jobs, |_| Ok(vec![1.0, 4.0]), |_| Ok(vec![])).unwrap();
    short.tidy.join().unwrap();
    assert_eq!(short.mean.failure().unwrap().kind(), FailureKind::Panic);
    assert!(short.report.failure().unwrap().error().unwrap().is::<AfterError>());
}

#[test]
fn a_stopped_load_stops_the_steps_after_it_and_frees_its_slot() {
    let jobs = JobManager::new();
    let stuck = pipeline::start(&jobs, |job| Err(job.sleep(GUARD).unwrap_err().into()), |_| Ok(vec![1.0])).unwrap();
    assert!(matches!(stuck.prices.stop("no answer", GUARD), Verdict::Stopped { .. }));
    stuck.tidy.join().unwrap();
    assert_eq!(stuck.amounts.join().unwrap(), &[1.0]);
    assert_eq!(stuck.mean.stop_reason(), Some(StopReason::After(stuck.prices.id())));
    assert_eq!(stuck.report.state(), State::Finished(Outcome::Stopped));
}

#[test]
fn a_body_of_ones_own_type_has_its_name_its_result_and_its_error() {
    let jobs = JobManager::new();
    let word = jobs.start(body::Checksum { name: "a word", source: &b"Wikipedia"[..] }).unwrap();
    assert_eq!(word.name(), "checksum of a word");
    assert_eq!(word.join().unwrap(), &0x11e6_0398);
    assert_eq!(word.log().tail(1)[0].text, "9 bytes");

    let broken = jobs.start(body::Checksum { name: "a disk", source: b"word".chain(Broken) }).unwrap();
    let error = broken.join().unwrap_err();
    assert_eq!(format!("{error:#}"), "job #1 `checksum of a disk` failed: can't read on at byte 4: no disk");
    assert!(error.source().unwrap().is::<body::ReadError>());
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("no disk"))
    }
}

#[test]
fn a_body_of_ones_own_type_says_where_it_was_stopped() {
    let jobs = JobManager::new();
    let endless = jobs.start(body::Checksum { name: "zeros", source: io::repeat(0) }).unwrap();
    wait_until("it reads", || endless.progress().is_some());
    let verdict = endless.stop("it never ends", GUARD);
    let Verdict::Stopped { place: Some(place), .. } = &verdict else { panic!("{verdict}") };
    assert_eq!(place.text, "reading");
    assert!(place.frames[0].source.as_ref().unwrap().ends_with("body.rs"), "{place}");
}
