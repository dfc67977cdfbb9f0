//! How a job's data is serialized where no derive does: times as text, durations in seconds.
//!
//! Knows nothing of formats, which are serde's concern.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};

use crate::{
    record::{
        attempt::Attempt, failure::Failure, id::JobId, log::line::Line, name::Name, stop::StopReason, why::WaitReason,
    },
    system::wall_clock::time_of,
};

/// Serializes a time as `2026-03-01T14:03:21.250000Z`.
pub(crate) fn time<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&humantime::format_rfc3339_micros(*time))
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
pub(crate) fn maybe_time<S: Serializer>(at: &Option<SystemTime>, to: S) -> Result<S::Ok, S::Error> {
    at.map(|time| humantime::format_rfc3339_micros(time).to_string()).serialize(to)
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
pub(crate) fn maybe_seconds<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    time.as_ref().map(Duration::as_secs_f64).serialize(to)
}

/// The number; `None` if the job has none.
impl Serialize for JobId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        Some(self.get()).filter(|_| *self != Self::NONE).serialize(to)
    }
}

/// The number, which has no owner: it means that job in the manager that is asked.
impl<'de> Deserialize<'de> for JobId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        u64::deserialize(from).map(Self::from)
    }
}

/// The reason in words.
impl Serialize for StopReason {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text())
    }
}

/// The text itself, without escapes.
impl Serialize for Name {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self)
    }
}

/// The time of day as text, the stream, the text, and whether it continues.
impl Serialize for Line {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut line = to.serialize_struct("Line", 4)?;
        line.serialize_field("time", &humantime::format_rfc3339_micros(self.time()).to_string())?;
        line.serialize_field("stream", &self.stream)?;
        line.serialize_field("text", &self.text)?;
        line.serialize_field("continues", &self.continues)?;
        line.end()
    }
}

/// The text for people.
impl Serialize for WaitReason {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// The fields, with the times as text.
impl Serialize for Attempt {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text = |at| humantime::format_rfc3339_micros(time_of(at)).to_string();
        let mut attempt = to.serialize_struct("Attempt", 4)?;
        attempt.serialize_field("number", &self.number)?;
        attempt.serialize_field("started", &text(self.started))?;
        attempt.serialize_field("ended", &self.ended.map(text))?;
        attempt.serialize_field("failure", &self.failure)?;
        attempt.end()
    }
}

/// The kind, the message, the causes as text, and the frames, which this looks up.
impl Serialize for Failure {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut failure = to.serialize_struct("Failure", 4)?;
        failure.serialize_field("kind", &self.kind())?;
        failure.serialize_field("message", self.message())?;
        failure.serialize_field("causes", &self.causes().map(ToString::to_string).collect::<Vec<_>>())?;
        failure.serialize_field("frames", self.frames())?;
        failure.end()
    }
}
