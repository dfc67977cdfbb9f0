//! Stopping a line, wherever it is.

use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use bgjobs::{FailureKind, Frame};
use bgjobs_shell::{
    Answer, Session,
    rhai::{FuncRegistration, Module},
};

/// Stops the line as soon as it has called `ready()`, and checks that it ends in time, as stopped.
#[track_caller]
fn check(line: &str) {
    let (ready, is_ready) = mpsc::channel();
    let mut module = Module::new();
    FuncRegistration::new("ready").set_into_module(&mut module, move || ready.send(()).is_ok());
    let mut session = Session::with_functions(Arc::new(|_, _| {}), [module]);
    session.answer("endless = jobs.new('sleep(100000)')");
    let stopper = session.stopper();
    let stopping = std::thread::spawn(move || {
        is_ready.recv().expect("the line says that it is ready");
        stopper.stop("enough")
    });
    let began = Instant::now();
    let answer = session.answer(&format!("x = 7; ready(); {line}"));
    assert!(began.elapsed() < Duration::from_secs(20), "it took {:?}", began.elapsed());
    assert!(stopping.join().unwrap_or(false), "there was something to stop");
    let Answer::Failed(failure) = answer else { panic!("it was stopped: {answer:?}") };
    assert_eq!((failure.kind(), failure.message()), (FailureKind::Stop, "enough"));
    let Answer::Value(seven) = session.answer("endless.stop(); x") else { panic!("what the line did before stays") };
    assert_eq!(session.show(&seven), "7");
}

#[test]
fn a_loop_can_be_stopped() {
    check("loop {}");
}

#[test]
fn code_that_catches_errors_can_be_stopped() {
    check("loop { try { loop {} } catch {} }");
}

#[test]
fn a_sleep_can_be_stopped() {
    check("sleep(100000)");
}

#[test]
fn a_wait_for_a_job_can_be_stopped() {
    check("endless.join()");
}

#[test]
fn a_wait_with_a_timeout_can_be_stopped() {
    check("endless.join(100000)");
}

#[test]
fn reading_a_file_can_be_stopped() {
    let path = std::env::temp_dir().join(format!("bgjobs-shell-{}", std::process::id()));
    let file = std::fs::File::create(&path).expect("the directory for temporary files can be written");
    // It has no blocks on the disk, and is never read to its end.
    file.set_len(1 << 40).expect("a file may have holes");
    check(&format!("loop {{ read_file({path:?}) }}"));
    std::fs::remove_file(&path).expect("it was just made");
}

#[test]
fn walking_a_tree_can_be_stopped() {
    check("loop { walk('/proc/self/fd') }");
}

#[test]
fn a_command_can_be_stopped() {
    check("sh('sleep 100000')");
}

#[test]
fn a_command_that_closed_its_outputs_can_be_stopped() {
    check("sh('exec >/dev/null 2>&1; sleep 100000')");
}

#[test]
fn a_wait_for_a_shared_value_can_be_stopped() {
    check("shared(0).wait(|v| v == 1)");
}

#[test]
fn a_wait_for_an_update_can_be_stopped() {
    check(
        "s = shared(0); k = jobs.start('s.update(|v| sleep(100000))', [], #{daemon: true}); loop { s.set(1); sleep(0.001) }",
    );
}

/// Starts an expression that says when it is ready, stops it, and returns the functions and lines it was in.
fn stop_of(session: &mut Session, expression: &str) -> Vec<String> {
    session.answer("ready = shared(0);");
    session.answer(&format!("j = jobs.new('{expression}'); ready.wait(|v| v == 1); j.stop();"));
    let job = session.jobs().all().pop().expect("it was started");
    let failure = job.failure().expect("it was stopped");
    assert_eq!(failure.kind(), FailureKind::Stop);
    let place = |frame: &Frame| {
        let line = frame.line.map(|line| format!(":{line}")).unwrap_or_default();
        let function = frame.function.as_ref().map(|function| format!(" {function}")).unwrap_or_default();
        format!("{}{line}{function}", frame.source.as_deref().unwrap_or_default())
    };
    failure.frames().iter().map(place).collect()
}

#[test]
fn a_stop_shows_the_users_functions_and_lines() {
    let mut session = Session::new(Arc::new(|_, _| {}));
    for line in [
        "fn spin() {\n    ready.set(1);\n    loop {}\n}",
        "fn nap() { ready.set(1); sleep(100000) }",
        "fn outer(n) {\n    let x = n;\n    spin()\n}",
        "fn deep(n) { if n == 0 { nap() } else { deep(n - 1) } }",
        "fn catches() { try { nap() } catch {} }",
    ] {
        session.answer(line);
    }
    assert_eq!(stop_of(&mut session, "outer(1)"), ["jobs[0]:1", "In[3]:3 outer", "In[1]:3 spin"]);
    let through_rust = ["jobs[1]:1", "jobs[1]:1 a closure", "In[3]:3 outer", "In[1]:3 spin"];
    assert_eq!(stop_of(&mut session, "[1].map(|n| outer(n))"), through_rust);
    let deep = stop_of(&mut session, "deep(500)");
    assert_eq!((deep[0].as_str(), deep[deep.len() - 1].as_str()), ("jobs[2]:1", "In[2]:1 nap"));
    assert!(deep.len() < 30 && deep.iter().any(|place| place.starts_with("... ")), "{deep:?}");
    assert_eq!(stop_of(&mut session, "catches()"), ["jobs[3]:1", "In[5]:1 catches"]);
}
