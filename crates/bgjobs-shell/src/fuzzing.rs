//! What the fuzzer does with arbitrary bytes: types them at the prompt, and has them answered.
//!
//! Knows nothing of the fuzzer in `fuzz/`, which looks for new bytes; the tests below replay its corpus. Whatever the
//! bytes are, nothing may panic or abort, every line must end when it is asked to stop, and the prompt must go on.

use std::{
    process, str,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use bgjobs::{FailureKind, one_line};
use rhai::{Dynamic, FuncRegistration, Map, Module};

use crate::{
    commands::{self, is_for_system},
    editor,
    foreground::Stopper,
    lang::Jobs,
    session::{Answer, Session},
    shell,
};

/// How long a line runs before it is asked to stop.
const TIME: Duration = Duration::from_millis(50);

/// How long a line may take to hear the request; longer is a hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest text that is described as a name.
const MOST_OF_A_NAME: usize = 12;

/// The largest number of lines that are answered.
const LINES: usize = 8;

thread_local! {
    /// The session in which lines are typed; typing changes nothing in it.
    static KNOWN: Session = {
        let mut session = walled();
        session.answer("x = #{name: 'a', list: [#{key: 1}]}; fn slow(n) { n }; jobs.new('1').join()");
        session
    };
}

/// Does to a line everything that happens while it is typed, with the cursor in several positions.
pub fn type_bytes(bytes: &[u8]) {
    KNOWN.with(|session| type_text(session, &String::from_utf8_lossy(bytes)));
}

fn type_text(session: &Session, text: &str) {
    let ends: Vec<_> = (0..=text.len()).filter(|&index| text.is_char_boundary(index)).collect();
    for &cursor in ends.iter().step_by(ends.len() / 3 + 1).chain(ends.last()) {
        editor::type_line(session, text, cursor);
    }
    let _ = commands::parse(text, |name| session.names().variable(name).is_some());
    // This searches all functions, which takes time.
    if text.len() < MOST_OF_A_NAME {
        let _ = session.describe(text);
    }
}

/// Has lines answered one after another; empty lines separate them.
///
/// # Panics
///
/// If a job or the prompt fails in a way that a fuzzer looks for.
pub fn answer_bytes(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut session = walled();
    for line in text.split("\n\n").take(LINES) {
        in_time(&session.stopper(), line, || answer(&mut session, line));
    }
    let running = session.jobs().running();
    let _ = bgjobs::stop_all(&running, "the input is over", PATIENCE);
    for job in session.jobs().all() {
        assert!(job.is_finished(), "{job:?} does not stop");
        let failure = job.failure();
        assert!(!failure.as_ref().is_some_and(is_panic), "{job:?}: {failure:?}");
    }
    let Answer::Value(value) = session.answer("6 * 7") else { panic!("the prompt does not go on") };
    assert_eq!(session.show(&value), "42");
}

fn answer(session: &mut Session, line: &str) {
    match commands::parse(line, |name| session.names().variable(name).is_some()) {
        // The fuzzer's build runs no line of the system's shell anyway.
        Some(Ok(_)) if is_for_system(line) && !cfg!(fuzzing) => return,
        Some(_) => return drop(shell::answer(session, line)),
        None => {}
    }
    match session.answer(line) {
        Answer::Value(value) => drop(session.show(&value)),
        Answer::Failed(failure) => assert!(!is_panic(&failure), "{}", failure.traceback()),
        Answer::Nothing | Answer::Sent(_) | Answer::Leave(_) => {}
    }
}

fn is_panic(failure: &bgjobs::Failure) -> bool {
    failure.kind() == FailureKind::Panic
}

/// Calls `answer`, stops it after a while, and aborts the process if it does not end.
fn in_time(stopper: &Stopper, line: &str, answer: impl FnOnce()) {
    let (ended, end) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let began = Instant::now();
            while end.recv_timeout(TIME) == Err(RecvTimeoutError::Timeout) {
                stopper.stop("its time is over");
                if began.elapsed() > PATIENCE {
                    #[expect(clippy::print_stderr, reason = "the process is about to abort")]
                    {
                        eprintln!("this hangs: {}", one_line(line));
                    }
                    process::abort();
                }
            }
        });
        let ended = ended;
        answer();
        drop(ended);
    });
}

/// A session whose lines can write no file and start no program.
fn walled() -> Session {
    let mut walls = Module::new();
    FuncRegistration::new("sh").set_into_module(&mut walls, |_: Dynamic| Map::new());
    FuncRegistration::new("sh").set_into_module(&mut walls, |_: &mut Jobs, _: Dynamic| Map::new());
    FuncRegistration::new("sh").set_into_module(&mut walls, |_: &mut Jobs, _: Dynamic, _: Dynamic| Map::new());
    for name in ["write_file", "append_file"] {
        FuncRegistration::new(name).set_into_module(&mut walls, |_: Dynamic, _: Dynamic| {});
    }
    Session::with_functions(Arc::new(|_, _| {}), [walls])
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// What the fuzzer has found; nothing in the published crate, which comes without the fuzzer.
    fn corpus(name: &str) -> Vec<Vec<u8>> {
        let fuzzer = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
        if !fuzzer.exists() {
            return Vec::new();
        }
        let entries = fs::read_dir(fuzzer.join("corpus").join(name)).expect("the corpus is next to the fuzzer");
        let files: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
        assert!(!files.is_empty());
        files.into_iter().map(|file| fs::read(file).expect("it can be read")).collect()
    }

    #[test]
    fn the_editor_survives_any_typed_bytes() {
        for bytes in corpus("typing") {
            type_bytes(&bytes);
        }
    }

    #[test]
    fn the_prompt_survives_any_entered_bytes() {
        for bytes in corpus("lines") {
            answer_bytes(&bytes);
        }
    }

    #[test]
    fn a_walled_session_writes_no_files_and_starts_no_programs() {
        let file = std::env::temp_dir().join(format!("bgjobs-shell-walled-{}", process::id()));
        let path = file.display();
        for line in [
            format!("write_file('{path}', 'a')"),
            format!("append_file('{path}', 'a')"),
            format!("sh('touch {path}')"),
            format!("jobs.sh('touch {path}')"),
            format!("jobs.sh('touch {path}', #{{}})"),
            format!("!touch {path}"),
        ] {
            answer_bytes(line.as_bytes());
            assert!(!file.exists(), "{line}");
        }
    }
}
