//! Where a job is, and where it died, as data.

use bgjobs::{AnyJob, Frame, Place, Process};
use rhai::{Array, Dynamic, Map, export_module};

use crate::lang::{eval::evaluation::Evaluation, jobs::post_mortem::DeadFrame};

#[export_module]
pub(super) mod of_one {
    use rhai::NativeCallContext;

    use super::{AnyJob, Array, Dynamic, Evaluation, dead_frames, map_of, variables};

    /// Where the job is: a map with `text`, `frames`, `processes` and `seconds`, or `()` if it does not run or does not
    /// say.
    #[rhai_fn(name = "where", pure)]
    pub(super) fn place(job: &mut AnyJob) -> Dynamic {
        job.place().filter(|_| !job.is_finished()).map_or(Dynamic::UNIT, |place| map_of(&place).into())
    }

    /// The calls in which the job died, outermost first: maps with `function`, `source`, `line`, `text` and `locals`.
    #[rhai_fn(get = "frames", pure)]
    pub(super) fn frames(context: NativeCallContext<'_>, job: &mut AnyJob) -> Array {
        dead_frames(&Evaluation::of(&context), job)
    }

    /// The variables of the function in which the job died, or `()` if they are gone.
    #[rhai_fn(get = "locals", pure)]
    pub(super) fn locals(context: NativeCallContext<'_>, job: &mut AnyJob) -> Dynamic {
        let evaluation = Evaluation::of(&context);
        let dead = evaluation.jobs.post_mortem(job).ok();
        dead.as_ref()
            .and_then(|dead| dead.frames.last())
            .map_or(Dynamic::UNIT, |frame| variables(&evaluation, frame).into())
    }
}

/// The frames of a dead job as data, with the variables that were captured.
fn dead_frames(evaluation: &Evaluation, job: &AnyJob) -> Array {
    let Ok(dead) = evaluation.jobs.post_mortem(job) else {
        return job
            .failure()
            .map(|failure| failure.frames().iter().map(|frame| of_frame(frame).into()).collect())
            .unwrap_or_default();
    };
    let with_names = |dead: &DeadFrame| -> Dynamic {
        let function = dead.function.clone();
        let mut map = of_frame(&dead.frame.clone().unwrap_or(Frame { function, ..Frame::default() }));
        map.insert("locals".into(), variables(evaluation, dead).into());
        map.into()
    };
    dead.frames.iter().map(with_names).collect()
}

/// The variables of a frame, except those that were too large to capture.
fn variables(evaluation: &Evaluation, frame: &DeadFrame) -> Map {
    let mut cells = evaluation.cells();
    let captured = frame.variables.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    captured.map(|(name, value)| (name.as_str().into(), cells.thaw(value))).collect()
}

/// A frame as data.
fn of_frame(frame: &Frame) -> Map {
    let text = |text: &Option<String>| text.clone().map_or(Dynamic::UNIT, Dynamic::from);
    let line = frame.line.map_or(Dynamic::UNIT, |line| i64::from(line).into());
    let (function, source, code) = (text(&frame.function), text(&frame.source), text(&frame.text));
    named([("function", function), ("source", source), ("line", line), ("text", code)])
}

/// Where a job is, as data.
fn map_of(place: &Place) -> Map {
    let frames = place.frames.iter().map(|frame| of_frame(frame).into()).collect::<Array>();
    let seconds = place.waited().as_secs_f64();
    let processes = place.processes.iter().map(|process| of_process(process).into()).collect::<Array>();
    let text = place.text.to_string();
    named([
        ("text", text.into()),
        ("frames", frames.into()),
        ("processes", processes.into()),
        ("seconds", seconds.into()),
    ])
}

/// A process of a command as data, its memory in bytes.
fn of_process(process: &Process) -> Map {
    named([
        ("id", i64::from(process.id).into()),
        ("parent", i64::from(process.parent).into()),
        ("command", process.command.clone().into()),
        ("state", process.state.to_string().into()),
        ("cpu", process.cpu.as_secs_f64().into()),
        ("memory", i64::try_from(process.memory).unwrap_or(i64::MAX).into()),
    ])
}

fn named<const COUNT: usize>(values: [(&str, Dynamic); COUNT]) -> Map {
    values.into_iter().map(|(name, value)| (name.into(), value)).collect()
}
