import assert from "node:assert/strict";
import { QUESTION, publish } from "../lib/api.mjs";
import { events } from "../lib/events.mjs";

const STREAM = { "Content-Type": "application/json", Accept: "text/event-stream" };

export const asked = {
  title: "an answer comes through while another skill is still thinking",
  async run(world) {
    const nginx = await world.nginx(await world.instance());
    const skill = await world.skill();
    await publish(nginx, skill.url);
    const response = await nginx.open("POST", "/api/question", { headers: STREAM, body: JSON.stringify(QUESTION) });
    assert.equal(response.headers["content-type"], "text/event-stream");
    const stream = events(response);
    const names = new Set();
    await skill.asked();
    // The stand-in holds its answer back until these are here.
    const builtIn = ["Casting", "Companies", "Events"];
    for (const _ of builtIn) names.add((await stream.next()).value.data.name);
    assert.deepEqual([...names].sort(), builtIn);
    skill.answer([{ type: "plain_text", text: "At last." }]);
    assert.equal((await stream.next()).value.data.name, "Stand-in");
    assert.equal((await stream.next()).value.name, "finished");
    assert.equal((await stream.next()).done, true);
  },
};

export const goesOn = {
  title: "a stream that was cut goes on where it was cut",
  async run(world) {
    const nginx = await world.nginx(await world.instance());
    const skill = await world.skill();
    await publish(nginx, skill.url);
    const response = await nginx.open("POST", "/api/question", { headers: STREAM, body: JSON.stringify(QUESTION) });
    const question = response.headers["x-question-id"];
    const first = (await events(response).next()).value;
    response.destroy();
    await skill.asked();
    const again = await nginx.open("GET", `/api/question/${question}/events`, { headers: { "Last-Event-ID": first.id } });
    const stream = events(again);
    for (const further of [1, 2]) assert.equal(Number((await stream.next()).value.id), Number(first.id) + further);
    skill.answer([]);
    assert.equal((await stream.next()).value.data.name, "Stand-in");
    assert.equal((await stream.next()).value.name, "finished");
  },
};

export const unbuffered = {
  title: "streams are passed on byte by byte, whatever the server's headers say",
  async run(world) {
    const open = [];
    const upstream = await world.upstream((_, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("data: 1\n\n");
      open.push(response);
    });
    const nginx = await world.nginx(upstream);
    for (const [method, path] of [["POST", "/api/question"], ["GET", "/api/question/019b76da/events"]]) {
      const stream = events(await nginx.open(method, path));
      assert.equal((await stream.next()).value.data, 1);
      open.at(-1).end("data: 2\n\n");
      assert.equal((await stream.next()).value.data, 2);
    }
  },
};
