// Returns each text that is seen, with its contrast to what is behind it (WCAG 2), where that is below the least.
(least) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parsed = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = ([r, g, b, a], [R, G, B, A]) => {
    const all = a + A * (1 - a);
    const mixed = [[r, R], [g, G], [b, B]].map(([top, under]) => (top * a + under * A * (1 - a)) / (all || 1));
    return [...mixed, all];
  };
  const luminance = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    let found = [0, 0, 0, 0];
    for (let at = element; at && found[3] < 1; at = at.parentElement) {
      found = over(found, parsed(getComputedStyle(at).backgroundColor));
    }
    const scheme = matchMedia("(prefers-color-scheme: dark)").matches && getComputedStyle(document.documentElement).colorScheme.includes("dark");
    return over(found, scheme ? [18, 18, 18, 1] : [255, 255, 255, 1]);
  };
  const seen = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const low = [];
  let count = 0;
  while (seen.nextNode()) {
    const text = seen.currentNode;
    const element = text.parentElement;
    const range = document.createRange();
    range.selectNodeContents(text);
    if (!text.data.trim() || !element.checkVisibility({ visibilityProperty: true }) || !range.getClientRects().length) continue;
    if (element.closest("style, script")) continue;
    count += 1;
    const ground = behind(element);
    const ink = over(parsed(getComputedStyle(element).color), ground);
    const [darker, lighter] = [luminance(ground), luminance(ink)].sort((a, b) => a - b);
    const contrast = (lighter + 0.05) / (darker + 0.05);
    if (contrast < least) low.push(`${contrast.toFixed(2)}:1 ${text.data.trim().slice(0, 40)}`);
  }
  return { low, count };
}
