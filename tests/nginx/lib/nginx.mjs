import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request } from "node:https";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { LIMIT_MS, Running, freePorts, run } from "./process.mjs";

const shipped = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../docker/nginx");
const program = process.env.NGINX ?? "nginx";
// Debian has it where only root looks for programs.
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };

/** Replaces parts of a file; each must stand there, so what is tested is what is shipped, but for these. */
function adapted(text, replacements) {
  return Object.entries(replacements).reduce((text, [old, by]) => {
    if (!text.includes(old)) throw new Error(`"${old}" must stand in the file`);
    return text.replaceAll(old, by);
  }, text);
}

/** nginx with the shipped files, but for addresses and places, in a folder of its own that goes when it stops. */
export class Nginx {
  static async start(addresses) {
    const nginx = new Nginx();
    nginx.folder = await mkdtemp(path.join(tmpdir(), "square-nginx-"));
    try {
      [nginx.tlsPort, nginx.plainPort] = await freePorts(2);
      await nginx.#makeCertificate();
      await nginx.#writeConfiguration(addresses);
      nginx.running = new Running(program, [...nginx.#arguments, "-g", "daemon off;"], { env });
      await nginx.#listens();
    } catch (error) {
      await nginx.stop();
      throw error;
    }
    return nginx;
  }

  get #arguments() {
    return ["-p", this.folder, "-c", path.join(this.folder, "nginx.conf"), "-e", path.join(this.folder, "error.log")];
  }

  async #makeCertificate() {
    const at = (name) => path.join(this.folder, name);
    await run("openssl", [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost".split(" "),
      ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", at("key.pem"), "-out", at("certificate.pem")],
    ]);
    this.certificate = await readFile(at("certificate.pem"));
  }

  async #writeConfiguration([first, second]) {
    const at = (name) => path.join(this.folder, name);
    const read = (name) => readFile(path.join(shipped, name), "utf8");
    await mkdir(at("acme/.well-known/acme-challenge"), { recursive: true });
    await writeFile(at("acme/.well-known/acme-challenge/token"), "the challenge");
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${at(kind)};`);
    const main = adapted(await read("nginx.conf"), {
      "user nginx;": process.getuid() === 0 ? "user root;" : "",
      "worker_processes auto;": "worker_processes 2;",
      "worker_rlimit_nofile 65536;": "",
      "worker_connections 16384;": "worker_connections 256;",
      "/run/nginx.pid": at("nginx.pid"),
      "/dev/stderr": at("error.log"),
      "include /etc/nginx/conf.d/*.conf;": `${temporary.join(" ")} include ${at("square.conf")};`,
    });
    const square = adapted(await read("square.conf"), {
      "listen 80;": `listen 127.0.0.1:${this.plainPort};`,
      "listen [::]:80;": "",
      "listen 443 ssl http2;": `listen 127.0.0.1:${this.tlsPort} ssl http2;`,
      "listen [::]:443 ssl http2;": "",
      "square-1:8080": first,
      "square-2:8080": second,
      "/run/secrets/certificate;": `${at("certificate.pem")};`,
      "/run/secrets/certificate_key;": `${at("key.pem")};`,
      "/dev/stdout": at("access.log"),
      "/var/www/acme": at("acme"),
    });
    await writeFile(at("nginx.conf"), main);
    await writeFile(at("square.conf"), square);
  }

  /** Returns once connections are taken. */
  async #listens() {
    const end = Date.now() + LIMIT_MS;
    for (;;) {
      const taken = await new Promise((resolve) => {
        const socket = connectTcp(this.tlsPort, "127.0.0.1", () => resolve(true));
        socket.on("error", () => resolve(false)).on("connect", () => socket.destroy());
      });
      if (taken) return;
      if (!this.running.runs || Date.now() > end) throw new Error(`nginx does not start:\n${await this.errorLog()}`);
      await pause(20);
    }
  }

  /** What `nginx -t` says of the configuration. */
  async test() {
    return (await run(program, ["-t", ...this.#arguments], { env })).stderr;
  }

  errorLog() {
    return readFile(path.join(this.folder, "error.log"), "utf8").catch(() => "");
  }

  /** Ends nginx and gives the lines of its access log, which are complete only then. */
  async accessLog() {
    await this.running.end("SIGQUIT");
    const lines = (await readFile(path.join(this.folder, "access.log"), "utf8")).split("\n");
    return lines.filter((line) => line).map((line) => JSON.parse(line));
  }

  /** What TLS connections are made with. */
  get tls() {
    return { host: "127.0.0.1", port: this.tlsPort, ca: this.certificate, servername: "localhost" };
  }

  /** A bare TLS connection, once its handshake is over. */
  handshake(options) {
    return new Promise((resolve, reject) => {
      const socket = connect({ ...this.tls, ...options }, () => resolve(socket));
      socket.once("error", reject);
    });
  }

  /** Sends a request over TLS; gives the response as soon as its head is here. */
  open(method, path, { headers = {}, body } = {}) {
    return new Promise((resolve, reject) => {
      const sent = request({ ...this.tls, method, path, agent: false, headers }, resolve);
      sent.once("error", reject);
      sent.end(body);
    });
  }

  /** Sends a request over TLS, by default a GET; gives status, headers and text. */
  async ask(path, { method = "GET", ...rest } = {}) {
    return whole(await this.open(method, path, rest));
  }

  /** Sends JSON. */
  async post(path, body, headers = {}) {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text), ...headers };
    return this.ask(path, { method: "POST", headers, body: text });
  }

  /** Sends a GET without TLS. */
  askPlainly(path) {
    return new Promise((resolve, reject) => {
      const options = { host: "127.0.0.1", port: this.plainPort, path, agent: false, headers: { Host: "localhost" } };
      httpRequest(options, (response) => resolve(whole(response))).once("error", reject).end();
    });
  }

  async stop() {
    await this.running?.end("SIGTERM");
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function whole(response) {
  const chunks = await response.toArray();
  const text = Buffer.concat(chunks).toString();
  return { status: response.statusCode, headers: response.headers, text };
}
