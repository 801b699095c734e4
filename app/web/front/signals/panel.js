// Signals: what the model says of the shown chain and why, what it said before, what came of that.

import { ask, saidBy } from "../core/ask.js";
import { element } from "../core/dom.js";
import * as format from "../core/format.js";
import { signalOf } from "../core/signal.js";

const MOST_INPUTS = 8;
const AGAIN_MS = 10_000;
const CAME = new Map([[1, "it rose"], [0, "neither"], [-1, "it fell"], [null, "not known yet"]]);

export function mount(root, page) {
  const panel = new Panel(root, page);
  return {
    show: () => panel.show(),
    hide: () => { panel.open = false; },
    hear: ({ exchange }) => exchange === page.exchange && panel.fresh(),
  };
}

class Panel {
  constructor(root, page) {
    this.page = page;
    this.open = false;
    this.asked = 0;
    this.seen = null;
    this.word = element("p", { className: "word" });
    this.why = element("p");
    this.note = element("p", { className: "note" });
    this.problem = element("p", { className: "problem" });
    this.trail = element("ol", { className: "trail" });
    this.days = element("tbody");
    this.drift = element("tbody");
    this.holds = element("p");
    this.fills = element("tbody");
    this.paper = element(
      "section",
      { aria: { label: "On paper" }, hidden: true },
      element("h2", { textContent: "Followed on paper, all chains" }),
      this.holds,
      table(["Day", "fills", "realised"], this.fills),
    );
    const heads = ["Day", "told", "said", "came true", "anyway", "Brier", "anyway"];
    root.append(
      this.problem,
      element("section", { aria: { label: "Signal" } }, element("h2", { textContent: "Signal" }), this.word, this.why, this.note),
      element("section", { aria: { label: "Signals of the day" } }, element("h2", { textContent: "What was said" }), this.trail),
      element(
        "section",
        { aria: { label: "What came of signals" } },
        element("h2", { textContent: "What came of it" }),
        table(heads, this.days),
      ),
      element(
        "section",
        { aria: { label: "Inputs since the training" } },
        element("h2", { textContent: "Inputs since the training" }),
        table(["Input", "moved by", "usual", ""], this.drift),
      ),
      this.paper,
    );
    page.on("chain", () => this.follow());
    for (const event of ["moment", "back"]) page.on(event, () => this.fresh());
  }

  show() {
    this.open = true;
    this.fresh();
  }

  // another chain, or a signal of another snapshot, brings another trail
  follow() {
    if (!this.open) return;
    this.drawSignal();
    const { exchange, moment, summary } = this.page;
    const key = `${exchange} ${moment?.at ?? ""} ${summary?.ml_metadata?.signal_id ?? ""}`;
    if (key !== this.seen) this.fresh(key);
  }

  async fresh(key = null) {
    if (!this.open) return;
    this.seen = key ?? this.seen;
    this.drawSignal();
    clearTimeout(this.again);
    const turn = ++this.asked;
    const { exchange, moment } = this.page;
    const at = moment ? `?at=${encodeURIComponent(moment.at)}` : "";
    try {
      const told = await ask(`/api/signals/${encodeURIComponent(exchange)}${at}`, { away: "The server does not answer." });
      if (turn !== this.asked) return;
      this.problem.textContent = "";
      this.draw(told);
    } catch (error) {
      if (turn !== this.asked) return;
      this.problem.textContent = `Signals cannot be read: ${saidBy(error)}`;
      this.again = setTimeout(() => this.fresh(), AGAIN_MS);
    }
  }

  drawSignal() {
    const { summary, silence } = this.page;
    const { word, text, why } = summary ? signalOf(summary, silence) : { word: null, text: format.DASH, why: "no chain" };
    this.word.classList.toggle("none", word === null);
    this.word.textContent = word === null ? format.DASH : text;
    this.why.textContent = word === null ? `${why}.` : why;
  }

  draw({ trail, days, drift, advice, paper }) {
    this.note.textContent = advice ?? "";
    this.trail.replaceChildren(...trail.map(entry));
    if (!trail.length) this.trail.append(element("li", { className: "none", textContent: "Nothing on this day." }));
    this.days.replaceChildren(...days.reverse().map(line));
    if (!days.length) this.days.append(none(7, "Nothing has come of any signal yet."));
    this.drift.replaceChildren(...drift.slice(0, MOST_INPUTS).map(moved));
    this.paper.hidden = !paper.days.length && !paper.open.length;
    this.holds.textContent = paper.open.length ? `Open: ${paper.open.join(", ")}.` : "Nothing is open.";
    this.fills.replaceChildren(...paper.days.map(({ day, fills, realised }) => row(day, [format.integer(fills), format.signed(realised)])));
    if (!drift.length) this.drift.append(none(4, "Told once there are snapshots enough."));
  }
}

const table = (heads, body) => element("table", {}, element("thead", {}, element("tr", {}, ...heads.map((textContent) => element("th", { textContent, scope: "col" })))), body);

const row = (day, cells) => element("tr", {}, element("th", { scope: "row", textContent: format.marketDate(day) }), ...cells.map((textContent) => element("td", { textContent })));

const none = (colSpan, textContent) => element("tr", {}, element("td", { colSpan, className: "none", textContent }));

// the population stability index, and what a week of the training came to
function moved({ input, index, usual, is_much: isMuch }) {
  return element("tr", {}, element("th", { scope: "row", textContent: input }), element("td", { textContent: format.ratio(index) }), element("td", { textContent: format.ratio(usual) }), element("td", { textContent: isMuch ? "much" : "" }));
}

// a signal from its first snapshot to its last, and what came of the first
function entry({ timestamp, ends, signal, confidence, rationale, outcome, feedback, is_lost: isLost }) {
  const judged = feedback === null ? "" : `, judged: ${CAME.get(feedback)}`;
  const until = ends === timestamp ? "" : ` – ${format.marketClock(ends)}`;
  return element(
    "li",
    { title: rationale },
    element("span", { textContent: `${format.marketClock(timestamp)}${until}` }),
    element("span", { textContent: signal }),
    element("span", { textContent: format.share(confidence) }),
    element("span", { className: "note", textContent: `${isLost ? "cannot be judged" : CAME.get(outcome)}${judged}` }),
  );
}

// `said`: the chance that was given. The baseline stands beside each figure: what the same sides, or
// the day's shares, would have come to
function line({ day, told, said, hits, anyway, brier, brier_anyway }) {
  const of = (count) => (told ? format.share(count / told) : format.DASH);
  return row(day, [format.integer(told), format.share(said), of(hits), of(anyway), format.ratio(brier), format.ratio(brier_anyway)]);
}
