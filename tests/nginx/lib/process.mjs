import { once } from "node:events";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { execFile, spawn } from "node:child_process";

export const LIMIT_MS = 30_000;

/** Runs a program to its end and gives what it printed; fails when it does. */
export const run = promisify(execFile);

/** A program that goes on; `signal` ends it. */
export class Running {
  constructor(program, args, options) {
    this.process = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"], ...options });
    // Awaited at the end; without this a failure to start would be nobody's.
    this.ended = new Promise((resolve) => {
      this.process.once("exit", resolve);
      this.process.once("error", resolve);
    });
  }

  get runs() {
    return this.process.pid && this.process.exitCode === null && this.process.signalCode === null;
  }

  async end(signal = "SIGKILL") {
    if (this.runs) this.process.kill(signal);
    await this.ended;
  }
}

/** Ports that nobody listens on at the moment. */
export async function freePorts(number) {
  const servers = Array.from({ length: number }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
