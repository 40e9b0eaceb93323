// An OpenID provider of the package oidc-provider, with its own login pages:
//
//     node provider.mjs <port>
//
// A resource is `urn:<audience>:signed` or `urn:<audience>:opaque`: that is what its access tokens are.
import Provider from "oidc-provider";

const port = Number(process.argv[2]);
const secret = process.env.CLIENT_SECRET;
const redirect = { redirect_uris: ["http://127.0.0.1:9/callback"], response_types: ["code"] };
const user = { token_endpoint_auth_method: "none", grant_types: ["authorization_code", "refresh_token"] };
const names = { given_name: "Zoë", family_name: "Østergård 山田", name: "Zoë Østergård 山田" };

/** What every account is called; the sign-in page takes any name. */
const claimsOf = (id) => ({
  ...names,
  email: `${id}@acme.example`,
  email_verified: true,
  groups: ["Vertrieb München", "staff"],
});

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    { client_id: "app", ...user, ...redirect },
    { client_id: "brief", ...user, ...redirect },
    {
      client_id: "marketplace",
      client_secret: secret,
      redirect_uris: [],
      response_types: [],
      grant_types: ["client_credentials"],
    },
  ],
  scopes: ["openid", "profile", "email", "offline_access"],
  claims: { profile: ["name", "given_name", "family_name", "groups"], email: ["email", "email_verified"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...claimsOf(id) }) }),
  // What the service is to know of the user has to be in the access token, or in the answer about it.
  extraTokenClaims: (_, token) => (token.accountId ? claimsOf(token.accountId) : undefined),
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: (_, client) => client.clientId === "marketplace" },
    revocation: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource, client) => ({
        scope: "openid profile",
        audience: resource.split(":")[1],
        accessTokenTTL: client.clientId === "brief" ? 2 : 300,
        accessTokenFormat: resource.endsWith(":opaque") ? "opaque" : "jwt",
      }),
    },
  },
  pkce: { required: () => true },
  cookies: { keys: [secret] },
});
provider.listen(port, "127.0.0.1");
