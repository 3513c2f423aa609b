// What states and stages are called, for people.

/** State: what it is called, its tone, and what to do about it. */
export const STATES = {
  connecting: ["Connecting", "wait", ""],
  starting: ["Starting", "wait", ""],
  live: ["Live", "good", ""],
  "no face": ["No face", "wait", "The portrait rests. Come into your camera's view to go on."],
  "camera lost": ["Camera lost", "bad", "The portrait rests until your camera is back."],
  stalled: ["Stalled", "bad", "No new picture of you comes; the portrait rests until one does."],
  recovering: ["Recovering", "wait", "Something failed and is begun anew."],
  frozen: ["Frozen", "wait", "The picture is held as it is. Freeze again to go on."],
  hidden: ["Hidden", "wait", "The portrait rests; your face moves it no more. Hide again to come back."],
  stopped: ["Stopped", "bad", "livecam has ended or does not answer. This page tries again by itself; if you start livecam anew, open its new address."],
  stranger: ["Stopped", "bad", "livecam was started anew and has another address. Open the one that it printed."],
};

/** What a frame goes through, in order, as the latency strip names it. */
export const STAGES = {
  capture: "Camera",
  track: "Tracking",
  motion: "Motion",
  generate: "Drawing",
  canvas: "Framing",
  wait: "Waiting",
  sink: "Sending",
  screen: "This page",
};

export const UNITS = { times: "×" };

/** A number as a slider shows it. */
export function amount(value, step, unit) {
  const digits = Number.isInteger(step) ? 0 : 2;
  const text = Number(value).toFixed(digits);
  if (!unit) return text;
  return unit in UNITS ? `${text} ${UNITS[unit]}` : `${text} ${unit}`;
}
