// New portraits: pictures that are dropped or chosen, on their way, in work, refused.

import { ask, Refusal } from "./connection.js";
import { byId, el, signButton } from "./dom.js";
import { notice, refused } from "./notices.js";

const LARGEST = 40 * 1024 * 1024; // bytes of one picture that livecam takes
const KINDS = ["enrol", "tune"];
const MOST_NOTES = 3; // of one job, shown at its end

/** Send one picture's bytes; its number. Throws a Refusal. */
async function upload(file) {
  if (file.size > LARGEST)
    throw new Refusal({ what: file.name, why: "larger than 40 MB", todo: "Save it smaller, as a JPEG say." });
  return (await ask(`api/uploads?name=${encodeURIComponent(file.name)}`, { body: file })).upload;
}

/** What livecam prepares now, and what this page is sending. `changed` is called on every step. */
export class Jobs {
  constructor(connection, controls) {
    Object.assign(this, { connection, controls, all: new Map(), sending: new Map(), changed: () => {}, count: 0 });
    this.told = new Set();
    this.stopped = new Set();
    connection.on("job", (job) => this.hear(job));
    connection.on("link", (link) => link === "up" && this.load());
  }

  async load() {
    const said = await ask("api/jobs").catch(() => ({ jobs: [] }));
    this.all = new Map((said.jobs || []).map((job) => [job.id, job]));
    for (const job of this.all.values()) if (job.state !== "running") this.told.add(job.id); // old news
    this.changed();
  }

  running() {
    return [...this.all.values()].filter((job) => job.state === "running" && KINDS.includes(job.kind));
  }

  /** Cards of portraits to come. */
  enrolling() {
    return [...this.sending.values(), ...this.running().filter((job) => job.kind === "enrol")];
  }

  hear(job) {
    if (!this.all.has(job.id) && job.kind === "enrol") this.handOver();
    this.all.set(job.id, job);
    if (job.state !== "running" && !this.told.has(job.id)) {
      this.told.add(job.id);
      this.ended(job);
    }
    this.changed();
  }

  /** livecam's own card takes the place of the one that was sent whole, which may be heard before its answer. */
  handOver() {
    for (const [number, sent] of this.sending) if (sent.done === sent.total) return this.sending.delete(number);
  }

  ended(job) {
    const name = job.name || "The portrait";
    for (const note of (job.notes || []).slice(0, MOST_NOTES)) notice(note);
    if (this.stopped.has(job.id)) return notice(`${name}: stopped.`);
    if (job.state === "failed") return this.refuse(job.error);
    if (job.kind === "tune") return notice(job.phase ? `${name}: ${job.phase}` : `${name} is fine-tuned.`, "good");
    return notice(`${name} is ready.`, "good", { label: "Show", run: () => this.controls.act("persona", job.name) });
  }

  /** End a job that runs or waits. */
  async stop(job) {
    this.stopped.add(job.id);
    await ask(`api/jobs/${encodeURIComponent(job.id)}`, { method: "DELETE" }).catch(refused);
  }

  /** Why a portrait could not be made: it stays until it was read. */
  refuse({ what, why, todo }) {
    const card = el(
      "li",
      { class: "refusal" },
      el("div", {}, el("b", {}, what), el("p", {}, `${why[0].toUpperCase()}${why.slice(1)}. ${todo || ""}`)),
      signButton("close", "Dismiss", () => card.remove()),
    );
    byId("refusals").append(card);
  }

  /** Enrol pictures of one person. */
  async enrol(files) {
    const pictures = [...files];
    if (!pictures.length) return;
    const number = `sending ${++this.count}`;
    const name = pictures[0].name.replace(/\.[^.]*$/, "");
    const step = (done) => {
      const phase = done === pictures.length ? "Preparing" : pictures.length > 1 ? `Sending ${done + 1} of ${pictures.length}` : "Sending";
      this.sending.set(number, { id: number, name, phase, done, total: pictures.length });
      this.changed();
    };
    try {
      const uploads = [];
      for (const picture of pictures) {
        step(uploads.length);
        uploads.push(await upload(picture));
      }
      step(uploads.length);
      await ask("api/personas", { json: { name: "", uploads } });
    } catch (refusal) {
      this.refuse(refusal);
    }
    this.sending.delete(number);
    this.changed();
  }
}

/** Pictures dropped anywhere on the page, or chosen as files, become a portrait. */
export function takeDrops(connection, jobs) {
  const veil = byId("drop");
  const files = byId("files");
  let depth = 0;
  const carries = (event) => connection.link === "up" && [...(event.dataTransfer?.types || [])].includes("Files");
  const show = (on) => (veil.hidden = !on);
  document.addEventListener("dragenter", (event) => {
    if (!carries(event)) return;
    depth += 1;
    show(true);
  });
  document.addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (!depth) show(false);
  });
  document.addEventListener("dragover", (event) => event.preventDefault()); // else the browser would open it
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    show(false);
    if (carries(event)) jobs.enrol(event.dataTransfer.files);
  });
  files.addEventListener("change", () => {
    jobs.enrol(files.files);
    files.value = "";
  });
}

/** The button below "Background" that takes one's own picture. */
export function backgroundPicture() {
  const input = el("input", { type: "file", accept: "image/*", hidden: true, id: "background-file", "aria-label": "Background picture" });
  const line = el("p", { class: "problem", role: "alert" });
  const button = el("button", { type: "button", class: "small", on: { click: () => input.click() } }, "Choose my background …");
  input.addEventListener("change", async () => {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    button.disabled = true;
    try {
      if (file.size > LARGEST) throw new Refusal({ what: file.name, why: "larger than 40 MB", todo: "Save it smaller." });
      await ask("api/background", { body: file });
      line.textContent = "";
    } catch (refusal) {
      line.textContent = refusal.message;
    }
    button.disabled = false;
  });
  return el("div", { class: "below" }, button, input, line);
}
