import assert from "node:assert/strict";
import { PHONE } from "../lib/browser.mjs";

const WHO = { username: "joan", email: "joan@square.example", password: "a long and quiet password" };
const NEW = "another long and quiet password";

/** What Chromium writes about a link that is refused, which is no fault of the page. */
const refused = /status of 4\d\d/;

const status = (page, text) => page.getByRole("status").filter({ hasText: text });

/** Whoever reads the page by ear or keyboard goes on where it says how it ended. */
async function endsIn(page, text) {
  await status(page, text).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "status");
}

/** Nothing is cut off or has to be scrolled to the side, and what is pressed is as large as a finger. */
async function fits(page) {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it is wider than the screen");
  for (const control of await page.locator("input:visible, button:visible").all()) {
    const box = await control.boundingBox();
    assert.ok(box.height >= 44, `${await control.getAttribute("id")} is ${box.height} high`);
  }
}

export const newPassword = {
  title: "a forgotten password is set on a phone in the dark, and a used link leads to a new one",
  viewport: PHONE,
  colorScheme: "dark",
  expected: refused,
  async run({ page, server, screenshot }) {
    await server.call("POST", "/register", { body: WHO });
    await server.call("POST", "/forgot_password", { body: { email: WHO.email } });
    const letter = await server.letterTo(WHO.email, "/reset_password/");
    const [link] = letter.match(/http:\/\/127\.0\.0\.1:\d+\/reset_password\/[^\s"<]+/) ?? assert.fail(letter);

    await page.goto(link);
    await fits(page);
    await screenshot("reset-password");
    const set = page.getByRole("button", { name: "Set the password" });
    await page.getByLabel("New password").fill(NEW);
    await page.getByLabel("The same again").fill(`${NEW}!`);
    await set.click();
    await status(page, "not the same").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "repeated");
    await page.getByLabel("New password").fill("12345678");
    await page.getByLabel("The same again").fill("12345678");
    await set.click();
    await page.locator("#password[aria-invalid]").waitFor();
    await screenshot("reset-password-refused");
    await page.getByLabel("New password").fill(NEW);
    await page.getByLabel("The same again").fill(NEW);
    await page.keyboard.press("Enter");
    await endsIn(page, "Your password is set");
    await screenshot("reset-password-done");
    await server.call("POST", "/login", { body: { ...WHO, password: NEW } });

    await page.goto(link);
    await page.getByLabel("New password").fill(NEW);
    await page.getByLabel("The same again").fill(NEW);
    await set.click();
    await endsIn(page, "This link no longer works");
    await fits(page);
    await screenshot("reset-password-used");
    await page.getByLabel("Your e-mail address").fill(WHO.email);
    await page.getByRole("button", { name: "Send me a new link" }).click();
    await endsIn(page, "a letter with a link is on its way");
    await screenshot("reset-password-new-letter");
  },
};

const hopeless = (path, button, advice) => ({
  title: `a link that is no good says so and what to do: ${path}`,
  expected: refused,
  async run({ page, server, screenshot }) {
    await page.goto(`${server.url}/${path}/nothing/nobody`);
    await screenshot(path);
    assert.ok(await page.getByText(advice).isHidden());
    await page.getByRole("button", { name: button }).click();
    await endsIn(page, "This link no longer works");
    await page.getByText(advice).waitFor();
    assert.ok(await page.getByRole("button", { name: button }).isHidden());
    await screenshot(`${path}-no-good`);
  },
});

export const verify = hopeless("verify", "Confirm my address", "have a new link sent");
export const changeEmail = hopeless("change_email", "This is my address", "ask for the change once more");
export const linkSocial = hopeless("link_social", "That is me", "Sign in that way once more");
