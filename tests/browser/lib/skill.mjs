import { once } from "node:events";
import { createServer } from "node:http";

/** A skill whose answers are held back until the test lets them go. */
export class StandInSkill {
  #held = [];
  #waiting = [];

  static async start() {
    const skill = new StandInSkill();
    skill.listener = createServer((request, response) => skill.#serve(request, response));
    skill.listener.listen(0, "127.0.0.1");
    await once(skill.listener, "listening");
    skill.url = `http://127.0.0.1:${skill.listener.address().port}`;
    return skill;
  }

  #serve(request, response) {
    request.resume();
    if (request.method !== "POST") return response.end("{}");
    this.#held.push(response);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Returns once a question is here. */
  async asked() {
    while (this.#held.length === 0) await new Promise((wake) => this.#waiting.push(wake));
  }

  /** Answers every question that is here. */
  answer(results) {
    for (const response of this.#held.splice(0)) {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(results));
    }
  }

  async stop() {
    this.listener.closeAllConnections();
    this.listener.close();
  }
}
