// Follows changes, answers keys, and keeps the letter where it was scrolled to. Without it the page works by hand.

const state = document.querySelector(".state");
const frame = document.querySelector("iframe");
const { waiting } = document.body.dataset;
let question;

// One question stays open while the page is seen; a hidden tab holds no connection.
async function wait() {
  question?.abort();
  question = new AbortController();
  const lost = state.classList.contains("lost");
  try {
    const answer = await fetch(lost ? waiting.split("?")[0] : waiting, { signal: question.signal });
    if (!answer.ok) throw new Error(answer.statusText);
    const { changed } = await answer.json();
    if (changed) location.reload();
    else wait();
  } catch (error) {
    if (error.name === "AbortError") return;
    say("lost");
    setTimeout(wait, 2000);
  }
}

function say(what) {
  state.textContent = state.dataset[what];
  state.className = `state ${what}`;
}

say("live");
wait();
document.addEventListener("visibilitychange", () => (document.hidden ? question.abort() : wait()));
addEventListener("pagehide", () => question.abort());

function press(event) {
  const typing = event.target.closest?.("input, textarea, select");
  if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
  document.querySelector(`[aria-keyshortcuts="${CSS.escape(event.key)}"]`)?.click();
}

document.addEventListener("keydown", press);

// The same letter keeps its place when it is reloaded, or shown at another width or in another scheme.
const whose = new URLSearchParams(location.search);
["width", "scheme", "part", "pictures", "lang"].forEach((name) => whose.delete(name));
const place = `${location.pathname}?${whose}`;

function settle() {
  const letter = frame.contentWindow;
  const height = () => frame.contentDocument.documentElement.scrollHeight;
  letter.scrollTo(0, Number(sessionStorage.getItem(place)) * height());
  letter.addEventListener("scroll", () => sessionStorage.setItem(place, letter.scrollY / height()));
  letter.addEventListener("keydown", press);
}

if (frame?.contentDocument.readyState === "complete" && frame.contentWindow.location.href !== "about:blank") settle();
frame?.addEventListener("load", settle);
