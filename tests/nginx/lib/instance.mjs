import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { LIMIT_MS, Running } from "./process.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");

function binary() {
  const built = ["release", "debug"].map((profile) => path.join(root, "target", profile, "square"));
  const found = [process.env.SQUARE_BINARY, ...built].find((file) => file && existsSync(file));
  if (!found) throw new Error("there is no target/release/square; make it with: cargo build --release");
  return found;
}

/** Square with demo data on a free port, in a folder of its own that goes when it stops. */
export class Instance {
  static async start(settings = {}) {
    const instance = new Instance();
    instance.folder = await mkdtemp(path.join(tmpdir(), "square-nginx-"));
    // Nothing of this machine's settings; port 0 takes a free one.
    const env = { SQUARE__HTTP__BIND: "127.0.0.1:0", SQUARE__PASSWORDS__COST: "4", ...settings };
    instance.running = new Running(binary(), ["serve", "--demo"], { cwd: instance.folder, env });
    try {
      instance.address = await instance.#announced();
    } catch (error) {
      await instance.stop();
      throw error;
    }
    return instance;
  }

  /** Where the server says it listens. Its log is read on, so that it never waits for a reader. */
  #announced() {
    const log = [];
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`the server is not ready:\n${log.join("\n")}`));
      const limit = setTimeout(fail, LIMIT_MS);
      this.running.ended.then(() => {
        clearTimeout(limit);
        fail();
      });
      createInterface({ input: this.running.process.stderr }).on("line", (line) => {
        log.push(line);
        const address = line.match(/Console\s+http:\/\/(127\.0\.0\.1:\d+)\//)?.[1];
        if (!address) return;
        clearTimeout(limit);
        resolve(address);
      });
    });
  }

  async kill() {
    await this.running.end("SIGKILL");
  }

  async stop() {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
