"""What introspection asks: a host application that knows one session, on gunicorn like the rest."""

import falcon.asgi

ADA = b'{"id": "u-17", "email": "ada@acme.example", "name": "Ada Lovelace"}'


class Me:
    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        known = req.get_cookie_values("sessionid") == ["ada"]
        resp.status = 200 if known else 401
        resp.content_type = "application/json"
        resp.data = ADA if known else b"{}"


application = falcon.asgi.App()
application.add_route("/api/me", Me())
