// One widget for each kind of control, made from its description alone.
//
// A widget is {node, update(description), problem(text)}; `send(value)` sets the control and throws a Refusal.

import { el, icon, signButton } from "./dom.js";
import { amount } from "./words.js";

let made = 0;
const CHIPS_LENGTH = 24; // characters of all labels together that fit beside one another; by eye

/** One request at a time; of what comes meanwhile only the newest is sent. `through` is called after the last. */
class Latest {
  constructor(send, through) {
    Object.assign(this, { send, through, busy: false, next: null });
  }

  async push(value) {
    this.next = { value };
    if (this.busy) return;
    this.busy = true;
    while (this.next) {
      const { value: now } = this.next;
      this.next = null;
      await this.send(now);
    }
    this.busy = false;
    this.through();
  }
}

/** The widget of one description. hooks: {send, act, looks}. */
export function widget(said, hooks) {
  const kinds = { flag, number, choice: choiceKind(said, hooks), colour, text, action };
  return (kinds[said.kind] || text)(said, frame(said, hooks));
}

function choiceKind(said, hooks) {
  if (hooks.look === "tiles") return tiles;
  const choices = said.choices || [];
  const letters = choices.reduce((sum, one) => sum + one.label.length, 0);
  return choices.length > 1 && letters <= CHIPS_LENGTH ? chips : select;
}

/** What all have: an id, help, a line for why it cannot be, and a way to send. */
function frame(said, hooks) {
  const id = `w${++made}`;
  const helpId = said.help ? `${id}-help` : "";
  const line = el("p", { class: "problem", role: "alert", id: `${id}-problem` });
  const parts = { id, said, line, act: hooks.act, described: `${helpId} ${id}-problem`.trim() };
  parts.help = said.help ? el("p", { class: "help", id: helpId }, said.help) : null;
  parts.problem = (words) => {
    line.textContent = words;
    parts.node?.classList.toggle("wrong", Boolean(words));
  };
  parts.send = async (value) => {
    try {
      await hooks.send(value);
      parts.problem("");
    } catch (refusal) {
      parts.problem(refusal.message);
      parts.update(parts.said);
    }
  };
  parts.finish = (node, update) => {
    node.dataset.control = said.name;
    parts.node = node;
    parts.update = (now) => {
      parts.said = now;
      update(now);
    };
    parts.update(said);
    return { node, update: parts.update, problem: parts.problem };
  };
  return parts;
}

function flag(said, parts) {
  const input = el("input", { type: "checkbox", role: "switch", id: parts.id, "aria-describedby": parts.described });
  input.addEventListener("change", () => parts.send(input.checked));
  const words = el("div", { class: "words" }, el("label", { for: parts.id }, said.label), parts.help);
  const node = el("div", { class: "widget flag" }, words, input, parts.line);
  return parts.finish(node, (now) => (input.checked = now.value));
}

function number(said, parts) {
  const step = said.whole ? 1 : said.step;
  const output = el("output", { for: parts.id });
  const input = el("input", {
    type: "range", id: parts.id, min: said.low, max: said.high, step: step || "any", "aria-describedby": parts.described,
  });
  let held = false;
  const again = () => held || parts.update(parts.said);
  const sending = new Latest(parts.send, again);
  const show = (value) => {
    const words = amount(value, step, said.unit);
    output.textContent = words;
    input.setAttribute("aria-valuetext", words);
    input.style.setProperty("--filled", `${(100 * (value - said.low)) / (said.high - said.low)}%`);
    reset.toggleAttribute("data-idle", Number(value) === parts.said.default);
  };
  const reset = signButton("reset", `Reset ${said.label}`, () => {
    input.value = parts.said.default;
    show(parts.said.default);
    sending.push(parts.said.default);
  }, { class: "sign reset" });
  input.addEventListener("input", () => {
    held = true;
    show(Number(input.value));
    sending.push(Number(input.value));
  });
  const release = () => {
    held = false;
    if (!sending.busy) again();
  };
  input.addEventListener("change", release);
  input.addEventListener("blur", release);
  const head = el("div", { class: "head" }, el("label", { for: parts.id }, said.label), reset, output);
  const node = el("div", { class: "widget number" }, head, input, parts.help, parts.line);
  return parts.finish(node, (now) => {
    if (held || sending.busy) return; // what comes back is older than what the hand shows
    input.value = now.value;
    show(now.value);
  });
}

/** Choices that are not possible here, with why, below those that are. */
function reasons(said) {
  const not = (said.choices || []).filter((one) => one.why);
  if (!not.length) return null;
  const items = not.map((one) => el("li", {}, el("b", {}, one.label), ` ${one.why}`));
  const count = not.length === 1 ? "1 is not possible here" : `${not.length} are not possible here`;
  return el("details", { class: "reasons" }, el("summary", {}, count), el("ul", {}, ...items));
}

