// After an update of the server the page is loaded anew, once; where that does not bring the new build,
// or two builds are served in turn, a sentence says so. Never a loop.

const NAME = "renewed-at";
const AGAIN_AFTER_MS = 600_000;

export class Renewal {
  // `build` is that of this page, `line` where the sentence stands, `told` what a screen reader hears
  constructor(build, line, told) {
    this.build = build;
    this.line = line;
    this.told = told;
  }

  // what the server says of its build; nothing is taken from a hand at work
  heard(build) {
    if (!build || !this.build) return;
    const isOther = build !== this.build;
    this.say(isOther && this.wasRenewed());
    if (!isOther || this.wasRenewed() || atWork()) return;
    if (this.note()) location.reload();
    else this.say(true);
  }

  say(isOutdated) {
    if (isOutdated && this.line.hidden) this.told.textContent = this.line.textContent;
    this.line.hidden = !isOutdated;
  }

  wasRenewed() {
    try {
      return Date.now() - Number(sessionStorage.getItem(NAME) ?? -Infinity) < AGAIN_AFTER_MS;
    } catch {
      return true;
    }
  }

  note() {
    try {
      sessionStorage.setItem(NAME, String(Date.now()));
      return true;
    } catch {
      return false;
    }
  }
}

const atWork = () => document.querySelector("dialog[open]") !== null || document.activeElement?.matches("input, textarea");
