//! Jobs that outlive the shell on a disk that is full: how they ended is told, and a short value is there.

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

// It starts some twenty processes.
#[expect(clippy::print_stdout, reason = "says why nothing was proved")]
#[test]
fn on_a_full_disk_ends_and_short_values_are_told_and_long_ones_are_failures_that_say_so() {
    let home = Home::new();
    let unshare = |words: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]).args(words).stdin(Stdio::null());
        command
    };
    let can_mount = unshare(&["sh", "-c", "mount -t tmpfs tmpfs \"$0\"", home.to_str().unwrap()]).output();
    if !can_mount.is_ok_and(|output| output.status.success()) {
        println!("skipped: this process may not mount a small disk");
        return;
    }
    let gate = std::env::temp_dir().join(format!("bgjobs-full-disk-{}", std::process::id()));
    let mut command = unshare(&["sh", "-c", SCRIPT]);
    command.env("XDG_STATE_HOME", &*home).env("GATE", &gate).env("BGJOBS", env!("CARGO_BIN_EXE_bgjobs"));
    let output = command.output().unwrap();
    let _ = std::fs::remove_file(gate);
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
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
