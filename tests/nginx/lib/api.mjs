/** Signs the demo user in. */
export async function signIn(nginx) {
  const { text } = await nginx.post("/api/login", { username: "demo", password: "square-demo" });
  return JSON.parse(text).access_token;
}

/** Publishes a skill of the demo user and waits until it is. */
export async function publish(nginx, url) {
  const headers = { Authorization: `Bearer ${await signIn(nginx)}` };
  const skill = JSON.parse((await nginx.post("/api/skill", { name: "Stand-in", url, description: "Waits.", protocol: "square" }, headers)).text);
  const form = new FormData();
  form.append("train_file", new Blob(["What does the stand-in say?\nAsk the stand-in\n"]), "train.txt");
  form.append("dev_file", new Blob(["What would the stand-in say?\n"]), "dev.txt");
  const { headers: type, body } = await encoded(form);
  await nginx.ask(`/api/skill/${skill.id}/train`, { method: "POST", headers: { ...headers, ...type }, body });
  for (;;) {
    const { state, error } = JSON.parse((await nginx.ask(`/api/skill/${skill.id}/training`, { headers })).text);
    if (state === "failed") throw new Error(error);
    if (state === "published") return;
  }
}

/** A question for all skills. */
export const QUESTION = {
  question: "Which actors played in Heat?",
  options: { selector: "Base", maxQuerriedSkills: 50 },
};

async function encoded(form) {
  const response = new Response(form);
  return {
    headers: { "Content-Type": response.headers.get("content-type") },
    body: Buffer.from(await response.arrayBuffer()),
  };
}
