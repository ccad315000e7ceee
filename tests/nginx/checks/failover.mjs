import assert from "node:assert/strict";
import { QUESTION } from "../lib/api.mjs";

export const killed = {
  title: "when one server is killed, every request is answered by the other",
  async run(world) {
    const servers = [await world.instance(), await world.instance()];
    const nginx = await world.nginx(...servers);
    assert.equal((await nginx.ask("/api/skills")).status, 200);
    await servers[0].kill();
    for (let number = 0; number < 20; number += 1) {
      assert.equal((await nginx.ask("/api/skills")).status, 200);
      // It could not be sent to the one that is gone, so even this is sent to the other.
      assert.equal((await nginx.post("/api/question", QUESTION)).status, 200);
    }
  },
};

export const nobody = {
  title: "when no server is left, that is said as Square would say it",
  async run(world) {
    const upstream = await world.upstream();
    const nginx = await world.nginx(upstream);
    await upstream.stop();
    const { status, headers, text } = await nginx.ask("/api/skills", { headers: { "X-Request-Id": "lost" } });
    assert.equal(status, 503);
    assert.match(headers["retry-after"], /^\d+$/);
    assert.equal(headers["x-request-id"], "lost");
    const body = JSON.parse(text);
    assert.deepEqual([body.success, body.error, body.code, body.request_id], [false, 503, "unavailable", "lost"]);
  },
};

export const once = {
  title: "what may not be done twice is not sent twice when a server dies over it, what may is",
  async run(world) {
    for (const [method, statuses, sentToBoth] of [
      ["GET", [200], true],
      ["POST", [200, 503], false],
      ["PATCH", [200, 503], false],
    ]) {
      const dies = await world.upstream((request) => request.socket.destroy());
      const lives = await world.upstream();
      const nginx = await world.nginx(dies, lives);
      const met = new Set();
      for (let number = 0; number < 4; number += 1) met.add((await nginx.ask("/api/skill/x", { method })).status);
      assert.deepEqual([...met].sort(), statuses, method);
      assert.ok(dies.requests.length > 0, "nobody met the server that dies");
      assert.equal(dies.requests.length + lives.requests.length, 4 + (sentToBoth ? dies.requests.length : 0), method);
    }
  },
};

export const answered = {
  title: "a server that says that it is unavailable is believed, and not left out for it",
  async run(world) {
    const upstream = await world.upstream((_, response) => {
      response.writeHead(503, { "Retry-After": "5", "Content-Type": "application/json" });
      response.end('{"code":"unavailable"}');
    });
    const nginx = await world.nginx(upstream);
    for (let number = 0; number < 10; number += 1) {
      const { status, headers, text } = await nginx.ask("/api/skills");
      assert.deepEqual([status, headers["retry-after"], text], [503, "5", '{"code":"unavailable"}']);
    }
    assert.equal(upstream.requests.length, 10);
  },
};
