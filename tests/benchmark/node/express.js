// Express with jsonwebtoken.
import { randomUUID } from "node:crypto";
import express from "express";
import jwt from "jsonwebtoken";

const secret = process.env.PANDIUM_SHARED_SECRET;
const application = express();

application.get("/pandium-sso", (request, response) => {
  const sub = request.headers["x-forwarded-email"];
  const token = jwt.sign({ jti: randomUUID(), sub }, secret, { algorithm: "HS256" });
  response.redirect(307, `https://imp.pandium.io/acme?tenant=${token}`);
});
application.listen(Number(process.env.PORT), "127.0.0.1");
