"use strict";

const base = document.querySelector('meta[name="square-base"]').content;
const form = document.getElementById("ask");
const answers = document.getElementById("answers");
const status = document.getElementById("status");
const field = (id) => document.getElementById(id);
let running = null;

/** An element with text and children. Text is never read as markup. */
function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function say(text, wrong = false) {
  status.textContent = text;
  status.className = wrong ? "wrong" : "";
}

function authorization() {
  const token = field("token").value.trim();
  return token ? { Authorization: `Bearer ${token}` } : {};
}

async function failure(reply) {
  try {
    return new Error((await reply.json()).message);
  } catch {
    return new Error(`the server answered with status ${reply.status}`);
  }
}

async function getJson(path) {
  const reply = await fetch(base + path, { headers: authorization() });
  if (!reply.ok) throw await failure(reply);
  return reply.json();
}

/** The events of a stream (WHATWG HTML, section 9.2), as far as this server uses them. */
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    const blocks = rest.split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = { name: "message", data: "" };
      for (const line of block.split("\n")) {
        if (line.startsWith("event: ")) event.name = line.slice(7);
        if (line.startsWith("data: ")) event.data += line.slice(6);
      }
      if (event.data) yield { name: event.name, data: JSON.parse(event.data) };
    }
  }
}

function resultView(result) {
  if (result.type === "plain_text") return element("p", {}, result.text);
  if (result.type === "key_value") {
    const pairs = result.key_values.flatMap(([key, value]) => [element("dt", {}, key), element("dd", {}, value)]);
    return element("dl", {}, ...pairs);
  }
  if (result.type === "raw_html") {
    // The server has sanitised it; the frame may run and load nothing all the same.
    return element("iframe", { sandbox: "", srcdoc: result.html, title: "Answer in HTML", loading: "lazy" });
  }
  return element("p", { class: "quiet" }, `(a result of type ${result.type})`);
}

function percent(score) {
  return `${Math.round(score * 100)} %`;
}

function answerView(answer) {
  const head = element(
    "div",
    { class: "head" },
    element("h3", {}, answer.name),
    element("meter", { min: 0, max: 1, value: answer.score, "aria-label": "How well it fits" }),
    element("span", { class: "quiet" }, `fits ${percent(answer.score)} · ${answer.took_ms} ms`),
  );
  const card = element("li", { class: "card" }, head);
  if (answer.skill_description) card.append(element("div", { class: "quiet" }, answer.skill_description));
  if (answer.error) card.append(element("p", { class: "wrong" }, answer.error));
  for (const result of answer.results ?? []) card.append(resultView(result));
  if (answer.results?.length === 0) card.append(element("p", { class: "quiet" }, "Nothing found."));
  return card;
}

async function finished(event) {
  const count = answers.childElementCount;
  if (count === 0) {
    const question = await getJson(`/question/${event.question_id}`);
    const nearest = question.nearest;
    if (nearest && nearest.score >= question.routing.least_score) {
      return say(`${nearest.name} was asked as often as it may be. Please ask again later.`);
    }
    const hint = nearest ? ` The nearest is ${nearest.name}, with ${percent(nearest.score)}.` : "";
    return say(`No skill fits this question.${hint}`);
  }
  const skills = count === 1 ? "1 skill" : `${count} skills`;
  const late = event.ending === "deadline" ? ", at the deadline" : "";
  say(`${skills} in ${event.took_ms} ms${late}.`);
}

async function ask(signal) {
  const options = {
    selector: field("selector").value || undefined,
    maxQuerriedSkills: field("max-skills").valueAsNumber || undefined,
    maxResultsPerSkill: field("max-results").valueAsNumber || undefined,
  };
  const reply = await fetch(`${base}/question`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "text/event-stream", ...authorization() },
    body: JSON.stringify({ question: field("question").value, options }),
    signal,
  });
  if (!reply.ok) throw await failure(reply);
  for await (const event of events(reply.body)) {
    if (event.name === "skill_result") answers.append(answerView(event.data));
    if (event.name === "finished") await finished(event.data);
    if (event.name === "error") throw new Error(event.data.message);
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  running?.abort();
  const mine = new AbortController();
  running = mine;
  answers.replaceChildren();
  say("Asking…");
  try {
    await ask(mine.signal);
  } catch (error) {
    if (!mine.signal.aborted) say(error.message, true);
  }
});

async function loadSelectors() {
  const selectors = await getJson("/selectors");
  const option = ({ name, description }) => element("option", { value: name, title: description }, name);
  field("selector").replaceChildren(...selectors.map(option));
}

async function loadSkills() {
  const skills = (await getJson("/skills")).filter((skill) => skill.is_published);
  const example = (text) => {
    const button = element("a", { href: "#question" }, text);
    button.addEventListener("click", (event) => {
      event.preventDefault();
      field("question").value = text;
      form.requestSubmit();
    });
    return button;
  };
  const view = (skill) => {
    const card = element("li", { class: "card" }, element("h3", {}, skill.name));
    if (skill.description) card.append(element("div", { class: "quiet" }, skill.description));
    for (const text of skill.examples.slice(0, 2)) card.append(element("div", {}, example(text)));
    return card;
  };
  const none = element("li", { class: "quiet" }, "There are none yet.");
  field("skills").replaceChildren(...(skills.length ? skills.map(view) : [none]));
}

loadSelectors().catch(() => {});
loadSkills().catch((error) => say(error.message, true));
