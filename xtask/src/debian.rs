//! Programs of Debian's unstable suite, in a folder of their own under `target`, for Pythons that this machine lacks.
//!
//! Knows debootstrap and chroot, and nothing of what the programs check.

use std::{
    net::ToSocketAddrs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    step::{Failed, Stamp, Step, at_root},
    workspace::{root, target},
};

/// The minor versions of its Pythons.
pub(crate) const MINORS: [u32; 2] = [14, 15];

/// Sees the workspace and the target folder where they are outside, so that the same command lines work in it.
///
/// What is mounted is mounted for this process alone, and so no mount is left however it ends.
const ENTER: &str = r#"
set -e
debian=$1 root=$2 target=$3
shift 3
mkdir -p "$debian$root" "$debian/etc/ssl/certs"
touch "$debian/etc/resolv.conf"
mount --bind "$root" "$debian$root"
mkdir -p "$debian$target"
mount --bind "$target" "$debian$target"
for folder in /proc /dev; do mount --rbind "$folder" "$debian$folder"; done
# Names are looked up and certificates are checked as outside.
for place in /etc/resolv.conf /etc/ssl/certs; do if [ -e "$place" ]; then mount --bind "$place" "$debian$place"; fi; done
exec chroot "$debian" sh -c 'cd "$0" && exec "$@"' "$root" "$@"
"#;

/// The folder that is the root of its programs.
fn folder() -> PathBuf {
    target().join("sid")
}

fn stamp() -> Stamp {
    Stamp::last(&root().join(folder()).join("made-from"), &packages())
}

fn packages() -> String {
    MINORS.map(|minor| format!("python3.{minor},python3.{minor}-venv")).join(",")
}

/// Why its programs are missing here, and what to do; nothing if they aren't.
pub(crate) fn missing() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return Some("Debian's programs need Linux".to_owned());
    }
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    if !is_root {
        return Some("chroot needs root\nhint: run it as root, for example in a container".to_owned());
    }
    if stamp().is_current() {
        return None;
    }
    if Command::new("debootstrap").arg("--version").output().is_err() {
        return Some("debootstrap is missing\nhint: on Debian run `apt install debootstrap`".to_owned());
    }
    let has_proxy = std::env::var_os("http_proxy").is_some();
    if !has_proxy && ("deb.debian.org", 80).to_socket_addrs().is_err() {
        return Some("deb.debian.org is not found\nhint: connect to the network, or set `http_proxy`".to_owned());
    }
    None
}

/// The step that fetches the programs, in about two minutes, unless they are there; remove `target/sid` for newer ones.
pub(crate) fn made() -> Step {
    let line = format!("--mount debootstrap --variant=minbase --include={} sid", packages());
    Step::program("Debian's Pythons", Path::new("unshare"), &line).path(&folder()).unless(stamp())
}

/// A step that runs one of the programs.
pub(crate) fn step(name: &str, program: &Path, line: &str) -> Step {
    Step::cargo(name, &format!("xtask sid {} {line}", program.display()))
}

/// Runs one of the programs, in the workspace's root as it is seen from there.
pub(crate) fn run(line: &[String]) -> Result<(), Failed> {
    let failed = |reason: String| Failed::without_step("sid", &reason);
    if !stamp().is_current() {
        return Err(failed(format!("there are no programs of Debian yet\nhint: run `{}`", made())));
    }
    let root = root().canonicalize().map_err(|error| failed(error.to_string()))?;
    let target = root.join(target());
    let mut command = at_root(Path::new("unshare"));
    command.args(["--mount", "sh", "-c", ENTER, "sh"]).arg(root.join(folder())).arg(root).arg(target).args(line);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(format!("{line:?}: {status}"))),
        Err(error) => Err(failed(format!("could not start unshare: {error}"))),
    }
}
