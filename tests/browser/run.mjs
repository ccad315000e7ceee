// Opens the pages of `square serve --demo` in Chromium and uses them as people would.
//
//   cargo build --release && npm ci --prefix tests/browser && node tests/browser/run.mjs [--screenshots FOLDER]
//
// SQUARE_BINARY and CHROMIUM name other programs than target/release/square and /usr/bin/chromium.

import { mkdir } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { Browser } from "./lib/browser.mjs";
import { DemoServer } from "./lib/server.mjs";
import { StandInSkill } from "./lib/skill.mjs";
import * as apiDocs from "./checks/api-docs.mjs";
import * as console_ from "./checks/console.mjs";
import * as eventSource from "./checks/event-source.mjs";
import * as mailedLinks from "./checks/mailed-links.mjs";
import * as socketio from "./checks/socketio.mjs";
import * as streaming from "./checks/streaming.mjs";
import * as signUp from "./checks/sign-up.mjs";

const { values: options } = parseArgs({ options: { screenshots: { type: "string" } } });
const checks = [console_, apiDocs, signUp, mailedLinks, streaming, eventSource, socketio].flatMap((file) => Object.values(file));

let passed = 0;
let failed = 0;

async function runAll(world) {
  for (const check of checks) {
    try {
      await world.browser.visit(world, check);
      passed += 1;
      console.log(`ok      ${check.title}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${check.title}\n${String(error?.stack ?? error).replace(/^/gm, "        ")}`);
    }
  }
}

const open = [];
try {
  if (options.screenshots) await mkdir(options.screenshots, { recursive: true });
  const server = await DemoServer.start();
  open.push(server);
  const skill = await StandInSkill.start();
  open.push(skill);
  const browser = await Browser.start(options.screenshots && path.resolve(options.screenshots));
  open.push(browser);
  await runAll({ server, skill, browser });
} catch (error) {
  failed += 1;
  console.log(`FAILED  to start\n${error?.stack ?? error}`);
} finally {
  for (const part of open.reverse()) await part.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
