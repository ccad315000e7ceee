import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // No name leads anywhere, whatever a page or the browser itself would like to fetch.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

const LIMIT_MS = 20_000;
const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 360, height: 740 };

/** Chromium. Every visit is one check on a page of its own, in a profile of its own. */
export class Browser {
  static async start(screenshots) {
    const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
    if (!existsSync(executablePath)) throw new Error(`there is no ${executablePath}; CHROMIUM may name another`);
    const browser = new Browser();
    browser.screenshots = screenshots;
    browser.chromium = await chromium.launch({ executablePath, args: FLAGS });
    return browser;
  }

  /**
   * Runs a check and then sees to it that the page was quiet: no errors but those that the check expects, and
   * nothing from elsewhere.
   */
  async visit(world, check) {
    const context = await this.chromium.newContext({
      viewport: check.viewport ?? DESKTOP,
      colorScheme: check.colorScheme ?? "light",
    });
    context.setDefaultTimeout(LIMIT_MS);
    const page = await context.newPage();
    const watch = new Watch(page, new URL(world.server.url).hostname);
    const screenshot = async (name) => {
      if (!this.screenshots) return;
      await page.screenshot({ path: path.join(this.screenshots, `${name}.png`), fullPage: true, animations: "disabled" });
    };
    try {
      await check.run({ ...world, page, screenshot });
      await watch.quiet();
      assert.deepEqual(watch.faults.filter((fault) => !check.expected?.test(fault)), []);
    } finally {
      await context.close();
    }
  }

  async stop() {
    await this.chromium.close();
  }
}

/** Notes what a page should not do, and which of its requests are under way. */
class Watch {
  faults = [];
  #underWay = new Set();
  #ended = new EventEmitter();

  constructor(page, home) {
    const ended = (request) => {
      this.#underWay.delete(request);
      this.#ended.emit("one");
    };
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.faults.push(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.faults.push(`uncaught: ${error}`));
    page.on("request", (request) => this.#underWay.add(request));
    page.on("requestfinished", (request) => {
      const url = new URL(request.url());
      const inside = ["data:", "blob:", "about:"].includes(url.protocol) || url.hostname === home;
      if (!inside) this.faults.push(`request to elsewhere: ${url}`);
      ended(request);
    });
    page.on("requestfailed", (request) => {
      // What the page's policy forbids is never sent; the console tells of it.
      const reason = request.failure()?.errorText;
      if (reason !== "csp") this.faults.push(`request failed: ${request.url()} ${reason}`);
      ended(request);
    });
  }

  /** Returns once no request is under way. */
  async quiet() {
    const signal = AbortSignal.timeout(LIMIT_MS);
    while (this.#underWay.size > 0) await once(this.#ended, "one", { signal });
  }
}
