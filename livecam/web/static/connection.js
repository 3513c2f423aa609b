// The way to livecam: requests, its news, and streams of pictures or landmarks. It comes back by itself.

import { visible } from "./dom.js";

const FIRST_WAIT = 500; // ms before another try; it doubles from one to the next
const LONGEST_WAIT = 4000;
const STATUS_WAIT = 500; // between two questions where nothing is told by itself

/** Why something cannot be, in livecam's three parts. */
export class Refusal extends Error {
  constructor({ what, why, todo }) {
    super(`${what}: ${why}. ${todo || ""}`.trim());
    Object.assign(this, { what, why, todo });
  }
}

const GONE = { what: "livecam", why: "it does not answer", todo: "This page tries again by itself." };
const STRANGER = {
  what: "This address",
  why: "livecam was started anew and has another one",
  todo: "Open the address that it printed.",
};

/** Ask livecam. `json` or `body` makes it a POST. Throws a `Refusal`. */
export async function ask(path, { method, json, body } = {}) {
  const options = { method: method || (json !== undefined || body !== undefined ? "POST" : "GET"), body };
  if (json !== undefined) {
    options.body = JSON.stringify(json);
    options.headers = { "content-type": "application/json" };
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refusal(GONE);
  }
  const said = await answer.json().catch(() => null);
  if (answer.ok) return said;
  if (said && said.what) throw new Refusal(said);
  if (answer.status === 403) throw new Refusal(STRANGER);
  const missing = answer.status === 404 || answer.status === 405;
  throw new Refusal({
    what: path.replace(/^api\//, "").replace(/\?.*/, ""),
    why: missing ? "this livecam cannot do that" : `livecam failed at it (${answer.status})`,
    todo: missing ? "" : "Look at what it printed.",
  });
}

function socket(path) {
  const address = new URL(path, location.href);
  address.protocol = "ws:";
  return new WebSocket(address);
}

/**
 * What livecam tells. `on("status", heard)`; kinds: controls, control, done, status, notice, job, personas,
 * reactions, checks, and "link" with "up", "down" (it tries again), "stranger" (another token) or "watch" (a livecam that
 * shows its picture and cannot be changed).
 */
export class Connection {
  constructor() {
    this.controls = new Map();
    this.status = {};
    this.link = "connecting";
    this.listeners = new Map();
    this.wait = FIRST_WAIT;
  }

  on(kind, heard) {
    this.listeners.set(kind, [...(this.listeners.get(kind) || []), heard]);
  }

  start() {
    const events = socket("events");
    let heard = false;
    events.onmessage = (event) => {
      heard = true;
      this.wait = FIRST_WAIT;
      this.hear(JSON.parse(event.data));
      this.become("up");
    };
    events.onclose = async () => {
      if (!heard) await this.probe();
      else this.become("down");
      setTimeout(() => this.start(), this.wait);
      this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
    };
  }

  /** Nobody tells anything: is livecam gone, is it another one, or has this one only a picture? */
  async probe() {
    try {
      await ask("api/status");
    } catch (refusal) {
      return this.become(refusal.what === STRANGER.what ? "stranger" : "down");
    }
    if (await ask("api/controls").catch(() => null)) return this.become("down");
    this.become("watch");
    try {
      for (;;) {
        this.hear({ status: await ask("api/status") });
        await new Promise((resolve) => setTimeout(resolve, STATUS_WAIT));
        await visible();
      }
    } catch {
      this.become("down");
    }
  }

  become(link) {
    if (this.link === link) return;
    this.link = link;
    this.emit("link", link);
  }

  hear(news) {
    if (news.controls) this.controls = new Map(news.controls.map((one) => [one.name, one]));
    if (news.control) this.controls.set(news.control.name, news.control);
    if (news.status) this.status = news.status;
    for (const kind of ["controls", "control", "status", "notice", "job", "personas", "reactions", "checks"])
      if (news[kind] !== undefined) this.emit(kind, news[kind]);
    if (news.done !== undefined) this.emit("done", news);
  }

  emit(kind, news) {
    for (const heard of this.listeners.get(kind) || []) heard(news);
  }
}

/**
 * Binary messages, one after another: the next is asked for once `take` is through with the last, and never
 * while the page is hidden. asks: livecam waits for the first question, too.
 */
export class Stream {
  constructor(path, take, { asks = false, state = () => {} } = {}) {
    Object.assign(this, { path, take, asks, state, wanted: false, socket: null, wait: FIRST_WAIT });
  }

  start() {
    if (this.wanted) return;
    this.wanted = true;
    this.open();
  }

  stop() {
    this.wanted = false;
    clearTimeout(this.retry);
    this.socket?.close();
    this.socket = null;
  }

  open() {
    const mine = (this.socket = socket(this.path));
    mine.binaryType = "arraybuffer";
    const next = async () => {
      await visible();
      if (mine === this.socket && mine.readyState === WebSocket.OPEN) mine.send("drawn");
    };
    mine.onopen = () => {
      this.wait = FIRST_WAIT;
      this.state(true);
      if (this.asks) next();
    };
    mine.onmessage = async (event) => {
      if (mine !== this.socket) return;
      try {
        await this.take(event.data);
      } catch (error) {
        console.warn(this.path, error);
      }
      next();
    };
    mine.onclose = () => {
      if (mine !== this.socket) return;
      this.state(false);
      if (!this.wanted) return;
      this.retry = setTimeout(() => this.wanted && this.open(), this.wait);
      this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
    };
  }
}
