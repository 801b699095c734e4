// How an alert is noticed: a sentence on the page, a short tone, a notification of the browser.

import { element, tell } from "../core/dom.js";
import { keep, preference } from "../core/preferences.js";

const STAYS_MS = 10_000;
const MOST = 3;
const TONE = { hertz: 880, seconds: 0.25, gain: 0.12 };
const HELD_MS = 2000;

export class Bell {
  constructor() {
    this.context = null;
    this.readChoice();
    this.toasts = element("section", { className: "toasts", aria: { label: "Alerts that have just fired" } });
    document.body.append(this.toasts);
    // browsers let a page sound only after the trader has done something on it
    const wake = () => this.sounds && this.audio.resume();
    for (const name of ["pointerdown", "keydown"]) addEventListener(name, wake, { passive: true });
  }

  readChoice() {
    this.sounds = preference("alert-sound", "off") === "on";
  }

  get audio() {
    this.context ??= new AudioContext();
    return this.context;
  }

  // several at once are one sentence
  ring(events, hrefOf) {
    const fired = events.filter((event) => event.fired);
    const newest = (fired.length ? fired : events).at(-1);
    const sentence = fired.length > 1 ? `${fired.length} alerts have fired. The newest: ${newest.message}` : newest.message;
    this.toast(sentence, hrefOf(newest));
    tell(sentence);
    if (fired.length) this.alone(`oi-alert-${newest.id}`, () => this.call(sentence, newest));
  }

  toast(sentence, href) {
    const away = element("button", { type: "button", textContent: "×", aria: { label: "Dismiss" } });
    const note = element("p", { className: "toast" }, href ? element("a", { href, textContent: sentence }) : sentence, away);
    let timer;
    const leave = () => note.remove();
    const wait = () => { timer = setTimeout(leave, STAYS_MS); };
    away.addEventListener("click", leave);
    for (const name of ["pointerenter", "focusin"]) note.addEventListener(name, () => clearTimeout(timer));
    for (const name of ["pointerleave", "focusout"]) note.addEventListener(name, wait);
    wait();
    this.toasts.append(note);
    while (this.toasts.children.length > MOST) this.toasts.firstChild.remove();
  }

  // of several pages of this browser one calls
  async alone(name, act) {
    if (!navigator.locks) return act();
    await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
      if (!lock) return;
      act();
      await new Promise((resolve) => { setTimeout(resolve, HELD_MS); });
    });
  }

  call(sentence, { id }) {
    // a tone that could not be heard now would come at the next click, about nothing
    if (this.sounds && this.audio.state === "running") this.tone();
    if (this.notifies && document.hidden) this.notify(sentence, `oi-alert-${id}`);
  }

  tone() {
    const { audio } = this;
    const at = audio.currentTime;
    const tone = new OscillatorNode(audio, { frequency: TONE.hertz });
    const volume = new GainNode(audio, { gain: 0 });
    volume.gain.setValueAtTime(TONE.gain, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + TONE.seconds);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + TONE.seconds);
  }

  notify(sentence, tag) {
    try {
      const shown = new Notification("OI Gemini", { body: sentence, tag });
      shown.addEventListener("click", () => window.focus());
    } catch {
      // some browsers of phones notify only through a service worker: the toast and the log remain
    }
  }

  // the trader's choice; turned on it sounds once, to be known
  sound(on) {
    this.sounds = on;
    keep("alert-sound", on ? "on" : "off");
    if (on) this.audio.resume().then(() => this.tone());
  }

  get notifies() {
    return preference("alert-notify", "off") === "on" && globalThis.Notification?.permission === "granted";
  }

  // whether the browser notifies from now on; asks it for leave where that was never given
  async notification(on) {
    const may = on && globalThis.Notification && (await Notification.requestPermission()) === "granted";
    keep("alert-notify", may ? "on" : "off");
    return Boolean(may);
  }
}
