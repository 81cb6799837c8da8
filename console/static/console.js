// Console: sections that refresh themselves, the form of a fault. Nothing else needs a script.
"use strict";

const PERIOD_MS = 2000;

// <section data-refresh="/address" data-key="name" data-value="what is shown">: asks again; 204
// means nothing changed; else {name: new value, html: our own escaped fragment}.
function refresh(section) {
  const address = new URL(section.dataset.refresh, location.href);
  if ("query" in section.dataset) address.search = location.search;
  const key = section.dataset.key;
  async function ask() {
    if (document.hidden || "paused" in section.dataset) return;
    address.searchParams.set(key, section.dataset.value);
    try {
      const answer = await fetch(address);
      if (answer.status !== 200) return;
      const told = await answer.json();
      section.innerHTML = told.html;
      section.dataset.value = told[key];
    } catch { /* the bench is away; the next turn asks again */ }
  }
  async function turn() {
    await ask();
    setTimeout(turn, PERIOD_MS);
  }
  setTimeout(turn, PERIOD_MS);
}

function follow(box, section) {
  box.checked = sessionStorage.getItem("follow") === "yes";
  function set() {
    if (box.checked) delete section.dataset.paused;
    else section.dataset.paused = "";
    sessionStorage.setItem("follow", box.checked ? "yes" : "no");
  }
  box.addEventListener("change", set);
  set();
}

async function send(method, address, body) {
  const answer = await fetch(address, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  if (answer.ok) return "";
  try {
    return (await answer.json()).error;
  } catch {
    return `Refusé (${answer.status})`;
  }
}

function arm(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { service, ...fault } = Object.fromEntries(new FormData(form));
    fault.probability = Number(fault.probability);
    const problem = await send("POST", `/services/${service}/faults`, fault);
    form.querySelector("output").textContent = problem;
    if (!problem) location.reload();
  });
}

document.querySelectorAll("[data-refresh]").forEach(refresh);
document.querySelectorAll("[data-follow]").forEach((box) => follow(box, document.querySelector("[data-query]")));
document.querySelectorAll("[data-arm]").forEach(arm);
document.querySelectorAll("[data-disarm]").forEach((button) =>
  button.addEventListener("click", async () => {
    const problem = await send("DELETE", button.dataset.disarm);
    if (problem) button.title = problem;
    else location.reload();
  }));
