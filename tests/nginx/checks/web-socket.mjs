import assert from "node:assert/strict";
import { QUESTION, signIn } from "../lib/api.mjs";
import { WebSocketClient } from "../lib/web-socket.mjs";

export const asks = {
  title: "a WebSocket is opened, signs in and gets answers",
  async run(world) {
    const nginx = await world.nginx(await world.instance());
    const socket = await WebSocketClient.open(nginx, "/api/ws");
    assert.equal(socket.protocol, "square.v1");
    socket.send({ type: "auth", ref: "a", token: await signIn(nginx) });
    assert.equal((await socket.next()).username, "demo");
    socket.send({ type: "query", ref: "q", ...QUESTION });
    const messages = [await socket.next(), await socket.next(), await socket.next(), await socket.next()];
    assert.deepEqual(messages.map((message) => message.type), ["skill_result", "skill_result", "skill_result", "finished"]);
    assert.ok(messages.every((message) => message.ref === "q"));
    socket.close();
  },
};

async function answers(socket) {
  socket.send({ type: "ping", ref: "p" });
  return (await socket.next()).type === "pong";
}

export const ends = {
  title: "a WebSocket ends with its server, and the next one is opened on the other",
  async run(world) {
    const servers = [await world.instance(), await world.instance()];
    const nginx = await world.nginx(...servers);
    // The server with the fewest connections gets the next, so each has one.
    const sockets = [await WebSocketClient.open(nginx, "/api/ws"), await WebSocketClient.open(nginx, "/api/ws")];
    for (const socket of sockets) assert.ok(await answers(socket));
    await servers[0].kill();
    await Promise.race(sockets.map((socket) => socket.closed));
    const [left, ...more] = sockets.filter((socket) => !socket.socket.destroyed);
    assert.equal(more.length, 0, "both were on one server");
    const next = await WebSocketClient.open(nginx, "/api/ws");
    for (const socket of [left, next]) {
      assert.ok(await answers(socket));
      socket.close();
    }
  },
};
