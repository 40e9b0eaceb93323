// The certified OpenID provider as a server: node oidc_provider.mjs <its index.js> <settings as JSON>
//
// settings: issuer and port; clients, as oidc-provider takes them, of which `brief` gets tokens for 2 s; accounts,
// their claims by login; features, over the ones below; what else oidc-provider's configuration has. A resource
// is `urn:<audience>`, whose access tokens are signed, or `urn:<audience>:opaque`.
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const { Provider } = await import(pathToFileURL(process.argv[2]));
const { issuer, port, clients, accounts, features, ...more } = JSON.parse(process.argv[3]);

const claims = {
  openid: ["sub"],
  email: ["email", "email_verified"],
  profile: ["name", "preferred_username", "given_name", "family_name", "groups"],
};

const provider = new Provider(issuer, {
  clients,
  claims,
  scopes: [...Object.keys(claims), "offline_access"],
  issueRefreshToken: (_, client) => client.grantTypeAllowed("refresh_token"),
  rotateRefreshToken: true,
  cookies: { keys: ["a key of a test"] },
  pkce: { required: () => false },
  findAccount: (_, sub) => accounts[sub] && { accountId: sub, claims: () => ({ sub, ...accounts[sub] }) },
  extraTokenClaims: (_, token) => accounts[token.accountId],
  features: {
    introspection: { enabled: true },
    revocation: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource, client) => ({
        audience: resource.split(":")[1],
        scope: "openid profile",
        accessTokenFormat: resource.endsWith(":opaque") ? "opaque" : "jwt",
        accessTokenTTL: client.clientId === "brief" ? 2 : undefined,
      }),
    },
    ...features,
  },
  ...more,
});
// Below the path of its issuer, where that has one: "originalUrl" tells it so.
const path = new URL(issuer).pathname.replace(/\/$/, "");
const answer = provider.callback();
createServer((request, response) => {
  request.originalUrl = request.url;
  request.url = request.url.slice(path.length) || "/";
  answer(request, response);
}).listen(port, "127.0.0.1");
