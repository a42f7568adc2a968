/* The bell: asks once per page how much of the inbox is unread. Owns the number in it; without it the bell is a link. */

const bells = [...document.querySelectorAll(".bell [data-unread]")];

async function count() {
  const answer = await fetch(bells[0].parentElement.dataset.count);
  if (!answer.ok || answer.redirected) return; // signed out meanwhile: the page itself will say so
  const html = await answer.text();
  for (const bell of bells) bell.innerHTML = html;
}

if (bells.length) count().catch(() => {}); // the portal is away: no number is better than an old one
