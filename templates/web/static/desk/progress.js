// The progress of a sending, or whether it has begun, asked for again and again by ETag.
const panel = document.querySelector("[data-progress]");
const often = 2000;

function countDown() {
  const shown = document.querySelector("[data-left]");
  if (!shown) return;
  shown.dataset.end ??= performance.now() + shown.dataset.left * 1000;
  const left = Math.max(0, Math.round((shown.dataset.end - performance.now()) / 1000));
  shown.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

async function ask(tag) {
  const answer = await fetch(panel.dataset.progress, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
  if (answer.ok) {
    const state = answer.headers.get("X-State");
    if (state !== panel.dataset.state) return location.reload();
    if (panel.id !== "progress") return tag; // it waits for its hour: there is nothing else to show
    panel.innerHTML = await answer.text();
    countDown();
  }
  return answer.headers.get("ETag") ?? tag;
}

async function follow() {
  let tag = "";
  for (;;) {
    await new Promise((done) => setTimeout(done, often));
    if (document.hidden) continue;
    try {
      tag = await ask(tag);
    } catch {
      // offline: asked again
    }
  }
}

countDown();
setInterval(countDown, 1000);
if (panel) follow();
