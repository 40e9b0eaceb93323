"""Small vendors whose pages are given new tokens while they stand in a frame.

`asking` posts what Metabase's frame posts when its guest token has ended, and takes the answer that
Metabase's own script gives (`metabase.embed.requestGuestTokenRefresh`,
`metabase.embed.submitRefreshedGuestToken`). `wordy` posts a text. `ported` is as Superset: it never
asks, and takes tokens from a `MessagePort` that the page around it must have handed over.
"""

from __future__ import annotations

QUESTION = {
    "type": "metabase.embed.requestGuestTokenRefresh",
    "data": {"expiredToken": "an.old.one"},
}
WORD = "token, please"

ASKING = """<input aria-label="a field"><script>
  window.heard = [];
  addEventListener("message", ({ data, origin }) => window.heard.push({ data, origin }));
</script>"""

PORTED = """<script>
  window.heard = [];
  addEventListener("message", ({ data, ports: [port] }) => {
    if (data?.type !== "__embedded_comms__" || !port) return;
    port.onmessage = ({ data: { switchboardAction, method, args } }) => {
      if (switchboardAction === "emit" && method === "guestToken") heard.push(args.guestToken);
    };
  });
</script>"""

# What Superset's SDK does with a frame, in few words: a port first, then the token over it.
SDK = """
  const embedDashboard = ({ supersetDomain, mountPoint, fetchGuestToken }) => {
    const frame = document.createElement("iframe");
    frame.addEventListener("load", async () => {
      const { port1, port2 } = new MessageChannel();
      const hello = { type: "__embedded_comms__", handshake: "port transfer" };
      frame.contentWindow.postMessage(hello, new URL(supersetDomain).origin, [port2]);
      window.renew = async () => {
        const args = { guestToken: await fetchGuestToken() };
        port1.postMessage({ switchboardAction: "emit", method: "guestToken", args });
      };
      await window.renew();
    });
    frame.src = supersetDomain;
    mountPoint.replaceChildren(frame);
  };
"""

ROWS = """
[asking]
address = "VENDOR/asking"
parameter = "token"
lifetime_seconds = 300
claims = { sub = "{subject}", jti = "{token_id}", exp = "{expires_at}" }
[asking.renew]
message = { type = "metabase.embed.requestGuestTokenRefresh" }
[asking.renew.answer]
type = "metabase.embed.submitRefreshedGuestToken"
[asking.renew.answer.data]
guestToken = "{token}"
until = "{expires_at}"
note = "{{ends {expires_at}}}"
list = [1, "{url}"]

[wordy]
address = "VENDOR/asking"
parameter = "token"
claims = { sub = "{subject}", jti = "{token_id}" }
renew = { origin = "VENDOR", message = "token, please", answer = "token={token}" }

[superset]
address = "VENDOR/ported"
delivery = "json"
answer = { token = "{token}" }
claims = { sub = "{subject}", jti = "{token_id}" }

[ported]
address = "VENDOR/ported"
parameter = "token"
claims = { sub = "{subject}" }
renew = { message = { type = "__embedded_comms__" }, answer = { guestToken = "{token}" } }
"""


KEYS = {
    f"DESTINATION_{name}_KEY": f"{name.lower()}-9sKd0Wq7RzT4vBn2XpLm6HcYfGjE1uAo"
    for name in ("ASKING", "WORDY", "SUPERSET", "PORTED")
}
"""The variables of their keys."""


def asking_rows(vendor: str) -> str:
    """Return their rows."""
    return ROWS.replace("VENDOR", vendor)
