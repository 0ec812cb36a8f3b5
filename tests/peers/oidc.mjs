// A real OpenID provider (npm oidc-provider) on a free loopback port, for tests.
// Usage: node oidc.mjs REDIRECT_URI…   Prints its issuer as the first line.
// Anybody may sign in as anybody: the login name is the account.

import { createServer } from "node:http";

const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
const { Provider } = await import("oidc-provider");

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "oo-test",
      client_secret: "oo-test-secret",
      redirect_uris: process.argv.slice(2),
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_ctx, sub) => ({
    accountId: sub,
    claims: () => ({ sub, name: sub, email: `${sub}@example.org`, email_verified: true }),
  }),
  cookies: { keys: ["a key for tests"] },
});

server.on("request", provider.callback());
console.log(issuer);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0)); // ends with the test that started it
