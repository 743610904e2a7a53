// Follows work that goes on elsewhere: while the page holds [data-follow], fetch it again and show what came of it.
const EVERY = 700; // milliseconds
const LONGEST = 60; // times

async function follow(times) {
  const shown = document.querySelector("[data-follow]");
  if (!shown || times >= LONGEST) return;
  await new Promise((resolve) => setTimeout(resolve, EVERY));
  try {
    const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const section = fresh.getElementById(shown.getAttribute("aria-labelledby"))?.closest("section");
    if (section && section.outerHTML !== shown.outerHTML) shown.replaceWith(document.importNode(section, true));
  } catch {
    // The server is away for a moment: try again.
  }
  await follow(times + 1);
}

follow(0);
