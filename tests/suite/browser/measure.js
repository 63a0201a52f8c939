// Runs in a letter's page and gives its figures: what sticks out, what is faint, what is too small to touch.
// `DARKENED` makes of each colour what a mail program's dark mode would: as is, or light turned into dark and back.
(() => {
  const DARKENED = {
    'as is': colour => colour,
    // Every colour's lightness turned over, hue kept.
    'turned over': ([r, g, b]) => { const sum = Math.max(r, g, b) + Math.min(r, g, b); return [r, g, b].map(v => v + 255 - sum); },
  };
  const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const numbers = text => (text.match(/[\d.]+/g) || []).map(Number);
  const dark = matchMedia('(prefers-color-scheme: dark)').matches && getComputedStyle(document.documentElement).colorScheme.includes('dark');
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = numbers(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return dark ? [18, 18, 18] : [255, 255, 255];
  };
  const root = document.documentElement;
  const seen = [...document.body.querySelectorAll('*')].filter(e => e.getClientRects().length);
  const texts = seen.filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
  const said = e => e.textContent.trim().slice(0, 40);
  const least = (what, of) => what.map(e => [of(e), said(e)]).sort((a, b) => a[0] - b[0])[0] || [Infinity, ''];
  const faintest = how => least(texts, e => contrast(how(numbers(getComputedStyle(e).color)), how(ground(e))));
  const beyond = seen.filter(e => { const box = e.getBoundingClientRect(); return box.right > root.clientWidth + 1 || box.left < -1; });
  // A word whose glyphs pass its own box is seen by the range of its letters alone.
  const spilt = texts.filter(e => {
    const range = document.createRange();
    range.selectNodeContents(e);
    return [...range.getClientRects()].some(box => box.right > root.clientWidth + 1);
  });
  return {
    client: root.clientWidth, scroll: root.scrollWidth, height: root.scrollHeight,
    beyond: [...beyond, ...spilt].map(said),
    contrast: faintest(DARKENED['as is']), turned: faintest(DARKENED['turned over']),
    font: least(texts, e => parseFloat(getComputedStyle(e).fontSize)),
    target: least([...document.querySelectorAll('a')], e => e.getBoundingClientRect().height),
    narrow: least([...document.querySelectorAll('a')], e => e.getBoundingClientRect().width),
    h1: document.querySelectorAll('h1').length,
    strangers: [...document.querySelectorAll('script,img,iframe,object,embed,form,link,b,i')].map(e => e.tagName),
    tongues: [...new Set(texts.map(e => e.closest('[lang]')?.lang ?? 'none'))],
  };
})()
