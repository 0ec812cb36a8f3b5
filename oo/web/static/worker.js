// The service worker, behind two lines that the server writes: VERSION and SHELL. It keeps the shell
// for when there is no network, shows what is pushed, and brings reactions that were made offline.
// No page of a person and no answer of the API is ever in its cache.

"use strict";

importScripts("/static/outbox.js");

const CACHE = `oo-${VERSION}`;
const OFFLINE = "/offline";
const LONGEST_DWELL_MS = 7 * 24 * 3600 * 1000;
const REMEMBERED = 50; // notifications that were shown, so that none is shown twice

self.addEventListener("install", (event) => {
  event.waitUntil(install());
});

async function install() {
  const cache = await caches.open(CACHE);
  await cache.addAll(SHELL.map((path) => new Request(path, { cache: "reload" })));
  // pages ask the network first, so that a new worker does not mix with an old page
  await self.skipWaiting();
}

self.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

async function activate() {
  const names = await caches.keys();
  await Promise.all(
    names.filter((it) => it.startsWith("oo-") && it !== CACHE).map((it) => caches.delete(it)),
  );
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

self.addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== self.location.origin) return;
  if (mode === "navigate") event.respondWith(navigated(event));
  else if (SHELL.includes(pathname)) event.respondWith(fetch(event.request).catch(() => kept(pathname)));
});

async function navigated(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch (error) {
    return (await kept(OFFLINE)) ?? Promise.reject(error);
  }
}

async function kept(path) {
  const found = await (await caches.open(CACHE)).match(path);
  return found ?? Response.error();
}

self.addEventListener("push", (event) => {
  event.waitUntil(arrive(event.data));
});

async function arrive(data) {
  let message;
  try {
    message = data.json();
  } catch {
    return; // nothing that oO sends
  }
  if (message?.web_push !== 8030 || !message.notification) return;
  const { title, navigate, ...options } = message.notification;
  const { person, delivery, device, expires } = options.data;
  const shown = (await outbox.note("shown")) ?? [];
  const isRepeated = shown.some((it) => it.tag === options.tag);
  const there = await self.registration.getNotifications({ tag: options.tag });
  // the sender repeats what it is not sure of: it is seen once, or not again once it is gone
  if (isRepeated && there.length === 0) return;
  if (expires < Date.now()) return;
  await self.registration.showNotification(title, {
    ...options,
    silent: isRepeated || options.silent,
    renotify: false,
    icon: "/static/icons/any-192.png",
    badge: "/static/icons/monochrome-96.png",
  });
  if (isRepeated) return;
  await outbox.write("shown", [...shown, { tag: options.tag, at: Date.now() }].slice(-REMEMBERED));
  await mark(message.app_badge ?? 0);
  await tell(person, delivery, device, "shown");
}

async function mark(count) {
  try {
    await (count ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.());
  } catch {
    // a badge is a nicety
  }
}

/** Say what became of a delivery; when that is lost, only a line of the log is. */
async function tell(person, delivery, device, outcome) {
  await outbox.post(`/api/deliveries/${delivery}/${outcome}`, { device }, person).catch(() => {});
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { data, tag } = event.notification;
  const isReaction = data.tip && ["done", "snooze"].includes(event.action);
  event.waitUntil(isReaction ? react(data, tag, event.action) : follow(data));
});

async function react({ person, tip }, tag, action) {
  const shown = ((await outbox.note("shown")) ?? []).find((it) => it.tag === tag);
  const dwell = Math.max(0, Math.min(Date.now() - (shown?.at ?? Date.now()), LONGEST_DWELL_MS));
  // the key is the tip's: whatever is pressed how often, the tip is reacted to once
  await outbox.add(person, `notification.${tip}`, { tip_id: tip, action, dwell_ms: dwell });
  await mark(0);
  await bring();
}

async function follow({ person, delivery, device, url }) {
  await mark(0);
  const [opened] = await Promise.all([show(url), tell(person, delivery, device, "opened")]);
  return opened;
}

async function show(url) {
  if (new URL(url).origin !== self.location.origin) return null;
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  for (const one of windows) {
    try {
      return await (await one.navigate(url)).focus();
    } catch {
      // one that this worker does not control: another, or a new one
    }
  }
  return self.clients.openWindow(url);
}

self.addEventListener("sync", (event) => {
  if (event.tag === outbox.SYNC) event.waitUntil(bring(event.lastChance));
});

/** Bring what is kept, of each person as themselves; what cannot be brought now stays. */
async function bring(isLast = true) {
  const people = new Set((await outbox.all()).map((it) => it.person));
  for (const person of people) {
    try {
      await outbox.deliver(person);
    } catch (error) {
      if (error.code === "unauthorized") return outbox.abandon();
      if (error.code === "other_person") continue; // theirs again when they are back
      if (!isLast) throw error; // the browser tries again
      await self.registration.sync?.register(outbox.SYNC).catch(() => {});
      return;
    }
  }
}

self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil(resubscribe());
});

// what is lost here, the next page that is loaded finds
async function resubscribe() {
  const device = await outbox.note("device");
  if (!device) return;
  const key = await fetch("/api/devices/key", { headers: { "X-Person": device.person } });
  if (!key.ok) return;
  const { key_id, public_key } = await key.json();
  const found = await self.registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: public_key,
  });
  const address = { ...found.toJSON(), key_id };
  await outbox.post(`/api/devices/${device.id}`, { channel: "web_push", address }, device.person, {}, "PUT");
  await outbox.write("device", { ...device, key_id });
}
