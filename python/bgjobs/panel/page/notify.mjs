// Tells the user by the browser's own notification that jobs have ended, while the page is not in view.
import { plural } from "./format.mjs";

const KEY = "bgjobs-notify";

export const canNotify = () => "Notification" in globalThis;

// Whether the user wants it, and the browser allows it.
export function isNotifying() {
  return canNotify() && Notification.permission === "granted" && stored() === "yes";
}

// Turns it on or off; returns what stands in the way, or nothing.
export async function setNotifying(wanted) {
  if (wanted && (await Notification.requestPermission()) !== "granted") {
    return "The browser does not allow notifications of this page; its settings do.";
  }
  store(wanted ? "yes" : "no");
  return "";
}

export function notify(ended) {
  if (ended.length > 0 && isNotifying() && (document.hidden || !document.hasFocus())) {
    const { title, body } = textOf(ended);
    new Notification(title, { body, tag: `bgjobs-${ended[0].id}` });
  }
}

const WORDS = { done: "done", failed: "failed", stopped: "stopped" };

// The words about jobs that have ended together.
export function textOf(ended) {
  if (ended.length === 1) {
    const [job] = ended;
    const title = `Job #${job.id} ${job.state === "done" ? "is done" : job.state === "failed" ? "has failed" : "was stopped"}`;
    return { title, body: [job.label, job.line].filter(Boolean).join("\n") };
  }
  const counts = Object.entries(WORDS)
    .map(([state, word]) => [ended.filter((job) => job.state === state).length, word])
    .filter(([count]) => count > 0);
  return {
    title: `${plural(ended.length, "job")} ended: ${counts.map(([count, word]) => `${count} ${word}`).join(", ")}`,
    body: ended
      .slice(0, 5)
      .map((job) => `#${job.id} ${job.label}`)
      .join("\n"),
  };
}

// A page may be without storage.
function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(value) {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    return;
  }
}
