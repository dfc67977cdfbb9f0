//! What a job prints, as the readers of its log see it.

use std::{thread, time::Duration};

use bgjobs::{AnyJob, Config, Context, Failure, Job, JobManager, LogCursor, State, Stream, Verdict, WaitError};

use crate::{
    gate::{GUARD, Gate, wait_until},
    support::long_proofs,
};

/// The lines in the log of a job, from the oldest one in memory.
pub(crate) fn texts<T>(job: &Job<T>) -> Vec<String> {
    job.log().read(&mut LogCursor::default()).lines.into_iter().map(|line| line.text).collect()
}

#[test]
fn lines_can_be_read_while_the_job_runs_and_are_timestamped() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let pass = gate.pass();
    let body = move |job: &Context| {
        job.print("one\ntwo");
        job.log().write(Stream::Err, "oops\n");
        pass.wait();
        job.print(3);
        Ok(())
    };
    let job = jobs.spawn_with("print", body).unwrap();
    let mut cursor = LogCursor::default();
    wait_until("the job has printed", || job.log().len() == 3);
    let reading = job.log().read(&mut cursor);
    let seen: Vec<_> = reading.lines.iter().map(|line| (line.stream, &*line.text)).collect();
    assert_eq!(seen, [(Stream::Out, "one"), (Stream::Out, "two"), (Stream::Err, "oops")]);
    assert!(reading.lines.iter().all(|line| line.at >= job.times().started.unwrap()));
    gate.open();
    job.join().unwrap();
    assert_eq!(job.log().read(&mut cursor).lines[0].text, "3");
    assert!(job.log().read(&mut cursor).lines.is_empty());
    assert_eq!(job.log().tail(1)[0].text, "3");
}

#[test]
fn an_unfinished_line_is_in_the_log_however_the_job_ends() {
    let jobs = JobManager::new();
    let open = |job: &Context| -> Result<(), Failure> {
        job.print("whole");
        job.log().write(Stream::Out, "half");
        job.log().write(Stream::Err, "of an error");
        if job.id() == 1.into() { panic!("x") } else { Ok(()) }
    };
    let done = jobs.spawn_with("done", open).unwrap();
    let died = jobs.spawn_with("died", open).unwrap();
    for job in [done, died] {
        job.wait().unwrap();
        assert_eq!(texts(&job), ["whole", "half", "of an error"]);
    }
}

#[test]
fn a_clone_of_the_context_prints_from_another_thread() {
    let jobs = JobManager::new();
    let body = |job: &Context| {
        job.print("before");
        let clone = job.clone();
        thread::spawn(move || clone.print("from elsewhere")).join().unwrap();
        job.print("after");
        Ok(())
    };
    let job = jobs.spawn_with("print", body).unwrap();
    job.join().unwrap();
    assert_eq!(texts(&job), ["before", "from elsewhere", "after"]);
}

/// A body that prints `count` lines with the number of its job.
fn printer(count: u64) -> impl FnOnce(&Context) -> Result<(), Failure> + Send + 'static {
    move |job| {
        (0..count).for_each(|n| job.print(format!("{} {n}", job.id())));
        Ok(())
    }
}

#[test]
fn a_silent_job_has_an_empty_log_and_a_flooding_one_a_bounded_log() {
    let jobs = JobManager::with_config(Config { log_bytes: 1_000, ..Config::default() });
    let silent = jobs.spawn("silent", || ()).unwrap();
    silent.join().unwrap();
    assert!(silent.log().is_empty() && texts(&silent).is_empty());
    let flood = jobs.spawn_with("flood", printer(1_000)).unwrap();
    flood.join().unwrap();
    let reading = flood.log().read(&mut LogCursor::default());
    assert_eq!(flood.log().len(), 1_000);
    assert_eq!(reading.missed + reading.lines.len() as u64, 1_000);
    assert!(reading.lines.len() > 1 && reading.lines.len() <= 1_000 / 64);
    assert_eq!(reading.lines.last().unwrap().text, "1 999");
}

#[test]
fn a_million_unread_lines_stay_within_the_memory_limit_of_the_log() {
    let lines = if long_proofs() { 1_000_000 } else { 30_000 };
    let jobs = JobManager::new();
    let most = Config::default().log_bytes as u64;
    let flood = jobs.spawn_with("flood", printer(lines)).unwrap();
    flood.join().unwrap();
    let held = flood.log().tail(usize::MAX);
    assert!(
        held.iter().map(|line| line.text.len() as u64 + 64).sum::<u64>() <= most,
        "{} lines are in memory",
        held.len()
    );
    assert_eq!((flood.log().len(), held.last().unwrap().text.as_str()), (lines, &*format!("0 {}", lines - 1)));
    // A late reader learns how many lines it missed.
    let reading = flood.log().read(&mut LogCursor::default());
    assert_eq!((reading.missed, reading.lines.len()), (lines - held.len() as u64, held.len()));
}

#[test]
fn the_logs_of_jobs_do_not_mix_and_outlive_their_jobs() {
    let jobs = JobManager::new();
    let started: Vec<_> = (0..8).map(|_| jobs.spawn_with("print", printer(50)).unwrap()).collect();
    jobs.wait_all().unwrap();
    let logs: Vec<_> = started.iter().map(|job| job.log()).collect();
    jobs.flush();
    drop((started, jobs));
    for (n, log) in logs.iter().enumerate() {
        let lines = log.tail(usize::MAX);
        assert_eq!(lines.len(), 50);
        assert!(lines.iter().enumerate().all(|(index, line)| line.text == format!("{n} {index}")));
        assert!(lines.windows(2).all(|pair| pair[0].at <= pair[1].at));
    }
}

