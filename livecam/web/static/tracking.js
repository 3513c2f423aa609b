// What livecam sees of you: landmarks alone. Your own picture only while "show me" is held.

import { Stream } from "./connection.js";
import { byId, write } from "./dom.js";
import { BROWS, FACE_OVAL, INNER_LIPS, IRISES, LEFT_EYE, OUTER_LIPS, POINTS, RIGHT_EYE } from "./outlines.js";

const LARGEST = 65535; // a coordinate at the frame's far edge
const PACE = 33; // ms between two questions at least: 30 a second are enough to look at
const LOOPS = [FACE_OVAL, OUTER_LIPS, INNER_LIPS, LEFT_EYE, RIGHT_EYE, ...BROWS];

export class Tracking {
  constructor(connection) {
    this.canvas = byId("landmarks");
    this.context = this.canvas.getContext("2d");
    this.own = byId("own-picture");
    this.points = null;
    this.landmarks = new Stream("landmarks", (data) => this.take(data), { asks: true, state: (open) => this.opened(open) });
    this.camera = new Stream("camera", (data) => this.show(data));
    this.listen(byId("show-me"));
    connection.on("link", (link) => (link === "up" ? this.landmarks.start() : this.landmarks.stop()));
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  /** Held by mouse, touch or key; let go of in whichever way, it ends. */
  listen(button) {
    this.button = button;
    button.addEventListener("pointerdown", (event) => {
      if (event.button === 0) this.hold();
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) button.addEventListener(end, () => this.release());
    button.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch
    button.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      if (!event.repeat) this.hold();
    });
    button.addEventListener("keyup", () => this.release());
    button.addEventListener("blur", () => this.release());
    window.addEventListener("blur", () => this.release());
    document.addEventListener("visibilitychange", () => this.release());
  }

  hold() {
    if (this.held) return;
    this.held = true;
    this.button.setAttribute("aria-pressed", "true");
    this.camera.start();
  }

  release() {
    if (!this.held) return;
    this.held = false;
    this.button.setAttribute("aria-pressed", "false");
    this.camera.stop();
    this.own.hidden = true;
    this.own.width = this.own.width; // nothing of it stays
    this.draw();
  }

  async show(data) {
    const bitmap = await createImageBitmap(new Blob([data], { type: "image/jpeg" }));
    if (this.held) {
      this.own.width = bitmap.width;
      this.own.height = bitmap.height;
      this.own.getContext("2d").drawImage(bitmap, 0, 0);
      this.own.hidden = false;
    }
    bitmap.close();
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }

  opened(open) {
    if (open) return;
    this.points = null;
    this.draw();
  }

  async take(data) {
    const asked = performance.now();
    const numbers = new Uint16Array(data);
    const shape = `${numbers[0]} / ${numbers[1]}`;
    if (numbers[1] && shape !== this.shape) {
      this.shape = shape;
      byId("tracking").style.setProperty("--shape", shape);
    }
    this.points = numbers.length >= 2 + 2 * POINTS ? numbers.subarray(2) : null;
    this.draw();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, PACE - (performance.now() - asked))));
  }

  draw() {
    const { canvas, context, points } = this;
    const scale = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.clearRect(0, 0, width, height);
    canvas.dataset.face = points ? "yes" : "no";
    write(byId("tracked"), points ? "" : "No face");
    if (!points) return;
    const style = getComputedStyle(canvas);
    const x = (index) => (points[2 * index] / LARGEST) * width;
    const y = (index) => (points[2 * index + 1] / LARGEST) * height;
    const dot = Math.max(1, width / 300);
    context.fillStyle = style.getPropertyValue("--points");
    for (let index = 0; index < POINTS; index += 1) context.fillRect(x(index) - dot / 2, y(index) - dot / 2, dot, dot);
    context.strokeStyle = style.getPropertyValue("--lines");
    context.lineJoin = "round";
    context.lineWidth = Math.max(1.2 * scale, width / 220);
    for (const loop of LOOPS) {
      context.beginPath();
      for (const index of loop) context.lineTo(x(index), y(index));
      context.closePath();
      context.stroke();
    }
    context.fillStyle = context.strokeStyle;
    for (const [centre, ...rim] of IRISES) {
      const radius = rim.reduce((sum, index) => sum + Math.hypot(x(index) - x(centre), y(index) - y(centre)), 0) / rim.length;
      context.beginPath();
      context.arc(x(centre), y(centre), radius, 0, 2 * Math.PI);
      context.fill();
    }
  }
}
