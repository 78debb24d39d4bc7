// An item's form: drafts that survive, saves without leaving the page, findings as one types, marks, and who else is here.

import { count, Draft, exchange, followView, offline, page, token, typing } from "./common.js";

const form = document.querySelector("#item");
const { look, here, offline: noConnection } = form.dataset;
const draft = new Draft(form);
const pause = 150;
const often = 20000;

// One more part of the sentence whenever the last is used.
function morePart() {
  const parts = form.querySelectorAll(".part");
  const last = parts[parts.length - 1];
  if (!last) return;
  const fresh = last.cloneNode(true);
  fresh.querySelectorAll("select, input").forEach((one) => (one.tagName === "SELECT" ? (one.selectedIndex = 0) : (one.value = "")));
  last.after(fresh);
}

function parts() {
  const all = [...form.querySelectorAll(".part")];
  if (all.length && all[all.length - 1].querySelector("select").value) morePart();
  all.forEach((part) => {
    const list = `values-${part.querySelector("select").value}`;
    part.querySelector("input").setAttribute("list", list);
  });
}

// A kind shows the fields it has; hidden ones keep what they hold.
function kinds() {
  const kind = form.elements.kind?.value;
  const event = form.querySelector("#event");
  if (event) event.hidden = kind !== "event" && !["when", "until", "where"].some((name) => form.elements[name].value);
  const alt = form.elements.alt;
  if (alt) alt.required = Boolean(form.elements.upload?.files.length || form.querySelector("[name=take]:checked"));
}

// The mail as it would be with what is typed; a new item has no mail beside it before.
function showMail(dom) {
  if (document.querySelector("#view")) return exchange(dom, "#view");
  const page = document.querySelector(".item-page");
  page.classList.remove("alone");
  page.append(dom.querySelector("#view"));
}

let waiting;
let asked;
async function findings() {
  asked?.abort();
  asked = new AbortController();
  try {
    const data = new FormData(form);
    data.delete("upload");
    const answer = await fetch(look + location.search, { method: "POST", body: data, headers: { "X-CSRFToken": token }, signal: asked.signal });
    if (!answer.ok) return;
    const said = await answer.json();
    offline("", false);
    form.querySelectorAll(".of-field").forEach((place) => {
      const found = said.findings[place.id.replace("found-", "")] ?? "";
      place.innerHTML = found;
      place.closest(".field")?.classList.toggle("wrong", found.includes('class="error"'));
    });
    if (said.readers) form.querySelector("#readers").textContent = said.readers;
    if (said.view) showMail(new DOMParser().parseFromString(said.view, "text/html"));
  } catch (error) {
    if (error.name !== "AbortError") offline(noConnection, true);
  }
}

function typed() {
  parts();
  kinds();
  clearTimeout(waiting);
  if (look) waiting = setTimeout(findings, pause);
}

async function save(goesBack) {
  if (!form.reportValidity()) return;
  draft.say("saving");
  try {
    const answer = await page(location.href, new FormData(form));
    offline("", false);
    const fresh = answer.dom.querySelector("#item [name=sha]");
    if (!answer.ok || !fresh) return form.submit(); // a conflict, or faults: the server shows both
    if (goesBack || !here) {
      draft.drop();
      location.href = goesBack ? document.querySelector(".crumbs a").href : answer.url;
      return;
    }
    form.elements.sha.value = fresh.value;
    exchange(answer.dom, "#view", "#picture", ".issue");
    focal();
    draft.done();
    findings();
  } catch {
    draft.keep();
    offline(noConnection, true);
  }
}

// What the page behind the link offers fills what is empty, and its picture can be taken.
async function lookAtPage() {
  const data = new FormData(form);
  data.delete("upload");
  data.set("fetch", 1);
  const button = form.querySelector("#fetch");
  button.disabled = true;
  try {
    const { dom } = await page(location.href, data);
    for (const name of ["title", "text", "date", "alt"]) form.elements[name].value ||= dom.querySelector(`#${name}`)?.value ?? "";
    exchange(dom, "#offer");
    form.dispatchEvent(new Event("input"));
  } catch {
    offline(noConnection, true);
  }
  button.disabled = false;
}

form.elements.link?.addEventListener("paste", () => setTimeout(() => form.elements.link.value && lookAtPage()));
form.addEventListener("submit", (event) => {
  if (event.submitter?.id === "fetch") {
    event.preventDefault();
    return lookAtPage();
  }
  if (!form.querySelector("#save")) return;
  event.preventDefault();
  save(event.submitter?.name === "back");
});
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && (event.key === "s" || event.key === "Enter")) {
    event.preventDefault();
    form.querySelector("#save, .primary")?.click();
  } else if (event.key === "Escape" && !typing(event)) {
    document.querySelector(".crumbs a")?.click();
  }
});

