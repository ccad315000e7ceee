import { once } from "node:events";
import { createServer } from "node:http";

/** Stands where Square would, does what it is told and remembers every request. */
export class Upstream {
  requests = [];

  static async start(serve = (_, response) => response.end("well")) {
    const upstream = new Upstream();
    upstream.server = createServer((request, response) => {
      upstream.requests.push(request);
      serve(request, response);
    });
    // A request for an upgrade that is not meant to be one is a request like others.
    upstream.server.on("upgrade", (request, socket) => {
      upstream.requests.push(request);
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
    upstream.server.listen(0, "127.0.0.1");
    await once(upstream.server, "listening");
    upstream.address = `127.0.0.1:${upstream.server.address().port}`;
    return upstream;
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
