//! Reminders of jobs that have not ended, as text.
//!
//! Knows nothing of where it is shown.

use std::collections::BTreeSet;

use bgjobs::{AnyJob, State, WaitReason};

/// How many jobs are listed when the user wants to leave.
const LISTED: usize = 10;

/// What the shell says when its end waits for jobs: how many, and the first of them.
pub(crate) fn awaited(jobs: &[AnyJob]) -> String {
    const NAMED: usize = 3;
    let named: Vec<_> = jobs.iter().take(NAMED).map(|job| format!("{} : {}", job.id(), job.name())).collect();
    let more = match jobs.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let them = if jobs.len() == 1 { "it" } else { "them" };
    format!("waiting for {}: {}{more}; Ctrl-C stops {them}", count(jobs.len()), named.join(", "))
}

/// `1 job`, `2 jobs`.
fn count(jobs: usize) -> String {
    format!("{jobs} {}", if jobs == 1 { "job" } else { "jobs" })
}

/// What the shell says at the first attempt to leave while jobs run or are queued.
pub(crate) fn still_running(jobs: &[AnyJob]) -> String {
    let waiting = jobs.iter().filter(|job| job.state() == State::Queued).count();
    let be = |number| if number == 1 { "is" } else { "are" };
    let how_many = match (jobs.len().saturating_sub(waiting), waiting) {
        (running, 0) => format!("{} {} running", count(running), be(running)),
        (0, waiting) => format!("{} {} queued", count(waiting), be(waiting)),
        (running, waiting) => format!("{} {} running, {waiting} {} queued", count(running), be(running), be(waiting)),
    };
    let mut list: Vec<_> = jobs.iter().take(LISTED).map(|job| format!("{} : {}", job.id(), job.name())).collect();
    if jobs.len() > LISTED {
        list.push(format!("... and {} more; `jobs` lists them", jobs.len() - LISTED));
    }
    let list = list.join("\n");
    let them = if jobs.len() == 1 { "it" } else { "them" };
    let paused: BTreeSet<_> = jobs.iter().flat_map(AnyJob::why).filter_map(paused_group).collect();
    let resumed = if paused.is_empty() {
        String::new()
    } else {
        format!(" after `resume {}`", paused.into_iter().collect::<Vec<_>>().join(" "))
    };
    format!("{how_many}:\n{list}\nCtrl-D again stops {them} and leaves; `wait` waits for {them}{resumed}.")
}

fn paused_group(reason: WaitReason) -> Option<String> {
    if let WaitReason::Paused { group } = reason { Some(group.to_string()) } else { None }
}

#[cfg(test)]
mod tests {
    const LONG: std::time::Duration = std::time::Duration::from_secs(1000);

    #[test]
    fn the_end_names_the_first_jobs_it_waits_for() {
        let jobs = bgjobs::JobManager::new();
        let watched = ["a", "b", "c", "d"].map(|name| jobs.spawn_with(name, |job| Ok(job.sleep(LONG)?)).unwrap());
        let running = jobs.running();
        assert_eq!(super::awaited(&running[..1]), "waiting for 1 job: 0 : a; Ctrl-C stops it");
        assert_eq!(super::awaited(&running), "waiting for 4 jobs: 0 : a, 1 : b, 2 : c, and 1 more; Ctrl-C stops them");
        for job in watched {
            job.ask_stop("seen");
        }
    }

    #[test]
    fn leaving_lists_running_queued_and_paused_jobs() {
        let jobs = bgjobs::JobManager::new();
        let io = jobs.group("io");
        io.pause();
        let queued = ["copy", "move"].map(|name| io.spawn(name, || ()).unwrap());
        let named = super::still_running(&jobs.running());
        assert_eq!(
            named,
            "2 jobs are queued:\n0 : copy\n1 : move\nCtrl-D again stops them and leaves; `wait` waits for them after `resume io`."
        );
        let runs = jobs.spawn_with("runs", |job| Ok(job.sleep(LONG)?)).unwrap();
        while runs.state() != bgjobs::State::Running {
            std::thread::yield_now();
        }
        queued[0].ask_stop("seen");
        let named = super::still_running(&jobs.running());
        assert_eq!(
            named,
            "1 job is running, 1 is queued:\n1 : move\n2 : runs\nCtrl-D again stops them and leaves; `wait` waits for them after `resume io`."
        );
        runs.ask_stop("seen");
        let many: Vec<_> = (0..12).map(|_| io.spawn("copy", || ()).unwrap()).collect();
        let named = super::still_running(&jobs.running());
        assert!(named.contains("... and ") && named.lines().count() == 13, "{named}");
        drop(many);
    }
}
