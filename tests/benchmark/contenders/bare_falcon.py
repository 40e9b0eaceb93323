"""The floor: Falcon answers a constant 307, on the worker that the service uses."""

import falcon.asgi


class Redirect:
    async def on_get(self, _req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        resp.status = 307
        resp.set_header("Location", "https://imp.pandium.io/acme?tenant=x#")


application = falcon.asgi.App()
application.add_route("/pandium-sso", Redirect())
