// The board: keys, dragging, saves without leaving the page, and changes of others. Without it everything works by buttons.

import { count, dialog, Draft, exchange, followView, offline, page, token, typing } from "./common.js";

const PARTS = ["#waiting", "#arrange", "#view", ".issue", "#outline > .unplaced", "#outline > .empty"];
const words = document.querySelector("#words-of-the-page").dataset;
const board = document.querySelector("#board");
const closed = "closed" in board.dataset;
const soon = 500;
const later = 2000;

let draft;
let stamp = board.dataset.stamp;
let saving = false;
let question;

const items = () => [...document.querySelectorAll(".item[data-id]")];
const focused = () => document.activeElement?.closest?.(".item[data-id]") ?? document.querySelector(".item.on[data-id]");

function focus(item) {
  items().forEach((one) => one.classList.toggle("on", one === item));
  item?.querySelector("h3 a").focus({ preventScroll: true });
  item?.scrollIntoView({ block: "nearest" });
}

function take(dom, id) {
  stamp = dom.querySelector("#board")?.dataset.stamp ?? stamp;
  exchange(dom, ...PARTS);
  if (id) focus(document.getElementById(`item-${id}`));
}

// Sends a form, and takes the answer; meanwhile nothing else is asked.
async function send(address, form, taken) {
  saving = true;
  question?.abort();
  try {
    const answer = await page(address, form);
    offline("", false);
    taken(answer);
  } catch {
    offline(words.offline, true);
  }
  saving = false;
  watch();
}

function place(address, form, id) {
  send(address, form, ({ ok, dom }) => {
    if (!ok || !dom.querySelector("#board")) return location.reload();
    take(dom, id);
  });
}

function arrange(values) {
  const form = new FormData();
  Object.entries(values).forEach(([name, value]) => form.set(name, value));
  place(board.dataset.arrange, form, values.item ?? values.up ?? values.down);
}

// Buttons of the outline, and what is placed from the inbox.
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (form.id === "words") return save(event);
  if (!form.closest("#outline, #waiting") || form.closest("#view")) return;
  event.preventDefault();
  const data = new FormData(form, submitter);
  place(form.action, data, data.get("up") ?? data.get("down") ?? data.get("item"));
});

function save(event) {
  event.preventDefault();
  const form = event.target;
  send(form.action, new FormData(form), ({ ok, dom }) => {
    if (ok) {
      for (const one of dom.querySelectorAll("#words [name^=was_]")) form.elements[one.name].value = one.value;
      draft.done();
      take(dom);
    } else {
      exchange(dom, "#words");
      begin();
      draft.keep();
    }
  });
}

function choose(item) {
  const box = document.createElement("form");
  box.method = "dialog";
  box.className = "choose";
  for (const section of document.querySelectorAll(".section[data-section]")) {
    const button = document.createElement("button");
    Object.assign(button, { textContent: section.querySelector("h2").textContent, value: section.dataset.section });
    if (section.contains(item)) button.classList.add("primary");
    box.append(button);
  }
  const title = Object.assign(document.createElement("h2"), { textContent: words.section });
  const shown = dialog(title, box);
  shown.addEventListener("close", () => {
    if (shown.returnValue) arrange({ item: item.dataset.id, section: shown.returnValue });
    else focus(item);
  });
}

function search() {
  const field = Object.assign(document.createElement("input"), { type: "search" });
  field.setAttribute("aria-label", words.search);
  const list = Object.assign(document.createElement("form"), { method: "dialog", className: "choose" });
  const fill = () => {
    const wanted = field.value.toLocaleLowerCase();
    const found = items().filter((one) => one.textContent.toLocaleLowerCase().includes(wanted)).slice(0, 10);
    list.replaceChildren(
      ...found.map((one) => Object.assign(document.createElement("button"), { textContent: one.querySelector("h3").textContent, value: one.dataset.id })),
    );
  };
  const shown = dialog(Object.assign(document.createElement("h2"), { textContent: words.search }), field, list);
  field.addEventListener("input", fill);
  field.addEventListener("keydown", (event) => event.key === "Enter" && list.querySelector("button")?.click());
  shown.addEventListener("close", () => shown.returnValue && focus(document.getElementById(`item-${shown.returnValue}`)));
  fill();
}

function help() {
  dialog(document.querySelector("#help").content.cloneNode(true));
}