#[test]
fn a_follower_gets_each_line_as_it_is_printed_and_then_the_end() {
    let jobs = JobManager::new();
    let gates = [Gate::new(), Gate::new(), Gate::new()];
    let passes = gates.each_ref().map(Gate::pass);
    let body = move |job: &Context| {
        for (n, pass) in passes.into_iter().enumerate() {
            pass.wait();
            job.print(n);
        }
        job.log().write(Stream::Out, "half");
        Ok(())
    };
    let job = jobs.spawn_with("print", body).unwrap();
    let mut cursor = LogCursor::default();
    for (n, gate) in gates.iter().enumerate() {
        gate.open_soon();
        let new = job.follow_timeout(&mut cursor, GUARD).unwrap().unwrap();
        assert_eq!(new.lines[0].text, n.to_string());
        if let [_, half] = &*new.lines {
            assert_eq!((n, &*half.text), (2, "half"));
        }
    }
    while job.follow_timeout(&mut cursor, GUARD).unwrap().is_some() {}
    assert_eq!(cursor.line(), 4);
    assert!(job.follow(&mut cursor).unwrap().is_none(), "the end is reported again");
}

#[test]
fn a_follower_sees_an_unfinished_line_at_once_and_each_of_its_changes() {
    let jobs = JobManager::new();
    let gates = [Gate::new(), Gate::new()];
    let passes = gates.each_ref().map(Gate::pass);
    let body = move |job: &Context| {
        job.log().write(Stream::Out, "Overwrite? ");
        for (pass, more) in passes.into_iter().zip(["\r50%", "\r100%"]) {
            pass.wait();
            job.log().write(Stream::Out, more);
        }
        Ok(())
    };
    let job = jobs.spawn_with("ask", body).unwrap();
    let mut cursor = LogCursor::default();
    let mut pending = || {
        let reading = job.follow_timeout(&mut cursor, GUARD).unwrap().unwrap();
        assert!(reading.lines.is_empty());
        reading.pending.into_iter().map(|line| line.text).collect::<Vec<_>>()
    };
    assert_eq!(pending(), ["Overwrite? "]);
    assert_eq!(job.last_line().unwrap().text, "Overwrite? ");
    gates[0].open_soon();
    assert_eq!(pending(), ["50%"]);
    gates[1].open();
    job.join().unwrap();
    assert_eq!((texts(&job), job.log().pending()), (vec!["100%".to_owned()], Vec::new()));
}

#[test]
fn following_ends_at_its_timeout_and_when_the_follower_is_stopped_and_the_job_runs_on() {
    let jobs = JobManager::new();
    let gate = Gate::new();
    let silent = jobs.spawn("silent", gate.hold(())).unwrap();
    let mut cursor = LogCursor::default();
    let error = silent.follow_timeout(&mut cursor, Duration::ZERO).unwrap_err();
    assert!(matches!(error, WaitError::TimedOut { .. }), "{error}");

    let other = AnyJob::clone(&silent);
    let follower = jobs.spawn_with("follow", move |job| {
        let error = job.follow(&other, &mut LogCursor::default()).unwrap_err();
        assert!(matches!(error, WaitError::Stopped(_)), "{error}");
        Ok(job.check()?)
    });
    let verdict = follower.unwrap().stop("seen enough", GUARD);
    assert!(matches!(verdict, Verdict::Stopped { .. }), "{verdict}");
    assert!(!silent.is_finished());
}

#[test]
fn a_job_that_would_follow_itself_forever_gets_an_error() {
    let jobs = JobManager::new();
    let job = jobs.spawn_with("follow", |job| {
        let mut cursor = LogCursor::default();
        job.print("one");
        assert_eq!(job.job().follow(&mut cursor).unwrap().unwrap().lines.len(), 1);
        Ok(job.job().follow(&mut cursor).map(|_| ()).unwrap_err())
    });
    assert_eq!(job.unwrap().join_timeout(GUARD).unwrap(), &WaitError::Itself(0.into()));
}

#[test]
fn recent_lines_can_be_read_by_their_age() {
    let jobs = JobManager::new();
    let job = jobs.spawn_with("print", printer(3)).unwrap();
    job.join().unwrap();
    assert_eq!(job.log().since(Duration::MAX).len(), 3);
    assert_eq!(job.log().since(GUARD * 60).len(), 3);
    assert!(job.log().since(Duration::ZERO).is_empty());
}

#[test]
fn a_follower_of_a_job_that_never_stops_printing_still_notices_its_own_stop() {
    let jobs = JobManager::new();
    let chatty = jobs.spawn_with("chatty", |job| {
        loop {
            job.check()?;
            job.print("again");
        }
        #[expect(unreachable_code, reason = "the type of the result")]
        Ok(())
    });
    let other = AnyJob::clone(chatty.as_ref().unwrap());
    let follower = jobs.spawn_with("follow", move |job| {
        let mut cursor = LogCursor::default();
        while job.follow(&other, &mut cursor)?.is_some() {}
        Ok(())
    });
    let follower = follower.unwrap();
    wait_until("the follower runs", || follower.state() == State::Running);
    assert!(matches!(follower.stop("seen enough", GUARD), Verdict::Stopped { .. }));
    chatty.unwrap().stop("the end", GUARD);
}
