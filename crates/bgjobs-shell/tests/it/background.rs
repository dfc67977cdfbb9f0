//! Sending the prompt's line to the background, and bringing it back.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use bgjobs::AnyJob;
use bgjobs_shell::{
    Answer, Session,
    rhai::{FuncRegistration, Module},
};

use crate::terminal::{Home, Terminal};

const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";
const CTRL_BACKSLASH: &str = "\x1c";

/// A session, and what sends its line to the background as soon as the line has called `ready()`.
fn session() -> (Session, impl FnMut(&mut Session, &str) -> Answer) {
    let (ready, is_ready) = mpsc::channel();
    let is_ready = Arc::new(Mutex::new(is_ready));
    let mut module = Module::new();
    FuncRegistration::new("ready").set_into_module(&mut module, move || ready.send(()).is_ok());
    let mut session = Session::with_functions(Arc::new(|_, _| {}), [module]);
    session.answer("gate = shared(0); fn wait_for_gate() { ready(); gate.wait(|v| v == 1); }");
    let send = move |session: &mut Session, line: &str| {
        let (stopper, is_ready) = (session.stopper(), Arc::clone(&is_ready));
        let sender = std::thread::spawn(move || {
            let is_ready = is_ready.lock().unwrap_or_else(PoisonError::into_inner);
            is_ready.recv_timeout(Duration::from_secs(20)).is_ok() && stopper.send_to_background()
        });
        let answer = session.answer(line);
        assert!(sender.join().unwrap_or(false), "there was something to send: {answer:?}");
        answer
    };
    (session, send)
}

fn sent(answer: &Answer) -> AnyJob {
    let Answer::Sent(job) = answer else { panic!("it was sent to the background: {answer:?}") };
    job.clone()
}

fn shown(session: &mut Session, line: &str) -> String {
    match session.answer(line) {
        Answer::Value(value) => session.show(&value),
        answer => panic!("it has a value: {answer:?}"),
    }
}

#[test]
fn a_line_in_the_background_has_its_own_names() {
    let (mut session, mut send) = session();
    session.answer("x = 1; log = [];");
    let job = sent(&send(&mut session, "log.push(1); wait_for_gate(); x = 2; y = 3; print('late'); 42"));
    assert_eq!((job.id().get(), session.jobs().running().len()), (0, 1));
    assert_eq!(
        shown(&mut session, "[x, log, jobs[0].expression]"),
        "[1, [], \"log.push(1); wait_for_gate(); x = 2; y = 3; print('late'); 42\"]"
    );
    session.answer("gate.set(1); jobs[0].join()");
    assert_eq!(shown(&mut session, "[x, jobs[0].result, jobs[0].log]"), "[1, 42, [\"late\"]]");
    assert_eq!(shown(&mut session, "jobs[0].names"), "#{log: [1], x: 2, y: 3}");
    assert_eq!(session.report().completed.len(), 1, "its end is reported like any other");
}

#[test]
fn a_line_in_the_background_can_die_and_be_stopped() {
    let (mut session, mut send) = session();
    let died = sent(&send(&mut session, "wait_for_gate(); 1 / 0"));
    let stopped = sent(&send(&mut session, "wait_for_gate(); gate.wait(|v| v == 2)"));
    session.answer("gate.set(1); jobs[0].join()");
    assert_eq!(died.failure().map(|failure| failure.message().to_owned()).as_deref(), Some("Division by zero: 1 / 0"));
    assert!(shown(&mut session, "jobs[1].stop()").starts_with("\"stopped"));
    assert_eq!(stopped.status(), "Dead (Stopped), call jobs.traceback() for details");
}

#[test]
fn a_line_that_waits_for_itself_through_the_background_is_an_error() {
    let (mut session, mut send) = session();
    let job = sent(&send(&mut session, "wait_for_gate(); jobs[0].join()"));
    session.answer("gate.set(1);");
    job.wait().expect("it ends");
    let failure = job.failure().expect("it was refused");
    assert_eq!(failure.message(), "job #0 would wait for itself for ever; let another thread wait for it");
}

#[test]
fn without_a_wait_nothing_is_sent_to_the_background() {
    let session = Session::new(Arc::new(|_, _| {}));
    assert!(!session.stopper().send_to_background());
}

#[test]
fn ctrl_z_returns_the_prompt_and_fg_the_line() {
    for key in [CTRL_Z, CTRL_BACKSLASH] {
        let home = Home::new();
        let mut terminal = Terminal::new(&home);
        terminal.type_keys("gate = shared(0);\r");
        terminal.see("In [2]:");
        terminal.type_keys("print('it ' + 'runs'); gate.wait(|v| v == 1); print('meanwhile'); 6 * 7\r");
        terminal.see("it runs");
        terminal.type_keys(key);
        terminal.see("\nJob #0 goes on in the background: print(");
        terminal.see("fg 0 brings it back.\nIn [3]:");
        terminal.type_keys("jobs\r");
        terminal.see("Running jobs:\n0 : print");
        terminal.type_keys("fg\r");
        terminal.see("In [4]: fg\nJob #0: print(");
        terminal.type_keys(key);
        terminal.see("In [5]:");
        terminal.type_keys("gate.set(1)\r");
        terminal.see("In [6]:");
        terminal.type_keys("fg 0\r");
        terminal.see("\nmeanwhile\nOut[6]: 42");
    }
}

#[test]
fn ctrl_c_in_fg_says_what_it_stops() {
    let home = Home::new();
    let mut terminal = Terminal::new(&home);
    terminal.type_keys("sleep(1000) &\r");
    terminal.see("In [2]:");
    terminal.type_keys("fg 0\r");
    terminal.see("fg 0\nJob #0: sleep(1000)");
    terminal.type_keys(CTRL_C);
    terminal.see("^C\nstopping job #0 ...");
    terminal.see("stopped: interrupted");
}
