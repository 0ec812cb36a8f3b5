// APNs as Apple describes it: HTTP/2 alone, a bearer token of ES256, errors as JSON with a reason.
// Says its port, then each message that it took; reads what to answer next from its input.

import { createPublicKey, verify } from "node:crypto";
import { createServer } from "node:http2";
import { createInterface } from "node:readline";

const [key, team, keyId, topic] = process.argv.slice(2);
const publicKey = createPublicKey(Buffer.from(key, "base64").toString());
const REASONS = { 400: "BadMessageId", 410: "Unregistered", 429: "TooManyRequests", 500: "InternalServerError" };
const faults = [];

createInterface({ input: process.stdin }).on("line", (line) => faults.push(JSON.parse(line)));

function wrong(headers) {
  const [scheme, token = ""] = (headers.authorization ?? "").split(" ");
  const [head, claims, signature] = token.split(".");
  if (scheme !== "bearer" || !signature) return [403, "MissingProviderToken"];
  const read = (part) => JSON.parse(Buffer.from(part, "base64url"));
  const signed = { key: publicKey, dsaEncoding: "ieee-p1363" };
  const isOurs = verify("sha256", Buffer.from(`${head}.${claims}`), signed, Buffer.from(signature, "base64url"));
  const age = Date.now() / 1000 - read(claims).iat;
  if (!isOurs || read(head).alg !== "ES256" || read(head).kid !== keyId || read(claims).iss !== team) {
    return [403, "InvalidProviderToken"];
  }
  if (age > 3600) return [403, "ExpiredProviderToken"];
  if (headers["apns-topic"] !== topic) return [400, "BadTopic"];
  if (Buffer.byteLength(headers["apns-collapse-id"] ?? "") > 64) return [400, "BadCollapseId"];
  if (!/^\d+$/.test(headers["apns-expiration"] ?? "")) return [400, "BadExpirationDate"];
  if (headers["apns-push-type"] !== "alert") return [400, "InvalidPushType"];
  return null;
}

const server = createServer();
server.on("stream", (stream, headers) => {
  const parts = [];
  stream.on("data", (part) => parts.push(part));
  stream.on("end", () => {
    const body = Buffer.concat(parts);
    const fault = faults.shift();
    let said = wrong(headers) ?? (fault ? [fault.status, REASONS[fault.status]] : null);
    if (body.length > 4096) said = [413, "PayloadTooLarge"];
    if (!/^\/3\/device\/[0-9a-f]{64,}$/.test(headers[":path"])) said = [400, "BadDeviceToken"];
    if (said) {
      const after = fault?.retry_after ? { "retry-after": fault.retry_after } : {};
      stream.respond({ ":status": said[0], "content-type": "application/json", ...after });
      stream.end(JSON.stringify({ reason: said[1] }));
    } else {
      console.log(body.toString());
      stream.respond({ ":status": 200 });
      stream.end();
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
