import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";

const client = path.join(path.dirname(createRequire(import.meta.url).resolve("socket.io-client-2/package.json")), "dist/socket.io.js");

/** An empty page of another site. */
async function startSite() {
  const site = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>Another site</title><link rel=icon href=data:,>");
  });
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  return site;
}

export const socketIoOfVersion2 = {
  title: "a client of Socket.IO 2 polls from a page of another site, with the credentials that it sends",
  async run({ page, server }) {
    const site = await startSite();
    try {
      await page.goto(`http://127.0.0.1:${site.address().port}/`);
      await page.addScriptTag({ path: client });
      const answers = await page.evaluate(
        (url) =>
          new Promise((resolve, reject) => {
            const socket = window.io(`${url}/api`, { transports: ["polling"], reconnection: false });
            const heard = [];
            socket.on("connect_error", (error) => reject(new Error(`connect_error: ${error}`)));
            socket.on("connect", () => socket.emit("query", { question: "Which actors played in Heat?" }));
            socket.on("skillResult", (answer) => {
              heard.push(answer);
              if (!answer.finished) return;
              socket.close();
              resolve(heard);
            });
          }),
        server.url,
      );
      assert.equal(answers[0].name, "Casting");
      assert.match(JSON.stringify(answers[0].results), /Al Pacino/);
      // Nowhere else are credentials allowed.
      const refused = await page.evaluate((url) => fetch(`${url}/api/skills`, { credentials: "include" }).catch(() => "refused"), server.url);
      assert.equal(refused, "refused");
    } finally {
      site.closeAllConnections();
      site.close();
    }
  },
  // The poll that is under way when the socket closes, or that comes to a session that is closed, and what the browser says of the refused
  // call.
  expected: /^(request failed: .*(\/socket\.io\/.* net::ERR_ABORTED|\/api\/skills )|console: (Access to fetch at .*credentials|Failed to load resource: (net::ERR_FAILED|the server responded with a status of 400)))/,
};
