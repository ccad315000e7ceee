"""Asks Square by OpenAI's client for Python. Called by run.mjs: python.py URL TOKEN ANSWER SKILL…"""

import asyncio
import sys
import traceback

import openai
from openai import AsyncOpenAI, OpenAI

URL, TOKEN, ANSWER, *WEATHER = sys.argv[1:]
client = OpenAI(base_url=f"{URL}/v1", api_key="none", max_retries=0)


def ask(content, model="square", **more):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}], **more)


def raised(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def lists_the_models():
    models = [model.id for model in client.models.list()]
    assert models[0] == "square" and {"Casting", *WEATHER} <= set(models), models
    assert client.models.retrieve(WEATHER[0]).object == "model"


def completes_a_chat():
    raw = client.chat.completions.with_raw_response.create(
        model="square", messages=[{"role": "user", "content": "Which actors played in Heat?"}], temperature=0.3, seed=4
    )
    reply = raw.parse()
    assert "Al Pacino" in reply.choices[0].message.content, reply
    assert reply.choices[0].square["name"] == "Casting"
    assert raw.headers["x-question-id"] == reply.square["question_id"]
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 5


def streams():
    chunks = list(ask("Does it rain?", WEATHER[0], stream=True, stream_options={"include_usage": True}))
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == ANSWER and sum(map(bool, pieces)) > 1, pieces
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop" and chunks[-2].choices[0].square["name"] == WEATHER[0]
    assert chunks[-1].usage.completion_tokens == 6 and chunks[-1].choices == []


def streams_by_its_helper():
    messages = [{"role": "user", "content": "Does it rain?"}]
    with client.chat.completions.stream(model=WEATHER[0], messages=messages) as stream:
        assert any(event.type == "content.delta" for event in stream)
        assert stream.get_final_completion().choices[0].message.content == ANSWER


def takes_three_answers_at_once_and_in_pieces():
    reply = ask("Will it rain tomorrow?", n=3)
    assert [choice.message.content for choice in reply.choices] == [ANSWER] * 3, reply
    assert {choice.square["name"] for choice in reply.choices} == set(WEATHER)
    texts = {}
    for chunk in ask("Will it rain tomorrow?", n=3, stream=True):
        for choice in chunk.choices:
            texts[choice.index] = texts.get(choice.index, "") + (choice.delta.content or "")
    assert texts == {0: ANSWER, 1: ANSWER, 2: ANSWER}, texts


def is_told_that_no_skill_fits():
    message = ask("zxqv 77?").choices[0].message
    assert message.refusal == message.content and message.content.startswith("No skill fits")


def knows_the_errors():
    unknown = raised(openai.NotFoundError, lambda: ask("Who?", "gpt-4o"))
    assert (unknown.code, unknown.param, unknown.status_code) == ("model_not_found", "model", 404)
    assert raised(openai.BadRequestError, lambda: ask("Who?", n=0)).param == "n"
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    part = raised(openai.BadRequestError, lambda: ask([{"type": "text", "text": "What is it?"}, image]))
    assert part.param == "messages[0].content[1].type", part
    raised(openai.AuthenticationError, lambda: client.with_options(api_key="sk-wrong").models.list())
    slow = raised(openai.InternalServerError, lambda: ask("Please hang", WEATHER[0], extra_query={"deadline_ms": 300}))
    assert (slow.status_code, slow.code) == (504, "skills_timed_out"), slow


def is_told_amid_a_stream_that_the_skill_has_failed():
    failed = raised(openai.APIError, lambda: list(ask("Do fail", WEATHER[0], stream=True)))
    assert failed.code == "skills_failed" and failed.type == "server_error", failed


def asks_as_whoever_holds_the_token():
    mine = client.with_options(api_key=TOKEN)
    reply = mine.chat.completions.create(model="casting", messages=[{"role": "user", "content": "Who played in Heat?"}])
    assert reply.model == "Casting"


def hangs_up_without_waiting():
    async def hang_up():
        async with AsyncOpenAI(base_url=f"{URL}/v1", api_key="none") as client:
            messages = [{"role": "user", "content": "Please hang"}]
            async with await client.chat.completions.create(model=WEATHER[0], messages=messages, stream=True) as stream:
                async for chunk in stream:
                    if chunk.choices[0].delta.content:
                        return

    asyncio.run(asyncio.wait_for(hang_up(), 10))


checks = [
    lists_the_models,
    completes_a_chat,
    streams,
    streams_by_its_helper,
    takes_three_answers_at_once_and_in_pieces,
    is_told_that_no_skill_fits,
    knows_the_errors,
    is_told_amid_a_stream_that_the_skill_has_failed,
    asks_as_whoever_holds_the_token,
    hangs_up_without_waiting,
]
failed = 0
for check in checks:
    title = f"Python's client {check.__name__.replace('_', ' ')}"
    try:
        check()
        print(f"ok      {title}", flush=True)
    except Exception:
        failed += 1
        print(f"FAILED  {title}\n{traceback.format_exc()}", flush=True)
print(f"{len(checks) - failed} passed, {failed} failed", flush=True)
sys.exit(1 if failed else 0)
