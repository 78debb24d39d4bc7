// What pages of an issue share: asking the server, exchanging parts of a page, drafts that survive, dialogs.

document.documentElement.classList.add("scripted");

export const token = document.querySelector('meta[name="csrf-token"]').content;

// Asks for a page and returns its document; whatever is wrong with the connection is thrown.
export async function page(address, form) {
  const answer = await fetch(address, {
    method: form ? "POST" : "GET",
    body: form,
    headers: form ? { "X-CSRFToken": token } : {},
    cache: "no-store",
  });
  if (answer.status === 401) return location.reload();
  const text = await answer.text();
  if (answer.status >= 500) throw new Error(answer.statusText);
  return { ok: answer.ok, status: answer.status, url: answer.url, dom: new DOMParser().parseFromString(text, "text/html"), text };
}

// Puts parts of another page in place of those here; a frame stays, and goes to its new address where it was scrolled to.
export function exchange(dom, ...selectors) {
  for (const selector of selectors) {
    const [here, there] = [document.querySelector(selector), dom.querySelector(selector)];
    if (!here || !there) continue;
    const [frame, fresh] = [here.querySelector("iframe"), there.querySelector("iframe")];
    if (frame && fresh) {
      keepFrame(here, there, frame, fresh);
      continue;
    }
    const opened = [...here.querySelectorAll("details[open] > summary")].map((one) => one.textContent);
    here.replaceWith(there);
    there.querySelectorAll("summary").forEach((one) => (one.parentElement.open ||= opened.includes(one.textContent)));
  }
}

// A frame that is taken out of the page loads anew, so everything around it is exchanged instead.
function keepFrame(here, there, frame, fresh) {
  const stage = frame.parentElement;
  stage.className = fresh.parentElement.className;
  frame.className = fresh.className;
  const address = fresh.getAttribute("src");
  if (frame.getAttribute("src") !== address) show(frame, address);
  for (const child of [...here.children]) if (child !== stage) child.remove();
  let after = false;
  for (const child of [...there.children]) {
    if (child.contains(fresh)) after = true;
    else if (after) here.append(child);
    else stage.before(child);
  }
}

function show(frame, address) {
  const [path, top] = [address.split("?")[0], frame.contentWindow?.scrollY ?? 0];
  const same = frame.getAttribute("src").split("?")[0] === path;
  frame.addEventListener("load", () => same && frame.contentWindow.scrollTo(0, top), { once: true });
  frame.src = address;
}

// Links and choices of the reader's view exchange the view alone; the address can still be shared.
export function followView(then) {
  const go = async (address) => {
    try {
      const { dom } = await page(address);
      exchange(dom, "#view");
      history.replaceState(null, "", address);
      then?.();
    } catch {
      location.href = address;
    }
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#view .choices a");
    if (!link || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    go(link.href);
  });
  const ask = (form) => go(`${form.action}?${new URLSearchParams(new FormData(form))}`);
  document.addEventListener("change", (event) => event.target.id === "edition" && ask(event.target.form));
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("#view form")) return;
    event.preventDefault();
    ask(event.target);
  });
}

// What is typed into a form is kept in this browser until it is saved, and comes back after a restart of anything.
export class Draft {
  constructor(form) {
    this.form = form;
    this.key = `draft:${form.dataset.draft}`;
    this.state = form.querySelector(".saving");
    this.saved = this.values();
    form.addEventListener("input", () => this.keep());
    form.addEventListener("change", () => this.keep());
  }

  fields() {
    return [...this.form.elements].filter((one) => one.name && one.type !== "hidden" && !["file", "submit", "button", "fieldset"].includes(one.type));
  }

  values() {
    return JSON.stringify(this.fields().map((one) => [one.name, /checkbox|radio/.test(one.type) ? one.checked : one.value]));
  }

  // What the form began with: the hash of a file, or the words before; by it the server knows what others have changed.
  began() {
    const hidden = [...this.form.elements].filter((one) => one.name === "sha" || one.name?.startsWith("was_"));
    return Object.fromEntries(hidden.map((one) => [one.name, one.value]));
  }

  get changed() {
    return this.values() !== this.saved;
  }

  keep() {
    try {
      if (this.changed) localStorage.setItem(this.key, JSON.stringify({ values: this.values(), began: this.began() }));
      else localStorage.removeItem(this.key);
    } catch {
      // no room in the browser's store, or it is switched off
    }
    this.say(this.changed ? "unsaved" : "");
  }

  // Returns the form's fields to what was typed before; what it began with, too, so that a save shows both versions.
  restore() {
    let kept;
    try {
      kept = JSON.parse(localStorage.getItem(this.key));
    } catch {
      return false;
    }
    if (!kept || kept.values === this.saved) return false;
    const typed = JSON.parse(kept.values);
    const missing = typed.filter(([name]) => name === "who").length - this.fields().filter((one) => one.name === "who").length;
    for (let count = 0; count < missing; count += 1) this.form.dispatchEvent(new CustomEvent("morepart"));
    const fields = this.fields();
    if (fields.length !== typed.length) return false;
    fields.forEach((one, at) => {
      if (/checkbox|radio/.test(one.type)) one.checked = typed[at][1];
      else one.value = typed[at][1];
    });
    for (const [name, value] of Object.entries(kept.began ?? {})) this.form.elements[name].value = value;
    this.say("restored");
    return true;
  }

  done() {
    this.saved = this.values();
    localStorage.removeItem(this.key);
    this.say("saved");
  }

  drop() {
    localStorage.removeItem(this.key);
  }

  say(what) {
    if (!this.state) return;
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
    this.state.textContent = what === "saved" ? `${this.form.dataset.saved} ${time}` : (this.form.dataset[what] ?? "");
    this.state.classList.toggle("warning", what === "unsaved" || what === "restored");
  }
}

// Says that there is no connection until something works again.
export function offline(words, is) {
  let notice = document.querySelector(".notice.offline");
  if (is && !notice) {
    notice = Object.assign(document.createElement("p"), { className: "notice offline", textContent: words });
    notice.setAttribute("role", "alert");
    document.querySelector("main").append(notice);
  }
  if (!is) notice?.remove();
}

// Counts of characters beside their fields.
export function count(root) {
  root.querySelectorAll("[data-of]").forEach((place) => {
    const field = place.closest(".field").querySelector("input, textarea");
    const tell = () => {
      const length = [...field.value].length;
      place.textContent = place.textContent.replace(/\d+/, length);
      place.classList.toggle("over", length > Number(place.dataset.of));
    };
    field.addEventListener("input", tell);
    tell();
  });
}

export function dialog(...content) {
  const box = document.createElement("dialog");
  box.append(...content);
  document.body.append(box);
  box.addEventListener("close", () => box.remove());
  box.showModal();
  return box;
}

export const typing = (event) => event.target.closest?.("input, textarea, select, [contenteditable]");
