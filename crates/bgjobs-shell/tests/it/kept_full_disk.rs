//! Jobs that outlive the shell on a disk that is full, or read only: how they ended is told, and a short value is there.

use std::process::{Command, Stdio};

use expect_test::expect;

use crate::kept::Home;

/// The disk, which only these processes see: a small one in memory. Its jobs begin before it is full, and end while it is.
/// They have a process table of their own too, so that none outlives the script, however that ends.
const SCRIPT: &str = r#"
set -eu
mount -t tmpfs -o size=512k,mode=700 tmpfs "$XDG_STATE_HOME"
keep() { echo "keep { while !exists('$GATE') { sleep(0.01) } $1 }"; }
"$BGJOBS" start -- sh -c "until [ -e '$GATE' ]; do sleep 0.01; done; echo printed; exit 3"
{
    keep '[1, 2.5]'
    keep 'let a = []; a.pad(200000, 1.5); a'
    keep '1 / 0'
} | "$BGJOBS" >/dev/null 2>&1
"$BGJOBS" start -- sleep 1000
for job in 1 2 3 4 5; do until [ -e "$XDG_STATE_HOME/bgjobs/kept/$job/run.json" ]; do sleep 0.01; done; done
for job in 2 3 4; do while [ -e "$XDG_STATE_HOME/bgjobs/kept/$job/payload" ]; do sleep 0.01; done; done
cat /dev/zero >"$XDG_STATE_HOME/full" 2>/dev/null || true
touch "$GATE"
for job in k1 k2 k3 k4; do
    "$BGJOBS" wait $job >/dev/null || true
    "$BGJOBS" result $job | sed -n "2s/, after.*//;2s/^/$job: /p;/^value/p"
done
"$BGJOBS" log k1
"$BGJOBS" start -- true 2>&1 || true
"$BGJOBS" stop k5 | sed 's/, after.*//'
rm "$XDG_STATE_HOME/full"
"$BGJOBS" start -- true
"$BGJOBS" wait k6 | sed 's/, after.*//'
"#;

/// What a script says on a disk of its own; none, if this process may not mount one.
#[expect(clippy::print_stdout, reason = "says why nothing was proved")]
fn run(home: &Home, script: &str) -> Option<String> {
    let unshare = |words: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]).args(words).stdin(Stdio::null());
        command
    };
    let can_mount = unshare(&["sh", "-c", "mount -t tmpfs tmpfs \"$0\"", home.to_str().unwrap()]).output();
    if !can_mount.is_ok_and(|output| output.status.success()) {
        println!("skipped: this process may not mount a small disk");
        return None;
    }
    let gate = std::env::temp_dir().join(format!("bgjobs-full-disk-{}", std::process::id()));
    let mut command = unshare(&["sh", "-c", script]);
    command.env("XDG_STATE_HOME", &**home).env("GATE", &gate).env("BGJOBS", env!("CARGO_BIN_EXE_bgjobs"));
    let output = command.output().unwrap();
    let _ = std::fs::remove_file(gate);
    Some([output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat())
}

// It starts some twenty processes.
#[test]
fn on_a_full_disk_ends_and_short_values_are_told_and_long_ones_are_failures_that_say_so() {
    let home = Home::new();
    let Some(said) = run(&home, SCRIPT) else { return };
    expect![[r#"
        k1
        k5
        k1: exit status 3
        k2: done
        value [1, 2.5]
        k3: its value, 3200011 bytes as JSON, could not be written: No space left on device (os error 28)
        k4: Division by zero: 1 / 0
        [40 B of the log were dropped here]
        bgjobs start: can't start a kept job: No space left on device (os error 28)
        k5    stopped: somebody asked for it
        k6
        k6    done
    "#]]
    .assert_eq(&said);
}

/// A job that began, and ended, before its disk came to be read only.
const READ_ONLY: &str = r#"
exec 2>&1
mount -t tmpfs -o mode=700 tmpfs "$XDG_STATE_HOME"
"$BGJOBS" start -- sh -c 'echo printed; exit 3'
"$BGJOBS" wait k1 | sed 's/, after.*//'
while [ -e "$XDG_STATE_HOME/bgjobs/kept/live/1" ]; do sleep 0.01; done
until mount -o remount,ro "$XDG_STATE_HOME" 2>/dev/null; do sleep 0.01; done
"$BGJOBS" ps | sed 's/, after.*//; /on the disk/d'
"$BGJOBS" result k1 | sed -n 1p
"$BGJOBS" log k1
for words in "start -- true" "rm k1"; do "$BGJOBS" $words; echo "= $?"; done
"#;

#[test]
fn on_a_read_only_disk_jobs_are_looked_at_and_what_can_not_be_changed_is_told() {
    let home = Home::new();
    let Some(said) = run(&home, READ_ONLY) else { return };
    let said = said.replace(home.to_str().unwrap(), "HOME");
    expect![[r#"
        k1
        k1    exit status 3
        k1    exit status 3
        k1 sh -c 'echo printed; exit 3'
        printed
        bgjobs start: can't start a kept job: Read-only file system (os error 30)
        = 2
        bgjobs rm: can't change k1: HOME/bgjobs/kept/1: Read-only file system (os error 30)
        = 2
    "#]]
    .assert_eq(&said);
}
