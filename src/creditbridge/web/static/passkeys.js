// Passkeys: hands what the page asks to the browser, and the answer back into the page's own form.
// Nothing is fetched and nothing is kept; without this script the page says what is missing.
"use strict";

(() => {
  const form = document.getElementById("passkey-form");
  if (!form) return;
  const asked = form.dataset;
  const say = (id) => {
    for (const one of form.querySelectorAll("[data-says]")) one.hidden = one.id !== id;
  };

  const read = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const write = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (asked.credentials || "").split(" ").filter(Boolean)
    .map((id) => ({ type: "public-key", id: read(id) }));
  const fill = (fields) => {
    for (const [name, value] of Object.entries(fields)) form.elements.namedItem(name).value = value;
  };

  const sign = async () => {
    const answer = await navigator.credentials.get({
      publicKey: {
        challenge: read(asked.challenge), rpId: asked.rpId, allowCredentials: known,
        userVerification: "required", timeout: 240000,
      },
    });
    const said = answer.response;
    fill({
      credential_id: write(answer.rawId), client_data: write(said.clientDataJSON),
      authenticator_data: write(said.authenticatorData), signature: write(said.signature),
      user_handle: said.userHandle ? write(said.userHandle) : "",
    });
  };

  const make = async () => {
    const answer = await navigator.credentials.create({
      publicKey: {
        challenge: read(asked.challenge), rp: { id: asked.rpId, name: asked.rpName },
        user: { id: read(asked.userId), name: asked.userName, displayName: asked.userName },
        pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
        excludeCredentials: known, attestation: "none", timeout: 240000,
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
      },
    });
    fill({
      client_data: write(answer.response.clientDataJSON),
      attestation: write(answer.response.attestationObject),
    });
  };

  const fault = (error) => {
    if (error.name === "InvalidStateError") return "passkey-known";
    // The browser says no more than that: cancelled, too late, or no passkey here.
    if (error.name === "NotAllowedError" || error.name === "AbortError") return "passkey-cancelled";
    return "passkey-failed";
  };

  if (!window.PublicKeyCredential || !navigator.credentials) {
    say("passkey-unsupported");
    return;
  }
  const button = document.getElementById("passkey-go");
  button.disabled = false;
  say("");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    say("passkey-waiting");
    try {
      await (asked.ceremony === "create" ? make() : sign());
      form.submit();
    } catch (error) {
      button.disabled = false;
      say(fault(error));
    }
  });
})();
