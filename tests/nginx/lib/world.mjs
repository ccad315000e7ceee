import { StandInSkill } from "../../browser/lib/skill.mjs";
import { Instance } from "./instance.mjs";
import { Nginx } from "./nginx.mjs";
import { Upstream } from "./upstream.mjs";

/** What one check starts; all of it ends with the check. */
export class World {
  #parts = [];
  #nginx;

  async #add(part) {
    this.#parts.push(await part);
    return part;
  }

  /** A server, with settings beyond those that all have. */
  instance(settings) {
    return this.#add(Instance.start(settings));
  }

  /** A server that does with each request what `serve` does. */
  upstream(serve) {
    return this.#add(Upstream.start(serve));
  }

  /** A skill that answers when the check says so. */
  skill() {
    return this.#add(StandInSkill.start());
  }

  /** nginx in front of two servers; in front of the same one twice when there is but one. */
  async nginx(first, second = first) {
    this.#nginx = await this.#add(Nginx.start([first.address, second.address]));
    return this.#nginx;
  }

  async errorLog() {
    return this.#nginx?.errorLog();
  }

  async end() {
    for (const part of this.#parts.reverse()) await part.stop();
  }
}
