import assert from "node:assert/strict";
import { PHONE } from "../lib/browser.mjs";

const QUESTION = "Which actors played in Heat?";

/** Types a question and waits for the end of its answers. */
async function ask(page, question) {
  await page.getByLabel("Ask a question").fill(question);
  await page.keyboard.press("Enter");
  await page.getByRole("status").filter({ hasText: / ms/ }).waitFor();
}

async function answers(page) {
  return page.getByRole("list", { name: /^Answers/ }).getByRole("listitem").allInnerTexts();
}

async function widerThanTheScreen(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

export const typedQuestion = {
  title: "the console answers a typed question",
  async run({ page, server, screenshot }) {
    await page.goto(server.url);
    await screenshot("console-start");
    await ask(page, QUESTION);
    const [first] = await answers(page);
    assert.match(first, /Casting/);
    assert.match(first, /Al Pacino/);
    assert.match(await page.getByRole("status").innerText(), /^\d+ skills? in \d+ ms\.$/);
    await screenshot("console-desktop");
  },
};

export const example = {
  title: "an example question of a published skill is asked with one click",
  async run({ page, server }) {
    await page.goto(server.url);
    const skill = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Events" }) });
    await skill.getByRole("link").first().click();
    await page.getByRole("status").filter({ hasText: / ms/ }).waitFor();
    assert.notEqual(await page.getByLabel("Ask a question").inputValue(), "");
    assert.ok((await answers(page)).length > 0);
  },
};

export const noFit = {
  title: "a question that fits no skill is told so",
  async run({ page, server }) {
    await page.goto(server.url);
    await page.getByLabel("Ask a question").fill("zxqv wlkj?");
    await page.getByRole("button", { name: "Ask" }).click();
    await page.getByRole("status").filter({ hasText: "No skill fits" }).waitFor();
    assert.deepEqual(await answers(page), []);
  },
};

export const phone = {
  title: "the console works at a phone's width",
  viewport: PHONE,
  async run({ page, server, screenshot }) {
    await page.goto(server.url);
    await ask(page, QUESTION);
    assert.match((await answers(page))[0], /Al Pacino/);
    await screenshot("console-phone");
    assert.ok((await widerThanTheScreen(page)) <= 0, "the page scrolls sideways");
    await page.getByText("Options").click();
    await page.getByLabel("Selector").waitFor();
    await screenshot("console-phone-options");
    assert.ok((await widerThanTheScreen(page)) <= 0, "the options scroll sideways");
  },
};

export const dark = {
  title: "the console follows a dark colour scheme",
  async run({ page, server, screenshot }) {
    await page.emulateMedia({ colorScheme: "dark" });
    await page.goto(server.url);
    await ask(page, QUESTION);
    await screenshot("console-dark");
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const [red, green, blue] = ground.match(/\d+/g).map(Number);
    assert.ok(red + green + blue < 200, `the ground is ${ground}`);
  },
};
