// Asks `square serve --demo` by Socket.IO, with each kind of client over each transport.
//
//   cargo build --release && npm ci --prefix tests/socketio && node tests/socketio/run.mjs
//
// SQUARE_BINARY names another program than target/release/square.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import ioOfVersion2 from "socket.io-client-2";
import { io as ioOfVersion4 } from "socket.io-client-4";
import { DemoServer } from "../browser/lib/server.mjs";

const LIMIT_MS = 20_000;
const TRANSPORTS = [["polling"], ["websocket"], ["polling", "websocket"]];
const CLIENTS = [
  { version: "2.3.0", connect: ioOfVersion2 },
  { version: "4.8.4", connect: ioOfVersion4 },
];

/** Whatever settles first, `promise` or the limit. */
function inTime(promise, what) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${LIMIT_MS} ms`)), LIMIT_MS);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

/** Sends an event and gathers its answers up to the one that `last` tells to be the last. */
function answers(socket, [event, body], reply, last) {
  const gathered = [];
  const all = new Promise((resolve) => {
    socket.on(reply, function take(answer) {
      gathered.push(answer);
      if (!last(answer)) return;
      socket.off(reply, take);
      resolve(gathered);
    });
  });
  socket.emit(event, body);
  return inTime(all, `last ${reply}`);
}

const ask = (socket, body) =>
  answers(socket, ["query", body], "skillResult", (answer) => answer.finished || answer.error_msg);

async function withSocket({ connect }, url, options, use) {
  const socket = connect(`${url}/api`, { forceNew: true, reconnection: false, ...options });
  try {
    await inTime(
      new Promise((resolve, reject) => {
        socket.on("connect", resolve);
        for (const event of ["connect_error", "error"]) socket.on(event, (error) => reject(new Error(`${event}: ${error?.message ?? error}`)));
      }),
      "connection",
    );
    return await use(socket);
  } finally {
    socket.close();
  }
}

/** A skill that answers at once. */
async function startSkill() {
  const listener = createServer((request, response) => {
    request.resume();
    response.setHeader("Content-Type", "application/json");
    response.end(request.method === "POST" ? JSON.stringify([{ type: "plain_text", text: "It rains." }]) : "{}");
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return listener;
}

async function checkQuestions(socket) {
  const all = await ask(socket, { question: "Which actors played in Heat?" });
  const finished = all.at(-1);
  assert.equal(finished.finished, true);
  assert.equal(finished.ending, "complete");
  const casting = all.find((answer) => answer.name === "Casting");
  assert.match(JSON.stringify(casting.results), /Al Pacino/);

  const [wrong, ...more] = await ask(socket, { question: "", options: { maxQuerriedSkills: 99 } });
  assert.deepEqual(more, []);
  assert.equal(wrong.code, "validation_failed");
  assert.deepEqual(wrong.details.map((detail) => detail.field).sort(), ["options.maxQuerriedSkills", "question"]);
  const [notAnObject] = await ask(socket, "Who?");
  assert.match(notAnObject.error_msg, /expected an object/);
}

async function checkTraining(socket, jwt, id) {
  const file = (text) => Buffer.from(text);
  const over = (answer) => answer.finished || (answer.error && true);
  const train = (body) => answers(socket, ["train", body], "train", over);
  const files = { train_file: file("Will it rain?\nIs it sunny today?\n"), dev_file: file("Does it rain?\n") };

  const [refused] = await train({ id, ...files });
  assert.equal(refused.code, "authentication_required");
  const [missing] = await train({ id, train_file: files.train_file, jwt });
  assert.match(missing.error, /dev_file/);
  const [binary] = await train({ id, train_file: Buffer.from([0xff, 0xfe]), dev_file: files.dev_file, jwt });
  assert.match(binary.error, /UTF-8/);

  const told = await train({ id, ...files, jwt });
  assert.equal(told[0].msg, "Started training for the skill");
  assert.equal(told.at(-1).finished, true);
  assert.equal(told.at(-1).error, undefined);
  assert.equal(typeof told.at(-1).accuracy.Square, "number");

  const answered = await ask(socket, { question: "Will it rain?", options: { selectedSkills: [id] } });
  assert.deepEqual(answered[0].results, [{ type: "plain_text", text: "It rains." }]);

  const [unpublished] = await answers(socket, ["unpublish", { id, jwt }], "unpublish", over);
  assert.equal(unpublished.finished, true);
}

let passed = 0;
let failed = 0;
async function check(title, run) {
  try {
    await run();
    passed += 1;
    console.log(`ok      ${title}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${title}\n${String(error?.stack ?? error).replace(/^/gm, "        ")}`);
  }
}

const server = await DemoServer.start();
const listener = await startSkill();
try {
  const { access_token: token } = await server.call("POST", "/login", {
    body: { username: "demo", password: "square-demo" },
  });
  for (const client of CLIENTS) {
    for (const transports of TRANSPORTS) {
      const name = `client ${client.version} over ${transports.join(", then ")}`;
      await check(`${name} asks`, () => withSocket(client, server.url, { transports }, checkQuestions));
      await check(`${name} trains and unpublishes`, async () => {
        const url = `http://127.0.0.1:${listener.address().port}`;
        const skill = await server.call("POST", "/skill", { token, body: { name: `Weather ${passed + failed}`, url } });
        await withSocket(client, server.url, { transports }, (socket) => checkTraining(socket, token, skill.id));
      });
    }
  }
  await check("client 4.8.4 signs in as it connects, and is refused with a token that does not count", async () => {
    const [, client] = CLIENTS;
    await withSocket(client, server.url, { auth: { token } }, checkQuestions);
    const refused = withSocket(client, server.url, { auth: { token: "none" } }, async () => {});
    await assert.rejects(refused, /connect_error/);
  });
} catch (error) {
  failed += 1;
  console.log(`FAILED  to run\n${error?.stack ?? error}`);
} finally {
  listener.closeAllConnections();
  listener.close();
  await server.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
