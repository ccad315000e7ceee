import assert from "node:assert/strict";

const HTML = `<p id="shown">An answer in <b>HTML</b></p><script>parent.document.title = "taken over"</script>
  <img src="http://127.0.0.2:9/spy.png" onerror="parent.document.title = 'taken over'">`;

/** Publishes a skill of the demo user and waits until it is. */
async function publish(server, url) {
  const { access_token: token } = await server.call("POST", "/login", {
    body: { username: "demo", password: "square-demo" },
  });
  const skill = await server.call("POST", "/skill", { token, body: { name: "Stand-in", url, description: "Waits." } });
  const form = new FormData();
  form.append("train_file", new Blob(["What does the stand-in say?\nAsk the stand-in\n"]), "train.txt");
  form.append("dev_file", new Blob(["What would the stand-in say?\n"]), "dev.txt");
  await server.call("POST", `/skill/${skill.id}/train`, { token, form });
  for (;;) {
    const { state, error } = await server.call("GET", `/skill/${skill.id}/training`, { token });
    assert.notEqual(state, "failed", error);
    if (state === "published") return;
  }
}

export const streaming = {
  title: "an answer is shown while another skill is still thinking, and its HTML is harmless",
  // The browser reports what it refuses to load.
  expected: /^console: Loading the image '[^']*' violates .* Content Security Policy/,
  async run({ page, server, skill, screenshot }) {
    await publish(server, skill.url);
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
