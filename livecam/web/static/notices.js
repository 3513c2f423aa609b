// Sentences that come and go at the lower edge, with a button where one is of use.

import { byId, el, icon, signButton } from "./dom.js";

const SECONDS = { good: 5, wait: 6, bad: 12 }; // shown for; by eye, longer where it must be read in full
const WITH_BUTTON = 10;
const MOST = 4;

/** Show a sentence. tone: "good", "wait" or "bad". action: {label, run}. Returns what takes it away. */
export function notice(text, tone = "wait", action = null) {
  const seconds = action ? Math.max(WITH_BUTTON, SECONDS[tone]) : SECONDS[tone] || SECONDS.wait;
  const card = el("div", { class: "notice", data: { tone } }, icon(SECONDS[tone] ? tone : "wait"), el("p", {}, text));
  let timer = 0;
  const away = () => {
    clearTimeout(timer);
    card.remove();
  };
  const wind = () => (timer = setTimeout(away, 1000 * seconds));
  if (action) {
    const run = () => {
      away();
      action.run();
    };
    card.append(el("button", { type: "button", class: "small", on: { click: run } }, action.label));
  }
  card.append(signButton("close", "Dismiss", away));
  for (const stop of ["pointerenter", "focusin"]) card.addEventListener(stop, () => clearTimeout(timer));
  for (const go of ["pointerleave", "focusout"]) card.addEventListener(go, wind);
  const places = byId(tone === "bad" ? "alerts" : "notices");
  places.append(card);
  while (places.children.length > MOST) places.firstElementChild.remove();
  wind();
  return away;
}

/** Show why something cannot be. */
export function refused(refusal) {
  notice(refusal.message, "bad");
}

/** Say something to screen readers alone. */
export function announce(text) {
  byId("announced").textContent = text;
}

/** Ask before something that cannot be undone; true where it was agreed to. */
export function confirmed(question, yes) {
  return new Promise((resolve) => {
    const close = (said) => {
      dialog.close();
      resolve(said);
    };
    const dialog = el(
      "dialog",
      { class: "confirm", "aria-labelledby": "question", on: { cancel: () => resolve(false), close: () => dialog.remove() } },
      el("p", { id: "question" }, question),
      el(
        "div",
        { class: "row end" },
        el("button", { type: "button", on: { click: () => close(false) } }, "Cancel"),
        el("button", { type: "button", class: "primary", on: { click: () => close(true) } }, yes),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
