// Console: sections that refresh themselves, forms that change something. Nothing else needs a
// script.
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

// What our console answers: {error} when it refuses.
async function send(method, address, body) {
  const answer = await fetch(address, {
    method,
    headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
    body: body ? JSON.stringify(body) : undefined,
  });
  try {
    return await answer.json();
  } catch {
    return { error: `Refusé (${answer.status})` };
  }
}

function arm(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { service, ...fault } = Object.fromEntries(new FormData(form));
    fault.probability = Number(fault.probability);
    const { error } = await send("POST", `/services/${service}/faults`, fault);
    form.querySelector("output").textContent = error ?? "";
    if (!error) location.reload();
  });
}

// Certificates: what was made is shown below its form, then the list is asked again.
function order(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [said, button] = [form.querySelector("output"), form.querySelector("button")];
    const asked = Object.fromEntries(new FormData(form));
    button.disabled = true;
    said.textContent = "";
    const { error, html } = await send("POST", form.dataset.order, asked);
    button.disabled = false;
    said.textContent = error ?? "";
    form.nextElementSibling.innerHTML = html ?? "";
    if (!error) await list();
  });
}

async function list() {
  const section = document.querySelector("[data-issued]");
  const answer = await fetch(section.dataset.issued + location.search);
  if (answer.ok) section.innerHTML = (await answer.json()).html;
}

async function revoke(button) {
  if (!confirm("Révoquer ce certificat ? Tous les services le refuseront, et pour toujours.")) return;
  const reason = document.querySelector("[data-reason]").value;
  const { error } = await send("POST", "/certificats/revoquer", { serial: button.dataset.revoke, reason });
  if (error) button.title = error;
  else await list();
}

// Fields that only some kinds of certificate have; one that is hidden is not sent.
function suit(choice) {
  function set() {
    choice.form.querySelectorAll("[data-for]").forEach((part) => {
      part.hidden = !part.dataset.for.split(" ").includes(choice.value);
      part.querySelectorAll("input").forEach((input) => { input.disabled = part.hidden; });
    });
  }
  choice.addEventListener("change", set);
  set();
}

// Validation: each file is sent as it is, in turn; what the kit says comes when it has loaded.
function check(form) {
  const said = form.querySelector("output");
  const shown = form.nextElementSibling;
  const [input, profiles] = [form.elements.file, form.elements.profiles];
  const max = Number(form.dataset.max);
  async function judge(file, place) {
    const query = new URLSearchParams({ name: file.name, profiles: profiles.checked });
    let last = "";
    for (let turn = 0; turn < 150; turn += 1) {
      const answer = await fetch(`${form.dataset.check}?${query}`, {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/octet-stream" },
        body: file,
      });
      const { error, html, waiting } = await answer.json();
      if (error) throw new Error(error);
      if (html !== last) place.innerHTML = html;
      last = html;
      if (!waiting) return;
      await new Promise((done) => { setTimeout(done, 1000); });
    }
  }
  async function all(files) {
    input.disabled = true;
    const batch = document.createElement("div");
    shown.prepend(batch);
    let place = 0;
    for (const file of files) {
      place += 1;
      said.textContent = `${file.name} (${place} sur ${files.length})…`;
      const section = document.createElement("section");
      batch.append(section);
      try {
        if (file.size > max) throw new Error("le fichier est trop grand");
        await judge(file, section);
      } catch (problem) {
        section.className = "warning";
        section.textContent = `${file.name} : ${problem.message}`;
      }
    }
    said.textContent = "";
    input.disabled = false;
    input.value = "";
  }
  function take(files) {
    document.querySelector("[data-none]").hidden = true;
    if (!input.disabled && files.length) all([...files]);
  }
  input.addEventListener("change", () => take(input.files));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("dragover", (event) => { event.preventDefault(); form.classList.add("over"); });
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    take(event.dataTransfer.files);
  });
}

document.querySelectorAll("[data-refresh]").forEach(refresh);
document.querySelectorAll("[data-follow]").forEach((box) => follow(box, document.querySelector("[data-query]")));
document.querySelectorAll("[data-arm]").forEach(arm);
document.querySelectorAll("[data-disarm]").forEach((button) =>
  button.addEventListener("click", async () => {
    const { error } = await send("DELETE", button.dataset.disarm);
    if (error) button.title = error;
    else location.reload();
  }));
document.querySelectorAll("[data-order]").forEach(order);
document.querySelectorAll("[data-check]").forEach(check);
document.querySelectorAll("[data-kind]").forEach(suit);
document.querySelectorAll("[data-issued]").forEach((section) =>
  section.addEventListener("click", (event) => {
    const button = event.target.closest("[data-revoke]");
    if (button) revoke(button);
  }));
