// A page that waits for a job looks again until it has ended; without this script it refreshes itself.

import { exchange, page } from "./common.js";

const often = 2000;
const waits = "[data-waits]";

async function look() {
  try {
    const { ok, dom } = await page(location.href);
    if (ok) exchange(dom, dom.querySelector(waits) ? waits : "main");
  } catch {
    // offline: asked again
  }
  if (document.querySelector(waits)) setTimeout(look, often);
}

setTimeout(look, often);
