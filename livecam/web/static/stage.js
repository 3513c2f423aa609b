// The picture, large, and the run's state in words.

import { Stream } from "./connection.js";
import { byId, clock, write } from "./dom.js";
import { STATES } from "./words.js";

export class Stage {
  constructor(connection) {
    this.connection = connection;
    this.canvas = byId("picture");
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.stream = new Stream("pictures", (data) => this.draw(data));
    connection.on("status", () => this.tell());
    connection.on("link", () => this.tell());
  }

  start() {
    this.stream.start();
    this.tell();
  }

  async draw(data) {
    const bitmap = await createImageBitmap(new Blob([data], { type: "image/jpeg" }));
    const { canvas } = this;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height || canvas.hidden) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      canvas.hidden = false;
      this.tell();
    }
    this.context.drawImage(bitmap, 0, 0);
    bitmap.close();
    this.drawn = (this.drawn || 0) + 1;
  }

  /** The state now: livecam's own, or that nothing is heard of it. */
  state() {
    const { link, status } = this.connection;
    if (link === "connecting") return "connecting";
    if (link === "down") return "stopped";
    if (link === "stranger") return "stranger";
    return status.state || "live";
  }

  tell() {
    const { status, link } = this.connection;
    const state = this.state();
    const [label, tone, hint] = STATES[state] || [state, "wait", ""];
    const pill = byId("state");
    write(pill, label);
    pill.dataset.tone = tone;
    document.body.dataset.link = link;
    document.body.dataset.state = state;
    write(byId("portrait"), status.portrait || "");
    const up = link === "up" || link === "watch";
    const demo = up && status.source?.demo ? "No camera is in use: a sample clip moves the portrait." : "";
    const waiting = this.canvas.hidden && up ? "Waiting for the first picture …" : "";
    write(byId("note"), (up && status.message) || hint || demo || waiting);
    byId("badge").hidden = status.recording == null || !up;
    if (status.recording != null) write(byId("badge"), `REC ${clock(status.recording)}`);
    // What cannot be done now is not offered.
    for (const part of document.querySelectorAll("[data-needs]")) part.inert = part.dataset.needs === "link" ? link !== "up" : !up;
  }
}
