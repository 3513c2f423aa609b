// What this machine still lacks, with commands to copy. It turns green by itself.

import { ask } from "./connection.js";
import { byId, copyButton, el, icon } from "./dom.js";

const DONE = 6000; // ms for which it says that all is well before it goes

export class Checks {
  constructor(connection) {
    connection.on("checks", () => this.load());
    connection.on("link", (link) => link === "up" && this.load());
  }

  async load() {
    const all = (await ask("api/checks").catch(() => ({ checks: [] }))).checks || [];
    const missing = all.filter((one) => one.ok === false);
    const card = byId("checks");
    clearTimeout(this.timer);
    if (!missing.length && (card.hidden || !all.length)) {
      card.hidden = true;
      return;
    }
    card.hidden = false;
    card.classList.toggle("well", !missing.length);
    byId("checks-title").textContent = missing.length ? "To get ready" : "All is ready";
    byId("checks-list").replaceChildren(...all.map(item));
    if (!missing.length) this.timer = setTimeout(() => (card.hidden = true), DONE);
  }
}

function item(one) {
  const tone = one.ok === true ? "good" : one.ok === false ? "bad" : "wait";
  const said = { good: "Works", bad: "Missing", wait: "Not needed" }[tone];
  const node = el("li", { data: { tone } }, el("span", { class: "mark", role: "img", "aria-label": said }, icon(tone)), el("b", {}, one.name), " ", el("span", {}, one.text));
  if (one.ok === true || !one.todo) return node;
  const commands = one.commands || found(one.todo);
  if (!commands.length || words(one.todo, commands)) node.append(el("p", {}, one.todo));
  for (const command of commands)
    node.append(el("div", { class: "command" }, el("code", { tabindex: "0" }, command), copyButton(`Copy: ${command}`, () => command)));
  return node;
}

/** The commands in a sentence of the doctor's: after "Run:", and between backticks. */
function found(todo) {
  const run = [...todo.matchAll(/(?:Run|then): (.+?)(?=, then\b| \(or\b|\. [`A-Z]| `|\.?$)/g)].map((match) => match[1]);
  const quoted = [...todo.matchAll(/`([^`]+)`/g)].map((match) => match[1]);
  return [...run, ...quoted].map((command) => command.trim());
}

/** Says the sentence more than its commands do? */
function words(todo, commands) {
  const rest = commands.reduce((text, command) => text.replace(command, ""), todo).replace(/Run:|[`.\s]/g, "");
  return rest.length > 0;
}
