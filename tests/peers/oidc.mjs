// A real OpenID provider (npm oidc-provider) on a free loopback port, for tests.
// Usage: node oidc.mjs REDIRECT_URI…   Prints its issuer as the first line.
// Anybody may sign in as anybody: the login name is the account.
// OIDC_HOST is the host in its issuer. With OIDC_SECRET_KEY, the PEM of a public key, the client's
// secret must be an ES256 token signed by that key, as at Apple.

import { verify } from "node:crypto";
import { createServer } from "node:http";

const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://${process.env.OIDC_HOST ?? "127.0.0.1"}:${server.address().port}`;
const { Provider } = await import("oidc-provider");
const key = process.env.OIDC_SECRET_KEY;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "oo-test",
      client_secret: "oo-test-secret",
      redirect_uris: process.argv.slice(2),
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      ...(key && { token_endpoint_auth_method: "client_secret_post" }),
    },
  ],
  ...(key && { clientAuthMethods: ["client_secret_post"] }),
  claims: {
    openid: ["sub", "hd"],
    email: ["email", "email_verified"],
    profile: ["name"],
    name: ["name"],
  },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_ctx, sub) => ({
    accountId: sub,
    claims: () => ({
      sub,
      name: sub,
      email: `${sub}@example.org`,
      email_verified: key ? "true" : true,
      hd: sub.startsWith("guest") ? undefined : "example.org",
    }),
  }),
  cookies: { keys: ["a key for tests"] },
});

if (key) {
  provider.Client.prototype.compareClientSecret = (secret) => {
    const [header, claims, signature] = secret.split(".");
    const read = (part) => JSON.parse(Buffer.from(part, "base64url"));
    const { aud, exp, iat, iss, sub } = read(claims);
    const now = Date.now() / 1000;
    return (
      read(header).alg === "ES256" &&
      verify(
        "sha256",
        Buffer.from(`${header}.${claims}`),
        { key, dsaEncoding: "ieee-p1363" },
        Buffer.from(signature, "base64url"),
      ) &&
      [aud, iss, sub].join() === [issuer, "TEAM", "oo-test"].join() &&
      iat <= now + 5 && exp > now && exp - iat < 180 * 86400
    );
  };
}

server.on("request", provider.callback());
console.log(issuer);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0)); // ends with the test that started it
