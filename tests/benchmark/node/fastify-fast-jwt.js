// Fastify with fast-jwt.
import { randomUUID } from "node:crypto";
import fastify from "fastify";
import { createSigner } from "fast-jwt";

const sign = createSigner({ key: process.env.PANDIUM_SHARED_SECRET, algorithm: "HS256" });
const application = fastify();

application.get("/pandium-sso", async (request, reply) => {
  const sub = request.headers["x-forwarded-email"];
  const token = sign({ sub, jti: randomUUID() });
  return reply.redirect(`https://imp.pandium.io/acme?tenant=${token}`, 307);
});
await application.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
