// Calibrating: three seconds to get ready, two of looking straight.

import { ask } from "./connection.js";
import { byId, el } from "./dom.js";
import { announce, notice, refused } from "./notices.js";

const COUNT = 3;
const SECOND = 1000; // ms
const LOOK = 2; // seconds that livecam takes as the neutral face

export class Calibration {
  constructor(connection) {
    this.place = byId("countdown");
    this.steps = [];
    connection.on("done", (news) => {
      if (news.done === "calibrate") this.look(); // on every page, whoever asked
    });
    connection.on("link", (link) => link !== "up" && this.end());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.counting) this.end("Calibration cancelled.");
    });
  }

  start() {
    if (this.counting) return this.end("Calibration cancelled.");
    this.counting = true;
    for (let left = COUNT; left > 0; left -= 1)
      this.later(COUNT - left, () => this.show(String(left), "Get ready: look straight, mouth shut", `${left}`));
    this.later(COUNT, async () => {
      try {
        await ask("api/controls/calibrate", { json: {} });
      } catch (refusal) {
        this.end();
        refused(refusal);
      }
    });
  }

  look() {
    this.end();
    this.show("", "Look straight, mouth shut", "Look straight, mouth shut.");
    this.place.append(el("span", { class: "track" }, el("span", { class: "run" })));
    this.later(LOOK, () => {
      this.end();
      notice("Calibrated: this is your neutral face now.", "good");
    });
  }

  later(seconds, run) {
    this.steps.push(setTimeout(run, seconds * SECOND));
  }

  show(count, words, said) {
    this.place.hidden = false;
    this.place.replaceChildren(count ? el("b", {}, count) : "", el("p", {}, words));
    if (count) this.place.append(el("small", {}, "Esc cancels"));
    announce(said);
  }

  end(words = "") {
    for (const step of this.steps) clearTimeout(step);
    this.steps = [];
    this.counting = false;
    this.place.hidden = true;
    if (words) announce(words);
  }
}
