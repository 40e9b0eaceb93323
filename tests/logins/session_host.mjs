// An Express application whose session is a signed cookie. SIGNED is what docs/logins/signed-tokens.md has.
import express from "express";
import jwt from "jsonwebtoken";

const { PORT, SESSION_SECRET } = process.env;
const SESSION_SECONDS = Number(process.env.SESSION_SECONDS);
const users = {
  zoe: { id: "u-17", email: "zoe@acme.example", name: "Zoë Østergård 山田", groups: ["Vertrieb München", "staff"] },
  bob: { id: "u-18", email: "bob@acme.example", name: "Bob Builder", groups: [] },
};

const app = express();
app.use(express.urlencoded({ extended: false }));
app.get("/login", (_, res) => res.send('<form method="post"><input name="user"></form>'));
app.post("/login", (req, res) => {
  const user = users[req.body.user];
  SIGNED
  res.redirect(req.query.next);
});
app.post("/logout", (_, res) => res.clearCookie("session").redirect("/login"));
app.listen(PORT, "127.0.0.1");
