//! The binary under limits that `ulimit` sets.

use std::process::Command;

/// Runs a text under limits that `ulimit` sets.
fn limited(limits: &str, text: &str) -> String {
    let line = format!("{limits}; exec \"$0\" -c \"$1\"");
    let output = Command::new("/bin/sh").args(["-c", &line, env!("CARGO_BIN_EXE_bgjobs"), text]).output();
    let output = output.expect("the system has a shell");
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_log_file_at_the_limit_on_file_sizes_does_not_end_the_shell() {
    let path = std::env::temp_dir().join(format!("bgjobs-shell-limit-{}", std::process::id()));
    let text = format!(
        "j = jobs.start(|| for n in 0..200 {{ print(`a line of a log, number ${{n}}`) }}, [], #{{log_file: '{}'}}); \
         j.join(); print(j.status); print(j.log.filter(|line| line.starts_with('a line')).len())",
        path.display()
    );
    let seen = limited("ulimit -f 8", &text);
    let _ = std::fs::remove_file(&path);
    assert!(seen.ends_with("Completed\n200\n"), "{seen}");
}

#[test]
fn the_shell_may_open_more_files_than_the_soft_limit_and_its_commands_may_not() {
    let text = "limits = read_file('/proc/self/limits').split('\\n').filter(|line| line.starts_with('Max open files'))\n\
                print(limits[0].split()[3])\n\
                !ulimit -Sn; ulimit -Hn";
    assert_eq!(limited("ulimit -Sn 200; ulimit -Hn 300", text), "300\n200\n300\n");
}

#[test]
fn commands_for_which_no_file_is_free_wait_for_those_that_run() {
    let text = "for n in 0..60 { jobs.sh('sleep 0.05') }; for job in jobs.all.values() { job.join() }; \
                [jobs.completed.len(), jobs.dead.len()]";
    assert_eq!(limited("ulimit -n 64", text), "[60, 0]\n");
}
