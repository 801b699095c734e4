// Where the table is scrolled to: the strike at the money stays in the middle until the trader
// scrolls, and can be called back.

import { centred } from "./centred.js";

const ROOM_PX = 60;
const USUAL_ROW_PX = 24;

export class Place {
  constructor({ table, scroller, centreButton }) {
    this.table = table;
    this.scroller = scroller;
    this.centreButton = centreButton;
    this.follows = true;
    this.isOffered = false;
    this.line = null;
    this.onScroll = null;
    const own = () => {
      this.follows = false;
      requestAnimationFrame(() => this.offer());
    };
    for (const name of ["wheel", "touchmove", "pointerdown"]) scroller.addEventListener(name, own, { passive: true });
    scroller.addEventListener("keydown", (event) => /^(Arrow|Page|Home|End)/.test(event.key) && own());
    scroller.addEventListener("scroll", () => {
      this.top = scroller.scrollTop;
      // before anything is written, for it asks where things are
      this.offer();
      this.onScroll?.();
    }, { passive: true });
    this.measure();
  }

  // known without asking: to ask between two writes would cost a layout at each message
  measure() {
    this.top = this.scroller.scrollTop;
    this.height = this.scroller.clientHeight;
    this.row = this.table.tBodies[0].rows[0]?.offsetHeight || USUAL_ROW_PX;
  }

  // the row at the money, or null; `moved`: it is another one than before
  at(line, moved, held) {
    this.line = line;
    if (moved && this.follows && !held) this.centre();
    else this.offer();
  }

  centre() {
    if (!this.line) return;
    this.into(this.line);
    this.follows = true;
    this.offer();
  }

  // brings a row into the middle
  into(line) {
    this.scroller.scrollTop = centred(line, this.table, this.scroller);
    // a table that is wider than its place shows both sides alike
    this.scroller.scrollLeft = (this.scroller.scrollWidth - this.scroller.clientWidth) / 2;
  }

  toTop() {
    this.follows = false;
    this.scroller.scrollTop = 0;
  }

  offer() {
    const { line } = this;
    const off = line ? line.offsetTop - this.scroller.scrollTop : 0;
    const inside = line && off > this.table.tHead.offsetHeight && off < this.scroller.clientHeight - ROOM_PX;
    this.centreButton.hidden = !this.isOffered || Boolean(this.follows && inside);
  }

  // how many rows there is room for
  get count() {
    return Math.ceil(this.height / this.row);
  }

  // the first and the last row in sight
  get visible() {
    const from = Math.floor(this.top / this.row) - 1;
    return { from, to: from + this.count + 1 };
  }
}
