import assert from "node:assert/strict";

const WHO = { username: "grace", email: "grace@square.example", password: "a long and quiet password" };

export const confirm = {
  title: "a mailed link confirms with one click, and merely opening it does not",
  async run({ page, server, screenshot }) {
    await server.call("POST", "/register", { body: WHO });
    const { access_token: token } = await server.call("POST", "/login", { body: WHO });
    const verified = async () => {
      const me = await server.call("GET", "/me", { token });
      return (me.user ?? me).verified;
    };
    const letter = await server.letterTo(WHO.email);
    const [link] = letter.match(/http:\/\/127\.0\.0\.1:\d+\/verify\/[^\s"<]+/) ?? assert.fail(letter);

    await page.goto(link);
    assert.equal(await verified(), 0, "opening the link must not confirm");
    await screenshot("verify");
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByRole("status").filter({ hasText: "is confirmed" }).waitFor();
    assert.equal(await verified(), 1);
    await screenshot("verify-confirmed");
  },
};
