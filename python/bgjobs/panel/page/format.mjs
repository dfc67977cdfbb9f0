// Times and numbers as people read them.

export function duration(seconds) {
  if (seconds === null || seconds === undefined) {
    return "";
  }
  if (seconds < 0.9995) {
    return `${Math.round(seconds * 1000)} ms`;
  }
  if (seconds < 59.95) {
    return `${seconds.toFixed(1)} s`;
  }
  return coarse(seconds);
}

// Of a time that passes: without tenths, which would only flicker.
export function coarse(seconds) {
  if (seconds === null || seconds === undefined) {
    return "";
  }
  const whole = Math.floor(seconds);
  if (whole < 60) {
    return `${whole} s`;
  }
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) {
    return `${minutes} min ${whole % 60} s`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

// Of a time that is a guess: in one unit.
export function rough(seconds) {
  if (seconds < 90) {
    return `${Math.ceil(seconds)} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) {
    return `${minutes} min`;
  }
  const hours = Math.round(minutes / 60);
  return hours < 36 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

// How far a job is, from 0 to 1; null if it does not say, or not of how much.
export function share(job) {
  return job.total ? Math.min(job.done / job.total, 1) : null;
}

export function progress(job) {
  const whole = share(job);
  const reached = whole === null ? (job.done ? `${number(job.done)} done` : "") : `${Math.floor(whole * 100)}%`;
  return [reached, job.text].filter(Boolean).join(" · ");
}

export const number = (count) => count.toLocaleString("en-US");

export const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
