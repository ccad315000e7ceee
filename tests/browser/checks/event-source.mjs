import assert from "node:assert/strict";
import { Cable } from "../lib/cable.mjs";
import { publish } from "../lib/publish.mjs";

const QUESTION = "What does the relay say?";

/** What a page does: asks, gets a ticket, and listens. */
async function listen(question) {
  const call = async (path, token, body) => {
    const headers = { "Content-Type": "application/json", Prefer: "respond-async" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const reply = await fetch(`/api${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    return reply.json();
  };
  const { access_token: token } = await call("/login", null, { username: "demo", password: "square-demo" });
  const { question_id: id } = await call("/question", token, { question });
  const { path } = await call(`/question/${id}/ticket`, token, {});
  const source = new EventSource(`${path}&events=all`);
  const names = ["question_accepted", "route_decided", "skill_started", "answer_delta", "skill_result", "finished"];
  for (const name of names) {
    source.addEventListener(name, ({ lastEventId, data }) => window.heard({ name, id: Number(lastEventId), data: JSON.parse(data) }));
  }
  source.onopen = () => window.heard({ name: "open" });
  source.onerror = () => window.heard({ name: source.readyState === EventSource.CLOSED ? "closed" : "lost" });
}

export const eventSource = {
  title: "EventSource gets a routed answer by a ticket, goes on after a cut with the next number, and stops at the end",
  // The browser reports the connection that is cut.
  expected: /^(console: Failed to load resource: net::ERR_|request failed: .*\/events\?ticket=)/,
  async run({ page, server, skill }) {
    await publish(server, { name: "Relay", url: skill.url, description: "Relays." }, [QUESTION, "Ask the relay"]);
    const cable = await Cable.to(server.url);
    try {
      const heard = [];
      let wake = () => {};
      await page.exposeFunction("heard", (event) => {
        heard.push(event);
        wake();
      });
      const until = async (name, times = 1) => {
        while (heard.filter((event) => event.name === name).length < times) await new Promise((resolve) => (wake = resolve));
      };
      await page.goto(cable.url);
      await page.evaluate(listen, QUESTION);
      await until("skill_started");
      await skill.asked();
      cable.cut();
      await until("open", 2);
      skill.answer([{ type: "plain_text", text: "Over." }]);
      await until("closed");

      const told = heard.filter((event) => event.id);
      assert.deepEqual(
        told.map((event) => [event.id, event.name]),
        [[1, "question_accepted"], [2, "route_decided"], [3, "skill_started"], [4, "skill_result"], [5, "finished"]],
      );
      assert.equal(told[1].data.selector, "Square");
      assert.equal(told[1].data.chosen[0].name, "Relay");
      assert.equal(told[3].data.results[0].text, "Over.");
      const others = heard.filter((event) => !event.id).map((event) => event.name);
      // Cut off, opened again, at its end once more, and told that nothing follows.
      assert.deepEqual(others, ["open", "lost", "open", "lost", "closed"]);
      assert.deepEqual([...cable.sent.matchAll(/^last-event-id: (\d+)/gim)].map(([, id]) => id), ["3", "5"]);
    } finally {
      await cable.stop();
    }
  },
};
