import assert from "node:assert/strict";
import OpenAI from "openai";
import { ANSWER } from "../lib/skill.mjs";

const ask = (content, more = {}) => ({ model: "square", messages: [{ role: "user", content }], ...more });

/** What OpenAI's client for Node is used for, each by what it is to show. */
export function checks({ server, skill, token, weather }) {
  const client = (apiKey) => new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0 });
  const openai = client("none");
  const completions = openai.chat.completions;
  return {
    "lists the models": async () => {
      const models = [];
      for await (const model of openai.models.list()) models.push(model.id);
      assert.equal(models[0], "square");
      for (const name of ["Casting", ...weather]) assert.ok(models.includes(name), `${name} of ${models}`);
      const model = await openai.models.retrieve(weather[0]);
      assert.deepEqual([model.id, model.object], [weather[0], "model"]);
    },
    "completes a chat": async () => {
      const { data, response } = await completions.create(ask("Which actors played in Heat?")).withResponse();
      assert.match(data.choices[0].message.content, /Al Pacino/);
      assert.equal(data.choices[0].finish_reason, "stop");
      assert.equal(data.choices[0].square.name, "Casting");
      assert.equal(response.headers.get("x-question-id"), data.square.question_id);
      assert.equal(data.usage.prompt_tokens, 5);
    },
    "streams": async () => {
      const pieces = [];
      let usage;
      const stream = await completions.create(
        ask("Does it rain?", { model: weather[0], stream: true, stream_options: { include_usage: true } }),
      );
      for await (const chunk of stream) {
        if (chunk.choices.length > 0) pieces.push(chunk.choices[0].delta.content ?? "");
        usage = chunk.usage;
      }
      assert.equal(pieces.join(""), ANSWER);
      assert.ok(pieces.filter((piece) => piece !== "").length > 1, "in pieces");
      assert.deepEqual(usage, { prompt_tokens: 3, completion_tokens: 6, total_tokens: 9 });
    },
    "streams by its helper": async () => {
      const stream = completions.stream(ask("Does it rain?", { model: weather[0] }));
      const final = await stream.finalChatCompletion();
      assert.equal(final.choices[0].message.content, ANSWER);
      assert.equal(final.choices[0].finish_reason, "stop");
    },
    "takes three answers, at once and in pieces": async () => {
      const three = ask("Will it rain tomorrow?", { n: 3 });
      const whole = await completions.create(three);
      assert.deepEqual(whole.choices.map((choice) => choice.index), [0, 1, 2]);
      assert.deepEqual(whole.choices.map((choice) => choice.message.content), [ANSWER, ANSWER, ANSWER]);
      const skills = whole.choices.map((choice) => choice.square);
      assert.deepEqual(skills.map((skill) => skill.name).sort(), [...weather].sort());
      assert.ok(skills.every((skill, index) => index === 0 || skill.score <= skills[index - 1].score));
      const texts = ["", "", ""];
      for await (const { choices } of await completions.create({ ...three, stream: true })) {
        for (const { index, delta } of choices) texts[index] += delta.content ?? "";
      }
      assert.deepEqual(texts, [ANSWER, ANSWER, ANSWER]);
    },
    "is told that no skill fits": async () => {
      const { choices } = await completions.create(ask("zxqv 77?"));
      assert.match(choices[0].message.refusal, /^No skill fits/);
      assert.equal(choices[0].message.content, choices[0].message.refusal);
    },
    "knows the errors": async () => {
      await assert.rejects(completions.create(ask("Who?", { model: "gpt-4o" })), (error) => {
        assert.ok(error instanceof OpenAI.NotFoundError);
        assert.deepEqual([error.status, error.code, error.param], [404, "model_not_found", "model"]);
        return true;
      });
      await assert.rejects(completions.create(ask("Who?", { n: 0 })), (error) => {
        return error instanceof OpenAI.BadRequestError && error.param === "n" && /between 1 and 50/.test(error.message);
      });
      const image = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } };
      await assert.rejects(completions.create(ask([image])), OpenAI.BadRequestError);
      await assert.rejects(client("sk-wrong").chat.completions.create(ask("Who?")), OpenAI.AuthenticationError);
      await assert.rejects(openai.embeddings.create({ model: "square", input: "x" }), OpenAI.NotFoundError);
    },
    "is told amid a stream that the skill has failed": async () => {
      const stream = await completions.create(ask("Do fail", { model: weather[0], stream: true }));
      let heard = "";
      await assert.rejects(async () => {
        for await (const { choices } of stream) heard += choices[0].delta.content ?? "";
      }, (error) => error instanceof OpenAI.APIError && error.code === "skills_failed");
      assert.ok(ANSWER.startsWith(heard) && heard !== "", heard);
      await assert.rejects(completions.create(ask("Do fail", { model: weather[0] })), (error) => {
        return error instanceof OpenAI.InternalServerError && error.status === 502;
      });
    },
    "asks as whoever holds the token": async () => {
      const reply = await client(token).chat.completions.create(ask("Who played in Heat?"));
      const { question } = await server.call("GET", `/question/${reply.square.question_id}`, { token });
      assert.equal(question, "Who played in Heat?");
      await assert.rejects(server.call("GET", `/question/${reply.square.question_id}`), /404/);
    },
    "hangs up, and the question is cancelled": async () => {
      // Not the skill that has failed twice by now: one that kept somebody waiting for long before they left has failed, too.
      const stream = await completions.create(ask("Please hang", { model: weather[1], stream: true }));
      let id;
      for await (const chunk of stream) {
        id = chunk.square?.question_id ?? id;
        if (chunk.choices[0].delta.content) break;
      }
      await skill.givenUp();
      let ending;
      // The skill is given up a moment before the end is stored.
      while (!ending) ({ ending } = await server.call("GET", `/question/${id}`));
      assert.equal(ending, "cancelled");
    },
  };
}
