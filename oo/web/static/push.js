// This browser as a device of its person: asked for by a press, kept in step at every load.

import "/static/outbox.js";

const { Refused, note, post, write } = self.outbox;
const GONE = ["device_ended", "notifications_off", "not_found", "other_person"];

/** Whether this browser can be notified; one on iOS can only from the Home Screen. */
export const canNotify = () =>
  "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

async function ready() {
  await navigator.serviceWorker.register("/sw.js");
  return navigator.serviceWorker.ready;
}

async function keyNow(person) {
  const answer = await fetch("/api/devices/key", { headers: { "X-Person": person } });
  if (!answer.ok) throw new Error("no key");
  return answer.json();
}

async function subscribe(registration, key) {
  return registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: key.public_key,
  });
}

const addressOf = (subscription, key_id) => ({
  channel: "web_push",
  address: { endpoint: subscription.endpoint, keys: subscription.toJSON().keys, key_id },
});

async function forget(subscription) {
  await subscription?.unsubscribe().catch(() => {});
  await write("device", undefined);
}

/** The person has pressed: ask the browser, and be a device. Whether it is one now. */
export async function notifyHere(person) {
  if ((await Notification.requestPermission()) !== "granted") return false;
  const [registration, key] = await Promise.all([ready(), keyNow(person)]);
  // a subscription of another key or person refuses the new key
  await (await registration.pushManager.getSubscription())?.unsubscribe();
  const subscription = await subscribe(registration, key);
  try {
    const { id } = await post("/api/devices", addressOf(subscription, key.key_id), person);
    await write("device", { id, person, key_id: key.key_id });
  } catch (error) {
    await forget(subscription);
    throw error;
  }
  return true;
}

/** This browser is no device any more; oO is told first, unless it cannot be. */
export async function leaveHere(person) {
  const device = await note("device");
  if (device?.person === person) {
    await post(`/api/devices/${device.id}`, null, person, {}, "DELETE").catch(() => {});
  }
  const registration = await navigator.serviceWorker?.getRegistration();
  await forget(await registration?.pushManager?.getSubscription());
}

/** The device that this browser is of that person, or null. */
export async function deviceHere(person) {
  const device = await note("device");
  return device?.person === person ? device : null;
}

/** What the browser and oO know of each other is the same again. */
export async function reconcile(person) {
  if (!canNotify()) return;
  const registration = await navigator.serviceWorker.ready;
  const [device, found] = [await note("device"), await registration.pushManager.getSubscription()];
  if (!device) {
    await found?.unsubscribe(); // nobody here has asked for it
    return;
  }
  if (device.person !== person || Notification.permission !== "granted") {
    // somebody else's, or turned off in the browser itself
    if (device.person === person) await leaveHere(person);
    else await forget(found);
    return;
  }
  try {
    const subscription = found ?? (await subscribe(registration, await keyNow(person)));
    const key_id = found ? device.key_id : (await keyNow(person)).key_id;
    const told = await tell(device, subscription, key_id, person);
    if (told.key.key_id !== key_id) await renewKey(registration, device, subscription, told.key, person);
    else await write("device", { ...device, key_id });
  } catch (error) {
    if (error instanceof Refused && GONE.includes(error.code)) await forget(found);
    // anything else: at the next load
  }
}

const tell = (device, subscription, key_id, person) =>
  post(`/api/devices/${device.id}`, addressOf(subscription, key_id), person, {}, "PUT");

async function renewKey(registration, device, old, key, person) {
  await old.unsubscribe();
  const subscription = await subscribe(registration, key);
  await tell(device, subscription, key.key_id, person);
  await write("device", { ...device, key_id: key.key_id });
}
