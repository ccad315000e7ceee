import assert from "node:assert/strict";

export const accepted = {
  title: "nginx has nothing to say about the configuration",
  async run(world) {
    const nginx = await world.nginx(await world.upstream());
    assert.match(await nginx.test(), /^nginx: the configuration file \S+ syntax is ok\nnginx: .* test is successful\n$/);
    assert.equal(await nginx.errorLog(), "");
  },
};

export const logged = {
  title: "the log tells of requests, but not of the secrets in their paths and queries",
  async run(world) {
    const upstream = await world.upstream();
    const nginx = await world.nginx(upstream);
    await nginx.ask("/verify/the-token/the-user?query-secret=1", { headers: { "X-Request-Id": "one" } });
    await nginx.ask("/api/verify/the-token/the-user", { method: "POST", headers: { "X-Request-Id": "two" } });
    await nginx.ask("/api/skills?query-secret=1", { headers: { "X-Request-Id": "three" } });
    for (const page of ["reset_password", "change_email", "link_social"]) {
      await nginx.ask(`/${page}/the-token/the-user`, { headers: { "X-Request-Id": page } });
    }
    const lines = await nginx.accessLog();
    const told = lines.map(({ request_id, method, path, status, instance }) => [request_id, method, path, status, instance]);
    assert.deepEqual(told, [
      ["one", "GET", "/verify/", 200, upstream.address],
      ["two", "POST", "/api/verify/", 200, upstream.address],
      ["three", "GET", "/api/skills", 200, upstream.address],
      ["reset_password", "GET", "/reset_password/", 200, upstream.address],
      ["change_email", "GET", "/change_email/", 200, upstream.address],
      ["link_social", "GET", "/link_social/", 200, upstream.address],
    ]);
    assert.doesNotMatch(JSON.stringify(lines), /the-token|the-user|query-secret/);
  },
};
