// What was typed is with the server now, which shows it: the browser need not keep it any longer.

const form = document.querySelector("[data-settles]");
form.addEventListener("submit", () => localStorage.removeItem(`draft:${form.dataset.settles}`));
