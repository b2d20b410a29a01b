// What the page does beyond links and forms: streams, pieces that load later, a few keys. It works without all of it.
"use strict";

const made = window.trustedTypes
  ? trustedTypes.createPolicy("langmem-ext", { createHTML: (html) => html })
  : { createHTML: (html) => html };
const proof = document.querySelector("meta[name=proof]")?.content ?? "";

/** Put a piece that the server rendered (and escaped) into an element. */
const show = (element, html) => { element.innerHTML = made.createHTML(html); };

/** Read a stream of events, one JSON object a line. */
async function stream(form, onEvent) {
  const response = await fetch(form.action, {
    method: "POST",
    body: new URLSearchParams(new FormData(form)),
    headers: { accept: "application/x-ndjson", "x-proof": proof },
  });
  if (!response.ok || !response.headers.get("content-type")?.includes("ndjson")) throw new Error(String(response.status));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    lines.filter(Boolean).forEach((line) => onEvent(JSON.parse(line)));
  }
}

/** Append a message to the conversation; its text is set as text. */
function message(list, role, who, text) {
  const item = document.createElement("li");
  item.className = role;
  const about = document.createElement("p");
  about.className = "about";
  const speaker = document.createElement("span");
  speaker.className = "speaker";
  speaker.textContent = who;
  about.append(speaker);
  const content = document.createElement("p");
  content.className = "content";
  const isolated = document.createElement("bdi");
  isolated.textContent = text;
  content.append(isolated);
  item.append(about, content);
  list.append(item);
  item.scrollIntoView({ block: "nearest" });
  return isolated;
}

function talk(form) {
  const list = document.getElementById("messages");
  const aside = document.getElementById("aside");
  const status = form.querySelector(".status");
  const field = form.elements.text;
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled || !field.value.trim()) return;
    let answer = null;
    let ended = false;
    button.disabled = true;
    list.setAttribute("aria-busy", "true");
    status.textContent = form.dataset.wait;
    const handle = {
      said: ({ text }) => {
        document.getElementById("nothing")?.remove();
        list.querySelectorAll(".here").forEach((item) => item.classList.remove("here"));
        message(list, "user here", form.dataset.you, text);
        field.value = "";
      },
      recalled: ({ html }) => show(aside, html),
      text: ({ text }) => {
        answer ??= message(list, "assistant", form.dataset.agent, "");
        answer.classList.add("waiting");
        answer.textContent += text;
        answer.closest("li").scrollIntoView({ block: "nearest" });
      },
      learning: () => { answer?.classList.remove("waiting"); status.textContent = form.dataset.learning; },
      learnt: ({ html }) => { show(aside, html); status.textContent = ""; ended = true; },
      problem: ({ text }) => { status.textContent = text; ended = true; },
    };
    try {
      await stream(form, (each) => handle[each.event]?.(each));
      if (!ended) status.textContent = form.dataset.broken;
    } catch {
      status.textContent = form.dataset.broken;
    }
    answer?.classList.remove("waiting");
    list.removeAttribute("aria-busy");
    button.disabled = false;
    field.focus();
  });
}

function work(form) {
  const bar = form.querySelector("progress");
  const status = form.querySelector(".status");
  const outcome = form.querySelector(".outcome");
  const button = form.querySelector("button");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    bar.hidden = false;
    bar.removeAttribute("value");
    outcome.replaceChildren();
    try {
      await stream(form, (each) => {
        if (each.event === "progress") {
          bar.value = each.total ? each.done / each.total : 1;
          status.textContent = `${form.dataset[each.stage]} ${each.done} / ${each.total}`;
        } else if (each.event === "done") {
          status.textContent = "";
          show(outcome, each.html);
        }
      });
    } catch {
      status.textContent = form.dataset.broken;
    }
    bar.hidden = true;
    button.disabled = false;
  });
}

async function load(element, address) {
  element.textContent = element.dataset.wait ?? "";
  const response = await fetch(address, { headers: { "x-piece": "1" } });
  if (response.ok) show(element, await response.text());
  else element.textContent = String(response.status);
}

function piece(form) {
  const outcome = form.querySelector(".outcome");
  outcome.dataset.wait = form.dataset.wait;
  form.addEventListener("submit", (event) => { event.preventDefault(); load(outcome, form.action); });
}

function keys(event) {
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches("[data-enter]")) {
    event.preventDefault();
    event.target.form.requestSubmit();
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    const field = document.querySelector("[data-search]");
    const closed = field?.closest("details:not([open])");
    if (closed) closed.open = true;
    field?.focus();
    event.preventDefault();
  }
  if (event.key === "j" || event.key === "k") {
    const rows = [...document.querySelectorAll("[data-row]")];
    const place = rows.indexOf(document.activeElement) + (event.key === "j" ? 1 : -1);
    rows[Math.max(0, Math.min(rows.length - 1, place))]?.focus();
  }
  if (event.key === "Escape") document.querySelectorAll("details.ask[open]").forEach((each) => { each.open = false; });
}

document.querySelectorAll("form[data-talk]").forEach(talk);
document.querySelectorAll("form[data-work]").forEach(work);
document.querySelectorAll("form[data-piece]").forEach(piece);
document.querySelectorAll("[data-load]").forEach((element) => load(element, element.dataset.load));
document.addEventListener("keydown", keys);
document.querySelector("#messages li:last-child")?.scrollIntoView({ block: "nearest" });
