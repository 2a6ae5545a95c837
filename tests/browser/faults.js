// What is wrong with a page for somebody, each fault a sentence; see checks.py.
() => {
  const faults = [];
  const shown = (one) => {
    const box = one.getBoundingClientRect();
    const style = getComputedStyle(one);
    return box.width > 0 && box.height > 0 && style.visibility !== "hidden" && box.right > 0;
  };
  const name = (one) => `${one.tagName.toLowerCase()}${one.id ? "#" + one.id : ""} "${(one.textContent || "").trim().slice(0, 24)}"`;

  // Contrast.
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
    return {r, g, b, a};
  };
  const over = (top, under) => ({
    r: top.r * top.a + under.r * (1 - top.a),
    g: top.g * top.a + under.g * (1 - top.a),
    b: top.b * top.a + under.b * (1 - top.a),
    a: 1,
  });
  const ground = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    let colour = {r: 255, g: 255, b: 255, a: 1};
    for (const layer of layers.reverse()) colour = over(layer, colour);
    return colour;
  };
  const luminance = ({r, g, b}) => {
    const [x, y, z] = [r, g, b].map((v) => {
      const c = v / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const one = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !one || !shown(one)) continue;
    const under = ground(one);
    const ink = over(parse(getComputedStyle(one).color), under);
    const [low, high] = [luminance(ink), luminance(under)].sort((x, y) => x - y);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5) faults.push(`contrast ${ratio.toFixed(2)} of ${name(one)}`);
  }

  // Names.
  for (const one of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!one.labels.length && !one.getAttribute("aria-label")) faults.push(`no label for ${name(one)}`);
  }
  for (const one of document.querySelectorAll("a[href], button")) {
    if (!one.textContent.trim() && !one.getAttribute("aria-label")) faults.push(`no words in ${name(one)}`);
  }
  for (const one of document.querySelectorAll("img:not([alt]), svg:not([aria-hidden]):not([role=img][aria-label])")) {
    faults.push(`no words for ${one.tagName}`);
  }
  for (const attribute of ["aria-labelledby", "aria-describedby"]) {
    for (const one of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of one.getAttribute(attribute).split(/\s+/)) {
        if (!document.getElementById(id)) faults.push(`${attribute} of ${name(one)} names nothing: ${id}`);
      }
    }
  }
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) faults.push(`id twice: ${id}`);

  // Headings and landmarks.
  let level = 0;
  for (const one of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const next = Number(one.tagName[1]);
    if (next > level + 1) faults.push(`a heading skips a level: ${name(one)}`);
    level = next;
  }
  for (const [what, selector] of [["h1", "h1"], ["main", "main"], ["header", "body > header"], ["footer", "body > footer"]]) {
    const count = document.querySelectorAll(selector).length;
    if (count !== 1) faults.push(`${count} of ${what}`);
  }
  if (!document.documentElement.lang) faults.push("no language");
  if (!document.title) faults.push("no title");

  // Targets: whatever is pressed and no word within a sentence.
  for (const one of document.querySelectorAll("a[href], button, select, summary, input:not([type=hidden])")) {
    if (!shown(one) || one.classList.contains("skip")) continue;
    const inside = one.tagName === "A" && getComputedStyle(one).display === "inline" && !one.closest("h3");
    if (inside) continue;
    const target = one.closest("label, .card, .rows > li") || one;
    const box = target.getBoundingClientRect();
    if (box.height < 44 || box.width < 44) faults.push(`target of ${Math.round(box.width)} by ${Math.round(box.height)}: ${name(one)}`);
  }

  // Width.
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) faults.push(`${wide} px wider than the window`);
  return faults;
}
