// Make one element like another, changing only what differs: focus, selection, open parts and scrolling stay.
export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  syncAttributes(old, fresh);
  syncChildren(old, fresh);
}

function syncAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !isOurs(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value && !isOurs(old, name)) old.setAttribute(name, value);
  }
}

// What the person or a script set, not the server.
function isOurs(element, name) {
  if (name === "open") return element.matches("details, dialog");
  if (name === "style") return element.matches(".pans");
  if (name === "viewBox") return element.closest(".pans") !== null;
  if (name === "class") return element.matches("tr.chosen, .pans");
  return name === "hidden" && element.hasAttribute("data-if-chosen");
}

function keyOf(node) {
  return node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset?.key || "" : "";
}

function isAlike(one, other) {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName && keyOf(one) === keyOf(other);
}

// Past what a script has put there (data-added): the server knows nothing of it, and its script takes it away.
function pastAdded(node) {
  while (node?.dataset && "added" in node.dataset) node = node.nextSibling;
  return node;
}

function syncChildren(old, fresh) {
  const keyed = new Map([...old.childNodes].filter(keyOf).map((node) => [keyOf(node), node]));
  let here = pastAdded(old.firstChild);
  for (const wanted of [...fresh.childNodes]) {
    const known = keyOf(wanted) && keyed.get(keyOf(wanted));
    if (known && isAlike(known, wanted)) {
      if (known !== here) old.insertBefore(known, here);
      else here = pastAdded(here.nextSibling);
      morphNode(known, wanted);
    } else if (here && !keyOf(here) && isAlike(here, wanted)) {
      const next = pastAdded(here.nextSibling);
      morphNode(here, wanted);
      here = next;
    } else {
      old.insertBefore(document.importNode(wanted, true), here);
    }
  }
  while (here) {
    const next = pastAdded(here.nextSibling);
    here.remove();
    here = next;
  }
}

function morphNode(old, fresh) {
  if (old.nodeType === Node.ELEMENT_NODE) {
    if (!old.hasAttribute("data-keep")) morph(old, fresh);
  } else if (old.nodeValue !== fresh.nodeValue) {
    old.nodeValue = fresh.nodeValue;
  }
}
