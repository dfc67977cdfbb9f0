//! Jobs that outlive the shell: the time from the start of a command to its first output, beside other ways to start one that
//! goes on; the time of each word beside a Python that does nothing; and the time of a list of 10,000 old jobs.
//!
//! `nohup`, `setsid`, `systemd-run`, `pueue` and `pueued` are found through `PATH`, and submitit by the Python of the variable
//! `PYTHON`; what is not there is left out.

#[cfg(target_os = "linux")]
mod python;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    // `cargo test --all-targets` starts benches too, without this argument.
    if std::env::args().any(|argument| argument == "--bench") { linux::main() } else { Ok(()) }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        env, fs,
        io::{self, Read, Write},
        path::{Path, PathBuf},
        process::{Child, Command, Stdio},
        thread,
        time::{Duration, Instant},
    };

    use crate::python::python;

    /// How often each is started.
    const RUNS: usize = 21;

    /// How many old jobs there are.
    const JOBS: usize = 10_000;

    /// How long nothing may be heard of a command.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// A folder for all of this, with the pipe that the commands write to; and a daemon that is needed.
    struct Place {
        folder: PathBuf,
        daemon: Option<Child>,
    }

    impl Drop for Place {
        fn drop(&mut self) {
            if let Some(daemon) = &mut self.daemon {
                let _ = (daemon.kill(), daemon.wait());
            }
            let _ = fs::remove_dir_all(&self.folder);
        }
    }

    pub(super) fn main() -> io::Result<()> {
        let mut out = io::stdout().lock();
        let folder = env::temp_dir().join(format!("bgjobs-bench-{}", std::process::id()));
        fs::create_dir(&folder)?;
        let mut place = Place { folder, daemon: None };
        if !Command::new("mkfifo").arg(place.folder.join("pipe")).status()?.success() {
            return Err(io::Error::other("there is no pipe"));
        }
        first_output(&mut out, &mut place)?;
        words(&mut out, &place)?;
        lists(&mut out, &place)
    }

    /// Starts a command in several ways, until its first output arrives.
    fn first_output(out: &mut impl Write, place: &mut Place) -> io::Result<()> {
        let line = format!("echo up >{}", place.folder.join("pipe").display());
        let quoted = format!("'{line}'");
        let submit = format!(
            "import os, submitit; submitit.LocalExecutor({:?}).submit(os.system, {line:?})",
            place.folder.join("submitit").display().to_string()
        );
        let python = python();
        let in_background = format!("nohup setsid sh -c {quoted} >/dev/null 2>&1 &");
        let ways: [(&str, &str, Vec<&str>); 5] = [
            ("bgjobs start", env!("CARGO_BIN_EXE_bgjobs"), vec!["start", "--", "sh", "-c", &line]),
            ("nohup setsid", "sh", vec!["-c", &in_background]),
            ("systemd-run --user", "systemd-run", vec!["--user", "--quiet", "sh", "-c", &line]),
            ("pueue add", "pueue", vec!["add", "--", "sh", "-c", &quoted]),
            ("submitit, local", &python, vec!["-c", &submit]),
        ];
        place.daemon = place.command("pueued").spawn().ok();
        let mut times: Vec<(&str, Vec<f64>)> = Vec::new();
        for (way, program, words) in &ways {
            let began = Instant::now();
            // The daemon takes a moment to listen.
            let mut first = place.time(program, words);
            while first.is_err() && *way == "pueue add" && place.daemon.is_some() && began.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(100));
                first = place.time(program, words);
            }
            match first {
                Ok(_) => times.push((*way, Vec::new())),
                Err(error) => writeln!(out, "{way} can't be used here: {error}")?,
            }
        }
        for _ in 0..RUNS {
            for (way, times) in &mut times {
                let (_, program, words) = ways.iter().find(|(name, ..)| name == way).expect("it is one of them");
                times.push(place.time(program, words)?.as_secs_f64());
            }
        }
        writeln!(
            out,
            "From the start to the first output: the best and the median of {RUNS}, and what ours is of it."
        )?;
        let (ours_best, ours) = best_and_median(times[0].1.clone());
        for (way, times) in times {
            let (best, median) = best_and_median(times);
            writeln!(
                out,
                "{way:20}{:>8.1} ms{:>8.1} ms   {:.2} and {:.2}",
                best * 1e3,
                median * 1e3,
                ours_best / best,
                ours / median
            )?;
        }
        Ok(())
    }

    fn best_and_median(mut times: Vec<f64>) -> (f64, f64) {
        times.sort_by(f64::total_cmp);
        (times[0], times[times.len() / 2])
    }

    /// Times words of the command line.
    fn words(out: &mut impl Write, place: &Place) -> io::Result<()> {
        const WORDS: [&[&str]; 5] =
            [&["start", "--", "true"], &["ps"], &["wait", "1"], &["log", "1"], &["result", "1"]];
        let python = python();
        let shell = env!("CARGO_BIN_EXE_bgjobs");
        let mut times = [const { Vec::new() }; WORDS.len() + 1];
        for _ in 0..RUNS {
            let programs = WORDS.iter().map(|&words| (shell, words)).chain([(&*python, &["-c", "pass"][..])]);
            for ((program, words), times) in programs.zip(&mut times) {
                let began = Instant::now();
                place.command(program).args(words).status()?;
                times.push(began.elapsed().as_secs_f64());
                // The keeper of a job that was started is at work for a moment.
                thread::sleep(Duration::from_millis(20));
            }
        }
        let [ours @ .., its] = times;
        let (its_best, its) = best_and_median(its);
        writeln!(
            out,
            "The words, the best and the median of {RUNS}, and what they are of python3 -c pass (goal: 0.3):"
        )?;
        for (words, times) in WORDS.iter().zip(ours) {
            let (best, median) = best_and_median(times);
            let (word, best_ratio, ratio) = (words[0], best / its_best, median / its);
            writeln!(out, "{word:20}{:>8.1} ms{:>8.1} ms   {best_ratio:.2} and {ratio:.2}", best * 1e3, median * 1e3)?;
        }
        Ok(())
    }

    impl Place {
        /// A program that has its files here, and says nothing.
        fn command(&self, program: &str) -> Command {
            let mut command = Command::new(program);
            for name in ["XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
                command.env(name, &self.folder);
            }
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        }

        /// How long it takes until what a program starts is heard on the pipe.
        fn time(&self, program: &str, words: &[&str]) -> io::Result<Duration> {
            // Both directions, so that opening it waits for nobody.
            let mut pipe = fs::File::options().read(true).write(true).open(self.folder.join("pipe"))?;
            let (heard, hear) = std::sync::mpsc::channel();
            let began = Instant::now();
            let mut starter = self.command(program).args(words).spawn()?;
            let mut own = pipe.try_clone()?;
            let listener = thread::spawn(move || {
                let read = own.read(&mut [0; 16]).map(|_| began.elapsed());
                let _ = heard.send(read);
            });
            let refused = || io::Error::other(format!("{program} is heard of by nobody"));
            let mut status = None;
            let took = loop {
                if let Ok(read) = hear.recv_timeout(Duration::from_millis(5)) {
                    break read;
                }
                status = status.or(starter.try_wait()?);
                if status.is_some_and(|status| !status.success()) || began.elapsed() > PATIENCE {
                    // This ends the listener.
                    pipe.write_all(b"\n")?;
                    break Err(refused());
                }
            };
            let _ = listener.join();
            starter.wait()?;
            took
        }
    }

    /// Lists many old jobs.
    fn lists(out: &mut impl Write, place: &Place) -> io::Result<()> {
        let kept = place.folder.join("bgjobs/kept");
        for entry in fs::read_dir(&kept)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name != "1") && path.join("job.json").exists() {
                fs::remove_dir_all(path)?;
            }
        }
        for number in 2..=JOBS {
            copy(&kept.join("1"), &kept.join(number.to_string()))?;
        }
        let shell = env!("CARGO_BIN_EXE_bgjobs");
        let time = |words: &[&str]| -> io::Result<f64> {
            let mut times = Vec::new();
            for _ in 0..RUNS {
                let began = Instant::now();
                place.command(shell).args(words).status()?;
                times.push(began.elapsed().as_secs_f64() * 1e3);
            }
            Ok(best_and_median(times).0)
        };
        let [newest, all] = [&["ps"][..], &["ps", "--all"]].map(time);
        writeln!(out, "Of {JOBS} old jobs, the best of {RUNS}:")?;
        writeln!(out, "the newest 20{:>10.1} ms (goal: 20)", newest?)?;
        writeln!(out, "all          {:>10.1} ms (goal: 300)", all?)
    }

    /// Copies the folder of a job that has ended.
    fn copy(from: &Path, to: &Path) -> io::Result<()> {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let to = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                copy(&entry.path(), &to)?;
            } else {
                fs::copy(entry.path(), to)?;
            }
        }
        Ok(())
    }
}
