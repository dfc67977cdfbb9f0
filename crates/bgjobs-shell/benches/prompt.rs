//! What a line at the prompt costs beside the same engine called directly, and what a job of one expression costs.
//!
//! The prompt and the engine take turns in one process, and what counts is the ratio: a machine's speed hits both alike.
//! A line starts an evaluation on a thread of its own, with its own engine: that is what the ratio shows.

#![expect(clippy::print_stdout, reason = "a program for the terminal")]

use std::{
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use bgjobs_shell::{
    Answer, Session,
    rhai::{Dynamic, Engine, Scope},
};

const ROUNDS: usize = 9;

/// How often each is done in a round.
const TIMES: usize = 200;

fn main() {
    // `cargo test --all-targets` starts benches too, without this argument.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    println!("Medians over {ROUNDS} rounds, each time in microseconds; ratios are to the engine called directly.");
    for megabytes in [0, 100] {
        println!("\n{megabytes} MB in the variables");
        ask(megabytes);
    }
}

fn ask(megabytes: usize) {
    let mut session = Session::new(Arc::new(|_, _| {}));
    session.set("x", 20_i64);
    // A Rhai value takes 16 bytes.
    session.set("large", vec![Dynamic::from(1_i64); megabytes << 16]);
    let engine = Engine::new();
    let mut scope = Scope::new();
    scope.push("x", 20_i64);
    let mut direct = || {
        let value = engine.eval_with_scope::<i64>(&mut scope, "x * 2 + 2").expect("it has a value");
        assert_eq!(value, 42);
    };
    let line = |session: &mut Session, text: &str| {
        assert!(!matches!(session.answer(text), Answer::Failed(_)), "{text}");
    };
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let direct = time(&mut direct);
        let one_line = time(|| line(&mut session, "x * 2 + 2"));
        let start = time(|| line(&mut session, "j = jobs.new('x * 2 + 2')"));
        let whole = time(|| line(&mut session, "j = jobs.new('x * 2 + 2'); j.join(); j.result;"));
        session.jobs().flush();
        rounds.push([direct, one_line, start, whole]);
    }
    let titles = ["engine called directly", "a line", "a line that starts a job", "a line with a job and its result"];
    for (place, title) in titles.iter().enumerate() {
        let time = median(rounds.iter().map(|round| round[place].as_secs_f64() * 1e6));
        let ratio = median(rounds.iter().map(|round| round[place].as_secs_f64() / round[0].as_secs_f64()));
        println!("  {title:<34}{time:>9.1} us{ratio:>9.1} x");
    }
}

/// What one call takes.
fn time(mut call: impl FnMut()) -> Duration {
    let began = Instant::now();
    for _ in 0..TIMES {
        call();
    }
    began.elapsed() / u32::try_from(TIMES).expect("it is small")
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
