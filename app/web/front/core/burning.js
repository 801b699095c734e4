// A line for who runs this server while an objective burns, with the way to the page that says more.

export class Burning {
  // `burning`: by objective what burns, nothing where this is not the user's affair
  constructor(burning, line, told) {
    this.burning = !burning ? null : new Map(Object.entries(burning));
    this.line = line;
    this.told = told;
    this.show();
  }

  heard({ topic, objective, burning, sentence }) {
    if (topic !== "performance" || this.burning === null) return;
    if (burning) this.burning.set(objective, sentence);
    else this.burning.delete(objective);
    this.show();
    if (burning) this.told.textContent = sentence;
  }

  show() {
    const sentences = [...this.burning?.values() ?? []];
    this.line.hidden = sentences.length === 0;
    this.line.firstElementChild.textContent = sentences[0] ?? "";
  }
}
