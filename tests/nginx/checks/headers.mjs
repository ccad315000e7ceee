import assert from "node:assert/strict";

async function received(world, headers, path = "/api/skills") {
  const upstream = await world.upstream();
  const nginx = await world.nginx(upstream);
  await nginx.ask(path, { headers });
  return upstream.requests[0].headers;
}

export const forwarded = {
  title: "a server hears who asks, whatever the client says of itself",
  async run(world) {
    const headers = await received(world, {
      Host: "square.example",
      "X-Forwarded-For": "192.0.2.1",
      "X-Forwarded-Proto": "gopher",
      "X-Forwarded-Host": "evil.example",
      "X-Real-IP": "192.0.2.1",
      Forwarded: "for=192.0.2.1",
    });
    assert.equal(headers.host, "square.example");
    assert.equal(headers["x-forwarded-for"], "127.0.0.1");
    assert.equal(headers["x-forwarded-proto"], "https");
    assert.equal(headers["x-forwarded-host"], "square.example");
    assert.equal(headers["x-real-ip"], "127.0.0.1");
    assert.equal(headers.forwarded, undefined);
  },
};

export const keptId = {
  title: "a request keeps the id that it came with",
  async run(world) {
    const headers = await received(world, { "X-Request-Id": "order-17.retry_2" });
    assert.equal(headers["x-request-id"], "order-17.retry_2");
  },
};

export const newId = {
  title: "a request without an id, or with an impossible one, gets one",
  async run(world) {
    const upstream = await world.upstream();
    const nginx = await world.nginx(upstream);
    for (const headers of [{}, { "X-Request-Id": "two words" }, { "X-Request-Id": "x".repeat(65) }]) {
      await nginx.ask("/", { headers });
    }
    const ids = upstream.requests.map((request) => request.headers["x-request-id"]);
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);
    assert.equal(new Set(ids).size, 3);
  },
};

export const upgrades = {
  title: "no upgrade but that to WebSocket is passed on",
  async run(world) {
    const headers = { Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__" };
    const { upgrade, connection } = await received(world, headers);
    assert.equal(upgrade, undefined);
    assert.notEqual(connection, "upgrade");
  },
};

export const keptAlive = {
  title: "connections to servers are used again",
  async run(world) {
    const upstream = await world.upstream();
    const nginx = await world.nginx(upstream);
    for (let number = 0; number < 20; number += 1) await nginx.ask("/");
    const sockets = new Set(upstream.requests.map((request) => request.socket.remotePort));
    // Each of the two workers may hold one to each of the two names of the server.
    assert.ok(sockets.size <= 4, `${sockets.size} connections for 20 requests`);
  },
};
