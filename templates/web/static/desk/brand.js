// Draws the brand anew while its colours are typed; without this, "See how it looks" does.
const picture = document.getElementById("brand-picture");
const form = document.getElementById("brand");

form.addEventListener("input", () => {
  const { colour, second } = form.elements;
  picture.src = `${picture.dataset.from}?${new URLSearchParams({ colour: colour.value, second: second.value })}`;
});
