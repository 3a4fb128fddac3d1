// When something happens, the parts of a page that are marked data-live are fetched again. Without this a page stays as it was made.
"use strict";
(() => {
  const AGAIN = 10_000; // ms; a stream that was refused is tried again after
  const TOGETHER = 200; // ms; what happens within makes one look
  const waiting = new Set(); // ids of parts somebody is at work in
  let source = null, last = "", soon = 0;

  function listen() {
    if (source || document.hidden) return;
    source = new EventSource(last ? `/events?since=${last}` : "/events");
    for (const kind of ["ready", "alert", "resync"]) source.addEventListener(kind, heard);
    source.addEventListener("over", () => {
      stop();
      look();
    });
    source.addEventListener("error", () => {
      if (source && source.readyState === EventSource.CLOSED) {
        stop();
        setTimeout(comeBack, AGAIN);
      }
    });
  }

  async function comeBack() {
    if (await look()) listen();
  }

  function stop() {
    if (source) source.close();
    source = null;
  }

  function heard(event) {
    last = event.lastEventId;
    clearTimeout(soon);
    soon = setTimeout(look, TOGETHER);
  }

  // False: nobody is logged in any more, and the login is on its way.
  async function look() {
    try {
      const answer = await fetch(location.href);
      if (answer.redirected && new URL(answer.url).pathname === "/login") {
        location.reload();
        return false;
      }
      if (!answer.ok) return true;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-live][id]")) swap(part, page.getElementById(part.id));
    } catch {
      // out of reach; the stream says when it is there again
    }
    return true;
  }

  function swap(part, fresh) {
    if (!fresh || part.innerHTML === fresh.innerHTML) return;
    if (atWork(part)) return waiting.add(part.id);
    const open = [...part.querySelectorAll("details")].map((each) => each.open);
    part.className = fresh.className;
    part.replaceChildren(...fresh.childNodes);
    part.querySelectorAll("details").forEach((each, n) => { each.open = open[n] ?? each.open; });
    void part.offsetWidth; // so that the same class may fade in again
    part.classList.add("fresh");
  }

  function atWork(part) {
    const at = document.activeElement;
    return at !== null && (part.contains(at) || (at.closest("main form") !== null && part.closest("main") !== null));
  }

  document.addEventListener("focusout", () => {
    if (waiting.size) setTimeout(() => {
      waiting.clear();
      look();
    }, TOGETHER);
  });
  // A browser has few connections to a site: only the page that is seen holds one.
  document.addEventListener("visibilitychange", () => (document.hidden ? stop() : comeBack()));
  addEventListener("pagehide", stop);
  addEventListener("pageshow", listen);
  listen();
})();
