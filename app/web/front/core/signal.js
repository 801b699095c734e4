// What a model says of the shown chain, while that is of the present (or of the past that is looked
// at); else why there is nothing.

import { DASH, share } from "./format.js";

const NO_MODEL = "no model";

/** @param {any} summary  @param {string | null} silence  why none is told, whatever was said last */
export function signalOf({ ml_signal: word, ml_confidence: chance, ml_rationale: why }, silence) {
  if (word === null) return { word, chance, text: `${DASH}, ${why.split(":")[0]}`, why: why === NO_MODEL ? "No model is trained yet, so there is no view" : why };
  if (silence) return { word: null, chance: null, text: `${DASH}, no signal`, why: `no signal: ${silence}` };
  return { word, chance, text: chance === null ? word : `${word} ${share(chance)}`, why };
}
