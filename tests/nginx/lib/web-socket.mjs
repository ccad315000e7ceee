import { randomBytes } from "node:crypto";
import { request } from "node:https";

/** A WebSocket client (RFC 6455) that knows text messages below 64 KiB, which is all that the checks need. */
export class WebSocketClient {
  #buffer = Buffer.alloc(0);
  #messages = [];
  #waiting = [];

  static open(nginx, path) {
    const headers = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Protocol": "square.v1",
    };
    return new Promise((resolve, reject) => {
      const sent = request({ ...nginx.tls, path, agent: false, headers });
      sent.once("upgrade", (response, socket, head) => resolve(new WebSocketClient(response, socket, head)));
      sent.once("response", (response) => reject(new Error(`no upgrade: ${response.statusCode}`)));
      sent.once("error", reject);
      sent.end();
    });
  }

  constructor(response, socket, head) {
    this.protocol = response.headers["sec-websocket-protocol"];
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("data", (bytes) => this.#take(bytes)).on("error", () => {});
    this.#take(head);
  }

  #take(bytes) {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    for (;;) {
      if (this.#buffer.length < 2) return;
      const short = this.#buffer[1];
      const start = short === 126 ? 4 : 2;
      if (this.#buffer.length < start) return;
      const length = short === 126 ? this.#buffer.readUInt16BE(2) : short;
      if (this.#buffer.length < start + length) return;
      const payload = this.#buffer.subarray(start, start + length);
      const isText = (this.#buffer[0] & 0x0f) === 1;
      this.#buffer = this.#buffer.subarray(start + length);
      if (isText) this.#messages.push(JSON.parse(payload));
      for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  send(message) {
    const payload = Buffer.from(JSON.stringify(message));
    const mask = randomBytes(4);
    const length =
      payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 0xff];
    this.socket.write(Buffer.from([0x81, ...length, ...mask, ...payload.map((byte, at) => byte ^ mask[at % 4])]));
  }

  /** The next message. */
  async next() {
    while (this.#messages.length === 0) {
      if (this.socket.destroyed) throw new Error("the socket was closed");
      await Promise.race([new Promise((wake) => this.#waiting.push(wake)), this.closed]);
    }
    return this.#messages.shift();
  }

  close() {
    this.socket.destroy();
  }
}
