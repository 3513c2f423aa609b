// A small menu below a button.

import { el } from "./dom.js";

const GAP = 6; // px between button and menu, and to the window's edge

/** Open a menu at `button`. items: [label, run, danger]. */
export function openMenu(button, items) {
  const close = () => menu.remove();
  const menu = el(
    "div",
    { class: "menu", role: "menu", popover: "auto", "aria-label": button.getAttribute("aria-label") },
    ...items.map(([label, run, danger]) => {
      const chosen = () => {
        close();
        button.focus();
        run();
      };
      return el("button", { type: "button", role: "menuitem", class: danger ? "danger" : null, on: { click: chosen } }, label);
    }),
  );
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...menu.children];
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  });
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    if (menu.contains(document.activeElement) || document.activeElement === document.body) button.focus();
    close();
  });
  document.body.append(menu);
  menu.showPopover();
  const at = button.getBoundingClientRect();
  const box = menu.getBoundingClientRect();
  const above = at.bottom + GAP + box.height > window.innerHeight;
  menu.style.left = `${Math.max(GAP, Math.min(at.right - box.width, window.innerWidth - box.width - GAP))}px`;
  menu.style.top = `${Math.max(GAP, above ? at.top - box.height - GAP : at.bottom + GAP)}px`;
  menu.firstElementChild.focus();
}
