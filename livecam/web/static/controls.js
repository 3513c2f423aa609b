// Where each control's widget stands. A control that nobody here knows appears by itself in its group.

import { ask } from "./connection.js";
import { byId, clock, el, write } from "./dom.js";
import { confirmed, notice, refused } from "./notices.js";
import { stageButton, widget } from "./widgets.js";

const STAGE_GROUP = "Show"; // its flags and actions are the large buttons below the picture
const ELSEWHERE = new Set(["persona", "react", "next-persona", "previous-persona"]); // the gallery's, the reactions'
const AT_THE_END = new Set(["remember", "quit"]);
const LAST_GROUP = "This run";
const SINKS_BELOW = "camera-out"; // in whose group it is listed where the picture goes now
const LOOKS = { background: "tiles" };
const ONLY_WITH = { "background-colour": ["background", "colour"] };

export class Controls {
  constructor(connection) {
    this.connection = connection;
    this.widgets = new Map();
    this.doing = { quit: () => this.quit() };
    this.extras = {};
    this.list = el("ul", { id: "sinks", "aria-label": "Where the picture goes now", hidden: true });
    connection.on("controls", () => this.build());
    connection.on("control", (said) => this.update(said));
    connection.on("status", (status) => this.tell(status));
  }

  /** What happens instead of a plain request when that action is asked for. */
  instead(name, run) {
    this.doing[name] = run;
  }

  /** More below a control's widget. */
  below(name, node) {
    this.extras[name] = node;
  }

  value(name) {
    return this.connection.controls.get(name)?.value;
  }

  /** Set a value; throws a Refusal. */
  set(name, value) {
    return ask(`api/controls/${encodeURIComponent(name)}`, { json: { value } });
  }

  /** Do what a control is for, as its key or button does: an action, or turning a flag. Refusals are shown. */
  async act(name, given = null) {
    const said = this.connection.controls.get(name);
    if (!said) return;
    if (said.kind === "action" && this.doing[name]) return this.doing[name](given);
    const told = given === null ? (said.kind === "flag" ? { value: !said.value } : {}) : { value: given };
    try {
      await ask(`api/controls/${encodeURIComponent(name)}`, { json: told });
    } catch (refusal) {
      refused(refusal);
    }
  }

  async quit() {
    if (!(await confirmed("End livecam? Calls see no picture of it any more.", "Quit livecam"))) return;
    await ask("api/controls/quit", { json: {} }).then(
      () => notice("livecam ends.", "wait"),
      refused,
    );
  }

  build() {
    const all = [...this.connection.controls.values()];
    const signature = JSON.stringify(all.map((one) => [one.name, one.kind, one.group, one.label, one.low, one.high]));
    if (signature !== this.built) {
      this.built = signature;
      this.widgets.clear();
      const buttons = [];
      const groups = new Map();
      for (const said of all) {
        if (ELSEWHERE.has(said.name)) continue;
        const atStage = said.group === STAGE_GROUP && ["flag", "action"].includes(said.kind) && !said.takes;
        const hooks = {
          look: LOOKS[said.name],
          send: (value) => this.set(said.name, value),
          act: (given) => this.act(said.name, given),
        };
        const one = atStage && !AT_THE_END.has(said.name) ? stageButton(said, hooks) : widget(said, hooks);
        this.widgets.set(said.name, one);
        if (atStage && !AT_THE_END.has(said.name)) {
          buttons.push(one.node);
          continue;
        }
        const group = AT_THE_END.has(said.name) ? LAST_GROUP : said.group || LAST_GROUP;
        groups.set(group, [...(groups.get(group) || []), one.node, this.extras[said.name]]);
      }
      groups.get(this.connection.controls.get(SINKS_BELOW)?.group)?.push(this.list);
      const last = groups.get(LAST_GROUP);
      if (last && groups.delete(LAST_GROUP)) groups.set(LAST_GROUP, last);
      byId("transport").replaceChildren(...buttons);
      byId("groups").replaceChildren(...[...groups].map(([name, nodes]) => section(name, nodes)));
    }
    for (const said of all) this.update(said);
  }

  update(said) {
    this.widgets.get(said.name)?.update(said);
    for (const [name, [other, value]] of Object.entries(ONLY_WITH)) {
      const node = this.widgets.get(name)?.node;
      if (node) node.hidden = this.value(other) !== value;
    }
  }

  tell(status) {
    const record = this.widgets.get("record");
    if (record?.words) {
      const runs = status.recording !== null && status.recording !== undefined;
      write(record.words, runs ? clock(status.recording) : this.connection.controls.get("record").label);
      record.node.setAttribute("aria-label", runs ? "Stop recording" : this.connection.controls.get("record").label);
    }
    const { list } = this;
    const sinks = status.sinks || [];
    const signature = JSON.stringify(sinks);
    if (signature === this.sinks) return;
    this.sinks = signature;
    list.replaceChildren(
      ...sinks.map((sink) => el("li", { data: { tone: sink.ok ? "good" : "bad" } }, el("b", {}, sink.name), " ", el("span", {}, sink.text || (sink.ok ? "works" : "does not work")))),
    );
    list.hidden = !sinks.length;
  }
}

function section(name, nodes) {
  const id = `group-${name.toLowerCase().replace(/\W+/g, "-")}`;
  return el(
    "details",
    { class: "card group", open: true, id },
    el("summary", {}, el("h2", {}, name)),
    el("div", { class: "widgets" }, ...nodes.filter(Boolean)),
  );
}
