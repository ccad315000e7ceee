// Runs nginx with docker/nginx/*.conf in front of servers on this machine and uses them as clients do.
//
//   cargo build && node tests/nginx/run.mjs [WORD]
//
// Only checks whose title contains WORD are run. Needs nginx and openssl (Debian's will do). SQUARE_BINARY and NGINX name
// other programs than target/{release,debug}/square and nginx.

import { LIMIT_MS } from "./lib/process.mjs";
import { World } from "./lib/world.mjs";
import * as configuration from "./checks/configuration.mjs";
import * as encryption from "./checks/encryption.mjs";
import * as failover from "./checks/failover.mjs";
import * as headers from "./checks/headers.mjs";
import * as limits from "./checks/limits.mjs";
import * as streaming from "./checks/streaming.mjs";
import * as webSocket from "./checks/web-socket.mjs";

const word = process.argv[2] ?? "";
const files = [configuration, encryption, headers, limits, streaming, webSocket, failover];
const checks = files.flatMap((file) => Object.values(file)).filter((check) => check.title.includes(word));

/** A stream that is held back on its way never comes: that is a failure too. */
async function within(limit, work) {
  let timer;
  const over = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${limit} ms`)), limit);
  });
  return Promise.race([work, over]).finally(() => clearTimeout(timer));
}

let failed = 0;
for (const check of checks) {
  // Each check has a world of its own: nothing depends on what an earlier one left behind.
  const world = new World();
  try {
    await within(LIMIT_MS, check.run(world));
    console.log(`ok      ${check.title}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${check.title}\n${String(error?.stack ?? error).replace(/^/gm, "        ")}`);
    const log = await world.errorLog();
    if (log) console.log(`        nginx said:\n${log.trim().replace(/^/gm, "        ")}`);
  } finally {
    await world.end();
  }
}
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