function select(said, parts) {
  const input = el("select", { id: parts.id, "aria-describedby": parts.described });
  input.addEventListener("change", () => parts.send(input.value));
  const why = el("div");
  const head = el("div", { class: "head" }, el("label", { for: parts.id }, said.label));
  const node = el("div", { class: "widget choice" }, head, input, parts.help, why, parts.line);
  let before = "";
  return parts.finish(node, (now) => {
    const known = now.choices.some((one) => one.value === now.value);
    const options = known || !now.value ? now.choices : [{ value: now.value, label: now.value, why: "" }, ...now.choices];
    const signature = JSON.stringify(options);
    if (signature !== before) {
      before = signature;
      input.replaceChildren(
        ...options.map((one) => el("option", { value: one.value, disabled: Boolean(one.why) && one.value !== now.value }, one.label)),
      );
      const open = why.querySelector("details")?.open;
      why.replaceChildren(...[reasons(now)].filter(Boolean));
      if (open && why.firstChild) why.firstChild.open = true;
    }
    input.disabled = !options.length;
    input.value = now.value;
  });
}

/** Radio buttons; `drawn` makes what is seen of each. */
function radios(said, parts, shape, drawn) {
  const group = el("div", { class: shape, role: "radiogroup", "aria-labelledby": `${parts.id}-label`, "aria-describedby": parts.described });
  const why = el("div");
  const head = el("div", { class: "head" }, el("span", { class: "label", id: `${parts.id}-label` }, said.label));
  const node = el("div", { class: "widget choice" }, head, group, parts.help, why, parts.line);
  let before = "";
  return parts.finish(node, (now) => {
    if (JSON.stringify(now.choices) !== before) {
      before = JSON.stringify(now.choices);
      group.replaceChildren(
        ...now.choices.map((one) => {
          const input = el("input", { type: "radio", name: parts.id, value: one.value, disabled: Boolean(one.why) });
          input.addEventListener("change", () => parts.send(one.value));
          return el("label", { title: one.why || null }, input, ...drawn(one));
        }),
      );
      why.replaceChildren(...[reasons(now)].filter(Boolean));
    }
    for (const input of group.querySelectorAll("input")) input.checked = input.value === now.value;
  });
}

const chips = (said, parts) => radios(said, parts, "chips", (one) => [el("span", {}, one.label)]);

const tiles = (said, parts) =>
  radios(said, parts, "tiles", (one) => [
    el("span", { class: "swatch", data: { look: one.value } }),
    el("span", { class: "name" }, one.label),
  ]);

function colour(said, parts) {
  const output = el("output", { for: parts.id });
  const input = el("input", { type: "color", id: parts.id, "aria-describedby": parts.described });
  const sending = new Latest(parts.send, () => parts.update(parts.said));
  input.addEventListener("input", () => {
    output.textContent = input.value;
    sending.push(input.value);
  });
  const words = el("div", { class: "words" }, el("label", { for: parts.id }, said.label), parts.help);
  const node = el("div", { class: "widget flag" }, words, output, input, parts.line);
  return parts.finish(node, (now) => {
    if (sending.busy) return;
    input.value = now.value;
    output.textContent = now.value;
  });
}

function text(said, parts) {
  const input = el("input", {
    type: "text", id: parts.id, maxlength: 500, spellcheck: "false", autocomplete: "off", "aria-describedby": parts.described,
  });
  input.addEventListener("change", () => parts.send(input.value));
  const head = el("div", { class: "head" }, el("label", { for: parts.id }, said.label));
  const node = el("div", { class: "widget text" }, head, input, parts.help, parts.line);
  return parts.finish(node, (now) => {
    if (document.activeElement !== input) input.value = now.value;
  });
}

function action(said, parts) {
  const input = said.takes ? el("input", { type: "text", id: parts.id, placeholder: said.takes, "aria-label": said.takes }) : null;
  const button = el("button", { type: "button", "aria-describedby": parts.described }, said.label);
  button.addEventListener("click", () => parts.act(input?.value || null));
  const node = el("div", { class: "widget act" }, el("div", { class: "row" }, input, button), parts.help, parts.line);
  return parts.finish(node, () => {});
}

/** A large button of the stage: done at once, or pressed in while a flag is on. */
export function stageButton(said, hooks) {
  const words = el("span", { class: "words" }, said.label);
  const key = said.key ? el("kbd", { "aria-hidden": "true" }, said.key.toUpperCase()) : null;
  const node = el(
    "button",
    { type: "button", class: "big", title: said.help, "aria-keyshortcuts": said.key || null, data: { control: said.name } },
    icon(said.name), words, key,
  );
  let now = said;
  node.addEventListener("click", () => hooks.act(said.kind === "flag" ? !now.value : null));
  const update = (said) => {
    now = said;
    if (said.kind === "flag") node.setAttribute("aria-pressed", String(said.value));
  };
  update(said);
  return { node, update, words };
}
