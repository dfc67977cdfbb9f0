//! `log 3`: shows what jobs printed, and goes on with it if asked.

use bgjobs::{AnyJob, FailureKind};

use super::Reply;
use crate::{
    log_view::LogView,
    session::{Answer, Session},
};

/// Shows the logs of jobs, one after another.
pub(super) fn show(session: &mut Session, jobs: &[AnyJob], view: &LogView) -> Reply {
    if view.follow && jobs.len() > 1 {
        return Reply::Wrong(format!("{} jobs are meant, and only one can be followed: give its number", jobs.len()));
    }
    let (view, told, jobs) = (*view, session.told().clone(), jobs.to_vec());
    let looked = session.look(move |context, print| {
        for job in &jobs {
            if jobs.len() > 1 {
                print(&format!("#{} {}:", job.id(), job.name()));
            }
            view.print(context, &told, job, print)?;
        }
        Ok(())
    });
    match looked {
        // Who ends a look knows so.
        Answer::Failed(failure) if failure.kind() != FailureKind::Stop => Reply::Wrong(failure.to_string()),
        _ => Reply::Nothing,
    }
}
