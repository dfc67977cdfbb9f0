//! Where on a timeline a moment is: times without jobs are cut out, and the ticks have labels.
//!
//! Knows nothing of jobs and pictures.

use std::time::{Duration, SystemTime};

/// A time without jobs is cut out if it is longer than this part of the time with jobs, and than a second.
const LONGEST_IDLE: f64 = 0.1;

/// How wide a cut is, as a part of the axis; and all of them together at most.
const CUT: f64 = 0.02;
const CUTS: f64 = 0.3;

/// The distances between ticks.
const STEPS: [u64; 34] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    21_600_000,
    43_200_000,
    86_400_000,
    172_800_000,
    432_000_000,
    864_000_000,
    1_728_000_000,
    4_320_000_000,
    8_640_000_000,
    31_536_000_000,
];

/// The axis of a timeline. Times count from its start, and a position is from 0 to 1.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    start: SystemTime,
    /// The times that are shown, in order; never empty.
    spans: Vec<Span>,
    /// How much of the axis a second takes.
    scale: f64,
}

#[derive(Clone, Debug)]
struct Span {
    from: Duration,
    to: Duration,
    /// The position at which it begins.
    at: f64,
}

impl Span {
    fn length(&self) -> Duration {
        self.to.saturating_sub(self.from)
    }
}

/// A position with its label.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

impl Axis {
    /// The axis for jobs that lived from and to these times since `start`.
    pub(super) fn new(lives: impl Iterator<Item = (Duration, Duration)>, start: SystemTime) -> Self {
        let busy = united(lives);
        let seconds: f64 = busy.iter().map(|(from, to)| to.saturating_sub(*from).as_secs_f64()).sum();
        let longest = (seconds * LONGEST_IDLE).max(1.0);
        let mut spans: Vec<Span> = Vec::new();
        for (from, to) in busy {
            match spans.last_mut() {
                Some(last) if from.saturating_sub(last.to).as_secs_f64() <= longest => last.to = to,
                _ => spans.push(Span { from, to, at: 0.0 }),
            }
        }
        let shown: f64 = spans.iter().map(|span| span.length().as_secs_f64()).sum();
        #[expect(clippy::cast_precision_loss, reason = "it is a small number")]
        let cuts = (spans.len() - 1) as f64;
        let cut = if cuts > 0.0 { (CUTS / cuts).min(CUT) } else { 0.0 };
        // Jobs that took no time are all at the left.
        let scale = if shown > 0.0 { (1.0 - cut * cuts) / shown } else { 0.0 };
        let mut at = 0.0;
        for span in &mut spans {
            span.at = at;
            at += span.length().as_secs_f64() * scale + cut;
        }
        Self { start, spans, scale }
    }

    /// Whether times are cut out.
    pub(super) fn is_cut(&self) -> bool {
        self.spans.len() > 1
    }

    /// Where a moment is.
    pub(super) fn at(&self, time: Duration) -> f64 {
        let next = self.spans.partition_point(|span| span.from <= time);
        let span = &self.spans[next.saturating_sub(1)];
        let inside = time.clamp(span.from, span.to).saturating_sub(span.from);
        (span.at + inside.as_secs_f64() * self.scale).min(1.0)
    }

    /// From where to where the cuts are.
    pub(super) fn cuts(&self) -> impl Iterator<Item = (f64, f64)> {
        self.spans.windows(2).map(|pair| (self.at(pair[0].to), pair[1].at))
    }

    /// The ticks, so that each has `room` for its label, as a part of the axis.
    pub(super) fn ticks(&self, room: f64) -> Vec<Tick> {
        let step = self.step(room);
        let mut ticks: Vec<Tick> = Vec::new();
        let last = self.spans.len() - 1;
        for (index, span) in self.spans.iter().enumerate() {
            let first = if self.is_cut() { vec![span.from] } else { Vec::new() };
            for time in first.into_iter().chain(self.multiples(span, step)) {
                let at = self.at(time);
                // The next time begins with a label of its own.
                let has_room = index == last || at <= span.at || at + room <= self.spans[index + 1].at;
                if has_room && ticks.last().is_none_or(|last| last.at + room <= at) {
                    ticks.push(Tick { at, label: self.label(time) });
                }
            }
        }
        ticks
    }

    fn step(&self, room: f64) -> Duration {
        let steps = STEPS.map(Duration::from_millis);
        let fits = |step: &&Duration| step.as_secs_f64() * self.scale >= room;
        *steps.iter().find(fits).unwrap_or(&steps[STEPS.len() - 1])
    }

    /// The multiples of a step in a span: since the start, or of the time of day if times are cut out.
    fn multiples(&self, span: &Span, step: Duration) -> impl Iterator<Item = Duration> {
        let zero = if self.is_cut() { self.since_epoch() } else { Duration::ZERO };
        let (step, to) = (nanos(step), span.to);
        let first = nanos(zero + span.from).div_ceil(step);
        (first..)
            .map(move |count| Duration::from_nanos(count * step).saturating_sub(zero))
            .take_while(move |time| *time <= to)
    }

