import { spawn } from "node:child_process";
import { on, once } from "node:events";
import { existsSync, watch } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const LIMIT_MS = 30_000;

/** A server with demo data on a free port, in a folder of its own that goes when it stops. */
export class DemoServer {
  /** `settings` are variables of its environment. */
  static async start(settings = {}) {
    const binary = process.env.SQUARE_BINARY ?? path.join(root, "target/release/square");
    if (!existsSync(binary)) throw new Error(`there is no ${binary}; make it with: cargo build --release`);
    const server = new DemoServer();
    server.folder = await mkdtemp(path.join(tmpdir(), "square-browser-"));
    server.mail = path.join(server.folder, "data/mail");
    await mkdir(server.mail, { recursive: true });
    // Nothing of this machine's settings; port 0 takes a free one.
    const env = { SQUARE__HTTP__BIND: "127.0.0.1:0", SQUARE__PASSWORDS__COST: "4", ...settings };
    server.process = spawn(binary, ["serve", "--demo"], {
      cwd: server.folder,
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    try {
      server.url = await server.#announced();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Where the server says its console is. Its log is read on, so that it never waits for a reader. */
  #announced() {
    const log = [];
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => reject(new Error(`the server is not ready:\n${log.join("\n")}`)), LIMIT_MS);
      this.process.once("error", reject);
      this.process.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${log.join("\n")}`)));
      createInterface({ input: this.process.stderr }).on("line", (line) => {
        log.push(line);
        const url = line.match(/Console\s+(http:\/\/127\.0\.0\.1:\d+)\//)?.[1];
        if (!url) return;
        clearTimeout(limit);
        resolve(url);
      });
    });
  }

  /** A call of the API; what it answers when that is a success. */
  async call(method, path, { body, token, form } = {}) {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    if (body) headers["Content-Type"] = "application/json";
    const reply = await fetch(`${this.url}/api${path}`, { method, headers, body: form ?? (body && JSON.stringify(body)) });
    const answer = await reply.json();
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${answer.message}`);
    return answer;
  }

  /** Waits for the letter to `address` that holds `text` and gives its text. */
  async letterTo(address, text = "") {
    // Watched from here on, so that no letter is missed that comes after a look and before the wait.
    const watcher = watch(this.mail);
    const changes = on(watcher, "change", { signal: AbortSignal.timeout(LIMIT_MS) });
    try {
      for (;;) {
        for (const name of (await readdir(this.mail)).filter((name) => name.endsWith(".eml"))) {
          const letter = await readFile(path.join(this.mail, name), "utf8");
          if (letter.includes(`To: ${address}`) && plain(letter).includes(text)) return plain(letter);
        }
        await changes.next();
      }
    } finally {
      watcher.close();
    }
  }

  async stop() {
    const runs = this.process.pid && this.process.exitCode === null && this.process.signalCode === null;
    if (runs) {
      const ended = once(this.process, "exit");
      this.process.kill("SIGKILL");
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A letter without its transfer encoding. */
function plain(letter) {
  if (!/^content-transfer-encoding: quoted-printable/im.test(letter)) return letter;
  const joined = letter.replace(/=\r?\n/g, "");
  return joined.replace(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
}
