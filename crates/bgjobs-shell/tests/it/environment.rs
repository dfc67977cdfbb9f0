//! The folder and the environment variables of the prompt and of its jobs.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

use bgjobs_shell::{
    Answer, Session,
    shell::{self, Reply},
};

use crate::transcript::Seen;

/// A folder for one test, with the folders `a` and `b`, each with a file `of_a` or `of_b`.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("bgjobs-shell-folder-{test}-{}", std::process::id()));
        for name in ["a", "b"] {
            fs::create_dir_all(path.join(name)).expect("the directory for temporary files can be written");
            fs::write(path.join(name).join(format!("of_{name}")), name).expect("the folder was just made");
        }
        Self(path.canonicalize().expect("it was just made"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn session(folder: &Folder) -> Session {
    let mut session = Seen::default().session();
    assert_eq!(shell::answer(&mut session, &format!("cd '{}/a'", folder.0.display())), Reply::Nothing);
    session
}

#[track_caller]
fn shown(session: &mut Session, line: &str) -> String {
    match session.answer(line) {
        Answer::Value(value) => session.show(&value),
        answer => panic!("{line}: {answer:?}"),
    }
}

#[track_caller]
fn wrong(session: &mut Session, line: &str) -> String {
    match shell::answer(session, line) {
        Reply::Wrong(text) => text.lines().last().unwrap_or_default().to_owned(),
        reply => panic!("{line}: {reply:?}"),
    }
}

#[test]
fn a_running_job_stays_in_its_folder_after_a_cd_at_the_prompt() {
    let folder = Folder::new("job");
    let mut session = session(&folder);
    session.answer("gate = shared(0)");
    session.answer("fn look() { gate.wait(|v| v == 1); [walk('.'), list_dir('.'), exists('of_a'), read_file('of_a'), sh('pwd').out] }");
    session.answer("job = jobs.start(look, [], #{log_file: 'log'})");
    assert_eq!(shell::answer(&mut session, "cd ../b"), Reply::Nothing);
    assert_eq!(shown(&mut session, "walk('.')"), r#"["./of_b"]"#);
    session.answer("gate.set(1); job.join()");
    let there = folder.0.join("a");
    let expected = format!(r#"[["./log", "./of_a"], ["log", "of_a"], true, "a", "{}\n"]"#, there.display());
    assert_eq!(shown(&mut session, "job.result"), expected);
    assert_eq!(
        shown(&mut session, "[job.folder, job.summary().folder]"),
        format!("[{0:?}, {0:?}]", there.display().to_string())
    );
    let Reply::Shown(described) = shell::answer(&mut session, "?0") else { panic!("it is described") };
    assert!(described.contains(&format!("\n    in {}", there.display())), "{described}");
}

#[test]
fn a_job_changes_only_its_own_folder_and_variables() {
    let folder = Folder::new("own");
    let mut session = session(&folder);
    session.answer("fn leave() { cd('..'); set_env('OF_JOB', '1'); jobs.new('[pwd(), env(\"OF_JOB\")]') }");
    session.answer("job = jobs.new(leave); job.join(); job.result.join()");
    assert_eq!(shown(&mut session, "job.result.result"), format!("[{:?}, \"1\"]", folder.0.display().to_string()));
    assert_eq!(
        shown(&mut session, "[pwd(), env('OF_JOB')]"),
        format!("[{:?}, ()]", folder.0.join("a").display().to_string())
    );
}

#[test]
fn commands_run_in_the_folder_of_the_prompt_with_its_variables() {
    let folder = Folder::new("commands");
    let mut session = session(&folder);
    session.answer("set_env('GREETING', 'hello'); set_env('HOME', ())");
    let line = "pwd; echo $GREETING ${HOME-no home}";
    let lines = format!(r#"["{}", "hello no home"]"#, folder.0.join("a").display());
    session.answer(&format!("j = jobs.sh('{line}'); j.join()"));
    assert_eq!(shown(&mut session, "j.log"), lines);
    shell::answer(&mut session, &format!("!{line} &"));
    session.answer("jobs[1].join()");
    assert_eq!(shown(&mut session, "jobs[1].log"), lines);
    assert!(matches!(shell::answer(&mut session, "!test \"$GREETING\" = hello && test -f of_a"), Reply::Nothing));
    session.answer("j = jobs.sh('pwd; echo $GREETING', #{dir: '../b', env: #{GREETING: 'bye'}}); j.join()");
    assert_eq!(shown(&mut session, "j.log[1]"), r#""bye""#);
    assert!(shown(&mut session, "j.folder + '|' + j.log[0]").ends_with("/b\""));
    assert_eq!(std::env::var_os("GREETING"), None, "the process has none of it");
}

#[test]
fn cd_is_that_of_other_shells() {
    let folder = Folder::new("cd");
    let mut session = session(&folder);
    let name = folder.0.display().to_string();
    shell::answer(&mut session, &format!("set_env('HOME', '{name}/b');"));
    let mut at = |line: &str| {
        let reply = shell::answer(&mut session, line);
        (reply, shell::answer(&mut session, "pwd"))
    };
    let shown = |folder: &str| Reply::Shown(format!("{name}{folder}"));
    assert_eq!(at("cd .."), (Reply::Nothing, shown("")));
    assert_eq!(at("cd -"), (shown("/a"), shown("/a")));
    assert_eq!(at("cd"), (Reply::Nothing, shown("/b")));
    assert_eq!(at("cd ~/../a"), (Reply::Nothing, shown("/a")));
    assert_eq!(wrong(&mut session, "cd of_a"), "can't change to the folder `of_a`: Not a directory (os error 20)");
    assert_eq!(
        wrong(&mut session, "cd('none')"),
        "can't change to the folder `none`: No such file or directory (os error 2)"
    );
    assert_eq!(wrong(&mut session, "cd a b"), "cd does not understand `b`; see `help cd`");
    assert_eq!(wrong(&mut session, "!cd .."), "`!cd ..` changes nothing here: its shell ends at once; type `cd ..`");
    assert!(wrong(&mut session, "set_env('a=b', '1')").starts_with("`a=b` can't be the name of a variable"));
    session.answer("set_env('HOME', ())");
    assert!(wrong(&mut session, "cd").starts_with("`~` has no meaning, because HOME is not set"));
}

#[test]
fn a_folder_that_can_not_be_listed_does_not_end_a_walk() {
    let folder = Folder::new("walk");
    let closed = folder.0.join("b");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).expect("it is ours");
    let is_closed = fs::read_dir(&closed).is_err();
    let seen = Seen::default();
    let mut session = seen.session();
    session.answer(&format!("cd('{}')", folder.0.display()));
    let files = shown(&mut session, "walk('.')");
    let _ = fs::set_permissions(&closed, fs::Permissions::from_mode(0o700));
    if is_closed {
        assert_eq!(files, r#"["./a/of_a"]"#);
        assert_eq!(seen.take(), "! walk(..) can't list `./b`: Permission denied (os error 13)\n");
    }
    // Its processes end at any moment, and belong to others.
    assert!(matches!(session.answer("walk('/proc/self').len() > 0"), Answer::Value(_)));
}

#[test]
fn a_variable_says_which_shell_runs_lines_and_a_rerun_keeps_it() {
    let seen = Seen::default();
    let mut session = seen.session();
    // It prints what it is given.
    session.answer("set_env('BGJOBS_SHELL', '/bin/echo')");
    assert_eq!(shell::answer(&mut session, "!in front"), Reply::Nothing);
    assert_eq!(seen.take(), "-c in front\n");
    assert_eq!(shown(&mut session, "sh('function').out"), r#""-c function\n""#);
    shell::answer(&mut session, "!behind &");
    session.answer("jobs.sh('from a program')");
    session.answer("set_env('BGJOBS_SHELL', '')");
    session.answer("jobs[1].rerun()");
    session.answer("for id in 0..3 { jobs[id].join() }");
    assert_eq!(
        shown(&mut session, "[jobs[0].log, jobs[1].log, jobs[2].log]"),
        r#"[["-c behind"], ["-c from a program"], ["-c from a program"]]"#
    );
    assert_eq!(shown(&mut session, "sh('echo plain').out"), r#""plain\n""#);
    session.answer("set_env('BGJOBS_SHELL', '/none/zsh')");
    let Reply::Wrong(text) = shell::answer(&mut session, "!ls") else { panic!("there is no such shell") };
    assert!(text.starts_with("can't run `/none/zsh`\n"), "{text}");
}
