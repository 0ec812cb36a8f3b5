// Nobody is signed in here: what was kept for somebody is not, and that is said once.

import "/static/outbox.js";

const { abandon, note, write } = self.outbox;
const words = document.querySelector("[data-dropped]");

await abandon();
const dropped = await note("dropped");
if (dropped) {
  await write("dropped", undefined);
  words.textContent =
    dropped === 1
      ? "What you did offline was not sent: you had signed out."
      : `${dropped} things that you did offline were not sent: you had signed out.`;
  words.hidden = false;
}
