// Where the time goes, from the camera to this page.

import { byId, copyButton, el, write } from "./dom.js";
import { STAGES } from "./words.js";

const SCALE = 100; // ms that the bar shows at least
const LEAST = 0.05; // ms: less is not shown

export class Latency {
  constructor(connection) {
    this.rows = new Map();
    byId("offset-copy").append(copyButton("Copy the audio offset", () => byId("offset").dataset.value));
    connection.on("status", (status) => this.tell(status));
    connection.on("link", (link) => (byId("latency").hidden = link === "connecting"));
  }

  tell(status) {
    const stages = { ...status.stages };
    delete stages.total; // their sum, which the delay says
    if (status.screen_ms != null) stages.screen = status.screen_ms;
    const shown = Object.entries(stages).filter(([, time]) => time > LEAST);
    const sum = shown.reduce((total, [, time]) => total + time, 0);
    const scale = Math.max(SCALE, sum);
    for (const [name, time] of shown) {
      const row = this.row(name);
      row.bar.style.setProperty("--share", time / scale);
      write(row.time, `${time < 9.95 ? time.toFixed(1) : Math.round(time)} ms`);
    }
    for (const [name, row] of this.rows) {
      const hidden = !shown.some(([other]) => other === name);
      row.bar.hidden = row.item.hidden = hidden;
    }
    byId("stages").hidden = !shown.length;
    const delay = status.latency_ms == null ? null : Math.round(status.latency_ms + (status.screen_ms || 0));
    fact("delay", delay, "ms from camera to here");
    fact("fps", status.fps == null ? null : Math.round(status.fps), "fps");
    fact("dropped", status.dropped ?? null, "left out");
    const offset = status.audio_offset_ms;
    byId("offset-row").hidden = offset == null;
    if (offset != null) {
      byId("offset").dataset.value = String(Math.round(offset));
      write(byId("offset"), `${Math.round(offset)} ms`);
    }
  }

  /** The stage's part of the bar and its line in the legend. */
  row(name) {
    if (!this.rows.has(name)) {
      const bar = el("span", { data: { stage: name } });
      const time = el("b", {});
      const item = el("li", { data: { stage: name } }, STAGES[name] || name, " ", time);
      this.rows.set(name, { bar, item, time });
      const order = [...Object.keys(STAGES), ...this.rows.keys()];
      const sorted = [...this.rows].sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
      byId("bar").replaceChildren(...sorted.map(([, row]) => row.bar));
      byId("legend").replaceChildren(...sorted.map(([, row]) => row.item));
    }
    return this.rows.get(name);
  }
}

function fact(id, value, unit) {
  const node = byId(id);
  node.hidden = value === null;
  if (value !== null) node.replaceChildren(el("b", {}, String(value)), ` ${unit}`);
}
