'use strict';
// Asks each half second whether anything the letter is made of has changed, and shows it then, at the same place.
const shown = document.body.dataset.version;
const gone = document.getElementById('gone');
const place = 'moabom-preview-place';
const stored = sessionStorage.getItem(place);
if (stored) { scrollTo(0, Number(stored)); sessionStorage.removeItem(place); }
setInterval(async () => {
  try {
    const answer = await fetch('/version', { cache: 'no-store' });
    gone.hidden = true;
    if ((await answer.text()) !== shown) {
      sessionStorage.setItem(place, String(scrollY));
      location.reload();
    }
  } catch {
    gone.hidden = false;
  }
}, 500);
