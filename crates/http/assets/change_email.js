"use strict";

// The page stands at /change_email/{token}/{uidb64}; the call at the same place under the base path.
const base = document.querySelector('meta[name="square-base"]').content;
const button = document.getElementById("confirm");
const status = document.getElementById("status");

button.addEventListener("click", async () => {
  button.disabled = true;
  status.className = "";
  status.textContent = "One moment…";
  try {
    const reply = await fetch(base + location.pathname, { method: "POST" });
    const body = await reply.json();
    status.textContent = reply.ok ? "Your address is changed. You can close this page." : body.message;
    status.className = reply.ok ? "" : "wrong";
    button.hidden = reply.ok;
    document.getElementById("invitation").hidden = reply.ok;
    // A link that is not good stays so, and so does an address that somebody else has; anything else may work the next time.
    button.disabled = reply.status === 400 || reply.status === 409;
  } catch {
    status.className = "wrong";
    status.textContent = "The server cannot be reached. Please try again.";
    button.disabled = false;
  }
});
