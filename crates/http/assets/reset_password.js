"use strict";

// The page stands at /reset_password/{token}/{uidb64}; the call at the same place under the base path.
const base = document.querySelector('meta[name="square-base"]').content;
const form = document.getElementById("form");
const password = document.getElementById("password");
const again = document.getElementById("again");
const button = document.getElementById("set");
const status = document.getElementById("status");

function say(text, wrong) {
  status.textContent = text;
  status.className = wrong ? "wrong" : "";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (password.value !== again.value) {
    say("The two are not the same.", true);
    again.focus();
    return;
  }
  button.disabled = true;
  say("One moment…", false);
  try {
    const reply = await fetch(base + location.pathname, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ password: password.value }),
    });
    const body = await reply.json();
    say(reply.ok ? "Your password is set. You can sign in with it now." : body.message, !reply.ok);
    form.hidden = reply.ok;
    document.getElementById("invitation").hidden = reply.ok;
    // A link that is not good stays so; anything else may work the next time.
    button.disabled = reply.status === 400;
  } catch {
    say("The server cannot be reached. Please try again.", true);
    button.disabled = false;
  }
});
