// What the type checker is told of the document: the page's own elements are HTML or SVG that it made
// itself, and what an event hits is an element.

interface ParentNode {
  querySelector(selectors: string): any;
  querySelectorAll(selectors: string): NodeListOf<any>;
}

interface EventTarget {
  matches: any;
  closest(selectors: string): any;
}
