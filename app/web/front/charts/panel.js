// The charts: drawn while their panel is open.

import { Board } from "./board.js";

/** @param {HTMLElement} root */
export function mount(root, page) {
  const board = new Board(root, page);
  return {
    show() {
      board.open = true;
      board.all(true);
    },
    hide() {
      board.open = false;
    },
    contract: (strike, side) => board.contract(strike, side),
  };
}
