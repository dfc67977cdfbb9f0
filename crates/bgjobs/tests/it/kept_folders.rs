//! The folder of jobs that outlive the program: who may use it, what is in it, what is swept, and what is said of broken
//! files.

use std::{
    env, fs,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown, symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use bgjobs::{
    KeepOptions, KeptCursor, KeptError, KeptFolderError, KeptJob, KeptJobs, KeptState, LostReason, Retention,
};
use nix::sys::stat::{Mode, umask};

use crate::{
    child,
    gate::wait_until,
    kept::{Store, end, keeper, lives, printed},
};

/// All files below a folder, and the folder.
fn below(path: &Path) -> Vec<PathBuf> {
    let data = path.symlink_metadata().unwrap();
    let inner = if data.is_dir() {
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect()
    } else {
        Vec::new()
    };
    inner.iter().flat_map(|path| below(path)).chain([path.to_owned()]).collect()
}

/// Waits until nothing of a job runs.
fn settle(job: &KeptJob) {
    end(job);
    let keeper = keeper(job).as_raw();
    wait_until("its keeper has left", || !lives(keeper));
}

#[test]
fn files_are_private_whatever_the_umask_and_the_command_gets_the_umask() {
    let Some(end_of_child) = child::run(|| {
        for mask in [0o000, 0o777] {
            umask(Mode::from_bits_truncate(mask));
            let store = Store::new();
            let job = store.sh("umask; sleep 1000");
            wait_until("it has printed", || !printed(&job).is_empty());
            assert_eq!(printed(&job), format!("{mask:04o}\n"));
            job.ask_stop("enough", Duration::from_secs(10)).unwrap();
            end(&job);
            for path in below(&store.path) {
                let data = path.symlink_metadata().unwrap();
                let wanted = if data.is_dir() { 0o700 } else { 0o600 };
                assert_eq!(data.mode() & 0o7777, wanted, "{}", path.display());
            }
        }
        child::say("private");
    }) else {
        return;
    };
    end_of_child.is(0, &["private"]);
}

#[test]
fn no_environment_is_on_disk() {
    let Some(end_of_child) = child::run(|| {
        let store = Store::new();
        let job = store.sh("echo ${#BGJOBS_TEST_CHILD}; sleep 1000");
        wait_until("it has printed", || !printed(&job).is_empty());
        let secret = env::var("BGJOBS_TEST_CHILD").unwrap();
        assert_eq!(printed(&job), format!("{}\n", secret.len()));
        for path in below(&store.path).into_iter().filter(|path| path.is_file()) {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert!(!text.contains(&secret), "{}", path.display());
        }
        child::say("nothing");
    }) else {
        return;
    };
    end_of_child.is(0, &["nothing"]);
}

#[test]
fn a_folder_that_is_open_foreign_a_link_or_newer_is_refused() {
    let store = Store::new();
    let inside = |name: &str| store.path.join(name);
    let refusal = |path: &Path| KeptJobs::open(path).unwrap_err().to_string();

    fs::DirBuilder::new().mode(0o700).create(inside("open")).unwrap();
    fs::set_permissions(inside("open"), fs::Permissions::from_mode(0o750)).unwrap();
    let text = format!("{} is open to others (mode 0750): chmod 700 it", inside("open").display());
    assert_eq!(refusal(&inside("open")), text);

    symlink(&store.path, inside("link")).unwrap();
    fs::write(inside("file"), "").unwrap();
    for name in ["link", "file"] {
        let text = format!("{} is not a folder, so it can't hold kept jobs: remove it", inside(name).display());
        assert_eq!(refusal(&inside(name)), text);
    }

    // Only root can give a folder away, and only others find root's foreign.
    let is_root = nix::unistd::geteuid().is_root();
    let foreign = if is_root { inside("foreign") } else { "/".into() };
    if is_root {
        fs::DirBuilder::new().mode(0o700).create(&foreign).unwrap();
        chown(&foreign, Some(12_345), None).unwrap();
    }
    assert!(matches!(KeptJobs::open(&foreign), Err(KeptFolderError::Foreign(..))));

    fs::write(inside("format"), "2\n").unwrap();
    assert!(refusal(&store.path).ends_with(" has the format 2, and this version knows 1: use a newer bgjobs"));
    fs::write(inside("format"), "1\n").unwrap();
}

#[test]
fn a_job_of_before_a_restart_is_lost_and_one_of_another_machine_is_elsewhere() {
    let store = Store::new();
    let forge = |host: &str| {
        let job = store.sh("exit 0");
        settle(&job);
        let path = job.folder().join("job.json");
        let text = fs::read_to_string(&path).unwrap();
        let of =
            |field: &str| text.split_once(&format!("\"{field}\":\"")).unwrap().1.split('"').next().unwrap().to_owned();
        let forged = text.replace(&of("boot"), "an earlier boot");
        let forged = if host.is_empty() {
            forged
        } else {
            forged.replace(&format!("\"{}\"", of("host")), &format!("\"{host}\""))
        };
        fs::write(path, forged).unwrap();
        fs::remove_file(job.folder().join("outcome.json")).unwrap();
        job
    };
    assert_eq!(forge("").state().unwrap(), KeptState::Lost(LostReason::Restart));
    let elsewhere = forge("another-host");
    assert_eq!(elsewhere.state().unwrap(), KeptState::Elsewhere);
    assert!(matches!(elsewhere.remove(), Err(KeptError::Elsewhere(_))));
    fs::remove_dir_all(elsewhere.folder()).unwrap();
}

#[test]
fn a_job_that_was_published_and_never_launched_is_lost_and_its_key_starts_another() {
    let store = Store::new();
    let options = || KeepOptions { key: Some("night".into()), ..KeepOptions::default() };
    let job = store.kept.start(["true"], options()).unwrap();
    settle(&job);
    for file in ["run.json", "outcome.json"] {
        fs::remove_file(job.folder().join(file)).unwrap();
    }
    assert_eq!(job.state().unwrap(), KeptState::Lost(LostReason::Starter));
    let again = store.kept.start(["true"], options()).unwrap();
    assert_ne!(again.id(), job.id());
    assert_eq!(store.kept.start(["true"], options()).unwrap().id(), again.id());
}

#[test]
fn a_broken_folder_costs_one_clear_line_and_can_be_removed() {
    type Break = fn(&Path);
    let breaks: [(&str, Break); 12] = [
        ("job.json: entity not found; rm", |job| fs::remove_file(job.join("job.json")).unwrap()),
        ("job.json: EOF while parsing", |job| fs::write(job.join("job.json"), "").unwrap()),
        ("job.json: invalid type", |job| fs::write(job.join("job.json"), "[1]").unwrap()),
        ("job.json: `command` is not a list of texts", |job| {
            fs::write(job.join("job.json"), "{\"command\": [1]}").unwrap();
        }),
        ("job.json: expected value", |job| fs::write(job.join("job.json"), b"\xff\x1b[2J").unwrap()),
        ("job.json: not a plain file", |job| {
            fs::remove_file(job.join("job.json")).unwrap();
            nix::unistd::mkfifo(&job.join("job.json"), Mode::S_IRWXU).unwrap();
        }),
        ("job.json: Too many levels of symbolic links", |job| {
            fs::remove_file(job.join("job.json")).unwrap();
            symlink("/dev/zero", job.join("job.json")).unwrap();
        }),
        ("outcome.json: `state` is `odd\\u{1b}`", |job| {
            fs::write(job.join("outcome.json"), "{\"state\": \"odd\\u001b\"}").unwrap();
        }),
        ("outcome.json: `ended` is not a time", |job| {
            let text = "{\"state\": \"done\", \"message\": \"\", \"ended\": \"now\"}";
            fs::write(job.join("outcome.json"), text).unwrap();
        }),
        ("lock: No such file", |job| {
            fs::remove_file(job.join("lock")).unwrap();
            fs::remove_file(job.join("outcome.json")).unwrap();
        }),
        ("lock: not a plain file", |job| {
            fs::remove_file(job.join("lock")).unwrap();
            fs::create_dir(job.join("lock")).unwrap();
            fs::remove_file(job.join("outcome.json")).unwrap();
        }),
        ("there is no kept job", |job| {
            fs::remove_dir_all(job).unwrap();
            fs::write(job, "").unwrap();
        }),
    ];
    let store = Store::new();
    let jobs: Vec<_> = breaks.iter().map(|_| store.sh("echo one")).collect();
    for (job, (wanted, breaks)) in jobs.iter().zip(breaks) {
        settle(job);
        breaks(&job.folder());
        let text = job.summary().unwrap_err().to_string();
        assert!(text.contains(wanted) && !text.contains(['\n', '\u{1b}']), "{text}, not {wanted}");
        let _ = (job.read(&mut KeptCursor::default()), job.ask_stop("x", Duration::ZERO), job.strays());
        job.mark_seen();
    }
    store.kept.sweep(Retention::default()).unwrap();
    for job in jobs {
        job.remove().unwrap();
        assert!(!job.folder().exists());
    }
    for broken in [&b"soon"[..], b"\xff", b"18446744073709551615"] {
        fs::write(store.path.join("next"), broken).unwrap();
        let error = store.kept.start(["true"], KeepOptions::default()).unwrap_err().to_string();
        assert!(error.ends_with("/next holds no number: remove it"), "{error}");
    }
    fs::remove_file(store.path.join("next")).unwrap();
    settle(&store.sh("exit 0"));
}

#[test]
fn a_broken_log_is_read_as_far_as_it_goes() {
    let store = Store::new();
    let job = store.sh("echo one; echo two");
    settle(&job);
    let first = job.folder().join("log/0");
    let text = fs::read(&first).unwrap();
    for broken in [&b"\xff\xff"[..], b"", b"\n\n\n", &text[..text.len() - 3]] {
        fs::write(&first, broken).unwrap();
        let mut cursor = KeptCursor::default();
        let mut dropped = 0;
        loop {
            let reading = job.read(&mut cursor).unwrap();
            if reading.is_empty() {
                break;
            }
            dropped += reading.dropped;
        }
        assert!(dropped > 0 && cursor.offset() >= text.len() as u64, "{broken:?}");
    }
    fs::remove_file(&first).unwrap();
    fs::create_dir(&first).unwrap();
    let text = job.read(&mut KeptCursor::default()).unwrap_err().to_string();
    assert!(text.contains("log: not a plain file"), "{text}");
}

#[test]
fn a_sweep_leaves_running_jobs_and_failures_that_nobody_has_seen() {
    let store = Store::new();
    let [done, failed, read, newest] = ["echo 1", "echo 2; exit 1", "echo 3; exit 1", "echo 4"].map(|line| {
        let job = store.sh(line);
        settle(&job);
        job
    });
    let running = store.sh("echo up; sleep 1000");
    read.mark_seen();
    assert_eq!(store.kept.sweep(Retention { jobs: 5, output: 1 << 20 }).unwrap(), bgjobs::Swept::default());
    let swept = store.kept.sweep(Retention { jobs: 3, output: 1 << 20 }).unwrap();
    assert_eq!((swept.jobs, swept.outputs), (vec![done.id()], vec![]));
    let swept = store.kept.sweep(Retention { jobs: 0, output: 0 }).unwrap();
    assert_eq!((swept.jobs, swept.outputs), (vec![read.id(), newest.id()], vec![failed.id()]));
    assert_eq!(end(&failed).exit, Some(1));
    let reading = failed.read(&mut KeptCursor::default()).unwrap();
    assert_eq!((reading.dropped, reading.lines.len()), (end(&failed).output, 0));
    wait_until("it runs on", || printed(&running) == "up\n");
}

#[test]
fn each_end_sweeps_by_the_folders_own_retention() {
    let store = Store::new();
    fs::write(store.path.join("retention.json"), "{\"jobs\": 2}").unwrap();
    assert_eq!(store.kept.retention(), Retention { jobs: 2, ..Retention::default() });
    for _ in 0..4 {
        settle(&store.sh("exit 0"));
    }
    wait_until("two are left", || {
        let ids: Vec<_> = store.kept.all().unwrap().iter().map(|job| job.id().to_string()).collect();
        ids == ["k3", "k4"]
    });
    assert!(store.kept.live().unwrap().is_empty());
}

#[test]
fn what_a_killed_program_left_half_made_is_no_job_and_goes_in_time() {
    let store = Store::new();
    let old = fs::FileTimes::new().set_modified(std::time::SystemTime::UNIX_EPOCH);
    for (name, is_old) in [(".new-1-0", true), (".old-1-0", true), (".new-2-0", false)] {
        fs::create_dir(store.path.join(name)).unwrap();
        fs::write(store.path.join(name).join("lock"), "").unwrap();
        if is_old {
            fs::File::open(store.path.join(name)).unwrap().set_times(old).unwrap();
        }
    }
    fs::write(store.path.join("live/7"), "").unwrap();
    fs::File::open(store.path.join("live/7")).unwrap().set_times(old).unwrap();
    assert!(store.kept.all().unwrap().is_empty());
    assert!(store.kept.get("k7".parse().unwrap()).is_err());
    store.kept.sweep(Retention::default()).unwrap();
    let left = |name: &str| store.path.join(name).exists();
    assert_eq!([".new-1-0", ".old-1-0", ".new-2-0", "live/7"].map(left), [false, false, true, false]);
}

#[test]
fn a_job_whose_folder_is_removed_while_it_runs_ends_and_leaves_another_of_its_name_alone() {
    let store = Store::new();
    let job = store.sh("echo up; sleep 1000 & while :; do echo more; sleep 0.01; done");
    wait_until("it has printed", || !printed(&job).is_empty());
    let keeper = keeper(&job).as_raw();
    fs::remove_dir_all(job.folder()).unwrap();
    // Numbers began again, because the folder of all jobs was removed.
    fs::create_dir_all(job.folder().join("log")).unwrap();
    for file in ["lock", "reserve"] {
        fs::write(job.folder().join(file), "").unwrap();
    }
    wait_until("its keeper has left", || !lives(keeper));
    assert!(job.strays().is_empty());
    let mut names: Vec<_> =
        below(&job.folder()).iter().map(|path| path.strip_prefix(&store.path).unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["1", "1/lock", "1/log", "1/reserve"].map(PathBuf::from));
    assert!(store.path.join("live/1").exists());
}
