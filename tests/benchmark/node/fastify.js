// Fastify with jose.
import { randomUUID } from "node:crypto";
import fastify from "fastify";
import { SignJWT } from "jose";

const secret = new TextEncoder().encode(process.env.PANDIUM_SHARED_SECRET);
const application = fastify();

application.get("/pandium-sso", async (request, reply) => {
  const sub = request.headers["x-forwarded-email"];
  const token = await new SignJWT({ sub, jti: randomUUID() })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt()
    .sign(secret);
  return reply.redirect(`https://imp.pandium.io/acme?tenant=${token}`, 307);
});
await application.listen({ port: Number(process.env.PORT), host: "127.0.0.1" });
