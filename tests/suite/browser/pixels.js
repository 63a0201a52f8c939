// Runs in a letter's page with `PICTURE`, its own screenshot at twice the size: the contrast of each text as painted. The
// ground is the colour most of its box has, the ink the one that differs most from it.
(async () => {
  const picture = await createImageBitmap(await (await fetch('data:image/png;base64,PICTURE')).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const paper = canvas.getContext('2d', { willReadFrequently: true });
  paper.drawImage(picture, 0, 0);
  const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = (r, g, b) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const texts = [...document.body.querySelectorAll('*')].filter(e => e.getClientRects().length
    && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
  let least = [Infinity, ''];
  for (const e of texts) {
    const box = e.getBoundingClientRect();
    const { data } = paper.getImageData((box.left + scrollX) * 2, (box.top + scrollY) * 2, box.width * 2, box.height * 2);
    const counts = new Map();
    for (let at = 0; at < data.length; at += 4) {
      const colour = data[at] << 16 | data[at + 1] << 8 | data[at + 2];
      counts.set(colour, (counts.get(colour) || 0) + 1);
    }
    const lights = colour => light(colour >> 16, colour >> 8 & 255, colour & 255);
    const ground = lights([...counts].sort((a, b) => b[1] - a[1])[0][0]);
    const best = Math.max(...[...counts.keys()].map(lights).map(ink => (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05)));
    if (best < least[0]) least = [best, e.textContent.trim().slice(0, 40)];
  }
  const { data: corner } = paper.getImageData(2, 2, 1, 1);
  return { contrast: least, ground: light(corner[0], corner[1], corner[2]), texts: texts.length };
})()
