import assert from "node:assert/strict";

const METHODS = ["get", "put", "post", "delete", "patch", "head", "options"];

export const operations = {
  title: "the API docs show every operation of the OpenAPI document",
  async run({ page, server, screenshot }) {
    const document = await (await fetch(`${server.url}/openapi.json`)).json();
    const calls = Object.values(document.paths).flatMap(Object.entries).filter(([method]) => METHODS.includes(method));
    // An operation is shown once under each of its tags.
    const expected = calls.flatMap(([, call]) => call.tags ?? ["default"]).length;
    await page.goto(`${server.url}/apidocs`);
    await page.locator(".opblock").first().waitFor();
    await screenshot("api-docs");
    assert.ok(expected > 20);
    assert.equal(await page.locator(".opblock").count(), expected);
  },
};

export const tryOut = {
  title: "an operation of the API docs can be opened and tried",
  async run({ page, server }) {
    await page.goto(`${server.url}/apidocs`);
    const list = page.locator(".opblock").filter({ has: page.locator('[data-path="/api/selectors"]') });
    await list.locator(".opblock-summary").click();
    await list.getByRole("button", { name: "Try it out" }).click();
    await list.getByRole("button", { name: "Execute" }).click();
    await list.locator(".live-responses-table").getByText("200", { exact: true }).first().waitFor();
  },
};
