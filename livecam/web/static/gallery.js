// The portraits: choosing, renaming, deleting with a way back, fine-tuning.

import { ask } from "./connection.js";
import { byId, el, icon, signButton } from "./dom.js";
import { openMenu } from "./menu.js";
import { announce, notice, refused } from "./notices.js";

const WITH_KEYS = 9; // the first portraits have a number key
const TUNING_STEPS = 100;

const address = (name, more = "") => `api/personas/${encodeURIComponent(name)}${more}`;

export class Gallery {
  constructor(connection, controls, jobs) {
    Object.assign(this, { connection, controls, jobs, personas: [], renaming: "" });
    this.list = byId("personas");
    connection.on("personas", () => this.load());
    connection.on("link", (link) => link === "up" && this.load());
    connection.on("control", (said) => said.name === "persona" && this.draw());
    connection.on("controls", () => this.draw());
    connection.on("status", () => this.draw());
    jobs.changed = () => this.draw();
    byId("arrows").append(
      signButton("previous-persona", "Previous portrait", () => controls.act("previous-persona"), { "aria-keyshortcuts": "p" }),
      signButton("next-persona", "Next portrait", () => controls.act("next-persona"), { "aria-keyshortcuts": "n" }),
    );
  }

  async load() {
    try {
      this.personas = (await ask("api/personas")).personas;
    } catch (refusal) {
      console.warn(refusal.message); // a livecam without a gallery
      this.personas = [];
    }
    byId("gallery").hidden = false;
    this.draw();
  }

  /** The portrait of a number key, from 0. */
  choose(place) {
    const found = this.personas[place];
    if (found) this.controls.act("persona", found.name);
  }

  draw() {
    const shown = this.controls.value("persona");
    const tuning = new Map(this.jobs.running().filter((job) => job.kind === "tune").map((job) => [job.name, job]));
    const { busy } = this.connection.status; // it is being made ready to be shown
    const signature = JSON.stringify([this.personas, shown, busy, this.renaming, [...tuning.values()], this.jobs.enrolling()]);
    if (signature === this.signature) return;
    this.signature = signature;
    const held = this.list.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    const cards = this.personas.map((one, place) => this.card(one, place, one.name === shown, tuning.get(one.name), busy));
    this.list.replaceChildren(...cards, ...this.jobs.enrolling().map((job) => this.waiting(job)), this.adding());
    if (held) [...this.list.querySelectorAll("[data-focus]")].find((node) => node.dataset.focus === held)?.focus({ preventScroll: true });
    if (this.shown !== shown) {
      this.shown = shown;
      const chosen = this.list.querySelector("[aria-pressed=true]")?.closest("li");
      if (chosen) this.list.scrollTo({ left: chosen.offsetLeft - this.list.clientWidth / 2 });
    }
  }

  card(one, place, shown, job, busy) {
    const number = place < WITH_KEYS ? String(place + 1) : "";
    const picture = el("img", { src: `${address(one.name, "/picture.jpg")}?${encodeURIComponent(one.created || "")}`, alt: "", width: 256, height: 256, draggable: "false" });
    const choose = el(
      "button",
      {
        type: "button", class: "portrait", "aria-pressed": String(shown), "aria-busy": shown && busy ? "true" : null, "aria-label": one.name, title: one.name,
        "aria-keyshortcuts": number || null, data: { focus: `choose ${one.name}`, persona: one.name },
        on: { click: () => this.controls.act("persona", one.name) },
      },
      picture,
      number && el("kbd", { "aria-hidden": "true" }, number),
      job && el("progress", { max: job.total || 1, value: job.total ? job.done : null, "aria-label": `Fine-tuning ${one.name}` }),
    );
    const more = signButton("more", `More for ${one.name}`, () => this.more(one, more), {
      "aria-haspopup": "menu", data: { focus: `more ${one.name}` }, class: "sign more",
    });
    const name = this.renaming === one.name ? this.nameField(one) : el("span", { class: "name" }, one.name);
    const state = shown && busy ? "Getting ready" : job ? job.phase || "Fine-tuning" : one.tuned ? "Fine-tuned" : "";
    return el("li", {}, choose, more, name, state ? el("small", {}, state) : null);
  }

  /** The card of a portrait that is being made. */
  waiting(job) {
    const name = job.name || "New portrait";
    const far = job.total ? job.done : null;
    return el(
      "li",
      { class: "waiting" },
      el("div", { class: "portrait" }, el("progress", { max: job.total || 1, value: far, "aria-label": `Preparing ${name}` })),
      job.state ? signButton("close", `Stop preparing ${name}`, () => this.jobs.stop(job), { class: "sign more", data: { focus: `stop ${job.id}` } }) : null,
      el("span", { class: "name" }, name),
      el("small", {}, job.phase || "Preparing"),
    );
  }

  adding() {
    const button = el(
      "button",
      { type: "button", class: "adding", title: "Choose a picture of a face, or several of one person", data: { focus: "add" }, on: { click: () => byId("files").click() } },
      icon("add"), el("span", {}, "Add"),
    );
    return el("li", {}, button);
  }

  more(one, button) {
    const tuned = one.tuned ? `Fine-tune again (${one.tuned} steps so far)` : `Fine-tune (${TUNING_STEPS} steps)`;
    const own = [
      ["Rename", () => this.rename(one)],
      ["Delete", () => this.remove(one), true],
    ];
    const job = this.jobs.running().find((other) => other.kind === "tune" && other.name === one.name);
    const tune = job ? ["Stop fine-tuning", () => this.jobs.stop(job)] : [tuned, () => this.tune(one)];
    openMenu(button, [["Show", () => this.controls.act("persona", one.name)], tune, ...(one.bundled ? [] : own)]);
  }

  rename(one) {
    this.renaming = one.name;
    this.draw();
    const field = this.list.querySelector("input");
    field?.focus();
    field?.select();
  }

  nameField(one) {
    const field = el("input", { type: "text", class: "name", value: one.name, "aria-label": `New name of ${one.name}`, maxlength: 60, autocomplete: "off" });
    let done = false;
    const end = async (keep) => {
      if (done) return;
      done = true;
      this.renaming = "";
      const name = field.value.trim();
      if (keep && name && name !== one.name) {
        try {
          await ask(address(one.name, "/rename"), { json: { name } });
          announce(`${one.name} is called ${name} now.`);
          await this.load();
        } catch (refusal) {
          refused(refusal);
        }
      }
      this.draw();
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") end(true);
      if (event.key === "Escape") end(false);
    });
    field.addEventListener("blur", () => end(true));
    return field;
  }

  async remove(one) {
    try {
      const { undo } = await ask(address(one.name), { method: "DELETE" });
      await this.load();
      this.list.querySelector("button")?.focus({ preventScroll: true });
      notice(`${one.name} was deleted.`, "wait", { label: "Undo", run: () => this.undo(one, undo) });
    } catch (refusal) {
      refused(refusal);
    }
  }

  async undo(one, undo) {
    try {
      await ask("api/undo", { json: { undo } });
      await this.load();
      announce(`${one.name} is back.`);
    } catch (refusal) {
      refused(refusal);
    }
  }

  async tune(one) {
    try {
      await ask(address(one.name, "/tune"), { json: { steps: TUNING_STEPS } });
      notice(`${one.name} is being fine-tuned. The picture goes on meanwhile.`);
    } catch (refusal) {
      refused(refusal);
    }
  }
}

