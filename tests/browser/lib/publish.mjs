import assert from "node:assert/strict";

/** Registers a skill of the demo user, trains it with these questions and waits until it is published. */
export async function publish(server, body, examples, measured = examples.slice(0, 1)) {
  const { access_token: token } = await server.call("POST", "/login", {
    body: { username: "demo", password: "square-demo" },
  });
  const skill = await server.call("POST", "/skill", { token, body });
  const form = new FormData();
  form.append("train_file", new Blob([`${examples.join("\n")}\n`]), "train.txt");
  form.append("dev_file", new Blob([`${measured.join("\n")}\n`]), "dev.txt");
  await server.call("POST", `/skill/${skill.id}/train`, { token, form });
  for (;;) {
    const { state, error } = await server.call("GET", `/skill/${skill.id}/training`, { token });
    assert.notEqual(state, "failed", error);
    if (state === "published") return skill;
  }
}
