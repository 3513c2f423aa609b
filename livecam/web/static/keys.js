// Keys of the page, from the controls' descriptions, and the help that lists them.

import { byId, el } from "./dom.js";

const TYPING = new Set(["text", "search", "url", "email", "number", "password", "tel"]);
const HELP = "?";

function typing(node) {
  if (!node) return false;
  if (node.isContentEditable || node.tagName === "TEXTAREA" || node.tagName === "SELECT") return true;
  return node.tagName === "INPUT" && TYPING.has(node.type);
}

export class Keys {
  constructor(connection, controls, gallery, reactions) {
    Object.assign(this, { connection, controls, gallery, reactions });
    this.dialog = byId("help");
    document.addEventListener("keydown", (event) => this.press(event));
    byId("help-open").addEventListener("click", () => this.help());
    byId("help-close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
    if (typing(event.target) || document.querySelector("dialog[open], .menu")) return;
    if (event.key === HELP) {
      event.preventDefault();
      return this.help();
    }
    if (this.connection.link !== "up") return;
    const key = event.key.toLowerCase();
    const control = [...this.connection.controls.values()].find((one) => one.key === key);
    const reaction = this.reactions.all.find((one) => one.key === key);
    if (control) this.controls.act(control.name);
    else if (reaction) this.reactions.play(reaction.name);
    else if (/^[1-9]$/.test(key)) this.gallery.choose(Number(key) - 1);
    else return;
    event.preventDefault();
  }

  help() {
    const controls = [...this.connection.controls.values()].filter((one) => one.key);
    const reactions = this.reactions.all.filter((one) => one.key);
    const rows = [
      ...controls.map((one) => [one.key.toUpperCase(), one.label, one.help]),
      ...(this.connection.controls.has("persona") ? [["1 – 9", "Portrait", "Show that one of the gallery."]] : []),
      ...reactions.map((one) => [one.key.toUpperCase(), one.label, "A reaction over your own motion."]),
      [HELP, "Help", "This list."],
      ["Esc", "Cancel", "Ends a countdown, a menu, this list."],
    ];
    byId("help-keys").replaceChildren(
      ...rows.map(([key, label, help]) => el("tr", {}, el("td", {}, el("kbd", {}, key)), el("th", { scope: "row" }, label), el("td", {}, help))),
    );
    this.dialog.showModal();
  }
}
