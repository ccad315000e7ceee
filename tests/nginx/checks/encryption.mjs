import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:http2";

export const versions = {
  title: "TLS 1.2 and 1.3 are spoken, and nothing older",
  async run(world) {
    const nginx = await world.nginx(await world.upstream());
    for (const version of ["TLSv1.2", "TLSv1.3"]) {
      const socket = await nginx.handshake({ minVersion: version, maxVersion: version });
      assert.equal(socket.getProtocol(), version);
      socket.destroy();
    }
    for (const version of ["TLSv1", "TLSv1.1"]) {
      const old = { minVersion: version, maxVersion: version, ciphers: "DEFAULT:@SECLEVEL=0" };
      await assert.rejects(nginx.handshake(old), /alert/, version);
    }
  },
};

export const strict = {
  title: "browsers are told to use TLS from now on, in errors too",
  async run(world) {
    const nginx = await world.nginx(await world.upstream());
    assert.match((await nginx.ask("/")).headers["strict-transport-security"], /^max-age=\d{8}/);
    const tooLarge = await nginx.post("/api/login", "x".repeat(2 ** 21));
    assert.equal(tooLarge.status, 413);
    assert.match(tooLarge.headers["strict-transport-security"], /^max-age=\d{8}/);
  },
};

export const http2 = {
  title: "HTTP/2 is spoken with whoever offers it",
  async run(world) {
    const nginx = await world.nginx(await world.upstream());
    const session = connect(`https://localhost:${nginx.tlsPort}`, { ...nginx.tls, path: undefined });
    try {
      const request = session.request({ ":path": "/api/skills" });
      const [headers] = await once(request, "response");
      assert.equal(headers[":status"], 200);
      assert.equal(session.alpnProtocol, "h2");
    } finally {
      session.destroy();
    }
  },
};

export const plain = {
  title: "whoever comes without TLS is sent on, but for the challenge that certificates are got by",
  async run(world) {
    const upstream = await world.upstream();
    const nginx = await world.nginx(upstream);
    const sentOn = await nginx.askPlainly("/api/skills?page=2");
    assert.equal(sentOn.status, 308);
    assert.equal(sentOn.headers.location, "https://localhost/api/skills?page=2");
    const challenge = await nginx.askPlainly("/.well-known/acme-challenge/token");
    assert.deepEqual([challenge.status, challenge.text], [200, "the challenge"]);
    assert.equal(upstream.requests.length, 0);
  },
};
