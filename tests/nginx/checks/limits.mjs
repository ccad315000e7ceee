import assert from "node:assert/strict";

const MIB = 2 ** 20;

export const small = {
  title: "a body a little too large is refused by Square, a much larger one by nginx, both in the same form",
  async run(world) {
    const nginx = await world.nginx(await world.instance());
    const refusals = [];
    for (const bytes of [MIB + 1, 2 * MIB]) {
      const { status, headers, text } = await nginx.post("/api/login", `"${"x".repeat(bytes - 2)}"`, { "X-Request-Id": "big" });
      assert.equal(status, 413);
      assert.match(headers["content-type"], /^application\/json/);
      assert.equal(headers["x-request-id"], "big");
      refusals.push(JSON.parse(text));
    }
    const [square, ours] = refusals;
    assert.match(square.message, /must have at most 1048576 bytes/);
    assert.deepEqual(Object.keys(ours).sort(), Object.keys(square).sort());
    for (const key of ["success", "error", "code", "details", "request_id"]) assert.deepEqual(ours[key], square[key], key);
  },
};

export const training = {
  title: "training files may be as large as Square takes them",
  async run(world) {
    const sizes = [];
    const upstream = await world.upstream(async (request, response) => {
      sizes.push((await request.toArray()).reduce((sum, chunk) => sum + chunk.length, 0));
      response.end();
    });
    const nginx = await world.nginx(upstream);
    const body = Buffer.alloc(10 * MIB + 4096);
    const path = "/api/skill/019b76da-a800-7000-8000-000000000001/train";
    assert.equal((await nginx.ask(path, { method: "POST", body })).status, 200);
    assert.deepEqual(sizes, [body.length]);
    assert.equal((await nginx.ask("/api/skill/x", { method: "POST", body })).status, 413);
  },
};