// Marks around what is selected; typed by the browser itself, so that undo works and the cursor stays.
form.querySelector(".toolbar")?.addEventListener("click", (event) => {
  const { mark, line, put, link } = event.target.closest("button")?.dataset ?? {};
  const field = form.elements.text;
  const [start, end] = [field.selectionStart, field.selectionEnd];
  const chosen = field.value.slice(start, end);
  field.focus();
  let [text, from, to] = [chosen, 0, 0];
  if (mark) [text, from, to] = [mark + chosen + mark, mark.length, mark.length + chosen.length];
  if (link) [text, from, to] = [`[${chosen}](https://)`, chosen.length + 3, chosen.length + 11];
  if (put) [text, from, to] = put === "«»" ? [`«${chosen}»`, 1, 1 + chosen.length] : [put, put.length, put.length];
  if (line) {
    const first = field.value.lastIndexOf("\n", start - 1) + 1;
    field.setSelectionRange(first, end);
    text = field.value.slice(first, end).split("\n").map((one) => line + one).join("\n");
    document.execCommand("insertText", false, text);
    return;
  }
  document.execCommand("insertText", false, text);
  field.setSelectionRange(start + from, start + to);
});

// A file may be dropped anywhere on the form.
form.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
form.addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length || !form.elements.upload) return;
  event.preventDefault();
  form.elements.upload.files = event.dataTransfer.files;
  form.elements.upload.dispatchEvent(new Event("change", { bubbles: true }));
});

// The point of a picture around which it is cut: by a click, or by the arrow keys.
function focal() {
  const point = form.querySelector("#point");
  if (!point) return;
  const [x, y] = form.querySelectorAll("[name=focus]");
  const show = () => Object.assign(point.style, { left: `${x.value}%`, top: `${y.value}%` });
  const set = (left, top) => {
    [x.value, y.value] = [left, top].map((one) => Math.round(Math.min(100, Math.max(0, one))));
    form.elements.shape.value ||= "wide";
    show();
    form.dispatchEvent(new Event("input"));
  };
  point.hidden = false;
  point.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-2, 0], ArrowRight: [2, 0], ArrowUp: [0, -2], ArrowDown: [0, 2] }[event.key];
    if (!step) return;
    event.preventDefault();
    set(Number(x.value) + step[0], Number(y.value) + step[1]);
  });
  point.parentElement.addEventListener("pointerdown", (event) => {
    const { left, top, width, height } = point.parentElement.querySelector("img").getBoundingClientRect();
    set((100 * (event.clientX - left)) / width, (100 * (event.clientY - top)) / height);
  });
  [x, y].forEach((one) => one.addEventListener("input", show));
  show();
}

// Who else has the item open, and whether it was saved meanwhile.
async function present() {
  try {
    const answer = await fetch(here, { method: "POST", headers: { "X-CSRFToken": token } });
    if (!answer.ok) return;
    const { others, sha } = await answer.json();
    offline("", false);
    const notice = document.querySelector("#presence");
    const changed = sha !== form.elements.sha.value;
    notice.hidden = !others.length && !changed;
    notice.textContent = [others.length ? notice.dataset.one.replace("{who}", others.join(", ")) : "", changed ? form.dataset.changed : ""].filter(Boolean).join(". ");
  } catch {
    offline(noConnection, true);
  }
}

function discard() {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: form.dataset.discard });
  button.addEventListener("click", () => {
    draft.drop();
    location.reload();
  });
  draft.state?.after(button);
  form.addEventListener("input", () => button.remove(), { once: true });
}

// The address of a finding names its field.
function goToField() {
  const place = document.getElementById(location.hash.slice(1));
  const fields = "input:not([type=hidden]), textarea, select";
  if (form.contains(place)) (place.matches(fields) ? place : place.querySelector(fields))?.focus();
}

form.addEventListener("morepart", morePart);
form.querySelector(".toolbar")?.removeAttribute("hidden");
parts();
focal();
draft.saved = draft.values();
if (draft.restore()) {
  if (form.dataset.discard) discard();
  typed();
}
count(form);
kinds();
form.addEventListener("input", typed);
form.addEventListener("change", typed);
followView(() => draft.changed && findings());
addEventListener("hashchange", goToField);
goToField();
if (here) {
  setInterval(() => document.hidden || present(), often);
  addEventListener("pagehide", () => navigator.sendBeacon(here, new URLSearchParams({ leaving: 1, csrf_token: token })));
}
