import { once } from "node:events";
import { createServer } from "node:http";

const PIECES = ["It rains ", "in Bergen, ", "as ever."];
export const ANSWER = PIECES.join("");

/**
 * A skill that streams its answer by OpenAI's protocol, a piece at a time. Asked to "hang" it stops after the first, asked to
 * "fail" it breaks off.
 */
export class StreamingSkill {
  #open = new Set();
  #gone = [];

  static async start() {
    const skill = new StreamingSkill();
    skill.listener = createServer((request, response) => skill.#serve(request, response));
    skill.listener.listen(0, "127.0.0.1");
    await once(skill.listener, "listening");
    skill.url = `http://127.0.0.1:${skill.listener.address().port}/v1`;
    return skill;
  }

  async #serve(request, response) {
    if (request.method === "GET") {
      response.setHeader("Content-Type", "application/json");
      return response.end(JSON.stringify({ object: "list", data: [{ id: "rain", object: "model" }] }));
    }
    let body = "";
    for await (const piece of request) body += piece;
    const question = JSON.parse(body).messages.at(-1).content;
    response.setHeader("Content-Type", "text/event-stream");
    const say = (content) => response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
    if (question.includes("fail")) {
      say(PIECES[0]);
      // Not before that is read.
      return setTimeout(() => response.destroy(), 200);
    }
    if (question.includes("hang")) {
      this.#open.add(response);
      response.once("close", () => {
        this.#open.delete(response);
        for (const told of this.#gone.splice(0)) told();
      });
      return say(PIECES[0]);
    }
    for (const piece of PIECES) {
      say(piece);
      // More than what the server gathers into one piece.
      await new Promise((next) => setTimeout(next, 80));
    }
    response.end("data: [DONE]\n\n");
  }

  /** Returns once the server has given up every answer that hangs. */
  async givenUp() {
    while (this.#open.size > 0) await new Promise((told) => this.#gone.push(told));
  }

  async stop() {
    this.listener.closeAllConnections();
    this.listener.close();
  }
}
