// The colours of the page as a canvas takes them: custom properties resolved in the theme that holds.

const NAMES = ["ce", "pe", "text", "dim", "faint", "line", "line-strong", "panel", "raised", "past-mark", "asleep", "up", "down"];

export class Theme {
  /** @param {HTMLElement} root  @param {() => void} onChange */
  constructor(root, onChange) {
    this.probe = document.createElement("span");
    this.probe.hidden = true;
    root.append(this.probe);
    this.version = 0;
    /** @type {Record<string, string>} */
    this.colours = {};
    this.font = getComputedStyle(root).fontFamily;
    this.onChange = onChange;
    this.stale = true;
    this.refresh();
    new MutationObserver(() => this.changed()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.changed());
  }

  changed() {
    this.stale = true;
    this.onChange();
  }

  // to ask for a colour computes every style anew: it is done when a chart is drawn, after the page
  refresh() {
    if (!this.stale) return;
    this.stale = false;
    const style = getComputedStyle(this.probe);
    for (const name of NAMES) {
      this.probe.style.color = `var(--${name})`;
      this.colours[name] = style.color;
    }
    this.version += 1;
  }

  // a colour by its token's name, `alpha` from 0 to 1
  of(name, alpha = 1) {
    const colour = this.colours[name];
    if (alpha === 1) return colour;
    const [red, green, blue] = colour.match(/[\d.]+/g);
    return `rgb(${red} ${green} ${blue} / ${alpha})`;
  }
}
