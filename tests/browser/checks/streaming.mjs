import assert from "node:assert/strict";
import { publish } from "../lib/publish.mjs";

const HTML = `<p id="shown">An answer in <b>HTML</b></p><script>parent.document.title = "taken over"</script>
  <img src="http://127.0.0.2:9/spy.png" onerror="parent.document.title = 'taken over'">`;

export const streaming = {
  title: "an answer is shown while another skill is still thinking, and its HTML is harmless",
  // The browser reports what it refuses to load.
  expected: /^console: Loading the image '[^']*' violates .* Content Security Policy/,
  async run({ page, server, skill, screenshot }) {
    const examples = ["What does the stand-in say?", "Ask the stand-in"];
    const body = { name: "Stand-in", url: skill.url, description: "Waits." };
    await publish(server, body, examples, ["What would the stand-in say?"]);
    await page.goto(server.url);
    await page.getByText("Options").click();
    await page.getByLabel("Selector").selectOption("Base");
    await page.getByLabel("Skills at most").fill("50");
    await page.getByLabel("Ask a question").fill("Which actors played in Heat?");
    await page.keyboard.press("Enter");

    const answers = page.getByRole("list", { name: /^Answers/ });
    await skill.asked();
    await answers.getByRole("heading", { name: "Casting" }).waitFor();
    assert.equal(await answers.getByRole("heading", { name: "Stand-in" }).count(), 0);
    assert.equal(await page.getByRole("status").innerText(), "Asking…");
    await screenshot("console-streaming");

    skill.answer([
      { type: "raw_html", html: HTML },
      { type: "key_value", key_values: [["Key", "<i>value</i>"]] },
    ]);
    await answers.getByRole("heading", { name: "Stand-in" }).waitFor();
    await page.frameLocator("iframe").getByText("An answer in HTML").waitFor();
    await answers.getByText("<i>value</i>").waitFor();
    await page.getByRole("status").filter({ hasText: / ms/ }).waitFor();
    assert.equal(await page.title(), "Square");
    await screenshot("console-html");
  },
};
