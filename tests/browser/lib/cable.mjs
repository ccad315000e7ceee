import { once } from "node:events";
import { connect, createServer } from "node:net";

/** A way to the server that can be cut. It keeps what clients send. */
export class Cable {
  #open = new Set();
  sent = "";

  static async to(url) {
    const cable = new Cable();
    const { hostname, port } = new URL(url);
    cable.listener = createServer((client) => cable.#bring(client, connect(Number(port), hostname)));
    cable.listener.listen(0, "127.0.0.1");
    await once(cable.listener, "listening");
    cable.url = `http://127.0.0.1:${cable.listener.address().port}`;
    return cable;
  }

  #bring(client, server) {
    client.on("data", (bytes) => (this.sent += bytes.toString("latin1")));
    for (const [from, to] of [[client, server], [server, client]]) {
      this.#open.add(from);
      from.pipe(to);
      // What breaks on one side is over on the other.
      from.on("error", () => {});
      from.on("close", () => {
        this.#open.delete(from);
        to.destroy();
      });
    }
  }

  /** Cuts every connection there is; new ones get through. */
  cut() {
    for (const socket of this.#open) socket.destroy();
  }

  async stop() {
    this.cut();
    this.listener.close();
  }
}
