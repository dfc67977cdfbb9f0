//! What timelines of made-up jobs look like. `UPDATE_EXPECT=1` redraws `crowd.svg`.

use std::time::{Duration, SystemTime};

use expect_test::{expect, expect_file};

use super::*;
use crate::{
    JobManager,
    record::state::{Outcome, State},
};

const DONE: State = State::Finished(Outcome::Done);
const FAILED: State = State::Finished(Outcome::Failed);
const STOPPED: State = State::Finished(Outcome::Stopped);

/// 14:03:20 in UTC.
fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_373_800)
}

/// A job with these times, in milliseconds.
fn job(id: u64, name: &str, state: State, created: u64, started: Option<u64>, finished: Option<u64>) -> Summary {
    let at = |millis| noon() + Duration::from_millis(millis);
    let any = JobManager::new().spawn("any", || ()).expect("there is a thread").summary();
    Summary {
        id: id.into(),
        name: name.into(),
        state,
        created: at(created),
        started: started.map(at),
        finished: finished.map(at),
        ..any
    }
}

/// One job of each kind, with names that are hard to show.
fn each_kind() -> Timeline {
    Timeline::until(
        noon() + Duration::from_secs(20),
        [
            job(0, "fit", DONE, 0, Some(0), Some(4_100)),
            job(1, "<b>&\"bold\"</b>", FAILED, 1_000, Some(4_000), Some(9_300)),
            job(2, "שלום", STOPPED, 2_000, Some(2_000), Some(12_000)),
            job(3, "exe\u{202e}gpj.\u{1b}[2J", State::Running, 3_000, Some(9_300), None),
            job(4, "a name that is far too long for its column", State::Queued, 5_000, None, None),
        ],
    )
}

/// Numbers that look random and are the same each time.
fn dice() -> impl FnMut(u64) -> u64 {
    let mut state = 1_u64;
    move |sides| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    }
}

/// Jobs on 16 slots, which come faster than they end.
fn crowd(count: u64) -> Timeline {
    let mut roll = dice();
    let mut slots = [0_u64; 16];
    let any = job(0, "load", DONE, 0, None, None);
    let jobs = (0..count).map(|id| {
        let created = id * 120 + roll(100);
        let slot = slots.iter_mut().min().expect("there are 16");
        let started = created.max(*slot);
        let finished = started + 200 + roll(4_800);
        *slot = finished;
        let state = match roll(100) {
            0..5 => FAILED,
            5..7 => STOPPED,
            _ => DONE,
        };
        let at = |millis| noon() + Duration::from_millis(millis);
        let (created, started, finished) = (at(created), Some(at(started)), Some(at(finished)));
        Summary { id: id.into(), state, created, started, finished, ..any.clone() }
    });
    Timeline::until(noon(), jobs.collect::<Vec<_>>())
}

/// The picture without its head, which is the same in each, and with brackets for what isolates names.
fn body(svg: &str) -> String {
    let (_, body) = svg.split_once("</style>\n").expect("it has a style");
    body.replace('\u{2068}', "⟦").replace('\u{2069}', "⟧")
}

