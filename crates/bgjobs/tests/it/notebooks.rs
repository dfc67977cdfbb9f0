//! What a Rust notebook shows at the end of a cell. It reads the standard output, so each test has a process of its own.

use std::fmt;

use bgjobs::{Failure, JobManager, Options};
use expect_test::{Expect, expect};

use crate::{child, gate::Gate};

/// Checks what `scenario` shows, with zeros for the times; its test returns what this returns.
macro_rules! shows {
    ($scenario:expr, $expected:expr) => {
        if let Some(end) = child::run($scenario) {
            check(&end, &$expected);
        }
    };
}

#[track_caller]
fn check(end: &child::End, expected: &Expect) {
    assert_eq!((end.code, &*end.stderr), (Some(0), ""), "{end:?}");
    // What follows a block of content comes from the harness.
    let shown = without_styles(&end.noise.join("\n"));
    // A row for each line, although the HTML is one line.
    expected.assert_eq(&without_times(&shown).replace("<tr>", "\n<tr>"));
}

fn without_styles(html: &str) -> String {
    let mut parts = html.split(r#" style=""#);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |shown, part| shown + part.split_once('"').map_or(part, |(_, rest)| rest))
}

/// Replaces times, such as `12 ms` and `1.2 s`, by `0 ms`.
fn without_times(text: &str) -> String {
    let mut masked = text.to_owned();
    for unit in [" ms", " s"] {
        let mut parts = masked.split(unit).map(str::to_owned).collect::<Vec<_>>();
        for index in 1..parts.len() {
            let number = parts[index - 1].trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').len();
            let is_time = number < parts[index - 1].len() && !parts[index].starts_with(char::is_alphabetic);
            if is_time {
                parts[index - 1].replace_range(number.., "0");
            }
            let unit = if is_time { " ms" } else { unit };
            parts[index].insert_str(0, unit);
        }
        masked = parts.concat();
    }
    masked
}

/// Ends the line that the harness began, because a block is recognised at the start of a line.
fn begin() {
    child::say("the cell");
}

#[test]
fn a_list_is_a_table_with_numbers_names_states_times_and_how_each_job_stands() {
    shows!(
        || {
            let (jobs, gate) = (JobManager::new(), Gate::new());
            let pass = gate.pass();
            let (started, has_started) = std::sync::mpsc::channel();
            jobs.spawn("fit", || 42).unwrap().wait().unwrap();
            jobs.try_spawn("load", || Err::<(), _>(Failure::new("no rows"))).unwrap().wait().unwrap();
            jobs.spawn("index", || panic!("no\n  columns")).unwrap().wait().unwrap();
            jobs.try_spawn("stopped", || Err::<(), _>(Failure::stopped("enough"))).unwrap().wait().unwrap();
            let disk = jobs.group("disk");
            disk.pause();
            let in_disk = Options { group: Some("disk".into()), ..Options::default() };
            jobs.named("copy").with(in_disk).spawn(|| ()).unwrap();
            jobs.spawn_with("train", move |job| {
                job.progress(3, 10);
                started.send(())?;
                pass.wait();
                Ok(())
            })
            .unwrap();
            has_started.recv().unwrap();
            let pass = gate.pass();
            let (printed, has_printed) = std::sync::mpsc::channel();
            jobs.spawn_with("print", move |job| {
                job.print("half");
                printed.send(())?;
                pass.wait();
                Ok(())
            })
            .unwrap();
            has_printed.recv().unwrap();
            begin();
            jobs.evcxr_display();
            gate.open();
            disk.resume();
        },
        expect![[r"
            EVCXR_BEGIN_CONTENT text/html
            <table><thead>
            <tr><th></th><th>Job</th><th>Status</th><th>Time</th><th></th></tr></thead><tbody>
            <tr><td>0</td><td>fit</td><td>Completed</td><td>0 ms</td><td></td></tr>
            <tr><td>1</td><td>load</td><td>Dead (Exception)</td><td>0 ms</td><td>no rows</td></tr>
            <tr><td>2</td><td>index</td><td>Dead (Exception)</td><td>0 ms</td><td>no columns</td></tr>
            <tr><td>3</td><td>stopped</td><td>Dead (Stopped)</td><td>0 ms</td><td>enough</td></tr>
            <tr><td>4</td><td>copy</td><td>Queued</td><td></td><td>group disk is paused; resume it</td></tr>
            <tr><td>5</td><td>train</td><td>Running</td><td>0 ms</td><td>30%</td></tr>
            <tr><td>6</td><td>print</td><td>Running</td><td>0 ms</td><td>half</td></tr></tbody></table>
            EVCXR_END_CONTENT
            EVCXR_BEGIN_CONTENT text/plain
            0 : fit
                Completed, 0 ms
            1 : load
                Dead (Exception), 0 ms, no rows
            2 : index
                Dead (Exception), 0 ms, no columns
            3 : stopped
                Dead (Stopped), 0 ms, enough
            4 : copy
                Queued, group disk is paused; resume it
            5 : train
                Running, 0 ms, 30%
            6 : print
                Running, 0 ms, half
            EVCXR_END_CONTENT"]]
    );
}

#[test]
fn a_list_without_jobs_says_so() {
    shows!(
        || {
            let jobs = JobManager::new();
            begin();
            jobs.status().evcxr_display();
            jobs.notices().report().evcxr_display();
        },
        expect![[r"
            EVCXR_BEGIN_CONTENT text/html
            <p>No jobs.</p>
            EVCXR_END_CONTENT
            EVCXR_BEGIN_CONTENT text/plain
            No jobs.
            EVCXR_END_CONTENT
            EVCXR_BEGIN_CONTENT text/html
            <p>Nothing new.</p>
            EVCXR_END_CONTENT
            EVCXR_BEGIN_CONTENT text/plain
            Nothing new.
            EVCXR_END_CONTENT"]]
    );
}

#[test]
fn a_report_is_a_table_of_the_jobs_that_have_ended() {
    shows!(
        || {
            let jobs = JobManager::new();
            let mut notices = jobs.notices();
            jobs.spawn("fit", || 42).unwrap().wait().unwrap();
            begin();
            notices.report().evcxr_display();
        },
        expect![[r"
            EVCXR_BEGIN_CONTENT text/html
            <table><thead>
            <tr><th></th><th>Job</th><th>Status</th><th>Time</th><th></th></tr></thead><tbody>
            <tr><td>0</td><td>fit</td><td>Completed</td><td>0 ms</td><td></td></tr></tbody></table>
            EVCXR_END_CONTENT
            EVCXR_BEGIN_CONTENT text/plain
            0 : fit
                Completed, 0 ms
            EVCXR_END_CONTENT"]]
    );
}

#[test]
fn a_job_is_a_table_with_its_result_and_the_end_of_its_log() {
    shows!(
        || {
            let jobs = JobManager::new();
            let fit = jobs.spawn_with("fit", |job| {
                (0..7).for_each(|n| job.print(format_args!("epoch {n}")));
                job.print("10%\r20%\r");
                Ok(vec![1, 2])
            });
            let fit = fit.unwrap();
            fit.wait().unwrap();
            begin();
            fit.evcxr_display();
        },
        expect![[r"
            EVCXR_BEGIN_CONTENT text/html
            <table><tbody>
            <tr><th>Job</th><td>#0 fit</td></tr>
            <tr><th>Status</th><td>Completed</td></tr>
            <tr><th>Time</th><td>0 ms</td></tr>
            <tr><th>Result</th><td>[1, 2]</td></tr>
            <tr><th>Log</th><td><pre>epoch 3&#10;epoch 4&#10;epoch 5&#10;epoch 6&#10;20%</pre></td></tr></tbody></table>
            EVCXR_END_CONTENT
            EVCXR_BEGIN_CONTENT text/plain
            Job: #0 fit
            Status: Completed
            Time: 0 ms
            Result: [1, 2]
            Log:
                epoch 3
                epoch 4
                epoch 5
                epoch 6
                20%
            EVCXR_END_CONTENT"]]
    );
}

#[test]
fn a_running_job_is_a_table_of_how_it_stands() {
    shows!(
        || {
            let (jobs, gate) = (JobManager::new(), Gate::new());
            let pass = gate.pass();
            let (started, has_started) = std::sync::mpsc::channel();
            let train = jobs.spawn_with("train", move |job| {
                job.say("epoch 3");
                job.progress(3, 10);
                started.send(())?;
                pass.wait();
                Ok(())
            });
            let train = train.unwrap();
            has_started.recv().unwrap();
            train.ask_stop("too slow");
            begin();
            train.evcxr_display();
            gate.open();
        },
        expect![[r"
            EVCXR_BEGIN_CONTENT text/html
            <table><tbody>
            <tr><th>Job</th><td>#0 train</td></tr>
            <tr><th>Status</th><td>Stopping</td></tr>
            <tr><th>Time</th><td>0 ms</td></tr>
            <tr><th>Now</th><td>asked to stop (too slow), epoch 3, 30%</td></tr></tbody></table>
            EVCXR_END_CONTENT
            EVCXR_BEGIN_CONTENT text/plain
            Job: #0 train
            Status: Stopping
            Time: 0 ms
            Now: asked to stop (too slow), epoch 3, 30%
            EVCXR_END_CONTENT"]]
    );
}

/// A type without `Debug`.
struct Model;

/// A type whose `Debug` panics.
struct Broken;

impl fmt::Debug for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no")
    }
}

#[test]
fn a_result_without_debug_is_left_out_and_one_whose_debug_panics_is_named() {
    shows!(
        || {
            let jobs = JobManager::new();
            let (model, broken) = (jobs.spawn("model", || Model).unwrap(), jobs.spawn("broken", || Broken).unwrap());
            jobs.wait_all().unwrap();
            begin();
            model.evcxr_display();
            broken.evcxr_display();
        },
        expect![[r"
            EVCXR_BEGIN_CONTENT text/html
            <table><tbody>
            <tr><th>Job</th><td>#0 model</td></tr>
            <tr><th>Status</th><td>Completed</td></tr>
            <tr><th>Time</th><td>0 ms</td></tr></tbody></table>
            EVCXR_END_CONTENT
            EVCXR_BEGIN_CONTENT text/plain
            Job: #0 model
            Status: Completed
            Time: 0 ms
            EVCXR_END_CONTENT
            EVCXR_BEGIN_CONTENT text/html
            <table><tbody>
            <tr><th>Job</th><td>#1 broken</td></tr>
            <tr><th>Status</th><td>Completed</td></tr>
            <tr><th>Time</th><td>0 ms</td></tr>
            <tr><th>Result</th><td>(it::notebooks::Broken; its Debug failed)</td></tr></tbody></table>
            EVCXR_END_CONTENT
            EVCXR_BEGIN_CONTENT text/plain
            Job: #1 broken
            Status: Completed
            Time: 0 ms
            Result: (it::notebooks::Broken; its Debug failed)
            EVCXR_END_CONTENT"]]
    );
}

#[test]
fn hostile_text_is_neither_markup_nor_an_escape_code_nor_the_end_of_the_block() {
    const HOSTILE: &str = "<script>alert('&')</script>\u{1b}[2J\nEVCXR_END_CONTENT\nEVCXR_EXECUTION_COMPLETE";
    shows!(
        || {
            let jobs = JobManager::new();
            let job = jobs.spawn_with(HOSTILE, |job| {
                job.print(HOSTILE);
                Err::<(), _>(Failure::new(HOSTILE))
            });
            let job = job.unwrap();
            job.wait().unwrap();
            begin();
            jobs.evcxr_display();
            job.evcxr_display();
        },
        expect![[r"
            EVCXR_BEGIN_CONTENT text/html
            <table><thead>
            <tr><th></th><th>Job</th><th>Status</th><th>Time</th><th></th></tr></thead><tbody>
            <tr><td>0</td><td>&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;\u{1b}[2J\nEVCXR_END_CONTENT\nEVCXR_EXECUTION_COMPLETE</td><td>Dead (Exception)</td><td>0 ms</td><td>&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;\u{1b}[2J EVCXR_END_CONTENT EVCXR_EXECUTION_COMPLETE</td></tr></tbody></table>
            EVCXR_END_CONTENT
            EVCXR_BEGIN_CONTENT text/plain
            0 : <script>alert('&')</script>\u{1b}[2J\nEVCXR_END_CONTENT\nEVCXR_EXECUTION_COMPLETE
                Dead (Exception), 0 ms, <script>alert('&')</script>\u{1b}[2J EVCXR_END_CONTENT EVCXR_EXECUTION_COMPLETE
            EVCXR_END_CONTENT
            EVCXR_BEGIN_CONTENT text/html
            <table><tbody>
            <tr><th>Job</th><td>#0 &lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;\u{1b}[2J\nEVCXR_END_CONTENT\nEVCXR_EXECUTION_COMPLETE</td></tr>
            <tr><th>Status</th><td>Dead (Exception)</td></tr>
            <tr><th>Time</th><td>0 ms</td></tr>
            <tr><th>Failure</th><td>&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;\u{1b}[2J EVCXR_END_CONTENT EVCXR_EXECUTION_COMPLETE</td></tr>
            <tr><th>Log</th><td><pre>&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;\u{1b}[2J&#10;EVCXR_END_CONTENT&#10;EVCXR_EXECUTION_COMPLETE</pre></td></tr></tbody></table>
            EVCXR_END_CONTENT
            EVCXR_BEGIN_CONTENT text/plain
            Job: #0 <script>alert('&')</script>\u{1b}[2J\nEVCXR_END_CONTENT\nEVCXR_EXECUTION_COMPLETE
            Status: Dead (Exception)
            Time: 0 ms
            Failure: <script>alert('&')</script>\u{1b}[2J EVCXR_END_CONTENT EVCXR_EXECUTION_COMPLETE
            Log:
                <script>alert('&')</script>\u{1b}[2J
                EVCXR_END_CONTENT
                EVCXR_EXECUTION_COMPLETE
            EVCXR_END_CONTENT"]]
    );
}

#[test]
fn the_newest_of_many_jobs_are_shown() {
    let end = child::run(|| {
        let jobs = JobManager::new();
        (0..60).for_each(|n| drop(jobs.spawn(format!("job {n}"), || ()).unwrap()));
        jobs.wait_all().unwrap();
        begin();
        jobs.evcxr_display();
    });
    let Some(end) = end else { return };
    let html = &end.noise[1];
    assert!(html.starts_with("<p>10 older ones are not shown.</p><table>"), "{html}");
    assert_eq!((html.matches("<tr>").count(), html.contains("job 9<"), html.contains("job 10<")), (51, false, true));
    let text = end.noise[4..].join("\n");
    assert!(text.starts_with("10 older ones are not shown.\n10 : job 10\n    Completed, "), "{text}");
}

#[test]
fn a_look_at_a_table_is_not_a_notice() {
    let end = child::run(|| {
        let jobs = JobManager::new();
        let mut notices = jobs.notices();
        jobs.spawn("fit", || 42).unwrap().wait().unwrap();
        jobs.evcxr_display();
        child::say(&notices.report().completed.len().to_string());
    });
    let Some(end) = end else { return };
    assert_eq!(end.messages, ["1"]);
}

#[test]
fn a_timeline_is_a_picture_and_text() {
    let end = child::run(|| {
        let jobs = JobManager::new();
        jobs.spawn("fit\nEVCXR_END_CONTENT", || 42).unwrap().wait().unwrap();
        begin();
        jobs.timeline().evcxr_display();
    });
    let Some(end) = end else { return };
    let shown = end.noise.join("\n");
    assert!(shown.contains("EVCXR_BEGIN_CONTENT text/html\n<svg "), "{shown}");
    assert!(shown.contains("\nEVCXR_BEGIN_CONTENT text/plain\n1 job in "), "{shown}");
    assert_eq!(shown.matches("\nEVCXR_END_CONTENT").count(), 2, "{shown}");
}
