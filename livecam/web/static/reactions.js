// Recorded performances, played over one's own motion.

import { ask } from "./connection.js";
import { byId, el } from "./dom.js";

const SHOWN = 1200; // ms for which a button is lit after its reaction began; by eye

export class Reactions {
  constructor(connection, controls) {
    Object.assign(this, { controls, all: [] });
    connection.on("link", (link) => link === "up" && this.load());
    connection.on("reactions", () => this.load());
    connection.on("done", (news) => news.done === "react" && this.light(news.told));
  }

  async load() {
    this.all = (await ask("api/reactions").catch(() => ({ reactions: [] }))).reactions || [];
    byId("reactions").hidden = !this.all.length;
    byId("reaction-buttons").replaceChildren(
      ...this.all.map((one) =>
        el(
          "button",
          {
            type: "button", class: "chip", "aria-keyshortcuts": one.key || null, data: { reaction: one.name },
            on: { click: () => this.play(one.name) },
          },
          one.label || one.name,
          one.key ? el("kbd", { "aria-hidden": "true" }, one.key.toUpperCase()) : null,
        ),
      ),
    );
  }

  play(name) {
    return this.controls.act("react", name);
  }

  light(name) {
    const button = byId("reaction-buttons").querySelector(`[data-reaction="${CSS.escape(name || "")}"]`);
    if (!button) return;
    button.classList.add("lit");
    setTimeout(() => button.classList.remove("lit"), SHOWN);
  }
}
