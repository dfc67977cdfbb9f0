//! What a line at the prompt costs compared to the same engine called directly, what a job of one expression costs, and how long
//! a list of many jobs takes.
//!
//! A line starts an evaluation on a thread of its own, with its own engine and a fork of the names; the ratio shows the
//! cost of that. One session has no large variables and one has 100 MB in them.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

#[path = "../../bgjobs/benches/beside_peers/answer.rs"]
#[expect(dead_code, reason = "not every benchmark needs all of it")]
mod answer;
#[path = "../../bgjobs/benches/beside_peers/processes.rs"]
mod processes;
#[path = "../../bgjobs/benches/beside_peers/report.rs"]
mod report;

use std::{
    fmt::Write,
    hint::black_box,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use bgjobs_shell::{
    Answer as Answered, Session,
    rhai::{Dynamic, Engine, Scope},
    shell::{self, Reply},
};

use crate::answer::{Answer, Contender, compare};

/// How often each is done in a turn.
const TIMES: usize = 100;

/// How many jobs are listed.
const MANY: usize = 10_000;

/// How long that may take, in nanoseconds.
const LISTED_IN: f64 = 100e6;

fn main() -> ExitCode {
    processes::run(&[("line", line), ("first", first), ("list", list)])
}

/// A session whose variables hold this.
fn session(large: Vec<Dynamic>) -> Session {
    let mut session = Session::new(Arc::new(|_, _| {}));
    session.set("x", 20_i64);
    session.set("large", large);
    session
}

/// The same single variable each time, so that only the size of its contents differs.
fn one() -> Vec<Dynamic> {
    vec![Dynamic::from(1_i64)]
}

/// A hundred megabytes: a Rhai value takes 16 bytes.
fn large() -> Vec<Dynamic> {
    vec![Dynamic::from(1_i64); 100 << 16]
}

fn answers(session: &mut Session, text: &str) {
    assert!(!matches!(session.answer(text), Answered::Failed(_)), "{text}");
}

/// Lines, one after another.
fn line() -> Vec<Answer> {
    let [mut small, mut large] = [one(), large()].map(session);
    let engine = Engine::new();
    let mut scope = Scope::new();
    scope.push("x", 20_i64);
    let direct = || {
        timed(TIMES, || {
            let value = engine.eval_with_scope::<i64>(&mut scope, "x * 2 + 2").expect("it has a value");
            assert_eq!(value, 42);
        })
    };
    let with_job = || {
        let mut own = session(one());
        let times = timed(TIMES, || answers(&mut own, "j = jobs.new('x * 2 + 2'); j.join(); j.result;"));
        own.jobs().flush();
        times
    };
    let lines: Vec<Contender<'_>> = vec![
        ("a line, 100 MB in the variables", None, Box::new(|| timed(TIMES, || answers(&mut large, "x * 2 + 2")))),
        (
            "a line, next to nothing in the variables",
            Some(1.1),
            Box::new(|| timed(TIMES, || answers(&mut small, "x * 2 + 2"))),
        ),
        ("the same engine called directly", None, Box::new(direct)),
    ];
    let lines = compare("an expression, evaluated at the prompt", 12, lines);
    let jobs: Vec<Contender<'_>> = vec![
        ("a line with a job and its result", None, Box::new(with_job)),
        ("a line", None, Box::new(|| timed(TIMES, || answers(&mut small, "x * 2 + 2")))),
    ];
    vec![lines, compare("an expression as a job", 12, jobs)]
}

/// The first line of a session.
fn first() -> Vec<Answer> {
    let first = |inside: Vec<Dynamic>, outside: Vec<Dynamic>| {
        let mut session = session(inside);
        // Read once more, so that it is the last thing in the processor's caches, as a variable's value is.
        let outside = Dynamic::from(outside);
        let took = timed(1, || answers(&mut session, "x * 2 + 2"));
        drop(outside);
        took
    };
    let contenders: Vec<Contender<'_>> = vec![
        ("100 MB in the variables", None, Box::new(move || first(large(), Vec::new()))),
        ("100 MB elsewhere", Some(1.1), Box::new(move || first(one(), large()))),
    ];
    vec![compare("the first answer of a session", 24, contenders)]
}

/// The list of many jobs that have ended.
fn list() -> Vec<Answer> {
    let mut all = session(one());
    for job in 0..MANY {
        all.jobs().spawn(format!("job {job}"), || ()).expect("it starts");
    }
    all.jobs().wait_all().expect("they end");
    let handle = all.jobs().clone();
    let names = || {
        timed(1, || {
            let mut text = String::new();
            for job in handle.status().completed {
                let _ = writeln!(text, "{} : {}", job.id(), job.name());
            }
            black_box(text);
        })
    };
    let listed: Vec<Contender<'_>> = vec![
        ("`jobs -a`", Some(LISTED_IN), Box::new(|| timed(1, || lists(&mut all, "jobs -a")))),
        ("their numbers and names alone", None, Box::new(names)),
    ];
    vec![compare("10,000 jobs that have ended, listed", 12, listed)]
}

fn lists(session: &mut Session, line: &str) {
    assert!(matches!(shell::answer(session, line), Reply::Shown(list) if list.lines().count() >= MANY), "{line}");
}

fn timed(times: usize, mut call: impl FnMut()) -> (Duration, usize) {
    let began = Instant::now();
    for _ in 0..times {
        call();
    }
    (began.elapsed(), times)
}