    fn since_epoch(&self) -> Duration {
        self.start.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    fn label(&self, time: Duration) -> String {
        if !self.is_cut() {
            return elapsed(time);
        }
        let text = humantime::format_rfc3339_seconds(self.start + time).to_string();
        let days = |time: Duration| (self.since_epoch() + time).as_secs() / 86_400;
        let end = self.spans[self.spans.len() - 1].to;
        // `2026-03-01T14:03:21Z`
        if days(Duration::ZERO) == days(end) { text[11..19].to_owned() } else { text[5..16].replace('T', " ") }
    }
}

/// The times in which there was at least one, in order; at least one time.
fn united(lives: impl Iterator<Item = (Duration, Duration)>) -> Vec<(Duration, Duration)> {
    let mut lives: Vec<_> = lives.collect();
    lives.sort_unstable();
    let mut united: Vec<(Duration, Duration)> = Vec::new();
    for (from, to) in lives {
        match united.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => united.push((from, to)),
        }
    }
    if united.is_empty() {
        united.push((Duration::ZERO, Duration::ZERO));
    }
    united
}

/// A time in nanoseconds, which fit for centuries.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// A time since the start, as a tick has it: `0`, `+200 ms`, `+1.5 s`, `+1 min 15 s`.
fn elapsed(time: Duration) -> String {
    let mut left = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    match left {
        0 => return "0".to_owned(),
        1..1_000 => return format!("+{left} ms"),
        _ => {}
    }
    let mut parts = Vec::new();
    for (size, unit) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min")] {
        if left >= size {
            parts.push(format!("{} {unit}", left / size));
            left %= size;
        }
    }
    if left > 0 {
        parts.push(format!("{} s", Duration::from_millis(left).as_secs_f64()));
    }
    format!("+{}", parts.join(" "))
}

#[cfg(all(test, not(any(bgjobs_loom, bgjobs_shuttle))))]
mod tests {
    use super::*;

    fn axis(lives: &[(u64, u64)]) -> Axis {
        let lives = lives.iter().map(|(from, to)| (Duration::from_secs(*from), Duration::from_secs(*to)));
        // 14:03:20 in UTC.
        Axis::new(lives, SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_373_800))
    }

    fn ticks(axis: &Axis) -> Vec<String> {
        axis.ticks(0.12).into_iter().map(|tick| format!("{:.2} {}", tick.at, tick.label)).collect()
    }

    #[test]
    fn ticks_are_round_times_since_the_start() {
        assert_eq!(
            ticks(&axis(&[(0, 105)])),
            [
                "0.00 0",
                "0.14 +15 s",
                "0.29 +30 s",
                "0.43 +45 s",
                "0.57 +1 min",
                "0.71 +1 min 15 s",
                "0.86 +1 min 30 s",
                "1.00 +1 min 45 s"
            ]
        );
        assert_eq!(ticks(&axis(&[(0, 2)])), ["0.00 0", "0.25 +500 ms", "0.50 +1 s", "0.75 +1.5 s", "1.00 +2 s"]);
    }

    #[test]
    fn a_long_time_without_jobs_is_cut_out_and_the_ticks_are_times_of_day() {
        let axis = axis(&[(0, 10), (5, 20), (3_600, 3_610)]);
        assert!(axis.is_cut());
        assert_eq!(axis.cuts().map(|(from, to)| format!("{from:.3} {to:.3}")).collect::<Vec<_>>(), ["0.653 0.673"]);
        assert_eq!(
            ticks(&axis),
            [
                "0.00 14:03:20",
                "0.16 14:03:25",
                "0.33 14:03:30",
                "0.49 14:03:35",
                "0.67 15:03:20",
                "0.84 15:03:25",
                "1.00 15:03:30"
            ]
        );
        assert_eq!(
            (axis.at(Duration::from_secs(30)), axis.at(Duration::from_secs(3_600))),
            (axis.at(Duration::from_secs(20)), axis.spans[1].at)
        );
    }

    #[test]
    fn a_short_time_without_jobs_stays() {
        let axis = axis(&[(0, 10), (11, 20)]);
        assert!(!axis.is_cut());
        assert!((axis.at(Duration::from_secs(10)) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn many_cuts_leave_most_of_the_axis_to_the_jobs() {
        let lives: Vec<_> = (0..100).map(|n| (n * 1_000, n * 1_000 + 1)).collect();
        let axis = axis(&lives);
        let cut: f64 = axis.cuts().map(|(from, to)| to - from).sum();
        assert!((cut - CUTS).abs() < 1e-9, "{cut}");
    }

    #[test]
    fn jobs_that_took_no_time_have_an_axis() {
        let axis = axis(&[(0, 0)]);
        assert!(axis.at(Duration::ZERO).abs() < 1e-9);
        assert_eq!(ticks(&axis), ["0.00 0"]);
    }
}
