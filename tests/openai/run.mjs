// Asks `square serve --demo` by OpenAI's API, with its official clients for Node and for Python.
//
//   cargo build --release && npm ci --prefix tests/openai
//   python3 -m venv target/openai && target/openai/bin/pip install -r tests/openai/requirements.txt
//   node tests/openai/run.mjs
//
// SQUARE_BINARY names another program than target/release/square, PYTHON another one than target/openai/bin/python.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { publish } from "../browser/lib/publish.mjs";
import { DemoServer } from "../browser/lib/server.mjs";
import { checks } from "./checks/node.mjs";
import { ANSWER, StreamingSkill } from "./lib/skill.mjs";

const LIMIT_MS = 30_000;
const here = path.dirname(fileURLToPath(import.meta.url));
const python = process.env.PYTHON ?? path.join(here, "../../target/openai/bin/python");

/** Skills that fit the same questions, each trained with words of its own. */
const WEATHER = {
  Weather: ["Will it rain tomorrow?", "Does it rain in Bergen?", "How is the weather today?", "Is rain coming tomorrow?"],
  Forecast: ["Will it rain tomorrow?", "Is it going to rain?", "What is the forecast for tomorrow?", "Will tomorrow be wet?"],
  Umbrella: ["Will it rain tomorrow?", "Do I need an umbrella?", "Shall I take my raincoat tomorrow?", "Will it rain on me?"],
};

let passed = 0;
let failed = 0;
async function check(title, run) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  try {
    await Promise.race([run(), limit]);
    passed += 1;
    console.log(`ok      ${title}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${title}\n${String(error?.stack ?? error).replace(/^/gm, "        ")}`);
  } finally {
    clearTimeout(timer);
  }
}

async function runPython(world) {
  const file = path.join(here, "checks/python.py");
  const child = spawn(python, [file, world.server.url, world.token, ANSWER, ...world.weather], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  assert.equal(code, 0, `${file} ended with ${code}`);
}

const open = [];
try {
  // Whoever hangs up amid a silence is noticed when a sign of life cannot be sent, and missed from then on.
  const server = await DemoServer.start({ SQUARE__QUESTIONS__GRACE_S: "1", SQUARE__QUESTIONS__HEARTBEAT_S: "1" });
  open.push(server);
  const skill = await StreamingSkill.start();
  open.push(skill);
  const { access_token: token } = await server.call("POST", "/login", {
    body: { username: "demo", password: "square-demo" },
  });
  for (const [name, examples] of Object.entries(WEATHER)) {
    await publish(server, { name, url: skill.url, protocol: "openai" }, examples);
  }
  const world = { server, skill, token, weather: Object.keys(WEATHER) };
  for (const [title, run] of Object.entries(checks(world))) await check(`Node's client ${title}`, run);
  await check("Python's client passes its checks", () => runPython(world));
} catch (error) {
  failed += 1;
  console.log(`FAILED  to run\n${error?.stack ?? error}`);
} finally {
  for (const part of open.reverse()) await part.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
