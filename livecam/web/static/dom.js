// Small helpers for the page's elements.

/** An element with attributes and children. `on` is an object of listeners; null and false leave an attribute out. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false || value === undefined) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    else if (name === "data") Object.assign(made.dataset, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const byId = (id) => document.getElementById(id);

/** Change a text only where it differs, so that screen readers hear what is new alone. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Seconds as a clock: 0:07, 12:30, 1:02:03. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : String(part))).join(":");
}

const SHAPES = {
  calibrate: "M12 3v4M12 17v4M3 12h4M17 12h4M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
  freeze: "M9 5v14M15 5v14",
  hide: "M3 3l18 18M10.6 6.2A9 9 0 0 1 21 12a13 13 0 0 1-2.2 3M6.3 7.4A13 13 0 0 0 3 12a9.6 9.6 0 0 0 13 5.2M9.9 9.9a3 3 0 0 0 4.2 4.2",
  mirror: "M12 3v18M8 7l-5 10h5zM16 7l5 10h-5z",
  record: "M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12",
  "next-persona": "M9 5l7 7-7 7",
  "previous-persona": "M15 5l-7 7 7 7",
  reset: "M4 12a8 8 0 1 0 2.6-5.9M4 4v4.5h4.5",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  add: "M12 5v14M5 12h14",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  help: "M9 9.2a3 3 0 1 1 4.3 2.7c-.9.5-1.3 1-1.3 2.1M12 17.5h.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18",
  eye: "M3 12a10 10 0 0 1 18 0 10 10 0 0 1-18 0M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
  close: "M6 6l12 12M18 6L6 18",
  quit: "M12 3v9M6.5 6.8a8 8 0 1 0 11 0",
  good: "M5 12.5l4.5 4.5L19 7.5",
  bad: "M12 6v7M12 17h.01",
  wait: "M7 12h10",
  other: "M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12",
};

/** A drawn sign, hidden from screen readers: the button beside it has a name. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawn = document.createElementNS(space, "svg");
  drawn.setAttribute("viewBox", "0 0 24 24");
  drawn.setAttribute("class", `icon icon-${name}`);
  drawn.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", SHAPES[name] || SHAPES.other);
  drawn.append(path);
  return drawn;
}

/** A button with nothing but a sign. */
export function signButton(name, label, listener, attributes = {}) {
  return el("button", { type: "button", class: "sign", "aria-label": label, title: label, on: { click: listener }, ...attributes }, icon(name));
}

/** A button that copies `text()` and says so. */
export function copyButton(label, text) {
  const words = el("span", {}, "Copy");
  const button = el("button", { type: "button", class: "small copy", "aria-label": label }, icon("copy"), words);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      words.textContent = "Copied";
    } catch {
      words.textContent = "Not allowed";
    }
    setTimeout(() => (words.textContent = "Copy"), 1500);
  });
  return button;
}

/** Resolves once the page is shown: at once, or when its tab comes back. */
export function visible() {
  return new Promise((resolve) => {
    if (!document.hidden) return resolve();
    document.addEventListener("visibilitychange", resolve, { once: true });
  });
}
