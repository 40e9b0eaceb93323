// An Express application with a login form, and the address that marketplace-sso asks.
import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import express from "express";
import session from "express-session";

const { MARKETPLACE, PASSWORD, PORT, SESSION_SECONDS = 3600, SESSION_SECRET } = process.env;

const salt = randomBytes(16);
const hash = (password = "") => scryptSync(password, salt, 32);
const users = new Map([
  ["zoe", { id: "u-17", email: "zoe@acme.example", name: "Zoë Østergård 山田", groups: ["Vertrieb München", "staff"] }],
  ["bob", { id: "u-18", email: "bob@acme.example", name: "Bob Builder", groups: [] }],
]);
const passwords = new Map([...users.keys()].map((name) => [name, hash(PASSWORD)]));

const app = express();
app.set("trust proxy", "loopback"); // the proxy that ends TLS says so in X-Forwarded-Proto
app.use(express.urlencoded({ extended: false }));
app.use(session({
  secret: SESSION_SECRET,
  resave: false,
  saveUninitialized: false,
  cookie: { httpOnly: true, sameSite: "lax", secure: "auto", maxAge: 1000 * SESSION_SECONDS },
}));

app.get("/api/me", (req, res) => {
  res.set("Cache-Control", "no-store");
  const user = users.get(req.session.user);
  if (!user) return res.status(401).json({ error: "no session" }); // and no redirect to the login
  res.json({ ...user, exp: Math.floor(req.session.cookie.expires.getTime() / 1000) });
});

app.get("/login", (_, res) => {
  res.send(`<!doctype html><html lang="en"><title>Sign in</title><form method="post">
    <input name="user"><input name="password" type="password"><button>Sign in</button></form></html>`);
});

app.post("/login", (req, res, next) => {
  const { user, password } = req.body ?? {};
  const known = passwords.get(user);
  if (!known || !timingSafeEqual(known, hash(password))) return res.redirect(req.originalUrl);
  req.session.regenerate((error) => { // a new id: nobody can know it from before
    if (error) return next(error);
    req.session.user = user;
    const back = req.query.next;
    const isOurs = URL.canParse(back) && new URL(back).origin === MARKETPLACE;
    res.redirect(isOurs ? back : "/api/me");
  });
});

app.post("/logout", (req, res, next) => {
  req.session.destroy((error) => {
    if (error) return next(error);
    res.clearCookie("connect.sid").redirect("/login");
  });
});

app.listen(PORT, "127.0.0.1");
