// What this machine still lacks, with commands to copy. It turns green by itself.

import { ask } from "./connection.js";
import { byId, copyButton, el, icon } from "./dom.js";

const DONE = 6000; // ms for which it says that all is well before it goes

/** What must be mended for appearing in a call: what failed, and a camera, real or virtual, that is not there. */
const needed = (one) => one.ok === false || (one.ok !== true && /camera/.test(one.name));

export class Checks {
  constructor(connection) {
    this.named = new Set();
    this.put = "";
    byId("checks-away").addEventListener("click", () => {
      this.put = this.signature;
      byId("checks").hidden = true;
    });
    connection.on("checks", () => this.load());
    connection.on("link", (link) => link === "up" && this.load());
  }

  async load() {
    const all = (await ask("api/checks").catch(() => ({ checks: [] }))).checks || [];
    const missing = all.filter(needed);
    const card = byId("checks");
    clearTimeout(this.timer);
    this.signature = JSON.stringify(missing);
    if (!all.length || (!missing.length && card.hidden) || this.signature === this.put) {
      card.hidden = true;
      return;
    }
    for (const one of missing) this.named.add(one.name); // it stays in sight as it turns green
    const rest = all.filter((one) => !this.named.has(one.name));
    const open = byId("checks-rest")?.open;
    card.hidden = false;
    card.classList.toggle("well", !missing.length);
    byId("checks-title").textContent = missing.length ? "To get ready" : "All is ready";
    byId("checks-list").replaceChildren(...all.filter((one) => this.named.has(one.name)).map(item));
    byId("checks-more").replaceChildren(
      ...(rest.length
        ? [el("details", { class: "reasons", id: "checks-rest", open }, el("summary", {}, `${rest.length} more checks`), el("ul", {}, ...rest.map(item)))]
        : []),
    );
    if (!missing.length) this.timer = setTimeout(() => (card.hidden = true), DONE);
  }
}

function item(one) {
  const tone = one.ok === true ? "good" : needed(one) ? "bad" : "wait";
  const said = { good: "Works", bad: "Missing", wait: "Not here" }[tone];
  const node = el("li", { data: { tone } }, el("span", { class: "mark", role: "img", "aria-label": said }, icon(tone)), el("b", {}, one.name), " ", el("span", {}, one.text));
  if (one.ok === true || !one.todo) return node;
  let rest = one.todo;
  for (const command of one.commands || found(one.todo)) {
    const at = rest.indexOf(command);
    if (at > 0) say(node, rest.slice(0, at));
    if (at >= 0) rest = rest.slice(at + command.length);
    node.append(el("div", { class: "command" }, el("code", {}, command), copyButton(`Copy: ${command}`, () => command)));
  }
  say(node, rest);
  return node;
}

/** The commands in a sentence of the doctor's: after "Run:", and between backticks. */
function found(todo) {
  const run = [...todo.matchAll(/(?:Run|then): (.+?)(?=, then\b| \(or\b|\. [`A-Z]| `|\.?$)/g)].map((match) => match[1]);
  const quoted = [...todo.matchAll(/`([^`]+)`/g)].map((match) => match[1]);
  return [...run, ...quoted].map((command) => command.trim());
}

/** What a sentence says between its commands. */
function say(node, text) {
  const words = text.replace(/`/g, "").replace(/^[\s.,]+/, "").replace(/\bRun:\s*$/, "").trim();
  if (/\w/.test(words)) node.append(el("p", {}, words));
}