document.addEventListener("keydown", (event) => {
  if (typing(event) || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
  const [all, item] = [items(), focused()];
  const step = (by) => focus(all[Math.min(all.length - 1, Math.max(0, item ? all.indexOf(item) + by : 0))]);
  const acts = {
    j: () => step(1),
    k: () => step(-1),
    e: () => item?.querySelector("h3 a").click(),
    n: () => (item?.closest(".section") ?? document.querySelector(".section"))?.querySelector("header a")?.click(),
    m: () => item && !closed && choose(item),
    "/": search,
    "?": help,
  };
  if (event.altKey && item && !closed && /^Arrow(Up|Down)$/.test(event.key)) {
    event.preventDefault();
    const button = item.querySelector(`[name=${event.key === "ArrowUp" ? "up" : "down"}]`);
    if (button && !button.disabled) arrange({ [button.name]: item.dataset.id });
  } else if (!event.altKey && acts[event.key]) {
    event.preventDefault();
    acts[event.key]();
  }
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".tools a");
  if (!link || event.ctrlKey || event.metaKey || !new URL(link.href).searchParams.has("move")) return;
  event.preventDefault();
  choose(link.closest(".item"));
});

// Dragging by the mouse: the line shows where the item will stand.
let dragged;
document.addEventListener("pointerdown", (event) => {
  const item = event.target.closest?.(".grip")?.closest(".item[data-id]");
  if (item && !closed) item.draggable = true;
});
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.(".item[data-id]");
  if (!dragged) return;
  event.dataTransfer.setData("text/plain", dragged.dataset.id);
  event.dataTransfer.effectAllowed = "move";
  dragged.classList.add("dragged");
});
document.addEventListener("dragover", (event) => {
  const section = dragged && event.target.closest?.(".section[data-section]");
  if (!section) return;
  event.preventDefault();
  const before = below(section, event.clientY);
  mark(section, before);
});
document.addEventListener("drop", (event) => {
  const section = dragged && event.target.closest?.(".section[data-section]");
  if (!section) return;
  event.preventDefault();
  const before = below(section, event.clientY);
  const others = [...section.querySelectorAll(".item[data-id]")].filter((one) => one !== dragged);
  const position = before ? others.indexOf(before) : others.length;
  arrange({ item: dragged.dataset.id, section: section.dataset.section, position });
});
document.addEventListener("dragend", () => {
  mark();
  dragged?.classList.remove("dragged");
  if (dragged) dragged.draggable = false;
  dragged = undefined;
});

function below(section, y) {
  return [...section.querySelectorAll(".item[data-id]")].filter((one) => one !== dragged).find((one) => {
    const { top, height } = one.getBoundingClientRect();
    return y < top + height / 2;
  });
}

function mark(section, item) {
  document.querySelectorAll(".section.target, .item.before").forEach((one) => one.classList.remove("target", "before"));
  section?.classList.add("target");
  item?.classList.add("before");
}

// Changes of others, of files and of the theme appear by themselves, unless one is in the middle of something.
// One question is open while the board is seen; it is answered at a change, or after some seconds.
async function watch() {
  question?.abort();
  if (document.hidden || saving) return;
  const { signal } = (question = new AbortController());
  let pause = 0;
  try {
    const answer = await fetch(`${board.dataset.watch}?at=${stamp}`, { headers: { "X-CSRFToken": token }, cache: "no-store", signal });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(answer.statusText);
    offline("", false);
    const { stamp: now, here } = await answer.json();
    if (now !== stamp && !busy()) await renew(signal);
    if (now !== stamp) pause = soon;
    present(here);
  } catch (error) {
    if (error.name === "AbortError") return;
    offline(words.offline, true);
    pause = later;
  }
  if (pause) setTimeout(() => signal.aborted || watch(), pause);
  else watch();
}

const busy = () => document.querySelector("dialog[open]") || dragged || document.activeElement?.closest("#waiting");

async function renew(signal) {
  const { dom, ok } = await page(location.href);
  if (!ok || signal.aborted || busy()) return;
  const id = document.activeElement?.closest(".item") && focused()?.dataset.id;
  take(dom, id);
  if (draft.changed) return;
  exchange(dom, "#words");
  begin();
}

function present(here) {
  document.querySelectorAll(".item .presence").forEach((one) => one.remove());
  for (const [path, people] of Object.entries(here)) {
    const others = people.filter((one) => one !== board.dataset.you);
    const item = document.getElementById(`item-${path.split("/").pop().replace(/\.md$/, "")}`);
    if (!item || !others.length) continue;
    const said = `${others.join(", ")} ${words.here}`;
    item.querySelector(".grow").append(Object.assign(document.createElement("p"), { className: "presence small", textContent: said }));
  }
}

function begin() {
  const form = document.querySelector("#words");
  draft = new Draft(form);
  draft.restore();
  count(form);
  form.addEventListener("input", () => {
    document.querySelectorAll("[data-cut]").forEach((one) => (one.textContent = form.elements[one.dataset.cut].value));
  });
}

begin();
followView();
if (location.hash.startsWith("#item-")) focus(document.getElementById(decodeURIComponent(location.hash.slice(1))));
watch();
document.addEventListener("visibilitychange", watch);
addEventListener("pagehide", () => question?.abort());
