// What the page knows of the jobs, by the messages of the kernel; which are shown, and in which order.
// It knows neither the document nor how messages travel.

const RANK = { running: 0, stopping: 0, queued: 1, created: 1, done: 2, failed: 2, stopped: 2 };

// The counts, each of which shows only its jobs.
export const GROUPS = [
  { key: "all", name: "All", states: Object.keys(RANK) },
  { key: "running", name: "Running", states: ["running", "stopping"] },
  { key: "waiting", name: "Waiting", states: ["queued", "created"] },
  { key: "failed", name: "Failed", states: ["failed"] },
  { key: "stopped", name: "Stopped", states: ["stopped"] },
  { key: "done", name: "Done", states: ["done"] },
];

// How many lines of a log the page holds.
const LINES = 200;

export const hasEnded = (job) => RANK[job.state] === 2;

export class Store {
  // `clock` returns seconds; only differences count.
  constructor(clock = () => performance.now() / 1000) {
    this.clock = clock;
    this.jobs = new Map();
    this.details = new Map();
    this.verdicts = new Map();
    // The jobs that a cell waits for.
    this.front = [];
    // Of how many jobs the kernel has not told all yet; and how many there are in each state, with those.
    this.behind = 0;
    this.states = {};
    // Changes when a job comes, goes or changes its state, and so its place in the list.
    this.arrangement = 0;
    this.number = null;
    this.offset = -Infinity;
  }

  // The time at the kernel.
  now() {
    return this.offset + this.clock();
  }

  // Takes a message `jobs`. Returns the jobs that have ended since the last one, and whether a message was missed.
  apply(message) {
    if (!message.is_whole && message.number !== this.number + 1) {
      this.number = null;
      return { ended: [], isMissing: true };
    }
    const knewAny = this.number !== null;
    const before = this.jobs;
    this.number = message.number;
    // Of all messages the fastest has the truest time.
    this.offset = Math.max(this.offset, message.now - this.clock());
    if (message.is_whole) {
      this.arrangement += 1;
      this.jobs = new Map();
    }
    this.front = message.front;
    this.behind = message.behind;
    if (message.counts) {
      this.arrangement += 1;
      this.states = message.counts;
    }
    const ended = [];
    for (const row of message.jobs) {
      const old = before.get(row.id);
      const job = { ...this.jobs.get(row.id), ...row };
      if ("left" in row) {
        job.leftAt = message.now;
      }
      this.jobs.set(row.id, job);
      if ("state" in row) {
        this.arrangement += 1;
      }
      if (knewAny && hasEnded(job) && !(old && hasEnded(old))) {
        ended.push(job);
      }
    }
    for (const id of message.gone) {
      this.arrangement += 1;
      this.jobs.delete(id);
    }
    for (const known of [this.details, this.verdicts]) {
      for (const id of known.keys()) {
        if (!this.jobs.has(id)) {
          known.delete(id);
        }
      }
    }
    for (const [id, news] of Object.entries(message.details)) {
      this.#open(Number(id), news);
    }
    return { ended, isMissing: false };
  }

  #open(id, { log, ...news }) {
    const known = this.details.get(id) ?? { lines: [], pending: [], missed: 0, end: null };
    const details = { ...known, ...news };
    if (log) {
      const follows = log.from !== null && log.from === known.end;
      const lines = follows ? [...known.lines, ...log.lines] : log.lines;
      const excess = Math.max(lines.length - LINES, 0);
      details.missed = (follows ? known.missed : log.missed) + excess;
      details.lines = lines.slice(excess);
      details.pending = log.pending;
      details.end = log.to;
    }
    this.details.set(id, details);
  }

  // For how many seconds a job has run, or has waited to; null if it never ran.
  elapsed(job) {
    if (hasEnded(job)) {
      return job.ran ?? null;
    }
    return job.since === null || job.since === undefined ? null : Math.max(this.now() - job.since, 0);
  }

  // How many seconds the rest will take; null if nobody knows.
  left(job) {
    if (job.left === null || job.left === undefined || hasEnded(job)) {
      return null;
    }
    return Math.max(job.left - (this.now() - job.leftAt), 0);
  }

  counts() {
    const count = (states) => states.reduce((sum, state) => sum + (this.states[state] ?? 0), 0);
    return Object.fromEntries(GROUPS.map(({ key, states }) => [key, count(states)]));
  }

  // The jobs of a group that have all the words of a text: what runs first, then what is next, then the last to end.
  select(group, text) {
    const states = new Set(GROUPS.find(({ key }) => key === group).states);
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    for (const job of this.jobs.values()) {
      if (states.has(job.state) && words.every((word) => matches(job, word))) {
        found.push(job);
      }
    }
    return found.sort(order);
  }
}

function matches(job, word) {
  if (/^#\d+$/.test(word)) {
    return word === `#${job.id}`;
  }
  return [`#${job.id}`, job.label, job.state, job.line, job.text, job.place].some((part) =>
    String(part ?? "")
      .toLowerCase()
      .includes(word),
  );
}

function order(one, other) {
  const rank = RANK[one.state];
  if (rank !== RANK[other.state]) {
    return rank - RANK[other.state];
  }
  if (rank === 1) {
    return one.id - other.id;
  }
  return (rank === 2 ? (other.since ?? 0) - (one.since ?? 0) : 0) || other.id - one.id;
}

// The same jobs, with those that were shown before where they were: a row does not move under the pointer.
export function held(jobs, before) {
  const byId = new Map(jobs.map((job) => [job.id, job]));
  const kept = before.filter((id) => byId.has(id));
  const isKept = new Set(kept);
  return [...kept.map((id) => byId.get(id)), ...jobs.filter((job) => !isKept.has(job.id))];
}
