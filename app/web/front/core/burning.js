// A line with the way to the page that says more: for everybody while the server has to do without
// something, for who runs it while an objective burns.

export class Burning {
  // `burning`: by objective what burns, nothing where this is not the user's affair; `lacking`: a
  // sentence on what the server does without, or null
  constructor(burning, lacking, line, told) {
    this.lacking = lacking;
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

  lacks(sentence) {
    this.lacking = sentence;
    this.show();
    if (sentence) this.told.textContent = sentence;
  }

  show() {
    const sentences = [this.lacking, ...this.burning?.values() ?? []].filter(Boolean);
    this.line.hidden = sentences.length === 0;
    this.line.firstElementChild.textContent = sentences[0] ?? "";
  }
}
