"use strict";

// The page stands where the mailed link leads; the call that uses the link, at the same place under the base path.
const base = document.querySelector('meta[name="square-base"]').content;
const use = document.getElementById("use");
const again = document.getElementById("again");
const status = document.getElementById("status");
const password = document.getElementById("password");
const repeated = document.getElementById("repeated");
const email = document.getElementById("email");

function say(text, wrong = false) {
  status.textContent = text;
  status.classList.toggle("wrong", wrong);
}

/** Shows how it ended: what was focused is gone, so that readers of screens go on here. */
function end(form, text, wrong = false) {
  form.hidden = true;
  say(text, wrong);
  status.focus();
}

function blame(field, text) {
  field.setAttribute("aria-invalid", "true");
  say(text, true);
  field.focus();
}

/** What the server says, as a sentence. */
function sentence({ message }) {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`.replace(/([.!?])\.$/, "$1");
}

/** The server's reply and its body; nothing where there is none, which is said. */
async function post(form, path, body) {
  form.setAttribute("aria-busy", "true");
  say("One moment…");
  try {
    const json = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const reply = await fetch(base + path, { method: "POST", ...json });
    return { reply, body: await reply.json() };
  } catch {
    say("The server cannot be reached. Please try again.", true);
    return undefined;
  } finally {
    form.removeAttribute("aria-busy");
  }
}

/** Has a form do `send` when it is sent, once at a time. */
function onSubmit(form, send) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!form.hasAttribute("aria-busy")) send();
  });
  form.addEventListener("input", (event) => event.target.removeAttribute("aria-invalid"));
}

onSubmit(use, async () => {
  if (password && password.value !== repeated.value) {
    blame(repeated, "The two are not the same.");
    return;
  }
  const answer = await post(use, location.pathname, password && { password: password.value });
  if (!answer) return;
  const { reply, body } = answer;
  if (reply.ok) {
    end(use, use.dataset.done);
  } else if (body.code === "invalid_link") {
    again.hidden = false;
    end(use, use.dataset.used, true);
  } else if (reply.status === 409) {
    end(use, sentence(body), true);
  } else if (password && reply.status === 422) {
    blame(password, sentence(body));
  } else {
    say(sentence(body), true);
  }
});

if (email) {
  onSubmit(again, async () => {
    const answer = await post(again, again.dataset.call, { email: email.value });
    if (!answer) return;
    const { reply, body } = answer;
    if (reply.ok) {
      end(again, sentence(body));
    } else if (reply.status === 422) {
      blame(email, sentence(body));
    } else {
      say(sentence(body), true);
    }
  });
}