#[test]
fn a_few_jobs_have_a_row_each_and_names_are_never_markup() {
    expect![[r#"
        <text class="title" x="8" y="18">5 jobs in 20.0 s: 1 done, 1 failed, 1 stopped, 1 running, 1 waiting</text>
        <text class="tick" x="180" y="35">0</text>
        <text class="tick" x="352.5" y="35">+5 s</text>
        <text class="tick" x="525" y="35">+10 s</text>
        <text class="tick" x="697.5" y="35">+15 s</text>
        <text class="tick" x="870" y="35">+20 s</text>
        <path class="grid" d="M180 40V140M352.5 40V140M525 40V140M697.5 40V140M870 40V140"/>
        <g><title>#0 ⟦fit⟧: waited 0 ms, ran 4.1 s, done</title><rect class="row" y="40" width="960" height="20"/>
        <text x="8" y="54">#0 ⟦fit⟧</text>
        <rect class="done" x="180" y="44" width="141.5" height="12" rx="1.5"/>
        <text class="label" x="327.5" y="54">4.1 s</text>
        </g>
        <g><title>#1 ⟦&lt;b&gt;&amp;&quot;bold&quot;&lt;/b&gt;⟧: waited 3.0 s, ran 5.3 s, failed</title><rect class="stripe" y="60" width="960" height="20"/>
        <text x="8" y="74">#1 ⟦&lt;b&gt;&amp;&quot;bold&quot;&lt;/b&gt;⟧</text>
        <path class="wait" d="M214.5 70H318"/>
        <rect class="failed" x="318" y="64" width="182.9" height="12" rx="1.5"/>
        <text class="label" x="506.9" y="74">✗ 5.3 s</text>
        </g>
        <g><title>#2 ⟦שלום⟧: waited 0 ms, ran 10.0 s, stopped</title><rect class="row" y="80" width="960" height="20"/>
        <text x="8" y="94">#2 ⟦שלום⟧</text>
        <rect class="stopped" x="249" y="84" width="345" height="12" rx="1.5"/>
        <text class="label" x="600" y="94">■ 10.0 s</text>
        </g>
        <g><title>#3 ⟦exe\u{202e}gpj.\u{1b}[2J⟧: waited 6.3 s, ran 10.7 s, running</title><rect class="stripe" y="100" width="960" height="20"/>
        <text x="8" y="114">#3 ⟦exe\u{202e}gpj.\u{1…⟧</text>
        <path class="wait" d="M283.5 110H500.9"/>
        <rect class="running" x="500.9" y="104" width="369.1" height="12" rx="1.5"/>
        <text class="label" x="876" y="114">▶ 10.7 s</text>
        </g>
        <g><title>#4 ⟦a name that is far too long for its column⟧: waited 15.0 s, waiting</title><rect class="row" y="120" width="960" height="20"/>
        <text x="8" y="134">#4 ⟦a name that is far …⟧</text>
        <path class="wait" d="M352.5 130H870"/>
        <text class="label" x="876" y="134">waited 15.0 s</text>
        </g>
        </svg>
    "#]].assert_eq(&body(&each_kind().svg()));
}

#[test]
fn as_text_a_job_is_a_line_that_fits() {
    expect![[r#"
        5 jobs in 20.0 s: 1 done, 1 failed, 1 stopped, 1 running, 1 waiting
                                   0                  +10 s             +20 s
        #0 fit                     ━━━━━━━━ 4.1 s
        #1 <b>&"bold"</b>           ──────━━━━━━━━━━━ ✗ 5.3 s
        #2 שלום                       ━━━━━━━━━━━━━━━━━━━━ ■ 10.0 s
        #3 exe\u{202e}gpj.\u{1b}[…      ────────────━━━━━━━━━━━━━━━━━━━━━ ▶ 10.7 s
        #4 a name that is far too…          ──────────────────────────── waited 15.0 s"#]]
    .assert_eq(&each_kind().text(80));
    expect![[r#"
        5 jobs in 20.0 s: 1 done, 1 failed, 1 s…
                      0
        #0 fit        ━━━ 4.1 s
        #1 <b>&"bold… ──━━━━ ✗ 5.3 s
        #2 שלום        ━━━━━━ ■ 10.0 s
        #3 exe\u{202…  ────━━━━━━ ▶ 10.7 s
        #4 a name th…   ──────── waited 15.0 s"#]]
    .assert_eq(&each_kind().text(40));
}

#[test]
fn as_a_trace_a_job_has_a_lane_a_wait_and_a_count() {
    let trace = each_kind().trace();
    expect![[r#"
        {"displayTimeUnit":"ms","otherData":{"start":"2026-03-01T14:03:20.000000Z"},"traceEvents":[
        {"ph":"M","name":"process_name","pid":1,"tid":0,"args":{"name":"bgjobs"}},
        {"ph":"M","name":"thread_name","pid":1,"tid":1,"args":{"name":"lane 1"}},
        {"ph":"M","name":"thread_name","pid":1,"tid":2,"args":{"name":"lane 2"}},
        {"ph":"M","name":"thread_name","pid":1,"tid":3,"args":{"name":"lane 3"}},
        {"ph":"X","name":"fit","cat":"job","pid":1,"tid":1,"ts":0,"dur":4100000,"args":{"job":0,"end":"done","waited_ms":0}},
        {"ph":"X","name":"שלום","cat":"job","pid":1,"tid":2,"ts":2000000,"dur":10000000,"args":{"job":2,"end":"stopped","waited_ms":0}},
        {"ph":"X","name":"<b>&\"bold\"</b>","cat":"job","pid":1,"tid":3,"ts":4000000,"dur":5300000,"args":{"job":1,"end":"failed","waited_ms":3000}},
        {"ph":"X","name":"exe\\u{202e}gpj.\\u{1b}[2J","cat":"job","pid":1,"tid":1,"ts":9300000,"dur":10700000,"args":{"job":3,"end":"running","waited_ms":6300}},
        {"ph":"b","name":"<b>&\"bold\"</b>","cat":"waiting","id":1,"pid":1,"tid":0,"ts":1000000},
        {"ph":"e","name":"<b>&\"bold\"</b>","cat":"waiting","id":1,"pid":1,"tid":0,"ts":4000000},
        {"ph":"b","name":"exe\\u{202e}gpj.\\u{1b}[2J","cat":"waiting","id":3,"pid":1,"tid":0,"ts":3000000},
        {"ph":"e","name":"exe\\u{202e}gpj.\\u{1b}[2J","cat":"waiting","id":3,"pid":1,"tid":0,"ts":9300000},
        {"ph":"b","name":"a name that is far too long for its column","cat":"waiting","id":4,"pid":1,"tid":0,"ts":5000000},
        {"ph":"e","name":"a name that is far too long for its column","cat":"waiting","id":4,"pid":1,"tid":0,"ts":20000000},
        {"ph":"C","name":"running","pid":1,"ts":0,"args":{"jobs":1}},
        {"ph":"C","name":"running","pid":1,"ts":2000000,"args":{"jobs":2}},
        {"ph":"C","name":"running","pid":1,"ts":4000000,"args":{"jobs":3}},
        {"ph":"C","name":"running","pid":1,"ts":4100000,"args":{"jobs":2}},
        {"ph":"C","name":"running","pid":1,"ts":9300000,"args":{"jobs":3}},
        {"ph":"C","name":"running","pid":1,"ts":9300000,"args":{"jobs":2}},
        {"ph":"C","name":"running","pid":1,"ts":12000000,"args":{"jobs":1}},
        {"ph":"C","name":"running","pid":1,"ts":20000000,"args":{"jobs":0}}
        ]}
    "#]].assert_eq(&trace);
    serde_json::from_str::<serde_json::Value>(&trace).expect("it is JSON");
}

#[test]
fn many_jobs_are_areas_lanes_and_strokes_where_some_failed() {
    let svg = crowd(5_000).svg();
    assert!(svg.len() < 40_000, "{}", svg.len());
    expect_file!["crowd.svg"].assert_eq(&svg);
}

#[test]
fn many_jobs_are_a_few_lines_of_text() {
    expect![[r"
        5000 jobs in 13 min 35 s: 4610 done, 285 failed, 105 stopped
                0                   +5 min               +10 min
        running █████████████████████████████████████████████████████████ 16 at most
        waiting ▁▁▁▁▁▂▂▂▂▂▃▃▃▃▃▄▄▄▄▄▄▅▅▅▅▅▆▆▆▆▆▇▇▇▇▇████████▇▇▆▆▅▅▄▄▃▃▂▂▁ 1293 at most
        failed  ▆▄█▂▄█▆▅▃█▅▄█▇▆▂▇▃█▄▃█▅▄▃▅█▆▁▅▃▃█▄▂▃▅▅▇▂▅▅▆▄▇▄▅▇██▃▄▃▅▁▅▃ 285
        stopped  ▄▄ ▂▂▃▂▃▂▄▃▄▂▂▂▂ ▂▄▄▂▂▃ ▃▃ ▄▆▂▇▃ ▃▄▂▆▃▂▃▇▂▂▂▄▂▆▄▃▂  ▃▂▄█ 105"]]
    .assert_eq(&crowd(5_000).text(80));
}

#[test]
fn times_without_jobs_are_left_out() {
    let jobs = [
        job(0, "fit", DONE, 0, Some(0), Some(4_000)),
        job(1, "fit", DONE, 3_600_000, Some(3_600_000), Some(3_605_000)),
        job(2, "fit", DONE, 90_000_000, Some(90_001_000), Some(90_004_000)),
    ];
    expect![[r"
        3 jobs in 25 h 0 min: 3 done; times in UTC
               03-01 14:03       03-01 15:03           03-02 15:03
        #0 fit ━━━━━━━━━━━━━━━━━━ 4.0 s
        #1 fit                   ━━━━━━━━━━━━━━━━━━━━━━ 5.0 s
        #2 fit                                         ─────━━━━━━━━━━━━━ 3.0 s"]]
    .assert_eq(&Timeline::until(noon(), jobs).text(80));
}

#[test]
fn without_jobs_there_is_a_picture_too() {
    let empty = Timeline::until(noon(), []);
    assert_eq!(empty.text(80), "No jobs.");
    assert!(empty.svg().contains("No jobs."));
    assert!(serde_json::from_str::<serde_json::Value>(&empty.trace()).is_ok());
}

#[test]
fn a_clock_that_was_set_back_harms_nothing() {
    let jobs =
        [job(0, "fit", DONE, 5_000, Some(3_000), Some(1_000)), job(1, "fit", State::Running, 9_000, Some(9_000), None)];
    let timeline = Timeline::until(noon(), jobs);
    assert!(timeline.svg().ends_with("</svg>\n"));
    assert!(timeline.text(80).starts_with("2 jobs in 4.0 s"));
}
