// What a person sees of a page, through every shadow root: elements that are shown, and their texts.
// Called with what is wanted: a function's name and its arguments; what the function returns goes back.

function isShown(element) {
  // what is only its contents has no box of its own
  if (getComputedStyle(element).display === "contents") return true;
  return element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
}

const tidy = (text) => text.replace(/\s+/g, " ").trim();

// Pieces of text in the order in which they are shown: what is slotted stands where its slot does.
function* pieces(node) {
  if (node.nodeType === Node.TEXT_NODE) {
    if (tidy(node.data)) yield tidy(node.data);
  } else if (node.nodeType !== Node.ELEMENT_NODE || ["STYLE", "SCRIPT"].includes(node.tagName)) {
    return;
  } else if (!isShown(node)) {
    return;
  } else if (node.tagName === "SLOT" && node.assignedNodes().length) {
    for (const each of node.assignedNodes()) yield* pieces(each);
  } else {
    for (const each of (node.shadowRoot ?? node).childNodes) yield* pieces(each);
  }
}

const textOf = (element) => [...pieces(element)].join(" ");

// Every text of the page, or of the topmost dialog where one is open.
function seen() {
  return [...pieces(document.body)].join("\n");
}

// Elements that are shown, of those whose label or text is the wanted one where one is given;
// of nested ones the outermost. "a >>> b" is b anywhere in a, through shadow roots too.
function find(selector, text, within) {
  const [first, ...others] = selector.split(" >>> ");
  const isWanted = (element) =>
    element.matches(first) &&
    isShown(element) &&
    (others.length || text === null || [element.label, element.ariaLabel, textOf(element)].includes(text));
  const found = [];
  const visit = (root) => {
    for (const element of [...(root.shadowRoot?.children ?? []), ...root.children]) {
      if (isWanted(element)) found.push(element);
      else visit(element);
    }
  };
  visit(within ?? document.documentElement);
  return others.length ? found.flatMap((element) => find(others.join(" >>> "), text, element)) : found;
}

return { seen, find, textOf }[arguments[0]](...[...arguments].slice(1));
